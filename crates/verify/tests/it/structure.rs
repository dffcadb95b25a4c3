//! Vectors entry by entry: each wrong one is found, and the entry that is wrong is named.

use constellation_trace::{Action, Claim, ClaimKind, Entry, NodeId, Trace, TrueTime, Verdict, sketch};
use constellation_verify::{Budget, Order, claims};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::claims::told;
use crate::run::{Bug, config, play, steps};

fn judged(trace: &Trace) -> constellation_trace::Judgement {
    claims::structure(&Order::of(trace, &Budget::default()).unwrap())
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&told(&judged(&sketch::parse(text).unwrap())));
}

#[test]
fn vectors_that_tick_and_merge_hold() {
    check(
        "pacific  a=1,0 m!=2,0 b=3,0\nindian   c=0,1 m?=2,2 d=2,3",
        expect![[r#"
        each vector is the join of its causes and one tick: holds
        (6 vectors)"#]],
    );
}

#[test]
fn events_without_a_vector_pass_their_causes_on() {
    check(
        "pacific  a=1,0,0 m! b=2,0,0\nindian   c=0,1,0 m? n!\natlantic  n? d=1,1,1",
        expect![[r#"
        each vector is the join of its causes and one tick: holds
        (4 vectors)"#]],
    );
}

#[test]
fn a_forgotten_merge_is_found() {
    check(
        "pacific  a=1,0 m!=2,0\nindian   m?=0,1 d=0,2",
        expect![[r#"
        each vector is the join of its causes and one tick: violated
        (4 vectors)
        expected  vector {indian:1 pacific:2} at e2
        found     vector {indian:1}: pacific is 0, though news of 2 came; 1 more vector is wrong
        events    e1  pacific  +0.002000s  m!  vector {pacific:2}
                  e2  indian   +0.003000s  m?  vector {indian:1}
        proof     e1  pacific  +0.002000s  m!  vector {pacific:2}
                  e2  indian   +0.003000s  m?  vector {indian:1}"#]],
    );
}

#[test]
fn a_forgotten_tick_is_found() {
    check(
        "pacific  a=1,0 m!=2,0\nindian   m?=2,0 d=2,1",
        expect![[r#"
        each vector is the join of its causes and one tick: violated
        (4 vectors)
        expected  vector {indian:1 pacific:2} at e2
        found     vector {pacific:2}: its own entry is 0, not 1; 1 more vector is wrong
        events    e2  indian  +0.003000s  m?  vector {pacific:2}
        proof     each event ticks the entry of its own process once"#]],
    );
}

#[test]
fn knowing_the_future_is_found() {
    check(
        "pacific  a=1,0 b=2,0\nindian   c=2,1",
        expect![[r#"
        each vector is the join of its causes and one tick: violated
        (3 vectors)
        expected  vector {indian:1} at e2
        found     vector {indian:1 pacific:2}: pacific is 2, though no news of more than 0 came
        events    e1  pacific  +0.002000s  b  vector {pacific:2}
                  e2  indian   +0.003000s  c  vector {indian:1 pacific:2}
        proof     no chain of messages leads from e1 to e2, nor back"#]],
    );
    check(
        "pacific  a=1,0 b=2,0\nindian   c=9,1",
        expect![[r#"
        each vector is the join of its causes and one tick: violated
        (3 vectors)
        expected  vector {indian:1} at e2
        found     vector {indian:1 pacific:9}: pacific is 9, though no news of more than 0 came
        events    e2  indian  +0.003000s  c  vector {indian:1 pacific:9}
        proof     pacific has no claimed event number 9"#]],
    );
}

#[test]
fn a_clock_that_ticks_twice_orders_rightly_but_is_refused() {
    check(
        "pacific  a=2,0 b=4,0\nindian   c=0,2",
        expect![[r#"
        each vector is the join of its causes and one tick: violated
        (3 vectors)
        expected  vector {pacific:1} at e0
        found     vector {pacific:2}: its own entry is 2, not 1; 2 more vectors are wrong
        events    e0  pacific  +0.001000s  a  vector {pacific:2}
        proof     each event ticks the entry of its own process once"#]],
    );
}

#[test]
fn an_entry_of_a_stranger_is_found() {
    let mut trace = Trace::new(["pacific"]).unwrap();
    let claims = [Claim::Vector(vec![("pacific".to_owned(), 1), ("moon".to_owned(), 1)])];
    let entry = Entry::new(NodeId::new(0), TrueTime::from_ns(5), Action::Local);
    trace.record(Entry { claims: &claims, ..entry }).unwrap();
    expect![[r#"
        each vector is the join of its causes and one tick: violated
        (1 vector)
        expected  vector {pacific:1} at e0
        found     vector {moon:1 pacific:1}: `moon` is no process
        events    e0  pacific  +0.000000s  does something of its own  vector {moon:1 pacific:1}
        proof     an entry counts the events of one process of the run"#]]
    .assert_eq(&told(&judged(&trace)));
}

#[test]
fn a_restart_begins_an_entry_of_its_own() {
    let record = |trace: &mut Trace, action, vector: &[(&str, u64)]| {
        let claims =
            [Claim::Vector(vector.iter().map(|(name, counter)| ((*name).to_owned(), *counter)).collect())];
        let entry = Entry::new(NodeId::new(0), TrueTime::from_ns(5), action);
        trace.record(Entry { claims: &claims, ..entry }).unwrap()
    };
    let mut trace = Trace::new(["pacific"]).unwrap();
    let state = record(&mut trace, Action::Persist, &[("pacific", 1)]);
    record(&mut trace, Action::Crash, &[("pacific", 2)]);
    record(&mut trace, Action::Restart(Some(state)), &[("pacific", 1), ("pacific#1", 1)]);
    let same_name = trace.clone();
    record(&mut trace, Action::Local, &[("pacific", 1), ("pacific#1", 2)]);
    assert_eq!(judged(&trace).verdict, Verdict::Holds);
    // A clock that goes on under its old name counts events of two lives in one entry.
    let mut trace = same_name;
    record(&mut trace, Action::Local, &[("pacific", 2), ("pacific#1", 1)]);
    expect![[r#"
        each vector is the join of its causes and one tick: violated
        (4 vectors)
        expected  vector {pacific:1 pacific#1:2} at e3
        found     vector {pacific:2 pacific#1:1}: pacific is 2, though no news of more than 1 came
        events    e1  pacific    +0.000000s  crashes                    vector {pacific:2}
                  e3  pacific#1  +0.000000s  does something of its own  vector {pacific:2 pacific#1:1}
        proof     no chain of messages leads from e1 to e3, nor back"#]]
    .assert_eq(&told(&judged(&trace)));
}

#[test]
fn what_is_empty_is_not_accused() {
    check(
        "",
        expect![[r#"
        each vector is the join of its causes and one tick: holds
        ()"#]],
    );
    check(
        "pacific a",
        expect![[r#"
        each vector is the join of its causes and one tick: unknown
        ()
        vector claims are not recorded"#]],
    );
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn honest_vectors_hold_and_tampered_ones_do_not(
        nodes in 1_usize..=4,
        steps in steps(60),
        nth in any::<prop::sample::Index>(),
        node in any::<prop::sample::Index>(),
        by in prop_oneof![-3_i64..=-1, 1_i64..=3],
    ) {
        let honest = play(nodes, &steps, Bug::None);
        let count = honest.claims(ClaimKind::Vector).count();
        prop_assume!(count > 0);
        prop_assert_eq!(judged(&honest).verdict, Verdict::Holds);
        let bug = Bug::Tamper { nth: nth.index(count), node: node.index(nodes), by };
        let tampered = play(nodes, &steps, bug);
        let expected = if tampered == honest { "holds" } else { "violated" };
        prop_assert_eq!(judged(&tampered).verdict.word(), expected);
    }
}
