//! How judges put their findings: one way to build evidence, one way to count what is not shown.

use constellation_trace::{EventId, Evidence, Limit, Proof, Verdict, one_line};

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
    ///
    /// Keys and updates stand in the words, so what a terminal would obey is written out.
    pub(crate) fn violated(self, order: &Order<'_>) -> Verdict {
        Verdict::Violated(Box::new(Evidence {
            expected: one_line(&self.expected).into_owned(),
            found: one_line(&self.found).into_owned(),
            events: self.events.into_iter().map(|event| order.trace().witness(event)).collect(),
            proof: match self.proof {
                Proof::Rule(rule) => Proof::Rule(one_line(&rule).into_owned()),
                proof => proof,
            },
            steps: Vec::new(),
            notes: Vec::new(),
            replay: String::new(),
        }))
    }
}

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
