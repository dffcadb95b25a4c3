//! What nodes showed, held against what they knew: no update is lost, none is stale, none is made up, and at
//! the end none is forgotten and all show the same.
//!
//! An update is *known* at a read when its write happened before the read: a chain of messages brought the news.
//! It is *superseded* there when a known update of the same key saw it, or saw one that saw it, and so on. What a
//! read should show is what is known and not superseded: with two concurrent updates both, as siblings.
//!
//! A client may carry what it saw from one node to another, so `saw` is taken at its word, with one exception: an
//! update can only have been seen by one that was recorded after it. (Whether the client can have seen it is what
//! [`no_thin_air`] judges.)

use std::collections::BTreeSet;

use constellation_trace::{EventId, Judgement, Limit, Proof, Read, Relation, Symbol, Verdict, Write};

use crate::breach::Breach;
use crate::budget::Budget;
use crate::evidence::{and_more, not_recorded, reached};
use crate::order::Order;
use crate::proof;

mod last;
mod replicas;
mod survival;
mod thin_air;
mod updates;

pub use replicas::replicas_converge;
pub use survival::every_update_survives;
pub use thin_air::no_thin_air;
use updates::Updates;

/// Judges that every read shows all updates that it knows of and that nothing known supersedes: there is no silent
/// winner among concurrent updates, and a newer one displaces only what it saw.
///
/// The first read that loses an update is shown, with the first update that it loses. Where no read knows an update of
/// some key that was written, nothing was looked at there, and the answer is [`Limit::NotRecorded`]. What nobody knows
/// any more is a matter of [`every_update_survives`].
///
/// O(reads × writes of their key × processes) in time, up to `budget.pairs_max` pairs of read and write, beyond
/// which the answer is [`Limit::Pairs`]; 4 bytes for each write and process.
///
/// ```
/// use constellation_trace::{Action, Entry, Trace, TrueTime};
/// use constellation_verify::{Budget, Order, catalog};
///
/// let mut trace = Trace::new(["pacific"])?;
/// let pacific = trace.node("pacific").expect("just named");
/// for action in [
///     Action::Write { key: "mss17", update: "first", saw: &[] },
///     Action::Write { key: "mss17", update: "second", saw: &[] },
///     // The second did not see the first, so both should be shown.
///     Action::Read { key: "mss17", shows: &["second"] },
/// ] {
///     trace.record(Entry::new(pacific, TrueTime::from_ns(1), action))?;
/// }
/// let budget = Budget::default();
/// let order = Order::of(&trace, &budget).expect("three events are few");
/// assert_eq!(catalog::no_lost_update(&order, &budget).verdict.word(), "violated");
/// # Ok::<(), constellation_trace::TraceError>(())
/// ```
pub fn no_lost_update<'t>(order: &Order<'t>, budget: &Budget) -> Judgement {
    let promise = "no update is lost: a read shows all it knows that nothing supersedes";
    let lost = |updates: &Updates<'_, 't>, read: &Read| {
        updates.current(read).find(|write| !read.shows.contains(&write.update))
    };
    judge(order, budget, promise, lost, lost_update)
}

/// Judges that no read shows an update beside a known one that supersedes it.
///
/// Cost, budget and what is left open are those of [`no_lost_update`].
pub fn no_stale_sibling<'t>(order: &Order<'t>, budget: &Budget) -> Judgement {
    let promise = "no stale sibling is shown";
    let stale = |updates: &Updates<'_, 't>, read: &Read| {
        updates.superseded(read).find(|write| read.shows.contains(&write.update))
    };
    judge(order, budget, promise, stale, stale_sibling)
}

/// Looks with `find` for a wrong update in each read, as far as the budget allows; `tell` puts the first into words.
fn judge<'t>(
    order: &Order<'t>,
    budget: &Budget,
    promise: &str,
    find: impl Fn(&Updates<'_, 't>, &Read) -> Option<&'t Write>,
    tell: impl Fn(&Updates<'_, 't>, &Read, &Write) -> Breach,
) -> Judgement {
    let reads = order.trace().reads();
    let updates = match Updates::of(order, budget) {
        Ok(updates) => updates,
        Err(limit) => {
            let verdict = Verdict::Unknown(limit);
            return Judgement { promise: promise.to_owned(), verdict, scope: String::new() };
        }
    };
    let cost = |read: &Read| updates.of_key(read.key).len() as u64;
    // Saturating: counts beyond 2^64 are beyond any budget that could be met.
    let total = reads.iter().fold(0_u64, |total, read| total.saturating_add(cost(read)));
    let (mut judged, mut reads_judged, mut wrong, mut shown) = (0_u64, 0_u64, 0_u64, None);
    let mut unread: BTreeSet<Symbol> = updates.keys().collect();
    for read in reads {
        if judged.saturating_add(cost(read)) > budget.pairs_max {
            break;
        }
        judged += cost(read);
        reads_judged += 1;
        let mut writes = updates.of_key(read.key).iter();
        if unread.contains(&read.key) && writes.any(|write| order.is_in_past(write.event, read.event)) {
            unread.remove(&read.key);
        }
        if let Some(write) = find(&updates, read) {
            wrong += 1;
            shown.get_or_insert((read, write));
        }
    }
    let is_cut = reads_judged < reads.len() as u64;
    let mut scope = reached(reads.len() as u64, "read");
    if is_cut {
        scope.push_str(&format!(", the first {reads_judged} of them judged"));
    }
    let verdict = match shown {
        Some((read, write)) => {
            let mut finding = tell(&updates, read, write);
            finding.found.push_str(&and_more(wrong - 1, "read"));
            finding.violated(order)
        }
        None if is_cut => Verdict::Unknown(Limit::Pairs { judged, total }),
        None => nothing_wrong(order, unread.first().copied()),
    };
    Judgement { promise: promise.to_owned(), verdict, scope }
}

/// What a clean pass over all reads is worth: nothing, if there are updates of this key and no read knew any.
fn nothing_wrong(order: &Order<'_>, unread: Option<Symbol>) -> Verdict {
    match unread {
        None => Verdict::Holds,
        Some(_) if order.trace().reads().is_empty() => not_recorded("reads are"),
        Some(key) => not_recorded(&format!("a read that knows an update of {} is", order.trace().text(key))),
    }
}

fn lost_update(updates: &Updates<'_, '_>, read: &Read, lost: &Write) -> Breach {
    let order = updates.order();
    let trace = order.trace();
    let [key, update] = [read.key, lost.update].map(|symbol| trace.text(symbol));
    let node = trace.node_name(trace.node_of(read.event));
    let expected = format!("{node} shows {update} under {key}: it is known there and not superseded");
    // The one that displaced it: a shown one that is concurrent with it if there is one, else the first shown.
    let shown = || updates.of_key(read.key).iter().filter(|write| read.shows.contains(&write.update));
    let is_concurrent = |write: &&&Write| order.relation(write.event, lost.event) == Relation::Concurrent;
    let Some(winner) = shown().find(is_concurrent).or_else(|| shown().next()) else {
        let found = format!("{update} is lost: {}", shows(order, read));
        let proof = proof::prove(order, lost.event, read.event);
        return Breach { expected, found, events: vec![lost.event, read.event], proof };
    };
    let winning = trace.text(winner.update);
    let (found, proof) = match order.relation(lost.event, winner.event) {
        Relation::Concurrent => (
            format!(
                "{update} is lost: {winning} displaced it silently, though the two were written concurrently"
            ),
            proof::prove(order, lost.event, winner.event),
        ),
        Relation::Before => (
            format!("{update} is lost: {winning} displaced it, though {winning} does not say that it saw it"),
            Proof::Rule("an update supersedes what it saw, not whatever came before it".to_owned()),
        ),
        _ => (
            format!("{update} is lost: the older {winning} is shown in its place"),
            proof::prove(order, winner.event, lost.event),
        ),
    };
    Breach { expected, found, events: in_order([lost.event, winner.event, read.event]), proof }
}

fn stale_sibling(updates: &Updates<'_, '_>, read: &Read, stale: &Write) -> Breach {
    let order = updates.order();
    let trace = order.trace();
    let newer = updates.superseder(read, stale).expect("a superseded update has one that supersedes it");
    let [key, stale_name, newer_name] =
        [read.key, stale.update, newer.update].map(|symbol| trace.text(symbol));
    let node = trace.node_name(trace.node_of(read.event));
    let how = if newer.saw.contains(&stale.update) { "saw it" } else { "supersedes it through others" };
    Breach {
        expected: format!(
            "{node} does not show {stale_name} under {key}: {newer_name} is known there and {how}"
        ),
        found: format!("it still shows {stale_name}"),
        events: in_order([stale.event, newer.event, read.event]),
        proof: proof::prove(order, newer.event, read.event),
    }
}

/// `W1 and W2 are shown`.
fn shows(order: &Order<'_>, read: &Read) -> String {
    let shown: Vec<_> = read.shows.iter().map(|update| order.trace().text(*update)).collect();
    match shown[..] {
        [] => "nothing is shown".to_owned(),
        [one] => format!("{one} is shown"),
        _ => format!("{} are shown", shown.join(" and ")),
    }
}

/// The events, each once, in the order of recording.
fn in_order(events: impl IntoIterator<Item = EventId>) -> Vec<EventId> {
    events.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}
