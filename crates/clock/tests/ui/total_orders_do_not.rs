use constellation_clock::{HybridStamp, LamportStamp, Stamp};

fn lamport(a: &LamportStamp, b: &LamportStamp) {
    a.is_concurrent(b);
    a.compare(b);
}

fn hybrid(a: &HybridStamp, b: &HybridStamp) {
    a.is_concurrent(b);
    a.compare(b);
}

fn main() {}
