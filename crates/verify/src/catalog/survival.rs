//! Whether every update that was accepted is still there in the end.

use std::collections::BTreeSet;

use constellation_trace::{EventId, Judgement, Kind, Proof, Read, Symbol, Verdict, Write};

use super::last::LastReads;
use super::{in_order, shows};
use crate::breach::Breach;
use crate::evidence::{and_more, counted, not_recorded};
use crate::order::Order;
use crate::proof;

/// Judges that every update that was accepted is, in the end, shown by some node that lives, or superseded by another
/// update that saw it.
///
/// [`no_lost_update`](super::no_lost_update) asks whether a node shows what it knows; this asks whether anybody still
/// knows. A node that accepts an update, crashes and comes back without it keeps the first promise and breaks this one.
///
/// What counts as the end is said at [`replicas_converge`](super::replicas_converge). An update that no last read shows
/// is lost if every living node has a last read of its key, else the answer is
/// [`Limit::NotRecorded`](constellation_trace::Limit::NotRecorded). The first lost update is shown.
///
/// O(events + (reads + writes + updates seen and shown) × log + writes × nodes) in time.
///
/// ```
/// use constellation_trace::{Action, Entry, Trace, TrueTime};
/// use constellation_verify::{Budget, Order, catalog};
///
/// let mut trace = Trace::new(["pacific"])?;
/// let pacific = trace.node("pacific").expect("just named");
/// for action in [
///     Action::Write { key: "mss17", update: "first", saw: &[] },
///     Action::Crash,
///     Action::Restart(None),
///     Action::Read { key: "mss17", shows: &[] },
/// ] {
///     trace.record(Entry::new(pacific, TrueTime::from_ns(1), action))?;
/// }
/// let order = Order::of(&trace, &Budget::default()).expect("four events are few");
/// assert_eq!(catalog::every_update_survives(&order).verdict.word(), "violated");
/// # Ok::<(), constellation_trace::TraceError>(())
/// ```
pub fn every_update_survives(order: &Order<'_>) -> Judgement {
    let trace = order.trace();
    let last = LastReads::of(order);
    let mut superseded: BTreeSet<(Symbol, Symbol)> = BTreeSet::new();
    for write in trace.writes() {
        // An update can only have seen what was recorded before it.
        let is_earlier =
            |seen: &&Symbol| trace.write(write.key, **seen).is_some_and(|seen| seen.event < write.event);
        superseded.extend(write.saw.iter().filter(is_earlier).map(|seen| (write.key, *seen)));
    }
    let keys: BTreeSet<Symbol> = trace.writes().iter().map(|write| write.key).collect();
    let last_reads = keys.iter().flat_map(|key| last.of_key(*key));
    let shown: BTreeSet<(Symbol, Symbol)> =
        last_reads.flat_map(|read| read.shows.iter().map(|update| (read.key, *update))).collect();
    let (mut lost, mut wrong, mut open) = (None, 0, None);
    for write in trace.writes() {
        let name = (write.key, write.update);
        if superseded.contains(&name) || shown.contains(&name) {
            continue;
        }
        match last.missing(order, write.key) {
            Some(missing) => drop(open.get_or_insert(missing)),
            None => {
                wrong += 1;
                lost.get_or_insert(write);
            }
        }
    }
    let verdict = match (lost, open) {
        (Some(write), _) => gone(order, &last, write, wrong - 1).violated(order),
        (None, Some(missing)) => not_recorded(&missing),
        (None, None) => Verdict::Holds,
    };
    let updates = counted(trace.writes().len() as u64, "update");
    let scope = format!("{updates} of {}", counted(keys.len() as u64, "key"));
    Judgement { promise: "every update survives or is superseded".to_owned(), verdict, scope }
}

fn gone(order: &Order<'_>, last: &LastReads<'_>, write: &Write, others: u64) -> Breach {
    /// However many nodes there are, a few show what is meant.
    const READS_SHOWN: usize = 3;
    let trace = order.trace();
    let [key, update] = [write.key, write.update].map(|symbol| trace.text(symbol));
    let reads: Vec<&Read> = last.of_key(write.key).collect();
    let mut found = format!("{update} is gone: ");
    for (nth, read) in reads.iter().take(READS_SHOWN).enumerate() {
        let node = trace.node_name(trace.node_of(read.event));
        let comma = if nth == 0 { "" } else { ", " };
        found.push_str(&format!("{comma}at {node} {}", shows(order, read)));
    }
    if reads.len() > READS_SHOWN {
        found.push_str(&format!(
            ", nor is it shown at {} more",
            counted((reads.len() - READS_SHOWN) as u64, "node")
        ));
    }
    let forgetting = forgetting(order, write);
    if let Some((_, how)) = &forgetting {
        let node = trace.node_name(trace.node_of(write.event));
        found.push_str(&format!("; {node} accepted it, crashed, and {how}"));
    }
    found.push_str(&and_more(others, "update"));
    let knowing = reads.iter().find(|read| order.is_in_past(write.event, read.event));
    let life = forgetting.map(|(events, _)| events).unwrap_or_default();
    Breach {
        expected: format!("{update} is shown under {key} in the end, or an update that saw it"),
        found,
        events: in_order(
            [write.event]
                .into_iter()
                .chain(life)
                .chain(reads.iter().take(READS_SHOWN).map(|read| read.event)),
        ),
        proof: match knowing {
            Some(read) => proof::prove(order, write.event, read.event),
            None => Proof::Rule("what was accepted may be superseded, but not forgotten".to_owned()),
        },
    }
}

/// The crash of the process that accepted an update, with the restart that did not know of it.
fn forgetting(order: &Order<'_>, write: &Write) -> Option<(Vec<EventId>, &'static str)> {
    let trace = order.trace();
    let crash = *order.lane(trace.event(write.event).process).last()?;
    if trace.event(crash).kind != Kind::Crash {
        return None;
    }
    let node = trace.node_of(crash);
    let next = (0..).zip(trace.processes()).find_map(|(number, life)| {
        let first = *order.lane(constellation_trace::ProcessId::new(number)).first()?;
        (life.node == node && first > crash).then_some(first)
    });
    let Some(restart) = next else { return Some((vec![crash], "never came back")) };
    match trace.event(restart).kind {
        Kind::Restart { from: None } => Some((vec![crash, restart], "came back remembering nothing")),
        Kind::Restart { from: Some(state) } if !order.is_in_past(write.event, state) => {
            Some((vec![crash, restart], "came back from a state that did not know of it"))
        }
        _ => None,
    }
}
