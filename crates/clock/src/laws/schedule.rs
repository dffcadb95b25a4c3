//! Which schedules are tried: all tiny ones, and random larger ones from a generator of our own.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::Effort;

/// One thing that happens in a schedule. A message may be received never, once or often, late and out of order.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A local event.
    Event {
        /// Where.
        node: u32,
    },
    /// A message is sent, to whoever will receive it.
    Send {
        /// By whom.
        node: u32,
        /// Its number.
        message: u32,
    },
    /// A message is received.
    Receive {
        /// By whom; by its sender too, for networks do echo.
        node: u32,
        /// Its number.
        message: u32,
    },
    /// A node forgets everything but its store, and resumes from it. Only [`check_restart`](super::check_restart) does that.
    Restart {
        /// Which.
        node: u32,
    },
}

impl Step {
    /// Where it happens.
    #[must_use]
    pub fn node(&self) -> u32 {
        match *self {
            Step::Event { node }
            | Step::Send { node, .. }
            | Step::Receive { node, .. }
            | Step::Restart { node } => node,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Event { node } => write!(formatter, "node {node}: event"),
            Step::Send { node, message } => write!(formatter, "node {node}: send m{message}"),
            Step::Receive { node, message } => write!(formatter, "node {node}: receive m{message}"),
            Step::Restart { node } => write!(formatter, "node {node}: restart"),
        }
    }
}

/// Shows each schedule of the effort to `visit`, until it returns false.
pub(super) fn each(effort: &Effort, visit: &mut dyn FnMut(&[Step]) -> bool) {
    // Short ones first, so that what is found there needs no shrinking.
    for steps in 1..=effort.tiny_steps {
        let goes_on = each_tiny(effort.nodes.min(2), steps, &mut Vec::new(), visit);
        let is_third = effort.nodes >= 3 && steps < effort.tiny_steps;
        if !goes_on || (is_third && !each_tiny(3, steps, &mut Vec::new(), visit)) {
            return;
        }
    }
    for seed in 0..effort.schedules {
        if !visit(&random(u64::from(seed), effort.nodes, effort.steps)) {
            return;
        }
    }
}

/// All schedules of exactly `steps` steps that begin with `prefix`.
fn each_tiny(nodes: u32, steps: u32, prefix: &mut Vec<Step>, visit: &mut dyn FnMut(&[Step]) -> bool) -> bool {
    if prefix.len() as u64 == u64::from(steps) {
        return visit(prefix);
    }
    for step in continuations(nodes, prefix) {
        prefix.push(step);
        let goes_on = each_tiny(nodes, steps, prefix, visit);
        prefix.pop();
        if !goes_on {
            return false;
        }
    }
    true
}

/// Everything that may happen next.
fn continuations(nodes: u32, prefix: &[Step]) -> Vec<Step> {
    let messages = prefix.iter().filter(|step| matches!(step, Step::Send { .. })).count() as u32; // Not 2^32.
    let mut steps = Vec::new();
    for node in 0..nodes {
        steps.push(Step::Event { node });
        steps.push(Step::Send { node, message: messages });
        steps.extend((0..messages).map(|message| Step::Receive { node, message }));
    }
    steps
}

pub(super) fn random(seed: u64, nodes: u32, steps: u32) -> Vec<Step> {
    let mut rng = SplitMix(seed);
    let mut schedule = Vec::new();
    let mut message = 0;
    for _ in 0..steps {
        let Some(node) = rng.below(nodes) else { break };
        let received = rng.below(message);
        schedule.push(match (rng.below(10), received) {
            (Some(4..), Some(message)) => Step::Receive { node, message },
            (Some(0..2), _) => Step::Event { node },
            _ => {
                message += 1; // No schedule has 2^32 steps.
                Step::Send { node, message: message - 1 }
            }
        });
    }
    schedule
}

/// The schedule without the step at `position`, and with a local event in its place: each smaller, so shrinking ends.
pub(super) fn simpler(schedule: &[Step], position: usize) -> Vec<Vec<Step>> {
    let mut candidates = Vec::new();
    let Some(step) = schedule.get(position) else { return candidates };
    let (before, after) = (schedule.iter().take(position), schedule.iter().skip(position + 1));
    candidates.push(before.clone().chain(after.clone()).copied().collect());
    if !matches!(step, Step::Event { .. }) {
        let event = Step::Event { node: step.node() };
        candidates.push(before.chain([&event]).chain(after).copied().collect());
    }
    candidates.iter_mut().for_each(renumber);
    candidates
}

/// Drops receipts of messages that nobody sends any more, and closes the gaps in the numbers.
fn renumber(schedule: &mut Vec<Step>) {
    let mut numbers = BTreeMap::new();
    schedule.retain_mut(|step| match step {
        Step::Event { .. } | Step::Restart { .. } => true,
        Step::Send { message, .. } => {
            let next = numbers.len() as u32; // No schedule has 2^32 steps.
            numbers.insert(*message, next);
            *message = next;
            true
        }
        Step::Receive { message, .. } => match numbers.get(message) {
            Some(number) => {
                *message = *number;
                true
            }
            None => false,
        },
    });
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    /// A number below `bound`, if there is one.
    pub(super) fn below(&mut self, bound: u32) -> Option<u32> {
        // Wrapping on purpose: the generator is arithmetic modulo 2^64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        u32::try_from(mixed.checked_rem(u64::from(bound))?).ok()
    }
}
