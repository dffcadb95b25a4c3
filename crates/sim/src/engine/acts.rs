//! What is planned: clients ask, links are cut and heal, and things happen to machines.

use std::time::Duration;

use constellation_fabric::{Calm, Choices, Input, Node};
use constellation_trace::{Action, Entry, Nemesis, NodeId};

use super::faulty::{Moment, Stop};
use super::walls::Blow;
use super::{Engine, Outside};
use crate::error::WorldError;
use crate::plan::{Act, Disk};

/// What is planned for a machine.
#[derive(Clone, Copy, Debug)]
enum MachineAct {
    Crash,
    Restart(Disk),
    /// It is to crash at the next input.
    Arm(Moment),
    Stop(Stop, Duration),
    Slow {
        each: Duration,
        lasts: Duration,
    },
    Join,
    Leave,
    Wall(Blow),
    RotDisk(u64),
}

impl<R> Act<R> {
    /// What it does to which machine, if it is about one.
    const fn of_machine(&self) -> Option<(NodeId, MachineAct)> {
        Some(match *self {
            Act::Crash { node } => (node, MachineAct::Crash),
            Act::Restart { node, disk } => (node, MachineAct::Restart(disk)),
            Act::CrashBefore { node } => (node, MachineAct::Arm(Moment::BeforeWork)),
            Act::CrashAfter { node } => (node, MachineAct::Arm(Moment::AfterWork)),
            Act::Pause { node, lasts } => (node, MachineAct::Stop(Stop::Pause, lasts)),
            Act::Suspend { node, lasts } => (node, MachineAct::Stop(Stop::Suspend, lasts)),
            Act::Slow { node, each, lasts } => (node, MachineAct::Slow { each, lasts }),
            Act::Join { node } => (node, MachineAct::Join),
            Act::Leave { node } => (node, MachineAct::Leave),
            Act::StepWall { node, by_ns } => (node, MachineAct::Wall(Blow::Step { by_ns })),
            Act::SlewWall { node, by_ns, lasts } => (node, MachineAct::Wall(Blow::Slew { by_ns, lasts })),
            Act::LeapSecond { node, leap } => (node, MachineAct::Wall(Blow::Leap(leap))),
            Act::FreezeWall { node, lasts } => (node, MachineAct::Wall(Blow::Freeze { lasts })),
            Act::SetWall { node, wall } => (node, MachineAct::Wall(Blow::Set { wall })),
            Act::RotDisk { node, bit } => (node, MachineAct::RotDisk(bit)),
            Act::Request { .. } | Act::Partition { .. } | Act::Cut { .. } | Act::Heal => return None,
        })
    }
}

impl<N: Node> Engine<N> {
    pub(super) fn act<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        number: usize,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let at = self.now;
        let recorded = match &mut self.plan[number].1 {
            act @ Act::Request { .. } => {
                let node = act.node().expect("a request is made of a node");
                if self.hosts[node.index()].life.is_none() {
                    self.counts.requests_lost += 1;
                    return Ok(());
                }
                let request = (outside.request)(act).expect("each act comes once, and this one is a request");
                return self.hand(outside, node, Input::Request(request));
            }
            Act::Partition { group_a, group_b } => {
                self.network.partition(group_a, group_b);
                self.record.world(at, 12, words(group_a, group_b), || Nemesis::Partition {
                    group_a: group_a.clone(),
                    group_b: group_b.clone(),
                })
            }
            Act::Cut { sources, targets } => {
                self.network.cut(sources, targets);
                self.record.world(at, 13, words(sources, targets), || Nemesis::Cut {
                    sources: sources.clone(),
                    targets: targets.clone(),
                })
            }
            Act::Heal => return self.heal(outside),
            act => {
                let act =
                    act.of_machine().expect("what is neither a request nor about links is about a machine");
                return self.act_on_machine(outside, act);
            }
        };
        recorded.map_err(|error| WorldError::Trace { at, error })
    }

    /// What is planned for a process, or for the machine that it runs on.
    fn act_on_machine<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        (node, act): (NodeId, MachineAct),
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        match act {
            MachineAct::Crash => self.crash_by_plan(&mut outside.choices, node),
            MachineAct::Restart(disk) => self.restart_by_plan(outside, node, disk),
            MachineAct::Arm(moment) => {
                self.faulty(node).arm(moment);
                Ok(())
            }
            MachineAct::Stop(stop, lasts) => self.stop(node, stop, self.now.saturating_add(lasts)),
            MachineAct::Slow { each, lasts } => {
                let until = self.now.saturating_add(lasts);
                self.faulty(node).be_slow(each, until);
                Ok(())
            }
            MachineAct::Join => self.join(outside, node),
            MachineAct::Leave => self.leave_by_plan(outside, node),
            MachineAct::Wall(blow) => self.strike_wall(node, blow),
            MachineAct::RotDisk(bit) => self.rot(node, bit),
        }
    }

    pub(super) fn heal<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        let (mut calm, at) = (Calm, self.now);
        self.record.world(at, 14, [], || Nemesis::Heal).map_err(|error| WorldError::Trace { at, error })?;
        self.network.end_cuts();
        let choices: &mut dyn Choices = if self.is_over(at) { &mut calm } else { &mut outside.choices };
        while let Some((parcel, fate)) = self.network.release(at, choices) {
            let (id, message) = self.held.pop_front().expect("what the network holds was put here with it");
            assert_eq!(id, parcel.message, "messages are held in the order of the network");
            self.counts.waiting -= 1;
            self.carry(parcel, message, fate)?;
        }
        Ok(())
    }

    pub(super) fn record_life(&mut self, node: NodeId, action: Action<'_>) -> Result<(), WorldError> {
        let mut claims = Vec::new();
        if self.adds_wall_claims {
            self.add_wall_claim(node, &mut claims);
        }
        let at = self.now;
        self.record
            .life(Entry { claims: &claims, ..Entry::new(node, at, action) })
            .map_err(|error| WorldError::Trace { at, error })
    }
}

/// Two groups as words that tell both.
fn words<'a>(group_a: &'a [NodeId], group_b: &'a [NodeId]) -> impl Iterator<Item = u64> + use<'a> {
    let group = |nodes: &'a [NodeId]| {
        std::iter::once(nodes.len() as u64).chain(nodes.iter().map(|node| u64::from(node.number())))
    };
    group(group_a).chain(group(group_b))
}
