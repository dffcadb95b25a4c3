//! What each policy promises, each promise judged from the trace alone.

use constellation_trace::{
    Call, Completion, EventId, History, Judgement, Operation, TrueTime, Verdict, Write,
};
use constellation_verify::{Breach, Budget, Order, catalog};

use super::Policy;
use super::fate::{Fate, Records, WriteFate, fates, first_lost, is_done};
use crate::promises::Phase;
use crate::subject::PromiseId;

/// Something that a policy promises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Promise {
    /// What a client was told to have taken effect is shown in the end, or something that saw it, directly or by others.
    NothingAcknowledgedIsLost,
    /// What a client was told to have had no effect is shown by nobody, ever.
    NothingRefusedTakesEffect,
    /// In the end all stations hold the same.
    ReplicasConverge,
    /// Of two acknowledged updates of a key one saw the other: no two sides accept.
    OneSideAccepts,
    /// A read shows, of each update of its key that was acknowledged, or shown to a client, before the read began, that
    /// update or what superseded it.
    NoStaleRead,
    /// What a station shows under a key, or says that an update of it saw, was written under that key before, and news of it
    /// could have come.
    NothingOutOfThinAir,
    /// In the end all stations answer the same, whatever each of them holds: a majority may know what one has not heard of.
    AnswersAgree,
}

impl Promise {
    /// All of them; the place of each is its number.
    pub const ALL: [Promise; 7] = [
        Promise::NothingAcknowledgedIsLost,
        Promise::NothingRefusedTakesEffect,
        Promise::ReplicasConverge,
        Promise::OneSideAccepts,
        Promise::NoStaleRead,
        Promise::NothingOutOfThinAir,
        Promise::AnswersAgree,
    ];

    /// What a policy promises. Nothing acknowledged is to be lost under any; who accepts on all sides promises beside that
    /// no more than that all agree afterwards, and make nothing up.
    pub const fn of(policy: Policy) -> &'static [Promise] {
        match policy {
            Policy::LastWriteWins | Policy::Siblings => &[
                Promise::NothingAcknowledgedIsLost,
                Promise::NothingRefusedTakesEffect,
                Promise::ReplicasConverge,
                Promise::NothingOutOfThinAir,
            ],
            Policy::Majority => &[
                Promise::NothingAcknowledgedIsLost,
                Promise::NothingRefusedTakesEffect,
                Promise::AnswersAgree,
                Promise::OneSideAccepts,
                Promise::NoStaleRead,
                Promise::NothingOutOfThinAir,
            ],
            Policy::Leader => Promise::ALL.split_at(6).0,
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
            Promise::NoStaleRead => {
                "no read misses what was acknowledged, or shown to another, before it began"
            }
            Promise::NothingOutOfThinAir => "nothing is shown out of thin air",
            Promise::AnswersAgree => "in the end every station answers the same",
        }
    }

    /// When it must hold.
    pub const fn phase(self) -> Phase {
        match self {
            Promise::NothingAcknowledgedIsLost | Promise::ReplicasConverge | Promise::AnswersAgree => {
                Phase::Convergence
            }
            Promise::NothingRefusedTakesEffect
            | Promise::OneSideAccepts
            | Promise::NoStaleRead
            | Promise::NothingOutOfThinAir => Phase::Safety,
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
            Promise::ReplicasConverge | Promise::AnswersAgree => {
                return Judgement { promise, ..catalog::replicas_converge(order) };
            }
            Promise::NothingOutOfThinAir => return Judgement { promise, ..catalog::no_thin_air(order) },
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
    let first = first_lost(fates)?;
    let station = &first.station;
    let others = lost
        .iter()
        .filter(|told| told.asked != first.asked)
        .map(|told| format!("{}'s {} = \"{}\"", told.station, told.key, told.value));
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

/// Something that a client was told of an update: that its own write took effect, or what a read shows.
struct News<'h, 't> {
    operation: &'h Operation,
    update: &'t Write,
}

/// What clients were told of updates, in the order of asking.
fn news<'h, 't>(records: &Records<'_, 't>, history: &'h History) -> Vec<News<'h, 't>> {
    let told = history.operations().iter().flat_map(|operation| {
        let updates = match (&operation.call, shown(operation)) {
            (Call::Write { key, value }, _) if is_done(operation) => vec![records.update(key, value)],
            (_, Some((key, values))) => values.iter().map(|value| records.update(key, value)).collect(),
            _ => Vec::new(),
        };
        updates.into_iter().flatten().map(move |update| News { operation, update })
    });
    told.collect()
}

fn stale_read(records: &Records<'_, '_>, history: &History) -> Option<Breach> {
    let news = news(records, history);
    history.operations().iter().find_map(|read| {
        let (key, values) = shown(read)?;
        let shows: Vec<&Write> = values.iter().filter_map(|value| records.update(key, value)).collect();
        let missed = news.iter().find(|News { operation, update }| {
            let is_before = operation.returned_at().is_some_and(|at| at < read.invoked.at);
            if !is_before || records.trace.text(update.key) != key {
                return false;
            }
            let successors = records.successors(update);
            let is_there = |shown: &&Write| {
                shown.update == update.update || successors.iter().any(|later| later.update == shown.update)
            };
            !shows.iter().any(is_there)
        });
        Some(missed_by(records, read, missed?))
    })
}

/// The breach of a read that shows neither an update of which a client was told before nor what superseded it.
fn missed_by(
    records: &Records<'_, '_>,
    read: &Operation,
    News { operation, update }: &News<'_, '_>,
) -> Breach {
    let trace = records.trace;
    let (key, values) = shown(read).unwrap_or_default();
    let [returned, told] =
        [read, *operation].map(|operation| operation.completed.as_ref().map(|(moment, _)| moment.event));
    let values =
        if values.is_empty() { "nothing".to_owned() } else { format!("\"{}\"", values.join("\" | \"")) };
    let name = trace.text(update.update);
    let before = match operation.call {
        Call::Write { .. } => format!("{name} was acknowledged before it asked"),
        _ => format!("{} was shown {name} before it asked", trace.node_name(operation.client)),
    };
    let client = trace.node_name(read.client);
    let breach = Breach::new(
        format!("{client} is shown {name} under {key}, or what superseded it"),
        format!("it is shown {values}, though {before}"),
    );
    let events = [Some(update.event), told, Some(read.invoked.event), returned];
    let mut events: Vec<EventId> = events.into_iter().flatten().collect();
    events.sort();
    breach.shown_by(events).by_rule(
        "what was acknowledged or shown before a read began is in its past, whatever clocks say (linearizability)",
    )
}
