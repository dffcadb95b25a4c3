//! Two moments between which more was certainly added than can be.

use super::tally::{Side, names};
use super::{Beyond, Start, Summed};

/// More operations take too long.
const ITEMS_MAX: usize = 2_000;

/// The shortest time in which what began and ended adds more to an object than it can hold, whatever else was under way, or
/// takes away more.
pub(super) fn between(all: &[Summed]) -> Option<Beyond> {
    let [(least, low), (most, high)] = all.first()?.sum.range?;
    if all.len() > ITEMS_MAX {
        return None;
    }
    let mut best: Option<(u64, [usize; 2], Side, Side)> = None;
    for is_up in [true, false] {
        let sign = |one: &Summed| if is_up { one.sum.adds > 0 } else { one.sum.adds < 0 };
        for (nth, first) in all.iter().enumerate().filter(|(_, one)| sign(one) && !one.is_open) {
            let found = from(all, first.invoked, most - least, sign);
            let Some((last, whole, against)) = found else { continue };
            let length = all[last].returned - first.invoked;
            if best.as_ref().is_none_or(|(shortest, ..)| length < *shortest) {
                best = Some((length, [nth, last], whole, against));
            }
        }
    }
    let (_, shown, whole, against) = best?;
    let [ups, downs] = names(all);
    let counts = if whole.ups > 0 {
        format!("{} {ups} began and ended, and {} {downs} were under way", whole.ups, against.downs)
    } else {
        format!("{} {downs} began and ended, and {} {ups} were under way", whole.downs, against.ups)
    };
    let mut ids: Vec<_> = shown.into_iter().map(|nth| all[nth].id).collect();
    ids.dedup();
    let because = format!("between the beginning of the first and the end of the last {counts}");
    Some(Beyond { ids, start: Start { holds: format!("{low} or {high}"), sum: least, because } })
}

/// Of the windows that begin then the first that is too much: the operation with which it ends, what began and ended in it,
/// and what was under way that is against that.
fn from(
    all: &[Summed],
    begun: u64,
    room: i128,
    sign: impl Fn(&Summed) -> bool,
) -> Option<(usize, Side, Side)> {
    // What was whole counts at its end; what is against it when it begins, but not what was over before.
    let mut moments: Vec<(u64, u8, usize)> = Vec::new();
    for (nth, one) in all.iter().enumerate().filter(|(_, one)| one.sum.adds != 0) {
        if !sign(one) && (one.is_open || one.returned >= begun) {
            moments.push((one.invoked, 0, nth));
        } else if sign(one) && !one.is_open && one.invoked >= begun {
            moments.push((one.returned, 1, nth));
        }
    }
    moments.sort_unstable();
    let (mut whole, mut against) = (Side::default(), Side::default());
    for (_, is_end, nth) in moments {
        if is_end == 0 {
            against += Side::of(&all[nth]);
            continue;
        }
        whole += Side::of(&all[nth]);
        if (whole.net() + against.net()) * whole.net().signum() > room {
            return Some((nth, whole, against));
        }
    }
    None
}
