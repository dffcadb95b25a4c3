//! The network is secure: what is sent in clear, and who is believed.

mod bind_any;
mod cleartext_url;
mod custom_verifier;
mod plaintext_store;
mod tls_verify_off;

pub(super) use cleartext_url::is_compared;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    bind_any::RULE,
    cleartext_url::RULE,
    custom_verifier::RULE,
    plaintext_store::RULE,
    tls_verify_off::RULE,
];
