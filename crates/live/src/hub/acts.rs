//! What is planned: clients ask, links are cut and heal, and things happen to processes and wall clocks.

use constellation_trace::{Nemesis, NodeId, WallTime};

use super::Hub;
use super::seat::Life;
use crate::clocks::Rate;
use crate::error::LiveError;
use crate::launch::Launch;
use crate::plan::Act;
use crate::protocol::{Given, Moment, Order};
use crate::wire::RemoteNode;

impl<N: RemoteNode, L: Launch> Hub<'_, N, L> {
    pub(super) fn act(&mut self, act: Act<N::Request>) -> Result<(), LiveError> {
        match act {
            Act::Request { node, request } => {
                self.ask(node, Given::Request(N::encode_request(&request)));
                Ok(())
            }
            Act::Partition { group_a, group_b } => {
                self.network.partition(&group_a, &group_b);
                self.is_cut = true;
                self.note(Nemesis::Partition { group_a, group_b })
            }
            Act::Cut { sources, targets } => {
                self.network.cut(&sources, &targets);
                self.is_cut = true;
                self.note(Nemesis::Cut { sources, targets })
            }
            Act::Heal => self.heal(),
            Act::Crash { node } => self.kill(node),
            Act::CrashBefore { node } => {
                self.arm(node, Moment::BeforeWork);
                Ok(())
            }
            Act::CrashAfter { node } => {
                self.arm(node, Moment::AfterWork);
                Ok(())
            }
            Act::Restart { node, disk } => self.restart(node, disk),
            Act::Pause { node, lasts } => self.pause(node, lasts),
            Act::StepWall { node, by_ns } => {
                self.step_wall(node, by_ns);
                self.note(Nemesis::Step { node, by_ns })
            }
            Act::SetWall { node, wall } => {
                let by_ns = i128::from(wall.ns()) - self.shown_ns(node);
                // Cut: no wall clock is three hundred years wrong.
                let far = if by_ns < 0 { i64::MIN } else { i64::MAX };
                self.step_wall(node, i64::try_from(by_ns).unwrap_or(far));
                self.note(Nemesis::Set { node, wall })
            }
            Act::Join { node } if self.seat(node).life != Life::Absent => Ok(()),
            Act::Join { node } => {
                self.note(Nemesis::Join { node })?;
                self.launch(node)
            }
            Act::Leave { node } => self.leave(node),
        }
    }

    /// Gives a node an input that is no message, if it is there.
    pub(super) fn ask(&mut self, node: NodeId, given: Given) {
        // A request that nobody hears leaves nothing in the record.
        drop(self.seat(node).take(given, None));
    }

    /// Has a process end at its next input, of which one that starts is told once it is there. Where there is none,
    /// nothing is concerned.
    fn arm(&mut self, node: NodeId, moment: Moment) {
        let seat = self.seat(node);
        match seat.life {
            Life::Alive | Life::Starting { .. } => {
                seat.armed = Some(moment);
                // One that starts has no line.
                seat.order(&Order::Arm(moment));
            }
            Life::Dying if seat.restarts_with.is_some() => seat.next_armed = Some(moment),
            Life::Absent | Life::Dying | Life::Down | Life::Gone => {}
        }
    }

    /// One that has no process is gone at once; another after its last work.
    fn leave(&mut self, node: NodeId) -> Result<(), LiveError> {
        match self.seat(node).life {
            Life::Gone => Ok(()),
            Life::Absent | Life::Down => self.go(node),
            Life::Dying => {
                // What it may still say concerns nobody any more.
                self.kill(node)?;
                self.crash(node)?;
                self.go(node)
            }
            Life::Alive | Life::Starting { .. } => {
                self.ask(node, Given::Leave);
                Ok(())
            }
        }
    }

    /// A node is gone for good.
    pub(super) fn go(&mut self, node: NodeId) -> Result<(), LiveError> {
        self.seat(node).order(&Order::Stop);
        let lost = self.seat(node).end(Life::Gone);
        self.note(Nemesis::Leave { node })?;
        lost.iter().try_for_each(|letter| self.lose(letter))
    }

    fn step_wall(&mut self, node: NodeId, by_ns: i64) {
        let seat = self.seat(node);
        seat.machine.ahead_ns = seat.machine.ahead_ns.saturating_add(by_ns);
        seat.order(&Order::StepWall { by_ns });
    }

    /// What the wall clock of a node shows now, as far as the hub knows.
    fn shown_ns(&self, node: NodeId) -> i128 {
        let machine = self.seats.get(node.index()).map(|seat| seat.machine).unwrap_or_default();
        let rate = Rate { speed: std::num::NonZeroU32::MIN, drift_ppb: machine.drift_ppb };
        let gone = rate.shows(self.now.since(constellation_trace::TrueTime::from_ns(0)));
        let epoch: WallTime = self.setup.epoch;
        i128::from(epoch.ns()) + i128::from(gone) + i128::from(machine.ahead_ns)
    }
}
