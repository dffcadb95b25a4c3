//! The faulty link layer between the processes of a run: it carries out what the network decides, does to processes what
//! is planned, and records everything.
//!
//! All messages go through it, so that one [`Network`] decides their fate, as in a simulation. It counts what is under way,
//! and so knows when nothing is.

mod acts;
mod closing;
mod door;
mod lives;
mod post;
mod reports;
mod seat;
mod watch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use constellation_fabric::{Choices, Network};
use constellation_trace::{Entry, EventId, MessageId, Nemesis, NodeId, Trace, TrueTime, WallTime};
use tokio::time::Instant;

use self::closing::Phase;
use self::door::{Door, Happening};
use self::post::Copies;
use self::seat::{Letter, Life, Seat};
use self::watch::Watch;
use crate::clocks::{Rate, machine_wall};
use crate::error::LiveError;
use crate::launch::Launch;
use crate::plan::{Act, Setup};
use crate::protocol::Order;
use crate::race::{First, first};
use crate::wire::RemoteNode;

/// A run that was recorded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Live {
    /// What happened. Its times are those of the hub's clock, which no node saw; an event has the time at which the hub
    /// heard of it, so that an honest wall clock seems late by as much. Whether to call that a lie is the caller's choice:
    /// the trace has no [epoch](Trace::set_epoch).
    pub trace: Trace,
    /// What a reader should know beside, a line each.
    pub remarks: Vec<String>,
    /// How far it came.
    pub ended: Ended,
    /// Which nodes were asked at the end and may not have answered all of it, in the order of their ids: their processes
    /// were not there, ended meanwhile, or did not answer. How things stand there in the end nobody knows.
    pub unheard: Vec<NodeId>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// All of it was done.
    Whole,
    /// It was told to stop.
    Stopped,
    /// There were as many events as there may be.
    TooLong,
}

/// As [`run_watched`], for whoever has no runtime.
///
/// # Errors
/// As [`run`].
pub fn run_blocking<N: RemoteNode, L: Launch>(
    setup: Setup<N::Request>,
    choices: &mut dyn Choices,
    launcher: L,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(&Trace),
) -> Result<Live, LiveError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().enable_time().build().map_err(LiveError::Hub)?;
    runtime.block_on(run_watched::<N, L>(setup, choices, launcher, stop, watch))
}

/// Runs the nodes of `setup`, each in the process that `launcher` begins for it, until all is done or `stop` is set.
///
/// Whatever luck decides is asked of `choices`: the same answers, the same fate of each message by its number, but not the
/// same run, since real time decides which message has which number. A process that ends is a crash of the run, whoever
/// ended it; none is left when this returns.
///
/// # Errors
/// [`LiveError`]; no process is left.
pub async fn run<N: RemoteNode, L: Launch>(
    setup: Setup<N::Request>,
    choices: &mut dyn Choices,
    launcher: L,
    stop: &AtomicBool,
) -> Result<Live, LiveError> {
    let mut hub = Hub::<N, L>::new(setup, choices, launcher).await?;
    let ended = hub.work(stop, None).await?;
    hub.finish(ended).await
}

/// As [`run`], and while the run lasts, `watch` is shown what is recorded so far: four times a second at most, and less often
/// if it takes long. In an unfinished record messages may be under way of which nothing else is said.
///
/// # Errors
/// As [`run`].
pub async fn run_watched<N: RemoteNode, L: Launch>(
    setup: Setup<N::Request>,
    choices: &mut dyn Choices,
    launcher: L,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(&Trace),
) -> Result<Live, LiveError> {
    let mut hub = Hub::<N, L>::new(setup, choices, launcher).await?;
    let ended = hub.work(stop, Some(Watch::new(watch))).await?;
    hub.finish(ended).await
}

/// What is due at a time of the run.
#[derive(Debug)]
enum Due<R> {
    Act(Act<R>),
    Letter(Letter),
    Resume { node: NodeId, incarnation: u32, until: TrueTime },
    End,
}

struct Hub<'c, N: RemoteNode, L: Launch> {
    setup: Setup<N::Request>,
    choices: &'c mut dyn Choices,
    launcher: L,
    door: Door,
    network: Network,
    /// Whether any link asks how long a message is.
    weighs: bool,
    seats: Vec<Seat<L::Process>>,
    /// What is due when; of one time, in the order in which it was added.
    agenda: BTreeMap<(TrueTime, u64), Due<N::Request>>,
    added: u64,
    /// What the network holds, in its order.
    held: VecDeque<(MessageId, Vec<u8>)>,
    flying: BTreeMap<MessageId, Copies>,
    is_cut: bool,
    /// When the run began, if it has.
    start: Option<Instant>,
    /// What the machine's wall clock showed then.
    machine: WallTime,
    now: TrueTime,
    phase: Phase,
    trace: Trace,
    remarks: Vec<String>,
    unheard: BTreeSet<NodeId>,
    /// Whether a remark says what was not done.
    has_told_undone: bool,
    strangers: u32,
    protocol: PhantomData<fn() -> N>,
}

/// How often the hub looks whether it is to stop and whether processes are late.
const TICK: Duration = Duration::from_millis(20);

/// How long processes have to end when they are told to.
const FAREWELL: Duration = Duration::from_millis(500);

impl<'c, N: RemoteNode, L: Launch> Hub<'c, N, L> {
    async fn new(
        mut setup: Setup<N::Request>,
        choices: &'c mut dyn Choices,
        launcher: L,
    ) -> Result<Hub<'c, N, L>, LiveError> {
        let trace = Trace::new(&setup.names).map_err(LiveError::Setup)?;
        look_at_folder(&setup.folder)?;
        let plan = std::mem::take(&mut setup.plan);
        let asked = setup.closing.rounds.iter().flatten().map(|(node, _)| *node);
        let named = plan.iter().flat_map(|(_, act)| act.nodes()).chain(asked);
        if let Some(stranger) = named.into_iter().find(|node| node.index() >= setup.names.len()) {
            return Err(LiveError::Setup(constellation_trace::TraceError::UnknownNode(stranger)));
        }
        let mut joining = BTreeSet::new();
        let joins =
            plan.iter().filter_map(|(_, act)| if let Act::Join { node } = act { Some(*node) } else { None });
        if let Some(twice) = joins.into_iter().find(|node| !joining.insert(*node)) {
            let node = setup.names.get(twice.index()).cloned().unwrap_or_default();
            return Err(LiveError::JoinsTwice { node });
        }
        setup.machines.resize(setup.names.len(), crate::plan::Machine::default());
        let first = |node| if joining.contains(&node) { Life::Absent } else { Life::Down };
        let nodes = (0..).map(NodeId::new).zip(&setup.machines);
        let seats = nodes.map(|(node, machine)| Seat::new(*machine, first(node))).collect();
        let mut network = setup.network.clone();
        network.set_end(setup.end);
        let door = Door::open().await.map_err(LiveError::Hub)?;
        let end = setup.end;
        let mut hub = Hub {
            setup,
            choices,
            launcher,
            door,
            weighs: network.depends_on_bytes(),
            network,
            seats,
            agenda: BTreeMap::new(),
            added: 0,
            held: VecDeque::new(),
            flying: BTreeMap::new(),
            is_cut: false,
            start: None,
            machine: WallTime::from_ns(0),
            now: TrueTime::from_ns(0),
            phase: Phase::Running,
            trace,
            remarks: Vec::new(),
            unheard: BTreeSet::new(),
            has_told_undone: false,
            strangers: 0,
            protocol: PhantomData,
        };
        plan.into_iter().for_each(|(at, act)| hub.add(at, Due::Act(act)));
        // What is planned for the very end comes before it.
        hub.add(end, Due::End);
        Ok(hub)
    }

    async fn work(&mut self, stop: &AtomicBool, mut watch: Option<Watch<'_>>) -> Result<Ended, LiveError> {
        for node in self.nodes() {
            if self.seat(node).life == Life::Down {
                self.launch(node)?;
            }
        }
        loop {
            self.look_at_the_clock();
            self.look_after_starting()?;
            self.begin();
            while let Some(due) = self.next_due() {
                self.happen(due)?;
            }
            watch.iter_mut().for_each(|watch| watch.look(&self.trace));
            if stop.load(Ordering::Relaxed) {
                return Ok(Ended::Stopped);
            }
            if self.trace.events().len() >= self.setup.events_max as usize {
                return Ok(Ended::TooLong);
            }
            if let Some(ended) = self.go_on()? {
                return Ok(ended);
            }
            self.wait().await?;
        }
    }

    /// Waits for what happens outside, until something is due.
    async fn wait(&mut self) -> Result<(), LiveError> {
        /// After so many the clock is looked at.
        const AT_ONCE: usize = 64;
        let tick = Instant::now() + TICK;
        let due = self.agenda.keys().next().map(|(at, _)| *at).filter(|_| self.start.is_some());
        let until = due.map_or(tick, |at| self.when(at).min(tick));
        let happening = first(self.door.happenings.recv(), tokio::time::sleep_until(until)).await;
        let First::One(Some(happening)) = happening else { return Ok(()) };
        self.hear(happening)?;
        for _ in 0..AT_ONCE {
            let Ok(happening) = self.door.happenings.try_recv() else { break };
            self.hear(happening)?;
        }
        Ok(())
    }

    fn hear(&mut self, happening: Happening) -> Result<(), LiveError> {
        self.look_at_the_clock();
        match happening {
            Happening::Connected { line, node, incarnation, orders } => {
                self.connect(line, (node, incarnation), orders);
                Ok(())
            }
            Happening::Reported { line, node, report } => self.report(line, node, report),
            Happening::Closed { line, node } => self.close(line, node),
            Happening::Untold { node, error } => Err(LiveError::Untold { node: self.name(node), error }),
            Happening::Stranger => {
                // Saturating: so many make the same remark.
                self.strangers = self.strangers.saturating_add(1);
                Ok(())
            }
        }
    }

    /// The run begins once every process is there.
    fn begin(&mut self) {
        let is_there = |seat: &Seat<_>| matches!(seat.life, Life::Alive | Life::Absent);
        if self.start.is_some() || !self.seats.iter().all(is_there) {
            return;
        }
        (self.start, self.machine) = (Some(Instant::now()), machine_wall());
        for node in self.nodes() {
            if self.seat(node).life == Life::Alive {
                self.welcome(node);
            }
        }
    }

    /// What is due by now.
    fn next_due(&mut self) -> Option<Due<N::Request>> {
        self.start?;
        let entry = self.agenda.first_entry()?;
        (entry.key().0 <= self.now).then(|| entry.remove())
    }

    fn happen(&mut self, due: Due<N::Request>) -> Result<(), LiveError> {
        match due {
            Due::Act(act) => self.act(act),
            Due::Letter(letter) => self.arrive(letter),
            Due::Resume { node, incarnation, until } => self.resume(node, incarnation, until),
            Due::End => self.mend(),
        }
    }

    /// Ends the processes and hands the record over.
    async fn finish(mut self, ended: Ended) -> Result<Live, LiveError> {
        for message in self.flying.keys() {
            self.trace.record_nemesis(self.now, Nemesis::InFlight(*message)).map_err(LiveError::Setup)?;
        }
        self.seats.iter().for_each(|seat| seat.order(&Order::Stop));
        let until = Instant::now() + FAREWELL;
        while self.seats.iter().any(|seat| seat.life == Life::Alive) {
            let First::One(Some(happening)) =
                first(self.door.happenings.recv(), tokio::time::sleep_until(until)).await
            else {
                break;
            };
            if let Happening::Closed { line, node } = happening
                && let Some(seat) = self.seats.get_mut(node.index()).filter(|seat| seat.is_on(line))
            {
                seat.end(Life::Gone);
            }
        }
        if self.strangers > 0 {
            let strangers = format!("{} connections were refused: they knew no token", self.strangers);
            self.remark(strangers);
        }
        let unheard = self.unheard.into_iter().collect();
        Ok(Live { trace: self.trace, remarks: self.remarks, ended, unheard })
    }

    fn add(&mut self, at: TrueTime, due: Due<N::Request>) {
        self.agenda.insert((at, self.added), due);
        // Cannot wrap: so much does not fit in memory.
        self.added += 1;
    }

    fn look_at_the_clock(&mut self) {
        let Some(start) = self.start else { return };
        let rate = Rate { speed: self.setup.speed, drift_ppb: 0 };
        // Never back, whatever the machine says: the record goes forward.
        self.now = self.now.max(TrueTime::from_ns(rate.shows(start.elapsed())));
    }

    /// When a time of the run comes; now, before the run has begun.
    fn when(&self, at: TrueTime) -> Instant {
        const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);
        let rate = Rate { speed: self.setup.speed, drift_ppb: 0 };
        let since = rate.lasts(at.since(TrueTime::from_ns(0))).min(CENTURY);
        self.start.unwrap_or_else(Instant::now) + since
    }

    fn is_lucky(&self) -> bool {
        self.phase == Phase::Running && self.now < self.setup.end
    }

    fn seat(&mut self, node: NodeId) -> &mut Seat<L::Process> {
        self.seats.get_mut(node.index()).expect("ids of the plan were checked, and those of processes are")
    }

    fn name(&self, node: NodeId) -> String {
        self.setup.names.get(node.index()).cloned().unwrap_or_default()
    }

    fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    fn record(&mut self, entry: Entry<'_>) -> Result<EventId, LiveError> {
        let node = entry.node;
        self.trace.record(entry).map_err(|error| LiveError::Node { node: self.name(node), error })
    }

    fn note(&mut self, nemesis: Nemesis) -> Result<(), LiveError> {
        self.trace.record_nemesis(self.now, nemesis).map_err(LiveError::Setup)
    }
}

/// Processes are told in text where their disks are, and none would get far without.
fn look_at_folder(folder: &Path) -> Result<(), LiveError> {
    let why = match (folder.to_str(), folder.is_dir()) {
        (None, _) => "its name is no text in UTF-8",
        (_, false) => "it is not there, or is no folder",
        (Some(_), true) => return Ok(()),
    };
    Err(LiveError::Folder { folder: folder.to_owned(), why })
}
