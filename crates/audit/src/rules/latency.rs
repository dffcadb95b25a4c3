//! Latency is zero: round trips one after the other, and threads that wait for them.

mod blocking_in_async;
mod guard_across_remote;
mod remote_await_in_loop;
mod sleep_as_sync;
mod timeout_too_short;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    blocking_in_async::RULE,
    guard_across_remote::RULE,
    remote_await_in_loop::RULE,
    sleep_as_sync::RULE,
    timeout_too_short::RULE,
];
