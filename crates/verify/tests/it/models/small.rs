//! Small histories: every one of a shape, and random ones.

use constellation_trace::{Access, Act, Outcome, Sessions, Timing, Transaction, Value};

use super::value;

/// One access of a small history: of which key, and which of the values that can be there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Do {
    /// Writes a value that nobody else writes.
    Write(u8),
    /// Reads: 0 is the initial value, n the nth value that anybody writes to this key.
    Read(u8, u8),
}

/// A small history: for each session its transactions, each with its outcome and accesses.
pub(crate) type Small = Vec<Vec<(Outcome, Vec<Do>)>>;

/// The sessions of a small history; values are numbered through each key. `None` if a read shows what nobody writes.
pub(crate) fn build(small: &Small) -> Option<Sessions> {
    let mut sessions = Sessions::new(Timing::None);
    let mut written = [0_u8; 4];
    let count_all = |key: u8| {
        let all = small.iter().flatten().flat_map(|(_, accesses)| accesses);
        all.filter(|access| **access == Do::Write(key)).count()
    };
    for (nth, line) in small.iter().enumerate() {
        let session = sessions.session(["a", "b", "c", "d"][nth]).expect("few");
        for (outcome, accesses) in line {
            let mut done = Vec::new();
            for access in accesses {
                match *access {
                    Do::Write(name) => {
                        let key = sessions.key(["x", "y", "z", "u"][name as usize]).expect("few");
                        written[name as usize] += 1;
                        done.push(Access::write(key, value(written[name as usize].into())));
                    }
                    Do::Read(name, which) => {
                        let key = sessions.key(["x", "y", "z", "u"][name as usize]).expect("few");
                        if usize::from(which) > count_all(name) {
                            return None;
                        }
                        done.push(Access::read(key, value(which.into())));
                    }
                }
            }
            sessions.push(Transaction::untimed(session, *outcome), &done).expect("all is held");
        }
    }
    Some(sessions)
}

/// Every history of single operations on two keys, in which sessions have these lengths.
pub(crate) fn every(lengths: &[usize], mut check: impl FnMut(&Sessions)) {
    let mut options: Vec<Do> = (0..2).map(Do::Write).collect();
    options.extend((0..2).flat_map(|key| (0..3).map(move |which| Do::Read(key, which))));
    let total: usize = lengths.iter().sum();
    let mut digits = vec![0; total];
    loop {
        let mut next = digits.iter().map(|digit| (Outcome::Committed, vec![options[*digit]]));
        let small: Small = lengths.iter().map(|length| next.by_ref().take(*length).collect()).collect();
        if let Some(sessions) = build(&small) {
            check(&sessions);
        }
        let Some(place) = digits.iter().rposition(|digit| digit + 1 < options.len()) else { break };
        digits[place] += 1;
        digits[place + 1..].fill(0);
    }
}

/// What a proptest makes a random small history of: a session, an outcome, accesses.
pub(crate) type Drawn = Vec<(u8, u8, Vec<(bool, u8, u8)>)>;

/// A history of at most three sessions from what was drawn. Reads show what is there, so that few are thin air.
pub(crate) fn from_drawn(drawn: &Drawn) -> Sessions {
    let mut small: Small = vec![Vec::new(); 3];
    let keys = |(is_write, key, which): &(bool, u8, u8)| {
        if *is_write { Do::Write(key % 2) } else { Do::Read(key % 2, *which) }
    };
    let writes = |key: u8| {
        let all = drawn.iter().flat_map(|(_, _, accesses)| accesses);
        u8::try_from(all.filter(|(is_write, other, _)| *is_write && other % 2 == key).count()).expect("few")
    };
    for (session, outcome, accesses) in drawn {
        let outcome = match outcome % 8 {
            0 => Outcome::Unknown,
            1 => Outcome::Aborted,
            _ => Outcome::Committed,
        };
        let accesses = accesses.iter().map(keys).map(|access| match access {
            Do::Read(key, which) => Do::Read(key, which % (writes(key) + 1)),
            write @ Do::Write(_) => write,
        });
        small[usize::from(session % 3)].push((outcome, accesses.collect()));
    }
    build(&small).expect("reads show what is written")
}

/// What [`from_drawn`] takes, with at most `transactions`, each of at most `accesses`.
pub(crate) fn drawn(
    transactions: usize,
    accesses: usize,
) -> impl proptest::strategy::Strategy<Value = Drawn> {
    use proptest::prelude::*;
    let access = (any::<bool>(), 0..2_u8, any::<u8>());
    let transaction = (0..3_u8, any::<u8>(), proptest::collection::vec(access, 1..=accesses));
    proptest::collection::vec(transaction, 1..=transactions)
}

/// What [`replicas`] takes: a session, what it does, and with which key or from whom.
pub(crate) type Steps = Vec<(u8, u8, u8)>;

/// A history as three replicas could have made it that tell each other their writes one by one, mostly in order: so that
/// whatever breaks a model breaks it only just. A transaction is so many accesses
/// of one replica.
pub(crate) fn replicas(steps: &Steps, accesses: usize) -> Sessions {
    let mut sessions = Sessions::new(Timing::None);
    let mut held = [[Value::NOTHING; 2]; 3];
    let mut told: [Vec<(usize, Value)>; 3] = Default::default();
    let mut heard = [[0_usize; 3]; 3];
    let mut begun: [Vec<Access>; 3] = Default::default();
    let names = ["a", "b", "c"].map(|name| sessions.session(name).expect("few"));
    let keys = ["x", "y"].map(|name| sessions.key(name).expect("few"));
    for (number, (who, what, which)) in (1_u64..).zip(steps) {
        let (who, key) = (usize::from(who % 3), usize::from(which % 2));
        match what % 8 {
            0..=2 => {
                let value = Value::number(number).expect("small");
                held[who][key] = value;
                told[who].push((key, value));
                begun[who].push(Access::write(keys[key], value));
            }
            3..=5 => begun[who].push(Access::read(keys[key], held[who][key])),
            other => {
                let from = (who + 1 + key) % 3;
                // Now and then one is skipped, and is heard after the next.
                let skipped = heard[who][from] + usize::from(other == 7 && which % 3 == 0);
                if let Some((key, value)) = told[from].get(skipped) {
                    held[who][*key] = *value;
                    heard[who][from] += 1;
                }
            }
        }
        if begun[who].len() >= accesses {
            let done = std::mem::take(&mut begun[who]);
            let outcome = if number % 11 == 0 { Outcome::Unknown } else { Outcome::Committed };
            sessions.push(Transaction::untimed(names[who], outcome), &done).expect("all is held");
        }
    }
    for (who, rest) in begun.iter().enumerate().filter(|(_, rest)| !rest.is_empty()) {
        sessions.push(Transaction::untimed(names[who], Outcome::Committed), rest).expect("all is held");
    }
    sessions
}

/// What [`replicas`] takes, with at most so many steps.
pub(crate) fn steps(most: usize) -> impl proptest::strategy::Strategy<Value = Steps> {
    use proptest::prelude::*;
    proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..=most)
}

/// Whether every value that is read is written.
pub(crate) fn has_all_sources(sessions: &Sessions) -> bool {
    let all: Vec<&Access> = sessions.ids().flat_map(|id| sessions.accesses(id)).collect();
    let is_written = |read: &Access| all.contains(&&Access::write(read.key, read.value));
    all.iter().all(|access| access.act == Act::Write || access.value == Value::NOTHING || is_written(access))
}
