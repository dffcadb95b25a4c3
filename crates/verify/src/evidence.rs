//! The words that judges have in common: one way to count what is not shown.

use constellation_trace::{Limit, Verdict, one_line};

/// The answer where the trace does not say what would have to be looked at: `reads are`, `a heal is`.
pub(crate) fn not_recorded(what: &str) -> Verdict {
    Verdict::Unknown(Limit::NotRecorded(one_line(what).into_owned()))
}

/// `; 3 more pairs are wrong`, or nothing.
pub(crate) fn and_more(count: u64, noun: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("; 1 more {noun} is wrong"),
        _ => format!("; {count} more {noun}s are wrong"),
    }
}

/// What a promise reaches, as a scope begins: `3 reads`, or that there is nothing.
pub(crate) fn reached(count: u64, noun: &str) -> String {
    if count == 0 { format!("nothing to judge: no {noun}") } else { counted(count, noun) }
}

/// `1 read`, `3 reads`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
