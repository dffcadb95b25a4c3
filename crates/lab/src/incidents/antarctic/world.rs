//! The storm as a world: stations, relays, clocks, and what the crews ask every two minutes.

use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Contacts, Link, Network, Odds, Outside, Pass};
use constellation_sim::clients::{Pace, Retry, Workload};
use constellation_sim::{Act, Faults, Machine, Plan, Setup, Span, Wall, WallClaims};
use constellation_trace::{Call, NodeId, TrueTime, WallTime};

use super::groups::stations;
use super::{Groups, STATIONS, STORM_BEGINS, STORM_ENDS};
use crate::station::Request;

/// Until when luck may do something, after the start.
const END: Duration = Duration::from_secs(820);
/// After that, how long everything has to arrive before each station shows what it holds: with anti-entropy each station
/// offers to each other one in turn, and may have to do so twice.
const SETTLE: Duration = Duration::from_secs(160);
/// How long showing it may take.
const SHOWING: Duration = Duration::from_secs(15);
/// How often a crew asks its station something.
const EVERY: Duration = Duration::from_secs(120);
/// How long a crew waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The station whose clock is ahead, and by how much.
pub(super) const AHEAD: (&str, Duration) = ("antarctic", Duration::from_secs(360));

/// What a crew asks.
#[derive(Clone, Copy)]
enum Ask {
    Read(&'static str),
    Write(&'static str, &'static str),
}
use Ask::{Read, Write};

const ATTITUDE: &str = "mss-17/attitude";
const MODE: &str = "mss-23/mode";
const ORBIT: &str = "mss-31/orbit";
const TASKS: &str = "mss-08/tasks";
const BATTERY: &str = "mss-40/battery";
/// All that is written under.
const KEYS: [&str; 5] = [ATTITUDE, MODE, ORBIT, TASKS, BATTERY];

/// What the crew of each station asks, from so many seconds after the start on. The first of each comes before the storm,
/// but for drake's, whose comes just after the relays were lost; the last two come after it.
///
/// The attitude is written on all three sides of the storm, and on the first of them twice, the second time by who saw
/// the first. The mode is written on two sides, and after the storm by who may have seen both. Orbit, tasks and battery are
/// written on one side each, twice in a row.
#[rustfmt::skip]
const SHIFTS: [(u64, [Ask; 7]); 7] = [
    (10, [Write(ATTITUDE, "nadir"), Write(ATTITUDE, "yaw +2.0"), Read(ATTITUDE), Read(ORBIT), Read(ATTITUDE),
          Read(ATTITUDE), Read(ATTITUDE)]),
    (14, [Read(ATTITUDE), Write(ORBIT, "6938.1 km"), Write(ORBIT, "6938.4 km"), Read(ORBIT), Read(MODE),
          Read(BATTERY), Read(ATTITUDE)]),
    (18, [Read(ORBIT), Read(ATTITUDE), Write(ATTITUDE, "yaw +2.5"), Read(ATTITUDE), Read(ORBIT),
          Read(ATTITUDE), Read(MODE)]),
    (22, [Read(MODE), Read(MODE), Write(MODE, "safe"), Read(MODE), Read(ATTITUDE),
          Read(MODE), Write(MODE, "nominal, watched")]),
    (26, [Write(MODE, "nominal"), Read(ATTITUDE), Write(ATTITUDE, "yaw -1.5"), Read(ATTITUDE), Read(TASKS),
          Read(TASKS), Read(ATTITUDE)]),
    (65, [Write(TASKS, "image 14"), Write(TASKS, "image 14, sleep"), Read(TASKS), Read(MODE), Read(ATTITUDE),
          Read(MODE), Read(ATTITUDE)]),
    (34, [Read(ATTITUDE), Write(ATTITUDE, "sun-point"), Write(BATTERY, "31 percent"), Write(MODE, "survival"),
          Read(BATTERY), Write(BATTERY, "64 percent"), Read(ATTITUDE)]),
];

/// Everything about a run that does not depend on the policy. What a smaller run leaves out is said here.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// Who can hear whom in the storm.
    pub(super) groups: Groups,
    /// Whether there is one.
    pub(super) weather: Weather,
    /// Whether a clock is wrong.
    pub(super) clocks: Clocks,
    /// What else may go wrong.
    pub(super) luck: Luck,
    /// Which crews write nothing in which of their turns, but read instead.
    pub(super) silent: Vec<(NodeId, usize)>,
}

/// Whether there is a storm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Weather {
    Storm,
    Fair,
}

/// What luck may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Luck {
    /// Nothing beside latencies.
    Fair,
    /// Messages between stations are lost; stations crash and restart, and stop for a while. Crews do not.
    Rough,
}

/// Whether a clock is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Clocks {
    OneAhead,
    True,
}

impl Scene {
    /// All of it, with these groups.
    pub(super) const fn new(groups: Groups) -> Scene {
        let (weather, clocks, luck) = (Weather::Storm, Clocks::OneAhead, Luck::Fair);
        Scene { groups, weather, clocks, luck, silent: Vec::new() }
    }

    /// The writes: which crew, which of its turns, when, and what; in the order of time.
    pub(super) fn writes(&self) -> Vec<(NodeId, usize, TrueTime, Call)> {
        let of_crew = |station: NodeId| {
            let calls = self.calls(station).into_iter().enumerate();
            let writes = calls.filter(|(_, call)| matches!(call, Call::Write { .. }));
            writes.map(move |(turn, call)| (station, turn, turn_at(station, turn), call))
        };
        let mut writes: Vec<_> = stations().flat_map(of_crew).collect();
        writes.sort_by_key(|(station, _, at, _)| (*at, *station));
        writes
    }

    fn calls(&self, station: NodeId) -> Vec<Call> {
        let call = |(turn, ask): (usize, &Ask)| match *ask {
            Write(key, value) if !self.silent.contains(&(station, turn)) => {
                Call::Write { key: key.to_owned(), value: value.to_owned() }
            }
            Read(key) | Write(key, _) => Call::Read { key: key.to_owned() },
        };
        SHIFTS[station.index()].1.iter().enumerate().map(call).collect()
    }

    /// What each crew asks.
    pub(super) fn workloads(&self) -> Vec<Arc<Workload>> {
        let workload = |station: NodeId| {
            let retry = Retry::times(0, TIMEOUT);
            let mut workload =
                Workload::new([station], Pace::Open { every: EVERY }, retry, self.calls(station));
            workload.begin = Duration::from_secs(SHIFTS[station.index()].0);
            Arc::new(workload)
        };
        stations().map(workload).collect()
    }

    /// Machines, links and plan; the stations come first, then their crews.
    pub(super) fn setup(&self) -> Setup<Request> {
        let end = at(END);
        let show_at = end.saturating_add(SETTLE);
        let mut plan = Plan::new();
        for node in stations() {
            plan.add(show_at, Act::Request { node, request: Request::Rest });
            for key in KEYS {
                let request = Request::Read { key: key.to_owned() };
                plan.add(show_at, Act::Request { node, request });
            }
        }
        let machine = |name: String| {
            let is_wrong = self.clocks == Clocks::OneAhead && name == AHEAD.0;
            let ahead_ns = i64::try_from(AHEAD.1.as_nanos()).expect("minutes are far from 2^63 ns");
            let wall = if is_wrong { Wall { offset_ns: ahead_ns, ..Wall::TRUE } } else { Wall::TRUE };
            Machine { wall, ..Machine::new(name) }
        };
        let names = STATIONS.iter().map(|name| (*name).to_owned());
        let station = |name| Machine { faults: self.faults(), ..machine(name) };
        let crews = crews().into_iter().map(machine);
        Setup {
            machines: names.map(station).chain(crews).collect(),
            network: self.network(),
            plan,
            epoch: epoch(),
            grace: SETTLE.saturating_add(SHOWING),
            wall_claims: WallClaims::Recorded,
            ..Setup::new(STATIONS, end)
        }
    }

    /// What luck does to the machine of a station.
    fn faults(&self) -> Faults {
        match self.luck {
            Luck::Fair => Faults::NONE,
            Luck::Rough => Faults {
                // Who is back at once still gets the answers to what it asked in the life before.
                crash_before: ppm(10_000),
                crash_after: ppm(10_000),
                down: Span { min: Duration::from_millis(1), max: Duration::from_secs(3) },
                pause: ppm(20_000),
                pause_time: Span { min: Duration::from_secs(1), max: Duration::from_secs(20) },
                ..Faults::NONE
            },
        }
    }

    /// A crew is in the house; stations of one group hear each other over the ground; groups hear each other up to a relay
    /// and down again, as long as there is one.
    fn network(&self) -> Network {
        let loss = match self.luck {
            Luck::Fair => Odds::NEVER,
            Luck::Rough => ppm(50_000),
        };
        let [ground, relayed] = [link(30, 60), link(240, 280)].map(|link| Link { loss, ..link });
        let mut network = Network::new(link(1, 2));
        let fair = [(Duration::ZERO, STORM_BEGINS), (STORM_ENDS, END)];
        let passes = fair.map(|(start, end)| Pass { start: at(start), end: at(end), rate: None });
        let relays =
            Contacts::new(Outside::Lose).with_passes(passes).expect("the storm is shorter than the run");
        for (source, target) in pairs() {
            if self.groups.of(source) == self.groups.of(target) {
                network.set_link(source, target, ground);
                continue;
            }
            network.set_link(source, target, relayed);
            if self.weather == Weather::Storm {
                network.set_contacts(source, target, relays.clone());
            }
        }
        network
    }
}

/// Every station with every other one.
pub(super) fn pairs() -> impl Iterator<Item = (NodeId, NodeId)> {
    let all = stations().flat_map(|source| stations().map(move |target| (source, target)));
    all.filter(|(source, target)| source != target)
}

/// The names of the crews, in the order of their stations.
pub(super) fn crews() -> [String; STATIONS.len()] {
    STATIONS.map(|name| format!("{name}-crew"))
}

/// How likely something is, in a million.
pub(super) fn ppm(ppm: u32) -> Odds {
    Odds::ppm(ppm).expect("it is below a million")
}

/// A link that takes between so many milliseconds.
pub(super) fn link(least_ms: u64, most_ms: u64) -> Link {
    let (latency_min, latency_max) = (Duration::from_millis(least_ms), Duration::from_millis(most_ms));
    Link { latency_min, latency_max, ..Link::INSTANT }
}

/// When a crew has this turn.
fn turn_at(station: NodeId, turn: usize) -> TrueTime {
    let turn = u32::try_from(turn).expect("a shift has a few turns");
    at(Duration::from_secs(SHIFTS[station.index()].0)).saturating_add(EVERY.saturating_mul(turn))
}

/// So long after the start.
pub(super) fn at(time: Duration) -> TrueTime {
    TrueTime::from_ns(0).saturating_add(time)
}

/// What a right wall clock shows at the start.
pub(super) fn epoch() -> WallTime {
    let midwinter = WallTime::midnight(2026, 6, 21).expect("the day of the southern midwinter");
    midwinter.saturating_add(Duration::from_secs(2 * 3_600))
}
