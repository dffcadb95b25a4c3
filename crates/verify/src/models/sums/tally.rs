//! What operations add up to until a moment, upwards and downwards.

use std::ops::{Add, AddAssign, Sub};

use super::Summed;

/// What some operations add, apart by whether it is more or less than nothing, and how many they are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Side {
    pub(super) up: i128,
    pub(super) down: i128,
    pub(super) ups: i64,
    pub(super) downs: i64,
}

impl Side {
    pub(super) fn of(one: &Summed) -> Side {
        let adds = i128::from(one.sum.adds);
        // Cannot overflow: there are fewer than 2^32 operations of 64 bits each.
        Side { up: adds.max(0), down: adds.min(0), ups: (adds > 0).into(), downs: (adds < 0).into() }
    }

    /// What they come to if all of them happen.
    pub(super) fn net(self) -> i128 {
        self.up + self.down
    }

    /// How much those may add, of which each may have been or not; nothing where there are none.
    pub(super) fn told(self, which: &str) -> String {
        match self.ups + self.downs {
            0 => String::new(),
            1 => format!(", and the one {which} adds {} or nothing", self.net()),
            count => format!(", and the {count} {which} add at least {} and at most {}", self.down, self.up),
        }
    }
}

impl Add for Side {
    type Output = Side;

    fn add(self, other: Side) -> Side {
        Side {
            up: self.up + other.up,
            down: self.down + other.down,
            ups: self.ups + other.ups,
            downs: self.downs + other.downs,
        }
    }
}

impl Sub for Side {
    type Output = Side;

    fn sub(self, other: Side) -> Side {
        Side {
            up: self.up - other.up,
            down: self.down - other.down,
            ups: self.ups - other.ups,
            downs: self.downs - other.downs,
        }
    }
}

impl AddAssign for Side {
    fn add_assign(&mut self, other: Side) {
        *self = *self + other;
    }
}

/// What has been added until each moment.
pub(super) struct Tally {
    /// By when each certain operation was over: what all up to it add.
    ends: Vec<(u64, Side)>,
    /// By when each operation began, open ones among them.
    begins: Vec<(u64, Side)>,
    /// What those are called that add, and those that take away.
    pub(super) what: [&'static str; 2],
}

impl Tally {
    /// O(n log n).
    pub(super) fn of(all: &[Summed]) -> Tally {
        let certain = all.iter().filter(|one| !one.is_open);
        Tally {
            ends: summed(certain.map(|one| (one.returned, Side::of(one))).collect()),
            begins: summed(all.iter().map(|one| (one.invoked, Side::of(one))).collect()),
            what: names(all),
        }
    }

    /// What was over before that moment.
    pub(super) fn over_before(&self, moment: u64) -> Side {
        last(&self.ends[..self.ends.partition_point(|(over, _)| *over < moment)])
    }

    /// What was over then.
    pub(super) fn over_by(&self, moment: u64) -> Side {
        last(&self.ends[..self.ends.partition_point(|(over, _)| *over <= moment)])
    }

    /// What had begun then.
    pub(super) fn begun_by(&self, moment: u64) -> Side {
        last(&self.begins[..self.begins.partition_point(|(begun, _)| *begun <= moment)])
    }
}

/// What those are called that add, and those that take away.
pub(super) fn names(all: &[Summed]) -> [&'static str; 2] {
    let name = |is_it: fn(i64) -> bool, none| {
        let first = all.iter().find(|one| is_it(one.sum.adds));
        first.map_or(none, |one| one.sum.what)
    };
    [name(|adds| adds > 0, "that add"), name(|adds| adds < 0, "that take away")]
}

fn last(before: &[(u64, Side)]) -> Side {
    before.last().map_or(Side::default(), |(_, side)| *side)
}

fn summed(mut moments: Vec<(u64, Side)>) -> Vec<(u64, Side)> {
    moments.sort_unstable_by_key(|(moment, _)| *moment);
    let mut sum = Side::default();
    for (_, side) in &mut moments {
        sum += *side;
        *side = sum;
    }
    moments
}
