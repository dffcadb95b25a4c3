//! A ground station: it accepts updates, tells the others, and settles what they tell it.

mod wire;

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use constellation_clock::bytes::{Fault, Limits, Reader, Wire, Writer};
use constellation_clock::{Clock, Error, LamportClock, VectorClock, VectorStamp};
use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::{Claim, NodeId};

use crate::resolver::{Accepted, Clocks, Holdings, News, Resolver, Settled};
use crate::sealed;
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
    /// Whether a station waits for its disk.
    pub sync: DiskSync,
}

/// Whether a station waits for its disk before it tells anybody of a change.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DiskSync {
    /// It does: what it has told, it knows after a crash.
    #[default]
    Always,
    /// It only writes: faster on a real disk, and a crash may take what was told.
    Never,
}

impl DiskSync {
    /// What each is called in a scenario file.
    pub const NAMES: [(&str, DiskSync); 2] = [("always", DiskSync::Always), ("never", DiskSync::Never)];
}

/// One ground station, as a protocol under any driver.
///
/// It writes all that it holds to its disk before it tells anybody of a change, and every update travels with all that
/// its sender holds. Nobody can then see an effect without its cause, whatever is lost, late or forgotten on the way;
/// but for k keys each update costs O(k) bytes a message and O(k) bytes on each disk. A station of many keys would keep
/// count of what each peer has, and send the rest; that it would have to take back when a peer loses its disk.
#[derive(Debug)]
pub struct Station {
    rules: Arc<Rules>,
    me: NodeId,
    lamport: LamportClock,
    vector: VectorClock,
    holdings: Holdings,
    /// To whom it offered all that it holds last.
    offered_to: NodeId,
    is_resting: bool,
    /// What to go back to if the disk has no room for what this input changed.
    before: Option<Before>,
}

/// A station before it changed its mind.
#[derive(Debug)]
struct Before {
    vector: VectorClock,
    lamport: LamportClock,
    holdings: Holdings,
    /// What made it change.
    occasion: Change,
}

/// What makes a station write to its disk.
#[derive(Debug)]
enum Change {
    /// An update of this key by a client.
    Update(String),
    /// News of another station.
    News(NodeId),
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
/// everything else that its sender holds.
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

/// An update that was let in, with the stamps of its event.
struct Submitted {
    stamp: VectorStamp,
    lamport: u64,
    update: String,
    saw: Vec<String>,
    news: News,
}

const ANTI_ENTROPY: Timer = Timer(0);

/// The same station in another world: neither sees what becomes of the other. An explorer goes back by it.
///
/// Written out because a Lamport clock is no copy of another by itself: two that count apart from one time on are a
/// mistake everywhere but here.
impl Clone for Station {
    fn clone(&self) -> Station {
        let (vector, lamport) = self.clocks();
        Station {
            rules: Arc::clone(&self.rules),
            me: self.me,
            lamport,
            vector,
            holdings: self.holdings.clone(),
            offered_to: self.offered_to,
            is_resting: self.is_resting,
            // A disk without room says so before the next input, and copies are made between inputs.
            before: None,
        }
    }
}

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
            is_resting: false,
            before: None,
            rules,
            me,
        }
    }

    /// The values that it shows under a key: several are siblings, none is nothing.
    pub fn values(&self, key: &str) -> Vec<String> {
        self.holdings.shown(key).into_iter().map(|(_, value)| value).collect()
    }

    fn start(&mut self, effects: &mut Effects<Message>) {
        effects.event("online");
        self.wait(effects);
    }

    /// A new life has a name of its own, so that nothing it stamps was stamped before. The driver's own event says that
    /// it restarted, under which name, and from what.
    fn restart(&mut self, state: Option<&[u8]>, incarnation: u32, effects: &mut Effects<Message>) {
        let name = format!("{}#{incarnation}", self.rules.nodes[self.me.index()]);
        self.vector = VectorClock::new(&name);
        self.holdings = Holdings::new(self.rules.resolver, &name);
        match state.map(sealed::open) {
            None => {}
            // What it has not understood it has not read: nothing that it does follows from that.
            Some(None) => {
                effects.refuse();
                effects.event("finds its disk torn or rotten, and starts with nothing");
            }
            Some(Some(state)) => {
                if let Err(error) = self.recover(state) {
                    effects.refuse();
                    effects.event(format!("finds its disk unreadable: {error}"));
                }
            }
        }
        self.wait(effects);
    }

    /// What it was about to accept is not on its disk, so it accepts nothing: whoever was told otherwise would be lied
    /// to after the next crash.
    fn go_back(&mut self, effects: &mut Effects<Message>) {
        let Some(Before { vector, lamport, holdings, occasion }) = self.before.take() else {
            return effects.event("its disk is full");
        };
        (self.vector, self.lamport, self.holdings) = (vector, lamport, holdings);
        effects.event(match occasion {
            Change::Update(key) => format!("refuses to write {}: its disk is full", one_line(&key)),
            Change::News(from) => {
                format!("refuses what {} sent: its disk is full", self.rules.nodes[from.index()])
            }
        });
    }

    /// Tells everybody all that it holds, since nobody can ask it later.
    fn leave(&mut self, effects: &mut Effects<Message>) {
        let news = self.holdings.all();
        effects.event("leaves");
        if news.is_empty() || self.rules.nodes.len() < 2 {
            return;
        }
        effects.label("leaves, and offers all it holds to the others");
        let Ok(stamp) = self.vector.event() else { return };
        let lamport = self.lamport.tick();
        claim(&stamp, lamport, effects);
        let news = Arc::new(news);
        for peer in self.peers() {
            let (vector, news) = (stamp.clone(), Arc::clone(&news));
            effects.send(peer, Message { lamport, vector, occasion: Occasion::Offer, news });
        }
    }

    fn submit(&mut self, now: Now, key: &str, value: &str, effects: &mut Effects<Message>) {
        let Submitted { stamp, lamport, update, saw, news } = match self.accept(now, key, value) {
            Ok(submitted) => submitted,
            Err(error) => return effects.event(format!("refuses to write {}: {error}", one_line(key))),
        };
        effects.write(key, &update, saw);
        effects.label(format!("submit {} = \"{}\" as {update}", one_line(key), one_line(value)));
        claim(&stamp, lamport, effects);
        self.persist(effects);
        if self.rules.nodes.len() > 1 {
            effects.label(format!("tell the others of {update}"));
        }
        let others = self.holdings.all().into_iter().filter(|other| other.key() != key);
        let news: Arc<Vec<News>> = Arc::new([news].into_iter().chain(others).collect());
        for peer in self.peers() {
            let (vector, news) = (stamp.clone(), Arc::clone(&news));
            effects.send(peer, Message { lamport, vector, occasion: Occasion::Update, news });
        }
    }

    /// Counts and keeps an update of a client; what is refused leaves the station as it was.
    fn accept(&mut self, now: Now, key: &str, value: &str) -> Result<Submitted, Error> {
        let (mut vector, lamport_clock) = self.clocks();
        let (stamp, lamport) = (vector.event()?, lamport_clock.try_tick()?);
        let holdings = self.holdings.clone();
        let Accepted { update, saw, news } =
            self.holdings.write(key, value, Clocks { wall: now.wall, lamport })?;
        self.before = Some(Before {
            vector: mem::replace(&mut self.vector, vector),
            lamport: mem::replace(&mut self.lamport, lamport_clock),
            holdings,
            occasion: Change::Update(key.to_owned()),
        });
        Ok(Submitted { stamp, lamport, update, saw, news })
    }

    fn receive(&mut self, from: NodeId, message: &Message, effects: &mut Effects<Message>) {
        let (sender, from) = (from, self.rules.nodes[from.index()].clone());
        let (stamp, lamport, settled) = match self.admit(sender, message) {
            Ok(admitted) => admitted,
            Err(error) => {
                effects.refuse();
                return effects.event(format!("refuses what {from} sent: {error}"));
            }
        };
        effects.label(format!("receive {} from {from}", message.told()));
        claim(&stamp, lamport, effects);
        for (place, (settled, news)) in settled.iter().zip(&*message.news).enumerate() {
            // Of the update that is the occasion the outcome is always told; of the rest, what was new.
            if settled.is_change || (place == 0 && message.occasion == Occasion::Update) {
                let of = news.updates().join(", ");
                self.show(&settled.key, &format!("reconcile({of}) -> {}", settled.outcome), effects);
            }
        }
        if settled.iter().any(|settled| settled.is_change) {
            self.persist(effects);
        }
    }

    /// Takes a message in, all of it or nothing: what is refused leaves the station as it was.
    fn admit(&mut self, from: NodeId, message: &Message) -> Result<(VectorStamp, u64, Vec<Settled>), Error> {
        let ((mut vector, lamport_clock), mut holdings) = (self.clocks(), self.holdings.clone());
        let stamp = vector.receive(&message.vector)?;
        let lamport = lamport_clock.try_observe(message.lamport)?;
        let settled = message.news.iter().map(|news| holdings.settle(news)).collect::<Result<Vec<_>, _>>()?;
        self.before = Some(Before {
            vector: mem::replace(&mut self.vector, vector),
            lamport: mem::replace(&mut self.lamport, lamport_clock),
            holdings: mem::replace(&mut self.holdings, holdings),
            occasion: Change::News(from),
        });
        Ok((stamp, lamport, settled))
    }

    /// Copies to work on, as long as it is open whether an input is let in.
    fn clocks(&self) -> (VectorClock, LamportClock) {
        (self.vector.clone(), LamportClock::starting_at(self.lamport.current()))
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
        let mut writer = Writer::default();
        writer.varint(self.lamport.current());
        self.vector.stamp().write(&mut writer);
        let mut state = writer.into_bytes();
        for news in self.holdings.all() {
            let bytes = news.encode();
            state.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            state.extend_from_slice(&bytes);
        }
        let sealed = sealed::seal(&state);
        match self.rules.sync {
            DiskSync::Always => effects.persist(sealed),
            DiskSync::Never => effects.store(sealed),
        }
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
            news.push(self.holdings.decode(bytes)?);
            rest = after;
        }
        let mut holdings = self.holdings.clone();
        for news in &news {
            holdings.settle(news)?;
        }
        self.holdings = holdings;
        self.lamport = LamportClock::starting_at(lamport);
        self.vector.merge_stamp(&vector);
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
        if !matches!(input, Input::DiskFull) {
            self.before = None;
        }
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
            Input::DiskFull => self.go_back(effects),
            Input::Leave => self.leave(effects),
            _ => {}
        }
    }

    fn wire_bytes(message: &Message) -> u32 {
        u32::try_from(message.encode().len()).unwrap_or(u32::MAX)
    }

    fn corrupted(message: &Message, how: u32) -> Option<Message> {
        message.corrupted(how)
    }
}

fn claim(stamp: &VectorStamp, lamport: u64, effects: &mut Effects<Message>) {
    let entries = stamp.entries().map(|(identity, counter)| (identity.to_string(), counter));
    effects.claim(Claim::Lamport(lamport));
    effects.claim(Claim::Vector(entries.collect()));
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn stations() -> [Station; 2] {
        let nodes = vec!["pacific".to_owned(), "atlantic".to_owned()];
        let rules = Arc::new(Rules {
            nodes,
            resolver: Resolver::Siblings,
            anti_entropy: None,
            sync: DiskSync::Always,
        });
        [0, 1].map(|me| Station::new(Arc::clone(&rules), NodeId::new(me)))
    }

    /// All that a station is, as its disk would hold it.
    fn state(station: &Station) -> String {
        format!("{:?} {:?} {:?}", station.vector.stamp(), station.lamport.current(), station.holdings)
    }

    fn submit(station: &mut Station) -> Message {
        let mut effects = Effects::new();
        station.submit(Now::ZERO, "attitude", "yaw", &mut effects);
        let sends = effects.steps().iter().flat_map(|step| &step.sends);
        sends.map(|(_, message)| message.clone()).next().expect("there is one other station")
    }

    /// Atlantic is sent what `forge` makes of an update by Pacific, of which it must believe nothing.
    fn check(forge: impl Fn(&mut Message), expected: Expect) {
        let [mut pacific, mut atlantic] = stations();
        submit(&mut atlantic);
        let (mut message, before) = (submit(&mut pacific), state(&atlantic));
        forge(&mut message);
        let mut effects = Effects::receiving();
        atlantic.receive(NodeId::new(0), &message, &mut effects);
        let labels: Vec<_> = effects.steps().iter().map(|step| step.label.as_str()).collect();
        expected.assert_eq(&labels.join("\n"));
        assert_eq!(state(&atlantic), before);
    }

    #[test]
    fn a_refused_message_leaves_the_station_as_it_was() {
        check(
            |message| message.lamport = u64::MAX,
            expect![
                "refuses what pacific sent: the sender claims counter 18446744073709551615, above the admitted 8070450532247928831"
            ],
        );
        let ours = |counter| VectorStamp::from_entries([("atlantic", counter)]).expect("one entry");
        check(
            |message| message.vector = ours(9),
            expect!["refuses what pacific sent: somebody counted to 9 as atlantic, which is us, at 1"],
        );
        // The stamps are right, but it brings another value for the update that Atlantic made itself.
        let [_, mut impostor] = stations();
        let clocks = Clocks { wall: Now::ZERO.wall, lamport: 1 };
        let forged = impostor.holdings.write("attitude", "roll", clocks).expect("a first update").news;
        check(
            |message| message.news = Arc::new(vec![forged.clone()]),
            expect![
                "refuses what pacific sent: two values for the write (atlantic, 1): the identity atlantic has two owners"
            ],
        );
    }

    #[test]
    fn a_refused_update_leaves_the_station_as_it_was() {
        let [mut pacific, _] = stations();
        submit(&mut pacific);
        let before = state(&pacific);
        let mut effects = Effects::new();
        pacific.submit(Now::ZERO, &"k".repeat(1_000), "yaw", &mut effects);
        assert_eq!(state(&pacific), before);
        assert!(effects.steps()[0].label.starts_with("refuses to write k"), "{:?}", effects.steps());
    }
}
