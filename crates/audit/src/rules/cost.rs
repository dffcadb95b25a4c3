//! Transport cost is zero: what is paid again for each message.

mod client_per_call;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[client_per_call::RULE];
