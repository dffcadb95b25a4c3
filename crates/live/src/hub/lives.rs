//! How processes begin and end: by plan, by themselves, and by somebody else.

use constellation_trace::{Action, Claim, Entry, Nemesis, NodeId, TrueTime, WallTime};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::closing::Phase;
use super::door::LineId;
use super::seat::Life;
use super::{Due, Hub};
use crate::clocks::{Rate, Wall};
use crate::error::LiveError;
use crate::launch::{Launch, Process as _};
use crate::plan::Disk;
use crate::protocol::{Given, Order, Tag};
use crate::state_file;
use crate::wire::RemoteNode;

impl<N: RemoteNode, L: Launch> Hub<'_, N, L> {
    /// Begins the process of a node; it is there once it says hello.
    pub(super) fn launch(&mut self, node: NodeId) -> Result<(), LiveError> {
        let until = Instant::now() + self.setup.patience.hello;
        let incarnation = self.seat(node).incarnation;
        let ticket = self.door.ticket(node, incarnation);
        let process = self.launcher.launch(&ticket);
        let process = process.map_err(|error| LiveError::Launch { node: self.name(node), error })?;
        let seat = self.seat(node);
        (seat.process, seat.life, seat.said) = (Some(process), Life::Starting { until }, None);
        seat.armed = seat.next_armed.take();
        Ok(())
    }

    /// Somebody with the token is there. Who is not expected is sent away: his line is dropped.
    pub(super) fn connect(
        &mut self,
        line: LineId,
        (node, incarnation): (NodeId, u32),
        orders: mpsc::UnboundedSender<Vec<u8>>,
    ) {
        let has_begun = self.start.is_some();
        let Some(seat) = self.seats.get_mut(node.index()) else { return };
        let is_expected = matches!(seat.life, Life::Starting { .. }) && seat.incarnation == incarnation;
        if !is_expected || seat.is_connected() {
            return;
        }
        seat.connect(line, orders);
        if matches!(self.phase, Phase::Mending { .. }) {
            self.phase = self.mending();
        }
        if has_begun {
            self.welcome(node);
        }
    }

    /// Tells a process who it is, and gives it its first input and what waits.
    pub(super) fn welcome(&mut self, node: NodeId) {
        let (speed, machine, epoch) = (self.setup.speed, self.machine, self.setup.epoch);
        let (folder, setup) = (self.setup.folder.display().to_string(), self.setup.setup.clone());
        let seat = self.seat(node);
        let rate = Rate { speed, drift_ppb: seat.machine.drift_ppb };
        let wall = Wall { machine, epoch, ahead_ns: seat.machine.ahead_ns };
        seat.order(&Order::Welcome { rate, wall, folder, setup });
        seat.give(if seat.incarnation == 0 { Given::Start } else { Given::Restart }, None);
        if let Some(moment) = seat.armed {
            seat.order(&Order::Arm(moment));
        }
        while let Some((given, letter)) = seat.waiting.pop_front() {
            seat.give(given, letter);
        }
    }

    /// Ends the process of a node; it is down once all that it said is heard.
    pub(super) fn kill(&mut self, node: NodeId) -> Result<(), LiveError> {
        let name = self.name(node);
        let seat = self.seat(node);
        (seat.restarts_with, seat.armed, seat.next_armed) = (None, None, None);
        seat.disarming.clear();
        if !matches!(seat.life, Life::Alive | Life::Starting { .. }) {
            return Ok(());
        }
        if let Some(process) = &mut seat.process {
            process.kill().map_err(|error| LiveError::Process { node: name, error })?;
        }
        if seat.is_connected() {
            seat.life = Life::Dying;
            return Ok(());
        }
        self.crash(node)
    }

    /// The line of a process ended.
    pub(super) fn close(&mut self, line: LineId, node: NodeId) -> Result<(), LiveError> {
        if !self.seats.get(node.index()).is_some_and(|seat| seat.is_on(line)) {
            return Ok(());
        }
        let said = self.seat(node).said.take();
        if self.start.is_none() {
            return Err(LiveError::NoHello { node: self.name(node), said: said.unwrap_or_default() });
        }
        let seat = self.seat(node);
        if seat.life != Life::Dying && !seat.may_end() {
            let why = said.map_or(String::new(), |said| format!(": {said}"));
            self.remark(format!("the process of {} ended by itself{why}", self.name(node)));
        }
        let seat = self.seat(node);
        if let Some(disk) = seat.disarming.pop_front() {
            // It ended before it heard that it should not; whatever it was to do after that the next one does.
            (seat.restarts_with, seat.next_armed) = (Some(disk), seat.armed);
        }
        self.crash(node)
    }

    /// The process of a node has ended: a crash. It restarts if that was waited for.
    pub(super) fn crash(&mut self, node: NodeId) -> Result<(), LiveError> {
        self.break_off(node)?;
        if !self.seat(node).is_recorded {
            // It has not said that it read its disk, so it found there what is there now.
            let from = self.held(node)?.and_then(|tag| self.seat(node).writes.get(&tag).copied());
            self.record(Entry::new(node, self.now, Action::Restart(from)))?;
        }
        self.record(Entry::new(node, self.now, Action::Crash))?;
        let is_leaving = self.seat(node).is_leaving();
        let lost = self.seat(node).end(Life::Down);
        lost.iter().try_for_each(|letter| self.lose(letter))?;
        if is_leaving {
            return self.go(node);
        }
        match self.seat(node).restarts_with.take() {
            Some(disk) => self.restart(node, disk),
            None if self.phase == Phase::Running => Ok(()),
            None => self.restart_again(node),
        }
    }

    /// Faults have ended, and a process with them: the next begins at once, unless too many have.
    fn restart_again(&mut self, node: NodeId) -> Result<(), LiveError> {
        /// A process that ends that often will again.
        const RESTARTS_MAX: u32 = 3;
        match self.phase {
            // What it missed meanwhile it is to hear of.
            Phase::Settling { .. } => self.phase = self.mending(),
            // What it was asked is lost with it, and others may already tell nothing more.
            Phase::Round { .. } => drop(self.unheard.insert(node)),
            Phase::Running | Phase::Mending { .. } => {}
        }
        let seat = self.seat(node);
        if seat.restarts == RESTARTS_MAX {
            return Ok(());
        }
        seat.restarts += 1;
        self.restart(node, Disk::Kept)
    }

    /// Begins a process at a node that is down, or has one begin as soon as the old one is.
    pub(super) fn restart(&mut self, node: NodeId, disk: Disk) -> Result<(), LiveError> {
        let seat = self.seat(node);
        match seat.life {
            Life::Dying => {
                (seat.restarts_with, seat.next_armed) = (Some(disk), None);
                return Ok(());
            }
            Life::Down => {}
            Life::Alive if seat.armed.is_some() => {
                seat.armed = None;
                seat.disarming.push_back(disk);
                seat.order(&Order::Disarm);
                return Ok(());
            }
            Life::Starting { .. } => {
                seat.armed = None;
                return Ok(());
            }
            Life::Absent | Life::Alive | Life::Gone => return Ok(()),
        }
        // Cannot wrap: a plan of 2^32 restarts does not fit in memory.
        seat.incarnation += 1;
        seat.is_recorded = false;
        if disk == Disk::Lost {
            let wiped = state_file::wipe(&self.setup.folder, node.number());
            wiped.map_err(|error| LiveError::Disk { node: self.name(node), error })?;
        }
        self.launch(node)
    }

    /// A restarted process has read its disk. Whether what it says can be.
    pub(super) fn restarted(
        &mut self,
        node: NodeId,
        believed: Option<Tag>,
        wall: WallTime,
    ) -> Result<bool, LiveError> {
        let seat = self.seat(node);
        let from = believed.map(|tag| seat.writes.get(&tag).copied());
        if seat.is_recorded || from == Some(None) {
            return Ok(false);
        }
        seat.is_recorded = true;
        let claims = [Claim::Wall(wall)];
        let action = Action::Restart(from.flatten());
        self.record(Entry { claims: &claims, ..Entry::new(node, self.now, action) })?;
        Ok(true)
    }

    /// Stops the process of a node for a time.
    pub(super) fn pause(&mut self, node: NodeId, lasts: std::time::Duration) -> Result<(), LiveError> {
        let name = self.name(node);
        let now = self.now;
        let seat = self.seat(node);
        if matches!(seat.life, Life::Starting { .. }) {
            self.remark(format!(
                "not done: {name} was to stop for a time, and its process was still starting"
            ));
            return Ok(());
        }
        let (Life::Alive, Some(process)) = (seat.life, &mut seat.process) else { return Ok(()) };
        match process.pause() {
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                self.remark(format!("not done: {name} was to stop for a time, and {error}"));
                Ok(())
            }
            Err(error) => Err(LiveError::Process { node: name, error }),
            Ok(()) => {
                let until = now.saturating_add(lasts);
                // One that is stopped already may be for longer.
                seat.paused_until = seat.paused_until.max(Some(until));
                let incarnation = seat.incarnation;
                self.add(until, Due::Resume { node, incarnation, until });
                let for_ns = u64::try_from(lasts.as_nanos()).unwrap_or(u64::MAX);
                self.note(Nemesis::Pause { node, for_ns })
            }
        }
    }

    /// Lets the process of a node go on, if it is one that was stopped, and no longer than until then.
    pub(super) fn resume(
        &mut self,
        node: NodeId,
        incarnation: u32,
        until: TrueTime,
    ) -> Result<(), LiveError> {
        let name = self.name(node);
        let seat = self.seat(node);
        if seat.incarnation != incarnation || seat.paused_until.is_none_or(|paused| paused > until) {
            return Ok(());
        }
        seat.paused_until = None;
        let resumed = seat.process.as_mut().map_or(Ok(()), |process| process.resume());
        resumed.map_err(|error| LiveError::Process { node: name, error })
    }

    /// Whoever was to say hello and did not, or ended before.
    pub(super) fn look_after_starting(&mut self) -> Result<(), LiveError> {
        let starting = (0..).map(NodeId::new).zip(&mut self.seats);
        let late = starting.filter_map(|(node, seat)| {
            let Life::Starting { until } = seat.life else { return None };
            let has_ended = seat.process.as_mut().is_some_and(|process| process.has_ended());
            (has_ended || Instant::now() >= until).then_some((node, has_ended))
        });
        let late: Vec<_> = late.collect();
        for (node, has_ended) in late {
            let name = self.name(node);
            if self.start.is_none() {
                return Err(match has_ended {
                    true => LiveError::NoHello { node: name, said: String::new() },
                    false => LiveError::HelloLate { node: name, waited: self.setup.patience.hello },
                });
            }
            self.remark(format!("the process of {name} ended or was silent before it was there again"));
            self.kill(node)?;
        }
        Ok(())
    }
}
