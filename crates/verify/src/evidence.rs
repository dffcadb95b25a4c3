//! How judges put their findings: one way to build evidence, one way to count what is not shown.

use constellation_trace::{EventId, Evidence, Proof, Verdict};

use crate::order::Order;

/// What a judge found wrong, before it is put into words that need the whole trace.
pub(crate) struct Finding {
    pub(crate) expected: String,
    pub(crate) found: String,
    pub(crate) events: Vec<EventId>,
    pub(crate) proof: Proof,
}

impl Finding {
    /// The verdict that shows it; steps and replay are for the caller to fill, who knows how the run was made.
    pub(crate) fn violated(self, order: &Order<'_>) -> Verdict {
        Verdict::Violated(Box::new(Evidence {
            expected: self.expected,
            found: self.found,
            events: self.events.into_iter().map(|event| order.trace().witness(event)).collect(),
            proof: self.proof,
            steps: Vec::new(),
            replay: String::new(),
        }))
    }
}

/// `; 3 more pairs are wrong`, or nothing.
pub(crate) fn and_more(count: u64, noun: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("; 1 more {noun} is wrong"),
        _ => format!("; {count} more {noun}s are wrong"),
    }
}

/// `1 read`, `3 reads`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
