//! Clocks: one that steps for a span of time, and one of this machine for others.

mod epoch_as_order;
mod instant_serialised;
mod instant_underflow;
mod lww_wallclock;
mod systemtime_deadline;
mod systemtime_elapsed;
mod utc_elapsed;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    epoch_as_order::RULE,
    instant_serialised::RULE,
    instant_underflow::RULE,
    lww_wallclock::RULE,
    systemtime_deadline::RULE,
    systemtime_elapsed::RULE,
    utc_elapsed::RULE,
];
