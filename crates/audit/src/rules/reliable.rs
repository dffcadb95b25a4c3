//! The network is reliable: what is never answered, and what is lost.

mod connect_no_timeout;
mod http_no_timeout;
mod remote_unwrap;
mod retry_no_backoff;
mod retry_no_jitter;
mod retry_not_idempotent;
mod socket_result_dropped;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    connect_no_timeout::RULE,
    http_no_timeout::RULE,
    remote_unwrap::RULE,
    retry_no_backoff::RULE,
    retry_no_jitter::RULE,
    retry_not_idempotent::RULE,
    socket_result_dropped::RULE,
];
