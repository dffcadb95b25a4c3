//! Transport cost is zero: what is paid again for each message.

mod client_per_call;
mod connect_per_message;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[client_per_call::RULE, connect_per_message::RULE];
