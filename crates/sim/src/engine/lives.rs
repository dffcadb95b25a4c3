//! How processes end and begin: crashes, restarts, joining and leaving, by plan and by luck.

use constellation_fabric::{Choices, Input, Node};
use constellation_trace::{Action, Nemesis, NodeId};

use super::faulty::Incoming;
use super::{Engine, Life, Occurrence, Outside, Saved};
use crate::agenda::Place;
use crate::error::WorldError;
use crate::plan::Disk;

/// What a restarted process has learnt from its disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Read {
    /// What was handed to it.
    State,
    /// What was there before that was written.
    Before,
    /// Nothing: it refused that, or ended before.
    Nothing,
}

impl<N: Node> Engine<N> {
    /// The plan has a node crash. One that is down by luck stays down until the plan has it restart.
    pub(super) fn crash_by_plan<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
    ) -> Result<(), WorldError> {
        if self.hosts[node.index()].life.is_some() {
            return self.crash(choices, node);
        }
        self.forget_restart(node);
        Ok(())
    }

    /// A process ends; what waits for it is lost.
    pub(super) fn crash<C: Choices>(&mut self, choices: &mut C, node: NodeId) -> Result<(), WorldError> {
        // Who crashes before it has read its disk knows nothing of it.
        self.record_restart(node, Read::Nothing)?;
        self.record_life(node, Action::Crash)?;
        self.harm_disk(choices, node)?;
        self.end_life(node);
        self.clear_queue(node)?;
        if self.is_leaving(node) { self.note(Nemesis::Leave { node }) } else { Ok(()) }
    }

    fn end_life(&mut self, node: NodeId) {
        let host = &mut self.hosts[node.index()];
        host.life = None;
        for (_, ticket) in host.timers.drain(..) {
            self.agenda.cancel(ticket);
        }
    }

    /// A process ended by luck, at the input of this number: when it begins again, and with which disk.
    pub(super) fn crash_by_luck<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
        number: u64,
    ) -> Result<(), WorldError> {
        self.crash(choices, node)?;
        if self.is_leaving(node) {
            return Ok(());
        }
        let (at, disk) = self.come_back(choices, node, number);
        let ticket = self.agenda.add(at, Place::node(node), Occurrence::Restart(node));
        self.faulty(node).restart = Some((ticket, disk));
        Ok(())
    }

    fn is_leaving(&self, node: NodeId) -> bool {
        self.hosts[node.index()].faulty.as_ref().is_some_and(|faulty| faulty.is_leaving)
    }

    /// A node that is down by luck does not come back by itself.
    fn forget_restart(&mut self, node: NodeId) {
        let restart = self.hosts[node.index()].faulty.as_mut().and_then(|faulty| faulty.restart.take());
        if let Some((ticket, _)) = restart {
            self.agenda.cancel(ticket);
        }
    }

    /// The plan has a node restart. One that luck has brought back, or that was to crash and did not, goes on.
    pub(super) fn restart_by_plan<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        disk: Disk,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        if let Some(faulty) = &mut self.hosts[node.index()].faulty {
            faulty.armed = None;
        }
        if self.hosts[node.index()].life.is_some() {
            return Ok(());
        }
        self.forget_restart(node);
        self.restart(outside, node, disk)
    }

    pub(super) fn restart_by_luck<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let restart = self.faulty(node).restart.take();
        let (_, disk) = restart.expect("whoever forgets it takes it off the agenda");
        self.restart(outside, node, disk)
    }

    fn restart<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        disk: Disk,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let host = &mut self.hosts[node.index()];
        if disk == Disk::Lost {
            host.disk.wipe();
        }
        // Cannot wrap: a plan of 2^32 restarts does not fit in memory, and luck has fewer inputs to strike at.
        host.incarnation += 1;
        let incarnation = host.incarnation;
        self.let_rot(&mut outside.choices, node)?;
        let disk = &self.hosts[node.index()].disk;
        let (written, before) = (disk.read().cloned(), disk.before());
        let (event, state) = written.map(|written| (written.event, written.bytes)).unzip();
        let from = Saved { state: event, before };
        self.begin(outside, node);
        self.hosts[node.index()].life.iter_mut().for_each(|life| life.restarts_from = Some(from));
        self.hand(outside, node, Input::Restart { state, incarnation })
    }

    /// Enters into the record that a process began again, once it is known whether it believes what it has read; of
    /// one that is in the record already, nothing.
    #[inline(always)]
    pub(super) fn record_restart(&mut self, node: NodeId, read: Read) -> Result<(), WorldError> {
        let life = self.hosts[node.index()].life.as_mut();
        match life.and_then(|life| life.restarts_from.take()) {
            None => Ok(()),
            Some(Saved { state, before }) => {
                let from = match read {
                    Read::State => state,
                    Read::Before => before,
                    Read::Nothing => None,
                };
                self.record_life(node, Action::Restart(from))
            }
        }
    }

    pub(super) fn begin<C, F: FnMut(NodeId) -> N>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) {
        let fresh = (outside.factory)(node);
        self.hosts[node.index()].life = Some(Life { node: fresh, began: self.now, restarts_from: None });
    }

    pub(super) fn join<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        self.note(Nemesis::Join { node })?;
        self.begin(outside, node);
        self.hand(outside, node, Input::Start)
    }

    /// The plan has a node leave: at once if it is down, else after what waits for it, and after its last input.
    pub(super) fn leave_by_plan<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) -> Result<(), WorldError> {
        self.faulty(node).is_leaving = true;
        if self.hosts[node.index()].life.is_none() {
            self.forget_restart(node);
            return self.note(Nemesis::Leave { node });
        }
        self.meet(outside, node, Incoming { input: Input::Leave, letter: None })
    }

    /// A node has done its last work.
    pub(super) fn leave(&mut self, node: NodeId) -> Result<(), WorldError> {
        self.end_life(node);
        self.note(Nemesis::Leave { node })?;
        self.clear_queue(node)
    }
}
