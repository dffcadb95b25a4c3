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

/// Records of Jepsen: process, type, operation and value.
fn edn(records: &[(u32, &str, &str, &str)]) -> String {
    let line = |(process, kind, name, value): &(u32, &str, &str, &str)| {
        format!("{{:process {process}, :type :{kind}, :f :{name}, :value {value}}}\n")
    };
    records.iter().map(line).collect()
}

/// One after the other by two processes in turn: operation, value, and the value at its end.
fn in_turn(operations: &[(&str, &str, &str)]) -> String {
    let records = (0..).zip(operations).flat_map(|(nth, (name, value, end))| {
        let process = nth % 2;
        [(process, "invoke", *name, *value), (process, "ok", *name, *end)]
    });
    edn(&records.collect::<Vec<_>>())
}

#[test]
fn the_history_that_is_shown_of_any_object_violates_the_model_when_judged_alone() {
    let queue =
        [("enqueue", "1", "1"), ("enqueue", "2", "2"), ("enqueue", "3", "3"), ("dequeue", "nil", "2")];
    let set = [("add", "7", "7"), ("add", "8", "8"), ("read", "nil", "[7]"), ("add", "9", "9")];
    let counter = [("add", "2", "2"), ("add", "3", "3"), ("read", "nil", "5"), ("read", "nil", "4")];
    let mutex = [("acquire", "nil", "nil"), ("acquire", "nil", "nil"), ("release", "nil", "nil")];
    let text = "{:process 0, :type :invoke, :f :put, :key \"k\", :value \"a\"}\n{:process 0, :type :ok, :f :put, :key \"k\", :value \"a\"}\n{:process 0, :type :invoke, :f :append, :key \"k\", :value \"b\"}\n{:process 0, :type :ok, :f :append, :key \"k\", :value \"b\"}\n{:process 1, :type :invoke, :f :get, :key \"k\", :value nil}\n{:process 1, :type :ok, :f :get, :key \"k\", :value \"ba\"}\n";
    let failed = edn(&[
        (0, "invoke", "write", "1"),
        (0, "ok", "write", "1"),
        (1, "invoke", "cas", "[1 2]"),
        (1, "fail", "cas", "[1 2]"),
    ]);
    let cases: [(String, &[&str], &str); 7] = [
        (in_turn(&queue), &[], "constellation/trace/1"),
        (in_turn(&set), &[], "constellation/trace/1"),
        (in_turn(&counter), &[], "constellation/trace/1"),
        (in_turn(&mutex), &[], "constellation/trace/1"),
        (in_turn(&queue), &["--object", "queue"], "constellation/trace/1"),
        (text.to_owned(), &[], "k"),
        (failed, &["--failed-cas", "mismatch"], "{r(x,1) w(x,2)}!"),
    ];
    for (history, flags, mark) in cases {
        for model in ["linearizable", "sequential"] {
            let bench = Bench::new(&[("mine", history.as_bytes())]);
            let arguments = [&["judge", "mine", "--json", "--model", model], flags].concat();
            let output = bench.run(&arguments, b"");
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
            let row = &told["histories"][0]["models"][0];
            if row["verdict"] == "holds" && model == "sequential" {
                continue;
            }
            let evidence = &row["evidence"];
            let part = evidence["history"].as_str().unwrap_or_else(|| panic!("{model} of {history}: {row}"));
            assert!(part.contains(mark), "{part}");
            let flags = evidence["history_flags"].as_str().expect("it is a text");
            let flags: Vec<&str> = flags.split_whitespace().collect();
            let again = [&["judge", "-", "--model", model], &flags[..]].concat();
            let again = bench.run(&again, part.as_bytes());
            assert_eq!(again.status.code(), Some(1), "{model} of {part}{}", text_of(&again));
        }
    }
}

fn text_of(output: &std::process::Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_begins_with_what_all_others_come_to_is_judged_alone_after_an_operation_that_leads_there() {
    let adds: Vec<_> = (0..20).map(|_| ("add", "2", "2")).chain([("read", "nil", "33")]).collect();
    // Each begins before the one before it is over, and the fourteenth acquires what is held.
    let asked = |nth: u32| if nth.is_multiple_of(2) || nth == 13 { "acquire" } else { "release" };
    let begins = (0..24).map(|nth| (nth % 2, "invoke", asked(nth), "nil"));
    let ends = (0..24).map(|nth| (nth % 2, "ok", asked(nth), "nil"));
    let first = [(0, "invoke", "acquire", "nil")];
    let never_quiet: Vec<_> =
        first.into_iter().chain(begins.skip(1).zip(ends).flat_map(|(begin, end)| [begin, end])).collect();
    for (history, model, holds) in [
        (in_turn(&adds), "linearizable", "40"),
        (in_turn(&adds), "sequential", "20"),
        (edn(&never_quiet), "linearizable", "held"),
    ] {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--json", "--model", model], b"");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let evidence = &told["histories"][0]["models"][0]["evidence"];
        assert_eq!(evidence["start"]["holds"], holds, "{model}: {evidence}");
        let part = evidence["history"].as_str().expect("it is a history");
        let again = bench.run(&["judge", "-", "--model", model], part.as_bytes());
        assert_eq!(again.status.code(), Some(1), "{model} of {part}{}", text_of(&again));
    }
}

#[test]
fn what_shows_a_violation_of_a_queue_is_printed_as_a_history_and_of_lists_what_is_cut_is_said() {
    let queue = in_turn(&[("enqueue", "1", "1"), ("enqueue", "2", "2"), ("dequeue", "nil", "2")]);
    let list = "a a(x,1)@1..2 a(x,2)@3..4 a(x,3)@5..6\nb r(x,[1,3])@7..8";
    let bench = Bench::new(&[("mine", queue.as_bytes()), ("list", list.as_bytes())]);
    bench.check(
        &["judge", "mine", "--model", "linearizable", "--evidence", "history", "--object", "queue"],
        expect![[r#"
            exit 1
            --- out
            mine · EDN of Jepsen
            3 operations in 2 sessions
            ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
                expected  each operation takes effect at one moment between its beginning and its end
                found     no order of these 3 that respects their times explains them; none gets further than s0 dequeue shows "2"
                history   {"schema":"constellation/trace/1","nodes":["p0","p1"]}
                          {"event":0,"node":"p0","at_ns":1,"do":"invoke","operation":0,"call":"other","name":"enqueue","argument":"1"}
                          {"event":1,"node":"p0","at_ns":2,"do":"complete","operation":0,"result":"done"}
                          {"event":2,"node":"p1","at_ns":3,"do":"invoke","operation":1,"call":"other","name":"enqueue","argument":"2"}
                          {"event":3,"node":"p1","at_ns":4,"do":"complete","operation":1,"result":"done"}
                          {"event":4,"node":"p0","at_ns":5,"do":"invoke","operation":2,"call":"other","name":"dequeue","argument":""}
                          {"event":5,"node":"p0","at_ns":6,"do":"complete","operation":2,"result":"shows","shows":["2"]}
                          (to be judged with --object queue)
                order     at best line 1 enqueue 1: done, line 3 enqueue 2: done
                          then not line 5 dequeue: shows "2", since its object is as line 3 enqueue 2: done left it
                proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)
                replay    constellation judge mine --model linearizable --object queue"#]],
    );
    bench.check(
        &["judge", "list", "--model", "linearizable", "--evidence", "table,history"],
        expect![[r#"
        exit 1
        --- out
        list · a sketch
        4 transactions in 2 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     b r(x,[]) misses a a(x,2), which was over before it began
            events              a       b
                      t1  3..4  a(x,2)
                      t3  7..8          r(x,[])
            history   a  a(x,2)@3..4
                      b  r(x,[])@7..8
            proof     t1 a(x,2) → t3 r(x,[])   over before the other begins
                      t3 r(x,[]) → t1 a(x,2)   it reads an older x
            notes     2 values left out of the lists that are shown here, as none of them has a part in it
            replay    constellation judge list --model linearizable"#]],
    );
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
