//! There is one administrator: versions and secrets that somebody else must know.

mod credential_literal;
mod deny_unknown_wire;
mod exact_version_handshake;
mod late_env;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] =
    &[credential_literal::RULE, deny_unknown_wire::RULE, exact_version_handshake::RULE, late_env::RULE];
