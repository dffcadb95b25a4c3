//! Writes that win by the clock of whoever wrote them.

use std::time::SystemTime;

struct Cell {
    value: Vec<u8>,
    updated_at: SystemTime,
}

impl Cell {
    fn merge(&mut self, other: Cell) {
        if other.updated_at > self.updated_at { //~ clock::lww-wallclock
            *self = other;
        }
    }
}

fn resolve(copies: Vec<Copy>) -> Option<Copy> {
    copies.into_iter().max_by_key(|copy| copy.timestamp) //~ clock::lww-wallclock
}

fn winner(one: Row, other: Row) -> Row {
    match one.modified.cmp(&other.modified) { //~ clock::lww-wallclock
        std::cmp::Ordering::Less => other,
        _ => one,
    }
}
