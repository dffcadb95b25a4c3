//! How an event is told to a person: where, when, what, and what each clock said of it.
//!
//! Names, labels and keys are somebody else's texts, so each is told on one line, with nothing that a terminal obeys.

use std::convert::Infallible;

use crate::claim::{ClaimRef, VectorRef};
use crate::event::Kind;
use crate::ids::{EventId, Process, ProcessId};
use crate::time::WallTime;
use crate::trace::Trace;
use crate::verdict::Witness;
use crate::words::one_line;

impl Trace {
    /// By how many nanoseconds a wall clock that `shown` this time at an event was ahead of the truth; negative is
    /// behind, `None` when nobody knew the truth.
    pub fn wall_lie_ns(&self, event: EventId, shown: WallTime) -> Option<i128> {
        let truth = i128::from(self.epoch()?.ns()) + i128::from(self.event(event).at.ns());
        Some(i128::from(shown.ns()) - truth)
    }

    /// What clocks call a process: the node's name, with `#` and the incarnation after a restart.
    pub fn process_name(&self, process: ProcessId) -> String {
        let Process { node, incarnation } = self.processes()[process.index()];
        match incarnation {
            0 => self.node_name(node).to_owned(),
            _ => format!("{}#{incarnation}", self.node_name(node)),
        }
    }

    /// An event as evidence shows it, with every claim made of it. O(claims).
    pub fn witness(&self, event: EventId) -> Witness {
        let recorded = self.event(event);
        Witness {
            event,
            process: one_line(&self.process_name(recorded.process)).into_owned(),
            at: recorded.at,
            what: self.describe(event),
            stamps: self.claims_of(event).map(|claim| self.show_claim_of(event, claim)).collect(),
        }
    }

    /// What happened, in a few words on one line: the label where there is one, else what the event is.
    pub fn describe(&self, event: EventId) -> String {
        let label = self.label(event);
        if !label.is_empty() {
            return one_line(label).into_owned();
        }
        let deed = self.deed(event);
        if deed.is_empty() { "does something of its own".to_owned() } else { deed }
    }

    /// What an event is and what it sends, on one line, whatever its label; empty for one that is nothing of its own kind and
    /// sends nothing.
    pub fn deed(&self, event: EventId) -> String {
        let does = self.does(event);
        let sends = self.event(event).sends.iter();
        let sends = sends.map(|id| format!("{id} to {}", self.node_name(self.message(id).to)));
        let sends = sends.collect::<Vec<_>>().join(", ");
        let told = match (does.is_empty(), sends.is_empty()) {
            (_, true) => does,
            (false, false) => format!("{does}, sends {sends}"),
            (true, false) => format!("sends {sends}"),
        };
        one_line(&told).into_owned()
    }

    fn does(&self, event: EventId) -> String {
        let recorded = self.event(event);
        match recorded.kind {
            Kind::Receive(message) => {
                let from = self.node_name(self.node_of(self.message(message).send));
                format!("receives {message} from {from}")
            }
            Kind::Write(place) => {
                let write = &self.writes()[place as usize];
                format!("writes {} to {}", self.text(write.update), self.text(write.key))
            }
            Kind::Read(place) => {
                let read = &self.reads()[place as usize];
                let shows: Vec<_> = read.shows.iter().map(|update| self.text(*update)).collect();
                let shows = if shows.is_empty() { "nothing".to_owned() } else { shows.join(" and ") };
                format!("shows {shows} under {}", self.text(read.key))
            }
            Kind::Invoke(place) => {
                let invocation = &self.invocations()[place as usize];
                let Ok(call) = invocation.call.try_map(|text| Ok::<_, Infallible>(self.text(*text)));
                format!("invokes {}: {call}", invocation.number)
            }
            Kind::Complete(place) => {
                let invocation = &self.invocations()[place as usize];
                let completion = invocation.completed.as_ref().map(|(_, completion)| {
                    let Ok(told) = completion.try_map(|text| Ok::<_, Infallible>(self.text(*text)));
                    told.to_string()
                });
                format!("completes {}: {}", invocation.number, completion.unwrap_or_default())
            }
            Kind::Persist => "persists its state".to_owned(),
            Kind::Crash => "crashes".to_owned(),
            Kind::Restart { from: Some(state) } => {
                format!("restarts as {} from the state of {state}", self.process_name(recorded.process))
            }
            Kind::Restart { from: None } => {
                format!("restarts as {} and remembers nothing", self.process_name(recorded.process))
            }
            Kind::Local => String::new(),
        }
    }

    /// A claim as it is printed: `vector {atlantic:1 pacific:2}`, by name.
    pub fn show_claim(&self, claim: ClaimRef<'_>) -> String {
        match claim {
            ClaimRef::Lamport(time) => format!("lamport {time}"),
            ClaimRef::Hybrid { physical_ns, logical } => format!("hybrid {physical_ns}.{logical}"),
            ClaimRef::Vector(vector) => format!("vector {}", self.show_vector(vector)),
            ClaimRef::Wall(time) => format!("wall {time}"),
        }
    }

    /// A claim with what is wrong with it, as far as that can be known of one alone: the lie of a wall clock.
    fn show_claim_of(&self, event: EventId, claim: ClaimRef<'_>) -> String {
        let shown = self.show_claim(claim);
        let ClaimRef::Wall(time) = claim else { return shown };
        match self.wall_lie_ns(event, time).map(|lie_ns| lie_ns / 1_000_000) {
            Some(ms) if ms > 0 => format!("{shown} ({ms} ms ahead of the truth)"),
            Some(ms) if ms < 0 => format!("{shown} ({} ms behind the truth)", -ms),
            _ => shown,
        }
    }

    fn show_vector(&self, vector: VectorRef<'_>) -> String {
        let mut entries: Vec<_> = vector.iter().map(|(name, counter)| (self.text(name), counter)).collect();
        entries.sort_unstable();
        let entries: Vec<_> = entries.iter().map(|(name, counter)| format!("{name}:{counter}")).collect();
        one_line(&format!("{{{}}}", entries.join(" "))).into_owned()
    }
}
