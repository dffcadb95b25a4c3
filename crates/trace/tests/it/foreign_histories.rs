//! Histories of other systems: what is read of them, and what is refused, with its place.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use constellation_trace::format::Problem;
use constellation_trace::format::histories::{
    Content, HistoryFormat, Imported, detect, read, read_any, read_until,
};
use constellation_trace::{Operation, Sessions};
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// The format, then what was read: a line an operation, or the sessions.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&match read_any(text.as_bytes()) {
        Ok(imported) => shown(&imported),
        Err(error) => format!("{error}\n{}", error.text),
    });
}

fn shown(imported: &Imported) -> String {
    let mut text = format!("{}, {} skipped", imported.format, imported.skipped);
    match &imported.content {
        Content::Operations(history) => {
            for (place, operation) in history.operations().iter().enumerate() {
                text.push_str(&format!("\n{}", operation_line(imported, place, operation)));
            }
        }
        Content::Transactions(sessions) => {
            text.push_str(&format!(", {} unsaid, {:?}\n{sessions}", imported.unsaid, sessions.timing()));
            let lines: Vec<String> =
                sessions.ids().map(|id| imported.line(id.index()).unwrap_or(0).to_string()).collect();
            text.push_str(&format!("\nlines {}", lines.join(" ")));
        }
        _ => panic!("one or the other"),
    }
    text
}

fn operation_line(imported: &Imported, place: usize, operation: &Operation) -> String {
    let end = operation
        .completed
        .as_ref()
        .map_or("open".to_owned(), |(moment, completion)| format!("{} {completion}", moment.event.number()));
    let line = imported.line(place).unwrap_or(0);
    let session = imported.sessions.text(operation.session).unwrap_or("?");
    format!("{line} {session}: {} → {end}", operation.call)
}

#[test]
fn a_stream_of_jepsen_records_becomes_operations() {
    check(
        "\
{:process 0, :type :invoke, :f :write, :value 3}
{:process 1, :type :invoke, :f :read, :value nil}
{:process :nemesis, :type :info, :f :start, :value nil}
{:process 0, :type :ok, :f :write, :value 3}
{:process 1, :type :ok, :f :read, :value 3, :time 12}
{:process 0, :type :invoke, :f :cas, :value [3 4]}
{:process 0, :type :fail, :f :cas, :value [3 4]}
{:process 1, :type :invoke, :f :cas, :value [3 5]}
{:process 1, :type :info, :f :cas, :value [3 5], :error :timeout}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value nil}
",
        expect![[r#"
            EDN of Jepsen, 1 skipped
            1 p0: write x = "3" → 4 done
            2 p1: read x → 5 shows "3"
            6 p0: set x = "4" if it is "3" → 7 failed: [3 4]
            8 p1: set x = "5" if it is "3" → 9 unknown: :timeout
            10 p1#1: read x → 11 shows nothing"#]],
    );
}

#[test]
fn one_collection_is_read_as_a_stream_is() {
    check(
        "; a test of queues\n[{:process 0 :type :invoke :f :enqueue :value 1} {:process 0 :type :ok :f :enqueue :value 1}\n \
         #jepsen.history.Op{:index 2 :process 0 :type :invoke :f :dequeue :value nil}\n \
         {:process 0 :type :ok :f :dequeue :value 1}]",
        expect![[r#"
            EDN of Jepsen, 0 skipped
            2 p0: enqueue 1 → 2 done
            3 p0: dequeue  → 4 shows "1""#]],
    );
}

#[test]
fn sets_counters_and_mutexes_have_calls_of_their_own() {
    check(
        "({:process 0, :type :invoke, :f :add, :value 5} {:process 0, :type :ok, :f :add, :value 5}
 {:process 0, :type :invoke, :f :read, :value nil} {:process 0, :type :ok, :f :read, :value #{5 6}})",
        expect![[r#"
            EDN of Jepsen, 0 skipped
            1 p0: add x 5 → 1 done
            2 p0: read x → 2 shows "5" | "6""#]],
    );
    check(
        "({:process 0, :type :invoke, :f :add, :value 5} {:process 0, :type :ok, :f :add, :value 5}
 {:process 0, :type :invoke, :f :read, :value nil} {:process 0, :type :ok, :f :read, :value 5})",
        expect![[r#"
            EDN of Jepsen, 0 skipped
            1 p0: add 5 to x → 1 done
            2 p0: read x → 2 shows "5""#]],
    );
    check(
        "({:process 0, :type :invoke, :f :acquire, :value nil} {:process 0, :type :ok, :f :acquire, :value nil})",
        expect![[r#"
            EDN of Jepsen, 0 skipped
            1 p0: acquire  → 1 done"#]],
    );
}

#[test]
fn independent_keys_stand_before_their_values() {
    check(
        "\
{:process 0, :type :invoke, :f :write, :value [7 3]}
{:process 0, :type :ok, :f :write, :value [7 3]}
{:process 0, :type :invoke, :f :read, :value #jepsen.independent/Tuple [7 nil]}
{:process 0, :type :ok, :f :read, :value [7 3]}
{:process 0, :type :invoke, :f :cas, :value [7 [3 4]]}
",
        expect![[r#"
            EDN of Jepsen, 0 skipped
            1 p0: write 7 = "3" → 2 done
            3 p0: read 7 → 4 shows "3"
            5 p0: set 7 = "4" if it is "3" → open"#]],
    );
}

#[test]
fn transactions_of_lists_and_registers_become_sessions() {
    check(
        "\
{:type :invoke, :f :txn, :value [[:append 11 1] [:r 11 nil]], :process 10, :time 1, :index 0}
{:type :invoke, :f :txn, :value [[:r 11 nil]], :process 3, :time 2, :index 1}
{:type :ok, :f :txn, :value [[:append 11 1] [:r 11 [1]]], :process 10, :time 3, :index 2}
{:type :ok, :f :txn, :value [[:r 11 nil]], :process 3, :time 4, :index 3}
{:type :invoke, :f :txn, :value [[:append 12 2] [:r 11 nil]], :process 3, :time 5, :index 4}
{:type :info, :f :txn, :value [[:append 12 2] [:r 11 nil]], :process 3, :time 6, :index 5}
{:type :invoke, :f :txn, :value [[:append 12 3]], :process 10}
{:type :fail, :f :txn, :value [[:append 12 3]], :process 10}
{:type :invoke, :f :txn, :value [[:r 12 nil]], :process 3}
",
        expect![[r#"
            EDN of Jepsen, 0 skipped, 1 unsaid, Recorded
            p10  {a(11,1) r(11,[1])}@1..3  a(12,3)!@7..8
            p3   r(11,[])@2..4  a(12,2)?@5..
            lines 1 2 5 7"#]],
    );
    check(
        "{:type :ok, :f :txn, :value [[:w 1 5] [:r 2 nil]], :process 0}\n{:type :ok, :f :txn, :value [[:r 1 5]], :process 1}",
        expect![[r#"
            EDN of Jepsen, 0 skipped, 0 unsaid, None
            p0  {w(1,5) r(2,nil)}
            p1  r(1,5)
            lines 1 2"#]],
    );
}

#[test]
fn log_lines_are_found_among_others() {
    check(
        "INFO  jepsen.core - Worker 0 starting\n\
         INFO  jepsen.util - 0\t:invoke\t:read\tnil\n\
         INFO  jepsen.util - :nemesis\t:info\t:start\t\"Cut off {:n1 #{:n2}}\"\n\
         INFO  jepsen.util - 1\t:invoke\t:cas\t[4 1]\n\
         INFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n\
         INFO  jepsen.util - 1\t:fail\t:cas\t[4 1]\n\
         2015-01-01 00:00:01,5 INFO [jepsen worker 0] jepsen.util: 0\t:invoke\t:write\t2\n\
         INFO  jepsen.util - 0\t:info\t:write\t:timed-out\n",
        expect![[r#"
            log lines of Jepsen, 2 skipped
            2 p0: read x → 5 failed: :timed-out
            4 p1: set x = "1" if it is "4" → 6 failed: [4 1]
            7 p0: write x = "2" → 8 unknown: :timed-out"#]],
    );
    check(
        "0\t:invoke\t:write\t2\n0\t:ok\t:write\t2\n",
        expect![[r#"
            log lines of Jepsen, 0 skipped
            1 p0: write x = "2" → 2 done"#]],
    );
}

#[test]
fn what_is_shown_in_one_text_is_taken_apart() {
    check(
        "\
{:process 9, :type :invoke, :f :append, :key \"0\", :value \"x 9 0 y\"}
{:process 9, :type :ok, :f :append, :key \"0\", :value \"x 9 0 y\"}
{:process 8, :type :invoke, :f :append, :key \"0\", :value \"x 8 0 y\"}
{:process 8, :type :ok, :f :append, :key \"0\", :value \"x 8 0 y\"}
{:process 9, :type :invoke, :f :get, :key \"0\", :value nil}
{:process 9, :type :ok, :f :get, :key \"0\", :value \"x 8 0 yx 9 0 y\"}
{:process 9, :type :invoke, :f :get, :key \"1\", :value nil}
{:process 9, :type :ok, :f :get, :key \"1\", :value \"\"}
{:process 9, :type :invoke, :f :get, :key \"0\", :value nil}
{:process 9, :type :ok, :f :get, :key \"0\", :value \"x 8 0 yrubbish\"}
",
        expect![[r#"
            keys and values of Porcupine, 0 skipped
            1 p9: append "x 9 0 y" to 0 → 2 done
            3 p8: append "x 8 0 y" to 0 → 4 done
            5 p9: read 0 → 6 shows "x 8 0 y" | "x 9 0 y"
            7 p9: read 1 → 8 shows nothing
            9 p9: read 0 → 10 shows "x 8 0 y" | "rubbish""#]],
    );
}

#[test]
fn columns_become_sessions() {
    check(
        "w(0,5,1,3)\nr(1,0,1,3)\nw(1,6,2,4)\nr(0,5,1,5)\nw(0,9,2,-1)\n",
        expect![[r#"
            text of Plume, 0 skipped, 0 unsaid, None
            s1  {w(0,5) r(1,nil)}  r(0,5)
            s2  w(1,6)  w(0,9)!
            lines 1 3 5 4"#]],
    );
    check(
        "w 1 5\nr 2 0\n-----\nr 1 5\n=====\nw 2 0\nr 2 0\n",
        expect![[r#"
            text of blocks, 0 skipped, 0 unsaid, None
            s0  w(1,5)  r(1,5)
            s1  {w(2,0) r(2,0)}
            lines 1 4 6"#]],
    );
    check(
        "pacific  w(x,1)@1..2\nindian  {r(x,1) w(y,2)}?@3..\n",
        expect![[r#"
        a sketch, 0 skipped, 0 unsaid, Recorded
        pacific  w(x,1)@1..2
        indian   {r(x,1) w(y,2)}?@3..
        lines 0 0"#]],
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let begun = "{:process 0, :type :invoke, :f :read, :value nil}\n";
    check(
        &format!("{begun}{begun}"),
        expect![[r#"
        line 2, column 1: process 0 begins this before what it began on line 1 ended; an end may be missing before it: `:info` is one, of which nobody knows more
        {:process 0, :type :invoke, :f :read, :value nil}"#]],
    );
    check(
        "[{:process 0, :type :ok, :f :read, :value 1}]",
        expect![[r#"
        line 1, column 2: process 0 ends what it never began; its `:invoke` may be missing, or two histories are in one file
        [{:process 0, :type :ok, :f :read, :value 1}]"#]],
    );
    check(
        &format!("{begun}{{:process 0, :type :ok, :f :write, :value 1}}"),
        expect![[r#"
        line 2, column 1: process 0 began `read` on line 1 and ends `write`; a line between the two may be missing
        {:process 0, :type :ok, :f :write, :value 1}"#]],
    );
    check(
        &format!("{begun}{{:process 0, :type :okay, :f :read, :value 1}}"),
        expect![[r#"
        line 2, column 20: unknown word `okay`, known are invoke, ok, fail, info
        {:process 0, :type :okay, :f :read, :value 1}"#]],
    );
    check(
        &format!("{begun}{{:process 0, :f :read, :value 1}}"),
        expect![[r#"
        line 2, column 1: the key `:type` is missing
        {:process 0, :f :read, :value 1}"#]],
    );
    check(
        &format!("{begun}{{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}}"),
        expect![[r#"
        line 2, column 1: transactions and single operations in one history; split the history
        {:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}"#]],
    );
    check(
        "{:process 1, :type :invoke, :f :txn, :value [[:read 1 nil]]}",
        expect![[r#"
        line 1, column 46: expected [:r key value], [:w …] or [:append …], found [:read 1 nil]
        {:process 1, :type :invoke, :f :txn, :value [[:read 1 nil]]}"#]],
    );
    check(
        "{:process 1, :type :invoke, :f :cas, :value 5}",
        expect![[r#"
        line 1, column 45: expected [expected new], found 5
        {:process 1, :type :invoke, :f :cas, :value 5}"#]],
    );
    check(
        &format!("{begun}{{:process 1"),
        expect![[r#"
        line 2, column 1: expected `}`, found the end of the text
        {:process 1"#]],
    );
    check(
        "0\t:invoke\t:read\n0\t:ok\t:read\t(1\n",
        expect![[r#"
        line 2, column 13: expected `)`, found the end of the text
        0	:ok	:read	(1"#]],
    );
    check(
        "w(0,5,1,3)\nw(0,6,1,4)\nw(0,7,1,3)\n",
        expect![[r#"
            line 3, column 1: transaction 3 goes on after another began in its session, or in another session; all that a transaction does stands together within its session
            w(0,7,1,3)"#]],
    );
    check(
        "w(0,5,1,3)\nw(0,6,1)\n",
        expect![[r#"
        line 2, column 1: expected w(key,value,session,transaction) or r(…), found `w(0,6,1)`
        w(0,6,1)"#]],
    );
    check(
        "w 0 5\nw 0\n",
        expect![[r#"
        line 2, column 1: expected `w key value`, `r key value`, `---` or `===`, found `w 0`
        w 0"#]],
    );
    check(
        "pacific w(x,1) wx\n",
        expect![[r#"
            line 1, column 16: `wx` is no access: write r(x,1), w(x,1), a(x,1) or r(x,[1,2]), several in {…}
            pacific w(x,1) wx"#]],
    );
    check(
        "pacific w(x,1)@2..1\n",
        expect![[r#"
            line 1, column 9: a transaction that begins at 2 cannot end at 1
            pacific w(x,1)@2..1"#]],
    );
    check(
        "[{:process 0, :type :invoke, :f :read, :index 4}\n {:process 0, :type :ok, :f :read, :value 1, :index 3}]",
        expect![[r#"
            line 2, column 53: a record with `:index 3` stands behind one with `:index 4`; the order of records is taken for that of time: sort them by `:index`
             {:process 0, :type :ok, :f :read, :value 1, :index 3}]"#]],
    );
    check(
        "hello\n",
        expect![[r#"
        line 1, column 1: this looks like no history in a format that is known; name the format: trace, edn, log, key-value, plume, blocks or sketch
        hello"#]],
    );
    check(
        "",
        expect![[r#"
        line 1, column 1: this looks like no history in a format that is known; name the format: trace, edn, log, key-value, plume, blocks or sketch
    "#]],
    );
    check(
        "\u{feff}",
        expect![[r#"
        line 1, column 1: this looks like no history in a format that is known; name the format: trace, edn, log, key-value, plume, blocks or sketch
    "#]],
    );
}

#[test]
fn bombs_of_brackets_are_refused_in_every_format() {
    for (_, format) in HistoryFormat::NAMES {
        for bomb in ["[", "(", "{", "#{", "#_", "w(", "0 :ok :read ["] {
            let error = read(bomb.repeat(1 << 18).as_bytes(), format);
            assert!(error.is_err(), "{format:?} takes {bomb}");
        }
    }
}

/// Transactions as text of each format that can hold them, without times.
fn written(sessions: &Sessions, format: HistoryFormat) -> String {
    let mut text = String::new();
    for (session, line) in sessions.lines().iter().enumerate() {
        if session > 0 && format == HistoryFormat::Blocks {
            text.push_str("=====\n");
        }
        for (place, id) in line.iter().enumerate() {
            if place > 0 && format == HistoryFormat::Blocks {
                text.push_str("---\n");
            }
            let accesses = sessions.accesses(*id).iter().map(|access| {
                let letter = if access.act == constellation_trace::Act::Read { "r" } else { "w" };
                let key = sessions.keys().text(access.key.number()).unwrap();
                (letter, key.to_owned(), access.value.as_number())
            });
            let of = |value: Option<u64>, nothing: &str| {
                value.map_or(nothing.to_owned(), |value| value.to_string())
            };
            match format {
                HistoryFormat::Edn => {
                    let micro = accesses
                        .map(|(letter, key, value)| format!("[:{letter} {key} {}]", of(value, "nil")));
                    let micro: Vec<_> = micro.collect();
                    let line =
                        format!("{{:type :ok, :f :txn, :process {session}, :value [{}]}}\n", micro.join(" "));
                    text.push_str(&line);
                }
                HistoryFormat::Plume => {
                    accesses.for_each(|(letter, key, value)| {
                        text.push_str(&format!(
                            "{letter}({key},{},{session},{})\n",
                            of(value, "0"),
                            id.number()
                        ));
                    });
                }
                _ => accesses.for_each(|(letter, key, value)| {
                    text.push_str(&format!("{letter} {key} {}\n", of(value, "0")));
                }),
            }
        }
    }
    text
}

prop_compose! {
    /// Up to four sessions of transactions that read and write.
    fn sketches()(
        sessions in prop::collection::vec(
            prop::collection::vec(prop::collection::vec((any::<bool>(), 0..3_u8, 0..9_u8), 1..4), 1..4),
            1..4,
        ),
    ) -> String {
        let access = |(is_write, key, value): &(bool, u8, u8)| match (is_write, value) {
            (true, value) => format!("w({key},{})", value + 1),
            (false, 0) => format!("r({key},nil)"),
            (false, value) => format!("r({key},{value})"),
        };
        let transaction = |accesses: &Vec<(bool, u8, u8)>| {
            format!("{{{}}}", accesses.iter().map(access).collect::<Vec<_>>().join(" "))
        };
        let line = |(place, line): (usize, &Vec<_>)| {
            format!("{place} {}", line.iter().map(transaction).collect::<Vec<_>>().join(" "))
        };
        sessions.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_in_a_format_is_read_again(sketch in sketches()) {
        let sessions = Sessions::sketch(&sketch).unwrap();
        for format in [HistoryFormat::Edn, HistoryFormat::Plume, HistoryFormat::Blocks] {
            let text = written(&sessions, format);
            prop_assert_eq!(detect(text.as_bytes()), Some(format), "{}", text);
            let imported = read_any(text.as_bytes()).unwrap();
            let again = imported.reads_and_writes().unwrap();
            let letter = if format == HistoryFormat::Edn { "p" } else { "s" };
            let named = sketch.lines().map(|line| format!("{letter}{line}\n")).collect::<String>();
            let named = Sessions::sketch(&named).unwrap();
            prop_assert_eq!(again.to_string(), named.to_string(), "{}", text);
        }
        let again = read_any(sessions.to_string().as_bytes()).unwrap();
        prop_assert_eq!(again.reads_and_writes().unwrap().to_string(), sessions.to_string());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        words in prop::collection::vec(
            prop::sample::select(&[
                "{", "}", "[", "]", "(", ")", ":process", ":type", ":f", ":value", ":key", ":invoke", ":ok", ":fail",
                ":info", ":read", ":write", ":cas", ":append", ":txn", ":r", ":w", "0", "1", "nil", "\"a\"", "\"", "\\",
                "#", "#_", "^", "\n", "\t", " ", ";", "w(0,1,2,3)", "r 0 1", "---", "===", "jepsen.util - ", "é", "@", "?",
            ]),
            0..60,
        ),
    ) {
        let text = words.join(" ");
        for (_, format) in HistoryFormat::NAMES {
            if let Err(error) = read(text.as_bytes(), format) {
                prop_assert!(error.place.line >= 1 && error.place.column >= error.text_column, "{:?}", error);
                prop_assert!(!error.text.contains('\n'), "{:?}", error);
            }
        }
        if let Ok(imported) = read_any(text.as_bytes()) {
            drop(imported.reads_and_writes());
        }
    }
}

#[test]
fn a_reader_ends_as_soon_as_it_is_told_to() {
    let formats = [
        (HistoryFormat::Plume, "w(0,1,1,1)\n"),
        (HistoryFormat::Blocks, "w 1 1\n-----\n=====\n"),
        (HistoryFormat::Log, "hello\n"),
        (HistoryFormat::Edn, "{:process :nemesis, :type :info, :f :start}\n"),
    ];
    for (format, line) in formats {
        let text = line.repeat(10_000);
        let mut asked = 0;
        let read = read_until(text.as_bytes(), format, &mut || {
            asked += 1;
            asked == 3
        });
        assert_eq!(read.map(|_| ()).unwrap_err().problem, Problem::Stopped, "{format}");
        assert_eq!(asked, 3, "{format}");
    }
}

#[test]
fn keys_and_values_are_told_by_the_key_of_a_record_alone() {
    for (text, expected) in [
        ("{:process 0, :type :invoke, :f :get, :key \"x\", :value nil}", HistoryFormat::KeyValue),
        ("[#jepsen.history.Op{:key \"x\", :process 0, :type :invoke, :f :get}]", HistoryFormat::KeyValue),
        ("#_{:a 1} {:value {:a 1}, :process 0, :type :invoke, :key 1, :f :get}", HistoryFormat::KeyValue),
        // What begins like it, what stands inside a value, in a text, or in another record.
        ("{:process 3, :type :ok, :f :txn, :value [[:w :key 1]]}", HistoryFormat::Edn),
        ("{:process 3, :type :ok, :f :write, :value \"a\", :keyspace 3}", HistoryFormat::Edn),
        ("{:process 3, :type :ok, :f :write, :value :key}", HistoryFormat::Edn),
        ("{:process 3, :type :ok, :f :write, :value \":key }\"}", HistoryFormat::Edn),
        ("{:process 3, :type :ok, :f :write, :value {:key 1}}", HistoryFormat::Edn),
        ("{:process 3, :type :ok, :f :write} {:key 1}", HistoryFormat::Edn),
        ("[{:process 3, :type :ok, :value 1} ; :key", HistoryFormat::Edn),
    ] {
        assert_eq!(detect(text.as_bytes()), Some(expected), "{text}");
    }
}
