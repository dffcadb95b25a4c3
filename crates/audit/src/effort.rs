//! How much is done for one file: a rule that looks through its function at each call takes the square of a long function.
//!
//! The count is the thread's own: searches begin in rules, far from whoever began with the file, and would else hand it through
//! some sixty signatures that have nothing to do with it.

use std::cell::Cell;

/// How many steps are taken for one file, each a name, an expression or a variable that is looked at. Of the code that people
/// write the longest files take a twentieth of it; here it is some seconds.
pub(crate) const STEPS_MAX: u64 = 200_000_000;

thread_local! {
    /// How many are left for the file that this thread is at.
    static LEFT: Cell<u64> = const { Cell::new(STEPS_MAX) };
}

/// Begins with another file, for which so many may be taken.
pub(crate) fn begin(steps_max: u64) {
    LEFT.set(steps_max);
}

/// Takes steps, and says whether there were so many. Once there were not, none are left, and every search ends at once: what
/// is found from then on means nothing.
pub(crate) fn spend(steps: u64) -> bool {
    let left = LEFT.get().saturating_sub(steps);
    LEFT.set(left);
    left > 0
}

/// Whether there were not enough.
pub(crate) fn is_spent() -> bool {
    LEFT.get() == 0
}
