//! Forty-eight seconds without an answer: six worlds that look the same to the client, and what it costs to ask again.
//!
//! Pacific asks the satellite MSS-23 to fire its thruster, and no reply comes in time. The request was lost, or the reply;
//! or the satellite crashed before the work, or after it; or it was slow; or the link was cut. Until the time is up these are
//! one and the same to Pacific: a time-out says only that somebody stopped waiting. What it does then decides how often the
//! thruster fires.
//!
//! ```
//! use constellation_lab::incidents::mss23::{Keys, Mss23, Retries};
//! use constellation_trace::Judgement;
//!
//! let blind = Mss23::new(Retries::Blind).run(1).unwrap();
//! let twice = blind.accounts().iter().filter(|account| account.fired == 2).count();
//! assert_eq!((twice, Judgement::exit_code(&blind.judgements)), (4, 1));
//!
//! let keyed = Mss23::new(Retries::Keyed).run(1).unwrap();
//! assert!(keyed.accounts().iter().all(|account| account.fired == 1));
//!
//! // A key that is forgotten is none.
//! let forgetful = Mss23 { keys: Keys::InMemory, ..Mss23::new(Retries::Keyed) }.run(1).unwrap();
//! assert_eq!(Judgement::exit_code(&forgetful.judgements), 1);
//! ```

mod judge;
mod thruster;
mod world;

use std::time::Duration;

use constellation_trace::{Judgement, NodeId, Trace};

pub use judge::{Account, judge};
pub use world::World;

use crate::lane::Lane;
use crate::simulate::RunError;
use crate::subject::Subject;

/// Who asks.
pub const CLIENT: NodeId = NodeId::new(0);
/// Who is asked.
pub const SATELLITE: NodeId = NodeId::new(1);
/// How long the client waits for the reply to each try.
pub const TIMEOUT: Duration = Duration::from_secs(48);

/// What it asks: to fire, for a burn of this name; and how often the thruster has fired.
const FIRE: &str = "fire";
const ORDER: &str = "burn-1";
const BURNS: &str = "burns";

/// What the client does when no reply comes in time.
///
/// It decides what can be promised. Who gives up is promised that the thruster fires at most once, and no more: whether it
/// did, nobody tells. Who asks again is promised that it fires once, neither twice nor never; without a key that is broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retries {
    /// It gives up, and does not know.
    None,
    /// It asks again, and the satellite cannot tell that from another order.
    Blind,
    /// It asks again by the same idempotency key.
    Keyed,
}

impl Retries {
    /// Each with what it is called on the command line.
    pub const NAMES: [(&'static str, Retries); 3] =
        [("none", Retries::None), ("blind", Retries::Blind), ("keyed", Retries::Keyed)];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        Retries::NAMES.iter().find(|(_, retries)| *retries == self).expect("each has a name").0
    }
}

/// Where the satellite keeps the keys for which it has fired.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keys {
    /// On its disk, written in one step with the work.
    OnDisk,
    /// In memory alone, and a restart has none. Wrong: a crash after the work forgets that it was done.
    InMemory,
}

/// The study: how the client asks, and what the satellite keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mss23 {
    /// What the client does when no reply comes in time.
    pub retries: Retries,
    /// Where the satellite keeps its keys.
    pub keys: Keys,
}

/// The runs of a study, judged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ran {
    /// How they were made.
    pub study: Mss23,
    /// From which seed, which decides how long each message takes.
    pub seed: u64,
    /// What happened, a run for each world.
    pub runs: Vec<(World, Trace)>,
    /// The verdicts; evidence names no command to replay it yet.
    pub judgements: Vec<Judgement>,
}

impl Mss23 {
    /// This client, and a satellite that keeps its keys.
    pub const fn new(retries: Retries) -> Mss23 {
        Mss23 { retries, keys: Keys::OnDisk }
    }

    /// Runs all six worlds, and judges them.
    ///
    /// # Errors
    /// [`RunError`] when a run has no end, which none of this version does.
    pub fn run(self, seed: u64) -> Result<Ran, RunError> {
        self.run_in(&World::ALL, seed)
    }

    /// Runs these worlds, and judges them; of one alone nobody asks whether it looks like another.
    ///
    /// # Errors
    /// As [`Mss23::run`].
    pub fn run_in(self, worlds: &[World], seed: u64) -> Result<Ran, RunError> {
        let run = |world: &World| Ok((*world, world::run(self, Some(*world), seed)?));
        let runs = worlds.iter().map(run).collect::<Result<Vec<_>, RunError>>()?;
        let judgements = judge(self.retries, &runs);
        Ok(Ran { study: self, seed, runs, judgements })
    }

    /// What its tapes call it: `mss-23/blind`.
    pub fn name(self) -> String {
        format!("mss-23/{}", self.retries.name())
    }

    /// The same client and satellite in a world in which luck decides what goes wrong, ready to be hunted. It is promised
    /// that the thruster fires at most once: where both tries may be lost, nobody can promise more.
    pub fn subject(self) -> Box<dyn Subject> {
        world::subject(self)
    }

    /// The run in which nothing goes wrong, that each world is but for one thing.
    ///
    /// # Errors
    /// As [`Mss23::run`].
    pub fn calm(self, seed: u64) -> Result<Trace, RunError> {
        world::run(self, None, seed)
    }
}

impl Ran {
    /// What came of each world, in the order of the runs.
    pub fn accounts(&self) -> Vec<Account> {
        self.runs.iter().map(|(world, trace)| Account::of(*world, trace)).collect()
    }

    /// What the client saw in each world until its time was up, in the order of the runs. They are equal, if they look alike.
    pub fn lanes(&self) -> Vec<Lane> {
        self.runs.iter().map(|(_, trace)| judge::lane(trace)).collect()
    }
}
