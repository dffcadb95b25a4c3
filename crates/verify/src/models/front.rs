//! Going forward through all sessions at once, each transaction after those that must come first, or finding a cycle.

use super::finding::{Edge, Why};
use super::observed::{INITIAL, Observed};
use super::past::edge;
use super::patience::Patience;

/// How much of each session counts.
pub(crate) fn ends(observed: &Observed<'_>) -> Vec<u32> {
    let ends = observed.lines.iter().map(|line| u32::try_from(line.len()).expect("as few as transactions"));
    ends.collect()
}

/// Whether a transaction is one that `done` has not come to yet.
#[inline]
pub(crate) fn is_open(observed: &Observed<'_>, done: &[u32], id: u32) -> bool {
    id != INITIAL && done[observed.owners[id as usize] as usize] < observed.places[id as usize]
}

/// Calls `step` for the transactions up to `ends`, in the order of each session, with how many of each session are done. It
/// answers with one that must come first and is not done; then it is asked again when that is.
///
/// Answers with how many are done in the end: fewer than `ends` if some wait for each other. Each is asked once, and once
/// more for each that it waits for.
///
/// # Errors
/// The first of `step`, or of patience.
pub(crate) fn advance<'p, E: From<constellation_trace::Limit>>(
    observed: &Observed<'_>,
    ends: &[u32],
    patience: &mut Patience<'p>,
    mut step: impl FnMut(u32, &[u32], &mut Patience<'p>) -> Result<Option<u32>, E>,
) -> Result<Vec<u32>, E> {
    let mut done = vec![0_u32; ends.len()];
    let mut ready: Vec<usize> = (0..ends.len()).rev().collect();
    // For each session the places in it that others wait for, and which session does: no session waits twice.
    let mut waiting: Vec<Vec<(u32, usize)>> = vec![Vec::new(); ends.len()];
    while let Some(session) = ready.pop() {
        while done[session] < ends[session] {
            patience.step(1)?;
            let id = observed.lines[session][done[session] as usize];
            if let Some(first) = step(id, &done, patience)? {
                let place = observed.places[first as usize];
                waiting[observed.owners[first as usize] as usize].push((place, session));
                break;
            }
            done[session] += 1;
            let reached = done[session];
            waiting[session].retain(|(place, waits)| {
                if *place <= reached {
                    ready.push(*waits);
                }
                *place > reached
            });
        }
    }
    Ok(done)
}

/// The cycle that those stand still in who wait for each other, if any do; `blocker` says for whom a transaction waits,
/// and why that must come first.
pub(crate) fn standstill(
    observed: &Observed<'_>,
    ends: &[u32],
    done: &[u32],
    blocker: impl Fn(u32) -> Option<(u32, Why)>,
) -> Option<Vec<Edge>> {
    let head = |session: usize| observed.lines[session][done[session] as usize];
    let waits = |session: usize| blocker(head(session)).expect("a session stands still for a reason");
    let mut session = (0..ends.len()).find(|session| done[*session] < ends[*session])?;
    let mut path: Vec<usize> = Vec::new();
    let mut is_met = vec![false; ends.len()];
    while !std::mem::replace(&mut is_met[session], true) {
        path.push(session);
        session = observed.owners[waits(session).0 as usize] as usize;
    }
    let first = path.iter().position(|known| *known == session).expect("the loop ended there");
    let mut edges = Vec::new();
    // Each waits for the session after it, so the order of causes is backwards.
    for session in path[first..].iter().rev() {
        let (first, why) = waits(*session);
        let from = head(observed.owners[first as usize] as usize);
        if from != first {
            edges.push(edge(from, first, Why::Session));
        }
        edges.push(edge(first, head(*session), why));
    }
    Some(edges)
}
