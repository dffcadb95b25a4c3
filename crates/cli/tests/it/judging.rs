//! `constellation judge`: histories of others and of ours, and what shows that they violate a model.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use crate::command::{Bench, check, shown, text};

/// Judges a history that ships, in a folder with nothing else.
pub(crate) fn check_shipped(name: &str, flags: &[&str], expected: Expect) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../histories").join(name);
    let bytes = fs::read(path).expect("it ships");
    Bench::new(&[(name, &bytes)]).check(&[&["judge", name], flags].concat(), expected);
}

/// Judges this text under causal consistency.
pub(crate) fn check_text(history: &str, flags: &[&str], expected: Expect) {
    let bench = Bench::new(&[("mine", history.as_bytes())]);
    bench.check(&[&["judge", "mine", "--model", "causal"], flags].concat(), expected);
}

pub(crate) const CAUSES: &str = "pacific w(x,1)\natlantic r(x,1) w(y,1)\nindian r(y,1) r(x,nil)\n";

#[test]
fn each_format_is_recognised_and_its_violation_is_shown_by_lines() {
    let causal = ["--model", "causal"];
    check_shipped(
        "forgetful-relay.log",
        &causal,
        expect![[r#"
            exit 1
            --- out
            forgetful-relay.log · log lines of Jepsen
            6 operations in 2 sessions, 1 failed, 1 of which nobody knows whether they took effect
            · 2 lines of a nemesis or others, passed over
            · 1 compare-and-set failed since it found another value (--failed-cas nothing: it merely did not happen)
            ✗ violated causal  whoever sees an effect sees its causes
                expected  whoever sees an effect sees its causes
                found     p1 r(x,3) reads as x that of p0 w(x,3), which p0 w(x,5)? in its past had overwritten
                events                     p0       p1
                          line 2   2..3    w(x,3)
                          line 9   9..     w(x,5)?
                          line 11  11..12           r(x,5)
                          line 13  13..14           r(x,3)
                sketch    p0  ├─w(x,3)─┤ ├─w(x,5)?╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷
                          p1               ├─r(x,5)─┤ ├─r(x,3)─┤
                proof     line 9 w(x,5)? → line 11 r(x,5)   its x is read
                          line 11 r(x,5) → line 13 r(x,3)   the same session
                          line 13 r(x,3) → line 9 w(x,5)?   it reads an older x
                notes     p0 w(x,3) before p0 w(x,5)?: the same session
                replay    constellation judge forgetful-relay.log --model causal"#]],
    );
    check_shipped(
        "fractured.plume",
        &causal,
        expect![[r#"
            exit 1
            --- out
            fractured.plume · text of Plume
            2 transactions in 2 sessions
            ✗ violated causal  whoever sees an effect sees its causes
                expected  whoever sees an effect sees its causes
                found     s2 {r(1,nil) r(0,5)} reads as 1 the initial value, which s1 {w(0,5) w(1,6)} in its past had overwritten
                events            s1               s2
                          line 1  {w(0,5) w(1,6)}
                          line 3                   {r(1,nil) r(0,5)}
                sketch    s1  {w(0,5) w(1,6)}
                          s2                   {r(1,nil) r(0,5)}
                proof     line 1 {w(0,5) w(1,6)} → line 3 {r(1,nil) r(0,5)}   its 0 is read
                          line 3 {r(1,nil) r(0,5)} → line 1 {w(0,5) w(1,6)}   it reads an older 1
                replay    constellation judge fractured.plume --model causal"#]],
    );
    check_shipped(
        "causes.blocks",
        &causal,
        expect![[r#"
            exit 1
            --- out
            causes.blocks · text of blocks
            5 transactions in 3 sessions
            ✗ violated causal  whoever sees an effect sees its causes
                expected  whoever sees an effect sees its causes
                found     s2 r(0,nil) reads as 0 the initial value, which s0 w(0,5) in its past had overwritten
                events            s0      s1      s2
                          line 1  w(0,5)
                          line 3          r(0,5)
                          line 5          w(1,6)
                          line 7                  r(1,6)
                          line 9                  r(0,nil)
                sketch    s0  w(0,5)
                          s1          r(0,5)  w(1,6)
                          s2                          r(1,6)  r(0,nil)
                proof     line 1 w(0,5) → line 3 r(0,5)     its 0 is read
                          line 3 r(0,5) → line 5 w(1,6)     the same session
                          line 5 w(1,6) → line 7 r(1,6)     its 1 is read
                          line 7 r(1,6) → line 9 r(0,nil)   the same session
                          line 9 r(0,nil) → line 1 w(0,5)   it reads an older 0
                replay    constellation judge causes.blocks --model causal"#]],
    );
    check_shipped(
        "stale-read.edn",
        &causal,
        expect![[r#"
        exit 0
        --- out
        stale-read.edn · EDN of Jepsen
        4 operations in 2 sessions, 1 of which nobody knows whether they took effect
        · 1 line of a nemesis or others, passed over
        ✓ holds    causal  whoever sees an effect sees its causes"#]],
    );
    check_shipped(
        "write-skew.edn",
        &causal,
        expect![[r#"
        exit 0
        --- out
        write-skew.edn · EDN of Jepsen
        2 transactions in 2 sessions
        ✓ holds    causal  whoever sees an effect sees its causes"#]],
    );
    check_shipped(
        "lists.edn",
        &causal,
        expect![[r#"
            exit 0
            --- out
            lists.edn · EDN of Jepsen
            3 transactions in 2 sessions
            ✓ holds    causal  whoever sees an effect sees its causes"#]],
    );
    check_shipped(
        "appended.kv",
        &causal,
        expect![[r#"
            exit 0
            --- out
            appended.kv · keys and values of Porcupine
            3 operations in 2 sessions
            ✓ holds    causal  whoever sees an effect sees its causes"#]],
    );
}

#[test]
fn of_all_models_the_border_is_told() {
    let models = ["--model", "causal,causal-memory,causal-convergence,pram"];
    check_shipped(
        "two-orders.sketch",
        &models,
        expect![[r#"
            exit 1
            --- out
            two-orders.sketch · a sketch
            6 transactions in 4 sessions
            ✗ violated causal-convergence  everybody sees the last write of its past, in one order of all writes
            ✓ holds    causal-memory       each session sees one order of all writes in its past, which keeps causes
            ✓ holds    causal              whoever sees an effect sees its causes
            ✓ holds    pram                each session sees one order of all writes, which keeps that of each session
            strongest that hold  causal-memory
            weakest that fail    causal-convergence
              a famous difference between causal-memory and causal-convergence (two orders): concurrent writes are seen in two orders, each by a session that keeps to its own
            ✗ violated causal-convergence
                expected  everybody sees the last write of its past, in one order of all writes
                found     in any order of all writes each of these is before the next, and the last before the first
                events        pacific       atlantic         indian           southern
                          t0  w(mode,safe)
                          t1                w(mode,nominal)
                          t2                                 r(mode,safe)
                          t3                                 r(mode,nominal)
                          t4                                                  r(mode,nominal)
                          t5                                                  r(mode,safe)
                sketch    pacific   w(mode,safe)
                          atlantic                   w(mode,nominal)
                          indian    r(mode,safe)     r(mode,nominal)
                          southern  r(mode,nominal)  r(mode,safe)
                proof     t0 w(mode,safe) → t1 w(mode,nominal)   indian r(mode,nominal) knows its mode, yet reads the other's
                          t1 w(mode,nominal) → t0 w(mode,safe)   southern r(mode,safe) knows its mode, yet reads the other's
                notes     pacific w(mode,safe) before indian r(mode,safe): its mode is read
                          indian r(mode,safe) before indian r(mode,nominal): the same session
                          atlantic w(mode,nominal) before southern r(mode,nominal): its mode is read
                          southern r(mode,nominal) before southern r(mode,safe): the same session
                replay    constellation judge two-orders.sketch --model causal-convergence"#]],
    );
}

#[test]
fn what_a_run_of_ours_recorded_is_judged_too() {
    let scenario = r#"
nodes = ["pacific", "atlantic"]
end = "5s"

[[clients]]
name = "ground"
stations = "pacific"
loop = "closed"
think = "500ms"
operations = 4
keys = "mode"

[[clients]]
name = "ship"
stations = "atlantic"
loop = "closed"
begin = "100ms"
think = "500ms"
operations = 4
keys = "mode"
"#;
    let bench = Bench::new(&[("mine.toml", scenario.as_bytes())]);
    let output = bench.run(&["run", "mine.toml", "--trace", "out.jsonl"], b"");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    bench.check(
        &["judge", "out.jsonl", "--model", "causal,pram"],
        expect![[r#"
        exit 0
        --- out
        out.jsonl · a trace of this program
        8 operations in 2 sessions
        ✓ holds    causal  whoever sees an effect sees its causes
        ✓ holds    pram    each session sees one order of all writes, which keeps that of each session
        strongest that hold  causal, pram"#]],
    );
}

#[test]
fn a_trace_without_clients_is_no_history() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "conjunction", "--trace", "out.jsonl"], b"");
    bench.check(
        &["judge", "out.jsonl"],
        expect![[r#"
            exit 2
            --- talk
            error: the trace `out.jsonl` has no operation of a client: its 3 updates and 13 reads are those of stations themselves
            help: with `[[clients]]` in its scenario (scenarios/README.md shows how) a run records what they saw; `constellation check out.jsonl` judges what there is by its promises"#]],
    );
}

#[test]
fn what_cannot_be_read_or_is_not_known_is_told_with_what_to_do() {
    check_text(
        "{:process 0, :type :ok, :f :read, :value 1}\n",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: process 0 ends what it never began
         --> mine:1:1
          |
        1 | {:process 0, :type :ok, :f :read, :value 1}
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: its `:invoke` may be missing, or two histories are in one file"#]],
    );
    check_text(
        "hello\n",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: this looks like no history in a format that is known
         --> mine:1:1
          |
        1 | hello
          | ^^^^^
        help: name the format: trace, edn, log, key-value, plume, blocks or sketch"#]],
    );
    check_text(
        "w(0,5,1,3)\nw(0,6)\n",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: expected w(key,value,session,transaction) or r(…), found `w(0,6)`
         --> mine:2:1
          |
        2 | w(0,6)
          | ^^^^^^"#]],
    );
    check_text(
        CAUSES,
        &["--format", "plume"],
        expect![[r#"
        exit 2
        --- talk
        error: expected w(key,value,session,transaction) or r(…), found `pacific w(x,1)`
         --> mine:1:1
          |
        1 | pacific w(x,1)
          | ^^^^^^^^^^^^^^"#]],
    );
    check_text(
        CAUSES,
        &["--format", "plumes"],
        expect![[r#"
        exit 2
        --- talk
        error: no format is called `plumes`
        help: did you mean `plume`?"#]],
    );
    check_text(
        CAUSES,
        &["--format", "xml"],
        expect![[r#"
        exit 2
        --- talk
        error: no format is called `xml`
        help: one of trace, edn, log, key-value, plume, blocks, sketch"#]],
    );
    check_text(
        CAUSES,
        &["--budget", "10 apples"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value '10 apples' for '--budget <LIMIT,…>': a time, a size or steps, such as 10s, 1GB, 512MiB or 5000steps

        For more information, try '--help'."#]],
    );
    check(
        &["judge", "missing"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot read `missing`: No such file or directory (os error 2)"#]],
    );
    check(
        &["judge", "missing", "--model", "casual"],
        expect![[r#"
        exit 2
        --- talk
        error: no model is called `casual`
        help: did you mean `causal`?"#]],
    );
    check(
        &["judge", "."],
        expect![[r#"
        exit 2
        --- talk
        error: the folder `.` holds no history
        help: `constellation judge FILE` says of one file why"#]],
    );
    check(
        &["judge"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          <HISTORY>...

        Usage: constellation judge <HISTORY>...

        For more information, try '--help'."#]],
    );
}

#[test]
fn evidence_is_for_the_weakest_for_all_or_for_none() {
    let flags = ["--model", "causal-memory,causal", "--evidence", "none"];
    let bench = Bench::new(&[("mine", CAUSES.as_bytes())]);
    bench.check(
        &[&["judge", "mine"][..], &flags].concat(),
        expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated causal-memory  each session sees one order of all writes in its past, which keeps causes
        ✗ violated causal         whoever sees an effect sees its causes
        weakest that fail    causal"#]],
    );
    let flags = ["--model", "causal-memory,causal", "--evidence", "all"];
    bench.check(&[&["judge", "mine"][..], &flags].concat(), expect![[r#"
        exit 1
        --- out
        mine · a sketch
        5 transactions in 3 sessions
        ✗ violated causal-memory  each session sees one order of all writes in its past, which keeps causes
        ✗ violated causal         whoever sees an effect sees its causes
        weakest that fail    causal
        ✗ violated causal-memory
            expected  each session sees one order of all writes in its past, which keeps causes
            found     indian r(x,nil) reads as x the initial value, but must come after pacific w(x,1)
            events        pacific  atlantic  indian
                      t0  w(x,1)
                      t1           r(x,1)
                      t2           w(y,1)
                      t3                     r(y,1)
                      t4                     r(x,nil)
            sketch    pacific   w(x,1)
                      atlantic          r(x,1)  w(y,1)
                      indian                            r(y,1)  r(x,nil)
            proof     t0 w(x,1) → t1 r(x,1)     its x is read
                      t1 r(x,1) → t2 w(y,1)     the same session
                      t2 w(y,1) → t3 r(y,1)     its y is read
                      t3 r(y,1) → t4 r(x,nil)   the same session
                      t4 r(x,nil) → t0 w(x,1)   it reads an older x
            replay    constellation judge mine --model causal-memory
        ✗ violated causal
            found     indian r(x,nil) reads as x the initial value, which pacific w(x,1) in its past had overwritten
            events    those of causal-memory"#]]);
}

#[test]
fn standard_input_is_a_history_too() {
    let output = Bench::new(&[]).run(&["judge", "-", "--model", "pram,causal"], CAUSES.as_bytes());
    expect![[r#"
        exit 1
        --- out
        standard input · a sketch
        5 transactions in 3 sessions
        ✓ holds    pram    each session sees one order of all writes, which keeps that of each session
        ✗ violated causal  whoever sees an effect sees its causes
        strongest that hold  pram
        weakest that fail    causal
          a famous difference between pram and causal (effect without its cause): each session's writes are seen in their order, but not what one session learnt from another
        ✗ violated causal
            expected  whoever sees an effect sees its causes
            found     indian r(x,nil) reads as x the initial value, which pacific w(x,1) in its past had overwritten
            events        pacific  atlantic  indian
                      t0  w(x,1)
                      t1           r(x,1)
                      t2           w(y,1)
                      t3                     r(y,1)
                      t4                     r(x,nil)
            sketch    pacific   w(x,1)
                      atlantic          r(x,1)  w(y,1)
                      indian                            r(y,1)  r(x,nil)
            proof     t0 w(x,1) → t1 r(x,1)     its x is read
                      t1 r(x,1) → t2 w(y,1)     the same session
                      t2 w(y,1) → t3 r(y,1)     its y is read
                      t3 r(y,1) → t4 r(x,nil)   the same session
                      t4 r(x,nil) → t0 w(x,1)   it reads an older x"#]].assert_eq(&shown(&output));
}

#[test]
fn a_failed_compare_and_set_says_what_its_format_means() {
    let log = "0\t:invoke\t:write\t3\n0\t:ok\t:write\t3\n0\t:invoke\t:cas\t[3 4]\n0\t:fail\t:cas\t[3 4]\n";
    let bench = Bench::new(&[("mine", log.as_bytes())]);
    bench.check(&["judge", "mine", "--model", "linearizable"], expect![[r#"
        exit 1
        --- out
        mine · log lines of Jepsen
        2 operations in 1 session, 1 failed
        · 1 compare-and-set failed since it found another value (--failed-cas nothing: it merely did not happen)
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 2 that respects their times explains them; none gets further than p0 {r(x,3) w(x,4)}!
            events                  p0
                      line 1  1..2  w(x,3)
                      line 3  3..4  {r(x,3) w(x,4)}!
            sketch    p0  ├─w(x,3)─┤ ├─{r(x,3) w(x,4)}!─┤
            order     at best line 1 w(x,3)
                      then not line 3 {r(x,3) w(x,4)}!, since its object is as line 1 w(x,3) left it
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)
            replay    constellation judge mine --model linearizable"#]]);
    bench.check(&["judge", "mine", "--model", "linearizable", "--failed-cas", "nothing"], expect![[r#"
        exit 0
        --- out
        mine · log lines of Jepsen
        2 operations in 1 session, 1 failed
        · 1 compare-and-set failed and did not happen (--failed-cas mismatch: it found another value)
        ✓ holds    linearizable  each operation takes effect at one moment between its beginning and its end"#]]);
    bench.check(
        &["judge", "mine", "--failed-cas", "perhaps"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'perhaps' for '--failed-cas <WHAT>': `mismatch` or `nothing`

        For more information, try '--help'."#]],
    );
}

#[test]
fn queues_sets_and_locks_are_judged_as_objects() {
    let queue = "\
{:process 0, :type :invoke, :f :enqueue, :value 1}
{:process 0, :type :ok, :f :enqueue, :value 1}
{:process 0, :type :invoke, :f :enqueue, :value 2}
{:process 0, :type :ok, :f :enqueue, :value 2}
{:process 1, :type :invoke, :f :dequeue, :value nil}
{:process 1, :type :ok, :f :dequeue, :value 2}
";
    let set = "\
{:process 0, :type :invoke, :f :add, :value 5}
{:process 0, :type :ok, :f :add, :value 5}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value #{}}
";
    let lock = "\
{:process 0, :type :invoke, :f :acquire, :value nil}
{:process 0, :type :ok, :f :acquire, :value nil}
{:process 1, :type :invoke, :f :acquire, :value nil}
{:process 1, :type :ok, :f :acquire, :value nil}
";
    let files = [("queue", queue.as_bytes()), ("set", set.as_bytes()), ("lock", lock.as_bytes())];
    let bench = Bench::new(&files);
    bench.check(&["judge", "queue", "--model", "linearizable,sequential"], expect![[r#"
        exit 1
        --- out
        queue · EDN of Jepsen
        3 operations in 2 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
        ✗ violated sequential    all see one order, in which everybody's own operations stand as they were done
        weakest that fail    sequential
        ✗ violated sequential
            expected  all see one order, in which everybody's own operations stand as they were done
            found     no order of these 3 that respects their sessions explains them
            events                  p0               p1
                      line 1  1..2  enqueue 1: done
                      line 3  3..4  enqueue 2: done
                      line 5  5..6                   dequeue: shows "2"
            sketch    p0  ├─enqueue 1: done─┤ ├─enqueue 2: done─┤
                      p1                                          ├─dequeue: shows "2"─┤
            order     at best line 1 enqueue 1: done, line 3 enqueue 2: done
                      then not line 5 dequeue: shows "2", since its object is as line 3 enqueue 2: done left it
            proof     Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (1979)
            replay    constellation judge queue --model sequential"#]]);
    bench.check(&["judge", "set", "--model", "linearizable,sequential"], expect![[r#"
        exit 1
        --- out
        set · EDN of Jepsen
        2 operations in 2 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
        ✓ holds    sequential    all see one order, in which everybody's own operations stand as they were done
        strongest that hold  sequential
        weakest that fail    linearizable
        ✗ violated linearizable
            expected  each operation takes effect at one moment between its beginning and its end
            found     s1 read x shows nothing misses s0 add x 5, which was over before it began
            events                  p0             p1
                      line 1  1..2  add x 5: done
                      line 3  3..4                 read x: shows nothing
            sketch    p0  ├─add x 5: done─┤
                      p1                    ├─read x: shows nothing─┤
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)
            replay    constellation judge set --model linearizable"#]]);
    bench.check(&["judge", "lock", "--model", "linearizable,sequential"], expect![[r#"
        exit 1
        --- out
        lock · EDN of Jepsen
        2 operations in 2 sessions
        ✗ violated linearizable  each operation takes effect at one moment between its beginning and its end
        ✗ violated sequential    all see one order, in which everybody's own operations stand as they were done
        weakest that fail    sequential
        ✗ violated sequential
            expected  all see one order, in which everybody's own operations stand as they were done
            found     no order of these 2 that respects their sessions explains them
            events                  p0             p1
                      line 1  1..2  acquire: done
                      line 3  3..4                 acquire: done
            sketch    p0  ├─acquire: done─┤
                      p1                    ├─acquire: done─┤
            order     at best line 1 acquire: done
                      then not line 3 acquire: done, since its object is as line 1 acquire: done left it
            proof     Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (1979)
            replay    constellation judge lock --model sequential"#]]);
    bench.check(
        &["judge", "lock", "--object", "queue", "--model", "linearizable"],
        expect![[r#"
            exit 3
            --- out
            lock · EDN of Jepsen
            2 operations in 2 sessions
            ? unknown  linearizable  each operation takes effect at one moment between its beginning and its end
                does not fit: line 1: a queue has no operation `acquire`"#]],
    );
    bench.check(
        &["judge", "lock", "--object", "lock"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'lock' for '--object <O>': one of register, list, counter, set, queue, mutex, text

        For more information, try '--help'."#]],
    );
}
