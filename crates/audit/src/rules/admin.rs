//! There is one administrator: versions and secrets that somebody else must know.

mod credential_literal;
mod exact_version_handshake;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[credential_literal::RULE, exact_version_handshake::RULE];
