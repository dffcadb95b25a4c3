//! Bandwidth is infinite: sizes that the other side decides.

mod alloc_from_wire;
mod body_unbounded;
mod limit_disabled;
mod read_to_end_socket;
mod unbounded_queue;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    alloc_from_wire::RULE,
    body_unbounded::RULE,
    limit_disabled::RULE,
    read_to_end_socket::RULE,
    unbounded_queue::RULE,
];
