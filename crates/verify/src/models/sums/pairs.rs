//! Two values of a sum between which more lies than can be, or less.

use super::tally::Side;
use super::{Beyond, Start, Summed};
use crate::models::search::Times;

/// So often at most an operation is placed between two others.
const LOOKS_MAX: usize = 1 << 24;

/// Two operations, the one before the other, of which the second needs what the object cannot be after the first, and between
/// which the fewest may be. Of more operations than can be looked at, nothing.
pub(super) fn apart(all: &[Summed], times: Times) -> Option<Beyond> {
    let needing: Vec<usize> = (0..all.len()).filter(|nth| all[*nth].needs().is_some()).collect();
    if needing.len().saturating_pow(2).saturating_mul(all.len()) > LOOKS_MAX {
        return None;
    }
    let pairs = needing.iter().flat_map(|one| needing.iter().map(move |other| [*one, *other]));
    let wrong = pairs.filter(|[one, other]| is_before(all, times, *one, *other));
    let wrong = wrong.filter_map(|pair| Some((too_far(all, times, pair)?, pair)));
    let ((_, start), pair) = wrong.min_by_key(|((count, _), pair)| (*count, *pair))?;
    Some(Beyond { ids: pair.map(|nth| all[nth].id).into(), start })
}

/// How many may be between two, and with what the first begins, if the second cannot follow.
fn too_far(all: &[Summed], times: Times, [one, other]: [usize; 2]) -> Option<(i64, Start)> {
    let before = all[one].needs()?;
    let after = before.checked_add(i128::from(all[one].sum.adds))?;
    let gap = all[other].needs()?.checked_sub(after)?;
    let (mut sure, mut may) = (Side::default(), Side::default());
    for (nth, third) in all.iter().enumerate().filter(|(nth, _)| *nth != one && *nth != other) {
        if is_before(all, times, nth, one) || is_before(all, times, other, nth) {
            continue;
        }
        let is_between = is_before(all, times, one, nth) && is_before(all, times, nth, other);
        *(if is_between && !third.is_open { &mut sure } else { &mut may }) += Side::of(third);
    }
    let (least, most) = (sure.net() + may.down, sure.net() + may.up);
    let because = match gap {
        _ if gap < least => format!("what is between them adds at least {least}"),
        _ if gap > most => format!("what is between them adds at most {most}"),
        _ => return None,
    };
    Some((may.ups + may.downs, Start { holds: before.to_string(), sum: before, because }))
}

/// Whether one is before another if both happen.
fn is_before(all: &[Summed], times: Times, one: usize, other: usize) -> bool {
    let (first, second) = (&all[one], &all[other]);
    // An open one happens at once or never, as far as its session can tell, but its time does not end.
    let is_over = times == Times::Kept && !first.is_open && first.returned < second.invoked;
    first.session == second.session && one < other || is_over
}
