//! Whether the vector clocks of somebody else's log could have come from any execution at all.
//!
//! The rule: a clock is the join of the clocks of its causes, plus one for its own event. The causes of an event are
//! the event before it at its host and, for each foreign counter that rose, the event that it names. Clocks that obey
//! it everywhere, without a cycle, are just those of an execution that sent a message along each such cause; then
//! nothing more can be found wrong by looking at them. ShiViz draws nearly every log that breaks it.
//!
//! ```
//! use constellation_trace::log::{Execution, LogEntry, Place};
//! use constellation_verify::stamps;
//!
//! let mut execution = Execution::new("");
//! let clocks: [(&str, &[(&str, u64)]); 4] = [
//!     ("a", &[("a", 1)]),
//!     ("b", &[("a", 1), ("b", 1)]), // b receives from a
//!     ("c", &[("b", 1), ("c", 1)]), // c receives from b, but merged only b's own counter
//!     ("c", &[("b", 1), ("c", 2)]),
//! ];
//! for (line, (host, clock)) in (1..).zip(clocks) {
//!     let place = Place { line, column: 3, width: 1 };
//!     execution.push(LogEntry { clock, ..LogEntry::new(host, place) })?;
//! }
//! let stamps = stamps::judge(&execution);
//! assert_eq!(stamps.judgement.verdict.word(), "violated");
//! assert_eq!(stamps.faults[0].found, "`c` 1 has seen `b` 1 (line 2), which had seen `a` 1, but it has no entry for `a`");
//! # Ok::<(), constellation_trace::log::LogFull>(())
//! ```

mod causes;
mod cycle;
mod fault;

use std::collections::BTreeSet;

use constellation_trace::log::{Execution, Place};
use constellation_trace::{Evidence, Judgement, Limit, Proof, Verdict};

use self::causes::Causes;
use self::fault::Wrong;
use crate::evidence::{and_more, counted};

/// How many faults are put into words; the rest are counted.
pub const FAULTS_SHOWN: usize = 100;

/// What was found in the clocks of one execution.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stamps {
    /// The verdict, which shows the first fault.
    pub judgement: Judgement,
    /// The faults, by line; at most [`FAULTS_SHOWN`].
    pub faults: Vec<Fault>,
    /// How many there are in all; one event has at most one in its own counter and one in the rest of its clock.
    pub faults_total: u64,
    /// How many events there are, whether their clocks could be read or not.
    pub events: u64,
    /// At how many hosts they are.
    pub hosts: u64,
    /// The fewest messages that explain the clocks; zero when some could not be read.
    pub messages: u64,
    /// What is worth knowing though it is no fault.
    pub notes: Vec<String>,
}

/// One thing that no correct clocks would show.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    /// The clock in question.
    pub place: Place,
    /// What is so.
    pub found: String,
    /// What should be so.
    pub expected: String,
    /// How such a thing comes about, and what to do.
    pub hint: &'static str,
    /// The other clocks that it speaks of.
    pub related: Vec<Place>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}; expected {}; {}", self.place.line, self.found, self.expected, self.hint)
    }
}

/// Judges the clocks of one execution; its lines may stand in any order.
///
/// Clocks that cannot be read are reported alone, since what is missing makes others look wrong. One that can be read but
/// does not count its own event is reported, and the rest is judged without it. Costs O(k log k) for each clock of k
/// entries, and as much for the clock of each message, and 48 bytes an event beside the log; there is no input for which
/// the answer is out of reach, so `Unknown` means that there is no event.
pub fn judge(execution: &Execution) -> Stamps {
    let unreadable = execution.unreadable();
    let readable = execution.events().len() as u64;
    let events = readable + unreadable.len() as u64;
    let mut stamps = Stamps {
        judgement: Judgement {
            promise: "each clock is the join of its causes plus its own event".to_owned(),
            verdict: Verdict::Holds,
            scope: String::new(),
        },
        faults: Vec::new(),
        faults_total: 0,
        events,
        hosts: 0,
        messages: 0,
        notes: Vec::new(),
    };
    let zeros = execution.zeros();
    if zeros.count > 0 {
        let left_out = counted(zeros.count, "zero counter");
        stamps.notes.push(format!("{left_out} left out, the first in line {}", zeros.first_line));
    }
    if unreadable.is_empty() {
        let causes = Causes::of(execution);
        let replayed = cycle::replay(&causes);
        let checked = causes.check(&replayed.happened);
        let mut wrong = checked.wrong;
        wrong.extend(replayed.cycle.map(Wrong::Cycle));
        wrong.sort_by_key(|wrong| causes.place(wrong.event()));
        stamps.hosts = causes.hosts();
        stamps.messages = checked.messages;
        stamps.faults_total = wrong.len() as u64;
        stamps.faults = wrong.iter().take(FAULTS_SHOWN).map(|wrong| wrong.tell(&causes)).collect();
        let is_telling = events >= TOTAL_EVENTS_MIN && stamps.hosts >= TOTAL_HOSTS_MIN;
        if wrong.is_empty() && is_telling && causes.are_total() {
            stamps.notes.push(TOTAL_ORDER.to_owned());
        }
        let at = counted(stamps.hosts, "host");
        let messages = match stamps.messages {
            _ if !wrong.is_empty() => String::new(),
            0 => ", no message needed".to_owned(),
            messages => format!(", at least {}", counted(messages, "message")),
        };
        stamps.judgement.scope = format!("{} at {at}{messages}", counted(events, "event"));
    } else {
        let hosts = execution.events().iter().map(|event| execution.host_name(event.host));
        let hosts: BTreeSet<&str> = hosts.chain(unreadable.iter().map(|one| &*one.host)).collect();
        stamps.hosts = hosts.len() as u64;
        stamps.faults_total = unreadable.len() as u64;
        stamps.faults = unreadable.iter().take(FAULTS_SHOWN).map(fault::unreadable).collect();
        let rest = counted(readable, "event");
        stamps.judgement.scope = format!("only whether clocks can be read; {rest} not judged further");
    }
    stamps.judgement.verdict = match stamps.faults.first() {
        Some(first) => violated(first, stamps.faults_total),
        None if events == 0 => Verdict::Unknown(Limit::NotRecorded("events are".to_owned())),
        None => Verdict::Holds,
    };
    stamps
}

/// What is noted of a log in which any two events are ordered.
pub const TOTAL_ORDER: &str = "this log is a total order by construction, or looks like one: each clock is one tick above that of \
                               the event before it, at whatever host, as TLC's module ShiViz writes the states of one \
                               behaviour; which of its events are concurrent it does not say";

/// A few events one after the other are no wonder: an order is only worth a word among so many,
const TOTAL_EVENTS_MIN: u64 = 8;
/// at so many hosts.
const TOTAL_HOSTS_MIN: u64 = 3;

fn violated(first: &Fault, total: u64) -> Verdict {
    // Cannot wrap: there is a first.
    let more = and_more(total - 1, "clock");
    Verdict::Violated(Box::new(Evidence {
        expected: first.expected.clone(),
        found: format!("line {}: {}{more}", first.place.line, first.found),
        events: Vec::new(),
        proof: Proof::Rule(first.hint.to_owned()),
        steps: Vec::new(),
        meanings: Vec::new(),
        notes: Vec::new(),
        replay: String::new(),
    }))
}
