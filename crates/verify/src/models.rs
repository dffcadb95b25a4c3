//! Which consistency models a history satisfies: one judge a model, all with the same question and kind of answer.
//!
//! ```
//! use constellation_trace::Sessions;
//! use constellation_verify::models::{self, Finding, Patience, Recorded};
//! use constellation_verify::Budget;
//!
//! // The answer to a question is seen by somebody who does not see the question.
//! let sessions = Sessions::sketch(
//!     "pacific   w(question,1)
//!      atlantic  r(question,1)  w(answer,1)
//!      indian    r(answer,1)  r(question,nil)",
//! )?;
//! let causal = models::find("causal").expect("it is in the table");
//! let finding = causal.judge(&Recorded::from(&sessions), &mut Patience::new(Budget::default()));
//! let Finding::Violated(anomaly) = finding else { panic!("an effect was seen without its cause") };
//! let last = anomaly.edges.last().expect("a cycle").show(&sessions);
//! assert_eq!(last, "indian r(question,nil) before pacific w(question,1): it reads an older question");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | what it holds |
//! | --- | --- |
//! | `finding` | [`Finding`], [`Anomaly`], [`Edge`], [`Why`], [`DeadEnd`]: what a judge of a model answers |
//! | `patience` | [`Patience`]: how long and in how much memory it may look |
//! | `minimal` | [`minimal()`]: the smallest part of a history that still cannot be explained |
//! | `lattice` | [`implies`], [`Border`]: which models imply which, and where the line runs |
//! | `separations` | [`SEPARATIONS`], [`SMALLEST`], [`Shape`]: the histories that tell models apart, and which anomalies are examples of them |
//! | `told` | [`verdict`]: the same in the words of a [`Verdict`](constellation_trace::Verdict) |
//! | `observed`, `sources`, `past`, `writers`, `front` | who read from whom, what is in whose past, who wrote what when, and going forward through all sessions at once: for all judges |
//! | `forward` | one pass through causal histories, which most need no more than |
//! | `specification` | [`Specification`]: what an object of your own may do, one operation at a time |
//! | `objects` | [`Object`]: the specifications that are there |
//! | `asked`, `items`, `search` | which objects a record speaks of, its operations, and the search for an order of them |
//! | `sums` | what few operations show of objects that are sums, as counters and mutexes are |
//! | `graph`, `versions`, `lists` | arrows with reasons and their cycles; who wrote what; lists as registers: for judges of transactions |
//! | `elements` | lists as a register for each value: for judges of causes |
//! | `ordering` | one order of beginnings and commits: for the models from parallel snapshot to strict serializable |
//! | `weakness` | what a judge can be made to forget, for tests of the tests |
//! | the others | one model each, or one family with one algorithm |

mod asked;
mod causal;
mod causal_convergence;
mod convergence;
mod elements;
mod finding;
mod forward;
mod front;
mod graph;
mod guarantees;
mod items;
mod lattice;
mod linearizable;
mod lists;
mod minimal;
mod objects;
mod observed;
mod ordering;
mod past;
mod patience;
mod read_atomic;
mod read_committed;
mod search;
mod separations;
mod sequential;
mod serializable;
mod snapshot_isolation;
mod sources;
mod specification;
mod sums;
mod told;
mod transactional_causal;
mod versions;
mod views;
mod weakness;
mod writers;

pub use causal::{Causal, CausalStream, CausalStreamError};
pub use causal_convergence::CausalConvergence;
use constellation_trace::ids::nearest;
use constellation_trace::{History, Limit, Sessions};
pub use convergence::{EventualConvergence, StrongConvergence};
pub use finding::{Anomaly, Blocked, DeadEnd, Edge, Finding, Placed, Start, Why};
pub use guarantees::{Guarantee, Guarantees};
pub use lattice::{Border, Judged, Known, conclude, conclude_from, implies, strongest_first};
pub use linearizable::{Linearizable, Stream, StreamError};
pub use minimal::{Minimal, minimal};
pub use objects::{
    Counter, CounterOperation, FailedSet, List, ListOperation, Mutex, MutexOperation, Object, Queue,
    QueueOperation, Register, RegisterOperation, Set, SetOperation, Text, TextOperation,
};
pub use patience::Patience;
pub use read_atomic::ReadAtomic;
pub use read_committed::{AdyaPl2, ReadCommitted};
pub use separations::{Among, SEPARATIONS, SMALLEST, Separation, Shape, taken_apart};
pub use sequential::Sequential;
pub use serializable::Serializable;
pub use snapshot_isolation::{ParallelSnapshot, Prefix, SnapshotIsolation};
use sources::Sources;
pub use specification::{Answer, Bonds, Specification, Sum};
pub use told::verdict;
pub use transactional_causal::TransactionalCausal;
pub use views::{CausalMemory, Pram};
#[doc(hidden)]
pub use weakness::Weakness;

/// A consistency model that a history can be judged by.
pub trait Model: Sync {
    /// What it is called, what it says, and what judging costs.
    fn about(&self) -> &'static About;

    /// Whether what was recorded satisfies it. Never [`Finding::Holds`] or [`Finding::Violated`] by guess: where the
    /// record does not say enough, or `patience` ends, the answer is [`Finding::Unknown`].
    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding;

    /// Whether a history is wrong as soon as a part of it is; asked before a violation is made smaller.
    fn parts(&self) -> Parts {
        Parts::Prove
    }
}

/// What a violation by a part of a history says of the whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Parts {
    /// That it violates the model, too: transactions only ever add constraints, as long as reads have their writes.
    Prove,
    /// As [`Parts::Prove`], and that of the writes of one value a read needs only those that time leaves it: which were not
    /// over and overwritten before it began, nor begun after it was over.
    ProveByTime,
    /// Nothing: what is left out may be the very reason.
    ProveNothing,
}

/// What is to be known of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct About {
    /// What it is called on the command line: `causal`.
    pub name: &'static str,
    /// What it promises, as a sentence without its full stop that begins in lower case: it may follow *expected*.
    pub sentence: &'static str,
    /// Who defined it, and where.
    pub source: &'static str,
    /// What judging costs: n transactions, m accesses, k sessions. Where values are written again and several writes explain a
    /// read, models of sessions of reads and writes are judged once for each choice, at most 4,096 times.
    pub cost: &'static str,
    /// What it speaks of.
    pub judges: Judges,
    /// The models that hold wherever this one does, by name; those that they imply need not be repeated.
    pub implies: &'static [&'static str],
}

/// What a model speaks of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Judges {
    /// Single operations on objects; transactions of several are beyond it.
    Operations,
    /// Transactions, of which a single operation is the smallest.
    Transactions,
}

/// What is judged: sessions of reads and writes, the operations behind them, or both.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Recorded<'a> {
    /// Reads and writes, by sessions of transactions.
    pub sessions: Option<&'a Sessions>,
    /// Operations on objects. Where `sessions` were made from a history, it is this one.
    pub history: Option<&'a History>,
    /// What the operations are of; `None` has it guessed from them.
    pub object: Option<Object>,
    /// What a failed compare-and-set says.
    pub failed_set: FailedSet,
    /// Which writes are read where several explain a read, if that is chosen.
    sources: Option<&'a Sources>,
}

impl<'a> Recorded<'a> {
    /// The same with the operations behind it.
    #[must_use]
    pub const fn with_history(mut self, history: &'a History) -> Recorded<'a> {
        self.history = Some(history);
        self
    }

    /// The same, but the operations are of this object, whatever they look like.
    #[must_use]
    pub const fn with_object(mut self, object: Object) -> Recorded<'a> {
        self.object = Some(object);
        self
    }

    /// The same, but a failed compare-and-set says this.
    #[must_use]
    pub const fn with_failed_set(mut self, failed_set: FailedSet) -> Recorded<'a> {
        self.failed_set = failed_set;
        self
    }

    /// The sessions, if there are any and all keys are registers; lists are for judges that know of them.
    ///
    /// # Errors
    /// [`Limit::Unfit`], with the first list.
    pub fn registers(&self) -> Result<&'a Sessions, Limit> {
        let sessions =
            self.sessions.ok_or_else(|| Limit::Unfit("these are no reads and writes".to_owned()))?;
        for id in sessions.ids() {
            if let Some(access) = sessions.accesses(id).iter().find(|access| access.act.is_of_list()) {
                let key = finding::key_name(sessions, access.key);
                return Err(Limit::Unfit(format!("{key} is a list, and only registers can be judged")));
            }
        }
        Ok(sessions)
    }
}

impl<'a> From<&'a Sessions> for Recorded<'a> {
    fn from(sessions: &'a Sessions) -> Recorded<'a> {
        Recorded { sessions: Some(sessions), ..Recorded::default() }
    }
}

impl<'a> From<&'a History> for Recorded<'a> {
    fn from(history: &'a History) -> Recorded<'a> {
        Recorded { history: Some(history), ..Recorded::default() }
    }
}

/// Every model that is known, the stronger ones of a family first.
static ALL: [&dyn Model; 24] = [
    &Linearizable,
    &Sequential,
    &CausalConvergence,
    &CausalMemory,
    &Causal,
    &Pram,
    &guarantees::SINGLE[0],
    &guarantees::SINGLE[1],
    &guarantees::SINGLE[2],
    &guarantees::SINGLE[3],
    &StrongConvergence,
    &EventualConvergence,
    // Of transactions.
    &Serializable::STRICT,
    &Serializable::SESSION,
    &Serializable::PLAIN,
    &SnapshotIsolation::STRONG,
    &SnapshotIsolation::SESSION,
    &SnapshotIsolation::PLAIN,
    &Prefix,
    &ParallelSnapshot,
    &TransactionalCausal,
    &ReadAtomic,
    &ReadCommitted,
    &AdyaPl2,
];

/// Every model that is known; of the sets of session guarantees only those of one, since [`find`] knows the others.
pub fn all() -> &'static [&'static dyn Model] {
    &ALL
}

/// The model with this name. Session guarantees with `+` between are the set of them.
///
/// # Errors
/// The name that was most likely meant, if one is near.
pub fn find(name: &str) -> Result<&'static dyn Model, Option<&'static str>> {
    let found = all().iter().copied().find(|model| model.about().name == name);
    let set = || guarantees::named(name).map(|set| set as &'static dyn Model);
    found.or_else(set).ok_or_else(|| nearest(name, all().iter().map(|model| model.about().name)))
}
