//! Whether what slows a wall clock down, taken together, would have it run backwards.

use constellation_trace::{NodeId, TrueTime};

use super::check::SECOND_NS;
use super::{Act, Leap, Plan, PlanError};
use crate::wall::Drift;

/// How many parts a rate of 1 has: so many that a slew by all but a nanosecond of 146 years is below it.
const WHOLE: u128 = 1 << 62;

impl<R> Plan<R> {
    /// Whether every wall clock goes forward while it is slewed, where the oscillator of each machine has this drift:
    /// what the slews and smears that overlap take away, and what a slow oscillator lacks, is less than the time that
    /// passes. What is gained meanwhile does not make up for it, so that no part of a plan needs another one. A clock may
    /// still show a nanosecond less than just before for each slew under way, since each is cut to the nanosecond.
    ///
    /// [`Plan::check`] does not ask this, since it knows no machines; a [`World`](crate::World) asks both.
    /// O(n log n), and O(n) for each slew that others overlap.
    ///
    /// # Errors
    /// [`PlanError::SlewsTooFast`] of the act that is one too many, the first in time.
    pub fn check_slews(&self, drift: impl Fn(NodeId) -> Drift) -> Result<(), PlanError> {
        let slews = self.acts().iter().enumerate().filter_map(|(act, (at, what))| Slew::of(act, *at, what));
        let mut slews: Vec<Slew> = slews.collect();
        slews.sort_by_key(|slew| (slew.node, slew.from));
        let mut under_way: Vec<Slew> = Vec::new();
        for slew in slews {
            let Slew { act, node, from, .. } = slew;
            under_way.retain(|other| other.node == node && other.until > from);
            under_way.push(slew);
            // What is gained counts for nothing.
            let lacking = drift(node).parts_per_billion().min(0).unsigned_abs();
            let lacking = (u128::from(lacking) * WHOLE).div_ceil(u128::from(SECOND_NS.unsigned_abs()));
            // Cannot overflow: fewer than 2^64 of numbers below 2^63.
            let lost: u128 = under_way.iter().map(|slew| slew.loses).sum();
            if lost + lacking >= WHOLE {
                return Err(PlanError::SlewsTooFast { act, node });
            }
        }
        Ok(())
    }
}

/// A time in which a wall clock loses.
#[derive(Clone, Copy, Debug)]
struct Slew {
    act: usize,
    node: NodeId,
    from: TrueTime,
    until: TrueTime,
    /// Which part of the time that passes, in parts, rounded up.
    loses: u128,
}

impl Slew {
    fn of<R>(act: usize, from: TrueTime, what: &Act<R>) -> Option<Slew> {
        let (node, by_ns, lasts) = match *what {
            Act::SlewWall { node, by_ns, lasts } if by_ns < 0 => (node, by_ns, lasts),
            Act::LeapSecond { node, leap: Leap::Smeared(lasts) } => (node, -SECOND_NS, lasts),
            _ => return None,
        };
        let until = from.saturating_add(lasts);
        // Cannot overflow: a product of numbers of 64 and 63 bits.
        let loses = (u128::from(by_ns.unsigned_abs()) * WHOLE).div_ceil(until.since(from).as_nanos().max(1));
        Some(Slew { act, node, from, until, loses })
    }
}
