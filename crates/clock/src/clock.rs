//! What every logical clock can do, and what only an exact one can.

use core::fmt::Debug;

use crate::ordering::{Ordering, Possible};

/// A logical clock of one node: it labels the node's events and learns from the messages it receives.
///
/// The three operations are the three kinds of event in Lamport's model, and each is one: a receive counts too.
/// A node that owns its clock and routes everything through these cannot forget to merge or to tick.
///
/// What labels an event (`Stamp`) and what travels (`Message`) may differ: a dotted clock labels with a dot and sends
/// only the vector.
///
/// Every error leaves the clock as it was. There is no silent refusal: a clock that does not absorb a message says so,
/// and never re-stamps it.
///
/// ```
/// use constellation_clock::{Clock, Ordering, Stamp, VectorClock};
///
/// /// One node, any clock: swapping the clock changes nothing here.
/// fn ping<C: Clock>(x: &mut C, y: &mut C) -> Result<(C::Stamp, C::Stamp), C::Error> {
///     let (sent, message) = x.send()?;
///     let received = y.receive(&message)?;
///     Ok((sent, received))
/// }
///
/// let (sent, received) = ping(&mut VectorClock::new("pacific"), &mut VectorClock::new("atlantic"))?;
/// assert!(sent.possible(&received).contains(Ordering::Before));
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub trait Clock {
    /// What labels an event.
    type Stamp: Stamp;
    /// What travels with a message.
    type Message: Clone + Debug;
    /// Why an operation was refused.
    type Error: Debug;

    /// A local event: nothing comes in, nothing goes out.
    ///
    /// # Errors
    /// When no further stamp can be issued (exhausted, or the wall clock cannot be read). The clock is as before.
    fn event(&mut self) -> Result<Self::Stamp, Self::Error>;

    /// The sending of one message: its stamp, and what must travel with it.
    ///
    /// # Errors
    /// As for [`Clock::event`]; never because of what other nodes' clocks show.
    fn send(&mut self) -> Result<(Self::Stamp, Self::Message), Self::Error>;

    /// The receipt of one message, be it late, out of order or a duplicate; an event of its own.
    ///
    /// # Errors
    /// When the message is not one that an honest peer in its right mind could have sent; which that is, each clock
    /// says for itself. The clock is as before.
    fn receive(&mut self, message: &Self::Message) -> Result<Self::Stamp, Self::Error>;
}

/// The label of one event. Every clock's stamps answer [`possible`](Stamp::possible), and answer it soundly.
///
/// When to use this and when [`ExactStamp`]: this one works for every clock; the other says more, for clocks that know.
pub trait Stamp: Clone + Debug {
    /// The relations between the two events that the stamps do not exclude. The true one is always among them.
    fn possible(&self, other: &Self) -> Possible;

    /// Whether neither event happened before the other. Only an exact stamp can say so for every pair:
    ///
    /// ```
    /// use constellation_clock::{Clock, Stamp, VectorClock};
    ///
    /// let (mut x, mut y) = (VectorClock::new("x"), VectorClock::new("y"));
    /// assert!(x.event()?.is_concurrent(&y.event()?));
    /// # Ok::<(), constellation_clock::Error>(())
    /// ```
    ///
    /// The same question put to a Lamport stamp does not compile, and the message says why:
    ///
    /// ```compile_fail,E0277
    /// use constellation_clock::{Clock, NamedLamport, Stamp};
    ///
    /// let (mut x, mut y) = (NamedLamport::new("x"), NamedLamport::new("y"));
    /// assert!(x.event()?.is_concurrent(&y.event()?));
    /// # Ok::<(), constellation_clock::Error>(())
    /// ```
    fn is_concurrent(&self, other: &Self) -> bool
    where
        Self: ExactStamp,
    {
        self.compare(other) == Ordering::Concurrent
    }
}

/// A stamp that characterises causality: it tells before, after, equal and concurrent apart for every two events.
///
/// Exact stamps, and only they, are `PartialOrd`, with `None` for concurrent. (Stamps with a time and a node are `Ord`
/// instead: a linear extension, which orders concurrent events too, by a tie-break that means nothing.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell whether two events are concurrent",
    label = "this stamp keeps too little: a smaller time means \"before or concurrent\"",
    note = "Lamport and hybrid stamps order events totally, and by that hide concurrency (Lamport 1978)",
    note = "ask `possible()` for the relations that are not excluded, or stamp with a `VectorClock` or `DottedClock`"
)]
pub trait ExactStamp: PartialOrd + Stamp {
    /// How this event stands to `other`.
    fn compare(&self, other: &Self) -> Ordering;
}
