//! Histories of tens of thousands of sessions end with a verdict, within the usual budget.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};

use constellation_verify::Budget;
use constellation_verify::models::{Model as _, Patience, Recorded, Sequential};
use proptest::prelude::*;

use super::transactions::{careless, work};
use super::{judge, judge_within, small};

/// So many sessions of two transactions that a store ran one after the other: each reads what two keys hold and writes one of
/// them, and in its second transaction reads that. `stale` has the last one read what was there before all.
fn short_sessions(count: u64, stale: bool) -> Sessions {
    let mut sessions = Sessions::new(Timing::None);
    let keys: Vec<_> = (0..count / 10).map(|nth| sessions.key(&format!("k{nth}")).expect("few")).collect();
    let mut held = vec![Value::NOTHING; keys.len()];
    for nth in 0..count {
        let session = sessions.session(&format!("s{nth}")).expect("few");
        // A multiplier prime to any number of keys spreads them.
        let [one, other] = [nth * 7919, nth * 104_729 + 1].map(|at| (at % keys.len() as u64) as usize);
        let new = Value::number(nth + 1).expect("small");
        let first = [
            Access::read(keys[one], held[one]),
            Access::read(keys[other], held[other]),
            Access::write(keys[one], new),
        ];
        held[one] = new;
        let is_stale = stale && nth + 1 == count;
        let second = Access::read(keys[one], if is_stale { Value::NOTHING } else { new });
        for accesses in [&first[..], &[second]] {
            let transaction = Transaction::untimed(session, Outcome::Committed);
            sessions.push(transaction, accesses).expect("all is held");
        }
    }
    sessions
}

const MODELS: [&str; 7] = [
    "read-committed",
    "read-atomic",
    "causal",
    "transactional-causal",
    "prefix",
    "session-snapshot-isolation",
    "session-serializable",
];

#[test]
fn ten_thousand_sessions_of_two_transactions_are_judged() {
    let [good, stale] = [false, true].map(|stale| short_sessions(10_000, stale));
    for model in MODELS {
        assert_eq!(judge(model, &good).word(), "holds", "{model}");
        let word = if model == "read-committed" { "holds" } else { "violated" };
        assert_eq!(judge(model, &stale).word(), word, "{model}");
    }
}

#[test]
fn what_is_wrong_is_mostly_seen_where_no_table_of_pairs_fits() {
    let stale = short_sessions(4_000, true);
    for model in &MODELS[4..] {
        // The table would take eight million bytes, or more.
        let finding = judge_within(7_000_000, model, &stale);
        assert_eq!(finding.word(), "violated", "{model}: {finding:?}");
    }
}

/// A history so many times, each time with keys and sessions of its own; but all read one key.
fn again(one: &Sessions, times: usize) -> Sessions {
    let mut all = Sessions::new(one.timing());
    let glue = Access::read(all.key("glue").expect("few"), Value::NOTHING);
    for nth in 0..times {
        let key = |key: u32, all: &mut Sessions| all.key(&format!("{nth}-{key}")).expect("few");
        for id in one.ids() {
            let transaction = one.transaction(id);
            let session = all.session(&format!("{nth}-{}", transaction.session)).expect("few");
            let accesses = one.accesses(id).iter();
            let accesses =
                accesses.map(|access| Access { key: key(access.key.number(), &mut all), ..*access });
            let accesses: Vec<Access> = accesses.chain([glue]).collect();
            all.push(Transaction { session, ..transaction }, &accesses).expect("in order");
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn less_memory_makes_no_verdict_its_opposite(work in work(9, 2)) {
        let sessions = again(&careless(&work, Timing::Recorded), 12);
        for model in ["strict-serializable", "serializable", "snapshot-isolation", "prefix", "parallel-snapshot"] {
            let word = judge(model, &sessions).word();
            let mut bytes = 8_000;
            while bytes < 60_000 {
                let found = judge_within(bytes, model, &sessions).word();
                prop_assert!(found == word || found == "unknown", "{} not {}: {} of {}", found, word, model, sessions);
                bytes += bytes / 20;
            }
        }
    }
}

/// What clients of three replicas see that apply one log, each as far as it is, and one nothing for half of the time: they
/// write two of five operations, and begin another session after each eighth write, of which they never hear. `stale` has the
/// last client see once more what it saw at first.
fn followers(count: u64, stale: bool) -> Sessions {
    let mut sessions = Sessions::new(Timing::Recorded);
    let keys: Vec<_> = (0..5).map(|nth| sessions.key(&format!("k{nth}")).expect("few")).collect();
    let mut log: Vec<(usize, Value)> = Vec::new();
    let mut applied = [0; 3];
    let mut luck = 1_u64;
    let mut below = |count: u64| {
        // Of Knuth, MMIX; its upper bits are the better ones.
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (luck >> 33) % count
    };
    let mut lives = [0; 9];
    let mut last = None;
    for nth in 0..count {
        let client = below(9) as usize;
        let (replica, key) = (client % 3, below(5) as usize);
        let session = sessions.session(&format!("c{client}-{}", lives[client])).expect("few");
        let is_cut_off = replica == 2 && nth / 100 % 2 == 1;
        if !is_cut_off {
            applied[replica] += below((log.len() - applied[replica]) as u64 / 4 + 2) as usize;
        }
        applied[replica] = applied[replica].min(log.len());
        let (invoked, returned) = (nth * 10, nth * 10 + 9);
        let shown = |applied: usize| {
            let written = log[..applied].iter().rev().find(|(of, _)| *of == key);
            written.map_or(Value::NOTHING, |(_, value)| *value)
        };
        if below(5) < 3 {
            let read = Access::read(keys[key], shown(applied[replica]));
            let done = Transaction { session, outcome: Outcome::Committed, invoked, returned };
            sessions.push(done, &[read]).expect("in order");
            last = Some((session, keys[key]));
            continue;
        }
        log.push((key, Value::number(nth + 1).expect("small")));
        let write = Access::write(keys[key], log[log.len() - 1].1);
        let is_heard = below(8) > 0;
        if is_heard {
            applied[replica] = log.len();
        } else {
            lives[client] += 1;
        }
        let outcome = if is_heard { Outcome::Committed } else { Outcome::Unknown };
        let returned = if is_heard { returned } else { Transaction::NEVER };
        sessions.push(Transaction { session, outcome, invoked, returned }, &[write]).expect("in order");
    }
    if let Some((session, key)) = last.filter(|_| stale) {
        let (invoked, returned) = (count * 10, count * 10 + 9);
        let done = Transaction { session, outcome: Outcome::Committed, invoked, returned };
        sessions.push(done, &[Access::read(key, Value::NOTHING)]).expect("in order");
    }
    sessions
}

#[test]
fn clients_of_replicas_that_follow_one_log_are_seen_to_agree() {
    for count in [600, 2_000] {
        let [good, stale] = [false, true].map(|stale| followers(count, stale));
        let few = Budget { steps_max: 1 << 22, ..Budget::default() };
        let found = |sessions| Sequential.judge(&Recorded::from(sessions), &mut Patience::new(few)).word();
        assert_eq!([found(&good), found(&stale)], ["holds", "violated"], "{count}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_that_do_nothing_change_no_verdict(steps in small::steps(24), accesses in 1..=3_usize) {
        let few = small::replicas(&steps, accesses);
        let mut many = few.clone();
        for nth in 0..300 {
            many.session(&format!("idle{nth}")).expect("few");
        }
        for model in ["causal", "causal-convergence", "causal-memory", "pram", "strong-convergence"] {
            prop_assert_eq!(judge(model, &few).word(), judge(model, &many).word(), "{} of\n{}", model, few);
        }
    }
}
