//! Whether vectors are what the rules make them, entry by entry: the strictest judge of a vector clock.

use std::collections::BTreeMap;

use constellation_trace::{
    ClaimKind, ClaimRef, EventId, Judgement, ProcessId, Proof, Symbol, VectorRef, Verdict,
};

use super::claimed::Claimed;
use super::nothing_claimed;
use crate::breach::Breach;
use crate::evidence::{and_more, counted};
use crate::order::Order;
use crate::proof;

/// Judges whether each vector claim is the join of the vectors of its causes and one tick of its own entry.
///
/// Its causes are the claimed event before it in its process, the send of what it received, and the persisted
/// state from which it restarted; an event without a claim passes the join of its causes on and does not tick. The
/// own entry is the one named [`constellation_trace::Trace::process_name`]. By induction this is so throughout
/// exactly if each entry counts the claimed events of its process in the past of the event, which is what is
/// compared here, exactly, with no pairs and no budget.
///
/// It asks more than [`judge`](super::judge): a clock that ticks by two orders all events rightly, but is refused here.
/// The first wrong vector in the order of recording is shown; later ones may be wrong only because of it.
///
/// O(events × processes) in time, 12 bytes an event beside the order.
///
/// ```
/// use constellation_trace::sketch;
/// use constellation_verify::{Budget, Order, claims};
///
/// let judge = |text| {
///     let trace = sketch::parse(text).expect("it is well formed");
///     let order = Order::of(&trace, &Budget::default()).expect("two events are few");
///     claims::structure(&order).verdict.word()
/// };
/// assert_eq!(judge("pacific m!=1,0\nindian m?=1,1"), "holds");
/// assert_eq!(judge("pacific m!=1,0\nindian m?=0,1"), "violated");
/// ```
pub fn structure(order: &Order<'_>) -> Judgement {
    let promise = "each vector is the join of its causes and one tick".to_owned();
    let trace = order.trace();
    let claimed = Claimed::of(order, ClaimKind::Vector);
    if claimed.events().is_empty() {
        return nothing_claimed(order, ClaimKind::Vector, promise);
    }
    let processes: Vec<(ProcessId, Option<Symbol>)> =
        order.processes().map(|process| (process, trace.symbol(&trace.process_name(process)))).collect();
    let mut wrong = 0;
    let mut shown = None;
    for (event, claim) in trace.claims(ClaimKind::Vector) {
        let ClaimRef::Vector(vector) = claim else { continue };
        if let Some(entry) = wrong_entry(&claimed, &processes, event, vector) {
            wrong += 1;
            shown.get_or_insert((event, vector, entry));
        }
    }
    let verdict = shown.map_or(Verdict::Holds, |(event, vector, entry)| {
        finding(order, &claimed, event, vector, entry, wrong - 1).violated(order)
    });
    Judgement { promise, verdict, scope: counted(claimed.events().len() as u64, "vector") }
}

/// What is wrong with a vector.
#[derive(Clone, Copy)]
enum Entry {
    /// The counter of this process is not the number of its claimed events in the past.
    Counter { process: ProcessId, expected: u64, found: u64 },
    /// This entry names no process.
    Stranger(Symbol),
}

fn wrong_entry(
    claimed: &Claimed<'_, '_>,
    processes: &[(ProcessId, Option<Symbol>)],
    event: EventId,
    vector: VectorRef<'_>,
) -> Option<Entry> {
    let mut named = 0;
    for &(process, name) in processes {
        let found = name.map_or(0, |name| vector.counter(name));
        let expected = u64::from(claimed.known(event, process));
        if found != expected {
            return Some(Entry::Counter { process, expected, found });
        }
        named += usize::from(found != 0);
    }
    // All processes are right; whatever else stands in the vector is none of them.
    let is_stranger = |name: &Symbol| !processes.iter().any(|(_, process)| *process == Some(*name));
    (named != vector.len())
        .then(|| vector.iter().map(|(name, _)| name).find(is_stranger))
        .flatten()
        .map(Entry::Stranger)
}

fn finding(
    order: &Order<'_>,
    claimed: &Claimed<'_, '_>,
    event: EventId,
    vector: VectorRef<'_>,
    entry: Entry,
    others: u64,
) -> Breach {
    let trace = order.trace();
    let mut events = vec![event];
    let (problem, proof) = match entry {
        Entry::Stranger(name) => {
            let rule = "an entry counts the events of one process of the run".to_owned();
            (format!("`{}` is no process", trace.text(name)), Proof::Rule(rule))
        }
        Entry::Counter { process, expected, found } => {
            let name = trace.process_name(process);
            let is_own = trace.event(event).process == process;
            let (problem, counted) = if is_own {
                (format!("its own entry is {found}, not {expected}"), None)
            } else if found < expected {
                (format!("{name} is {found}, though news of {expected} came"), claimed.nth(process, expected))
            } else {
                (
                    format!("{name} is {found}, though no news of more than {expected} came"),
                    claimed.nth(process, found),
                )
            };
            events.splice(0..0, counted);
            let proof = if is_own {
                Proof::Rule("each event ticks the entry of its own process once".to_owned())
            } else {
                counted.map_or_else(
                    || Proof::Rule(format!("{name} has no claimed event number {found}")),
                    |counted| proof::prove(order, counted, event),
                )
            };
            (problem, proof)
        }
    };
    Breach {
        expected: format!("vector {} at {event}", expected_vector(order, claimed, event)),
        found: format!(
            "{}: {problem}{}",
            trace.show_claim(ClaimRef::Vector(vector)),
            and_more(others, "vector")
        ),
        events,
        proof,
    }
}

/// The vector that the rules make, as printed.
fn expected_vector(order: &Order<'_>, claimed: &Claimed<'_, '_>, event: EventId) -> String {
    let trace = order.trace();
    let counters: BTreeMap<String, u32> = order
        .processes()
        .map(|process| (trace.process_name(process), claimed.known(event, process)))
        .filter(|(_, counter)| *counter > 0)
        .collect();
    let entries: Vec<_> = counters.iter().map(|(name, counter)| format!("{name}:{counter}")).collect();
    format!("{{{}}}", entries.join(" "))
}
