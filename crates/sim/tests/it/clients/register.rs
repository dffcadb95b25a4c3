//! A register to be set and shown, with a leader and followers, and what a history of it may show.

use std::collections::BTreeMap;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::clients::{Memory, RequestId, Service};
use constellation_trace::{Call, Completion, History, Operation};

use super::Message;

/// The only one who may change it, or one who refuses whatever is asked; either may know the names of its requests.
pub(crate) enum Register<const REMEMBERS: bool> {
    Leader { value: String, answered: BTreeMap<RequestId, Completion> },
    Follower,
}

impl<const REMEMBERS: bool> Register<REMEMBERS> {
    pub(crate) fn leader() -> Self {
        Register::Leader { value: "0".to_owned(), answered: BTreeMap::new() }
    }
}

impl<const REMEMBERS: bool> Node for Register<REMEMBERS> {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        let Input::Message { from, message: Message::Ask(id, call) } = input else { return };
        let failed = |reason: &str| Completion::Failed { reason: reason.to_owned() };
        let completion = match self {
            Register::Follower => failed("not the leader"),
            Register::Leader { answered, .. } if REMEMBERS && answered.contains_key(&id) => {
                answered[&id].clone()
            }
            Register::Leader { value, answered } => {
                let completion = match step(value, &call) {
                    Some((next, completion)) => {
                        *value = next;
                        completion
                    }
                    None => failed("it is another"),
                };
                answered.insert(id, completion.clone());
                completion
            }
        };
        effects.send(from, Message::Answer(id, completion));
    }
}

impl<const REMEMBERS: bool> Service for Register<REMEMBERS> {
    const MEMORY: Memory = if REMEMBERS { Memory::Lasting } else { Memory::None };

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

/// What becomes of a register by a call that takes effect, and how that ends.
fn step(value: &str, call: &Call) -> Option<(String, Completion)> {
    match call {
        Call::Read { .. } => Some((value.to_owned(), Completion::Shows(vec![value.to_owned()]))),
        Call::CompareAndSet { expected, value: next, .. } if expected == value => {
            Some((next.clone(), Completion::Done))
        }
        _ => None,
    }
}

/// Whether the operations of a history, each at one moment between its invocation and its return, or later or never if it
/// is open, are those of one register: every order is tried, so a dozen at most.
pub(crate) fn is_linearizable(history: &History) -> bool {
    let has_effect =
        |operation: &&Operation| !matches!(operation.completed, Some((_, Completion::Failed { .. })));
    has_order("0", &history.operations().iter().filter(has_effect).collect::<Vec<_>>())
}

fn has_order(value: &str, left: &[&Operation]) -> bool {
    let first_return = left.iter().filter_map(|operation| operation.returned_at()).min();
    let may_be_next = |operation: &Operation| first_return.is_none_or(|at| operation.invoked.at <= at);
    left.iter().all(|operation| operation.is_open())
        || left.iter().enumerate().filter(|(_, operation)| may_be_next(operation)).any(
            |(place, operation)| {
                let Some((next, ends)) = step(value, &operation.call) else { return false };
                let is_as_seen = operation.is_open()
                    || operation.completed.as_ref().is_some_and(|(_, seen)| *seen == ends);
                let mut rest = left.to_vec();
                rest.remove(place);
                is_as_seen && has_order(&next, &rest)
            },
        )
}
