//! Every tiny run, once.

use crate::run::Step;

/// The steps of the smallest runs that have everything: local events, sends, receives of any of the first two
/// messages, persists, crashes, and restarts with and without a memory.
const ACTS: [(u8, u8); 6] = [(1, 0), (2, 0), (4, 0), (4, 1), (7, 0), (7, 255)];

/// Runs `check` on each sequence of up to `length` steps of two nodes.
pub(crate) fn every_run(length: usize, check: impl Fn(&[Step])) {
    let options: Vec<Step> =
        (0..2).flat_map(|node| ACTS.iter().map(move |(act, pick)| (node, *act, *pick))).collect();
    let mut digits = vec![0; length];
    loop {
        let steps: Vec<Step> = digits.iter().map(|digit| options[*digit]).collect();
        check(&steps);
        let Some(place) = digits.iter().rposition(|digit| digit + 1 < options.len()) else { break };
        digits[place] += 1;
        digits[place + 1..].fill(0);
    }
}
