//! Pacific alone accepts writes: the others pass on what they are asked, or refuse it when they do not hear of pacific.
//!
//! Every few seconds the leader tells all stations all that it holds (primary and backups). It acknowledges a write once
//! that is on its own disk, and the others hear of it afterwards: with that disk, what they have not heard of is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constellation_clock::bytes::{Limits, Malformed, Reader, Writer};
use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_sim::clients::{RequestId, Service};
use constellation_trace::{Call, Completion, Elapsed, NodeId};

use super::STATIONS;
use super::groups::stations;
use crate::sealed;
use crate::station::Request;

/// Who leads.
const LEADER: NodeId = NodeId::new(0);
/// How often the leader tells all that it holds.
const BEAT: Duration = Duration::from_secs(5);
/// After how long without word of the leader a station takes it for unreachable, and refuses.
const SILENCE: Duration = Duration::from_secs(12);

/// A station that leaves writing to the leader.
pub(super) struct Follower {
    me: NodeId,
    habit: Habit,
    /// Which life this is, so that no update is named twice.
    life: u32,
    begun: u32,
    holds: BTreeMap<String, Held>,
    /// When it last heard of the leader.
    heard: Option<Elapsed>,
    /// What it refused and kept all the same.
    kept: Vec<(RequestId, Call)>,
}

/// What a station does with what it is asked; all but the first are mistakes that a judge must find.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Habit {
    /// It passes everything on.
    PassOn,
    /// It passes writes on, and shows what it holds itself, however old that is.
    #[cfg_attr(not(test), expect(dead_code, reason = "only a test plants it"))]
    ReadHere,
    /// What it refuses it passes on later.
    KeepRefused,
}

/// An update with its value; the leader's nth has the number n.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Held {
    number: u32,
    update: String,
    value: String,
}

/// What stations and clients say.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// From a client, or passed on.
    Request(RequestId, Call),
    /// To a client, or to the station that passed its request on.
    Reply(RequestId, Completion),
    /// All that the leader holds.
    Beat(Arc<BTreeMap<String, Held>>),
}

const NEXT_BEAT: Timer = Timer(0);

impl Node for Follower {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Start => {
                effects.event("online");
                self.beat(effects);
            }
            Input::Restart { state, incarnation } => {
                self.life = incarnation;
                match state.map(|state| sealed::open(&state).and_then(|state| holdings(state).ok())) {
                    Some(Some(holds)) => self.holds = holds,
                    Some(None) => effects.refuse(),
                    None => {}
                }
                self.beat(effects);
            }
            Input::Timer(_) => self.beat(effects),
            Input::Message { message: Message::Request(id, call), .. } => self.asked(now, id, call, effects),
            // An answer of the leader is for the client that asked here.
            Input::Message { message: Message::Reply(id, completion), .. } => {
                effects.label(format!("hands on the answer to {}: {completion}", id.operation));
                effects.send(id.client, Message::Reply(id, completion));
            }
            Input::Message { message: Message::Beat(holds), .. } => self.hear(now, &holds, effects),
            Input::Request(Request::Read { key }) => {
                self.show(&key, effects);
            }
            _ => {}
        }
    }
}

impl Service for Follower {
    fn request(id: RequestId, call: &Call) -> Message {
        Message::Request(id, call.clone())
    }

    fn reply(message: &Message) -> Option<(RequestId, &Completion)> {
        match message {
            Message::Reply(id, completion) => Some((*id, completion)),
            _ => None,
        }
    }
}

impl Follower {
    pub(super) fn new(me: NodeId, habit: Habit) -> Follower {
        let (holds, kept) = (BTreeMap::new(), Vec::new());
        Follower { me, habit, life: 0, begun: 0, holds, heard: None, kept }
    }

    /// The leader tells everybody what it holds, and again some time later.
    fn beat(&self, effects: &mut Effects<Message>) {
        if self.me != LEADER {
            return;
        }
        effects.event("tells the others all it holds");
        let holds = Arc::new(self.holds.clone());
        for station in stations().filter(|station| *station != self.me) {
            effects.send(station, Message::Beat(Arc::clone(&holds)));
        }
        effects.set_timer(NEXT_BEAT, BEAT);
    }

    fn hear(&mut self, now: Now, told: &BTreeMap<String, Held>, effects: &mut Effects<Message>) {
        self.heard = Some(now.elapsed);
        let mut is_change = false;
        for (key, held) in told {
            let is_new = self.holds.get(key).is_none_or(|own| own.number < held.number);
            if is_new {
                self.holds.insert(key.clone(), held.clone());
                is_change = true;
            }
        }
        if is_change {
            self.persist(effects);
        }
        for (id, call) in self.kept.drain(..) {
            effects.send(LEADER, Message::Request(id, call));
        }
    }

    fn asked(&mut self, now: Now, id: RequestId, call: Call, effects: &mut Effects<Message>) {
        effects.label(format!("is asked to {call}"));
        // Who passed it on is where the answer goes; its own crew the leader answers directly.
        let back = if id.client.index() == STATIONS.len() + self.me.index() { id.client } else { home(id) };
        if self.me == LEADER {
            let completion = self.carry_out(call, effects);
            effects.event(format!("answers {}: {completion}", id.operation));
            return effects.send(back, Message::Reply(id, completion));
        }
        if let (Habit::ReadHere, Call::Read { key }) = (self.habit, &call) {
            let completion = self.show(key, effects);
            return effects.send(id.client, Message::Reply(id, completion));
        }
        match self.heard.map(|heard| now.elapsed.since(heard)).filter(|silent| *silent <= SILENCE) {
            Some(_) => effects.send(LEADER, Message::Request(id, call)),
            None => {
                let silent = self
                    .heard
                    .map_or(String::new(), |heard| format!(" for {} s", now.elapsed.since(heard).as_secs()));
                let reason = format!("{} was not heard of{silent}", STATIONS[LEADER.index()]);
                effects.send(id.client, Message::Reply(id, Completion::Failed { reason }));
                if self.habit == Habit::KeepRefused {
                    self.kept.push((id, call));
                }
            }
        }
    }

    /// What the leader does about a request.
    fn carry_out(&mut self, call: Call, effects: &mut Effects<Message>) -> Completion {
        match call {
            Call::Read { key } => self.show(&key, effects),
            Call::Write { key, value } => {
                self.begun += 1;
                let life = if self.life == 0 { String::new() } else { format!("#{}", self.life) };
                let update = format!("{}{life}:{}", STATIONS[self.me.index()], self.begun);
                let before = self.holds.get(&key);
                let (saw, number) =
                    (before.map(|held| held.update.clone()), before.map_or(1, |held| held.number + 1));
                effects.write(&key, &update, saw.into_iter().collect());
                effects.label(format!("submit {key} = \"{value}\" as {update}"));
                self.holds.insert(key, Held { number, update, value });
                self.persist(effects);
                Completion::Done
            }
            _ => Completion::Failed { reason: "a station only reads and writes".to_owned() },
        }
    }

    fn show(&self, key: &str, effects: &mut Effects<Message>) -> Completion {
        let held = self.holds.get(key);
        let told = held.map_or("nothing".to_owned(), |held| format!("{} \"{}\"", held.update, held.value));
        effects.read(key, held.map(|held| held.update.clone()).into_iter().collect());
        effects.label(format!("show {key}: {told}"));
        Completion::Shows(held.map(|held| held.value.clone()).into_iter().collect())
    }

    fn persist(&self, effects: &mut Effects<Message>) {
        let mut writer = Writer::default();
        for (key, Held { number, update, value }) in &self.holds {
            writer.varint((*number).into());
            [key, update, value].into_iter().for_each(|text| writer.text(text));
        }
        effects.persist(sealed::seal(&writer.into_bytes()));
    }
}

/// The station whose crew asked.
fn home(id: RequestId) -> NodeId {
    stations().nth(id.client.index().saturating_sub(STATIONS.len())).unwrap_or(LEADER)
}

/// What a disk holds.
fn holdings(state: &[u8]) -> Result<BTreeMap<String, Held>, Malformed> {
    let mut reader = Reader::new(state);
    let mut holds = BTreeMap::new();
    while reader.remaining() > 0 {
        let number = u32::try_from(reader.varint()?).unwrap_or(u32::MAX);
        let mut text = || reader.text(&Limits::STANDARD).map(str::to_owned);
        let (key, update, value) = (text()?, text()?, text()?);
        holds.insert(key, Held { number, update, value });
    }
    Ok(holds)
}
