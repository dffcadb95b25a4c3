//! When who updates which key: the pairs of a sweep, one after the other, with gaps that are spread evenly.

use constellation_clock::REMOTE_MAX;
use constellation_fabric::{Link, Network};
use constellation_sim::{Act, Plan, Setup, Wall, WallClaims};
use constellation_trace::ids::nearest;
use constellation_trace::{NodeId, TrueTime};

use super::{Request, Sweep, SweepError};
use crate::scenario::Scenario;

/// All pairs of a run, and the world they happen in but for the wrong clock.
pub(super) struct Timetable {
    /// Whose clock is wrong.
    node: NodeId,
    pairs: Vec<Pair>,
    network: Network,
    end: TrueTime,
}

/// Two updates of one key.
struct Pair {
    first: NodeId,
    second: NodeId,
    first_at: TrueTime,
    second_at: TrueTime,
    /// When both updates have arrived.
    shown_at: TrueTime,
}

/// Between what is to happen one after the other; and the least that the gaps of a link go up to, so that there are any
/// where messages take no time.
const MOMENT_NS: u64 = 1_000_000;

impl Timetable {
    pub(super) fn of(sweep: &Sweep, scenario: &Scenario) -> Result<Timetable, SweepError> {
        let node = check(sweep, scenario)?;
        let partners: Vec<NodeId> =
            (0..).map(NodeId::new).take(scenario.nodes.len()).filter(|other| *other != node).collect();
        // Who waits for so long no longer sees in one pair what the clock of the pair before left behind.
        let rest_ns = sweep.from_ns.unsigned_abs().max(sweep.to_ns.unsigned_abs()).saturating_add(MOMENT_NS);
        let mut pairs = Vec::new();
        let mut now = TrueTime::from_ns(MOMENT_NS);
        for nth in 0..sweep.pairs {
            // In turn the node is first and second, and its partners take turns in each.
            let partner = partners[(nth / 2) as usize % partners.len()];
            let (first, second) = if nth % 2 == 0 { (node, partner) } else { (partner, node) };
            let [there, back] =
                [(first, second), (second, first)].map(|(from, to)| latency_max_ns(scenario, from, to));
            // The how-manieth of how many in which the same one is first.
            let (place, of) = (nth / 2, (sweep.pairs + 1 - nth % 2) / 2);
            let gap_ns = spread(there.saturating_mul(2).max(MOMENT_NS), place, of);
            let after = |ns| TrueTime::from_ns(now.ns().saturating_add(ns));
            let shown_at = after(gap_ns.saturating_add(back).max(there).saturating_add(MOMENT_NS));
            pairs.push(Pair { first, second, first_at: now, second_at: after(gap_ns), shown_at });
            now = TrueTime::from_ns(shown_at.ns().saturating_add(rest_ns));
        }
        let last_ns = scenario.epoch.ns().saturating_add(now.ns()).saturating_add_signed(sweep.to_ns.max(0));
        if last_ns > REMOTE_MAX {
            return Err(SweepError::TooLate { epoch: scenario.epoch });
        }
        Ok(Timetable { node, pairs, network: network(scenario, node, &partners), end: now })
    }

    /// Whose clock is wrong.
    pub(super) const fn node(&self) -> NodeId {
        self.node
    }

    /// The run in which the clock is ahead by so much.
    pub(super) fn setup(&self, scenario: &Scenario, error_ns: i64) -> Setup<Request> {
        let mut plan = Plan::new();
        for (pair, number) in self.pairs.iter().zip(0..) {
            let request = |node, request| Act::Request { node, request };
            let Pair { first, second, .. } = *pair;
            plan.add(pair.first_at, request(first, Request::Update { pair: number, other: second }));
            plan.add(pair.second_at, request(second, Request::Update { pair: number, other: first }));
            for node in [first, second] {
                plan.add(pair.shown_at, request(node, Request::Show { pair: number }));
            }
        }
        let mut setup = Setup {
            network: self.network.clone(),
            plan,
            epoch: scenario.epoch,
            wall_claims: WallClaims::Recorded,
            ..Setup::new(scenario.nodes.iter().map(String::as_str), self.end)
        };
        setup.machines[self.node.index()].wall = Wall { offset_ns: error_ns, ..Wall::TRUE };
        setup
    }
}

/// The node whose clock is wrong, if the sweep makes sense.
fn check(sweep: &Sweep, scenario: &Scenario) -> Result<NodeId, SweepError> {
    let Sweep { node, from_ns, to_ns, points, pairs } = sweep;
    let nodes = || scenario.nodes.iter().map(String::as_str);
    if !nodes().any(|name| name == node) {
        let near = nearest(node, nodes()).map(str::to_owned);
        return Err(SweepError::NoSuchNode { node: node.clone(), near, nodes: scenario.nodes.clone() });
    }
    if scenario.nodes.len() < 2 {
        return Err(SweepError::Alone);
    }
    if from_ns > to_ns {
        return Err(SweepError::Reversed { from_ns: *from_ns, to_ns: *to_ns });
    }
    if let Some(error_ns) =
        [*from_ns, *to_ns].into_iter().find(|ns| ns.unsigned_abs() > Sweep::ERROR_MAX_NS.unsigned_abs())
    {
        return Err(SweepError::TooWrong { error_ns });
    }
    if from_ns < to_ns && !(2..=Sweep::POINTS_MAX).contains(points) {
        return Err(SweepError::Points(*points));
    }
    if !(2..=Sweep::PAIRS_MAX).contains(pairs) {
        return Err(SweepError::Pairs(*pairs));
    }
    let points = if from_ns < to_ns { *points } else { 1 };
    if points * pairs > Sweep::WORK_MAX {
        return Err(SweepError::TooMuch { points, pairs: *pairs });
    }
    if *from_ns < 0 && scenario.epoch.ns() < from_ns.unsigned_abs() {
        return Err(SweepError::TooEarly { epoch: scenario.epoch, error_ns: *from_ns });
    }
    Ok(scenario.id(node))
}

/// The middle of the `place`-th of `of` equal parts of `whole`.
fn spread(whole: u64, place: u32, of: u32) -> u64 {
    let part = u128::from(whole) * (2 * u128::from(place) + 1) / (2 * u128::from(of.max(1)));
    u64::try_from(part).expect("a part of a number of 64 bits")
}

/// The links between the node and its partners, of which nothing counts but how long a message takes.
fn network(scenario: &Scenario, node: NodeId, partners: &[NodeId]) -> Network {
    let mut network = Network::new(Link::INSTANT);
    for partner in partners {
        for (from, to) in [(node, *partner), (*partner, node)] {
            let Link { latency_min, latency_max, spread, .. } = link(scenario, from, to);
            network.set_link(from, to, Link { latency_min, latency_max, spread, ..Link::INSTANT });
        }
    }
    network
}

fn latency_max_ns(scenario: &Scenario, from: NodeId, to: NodeId) -> u64 {
    u64::try_from(link(scenario, from, to).latency_max.as_nanos()).unwrap_or(u64::MAX)
}

/// What the scenario says of a link.
fn link(scenario: &Scenario, from: NodeId, to: NodeId) -> Link {
    let [from, to] = [from, to].map(|node| &scenario.nodes[node.index()]);
    let rule =
        scenario.links.iter().rev().find(|rule| rule.sources.contains(from) && rule.targets.contains(to));
    rule.map_or(scenario.link, |rule| rule.link)
}
