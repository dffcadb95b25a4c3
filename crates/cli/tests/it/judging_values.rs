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
