//! What luck does to a machine, and what becomes of the input at which it strikes.

use std::num::NonZeroU32;
use std::time::Duration;

use constellation_fabric::{Choices, Input, Node, Odds, Options, Question, StepAct, Topic};
use constellation_trace::nemesis::Eighths;
use constellation_trace::{MessageId, Nemesis, NodeId, TrueTime};

use super::faulty::{Incoming, Moment, Stop};
use super::messages::Taken;
use super::walls::{Blow, ns};
use super::{Engine, Outside};
use crate::error::WorldError;
use crate::faults::{Faults, Span};
use crate::plan::Disk;

/// How many answers there are to how much of a write is lost.
const PARTS: NonZeroU32 = NonZeroU32::new(8).expect("8 is not 0");

/// Ahead, or back.
const WAYS: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");

/// Who is asked about one input of one node.
struct Oracle<'c, C> {
    choices: &'c mut C,
    node: NodeId,
    nth: u64,
}

impl<C: Choices> Oracle<'_, C> {
    fn choose(&mut self, topic: Topic, options: Options) -> u32 {
        let Oracle { node, nth, .. } = *self;
        self.choices.choose(Question { topic, source: node, target: node, nth }, options)
    }

    fn happens(&mut self, topic: Topic, odds: Odds) -> bool {
        odds != Odds::NEVER && self.choose(topic, Options::Chance(odds)) != 0
    }

    fn ns(&mut self, topic: Topic, span: Span) -> u64 {
        span.ns(if span.is_open() { self.choose(topic, Options::Uniform(Span::ANSWERS)) } else { 0 })
    }
}

impl<N: Node> Engine<N> {
    /// What may stop a process before an input, or put its clock wrong.
    pub(super) fn disturb<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
        nth: u64,
    ) -> Result<(), WorldError> {
        let faults = self.faulty(node).faults;
        if self.is_over(self.now) {
            return Ok(());
        }
        let mut oracle = Oracle { choices, node, nth };
        if oracle.happens(Topic::WallStep, faults.wall_step) {
            let is_open = faults.wall_step_min_ns < faults.wall_step_max_ns;
            let sizes = Options::Uniform(Faults::STEP_SIZES);
            let answer = if is_open { oracle.choose(Topic::WallStepSize, sizes) } else { 0 };
            self.strike_wall(node, Blow::Step { by_ns: faults.wall_step_ns(answer) })?;
        }
        if oracle.happens(Topic::WallFreeze, faults.wall_freeze) {
            let for_ns = oracle.ns(Topic::WallFreezeTime, faults.wall_freeze_time);
            let lasts = later(self.now, for_ns).min(self.end).since(self.now);
            self.strike_wall(node, Blow::Freeze { lasts })?;
        }
        if oracle.happens(Topic::WallYear, faults.wall_year) {
            let is_back = oracle.choose(Topic::WallYearBack, Options::Uniform(WAYS)) != 0;
            let by_ns = if is_back { -Faults::YEAR_NS } else { Faults::YEAR_NS };
            self.strike_wall(node, Blow::Step { by_ns })?;
        }
        let mut stop_for =
            |topic, odds, time_topic, span| oracle.happens(topic, odds).then(|| oracle.ns(time_topic, span));
        let pause_ns = stop_for(Topic::Pause, faults.pause, Topic::PauseTime, faults.pause_time);
        let sleep_ns = stop_for(Topic::Suspend, faults.suspend, Topic::SuspendTime, faults.suspend_time);
        for (stop, for_ns) in [(Stop::Pause, pause_ns), (Stop::Suspend, sleep_ns)] {
            if let Some(for_ns) = for_ns {
                self.stop(node, stop, later(self.now, for_ns))?;
            }
        }
        Ok(())
    }

    /// Until when the work on an input takes that begins now.
    pub(super) fn slow_down<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
        nth: u64,
    ) -> Result<TrueTime, WorldError> {
        let now = self.now;
        if self.is_over(now) {
            return Ok(now);
        }
        let (span, planned) = (self.faulty(node).faults.slow, self.faulty(node).planned_slowness(now));
        let by_luck = Oracle { choices, node, nth }.ns(Topic::Slow, span);
        let until = later(now, by_luck).saturating_add(planned).min(self.end);
        if until > now {
            self.note(Nemesis::Slow { node, for_ns: ns(until.since(now)) })?;
        }
        Ok(until)
    }

    /// The work on an input, or the crash before it, or after it.
    pub(super) fn work<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        nth: u64,
        incoming: Incoming<N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        let is_over = self.is_over(self.now);
        let faulty = self.faulty(node);
        let faults = faulty.faults;
        let planned = faulty.armed.take().filter(|_| !is_over);
        let mut oracle = Oracle { choices: &mut outside.choices, node, nth };
        let moment = planned.or_else(|| {
            let mut strikes = |topic, odds| !is_over && oracle.happens(topic, odds);
            if strikes(Topic::CrashBefore, faults.crash_before) {
                Some(Moment::BeforeWork)
            } else {
                strikes(Topic::CrashAfter, faults.crash_after).then_some(Moment::AfterWork)
            }
        });
        let is_last = matches!(incoming.input, Input::Leave);
        match moment {
            // It is lost with what waits behind it.
            Some(Moment::BeforeWork) => self.faulty(node).queue.push_front(incoming),
            _ => self.give_to_faulty(outside, node, incoming, moment)?,
        }
        match moment {
            Some(_) if planned.is_some() => self.crash(&mut outside.choices, node),
            Some(_) => self.crash_by_luck(&mut outside.choices, node, nth),
            None if is_last => self.leave(node),
            None => Ok(()),
        }
    }

    /// Gives a node an input and carries out what follows: all of it, or what is left of it before a crash, or nothing
    /// where its disk has no room. One that leaves is not told of that: it is given nothing any more.
    fn give_to_faulty<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        Incoming { input, letter }: Incoming<N::Message, N::Request>,
        crash: Option<Moment>,
    ) -> Result<(), WorldError> {
        let received = letter.map(|(parcel, _)| parcel.message);
        let is_last = matches!(input, Input::Leave);
        let taken = self.put(outside, node, input, received)?;
        if self.has_room(outside, node) {
            self.carry_out_until(outside, node, received, crash)?;
            return letter.map_or(Ok(()), |(parcel, twins)| self.settle(parcel, twins, taken));
        }
        self.note(Nemesis::DiskFull { node })?;
        letter.map_or(Ok(()), |(parcel, twins)| self.settle(parcel, twins, Taken::Refused))?;
        if is_last {
            return Ok(());
        }
        self.put(outside, node, Input::DiskFull, None)?;
        if self.has_room(outside, node) { self.carry_out_until(outside, node, None, crash) } else { Ok(()) }
    }

    fn carry_out_until<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        received: Option<MessageId>,
        crash: Option<Moment>,
    ) -> Result<(), WorldError> {
        if crash.is_none() {
            return self.carry_out_all(outside, node, received);
        }
        let Outside { choices, effects, .. } = outside;
        for step in effects.steps_mut() {
            step.sends.clear();
            self.carry_out(choices, node, step, received)?;
        }
        Ok(())
    }

    /// Whether the disk takes all that the effects at hand write. The end of all faults makes room.
    fn has_room<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) -> bool {
        if self.is_over(self.now) {
            return true;
        }
        let faulty = self.faulty(node);
        let Faults { disk_bytes, disk_full, .. } = faulty.faults;
        outside.effects.steps().iter().all(|step| {
            let (StepAct::Persist(state) | StepAct::Store(state)) = &step.act else { return true };
            let nth = faulty.writes;
            // Cannot wrap: each write would be an event, which 32 bits number.
            faulty.writes += 1;
            let is_too_long = disk_bytes.is_some_and(|most| state.len() as u64 > most);
            let mut oracle = Oracle { choices: &mut outside.choices, node, nth };
            !is_too_long && !oracle.happens(Topic::DiskFull, disk_full)
        })
    }

    /// When a node that crashed by luck comes back, and with which disk.
    pub(super) fn come_back<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
        nth: u64,
    ) -> (TrueTime, Disk) {
        let faults = self.faulty(node).faults;
        let mut oracle = Oracle { choices, node, nth };
        let at = later(self.now, oracle.ns(Topic::Down, faults.down)).min(self.end);
        let is_lost = oracle.happens(Topic::Amnesia, faults.amnesia);
        (at, if is_lost { Disk::Lost } else { Disk::Kept })
    }

    /// A crash may harm what was written and not synced; what it leaves is safe from then on.
    pub(super) fn harm_disk<C: Choices>(&mut self, choices: &mut C, node: NodeId) -> Result<(), WorldError> {
        let is_over = self.is_over(self.now);
        let host = &mut self.hosts[node.index()];
        let unsynced = u32::try_from(host.disk.unsynced()).unwrap_or(u32::MAX);
        let Some(writes) = NonZeroU32::new(unsynced) else { return Ok(()) };
        let faulty = host.faulty.as_ref().filter(|_| !is_over);
        let (odds, nth) = faulty.map_or((Odds::NEVER, 0), |faulty| (faulty.faults.unsynced, faulty.inputs));
        let mut oracle = Oracle { choices, node, nth };
        if !oracle.happens(Topic::Unsynced, odds) {
            host.disk.sync();
            return Ok(());
        }
        let lost =
            if writes.get() > 1 { oracle.choose(Topic::UnsyncedWrites, Options::Uniform(writes)) } else { 0 };
        let torn = oracle.choose(Topic::Torn, Options::Uniform(PARTS));
        let left = 7_u32.checked_sub(torn).and_then(|left| u8::try_from(left).ok()).and_then(Eighths::new);
        let left = left.unwrap_or(Eighths::NONE);
        host.disk.tear(lost as usize, left);
        self.note(Nemesis::Tear { node, lost, left })
    }

    /// A bit of what a restart is about to read may have flipped.
    pub(super) fn let_rot<C: Choices>(&mut self, choices: &mut C, node: NodeId) -> Result<(), WorldError> {
        let host = &self.hosts[node.index()];
        let faulty = host.faulty.as_ref().filter(|_| !self.is_over(self.now));
        let Some((odds, nth)) = faulty.map(|faulty| (faulty.faults.bit_rot, faulty.inputs)) else {
            return Ok(());
        };
        let bits = u32::try_from(host.disk.bits()).unwrap_or(u32::MAX);
        let Some(bits) = NonZeroU32::new(bits) else { return Ok(()) };
        let mut oracle = Oracle { choices, node, nth };
        if !oracle.happens(Topic::BitRot, odds) {
            return Ok(());
        }
        let bit = oracle.choose(Topic::BitRotPlace, Options::Uniform(bits));
        self.rot(node, u64::from(bit))
    }

    /// A bit flips, if the disk holds any.
    pub(super) fn rot(&mut self, node: NodeId, bit: u64) -> Result<(), WorldError> {
        match self.hosts[node.index()].disk.rot(bit) {
            Some(bit) => self.note(Nemesis::Rot { node, bit }),
            None => Ok(()),
        }
    }

    pub(super) fn note_stop(&mut self, node: NodeId, stop: Stop, lasts: Duration) -> Result<(), WorldError> {
        let for_ns = ns(lasts);
        self.note(match stop {
            Stop::Pause => Nemesis::Pause { node, for_ns },
            Stop::Suspend => Nemesis::Suspend { node, for_ns },
        })
    }

    /// Enters into the record what happens to a machine.
    pub(super) fn note(&mut self, nemesis: Nemesis) -> Result<(), WorldError> {
        let at = self.now;
        self.record.machine(at, nemesis).map_err(|error| WorldError::Trace { at, error })
    }
}

fn later(now: TrueTime, by_ns: u64) -> TrueTime {
    now.saturating_add(Duration::from_nanos(by_ns))
}
