//! One pass, which holds only what may still be read, says of a causal history what the judges of the whole say.

use std::collections::BTreeMap;

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Patience, Recorded};
use expect_test::expect;

use super::random::Luck;
use super::{judge, told};

/// How a history is drawn.
struct Drawn {
    sessions: usize,
    keys: usize,
    transactions: usize,
    /// A transaction has from one to so many accesses.
    longest: usize,
    /// One read in so many shows what was ever there instead; 0 for none.
    wrong: usize,
    /// Whether the newer of two writes wins everywhere, or the one that a replica was told last.
    newest_wins: bool,
}

/// Who did it, and to which keys what: whether it wrote, and the value.
type Log = Vec<(usize, Vec<(usize, bool, Value)>)>;

/// Replicas that are told a prefix of a common log each; see [`Drawn`].
fn drawn(luck: &mut Luck, drawn: &Drawn) -> Log {
    let mut held = vec![vec![(0_usize, Value::NOTHING); drawn.keys]; drawn.sessions];
    let mut ever: Vec<Vec<Value>> = vec![vec![Value::NOTHING]; drawn.keys];
    let mut prefix = vec![0; drawn.sessions];
    let mut log = Log::new();
    let mut number = 0;
    for nth in 0..drawn.transactions {
        let who = luck.below(drawn.sessions);
        let until = nth.saturating_sub(luck.below(4 * drawn.sessions)).max(prefix[who]);
        for (told, (whose, accesses)) in log.iter().enumerate().take(until).skip(prefix[who]) {
            for (key, _, value) in accesses.iter().filter(|(_, is_write, _)| *whose != who && *is_write) {
                let slot = &mut held[who][*key];
                if !drawn.newest_wins || slot.0 <= told {
                    *slot = (told, *value);
                }
            }
        }
        prefix[who] = until;
        let mut accesses = Vec::new();
        for _ in 0..=luck.below(drawn.longest) {
            let key = luck.below(drawn.keys);
            if luck.below(2) == 0 {
                number += 1;
                let value = Value::number(number).expect("small");
                held[who][key] = (nth, value);
                ever[key].push(value);
                accesses.push((key, true, value));
            } else if drawn.wrong > 0 && luck.below(drawn.wrong) == 0 {
                accesses.push((key, false, ever[key][luck.below(ever[key].len())]));
            } else {
                accesses.push((key, false, held[who][key].1));
            }
        }
        log.push((who, accesses));
    }
    log
}

/// The same as sessions, of which `idle` more do nothing.
fn pushed(log: &Log, idle: usize) -> Sessions {
    let mut sessions = Sessions::new(Timing::None);
    for (who, accesses) in log {
        let session = sessions.session(&format!("s{who}")).expect("few");
        let accesses: Vec<Access> = accesses
            .iter()
            .map(|(key, is_write, value)| {
                let key = sessions.key(&format!("k{key}")).expect("few");
                if *is_write { Access::write(key, *value) } else { Access::read(key, *value) }
            })
            .collect();
        sessions.push(Transaction::untimed(session, Outcome::Committed), &accesses).expect("all is held");
    }
    (0..idle).for_each(|nth| _ = sessions.session(&format!("idle{nth}")).expect("few"));
    sessions
}

/// So many sessions and so few transactions are never gone through in one pass.
const IDLE: usize = 300;

#[test]
fn one_pass_says_what_the_judge_of_the_whole_says() {
    let mut words: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for seed in 0..400 {
        let mut luck = Luck::new(seed);
        let shape = Drawn {
            sessions: 2 + luck.below(5),
            keys: 1 + luck.below(6),
            transactions: 20 + luck.below(120),
            longest: 1 + luck.below(3),
            wrong: [0, 200, 30][luck.below(3)],
            newest_wins: luck.below(2) == 0,
        };
        let mut log = drawn(&mut luck, &shape);
        if luck.below(2) == 0 {
            // As some tools record: session after session, so that reads come before their writes.
            log.sort_by_key(|(who, _)| *who);
        }
        let [few, many] = [0, IDLE].map(|idle| pushed(&log, idle));
        for model in ["causal", "causal-convergence"] {
            let [one, other] = [&few, &many].map(|sessions| judge(model, sessions));
            assert_eq!(one, other, "{model} of history {seed}\n{few}");
            *words.entry((model, one.word())).or_default() += 1;
        }
    }
    expect![[r#"
        {
            (
                "causal",
                "holds",
            ): 298,
            (
                "causal",
                "violated",
            ): 102,
            (
                "causal-convergence",
                "holds",
            ): 193,
            (
                "causal-convergence",
                "violated",
            ): 207,
        }
    "#]]
    .assert_debug_eq(&words);
}

#[test]
fn what_a_writer_knew_is_kept_as_long_as_one_of_its_writes() {
    let value = |number| Value::number(number).expect("small");
    let (x, y, z) = (0, 1, 2);
    let log = vec![
        (0, vec![(x, true, value(1))]),
        (1, vec![(x, false, value(1))]),
        (1, vec![(x, true, value(2)), (y, true, value(1))]),
        // With this nothing more of that transaction is to be read, and its y is forgotten, but not its x.
        (2, vec![(y, false, value(1))]),
        // Knows nothing, and is held for the last.
        (3, vec![(z, true, value(1))]),
        // Still knows that 1 was overwritten.
        (2, vec![(x, false, value(1))]),
        (4, vec![(z, false, value(1))]),
    ];
    let sessions = pushed(&log, 0);
    assert_eq!(judge("causal", &sessions).word(), "violated", "{sessions}");
}

const LONG: Drawn =
    Drawn { sessions: 40, keys: 50, transactions: 40_000, longest: 1, wrong: 0, newest_wins: true };

#[test]
fn a_long_history_is_judged_in_less_memory_than_a_clock_for_each_transaction_takes() {
    let sessions = pushed(&drawn(&mut Luck::new(1), &LONG), 0);
    // A clock of forty sessions takes 160 bytes, and half of the transactions would have one of their own.
    let budget = Budget { bytes_max: 2_000_000, ..Budget::default() };
    for model in ["causal", "causal-convergence"] {
        let judged = models::find(model).expect("it is there");
        let finding = judged.judge(&Recorded::from(&sessions), &mut Patience::new(budget));
        assert_eq!(finding.word(), "holds", "{model}: {finding:?}");
    }
}

#[test]
fn one_stale_read_at_the_end_of_a_long_history_is_found() {
    let mut log = drawn(&mut Luck::new(1), &LONG);
    let [one, two] = [1_000_000, 1_000_001].map(|number| Value::number(number).expect("small"));
    log.push((0, vec![(7, true, one)]));
    log.push((1, vec![(7, false, one)]));
    log.push((1, vec![(7, true, two)]));
    log.push((2, vec![(7, false, two)]));
    log.push((2, vec![(7, false, one)]));
    let sessions = pushed(&log, 0);
    let [causal, convergence] =
        ["causal", "causal-convergence"].map(|model| told(&sessions, &judge(model, &sessions)));
    assert_eq!(causal, convergence);
    expect![[r#"
        violated: s2 r(k7,1000000) reads as k7 that of s0 w(k7,1000000), which s1 w(k7,1000001) in its past had overwritten
          s1 w(k7,1000001) before s2 r(k7,1000001): its k7 is read
          s2 r(k7,1000001) before s2 r(k7,1000000): the same session
          s2 r(k7,1000000) before s1 w(k7,1000001): it reads an older k7
          since s0 w(k7,1000000) before s1 r(k7,1000000): its k7 is read
          since s1 r(k7,1000000) before s1 w(k7,1000001): the same session"#]].assert_eq(&causal);
}
