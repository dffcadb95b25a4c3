//! What each policy promises, each promise judged from the trace alone.

use constellation_trace::{
    Call, Completion, EventId, History, Judgement, Operation, TrueTime, Verdict, Write,
};
use constellation_verify::{Breach, Budget, Order, catalog};

use super::Policy;
use super::fate::{Fate, Records, WriteFate, fates, is_done};
use crate::promises::Phase;
use crate::subject::PromiseId;

/// Something that a policy promises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Promise {
    /// What a client was told to have taken effect is shown in the end, or something that saw it.
    NothingAcknowledgedIsLost,
    /// What a client was told to have had no effect is shown by nobody, ever.
    NothingRefusedTakesEffect,
    /// In the end all stations show the same.
    ReplicasConverge,
    /// Of two acknowledged updates of a key one saw the other: no two sides accept.
    OneSideAccepts,
    /// A read shows, of each update of its key that was acknowledged before the read began, that update or what superseded
    /// it.
    NoStaleRead,
}

impl Promise {
    /// All of them; the place of each is its number.
    pub const ALL: [Promise; 5] = [
        Promise::NothingAcknowledgedIsLost,
        Promise::NothingRefusedTakesEffect,
        Promise::ReplicasConverge,
        Promise::OneSideAccepts,
        Promise::NoStaleRead,
    ];

    /// What a policy promises. Nothing acknowledged is to be lost under any; who accepts on all sides promises no more than
    /// that all agree afterwards.
    pub const fn of(policy: Policy) -> &'static [Promise] {
        match policy {
            Policy::LastWriteWins | Policy::Siblings => Promise::ALL.split_at(3).0,
            Policy::Majority | Policy::Leader => &Promise::ALL,
        }
    }

    /// The promise as a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Promise::NothingAcknowledgedIsLost => "no acknowledged update is lost",
            Promise::NothingRefusedTakesEffect => "what was refused takes no effect",
            Promise::ReplicasConverge => "replicas converge",
            Promise::OneSideAccepts => {
                "one side accepts: of two acknowledged updates of a key one saw the other"
            }
            Promise::NoStaleRead => "no read misses what was acknowledged before it began",
        }
    }

    /// When it must hold.
    pub const fn phase(self) -> Phase {
        match self {
            Promise::NothingAcknowledgedIsLost | Promise::ReplicasConverge => Phase::Convergence,
            Promise::NothingRefusedTakesEffect | Promise::OneSideAccepts | Promise::NoStaleRead => {
                Phase::Safety
            }
        }
    }

    /// Its number among all promises of policies.
    pub(super) const fn id(self) -> PromiseId {
        PromiseId(self as u32)
    }

    /// Whether a run keeps it. `healed` says when the storm ended, if there was one.
    pub fn judge(self, order: &Order<'_>, healed: Option<TrueTime>) -> Judgement {
        let promise = self.sentence().to_owned();
        let history = History::of(order.trace());
        let records = Records::of(order, &history);
        let (breach, scope) = match self {
            Promise::ReplicasConverge => return Judgement { promise, ..catalog::replicas_converge(order) },
            Promise::NothingAcknowledgedIsLost => {
                let fates = fates(order, healed);
                let accepted = fates.iter().filter(|told| told.fate.is_accepted()).count();
                (lost(order, &fates), format!("{accepted} acknowledged"))
            }
            Promise::NothingRefusedTakesEffect => {
                let fates = fates(order, healed);
                let refused = fates.iter().filter(|told| told.fate == Fate::Refused).count();
                (refused_but_shown(&records, &fates), format!("{refused} refused"))
            }
            Promise::OneSideAccepts => {
                let accepted = accepted(&records, &history);
                (two_sides(order, &records, &accepted), format!("{} acknowledged", accepted.len()))
            }
            Promise::NoStaleRead => {
                let reads = history.operations().iter().filter(|operation| shown(operation).is_some());
                (stale_read(&records, &history), format!("{} reads of clients", reads.count()))
            }
        };
        let verdict = breach.map_or(Verdict::Holds, |breach| breach.violated(order));
        Judgement { promise, verdict, scope }
    }
}

/// What every trace can be judged by, of a policy.
pub fn judge(policy: Policy, order: &Order<'_>, healed: Option<TrueTime>) -> Vec<Judgement> {
    Promise::of(policy).iter().map(|promise| promise.judge(order, healed)).collect()
}

/// As many comparisons as any judge may make.
pub(super) fn budget() -> Budget {
    Budget::default()
}

/// A write as evidence calls it.
fn named(told: &WriteFate) -> String {
    let update = told.update.as_ref().map_or(String::new(), |update| format!(" ({update})"));
    format!("{} = \"{}\"{update}", told.key, told.value)
}

fn lost(order: &Order<'_>, fates: &[WriteFate]) -> Option<Breach> {
    let lost: Vec<&WriteFate> = fates.iter().filter(|told| told.fate == Fate::Lost).collect();
    let (first, rest) = lost.split_first()?;
    let station = &first.station;
    let others = rest.iter().map(|told| format!("{}'s {} = \"{}\"", told.station, told.key, told.value));
    let others = match others.collect::<Vec<_>>() {
        none if none.is_empty() => String::new(),
        others => format!("; so is {}", others.join(", ")),
    };
    let breach = Breach::new(
        format!(
            "{}, which {station} acknowledged, is shown in the end, or an update that saw it",
            named(first)
        ),
        format!("it is lost: {}{others}", first.why),
    );
    let events = [Some(first.asked), first.written, first.winner].into_iter().flatten();
    let mut events: Vec<EventId> = events.collect();
    events.sort();
    let breach = breach.shown_by(events);
    Some(match (first.written, first.winner) {
        (Some(written), Some(winner)) => breach.by_order(order, written, winner),
        _ => breach.by_rule("what was acknowledged may be superseded, but not forgotten"),
    })
}

fn refused_but_shown(records: &Records<'_, '_>, fates: &[WriteFate]) -> Option<Breach> {
    fates.iter().filter(|told| told.fate == Fate::Refused).find_map(|told| {
        let write = records.update(&told.key, &told.value)?;
        let read = records.shown(write).next()?;
        let node = records.trace.node_name(records.trace.node_of(read.event));
        let breach = Breach::new(
            format!("{} has no effect: {} refused it", named(told), told.station),
            format!("{node} shows it all the same"),
        );
        Some(breach.shown_by([told.asked, write.event, read.event]).by_rule(
            "a refusal says that there was no effect and never will be one; whoever does not know says so",
        ))
    })
}

/// The updates that were acknowledged, in the order of asking.
fn accepted<'t>(records: &Records<'_, 't>, history: &History) -> Vec<&'t Write> {
    let done = history.operations().iter().filter(|operation| is_done(operation));
    let updates = done.filter_map(|operation| match &operation.call {
        Call::Write { key, value } => records.update(key, value),
        _ => None,
    });
    updates.collect()
}

fn two_sides(order: &Order<'_>, records: &Records<'_, '_>, accepted: &[&Write]) -> Option<Breach> {
    let trace = records.trace;
    let saw = |later: &Write, earlier: &Write| {
        records.successors(earlier).iter().any(|successor| successor.update == later.update)
    };
    accepted.iter().enumerate().find_map(|(nth, one)| {
        let mut before = accepted[..nth].iter().filter(|other| other.key == one.key);
        let other = before.find(|other| !saw(one, other) && !saw(other, one))?;
        let [one_name, other_name] = [one, other].map(|write| trace.text(write.update));
        let at = |write: &Write| trace.node_name(trace.node_of(write.event));
        let key = trace.text(one.key);
        let breach = Breach::new(
            format!("of {other_name} and {one_name}, both acknowledged under {key}, one saw the other"),
            format!("neither did: {} accepted the one, and {} the other", at(other), at(one)),
        );
        let mut events = [other.event, one.event];
        events.sort();
        Some(breach.shown_by(events).by_order(order, other.event, one.event))
    })
}

/// What a client was shown, and under which key.
fn shown(operation: &Operation) -> Option<(&str, &[String])> {
    match (&operation.call, &operation.completed) {
        (Call::Read { key }, Some((_, Completion::Shows(values)))) => Some((key, values)),
        _ => None,
    }
}

fn stale_read(records: &Records<'_, '_>, history: &History) -> Option<Breach> {
    let trace = records.trace;
    history.operations().iter().find_map(|read| {
        let (key, values) = shown(read)?;
        let shows: Vec<&Write> = values.iter().filter_map(|value| records.update(key, value)).collect();
        let missed = history.operations().iter().find_map(|write| {
            let Call::Write { key: written, value } = &write.call else { return None };
            let is_before = write.returned_at().is_some_and(|at| at < read.invoked.at);
            let update = records.update(written, value).filter(|_| is_done(write) && is_before && written == key)?;
            let successors = records.successors(update);
            let is_there = |shown: &&&Write| {
                shown.update == update.update || successors.iter().any(|later| later.update == shown.update)
            };
            shows.iter().find(is_there).is_none().then_some((write, update))
        });
        let (write, update) = missed?;
        let returned = read.completed.as_ref().map(|(moment, _)| moment.event);
        let acknowledged = write.completed.as_ref().map(|(moment, _)| moment.event);
        let values = if values.is_empty() { "nothing".to_owned() } else { format!("\"{}\"", values.join("\" | \"")) };
        let client = trace.node_name(read.client);
        let breach = Breach::new(
            format!("{client} is shown {} under {key}, or what superseded it", trace.text(update.update)),
            format!("it is shown {values}, though {} was acknowledged before it asked", trace.text(update.update)),
        );
        let events = [Some(update.event), acknowledged, Some(read.invoked.event), returned];
        Some(breach.shown_by(events.into_iter().flatten()).by_rule(
            "an update that was acknowledged before a read began is in its past, whatever clocks say (linearizability)",
        ))
    })
}
