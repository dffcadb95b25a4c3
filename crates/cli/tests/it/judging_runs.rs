//! `constellation judge`: what runs, live runs and hunts of ours write, as somebody would try it.

use expect_test::expect;

use crate::command::{Bench, text};

const SCENARIO: &str = r#"
nodes = ["pacific", "atlantic"]
end = "5s"

[[clients]]
name = "ground"
stations = "pacific"
loop = "closed"
think = "300ms"
operations = 6
keys = "mode"

[[clients]]
name = "ship"
stations = "atlantic"
loop = "closed"
begin = "100ms"
think = "250ms"
operations = 6
keys = "mode"
"#;

#[test]
fn siblings_are_no_register_and_it_is_told_what_to_do() {
    let bench = Bench::new(&[("mine.toml", SCENARIO.as_bytes())]);
    let output = bench.run(&["run", "mine.toml", "--trace", "out.jsonl"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    bench.check(
        &["judge", "out.jsonl", "--model", "causal,linearizable"],
        expect![[r#"
        exit 3
        --- out
        out.jsonl · a trace of this program
        12 operations in 2 sessions
        ? unknown  linearizable  each operation takes effect at one moment between its beginning and its end
            does not fit: e54: `read mode` of a register shows 2 values
        ? unknown  causal        whoever sees an effect sees its causes
            does not fit: e54 (`read mode`) shows 2 values, and a register holds one
          what to do: `run` with `--resolver lamport-lww` or `wall-lww` has stations keep one value"#]],
    );
    bench.run(&["run", "mine.toml", "--resolver", "lamport-lww", "--trace", "out.jsonl"], b"");
    bench.check(
        &["judge", "out.jsonl", "--model", "causal", "--evidence", "none"],
        expect![[r#"
        exit 0
        --- out
        out.jsonl · a trace of this program
        12 operations in 2 sessions
        ✓ holds    causal  whoever sees an effect sees its causes"#]],
    );
}

#[test]
fn what_live_processes_record_is_judged_too() {
    let bench = Bench::new(&[("mine.toml", SCENARIO.as_bytes())]);
    let flags = ["--resolver", "lamport-lww", "--speed", "5", "--trace", "out.jsonl"];
    let output = bench.run(&[&["live", "mine.toml"][..], &flags].concat(), b"");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    let output = bench.run(&["judge", "out.jsonl", "--model", "adya-pl2"], b"");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.starts_with("out.jsonl · a trace of this program\n"), "{shown}");
}

#[test]
fn of_what_a_hunt_keeps_the_trace_is_judged_and_the_rest_says_where_it_is() {
    let bench = Bench::new(&[]);
    let hunt = ["hunt", "specimen:chain-replication/acknowledged-at-head", "--keep", "found"];
    let output = bench.run(&hunt, b"");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let trace = "found/seed-2-1.jsonl";
    bench.check(&["judge", trace, "--model", "linearizable", "--evidence", "table"], expect![[r#"
        exit 1
        --- out
        found/seed-2-1.jsonl · a trace of this program
        6 operations in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     arctic r(orbit,0) reads orbit = 0, which nobody wrote
            events                      arctic
                      e4  0.06s..0.09s  r(orbit,0)
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)
            notes     if registers hold it at first, --initial VALUE says so
            replay    constellation judge found/seed-2-1.jsonl --model linearizable"#]]);
    let initial = ["--model", "linearizable,sequential", "--initial", "0"];
    bench.check(&[&["judge", trace][..], &initial].concat(), expect![[r#"
        exit 1
        --- out
        found/seed-2-1.jsonl · a trace of this program
        6 operations in 3 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
        ✓ holds    sequential    all see one order, in which everybody's own operations stand as they were done
        strongest that hold  sequential
        weakest that fail    linearizable
          a famous difference between sequential and linearizable (stale read): in real time the write was over before the read began, and no order of sessions knows of real time
        ✗ violated linearizable
            expected  each operation takes effect at one moment between its beginning and its end
            found     antarctic r(orbit,nil) reads as orbit the initial value, which ground w(orbit,1) had overwritten before it began
            events                      ground      antarctic
                      e0  0.01s..0.03s  w(orbit,1)
                      e9  0.11s..0.13s              r(orbit,nil)
            sketch    ground     ├─w(orbit,1)─┤
                      antarctic                 ├─r(orbit,nil)─┤
            proof     e0 w(orbit,1) → e9 r(orbit,nil)   over before the other begins
                      e9 r(orbit,nil) → e0 w(orbit,1)   it reads an older orbit
            replay    constellation judge found/seed-2-1.jsonl --model linearizable --initial 0"#]]);
    bench.check(&["judge", "found/seed-2-1.tape"], expect![[r#"
        exit 2
        --- talk
        error: `found/seed-2-1.tape` is a tape, which says how a run went and not what clients saw
        help: `constellation replay found/seed-2-1.tape SCENARIO --trace out.jsonl` writes that, and `constellation judge out.jsonl` judges it"#]]);
    bench.check(
        &["judge", "found/seed-2-1.steps"],
        expect![[r#"
        exit 2
        --- talk
        error: `found/seed-2-1.steps` tells of a finding of `hunt`, and is no history
        help: the trace of its run stands beside it, as .jsonl"#]],
    );
}

#[test]
fn a_value_that_is_there_at_first_is_written_by_nobody() {
    let bench =
        Bench::new(&[("good", b"a w(x,1)@1..4\nb r(x,0)@2..3"), ("bad", b"a w(x,0)@1..4\nb r(x,0)@2..3")]);
    bench.check(&["judge", "good", "--model", "linearizable", "--initial", "0"], expect![[r#"
        exit 0
        --- out
        good · a sketch
        2 transactions in 2 sessions
        ✓ holds    linearizable  each operation takes effect at one moment between its beginning and its end"#]]);
    bench.check(&["judge", "good", "--model", "linearizable"], expect![[r#"
        exit 1
        --- out
        good · a sketch
        2 transactions in 2 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     b r(x,0) reads x = 0, which nobody wrote
            events              b
                      t1  2..3  r(x,0)
            sketch    b  ├─r(x,0)─┤
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)
            notes     if registers hold it at first, --initial VALUE says so
            replay    constellation judge good --model linearizable"#]]);
    bench.check(
        &["judge", "bad", "--model", "linearizable", "--initial", "0"],
        expect![[r#"
        exit 2
        --- talk
        error: `w(x,0)` writes what registers hold at first, so that nobody knows which 0 is read
        help: leave out --initial"#]],
    );
}
