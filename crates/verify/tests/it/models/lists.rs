//! Lists under the models of causes, compared with all orders of small histories, straight from the definitions.

use constellation_trace::{Act, Limit, Sessions, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Patience, Recorded};
use proptest::prelude::*;

use super::{judge_within, sessions};

fn judged(sessions: &Sessions, model: &str) -> Finding {
    let model = models::find(model).expect("it is in the table");
    model.judge(&Recorded::from(sessions), &mut Patience::new(Budget::default()))
}

/// One operation on a list: the value that it appends, or the values that it is shown.
struct Operation {
    session: u32,
    key: u32,
    appends: Option<Value>,
    shows: Vec<Value>,
}

fn operations(sessions: &Sessions) -> Vec<Operation> {
    let operation = |id| {
        let access = sessions.accesses(id)[0];
        Operation {
            session: sessions.transaction(id).session,
            key: access.key.number(),
            appends: (access.act == Act::Append).then_some(access.value),
            shows: sessions.list(access.value).to_vec(),
        }
    };
    sessions.ids().map(operation).collect()
}

/// Calls `visit` with each order of `left` that keeps `before`, until it says true.
fn any_order(
    done: &mut Vec<usize>,
    left: &[usize],
    before: &dyn Fn(usize, usize) -> bool,
    visit: &mut dyn FnMut(&[usize]) -> bool,
) -> bool {
    if left.is_empty() {
        return visit(done);
    }
    for &next in left {
        if left.iter().all(|other| *other == next || !before(*other, next)) {
            done.push(next);
            let rest: Vec<usize> = left.iter().copied().filter(|other| *other != next).collect();
            let found = any_order(done, &rest, before, visit);
            done.pop();
            if found {
                return true;
            }
        }
    }
    false
}

/// Whether each of the reads that count shows what was appended before it in this order.
fn is_legal(all: &[Operation], order: &[usize], counts: impl Fn(usize) -> bool) -> bool {
    order.iter().enumerate().all(|(at, &read)| {
        let appended = order[..at].iter().filter(|other| all[**other].key == all[read].key);
        let list: Vec<Value> = appended.filter_map(|other| all[*other].appends).collect();
        all[read].appends.is_some() || !counts(read) || list == all[read].shows
    })
}

/// Causal consistency, causal memory, causal convergence and PRAM: whether each holds.
fn defined(all: &[Operation]) -> [bool; 4] {
    let count = all.len();
    let is_session = |one: usize, other: usize| one < other && all[one].session == all[other].session;
    let writes = |writer: usize, reader: usize| {
        all[writer].key == all[reader].key
            && all[writer].appends.is_some_and(|value| all[reader].shows.contains(&value))
    };
    let direct = |one| (0..count).map(move |other| is_session(one, other) || writes(one, other)).collect();
    let mut causes: Vec<Vec<bool>> = (0..count).map(direct).collect();
    for middle in 0..count {
        for one in 0..count {
            for other in 0..count {
                causes[one][other] |= causes[one][middle] && causes[middle][other];
            }
        }
    }
    let is_sound = (0..count).all(|one| !causes[one][one])
        && (0..count).all(|read| {
            let has_writer = |value: &Value| {
                (0..count).any(|one| all[one].appends == Some(*value) && all[one].key == all[read].key)
            };
            all[read].shows.iter().all(has_writer)
        });
    let before = |one: usize, other: usize| causes[one][other];
    let past = |last: usize| (0..count).filter(|one| before(*one, last)).chain([last]).collect::<Vec<_>>();
    let explains = |of: &[usize], before: &dyn Fn(usize, usize) -> bool, counts: &dyn Fn(usize) -> bool| {
        any_order(&mut Vec::new(), of, before, &mut |order| is_legal(all, order, counts))
    };
    let causal = is_sound && (0..count).all(|read| explains(&past(read), &before, &|other| other == read));
    let memory = is_sound
        && (0..count)
            .all(|last| explains(&past(last), &before, &|other| all[other].session == all[last].session));
    let everything: Vec<usize> = (0..count).collect();
    let converges = is_sound
        && any_order(&mut Vec::new(), &everything, &before, &mut |order| {
            (0..count).all(|read| {
                let known: Vec<usize> =
                    order.iter().copied().filter(|one| before(*one, read)).chain([read]).collect();
                is_legal(all, &known, |other| other == read)
            })
        });
    let pram = (0..count).all(|last| {
        let session = all[last].session;
        let counts = |other: usize| all[other].session == session;
        let of: Vec<usize> = (0..count).filter(|one| all[*one].appends.is_some() || counts(*one)).collect();
        explains(&of, &is_session, &counts)
    });
    [causal, memory, converges, pram]
}

const MODELS: [&str; 4] = ["causal", "causal-memory", "causal-convergence", "pram"];

/// How often each model is judged: holds, violated, unknown.
fn compare(sessions: &Sessions, counts: &mut [[u32; 3]; 4]) {
    for (nth, holds) in defined(&operations(sessions)).into_iter().enumerate() {
        match judged(sessions, MODELS[nth]) {
            Finding::Holds => {
                assert!(holds, "{} does not hold of\n{sessions}", MODELS[nth]);
                counts[nth][0] += 1;
            }
            Finding::Violated(anomaly) => {
                assert!(!holds, "{} holds of\n{sessions}\n{anomaly:?}", MODELS[nth]);
                counts[nth][1] += 1;
            }
            Finding::Unknown(_) => counts[nth][2] += 1,
        }
    }
}

/// A history of lists: a session each, its operations as a key and what to do with it.
fn sketch(sessions: &[Vec<(bool, u8, Vec<u8>)>]) -> Sessions {
    let mut text = String::new();
    let mut value = 0;
    for (nth, operations) in sessions.iter().enumerate() {
        text.push_str(&format!("s{nth}"));
        for (is_append, key, shown) in operations {
            let key = ["x", "y"][usize::from(key % 2)];
            if *is_append {
                value += 1;
                text.push_str(&format!("  a({key},{value})"));
            } else {
                let mut shown: Vec<String> = shown.iter().map(u8::to_string).collect();
                shown.dedup();
                text.push_str(&format!("  r({key},[{}])", shown.join(",")));
            }
        }
        text.push('\n');
    }
    Sessions::sketch(&text).expect("written here")
}

#[test]
fn lists_are_judged_as_the_definitions_say_or_not_at_all() {
    let operation = (any::<bool>(), 0..2_u8, proptest::collection::vec(1..4_u8, 0..3));
    let sessions = proptest::collection::vec(proptest::collection::vec(operation, 0..4), 1..4);
    let config = ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(config, rng);
    let counts = std::cell::RefCell::new([[0_u32; 3]; 4]);
    runner
        .run(&sessions, |sessions| {
            let sessions = sketch(&sessions);
            if sessions.len() <= 6 {
                compare(&sessions, &mut counts.borrow_mut());
            }
            Ok(())
        })
        .expect("the judges and the definitions agree");
    for (model, [holds, violated, unknown]) in MODELS.iter().zip(counts.into_inner()) {
        assert!(holds > 500 && violated > 500, "{model}: {holds} hold, {violated} do not");
        assert!(unknown < 60, "{model}: of {unknown} nothing is known");
    }
}

#[test]
fn each_model_tells_lists_apart_that_it_should() {
    for (text, expected) in [
        ("a  a(x,1)  a(x,2)\nb  r(x,[1,2])", "holds holds holds holds"),
        // Who sees the second of a session sees the first.
        ("a  a(x,1)  a(x,2)\nb  r(x,[2])", "violated violated violated violated"),
        ("a  a(x,1)  a(x,2)\nb  r(x,[2,1])", "violated violated violated violated"),
        // Two orders are no matter as long as nobody has to agree.
        ("a  a(x,1)\nb  a(x,2)\nc  r(x,[1,2])\nd  r(x,[2,1])", "unknown unknown violated unknown"),
        // A cause that is shown behind its effect.
        ("a  a(x,1)\nb  r(x,[1])  a(x,2)\nc  r(x,[2])", "violated violated violated holds"),
        ("a  a(x,1)\nb  r(x,[1])\nc  a(x,2)  r(x,[2])\nd  r(x,[])", "holds holds holds holds"),
        // A list loses what it had.
        ("a  a(x,1)\nb  r(x,[1])  r(x,[])", "violated violated violated violated"),
        // One session has one order.
        ("a  a(x,1)\nb  a(x,2)\nc  r(x,[1,2])  r(x,[2,1])", "unknown violated violated violated"),
        // The orders of two lists contradict each other only for whoever needs one of all.
        (
            "a  a(y,2)  a(x,1)\nb  a(x,2)  a(y,1)\nc  r(x,[1,2])\nd  r(y,[1,2])",
            "unknown unknown violated unknown",
        ),
        // So do those of a list and a register.
        ("a  {w(z,1) a(x,1)}\nb  {w(z,2) a(x,2)}\nc  r(x,[1,2])  r(z,1)", "unknown unknown unknown unknown"),
        // Beside a register.
        ("a  w(y,1)  a(x,1)\nb  r(x,[1])  r(y,nil)", "violated violated violated violated"),
        ("a  w(y,1)  a(x,1)\nb  r(x,[1])  r(y,1)", "holds holds holds holds"),
    ] {
        let sessions = Sessions::sketch(text).expect("written here");
        let found = MODELS.map(|model| judged(&sessions, model).word());
        assert_eq!(found.join(" "), expected, "{text}");
    }
}

#[test]
fn what_an_aborted_transaction_appended_may_be_appended_again() {
    let sessions = Sessions::sketch("a  a(x,1)!  a(x,1)\nb  r(x,[1])").expect("written here");
    for model in ["serializable", "snapshot-isolation", "adya-pl2", "causal", "pram"] {
        assert_eq!(judged(&sessions, model), Finding::Holds, "{model}");
    }
    let sessions = Sessions::sketch("a  a(x,1)!\nb  r(x,[1])").expect("written here");
    for model in ["serializable", "causal", "pram"] {
        assert_eq!(judged(&sessions, model).word(), "violated", "{model}");
    }
}

/// The models of transactions, too.
const JUDGES: [&str; 6] =
    ["adya-pl2", "serializable", "transactional-causal", "causal", "pram", "monotonic-reads"];

#[test]
fn what_an_aborted_transaction_was_shown_says_nothing() {
    for text in [
        "a  a(x,1)\nb  r(x,[1,1])!",
        "a  a(x,1)\nb  r(x,[nil])!",
        "a  a(x,1)\nb  r(x,[7])!",
        "a  a(x,1)  a(x,2)\nb  r(x,[2,1])!  r(x,[1,2])",
        // Nor one of which nobody knows whether it took effect, as long as nobody reads from it.
        "a  a(x,1)  a(x,2)\nb  {r(x,[2,1]) a(y,1)}?  r(x,[1,2])",
        "a  a(x,1)\nb  {r(x,[1,1,nil]) a(y,1)}?  r(x,[1])",
    ] {
        let sessions = Sessions::sketch(text).expect("written here");
        for model in JUDGES.into_iter().chain(MODELS) {
            assert_eq!(judged(&sessions, model), Finding::Holds, "{model}: {text}");
        }
    }
}

#[test]
fn what_a_transaction_was_shown_counts_as_soon_as_somebody_reads_from_it() {
    for text in [
        "a  a(x,1)  a(x,2)\nb  {r(x,[2,1]) a(y,1)}?\nc  r(y,[1])",
        "a  a(x,1)\nb  {r(x,[1,1]) a(y,1)}?\nc  r(y,[1])",
        "a  a(x,1)\nb  {r(x,[1,nil]) a(y,1)}?\nc  r(y,[1])",
    ] {
        let sessions = Sessions::sketch(text).expect("written here");
        for model in MODELS {
            assert_eq!(judged(&sessions, model).word(), "violated", "{model}: {text}");
        }
    }
    // Which of two writes is read tells whether it does.
    let text = "a  a(x,1)  a(x,2)\nb  {r(x,[2,1]) w(y,1)}?\nd  w(y,1)\nc  r(y,1)";
    let sessions = Sessions::sketch(text).expect("written here");
    for model in MODELS {
        assert_ne!(judged(&sessions, model).word(), "violated", "{model}: {text}");
    }
}

#[test]
fn what_one_transaction_appends_is_shown_whole_and_in_its_order() {
    for text in [
        "a  {a(x,1) a(x,2)}\nb  r(x,[2,1])",
        "a  {a(x,1) a(x,2)}\nb  a(x,3)\nc  r(x,[2,1,3])",
        "a  {a(x,1) a(x,2)}\nb  a(x,3)\nc  r(x,[1,3])",
        "a  {a(x,1) a(x,2)}?\nb  a(x,3)\nc  r(x,[1,3])",
        "a  {a(x,1) a(x,2) a(x,3)}\nb  r(x,[1,3])",
        "a  {a(x,1) a(x,2) a(x,3)}\nb  r(x,[1,2])",
    ] {
        let sessions = Sessions::sketch(text).expect("written here");
        for model in JUDGES.into_iter().chain(MODELS) {
            assert_eq!(judged(&sessions, model).word(), "violated", "{model}: {text}");
        }
    }
    for text in [
        "a  {a(x,1) a(x,2)}\nb  a(x,3)\nc  r(x,[1,2,3])",
        // It is shown itself what it has appended so far.
        "a  {a(x,1) r(x,[1]) a(x,2) r(x,[1,2])}",
        "a  {a(x,1) r(x,[1]) a(x,2)}",
    ] {
        let sessions = Sessions::sketch(text).expect("written here");
        for model in JUDGES.into_iter().chain(MODELS) {
            assert_eq!(judged(&sessions, model), Finding::Holds, "{model}: {text}");
        }
    }
    let told = |model, text: &str| match judged(&Sessions::sketch(text).expect("written here"), model) {
        Finding::Violated(anomaly) => anomaly.found,
        other => panic!("{other:?}"),
    };
    let text = "a  {a(x,1) a(x,2)}\nb  a(x,3)\nc  r(x,[2,1,3])";
    expect_test::expect!["c r(x,[2,1,3]) is shown in the list x what a {a(x,1) a(x,2)} appended, but not all of it in its order"]
        .assert_eq(&told("adya-pl2", text));
    expect_test::expect!["c r(x,[2,1,3]) is shown 2 before 1 in the list x, which a {a(x,1) a(x,2)} appended the other way round"]
        .assert_eq(&told("pram", text));
}

#[test]
fn a_value_that_is_appended_twice_may_be_shown_twice_whatever_is_recorded_first() {
    for text in ["a  a(x,1)\nb  r(x,[1,1])\nc  a(x,1)", "a  a(x,1)\nc  a(x,1)\nb  r(x,[1,1])"] {
        let sessions = Sessions::sketch(text).expect("written here");
        for model in JUDGES.into_iter().chain(MODELS) {
            assert_eq!(judged(&sessions, model).word(), "unknown", "{model}: {text}");
        }
        assert_eq!(judged(&sessions, "sequential"), Finding::Holds, "{text}");
    }
}

#[test]
fn lists_of_one_value_have_no_order_that_anything_could_break() {
    // A circle of causes, which sessions alone do not forbid.
    let sessions = Sessions::sketch("a  r(x,[1])  a(y,1)\nb  r(y,[1])  a(x,1)").expect("written here");
    let words = ["pram", "read-your-writes", "monotonic-reads", "monotonic-writes", "causal"];
    let words = words.map(|model| judged(&sessions, model).word());
    assert_eq!(words.join(" "), "holds holds holds holds violated");
    // Which of two writes of a register beside it is read is not theirs to tell.
    let sessions = Sessions::sketch("a  w(y,1)  a(x,1)\nb  w(y,1)  r(x,[1])  r(y,1)").expect("written here");
    for model in MODELS {
        assert_eq!(judged(&sessions, model), Finding::Holds, "{model}");
    }
}

#[test]
fn an_anomaly_of_lists_speaks_of_lists() {
    let sessions = Sessions::sketch("a  w(y,1)  a(x,1)\nb  r(x,[1])  r(y,nil)").expect("written here");
    let Finding::Violated(anomaly) = judged(&sessions, "causal") else { panic!("the cause is not seen") };
    let edges: Vec<String> = anomaly.edges.iter().map(|edge| edge.show(&sessions)).collect();
    expect_test::expect![[r#"
        b r(y,nil) reads as y the initial value, which a w(y,1) in its past had overwritten
        a w(y,1) before a a(x,1): the same session
        a a(x,1) before b r(x,[1]): its x is read
        b r(x,[1]) before b r(y,nil): the same session
        b r(y,nil) before a w(y,1): it reads an older y"#]]
    .assert_eq(&format!("{}\n{}", anomaly.found, edges.join("\n")));
}

#[test]
fn what_transactions_do_to_lists_is_not_told_as_what_they_would_do_to_registers() {
    let sessions = Sessions::sketch("a  {a(x,1) a(x,2)}\nb  r(x,[1])").expect("written here");
    let Finding::Violated(anomaly) = judged(&sessions, "adya-pl2") else { panic!("it is intermediate") };
    expect_test::expect!["b r(x,[1]) reads x = 1, which its writer overwrote itself before the end"]
        .assert_eq(&anomaly.found);
    let sessions = Sessions::sketch("a  a(x,1)\nb  r(x,[1,nil])").expect("written here");
    for model in ["serializable", "causal", "pram"] {
        let Finding::Violated(anomaly) = judged(&sessions, model) else {
            panic!("{model}: nil is in a list")
        };
        assert!(anomaly.found.contains("b r(x,[1,nil]) is shown nil in the list x"), "{}", anomaly.found);
    }
}

#[test]
fn what_lists_are_taken_apart_into_counts_beside_what_it_is_judged_by() {
    // A hundred reads of a hundred values are ten thousand of registers, of 16 bytes each, and 8 more for who wrote what.
    let values = |upto: usize| (1..=upto).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
    let line = |nth: usize| format!(" a(x,{nth}) r(x,[{}])", values(nth));
    let sketch = format!("one {}", (1..=100).map(line).collect::<String>());
    let sessions = sessions(&sketch);
    for model in ["causal", "pram", "read-your-writes"] {
        let found = judge_within(10_000 * (16 + 8) - 1, model, &sessions);
        let Finding::Unknown(Limit::Memory { .. }) = found else { panic!("{model}: {found:?}") };
        assert_eq!(judge_within(2_000_000, model, &sessions).word(), "holds", "{model}");
    }
}
