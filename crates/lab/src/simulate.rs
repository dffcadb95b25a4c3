//! From a scenario to a trace: what happens, and nothing of what it means.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Choices, Network, Node, Options, Question};
use constellation_sim::clients::{Client, Party, Workload};
use constellation_sim::{
    Act as Planned, Disk, Machine, Plan, Seeded, Setup, Wall, WallClaims, World, WorldError,
};
use constellation_trace::trace::Origin;
use constellation_trace::{Judgement, Names, NodeId, Trace, TrueTime};
use constellation_verify::{Budget, Order};

use crate::desk::Desk;
use crate::promises::{self, Phase, Promise};
use crate::scenario::{Act, Chances, ClientRule, MachineAct, Scenario};
use crate::station::{Request, Rules, Station};
use crate::subject::{PromiseId, Ruling, Sight, Subject};

/// Why a scenario could not be run to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// The simulated world gave up.
    World(WorldError),
    /// More happened than may; what happened until then can be looked at.
    TooLong {
        /// How much may happen.
        events_max: u32,
        /// At which node the bound was reached, by name; `None` for something that happened to links.
        node: Option<String>,
        /// When.
        at: TrueTime,
        /// What happened until then.
        so_far: Box<Trace>,
    },
    /// A node of a [`Case`](crate::Case) panicked.
    Panicked {
        /// What it said.
        message: String,
    },
}

impl RunError {
    /// `names` are those of the nodes, in the order of their ids.
    pub(crate) fn of<'n>(
        origin: Origin,
        mut names: impl Iterator<Item = &'n str>,
        error: WorldError,
    ) -> RunError {
        match error {
            WorldError::EventsMax { events_max, node, at, so_far: Some(mut so_far) } => {
                so_far.set_origin(origin);
                let node = node.and_then(|node| names.nth(node.index()).map(str::to_owned));
                RunError::TooLong { events_max, node, at, so_far }
            }
            error => RunError::World(error),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::World(error) => write!(f, "the scenario cannot be run to its end: {error}"),
            RunError::Panicked { message } => write!(f, "a node panicked: {message}"),
            RunError::TooLong { events_max, node, at, .. } => {
                write!(
                    f,
                    "the scenario cannot be run to its end: more than {events_max} events, the most allowed, at {at}"
                )?;
                node.as_ref().map_or(Ok(()), |node| write!(f, ", lastly at {node}"))
            }
        }
    }
}

impl std::error::Error for RunError {}

/// What happens in `scenario` with `seed`, and nothing else: equal arguments, equal trace.
///
/// # Errors
/// [`RunError`] when the scenario cannot be run to its end.
pub fn simulate(scenario: &Scenario, seed: u64) -> Result<Trace, RunError> {
    play(scenario, seed, Seeded::new(seed))
}

/// As [`simulate`], but run by whatever nodes `node` makes instead of stations: by broken ones, to see the judges
/// find out, or by a protocol of your own. It is called for each start and restart of a node. Clients of the scenario
/// ask them what they ask stations, and are shown the names of updates in place of their values.
///
/// # Errors
/// [`RunError`] when the scenario cannot be run to its end.
pub fn simulate_with<N: Node<Request = Request>>(
    scenario: &Scenario,
    seed: u64,
    node: impl FnMut(&Arc<Rules>, NodeId) -> N,
) -> Result<Trace, RunError> {
    Stage::of(scenario).play(seed, Seeded::new(seed), node, nothing_shown)
}

/// What happens in `scenario` when `choices` answers whatever could go otherwise; `seed` is for the record.
///
/// # Errors
/// [`RunError`] when the scenario cannot be run to its end.
pub fn play(scenario: &Scenario, seed: u64, choices: impl Choices) -> Result<Trace, RunError> {
    Stage::of(scenario).play(seed, choices, |rules, me| Station::new(Arc::clone(rules), me), station_shows)
}

/// What a desk tells a client of a node, where somebody knows how to ask it.
pub(crate) type Shows<N> = fn(&N, &str) -> Option<Vec<String>>;

/// A station shows its values.
#[expect(clippy::unnecessary_wraps, reason = "of other nodes nobody knows")]
pub(crate) fn station_shows(station: &Station, key: &str) -> Option<Vec<String>> {
    Some(station.values(key))
}

/// Of other nodes nobody knows.
pub(crate) fn nothing_shown<N>(_node: &N, _key: &str) -> Option<Vec<String>> {
    None
}

/// A scenario made ready to be run many times.
#[derive(Clone, Debug)]
pub(crate) struct Stage<'s> {
    scenario: &'s Scenario,
    rules: Arc<Rules>,
    setup: Setup<Request>,
    workloads: Vec<Arc<Workload>>,
}

impl<'s> Stage<'s> {
    pub(crate) fn of(scenario: &'s Scenario) -> Stage<'s> {
        let rules = Arc::new(scenario.rules());
        let workloads = scenario.clients.iter().map(|client| Arc::new(workload(scenario, client)));
        Stage { scenario, rules, setup: setup(scenario), workloads: workloads.collect() }
    }

    /// The same without the operations of these numbers, which go through all clients.
    fn without(&self, left_out: &BTreeSet<u32>) -> Stage<'s> {
        let mut stage = self.clone();
        let mut number = 0..;
        for workload in &mut stage.workloads {
            let calls = workload.calls.iter().zip(&mut number);
            let kept = calls.filter(|(_, number)| !left_out.contains(number));
            let calls = kept.map(|(call, _)| call.clone()).collect();
            let mut fewer = (**workload).clone();
            fewer.calls = calls;
            *workload = Arc::new(fewer);
        }
        stage
    }

    /// One run; `node` is called for each start and restart of a node. Where there are clients, a desk stands before
    /// each node, and `shows` tells it what to reply.
    pub(crate) fn play<N: Node<Request = Request>>(
        &self,
        seed: u64,
        choices: impl Choices,
        mut node: impl FnMut(&Arc<Rules>, NodeId) -> N,
        shows: Shows<N>,
    ) -> Result<Trace, RunError> {
        let mut node = |me| node(&self.rules, me);
        if self.workloads.is_empty() {
            return self.run(seed, choices, node);
        }
        let party = |me: NodeId| match me.index().checked_sub(self.scenario.nodes.len()) {
            None => Party::Server(Desk::new(node(me), shows)),
            Some(client) => Party::Client(Client::new(me, Arc::clone(&self.workloads[client]))),
        };
        self.run(seed, choices, party)
    }

    fn run<N: Node<Request = Request>>(
        &self,
        seed: u64,
        choices: impl Choices,
        node: impl FnMut(NodeId) -> N,
    ) -> Result<Trace, RunError> {
        let choices = Allowed { chances: self.scenario.chances, inner: choices };
        let world = World::new(self.setup.clone(), choices, node).map_err(RunError::World)?;
        let origin = origin(self.scenario, seed);
        let failed = |error| RunError::of(origin.clone(), self.scenario.names(), error);
        let mut trace = world.run().map_err(failed)?.trace;
        trace.set_origin(origin);
        Ok(trace)
    }
}

/// A scenario and who makes its nodes.
pub(crate) struct Cluster<'s, N, F> {
    pub(crate) stage: Stage<'s>,
    pub(crate) node: F,
    pub(crate) shows: Shows<N>,
    /// Stations keep to what the judges of scenarios take for granted, so that times need not be looked at.
    pub(crate) sight: Sight,
}

impl<'s> Cluster<'s, Station, fn(&Arc<Rules>, NodeId) -> Station> {
    /// A scenario and its stations.
    pub(crate) fn of(scenario: &'s Scenario) -> Self {
        let node = |rules: &Arc<Rules>, me| Station::new(Arc::clone(rules), me);
        Cluster { stage: Stage::of(scenario), node, shows: station_shows, sight: Sight::NoTimes }
    }
}

/// A scenario, run by its stations, as something that can be hunted.
pub fn subject(scenario: &Scenario) -> Box<dyn Subject + '_> {
    Box::new(Cluster::of(scenario))
}

impl<N, F> Subject for Cluster<'_, N, F>
where
    N: Node<Request = Request>,
    F: Fn(&Arc<Rules>, NodeId) -> N + Sync,
{
    fn nodes(&self) -> Names {
        Names::from_iter(self.stage.scenario.names())
    }

    fn play(&self, seed: u64, choices: &mut dyn Choices) -> Result<Trace, RunError> {
        self.stage.play(seed, choices, &self.node, self.shows)
    }

    fn requests(&self) -> u32 {
        let calls: usize = self.stage.workloads.iter().map(|workload| workload.calls.len()).sum();
        u32::try_from(calls).expect("a scenario has at most a million operations")
    }

    fn play_without(
        &self,
        left_out: &BTreeSet<u32>,
        seed: u64,
        choices: &mut dyn Choices,
    ) -> Result<Trace, RunError> {
        self.stage.without(left_out).play(seed, choices, &self.node, self.shows)
    }

    fn judge(&self, trace: &Trace) -> Vec<Ruling> {
        let judged = promises::judge_only(self.stage.scenario, trace);
        let ruling = |(promise, judgement): (Promise, Judgement)| Ruling {
            promise: promise.id(),
            phase: promise.phase(),
            judgement,
        };
        if judged.promises.is_empty() {
            // Too large to be judged: of no promise in particular.
            let whole = |judgement| Ruling { promise: PromiseId(u32::MAX), phase: Phase::Safety, judgement };
            return judged.judgements.into_iter().map(whole).collect();
        }
        judged.promises.into_iter().zip(judged.judgements).map(ruling).collect()
    }

    fn judge_one(&self, promise: PromiseId, trace: &Trace) -> Option<Judgement> {
        let budget = Budget::default();
        let promise = Promise::of(promise)?;
        Order::of(trace, &budget).ok().map(|order| promise.judge(&order, &budget))
    }

    fn sight(&self) -> Sight {
        self.sight
    }
}

/// Asks another chooser what the scenario allows to be asked.
pub(crate) struct Allowed<C> {
    pub(crate) chances: Chances,
    pub(crate) inner: C,
}

impl<C: Choices> Choices for Allowed<C> {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        match (self.chances, options) {
            (Chances::Never, Options::Chance(_)) => 0,
            _ => self.inner.choose(question, options),
        }
    }
}

/// What a client does; after the end of the scenario it begins nothing more.
pub(crate) fn workload(scenario: &Scenario, client: &ClientRule) -> Workload {
    let stations = client.stations.iter().map(|station| scenario.id(station));
    let mut workload = Workload::new(stations, client.pace, client.retry, client.calls());
    let start = TrueTime::from_ns(0);
    (workload.begin, workload.until) = (client.begin.since(start), scenario.end.since(start));
    workload
}

pub(crate) fn origin(scenario: &Scenario, seed: u64) -> Origin {
    let resolver = Some(scenario.resolver.name().to_owned());
    Origin { scenario: scenario.name.clone(), seed, resolver }
}

fn setup(scenario: &Scenario) -> Setup<Request> {
    let settle = settle_time(scenario);
    // After the last look at the outcome, what is still under way arrives.
    let grace = settle.saturating_add(slowest(scenario)).saturating_add(Duration::from_secs(1));
    Setup {
        machines: machines(scenario),
        network: network(scenario),
        plan: plan(scenario, scenario.end.saturating_add(settle)),
        epoch: scenario.epoch,
        grace,
        wall_claims: WallClaims::Recorded,
        events_max: events_max(scenario),
        ..Setup::new(scenario.names(), scenario.end)
    }
}

/// How much may happen: less where there are many nodes, since each event says something of each of them. So the stamps
/// of a run take half a gigabyte at most.
pub(crate) fn events_max(scenario: &Scenario) -> u32 {
    const STAMPS_MAX: u32 = 1 << 25;
    let nodes = u32::try_from(scenario.nodes.len()).expect("a scenario has at most a thousand nodes");
    Setup::<Request>::EVENTS_MAX.min(STAMPS_MAX / nodes.max(1))
}

fn machines(scenario: &Scenario) -> Vec<Machine> {
    let machine = |name: &str| {
        let rule = scenario.walls.iter().find(|rule| rule.node == name);
        let wall = rule.map_or(Wall::TRUE, |rule| Wall { offset_ns: rule.ahead_ns, drift: rule.drift });
        Machine { name: name.to_owned(), wall, faults: scenario.faults(name) }
    };
    scenario.names().map(machine).collect()
}

pub(crate) fn network(scenario: &Scenario) -> Network {
    let mut network = Network::new(scenario.link);
    network.set_default(scenario.link, scenario.contacts.clone());
    if let Some(isolation) = scenario.isolation {
        network.set_isolation(isolation).expect("a scenario refuses what is none");
    }
    for rule in &scenario.links {
        for source in &rule.sources {
            for target in &rule.targets {
                let (source, target) = (scenario.id(source), scenario.id(target));
                network.set_link(source, target, rule.link);
                rule.contacts.iter().for_each(|contacts| {
                    network.set_contacts(source, target, contacts.clone());
                });
            }
        }
    }
    network
}

/// How long everything needs to arrive once nothing goes wrong any more, and no link has a queue or is down.
pub(crate) fn settle_time(scenario: &Scenario) -> Duration {
    let slowest = slowest(scenario);
    let rounds = u32::try_from(scenario.nodes.len()).unwrap_or(u32::MAX);
    // Each station offers all that it holds to each other one, and what it was offered meanwhile once more.
    let offers = scenario.anti_entropy.map_or(Duration::ZERO, |interval| {
        interval.saturating_add(slowest).saturating_mul(rounds).saturating_mul(2)
    });
    // A client that began something at the very end may ask again for as long as this.
    let asking = scenario.clients.iter().map(|client| client.retry.longest()).max().unwrap_or_default();
    slowest.saturating_mul(2).saturating_add(offers).saturating_add(asking)
}

fn slowest(scenario: &Scenario) -> Duration {
    let links = scenario.links.iter().map(|rule| rule.link).chain([scenario.link]);
    links.map(|link| link.latency_max).max().unwrap_or_default()
}

/// The scenario's steps; at its end everything heals and restarts, and later every node shows every key.
fn plan(scenario: &Scenario, show_at: TrueTime) -> Plan<Request> {
    let mut plan = Plan::new();
    let mut is_cut = false;
    let (mut down, mut gone): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for step in &scenario.steps {
        plan.add(step.at, planned(scenario, &step.act));
        match &step.act {
            Act::Partition { .. } | Act::Cut { .. } => is_cut = true,
            Act::Heal => is_cut = false,
            Act::Crash { node }
            | Act::Machine { node, act: MachineAct::CrashBefore | MachineAct::CrashAfter } => down.push(node),
            Act::Machine { node, act: MachineAct::Leave } => gone.push(node),
            Act::Restart { node, .. } => down.retain(|name| name != node),
            _ => {}
        }
    }
    if is_cut {
        plan.add(scenario.end, Planned::Heal);
    }
    for name in down.into_iter().filter(|name| !gone.contains(name)) {
        plan.add(scenario.end, Planned::Restart { node: scenario.id(name), disk: Disk::Kept });
    }
    let there = || scenario.nodes.iter().filter(|name| !gone.contains(&name.as_str()));
    if scenario.anti_entropy.is_some() {
        for name in there() {
            plan.add(show_at, Planned::Request { node: scenario.id(name), request: Request::Rest });
        }
    }
    for key in scenario.keys() {
        for name in there() {
            let request = Request::Read { key: key.to_owned() };
            plan.add(show_at, Planned::Request { node: scenario.id(name), request });
        }
    }
    plan
}

fn planned(scenario: &Scenario, act: &Act) -> Planned<Request> {
    let node = |name: &String| scenario.id(name);
    let group = |names: &[String]| names.iter().map(node).collect();
    match act {
        Act::Submit { node: at, key, value } => Planned::Request {
            node: node(at),
            request: Request::Submit { key: key.clone(), value: value.clone() },
        },
        Act::Read { node: at, key } => {
            Planned::Request { node: node(at), request: Request::Read { key: key.clone() } }
        }
        Act::Partition { group_a, group_b } => {
            Planned::Partition { group_a: group(group_a), group_b: group(group_b) }
        }
        Act::Cut { sources, targets } => Planned::Cut { sources: group(sources), targets: group(targets) },
        Act::Heal => Planned::Heal,
        of_machine => of_machine
            .planned_for_node(&scenario.nodes)
            .expect("what is neither of clients nor of links is of a machine, and its node is there"),
    }
}
