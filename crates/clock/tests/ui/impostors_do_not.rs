use std::borrow::Borrow;
use std::cmp;

use constellation_clock::{ExactStamp, LamportStamp, Ordering, Possible, Stamp};

/// Borrows as a Lamport stamp and claims to be exact.
#[derive(Clone, Debug, PartialEq)]
struct Impostor(LamportStamp);

impl Borrow<LamportStamp> for Impostor {
    fn borrow(&self) -> &LamportStamp {
        &self.0
    }
}

impl PartialOrd for Impostor {
    fn partial_cmp(&self, _: &Impostor) -> Option<cmp::Ordering> {
        None
    }
}

impl Stamp for Impostor {
    fn possible(&self, _: &Impostor) -> Possible {
        Possible::ANY
    }
}

impl ExactStamp for Impostor {
    fn compare(&self, _: &Impostor) -> Ordering {
        Ordering::Concurrent
    }
}

fn impostor(a: &LamportStamp, b: &Impostor) {
    a.compare(b);
}

fn main() {}
