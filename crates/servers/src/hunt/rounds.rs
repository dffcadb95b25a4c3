//! All rounds of a hunt on one testbed, until something is found or the time is up.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constellation_fabric::Link;
use constellation_lab::placement::client::Answer;
use constellation_lab::placement::own::SITES;
use constellation_lab::placement::record::Record;
use constellation_testbed::{Options, Testbed, Wall};

use super::judged::{Claim, Judged, Violation};
use super::luck::Luck;
use super::schedule::{FaultKind, Schedule};
use super::trial::{Pace, Tried, carry_out};
use crate::drive::{Amiss, Ended, Lateness};
use crate::installed;
use crate::place::{self, RealError};
use crate::server::{Fresh, Mode, Server, ServerInfo};
use crate::stand::{Running, StandError, Wanted};

/// What is hunted, and how.
#[derive(Debug)]
pub struct Hunt<'a> {
    /// The server.
    pub server: &'a dyn Server,
    /// In which mode.
    pub mode: Mode,
    /// What it is judged by.
    pub claim: Claim,
    /// Which schedules are carried out.
    pub schedules: Schedules,
    /// How much time a round takes.
    pub pace: Pace,
    /// For how long; no round begins after that, but one is always made.
    pub time: Duration,
    /// How often a schedule that showed something is tried again.
    pub tries: u32,
    /// The program that is each site and each adapter, which calls [`serve`](crate::serve) first of all.
    pub program: PathBuf,
    /// Set when the user has had enough; what was found until then is told.
    pub stop: &'a AtomicBool,
}

/// Which schedules are carried out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Schedules {
    /// Those of this seed and the next ones, a round each.
    Seeds {
        /// The first.
        from: u64,
        /// Of which kinds their faults are.
        kinds: Vec<FaultKind>,
    },
    /// This one, again and again.
    One(Schedule),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage<'a> {
    /// The server begins.
    Starting,
    /// A round begins.
    Round {
        /// The how-manieth, from 1.
        nth: u64,
        /// What is done in it.
        schedule: &'a Schedule,
        /// How many operations were made before it.
        operations: u64,
    },
    /// The judges have a round.
    Judging,
    /// What was found is tried again.
    Again {
        /// The how-manieth time, from 1.
        nth: u32,
        /// Of how many.
        of: u32,
    },
}

/// What came of a hunt.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// What the server says of itself.
    pub info: ServerInfo,
    /// What it says of its version, where it says anything.
    pub version: Option<String>,
    /// How many rounds went to their end and were judged; those of the tries not among them.
    pub rounds: u64,
    /// How many operations they had.
    pub operations: u64,
    /// How many of these were answered.
    pub answered: u64,
    /// How many rounds nobody can tell of, and why, for the first of them.
    pub unknown: (u64, Vec<String>),
    /// After how many rounds the servers did not answer any more, though all was healed, and were begun anew.
    pub fallen: u64,
    /// What was found, if anything.
    pub finding: Option<Found>,
    /// How late the machine was at most.
    pub lateness: Lateness,
    /// Whether the user has had enough.
    pub is_interrupted: bool,
    /// What this testbed cannot do.
    pub limits: Vec<&'static str>,
    /// How long it took, tries included.
    pub took: Duration,
}

/// A round in which a claim did not hold.
#[derive(Clone, Debug)]
pub struct Found {
    /// The how-manieth, from 1.
    pub round: u64,
    /// What was done.
    pub schedule: Schedule,
    /// What was asked and answered.
    pub record: Record,
    /// What is wrong.
    pub violation: Violation,
    /// In how many of how many more tries the claim did not hold, and of how many nobody can tell.
    pub again: Again,
}

/// What came of trying a schedule again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Again {
    /// How often it was tried.
    pub tries: u32,
    /// How often the claim did not hold.
    pub violated: u32,
    /// How often nobody could tell.
    pub unknown: u32,
}

/// So many reasons why nobody can tell are kept.
const REASONS_MAX: usize = 5;
/// So many rounds in a row may not go to their end before it makes no sense to go on.
const AMISS_MAX: u32 = 5;

/// Where rounds are made.
pub trait Field {
    /// For how long it has been hunted on.
    fn elapsed(&self) -> Duration;

    /// Has a server stand there that answers: that of the round before, if it does, or one begun anew.
    ///
    /// # Errors
    /// Why there is none.
    fn stand(&mut self, tell: &mut dyn FnMut(Stage<'_>)) -> Result<(), StandError>;

    /// Makes a round with the server that stands, under keys of its own.
    ///
    /// # Errors
    /// [`StandError::Interrupted`].
    fn carry_out(&mut self, schedule: &Schedule) -> Result<Tried, StandError>;

    /// Ends the server, so that the next is begun anew.
    fn leave(&mut self);

    /// After how many rounds the servers did not answer any more, though all was healed.
    fn fallen(&self) -> u64;
}

/// Hunts: takes as long as it is told, the last round, and the tries. `tell` hears how far it is.
///
/// # Errors
/// [`RealError`], if there is nothing to hunt; nothing is left running.
pub fn hunt(hunt: &Hunt<'_>, mut tell: impl FnMut(Stage<'_>)) -> Result<Hunted, RealError> {
    let (begun, info) = (Instant::now(), hunt.server.info());
    place::check_client(hunt.server, &hunt.mode)?;
    installed::find(&info).map_err(RealError::Missing)?;
    let version = installed::version(&info);
    let testbed = open(hunt, &info)?;
    let wanted = Wanted {
        server: hunt.server,
        info: &info,
        mode: &hunt.mode,
        program: &hunt.program,
        stop: hunt.stop,
    };
    let mut ground = Ground { hunt, testbed: &testbed, wanted, begun, running: None, nth: 0, fallen: 0 };
    let hunted = hunt_on(&mut ground, hunt, &mut tell)?;
    Ok(Hunted { version, limits: testbed.limits(), ..hunted })
}

/// Hunts on a field of whatever kind; what it needs does not grow with how long it lasts, but for what is found.
///
/// # Errors
/// As [`hunt`].
pub fn hunt_on(
    field: &mut impl Field,
    hunt: &Hunt<'_>,
    tell: &mut dyn FnMut(Stage<'_>),
) -> Result<Hunted, RealError> {
    let mut hunted = Hunted {
        info: hunt.server.info(),
        version: None,
        rounds: 0,
        operations: 0,
        answered: 0,
        unknown: (0, Vec::new()),
        fallen: 0,
        finding: None,
        lateness: Lateness::default(),
        is_interrupted: false,
        limits: Vec::new(),
        took: Duration::ZERO,
    };
    let ended = rounds(field, hunt, &mut hunted, tell);
    let again = match (&ended, &hunted.finding) {
        (Ok(()), Some(found)) => again(field, hunt, &found.schedule.clone(), tell),
        _ => Again::default(),
    };
    if let Some(found) = &mut hunted.finding {
        found.again = again;
    }
    match ended {
        Ok(()) => {}
        Err(StandError::Interrupted) => hunted.is_interrupted = true,
        // What was hunted before is not lost because a server did not begin again.
        Err(error) if hunted.rounds > 0 => hunted.cannot_tell(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    hunted.is_interrupted |= hunt.stop.load(Ordering::Relaxed);
    hunted.took = field.elapsed();
    Ok(hunted)
}

/// Until something is found, the time is up, or it makes no sense to go on.
fn rounds(
    field: &mut impl Field,
    hunt: &Hunt<'_>,
    hunted: &mut Hunted,
    tell: &mut dyn FnMut(Stage<'_>),
) -> Result<(), StandError> {
    let mut amiss_in_a_row = 0;
    for round in 0_u64.. {
        if round > 0 && field.elapsed() >= hunt.time || amiss_in_a_row >= AMISS_MAX {
            break;
        }
        let schedule = hunt.schedule(round);
        field.stand(tell)?;
        let (nth, operations) = (round + 1, hunted.operations);
        tell(Stage::Round { nth, schedule: &schedule, operations });
        let tried = field.carry_out(&schedule)?;
        hunted.count(&tried);
        hunted.fallen = field.fallen();
        amiss_in_a_row = if tried.amiss.is_some() { amiss_in_a_row + 1 } else { 0 };
        tell(Stage::Judging);
        match judge(hunt.claim, &tried) {
            Judged::Holds => {}
            Judged::Unknown(reason) => {
                hunted.cannot_tell(format!("round {nth}, seed {}: {reason}", schedule.seed));
            }
            Judged::Violated(violation) => {
                let (record, again) = (tried.record, Again::default());
                hunted.finding = Some(Found { round: nth, schedule, record, violation, again });
                break;
            }
        }
    }
    Ok(())
}

/// Tries a schedule again, each time with servers that were begun anew.
fn again(
    field: &mut impl Field,
    hunt: &Hunt<'_>,
    schedule: &Schedule,
    tell: &mut dyn FnMut(Stage<'_>),
) -> Again {
    let (mut again, of) = (Again::default(), hunt.tries);
    for nth in 1..=of {
        tell(Stage::Again { nth, of });
        field.leave();
        let tried = field.stand(tell).and_then(|()| field.carry_out(schedule));
        let judged = match tried {
            Ok(tried) => {
                tell(Stage::Judging);
                judge(hunt.claim, &tried)
            }
            Err(StandError::Interrupted) => break,
            Err(error) => Judged::Unknown(error.to_string()),
        };
        again.tries += 1;
        match judged {
            Judged::Holds => {}
            Judged::Violated(_) => again.violated += 1,
            Judged::Unknown(_) => again.unknown += 1,
        }
    }
    again
}

fn judge(claim: Claim, tried: &Tried) -> Judged {
    match (&tried.amiss, claim.judge(tried)) {
        // What was seen to be wrong by a model is wrong, however the round ended; what is left after a heal that was none
        // tells nothing.
        (Some(amiss), judged) => match (judged, claim) {
            (violated @ Judged::Violated(_), Claim::Model(_)) => violated,
            _ => Judged::Unknown(match amiss {
                Amiss::Adapter(fault) => fault.to_string(),
                Amiss::Harm(what) => format!("the schedule could not be carried out: {what}"),
            }),
        },
        (None, judged) => judged,
    }
}

fn open(hunt: &Hunt<'_>, info: &ServerInfo) -> Result<Testbed, RealError> {
    let seed = match &hunt.schedules {
        Schedules::Seeds { from, .. } => *from,
        Schedules::One(schedule) => schedule.seed,
    };
    // A network that loses asks with each packet, and when which is sent nobody can say.
    let mut options = Options::new(SITES, Link::INSTANT, Box::new(Luck::of(seed)));
    options.ports = hunt.server.ports();
    options.program = Some(hunt.program.clone());
    place::opened(options, hunt.server, info)
}

impl Hunt<'_> {
    fn schedule(&self, round: u64) -> Schedule {
        match &self.schedules {
            // Wrapping: after the last seed comes the first.
            Schedules::Seeds { from, kinds } => {
                Schedule::of(from.wrapping_add(round), kinds, self.pace.faults)
            }
            Schedules::One(schedule) => schedule.clone(),
        }
    }

    /// A model says nothing of what sites come to show, so that nothing is waited for as long as they may take.
    fn pace(&self) -> Pace {
        match self.claim {
            Claim::Model(_) => Pace { converges: self.pace.heals, ..self.pace },
            Claim::Eventually => self.pace,
        }
    }

    /// Whether clocks are to lie, for which servers are begun otherwise.
    fn wall(&self) -> Wall {
        let has_clock = match &self.schedules {
            Schedules::Seeds { kinds, .. } => kinds.contains(&FaultKind::Clock),
            Schedules::One(schedule) => {
                schedule.faults.iter().any(|fault| fault.harm.kind() == FaultKind::Clock)
            }
        };
        if has_clock { Wall::Told } else { Wall::True }
    }
}

impl Hunted {
    fn cannot_tell(&mut self, reason: String) {
        let (count, reasons) = &mut self.unknown;
        *count += 1;
        if reasons.len() < REASONS_MAX && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }

    fn count(&mut self, tried: &Tried) {
        let asked = &tried.record.asked;
        self.rounds += 1;
        self.operations += asked.len() as u64;
        let is_answered = |ended: &Option<(Duration, Answer)>| matches!(ended, Some((_, Answer::Ok(_))));
        self.answered += asked.iter().filter(|one| is_answered(&one.ended)).count() as u64;
        let Lateness { typical, most } = tried.lateness;
        self.lateness.typical = self.lateness.typical.max(typical);
        self.lateness.most = self.lateness.most.max(most);
    }
}

/// A testbed, with a server on it.
struct Ground<'a, 't> {
    hunt: &'a Hunt<'a>,
    testbed: &'t Testbed,
    wanted: Wanted<'t>,
    begun: Instant,
    running: Option<Running<'t>>,
    /// How many rounds there were, those of tries among them.
    nth: u64,
    fallen: u64,
}

impl Field for Ground<'_, '_> {
    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn stand(&mut self, tell: &mut dyn FnMut(Stage<'_>)) -> Result<(), StandError> {
        if self.wanted.info.fresh == Fresh::Servers {
            self.running = None;
        }
        if let Some(running) = &mut self.running {
            match running.wait_until_it_answers() {
                Ok(()) => return Ok(()),
                Err(StandError::Interrupted) => return Err(StandError::Interrupted),
                // The round before was judged; the next one is for servers that stand.
                Err(_) => (self.running, self.fallen) = (None, self.fallen + 1),
            }
        }
        if self.nth > 0 {
            self.testbed.heal();
            place::empty(self.testbed)?;
        }
        tell(Stage::Starting);
        self.running = Some(Running::start_with(self.testbed, self.wanted, self.hunt.wall())?);
        Ok(())
    }

    fn carry_out(&mut self, schedule: &Schedule) -> Result<Tried, StandError> {
        let Some(running) = &mut self.running else { return Err(StandError::Interrupted) };
        self.nth += 1;
        let first_id = running.next_id();
        let tried = carry_out(schedule, self.hunt.pace(), running, (&format!("h{}-", self.nth), first_id));
        if tried.amiss.is_some() {
            // Nobody knows in which state it is.
            self.running = None;
        }
        match tried.ended {
            Ended::Interrupted => Err(StandError::Interrupted),
            Ended::Whole | Ended::Failed | Ended::TooLong => Ok(tried),
        }
    }

    fn leave(&mut self) {
        self.running = None;
    }

    fn fallen(&self) -> u64 {
        self.fallen
    }
}

/// The kinds of faults of a schedule, each once, in order.
pub fn kinds_of(schedule: &Schedule) -> Vec<FaultKind> {
    let kinds: BTreeSet<FaultKind> = schedule.faults.iter().map(|fault| fault.harm.kind()).collect();
    kinds.into_iter().collect()
}
