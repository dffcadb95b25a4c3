//! What a clock must offer to be injected into a node, and what each of ours says in a trace.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use constellation_trace::{Claim, WallTime};

use crate::bytes::Wire;
use crate::clock::Clock;
use crate::dotted::{DottedClock, DottedStamp};
use crate::error::Error;
use crate::hybrid::{HybridClock, HybridStamp, PhysicalTime, WallUnreadable};
use crate::lamport::{LamportStamp, NamedLamport};
use crate::lease::{Leased, Resumable, Store};
use crate::vector::{VectorClock, VectorStamp};

/// A clock that a [`Replica`](crate::Replica) or a [`ClusterNode`](crate::ClusterNode) can carry beside its own two.
///
/// Any [`Clock`] whose messages have bytes can be one; what is left to say is how its stamps are told in a trace.
///
/// ```
/// use constellation_clock::{Clock, Error, InjectedClock, LamportStamp, NamedLamport};
///
/// /// A clock of one's own, here one that counts in twos.
/// struct Even(NamedLamport);
///
/// impl Clock for Even {
///     type Stamp = LamportStamp;
///     type Message = LamportStamp;
///     type Error = Error;
///
///     fn event(&mut self) -> Result<LamportStamp, Error> { self.0.event()?; self.0.event() }
///     fn send(&mut self) -> Result<(LamportStamp, LamportStamp), Error> { self.0.event()?; self.0.send() }
///     fn receive(&mut self, message: &LamportStamp) -> Result<LamportStamp, Error> { self.0.receive(message) }
/// }
///
/// impl InjectedClock for Even {} // says nothing in traces
/// ```
pub trait InjectedClock: Clock<Message: Wire, Error: fmt::Display> {
    /// What a stamp says, for a trace. A claim of a kind that the node's own clocks make too is left out there.
    fn claim(_stamp: &Self::Stamp) -> Option<Claim> {
        None
    }

    /// Takes up what an earlier life of this node knew, from the last message that it kept for this purpose. A guard
    /// against others' clocks does not apply: it is our own, and our wall clock may have gone back since.
    ///
    /// Unless a clock says otherwise it is received like any other.
    ///
    /// # Errors
    /// As [`Clock::receive`]; the clock is as before.
    fn resume(&mut self, message: &Self::Message) -> Result<(), Self::Error> {
        self.receive(message).map(drop)
    }
}

impl InjectedClock for NamedLamport {
    fn claim(stamp: &LamportStamp) -> Option<Claim> {
        Some(Claim::Lamport(stamp.time()))
    }

    fn resume(&mut self, message: &LamportStamp) -> Result<(), Error> {
        self.skip_to(message.time());
        Ok(())
    }
}

impl InjectedClock for VectorClock {
    fn claim(stamp: &VectorStamp) -> Option<Claim> {
        Some(vector_claim(stamp))
    }
}

impl InjectedClock for DottedClock {
    fn claim(stamp: &DottedStamp) -> Option<Claim> {
        Some(vector_claim(stamp.vector()))
    }
}

impl<W> InjectedClock for HybridClock<W>
where
    W: FnMut() -> Result<PhysicalTime, WallUnreadable>,
{
    fn claim(stamp: &HybridStamp) -> Option<Claim> {
        let time = stamp.time();
        Some(Claim::Hybrid { physical_ns: time.physical().as_ns(), logical: time.logical() })
    }

    fn resume(&mut self, message: &HybridStamp) -> Result<(), Error> {
        let (time, last_read) = self.save();
        self.restore((time.max(message.time()), last_read));
        Ok(())
    }
}

/// What the clock inside says; what it takes up is covered by the lease like all that it learns.
impl<C, S> InjectedClock for Leased<C, S>
where
    C: InjectedClock + Resumable<Error = Error>,
    S: Store,
{
    fn claim(stamp: &C::Stamp) -> Option<Claim> {
        C::claim(stamp)
    }

    fn resume(&mut self, message: &C::Message) -> Result<(), Error> {
        self.cover(|clock| clock.resume(message))
    }
}

/// A vector stamp as a trace tells it.
pub(super) fn vector_claim(stamp: &VectorStamp) -> Claim {
    let entries = stamp.entries().map(|(identity, counter)| (String::from(identity.as_str()), counter));
    Claim::Vector(entries.collect())
}

/// What a replica's wall clock showed at its latest input: how physical time reaches a clock in a simulated node.
///
/// Clones show the same.
#[derive(Clone, Debug, Default)]
pub struct WallDial(Arc<AtomicU64>);

impl WallDial {
    /// The reading, in the form that a hybrid clock asks for.
    ///
    /// # Errors
    /// None: a dial always shows something, the epoch before the first input. It is the clock that refuses a reading beyond
    /// its range. The type is the one that walls have.
    pub fn read(&self) -> Result<PhysicalTime, WallUnreadable> {
        Ok(PhysicalTime::from_ns(self.0.load(Ordering::Relaxed))) // Set and read on one thread, the replica's.
    }

    pub(super) fn set(&self, time: WallTime) {
        self.0.store(time.ns(), Ordering::Relaxed);
    }
}
