//! When satellites pass over, who hears whom then, and how long one round of votes takes.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use constellation_fabric::{Contacts, Link, Network, Odds, Outside, Pass};
use constellation_sim::{Faults, Machine, Setup, Span, Wall};
use constellation_trace::{NodeId, TrueTime, WallTime};

use super::{BYTES, majority, place};
use crate::incidents::antarctic::groups::stations;
use crate::incidents::antarctic::world::{AHEAD, at, epoch, link, pairs, ppm};
use crate::incidents::antarctic::{Groups, STATIONS, STORM_ENDS};

/// How long a pass is unless somebody says otherwise.
pub const PASS: Duration = Duration::from_secs(90);
/// When the pass of the storm begins.
const OPENS: Duration = Duration::from_secs(300);
/// When the pass after the storm begins, in which the relays are back.
const OPENS_AGAIN: Duration = Duration::from_secs(660);
/// When it is all over.
const END: Duration = Duration::from_secs(970);
/// How many bytes a second go over a link in a pass.
const RATE: NonZeroU64 = NonZeroU64::new(32).expect("it is not 0");

/// When satellites pass over, and who is heard then: in the storm each group by itself, after it all stations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Orbit {
    groups: Groups,
    pass: Duration,
    luck: Luck,
    /// Whose wall clock is ahead, and by how much; by nothing if every clock is right.
    ahead: (NodeId, Duration),
}

/// What luck may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Luck {
    /// Nothing beside latencies.
    Fair,
    /// Messages are lost, machines crash and stop.
    Rough,
}

/// A pass: from `opens` on, and no longer at `closes`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// When it begins.
    pub opens: TrueTime,
    /// When it ends.
    pub closes: TrueTime,
}

/// Why a pass cannot be so long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PassError {
    /// It has no length.
    Nothing,
    /// It would last beyond the storm.
    TooLong {
        /// How long it would be.
        found: Duration,
        /// How long it can be.
        longest: Duration,
    },
}

impl fmt::Display for PassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PassError::Nothing => f.write_str("a pass of no length is no pass"),
            PassError::TooLong { found, longest } => write!(
                f,
                "a pass of {found:?} would last beyond the storm; it begins at {OPENS:?}, so it can last {longest:?}"
            ),
        }
    }
}

impl std::error::Error for PassError {}

impl Orbit {
    /// Passes of this length over these groups.
    ///
    /// # Errors
    /// [`PassError`] for a pass of no length, and for one that lasts beyond the storm.
    pub fn new(groups: Groups, pass: Duration) -> Result<Orbit, PassError> {
        let longest = STORM_ENDS.saturating_sub(OPENS);
        if pass.is_zero() {
            return Err(PassError::Nothing);
        }
        if pass > longest {
            return Err(PassError::TooLong { found: pass, longest });
        }
        let wrong = stations().find(|station| STATIONS[station.index()] == AHEAD.0);
        let ahead = (wrong.expect("it is one of the stations"), AHEAD.1);
        Ok(Orbit { groups, pass, luck: Luck::Fair, ahead })
    }

    /// The same, but the one wall clock that is ahead is that of `station`, by so much; by nothing, and every clock is
    /// right. Unless somebody says otherwise that of antarctic is six minutes ahead.
    #[must_use]
    pub fn with_clock_ahead(self, station: NodeId, by: Duration) -> Orbit {
        Orbit { ahead: (station, by), ..self }
    }

    /// The same with bad luck: a message in ten is lost, machines crash and restart, and processes stop for a while.
    #[must_use]
    pub fn rough(self) -> Orbit {
        Orbit { luck: Luck::Rough, ..self }
    }

    /// Who is heard in the storm.
    pub const fn groups(&self) -> &Groups {
        &self.groups
    }

    /// How long each pass is.
    pub const fn pass(&self) -> Duration {
        self.pass
    }

    /// The pass in the storm, and the one after it.
    pub fn windows(&self) -> [Window; 2] {
        [OPENS, OPENS_AGAIN]
            .map(|opens| Window { opens: at(opens), closes: at(opens).saturating_add(self.pass) })
    }

    /// Which wall clock is wrong, in words; `None` if every one is right.
    pub(super) fn clock(&self) -> Option<String> {
        let (station, by) = self.ahead;
        let told = match by.as_secs() {
            secs if secs % 60 == 0 && by.subsec_nanos() == 0 => format!("{} minutes", secs / 60),
            _ => format!("{by:?}"),
        };
        (!by.is_zero()).then(|| format!("the wall clock of {} is {told} ahead", STATIONS[station.index()]))
    }

    /// What each station knows beforehand.
    pub(super) fn timetable(&self) -> Timetable {
        let start = at(Duration::ZERO);
        let wall = |time: TrueTime| epoch().saturating_add(time.since(start));
        let windows = self.windows().map(|window| (wall(window.opens), wall(window.closes)));
        Timetable { windows, round: round(self.link()) }
    }

    /// Machines and links.
    pub(super) fn setup(&self) -> Setup<()> {
        let faults = match self.luck {
            Luck::Fair => Faults::NONE,
            Luck::Rough => Faults {
                crash_before: ppm(20_000),
                crash_after: ppm(20_000),
                down: Span { min: Duration::from_millis(100), max: Duration::from_secs(5) },
                pause: ppm(20_000),
                pause_time: Span { min: Duration::from_secs(1), max: Duration::from_secs(10) },
                ..Faults::NONE
            },
        };
        let machine = |station: NodeId| {
            let ahead = if station == self.ahead.0 { self.ahead.1 } else { Duration::ZERO };
            // Cut at three centuries, which no clock is ahead.
            let offset_ns = i64::try_from(ahead.as_nanos()).unwrap_or(i64::MAX);
            let wall = Wall { offset_ns, ..Wall::TRUE };
            Machine { faults, wall, ..Machine::new(STATIONS[station.index()]) }
        };
        Setup {
            machines: stations().map(machine).collect(),
            network: self.network(),
            epoch: epoch(),
            ..Setup::new(STATIONS, at(END))
        }
    }

    fn link(&self) -> Link {
        let loss = match self.luck {
            Luck::Fair => Odds::NEVER,
            Luck::Rough => ppm(100_000),
        };
        Link { rate: Some(RATE), loss, ..link(200, 400) }
    }

    fn network(&self) -> Network {
        let mut network = Network::new(self.link());
        let passes =
            self.windows().map(|window| Pass { start: window.opens, end: window.closes, rate: None });
        let contacts = |passes: &[Pass]| {
            let contacts = Contacts::new(Outside::Lose).with_passes(passes.iter().copied());
            contacts.expect("the second pass begins after the storm, in which the first one ends")
        };
        let (both, second) = (contacts(&passes), contacts(&passes[1..]));
        for (source, target) in pairs() {
            let is_near = self.groups.of(source) == self.groups.of(target);
            let contacts = if is_near { &both } else { &second };
            network.set_contacts(source, target, contacts.clone());
        }
        network
    }
}

/// When to stand, by the wall clock, and how long a round of votes takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Timetable {
    windows: [(WallTime, WallTime); 2],
    pub(super) round: Duration,
}

impl Timetable {
    /// Whether a satellite is overhead.
    pub(super) fn is_open(&self, now: WallTime) -> bool {
        self.windows.iter().any(|(opens, closes)| *opens <= now && now < *closes)
    }

    /// How long until one is: no time if one is now, `None` if none comes any more.
    pub(super) fn opens_in(&self, now: WallTime) -> Option<Duration> {
        let next = self.windows.iter().find(|(_, closes)| now < *closes)?;
        Some(next.0.since(now))
    }
}

/// How long one round of votes takes at most: a request and its answer, each out byte by byte and then on its way.
fn round(link: Link) -> Duration {
    let rate = link.rate.map_or(u64::MAX, NonZeroU64::get);
    let out_ns = u64::from(BYTES).saturating_mul(1_000_000_000).div_ceil(rate);
    Duration::from_nanos(out_ns).saturating_add(link.latency_max).saturating_mul(2)
}

/// What it takes to elect a coordinator in the storm, by the contact plan and the clocks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Needs {
    /// How many stations are connected at most.
    pub(super) connected: usize,
    /// How many are needed.
    pub(super) majority: usize,
    /// How long one round of votes takes at most.
    pub(super) round: Duration,
    /// The first of the largest group to stand in the first term, and how long after the opening.
    pub(super) first: (NodeId, Duration),
    /// Which wall clock of the largest group is wrong: its station may stand when it should not, or not when it should, and
    /// have given its vote away by then.
    pub(super) wrong_clock: Option<String>,
}

impl Needs {
    pub(super) fn of(orbit: &Orbit) -> Needs {
        let round = round(orbit.link());
        let largest = orbit.groups.members().into_iter().max_by_key(Vec::len).unwrap_or_default();
        let first = largest.iter().copied().min_by_key(|station| place(*station, 1));
        let first = first.unwrap_or(NodeId::new(0));
        let wrong_clock = orbit.clock().filter(|_| largest.contains(&orbit.ahead.0));
        Needs {
            wrong_clock,
            connected: largest.len(),
            majority: majority(),
            round,
            first: (first, round.saturating_mul(place(first, 1))),
        }
    }

    /// For longer than this the window must be open: a vote that arrives when it closes elects too late.
    pub(super) fn open_min(&self) -> Duration {
        self.first.1.saturating_add(self.round)
    }
}
