//! What makes a run happen: takes what comes next off the agenda and carries out what follows.

mod acts;
mod faulty;
mod inputs;
mod lives;
mod luck;
mod messages;
mod walls;

use std::collections::VecDeque;

use constellation_fabric::{Choices, Effects, Input, Network, Node, Odds, Parcel, Timer};
use constellation_trace::{EventId, MessageId, NodeId, Trace, TrueTime};

use crate::agenda::{Agenda, Place, Ticket};
use crate::disk::{Medium, Risk};
use crate::engine::faulty::Faulty;
use crate::engine::messages::{Twins, TwinsId};
use crate::error::WorldError;
use crate::faults::MachineError;
use crate::outcome::{Counts, Ending};
use crate::plan::Act;
use crate::record::Record;
use crate::setup::{Machine, Setup, WallClaims};
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
    /// Whether the network asks how long messages are.
    weighs: bool,
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
pub(crate) struct Host<N: Node> {
    clocks: Clocks,
    disk: Medium,
    incarnation: u32,
    /// The process that lives now.
    pub(crate) life: Option<Life<N>>,
    /// The timers of that process and their places on the agenda, in ascending order. Cheap to change at both ends, where
    /// who numbers its timers as it goes sets the latest and has the earliest run out.
    timers: VecDeque<(Timer, Ticket)>,
    /// What is needed where inputs may have to wait, or luck may strike; `None` for a machine that just works.
    faulty: Option<Box<Faulty<N::Message, N::Request>>>,
}

/// A process: all of it is gone after a crash.
pub(crate) struct Life<N> {
    pub(crate) node: N,
    began: TrueTime,
    /// Of a restart that is not in the record yet: whose state is to be read.
    restarts_from: Option<Saved>,
}

/// Which events wrote what a restart is handed, and what was there before.
#[derive(Clone, Copy)]
struct Saved {
    state: Option<EventId>,
    before: Option<EventId>,
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
    /// Inputs that wait at a node may be worked on now.
    Wake(NodeId),
    /// A node that crashed by luck begins again.
    Restart(NodeId),
}

impl<N: Node> Engine<N> {
    /// A run that is about to begin, with a trace.
    pub(crate) fn new(mut setup: Setup<N::Request>) -> Result<Engine<N>, WorldError> {
        check_names(&setup.machines)?;
        setup.network.check().map_err(WorldError::Link)?;
        setup.network.set_end(setup.end);
        let mut trace =
            Trace::new(setup.machines.iter().map(|machine| &machine.name)).map_err(WorldError::Names)?;
        trace.set_epoch(setup.epoch);
        setup.plan.check(setup.machines.len(), setup.end, setup.grace)?;
        setup.plan.check_slews(|node| setup.machines[node.index()].wall.drift)?;
        let held = setup.network.held().len();
        if held > 0 {
            return Err(WorldError::UsedNetwork { held });
        }
        let weighs = setup.network.depends_on_bytes();
        let ids = (0..).map(NodeId::new);
        for (node, machine) in ids.clone().zip(&setup.machines) {
            machine.faults.check().map_err(|error| MachineError { node, error })?;
        }
        let risk = |machine: &Machine| {
            if machine.faults.unsynced == Odds::NEVER { Risk::None } else { Risk::Some }
        };
        let host = |(node, machine): (NodeId, &Machine)| Host {
            clocks: Clocks::new(machine.wall, setup.epoch),
            disk: Medium::new(risk(machine)),
            incarnation: 0,
            life: None,
            timers: VecDeque::new(),
            faulty: Faulty::of(node, machine.faults, &setup.plan).map(Box::new),
        };
        let hosts: Vec<_> = ids.zip(&setup.machines).map(host).collect();
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
            weighs,
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
            host.disk.wipe();
            (host.incarnation, host.life) = (0, None);
            host.timers.clear();
            host.faulty.iter_mut().for_each(|faulty| faulty.begin_again());
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
        for (node, host) in (0..).map(NodeId::new).zip(&self.hosts) {
            if host.faulty.as_ref().is_some_and(|faulty| faulty.joins_later()) {
                continue;
            }
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
                    if timers.front().is_some_and(|first| first.0 == timer) {
                        timers.pop_front();
                    } else if let Ok(place) = timers.binary_search_by_key(&timer, |set| set.0) {
                        timers.remove(place);
                    }
                    self.hand(outside, node, Input::Timer(timer))?;
                }
                Occurrence::Start(node) => {
                    self.begin(outside, node);
                    self.hand(outside, node, Input::Start)?;
                }
                Occurrence::Act(number) => self.act(outside, number as usize)?,
                Occurrence::Wake(node) => self.wake(outside, node)?,
                Occurrence::Restart(node) => self.restart_by_luck(outside, node)?,
            }
            self.check_bound(key.place)?;
        }
        Ok(())
    }

    /// Whether luck is over at this time: from the end on everything heals, and nobody is asked any more.
    #[inline(always)]
    fn is_over(&self, at: TrueTime) -> bool {
        at >= self.end
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

/// Whether each name can stand in a tape and in a timeline, between other words.
fn check_names(machines: &[Machine]) -> Result<(), WorldError> {
    const LONGEST: usize = 64;
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-.#".contains(letter);
    let can_name = |name: &str| !name.is_empty() && name.len() <= LONGEST && name.chars().all(is_plain);
    match machines.iter().find(|machine| !can_name(&machine.name)) {
        Some(machine) => Err(WorldError::Name(machine.name.clone())),
        None => Ok(()),
    }
}
