//! `constellation judge`: what shows a violation, in which form, and that it can be judged again.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;

use crate::command::{Bench, text};
use crate::judging::CAUSES;

const STALE: &str =
    "pacific w(x,1)@1..4 w(x,2)@6..8\natlantic r(x,1)@9..12 r(y,nil)@13..14\nindian w(y,1)@20..\n";

#[test]
fn what_shows_a_violation_is_a_table_a_sketch_or_a_history_as_is_asked() {
    let bench = Bench::new(&[("mine", STALE.as_bytes())]);
    let check = |evidence: &str, expected: expect_test::Expect| {
        bench.check(&["judge", "mine", "--model", "linearizable", "--evidence", evidence], expected);
    };
    check(
        "table",
        expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     atlantic r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) had overwritten before it began
            events               pacific  atlantic
                      t0  1..4   w(x,1)
                      t1  6..8   w(x,2)
                      t2  9..12           r(x,1)
            proof     t1 w(x,2) → t2 r(x,1)   over before the other begins
                      t2 r(x,1) → t1 w(x,2)   it reads an older x
            notes     pacific w(x,1) before pacific w(x,2): over before the other begins
            replay    constellation judge mine --model linearizable"#]],
    );
    check(
        "sketch",
        expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     atlantic r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) had overwritten before it began
            sketch    pacific   ├─w(x,1)─┤ ├─w(x,2)─┤
                      atlantic                        ├─r(x,1)─┤
            proof     t1 w(x,2) → t2 r(x,1)   over before the other begins
                      t2 r(x,1) → t1 w(x,2)   it reads an older x
            notes     pacific w(x,1) before pacific w(x,2): over before the other begins
            replay    constellation judge mine --model linearizable"#]],
    );
    check(
        "history",
        expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     atlantic r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) had overwritten before it began
            history   pacific   w(x,1)@1..4  w(x,2)@6..8
                      atlantic  r(x,1)@9..12
            proof     t1 w(x,2) → t2 r(x,1)   over before the other begins
                      t2 r(x,1) → t1 w(x,2)   it reads an older x
            notes     pacific w(x,1) before pacific w(x,2): over before the other begins
            replay    constellation judge mine --model linearizable"#]],
    );
    check(
        "weakest,history,table,sketch",
        expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     atlantic r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) had overwritten before it began
            events               pacific  atlantic
                      t0  1..4   w(x,1)
                      t1  6..8   w(x,2)
                      t2  9..12           r(x,1)
            sketch    pacific   ├─w(x,1)─┤ ├─w(x,2)─┤
                      atlantic                        ├─r(x,1)─┤
            history   pacific   w(x,1)@1..4  w(x,2)@6..8
                      atlantic  r(x,1)@9..12
            proof     t1 w(x,2) → t2 r(x,1)   over before the other begins
                      t2 r(x,1) → t1 w(x,2)   it reads an older x
            notes     pacific w(x,1) before pacific w(x,2): over before the other begins
            replay    constellation judge mine --model linearizable"#]],
    );
    check(
        "none,table",
        expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end"#]],
    );
    check(
        "none,all",
        expect![[r#"
        exit 2
        --- talk
        error: --evidence says twice which violations to explain
        help: one of weakest, all and none"#]],
    );
}

#[test]
fn the_history_that_is_shown_violates_the_model_when_judged_alone() {
    for (history, model) in [(STALE, "linearizable"), (CAUSES, "causal"), (CAUSES, "transactional-causal")] {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", model, "--evidence", "history"], b"");
        let output = text(&output.stdout);
        let lines = output.lines().skip_while(|line| !line.trim_start().starts_with("history"));
        let lines = lines.take_while(|line| !line.trim_start().starts_with("proof"));
        let part: String = lines.map(|line| line[14..].to_owned() + "\n").collect();
        let again = bench.run(&["judge", "-", "--model", model], part.as_bytes());
        assert_eq!(again.status.code(), Some(1), "{part}{}", text(&again.stdout));
    }
}

/// What is said to separate the models that hold from those that fail.
fn separations(history: &str) -> String {
    let bench = Bench::new(&[("mine", history.as_bytes())]);
    let output = bench.run(&["judge", "mine"], b"");
    let output = text(&output.stdout);
    output
        .lines()
        .filter_map(|line| line.strip_prefix("  a famous difference "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_is_famous_is_told_of_that_only_which_is_an_example_of_it() {
    let check = |history: &str, expected: expect_test::Expect| expected.assert_eq(&separations(history));
    check(
        "a {r(x,nil) r(y,nil) w(x,1)}\nb {r(x,nil) r(y,nil) w(y,1)}",
        expect![
            "between snapshot-isolation and serializable (write skew): each reads what the other writes, and both write different keys, so neither is refused; one after the other, the second would have seen the first"
        ],
    );
    // Snapshot isolation holds and serializability does not, but by no write skew.
    check(
        "a {r(x,nil) r(y,nil) w(x,1)}\nb {r(y,nil) w(y,2)}\nc {r(x,nil) r(y,2)}",
        expect![
            "between snapshot-isolation and serializable (two in a row): one transaction reads what the next overwrites, and that one what a third overwrites: each snapshot is right, no order of all is"
        ],
    );
    check(
        "a {r(x,nil) w(y,1)}@1..6\nb {r(y,nil) w(x,1)}@3..8",
        expect![[r#"
        between linearizable and serializable (objects do not compose): each read and each write alone happens at one instant, but the transactions that they are parts of do not
        between snapshot-isolation and serializable (write skew): each reads what the other writes, and both write different keys, so neither is refused; one after the other, the second would have seen the first"#]],
    );
    check(
        "a w(x,1)@1..2\nb r(x,nil)@3..4",
        expect![[r#"
        between sequential and linearizable (stale read): in real time the write was over before the read began, and no order of sessions knows of real time
        between serializable and linearizable (transaction in the past): serializable transactions have some order, which may put a later one first; linearizable ones keep real time
        between serializable and strict-serializable (transaction in the past): serializable transactions have some order, which may put a later one first; strict ones keep real time"#]],
    );
    check(
        "a r(x,1)@1..2\nb w(x,1)@3..4",
        expect![[r#"
        between serializable and linearizable (transaction in the past): serializable transactions have some order, which may put a later one first; linearizable ones keep real time
        between sequential and linearizable (value from the future): a read was over before the write of its value began, which only real time can tell
        between serializable and strict-serializable (transaction in the past): serializable transactions have some order, which may put a later one first; strict ones keep real time"#]],
    );
    check("a w(x,1) w(y,1)\nb r(y,1) r(x,nil)", expect![[""]]);
}
