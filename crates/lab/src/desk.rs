//! Where clients ask a station something: a request comes as a message, and the reply goes as one.

use std::collections::BTreeMap;
use std::convert::Infallible;

use constellation_fabric::{Effects, Input, Node, Now, StepAct, Words};
use constellation_sim::clients::{RequestId, Service};
use constellation_trace::{Call, Completion, NodeId};

use crate::station::Request;

/// A station that answers clients.
///
/// It answers a request by a name that it has answered already as it did then, and does nothing twice. It keeps those
/// names in memory alone: after a crash it does not know them, and another station never does.
#[derive(Debug)]
pub struct Desk<N: Node> {
    station: N,
    /// What a station shows under a key, where somebody knows how to ask it; else the names of the updates stand for
    /// the values.
    values: fn(&N, &str) -> Option<Vec<String>>,
    answered: BTreeMap<RequestId, Completion>,
    /// What it answered in the input before this one, which was not done if the disk had no room for it.
    latest: Option<RequestId>,
    /// What the station wants done; kept so that it need not be allocated for each input.
    effects: Effects<N::Message>,
}

/// What goes between stations, and between them and clients.
#[derive(Clone, Debug, PartialEq)]
pub enum Mail<M> {
    /// From station to station.
    Station(M),
    /// From a client.
    Request(RequestId, Call),
    /// To a client.
    Reply(RequestId, Completion),
}

impl<N: Node<Request = Request>> Desk<N> {
    /// The desk of this station, before its first input.
    pub const fn new(station: N, values: fn(&N, &str) -> Option<Vec<String>>) -> Desk<N> {
        Desk { station, values, answered: BTreeMap::new(), latest: None, effects: Effects::new() }
    }

    /// Gives the station an input, and carries its effects over.
    fn hand(&mut self, now: Now, input: Input<N::Message, Request>, effects: &mut Effects<Mail<N::Message>>) {
        self.station.on(now, input, &mut self.effects);
        effects.take_over(&mut self.effects, Mail::Station);
    }

    fn answer(
        &mut self,
        now: Now,
        (from, id, call): (NodeId, RequestId, Call),
        effects: &mut Effects<Mail<N::Message>>,
    ) {
        let is_recorded = effects.is_recorded();
        let asked = if is_recorded { format!("is asked {}: {call}", id.operation) } else { String::new() };
        effects.label(asked.clone());
        let (completion, again) = match self.answered.get(&id) {
            Some(completion) => (completion.clone(), " again"),
            None => (self.carry_out(now, asked, call, effects), ""),
        };
        let words = match is_recorded {
            true => format!("answers {}{again}: {completion}", id.operation),
            false => String::new(),
        };
        effects.event(words);
        if self.answered.insert(id, completion.clone()).is_none() {
            self.latest = Some(id);
        }
        effects.send(from, Mail::Reply(id, completion));
    }

    /// Has the station do it, as part of the step in which it is `asked`, and looks at what it does.
    fn carry_out(
        &mut self,
        now: Now,
        asked: String,
        call: Call,
        effects: &mut Effects<Mail<N::Message>>,
    ) -> Completion {
        let (request, key) = match call {
            Call::Read { key } => (Request::Read { key: key.clone() }, key),
            Call::Write { key, value } => (Request::Submit { key: key.clone(), value }, key),
            _ => return Completion::Failed { reason: "a station only reads and writes".to_owned() },
        };
        self.effects.renew_receiving();
        self.effects.label(asked);
        self.hand(now, Input::Request(request), effects);
        for step in effects.steps() {
            match &step.act {
                StepAct::Write { .. } => return Completion::Done,
                StepAct::Read { shows, .. } => {
                    let values = (self.values)(&self.station, &key);
                    return Completion::Shows(values.unwrap_or_else(|| shows.clone()));
                }
                _ => {}
            }
        }
        Completion::Failed { reason: "the station refuses it".to_owned() }
    }
}

impl<N: Node<Request = Request>> Node for Desk<N> {
    type Message = Mail<N::Message>;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Self::Message, Request>, effects: &mut Effects<Self::Message>) {
        if self.effects.is_recorded() != effects.is_recorded() {
            let words = if effects.is_recorded() { Words::Kept } else { Words::Dropped };
            self.effects = Effects::with_words(words);
        }
        let latest = self.latest.take();
        let input = match input {
            Input::Message { from, message: Mail::Request(id, call) } => {
                return self.answer(now, (from, id, call), effects);
            }
            // Nobody replies to a station.
            Input::Message { message: Mail::Reply(..), .. } => return,
            Input::Message { from, message: Mail::Station(message) } => {
                self.effects.renew_receiving();
                return self.hand(now, Input::Message { from, message }, effects);
            }
            Input::Start => Input::Start,
            Input::Restart { state, incarnation } => Input::Restart { state, incarnation },
            Input::Timer(timer) => Input::Timer(timer),
            Input::Request(request) => Input::Request(request),
            Input::DiskFull => {
                // Nothing was written, and the reply never left.
                latest.and_then(|id| self.answered.remove(&id));
                Input::DiskFull
            }
            Input::Leave => Input::Leave,
            _ => return,
        };
        self.effects.renew();
        self.hand(now, input, effects);
    }

    fn wire_bytes(message: &Self::Message) -> u32 {
        match message {
            Mail::Station(message) => N::wire_bytes(message),
            Mail::Request(_, call) => mail_bytes(|text| call.try_map(text).is_ok()),
            Mail::Reply(_, completion) => mail_bytes(|text| completion.try_map(text).is_ok()),
        }
    }

    /// What a client and a station say to each other cannot be read once a bit of it flipped.
    fn corrupted(message: &Self::Message, how: u32) -> Option<Self::Message> {
        match message {
            Mail::Station(message) => N::corrupted(message, how).map(Mail::Station),
            Mail::Request(..) | Mail::Reply(..) => None,
        }
    }
}

impl<N: Node<Request = Request>> Service for Desk<N> {
    fn request(id: RequestId, call: &Call) -> Mail<N::Message> {
        Mail::Request(id, call.clone())
    }

    fn reply(message: &Mail<N::Message>) -> Option<(RequestId, &Completion)> {
        match message {
            Mail::Reply(id, completion) => Some((*id, completion)),
            _ => None,
        }
    }
}

/// How many bytes a request or a reply has: its name and kind, and each text that `visit` shows, with its length.
fn mail_bytes(visit: impl FnOnce(&mut dyn FnMut(&String) -> Result<(), Infallible>) -> bool) -> u32 {
    const HEAD: u32 = 16;
    let mut bytes = HEAD;
    visit(&mut |text| {
        let more = u32::try_from(text.len()).unwrap_or(u32::MAX);
        // Saturating: nothing that fits in memory and a message is so long.
        bytes = bytes.saturating_add(more).saturating_add(4);
        Ok(())
    });
    bytes
}
