//! A clock that stays close to the wall clock and respects causality, whatever the wall clock does.

use core::borrow::Borrow;
use core::fmt;

use crate::bytes::{Fault, Kind, Limits, Reader, Wire, Writer};
use crate::clock::{Clock, Stamp};
use crate::error::Error;
use crate::identity::Identity;
use crate::lamport::{KnowsConcurrency, possible_by_time};
use crate::lease::Resumable;
use crate::ordering::{Ordering, Possible};
use crate::vector::Group;
use crate::{CEILING, REMOTE_MAX};

/// A reading of a wall clock: nanoseconds since the Unix epoch, on a clock that may be wrong.
///
/// It drifts, steps back and leaps; two of them from two machines say nothing about order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PhysicalTime(u64);

impl PhysicalTime {
    /// The reading `ns` nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_ns(ns: u64) -> PhysicalTime {
        PhysicalTime(ns)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PhysicalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ns", self.0)
    }
}

/// The wall clock gave no usable reading: it failed, lies before the epoch, or beyond [`REMOTE_MAX`] (the year 2225).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WallUnreadable;

impl fmt::Display for WallUnreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the wall clock cannot be read")
    }
}

impl core::error::Error for WallUnreadable {}

/// How far something may be ahead.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ahead {
    /// At most so many nanoseconds.
    Within {
        /// The bound, itself allowed.
        ns: u64,
    },
    /// As far as it likes.
    Unbounded,
}

impl Ahead {
    /// The bound, if `later` is further ahead of `earlier` than it allows. What is behind is never too far ahead: a guard
    /// that took the absolute difference would refuse messages for being late.
    #[inline]
    fn exceeded_by(self, later: PhysicalTime, earlier: PhysicalTime) -> Option<u64> {
        match self {
            Ahead::Within { ns } if later > earlier && later.0 - earlier.0 > ns => Some(ns),
            _ => None,
        }
    }
}

/// What a hybrid clock does not believe. There is no setting under which it refuses in silence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DriftPolicy {
    /// How far a remote stamp may be ahead of our wall clock. It bounds what one wrong node can do to the others; it is
    /// only as good as our own wall clock.
    pub remote: Ahead,
    /// How far one reading of our own wall clock may be ahead of the previous one. A node that sleeps longer than this
    /// between two events will be refused its own wall until [`HybridClock::accept_wall`].
    pub local: Ahead,
}

impl DriftPolicy {
    /// Remote stamps at most 500 ms ahead; our own wall clock may leap.
    pub const STANDARD: DriftPolicy =
        DriftPolicy { remote: Ahead::Within { ns: 500_000_000 }, local: Ahead::Unbounded };
}

/// The time of a hybrid clock: the largest wall-clock reading heard of, and a counter for what happened within it.
///
/// `Ord` compares the reading, then the counter.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HybridTime {
    // The order of the fields is the order of comparison.
    physical: PhysicalTime,
    logical: u32,
}

impl HybridTime {
    /// Before everything.
    pub const ZERO: HybridTime = HybridTime { physical: PhysicalTime(0), logical: 0 };

    /// The time of `logical` events after the first at `physical`.
    ///
    /// # Errors
    /// [`Error::RemoteBeyondCeiling`] if `physical` is above [`CEILING`] nanoseconds.
    pub fn new(physical: PhysicalTime, logical: u32) -> Result<HybridTime, Error> {
        if physical.0 > CEILING {
            return Err(Error::RemoteBeyondCeiling {
                sender: None,
                remote: physical.0,
                admitted_max: CEILING,
            });
        }
        Ok(HybridTime { physical, logical })
    }

    /// The wall-clock part: close to true time if some wall clock was.
    #[must_use]
    pub const fn physical(self) -> PhysicalTime {
        self.physical
    }

    /// The counting part.
    #[must_use]
    pub const fn logical(self) -> u32 {
        self.logical
    }

    /// The next larger time. A full counter carries one nanosecond: that keeps the order, where wrapping would reverse it
    /// and saturating would repeat.
    #[inline]
    fn successor(self) -> Option<HybridTime> {
        match self.logical.checked_add(1) {
            Some(logical) => Some(HybridTime { logical, ..self }),
            None if self.physical.0 < CEILING => {
                Some(HybridTime { physical: PhysicalTime(self.physical.0 + 1), logical: 0 })
            }
            None => None,
        }
    }
}

/// `1700000000000000000 ns + 3`
impl fmt::Display for HybridTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} + {}", self.physical, self.logical)
    }
}

/// The hybrid logical clock of one node (Kulkarni et al. 2014): Lamport's order, in numbers that read like the time.
///
/// `W` reads this node's wall clock, each time anew and with whatever state it needs: `impl FnMut() ->
/// Result<PhysicalTime, WallUnreadable>`. The wall may stand still, go back, leap or fail; the stamps of a node still
/// strictly increase, and what happened before still has the smaller stamp.
///
/// A remote stamp further ahead of our wall than the [`DriftPolicy`] allows is refused with
/// [`Error::DriftExceeded`], before anything is merged. The guard looks ahead only, and only on receipt.
///
/// ```
/// use constellation_clock::{Clock, DriftPolicy, Error, HybridClock, PhysicalTime};
///
/// let mut hour = 0;
/// let walk = move || { hour += 1; Ok(PhysicalTime::from_ns(hour * 3_600_000_000_000)) };
/// let mut indian_ocean = HybridClock::new("indian_ocean", DriftPolicy::STANDARD, walk);
///
/// let mut fast = HybridClock::new("pacific", DriftPolicy::STANDARD, || Ok(PhysicalTime::from_ns(u64::MAX >> 2)));
/// let (_, message) = fast.send()?; // sending is never refused, however wrong the wall
/// assert!(matches!(indian_ocean.receive(&message), Err(Error::DriftExceeded { .. })));
/// assert_eq!(indian_ocean.event()?.time().logical(), 0); // and nothing of it was absorbed
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Clone)]
pub struct HybridClock<W> {
    node: Identity,
    policy: DriftPolicy,
    wall: W,
    state: State,
}

/// What changes; a refused operation puts nothing into it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct State {
    time: HybridTime,
    // The previous reading of our own wall clock, to measure leaps from.
    last_read: Option<PhysicalTime>,
}

impl<W> HybridClock<W>
where
    W: FnMut() -> Result<PhysicalTime, WallUnreadable>,
{
    /// The clock of `node`, at zero, reading its physical time from `wall`.
    pub fn new(node: impl Into<Identity>, policy: DriftPolicy, wall: W) -> HybridClock<W> {
        let state = State { time: HybridTime::ZERO, last_read: None };
        HybridClock { node: node.into(), policy, wall, state }
    }

    /// Counts one event and returns its time, without the node's name.
    ///
    /// # Errors
    /// [`Error::WallUnreadable`], [`Error::WallLeapt`], or [`Error::Exhausted`] when both parts are full.
    #[inline]
    pub fn now(&mut self) -> Result<HybridTime, Error> {
        let wall = self.read_wall()?;
        self.advance(self.state.time, wall)
    }

    /// Accepts the next reading of our own wall clock, however far ahead it is: an operator's decision after
    /// [`Error::WallLeapt`].
    pub fn accept_wall(&mut self) {
        self.state.last_read = None;
    }

    #[inline]
    fn read_wall(&mut self) -> Result<PhysicalTime, Error> {
        let read = (self.wall)()?;
        if read.0 > REMOTE_MAX {
            return Err(WallUnreadable.into());
        }
        if let Some(last) = self.state.last_read
            && let Some(bound_ns) = self.policy.local.exceeded_by(read, last)
        {
            return Err(Error::WallLeapt { last, read, bound_ns });
        }
        Ok(read)
    }

    /// The step that all three kinds of event share: past `floor`, and at the wall if that is further.
    #[inline]
    fn advance(&mut self, floor: HybridTime, wall: PhysicalTime) -> Result<HybridTime, Error> {
        let next = if wall > floor.physical {
            HybridTime { physical: wall, logical: 0 }
        } else {
            floor
                .successor()
                .ok_or_else(|| Error::Exhausted { node: Some(self.node.clone()), ceiling: CEILING })?
        };
        self.state = State { time: next, last_read: Some(wall) };
        Ok(next)
    }

    fn refuse(&self, message: &HybridStamp, wall: PhysicalTime) -> Result<(), Error> {
        let (own, seen) = (self.state.time, message.time);
        if message.node == self.node && seen > own {
            return Err(Error::Impersonated {
                identity: self.node.clone(),
                own: own.into(),
                seen: seen.into(),
            });
        }
        if let Some(bound_ns) = self.policy.remote.exceeded_by(seen.physical, wall) {
            let sender = message.node.clone();
            return Err(Error::DriftExceeded { sender, remote: seen.physical, local: wall, bound_ns });
        }
        if seen.physical.0 > REMOTE_MAX {
            let sender = Some(message.node.clone());
            return Err(Error::RemoteBeyondCeiling {
                sender,
                remote: seen.physical.0,
                admitted_max: REMOTE_MAX,
            });
        }
        Ok(())
    }

    fn label(&self, time: HybridTime) -> HybridStamp {
        HybridStamp { time, node: self.node.clone() }
    }
}

impl<W> HybridClock<W> {
    /// Whose clock it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.node
    }

    /// The time of the last event.
    #[must_use]
    pub fn current(&self) -> HybridTime {
        self.state.time
    }

    /// Whether both parts are full, so that only a later wall-clock reading could make another stamp: there is none.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.state.time.successor().is_none()
    }
}

impl<W> fmt::Debug for HybridClock<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("HybridClock");
        debug.field("node", &self.node).field("policy", &self.policy).field("state", &self.state);
        debug.finish_non_exhaustive()
    }
}

impl<W> Clock for HybridClock<W>
where
    W: FnMut() -> Result<PhysicalTime, WallUnreadable>,
{
    type Stamp = HybridStamp;
    type Message = HybridStamp;
    type Error = Error;

    fn event(&mut self) -> Result<HybridStamp, Error> {
        let time = self.now()?;
        Ok(self.label(time))
    }

    fn send(&mut self) -> Result<(HybridStamp, HybridStamp), Error> {
        let stamp = self.event()?;
        Ok((stamp.clone(), stamp))
    }

    fn receive(&mut self, message: &HybridStamp) -> Result<HybridStamp, Error> {
        let wall = self.read_wall()?;
        self.refuse(message, wall)?;
        // The paper's three cases are one: the larger of the two times, counter included.
        let time = self.advance(self.state.time.max(message.time), wall)?;
        Ok(self.label(time))
    }
}

/// The position of a hybrid clock is its physical part, in nanoseconds: a block of a lease is a span of time.
impl<W> Resumable for HybridClock<W>
where
    W: FnMut() -> Result<PhysicalTime, WallUnreadable>,
{
    type Saved = (HybridTime, Option<PhysicalTime>);

    fn identity(&self) -> &Identity {
        &self.node
    }

    fn position(&self) -> u64 {
        self.state.time.physical.0
    }

    fn save(&self) -> Self::Saved {
        (self.state.time, self.state.last_read)
    }

    fn restore(&mut self, saved: Self::Saved) {
        self.state = State { time: saved.0, last_read: saved.1 };
    }

    fn skip_to(&mut self, bound: u64) {
        let bound = HybridTime { physical: PhysicalTime(bound.min(CEILING)), logical: u32::MAX };
        self.state.time = self.state.time.max(bound);
    }

    /// One nanosecond less than the drift bound, which the first stamp above the lease needs.
    fn block_max(&self) -> u64 {
        match self.policy.remote {
            Ahead::Within { ns } => ns.saturating_sub(1), // A bound of zero admits no lease at all.
            Ahead::Unbounded => u64::MAX,
        }
    }
}

/// The label of one event under a hybrid clock.
///
/// `Ord` compares time, then node: a linear extension of happened-before, as for
/// [`LamportStamp`](crate::LamportStamp), and as blind to concurrency.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HybridStamp {
    // The order of the fields is the order of comparison.
    time: HybridTime,
    node: Identity,
}

impl HybridStamp {
    /// The stamp that `node` gave to its event at `time`.
    #[must_use]
    pub fn new(time: HybridTime, node: impl Into<Identity>) -> HybridStamp {
        HybridStamp { time, node: node.into() }
    }

    /// The hybrid time.
    #[must_use]
    pub fn time(&self) -> HybridTime {
        self.time
    }

    /// On which node the event happened.
    #[must_use]
    pub fn node(&self) -> &Identity {
        &self.node
    }

    /// A hybrid stamp cannot be compared so, and no call of this compiles: it stands here so that the compiler says why,
    /// instead of that there is no such method. Ask [`Stamp::possible`].
    pub fn compare<S: Borrow<HybridStamp> + KnowsConcurrency>(&self, other: &S) -> Ordering {
        other.compare(other)
    }
}

impl Stamp for HybridStamp {
    fn possible(&self, other: &HybridStamp) -> Possible {
        possible_by_time(self.time.cmp(&other.time), self.node == other.node)
    }
}

/// Physical part, logical part, node.
impl Wire for HybridStamp {
    const KIND: Kind = Kind::HybridStamp;

    fn write(&self, writer: &mut Writer) {
        writer.varint(self.time.physical.0);
        writer.varint(u64::from(self.time.logical));
        writer.text(self.node.as_str());
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<HybridStamp, Error> {
        let physical = PhysicalTime(reader.counter()?);
        let logical = reader.varint()?;
        let Ok(logical) = u32::try_from(logical) else {
            return Err(reader.fault(Fault::CounterBeyondCeiling { counter: logical }).into());
        };
        Ok(HybridStamp { time: HybridTime { physical, logical }, node: reader.identity(limits, group)? })
    }
}
