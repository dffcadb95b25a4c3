//! Random small histories, as stores could show them that are right, careless or wrong.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};

/// Numbers that look random and are the same in every run: SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Debug)]
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) const fn new(seed: u64) -> Luck {
        Luck(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        (mixed % bound.max(1) as u64) as usize
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// What a history is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Single operations, with times.
    TimedOperations,
    /// Single operations, without.
    Operations,
    /// Transactions of up to three accesses, with times.
    TimedTransactions,
    /// Transactions of up to three accesses, without.
    Transactions,
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] =
        [Kind::TimedOperations, Kind::Operations, Kind::TimedTransactions, Kind::Transactions];
}

/// A history of at most six transactions of up to three sessions on up to three keys, each value of which is written once.
///
/// A store has some replicas, which hear of each other's writes late or never and in some order; what is read is what the
/// replica holds, now and then something else, seldom anything.
pub(crate) fn history(luck: &mut Luck, kind: Kind) -> Sessions {
    let is_timed = matches!(kind, Kind::TimedOperations | Kind::TimedTransactions);
    let longest = if matches!(kind, Kind::Operations | Kind::TimedOperations) { 1 } else { 3 };
    let mut sessions = Sessions::new(if is_timed { Timing::Recorded } else { Timing::None });
    let who = 1 + luck.below(3);
    let names: Vec<u32> = (0..who).map(|nth| sessions.session(["a", "b", "c"][nth]).expect("few")).collect();
    let many = 1 + luck.below(3);
    let keys: Vec<_> = (0..many).map(|nth| sessions.key(["x", "y", "z"][nth]).expect("few")).collect();
    let replicas = 1 + luck.below(3);
    let mut held = vec![vec![0_usize; many]; replicas];
    let mut written = vec![0_usize; many];
    let (mut over, mut now) = (vec![0_u64; who], 0);
    let mistakes = [4, 12, 60][luck.below(3)];
    for _ in 0..=luck.below(6) {
        let session = luck.below(who);
        let home = if luck.one_in(5) { luck.below(replicas) } else { session % replicas };
        let outcome = match luck.below(12) {
            0 => Outcome::Unknown,
            1 => Outcome::Aborted,
            _ => Outcome::Committed,
        };
        let mut done = Vec::new();
        for _ in 0..=luck.below(longest) {
            let key = luck.below(many);
            if luck.below(5) < 2 {
                written[key] += 1;
                held[home][key] = written[key];
                done.push(Access::write(keys[key], value(written[key])));
            } else {
                let shown =
                    if luck.one_in(mistakes) { luck.below(written[key] + 2) } else { held[home][key] };
                done.push(Access::read(keys[key], value(shown)));
            }
        }
        while luck.one_in(2) {
            let (from, to) = (luck.below(replicas), luck.below(replicas));
            let key = luck.below(many);
            if luck.one_in(3) {
                held[to][key] = held[from][key];
            } else {
                held[to] = held[from].clone();
            }
        }
        now += luck.below(4) as u64;
        let invoked = over[session].max(now);
        let returned = invoked + luck.below(6) as u64;
        over[session] = if outcome == Outcome::Unknown { invoked } else { returned };
        let returned = if outcome == Outcome::Unknown { Transaction::NEVER } else { returned };
        let mut transaction = Transaction::untimed(names[session], outcome);
        if is_timed {
            transaction = Transaction { invoked, returned, ..transaction };
        }
        sessions.push(transaction, &done).expect("all is held, and sessions go forward");
    }
    sessions
}

fn value(number: usize) -> Value {
    if number == 0 { Value::NOTHING } else { Value::number(number as u64).expect("small") }
}
