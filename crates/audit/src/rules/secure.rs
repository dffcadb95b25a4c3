//! The network is secure: what is sent in clear, and who is believed.

mod cleartext_url;
mod tls_verify_off;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[cleartext_url::RULE, tls_verify_off::RULE];
