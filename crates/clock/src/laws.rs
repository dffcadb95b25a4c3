//! The laws of logical clocks, as a judge that runs them on anybody's [`Clock`] and names the one that broke.
//!
//! The judge plays schedules of events, sends and receipts (lost, repeated and out of order) on clocks that a factory makes
//! for it: all schedules of a tiny size, then random ones. Beside them it keeps the past of each event as a set of event
//! numbers, which is happened-before by definition and knows no clock. Whatever the clocks say is held against that. A
//! schedule that breaks a law is shrunk as long as it still breaks the same one.
//!
//! ```
//! use constellation_clock::laws::{self, Budget, Law, Verdict};
//! use constellation_clock::{Clock, Error, VectorClock, VectorStamp};
//!
//! const NAMES: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];
//! let verdict = laws::check_exact(&Budget::STANDARD, |node| VectorClock::new(NAMES[node as usize]));
//! assert!(matches!(verdict, Verdict::Holds { .. }));
//!
//! /// Merges, and forgets that a receipt is an event.
//! struct Forgetful(VectorClock);
//!
//! impl Clock for Forgetful {
//!     type Stamp = VectorStamp;
//!     type Message = VectorStamp;
//!     type Error = Error;
//!     fn event(&mut self) -> Result<VectorStamp, Error> { self.0.event() }
//!     fn send(&mut self) -> Result<(VectorStamp, VectorStamp), Error> { self.0.send() }
//!     fn receive(&mut self, message: &VectorStamp) -> Result<VectorStamp, Error> {
//!         self.0.merge_stamp(message);
//!         Ok(self.0.stamp().clone())
//!     }
//! }
//!
//! let verdict = laws::check(&Budget::STANDARD, |node| Forgetful(VectorClock::new(NAMES[node as usize])));
//! let Verdict::Violated(violation) = verdict else { panic!("a judge that never finds anything is no judge") };
//! assert_eq!(violation.law, Law::MessageOrder);
//! assert_eq!(violation.schedule.len(), 2); // one send, one receipt: it cannot be smaller
//! ```

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::clock::{Clock, ExactStamp, Stamp};
use crate::ordering::Ordering;

mod history;
mod schedule;
mod wire;

use history::{History, play};
pub use schedule::Step;
pub use wire::check_wire;

/// Plays schedules and checks what every clock owes: [`Stamp::possible`] never excludes the truth.
///
/// `factory` makes the fresh clock of the node with the given number, which is below [`Budget::nodes`], or below 3 in the
/// tiny schedules. It is called once for each node of each schedule.
pub fn check<C: Clock>(budget: &Budget, factory: impl FnMut(u32) -> C) -> Verdict {
    search(budget, factory, &possible_laws)
}

/// As [`check`], and that `compare` is the truth and `partial_cmp` agrees with it.
pub fn check_exact<C>(budget: &Budget, factory: impl FnMut(u32) -> C) -> Verdict
where
    C: Clock,
    C::Stamp: ExactStamp,
{
    search(budget, factory, &|left, right, truth| {
        possible_laws(left, right, truth).or_else(|| exact_laws(left, right, truth))
    })
}

/// As [`check`], and that the stamps' total order extends happened-before and tells any two events apart.
pub fn check_total<C>(budget: &Budget, factory: impl FnMut(u32) -> C) -> Verdict
where
    C: Clock,
    C::Stamp: Ord,
{
    search(budget, factory, &|left, right, truth| {
        possible_laws(left, right, truth).or_else(|| total_laws(left, right, truth))
    })
}

/// What a clock owes to whoever relies on it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Law {
    /// No operation of an honest node is refused.
    Acceptance,
    /// A stamp may equal itself.
    SameEvent,
    /// Of two events on one node the earlier may be before the later.
    LocalOrder,
    /// The sending of a message may be before its receipt.
    MessageOrder,
    /// What is connected by a longer chain may be so ordered.
    CausalChain,
    /// Concurrent events may be concurrent.
    Concurrency,
    /// Asked the other way round, the answer is the other way round.
    Mirror,
    /// `compare` gives the true relation.
    Exactness,
    /// `partial_cmp` agrees with `compare`.
    PartialOrder,
    /// The total order never reverses happened-before, and no two events tie.
    LinearExtension,
    /// What is encoded decodes to the same again.
    RoundTrip,
    /// What can be decoded is exactly what encoding it again gives.
    CanonicalBytes,
}

impl fmt::Display for Law {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Law::Acceptance => "acceptance: no operation of an honest node is refused",
            Law::SameEvent => "same event: a stamp may equal itself",
            Law::LocalOrder => "local order: an earlier event of a node may be before a later one",
            Law::MessageOrder => "message order: a send may be before its receipt",
            Law::CausalChain => "causal chain: what a chain of messages connects may be so ordered",
            Law::Concurrency => "concurrency: concurrent events may be concurrent",
            Law::Mirror => "mirror: asked the other way round, the answer is the other way round",
            Law::Exactness => "exactness: compare gives the true relation",
            Law::PartialOrder => "partial order: partial_cmp agrees with compare",
            Law::LinearExtension => "linear extension: the total order extends happened-before without ties",
            Law::RoundTrip => "round trip: what is encoded decodes to the same",
            Law::CanonicalBytes => "canonical bytes: what decodes is what encoding it again gives",
        })
    }
}

/// How much to try. The same budget tries the same schedules, everywhere and always.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// Clocks in a random schedule.
    pub nodes: u32,
    /// Steps in a random schedule. The work grows with the square.
    pub steps: u32,
    /// How many random schedules.
    pub schedules: u32,
    /// All schedules of up to so many steps are played on two nodes, and of one step less on three. The number grows like a
    /// factorial: 5 makes about 6000 each, 7 more than a million.
    pub tiny_steps: u32,
    /// What an error from a clock means.
    pub refusals: Refusals,
}

impl Budget {
    /// Everything tiny up to 5 steps, and 100 random schedules of 40 steps on 4 nodes; well under a second.
    pub const STANDARD: Budget =
        Budget { nodes: 4, steps: 40, schedules: 100, tiny_steps: 5, refusals: Refusals::Violate };
}

/// What an error from a clock means. All messages in a schedule are honest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusals {
    /// It breaks [`Law::Acceptance`].
    Violate,
    /// The operation did not happen; for clocks that start near their ceiling or with a wall that fails.
    Skip,
}

/// What the judge found.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Verdict {
    /// No law broke in anything that was tried.
    Holds {
        /// How many schedules (or samples) were tried.
        schedules: u64,
        /// How many pairs of stamps (or byte strings) were held against the truth.
        pairs: u64,
    },
    /// A law broke.
    Violated(Box<Violation>),
    /// The budget allowed nothing to be tried.
    Unknown,
}

/// How a law broke.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// Which law.
    pub law: Law,
    /// What the truth demands.
    pub expected: String,
    /// What the clock said.
    pub found: String,
    /// The events concerned, with their stamps.
    pub events: Vec<String>,
    /// The smallest schedule found that breaks the same law; empty for laws about bytes.
    pub schedule: Vec<Step>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Holds { schedules, pairs } => {
                write!(formatter, "holds in {schedules} schedules, {pairs} comparisons")
            }
            Verdict::Violated(violation) => write!(formatter, "{violation}"),
            Verdict::Unknown => write!(formatter, "unknown: the budget allows no schedule"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "broken law: {}", self.law)?;
        writeln!(formatter, "expected {}, found {}", self.expected, self.found)?;
        for event in &self.events {
            writeln!(formatter, "  {event}")?;
        }
        if !self.schedule.is_empty() {
            writeln!(formatter, "smallest schedule:")?;
        }
        for (position, step) in self.schedule.iter().enumerate() {
            writeln!(formatter, "  {position}. {step}")?;
        }
        Ok(())
    }
}

/// A law that two stamps break, given how their events truly stand.
struct Broken {
    law: Law,
    expected: String,
    found: String,
}

type Judge<'a, S> = &'a dyn Fn(&S, &S, &Truth) -> Option<Broken>;

/// How two events truly stand, and by what.
struct Truth {
    relation: Ordering,
    /// The law that says so.
    law: Law,
}

fn possible_laws<S: Stamp>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let possible = left.possible(right);
    if !possible.contains(truth.relation) {
        let expected = format!("{} among the possible", truth.relation);
        return Some(Broken { law: truth.law, expected, found: possible.to_string() });
    }
    let mirrored = right.possible(left);
    if mirrored != possible.reversed() {
        let (expected, found) = (possible.reversed().to_string(), mirrored.to_string());
        return Some(Broken { law: Law::Mirror, expected, found });
    }
    None
}

fn exact_laws<S: ExactStamp>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let compared = left.compare(right);
    if compared != truth.relation {
        let (expected, found) = (truth.relation.to_string(), compared.to_string());
        return Some(Broken { law: Law::Exactness, expected, found });
    }
    let partial = left.partial_cmp(right);
    if partial != compared.to_partial() {
        let (expected, found) = (format!("{:?}", compared.to_partial()), format!("{partial:?}"));
        return Some(Broken { law: Law::PartialOrder, expected, found });
    }
    None
}

fn total_laws<S: Ord>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let sorted = left.cmp(right);
    let is_lawful = match truth.relation {
        Ordering::Concurrent => sorted.is_ne(),
        ordered => ordered.to_partial() == Some(sorted),
    };
    if is_lawful {
        return None;
    }
    let expected = format!("an order for {}", truth.relation);
    Some(Broken { law: Law::LinearExtension, expected, found: format!("{sorted:?}") })
}

fn search<C: Clock>(
    budget: &Budget,
    mut factory: impl FnMut(u32) -> C,
    judge: Judge<'_, C::Stamp>,
) -> Verdict {
    let (mut schedules, mut pairs) = (0_u64, 0_u64);
    let mut found = None;
    schedule::each(budget, &mut |schedule| {
        schedules += 1;
        match judge_schedule(schedule, budget.refusals, &mut factory, judge) {
            Ok(judged) => pairs += judged,
            Err(_) => found = Some(schedule.to_vec()),
        }
        found.is_none()
    });
    match found {
        Some(schedule) => {
            let shrunk = shrink(schedule, budget.refusals, &mut factory, judge);
            shrunk.map_or(Verdict::Unknown, |violation| Verdict::Violated(Box::new(violation)))
        }
        None if pairs == 0 => Verdict::Unknown,
        None => Verdict::Holds { schedules, pairs },
    }
}

/// How many pairs were judged, or the first violation.
fn judge_schedule<C: Clock>(
    schedule: &[Step],
    refusals: Refusals,
    factory: &mut impl FnMut(u32) -> C,
    judge: Judge<'_, C::Stamp>,
) -> Result<u64, Violation> {
    let history = play(schedule, refusals, factory)?;
    let mut pairs = 0;
    for right in 0..history.events.len() {
        for left in 0..=right {
            pairs += 1;
            judge_pair(&history, left, right, judge)
                .map_err(|violation| Violation { schedule: schedule.to_vec(), ..violation })?;
        }
    }
    Ok(pairs)
}

fn judge_pair<S: Stamp>(
    history: &History<S>,
    left: usize,
    right: usize,
    judge: Judge<'_, S>,
) -> Result<(), Violation> {
    let (Some(earlier), Some(later)) = (history.events.get(left), history.events.get(right)) else {
        return Ok(());
    };
    let truth = history.truth(left, right);
    let Some(broken) = judge(&earlier.stamp, &later.stamp, &truth) else {
        return Ok(());
    };
    let mut events = alloc::vec![earlier.to_string()];
    if left != right {
        events.push(later.to_string());
    }
    let Broken { law, expected, found } = broken;
    Err(Violation { law, expected, found, events, schedule: Vec::new() })
}

/// Leaves out steps or makes them plainer, one at a time, as long as the same law still breaks.
fn shrink<C: Clock>(
    mut schedule: Vec<Step>,
    refusals: Refusals,
    factory: &mut impl FnMut(u32) -> C,
    judge: Judge<'_, C::Stamp>,
) -> Option<Violation> {
    let mut smallest = judge_schedule(&schedule, refusals, factory, judge).err()?;
    let mut position = 0;
    while position < schedule.len() {
        let candidates = schedule::simpler(&schedule, position);
        let broken = candidates.into_iter().find_map(|candidate| {
            let violation = judge_schedule(&candidate, refusals, factory, judge).err()?;
            (violation.law == smallest.law).then_some((candidate, violation))
        });
        match broken {
            Some((candidate, violation)) => {
                (schedule, smallest) = (candidate, violation);
                position = 0; // What could not be left out before may be superfluous now.
            }
            None => position += 1,
        }
    }
    Some(smallest)
}
