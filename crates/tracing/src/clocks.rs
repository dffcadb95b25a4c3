//! What stamps the events of a process: a Lamport clock and a vector clock, or clocks of one's own.

use constellation_clock::{Clock as _, Error, LamportStamp, NamedLamport, VectorClock, VectorStamp};

/// What the clocks of a process said of one event. It travels with a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stamp {
    /// The Lamport time.
    pub lamport: u64,
    /// The vector time.
    pub vector: VectorStamp,
}

/// The clocks of one process, asked once for each of its events and in their order.
///
/// When to use this and when the clocks that a [`Recorder`](crate::Recorder) has by itself: those are right, so that the picture
/// shows their stamps; with clocks of your own it also shows whether *they* are right.
///
/// Their vectors name processes as a [`Recorder`](crate::Recorder) may be called, and at most
/// [`Header::ENTRIES_MAX`](crate::Header::ENTRIES_MAX) of them. An event with another stamp is dropped, and counted.
///
/// They are asked with the lock of the process held, so they must not record anything themselves: that would wait for ever.
pub trait Clocks: Send {
    /// The stamp of an event that receives nothing.
    ///
    /// # Errors
    /// When no further stamp can be issued.
    fn event(&mut self) -> Result<Stamp, Error>;

    /// The stamp of an event that receives a message with this stamp.
    ///
    /// # Errors
    /// When no honest peer can have sent it; the clocks then have not learnt from it.
    fn receive(&mut self, sent: &Stamp) -> Result<Stamp, Error>;
}

/// The clocks that a recorder has by itself.
pub(crate) struct OwnClocks {
    lamport: NamedLamport,
    vector: VectorClock,
}

/// Whoever sent a Lamport time: a stamp does not say, and no process is called so.
const SENDER: &str = "(sender)";

impl OwnClocks {
    pub(crate) fn new(process: &str) -> OwnClocks {
        OwnClocks { lamport: NamedLamport::new(process), vector: VectorClock::new(process) }
    }
}

impl Clocks for OwnClocks {
    fn event(&mut self) -> Result<Stamp, Error> {
        Ok(Stamp { vector: self.vector.event()?, lamport: self.lamport.event()?.time() })
    }

    fn receive(&mut self, sent: &Stamp) -> Result<Stamp, Error> {
        // A Lamport clock that went on alone has only left out times, should the vector clock refuse.
        // One forged time that was taken would silence this process: everybody else refuses what is so far ahead.
        let lamport = self.lamport.receive(&LamportStamp::new(sent.lamport, SENDER)?)?.time();
        Ok(Stamp { lamport, vector: self.vector.receive(&sent.vector)? })
    }
}
