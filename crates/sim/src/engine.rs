//! What makes a run happen: takes what comes next off the agenda and carries out what follows.

use std::collections::VecDeque;
use std::mem;
use std::num::NonZeroU32;

use constellation_fabric::{
    Calm, Choices, Delivery, Effects, Fate, Input, Network, Node, Parcel, Step, StepAct, Timer, TimerSet,
};
use constellation_trace::{
    Action, Claim, ClaimKind, Entry, EventId, MessageId, Nemesis, NodeId, Trace, TrueTime,
};

use crate::agenda::{Agenda, Place, Ticket};
use crate::error::WorldError;
use crate::outcome::{Counts, Ending};
use crate::plan::{Act, Disk};
use crate::record::Record;
use crate::setup::{Setup, WallClaims};
use crate::wall::Clocks;

/// The state of one run; it may be used for another run of the same setup, so that nothing need be allocated anew.
pub(crate) struct Engine<N: Node> {
    pub(crate) hosts: Vec<Host<N>>,
    network: Network,
    agenda: Agenda<Occurrence<N::Message>>,
    plan: Vec<(TrueTime, Act<N::Request>)>,
    pub(crate) record: Record,
    /// What the network holds, in its order, since it knows no content.
    held: VecDeque<(MessageId, N::Message)>,
    /// Messages that the network duplicated, while a copy is under way; the places of others are free.
    twins: Vec<Twins>,
    free_twins: Vec<TwinsId>,
    counts: Counts,
    now: TrueTime,
    pub(crate) last: TrueTime,
    handled: u32,
    end: TrueTime,
    deadline: TrueTime,
    events_max: u32,
    /// Whether what the wall clock shows goes into the trace: asked for, and there is one.
    adds_wall_claims: bool,
}

/// What a run takes from outside: its luck, its nodes, and what clients ask.
pub(crate) struct Outside<C, F, M, R> {
    pub(crate) choices: C,
    pub(crate) factory: F,
    /// What a node wants done; kept so that it need not be allocated for each input.
    pub(crate) effects: Effects<M>,
    /// Hands out the request of an act: itself, or a copy where the plan is to be used again.
    pub(crate) request: fn(&mut Act<R>) -> Option<R>,
}

/// A machine, which outlives its processes.
pub(crate) struct Host<N> {
    clocks: Clocks,
    /// What was last persisted, and the event that says so.
    disk: Option<(EventId, Vec<u8>)>,
    incarnation: u32,
    /// The process that lives now.
    pub(crate) life: Option<Life<N>>,
    /// The timers of that process and their places on the agenda, in ascending order.
    timers: Vec<(Timer, Ticket)>,
}

/// A process: all of it is gone after a crash.
pub(crate) struct Life<N> {
    pub(crate) node: N,
    began: TrueTime,
}

/// What became of a message that reached its address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Taken {
    /// The node let it in.
    In,
    /// The node refused it, or was down.
    Refused,
}

/// Something that is to happen.
enum Occurrence<M> {
    Start(NodeId),
    /// The act at this place in the plan.
    Act(u32),
    Arrival {
        parcel: Parcel,
        /// Where the fate of both copies is noted, when there are two.
        twins: Option<TwinsId>,
        message: M,
    },
    Timer {
        node: NodeId,
        timer: Timer,
    },
}

/// A place among the twins, counted from 1, which leaves room for none.
#[derive(Clone, Copy)]
struct TwinsId(NonZeroU32);

/// The two copies of a duplicated message.
struct Twins {
    under_way: u8,
    has_arrived: bool,
}

impl TwinsId {
    const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl<N: Node> Engine<N> {
    /// A run that is about to begin, with a trace.
    pub(crate) fn new(setup: Setup<N::Request>) -> Result<Engine<N>, WorldError> {
        let mut trace =
            Trace::new(setup.machines.iter().map(|machine| &machine.name)).map_err(WorldError::Names)?;
        trace.set_epoch(setup.epoch);
        setup.plan.check(setup.machines.len(), setup.end, setup.grace)?;
        let held = setup.network.held().len();
        if held > 0 {
            return Err(WorldError::UsedNetwork { held });
        }
        let host = |clocks| Host { clocks, disk: None, incarnation: 0, life: None, timers: Vec::new() };
        let hosts: Vec<_> =
            setup.machines.iter().map(|machine| host(Clocks::new(machine.wall, setup.epoch))).collect();
        let mut engine = Engine {
            record: Record::new(hosts.len(), Some(trace)),
            hosts,
            network: setup.network,
            agenda: Agenda::new(),
            plan: setup.plan.into_acts(),
            held: VecDeque::new(),
            twins: Vec::new(),
            free_twins: Vec::new(),
            counts: Counts::default(),
            now: TrueTime::default(),
            last: TrueTime::default(),
            handled: 0,
            end: setup.end,
            deadline: setup.end.saturating_add(setup.grace),
            events_max: setup.events_max,
            adds_wall_claims: setup.wall_claims == WallClaims::Recorded,
        };
        engine.fill_agenda();
        Ok(engine)
    }

    /// The network as it stands, to begin again from with [`Engine::begin_again`].
    pub(crate) const fn network(&self) -> &Network {
        &self.network
    }

    /// Forgets the run, whatever became of it; the next one has no trace. `network` is that of the setup.
    pub(crate) fn begin_again(&mut self, network: &Network) {
        for host in &mut self.hosts {
            host.clocks.reset();
            (host.disk, host.incarnation, host.life) = (None, 0, None);
            host.timers.clear();
        }
        self.network.clone_from(network);
        self.agenda.clear();
        self.record.clear();
        self.adds_wall_claims = false;
        self.held.clear();
        self.twins.clear();
        self.free_twins.clear();
        self.counts = Counts::default();
        (self.now, self.last, self.handled) = (TrueTime::default(), TrueTime::default(), 0);
        self.fill_agenda();
    }

    fn fill_agenda(&mut self) {
        for node in (0..).map(NodeId::new).take(self.hosts.len()) {
            self.agenda.add(TrueTime::default(), Place::node(node), Occurrence::Start(node));
        }
        for (number, (at, act)) in (0..).zip(&self.plan) {
            let place = act.node().map_or(Place::WORLD, Place::node);
            self.agenda.add(*at, place, Occurrence::Act(number));
        }
    }

    /// Lets happen what happens, until nothing is left or the time is up.
    pub(crate) fn run<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        while let Some((key, what)) = self.agenda.take(self.deadline) {
            assert!(key.at >= self.now, "time runs forward: {} comes after {}", key.at, self.now);
            self.now = key.at;
            self.last = key.at;
            match what {
                Occurrence::Arrival { parcel, twins, message } => {
                    self.arrive(outside, parcel, twins, message)?;
                }
                Occurrence::Timer { node, timer } => {
                    let timers = &mut self.hosts[node.index()].timers;
                    if let Ok(place) = timers.binary_search_by_key(&timer, |set| set.0) {
                        timers.remove(place);
                    }
                    self.hand(outside, node, Input::Timer(timer))?;
                }
                Occurrence::Start(node) => {
                    self.begin(outside, node);
                    self.hand(outside, node, Input::Start)?;
                }
                Occurrence::Act(number) => self.act(outside, number as usize)?,
            }
            self.check_bound(key.place)?;
        }
        Ok(())
    }

    fn act<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        number: usize,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let at = self.now;
        let recorded = match &mut self.plan[number].1 {
            act @ Act::Request { .. } => {
                let node = act.node().expect("a request is made of a node");
                if self.hosts[node.index()].life.is_none() {
                    self.counts.requests_lost += 1;
                    return Ok(());
                }
                let request = (outside.request)(act).expect("each act comes once, and this one is a request");
                return self.hand(outside, node, Input::Request(request));
            }
            Act::Partition { group_a, group_b } => {
                self.network.partition(group_a, group_b);
                self.record.world(at, 12, words(group_a, group_b), || Nemesis::Partition {
                    group_a: group_a.clone(),
                    group_b: group_b.clone(),
                })
            }
            Act::Cut { sources, targets } => {
                self.network.cut(sources, targets);
                self.record.world(at, 13, words(sources, targets), || Nemesis::Cut {
                    sources: sources.clone(),
                    targets: targets.clone(),
                })
            }
            Act::StepWall { node, by_ns } => {
                let (node, by_ns) = (*node, *by_ns);
                self.hosts[node.index()].clocks.step(by_ns);
                let words = [u64::from(node.number()), by_ns.cast_unsigned()];
                self.record.world(at, 15, words, || Nemesis::Step { node, by_ns })
            }
            Act::Heal => return self.heal(outside),
            Act::Crash { node } => {
                let node = *node;
                return self.crash(node);
            }
            Act::Restart { node, disk } => {
                let (node, disk) = (*node, *disk);
                return self.restart(outside, node, disk);
            }
        };
        recorded.map_err(|error| WorldError::Trace { at, error })
    }

    fn heal<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        let (mut calm, at) = (Calm, self.now);
        self.record.world(at, 14, [], || Nemesis::Heal).map_err(|error| WorldError::Trace { at, error })?;
        self.network.end_cuts();
        let choices: &mut dyn Choices = if at > self.end { &mut calm } else { &mut outside.choices };
        while let Some((parcel, fate)) = self.network.release(at, choices) {
            let (id, message) = self.held.pop_front().expect("what the network holds was put here with it");
            assert_eq!(id, parcel.message, "messages are held in the order of the network");
            self.counts.waiting -= 1;
            self.carry(parcel, message, fate)?;
        }
        Ok(())
    }

    fn crash(&mut self, node: NodeId) -> Result<(), WorldError> {
        self.record_life(node, Action::Crash)?;
        let host = &mut self.hosts[node.index()];
        host.life = None;
        for (_, ticket) in host.timers.drain(..) {
            self.agenda.cancel(ticket);
        }
        Ok(())
    }

    fn restart<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        disk: Disk,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let host = &mut self.hosts[node.index()];
        if disk == Disk::Lost {
            host.disk = None;
        }
        // Cannot wrap: a plan of 2^32 restarts does not fit in memory.
        host.incarnation += 1;
        let incarnation = host.incarnation;
        let (from, state) = host.disk.clone().unzip();
        self.begin(outside, node);
        self.record_life(node, Action::Restart(from))?;
        self.hand(outside, node, Input::Restart { state, incarnation })
    }

    fn begin<C, F: FnMut(NodeId) -> N>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) {
        let fresh = (outside.factory)(node);
        self.hosts[node.index()].life = Some(Life { node: fresh, began: self.now });
    }

    #[inline(always)]
    fn arrive<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        parcel: Parcel,
        twins: Option<TwinsId>,
        message: N::Message,
    ) -> Result<(), WorldError> {
        let is_up = self.hosts[parcel.target.index()].life.is_some();
        let input = Input::Message { from: parcel.source, message };
        let taken = if is_up {
            self.give(outside, parcel.target, input, Some(parcel.message))?
        } else {
            Taken::Refused
        };
        let is_gone = match twins {
            Some(twins) => self.settle_copy(twins, taken),
            None => taken == Taken::Refused,
        };
        if taken == Taken::In {
            self.counts.delivered += 1;
            return Ok(());
        }
        self.counts.lost += 1;
        if is_gone { self.record_message(parcel.message, Nemesis::Lose) } else { Ok(()) }
    }

    /// Notes that a copy of a message arrived or was lost; whether the message is now gone for good.
    fn settle_copy(&mut self, id: TwinsId, taken: Taken) -> bool {
        let twins = &mut self.twins[id.index()];
        twins.under_way -= 1;
        twins.has_arrived |= taken == Taken::In;
        if twins.under_way == 0 {
            self.free_twins.push(id);
        }
        twins.under_way == 0 && !twins.has_arrived
    }

    /// Gives a living node an input that is no message.
    fn hand<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        input: Input<N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        self.give(outside, node, input, None).map(|_| ())
    }

    /// Gives a living node an input and carries out what follows, all of it now.
    fn give<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        input: Input<N::Message, N::Request>,
        received: Option<MessageId>,
    ) -> Result<Taken, WorldError> {
        let host = &mut self.hosts[node.index()];
        let life = host.life.as_mut().expect("callers ask only living nodes");
        let Outside { choices, effects, .. } = outside;
        match received {
            Some(_) => effects.renew_receiving(),
            None => effects.renew(),
        }
        life.node.on(host.clocks.now(self.now, life.began), input, effects);

        let receives = |step: &Step<_>| matches!(step.act, StepAct::Receive);
        let taken = if effects.steps().first().is_some_and(receives) { Taken::In } else { Taken::Refused };
        let is_amiss =
            (taken == Taken::In && received.is_none()) || effects.steps().iter().skip(1).any(receives);
        if is_amiss {
            return Err(WorldError::Receive { node, at: self.now });
        }
        for step in effects.steps_mut() {
            self.carry_out(choices, node, step, received)?;
        }
        for timer in effects.timers() {
            self.set_timer(node, *timer);
        }
        Ok(taken)
    }

    #[inline(always)]
    fn carry_out<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
        step: &mut Step<N::Message>,
        received: Option<MessageId>,
    ) -> Result<(), WorldError> {
        let at = self.now;
        if self.adds_wall_claims {
            self.add_wall_claim(node, &mut step.claims);
        }
        let (event, first) = self
            .record
            .step(node, at, step, received)
            .map_err(|error| WorldError::Node { node, at, error })?;
        if let StepAct::Persist(state) = &mut step.act {
            self.hosts[node.index()].disk = Some((event, mem::take(state)));
        }
        // From the back, since taking the last leaves the memory where it is and nothing to move; most steps send once.
        step.sends.reverse();
        let mut number = first;
        while let Some((target, message)) = step.sends.pop() {
            let parcel = Parcel { message: MessageId::new(number), source: node, target };
            self.send(choices, parcel, message)?;
            // Cannot wrap: the record numbered them with 32 bits.
            number += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn send<C: Choices>(
        &mut self,
        choices: &mut C,
        parcel: Parcel,
        message: N::Message,
    ) -> Result<(), WorldError> {
        let now = self.now;
        let fate = if now > self.end {
            self.network.send(parcel, now, &mut Calm)
        } else {
            self.network.send(parcel, now, choices)
        };
        match fate {
            // By far the most common, so without a call.
            Ok(Fate::Deliver(Delivery { at, again_at: None })) => {
                self.counts.sent += 1;
                self.add_arrival(at, parcel, None, message);
                Ok(())
            }
            Ok(fate) => {
                self.counts.sent += 1;
                self.carry(parcel, message, fate)
            }
            Err(error) => Err(WorldError::Network { node: parcel.source, at: now, error }),
        }
    }

    fn carry(&mut self, parcel: Parcel, message: N::Message, fate: Fate) -> Result<(), WorldError> {
        match fate {
            Fate::Hold => {
                self.counts.held += 1;
                self.counts.waiting += 1;
                self.held.push_back((parcel.message, message));
                self.record_message(parcel.message, Nemesis::Hold)
            }
            Fate::Lose => {
                self.counts.lost += 1;
                self.record_message(parcel.message, Nemesis::Lose)
            }
            Fate::Deliver(delivery) => {
                let mut twins = None;
                if let Some(again_at) = delivery.again_at {
                    self.counts.duplicated += 1;
                    twins = Some(self.new_twins());
                    self.record_message(parcel.message, Nemesis::Duplicate)?;
                    self.add_arrival(again_at, parcel, twins, message.clone());
                }
                self.add_arrival(delivery.at, parcel, twins, message);
                Ok(())
            }
            fate => {
                unreachable!("this crate and the network change together, but {fate:?} is not known here")
            }
        }
    }

    fn new_twins(&mut self) -> TwinsId {
        let twins = Twins { under_way: 2, has_arrived: false };
        if let Some(free) = self.free_twins.pop() {
            self.twins[free.index()] = twins;
            return free;
        }
        self.twins.push(twins);
        let id = u32::try_from(self.twins.len()).ok().and_then(NonZeroU32::new);
        TwinsId(id.expect("there are fewer than messages, which 32 bits number"))
    }

    #[inline(always)]
    fn add_arrival(&mut self, at: TrueTime, parcel: Parcel, twins: Option<TwinsId>, message: N::Message) {
        self.agenda.add(at, Place::node(parcel.target), Occurrence::Arrival { parcel, twins, message });
    }

    fn set_timer(&mut self, node: NodeId, set: TimerSet) {
        let host = &mut self.hosts[node.index()];
        let life = host.life.as_ref().expect("a node lives while its effects are carried out");
        let out = host.clocks.runs_out(self.now, life.began, set.after);
        let what = Occurrence::Timer { node, timer: set.timer };
        let ticket = self.agenda.add(out, Place::node(node), what);
        match host.timers.binary_search_by_key(&set.timer, |set| set.0) {
            Ok(place) => self.agenda.cancel(mem::replace(&mut host.timers[place].1, ticket)),
            Err(place) => host.timers.insert(place, (set.timer, ticket)),
        }
    }

    fn record_life(&mut self, node: NodeId, action: Action<'_>) -> Result<(), WorldError> {
        let mut claims = Vec::new();
        if self.adds_wall_claims {
            self.add_wall_claim(node, &mut claims);
        }
        let at = self.now;
        self.record
            .life(Entry { claims: &claims, ..Entry::new(node, at, action) })
            .map_err(|error| WorldError::Trace { at, error })
    }

    fn add_wall_claim(&self, node: NodeId, claims: &mut Vec<Claim>) {
        if !claims.iter().any(|claim| claim.kind() == ClaimKind::Wall) {
            // A wall clock does not care when its process began.
            let now = self.hosts[node.index()].clocks.now(self.now, self.now);
            claims.push(Claim::Wall(now.wall));
        }
    }

    fn record_message(
        &mut self,
        message: MessageId,
        nemesis: fn(MessageId) -> Nemesis,
    ) -> Result<(), WorldError> {
        let at = self.now;
        self.record.message(at, message, nemesis).map_err(|error| WorldError::Trace { at, error })
    }

    #[inline(always)]
    fn check_bound(&mut self, place: Place) -> Result<(), WorldError> {
        // Saturating: at the end of the numbers the bound is reached, whatever it is.
        self.handled = self.handled.saturating_add(1);
        if self.handled.max(self.record.events()) <= self.events_max {
            return Ok(());
        }
        let (events_max, so_far) = (self.events_max, self.record.take_trace().map(Box::new));
        Err(WorldError::EventsMax { events_max, node: place.as_node(), at: self.now, so_far })
    }

    /// What became of the messages, and why the run ended; enters into the trace, if there is one, which messages are
    /// still under way. O(n log n) for n things left on the agenda, and O(n) without a trace.
    pub(crate) fn account(&mut self) -> Result<(Counts, Ending), WorldError> {
        let mut counts = self.counts;
        let mut ending = Ending::Quiet;
        let mut in_flight = Vec::new();
        for (key, what) in self.agenda.left() {
            assert!(key.at > self.deadline, "{} is within the time, so it was taken", key.at);
            ending = Ending::TimeUp;
            if let Occurrence::Arrival { parcel, twins, .. } = what {
                counts.in_flight += 1;
                let has_arrived = twins.is_some_and(|twins| self.twins[twins.index()].has_arrived);
                if self.record.has_trace() && !has_arrived {
                    in_flight.push(parcel.message);
                }
            }
        }
        let accounted = counts.delivered + counts.lost + counts.waiting + counts.in_flight;
        assert_eq!(counts.sent + counts.duplicated, accounted, "every copy is somewhere: {counts:?}");
        let at = self.deadline;
        self.record.in_flight(at, in_flight).map_err(|error| WorldError::Trace { at, error })?;
        Ok((counts, ending))
    }
}

/// Two groups as words that tell both.
fn words<'a>(group_a: &'a [NodeId], group_b: &'a [NodeId]) -> impl Iterator<Item = u64> + use<'a> {
    let group = |nodes: &'a [NodeId]| {
        std::iter::once(nodes.len() as u64).chain(nodes.iter().map(|node| u64::from(node.number())))
    };
    group(group_a).chain(group(group_b))
}
