//! A node of the cluster on the bus: submits events, hears of all others', and never mistakes concurrent for ordered.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use constellation_fabric::Effects;
use constellation_trace::NodeId;

mod behind;
mod envelope;
mod event;
mod injected;
mod outbox;
mod refusal;
mod replica;
mod saved;

pub use behind::Behind;
pub use envelope::{Envelope, Sent};
pub use event::Event;
pub use injected::{InjectedClock, WallDial};
pub use refusal::{Refusal, Refused};
pub use replica::{Durability, Learnt, Logged, Replica};

use outbox::Outbox;

use crate::bus::{MessageBus, Posted, Seat, Taken};
use crate::bytes::Limits;
use crate::dotted::DottedClock;
use crate::error::Error;
use crate::identity::Identity;

/// A node on a [`MessageBus`]: a [`Replica`] with the bus's messages going in and its own going out.
///
/// Whatever clock `C` is injected, events, deliveries and the stamps of [`Event`] are the same.
///
/// A name on a bus belongs to one living node. Once that is dropped, the next to take the name is the next incarnation,
/// `pacific#1`: a node that restarts has lost what it knew, and must not count on.
///
/// A node that has no place on the bus, for its name is not there or in use, is alone: [`error`](Self::error) says
/// why, and all that it would send is [`undelivered`](Self::undelivered).
///
/// ```
/// use std::sync::Arc;
/// use constellation_clock::{ClusterNode, MessageBus};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let bus = Arc::new(MessageBus::new(vec!["pacific".into(), "atlantic".into()]));
/// let mut pacific = ClusterNode::new("pacific".into(), bus.clone());
/// let mut atlantic = ClusterNode::new("atlantic".into(), bus.clone());
///
/// let event = pacific.submit(b"MSS-17 roll 2".to_vec()).await;
/// bus.close(); // so that `run` ends once it has handled what is there
/// atlantic.run().await;
/// assert!(atlantic.events().eq([&event]));
/// # }
/// ```
#[derive(Debug)]
pub struct ClusterNode<C: InjectedClock = DottedClock> {
    id: String,
    bus: Arc<MessageBus>,
    /// Where on the bus, or why nowhere.
    seat: Result<Seat, Error>,
    replica: Replica<C>,
    outbox: Outbox<C::Message>,
    heals_seen: u64,
}

impl ClusterNode {
    /// The node called `id`, with a dotted clock injected. If the bus has no such node, or a living one already, it is
    /// alone: see [`error`](Self::error) and [`try_new`](Self::try_new).
    #[must_use]
    pub fn new(id: String, bus: Arc<MessageBus>) -> ClusterNode {
        ClusterNode::with_birth(id, bus, |identity| DottedClock::new(identity.as_str()))
    }

    /// As [`new`](Self::new), refusing a name that is not on the bus, or belongs to a living node.
    ///
    /// # Errors
    /// [`Error::UnknownNode`], [`Error::NameInUse`], [`Error::AmbiguousName`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use constellation_clock::{ClusterNode, Error, MessageBus};
    ///
    /// let bus = Arc::new(MessageBus::new(vec!["pacific".into(), "atlantic".into()]));
    /// let first = ClusterNode::try_new("pacific".into(), bus.clone())?;
    /// let second = ClusterNode::try_new("pacific".into(), bus.clone());
    /// assert_eq!(second.unwrap_err(), Error::NameInUse { name: "pacific".into() });
    /// drop(first); // a crash
    /// assert_eq!(ClusterNode::try_new("pacific".into(), bus)?.identity().as_str(), "pacific#1");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_new(id: String, bus: Arc<MessageBus>) -> Result<ClusterNode, Error> {
        let node = ClusterNode::new(id, bus);
        match &node.seat {
            Ok(_) => Ok(node),
            Err(error) => Err(error.clone()),
        }
    }
}

impl<C: InjectedClock> ClusterNode<C> {
    /// The node called `id`, with this clock injected. The clock is to be made for this life of the node; see
    /// [`with_birth`](Self::with_birth) for one that is told which.
    #[must_use]
    pub fn with_clock(id: String, bus: Arc<MessageBus>, clock: C) -> ClusterNode<C> {
        ClusterNode::with_birth(id, bus, |_| clock)
    }

    /// The node called `id`, with the clock that `birth` makes for this life of it.
    #[must_use]
    pub fn with_birth(
        id: String,
        bus: Arc<MessageBus>,
        birth: impl FnOnce(&Identity) -> C,
    ) -> ClusterNode<C> {
        let (seat, identity) = match bus.attach(&id) {
            Ok((seat, identity)) => (Ok(seat), identity),
            Err(error) => (Err(error), Identity::from(id.as_str())),
        };
        let clock = birth(&identity);
        let replica = match &seat {
            Ok(seat) => Replica::with_clock(bus.nodes(), seat.node(), identity, clock),
            Err(_) => Replica::with_clock([&id], NodeId::new(0), identity, clock),
        };
        let peers = (0..).map(NodeId::new).zip(bus.nodes()).filter(|(_, name)| *name != id);
        let outbox = Outbox::new(peers.map(|(peer, _)| peer));
        ClusterNode { id, bus, seat, replica, outbox, heals_seen: 0 }
    }

    /// The same node, taking messages within these limits ([`Limits::STANDARD`] otherwise); all of a cluster should have
    /// the same.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> ClusterNode<C> {
        ClusterNode { replica: self.replica.with_limits(limits), ..self }
    }

    /// Makes an event of `payload` and sends it to every other node. Never waits and never fails: what the bus does not
    /// take now is [`undelivered`](Self::undelivered), and tried again, in order, with every later call and every heal.
    #[allow(clippy::unused_async, reason = "the course awaits it, and a bus over sockets would have to wait")]
    pub async fn submit(&mut self, payload: Vec<u8>) -> Event {
        let stamped = self.replica.stamp().ok();
        let ClusterNode { bus, seat, replica, outbox, .. } = self;
        let mut effects = Effects::new();
        let Ok(seat) = seat else {
            let outgoing = replica.commit(payload, stamped, &mut effects);
            outbox.keep();
            return replica.event_of(&outgoing).clone();
        };
        bus.transact(|desk| {
            let outgoing = replica.commit(payload, stamped, &mut effects);
            let event = replica.event_of(&outgoing).clone();
            let step = effects.steps().last().expect("a commit is a step");
            outbox.push(desk, seat.node(), outgoing, step);
            drop(outbox.flush(desk, seat.node(), |outgoing| replica.encode(outgoing)));
            event
        })
    }

    /// As [`submit`](Self::submit), but makes no event unless the bus takes it for everybody at once, with all that came
    /// before, and the clocks can stamp it.
    ///
    /// # Errors
    /// [`Refusal::Bus`], [`Refusal::Causality`] or [`Refusal::Clock`]. Nothing has changed; only if the last room on the
    /// bus is taken by another thread in the same moment, the injected clock has skipped a stamp.
    #[allow(clippy::unused_async, reason = "like its twin")]
    pub async fn try_submit(&mut self, payload: Vec<u8>) -> Result<Event, Refusal<C::Error>> {
        self.require_room().map_err(Refusal::Bus)?;
        let stamped = self.replica.try_stamp()?; // Not during the transaction: a clock might use the bus.
        let ClusterNode { bus, seat, replica, outbox, .. } = self;
        let me = seat.as_ref().map_err(|error| Refusal::Bus(error.clone()))?.node();
        bus.transact(|desk| {
            desk.admit(me, &outbox.peers()).map_err(Refusal::Bus)?;
            let mut effects = Effects::new();
            let outgoing = replica.commit(payload, Some(stamped), &mut effects);
            let event = replica.event_of(&outgoing).clone();
            outbox.push(desk, me, outgoing, effects.steps().last().expect("a commit is a step"));
            let outcome = outbox.flush(desk, me, |outgoing| replica.encode(outgoing));
            assert_eq!(outcome, Ok(()), "the room was there, and the bus was ours");
            Ok(event)
        })
    }

    /// Handles messages as they come, until the bus is closed and nothing is left.
    ///
    /// Safe to cancel at any time: every message is either handled or still on the bus. So it may stand in a `select!`
    /// beside whatever else the node does.
    pub async fn run(&mut self) {
        let Ok(me) = self.seat.as_ref().map(Seat::node) else { return };
        loop {
            match self.bus.next(me, &mut self.heals_seen).await {
                Taken::Message(posted) => self.handle(me, posted),
                Taken::Healed => self.flush(me),
                Taken::Closed => return,
                Taken::Nothing => {}
            }
        }
    }

    /// Handles one message if one is there; whether it was. Never waits.
    #[allow(clippy::unused_async, reason = "like `run`")]
    pub async fn step(&mut self) -> bool {
        let Ok(me) = self.seat.as_ref().map(Seat::node) else { return false };
        loop {
            match self.bus.take(me, &mut self.heals_seen) {
                Taken::Message(posted) => {
                    self.handle(me, posted);
                    return true;
                }
                Taken::Healed => self.flush(me),
                Taken::Closed | Taken::Nothing => return false,
            }
        }
    }

    /// Handles all messages that are there; how many. Never waits.
    pub async fn drain(&mut self) -> usize {
        let mut handled = 0;
        while self.step().await {
            handled += 1;
        }
        handled
    }

    /// The name it has on the bus.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which life of the node this is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.replica.identity()
    }

    /// The events known here, submitted or received, in the order in which this node learnt of them.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.replica.events()
    }

    /// How many messages wait here because the bus did not take them. They cost no copy: they stand in the log.
    #[must_use]
    pub fn undelivered(&self) -> usize {
        self.outbox.undelivered()
    }

    /// Why it has no place on the bus, if so: nothing reaches it, and nothing that it submits reaches anybody.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.seat.as_ref().err()
    }

    /// How many messages were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.replica.refused()
    }

    /// The message refused last.
    #[must_use]
    pub fn last_refused(&self) -> Option<&Refused<C::Error>> {
        self.replica.last_refused()
    }

    /// The state machine inside: its log, clocks and stamps.
    #[must_use]
    pub fn replica(&self) -> &Replica<C> {
        &self.replica
    }

    fn handle(&mut self, me: NodeId, posted: Posted) {
        let Posted { id, source, payload, .. } = posted;
        let mut effects = Effects::receiving();
        let decoded = self.replica.decode(&payload);
        match decoded.and_then(|envelope| self.replica.receive(source, envelope, &mut effects)) {
            Ok(_) => self.bus.transact(|desk| desk.record_steps(me, id, effects.steps())),
            Err(refusal) => {
                self.bus.refuse_message(me, id, &refusal);
                self.replica.refuse(source, refusal);
            }
        }
        self.flush(me);
    }

    /// Tries again to send what waits.
    fn flush(&mut self, me: NodeId) {
        let ClusterNode { bus, replica, outbox, .. } = self;
        if !outbox.is_empty() {
            drop(bus.transact(|desk| outbox.flush(desk, me, |outgoing| replica.encode(outgoing))));
        }
    }

    /// Whether nothing waits any more and one more event would be taken for everybody.
    fn require_room(&mut self) -> Result<(), Error> {
        let ClusterNode { bus, seat, replica, outbox, .. } = self;
        let me = seat.as_ref().map_err(Error::clone)?.node();
        bus.transact(|desk| {
            outbox.flush(desk, me, |outgoing| replica.encode(outgoing))?;
            desk.admit(me, &outbox.peers())
        })
    }
}
