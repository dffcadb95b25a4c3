//! Bandwidth is infinite: sizes that the other side decides.

mod alloc_from_wire;
mod read_to_end_socket;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[alloc_from_wire::RULE, read_to_end_socket::RULE];
