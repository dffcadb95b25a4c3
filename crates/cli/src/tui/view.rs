//! What is looked at: a run with all that is looked up of it, and where a reader stands in it.

use constellation_report::text::Letters;
use constellation_report::world::{End, Fate, fates};
use constellation_trace::{
    EventId, Judgement, Kind, MessageId, NodeId, ProcessId, Proof, Relation, Trace, Verdict,
};
use constellation_verify::{Budget, Order, proof};

use super::seek::Rest;

/// A node, and what happened there.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// What it is called, on one line.
    pub(super) name: String,
    /// The same in small letters, for searches.
    pub(super) small: String,
    /// In the order of recording.
    pub(super) events: Vec<EventId>,
    /// Its lives, one after the other.
    pub(super) lives: Vec<ProcessId>,
}

/// How an event stands to the one that is chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Past,
    Itself,
    Future,
    Concurrent,
}

/// A life of a node, and as far as what led to the chosen event, and from where on what it led to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) first: EventId,
    pub(super) last: EventId,
    pub(super) ends: bool,
    pub(super) past_to: Option<EventId>,
    pub(super) future_from: Option<EventId>,
}

/// In which colours it is drawn; each means causality, and none is needed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Theme {
    #[default]
    Dark,
    Light,
    /// None at all.
    Plain,
}

/// What keys do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Mode {
    /// They walk.
    #[default]
    Walk,
    /// They are read about.
    Help,
    /// They are typed into a search.
    Search(String),
}

/// Where a reader stands: all that keys change, and all that outlives a trace that has grown.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The event that is chosen; the first of a run until somebody chooses.
    pub(super) selected: Option<EventId>,
    /// The event that others are compared to.
    pub(super) pinned: Option<EventId>,
    /// The first event at the left edge.
    pub(super) left: u32,
    pub(super) scale: Scale,
    /// The first lane that is shown.
    pub(super) top: usize,
    /// Of which judgement all but the evidence is dimmed.
    pub(super) explained: Option<usize>,
    pub(super) theme: Theme,
    pub(super) mode: Mode,
    /// What was last searched for.
    pub(super) query: String,
    /// Where that search goes on, if it is not over.
    pub(super) rest: Option<Rest>,
    /// What came of the last key, in a line.
    pub(super) told: String,
    /// How many columns and rows lanes have.
    pub(super) columns: u32,
    pub(super) rows: usize,
}

/// How many columns an event has, or how many events share one: one of the two is 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Scale {
    pub(super) wide: u32,
    pub(super) many: u32,
}

impl Default for Scale {
    fn default() -> Scale {
        Scale { wide: 4, many: 1 }
    }
}

impl Scale {
    const WIDE_MAX: u32 = 12;

    pub(super) fn closer(self) -> Scale {
        match self {
            Scale { wide: 1, many } if many > 1 => Scale { wide: 1, many: many / 2 },
            Scale { wide, .. } => Scale { wide: (wide + 1).min(Scale::WIDE_MAX), many: 1 },
        }
    }

    pub(super) fn farther(self, events: usize, columns: u32) -> Scale {
        let is_whole = u64::from(self.many) * u64::from(columns) >= events as u64;
        match self {
            Scale { wide: 2.., .. } => Scale { wide: self.wide - 1, many: 1 },
            Scale { many, .. } if is_whole => Scale { wide: 1, many },
            Scale { many, .. } => Scale { wide: 1, many: many.saturating_mul(2) },
        }
    }

    /// The closest at which so many events have room.
    pub(super) fn fitting(events: u64, columns: u32) -> Scale {
        let columns = u64::from(columns.max(1));
        let share = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        if events <= columns {
            return Scale { wide: share(columns / events.max(1)).clamp(1, 4), many: 1 };
        }
        Scale { wide: 1, many: share(events.div_ceil(columns)).next_power_of_two() }
    }

    /// How many events are seen in so many columns.
    pub(super) const fn events(self, columns: u32) -> u32 {
        if self.many > 1 { columns.saturating_mul(self.many) } else { columns / self.wide }
    }
}

/// A run that is looked at.
pub(super) struct View<'t> {
    pub(super) trace: &'t Trace,
    pub(super) judgements: &'t [Judgement],
    pub(super) title: String,
    pub(super) letters: Letters,
    /// Happens-before; `None` of a run that is too large for it.
    pub(super) order: Option<Order<'t>>,
    pub(super) lanes: Vec<Lane>,
    /// Where each message arrives first.
    arrivals: Vec<Option<EventId>>,
    fates: Vec<Fate>,
    /// What shows violations, ascending, each with the first judgement that it is of.
    pub(super) evidence: Vec<(EventId, usize)>,
    /// The shortest chain between the pinned event and the chosen one, made when either changed.
    pub(super) chain: Option<Vec<EventId>>,
    pub(super) state: State,
}

impl<'t> View<'t> {
    /// Looks up what a screen asks for again and again. O(events × processes).
    pub(super) fn new(
        trace: &'t Trace,
        judgements: &'t [Judgement],
        title: String,
        letters: Letters,
    ) -> View<'t> {
        let mut lanes: Vec<Lane> = (0..trace.nodes().len()).map(|node| lane(trace, node)).collect();
        let mut arrivals = vec![None; trace.messages().len()];
        for (id, event) in trace.event_ids().zip(trace.events()) {
            lanes[trace.node_of(id).index()].events.push(id);
            if let Kind::Receive(message) = event.kind {
                arrivals[message.index()].get_or_insert(id);
            }
        }
        for (process, life) in (0..).map(ProcessId::new).zip(trace.processes()) {
            lanes[life.node.index()].lives.push(process);
        }
        let mut evidence: Vec<(EventId, usize)> = Vec::new();
        for (nth, judgement) in judgements.iter().enumerate() {
            let Verdict::Violated(shown) = &judgement.verdict else { continue };
            let events = shown.events.iter().map(|witness| (witness.event, nth));
            evidence.extend(events.filter(|(event, _)| event.index() < trace.events().len()));
        }
        evidence.sort_unstable();
        evidence.dedup_by_key(|(event, _)| *event);
        let order = Order::of(trace, &Budget::default()).ok();
        let mut view = View {
            trace,
            judgements,
            title,
            letters,
            order,
            lanes,
            arrivals,
            fates: fates(trace),
            evidence,
            chain: None,
            state: State::default(),
        };
        view.state.selected = view.evidence.first().map(|(event, _)| *event);
        view
    }

    /// Goes on from where a reader stood, in a run that may be another.
    pub(super) fn resume(&mut self, state: State) {
        let events = self.trace.events().len();
        let is_there = |event: &EventId| event.index() < events;
        let first = self.state.selected;
        self.state = State {
            selected: state.selected.filter(is_there).or(first),
            pinned: state.pinned.filter(is_there),
            explained: state.explained.filter(|nth| *nth < self.judgements.len()),
            top: state.top.min(self.lanes.len().saturating_sub(1)),
            rest: None,
            left: state.left.min(u32::try_from(events).unwrap_or(u32::MAX).saturating_sub(1)),
            ..state
        };
        self.prove();
    }

    /// The event that is chosen, if the run has any.
    pub(super) fn selected(&self) -> Option<EventId> {
        let event = self.state.selected.unwrap_or(EventId::new(0));
        (event.index() < self.trace.events().len()).then_some(event)
    }

    /// Chooses an event, and brings it into view.
    pub(super) fn select(&mut self, event: EventId) {
        self.state.rest = None;
        self.state.selected = Some(event);
        self.state.told.clear();
        self.prove();
        self.show();
    }

    /// Looks for the chain between the two that are compared.
    pub(super) fn prove(&mut self) {
        let pair = self.state.pinned.zip(self.selected());
        self.chain = pair.and_then(|(one, other)| match proof::prove(self.order.as_ref()?, one, other) {
            Proof::Chain(chain) => Some(chain.iter().map(|witness| witness.event).collect()),
            _ => None,
        });
    }

    /// Moves the window so that the chosen event is in it.
    pub(super) fn show(&mut self) {
        let Some(event) = self.selected() else { return };
        let seen = self.state.scale.events(self.state.columns).max(1);
        let number = event.number();
        if number < self.state.left || number - self.state.left >= seen {
            self.state.left = number.saturating_sub(seen / 3);
        }
        let lane = self.trace.node_of(event).index();
        let rows = self.state.rows.max(1);
        self.state.top = self.state.top.clamp((lane + 1).saturating_sub(rows), lane);
    }

    /// The column of an event, if it is in view.
    pub(super) fn column(&self, event: EventId) -> Option<u32> {
        let far = event.number().checked_sub(self.state.left)?;
        let Scale { wide, many } = self.state.scale;
        let column = if many > 1 { far / many } else { far.checked_mul(wide)? };
        (column < self.state.columns).then_some(column)
    }

    /// How an event stands to the chosen one; `None` where nobody knows.
    pub(super) fn side(&self, event: EventId) -> Option<Side> {
        let order = self.order.as_ref()?;
        Some(match order.relation(event, self.selected()?) {
            Relation::Before => Side::Past,
            Relation::Equal => Side::Itself,
            Relation::After => Side::Future,
            Relation::Concurrent => Side::Concurrent,
        })
    }

    /// The lives of a lane, each with its cuts. O(lives × log events).
    pub(super) fn cuts(&self, lane: usize) -> Vec<Cut> {
        let Some((order, chosen)) = self.order.as_ref().zip(self.selected()) else { return Vec::new() };
        let (own, place) = (self.trace.event(chosen).process, order.position(chosen));
        let cut = |process: &ProcessId| {
            let events = order.lane(*process);
            let past = order.past(chosen)[process.index()] as usize;
            let future = events.partition_point(|event| order.past(*event)[own.index()] < place);
            let last = *events.last()?;
            Some(Cut {
                first: *events.first()?,
                last,
                ends: self.trace.event(last).kind == Kind::Crash,
                past_to: past.checked_sub(1).and_then(|nth| events.get(nth)).copied(),
                future_from: events.get(future).copied(),
            })
        };
        self.lanes[lane].lives.iter().filter_map(cut).collect()
    }

    /// How many events are in the past of the chosen one, in its future, and neither.
    pub(super) fn counts(&self) -> Option<[usize; 3]> {
        let (order, chosen) = self.order.as_ref().zip(self.selected())?;
        let (own, place) = (self.trace.event(chosen).process, order.position(chosen));
        let past = order.past(chosen).iter().map(|count| *count as usize).sum::<usize>() - 1;
        let behind = |process: ProcessId| {
            let events = order.lane(process);
            events.len() - events.partition_point(|event| order.past(*event)[own.index()] < place)
        };
        let future = order.processes().map(behind).sum::<usize>() - 1;
        Some([past, future, self.trace.events().len() - 1 - past - future])
    }

    /// Where a message arrives first.
    pub(super) fn arrival(&self, message: MessageId) -> Option<EventId> {
        self.arrivals[message.index()]
    }

    /// Why a message, or a copy of it, is lost; `None` when it is not.
    pub(super) fn lost(&self, message: MessageId) -> Option<&str> {
        let first = self.fates.partition_point(|fate| fate.message < message);
        let own = self.fates[first..].iter().take_while(|fate| fate.message == message);
        own.filter(|fate| fate.end == End::Lost).map(|fate| &*fate.why).next()
    }

    /// Which judgement an event shows to be violated.
    pub(super) fn shows(&self, event: EventId) -> Option<usize> {
        let place = self.evidence.binary_search_by_key(&event, |(event, _)| *event).ok()?;
        Some(self.evidence[place].1)
    }

    /// Whether an event is of the evidence that is explained.
    pub(super) fn is_explained(&self, event: EventId) -> bool {
        let Some(judgement) = self.state.explained.and_then(|nth| self.judgements.get(nth)) else {
            return true;
        };
        let Verdict::Violated(evidence) = &judgement.verdict else { return true };
        let chain: &[_] = if let Proof::Chain(chain) = &evidence.proof { chain } else { &[] };
        evidence.events.iter().chain(chain).any(|witness| witness.event == event)
    }

    /// The events of a lane from `from` and before `to`, by their numbers.
    pub(super) fn within(&self, lane: usize, from: u32, to: u32) -> &[EventId] {
        let events = &self.lanes[lane].events;
        let start = events.partition_point(|event| event.number() < from);
        &events[start..start + events[start..].partition_point(|event| event.number() < to)]
    }
}

fn lane(trace: &Trace, node: usize) -> Lane {
    let node = NodeId::new(u32::try_from(node).expect("a trace numbers its nodes with 32 bits"));
    let name = constellation_trace::one_line(trace.node_name(node)).into_owned();
    Lane { small: name.to_lowercase(), name, events: Vec::new(), lives: Vec::new() }
}
