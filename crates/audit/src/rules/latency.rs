//! Latency is zero: round trips one after the other, and threads that wait for them.

mod blocking_in_async;
mod remote_await_in_loop;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[blocking_in_async::RULE, remote_await_in_loop::RULE];
