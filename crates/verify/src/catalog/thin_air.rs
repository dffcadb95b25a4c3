//! Whether anything is shown, or said to have been seen, that nobody could know of.

use std::collections::BTreeMap;

use constellation_trace::{EventId, Judgement, Proof, Read, Relation, Symbol, Trace, Verdict, Write};

use super::in_order;
use crate::breach::Breach;
use crate::evidence::{counted, not_recorded};
use crate::order::Order;
use crate::proof;

/// Judges that no read shows, and no write says that it saw, an update that was never written, or one of which no news
/// could have come.
///
/// News comes by a chain of messages. To a write it may also come by a client, who saw the update in some read that was
/// recorded before.
///
/// O(updates shown and seen × log) in time, 16 bytes for each update shown. It needs no budget.
pub fn no_thin_air(order: &Order<'_>) -> Judgement {
    let promise = "nothing is shown out of thin air".to_owned();
    let trace = order.trace();
    let mut first_shown: BTreeMap<(Symbol, Symbol), EventId> = BTreeMap::new();
    for read in trace.reads() {
        for update in &read.shows {
            first_shown.entry((read.key, *update)).or_insert(read.event);
        }
    }
    let was_shown = |key: Symbol, update: Symbol, to: EventId| {
        first_shown.get(&(key, update)).is_some_and(|shown| *shown < to)
    };
    let shown = trace.reads().iter().map(|read| {
        let update = read.shows.iter().find(|update| !is_known(order, read.key, **update, read.event));
        (Told::Shown(read), update.copied())
    });
    let seen = trace.writes().iter().map(|write| {
        let is_thin_air = |update: &&Symbol| {
            let is_known = is_known(order, write.key, **update, write.event) && **update != write.update;
            let is_written = trace.write(write.key, **update).is_some_and(|seen| seen.event < write.event);
            let is_carried = is_written && was_shown(write.key, **update, write.event);
            !is_known && !is_carried
        };
        (Told::Seen(write), write.saw.iter().find(is_thin_air).copied())
    });
    let mut wrong: Vec<(Told<'_>, Symbol)> =
        shown.chain(seen).filter_map(|(told, update)| Some((told, update?))).collect();
    wrong.sort_by_key(|(told, _)| told.event());
    let (reads, writes) = (trace.reads().len() as u64, trace.writes().len() as u64);
    let scope = format!("{}, {}", counted(reads, "read"), counted(writes, "write"));
    let verdict = match wrong.first() {
        Some((told, update)) => told.finding(order, *update, wrong.len() as u64 - 1).violated(order),
        None if reads == 0 && writes > 0 => not_recorded("reads are"),
        None => Verdict::Holds,
    };
    Judgement { promise, verdict, scope }
}

fn is_known(order: &Order<'_>, key: Symbol, update: Symbol, at: EventId) -> bool {
    order.trace().write(key, update).is_some_and(|write| order.is_in_past(write.event, at))
}

/// What speaks of an update.
#[derive(Clone, Copy)]
enum Told<'t> {
    Shown(&'t Read),
    Seen(&'t Write),
}

impl Told<'_> {
    const fn event(&self) -> EventId {
        match self {
            Told::Shown(read) => read.event,
            Told::Seen(write) => write.event,
        }
    }

    const fn key(&self) -> Symbol {
        match self {
            Told::Shown(read) => read.key,
            Told::Seen(write) => write.key,
        }
    }

    /// `it shows W2`, `W3 says that it saw W2`.
    fn words(&self, trace: &Trace, update: &str) -> String {
        match self {
            Told::Shown(_) => format!("it shows {update}"),
            Told::Seen(write) => format!("{} says that it saw {update}", trace.text(write.update)),
        }
    }

    fn finding(&self, order: &Order<'_>, update: Symbol, others: u64) -> Breach {
        let trace = order.trace();
        let [key, name] = [self.key(), update].map(|symbol| trace.text(symbol));
        let node = trace.node_name(trace.node_of(self.event()));
        let words = self.words(trace, name);
        let more = match others {
            0 => String::new(),
            1 => "; 1 more read or write is wrong".to_owned(),
            _ => format!("; {others} more reads and writes are wrong"),
        };
        let does = match self {
            Told::Shown(_) => format!("{node} shows under {key}"),
            Told::Seen(_) => format!("an update that {node} accepts under {key} saw"),
        };
        let Some(write) = trace.write(self.key(), update) else {
            return Breach {
                expected: format!("{does} only what was written"),
                found: format!("{words}, which nobody wrote{more}"),
                events: vec![self.event()],
                proof: Proof::Rule("what is shown or seen must have been written".to_owned()),
            };
        };
        let (why, proof) = match order.relation(write.event, self.event()) {
            Relation::Equal => ("which is itself", Proof::Rule("nothing is its own cause".to_owned())),
            Relation::After => {
                ("which is written only later", proof::prove(order, write.event, self.event()))
            }
            _ => ("of which no news had come", proof::prove(order, write.event, self.event())),
        };
        Breach {
            expected: format!("{does} only what it can know of"),
            found: format!("{words}, {why}{more}"),
            events: in_order([write.event, self.event()]),
            proof,
        }
    }
}
