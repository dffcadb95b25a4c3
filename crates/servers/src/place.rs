//! A real server, placed: all rounds on one testbed, judged as a simulated store is, and what is in doubt where the machine
//! or an adapter did not do its part.

mod doubts;

use std::fmt;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constellation_fabric::{Calm, Link};
use constellation_lab::placement::downtime::Downtime;
use constellation_lab::placement::protocol::{Condition, Round};
use constellation_lab::placement::record::Record;
use constellation_lab::placement::{Placement, SITE_NAMES, placed};
use constellation_testbed::{Options, Testbed, TestbedError};

use crate::adapters;
use crate::down::{Downed, kill_leader};
use crate::drive::{Driven, Ended, Lateness, drive};
use crate::hunt::schedule::FaultKind;
use crate::installed::{self, Missing};
use crate::rounds::{Effort, KILL, rounds};
use crate::server::{Fresh, Joined, Mode, Server, ServerInfo, Site, Sites, Which};
use crate::stand::{Running, StandError, Wanted};
use crate::start::StartError;
pub use doubts::{Doubt, LATE_CUT, LATE_SWEEP};
use doubts::{doubt, doubts};

/// At how many sites a real server is placed.
pub const SITES: usize = 3;
/// What is to be placed, and how.
#[derive(Debug)]
pub struct Real<'a> {
    /// The server.
    pub server: &'a dyn Server,
    /// In which mode.
    pub mode: Mode,
    /// How long it may take.
    pub effort: Effort,
    /// The program that is each site and each adapter, which calls [`serve`](crate::serve) first of all.
    pub program: PathBuf,
    /// Set when the user has had enough; what was measured until then is told.
    pub stop: &'a AtomicBool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage<'a> {
    /// The server begins.
    Starting,
    /// A round begins: the how-manieth, from 1, of how many.
    Round {
        /// Which.
        nth: usize,
        /// Of how many.
        of: usize,
        /// How the network is in it.
        condition: &'a Condition,
    },
    /// It is looked for who leads, to kill that: in the last round.
    Killing {
        /// Of how many rounds.
        of: usize,
    },
    /// All is asked, and the judges have it.
    Judging,
}

/// A real server that was placed.
#[derive(Clone, Debug)]
pub struct RealPlacement {
    /// Where it lives, told and judged as a simulated store is.
    pub placement: Placement,
    /// What the server says of itself.
    pub info: ServerInfo,
    /// In which mode it ran.
    pub mode: Mode,
    /// What it says of its version, where it says anything.
    pub version: Option<String>,
    /// How much was measured.
    pub effort: Effort,
    /// How late the machine was in each round that was driven.
    pub lateness: Vec<(Condition, Lateness)>,
    /// What nobody can tell, and why.
    pub doubts: Vec<Doubt>,
    /// What became of it when whoever leads was killed.
    pub killing: Killing,
    /// What this testbed cannot do.
    pub limits: Vec<&'static str>,
    /// How long it took, judges included.
    pub took: Duration,
}

/// What is known of a server that was to be killed.
#[derive(Clone, Debug)]
pub enum Killing {
    /// It was, and begun again.
    Judged(Box<Killed>),
    /// Nothing, as there was no time for it.
    Quick,
    /// Nothing, as it is not meant to survive that.
    NotMeant,
    /// Nothing, as the user had had enough before the end of it.
    Interrupted,
    /// Nothing, for this reason.
    Failed(String),
}

/// A server that was killed and begun again.
#[derive(Clone, Debug)]
pub struct Killed {
    /// Whether it was that of the site that leads; else none does.
    pub is_leader: bool,
    /// What was asked and answered.
    pub record: Record,
    /// What became of the store.
    pub downtime: Downtime,
    /// Why some of that tells nothing.
    pub doubts: Vec<Doubt>,
}

/// Why a server cannot be placed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RealError {
    /// A program is not installed.
    Missing(Missing),
    /// This program was built without its client, which is behind the feature `real`.
    NoClient {
        /// What the server is called.
        server: String,
    },
    /// It does not stand.
    Stand(Box<StandError>),
    /// Sites are joined by proxies here, and the server cannot be told so.
    NotProxied {
        /// What it is called.
        server: String,
        /// Why there are no namespaces.
        reason: String,
    },
    /// The folder of the run cannot be made.
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl fmt::Display for RealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RealError::Missing(Missing { program, .. }) => {
                write!(f, "the program `{program}` is not installed")
            }
            RealError::NoClient { server } => {
                write!(f, "this program was built without the client of {server}")
            }
            RealError::Stand(error) => error.fmt(f),
            RealError::NotProxied { server, reason } => write!(
                f,
                "this machine refuses namespaces, {reason}; and {server} cannot be placed behind proxies instead"
            ),
            RealError::Folder { path, error } => {
                write!(f, "its folder `{}` cannot be made: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for RealError {}

impl From<StandError> for RealError {
    fn from(error: StandError) -> RealError {
        match error {
            StandError::Start(StartError::Missing(missing)) => RealError::Missing(missing),
            StandError::Start(StartError::Testbed(TestbedError::Folder { path, error })) => {
                RealError::Folder { path, error }
            }
            error => RealError::Stand(Box::new(error)),
        }
    }
}

/// A real server that was asked everything, and not judged yet.
#[derive(Clone, Debug)]
pub struct Unjudged {
    info: ServerInfo,
    mode: Mode,
    version: Option<String>,
    effort: Effort,
    driven: Vec<Driven>,
    ended: Ended,
    /// How many rounds there were to be.
    of: usize,
    /// What became of the server that was killed after them, or why none was.
    killing: Result<Downed, Killing>,
    limits: Vec<&'static str>,
    took: Duration,
}

/// Places a real server: takes as long as [`Effort`] says. `tell` hears how far it is.
///
/// # Errors
/// [`RealError`], if there is nothing to measure; nothing is left running.
pub fn place(real: &Real<'_>, mut tell: impl FnMut(Stage<'_>)) -> Result<RealPlacement, RealError> {
    let asked = ask(real, &mut tell)?;
    tell(Stage::Judging);
    Ok(asked.judged())
}

/// Asks a real server everything, and judges nothing: judges take a whole machine, on which others may still be asked.
///
/// # Errors
/// As [`place`].
pub fn ask(real: &Real<'_>, mut tell: impl FnMut(Stage<'_>)) -> Result<Unjudged, RealError> {
    let (begun, info) = (Instant::now(), real.server.info());
    check_client(real.server, &real.mode)?;
    installed::find(&info).map_err(RealError::Missing)?;
    let version = installed::version(&info);
    tell(Stage::Starting);
    let testbed = open(real, &info)?;
    let rounds = rounds(SITES, real.effort);
    let mut driven = Vec::new();
    let mut ground = Ground::new(real, &info, &testbed);
    let ended = ground.drive_all(&rounds, &mut driven, &mut tell)?;
    let killing = ground.kill(ended, &rounds, &mut tell);
    drop(ground);
    let limits = testbed.limits();
    drop(testbed);
    let (mode, effort, took) = (real.mode.clone(), real.effort, begun.elapsed());
    Ok(Unjudged { info, mode, version, effort, driven, ended, of: rounds.len(), killing, limits, took })
}

impl Unjudged {
    /// Where it lives. Takes some seconds.
    pub fn judged(self) -> RealPlacement {
        let begun = Instant::now();
        let Unjudged { info, mode, version, effort, driven, ended, of, killing, limits, took } = self;
        let lateness = driven.iter().map(|driven| (driven.record.round.condition, driven.lateness)).collect();
        let doubts = doubts(&driven, ended, of);
        let records: Vec<Record> = driven.into_iter().map(|driven| driven.record).collect();
        let mut placement = placed(called(&info, &mode), 0, records);
        for row in &mut placement.trips {
            // Who takes the most is told by the slowest operations, which on a real machine waited for something else: queueing
            // never makes an operation faster, but slower.
            row.by_key = None;
        }
        doubt(&mut placement, &doubts);
        // By what holds as long as nobody is killed.
        let killing = killing.map_or_else(|nothing| nothing, |downed| killed(downed, &placement));
        let took = took + begun.elapsed();
        RealPlacement { placement, info, mode, version, effort, lateness, doubts, killing, limits, took }
    }
}

/// What a server in one of its modes is called: `etcd/serializable`, or its name alone where it has only one.
pub fn called(info: &ServerInfo, mode: &Mode) -> String {
    match info.modes.len() {
        1 => info.name.clone(),
        _ => format!("{}/{}", info.name, mode.name),
    }
}

/// That the adapter that the server names is in this program. Which one that is depends on no site.
pub(crate) fn check_client(server: &dyn Server, mode: &Mode) -> Result<(), RealError> {
    let site = |number: usize| Site {
        name: SITE_NAMES[number].to_owned(),
        address: Ipv4Addr::LOCALHOST.into(),
        folder: PathBuf::new(),
    };
    let sites = Sites { all: (0..SITES).map(site).collect(), joined: Joined::Addresses };
    match server.adapter(mode, &sites, 0).which {
        Which::Adapter(name) if !adapters::is_there(&name) => {
            Err(RealError::NoClient { server: server.info().name })
        }
        Which::Adapter(_) | Which::Named(_) => Ok(()),
    }
}

/// What sites are like on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SitesHere {
    /// Whether each is a namespace, so that a switch carries every packet; else they are addresses of the loopback, and proxies
    /// carry TCP.
    pub is_switched: bool,
    /// What they cannot do, in a sentence each.
    pub limits: Vec<&'static str>,
}

/// What sites are like here, found out by joining some and parting them again, in some ten milliseconds.
///
/// # Errors
/// [`RealError`], if nothing can be placed here.
pub fn sites_here(program: PathBuf) -> Result<SitesHere, RealError> {
    let mut options = Options::new(SITES, Link::INSTANT, Box::new(Calm));
    options.program = Some(program);
    let testbed = Testbed::open(options).map_err(StandError::from)?;
    let is_switched = testbed.joined() == constellation_testbed::Joined::Switch;
    Ok(SitesHere { is_switched, limits: testbed.limits() })
}

fn open(real: &Real<'_>, info: &ServerInfo) -> Result<Testbed, RealError> {
    let mut options = Options::new(SITES, Link::INSTANT, Box::new(Calm));
    options.ports = real.server.ports();
    options.program = Some(real.program.clone());
    opened(options, real.server, info)
}

/// A testbed on which the server can run.
pub(crate) fn opened(
    mut options: Options,
    server: &dyn Server,
    info: &ServerInfo,
) -> Result<Testbed, RealError> {
    if server.ports().is_empty() {
        options.mode = constellation_testbed::Mode::Switch;
    }
    Testbed::open(options).map_err(|error| match error {
        TestbedError::Refused { namespaces: Some(reason), proxies: None } => {
            RealError::NotProxied { server: info.name.clone(), reason }
        }
        error => StandError::from(error).into(),
    })
}

/// Where the rounds take place.
struct Ground<'a> {
    real: &'a Real<'a>,
    testbed: &'a Testbed,
    wanted: Wanted<'a>,
    running: Option<Running<'a>>,
}

impl<'a> Ground<'a> {
    fn new(real: &'a Real<'a>, info: &'a ServerInfo, testbed: &'a Testbed) -> Ground<'a> {
        let wanted =
            Wanted { server: real.server, info, mode: &real.mode, program: &real.program, stop: real.stop };
        Ground { real, testbed, wanted, running: None }
    }

    /// Has nothing left of the servers of the last round.
    fn clear(&mut self) -> Result<(), StandError> {
        if self.running.take().is_some() {
            self.testbed.heal();
            empty(self.testbed)?;
        }
        Ok(())
    }

    /// Servers for the next round: those of the last one, or begun anew.
    fn stand(&mut self) -> Result<&mut Running<'a>, StandError> {
        if self.wanted.info.fresh == Fresh::Servers {
            self.clear()?;
        }
        let running = match self.running.take() {
            Some(running) => running,
            None => Running::start(self.testbed, self.wanted)?,
        };
        Ok(self.running.insert(running))
    }

    /// Drives the rounds until one does not go to its end; says how the last one ended.
    fn drive_all(
        &mut self,
        rounds: &[Round],
        driven: &mut Vec<Driven>,
        tell: &mut impl FnMut(Stage<'_>),
    ) -> Result<Ended, RealError> {
        let of = rounds.len() + usize::from(self.kills().is_ok());
        for (nth, round) in rounds.iter().enumerate() {
            let stand = match self.stand() {
                Err(StandError::Interrupted) => return Ok(Ended::Interrupted),
                stand => stand?,
            };
            tell(Stage::Round { nth: nth + 1, of, condition: &round.condition });
            let first_id = stand.next_id();
            let of_round = drive(round, stand, &format!("r{nth}-"), first_id);
            let ended = of_round.ended;
            driven.push(of_round);
            if ended != Ended::Whole || self.real.stop.load(Ordering::Relaxed) {
                return Ok(ended);
            }
        }
        Ok(Ended::Whole)
    }

    /// Whether a server is to be killed at all.
    fn kills(&self) -> Result<(), Killing> {
        match self.real.effort {
            Effort::Quick => Err(Killing::Quick),
            Effort::Whole if !self.real.server.survives(&self.real.mode).contains(&FaultKind::Kill) => {
                Err(Killing::NotMeant)
            }
            Effort::Whole => Ok(()),
        }
    }

    /// Kills whoever leads, once all rounds went to their end. What cannot be done then takes nothing from the placement.
    fn kill(
        &mut self,
        ended: Ended,
        rounds: &[Round],
        tell: &mut impl FnMut(Stage<'_>),
    ) -> Result<Downed, Killing> {
        self.kills()?;
        if ended == Ended::Interrupted || self.real.stop.load(Ordering::Relaxed) {
            return Err(Killing::Interrupted);
        }
        if ended != Ended::Whole {
            return Err(Killing::Failed("a round before that did not go to its end".to_owned()));
        }
        tell(Stage::Killing { of: rounds.len() + 1 });
        // Begun anew: what the last cut has left behind, such as two that both lead, would be taken for what the kill did.
        let cleared = self.clear();
        let stand = cleared.and_then(|()| self.stand()).map_err(|error| match error {
            StandError::Interrupted => Killing::Interrupted,
            error => Killing::Failed(error.to_string()),
        })?;
        let first_id = stand.next_id();
        Ok(kill_leader(stand, (SITES, KILL), ("down-", first_id)))
    }
}

/// What became of a server that was killed, of a store that is placed so.
fn killed(Downed { leader, driven }: Downed, placement: &Placement) -> Killing {
    let Driven { record, lateness, amiss, ended } = driven;
    let condition = record.round.condition;
    match (ended, amiss) {
        (Ended::Whole, _) => {}
        (Ended::Interrupted, _) => return Killing::Interrupted,
        (_, Some(amiss)) => return Killing::Failed(Doubt::of(amiss, condition).to_string()),
        (_, None) => return Killing::Failed(Doubt::TooLong { condition }.to_string()),
    }
    let busy = (lateness.most >= LATE_CUT).then_some(Doubt::BusyCut { condition, late: lateness.most / 2 });
    let downtime = Downtime::of(&record, &placement.baseline.models);
    let downtime = downtime.expect("a server was down in the round");
    let (is_leader, doubts) = (leader.is_some(), busy.into_iter().collect());
    Killing::Judged(Box::new(Killed { is_leader, record, downtime, doubts }))
}

/// Empties the folders of all sites, at which nothing runs.
pub(crate) fn empty(testbed: &Testbed) -> Result<(), StartError> {
    let remove = |path: &Path| {
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
    };
    for site in testbed.sites() {
        let entries = fs::read_dir(site.folder());
        let entries = entries.map_err(|error| StartError::File { path: site.folder().to_owned(), error })?;
        for path in entries.flatten().map(|entry| entry.path()) {
            remove(&path).map_err(|error| StartError::File { path, error })?;
        }
    }
    Ok(())
}
