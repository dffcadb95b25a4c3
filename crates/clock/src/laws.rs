//! The laws of logical clocks, as a judge that runs them on anybody's [`Clock`] and names the one that broke.
//!
//! The judge plays schedules of events, sends and receipts (lost, repeated and out of order) on clocks that a factory makes
//! for it: all schedules of a tiny size, then random ones. Beside them it keeps the past of each event as a set of event
//! numbers, which is happened-before by definition and knows no clock. Whatever the clocks say is held against that, each
//! pair asked both ways round. A schedule that breaks a law is shrunk as long as it still breaks the same one.
//!
//! | what is judged | by |
//! | --- | --- |
//! | what stamps say about events | [`check`], [`check_exact`], [`check_total`] |
//! | that a refusal leaves no trace | [`check_refusal`] |
//! | that a restart repeats nothing | [`check_restart`] |
//! | the bytes, and that equal things have equal ones | [`check_wire`] |
//! | that equal things hash alike | [`check_hash`] |
//!
//! ```
//! use constellation_clock::laws::{self, Effort, Law, Outcome};
//! use constellation_clock::{Clock, Error, VectorClock, VectorStamp};
//!
//! const NAMES: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];
//! let outcome = laws::check_exact(&Effort::STANDARD, |node| VectorClock::new(NAMES[node as usize]));
//! assert!(matches!(outcome, Outcome::Holds { .. }));
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
//! let outcome = laws::check(&Effort::STANDARD, |node| Forgetful(VectorClock::new(NAMES[node as usize])));
//! let Outcome::Violated(violation) = outcome else { panic!("a judge that never finds anything is no judge") };
//! assert_eq!(violation.law, Law::MessageOrder);
//! assert_eq!(violation.schedule.len(), 2); // one send, one receipt: it cannot be smaller
//! ```

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::clock::{Clock, ExactStamp, Stamp};

mod history;
mod pair;
mod refusal;
mod restart;
mod schedule;
mod wire;

use history::{History, play};
use pair::Judge;
pub use refusal::check_refusal;
pub use restart::check_restart;
pub use schedule::Step;
pub use wire::{check_hash, check_wire};

/// Plays schedules and checks what every clock owes: [`Stamp::possible`] never excludes the truth.
///
/// `factory` makes the fresh clock of the node with the given number, which is below [`Effort::nodes`]. It is called once for
/// each node of each schedule.
///
/// A clock that excludes nothing keeps this law, and is worth nothing: look at [`Outcome::Holds::decided`].
pub fn check<C: Clock>(effort: &Effort, factory: impl FnMut(u32) -> C) -> Outcome {
    search(effort, factory, &pair::possible_laws)
}

/// As [`check`], and that `compare` is the truth, and `partial_cmp` and `==` agree with it.
pub fn check_exact<C>(effort: &Effort, factory: impl FnMut(u32) -> C) -> Outcome
where
    C: Clock,
    C::Stamp: ExactStamp,
{
    search(effort, factory, &|left, right, truth| {
        pair::possible_laws(left, right, truth).or_else(|| pair::exact_laws(left, right, truth))
    })
}

/// As [`check`], and that the stamps' total order extends happened-before and tells any two events apart, as does `==`.
pub fn check_total<C>(effort: &Effort, factory: impl FnMut(u32) -> C) -> Outcome
where
    C: Clock,
    C::Stamp: Ord,
{
    search(effort, factory, &|left, right, truth| {
        pair::possible_laws(left, right, truth).or_else(|| pair::total_laws(left, right, truth))
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
    /// `==` holds of one event and itself, and of no two.
    Equality,
    /// The total order never reverses happened-before, no two events tie, and it is an order.
    LinearExtension,
    /// What is refused leaves the clock as it was.
    CleanRefusal,
    /// A later life repeats no stamp and goes back behind none.
    Restart,
    /// What is encoded decodes to the same again.
    RoundTrip,
    /// What can be decoded is exactly what encoding it again gives.
    CanonicalBytes,
    /// Equal things have equal bytes.
    EqualBytes,
    /// Equal things hash alike.
    EqualHash,
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
            Law::Equality => "equality: == holds of one event and itself, and of no two",
            Law::LinearExtension => "linear extension: the total order extends happened-before without ties",
            Law::CleanRefusal => "clean refusal: what is refused leaves the clock as it was",
            Law::Restart => "restart: a later life repeats no stamp and goes back behind none",
            Law::RoundTrip => "round trip: what is encoded decodes to the same",
            Law::CanonicalBytes => "canonical bytes: what decodes is what encoding it again gives",
            Law::EqualBytes => "equal bytes: equal things have equal bytes",
            Law::EqualHash => "equal hash: equal things hash alike",
        })
    }
}

/// How much to try. The same effort tries the same schedules, everywhere and always.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Effort {
    /// Clocks in a random schedule.
    pub nodes: u32,
    /// Steps in a random schedule. The work grows with the square.
    pub steps: u32,
    /// How many random schedules.
    pub schedules: u32,
    /// All schedules of up to so many steps are played on two nodes, and of one step less on three, if there are so many. The
    /// number grows like a factorial: 5 makes about 12 000 in all, and each step more ten times as many.
    pub tiny_steps: u32,
    /// What an error from a clock means.
    pub refusals: Refusals,
}

impl Effort {
    /// Everything tiny up to 5 steps, and 100 random schedules of 40 steps on 4 nodes; well under a second.
    pub const STANDARD: Effort =
        Effort { nodes: 4, steps: 40, schedules: 100, tiny_steps: 5, refusals: Refusals::Violate };
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
pub enum Outcome {
    /// No law broke in anything that was tried.
    Holds {
        /// How many schedules (or samples) were tried.
        schedules: u64,
        /// How many pairs of stamps (or byte strings, or refusals) were held against the truth.
        pairs: u64,
        /// Of how many of them only one relation was left as possible. An exact clock decides all. One that decides none
        /// holds because it says nothing.
        decided: u64,
    },
    /// A law broke.
    Violated(Box<Violation>),
    /// There was nothing to judge: the effort allows no schedule, or nothing that the law is about happened.
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

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Holds { schedules, pairs, decided } => {
                write!(formatter, "holds in {schedules} schedules, {pairs} comparisons, {decided} decided")
            }
            Outcome::Violated(violation) => write!(formatter, "{violation}"),
            Outcome::Unknown => write!(formatter, "unknown: there was nothing to judge"),
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

fn search<C: Clock>(
    effort: &Effort,
    mut factory: impl FnMut(u32) -> C,
    judge: Judge<'_, C::Stamp>,
) -> Outcome {
    let (mut schedules, mut pairs, mut decided) = (0_u64, 0_u64, 0_u64);
    let mut found = None;
    schedule::each(effort, &mut |schedule| {
        schedules += 1;
        match judge_schedule(schedule, effort.refusals, &mut factory, judge) {
            Ok(judged) => {
                pairs += judged.pairs;
                decided += judged.decided;
            }
            Err(_) => found = Some(schedule.to_vec()),
        }
        found.is_none()
    });
    match found {
        Some(schedule) => {
            let shrunk = shrink(schedule, effort.refusals, &mut factory, judge);
            shrunk.map_or(Outcome::Unknown, |violation| Outcome::Violated(Box::new(violation)))
        }
        None if pairs == 0 => Outcome::Unknown,
        None => Outcome::Holds { schedules, pairs, decided },
    }
}

/// What was judged without finding anything.
#[derive(Default)]
struct Judged {
    pairs: u64,
    decided: u64,
}

/// What was judged, or the first violation.
fn judge_schedule<C: Clock>(
    schedule: &[Step],
    refusals: Refusals,
    factory: &mut impl FnMut(u32) -> C,
    judge: Judge<'_, C::Stamp>,
) -> Result<Judged, Violation> {
    let history = play(schedule, refusals, factory)?;
    let mut judged = Judged::default();
    for right in 0..history.events.len() {
        for left in 0..=right {
            let is_decided = judge_both_ways(&history, left, right, judge)
                .map_err(|violation| Violation { schedule: schedule.to_vec(), ..violation })?;
            judged.pairs += 1;
            judged.decided += u64::from(is_decided);
        }
    }
    Ok(judged)
}

/// Whether one relation alone is left as possible. Each pair is asked both ways round: a comparison that never answers
/// "after" passes for one that is only ever asked about an earlier and a later event.
fn judge_both_ways<S: Stamp>(
    history: &History<S>,
    left: usize,
    right: usize,
    judge: Judge<'_, S>,
) -> Result<bool, Violation> {
    let (Some(earlier), Some(later)) = (history.events.get(left), history.events.get(right)) else {
        return Ok(false);
    };
    judge_pair(history, left, right, judge)?;
    if left != right {
        judge_pair(history, right, left, judge)?;
    }
    Ok(earlier.stamp.possible(&later.stamp).single().is_some())
}

fn judge_pair<S: Stamp>(
    history: &History<S>,
    left: usize,
    right: usize,
    judge: Judge<'_, S>,
) -> Result<(), Violation> {
    let (Some(first), Some(second)) = (history.events.get(left), history.events.get(right)) else {
        return Ok(());
    };
    let Some(broken) = judge(&first.stamp, &second.stamp, &history.truth(left, right)) else {
        return Ok(());
    };
    let mut events = alloc::vec![first.to_string()];
    if left != right {
        events.push(second.to_string());
    }
    let pair::Broken { law, expected, found } = broken;
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
