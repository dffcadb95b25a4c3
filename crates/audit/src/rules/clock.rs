//! Clocks: one that steps for a span of time, and one of this machine for others.

mod instant_serialised;
mod systemtime_elapsed;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[instant_serialised::RULE, systemtime_elapsed::RULE];
