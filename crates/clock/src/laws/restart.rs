//! The law of restarts: what a node forgets it does not do again.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::history::refused;
use super::schedule::{self, Step};
use super::{Effort, Law, Outcome, Refusals, Violation};
use crate::clock::{Clock, Stamp};
use crate::error::Error;
use crate::lease::{Leased, Resumable, Store};
use crate::ordering::Ordering;

/// Plays random schedules in which node 0 leases its stamps by the `block` and crashes every few steps, keeping nothing but
/// its store; holds each of its stamps against all those that it issued before, in whichever life. Schedules grow, so what
/// is found first is small.
///
/// `store` makes the empty store of each schedule, and `factory` each node's fresh clock, node 0's anew for each life. Under
/// [`Refusals::Skip`] a life that cannot begin ends the schedule.
///
/// ```
/// use core::num::NonZeroU64;
/// use constellation_clock::NamedLamport;
/// use constellation_clock::laws::{self, Effort, Outcome};
/// use constellation_clock::lease::MemoryStore;
///
/// let block = NonZeroU64::new(3).expect("not zero");
/// let clock = |node| NamedLamport::new(["a", "b", "c", "d"][node as usize]);
/// let outcome = laws::check_restart(&Effort::STANDARD, block, MemoryStore::default, clock);
/// assert!(matches!(outcome, Outcome::Holds { .. }));
/// ```
pub fn check_restart<C, S>(
    effort: &Effort,
    block: NonZeroU64,
    mut store: impl FnMut() -> S,
    mut factory: impl FnMut(u32) -> C,
) -> Outcome
where
    C: Resumable<Error = Error>,
    S: Store,
{
    let (mut schedules, mut pairs, mut decided) = (0_u64, 0_u64, 0_u64);
    for seed in 0..effort.schedules {
        let steps = effort.steps.min(seed.saturating_add(2)); // Saturating: it only has to be long enough.
        let schedule = crashing(schedule::random(u64::from(seed), effort.nodes, steps));
        let mut play = Play { schedule: &schedule, block, refusals: effort.refusals, factory: &mut factory };
        match play.lives(&mut store()) {
            Ok(judged) => {
                schedules += 1;
                pairs += judged.0;
                decided += judged.1;
            }
            Err(violation) => return Outcome::Violated(Box::new(violation)),
        }
    }
    if pairs == 0 {
        return Outcome::Unknown;
    }
    Outcome::Holds { schedules, pairs, decided }
}

/// With a crash of node 0 after each fourth step.
fn crashing(schedule: Vec<Step>) -> Vec<Step> {
    const LIFE_STEPS: usize = 4;
    let lives: Vec<&[Step]> = schedule.chunks(LIFE_STEPS).collect();
    lives.join(&Step::Restart { node: 0 })
}

struct Play<'a, F> {
    schedule: &'a [Step],
    block: NonZeroU64,
    refusals: Refusals,
    factory: &'a mut F,
}

impl<F> Play<'_, F> {
    /// How many pairs were judged, and how many of them decided.
    fn lives<C, S>(&mut self, store: &mut S) -> Result<(u64, u64), Violation>
    where
        C: Resumable<Error = Error>,
        S: Store,
        F: FnMut(u32) -> C,
    {
        let mut others: BTreeMap<u32, C> = BTreeMap::new();
        let mut messages: BTreeMap<u32, C::Message> = BTreeMap::new();
        let mut issued: Vec<C::Stamp> = Vec::new();
        let mut judged = (0, 0);
        let mut leased = Some(match Leased::start((self.factory)(0), &mut *store, self.block) {
            Ok(leased) => leased,
            Err(error) => return self.refused(0, &error).map(|()| judged),
        });
        for (position, step) in self.schedule.iter().enumerate() {
            if let Step::Restart { .. } = step {
                drop(leased.take()); // The crash: nothing is said to the store.
                match Leased::resume((self.factory)(0), &mut *store, self.block) {
                    Ok(resumed) => leased = Some(resumed),
                    Err(error) => return self.refused(position, &error).map(|()| judged),
                }
                continue;
            }
            let stamp = match (step.node(), &mut leased) {
                (0, Some(leased)) => operate(leased, step, &mut messages),
                (node, _) => {
                    let clock = others.entry(node).or_insert_with(|| (self.factory)(node));
                    operate(clock, step, &mut messages)
                }
            };
            match stamp {
                Ok(Some(stamp)) if step.node() == 0 => {
                    self.judge(position, &issued, &stamp, &mut judged)?;
                    issued.push(stamp);
                }
                Ok(_) => {}
                Err(error) => self.refused(position, &error)?,
            }
        }
        Ok(judged)
    }

    fn judge<T: Stamp>(
        &self,
        position: usize,
        issued: &[T],
        stamp: &T,
        judged: &mut (u64, u64),
    ) -> Result<(), Violation> {
        for earlier in issued {
            let possible = earlier.possible(stamp);
            if !possible.contains(Ordering::Before) {
                return Err(Violation {
                    law: Law::Restart,
                    expected: String::from("BEFORE among the possible"),
                    found: format!("{possible}"),
                    events: alloc::vec![format!("issued {earlier:?}"), format!("and later {stamp:?}")],
                    schedule: self.schedule.iter().take(position + 1).copied().collect(),
                });
            }
            judged.0 += 1;
            judged.1 += u64::from(possible.single().is_some());
        }
        Ok(())
    }

    fn refused(&self, position: usize, error: &Error) -> Result<(), Violation> {
        match self.refusals {
            Refusals::Skip => Ok(()),
            Refusals::Violate => Err(refused(self.schedule, position, format!("{error}"))),
        }
    }
}

/// The stamp, if the step could be done.
fn operate<C: Clock>(
    clock: &mut C,
    step: &Step,
    messages: &mut BTreeMap<u32, C::Message>,
) -> Result<Option<C::Stamp>, C::Error> {
    match step {
        Step::Event { .. } => clock.event().map(Some),
        Step::Send { message, .. } => clock.send().map(|(stamp, content)| {
            messages.insert(*message, content);
            Some(stamp)
        }),
        Step::Receive { message, .. } => {
            messages.get(message).map(|content| clock.receive(content)).transpose()
        }
        Step::Restart { .. } => Ok(None),
    }
}
