//! Steps of protocols of one's own, recorded as they are said.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use constellation_fabric::{Step, StepAct};
use constellation_trace::{Action, Entry, Loss, MessageId, Nemesis, NodeId};

use super::{Recorder, State};
use crate::error::Error;

impl State {
    /// Records a node's step in which it sends a message to each of these; they are to be posted. The id of the first, of
    /// which the others follow.
    ///
    /// # Errors
    /// [`Error::ImpossibleStep`]; nothing was recorded.
    pub(crate) fn carry_out(
        &mut self,
        node: NodeId,
        step: &Step<Vec<u8>>,
        targets: &[NodeId],
        received: Option<MessageId>,
    ) -> Result<MessageId, Error> {
        let impossible = |reason| Err(Error::ImpossibleStep { reason });
        let received = match (&step.act, received) {
            (StepAct::Receive, None) => {
                return impossible(String::from("it receives, and no message is named"));
            }
            (StepAct::Receive, received) => received,
            _ => None,
        };
        let (before, first) = (self.step, self.sent);
        let at = self.next_step();
        if let Recorder::On(trace) = &mut self.recorder {
            if let Some(received) = received.filter(|received| self.in_hands.get(received) != Some(&node)) {
                self.step = before;
                return impossible(format!("{received} is not in the hands of {}", trace.node_name(node)));
            }
            let named = named(&step.act);
            let action = action(&step.act, &named, received);
            let (label, claims) = (&*step.label, &*step.claims);
            let entry = Entry { sends: targets, label, claims, ..Entry::new(node, at, action) };
            if let Err(error) = trace.record(entry) {
                self.step = before;
                return impossible(error.to_string());
            }
            if let Some(received) = received {
                self.in_hands.remove(&received);
            }
        }
        for _ in targets {
            if let Recorder::On(_) = self.recorder {
                self.in_hands.insert(MessageId::new(self.sent), node);
            }
            self.sent = self.sent.wrapping_add(1);
        }
        Ok(MessageId::new(first))
    }

    /// Records that a message in the hands of a node never got in.
    pub(crate) fn lose(&mut self, message: MessageId) {
        self.in_hands.remove(&message);
        self.record_nemesis(|| Nemesis::Lose(message, Loss::Plain));
    }
}

/// The updates that an act names.
fn named(act: &StepAct) -> Vec<&str> {
    match act {
        StepAct::Write { saw: named, .. } | StepAct::Read { shows: named, .. } => {
            named.iter().map(String::as_str).collect()
        }
        _ => Vec::new(),
    }
}

fn action<'a>(act: &'a StepAct, named: &'a [&'a str], received: Option<MessageId>) -> Action<'a> {
    match act {
        StepAct::Receive => received.map_or(Action::Local, Action::Receive),
        StepAct::Persist(_) | StepAct::Store(_) => Action::Persist,
        StepAct::Write { key, update, .. } => Action::Write { key, update, saw: named },
        StepAct::Read { key, .. } => Action::Read { key, shows: named },
        StepAct::Invoke { number, call } => Action::Invoke { number: *number, call },
        StepAct::Complete { number, completion } => Action::Complete { number: *number, completion },
        _ => Action::Local,
    }
}
