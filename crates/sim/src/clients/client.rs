//! A client as a state machine: it begins operations, waits for replies, asks again, and gives up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Now, Timer};
use constellation_trace::{Call, Completion, NodeId};

use super::refusals::{Refusals, Tries};
use super::workload::{Pace, Workload};
use super::{RequestId, Service};

/// Somebody who asks something of a service, as its [`Workload`] says.
///
/// An operation ends with the first reply to any of its tries that says what became of it; later ones are let in and mean
/// nothing. That it took effect is known from one try. That it did not is known only once every try was refused, since
/// one that was not may have taken effect, or may still; until then the client waits on and asks again, as if the refusal
/// had not come. After the last time-out it gives up: the operation ends as [`Completion::Unknown`], and the client goes
/// on with the next. A client that crashes leaves its operations open and does not come back: it kept nothing, so it does
/// not know what it asked.
///
/// Which tries a refusal is of depends on what the service promises, see
/// [`Memory`](super::Memory).
#[derive(Clone, Debug)]
pub struct Client {
    me: NodeId,
    workload: Arc<Workload>,
    /// How many operations were begun.
    begun: u32,
    /// Whom it asks first, a place in the workload: the last one of which it was not disappointed.
    server: usize,
    waiting: BTreeMap<u32, Waiting>,
    /// Of those for which it waits, which were refused in part.
    refused: BTreeMap<u32, Refusals>,
}

/// An operation whose end the client does not know.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    attempt: u32,
    /// Whom the first try asked, and whom the latest, places in the workload.
    first: usize,
    server: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// A reply may come.
    Asked,
    /// It did not, and the next try is yet to come.
    Resting,
}

/// When the next operation begins; that of operation n is n + 1.
const NEXT: Timer = Timer(0);

impl Client {
    /// The client that is this node, before its first input.
    pub const fn new(me: NodeId, workload: Arc<Workload>) -> Client {
        Client { me, workload, begun: 0, server: 0, waiting: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// How many operations it began.
    pub const fn begun(&self) -> u32 {
        self.begun
    }

    /// How many operations it waits for.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes one input, as a node of the protocol `S` would, and says what follows.
    pub fn on<S: Service>(
        &mut self,
        now: Now,
        input: &Input<S::Message, S::Request>,
        effects: &mut Effects<S::Message>,
    ) {
        match input {
            Input::Start => {
                let wait = self.workload.begin.saturating_sub(age(now));
                self.begin_after::<S>(now, wait, effects);
            }
            Input::Timer(NEXT) => self.begin::<S>(now, effects),
            Input::Timer(Timer(number)) => self.run_out::<S>(now, number - 1, effects),
            Input::Message { from, message } => {
                if let Some((id, completion)) = S::reply(message) {
                    self.hear::<S>(now, *from, id, completion, effects);
                }
            }
            _ => {}
        }
    }

    /// What comes next.
    fn call(&self) -> Option<&Call> {
        // The last number is kept free, so that each operation has a timer.
        self.workload.calls.get(self.begun as usize).filter(|_| self.begun < u32::MAX - 1)
    }

    /// Begins the next operation, if there is one, at once or by a timer.
    fn begin_after<S: Service>(&mut self, now: Now, wait: Duration, effects: &mut Effects<S::Message>) {
        if self.call().is_none() {
            return;
        }
        if wait.is_zero() { self.begin::<S>(now, effects) } else { effects.set_timer(NEXT, wait) }
    }

    /// Begins the next operation, and in an open loop each further one that is due.
    fn begin<S: Service>(&mut self, now: Now, effects: &mut Effects<S::Message>) {
        let is_over = age(now) >= self.workload.until;
        while let Some(call) = self.call().filter(|_| !is_over).cloned() {
            let operation = self.begun;
            self.begun += 1;
            effects.invoke(operation, call);
            let (first, server) = (self.server, self.server);
            let waiting = Waiting { attempt: 0, first, server, stage: Stage::Asked };
            self.ask::<S>(operation, waiting, effects);
            let (Pace::Open { every }, Some(_)) = (self.workload.pace, self.call()) else { return };
            // Counted from the beginning: from when the last one began, a client that stood still would ask less just
            // while the service is at its worst. Saturating: what is due at the end of time nobody sees.
            let due = self.workload.begin.saturating_add(every.saturating_mul(self.begun));
            let wait = due.saturating_sub(age(now));
            if !wait.is_zero() {
                return effects.set_timer(NEXT, wait);
            }
        }
    }

    /// Sends the request as part of the latest step, and waits.
    fn ask<S: Service>(&mut self, operation: u32, waiting: Waiting, effects: &mut Effects<S::Message>) {
        let attempt = self.workload.retry.identity.attempt(waiting.attempt);
        let id = RequestId { client: self.me, operation, attempt };
        if let Some(server) = self.workload.servers.get(waiting.server) {
            effects.send(*server, S::request(id, &self.workload.calls[operation as usize]));
        }
        self.waiting.insert(operation, waiting);
        effects.set_timer(Timer(operation + 1), self.workload.retry.timeout);
    }

    /// The time for a reply is over, or that before the next try.
    fn run_out<S: Service>(&mut self, now: Now, operation: u32, effects: &mut Effects<S::Message>) {
        // The reply may have come before the time was up.
        let Some(mut waiting) = self.waiting.get(&operation).copied() else { return };
        let retry = self.workload.retry;
        if waiting.stage == Stage::Asked {
            waiting.server = (waiting.server + 1) % self.workload.servers.len().max(1);
            self.server = waiting.server;
            if waiting.attempt >= retry.retries_max {
                let reason = given_up(waiting.attempt, self.refused.get(&operation));
                let completion = Completion::Unknown { reason };
                return self.end::<S>(now, operation, completion, effects);
            }
            if !retry.backoff.is_zero() {
                waiting.stage = Stage::Resting;
                self.waiting.insert(operation, waiting);
                return effects.set_timer(Timer(operation + 1), retry.backoff_before(waiting.attempt));
            }
        }
        (waiting.attempt, waiting.stage) = (waiting.attempt + 1, Stage::Asked);
        tell(effects, || {
            format!("asks again for {operation}, retry {} of {}", waiting.attempt, retry.retries_max)
        });
        self.ask::<S>(operation, waiting, effects);
    }

    fn hear<S: Service>(
        &mut self,
        now: Now,
        from: NodeId,
        id: RequestId,
        completion: &Completion,
        effects: &mut Effects<S::Message>,
    ) {
        let waiting = self.waiting.get(&id.operation).filter(|_| id.client == self.me).copied();
        let end = waiting.and_then(|waiting| self.end_by::<S>(waiting, from, id, completion));
        if effects.is_recorded() {
            let but = match (waiting, &end) {
                (None, _) => ", which has ended",
                (_, None) => ", of which another try may take effect",
                _ => "",
            };
            effects.label(format!("hears of {}{but}: {completion}", id.operation));
        }
        if let Some(completion) = end {
            self.end::<S>(now, id.operation, completion, effects);
        }
    }

    /// How an operation has ended, now that there is this reply to one of its tries; `None` if nobody knows yet.
    fn end_by<S: Service>(
        &mut self,
        waiting: Waiting,
        from: NodeId,
        id: RequestId,
        completion: &Completion,
    ) -> Option<Completion> {
        if let (Completion::Failed { reason }, 1..) = (completion, waiting.attempt) {
            let refusals = self.refused.entry(id.operation).or_default();
            refusals.add(id.attempt, from, reason);
            let tries = Tries { first: waiting.first, latest: waiting.attempt };
            if !refusals.are_all(tries, &self.workload, S::MEMORY) {
                return None;
            }
        }
        Some(completion.clone())
    }

    fn end<S: Service>(
        &mut self,
        now: Now,
        operation: u32,
        completion: Completion,
        effects: &mut Effects<S::Message>,
    ) {
        self.waiting.remove(&operation);
        self.refused.remove(&operation);
        effects.complete(operation, completion);
        if let Pace::Closed { think } = self.workload.pace {
            self.begin_after::<S>(now, think, effects);
        }
    }
}

/// How long ago the client began.
fn age(now: Now) -> Duration {
    now.elapsed.since(Now::ZERO.elapsed)
}

/// Why a client gives up after so many retries.
fn given_up(retries: u32, refusals: Option<&Refusals>) -> String {
    if let Some(Refusals { reason, .. }) = refusals {
        return format!("a try was refused, but another may have taken effect: {reason}");
    }
    match retries {
        0 => "no reply in time".to_owned(),
        1 => "no reply in time, nor to 1 retry".to_owned(),
        count => format!("no reply in time, nor to {count} retries"),
    }
}

/// An event with words, which are made only for whoever records them.
fn tell<M>(effects: &mut Effects<M>, words: impl FnOnce() -> String) {
    let words = if effects.is_recorded() { words() } else { String::new() };
    effects.event(words);
}
