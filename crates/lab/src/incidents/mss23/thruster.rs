//! The satellite: it fires its thruster when it is asked to, and knows again whom it has answered, by the key of the request.

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::clients::{RequestId, Service};
use constellation_trace::{Call, Completion, NodeId};

use super::{BURNS, FIRE, Keys};

/// How the label of an event begins in which the thruster fires.
pub(super) const FIRES: &str = "fires for ";

/// A thruster with a telemetry channel.
#[derive(Debug)]
pub(super) struct Thruster {
    keys: Keys,
    /// The keys for which it has fired, in order: one each time.
    fired: Vec<RequestId>,
}

/// What goes between the satellite and its clients.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// From a client; the name of the request is its idempotency key.
    Ask(RequestId, Call),
    /// To it.
    Answer(RequestId, Completion),
}

impl Thruster {
    pub(super) const fn new(keys: Keys) -> Thruster {
        Thruster { keys, fired: Vec::new() }
    }

    fn carry_out(&mut self, key: RequestId, call: &Call, effects: &mut Effects<Message>) -> Completion {
        match call {
            Call::Read { key } if key == BURNS => Completion::Shows(vec![self.fired.len().to_string()]),
            Call::Other { name, argument } if name == FIRE => {
                if self.fired.contains(&key) {
                    effects.event(format!("knows this key again: {argument} is done already"));
                } else {
                    self.fired.push(key);
                    // In one step with the work: a key that is kept later is lost by a crash in between, and one that is
                    // kept earlier stands for a burn that may never be.
                    if self.keys == Keys::OnDisk {
                        effects.persist(written(&self.fired));
                    }
                    effects.event(format!("{FIRES}{argument}"));
                }
                Completion::Done
            }
            _ => Completion::Failed { reason: "it fires, and shows how often it did".to_owned() },
        }
    }
}

impl Node for Thruster {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Restart { state, .. } => self.fired = read(&state.unwrap_or_default()),
            Input::Message { from, message: Message::Ask(key, call) } => {
                effects.label(format!("is asked {}: {call}", key.operation));
                let completion = self.carry_out(key, &call, effects);
                effects.event(format!("answers {}: {completion}", key.operation));
                effects.send(from, Message::Answer(key, completion));
            }
            _ => {}
        }
    }
}

impl Service for Thruster {
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

/// The keys as they are on disk: three numbers each.
fn written(keys: &[RequestId]) -> Vec<u8> {
    let numbers = keys.iter().flat_map(|key| [key.client.number(), key.operation, key.attempt]);
    numbers.flat_map(u32::to_le_bytes).collect()
}

fn read(state: &[u8]) -> Vec<RequestId> {
    let (numbers, _) = state.as_chunks::<4>();
    let numbers: Vec<u32> = numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let (keys, _) = numbers.as_chunks::<3>();
    let key = |[client, operation, attempt]: &[u32; 3]| RequestId {
        client: NodeId::new(*client),
        operation: *operation,
        attempt: *attempt,
    };
    keys.iter().map(key).collect()
}
