//! How inputs wait at a machine that is stopped or slow, and are worked on in the order in which they came.

use std::collections::VecDeque;
use std::time::Duration;

use constellation_fabric::{Choices, Input, Node, Parcel, Timer};
use constellation_trace::{NodeId, TrueTime};

use super::messages::{Taken, TwinsId};
use super::{Engine, Occurrence, Outside};
use crate::agenda::{Key, Place, Ticket};
use crate::error::WorldError;
use crate::faults::Faults;
use crate::plan::{Act, Disk, Plan};

/// What a host keeps whose machine may not just work.
pub(crate) struct Faulty<M, R> {
    pub(super) faults: Faults,
    /// Whether the plan lets it join, instead of being there from the start.
    joins_later: bool,
    /// How many inputs it began to work on, over all lives: the number of the next is their name in questions.
    pub(super) inputs: u64,
    /// How many writes were tried.
    pub(super) writes: u64,
    /// What came and was not worked on yet, in order.
    pub(super) queue: VecDeque<Incoming<M, R>>,
    /// How far the first of them is.
    stage: Stage,
    paused_until: TrueTime,
    suspended_until: TrueTime,
    /// Until when the work on the first one takes.
    busy_until: TrueTime,
    /// How long the plan makes each work take, and until when.
    slow: (Duration, TrueTime),
    /// When it is to crash by plan.
    pub(super) armed: Option<Moment>,
    /// When it looks at the queue again.
    wake: Option<Ticket>,
    /// When it restarts by luck, with which disk.
    pub(super) restart: Option<(Ticket, Disk)>,
    pub(super) is_leaving: bool,
    /// The timers that are being put off; kept so that it need not be allocated each time.
    late: Vec<(Key, usize)>,
}

/// Something for a node.
pub(super) struct Incoming<M, R> {
    pub(super) input: Input<M, R>,
    /// Which message it is, if it is one.
    pub(super) letter: Option<(Parcel, Option<TwinsId>)>,
}

/// How far the first input of a queue is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// Nothing was asked of it.
    Untouched,
    /// Whatever could stop the process before it was asked; it has this number.
    Next(u64),
    /// The work on it has begun.
    AtWork(u64),
}

/// When a process crashes, seen from the work on an input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moment {
    BeforeWork,
    AfterWork,
}

/// How a process is stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stop {
    /// Its clocks go on.
    Pause,
    /// Its monotonic clock stands still.
    Suspend,
}

impl<M, R> Faulty<M, R> {
    /// What a host needs for these faults and this plan; `None` when it needs nothing.
    pub(super) fn of(node: NodeId, faults: Faults, plan: &Plan<R>) -> Option<Faulty<M, R>> {
        let mut acts = plan.acts().iter().map(|(_, act)| act).filter(|act| act.node() == Some(node));
        let joins_later = acts.clone().any(|act| matches!(act, Act::Join { .. }));
        let needs = |act: &Act<R>| {
            matches!(
                act,
                Act::CrashBefore { .. }
                    | Act::CrashAfter { .. }
                    | Act::Pause { .. }
                    | Act::Suspend { .. }
                    | Act::Slow { .. }
                    | Act::Join { .. }
                    | Act::Leave { .. }
            )
        };
        (faults.can_strike() || acts.any(needs)).then(|| Faulty {
            faults,
            joins_later,
            inputs: 0,
            writes: 0,
            queue: VecDeque::new(),
            stage: Stage::Untouched,
            paused_until: TrueTime::default(),
            suspended_until: TrueTime::default(),
            busy_until: TrueTime::default(),
            slow: (Duration::ZERO, TrueTime::default()),
            armed: None,
            wake: None,
            restart: None,
            is_leaving: false,
            late: Vec::new(),
        })
    }

    /// As at the start of a run, but for the memory, which is kept.
    pub(super) fn begin_again(&mut self) {
        (self.inputs, self.writes) = (0, 0);
        self.queue.clear();
        self.slow = (Duration::ZERO, TrueTime::default());
        (self.armed, self.wake, self.restart) = (None, None, None);
        self.is_leaving = false;
        self.end_stops();
    }

    pub(super) const fn joins_later(&self) -> bool {
        self.joins_later
    }

    /// It is to crash at its next input.
    pub(super) const fn arm(&mut self, moment: Moment) {
        self.armed = Some(moment);
    }

    /// The plan makes each work take so long, until then.
    pub(super) const fn be_slow(&mut self, each: Duration, until: TrueTime) {
        self.slow = (each, until);
    }

    /// How long the plan makes work take that begins now.
    pub(super) fn planned_slowness(&self, now: TrueTime) -> Duration {
        if now < self.slow.1 { self.slow.0 } else { Duration::ZERO }
    }

    /// A timer that is set anew does not run out any more, though it has and waits.
    pub(super) fn forget_timer(&mut self, timer: Timer) {
        if !self.queue.is_empty() {
            self.queue
                .retain(|incoming| !matches!(incoming.input, Input::Timer(waiting) if waiting == timer));
        }
    }

    /// A new process is not stopped.
    fn end_stops(&mut self) {
        self.stage = Stage::Untouched;
        let never = TrueTime::default();
        (self.paused_until, self.suspended_until, self.busy_until) = (never, never, never);
    }

    /// Until when the process is stopped.
    fn stopped_until(&self) -> TrueTime {
        self.paused_until.max(self.suspended_until)
    }
}

impl<N: Node> Engine<N> {
    /// What is kept of a machine that may not just work.
    pub(super) fn faulty(&mut self, node: NodeId) -> &mut Faulty<N::Message, N::Request> {
        self.hosts[node.index()].faulty.as_mut().expect("a host has it whose faults or plan need it")
    }

    /// Something comes to such a machine: it is worked on when everything is that came before.
    #[cold]
    #[inline(never)]
    pub(super) fn meet<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        incoming: Incoming<N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        if self.hosts[node.index()].life.is_none() {
            return self.lose(incoming);
        }
        self.faulty(node).queue.push_back(incoming);
        self.work_off(outside, node)
    }

    /// What waits may be worked on now.
    pub(super) fn wake<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) -> Result<(), WorldError> {
        self.faulty(node).wake = None;
        self.work_off(outside, node)
    }

    /// Works on what waits, as far as the process is not stopped and not at work already.
    fn work_off<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) -> Result<(), WorldError> {
        loop {
            let now = self.now;
            let faulty = self.faulty(node);
            if faulty.queue.is_empty() {
                return Ok(());
            }
            let stopped_until = faulty.stopped_until();
            if now < stopped_until {
                self.wake_at(node, stopped_until);
                return Ok(());
            }
            match faulty.stage {
                Stage::Untouched => {
                    let number = faulty.inputs;
                    faulty.stage = Stage::Next(number);
                    // Cannot wrap: a run has fewer inputs than events that 32 bits number.
                    faulty.inputs += 1;
                    self.disturb(&mut outside.choices, node, number)?;
                }
                Stage::Next(number) => {
                    faulty.stage = Stage::AtWork(number);
                    let busy_until = self.slow_down(&mut outside.choices, node, number)?;
                    self.faulty(node).busy_until = busy_until;
                }
                Stage::AtWork(_) if now < faulty.busy_until => {
                    let busy_until = faulty.busy_until;
                    self.wake_at(node, busy_until);
                    return Ok(());
                }
                Stage::AtWork(number) => {
                    faulty.stage = Stage::Untouched;
                    let incoming =
                        faulty.queue.pop_front().expect("there is one, or nothing would be at work");
                    self.work(outside, node, number, incoming)?;
                }
            }
        }
    }

    fn wake_at(&mut self, node: NodeId, at: TrueTime) {
        let ticket = self.agenda.add(at, Place::node(node), Occurrence::Wake(node));
        if let Some(earlier) = self.faulty(node).wake.replace(ticket) {
            self.agenda.cancel(earlier);
        }
    }

    /// The process stops until then, or longer if it is stopped for longer already; nothing where none runs.
    pub(super) fn stop(&mut self, node: NodeId, stop: Stop, until: TrueTime) -> Result<(), WorldError> {
        let (now, until) = (self.now, until.min(self.end));
        if self.hosts[node.index()].life.is_none() || until <= now {
            return Ok(());
        }
        let faulty = self.faulty(node);
        // What is at work goes on with it afterwards.
        let stopped_before = faulty.stopped_until().max(now);
        let slept_before = faulty.suspended_until.max(now);
        match stop {
            Stop::Pause => faulty.paused_until = faulty.paused_until.max(until),
            Stop::Suspend => faulty.suspended_until = faulty.suspended_until.max(until),
        }
        let (stopped_for, slept_for) =
            (faulty.stopped_until().since(stopped_before), faulty.suspended_until.since(slept_before));
        let is_at_work = matches!(faulty.stage, Stage::AtWork(_)) && faulty.busy_until > now;
        if is_at_work {
            let end = self.end;
            let faulty = self.faulty(node);
            faulty.busy_until = faulty.busy_until.saturating_add(stopped_for).min(end);
        }
        self.put_off(node, slept_for);
        let for_ns = until.since(now);
        self.note_stop(node, stop, for_ns)
    }

    /// The monotonic clock of a node stands still for so long: its timers run out later, and its process seems to have
    /// begun later.
    fn put_off(&mut self, node: NodeId, by: Duration) {
        if by == Duration::ZERO {
            return;
        }
        let host = &mut self.hosts[node.index()];
        if let Some(life) = &mut host.life {
            life.began = life.began.saturating_add(by);
        }
        let faulty = host.faulty.as_mut().expect("a host has it whose faults or plan need it");
        faulty.late.clear();
        let keys = host.timers.iter().enumerate();
        faulty.late.extend(keys.filter_map(|(place, set)| Some((self.agenda.key(set.1)?, place))));
        // In their order, so that of two that run out at one time the same one is the first.
        faulty.late.sort_unstable();
        for (key, place) in faulty.late.drain(..) {
            let (timer, ticket) = &mut host.timers[place];
            self.agenda.cancel(*ticket);
            let what = Occurrence::Timer { node, timer: *timer };
            *ticket = self.agenda.add(key.at.saturating_add(by), Place::node(node), what);
        }
    }

    /// What waits at a node that is gone is lost, and nothing stops its successor.
    pub(super) fn clear_queue(&mut self, node: NodeId) -> Result<(), WorldError> {
        let Some(faulty) = &mut self.hosts[node.index()].faulty else { return Ok(()) };
        faulty.end_stops();
        if let Some(wake) = faulty.wake.take() {
            self.agenda.cancel(wake);
        }
        while let Some(incoming) = self.faulty(node).queue.pop_front() {
            self.lose(incoming)?;
        }
        Ok(())
    }

    /// Nobody will work on this.
    pub(super) fn lose(&mut self, incoming: Incoming<N::Message, N::Request>) -> Result<(), WorldError> {
        match (incoming.letter, incoming.input) {
            (Some((parcel, twins)), _) => self.settle(parcel, twins, Taken::Refused),
            (None, Input::Request(_)) => {
                self.counts.requests_lost += 1;
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }
}
