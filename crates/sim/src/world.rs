//! One run, from the setup to the trace: takes what happens next off the agenda and carries out what follows.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use constellation_fabric::{
    Calm, Choices, Effects, Fate, Input, Network, Node, Parcel, Step, StepAct, Timer, TimerSet,
};
use constellation_trace::{
    Action, Claim, ClaimKind, Entry, EventId, MessageId, Nemesis, NodeId, Trace, TrueTime,
};

use crate::agenda::{Agenda, Key, Place};
use crate::error::WorldError;
use crate::outcome::{Counts, Ending, Outcome};
use crate::plan::{Act, Disk};
use crate::setup::{Setup, WallClaims};
use crate::wall::Clocks;

/// Nodes of one kind under a plan of faults and one [`Choices`], in virtual time.
///
/// Every node is started at time 0, in the order of ids. Whatever follows from one input happens at one true
/// time: the node computes in no time, and only links and timers take any. Idle time costs nothing.
///
/// Nodes are made by a factory, at the start and again after each crash, so that nothing volatile survives one:
/// what a node remembers went through [`Effects::persist`] and comes back in [`Input::Restart`].
///
/// Ties are broken by time, then links before nodes, then the order of node ids, then the order in which things
/// were put on the agenda; see also [`Plan`](crate::Plan).
pub struct World<N: Node, C, F> {
    hosts: Vec<Host<N>>,
    network: Network,
    agenda: Agenda<Occurrence<N::Message, N::Request>>,
    choices: C,
    factory: F,
    trace: Trace,
    /// What the network holds, since it knows no content.
    held: BTreeMap<MessageId, N::Message>,
    /// Messages that the network duplicated, while a copy is under way.
    twins: BTreeMap<MessageId, Twins>,
    /// To whom the step at hand sends; kept so that it need not be allocated for each.
    targets: Vec<NodeId>,
    counts: Counts,
    now: TrueTime,
    last: TrueTime,
    handled: u32,
    end: TrueTime,
    deadline: TrueTime,
    events_max: u32,
    wall_claims: WallClaims,
}

/// A machine, which outlives its processes.
struct Host<N> {
    clocks: Clocks,
    /// What was last persisted, and the event that says so.
    disk: Option<(EventId, Vec<u8>)>,
    incarnation: u32,
    /// The process that lives now.
    life: Option<Life<N>>,
}

/// What became of a message that reached its address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Taken {
    /// The node let it in.
    In,
    /// The node refused it, or was down.
    Refused,
}

/// A process: all of it is gone after a crash.
struct Life<N> {
    node: N,
    began: TrueTime,
    /// For each timer that is set, which item of the agenda is its latest setting.
    timers: BTreeMap<Timer, u64>,
}

/// Something that is to happen.
enum Occurrence<M, R> {
    Start(NodeId),
    /// Boxed: the agenda moves its items about, and acts are few and large.
    Act(Box<Act<R>>),
    Arrival {
        parcel: Parcel,
        message: M,
    },
    Timer {
        node: NodeId,
        timer: Timer,
    },
}

/// The two copies of a duplicated message.
struct Twins {
    under_way: u8,
    has_arrived: bool,
}

impl<N, C, F> World<N, C, F>
where
    N: Node,
    C: Choices,
    F: FnMut(NodeId) -> N,
{
    /// A run that is about to begin.
    ///
    /// # Errors
    /// [`WorldError::Names`], [`WorldError::Plan`] or [`WorldError::UsedNetwork`].
    pub fn new(setup: Setup<N::Request>, choices: C, factory: F) -> Result<World<N, C, F>, WorldError> {
        let mut trace =
            Trace::new(setup.machines.iter().map(|machine| &machine.name)).map_err(WorldError::Names)?;
        trace.set_epoch(setup.epoch);
        setup.plan.check(setup.machines.len(), setup.end, setup.grace)?;
        let held = setup.network.held().len();
        if held > 0 {
            return Err(WorldError::UsedNetwork { held });
        }
        let host = |clocks| Host { clocks, disk: None, incarnation: 0, life: None };
        let hosts: Vec<_> =
            setup.machines.iter().map(|machine| host(Clocks::new(machine.wall, setup.epoch))).collect();
        let mut agenda = Agenda::new();
        for node in (0..).map(NodeId::new).take(hosts.len()) {
            agenda.add(TrueTime::default(), Place::Node(node), Occurrence::Start(node));
        }
        for (at, act) in setup.plan.into_acts() {
            let place = act.node().map_or(Place::World, Place::Node);
            agenda.add(at, place, Occurrence::Act(Box::new(act)));
        }
        Ok(World {
            hosts,
            network: setup.network,
            agenda,
            choices,
            factory,
            trace,
            held: BTreeMap::new(),
            twins: BTreeMap::new(),
            targets: Vec::new(),
            counts: Counts::default(),
            now: TrueTime::default(),
            last: TrueTime::default(),
            handled: 0,
            end: setup.end,
            deadline: setup.end.saturating_add(setup.grace),
            events_max: setup.events_max,
            wall_claims: setup.wall_claims,
        })
    }

    /// Lets happen what happens, until nothing is left or the time is up.
    ///
    /// Costs O(log n) for each occurrence, where n is how many are ahead, besides what the nodes do.
    ///
    /// # Errors
    /// Any other [`WorldError`]. What happened until then is lost, but for [`WorldError::EventsMax`]: a node that is broken
    /// has no useful run.
    pub fn run(mut self) -> Result<Outcome<N>, WorldError> {
        while let Some((key, what)) = self.agenda.take(self.deadline) {
            assert!(key.at >= self.now, "time runs forward: {} comes after {}", key.at, self.now);
            self.now = key.at;
            // A setting that was replaced is no occurrence: each is skipped once, so they need no bound.
            if self.is_replaced(key, &what) {
                continue;
            }
            self.last = key.at;
            self.happen(what)?;
            self.check_bound(key.place)?;
        }
        self.finish()
    }

    fn happen(&mut self, what: Occurrence<N::Message, N::Request>) -> Result<(), WorldError> {
        match what {
            Occurrence::Start(node) => {
                self.begin(node);
                self.hand(node, Input::Start)
            }
            Occurrence::Act(act) => self.act(*act),
            Occurrence::Arrival { parcel, message } => self.arrive(parcel, message),
            Occurrence::Timer { node, timer } => {
                if let Some(life) = &mut self.hosts[node.index()].life {
                    life.timers.remove(&timer);
                }
                self.hand(node, Input::Timer(timer))
            }
        }
    }

    fn act(&mut self, act: Act<N::Request>) -> Result<(), WorldError> {
        match act {
            Act::Request { node, request } => self.request(node, request),
            Act::Partition { group_a, group_b } => {
                self.network.partition(&group_a, &group_b);
                self.record_nemesis(Nemesis::Partition { group_a, group_b })
            }
            Act::Cut { sources, targets } => {
                self.network.cut(&sources, &targets);
                self.record_nemesis(Nemesis::Cut { sources, targets })
            }
            Act::Heal => self.heal(),
            Act::Crash { node } => {
                self.record_life(node, Action::Crash)?;
                self.hosts[node.index()].life = None;
                Ok(())
            }
            Act::Restart { node, disk } => self.restart(node, disk),
            Act::StepWall { node, by_ns } => {
                self.hosts[node.index()].clocks.step(by_ns);
                self.record_nemesis(Nemesis::Step { node, by_ns })
            }
        }
    }

    fn request(&mut self, node: NodeId, request: N::Request) -> Result<(), WorldError> {
        if self.hosts[node.index()].life.is_none() {
            self.counts.requests_lost += 1;
            return Ok(());
        }
        self.hand(node, Input::Request(request))
    }

    fn heal(&mut self) -> Result<(), WorldError> {
        self.record_nemesis(Nemesis::Heal)?;
        let (mut calm, now) = (Calm, self.now);
        let choices: &mut dyn Choices = if now > self.end { &mut calm } else { &mut self.choices };
        for (parcel, fate) in self.network.heal(now, choices) {
            let message =
                self.held.remove(&parcel.message).expect("what the network holds was put here with it");
            self.counts.waiting -= 1;
            self.carry(parcel, message, fate)?;
        }
        Ok(())
    }

    fn restart(&mut self, node: NodeId, disk: Disk) -> Result<(), WorldError> {
        let host = &mut self.hosts[node.index()];
        if disk == Disk::Lost {
            host.disk = None;
        }
        // Cannot wrap: a plan of 2^32 restarts does not fit in memory.
        host.incarnation += 1;
        let incarnation = host.incarnation;
        let (from, state) = host.disk.clone().unzip();
        self.begin(node);
        self.record_life(node, Action::Restart(from))?;
        self.hand(node, Input::Restart { state, incarnation })
    }

    fn begin(&mut self, node: NodeId) {
        let fresh = (self.factory)(node);
        let life = Life { node: fresh, began: self.now, timers: BTreeMap::new() };
        self.hosts[node.index()].life = Some(life);
    }

    fn arrive(&mut self, parcel: Parcel, message: N::Message) -> Result<(), WorldError> {
        let is_up = self.hosts[parcel.target.index()].life.is_some();
        let input = Input::Message { from: parcel.source, message };
        let taken =
            if is_up { self.give(parcel.target, input, Some(parcel.message))? } else { Taken::Refused };
        let is_gone = self.settle_copy(parcel.message, taken);
        if taken == Taken::In {
            self.counts.delivered += 1;
            return Ok(());
        }
        self.counts.lost += 1;
        if is_gone { self.record_nemesis(Nemesis::Lose(parcel.message)) } else { Ok(()) }
    }

    /// Notes that a copy of a message arrived or was lost; whether the message is now gone for good.
    fn settle_copy(&mut self, message: MessageId, taken: Taken) -> bool {
        let Some(twins) = self.twins.get_mut(&message) else { return taken == Taken::Refused };
        twins.under_way -= 1;
        twins.has_arrived |= taken == Taken::In;
        let is_gone = twins.under_way == 0 && !twins.has_arrived;
        if twins.under_way == 0 {
            self.twins.remove(&message);
        }
        is_gone
    }

    /// Gives a living node an input that is no message.
    fn hand(&mut self, node: NodeId, input: Input<N::Message, N::Request>) -> Result<(), WorldError> {
        self.give(node, input, None).map(|_| ())
    }

    /// Gives a living node an input and carries out what follows, all of it now.
    fn give(
        &mut self,
        node: NodeId,
        input: Input<N::Message, N::Request>,
        received: Option<MessageId>,
    ) -> Result<Taken, WorldError> {
        let host = &mut self.hosts[node.index()];
        let life = host.life.as_mut().expect("callers ask only living nodes");
        let mut effects = if received.is_some() { Effects::receiving() } else { Effects::new() };
        life.node.on(host.clocks.now(self.now, life.began), input, &mut effects);
        let (steps, timers) = effects.into_parts();

        let mut receives = steps.iter().map(|step| step.act == StepAct::Receive);
        let taken = if receives.next().unwrap_or(false) { Taken::In } else { Taken::Refused };
        if (taken == Taken::In && received.is_none()) || receives.any(|receives| receives) {
            return Err(WorldError::Receive { node, at: self.now });
        }
        for step in steps {
            self.carry_out(node, step, received)?;
        }
        for timer in timers {
            self.set_timer(node, timer);
        }
        Ok(taken)
    }

    fn carry_out(
        &mut self,
        node: NodeId,
        mut step: Step<N::Message>,
        received: Option<MessageId>,
    ) -> Result<(), WorldError> {
        let event = self.record_step(node, &mut step, received)?;
        if let StepAct::Persist(state) = step.act {
            self.hosts[node.index()].disk = Some((event, state));
        }
        let ids = self.trace.event(event).sends.iter();
        for (id, (target, message)) in ids.zip(step.sends) {
            self.send(Parcel { message: id, source: node, target }, message)?;
        }
        Ok(())
    }

    fn send(&mut self, parcel: Parcel, message: N::Message) -> Result<(), WorldError> {
        let (mut calm, now) = (Calm, self.now);
        let choices: &mut dyn Choices = if now > self.end { &mut calm } else { &mut self.choices };
        let fate = self.network.send(parcel, now, choices).map_err(|error| WorldError::Network {
            node: parcel.source,
            at: now,
            error,
        })?;
        self.counts.sent += 1;
        self.carry(parcel, message, fate)
    }

    fn carry(&mut self, parcel: Parcel, message: N::Message, fate: Fate) -> Result<(), WorldError> {
        match fate {
            Fate::Hold => {
                self.counts.held += 1;
                self.counts.waiting += 1;
                self.held.insert(parcel.message, message);
                self.record_nemesis(Nemesis::Hold(parcel.message))
            }
            Fate::Lose => {
                self.counts.lost += 1;
                self.record_nemesis(Nemesis::Lose(parcel.message))
            }
            Fate::Deliver(delivery) => {
                if let Some(again_at) = delivery.again_at {
                    self.counts.duplicated += 1;
                    self.twins.insert(parcel.message, Twins { under_way: 2, has_arrived: false });
                    self.record_nemesis(Nemesis::Duplicate(parcel.message))?;
                    self.add_arrival(again_at, parcel, message.clone());
                }
                self.add_arrival(delivery.at, parcel, message);
                Ok(())
            }
            fate => {
                unreachable!("this crate and the network change together, but {fate:?} is not known here")
            }
        }
    }

    fn add_arrival(&mut self, at: TrueTime, parcel: Parcel, message: N::Message) {
        self.agenda.add(at, Place::Node(parcel.target), Occurrence::Arrival { parcel, message });
    }

    fn set_timer(&mut self, node: NodeId, set: TimerSet) {
        let host = &mut self.hosts[node.index()];
        let life = host.life.as_mut().expect("a node lives while its effects are carried out");
        let out = host.clocks.runs_out(self.now, life.began, set.after);
        let sequence = self.agenda.add(out, Place::Node(node), Occurrence::Timer { node, timer: set.timer });
        life.timers.insert(set.timer, sequence);
    }

    /// Whether it is the end of a timer that was set anew since, or whose process is no more.
    fn is_replaced(&self, key: Key, what: &Occurrence<N::Message, N::Request>) -> bool {
        let Occurrence::Timer { node, timer } = what else { return false };
        let life = self.hosts[node.index()].life.as_ref();
        life.and_then(|life| life.timers.get(timer)) != Some(&key.sequence)
    }

    fn record_step(
        &mut self,
        node: NodeId,
        step: &mut Step<N::Message>,
        received: Option<MessageId>,
    ) -> Result<EventId, WorldError> {
        let texts: Vec<&str> = match &step.act {
            StepAct::Write { saw, .. } => saw.iter().map(String::as_str).collect(),
            StepAct::Read { shows, .. } => shows.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let action = match &step.act {
            StepAct::Local => Action::Local,
            StepAct::Receive => Action::Receive(received.expect("give lets no other pass")),
            StepAct::Persist(_) => Action::Persist,
            StepAct::Write { key, update, .. } => Action::Write { key, update, saw: &texts },
            StepAct::Read { key, .. } => Action::Read { key, shows: &texts },
            act => unreachable!("this crate and the effects change together, but {act:?} is not known here"),
        };
        let claims = self.add_wall_claim(node, mem::take(&mut step.claims));
        self.targets.clear();
        self.targets.extend(step.sends.iter().map(|(target, _)| *target));
        let (at, label) = (self.now, &step.label);
        self.trace
            .record(Entry { node, at, action, sends: &self.targets, label, claims: &claims })
            .map_err(|error| WorldError::Node { node, at, error })
    }

    fn record_life(&mut self, node: NodeId, action: Action<'_>) -> Result<(), WorldError> {
        let claims = self.add_wall_claim(node, Vec::new());
        let at = self.now;
        self.trace
            .record(Entry { claims: &claims, ..Entry::new(node, at, action) })
            .map_err(|error| WorldError::Trace { at, error })?;
        Ok(())
    }

    fn add_wall_claim(&self, node: NodeId, mut claims: Vec<Claim>) -> Vec<Claim> {
        let has_own = claims.iter().any(|claim| claim.kind() == ClaimKind::Wall);
        if self.wall_claims == WallClaims::Recorded && !has_own {
            // A wall clock does not care when its process began.
            let now = self.hosts[node.index()].clocks.now(self.now, self.now);
            claims.push(Claim::Wall(now.wall));
        }
        claims
    }

    fn record_nemesis(&mut self, nemesis: Nemesis) -> Result<(), WorldError> {
        let at = self.now;
        self.trace.record_nemesis(at, nemesis).map_err(|error| WorldError::Trace { at, error })
    }

    fn check_bound(&mut self, place: Place) -> Result<(), WorldError> {
        // Saturating: at the end of the numbers the bound is reached, whatever it is.
        self.handled = self.handled.saturating_add(1);
        let recorded = u32::try_from(self.trace.events().len()).unwrap_or(u32::MAX);
        if self.handled.max(recorded) <= self.events_max {
            return Ok(());
        }
        let node = match place {
            Place::World => None,
            Place::Node(node) => Some(node),
        };
        let so_far = Box::new(self.trace.clone());
        Err(WorldError::EventsMax { events_max: self.events_max, node, at: self.now, so_far })
    }

    fn finish(mut self) -> Result<Outcome<N>, WorldError> {
        let mut counts = self.counts;
        let mut ending = Ending::Quiet;
        // Each once, in the order of sending, whatever the order of the agenda.
        let mut in_flight = BTreeSet::new();
        for (key, what) in self.agenda.left().filter(|(key, what)| !self.is_replaced(*key, what)) {
            assert!(key.at > self.deadline, "{} is within the time, so it was taken", key.at);
            ending = Ending::TimeUp;
            if let Occurrence::Arrival { parcel, .. } = what {
                counts.in_flight += 1;
                if !self.twins.get(&parcel.message).is_some_and(|twins| twins.has_arrived) {
                    in_flight.insert(parcel.message);
                }
            }
        }
        self.now = self.deadline;
        for message in in_flight {
            self.record_nemesis(Nemesis::InFlight(message))?;
        }
        let accounted = counts.delivered + counts.lost + counts.waiting + counts.in_flight;
        assert_eq!(counts.sent + counts.duplicated, accounted, "every copy is somewhere: {counts:?}");
        Ok(Outcome {
            trace: self.trace,
            nodes: self.hosts.into_iter().map(|host| host.life.map(|life| life.node)).collect(),
            counts,
            ending,
            last: self.last,
        })
    }
}
