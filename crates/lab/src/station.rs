//! A ground station: it accepts updates, tells the others, and settles what they tell it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constellation_clock::bytes::{Fault, Limits, Reader, Wire, Writer};
use constellation_clock::{Clock, Error, LamportClock, VectorClock, VectorStamp};
use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::{Claim, NodeId};

use crate::resolver::{Holdings, News, Resolver, Tags};
use crate::words::one_line;

/// What all stations of a run have in common.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// The names of the nodes, in the order of their ids.
    pub nodes: Vec<String>,
    /// How two updates of one key are settled.
    pub resolver: Resolver,
    /// How often a station offers all that it holds to the next one.
    pub anti_entropy: Option<Duration>,
    /// Whether a station writes what it holds to its disk.
    pub durability: Durability,
}

/// Whether a station writes what it holds to its disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// Before it tells anybody of it.
    Persisted,
    /// Before it tells anybody of it, but a disk may be lost: nobody can rely on what a peer once knew, so every
    /// update travels with all that its sender holds.
    Losable,
    /// Never: what it holds is gone with a crash.
    Volatile,
}

/// One ground station, as a protocol under any driver.
#[derive(Debug)]
pub struct Station {
    rules: Arc<Rules>,
    me: NodeId,
    lamport: LamportClock,
    vector: VectorClock,
    holdings: Holdings,
    /// To whom it offered all that it holds last.
    offered_to: NodeId,
    /// For each key, this station's own count when it last changed here.
    changed: BTreeMap<String, u64>,
    /// For each peer, how much of this station's own count its latest message had in its past.
    heard: BTreeMap<NodeId, u64>,
    is_resting: bool,
}

/// What a client asks of a station.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// To update a key, having seen what the station shows under it.
    Submit {
        /// Which key.
        key: String,
        /// To what.
        value: String,
    },
    /// To show a key.
    Read {
        /// Which key.
        key: String,
    },
    /// To offer what it holds no more, so that a run can end with nothing under way.
    Rest,
}

/// What one station tells another: news, under the stamps of the event that sent it.
///
/// Whoever has an event in its past must know what that event knew, or a later message could overtake an earlier
/// one that was lost or is slow, and a reader would see an effect without its cause. So an update travels with
/// whatever else its receiver may lack: the keys that changed here since the last that the receiver has heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    lamport: u64,
    vector: VectorStamp,
    occasion: Occasion,
    /// The update that is the occasion comes first.
    news: Arc<Vec<News>>,
}

/// Why a station tells another something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Occasion {
    /// It accepted an update.
    Update,
    /// It offers all that it holds, from time to time.
    Offer,
}

const ANTI_ENTROPY: Timer = Timer(0);

impl Station {
    /// The station with this id, before its first input.
    ///
    /// # Panics
    /// If `rules` names no node with this id.
    pub fn new(rules: Arc<Rules>, me: NodeId) -> Station {
        let name = rules.nodes[me.index()].clone();
        Station {
            lamport: LamportClock::new(),
            vector: VectorClock::new(&name),
            holdings: Holdings::new(rules.resolver, &name),
            offered_to: me,
            changed: BTreeMap::new(),
            heard: BTreeMap::new(),
            is_resting: false,
            rules,
            me,
        }
    }

    fn start(&mut self, effects: &mut Effects<Message>) {
        effects.event("online");
        self.wait(effects);
    }

    /// A new life has a name of its own, so that nothing it stamps was stamped before.
    fn restart(&mut self, state: Option<&[u8]>, incarnation: u32, effects: &mut Effects<Message>) {
        let name = format!("{}#{incarnation}", self.rules.nodes[self.me.index()]);
        self.vector = VectorClock::new(&name);
        self.holdings = Holdings::new(self.rules.resolver, &name);
        let label = match state.map(|state| self.recover(state)) {
            None => "online again, remembering nothing".to_owned(),
            Some(Ok(())) => format!("online again as {name}, from its disk"),
            Some(Err(error)) => format!("online again as {name}; its disk is unreadable: {error}"),
        };
        effects.event(label);
        self.wait(effects);
    }

    fn submit(&mut self, now: Now, key: &str, value: &str, effects: &mut Effects<Message>) {
        let stamped = self.vector.event();
        let lamport = self.lamport.tick();
        let accepted = stamped.and_then(|stamp| {
            let accepted = self.holdings.write(key, value, Tags { wall: now.wall, lamport })?;
            Ok((stamp, accepted))
        });
        let (stamp, accepted) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => return effects.event(format!("refuses to write {}: {error}", one_line(key))),
        };
        effects.write(key, &accepted.update, accepted.saw);
        let (shown, value) = (one_line(key), one_line(value));
        effects.label(format!("submit {shown} = \"{value}\" as {}", accepted.update));
        claim(&stamp, lamport, effects);
        self.changed.insert(key.to_owned(), self.vector.own());
        self.persist(effects);
        let alone = Arc::new(vec![accepted.news]);
        for peer in self.peers() {
            let news = self.and_what_it_lacks(peer, key, &alone);
            effects.send(peer, Message { lamport, vector: stamp.clone(), occasion: Occasion::Update, news });
        }
    }

    /// The news of `key`, and of every other key that changed since what `peer` has heard of this station.
    fn and_what_it_lacks(&self, peer: NodeId, key: &str, alone: &Arc<Vec<News>>) -> Arc<Vec<News>> {
        let heard = match self.rules.durability {
            Durability::Losable => 0,
            Durability::Persisted | Durability::Volatile => self.heard.get(&peer).copied().unwrap_or(0),
        };
        let is_lacking = |other: &str| other != key && self.changed.get(other).is_some_and(|at| *at > heard);
        if !self.changed.keys().any(|other| is_lacking(other)) {
            return Arc::clone(alone);
        }
        let others = self.holdings.all().into_iter().filter(|news| is_lacking(news.key()));
        Arc::new(alone.iter().cloned().chain(others).collect())
    }

    fn receive(&mut self, from: NodeId, message: &Message, effects: &mut Effects<Message>) {
        let heard = message.vector.get(self.vector.node().as_str());
        let known = self.heard.entry(from).or_insert(0);
        *known = heard.max(*known);
        let from = self.rules.nodes[from.index()].as_str();
        let observed = self.vector.receive(&message.vector).and_then(|stamp| {
            let lamport = self.lamport.try_observe(message.lamport)?;
            Ok((stamp, lamport))
        });
        match observed {
            Ok((stamp, lamport)) => {
                effects.label(format!("receive {} from {from}", message.told()));
                claim(&stamp, lamport, effects);
            }
            Err(error) => return effects.label(format!("refuses what {from} sent: {error}")),
        }
        let mut has_changed = false;
        for (place, news) in message.news.iter().enumerate() {
            // Of the update that is the occasion the outcome is always told; of the rest, what was new.
            let is_occasion = place == 0 && message.occasion == Occasion::Update;
            match self.holdings.settle(news) {
                Ok(settled) if settled.is_change || is_occasion => {
                    has_changed |= settled.is_change;
                    if settled.is_change {
                        self.changed.insert(settled.key.clone(), self.vector.own());
                    }
                    let of = news.updates().join(", ");
                    self.show(&settled.key, &format!("reconcile({of}) -> {}", settled.word), effects);
                }
                Ok(_) => {}
                Err(error) => effects.event(format!("refuses {}: {error}", news.updates().join(", "))),
            }
        }
        if has_changed {
            self.persist(effects);
        }
    }

    /// Offers all that it holds to the next station in turn.
    fn offer(&mut self, effects: &mut Effects<Message>) {
        let count = u32::try_from(self.rules.nodes.len()).unwrap_or(u32::MAX);
        let next = NodeId::new((self.offered_to.number() + 1) % count);
        self.offered_to = if next == self.me { NodeId::new((next.number() + 1) % count) } else { next };
        let news = self.holdings.all();
        if self.offered_to != self.me && !news.is_empty() {
            effects.event(format!("offer all it holds to {}", self.rules.nodes[self.offered_to.index()]));
            match self.vector.event() {
                Ok(stamp) => {
                    let lamport = self.lamport.tick();
                    claim(&stamp, lamport, effects);
                    let (occasion, news) = (Occasion::Offer, Arc::new(news));
                    effects.send(self.offered_to, Message { lamport, vector: stamp, occasion, news });
                }
                Err(error) => effects.label(format!("offers nothing: {error}")),
            }
        }
        self.wait(effects);
    }

    /// Shows what it holds under a key, as an event of its own.
    fn show(&self, key: &str, what: &str, effects: &mut Effects<Message>) {
        let shown = self.holdings.shown(key);
        let show = |(update, value): &(String, String)| format!("{update} \"{}\"", one_line(value));
        let values: Vec<_> = shown.iter().map(show).collect();
        let values = if values.is_empty() { "nothing".to_owned() } else { values.join(" | ") };
        effects.read(key, shown.into_iter().map(|(update, _)| update).collect());
        effects.label(format!("{what}: {values}"));
    }

    fn peers(&self) -> impl Iterator<Item = NodeId> + use<> {
        let count = u32::try_from(self.rules.nodes.len()).unwrap_or(u32::MAX);
        let me = self.me;
        (0..count).map(NodeId::new).filter(move |peer| *peer != me)
    }

    fn wait(&self, effects: &mut Effects<Message>) {
        if let Some(interval) = self.rules.anti_entropy {
            effects.set_timer(ANTI_ENTROPY, interval);
        }
    }

    fn persist(&self, effects: &mut Effects<Message>) {
        if self.rules.durability == Durability::Volatile {
            return;
        }
        let mut writer = Writer::default();
        writer.varint(self.lamport.current());
        self.vector.stamp().write(&mut writer);
        let mut state = writer.into_bytes();
        for news in self.holdings.all() {
            let bytes = news.encode();
            state.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            state.extend_from_slice(&bytes);
        }
        effects.persist(state);
    }

    fn recover(&mut self, state: &[u8]) -> Result<(), Error> {
        let mut reader = Reader::new(state);
        let lamport = reader.varint()?;
        let vector = VectorStamp::read(&mut reader, &Limits::STANDARD, None)?;
        let rest = usize::try_from(reader.remaining()).unwrap_or(usize::MAX);
        let mut rest = &state[state.len().saturating_sub(rest)..];
        let mut news = Vec::new();
        // Everything is read before anything is believed: a torn disk leaves the station empty, not half full.
        while !rest.is_empty() {
            let torn = || Error::from(Reader::new(rest).fault(Fault::Truncated));
            let (length, after) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let (bytes, after) = after.split_at_checked(length).ok_or_else(torn)?;
            news.push(News::decode(bytes)?);
            rest = after;
        }
        self.lamport = LamportClock::starting_at(lamport);
        self.vector.merge_stamp(&vector);
        for news in &news {
            self.holdings.settle(news)?;
            // Whoever has heard of any event of this life has heard of its first.
            self.changed.insert(news.key().to_owned(), 1);
        }
        Ok(())
    }
}

impl Message {
    /// What it brings, as a timeline tells it.
    fn told(&self) -> String {
        match (self.occasion, &self.news[..]) {
            (Occasion::Update, [update]) => update.updates().join(", "),
            (Occasion::Update, [update, rest @ ..]) => {
                format!("{}, with {} more of its keys,", update.updates().join(", "), rest.len())
            }
            (_, news) => news.iter().flat_map(News::updates).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Node for Station {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Start => self.start(effects),
            Input::Restart { state, incarnation } => self.restart(state.as_deref(), incarnation, effects),
            Input::Message { from, message } => self.receive(from, &message, effects),
            Input::Timer(_) if self.is_resting => {}
            Input::Timer(_) => self.offer(effects),
            Input::Request(Request::Rest) => self.is_resting = true,
            Input::Request(Request::Submit { key, value }) => self.submit(now, &key, &value, effects),
            Input::Request(Request::Read { key }) => {
                self.show(&key, &format!("show {}", one_line(&key)), effects)
            }
            _ => {}
        }
    }
}

fn claim(stamp: &VectorStamp, lamport: u64, effects: &mut Effects<Message>) {
    let entries = stamp.entries().map(|(identity, counter)| (identity.to_string(), counter));
    effects.claim(Claim::Lamport(lamport));
    effects.claim(Claim::Vector(entries.collect()));
}
