//! A node of the cluster on the bus: submits events, hears of all others', and never mistakes concurrent for ordered.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use constellation_fabric::{Effects, Step};
use constellation_trace::{MessageId, NodeId};

mod envelope;
mod event;
mod injected;
mod refusal;
mod replica;
mod saved;

pub use envelope::Envelope;
pub use event::Event;
pub use injected::{InjectedClock, WallDial};
pub use refusal::{Refusal, Rejection};
pub use replica::{Durability, Learnt, Logged, Replica};

use crate::bus::{MessageBus, Posted, Taken};
use crate::bytes::{Limits, Wire};
use crate::dotted::DottedClock;
use crate::error::Error;
use crate::identity::Identity;

/// A node on a [`MessageBus`]: a [`Replica`] with the bus's messages going in and its own going out.
///
/// Whatever clock `C` is injected, events, deliveries and the stamps of [`Event`] are the same.
///
/// The second node that takes a name on one bus is the next incarnation of the first, `pacific#1`: a node that restarts
/// has lost what it knew, and must not count on.
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
    seat: Result<NodeId, Error>,
    replica: Replica<C>,
    /// What the bus has not taken yet, in the order of sending.
    outbox: VecDeque<Posted>,
    heals_seen: u64,
}

impl ClusterNode {
    /// The node called `id`, with a dotted clock injected. If the bus has no such node it is alone, and
    /// [`try_submit`](Self::try_submit) says so.
    #[must_use]
    pub fn new(id: String, bus: Arc<MessageBus>) -> ClusterNode {
        ClusterNode::with_birth(id, bus, |identity| DottedClock::new(identity.as_str()))
    }

    /// As [`new`](Self::new), refusing a name that is not on the bus.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
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
            Ok((node, identity)) => (Ok(node), identity),
            Err(error) => (Err(error), Identity::from(id.as_str())),
        };
        let clock = birth(&identity);
        let replica = match seat {
            Ok(me) => Replica::with_clock(bus.nodes(), me, identity, clock),
            Err(_) => Replica::with_clock([&id], NodeId::new(0), identity, clock),
        };
        ClusterNode { id, bus, seat, replica, outbox: VecDeque::new(), heals_seen: 0 }
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
        self.flush();
        let mut effects = Effects::new();
        let event = self.replica.submit(payload, &mut effects);
        self.carry_out(None, effects);
        event
    }

    /// As [`submit`](Self::submit), but makes no event while the bus or a clock refuses, or while earlier events wait to be
    /// taken.
    ///
    /// # Errors
    /// [`Refusal::Bus`], [`Refusal::Causality`] or [`Refusal::Clock`]. Nothing has changed.
    #[allow(clippy::unused_async, reason = "like its twin")]
    pub async fn try_submit(&mut self, payload: Vec<u8>) -> Result<Event, Refusal<C::Error>> {
        self.seat.clone().map_err(Refusal::Bus)?;
        if let Some(error) = self.bus.refusal().or(self.flush()) {
            return Err(Refusal::Bus(error));
        }
        let mut effects = Effects::new();
        let event = self.replica.try_submit(payload, &mut effects)?;
        self.carry_out(None, effects);
        Ok(event)
    }

    /// Handles messages as they come, until the bus is closed and nothing is left.
    ///
    /// Safe to cancel at any time: every message is either handled or still on the bus. So it may stand in a `select!`
    /// beside whatever else the node does.
    pub async fn run(&mut self) {
        let Ok(me) = self.seat else { return };
        loop {
            match self.bus.next(me, &mut self.heals_seen).await {
                Taken::Message(posted) => self.handle(posted),
                Taken::Healed => drop(self.flush()),
                Taken::Closed => return,
                Taken::Nothing => {}
            }
        }
    }

    /// Handles one message if one is there; whether it was. Never waits.
    #[allow(clippy::unused_async, reason = "like `run`")]
    pub async fn step(&mut self) -> bool {
        let Ok(me) = self.seat else { return false };
        loop {
            match self.bus.take(me, &mut self.heals_seen) {
                Taken::Message(posted) => {
                    self.handle(posted);
                    return true;
                }
                Taken::Healed => drop(self.flush()),
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

    /// How many messages wait here because the bus did not take them.
    #[must_use]
    pub fn undelivered(&self) -> usize {
        self.outbox.len()
    }

    /// How many messages were refused.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.replica.rejected()
    }

    /// The message refused last.
    #[must_use]
    pub fn last_rejection(&self) -> Option<&Rejection<C::Error>> {
        self.replica.last_rejection()
    }

    /// The state machine inside: its log, clocks and stamps.
    #[must_use]
    pub fn replica(&self) -> &Replica<C> {
        &self.replica
    }

    fn handle(&mut self, posted: Posted) {
        let Posted { id, source, payload, .. } = posted;
        let mut effects = Effects::receiving();
        let received = match Envelope::decode(&payload, self.replica.limits()) {
            Ok(envelope) => self.replica.receive(source, envelope, &mut effects),
            Err(error) => Err(Refusal::Malformed(error)),
        };
        match received {
            Ok(_) => self.carry_out(Some(id), effects),
            Err(refusal) => {
                self.bus.refuse_message(self.seat.as_ref().ok().copied(), id, &refusal);
                self.replica.reject(source, refusal);
            }
        }
        self.flush();
    }

    /// Tries again to send what waits. Returns why something still does.
    fn flush(&mut self) -> Option<Error> {
        let mut refused = None;
        let mut blocked = BTreeSet::new();
        for posted in core::mem::take(&mut self.outbox) {
            // What is for a target must not overtake what is for it already.
            if blocked.contains(&posted.target) {
                self.outbox.push_back(posted);
            } else if let Err((posted, error)) = self.bus.retry(posted) {
                blocked.insert(posted.target);
                self.outbox.push_back(posted);
                refused = Some(error);
            }
        }
        refused
    }

    fn carry_out(&mut self, received: Option<MessageId>, effects: Effects<Envelope<C::Message>>) {
        let Ok(me) = self.seat else { return };
        let steps = effects.into_parts().0.into_iter().map(encoded).collect();
        let blocked: BTreeSet<NodeId> = self.outbox.iter().map(|posted| posted.target).collect();
        self.outbox.extend(self.bus.carry_out(me, received, steps, &blocked));
    }
}

/// The same step with its messages in bytes; an envelope to many is encoded once.
fn encoded<M: Wire>(step: Step<Envelope<M>>) -> Step<Vec<u8>> {
    let mut sends: Vec<(NodeId, Vec<u8>)> = Vec::with_capacity(step.sends.len());
    let mut previous: Option<Envelope<M>> = None;
    for (target, envelope) in step.sends {
        let bytes = match (&previous, sends.last()) {
            (Some(previous), Some((_, bytes))) if previous.is_same_event(&envelope) => bytes.clone(),
            _ => envelope.encode(),
        };
        sends.push((target, bytes));
        previous = Some(envelope);
    }
    Step { act: step.act, label: step.label, claims: step.claims, sends }
}
