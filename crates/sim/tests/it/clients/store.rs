//! A service to be asked: numbers under keys, kept on disk, with room for mistakes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_sim::clients::{RequestId, Service};
use constellation_trace::{Call, Completion, NodeId};

/// How careful a store is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Care {
    /// It persists before it answers, and does nothing twice that has one name.
    Full,
    /// It carries out every request that comes.
    ForgetsNames,
    /// It answers at once, and persists some 20 ms later.
    PersistsLater,
}

#[derive(Clone)]
pub(crate) struct Store {
    care: Care,
    /// How long each request takes, one after the other.
    takes: Duration,
    numbers: BTreeMap<String, i64>,
    /// What was added already.
    added: Vec<RequestId>,
    queue: VecDeque<(NodeId, RequestId, Call)>,
}

#[derive(Clone)]
pub(crate) enum Message {
    Ask(RequestId, Call),
    Answer(RequestId, Completion),
}

const SERVE: Timer = Timer(0);
const PERSIST: Timer = Timer(1);

impl Store {
    pub(crate) fn new(care: Care, takes: Duration) -> Store {
        Store { care, takes, numbers: BTreeMap::new(), added: Vec::new(), queue: VecDeque::new() }
    }

    pub(crate) fn fuel(&self) -> i64 {
        self.numbers.get("fuel").copied().unwrap_or(0)
    }

    fn serve(&mut self, from: NodeId, id: RequestId, call: &Call, effects: &mut Effects<Message>) {
        let completion = match call {
            Call::Read { key } => {
                Completion::Shows(vec![self.numbers.get(key).copied().unwrap_or(0).to_string()])
            }
            Call::Add { key, amount } => {
                self.add(id, key, *amount, effects);
                Completion::Done
            }
            other => Completion::Failed { reason: format!("cannot {other}") },
        };
        effects.send(from, Message::Answer(id, completion));
    }

    fn add(&mut self, id: RequestId, key: &str, amount: i64, effects: &mut Effects<Message>) {
        if self.care != Care::ForgetsNames && self.added.contains(&id) {
            return;
        }
        self.added.push(id);
        *self.numbers.entry(key.to_owned()).or_default() += amount;
        match self.care {
            Care::PersistsLater => effects.set_timer(PERSIST, Duration::from_millis(20)),
            _ => self.persist(effects),
        }
    }

    fn persist(&self, effects: &mut Effects<Message>) {
        let mut state = String::new();
        for (key, number) in &self.numbers {
            state += &format!("{key} {number}\n");
        }
        for RequestId { client, operation, attempt } in &self.added {
            state += &format!("{} {operation} {attempt}\n", client.number());
        }
        effects.persist(state.into_bytes());
    }

    fn remember(&mut self, state: &[u8]) {
        for line in String::from_utf8_lossy(state).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |place: usize| words[place].parse::<u32>().expect("it wrote a number");
            match words[..] {
                [key, number] => {
                    let number = number.parse().expect("it wrote a number");
                    self.numbers.insert(key.to_owned(), number);
                }
                _ => self.added.push(RequestId {
                    client: NodeId::new(number(0)),
                    operation: number(1),
                    attempt: number(2),
                }),
            }
        }
    }
}

impl Node for Store {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Restart { state: Some(state), .. } => self.remember(&state),
            Input::Message { from, message: Message::Ask(id, call) } if self.takes.is_zero() => {
                self.serve(from, id, &call, effects);
            }
            Input::Message { from, message: Message::Ask(id, call) } => {
                self.queue.push_back((from, id, call));
                if self.queue.len() == 1 {
                    effects.set_timer(SERVE, self.takes);
                }
            }
            Input::Timer(SERVE) => {
                if let Some((from, id, call)) = self.queue.pop_front() {
                    self.serve(from, id, &call, effects);
                }
                if !self.queue.is_empty() {
                    effects.set_timer(SERVE, self.takes);
                }
            }
            Input::Timer(PERSIST) => self.persist(effects),
            _ => {}
        }
    }
}

impl Service for Store {
    fn request(id: RequestId, call: &Call) -> Message {
        Message::Ask(id, call.clone())
    }

    fn reply(message: &Message) -> Option<(RequestId, &Completion)> {
        match message {
            Message::Answer(id, completion) => Some((*id, completion)),
            Message::Ask(..) => None,
        }
    }
}
