//! Whether a plan can be carried out: who is there, who is up, and what ends when.

use std::time::Duration;

use constellation_trace::{NodeId, TrueTime};

use super::{Act, Leap, Plan, PlanError};

impl<R> Plan<R> {
    /// Whether it can be carried out by nodes numbered from 0 below `nodes`, when nothing goes wrong after `end`
    /// and the run lasts for `grace` longer: clients may ask in that time, links and nodes only heal. O(n log n).
    ///
    /// What luck does to nodes meanwhile is not asked: an act that finds a node down by luck does what is left of it
    /// to do.
    ///
    /// # Errors
    /// The first act in the order of adding that names what is not there, comes too late, or lasts too long or not at
    /// all, or else the first in the order of time that cannot happen to its node: a crash of one that is down, a
    /// restart of one that is not, anything but a request where the node has not joined or has left, a stop while
    /// another of its kind lasts.
    pub fn check(&self, nodes: usize, end: TrueTime, grace: Duration) -> Result<(), PlanError> {
        for (act, (at, what)) in self.acts().iter().enumerate() {
            if let Some(node) = what.nodes().find(|node| node.index() >= nodes) {
                return Err(PlanError::UnknownNode { act, node });
            }
            if what.has_empty_group() {
                return Err(PlanError::EmptyGroup { act });
            }
            let latest = if what.is_fault() { end } else { end.saturating_add(grace) };
            if *at > latest {
                return Err(PlanError::AfterEnd { act, at: *at, end: latest });
            }
            what.check_length(act, *at, end)?;
        }
        self.check_lives(nodes)
    }

    fn check_lives(&self, nodes: usize) -> Result<(), PlanError> {
        let mut order: Vec<_> = self.acts().iter().enumerate().collect();
        order.sort_by_key(|(_, (at, _))| *at);
        let mut lives = vec![Life::default(); nodes];
        for (_, (_, what)) in &order {
            if let Act::Join { node } = what {
                lives[node.index()].presence = Presence::NotYet;
            }
        }
        for (act, (at, what)) in order {
            if let Some(node) = what.node() {
                lives[node.index()].take(act, node, *at, what)?;
            }
        }
        Ok(())
    }
}

/// What a plan has done to a node so far.
#[derive(Clone, Copy, Debug, Default)]
struct Life {
    presence: Presence,
    is_down: bool,
    /// Until when the latest of each kind of act lasts that may not overlap another of its kind.
    busy_until: [TrueTime; 4],
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Presence {
    NotYet,
    #[default]
    There,
    Joined,
    Left,
}

impl Life {
    fn take<R>(&mut self, act: usize, node: NodeId, at: TrueTime, what: &Act<R>) -> Result<(), PlanError> {
        match (self.presence, what) {
            (_, Act::Request { .. }) => return Ok(()),
            (Presence::NotYet, Act::Join { .. }) => {
                self.presence = Presence::Joined;
                return Ok(());
            }
            (_, Act::Join { .. }) => return Err(PlanError::JoinsTwice { act, node }),
            (Presence::NotYet, _) => return Err(PlanError::NotThereYet { act, node }),
            (Presence::Left, _) => return Err(PlanError::Gone { act, node }),
            _ => {}
        }
        match what {
            // A crash at the next input counts as one at once: nobody knows when it comes.
            Act::Crash { .. } | Act::CrashBefore { .. } | Act::CrashAfter { .. } if self.is_down => {
                return Err(PlanError::CrashOfCrashed { act, node });
            }
            Act::Restart { .. } if !self.is_down => return Err(PlanError::RestartOfLiving { act, node }),
            Act::Pause { .. } | Act::Suspend { .. } if self.is_down => {
                return Err(PlanError::StopOfCrashed { act, node });
            }
            Act::Crash { .. } | Act::CrashBefore { .. } | Act::CrashAfter { .. } => {
                self.is_down = true;
                // What was stopped is gone; a slow machine and a wall clock that stands still stay so.
                self.busy_until[..2].fill(TrueTime::default());
            }
            Act::Restart { .. } => self.is_down = false,
            Act::Leave { .. } => self.presence = Presence::Left,
            _ => {}
        }
        let Some((kind, lasts)) = what.exclusive() else { return Ok(()) };
        let until = &mut self.busy_until[kind];
        if at < *until {
            return Err(PlanError::Overlap { act, node, until: *until });
        }
        *until = at.saturating_add(lasts);
        Ok(())
    }
}

impl<R> Act<R> {
    const fn is_fault(&self) -> bool {
        !matches!(self, Act::Request { .. } | Act::Heal | Act::Restart { .. })
    }

    fn groups(&self) -> [&[NodeId]; 2] {
        match self {
            Act::Partition { group_a, group_b } => [group_a, group_b],
            Act::Cut { sources, targets } => [sources, targets],
            _ => [&[], &[]],
        }
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.node().into_iter().chain(self.groups().into_iter().flatten().copied())
    }

    fn has_empty_group(&self) -> bool {
        matches!(self, Act::Partition { .. } | Act::Cut { .. })
            && self.groups().iter().any(|group| group.is_empty())
    }

    /// How long it lasts, if it does not happen at once.
    const fn lasts(&self) -> Option<Duration> {
        match self {
            Act::Pause { lasts, .. }
            | Act::Suspend { lasts, .. }
            | Act::Slow { lasts, .. }
            | Act::SlewWall { lasts, .. }
            | Act::FreezeWall { lasts, .. }
            | Act::LeapSecond { leap: Leap::Smeared(lasts), .. } => Some(*lasts),
            _ => None,
        }
    }

    /// A number for the kind of what may not overlap with its like at one node, and how long it lasts.
    const fn exclusive(&self) -> Option<(usize, Duration)> {
        match self {
            Act::Pause { lasts, .. } => Some((0, *lasts)),
            Act::Suspend { lasts, .. } => Some((1, *lasts)),
            Act::Slow { lasts, .. } => Some((2, *lasts)),
            Act::FreezeWall { lasts, .. } => Some((3, *lasts)),
            _ => None,
        }
    }

    fn check_length(&self, act: usize, at: TrueTime, end: TrueTime) -> Result<(), PlanError> {
        let Some(lasts) = self.lasts() else { return Ok(()) };
        let is_idle = matches!(self, Act::Slow { each: Duration::ZERO, .. } | Act::SlewWall { by_ns: 0, .. });
        if lasts == Duration::ZERO || is_idle {
            return Err(PlanError::NoTime { act });
        }
        let until = at.saturating_add(lasts);
        if until > end {
            return Err(PlanError::BeyondEnd { act, until, end });
        }
        let by_ns = match self {
            Act::SlewWall { by_ns, .. } => *by_ns,
            Act::LeapSecond { .. } => -SECOND_NS,
            _ => return Ok(()),
        };
        if u128::from(by_ns.unsigned_abs()) >= lasts.as_nanos() {
            return Err(PlanError::SlewTooFast { act, by_ns, lasts });
        }
        Ok(())
    }
}

/// How long a leap second is.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;
