//! Which events are drawn: those that show the verdict with what joins them, or the first of a run.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{EventId, Evidence, Kind, MessageId, Nemesis, ProcessId, Trace, Verdict};

use crate::picture::{Picture, has, proven};

/// Which part of a run is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scope {
    /// What shows the verdict, with the messages that join it.
    Evidence,
    /// The run, as much of it as can be read.
    Run,
}

/// Why an event is drawn.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Role {
    /// It joins others, or happened beside them.
    Beside,
    /// The proof goes through it.
    Proof,
    /// It shows what was found.
    Witness,
}

/// More marks than this cannot be told apart in a picture of the width of a page.
const MARKS_MAX: usize = 40;

/// The events to be drawn, in the order of true time, then of their ids; and of which part of the run they are.
pub(super) fn choose(picture: &Picture<'_>, scope: Scope) -> (Scope, Vec<(EventId, Role)>) {
    let trace = picture.trace();
    let evidence = match picture.worst().map(|worst| &worst.verdict) {
        Some(Verdict::Violated(evidence)) if scope == Scope::Evidence => Some(evidence),
        _ => None,
    };
    let mut roles: BTreeMap<EventId, Role> = BTreeMap::new();
    if let Some(evidence) = evidence {
        let proof = proven(&evidence.proof).into_iter().map(|witness| (witness.event, Role::Proof));
        let shown = evidence.events.iter().map(|witness| (witness.event, Role::Witness));
        for (event, role) in proof.chain(shown).filter(|(event, _)| has(trace, *event)).take(MARKS_MAX) {
            roles.entry(event).and_modify(|known| *known = (*known).max(role)).or_insert(role);
        }
    }
    let scope = if roles.is_empty() { Scope::Run } else { Scope::Evidence };
    match scope {
        Scope::Run => {
            let told = trace.event_ids().filter(|event| !is_quiet(trace, *event));
            roles.extend(told.take(MARKS_MAX).map(|event| (event, Role::Beside)));
        }
        Scope::Evidence => {
            for event in beside(picture, &roles) {
                if roles.len() < MARKS_MAX {
                    roles.entry(event).or_insert(Role::Beside);
                }
            }
        }
    }
    let mut chosen: Vec<(EventId, Role)> = roles.into_iter().collect();
    chosen.sort_by_key(|(event, _)| (trace.event(*event).at, *event));
    (scope, chosen)
}

/// That a state reached the disk, and nothing else.
fn is_quiet(trace: &Trace, event: EventId) -> bool {
    let recorded = trace.event(event);
    recorded.kind == Kind::Persist && recorded.sends.is_empty() && trace.label(event).is_empty()
}

/// From which event to which a message or an edge leads, in the order of where they lead.
fn hearings(picture: &Picture<'_>) -> Vec<(EventId, EventId)> {
    let trace = picture.trace();
    let received = trace.event_ids().zip(trace.events()).filter_map(|(id, event)| match event.kind {
        Kind::Receive(message) => Some((trace.message(message).send, id)),
        _ => None,
    });
    let mut hearings: Vec<(EventId, EventId)> =
        received.chain(picture.edges().iter().map(|edge| (edge.from, edge.to))).collect();
    // Stable, so a message stands before the edges of its event.
    hearings.sort_by_key(|(_, to)| *to);
    hearings
}

/// What joins the events of the evidence: the first message by which a process that has any hears of another's before its
/// next; what was sent with them and lost; and who crashed or restarted meanwhile.
fn beside(picture: &Picture<'_>, shown: &BTreeMap<EventId, Role>) -> Vec<EventId> {
    let trace = picture.trace();
    let of_process = by_process(trace, shown.keys().copied());
    let mut found: Vec<EventId> =
        joined(picture, &of_process).into_iter().flat_map(|(send, id)| [send, id]).collect();
    let times = || shown.keys().map(|event| trace.event(*event).at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return found };
    let times = first..=last;
    for entry in trace.nemesis() {
        let Nemesis::Lose(message, _) = entry.nemesis else { continue };
        let send = trace.message(message).send;
        let sent = trace.event(send);
        let with = of_process.get(&sent.process).into_iter().flatten();
        if with.into_iter().any(|event| trace.event(*event).at == sent.at && *event <= send) {
            found.push(send);
        }
    }
    let lanes: Vec<_> = shown.keys().map(|event| trace.node_of(*event)).collect();
    for (id, event) in trace.event_ids().zip(trace.events()) {
        let is_turn = matches!(event.kind, Kind::Crash | Kind::Restart { .. });
        if is_turn && times.contains(&event.at) && lanes.contains(&trace.node_of(id)) {
            found.push(id);
        }
    }
    found
}

type OfProcess = BTreeMap<ProcessId, Vec<EventId>>;

/// Events by their processes, ascending.
fn by_process(trace: &Trace, events: impl Iterator<Item = EventId>) -> OfProcess {
    let mut of_process = OfProcess::new();
    for event in events {
        of_process.entry(trace.event(event).process).or_default().push(event);
    }
    of_process.values_mut().for_each(|own| own.sort_unstable());
    of_process
}

/// Of the processes that have any of these events: from where to where the first message or edge leads by which one hears of
/// another's before its next.
fn joined(picture: &Picture<'_>, of_process: &OfProcess) -> Vec<(EventId, EventId)> {
    let trace = picture.trace();
    let mut found = Vec::new();
    let mut seen: BTreeSet<(ProcessId, EventId)> = BTreeSet::new();
    for (send, id) in hearings(picture) {
        let source = trace.event(send).process;
        let own = of_process.get(&trace.event(id).process);
        let next = own.and_then(|own| own.get(own.partition_point(|own| *own < id)));
        let told = of_process.get(&source).is_some_and(|theirs| theirs[0] <= send);
        let Some(next) = next.filter(|next| told || **next == id) else { continue };
        if seen.insert((source, *next)) {
            found.push((send, id));
        }
    }
    found
}

/// The messages that join the events of some evidence, and those that its events lost.
pub(crate) fn joining(picture: &Picture<'_>, evidence: &Evidence) -> Vec<MessageId> {
    let trace = picture.trace();
    let events = evidence.events.iter().map(|witness| witness.event).filter(|event| has(trace, *event));
    let of_process = by_process(trace, events.take(MARKS_MAX));
    let received =
        joined(picture, &of_process).into_iter().filter_map(|(_, id)| match trace.event(id).kind {
            Kind::Receive(message) => Some(message),
            _ => None,
        });
    let is_shown = |event: EventId| {
        of_process.get(&trace.event(event).process).is_some_and(|own| own.binary_search(&event).is_ok())
    };
    let lost = trace.nemesis().iter().filter_map(|entry| match entry.nemesis {
        Nemesis::Lose(message, _) => Some(message).filter(|lost| is_shown(trace.message(*lost).send)),
        _ => None,
    });
    received.chain(lost).collect()
}
