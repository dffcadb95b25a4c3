//! Histories that cannot be: in every format in which they can be written down they are refused, with their place.

use constellation_trace::format::histories::{HistoryFormat, read};
use expect_test::{Expect, expect};

/// What is said of each text: the format, the place and the fault.
fn check(texts: &[(HistoryFormat, &str)], expected: Expect) {
    let told = texts.iter().map(|(format, text)| {
        let error = match read(text.as_bytes(), *format) {
            Ok(imported) => panic!("{format} takes {text}: {imported:?}"),
            Err(error) => error,
        };
        // What stands there may be long.
        let told: String = error.to_string().chars().take(240).collect();
        format!("{}: {told}\n", format.name())
    });
    expected.assert_eq(&told.collect::<String>());
}

const TRACE: &str = "{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\"]}\n";

#[test]
fn time_never_goes_back() {
    let at = |event: u32, at: u32| {
        format!("{{\"event\":{event},\"node\":\"a\",\"at_ns\":{at},\"do\":\"local\",\"label\":\"x\"}}\n")
    };
    check(
        &[
            (HistoryFormat::Trace, &format!("{TRACE}{}{}", at(0, 5), at(1, 4))),
            (
                HistoryFormat::Edn,
                "{:process 0, :type :invoke, :f :write, :value 1, :time 100}\n{:process 0, :type :ok, :f :write, :value 1, :time 50}\n",
            ),
            (
                HistoryFormat::Edn,
                "{:process 0, :type :invoke, :f :txn, :value [[:w 1 1]], :time 7}\n{:process :nemesis, :type :info, :f :cut, :time -7}\n",
            ),
            (
                HistoryFormat::KeyValue,
                "{:process 0, :type :invoke, :f :put, :key \"0\", :value \"1\", :time 9}\n{:process 1, :type :invoke, :f :get, :key \"0\", :value nil, :time 8}\n",
            ),
            (HistoryFormat::Sketch, "pacific  w(x,1)@2..1\n"),
            (HistoryFormat::Sketch, "pacific  w(x,1)@2..4  r(x,1)@3..5\n"),
        ],
        expect![[r#"
            trace: line 3, column 38: this cannot have happened: it is at `a` 1 ns before its cause e0; true time runs forward from a cause to its effect, whatever clocks show
            edn: line 2, column 52: a record of `:time 50` stands behind one of `:time 100`; the order of records is taken for that of time: sort them by `:time`, or leave it out
            edn: line 2, column 49: a record of `:time -7` stands behind one of `:time 7`; the order of records is taken for that of time: sort them by `:time`, or leave it out
            key-value: line 2, column 66: a record of `:time 8` stands behind one of `:time 9`; the order of records is taken for that of time: sort them by `:time`, or leave it out
            sketch: line 1, column 10: a transaction that begins at 2 cannot end at 1
            sketch: line 1, column 23: a transaction begins at 3, but the one before it in the session is over at 4 only
        "#]],
    );
}

#[test]
fn what_is_one_of_its_kind_stands_there_once() {
    let event = "{\"event\":0,\"node\":\"a\",\"at_ns\":5,\"do\":\"local\",\"label\":\"x\"}\n";
    let asked = |event: u32| {
        format!(
            "{{\"event\":{event},\"node\":\"a\",\"at_ns\":5,\"do\":\"invoke\",\"operation\":3,\"call\":\"read\",\"key\":\"k\"}}\n"
        )
    };
    check(
        &[
            (HistoryFormat::Trace, &format!("{TRACE}{event}{event}")),
            (HistoryFormat::Trace, &format!("{TRACE}{}{}", asked(0), asked(1))),
            (
                HistoryFormat::Edn,
                "{:process 0, :type :invoke, :f :read, :index 4}\n{:process 0, :type :ok, :f :read, :value 1, :index 4}\n",
            ),
            (HistoryFormat::Edn, "{:process 0, :type :invoke, :f :write, :value 1, :process 1}"),
            (
                HistoryFormat::Edn,
                "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :invoke, :f :read}",
            ),
            (HistoryFormat::Log, "0 :invoke :read nil\n0 :invoke :read nil\n"),
            (HistoryFormat::KeyValue, "{:process 0, :type :invoke, :f :get, :key \"0\", :key \"1\"}"),
            (HistoryFormat::Plume, "w(0,5,1,3)\nw(0,6,2,3)\n"),
            (HistoryFormat::Sketch, "pacific  w(x,1)\natlantic  w(x,2)\npacific  r(x,1)\n"),
        ],
        expect![[r#"
            trace: line 3, column 10: the next event has number 1, this one has 0; numbers start at 0 and leave none out, so that a lost line is noticed
            trace: line 3, column 59: this cannot have happened: operation 3 is begun twice; an operation begins once, and ends at most once, at one process
            edn: line 2, column 52: a record with `:index 4` stands behind one with `:index 4`; the order of records is taken for that of time: sort them by `:index`
            edn: line 1, column 50: a record has `:process` twice; which of the two is meant cannot be known
            edn: line 2, column 1: process 0 begins this before what it began on line 1 ended; an end may be missing before it: `:info` is one, of which nobody knows more
            log: line 2, column 1: process 0 begins this before what it began on line 1 ended; an end may be missing before it: `:info` is one, of which nobody knows more
            key-value: line 1, column 48: a record has `:key` twice; which of the two is meant cannot be known
            plume: line 2, column 1: transaction 3 goes on after another began in its session, or in another session; all that a transaction does stands together within its session
            sketch: line 3, column 1: the session `pacific` has a line already
        "#]],
    );
}

#[test]
fn what_ends_has_begun() {
    let end =
        "{\"event\":0,\"node\":\"a\",\"at_ns\":5,\"do\":\"complete\",\"operation\":3,\"result\":\"done\"}\n";
    check(
        &[
            (HistoryFormat::Trace, &format!("{TRACE}{end}")),
            (HistoryFormat::Edn, "{:process 0, :type :ok, :f :read, :value 1}"),
            (
                HistoryFormat::Edn,
                "{:process 0, :type :ok, :f :txn, :value [[:w 1 5]]}\n{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}",
            ),
            (
                HistoryFormat::Edn,
                "{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}\n{:process 0, :type :ok, :f :txn, :value [[:w 1 5]]}",
            ),
            (HistoryFormat::Log, "0 :invoke :read nil\n1 :ok :read 3\n"),
            (HistoryFormat::KeyValue, "{:process 0, :type :ok, :f :get, :key \"0\", :value \"1\"}"),
        ],
        expect![[r#"
            trace: line 2, column 61: this cannot have happened: operation 3 ends at a process that never began it; an operation begins once, and ends at most once, at one process
            edn: line 1, column 1: process 0 ends what it never began; its `:invoke` may be missing, or two histories are in one file
            edn: line 1, column 1: process 0 ends what it never began; its `:invoke` may be missing, or two histories are in one file
            edn: line 2, column 1: process 0 ends what it never began; its `:invoke` may be missing, or two histories are in one file
            log: line 2, column 1: process 1 ends what it never began; its `:invoke` may be missing, or two histories are in one file
            key-value: line 1, column 1: process 0 ends what it never began; its `:invoke` may be missing, or two histories are in one file
        "#]],
    );
}

#[test]
fn what_stands_too_deep_is_refused_where_it_is_too_deep() {
    let deep =
        |bracket: &str| format!("{{:process 0, :type :ok, :f :read, :value {}", bracket.repeat(1 << 16));
    check(
        &[
            (HistoryFormat::Trace, &format!("{TRACE}{}\n", "[".repeat(1 << 16))),
            (HistoryFormat::Edn, &deep("[")),
            (HistoryFormat::Edn, &deep("#a ")),
            (HistoryFormat::Edn, &"(".repeat(1 << 16)),
            (HistoryFormat::Log, &format!("0 :ok :read {}\n", "#{".repeat(1 << 16))),
            (HistoryFormat::KeyValue, &deep("#_ ")),
            (HistoryFormat::Plume, &"w(".repeat(1 << 16)),
            (HistoryFormat::Blocks, &"w ".repeat(1 << 16)),
            (HistoryFormat::Sketch, &format!("pacific  {}", "{".repeat(100))),
        ],
        expect![[r#"
            trace: line 2, column 1: expected an object, found an array
            edn: line 1, column 105: more than 64 collections in one another
            edn: line 1, column 231: more than 64 collections in one another
            edn: line 1, column 66: more than 64 collections in one another
            log: line 1, column 141: more than 64 collections in one another
            key-value: line 1, column 231: more than 64 collections in one another
            plume: line 1, column 1: expected w(key,value,session,transaction) or r(…), found `w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(w(`
            blocks: line 1, column 1: expected `w key value`, `r key value`, `---` or `===`, found `w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w `
            sketch: line 1, column 10: `{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{` is no access: write r(x,1), w(x,1), a(x,1) or r(x,[1,2]), several in {…}
        "#]],
    );
}
