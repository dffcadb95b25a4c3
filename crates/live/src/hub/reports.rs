//! What processes say, entered into the record before anything follows from it.

use constellation_fabric::{Parcel, Step, StepAct};
use constellation_trace::{Action, Entry, MessageId, NodeId};

use super::Hub;
use super::door::LineId;
use super::seat::{Arms, Life, Work};
use crate::error::LiveError;
use crate::launch::{Launch, Process as _};
use crate::protocol::{Order, Report, Tag};
use crate::wire::RemoteNode;

/// Whether a process says what can be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sense {
    Sense,
    Nonsense,
}

impl<N: RemoteNode, L: Launch> Hub<'_, N, L> {
    pub(super) fn report(&mut self, line: LineId, node: NodeId, report: Report) -> Result<(), LiveError> {
        if !self.seats.get(node.index()).is_some_and(|seat| seat.is_on(line)) {
            return Ok(());
        }
        let sense = match report {
            Report::Restarted { believed, wall } => match self.restarted(node, believed, wall)? {
                true => Sense::Sense,
                false => Sense::Nonsense,
            },
            Report::Step { input, write, step } => self.step(node, input, write, step)?,
            Report::Done { input, timers_set, timers_done } => {
                let seat = self.seat(node);
                (seat.timers_set, seat.timers_done) = (timers_set, timers_done);
                input.map_or(Ok(Sense::Sense), |input| self.done(node, input))?
            }
            Report::Disarmed => {
                self.seat(node).arms = Arms::No;
                Sense::Sense
            }
            Report::Failed { reason } => {
                self.seat(node).said = Some(reason);
                Sense::Sense
            }
        };
        if sense == Sense::Sense {
            return Ok(());
        }
        // What does not keep to the protocol is no node of this run; others go on.
        let name = self.name(node);
        let seat = self.seat(node);
        seat.said = Some("it said what cannot be".to_owned());
        let killed = seat.process.as_mut().map_or(Ok(()), |process| process.kill());
        killed.map_err(|error| LiveError::Process { node: name, error })
    }

    fn step(
        &mut self,
        node: NodeId,
        input: Option<u64>,
        write: Option<Tag>,
        step: Step<Vec<u8>>,
    ) -> Result<Sense, LiveError> {
        let seat = self.seat(node);
        let work = input.and_then(|input| seat.given.get_mut(&input));
        let received = match (&step.act, work) {
            (StepAct::Receive, Some(Work { letter: Some(letter), is_received })) if !*is_received => {
                *is_received = true;
                Some(letter.parcel.message)
            }
            (StepAct::Receive, _) => return Ok(Sense::Nonsense),
            _ => None,
        };
        let writes = matches!(step.act, StepAct::Persist(_) | StepAct::Store(_));
        if !seat.is_recorded || writes != write.is_some() {
            return Ok(Sense::Nonsense);
        }
        let Step { act, label, claims, sends } = step;
        let targets: Vec<NodeId> = sends.iter().map(|(target, _)| *target).collect();
        let named = named(&act);
        let action = action(&act, &named, received);
        let entry =
            Entry { sends: &targets, label: &label, claims: &claims, ..Entry::new(node, self.now, action) };
        let event = self.record(entry)?;
        if let Some(message) = received {
            self.count_in(message);
        }
        if let Some(tag) = write {
            let seat = self.seat(node);
            seat.writes.insert(tag, event);
            seat.order(&Order::Written);
        }
        let messages: Vec<MessageId> = self.trace.event(event).sends.iter().collect();
        for (message, (target, payload)) in messages.into_iter().zip(sends) {
            // As its node says, not as it stands on our wire: so a link is as narrow as in a simulation.
            let bytes =
                if self.weighs { N::decode(&payload).map_or(0, |said| N::wire_bytes(&said)) } else { 0 };
            self.send(Parcel { message, source: node, target, bytes }, payload)?;
        }
        Ok(Sense::Sense)
    }

    /// A node has done all that followed from an input; a message that it has not let in by then it refused.
    fn done(&mut self, node: NodeId, input: u64) -> Result<Sense, LiveError> {
        let seat = self.seat(node);
        let Some(work) = seat.given.remove(&input) else { return Ok(Sense::Nonsense) };
        let is_last = seat.last_input == Some(input) && seat.life == Life::Alive;
        if let Work { letter: Some(letter), is_received: false } = &work {
            self.lose(letter)?;
        }
        if is_last {
            self.go(node)?;
        }
        Ok(Sense::Sense)
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

/// What a step is in a trace.
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
