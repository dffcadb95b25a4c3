//! What processes say: an input's steps are entered into the record together, once all of it is done.

use constellation_fabric::{Parcel, Step, StepAct};
use constellation_trace::{Action, Entry, MessageId, NodeId};

use super::Hub;
use super::door::LineId;
use super::seat::{Life, Told, Work};
use crate::error::LiveError;
use crate::launch::{Launch, Process as _};
use crate::protocol::{Fault, Order, Report, Tag};
use crate::state_file;
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
            Report::Step { input, write, step } => self.step(node, Told { input, write, step }),
            Report::Done { input, timers_set, timers_done } => match self.stand(node, input)? {
                Sense::Sense => {
                    let seat = self.seat(node);
                    (seat.timers_set, seat.timers_done) = (timers_set, timers_done);
                    seat.has_begun = true;
                    input.map_or(Ok(Sense::Sense), |input| self.done(node, input))?
                }
                Sense::Nonsense => Sense::Nonsense,
            },
            Report::Worked { input } => self.stand(node, input)?,
            Report::Disarmed => {
                // One that is dying is waited for no more.
                self.seat(node).disarming.pop_front();
                Sense::Sense
            }
            Report::Failed { reason, fault: Fault::Disk } => {
                return Err(LiveError::DiskFails { node: self.name(node), reason });
            }
            Report::Failed { reason, fault: Fault::Length } => {
                return Err(LiveError::TooLong { node: self.name(node), reason });
            }
            Report::Failed { reason, fault: Fault::Node } => {
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

    /// A step is heard of; it stays here until the input that it is part of is done.
    fn step(&mut self, node: NodeId, told: Told) -> Sense {
        let seat = self.seat(node);
        let Told { input, write, step } = &told;
        let is_next = seat.steps.last().is_none_or(|before| before.input == *input);
        let can_be = match step.act {
            StepAct::Receive => {
                let work = input.and_then(|input| seat.given.get(&input));
                seat.steps.is_empty() && work.is_some_and(|work| work.letter.is_some() && !work.is_received)
            }
            StepAct::Persist(_) | StepAct::Store(_) => write.is_some(),
            _ => write.is_none(),
        };
        if !seat.is_recorded || !is_next || !can_be {
            return Sense::Nonsense;
        }
        if write.is_some() {
            seat.order(&Order::Written);
        }
        seat.steps.push(told);
        Sense::Sense
    }

    /// The input of which a node told its last steps is done: they are recorded, and what they send is on its way.
    fn stand(&mut self, node: NodeId, input: Option<u64>) -> Result<Sense, LiveError> {
        let steps = std::mem::take(&mut self.seat(node).steps);
        if steps.iter().any(|told| told.input != input) {
            return Ok(Sense::Nonsense);
        }
        steps.into_iter().try_for_each(|told| self.enter(node, told))?;
        Ok(Sense::Sense)
    }

    /// A process has ended: of the input that it worked on nothing stands but what its disk holds, and what came before
    /// that; and nothing of it left.
    pub(super) fn break_off(&mut self, node: NodeId) -> Result<(), LiveError> {
        let mut steps = std::mem::take(&mut self.seat(node).steps);
        if steps.iter().all(|told| told.write.is_none()) {
            return Ok(());
        }
        let name = self.name(node);
        // Whoever ended it: before it has, it may write.
        if let Some(process) = &mut self.seat(node).process {
            process.kill().map_err(|error| LiveError::Process { node: name, error })?;
        }
        let last = self.held(node)?.and_then(|tag| steps.iter().position(|told| told.write == Some(tag)));
        steps.truncate(last.map_or(0, |last| last + 1));
        for mut told in steps {
            told.step.sends.clear();
            self.enter(node, told)?;
        }
        Ok(())
    }

    /// Which write is on the disk of a node.
    pub(super) fn held(&self, node: NodeId) -> Result<Option<Tag>, LiveError> {
        let held = state_file::holds(&self.setup.folder, node.number());
        held.map_err(|error| LiveError::Disk { node: self.name(node), error })
    }

    fn enter(&mut self, node: NodeId, told: Told) -> Result<(), LiveError> {
        let Told { input, write, step: Step { act, label, claims, sends } } = told;
        let work = input.and_then(|input| self.seat(node).given.get_mut(&input));
        let received = match (&act, work) {
            (StepAct::Receive, Some(Work { letter: Some(letter), is_received })) => {
                *is_received = true;
                Some(letter.parcel.message)
            }
            _ => None,
        };
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
            self.seat(node).writes.insert(tag, event);
        }
        let messages: Vec<MessageId> = self.trace.event(event).sends.iter().collect();
        for (message, (target, payload)) in messages.into_iter().zip(sends) {
            // As its node says, not as it stands on our wire: so a link is as narrow as in a simulation.
            let bytes =
                if self.weighs { N::decode(&payload).map_or(0, |said| N::wire_bytes(&said)) } else { 0 };
            self.send(Parcel { message, source: node, target, bytes }, payload)?;
        }
        Ok(())
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
