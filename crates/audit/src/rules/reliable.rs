//! The network is reliable: what is never answered, and what is lost.

mod connect_no_timeout;
mod http_no_timeout;
mod remote_unwrap;
mod retry_no_backoff;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] =
    &[connect_no_timeout::RULE, http_no_timeout::RULE, remote_unwrap::RULE, retry_no_backoff::RULE];
