//! The law of refusals: an operation that fails has not happened.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Debug;

use super::schedule::{self, Step};
use super::{Effort, Law, Outcome, Violation};
use crate::clock::Clock;

/// Plays schedules, offers each message in `forged` after each step to whoever made it, and compares each clock before and
/// after everything that it refuses, be it forged or honest.
///
/// What is compared is the `Debug` text, so that must show the whole state, and nothing that moves by itself. Where a forged
/// message is accepted the schedule ends: what truly happened then nobody knows. Where nothing is refused at all the outcome
/// is [`Outcome::Unknown`]. [`Effort::refusals`] does not matter here.
///
/// ```
/// use constellation_clock::laws::{self, Effort, Outcome};
/// use constellation_clock::{CEILING, LamportStamp, NamedLamport};
///
/// let forged = [LamportStamp::new(CEILING, "forger")?];
/// let outcome = laws::check_refusal(&Effort::STANDARD, &forged, |node| NamedLamport::new(["a", "b", "c", "d"][node as usize]));
/// assert!(matches!(outcome, Outcome::Holds { .. }));
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub fn check_refusal<C: Clock + Debug>(
    effort: &Effort,
    forged: &[C::Message],
    mut factory: impl FnMut(u32) -> C,
) -> Outcome {
    let (mut schedules, mut refusals) = (0_u64, 0_u64);
    let mut found = None;
    schedule::each(effort, &mut |schedule| {
        schedules += 1;
        match play(schedule, forged, &mut factory) {
            Ok(refused) => refusals += refused,
            Err(violation) => found = Some(violation),
        }
        found.is_none()
    });
    match found {
        Some(violation) => Outcome::Violated(Box::new(violation)),
        None if refusals == 0 => Outcome::Unknown,
        None => Outcome::Holds { schedules, pairs: refusals, decided: refusals },
    }
}

/// How often something was refused.
fn play<C: Clock + Debug>(
    schedule: &[Step],
    forged: &[C::Message],
    factory: &mut impl FnMut(u32) -> C,
) -> Result<u64, Violation> {
    let mut clocks: BTreeMap<u32, C> = BTreeMap::new();
    let mut messages: BTreeMap<u32, C::Message> = BTreeMap::new();
    let mut refusals = 0;
    for (position, step) in schedule.iter().enumerate() {
        let clock = clocks.entry(step.node()).or_insert_with(|| factory(step.node()));
        let violated = |events: Vec<_>, expected, found| Violation {
            law: Law::CleanRefusal,
            expected,
            found,
            events,
            schedule: schedule.iter().take(position + 1).copied().collect(),
        };
        let before = format!("{clock:?}");
        let outcome = match step {
            Step::Event { .. } => clock.event().map(drop),
            Step::Send { message, .. } => clock.send().map(|(_, content)| {
                messages.insert(*message, content);
            }),
            Step::Receive { message, .. } => match messages.get(message) {
                Some(content) => clock.receive(content).map(drop),
                None => continue, // Its sending was refused.
            },
            Step::Restart { .. } => continue,
        };
        if let Err(error) = outcome {
            refusals += 1;
            let after = format!("{clock:?}");
            if after != before {
                let events = alloc::vec![step.to_string(), format!("refused: {error:?}")];
                return Err(violated(events, before, after));
            }
        }
        for message in forged {
            let before = format!("{clock:?}");
            let Err(error) = clock.receive(message) else { return Ok(refusals) };
            refusals += 1;
            let after = format!("{clock:?}");
            if after != before {
                let events = alloc::vec![format!("forged: {message:?}"), format!("refused: {error:?}")];
                return Err(violated(events, before, after));
            }
        }
    }
    Ok(refusals)
}
