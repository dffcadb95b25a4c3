//! The state machine of a cluster node: no sockets, no runtime, no time of its own.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Claim, Names, NodeId};

use super::envelope::Envelope;
use super::event::Event;
use super::injected::{InjectedClock, WallDial, vector_claim};
use super::refusal::{Refusal, Refused, Rejection};
use super::saved::Saved;
use crate::bytes::Limits;
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::Identity;
use crate::lamport::LamportClock;
use crate::lease::CheckpointFault;
use crate::vector::VectorClock;
use crate::{CEILING, REMOTE_MAX};

/// How far ahead of ours the Lamport time of a message may be. No partition lasts for 2^40 events (an event a microsecond
/// for 12 days); without a bound one forged message would carry every clock to where peers refuse it.
const LEAD_MAX: u64 = 1 << 40;

/// One node of a cluster that tells every event to all others, under a Lamport and a vector clock and one more clock
/// that is injected and changes nothing.
///
/// It is a [`fabric::Node`](constellation_fabric::Node): the same value runs in a simulator, and inside
/// [`ClusterNode`](crate::ClusterNode) behind the bus. A request is a payload to submit: one event, one tick, one message
/// to each peer. A message received is one event as well: merge and tick; the event in it is logged once, however
/// often it arrives. What no honest node can have sent is refused, and leaves all clocks as they were.
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
    birth: Birth<C>,
    dial: WallDial,
    durability: Durability,
    limits: Limits,
    log: Vec<Logged<C::Stamp>>,
    /// The names of the events in the log.
    known: BTreeSet<(Identity, u64)>,
    /// The envelopes of the log in bytes, in its order, for whoever persists; else empty.
    stored: Vec<Vec<u8>>,
    refused: Refused<C::Error>,
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
    /// When this node submitted or first received it, by the injected clock; `None` if that clock could not tell.
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

    /// As [`new`](Self::new), in a life of one's choice and with a clock made for it; for drivers that restart by making
    /// another value. It persists nothing.
    pub fn with_clock<T: AsRef<str>>(
        names: impl IntoIterator<Item = T>,
        me: NodeId,
        identity: Identity,
        clock: C,
    ) -> Replica<C> {
        Replica {
            me,
            names: names.into_iter().collect(),
            lamport: LamportClock::new(),
            vector: VectorClock::new(identity.as_str()),
            identity,
            clock,
            birth: Birth::Given,
            dial: WallDial::default(),
            durability: Durability::Volatile,
            limits: Limits::STANDARD,
            log: Vec::new(),
            known: BTreeSet::new(),
            stored: Vec::new(),
            refused: Refused { count: 0, last: None },
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
        let stamped = self.clock.send().ok();
        self.commit(payload, stamped, effects)
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
        if self.vector.is_exhausted() || self.lamport.current() >= CEILING {
            let node = Some(self.identity.clone());
            return Err(Refusal::Causality(Error::Exhausted { node, ceiling: CEILING }));
        }
        let stamped = self.clock.send().map_err(Refusal::Clock)?;
        Ok(self.commit(payload, Some(stamped), effects))
    }

    /// Lets a message of `from` in: one event, at which every clock learns from it.
    ///
    /// # Errors
    /// A [`Refusal`] that says why no honest node can have sent it, or why the injected clock does not take it. Nothing
    /// has changed, and `effects` is as it was.
    pub fn receive(
        &mut self,
        from: NodeId,
        envelope: Envelope<C::Message>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) -> Result<Learnt, Refusal<C::Error>> {
        let dot = self.admit(from, &envelope)?;
        // All three clocks or none: the vector learns in a copy, and the Lamport clock last, when nothing can fail.
        let mut vector = self.vector.clone();
        Clock::receive(&mut vector, &envelope.vector).map_err(Refusal::Causality)?;
        let (entries, entries_max) = (vector.entries().count(), self.limits.entries_max);
        if u32::try_from(entries).map_or(true, |entries| entries > entries_max) {
            // Else our own messages would be refused from now on, and by our own limits.
            return Err(Refusal::Crowded { entries, entries_max });
        }
        let stamp = match &envelope.message {
            Some(message) => Some(self.clock.receive(message).map_err(Refusal::Clock)?),
            None => self.clock.event().ok(),
        };
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

    /// Notes a message of `from` that was refused before it could be handed in, as garbled bytes are.
    pub fn reject(&mut self, from: NodeId, refusal: Refusal<C::Error>) {
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
    pub fn rejected(&self) -> u64 {
        self.refused.count
    }

    /// The message refused last.
    #[must_use]
    pub fn last_rejection(&self) -> Option<&Rejection<C::Error>> {
        self.refused.last.as_ref()
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

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn commit(
        &mut self,
        payload: Vec<u8>,
        stamped: Option<(C::Stamp, C::Message)>,
        effects: &mut Effects<Envelope<C::Message>>,
    ) -> Event {
        let lamport = self.lamport.tick();
        self.vector.tick();
        let (stamp, message) = stamped.unzip();
        effects.event("submits");
        self.claim(stamp.as_ref(), effects);
        let envelope = Envelope {
            origin: self.identity.clone(),
            lamport,
            vector: self.vector.stamp().clone(),
            message,
            payload,
        };
        let dot = (self.identity.clone(), self.vector.own());
        self.enter(dot, envelope.clone(), stamp);
        // On disk before anybody hears of it; then what follows is an event of its own, at which no clock ticks.
        if self.persist(effects) {
            effects.event("tells the others");
        }
        let peers = (0..self.names.len()).filter_map(|peer| u32::try_from(peer).ok()).map(NodeId::new);
        peers.filter(|peer| *peer != self.me).for_each(|peer| effects.send(peer, envelope.clone()));
        self.log.last().expect("it was entered just now").event.clone()
    }

    fn admit(
        &self,
        from: NodeId,
        envelope: &Envelope<C::Message>,
    ) -> Result<(Identity, u64), Refusal<C::Error>> {
        let Envelope { origin, lamport, vector, .. } = envelope;
        let (origin, lamport) = (origin.clone(), *lamport);
        if !is_life_of(&origin, self.name(from)) {
            return Err(Refusal::ForeignOrigin { origin: String::from(origin.as_str()) });
        }
        let is_member = |identity: &Identity| {
            self.names.find(identity.as_str()).or_else(|| self.names.find(identity.name())).is_some()
        };
        if let Some((stranger, _)) = vector.entries().find(|(identity, _)| !is_member(identity)) {
            return Err(Refusal::Stranger { name: String::from(stranger.as_str()) });
        }
        let counter = vector.get(origin.as_str());
        if counter == 0 {
            return Err(Refusal::Uncounted { origin: String::from(origin.as_str()) });
        }
        let least = vector.entries().map(|entry| entry.1).max().unwrap_or(0);
        let most = vector.entries().map(|entry| u128::from(entry.1)).sum();
        if lamport < least || u128::from(lamport) > most {
            return Err(Refusal::Implausible { lamport, least, most });
        }
        let local = self.lamport.current();
        if lamport.saturating_sub(local) > LEAD_MAX {
            let error = Error::LeadExceeded { sender: origin, remote: lamport, local, lead_max: LEAD_MAX };
            return Err(Refusal::Causality(error));
        }
        if lamport > REMOTE_MAX {
            let (sender, remote) = (Some(origin), lamport);
            let error = Error::RemoteBeyondCeiling { sender, remote, admitted_max: REMOTE_MAX };
            return Err(Refusal::Causality(error));
        }
        let dot = (origin, counter);
        if dot.0 == self.identity && !self.known.contains(&dot) {
            let error = Error::Impersonated { identity: dot.0, own: self.vector.own(), seen: counter };
            return Err(Refusal::Causality(error));
        }
        Ok(dot)
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
            message: self.clock.send().ok().map(|sent| sent.1),
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
        self.vector = VectorClock::new(self.identity.as_str());
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

        self.lamport = LamportClock::starting_at(saved.lamport);
        self.vector.merge_stamp(&saved.vector);
        for envelope in envelopes {
            let dot = (envelope.origin.clone(), envelope.vector.get(envelope.origin.as_str()));
            self.enter(dot, envelope, None);
        }
        match saved.message {
            Some(message) => self.clock.receive(&message).map(drop).map_err(Refusal::Clock),
            None => Ok(()),
        }
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
                    self.reject(from, refusal);
                }
            }
            Input::Restart { state, incarnation } => {
                // What cannot be restored is forgotten: safe, since this life has a new identity, and told.
                if let Err(refusal) = self.restart(state.as_deref(), incarnation) {
                    effects.event(format!("forgets its earlier lives: {refusal}"));
                    self.reject(self.me, refusal);
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
        debug.field("events", &self.log.len()).field("rejected", &self.refused.count).finish_non_exhaustive()
    }
}

/// Whether `identity` is the first or a later life of the node called `name`.
fn is_life_of(identity: &Identity, name: &str) -> bool {
    identity.as_str() == name || (identity.name() == name && identity.incarnation() > 0)
}
