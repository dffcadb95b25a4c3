//! A vector clock whose stamps know which event they label, and therefore compare in constant time.

use core::cmp;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::bytes::{Fault, Kind, Limits, Reader, Wire, Writer};
use crate::clock::{Clock, ExactStamp, Stamp};
use crate::error::Error;
use crate::identity::Identity;
use crate::ordering::{Ordering, Possible};
use crate::vector::{Group, VectorClock, VectorStamp};

/// One event, named: the `counter`-th of `node`, counted from 1.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct Dot {
    /// On which node it happened.
    pub node: Identity,
    /// Its number there.
    pub counter: u64,
}

impl fmt::Display for Dot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "({}, {})", self.node, self.counter)
    }
}

/// The dotted clock of one node: a vector clock that labels each event with its dot and sends only the vector.
///
/// One event is in the past of another exactly if the other's vector covers its dot (after Preguiça et al. 2010), so
/// comparing looks at two numbers, however many nodes there are. That holds between *events*; for states of knowledge,
/// such as a merged replica, use [`VectorClock`].
///
/// ```
/// use constellation_clock::{Clock, ExactStamp, Group, Ordering};
///
/// let group = Group::new(["pacific", "atlantic"]);
/// let (mut pacific, mut atlantic) = (group.dotted("pacific")?, group.dotted("atlantic")?);
/// let (sent, message) = pacific.send()?;
/// let elsewhere = atlantic.event()?;
/// let received = atlantic.receive(&message)?;
/// assert_eq!(sent.compare(&elsewhere), Ordering::Concurrent);
/// assert_eq!(sent.compare(&received), Ordering::Before);
/// assert_eq!(received.dot().to_string(), "(atlantic, 2)");
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DottedClock {
    inner: VectorClock,
}

impl DottedClock {
    /// The clock of the node called `node_id`, with nothing counted.
    #[must_use]
    pub fn new(node_id: &str) -> DottedClock {
        DottedClock { inner: VectorClock::new(node_id) }
    }

    /// Whose clock it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.inner.identity()
    }

    /// Whether it stands at its ceiling and refuses every further event.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.inner.is_exhausted()
    }

    fn stamp(&self) -> DottedStamp {
        DottedStamp { me: self.inner.me(), vector: self.inner.stamp().clone() }
    }
}

/// Continues the vector clock's count.
impl From<VectorClock> for DottedClock {
    fn from(inner: VectorClock) -> DottedClock {
        DottedClock { inner }
    }
}

impl Clock for DottedClock {
    type Stamp = DottedStamp;
    type Message = VectorStamp;
    type Error = Error;

    fn event(&mut self) -> Result<DottedStamp, Error> {
        self.inner.advance()?;
        Ok(self.stamp())
    }

    fn send(&mut self) -> Result<(DottedStamp, VectorStamp), Error> {
        self.inner.advance()?;
        Ok((self.stamp(), self.inner.stamp().clone()))
    }

    fn receive(&mut self, message: &VectorStamp) -> Result<DottedStamp, Error> {
        self.inner.absorb(message)?;
        Ok(self.stamp())
    }
}

/// The label of one event under a dotted clock: its dot, and everything in its past.
///
/// Two stamps are equal if their dots are: an event has one name, and a name one event.
#[derive(Clone)]
pub struct DottedStamp {
    // The dot is (me, vector[me]): an event always counts itself. Invariant: that counter is at least 1.
    me: u32,
    vector: VectorStamp,
}

impl DottedStamp {
    /// The stamp of the latest event of `node` that `vector` counts.
    ///
    /// # Errors
    /// [`Error::NotMember`] if it counts none.
    pub fn new(node: &str, vector: VectorStamp) -> Result<DottedStamp, Error> {
        match vector.table().position(node) {
            Some(me) if vector.at(me) > 0 => Ok(DottedStamp { me, vector }),
            _ => Err(Error::NotMember { name: node.into() }),
        }
    }

    /// The event's name.
    #[must_use]
    pub fn dot(&self) -> Dot {
        Dot { node: self.node().clone(), counter: self.counter() }
    }

    /// On which node the event happened.
    #[must_use]
    pub fn node(&self) -> &Identity {
        self.vector.table().members().get(self.me as usize).expect("a dot's node is a member of its table")
    }

    /// Its number there, from 1.
    #[must_use]
    #[inline]
    pub fn counter(&self) -> u64 {
        self.vector.at(self.me)
    }

    /// Everything in the event's past, itself included.
    #[must_use]
    pub fn vector(&self) -> &VectorStamp {
        &self.vector
    }

    /// A total order that respects causality: by the size of the past, then node, then counter. For listings; that one
    /// concurrent event is listed before another means nothing. Costs a pass over the vectors.
    #[must_use]
    pub fn linear_cmp(&self, other: &DottedStamp) -> cmp::Ordering {
        let size =
            |stamp: &DottedStamp| stamp.vector.entries().map(|entry| u128::from(entry.1)).sum::<u128>();
        let sizes = size(self).cmp(&size(other));
        sizes.then_with(|| self.node().cmp(other.node())).then(self.counter().cmp(&other.counter()))
    }

    /// Whether this event lies in the past of `other`, or is it.
    #[inline]
    fn is_covered_by(&self, other: &DottedStamp) -> bool {
        let seen = if self.vector.has_table_of(&other.vector) {
            other.vector.at(self.me)
        } else {
            other.vector.get(self.node().as_str())
        };
        self.counter() <= seen
    }
}

impl ExactStamp for DottedStamp {
    /// Constant time within one table of names, two binary searches otherwise.
    #[inline]
    fn compare(&self, other: &DottedStamp) -> Ordering {
        match (self.is_covered_by(other), other.is_covered_by(self)) {
            // Two events, each in the other's past: no honest clocks say so. Whatever the stamps are, "equal" is only said
            // of one event, so that `==` and the order never disagree.
            (true, true) if self != other => Ordering::Concurrent,
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Before,
            (false, true) => Ordering::After,
            (false, false) => Ordering::Concurrent,
        }
    }
}

impl Stamp for DottedStamp {
    fn possible(&self, other: &DottedStamp) -> Possible {
        Possible::from(self.compare(other))
    }
}

impl PartialEq for DottedStamp {
    fn eq(&self, other: &DottedStamp) -> bool {
        self.counter() == other.counter() && self.node() == other.node()
    }
}

impl Eq for DottedStamp {}

impl PartialOrd for DottedStamp {
    fn partial_cmp(&self, other: &DottedStamp) -> Option<cmp::Ordering> {
        self.compare(other).to_partial()
    }
}

impl Hash for DottedStamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.node().hash(state);
        self.counter().hash(state);
    }
}

impl fmt::Debug for DottedStamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// `(pacific, 2)@{atlantic:1, pacific:2}`
impl fmt::Display for DottedStamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "({}, {})@{}", self.node(), self.counter(), self.vector)
    }
}

/// The vector, then the position of the dot's node among its entries.
impl Wire for DottedStamp {
    const KIND: Kind = Kind::DottedStamp;

    fn write(&self, writer: &mut Writer) {
        self.vector.write(writer);
        let before = self.vector.entries().take_while(|(identity, _)| *identity < self.node()).count();
        writer.varint(before as u64);
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<DottedStamp, Error> {
        let vector = VectorStamp::read(reader, limits, group)?;
        let position = reader.varint()?;
        let node = usize::try_from(position).ok().and_then(|position| vector.entries().nth(position));
        let Some(node) = node.map(|(identity, _)| identity.clone()) else {
            return Err(reader.fault(Fault::NoSuchEntry { position }).into());
        };
        DottedStamp::new(node.as_str(), vector)
    }
}
