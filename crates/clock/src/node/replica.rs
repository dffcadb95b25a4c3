//! The state machine of a cluster node: no sockets, no runtime, no time of its own.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Claim, Names, NodeId};

mod admission;

use super::behind::Behind;
use super::envelope::{self, Envelope, Sent};
use super::event::Event;
use super::injected::{InjectedClock, WallDial, vector_claim};
use super::refusal::{Refusal, Refusals, Refused};
use super::saved::Saved;
use crate::CEILING;
use crate::bytes::Limits;
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::Identity;
use crate::lamport::LamportClock;
use crate::lease::CheckpointFault;
use crate::vector::{Group, VectorClock, VectorStamp};

/// One node of a cluster that tells every event to all others, under a Lamport and a vector clock and one more clock
/// that is injected and changes nothing.
///
/// It is a [`fabric::Node`](constellation_fabric::Node): the same value runs in a simulator, and inside
/// [`ClusterNode`](crate::ClusterNode) behind the bus. A request is a payload to submit: one event, one tick, one message
/// to each peer. A message received is one event as well: merge and tick; the event in it is logged once, however
/// often it arrives. What no honest node can have sent is refused, and leaves all clocks as they were.
///
/// The injected clock has no say in that. What it refuses, say a stamp from too far in the future, is an event all the
/// same: it is logged, [counted](Self::clock_refused), and until the clock has made up for it the node is
/// [`behind`](Self::behind) and claims no stamp, rather than one that may be below a stamp in its past.
///
/// Its two own clocks count events, and are known only by being told: at most 64 later lives of one node are heard of.
///
/// ```
/// use constellation_clock::{Durability, HybridClock, DriftPolicy, Replica};
/// use constellation_fabric::Effects;
/// use constellation_trace::NodeId;
///
/// let [pacific, atlantic] = [NodeId::new(0), NodeId::new(1)];
/// let replica = |node| {
///     // Physical time reaches an injected clock through the dial, which shows the `Now` of the latest input.
///     Replica::new(["pacific", "atlantic"], node, Durability::Volatile, |identity, dial| {
///         let dial = dial.clone();
///         HybridClock::new(identity.clone(), DriftPolicy::STANDARD, move || dial.read())
///     })
/// };
/// let (mut sender, mut receiver) = (replica(pacific), replica(atlantic));
/// let mut effects = Effects::new();
/// let event = sender.submit(b"telemetry".to_vec(), &mut effects);
/// let (to, envelope) = effects.steps()[0].sends[0].clone();
/// assert_eq!(to, atlantic);
///
/// receiver.receive(pacific, envelope.clone(), &mut Effects::receiving())?;
/// receiver.receive(pacific, envelope, &mut Effects::receiving())?; // a duplicate
/// assert_eq!(receiver.events().collect::<Vec<_>>(), [&event]);
/// # Ok::<(), constellation_clock::Refusal<constellation_clock::Error>>(())
/// ```
pub struct Replica<C: InjectedClock> {
    me: NodeId,
    names: Names,
    identity: Identity,
    lamport: LamportClock,
    vector: VectorClock,
    clock: C,
    /// Of whose stamps, among all that `vector` counts, `clock` has not heard.
    behind: Behind,
    birth: Birth<C>,
    dial: WallDial,
    durability: Durability,
    limits: Limits,
    log: Vec<Logged<C::Stamp>>,
    /// The names of the events in the log.
    known: BTreeSet<(Identity, u64)>,
    /// The envelopes of the log in bytes, in its order, for whoever persists; else empty.
    stored: Vec<Vec<u8>>,
    refused: Refusals<C::Error>,
    /// What the injected clock refused.
    clock_refused: Refusals<C::Error>,
}

/// An event of our own, as it stands in the log, with what else its envelope needs.
#[derive(Debug)]
pub(super) struct Outgoing<M> {
    /// Its place in the log.
    place: usize,
    vector: VectorStamp,
    message: Sent<M>,
}

/// What the injected clock says of an event of our own.
pub(super) struct Stamped<C: InjectedClock> {
    /// Its stamp, if one may be claimed.
    stamp: Option<C::Stamp>,
    /// What travels with it.
    sent: Sent<C::Message>,
}

type MakeClock<C> = dyn FnMut(&Identity, &WallDial) -> C + Send;

/// How the injected clock of a life begins.
enum Birth<C> {
    /// As this makes it.
    Made(Box<MakeClock<C>>),
    /// It was handed in, for one life.
    Given,
}

/// What a replica keeps for its next life.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing: a restart remembers nothing, and is a new incarnation.
    #[default]
    Volatile,
    /// All, after every event and before telling anybody of it. The whole state each time: for runs of thousands of
    /// events, not millions.
    EveryEvent,
}

/// An event in a replica's log, with the stamp of the injected clock.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Logged<S> {
    /// The event.
    pub event: Event,
    /// When this node submitted or first received it, by the injected clock; `None` if that clock could not tell, or was
    /// [behind](Behind).
    pub stamp: Option<S>,
}

/// Whether a message told a replica anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Learnt {
    /// An event that was not in the log.
    New,
    /// One that was.
    Known,
}

impl<C: InjectedClock> Replica<C> {
    /// The node number `me` of those called `names`, before its first event. `birth` makes the injected clock of each life.
    ///
    /// A number that is no node's gives a node without a name, whom no peer believes; see [`try_new`](Self::try_new).
    pub fn new<T: AsRef<str>>(
        names: impl IntoIterator<Item = T>,
        me: NodeId,
        durability: Durability,
        mut birth: impl FnMut(&Identity, &WallDial) -> C + Send + 'static,
    ) -> Replica<C> {
        let names: Names = names.into_iter().collect();
        let identity = Identity::from(names.text(me.number()).unwrap_or_default());
        let dial = WallDial::default();
        let clock = birth(&identity, &dial);
        let replica = Replica::with_clock(names.iter(), me, identity, clock);
        Replica { birth: Birth::Made(Box::new(birth)), dial, durability, ..replica }
    }

    /// As [`new`](Self::new), refusing a number that is no node's, and names that read as a later life of another.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`], [`Error::AmbiguousName`].
    pub fn try_new<T: AsRef<str>>(
        names: impl IntoIterator<Item = T>,
        me: NodeId,
        durability: Durability,
        birth: impl FnMut(&Identity, &WallDial) -> C + Send + 'static,
    ) -> Result<Replica<C>, Error> {
        let names: Names = names.into_iter().collect();
        names.iter().try_for_each(|name| Identity::new(name, 0).map(drop))?;
        if me.index() >= names.len() {
            return Err(Error::NoSuchNode { number: me.number(), nodes: names.len() });
        }
        Ok(Replica::new(names.iter(), me, durability, birth))
    }

    /// As [`new`](Self::new), in a life of one's choice and with a clock made for it; for drivers that restart by making
    /// another value. It persists nothing.
    pub fn with_clock<T: AsRef<str>>(
        names: impl IntoIterator<Item = T>,
        me: NodeId,
        identity: Identity,
        clock: C,
    ) -> Replica<C> {
        let names: Names = names.into_iter().collect();
        Replica {
            me,
            lamport: LamportClock::new(),
            vector: fresh_vector(&names, &identity),
            names,
            identity,
            clock,
            behind: Behind::default(),
            birth: Birth::Given,
            dial: WallDial::default(),
            durability: Durability::Volatile,
            limits: Limits::STANDARD,
            log: Vec::new(),
            known: BTreeSet::new(),
            stored: Vec::new(),
            refused: Refusals::default(),
            clock_refused: Refusals::default(),
        }
    }

    /// The same replica, taking messages within these limits; all of a cluster should have the same.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Replica<C> {
        Replica { limits, ..self }
    }

    /// Makes an event of `payload` and sends it to every peer. Never fails: if the injected clock cannot stamp it, it
    /// goes without, which [`log`](Self::log) shows.
    pub fn submit(&mut self, payload: Vec<u8>, effects: &mut Effects<Envelope<C::Message>>) -> Event {
        let stamped = self.stamp().ok();
        let outgoing = self.commit(payload, stamped, effects);
        self.tell(outgoing, effects)
    }

    /// As [`submit`](Self::submit), but does nothing at all if a clock refuses.
    ///
    /// # Errors
    /// [`Refusal::Causality`] when the vector clock is exhausted, [`Refusal::Clock`].
    pub fn try_submit(
        &mut self,
        payload: Vec<u8>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) -> Result<Event, Refusal<C::Error>> {
        let stamped = self.try_stamp()?;
        let outgoing = self.commit(payload, Some(stamped), effects);
        Ok(self.tell(outgoing, effects))
    }

    /// Lets a message of `from` in: one event, at which every clock learns from it.
    ///
    /// # Errors
    /// A [`Refusal`] that says why no honest node can have sent it; never because of the injected clock. Nothing has
    /// changed, and `effects` is as it was.
    pub fn receive(
        &mut self,
        from: NodeId,
        envelope: Envelope<C::Message>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) -> Result<Learnt, Refusal<C::Error>> {
        let dot = self.admit(from, &envelope)?;
        // Both own clocks or none: the vector learns in a copy, and the Lamport clock last, when nothing can fail.
        let mut vector = self.vector.clone();
        Clock::receive(&mut vector, &envelope.vector).map_err(Refusal::Causality)?;
        self.admit_entries(vector.stamp())?;
        let stamp = self.hear(from, &envelope, effects);
        self.vector = vector;
        self.lamport.observe(envelope.lamport);
        self.claim(stamp.as_ref(), effects);

        let learnt = if self.known.contains(&dot) { Learnt::Known } else { Learnt::New };
        if learnt == Learnt::New {
            self.enter(dot, envelope, stamp);
        }
        self.persist(effects);
        Ok(learnt)
    }

    /// The envelope that the bytes stand for, sharing this replica's table of names.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn decode(&self, bytes: &[u8]) -> Result<Envelope<C::Message>, Refusal<C::Error>> {
        let decoded = match Envelope::decode_in(bytes, &self.limits, &Group::of(self.vector.stamp())) {
            // Of a life not heard of yet, or of a stranger: receiving it will tell.
            Err(Error::NotMember { .. }) => Envelope::decode(bytes, &self.limits),
            decoded => decoded,
        };
        decoded.map_err(Refusal::Malformed)
    }

    /// Notes a message of `from` that was refused before it could be handed in, as garbled bytes are.
    pub fn refuse(&mut self, from: NodeId, refusal: Refusal<C::Error>) {
        let from = String::from(self.name(from));
        self.refused.add(from, refusal);
    }

    /// Which life of which node it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The events known here, submitted or received, in the order in which this node learnt of them.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.log.iter().map(|logged| &logged.event)
    }

    /// The same, each with the stamp of the injected clock.
    #[must_use]
    pub fn log(&self) -> &[Logged<C::Stamp>] {
        &self.log
    }

    /// How many messages were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.count
    }

    /// The message refused last.
    #[must_use]
    pub fn last_refused(&self) -> Option<&Refused<C::Error>> {
        self.refused.last.as_ref()
    }

    /// How many messages the injected clock refused. Their events are in the log all the same.
    #[must_use]
    pub fn clock_refused(&self) -> u64 {
        self.clock_refused.count
    }

    /// The message that the injected clock refused last.
    #[must_use]
    pub fn last_clock_refused(&self) -> Option<&Refused<C::Error>> {
        self.clock_refused.last.as_ref()
    }

    /// Whose stamps the injected clock has not all absorbed. While it names anybody, no stamp is claimed.
    #[must_use]
    pub fn behind(&self) -> &Behind {
        &self.behind
    }

    /// The injected clock.
    #[must_use]
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// The vector clock, as it stands.
    #[must_use]
    pub fn vector(&self) -> &VectorClock {
        &self.vector
    }

    /// The Lamport time of the last event here, 0 before the first.
    #[must_use]
    pub fn lamport(&self) -> u64 {
        self.lamport.current()
    }

    /// Our clock's next stamp, if one may be claimed, and what travels with it.
    pub(super) fn stamp(&mut self) -> Result<Stamped<C>, C::Error> {
        let (stamp, message) = self.clock.send()?;
        let behind = self.behind.clone();
        Ok(Stamped {
            stamp: Some(stamp).filter(|_| behind.is_empty()),
            sent: Sent::Clock { message, behind },
        })
    }

    /// As [`Self::stamp`], if there is room for one more event.
    pub(super) fn try_stamp(&mut self) -> Result<Stamped<C>, Refusal<C::Error>> {
        if self.vector.is_exhausted() || self.lamport.current() >= CEILING {
            let node = Some(self.identity.clone());
            return Err(Refusal::Causality(Error::Exhausted { node, ceiling: CEILING }));
        }
        self.stamp().map_err(Refusal::Clock)
    }

    /// Makes the event and enters it in the log; nobody is told yet.
    pub(super) fn commit(
        &mut self,
        payload: Vec<u8>,
        stamped: Option<Stamped<C>>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) -> Outgoing<C::Message> {
        let lamport = self.lamport.tick();
        self.vector.tick();
        let Stamped { stamp, sent: message } =
            stamped.unwrap_or(Stamped { stamp: None, sent: Sent::Nothing });
        effects.event("submits");
        self.claim(stamp.as_ref(), effects);
        let (origin, vector) = (self.identity.clone(), self.vector.stamp().clone());
        let outgoing = Outgoing { place: self.log.len(), vector: vector.clone(), message: message.clone() };
        let dot = (origin.clone(), self.vector.own());
        self.enter(dot, Envelope { origin, lamport, vector, message, payload }, stamp);
        outgoing
    }

    /// The event of `outgoing`.
    pub(super) fn event_of(&self, outgoing: &Outgoing<C::Message>) -> &Event {
        &self.log.get(outgoing.place).expect("what is outgoing is in the log").event
    }

    /// The bytes of its envelope.
    pub(super) fn encode(&self, outgoing: &Outgoing<C::Message>) -> Vec<u8> {
        let Event { lamport, payload, .. } = self.event_of(outgoing);
        envelope::encode(&self.identity, *lamport, &outgoing.vector, &outgoing.message, payload)
    }

    /// Sends its envelope to every peer.
    fn tell(&mut self, outgoing: Outgoing<C::Message>, effects: &mut Effects<Envelope<C::Message>>) -> Event {
        let event = self.event_of(&outgoing).clone();
        let Outgoing { vector, message, .. } = outgoing;
        let (origin, lamport, payload) = (self.identity.clone(), event.lamport, event.payload.clone());
        let envelope = Envelope { origin, lamport, vector, message, payload };
        // On disk before anybody hears of it; then what follows is an event of its own, at which no clock ticks.
        if self.persist(effects) {
            effects.event("tells the others");
        }
        let peers = (0..self.names.len()).filter_map(|peer| u32::try_from(peer).ok()).map(NodeId::new);
        peers.filter(|peer| *peer != self.me).for_each(|peer| effects.send(peer, envelope.clone()));
        event
    }

    /// Tells the injected clock what came; the stamp of the receipt, if one may be claimed.
    fn hear(
        &mut self,
        from: NodeId,
        envelope: &Envelope<C::Message>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) -> Option<C::Stamp> {
        let theirs = &envelope.vector;
        if let Sent::Clock { message, behind } = &envelope.message {
            match self.clock.receive(message) {
                Ok(stamp) => {
                    self.behind.learn(self.vector.stamp(), theirs, behind);
                    return Some(stamp).filter(|_| self.behind.is_empty());
                }
                Err(error) => {
                    let from = String::from(self.name(from));
                    effects.label(format!("its clock refuses that of {from}: {error}"));
                    self.clock_refused.add(from, Refusal::Clock(error));
                }
            }
        }
        self.behind.miss(self.vector.stamp(), theirs);
        // A latecomer of whom it has heard more already leaves no gap, and is an event like any other.
        if self.behind.is_empty() { self.clock.event().ok() } else { None }
    }

    fn enter(&mut self, dot: (Identity, u64), envelope: Envelope<C::Message>, stamp: Option<C::Stamp>) {
        if self.durability == Durability::EveryEvent {
            self.stored.push(envelope.encode());
        }
        let Envelope { origin, lamport, vector, payload, .. } = envelope;
        self.log.push(Logged { event: Event::new(origin.as_str(), lamport, &vector, payload), stamp });
        self.known.insert(dot);
    }

    fn claim(&self, stamp: Option<&C::Stamp>, effects: &mut Effects<Envelope<C::Message>>) {
        let own = [Claim::Lamport(self.lamport.current()), vector_claim(self.vector.stamp())];
        // At most one claim a kind: an injected vector clock says the same as our own.
        let injected = stamp.and_then(C::claim);
        let injected = injected.filter(|claim| own.iter().all(|present| present.kind() != claim.kind()));
        own.into_iter().chain(injected).for_each(|claim| effects.claim(claim));
    }

    /// Whether anything was to be written.
    fn persist(&mut self, effects: &mut Effects<Envelope<C::Message>>) -> bool {
        if self.durability == Durability::Volatile {
            return false;
        }
        let saved = Saved {
            identity: self.identity.clone(),
            lamport: self.lamport.current(),
            vector: self.vector.stamp().clone(),
            // If the clock cannot say what it knows, its next life begins behind all that this one counts.
            message: self.stamp().map_or(Sent::Nothing, |stamped| stamped.sent),
            envelopes: self.stored.clone(),
        };
        effects.persist(saved.encode());
        true
    }

    /// Begins the life number `incarnation`, with what an earlier one wrote.
    fn restart(&mut self, state: Option<&[u8]>, incarnation: u32) -> Result<(), Refusal<C::Error>> {
        // A new identity whatever the disk holds: what came after the last write is lost, and its counters are taken.
        self.identity = Identity::new(self.name(self.me), incarnation).map_err(Refusal::State)?;
        self.lamport = LamportClock::new();
        self.vector = fresh_vector(&self.names, &self.identity);
        self.behind = Behind::default();
        if let Birth::Made(birth) = &mut self.birth {
            self.clock = birth(&self.identity, &self.dial);
        }
        let Some(state) = state else { return Ok(()) };
        let saved: Saved<C::Message> = Saved::decode(state, &self.limits).map_err(Refusal::State)?;
        let is_earlier = saved.identity.incarnation() < incarnation;
        if !is_earlier || !is_life_of(&saved.identity, self.name(self.me)) {
            let fault = CheckpointFault::Foreign { found: saved.identity, expected: self.identity.clone() };
            return Err(Refusal::State(fault.into()));
        }
        let envelopes = saved.envelopes.iter().map(|bytes| Envelope::decode(bytes, &self.limits));
        let envelopes: Vec<_> = envelopes.collect::<Result<_, _>>().map_err(Refusal::State)?;

        // All or nothing: the one that can fail comes first.
        match saved.message {
            Sent::Clock { message, behind } => {
                self.clock.resume(&message).map_err(Refusal::Clock)?;
                self.behind = behind;
            }
            Sent::Nothing => self.behind.miss(self.vector.stamp(), &saved.vector),
        }
        self.lamport = LamportClock::starting_at(saved.lamport);
        self.vector.merge_stamp(&saved.vector);
        for envelope in envelopes {
            let dot = (envelope.origin.clone(), envelope.vector.get(envelope.origin.as_str()));
            self.enter(dot, envelope, None);
        }
        Ok(())
    }

    fn name(&self, node: NodeId) -> &str {
        self.names.text(node.number()).unwrap_or_default()
    }
}

impl<C: InjectedClock> Node for Replica<C> {
    type Message = Envelope<C::Message>;
    type Request = Vec<u8>;

    fn on(
        &mut self,
        now: Now,
        input: Input<Envelope<C::Message>, Vec<u8>>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) {
        self.dial.set(now.wall);
        match input {
            Input::Request(payload) => drop(self.submit(payload, effects)),
            Input::Message { from, message } => {
                if let Err(refusal) = self.receive(from, message, effects) {
                    effects.refuse();
                    effects.event(format!("refuses what {} sent: {refusal}", self.name(from)));
                    self.refuse(from, refusal);
                }
            }
            Input::Restart { state, incarnation } => {
                // What cannot be restored is forgotten: safe, since this life has a new identity, and told.
                if let Err(refusal) = self.restart(state.as_deref(), incarnation) {
                    effects.event(format!("forgets its earlier lives: {refusal}"));
                    self.refuse(self.me, refusal);
                }
            }
            _ => {}
        }
    }
}

impl<C: InjectedClock + fmt::Debug> fmt::Debug for Replica<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Replica");
        debug.field("identity", &self.identity).field("lamport", &self.lamport.current());
        debug.field("vector", &self.vector.stamp()).field("clock", &self.clock);
        debug.field("events", &self.log.len()).field("refused", &self.refused.count).finish_non_exhaustive()
    }
}

/// A vector clock over a table in which everybody has a place, so that messages merge without a look at a name.
fn fresh_vector(names: &Names, identity: &Identity) -> VectorClock {
    let members = names.iter().map(Identity::from).chain([identity.clone()]);
    Group::new(members).clock(identity.as_str()).expect("it is a member of the group")
}

/// Whether `identity` is the first or a later life of the node called `name`.
fn is_life_of(identity: &Identity, name: &str) -> bool {
    identity.as_str() == name || (identity.name() == name && identity.incarnation() > 0)
}
