//! How a judge says what it found wrong: what should be so, what is, which events show it, and why.

use constellation_trace::{EventId, Evidence, Proof, Verdict, one_line};

use crate::order::Order;
use crate::proof::prove;

/// What a judge found wrong, before it is put into words that need the whole trace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Breach {
    /// What should be so, in one line.
    pub expected: String,
    /// What is so, in one line.
    pub found: String,
    /// The events that show it, in the order in which they are to be read.
    pub events: Vec<EventId>,
    /// Why the expectation is right.
    pub proof: Proof,
}

impl Breach {
    /// What should be so and what is, which no event shows yet. Until [`Breach::by_rule`] or [`Breach::by_order`] says why,
    /// the message says that nobody did.
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Breach {
        let proof = Proof::Rule("(the promise gives no reason: see `Breach::by_rule`)".to_owned());
        Breach { expected: expected.into(), found: found.into(), events: Vec::new(), proof }
    }

    /// These events show it.
    #[must_use]
    pub fn shown_by(mut self, events: impl IntoIterator<Item = EventId>) -> Breach {
        self.events = events.into_iter().collect();
        self
    }

    /// This rule makes the expectation right, in a few words.
    #[must_use]
    pub fn by_rule(mut self, rule: impl Into<String>) -> Breach {
        self.proof = Proof::Rule(rule.into());
        self
    }

    /// How two events stand to each other makes the expectation right: the shortest chain of messages between them, or
    /// that there is none.
    ///
    /// # Panics
    /// If the trace has no such events.
    #[must_use]
    pub fn by_order(mut self, order: &Order<'_>, one: EventId, other: EventId) -> Breach {
        self.proof = prove(order, one, other);
        self
    }

    /// The verdict that shows it; steps and replay are for the caller to fill, who knows how the run was made.
    ///
    /// Keys and updates stand in the words, so what a terminal would obey is written out.
    ///
    /// # Panics
    /// If the trace has no such events.
    pub fn violated(self, order: &Order<'_>) -> Verdict {
        Verdict::Violated(Box::new(Evidence {
            expected: one_line(&self.expected).into_owned(),
            found: one_line(&self.found).into_owned(),
            events: self.events.into_iter().map(|event| order.trace().witness(event)).collect(),
            proof: match self.proof {
                Proof::Rule(rule) => Proof::Rule(one_line(&rule).into_owned()),
                proof => proof,
            },
            steps: Vec::new(),
            meanings: Vec::new(),
            notes: Vec::new(),
            replay: String::new(),
        }))
    }
}
