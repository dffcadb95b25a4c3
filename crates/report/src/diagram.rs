//! Where lanes, marks, arrows and bands stand when a run or its evidence is drawn: whole units, no colours, no texts of ours.
//!
//! Time runs to the right, a lane a node, or nodes that share one. The gaps between marks are their least width and a share of the time between them,
//! so that marks of one moment do not cover each other and long waits are still seen to be long; it is no scale.

mod chosen;

use constellation_trace::{EventId, Kind, MessageId, NodeId, Proof, Trace, TrueTime, Verdict};

use crate::picture::{Picture, has, steps_of};
use crate::world::{Doing, End, fates};

pub(crate) use chosen::joining;
pub use chosen::{Role, Scope};

/// A drawing of a part of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Diagram {
    /// What it shows.
    pub scope: Scope,
    /// The lanes, from above: of each its node, or the first of those that share it.
    pub lanes: Vec<NodeId>,
    /// The events that are drawn, in the order of true time, then of their ids.
    pub marks: Vec<Mark>,
    /// The messages that are drawn.
    pub arrows: Vec<Arrow>,
    /// The orders that are drawn which no message made.
    pub joins: Vec<Join>,
    /// What the world did to links, behind everything.
    pub bands: Vec<Band>,
    /// What the world did to single nodes, on their lanes.
    pub spans: Vec<Span>,
    /// Operations of clients, from where they begin to where they end, on the lanes of their clients.
    pub operations: Vec<Span>,
    /// Where nobody lives at a node, on its lane.
    pub absences: Vec<Span>,
    /// Between which marks there is more to be said than a message: no chain of messages, or a step of a cycle.
    pub ties: Vec<Tie>,
    /// All that the world did at these nodes and to links while the marks last, in the order of recording; the first few of
    /// many.
    pub doings: Vec<Doing>,
    /// How many events of the trace are not drawn.
    pub left_out_events: usize,
    /// How many messages are not.
    pub left_out_messages: usize,
}

/// An event where it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Which event.
    pub event: EventId,
    /// Which lane, from above.
    pub lane: usize,
    /// How far right.
    pub x: u32,
    /// Why it is drawn.
    pub role: Role,
}

/// A message where it goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Arrow {
    /// Which message.
    pub message: MessageId,
    /// The mark that sends it.
    pub from: usize,
    /// What becomes of it.
    pub to: Head,
    /// Whether it is a step of what proves the verdict.
    pub is_proof: bool,
    /// Whether it arrived before, so that this is a copy.
    pub is_copy: bool,
    /// Why it does not arrive; empty when it does, or when there is nothing to say.
    pub why: String,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Head {
    /// It arrives at this mark.
    Mark(usize),
    /// It is lost on its way to this lane.
    Lost(usize),
    /// It never arrives at this lane, though nobody lost it.
    Open(usize),
}

/// An order that no message made, where it is drawn.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Join {
    /// The mark that is before.
    pub from: usize,
    /// The one that is after.
    pub to: usize,
    /// What it is, in a word.
    pub why: String,
}

/// What the world did to links.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Band {
    /// From where.
    pub from: u32,
    /// To where.
    pub to: u32,
    /// What it was.
    pub text: String,
}

/// A part of a lane.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Span {
    /// Which lane.
    pub lane: usize,
    /// From where.
    pub from: u32,
    /// To where.
    pub to: u32,
    /// What it was; empty where the marks at its ends say it.
    pub text: String,
}

/// Two marks of which something is to be said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tie {
    /// One mark; of a step, the one that is before.
    pub from: usize,
    /// The other.
    pub to: usize,
    /// Whether the first is before the second for a reason; else nothing orders them.
    pub is_step: bool,
    /// What is to be said, in a few words.
    pub text: String,
}

impl Diagram {
    /// Draws a run into so many units of width. The evidence where that is asked for and there is any, else the run.
    /// O(events + n² log n) for n marks.
    pub fn of(picture: &Picture<'_>, scope: Scope, width: u32) -> Diagram {
        let trace = picture.trace();
        let (scope, chosen) = chosen::choose(picture, scope);
        let events: Vec<EventId> = chosen.iter().map(|(event, _)| *event).collect();
        let columns = Columns::of(picture, &events, width);
        let lanes = Lanes::of(picture, &events);
        let marks: Vec<Mark> = chosen
            .iter()
            .zip(&columns.places)
            .map(|((event, role), x)| Mark {
                event: *event,
                lane: lanes.place(trace.node_of(*event)).expect("each of them has a lane"),
                x: *x,
                role: *role,
            })
            .collect();
        let arrows = arrows(picture, scope, &marks, &lanes);
        let doings = picture.doings();
        let mut drawn: Vec<MessageId> = arrows.iter().map(|arrow| arrow.message).collect();
        drawn.sort_unstable();
        drawn.dedup();
        Diagram {
            scope,
            bands: bands(&doings, &columns),
            spans: spans(&doings, &columns, &lanes),
            operations: operations(trace, &marks),
            joins: joins(picture, &marks),
            absences: absences(trace, &marks, width),
            ties: if scope == Scope::Evidence { ties(picture, &marks) } else { Vec::new() },
            doings: told(&doings, &columns, &lanes),
            left_out_events: trace.events().len() - marks.len(),
            left_out_messages: trace.messages().len() - drawn.len(),
            lanes: lanes.nodes(&events),
            marks,
            arrows,
        }
    }
}

/// Which lanes are drawn.
struct Lanes<'p, 't> {
    picture: &'p Picture<'t>,
    /// Their places in the picture, ascending.
    drawn: Vec<u32>,
}

impl<'p, 't> Lanes<'p, 't> {
    fn of(picture: &'p Picture<'t>, events: &[EventId]) -> Lanes<'p, 't> {
        let lane = |event: &EventId| picture.lane(picture.trace().node_of(*event));
        let mut drawn: Vec<u32> = events.iter().map(lane).collect();
        drawn.sort_unstable();
        drawn.dedup();
        Lanes { picture, drawn }
    }

    /// The place of a node's lane among those that are drawn, from above.
    fn place(&self, node: NodeId) -> Option<usize> {
        self.drawn.binary_search(&self.picture.lane(node)).ok()
    }

    fn nodes(&self, events: &[EventId]) -> Vec<NodeId> {
        let mut nodes = vec![NodeId::new(0); self.drawn.len()];
        for node in events.iter().map(|event| self.picture.trace().node_of(*event)) {
            if let Some(place) = self.place(node) {
                nodes[place] = self.picture.first_of_lane(node);
            }
        }
        nodes
    }
}

/// Where events stand from left to right.
struct Columns {
    /// Of each event, in the order of time.
    places: Vec<u32>,
    /// Of each event.
    times: Vec<TrueTime>,
    width: u32,
}

impl Columns {
    /// So many units are between two columns at least, if there is room.
    const LEAST: u32 = 46;

    fn of(picture: &Picture<'_>, events: &[EventId], width: u32) -> Columns {
        let trace = picture.trace();
        let times: Vec<TrueTime> = events.iter().map(|event| trace.event(*event).at).collect();
        // Which column each has: what is of one moment shares one, unless it is of one lane or one causes the other.
        let mut columns: Vec<u32> = Vec::with_capacity(events.len());
        let mut in_column: Vec<EventId> = Vec::new();
        for (place, event) in events.iter().enumerate() {
            let shares = place > 0
                && times[place] == times[place - 1]
                && !in_column.iter().any(|other| are_one_line(picture, *other, *event));
            let column = columns.last().map_or(0, |last| if shares { *last } else { last + 1 });
            if !shares {
                in_column.clear();
            }
            in_column.push(*event);
            columns.push(column);
        }
        let last = columns.last().copied().unwrap_or(0);
        let least = width.checked_div(last).map_or(0, |even| even.min(Columns::LEAST));
        let rest = u128::from(width - least * last);
        let first_time = times.first().map_or(0, |time| time.ns());
        let span_ns = u128::from(times.last().map_or(0, |time| time.ns()) - first_time);
        let place = |column: u32, time: TrueTime| {
            let share = (rest * u128::from(time.ns() - first_time)).checked_div(span_ns).unwrap_or(0);
            least * column + u32::try_from(share).expect("a share of the width is no wider than it")
        };
        let places = columns.iter().zip(&times).map(|(column, time)| place(*column, *time)).collect();
        Columns { places, times, width }
    }

    /// Where a time is: between the marks before and after it, in proportion.
    fn at(&self, time: TrueTime) -> u32 {
        let after = self.times.partition_point(|other| *other < time);
        match (after.checked_sub(1), self.times.get(after)) {
            (None, _) => 0,
            (Some(_), None) => self.width,
            (Some(before), Some(next)) => {
                let (start, end) = (self.places[before], self.places[after]);
                let (part, whole) =
                    (time.ns() - self.times[before].ns(), next.ns() - self.times[before].ns());
                let share = u128::from(end - start) * u128::from(part) / u128::from(whole.max(1));
                start + u32::try_from(share).expect("a share of a gap is no wider than it")
            }
        }
    }

    /// From where to where something is seen that lasts so long; `None` when it is over before the first mark, or begins
    /// after the last.
    fn range(&self, from: TrueTime, until: Option<TrueTime>) -> Option<(u32, u32)> {
        let (first, last) = (*self.times.first()?, *self.times.last()?);
        if from > last || until.is_some_and(|until| until <= first) {
            return None;
        }
        Some((self.at(from), until.map_or(self.width, |until| self.at(until))))
    }
}

/// Whether two events of one moment must not stand above each other.
fn are_one_line(picture: &Picture<'_>, before: EventId, after: EventId) -> bool {
    let trace = picture.trace();
    let receives =
        matches!(trace.event(after).kind, Kind::Receive(message) if trace.message(message).send == before);
    let [one, other] = [before, after].map(|event| picture.lane(trace.node_of(event)));
    receives || one == other || is_joined(picture, before, after)
}

fn is_joined(picture: &Picture<'_>, before: EventId, after: EventId) -> bool {
    let edges = picture.edges();
    let start = edges.partition_point(|edge| (edge.to, edge.from) < (after, before));
    edges.get(start).is_some_and(|edge| (edge.from, edge.to) == (before, after))
}

/// The orders between marks that no message made.
fn joins(picture: &Picture<'_>, marks: &[Mark]) -> Vec<Join> {
    let mut joins = Vec::new();
    for (to, mark) in marks.iter().enumerate() {
        let start = picture.edges().partition_point(|edge| edge.to < mark.event);
        for edge in picture.edges()[start..].iter().take_while(|edge| edge.to == mark.event) {
            if let Some(from) = marks.iter().position(|mark| mark.event == edge.from) {
                joins.push(Join { from, to, why: edge.why.clone() });
            }
        }
    }
    joins
}

/// The messages between marks, and those of marks that are lost.
fn arrows(picture: &Picture<'_>, scope: Scope, marks: &[Mark], lanes: &Lanes<'_, '_>) -> Vec<Arrow> {
    let trace = picture.trace();
    let proof: Vec<MessageId> = match picture.worst().map(|worst| &worst.verdict) {
        Some(Verdict::Violated(evidence)) if scope == Scope::Evidence => {
            steps_of(trace, &evidence.proof).into_iter().filter_map(|(_, message)| message).collect()
        }
        _ => Vec::new(),
    };
    let mut arrows: Vec<Arrow> = Vec::new();
    for (to, mark) in marks.iter().enumerate() {
        let Kind::Receive(message) = trace.event(mark.event).kind else { continue };
        let send = trace.message(message).send;
        let Some(from) = marks.iter().position(|mark| mark.event == send) else { continue };
        let is_copy = arrows.iter().any(|arrow| arrow.message == message);
        arrows.push(Arrow {
            message,
            from,
            to: Head::Mark(to),
            is_proof: proof.contains(&message),
            is_copy,
            why: String::new(),
        });
    }
    for fate in fates(trace) {
        let message = fate.message;
        let is_lost = match fate.end {
            End::Lost => true,
            End::InFlight => false,
            _ => continue,
        };
        let sent = trace.message(message);
        let from = marks.iter().position(|mark| mark.event == sent.send);
        let (Some(from), Some(lane)) = (from, lanes.place(sent.to)) else { continue };
        let to = if is_lost { Head::Lost(lane) } else { Head::Open(lane) };
        if !arrows.iter().any(|arrow| arrow.message == message && arrow.to == to) {
            arrows.push(Arrow { message, from, to, is_proof: false, is_copy: false, why: fate.why });
        }
    }
    arrows
}

/// What is told of the world beside the marks.
fn told(doings: &[Doing], columns: &Columns, lanes: &Lanes<'_, '_>) -> Vec<Doing> {
    const TOLD_MAX: usize = 6;
    let (Some(first), Some(last)) = (columns.times.first(), columns.times.last()) else { return Vec::new() };
    let is_near = |doing: &&Doing| {
        let is_here = doing.nodes.iter().any(|node| lanes.place(*node).is_some());
        let lasts = ["partition", "cut", "leave"].contains(&doing.kind);
        let until = doing.until.or((!lasts).then_some(doing.at));
        is_here && doing.at <= *last && until.is_none_or(|until| until >= *first)
    };
    doings.iter().filter(is_near).take(TOLD_MAX).cloned().collect()
}

fn bands(doings: &[Doing], columns: &Columns) -> Vec<Band> {
    let of_links = doings.iter().filter(|doing| ["partition", "cut", "pass"].contains(&doing.kind));
    let band = |doing: &Doing| {
        let (from, to) = columns.range(doing.at, doing.until)?;
        Some(Band { from, to, text: doing.text.clone() })
    };
    of_links.filter_map(band).collect()
}

fn spans(doings: &[Doing], columns: &Columns, lanes: &Lanes<'_, '_>) -> Vec<Span> {
    let mut spans = Vec::new();
    for doing in doings.iter().filter(|doing| ["pause", "suspend", "slow"].contains(&doing.kind)) {
        for node in &doing.nodes {
            if let (Some(lane), Some((from, to))) = (lanes.place(*node), columns.range(doing.at, doing.until))
            {
                spans.push(Span { lane, from, to, text: doing.text.clone() });
            }
        }
    }
    spans
}

/// The operations of which both ends are drawn.
fn operations(trace: &Trace, marks: &[Mark]) -> Vec<Span> {
    let mut spans = Vec::new();
    for mark in marks {
        let Kind::Invoke(place) = trace.event(mark.event).kind else { continue };
        let ended = trace.invocations()[place as usize].completed.as_ref().map(|(event, _)| *event);
        if let Some(end) = marks.iter().find(|other| Some(other.event) == ended) {
            spans.push(Span { lane: mark.lane, from: mark.x, to: end.x, text: trace.describe(mark.event) });
        }
    }
    spans
}

/// From each crash to the restart of its node, or to the end.
fn absences(trace: &Trace, marks: &[Mark], width: u32) -> Vec<Span> {
    let mut spans = Vec::new();
    for (place, mark) in marks.iter().enumerate() {
        if trace.event(mark.event).kind != Kind::Crash {
            continue;
        }
        let back = marks[place..].iter().find(|later| {
            later.lane == mark.lane && matches!(trace.event(later.event).kind, Kind::Restart { .. })
        });
        let to = back.map_or(width, |back| back.x);
        spans.push(Span { lane: mark.lane, from: mark.x, to, text: String::new() });
    }
    spans
}

/// What the evidence says between events that no message joins.
fn ties(picture: &Picture<'_>, marks: &[Mark]) -> Vec<Tie> {
    let Some(Verdict::Violated(evidence)) = picture.worst().map(|worst| &worst.verdict) else {
        return Vec::new();
    };
    let mark = |event: EventId| {
        marks.iter().position(|mark| mark.event == event).filter(|_| has(picture.trace(), event))
    };
    match &evidence.proof {
        Proof::NoChain { one, other } => match (mark(*one), mark(*other)) {
            (Some(from), Some(to)) => {
                vec![Tie { from, to, is_step: false, text: "concurrent".to_owned() }]
            }
            _ => Vec::new(),
        },
        Proof::Cycle(links) => links
            .iter()
            .filter_map(|link| {
                let (from, to) = (mark(link.from.event)?, mark(link.to.event)?);
                Some(Tie { from, to, is_step: true, text: link.why.clone() })
            })
            .collect(),
        _ => Vec::new(),
    }
}
