//! `constellation judge` of histories whose ends and values are easily misread.

use crate::command::{Bench, text};

/// Judges each under linearizability: the exit code, and what must stand in the output.
#[test]
fn what_a_history_does_not_say_is_not_held_against_it() {
    let cases = [
        ("0 :invoke :cas [nil 1]\n0 :ok :cas [nil 1]\n0 :invoke :read nil\n0 :ok :read 1\n", 0, "✓ holds"),
        (
            "0 :invoke :cas [nil 1]\n0 :ok :cas [nil 1]\n0 :invoke :cas [nil 2]\n0 :ok :cas [nil 2]\n",
            1,
            "✗ violated",
        ),
        (
            "0 :invoke :write 1\n0 :ok :write 1\n0 :invoke :cas [1 2]\n0 :fail :cas :unavailable\n",
            0,
            "✓ holds",
        ),
        ("0 :invoke :write 1\n0 :ok :write 1\n0 :invoke :cas [1 2]\n0 :fail :cas [1 2]\n", 1, "✗ violated"),
        (
            "0 :invoke :cas [nil 2]\n0 :fail :cas [nil 2]\n",
            1,
            "1 compare-and-set failed since it found another",
        ),
        (
            "0 :invoke :enqueue 1\n0 :ok :enqueue 1\n0 :invoke :dequeue nil\n0 :ok :dequeue nil\n",
            1,
            "✗ violated",
        ),
        (
            "0 :invoke :add [7 3]\n0 :ok :add [7 3]\n0 :invoke :read [7 nil]\n0 :ok :read [7 #{3}]\n",
            0,
            "✓ holds",
        ),
        (
            "0 :invoke :add [7 3]\n0 :ok :add [7 3]\n0 :invoke :read [7 nil]\n0 :ok :read [7 3]\n",
            0,
            "✓ holds",
        ),
        ("0 :invoke :add 3\n0 :ok :add 3\n0 :invoke :contains 3\n0 :ok :contains false\n", 1, "✗ violated"),
    ];
    for (history, code, part) in cases {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--format", "log", "--model", "linearizable"], b"");
        let out = text(&output.stdout);
        assert!(output.status.code() == Some(code) && out.contains(part), "{history}{out}");
    }
}

/// Each line is a process, a word, a key's value and what an end shows; all are of one key.
fn key_value(records: &[(u32, &str, &str)]) -> String {
    let line = |(process, name, value): &(u32, &str, &str)| {
        let asked = if *name == "get" { "nil".to_owned() } else { format!("{value:?}") };
        let record = |kind, value: &str| {
            format!("{{:process {process}, :type :{kind}, :f :{name}, :key \"0\", :value {value}}}\n")
        };
        record("invoke", &asked) + &record("ok", &format!("{value:?}"))
    };
    records.iter().map(line).collect()
}

#[test]
fn a_text_that_can_be_taken_apart_in_several_ways_is_no_reason_for_a_verdict() {
    let several = "with several meanings: how the text that line 6 shows was put together is not recorded";
    let cases = [
        // One of the two ways explains it, whichever is the longer.
        (vec![(0, "append", "1"), (0, "append", "2"), (1, "get", "12"), (0, "append", "12")], 0, "✓ holds"),
        // Neither of those that were looked at does, and there may be others.
        (
            vec![(0, "append", "1"), (0, "append", "11"), (1, "get", "11111"), (0, "append", "111")],
            3,
            "? unknown",
        ),
        // Whatever it is taken for, the other read is wrong.
        (
            vec![
                (0, "append", "1"),
                (0, "append", "2"),
                (1, "get", "12"),
                (0, "append", "12"),
                (1, "get", "3"),
            ],
            1,
            "✗ violated",
        ),
    ];
    for (records, code, part) in cases {
        let history = key_value(&records);
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", "linearizable"], b"");
        let out = text(&output.stdout);
        let is_told = out.contains(part) && out.contains(several);
        assert!(output.status.code() == Some(code) && is_told, "{history}{out}");
    }
}

#[test]
fn an_empty_text_that_was_put_is_not_taken_for_nothing() {
    let history = key_value(&[(0, "put", "a"), (0, "put", ""), (1, "get", "")]);
    let bench = Bench::new(&[("mine", history.as_bytes())]);
    let output = bench.run(&["judge", "mine", "--model", "linearizable,causal"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_zero_that_may_be_initial_or_written_is_no_reason_for_a_verdict() {
    for (history, code, part) in [
        // As initial it is explained.
        ("r(0,0,1,1)\nw(1,1,1,2)\nr(1,1,2,3)\nw(0,0,2,4)\n", 0, "✓ holds"),
        // As written it is.
        ("w(0,5,1,1)\nw(0,0,1,2)\nr(0,0,2,3)\nr(0,5,2,4)\nr(0,0,2,5)\n", 3, "? unknown"),
        // Whichever it is, the other reads go back.
        ("r(0,0,1,1)\nw(0,0,2,2)\nw(0,5,2,3)\nw(0,6,2,4)\nr(0,6,1,5)\nr(0,5,1,6)\n", 1, "✗ violated"),
    ] {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", "causal"], b"");
        let out = text(&output.stdout);
        let is_told = out.contains(part) && out.contains("a 0 that is read in the transaction of line");
        assert!(output.status.code() == Some(code) && is_told, "{history}{out}");
    }
}

#[test]
fn an_append_of_nothing_changes_no_text() {
    for (records, code) in [
        (vec![(0, "put", "x"), (0, "append", ""), (1, "get", "x")], 0),
        (vec![(0, "append", "x"), (0, "append", ""), (0, "append", "y"), (1, "get", "xy")], 0),
        (vec![(0, "append", "x"), (0, "append", ""), (1, "get", "")], 1),
        (vec![(0, "append", ""), (1, "get", "")], 0),
        (vec![(0, "append", "")], 0),
        // What is put takes away what was there, even where it is nothing.
        (vec![(0, "append", "x"), (0, "put", ""), (0, "append", "y"), (1, "get", "y")], 0),
        (vec![(0, "append", "x"), (0, "put", ""), (0, "append", "y"), (1, "get", "xy")], 1),
        (vec![(0, "append", "x"), (0, "put", ""), (1, "get", "")], 0),
        (vec![(0, "put", ""), (0, "append", "x"), (1, "get", "")], 1),
    ] {
        let history = key_value(&records);
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", "linearizable"], b"");
        assert_eq!(output.status.code(), Some(code), "{history}{}", text(&output.stdout));
    }
}

/// Judges each with a value that registers hold at first: the flags, the exit code, and what must stand in the output.
#[test]
fn what_registers_hold_at_first_is_that_value_and_no_other() {
    let twice = "0 :invoke :cas [0 1]\n0 :ok :cas [0 1]\n0 :invoke :cas [0 2]\n0 :ok :cas [0 2]\n";
    let finals = [
        "{:process 0, :type :invoke, :f :txn, :value [[:w 1 5]]}",
        "{:process 0, :type :ok, :f :txn, :value [[:w 1 5]]}",
        "{:process 1, :type :invoke, :f :txn, :final? true, :value [[:r 1 nil]]}",
        "{:process 1, :type :ok, :f :txn, :value [[:r 1 5]]}",
        "{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}",
        "{:process 1, :type :ok, :f :txn, :value [[:r 1 0]]}",
    ];
    let finals = finals.map(|line| format!("{line}\n")).concat();
    let cases = [
        // A 0 that nobody wrote is out of thin air where they hold a 7.
        ("w(0,5,0,0)\nr(0,7,1,1)\n", "causal", "7", 0, "✓ holds"),
        ("w(0,5,0,0)\nr(0,0,1,1)\n", "causal", "7", 1, "reads 0 = 0, which nobody wrote"),
        ("w 0 5\n====\nr 0 0\n", "causal", "7", 1, "reads 0 = 0, which nobody wrote"),
        ("w(0,5,0,0)\nr(0,0,1,1)\n", "causal", "0", 0, "✓ holds"),
        // One that somebody wrote was written, then.
        ("w(0,5,1,1)\nw(0,0,1,2)\nr(0,0,2,3)\nr(0,5,2,4)\nr(0,0,2,5)\n", "causal", "7", 1, "✗ violated"),
        ("r(0,7,1,1)\nw(0,0,2,2)\nr(0,0,1,3)\n", "causal", "7", 0, "✓ holds"),
        // What is marked as final stays so.
        (&finals, "eventual-convergence", "0", 0, "✓ holds"),
        // Who expects it expects nothing.
        ("0 :invoke :cas [0 1]\n0 :ok :cas [0 1]\n", "linearizable", "0", 0, "✓ holds"),
        ("0 :invoke :cas [0 1]\n0 :ok :cas [0 1]\n", "linearizable", "7", 1, "✗ violated"),
        (twice, "linearizable", "0", 1, "✗ violated"),
    ];
    for (history, model, initial, code, part) in cases {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", model, "--initial", initial], b"");
        let out = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(output.status.code() == Some(code) && out.contains(part), "{history}{out}");
    }
    let bench = Bench::new(&[("mine", b"0 :invoke :cas [nil 1]\n0 :ok :cas [nil 1]\n")]);
    let output = bench.run(&["judge", "mine", "--model", "linearizable", "--initial", "1"], b"");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    let told =
        "`put-if-absent x 1` writes what registers hold at first, so that nobody knows which 1 is read";
    assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
}

/// Refuses to judge each with a value that registers hold at first: the history, the value, and what is of no register.
#[test]
fn what_registers_hold_at_first_is_said_of_nothing_else() {
    let record = |kind: &str, what: &str| format!("{{:process 0, :type :{kind}, {what}}}\n");
    let both = |invoked: &str, ended: &str| record("invoke", invoked) + &record("ok", ended);
    let put_and_get = |put: &str| {
        both(put, put) + &both(":f :get, :key \"k\", :value nil", ":f :get, :key \"k\", :value \"abcd\"")
    };
    let list = "0 :invoke :append 2\n0 :ok :append 2\n0 :invoke :read nil\n0 :ok :read [7 2]\n";
    let counter = "0 :invoke :add 2\n0 :ok :add 2\n0 :invoke :read nil\n0 :ok :read 7\n";
    let set = "0 :invoke :add 1\n0 :ok :add 1\n0 :invoke :read nil\n0 :ok :read #{1}\n";
    let queue = "0 :invoke :enqueue 1\n0 :ok :enqueue 1\n0 :invoke :dequeue nil\n0 :ok :dequeue 5\n";
    let lists = both(":f :txn, :value [[:append 1 2]]", ":f :txn, :value [[:append 1 2]]");
    let cases = [
        (&*put_and_get(":f :append, :key \"k\", :value \"d\""), "abc", "`append \"d\" to k`"),
        (list, "7", "`append \"2\" to x`"),
        (counter, "5", "`add 2 to x`"),
        (set, "1", "`add x 1`"),
        (queue, "5", "`enqueue 1`"),
        (&lists, "7", "`a(1,2)`"),
    ];
    for (history, initial, what) in cases {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", "linearizable", "--initial", initial], b"");
        let told = text(&output.stderr);
        let expected = format!("{what} is of no register, and only registers can hold {initial} at first");
        assert!(output.status.code() == Some(2) && told.contains(&expected), "{history}{told}");
    }
}

#[test]
fn what_is_found_without_reads_of_several_meanings_is_kept_only_where_it_needs_none_of_them() {
    // By the 0, if it was written, one of two readers knows of one more write than the other.
    let known = "w(1,3,5,1)\nw(2,0,5,2)\nw(1,1,1,3)\nw(1,2,2,4)\nr(1,1,3,5)\nr(1,2,3,6)\nr(1,2,4,7)\nr(2,0,4,8)\nr(1,1,4,9)\n";
    // As initial they come too late; of which of two writes they are has more answers than are tried.
    let reads: String = (5..18).map(|nth| format!("r(1,0,4,{nth})\n")).collect();
    let many = format!("w(1,5,1,1)\nw(1,0,2,2)\nw(1,0,3,3)\nr(1,5,4,4)\n{reads}");
    for (history, model, code, part) in
        [(known, "strong-convergence", 0, "✓ holds"), (&many, "causal", 3, "? unknown")]
    {
        let bench = Bench::new(&[("mine", history.as_bytes())]);
        let output = bench.run(&["judge", "mine", "--model", model], b"");
        let out = text(&output.stdout);
        assert!(output.status.code() == Some(code) && out.contains(part), "{history}{out}");
    }
}
