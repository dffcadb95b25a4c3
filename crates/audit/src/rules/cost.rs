//! Transport cost is zero: what is paid again for each message.

mod client_per_call;
mod connect_per_message;
mod publish_one_by_one;
mod small_writes;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] =
    &[client_per_call::RULE, connect_per_message::RULE, publish_one_by_one::RULE, small_writes::RULE];
