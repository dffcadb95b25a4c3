//! What may be left out of objects of which no bonds are known: what led back to where they were.

use constellation_trace::Limit;

use crate::models::patience::Patience;
use crate::models::search::{Item, between_quiet_times, ends_of, stuck_at};
use crate::models::specification::Specification;

/// Items without an order, without what was done between two quiet times at both of which the object was in one and the same
/// state, whatever the order: so with it there is none either. All of them where bonds tell what may be left out, or where
/// nothing is found. Open items may be anywhere later, so this ends where the first begins.
pub(super) fn without_detours<S: Specification>(
    specification: &S,
    items: Vec<Item<S::Operation>>,
    patience: &mut Patience<'_>,
) -> Vec<Item<S::Operation>> {
    if items.iter().all(|item| specification.bonds(&item.operation).is_some()) {
        return items;
    }
    let Ok(is_kept) = kept(specification, &items, patience) else { return items };
    let kept: Vec<_> =
        items.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept).map(|(item, _)| item.clone()).collect();
    // A session whose order is not that of its times may have been what was wrong.
    match stuck_at(specification, &kept, patience) {
        Ok(Some(_)) => kept,
        _ => items,
    }
}

/// Which items are left.
fn kept<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    patience: &mut Patience<'_>,
) -> Result<Vec<bool>, Limit> {
    let mut is_kept = vec![true; items.len()];
    // The states at quiet times, and what led to each from the one before.
    let mut path: Vec<(S::State, Vec<u32>)> = vec![(specification.init(), Vec::new())];
    for window in windows(items) {
        let held: Vec<_> = window.iter().map(|nth| items[*nth as usize].clone()).collect();
        let Some((state, _)) = path.last() else { break };
        // With no open items there is one end for each state.
        let found = ends_of(specification, &held, &[(state.clone(), Vec::new())], 2, patience)?;
        let [(state, _)] = &found.ends[..] else { break };
        patience.step(path.len() as u64)?;
        let Some(place) = path.iter().position(|(before, _)| before == state) else {
            path.push((state.clone(), window));
            continue;
        };
        let detour = path.drain(place + 1..).flat_map(|(_, window)| window);
        detour.chain(window).for_each(|nth| is_kept[nth as usize] = false);
    }
    Ok(is_kept)
}

/// What was done from one quiet time to the next, in the order of the items, before the first of them began that is open.
fn windows<O>(items: &[Item<O>]) -> Vec<Vec<u32>> {
    let open = items.iter().filter(|item| item.is_open()).map(|item| item.invoked).min();
    let certain = (0..).zip(items).filter(|(_, item)| !item.is_open()).map(|(nth, _)| nth).collect();
    let mut windows = between_quiet_times(items, certain, 1);
    windows.truncate(windows.partition_point(|(_, over)| open.is_none_or(|open| *over < open)));
    let sorted = |(mut window, _): (Vec<u32>, u64)| {
        window.sort_unstable();
        window
    };
    windows.into_iter().map(sorted).collect()
}
