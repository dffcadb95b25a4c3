//! An asynchronous message bus between named nodes, whose links can be cut and healed.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use constellation_fabric::Step;
use constellation_trace::{MessageId, Names, NodeId, Trace};
use tokio::sync::Notify;

mod port;
mod state;

pub use port::{Letter, Port};
use state::State;
pub(crate) use state::{Posted, Taken};

use crate::error::Error;
use crate::identity::Identity;

/// Carries payloads between nodes, in the order of sending on each link; to be shared as `Arc<MessageBus>`.
///
/// A [`partition`](Self::partition) loses nothing: what crosses it is held, in order, and delivered by
/// [`heal`](Self::heal). Partitions add up, may overlap, and end together. What becomes of a message is decided by
/// [`constellation_fabric::Network`] with calm links; the bus carries it out and decides nothing.
///
/// It needs no particular runtime. Every operation takes one uncontended lock for a few dozen nanoseconds; only
/// [`recv`](Self::recv) ever waits.
///
/// ```
/// use std::sync::Arc;
/// use constellation_clock::MessageBus;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), constellation_clock::Error> {
/// let bus = Arc::new(MessageBus::new(vec!["pacific".into(), "atlantic".into()]));
/// bus.partition(&["pacific"], &["atlantic"]);
/// bus.send("pacific", "atlantic", b"telemetry".to_vec()).await?; // taken, and held
/// assert_eq!(bus.held(), 1);
/// bus.heal();
/// let message = bus.recv("atlantic").await.expect("the bus is open");
/// assert_eq!((message.from.as_str(), message.payload.as_slice()), ("pacific", &b"telemetry"[..]));
///
/// // The trap: a misspelt name is an error, not a message to nobody.
/// let refused = bus.send("pacific", "atlantik", Vec::new()).await.unwrap_err();
/// assert_eq!(refused.to_string(), "there is no node `atlantik` on the bus; did you mean `atlantic`?");
/// # Ok(()) }
/// ```
pub struct MessageBus {
    names: Names,
    /// For each node, what wakes those who wait for its messages.
    bells: Vec<Notify>,
    state: Mutex<State>,
}

/// A message as it arrives.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who sent it.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What it says; the bus does not look.
    pub payload: Vec<u8>,
}

/// What became of a call to [`MessageBus::partition`]. To ignore it is safe: see there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PartitionOutcome {
    /// The links are cut.
    InForce,
    /// Nothing was cut, and every send fails with this error until the next partition or heal.
    Refused(Error),
}

impl MessageBus {
    /// A bus between these nodes, all links open.
    ///
    /// A name given twice is one node. With a name that reads as a later life of another, like `pacific#1`, every
    /// [`send`](Self::send) fails with [`Error::AmbiguousName`]: what it sends could be taken for the other's. For both see
    /// [`try_new`](Self::try_new).
    #[must_use]
    pub fn new(node_ids: Vec<String>) -> MessageBus {
        let names: Names = node_ids.iter().collect();
        let state = State::new(names.len());
        let bells = names.iter().map(|_| Notify::new()).collect();
        let unfit = names.iter().find_map(|name| Identity::new(name, 0).err());
        let bus = MessageBus { names, bells, state: Mutex::new(state) };
        if let Some(error) = unfit {
            bus.lock().refuse_for_good(error);
        }
        bus
    }

    /// As [`new`](Self::new), refusing a name given twice or one that reads as a later life of another.
    ///
    /// # Errors
    /// [`Error::DuplicateNode`], [`Error::AmbiguousName`].
    pub fn try_new(node_ids: Vec<String>) -> Result<MessageBus, Error> {
        let mut names = Names::new();
        for name in &node_ids {
            if names.find(name).is_some() {
                return Err(Error::DuplicateNode { name: name.clone() });
            }
            Identity::new(name, 0)?;
            names.intern(name);
        }
        Ok(MessageBus::new(node_ids))
    }

    /// As [`new`](Self::new), but what happens on the bus is recorded, to be judged: see [`trace`](Self::trace).
    #[must_use]
    pub fn recording(node_ids: Vec<String>) -> MessageBus {
        let bus = MessageBus::new(node_ids);
        bus.lock().record_from_now(&bus.names);
        bus
    }

    /// The same bus, on which at most `held_max` messages wait for a heal, over all links
    /// ([`Network::HELD_MAX`](constellation_fabric::Network::HELD_MAX) otherwise).
    #[must_use]
    pub fn with_held_max(self, held_max: usize) -> MessageBus {
        self.lock().set_held_max(held_max);
        self
    }

    /// The names of the nodes, in the order in which they were given.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter()
    }

    /// Cuts every link between the two groups, in both directions, until [`heal`](Self::heal).
    ///
    /// Any two groups will do; they may overlap, and a node stays connected to itself. Partitions add up.
    ///
    /// This is a statement, so it cannot fail in silence: if a name is unknown nothing is cut, and every later
    /// [`send`](Self::send) fails with the same error, until the next successful partition or heal.
    pub fn partition(&self, group_a: &[&str], group_b: &[&str]) -> PartitionOutcome {
        match self.try_partition(group_a, group_b) {
            Ok(()) => PartitionOutcome::InForce,
            Err(error) => {
                self.lock().refuse(error.clone());
                PartitionOutcome::Refused(error)
            }
        }
    }

    /// As [`partition`](Self::partition), for callers who look at the result: a refusal has no further effect.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]. Nothing was cut.
    pub fn try_partition(&self, group_a: &[&str], group_b: &[&str]) -> Result<(), Error> {
        let (group_a, group_b) = (self.all(group_a)?, self.all(group_b)?);
        self.lock().partition(group_a, group_b);
        Ok(())
    }

    /// Cuts every link from a source to a target, in that direction only, until [`heal`](Self::heal).
    ///
    /// # Errors
    /// [`Error::UnknownNode`]. Nothing was cut.
    pub fn cut(&self, sources: &[&str], targets: &[&str]) -> Result<(), Error> {
        let (sources, targets) = (self.all(sources)?, self.all(targets)?);
        self.lock().cut(sources, targets);
        Ok(())
    }

    /// Ends all partitions and cuts, and delivers what they held, in the order of sending.
    pub fn heal(&self) {
        self.lock().heal();
        self.wake_all();
    }

    /// Hands a payload to the bus. It never waits.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]; [`Error::HoldFull`] when the link is cut and no more may be held; [`Error::BusClosed`]; the
    /// error of a refused [`partition`](Self::partition). The message was not taken, and none was lost.
    #[allow(clippy::unused_async, reason = "the course awaits it, and a bus over sockets would have to wait")]
    pub async fn send(&self, from: &str, to: &str, payload: Vec<u8>) -> Result<(), Error> {
        let (source, target) = (self.node(from)?, self.node(to)?);
        let is_delivered = self.lock().send(source, target, payload)?;
        if is_delivered {
            self.wake(target);
        }
        Ok(())
    }

    /// The next message for `node`; waits for one. `None` if there is no such node, or when the bus is
    /// [closed](Self::close) and nothing is left for it; [`try_recv`](Self::try_recv) tells the two apart.
    ///
    /// Safe to cancel: a message is either returned or still there. Several receivers of one node share its messages.
    pub async fn recv(&self, node: &str) -> Option<Message> {
        self.try_recv(node).await.ok().flatten()
    }

    /// As [`recv`](Self::recv), where a name that is not on the bus is an error. It waits as well.
    ///
    /// # Errors
    /// [`Error::UnknownNode`], naming the nearest.
    ///
    /// ```
    /// # use constellation_clock::MessageBus;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let bus = MessageBus::new(vec!["pacific".into()]);
    /// assert_eq!(bus.recv("pasific").await, None); // for ever, and nobody knows why
    /// let refused = bus.try_recv("pasific").await.unwrap_err();
    /// assert_eq!(refused.to_string(), "there is no node `pasific` on the bus; did you mean `pacific`?");
    /// # }
    /// ```
    pub async fn try_recv(&self, node: &str) -> Result<Option<Message>, Error> {
        let node = self.node(node)?;
        loop {
            // The quick way first: most of the time something is there, and nobody needs to be woken.
            let mut taken = self.receive(node);
            if matches!(taken, Taken::Nothing) {
                let mut bell = pin!(self.bell(node).notified());
                // In line before looking once more: what arrives from here on rings for this receiver.
                bell.as_mut().enable();
                taken = self.receive(node);
                if matches!(taken, Taken::Nothing) {
                    bell.await;
                }
            }
            match taken {
                Taken::Message(posted) => return Ok(Some(self.open(posted))),
                Taken::Closed => return Ok(None),
                Taken::Nothing | Taken::Healed => {}
            }
        }
    }

    /// Takes no more messages. Who waits gets what is left, then `None`. What a partition still holds is delivered by a
    /// heal; heal first if it shall not be missed.
    pub fn close(&self) {
        self.lock().close();
        self.wake_all();
    }

    /// How many messages wait for a heal.
    #[must_use]
    pub fn held(&self) -> usize {
        self.lock().held()
    }

    /// What has happened so far on a [recording](Self::recording) bus: each send and receive with what nodes claimed of
    /// it, each partition, hold and heal, and last each message that is still under way. Its times count steps of the
    /// bus; no real clock is read.
    ///
    /// # Errors
    /// [`Error::NotRecorded`] if this bus does not record, or had to stop because something could not be recorded.
    pub fn trace(&self) -> Result<Trace, Error> {
        self.lock().trace()
    }

    /// Makes the caller one more life of the node called `name`: the first is incarnation 0.
    pub(crate) fn attach(self: &Arc<MessageBus>, name: &str) -> Result<(Seat, Identity), Error> {
        let node = self.node(name)?;
        Identity::new(name, 0)?;
        let life = self.lock().attach(node).ok_or_else(|| Error::NameInUse { name: String::from(name) })?;
        let seat = Seat { bus: self.clone(), node };
        Ok((seat, Identity::new(name, life)?))
    }

    /// Does several things on the bus with nothing in between. What is done must not use the bus otherwise.
    pub(crate) fn transact<T>(&self, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let mut desk = Desk { state: self.lock(), delivered_to: Vec::new() };
        let result = work(&mut desk);
        let Desk { state, delivered_to } = desk;
        drop(state); // Before anybody is woken who would only wait for it.
        delivered_to.into_iter().for_each(|target| self.wake(target));
        result
    }

    /// Records that `node` refused a message: nothing of it got in, so for every judge it is lost.
    pub(crate) fn refuse_message(&self, node: NodeId, id: MessageId, refusal: &impl fmt::Display) {
        self.lock().refuse_message(node, id, refusal);
    }

    /// The next message for a node that also wants to know of heals; not recorded as received.
    pub(crate) async fn next(&self, node: NodeId, heals_seen: &mut u64) -> Taken {
        let mut bell = pin!(self.bell(node).notified());
        loop {
            bell.as_mut().enable();
            let taken = self.take(node, heals_seen);
            if !matches!(taken, Taken::Nothing) {
                return taken;
            }
            bell.as_mut().await;
            bell.set(self.bell(node).notified());
        }
    }

    /// As [`next`](Self::next), without waiting.
    pub(crate) fn take(&self, node: NodeId, heals_seen: &mut u64) -> Taken {
        self.lock().take(node, heals_seen)
    }

    /// The name of a node of this bus.
    pub(crate) fn name(&self, node: NodeId) -> &str {
        self.names.text(node.number()).expect("a NodeId comes from the table of its bus")
    }

    // A function of its own, so that the lock is never held where something is awaited.
    #[inline]
    fn receive(&self, node: NodeId) -> Taken {
        self.lock().recv(node)
    }

    fn open(&self, posted: Posted) -> Message {
        let (from, to) = (String::from(self.name(posted.source)), String::from(self.name(posted.target)));
        Message { from, to, payload: posted.payload }
    }

    #[inline]
    fn node(&self, name: &str) -> Result<NodeId, Error> {
        self.names.find(name).map(NodeId::new).ok_or_else(|| {
            let nearest = self.names.nearest(name).map(String::from);
            Error::UnknownNode { name: String::from(name), nearest }
        })
    }

    fn all(&self, names: &[&str]) -> Result<Vec<NodeId>, Error> {
        names.iter().map(|name| self.node(name)).collect()
    }

    fn bell(&self, node: NodeId) -> &Notify {
        self.bells.get(node.index()).expect("there is a bell for each name")
    }

    fn wake(&self, node: NodeId) {
        self.bell(node).notify_one();
    }

    fn wake_all(&self) {
        self.bells.iter().for_each(Notify::notify_waiters);
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that leaves the state half changed, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A node's place on the bus, free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    bus: Arc<MessageBus>,
    node: NodeId,
}

impl Seat {
    /// Whose place it is.
    pub(crate) fn node(&self) -> NodeId {
        self.node
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.bus.lock().release(self.node);
    }
}

/// The bus, with everybody else waiting outside.
pub(crate) struct Desk<'a> {
    state: MutexGuard<'a, State>,
    /// Who is to be woken, once for each message.
    delivered_to: Vec<NodeId>,
}

impl Desk<'_> {
    /// Whether a message to each of these would be taken now.
    pub(crate) fn admit(&self, source: NodeId, targets: &[NodeId]) -> Result<(), Error> {
        self.state.admit(source, targets)
    }

    /// Records a node's step in which it sends a message to each of these; they are to be posted. The id of the first, of
    /// which the others follow.
    pub(crate) fn announce<M>(&mut self, node: NodeId, step: &Step<M>, targets: &[NodeId]) -> MessageId {
        self.state.announce(node, step, targets)
    }

    /// Sends a message that was announced.
    pub(crate) fn post(&mut self, posted: Posted) -> Result<(), Error> {
        let target = posted.target;
        if self.state.post(posted)? {
            self.delivered_to.push(target);
        }
        Ok(())
    }

    /// Records the steps in which a node took `received` in.
    pub(crate) fn record_steps<M>(&mut self, node: NodeId, received: MessageId, steps: &[Step<M>]) {
        self.state.record_steps(node, received, steps);
    }
}

impl fmt::Debug for MessageBus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("MessageBus");
        debug.field("nodes", &self.names.iter().collect::<Vec<_>>());
        debug.field("held", &self.held()).finish_non_exhaustive()
    }
}
