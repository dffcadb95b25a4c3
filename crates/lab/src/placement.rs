//! Where a data system lives on the PACELC matrix (Abadi 2012), measured: what it gives up in a partition, and what else.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`client`] | how a store is reached: it is asked, and answers, refuses, or leaves its client in the dark |
//! | [`stores`] | [`Store`]: the stores that can be placed, and how they are set |
//! | [`protocol`] | what is asked when and where, and how the network is meanwhile: a state machine without input or output |
//! | [`simulated`] | the protocol and a store in one simulated world |
//! | [`hosted`] | a site of a store for a driver with real sockets and real time |
//! | [`record`] | what was asked and answered; all that follows is made of it |
//! | [`measure`] | from records to numbers |
//! | [`judged`] | from records to verdicts on consistency models, with their evidence |
//! | [`cell`] | from numbers and verdicts to a cell |
//! | [`downtime`] | what becomes of a store while the server of a site is down, apart from its cell |
//! | [`told`] | the placement in two sentences |
//! | [`numbers`] | the numbers under the sentences, row by row |
//! | [`own`] | a store of the user's own, as a file describes it |
//! | [`requirements`] | what a store must be, and what shows that it is not |
//! | [`written`] | a round as a trace, which can be written down and judged |
//! | [`mod@cap`] | why no store has both: the lost messages with which it breaks one of two promises |
//! | [`catalogue`] | where well-known systems are declared to live, by documents and papers |
//! | [`trade`] | what another setting gains and costs |
//! | [`mod@stability`] | whether other luck gives the same placement |

pub mod cap;
pub mod catalogue;
pub mod cell;
pub mod client;
pub mod downtime;
pub mod hosted;
pub mod judged;
pub mod measure;
pub mod numbers;
pub mod own;
pub mod protocol;
pub mod record;
pub mod requirements;
pub mod simulated;
pub mod stability;
pub mod stores;
pub mod told;
pub mod trade;
pub mod written;

use std::fmt;
use std::time::Duration;

use constellation_sim::WorldError;
use rayon::prelude::*;

use cell::{Cell, InPartition, Otherwise};
use client::Kind;
use judged::{Baseline, Consistency, Strongest};
use measure::{Answers, ByKey, Served, Trips};
use protocol::{Condition, Round, Way};
use record::{Asked, Record};
use stores::Neighbour;
pub use stores::{STORES, Store};
use trade::Trade;

/// What sites are called, in order.
pub const SITE_NAMES: [&str; 5] = ["pacific", "atlantic", "indian", "arctic", "antarctic"];

/// A store that was measured.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The store, with every setting.
    pub store: String,
    /// Its luck.
    pub seed: u64,
    /// Where it lives.
    pub cell: Cell,
    /// Whether the rounds without cuts are linearizable.
    pub normal: Consistency,
    /// Whether the rounds with a cut are, what was read back at the end included.
    pub in_partition: Consistency,
    /// What normal operation promises, and what of that the cuts broke.
    pub baseline: Baseline,
    /// What was done in each round without cuts, of what was asked.
    pub served: Vec<Served>,
    /// How many round trips operations take.
    pub trips: Vec<SiteTrips>,
    /// Stale reads without cuts.
    pub stale_normal: StaleReads,
    /// Stale reads in rounds with a cut, before what was read back.
    pub stale_in_partition: StaleReads,
    /// Who answered what during the cuts.
    pub answers: Vec<Answers>,
    /// Acknowledged writes that were gone at the end.
    pub lost: Lost,
    /// Of these, what became of those of clients that built on what they had read, and how many were overwritten unseen.
    pub overwritten: Overwritten,
    /// All that was asked and answered, round by round.
    pub records: Vec<Record>,
}

/// How many round trips an operation takes at a site.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SiteTrips {
    /// At which site, from 0.
    pub site: usize,
    /// Which operation.
    pub kind: Kind,
    /// How many, with the fastest of keys; `None` if too few were done.
    pub trips: Option<Trips>,
    /// How many with other keys and at other moments, if that depends on them.
    pub by_key: Option<ByKey>,
}

impl SiteTrips {
    /// How many with the key that takes the most, or at a bad moment.
    pub fn most(&self) -> Option<Trips> {
        self.by_key.map(|by_key| by_key.most).or(self.trips)
    }

    /// How many with all keys, each counted once with its fastest operation.
    pub fn mean(&self) -> Option<Trips> {
        self.by_key.map(|by_key| by_key.mean).or(self.trips)
    }
}

/// How many reads were stale.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StaleReads {
    /// How many.
    pub count: usize,
    /// Of how many that were done.
    pub of: usize,
    /// The greatest time from the acknowledgement of what replaced the value to the read.
    pub age_max: Duration,
}

/// How many acknowledged writes were lost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lost {
    /// How many are gone: no site that answered has them.
    pub count: usize,
    /// How many others a site did not show, even when it was asked again.
    pub partly: usize,
    /// How many more a site did not show until it was asked again, and then each time: these are not missed.
    pub late: usize,
    /// Of how many that were acknowledged and looked for.
    pub of: usize,
    /// How many more were acknowledged and could be read back at no site.
    pub unread: usize,
    /// How many of those that were looked for, and are not missed, a site could not be asked for: it did not answer.
    pub unread_partly: usize,
}

impl Lost {
    /// How many are missed by a site at the least, so long after the heal that it should have them: neither is kept.
    pub const fn missed(&self) -> usize {
        self.count + self.partly
    }

    /// Whether something was acknowledged, and all of it looked for, at every site.
    pub const fn is_known(&self) -> bool {
        self.of > 0 && self.unread == 0 && self.unread_partly == 0
    }
}

/// How many acknowledged writes that a client built on what it had read were overwritten by one that was not built on them,
/// while the store goes on as if nothing was missing. A linearizable store overwrites none so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Overwritten {
    /// How many.
    pub count: usize,
    /// Of how many that were looked for and are not lost.
    pub of: usize,
    /// The first: its round, its place in the record, and that of the write by which.
    pub first: Option<(usize, usize, usize)>,
}

impl Overwritten {
    /// The first, the write by which, and what was shown at the end, by their places in the record of its round.
    pub fn shown(&self, records: &[Record]) -> Option<(usize, Vec<usize>)> {
        let (round, write, by) = self.first?;
        let record = records.get(round)?;
        Some((round, [write, by].into_iter().chain(measure::read_back(record, write)).collect()))
    }
}

/// Why a store could not be measured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PlaceError {
    /// The simulated world could not be run.
    Run(WorldError),
    /// A round was not over in its time.
    Unfinished {
        /// How the network was in it.
        condition: Condition,
    },
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceError::Run(error) => write!(f, "the store cannot be simulated: {error}"),
            PlaceError::Unfinished { condition } => {
                write!(
                    f,
                    "the round in which {condition} was not over in its time, which is a bug of the protocol"
                )
            }
        }
    }
}

impl std::error::Error for PlaceError {}

impl fmt::Display for Way {
    /// What is said of the site: `is cut off`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Both => "is cut off",
            Way::From => "is not heard",
            Way::To => "hears nobody",
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Alike { delay } => write!(f, "every link takes {} ms", delay.as_millis()),
            Condition::Slow { site } => write!(f, "{} is slow", SITE_NAMES[*site]),
            Condition::Busy => f.write_str("all sites are busy"),
            Condition::Cut { site, way, fate } => {
                write!(f, "{} {}", SITE_NAMES[*site], told::cut_off((*way, *fate)))
            }
            Condition::Split { sites } => {
                let [one, other] = sites.map(|site| SITE_NAMES[site]);
                write!(f, "{one} and {other} are cut off from the others")
            }
            Condition::Down { site } => write!(f, "{} is down", SITE_NAMES[*site]),
            Condition::Pair { writer, reader, .. } => {
                write!(f, "{} is written to and {} is read", SITE_NAMES[*writer], SITE_NAMES[*reader])
            }
            Condition::Readers { writer, readers: [first, second], .. } => {
                let [writer, first, second] = [writer, first, second].map(|site| SITE_NAMES[*site]);
                write!(f, "{writer} is written to, {first} is read, and then {second}")
            }
        }
    }
}

impl Placement {
    /// Whether nothing that is told of two stores tells them apart: cell, sentences and numbers.
    pub fn is_alike(&self, other: &Placement) -> bool {
        let told = |of: &Placement| {
            [vec![told::partition(of), told::otherwise(of)], told::other_cuts(of), told::splits(of)]
        };
        let overwritten = |Overwritten { count, of, .. }: &Overwritten| (*count, *of);
        self.cell == other.cell
            && self.trips == other.trips
            && (self.stale_normal, self.stale_in_partition) == (other.stale_normal, other.stale_in_partition)
            && self.answers == other.answers
            && self.lost == other.lost
            && overwritten(&self.overwritten) == overwritten(&other.overwritten)
            && told(self) == told(other)
    }

    /// The strongest models of single operations that hold in the rounds without cuts, and in those with one. Takes as long
    /// as all the rest.
    pub fn strongest(&self) -> (Strongest, Strongest) {
        let numbered = self.records.iter().enumerate();
        let (normal, cut): (Vec<_>, Vec<_>) = numbered.partition(|(_, record)| record.round.is_normal());
        (judged::strongest(&normal), judged::strongest(&cut))
    }
}

/// Another way to set a store that was measured, and where it lives then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Elsewhere {
    /// The one thing that is set otherwise: `sync=all`.
    pub setting: String,
    /// The store as it is set then.
    pub store: Store,
    /// Where it lives.
    pub cell: Cell,
    /// What that gains and costs.
    pub trade: Trade,
}

/// What would have to be set otherwise for the store to live in another cell: every setting that differs in one thing, the
/// number of sites included, is measured, on all cores; those where the cell is another are given, the nearest first
/// ([`Neighbour::steps`](stores::Neighbour::steps)), then in the order of the settings. Costs as much as [`place`] for
/// each neighbour, some ten. Where nothing is given, no one setting is enough, and
/// [`StoreInfo::toward`](stores::StoreInfo::toward) says what would be.
///
/// # Errors
/// [`PlaceError`].
pub fn elsewhere(here: &Placement, store: &Store) -> Result<Vec<Elsewhere>, PlaceError> {
    let neighbours = store.neighbours();
    let measured = neighbours.into_par_iter().map(|Neighbour { setting, store, .. }| {
        let there = place(&store, here.seed)?;
        Ok(Elsewhere { setting, store, cell: there.cell, trade: Trade::between(here, &there) })
    });
    let measured = measured.collect::<Result<Vec<_>, _>>()?;
    Ok(measured.into_iter().filter(|there| there.cell != here.cell).collect())
}

/// Measures a store and says where it lives. Same store, same seed: same placement to the byte.
///
/// # Errors
/// [`PlaceError`].
pub fn place(store: &Store, seed: u64) -> Result<Placement, PlaceError> {
    let rounds = Round::all(store.sites);
    let records = rounds.iter().map(|round| store.run(round, seed)).collect::<Result<Vec<_>, _>>()?;
    Ok(placed(store.to_string(), seed, records))
}

/// The placement that follows from what was recorded, whoever drove it.
///
/// # Panics
/// If a server was down in a round: that is no cut, and judged apart ([`downtime`]).
pub fn placed(store: String, seed: u64, records: Vec<Record>) -> Placement {
    let down = records.iter().find_map(|record| record.round.down());
    assert!(down.is_none(), "the server of site {down:?} was down in a round, and no cell follows from that");
    let numbered = || records.iter().enumerate();
    let normal: Vec<_> = numbered().filter(|(_, record)| record.round.is_normal()).collect();
    let cut: Vec<_> = numbered().filter(|(_, record)| !record.round.is_normal()).collect();
    let (stale_normal, stale_in_partition) = (stale(&normal), stale(&cut));
    let answers: Vec<Answers> = cut.iter().flat_map(|(_, record)| measure::answers(record)).collect();
    let (lost, overwritten) = (lost(&cut), overwritten(&cut));
    let sites = records.first().map_or(0, |record| record.round.sites);
    let trips = measure::rows(sites)
        .map(|(site, kind)| SiteTrips {
            site,
            kind,
            trips: measure::trips(&records, site, kind),
            by_key: measure::by_key(&records, site, kind),
        })
        .collect();
    let served: Vec<Served> = normal.iter().flat_map(|(_, record)| measure::served(record)).collect();
    let (of_normal, of_cut) = (judged::linearizable(&normal), judged::linearizable(&cut));
    let baseline = Baseline::of((&normal, &of_normal), (&cut, &of_cut));
    let (normal, in_partition) = (of_normal, of_cut);
    let cell = Cell {
        partition: InPartition::of(&answers, &in_partition, &baseline, &lost),
        otherwise: Otherwise::of(&normal, &served),
    };
    Placement {
        store,
        seed,
        cell,
        normal,
        in_partition,
        baseline,
        served,
        trips,
        stale_normal,
        stale_in_partition,
        answers,
        lost,
        overwritten,
        records,
    }
}

fn stale(records: &[(usize, &Record)]) -> StaleReads {
    records.iter().fold(StaleReads::default(), |all, (_, record)| all.and(numbers::stale(record)))
}

fn lost(records: &[(usize, &Record)]) -> Lost {
    let mut all = Lost::default();
    for (_, record) in records {
        let is_acknowledged = |asked: &&Asked| asked.written().is_some() && asked.done().is_some();
        let of = all.of;
        all.unread += record.asked.iter().filter(is_acknowledged).count();
        for kept in measure::kept(record) {
            all.of += 1;
            if kept.is_lost() {
                all.count += 1;
            } else if !kept.missing.is_empty() {
                all.partly += 1;
            } else if !kept.unread.is_empty() {
                all.unread_partly += 1;
            } else if !kept.late.is_empty() {
                all.late += 1;
            }
        }
        // What was looked for is acknowledged.
        all.unread -= all.of - of;
    }
    all
}

fn overwritten(records: &[(usize, &Record)]) -> Overwritten {
    let mut all = Overwritten::default();
    for (round, record) in records {
        for built in measure::built(record) {
            all.of += 1;
            if let Some(by) = built.overwritten_by {
                all.count += 1;
                all.first.get_or_insert((*round, built.write, by));
            }
        }
    }
    all
}
