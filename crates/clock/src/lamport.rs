//! One counter per node, never behind anything it has heard of: a total order that respects causality and hides concurrency.

use core::borrow::Borrow;
use core::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire};

use crate::bytes::{Kind, Limits, Reader, Wire, Writer};
use crate::clock::{Clock, Stamp};
use crate::error::Error;
use crate::identity::Identity;
use crate::lease::Resumable;
use crate::ordering::{Ordering, Possible};
use crate::vector::Group;
use crate::{CEILING, LEAD_MAX, REMOTE_MAX};

/// Lamport's scalar clock (Lamport 1978, IR1 and IR2), to be shared by the threads of one node.
///
/// Over any sequence of [`tick`](Self::tick) and [`observe`](Self::observe) the returned values strictly increase, on
/// however many threads, and `observe(n)` exceeds both `n` and every value returned before. At `u64::MAX` it stays
/// there and [`is_exhausted`](Self::is_exhausted) says so; it never wraps and never panics.
///
/// A tick costs one `fetch_add`; an `observe` of an old value the same. This type knows no node: to label events use
/// [`NamedLamport`].
///
/// ```
/// use constellation_clock::LamportClock;
///
/// let clock = LamportClock::new();
/// assert_eq!(clock.tick(), 1);
/// assert_eq!(clock.observe(10), 11); // larger than both
/// assert_eq!(clock.observe(3), 12); // an old message still moves the clock: its receipt is an event
/// assert_eq!(clock.current(), 12);
/// ```
#[derive(Debug)]
pub struct LamportClock {
    // Two words, so that `tick` can be a bare `fetch_add` and yet never wrap. Below 2^63 the time is `low`. Once
    // `low` has its top bit set the time is `high`, which moves by compare-and-swap and saturates. With one word, a
    // tick that checked and then added would be overtaken by another thread's `observe(u64::MAX)` and wrap to 0.
    low: AtomicU64,
    // Invariant: at least 2^63 - 1, hence never below anything that `low` ever returned.
    high: AtomicU64,
}

/// The first value that lives in the high word.
const HIGH: u64 = CEILING + 1;

impl LamportClock {
    /// A clock at 0: nothing has happened yet.
    #[must_use]
    pub const fn new() -> LamportClock {
        LamportClock { low: AtomicU64::new(0), high: AtomicU64::new(HIGH - 1) }
    }

    /// A clock that has already reached `time`: its next tick returns `time + 1`.
    #[must_use]
    pub const fn starting_at(time: u64) -> LamportClock {
        if time < HIGH {
            LamportClock { low: AtomicU64::new(time), high: AtomicU64::new(HIGH - 1) }
        } else {
            LamportClock { low: AtomicU64::new(HIGH), high: AtomicU64::new(time) }
        }
    }

    /// Counts one event and returns its time. At `u64::MAX` it returns `u64::MAX` again; see [`Self::try_tick`].
    #[inline]
    pub fn tick(&self) -> u64 {
        self.try_tick().unwrap_or(u64::MAX)
    }

    /// Counts one event; fails instead of repeating the last value.
    ///
    /// # Errors
    /// [`Error::Exhausted`] at `u64::MAX`.
    #[inline]
    pub fn try_tick(&self) -> Result<u64, Error> {
        // Asked first, so that `low` passes 2^63 by no more than one step for each thread that is here just now.
        if self.low.load(Acquire) < HIGH {
            let previous = self.low.fetch_add(1, AcqRel);
            if previous < HIGH - 1 {
                return Ok(previous + 1);
            }
        }
        self.raise_high(0)
    }

    /// Counts the receipt of a message that was sent at `incoming`, and returns its time: above `incoming` and above
    /// every time before. Saturates at `u64::MAX`; absorbs anything, so for input from outside see
    /// [`Self::try_observe`].
    #[inline]
    pub fn observe(&self, incoming: u64) -> u64 {
        self.advance(incoming).unwrap_or(u64::MAX)
    }

    /// As [`Self::observe`], but refuses a time so large that absorbing it would use up the clock.
    ///
    /// # Errors
    /// [`Error::RemoteBeyondCeiling`] above [`REMOTE_MAX`], [`Error::Exhausted`] at the end. The clock is as before.
    ///
    /// ```
    /// use constellation_clock::{LamportClock, REMOTE_MAX};
    ///
    /// let clock = LamportClock::new();
    /// assert!(clock.try_observe(u64::MAX).is_err()); // one forged message must not freeze the node for good
    /// assert_eq!(clock.current(), 0);
    /// assert_eq!(clock.try_observe(REMOTE_MAX), Ok(REMOTE_MAX + 1));
    /// ```
    pub fn try_observe(&self, incoming: u64) -> Result<u64, Error> {
        if incoming > REMOTE_MAX {
            return Err(Error::RemoteBeyondCeiling {
                sender: None,
                remote: incoming,
                admitted_max: REMOTE_MAX,
            });
        }
        self.advance(incoming)
    }

    /// The time of the last event, 0 before the first.
    #[inline]
    #[must_use]
    pub fn current(&self) -> u64 {
        let low = self.low.load(Acquire);
        if low < HIGH { low } else { self.high.load(Acquire) }
    }

    /// Whether the clock stands at `u64::MAX`: from here on `tick` and `observe` no longer increase.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.current() == u64::MAX
    }

    /// One step past both `incoming` and the present.
    #[inline]
    fn advance(&self, incoming: u64) -> Result<u64, Error> {
        let mut low = self.low.load(Acquire);
        loop {
            if low >= HIGH || incoming >= HIGH - 1 {
                return self.raise_high(incoming);
            }
            if incoming <= low {
                return self.try_tick(); // `low` never falls, so the tick still exceeds `incoming`.
            }
            match self.low.compare_exchange_weak(low, incoming + 1, AcqRel, Acquire) {
                Ok(_) => return Ok(incoming + 1),
                Err(found) => low = found,
            }
        }
    }

    /// One step of the high word, past `incoming`; switches the clock over to it.
    #[cold]
    fn raise_high(&self, incoming: u64) -> Result<u64, Error> {
        // High first: whoever then sees the top bit of `low` also sees a `high` that is past `incoming`.
        let raised = self.high.fetch_update(AcqRel, Acquire, |high| high.max(incoming).checked_add(1));
        let result = match raised {
            Ok(previous) => Ok(previous.max(incoming).saturating_add(1)), // Did not overflow, or it were an `Err`.
            Err(_) => {
                self.high.store(u64::MAX, core::sync::atomic::Ordering::Release); // It has nowhere else to go.
                Err(Error::Exhausted { node: None, ceiling: u64::MAX })
            }
        };
        self.low.fetch_max(HIGH, AcqRel);
        result
    }
}

impl Default for LamportClock {
    fn default() -> LamportClock {
        LamportClock::new()
    }
}

/// A Lamport clock with an owner: the [`Clock`] of this family, whose stamps are totally ordered by (time, node).
///
/// When to use this and when [`LamportClock`]: this one labels events and guards what it absorbs; the other is the bare
/// counter that the threads of a node share. Its ceiling is [`CEILING`], as for every counter that is sent.
///
/// ```
/// use constellation_clock::{Clock, NamedLamport, Ordering, Stamp};
///
/// let (mut pacific, mut atlantic) = (NamedLamport::new("pacific"), NamedLamport::new("atlantic"));
/// let first = pacific.event()?;
/// let second = pacific.event()?;
/// let elsewhere = atlantic.event()?;
/// assert_eq!(first.possible(&second).single(), Some(Ordering::Before)); // one node: certain
/// assert_eq!(first.possible(&elsewhere).single(), Some(Ordering::Concurrent)); // equal times, two nodes: certain
/// assert_eq!(elsewhere.possible(&second).to_string(), "{BEFORE, CONCURRENT}"); // and here it cannot know
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Debug)]
pub struct NamedLamport {
    clock: LamportClock,
    node: Identity,
    lead_max: u64,
}

impl NamedLamport {
    /// The clock of `node`, at 0, absorbing remote times up to [`LEAD_MAX`] ahead of its own.
    #[must_use]
    pub fn new(node: impl Into<Identity>) -> NamedLamport {
        NamedLamport { clock: LamportClock::new(), node: node.into(), lead_max: LEAD_MAX }
    }

    /// The same, refusing messages whose time is more than `lead_max` ahead of ours. Choose it above the number of events
    /// that can happen elsewhere during the longest partition, or before this node joins: a fresh clock is at 0.
    ///
    /// [`CEILING`] sets no bound but [`REMOTE_MAX`]. Then one forged message silences an honest clock for good: it goes on
    /// above `REMOTE_MAX`, where everybody else refuses it.
    #[must_use]
    pub fn with_lead_max(self, lead_max: u64) -> NamedLamport {
        NamedLamport { lead_max, ..self }
    }

    /// Whose clock it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.node
    }

    /// The time of the last event.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.clock.current()
    }

    /// Whether the clock stands at [`CEILING`] and refuses every further event. (A bare [`LamportClock`] goes on up to
    /// `u64::MAX`: its values need not fit anybody's format.)
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.current() >= CEILING
    }

    /// Why `message` is not absorbed, if it is not.
    fn refuse(&self, message: &LamportStamp) -> Result<(), Error> {
        let (remote, local) = (message.time, self.current());
        if message.node == self.node && remote > local {
            return Err(Error::Impersonated {
                identity: self.node.clone(),
                own: local.into(),
                seen: remote.into(),
            });
        }
        if remote > REMOTE_MAX {
            let sender = Some(message.node.clone());
            return Err(Error::RemoteBeyondCeiling { sender, remote, admitted_max: REMOTE_MAX });
        }
        if remote > local && remote - local > self.lead_max {
            let sender = message.node.clone();
            return Err(Error::LeadExceeded { sender, remote, local, lead_max: self.lead_max });
        }
        Ok(())
    }

    fn step(&mut self, incoming: u64) -> Result<LamportStamp, Error> {
        if self.is_exhausted() {
            return Err(Error::Exhausted { node: Some(self.node.clone()), ceiling: CEILING });
        }
        Ok(LamportStamp { time: self.clock.observe(incoming), node: self.node.clone() })
    }
}

impl Clock for NamedLamport {
    type Stamp = LamportStamp;
    type Message = LamportStamp;
    type Error = Error;

    fn event(&mut self) -> Result<LamportStamp, Error> {
        self.step(0)
    }

    fn send(&mut self) -> Result<(LamportStamp, LamportStamp), Error> {
        let stamp = self.step(0)?;
        Ok((stamp.clone(), stamp))
    }

    fn receive(&mut self, message: &LamportStamp) -> Result<LamportStamp, Error> {
        self.refuse(message)?;
        self.step(message.time)
    }
}

impl Resumable for NamedLamport {
    type Saved = u64;

    fn identity(&self) -> &Identity {
        &self.node
    }

    fn position(&self) -> u64 {
        self.current()
    }

    fn save(&self) -> u64 {
        self.current()
    }

    fn restore(&mut self, saved: u64) {
        self.clock = LamportClock::starting_at(saved);
    }

    fn skip_to(&mut self, bound: u64) {
        self.clock = LamportClock::starting_at(self.current().max(bound));
    }
}

/// The label of one event under a Lamport clock.
///
/// `Ord` compares time, then node. It is a linear extension of happened-before: what happened before sorts before. The
/// converse is false, and ties between nodes are broken by name, which means nothing.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LamportStamp {
    // The order of the fields is the order of comparison.
    time: u64,
    node: Identity,
}

impl LamportStamp {
    /// The stamp that `node` gave to its event at `time`.
    ///
    /// # Errors
    /// [`Error::RemoteBeyondCeiling`] if `time` is above [`CEILING`].
    pub fn new(time: u64, node: impl Into<Identity>) -> Result<LamportStamp, Error> {
        let node = node.into();
        if time > CEILING {
            return Err(Error::RemoteBeyondCeiling {
                sender: Some(node),
                remote: time,
                admitted_max: CEILING,
            });
        }
        Ok(LamportStamp { time, node })
    }

    /// The Lamport time, at most [`CEILING`].
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// On which node the event happened.
    #[must_use]
    pub fn node(&self) -> &Identity {
        &self.node
    }

    /// A Lamport stamp cannot be compared so, and no call of this compiles: it stands here so that the compiler says why,
    /// instead of that there is no such method. Ask [`Stamp::possible`].
    pub fn compare<S: Borrow<LamportStamp> + KnowsConcurrency>(&self, other: &S) -> Ordering {
        other.compare(other)
    }
}

pub(crate) use never::KnowsConcurrency;

mod never {
    use crate::clock::ExactStamp;

    /// What a time would have to be, to be compared exactly. Nothing is, and nobody outside can name it to make it so:
    /// bounded by [`ExactStamp`] alone, a type that borrows as a Lamport stamp and claims to be exact would get through.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot tell whether two events are concurrent",
        label = "this stamp keeps too little: a smaller time means \"before or concurrent\"",
        note = "Lamport and hybrid stamps order events totally, and by that hide concurrency (Lamport 1978)",
        note = "ask `possible()` for the relations that are not excluded, or stamp with a `VectorClock` or `DottedClock`"
    )]
    pub trait KnowsConcurrency: ExactStamp {}
}

impl Stamp for LamportStamp {
    fn possible(&self, other: &LamportStamp) -> Possible {
        possible_by_time(self.time.cmp(&other.time), self.node == other.node)
    }
}

/// What a totally ordered time leaves possible: the clock condition says only that "before" implies "smaller".
pub(crate) fn possible_by_time(times: core::cmp::Ordering, is_same_node: bool) -> Possible {
    use core::cmp::Ordering::{Equal, Greater, Less};
    match (times, is_same_node) {
        (Less, true) => Possible::BEFORE,
        (Greater, true) => Possible::AFTER,
        (Equal, true) => Possible::EQUAL,
        (Less, false) => Possible::BEFORE | Possible::CONCURRENT,
        (Greater, false) => Possible::AFTER | Possible::CONCURRENT,
        (Equal, false) => Possible::CONCURRENT, // Had one been before the other, its time were smaller.
    }
}

/// Time, node.
impl Wire for LamportStamp {
    const KIND: Kind = Kind::LamportStamp;

    fn write(&self, writer: &mut Writer) {
        writer.varint(self.time);
        writer.text(self.node.as_str());
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<LamportStamp, Error> {
        Ok(LamportStamp { time: reader.counter()?, node: reader.identity(limits, group)? })
    }
}
