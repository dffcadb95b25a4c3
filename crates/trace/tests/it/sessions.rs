//! Sessions of transactions: what is held, what is refused, how they are written, and how a history becomes one.

use constellation_trace::history::Moment;
use constellation_trace::{
    Access, Act, Call, Completion, EventId, History, Key, NodeId, Operation, Outcome, ProcessId, Sessions,
    Timing, Transaction, TrueTime, Value,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn sketch(text: &str, expected: Expect) {
    expected
        .assert_eq(&Sessions::sketch(text).map_or_else(|error| error.to_string(), |read| read.to_string()));
}

#[test]
fn a_sketch_says_what_was_done() {
    sketch("", expect![[""]]);
    sketch(
        "pacific   w(x,1)  r(y,nil)\n\n atlantic  {r(x,1)  w(y,safe)}?  {}\nindian a(z,1)! r(z,[1, 2]) r(z,[])",
        expect![[r#"
            pacific   w(x,1)  r(y,nil)
            atlantic  {r(x,1) w(y,safe)}?  {}
            indian    a(z,1)!  r(z,[1,2])  r(z,[])"#]],
    );
    sketch(
        "pacific w(x,1)@1..4 r(x,1)@4..4\natlantic {r(x,1) w(x,2)}?@2..",
        expect![[r#"
        pacific   w(x,1)@1..4  r(x,1)@4..4
        atlantic  {r(x,1) w(x,2)}?@2.."#]],
    );
    // A number in another form is a text; so is one that does not fit.
    sketch(
        "pacific w(x,007) w(x,7) w(x,-1) w(x,4611686018427387903) w(x,4611686018427387904)",
        expect!["pacific  w(x,007)  w(x,7)  w(x,-1)  w(x,4611686018427387903)  w(x,4611686018427387904)"],
    );
}

#[test]
fn a_word_that_is_no_access_is_named() {
    for word in
        ["x", "w(x)", "w(x,1", "w(,1)", "w(x,)", "q(x,1)", "w(x,[1])", "w(x,1,2)", "{w(x,1)", "w(x,1)z"]
    {
        let error = Sessions::sketch(&format!("pacific r(x,1)\natlantic {word}")).expect_err(word);
        assert!(error.to_string().starts_with("line 2: `"), "{word}: {error}");
    }
    sketch(
        "pacific w(x,1\natlantic r(x,1)",
        expect!["line 1: `w(x,1` is no access: write r(x,1), w(x,1), a(x,1) or r(x,[1,2]), several in {…}"],
    );
    sketch("pacific w(x,1)\npacific r(x,1)", expect!["line 2: the session `pacific` has a line already"]);
    sketch(
        "pacific w(x,1)@1..2 r(x,1)",
        expect!["line 1: either all transactions have times or none has: add `@3..5`, or leave it out"],
    );
    sketch(
        "pacific w(x,1)@3",
        expect![
            "line 1: `w(x,1)@3` is no access: write r(x,1), w(x,1), a(x,1) or r(x,[1,2]), several in {…}"
        ],
    );
    sketch("pacific w(x,1)@5..2", expect!["line 1: a transaction that begins at 5 cannot end at 2"]);
    sketch(
        "pacific w(x,1)@1..5 w(x,2)@4..6",
        expect!["line 1: a transaction begins at 4, but the one before it in the session is over at 5 only"],
    );
}

#[test]
fn what_no_table_holds_is_refused_and_changes_nothing() {
    let mut sessions = Sessions::new(Timing::None);
    let other = Sessions::sketch("a w(x,safe) r(x,[1])").expect("readable");
    let [text, list] = [0, 1].map(|nth| other.accesses(other.ids().nth(nth).expect("two"))[0].value);
    let session = sessions.session("pacific").expect("one");
    let key = sessions.key("x").expect("one");
    let mut refused = |session, access| {
        let error = sessions.push(Transaction::untimed(session, Outcome::Committed), &[access]);
        assert!(sessions.is_empty(), "nothing has changed");
        error.expect_err("it is refused").to_string()
    };
    let one = Value::number(1).expect("small");
    let told = [
        refused(7, Access::read(key, one)),
        refused(session, Access::read(Key::new(3), one)),
        refused(session, Access::write(key, text)),
        refused(session, Access::read(key, list)),
        refused(session, Access { key, act: Act::ReadList, value: one }),
        refused(session, Access { key, act: Act::ReadList, value: Value::NOTHING }),
    ];
    expect![[r#"
        no session has the number 7
        no key has the number 3
        no table holds the value 0x4000000000000000
        no table holds the value 0x8000000000000000
        no table holds the value 0x1
        no table holds the value 0xffffffffffffffff"#]]
    .assert_eq(&told.join("\n"));
    assert!(sessions.hold_list(&[text]).is_err());
}

#[test]
fn without_times_none_is_before_another() {
    let read = Sessions::sketch("pacific w(x,1)\nindian r(x,1)").expect("readable");
    let [one, other] = [0, 1].map(|nth| read.transaction(read.ids().nth(nth).expect("two")));
    assert!(!one.is_before(&other) && !other.is_before(&one));
    let timed =
        Sessions::sketch("a w(x,1)@1..3\nb r(x,1)@3..4\nc r(x,1)@4..5\nd w(x,2)?@0..").expect("readable");
    let of = |nth| timed.transaction(timed.ids().nth(nth).expect("four"));
    assert!(!of(0).is_before(&of(1)), "they touch");
    assert!(of(0).is_before(&of(2)) && !of(3).is_before(&of(2)));
}

#[test]
fn a_part_keeps_names_and_order() {
    let all = Sessions::sketch("a w(x,1) w(x,safe) a(z,1)\nb r(x,safe) r(z,[1])").expect("readable");
    let ids: Vec<_> = all.ids().collect();
    let part = all.sub(&[ids[4], ids[1], ids[3], ids[1]]);
    expect![[r#"
        a  w(x,safe)
        b  r(x,safe)  r(z,[1])"#]]
    .assert_eq(&part.to_string());
    assert_eq!(part.keys(), all.keys());
    let pairs = Sessions::sketch("a {w(x,1) w(y,2) r(z,3)}\nb {r(x,1) r(y,2)}").expect("readable");
    let [one, other] = [0, 1].map(|nth| pairs.ids().nth(nth).expect("two"));
    let part = pairs.narrowed(&[(one, vec![0, 2]), (other, vec![1])]);
    expect![[r#"
        a  {w(x,1) r(z,3)}
        b  r(y,2)"#]]
    .assert_eq(&part.to_string());
}

#[test]
fn a_name_that_the_notation_cannot_hold_stands_in_quotes() {
    let mut sessions = Sessions::new(Timing::None);
    let (session, key) = (sessions.session("a b").expect("one"), sessions.key("x,\u{1b}[2J").expect("one"));
    let value = sessions.value("nil").expect("one");
    sessions
        .push(Transaction::untimed(session, Outcome::Committed), &[Access::write(key, value)])
        .expect("held");
    expect![[r#""a b"  w("x,\u{1b}[2J","nil")"#]].assert_eq(&sessions.to_string());
}

/// The sessions of a history whose operations are given with their session and their end, one after the other.
fn gathered(operations: Vec<(u32, Call, Option<Completion>)>) -> String {
    let moment = |event: u32| Moment { event: EventId::new(event), at: TrueTime::from_ns(u64::from(event)) };
    let operations = (1..).zip(operations).map(|(nth, (session, call, end))| Operation {
        client: NodeId::new(session),
        process: ProcessId::new(session),
        session,
        call,
        invoked: moment(nth * 10),
        completed: end.map(|completion| (moment(nth * 10 + 5), completion)),
    });
    match Sessions::of(&History::new(operations.collect())) {
        Err(error) => error.to_string(),
        Ok(sessions) => {
            let places: Vec<_> =
                sessions.ids().map(|id| sessions.operation(id).expect("of a history")).collect();
            format!("{sessions}\noperations {places:?}, {} say nothing", sessions.unsaid())
        }
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn each_operation_of_a_history_is_a_transaction() {
    let key = || text("x");
    let read = || Call::Read { key: key() };
    let shows = |values: &[&str]| Some(Completion::Shows(values.iter().map(|value| text(value)).collect()));
    let failed = || Some(Completion::Failed { reason: text("no") });
    let set = |value: &str| Call::CompareAndSet { key: key(), expected: text("1"), value: text(value) };
    expect![[r#"
        s0  w(x,1)@10..15  {r(x,1) w(x,2)}@40..45  {r(x,1) w(x,3)}!@50..55  w(x,4)?@90..
        s1  r(x,nil)@20..25  r(x,1)@30..35
        s3  w(x,5)?@100..
        s4  a(l,7)@110..115  r(l,[7,8])@120..125  r(l,[])@130..135
        operations [0, 1, 2, 3, 4, 8, 9, 10, 11, 12], 3 say nothing"#]]
    .assert_eq(&gathered(vec![
        (0, Call::Write { key: key(), value: text("1") }, Some(Completion::Done)),
        (1, read(), shows(&[])),
        (1, read(), shows(&["1"])),
        (0, set("2"), Some(Completion::Done)),
        (0, set("3"), failed()),
        (1, read(), failed()),
        (1, read(), None),
        (2, read(), Some(Completion::Done)),
        (0, Call::Write { key: key(), value: text("4") }, Some(Completion::Unknown { reason: text("time") })),
        (3, Call::Write { key: key(), value: text("5") }, None),
        (4, Call::Append { key: text("l"), value: text("7") }, Some(Completion::Done)),
        (4, Call::Read { key: text("l") }, shows(&["7", "8"])),
        (4, Call::Read { key: text("l") }, shows(&[])),
    ]));
}

#[test]
fn what_is_no_read_or_write_is_named() {
    let key = || text("x");
    let done = || Some(Completion::Done);
    let unfit = [
        vec![(0, Call::Add { key: key(), amount: 1 }, done())],
        vec![(0, Call::Other { name: text("lock"), argument: text("m") }, done())],
        vec![(0, Call::Read { key: key() }, Some(Completion::Shows(vec![text("1"), text("2")])))],
        vec![
            (0, Call::Append { key: key(), value: text("1") }, done()),
            (0, Call::Write { key: key(), value: text("2") }, done()),
        ],
    ];
    expect![[r#"
        operation 0 (`add 1 to x`) is neither a read nor a write
        operation 0 (`lock m`) is neither a read nor a write
        operation 0 (`read x`) shows 2 values, and a register holds one
        operation 1 (`write x = "2"`) writes to a key that others append to"#]]
    .assert_eq(&unfit.map(gathered).join("\n"));
    // The caller vouched for the sessions of a history made by hand, and was wrong.
    let moment = |event: u32| Moment { event: EventId::new(event), at: TrueTime::from_ns(u64::from(event)) };
    let read = |invoked, completed| Operation {
        client: NodeId::new(0),
        process: ProcessId::new(0),
        session: 0,
        call: Call::Read { key: key() },
        invoked: moment(invoked),
        completed: Some((moment(completed), Completion::Shows(Vec::new()))),
    };
    let error = Sessions::of(&History::new(vec![read(1, 5), read(4, 6)])).expect_err("they overlap");
    expect!["operation 1: a transaction begins at 4, but the one before it in the session is over at 5 only"]
        .assert_eq(&error.to_string());
}

/// Sessions with names and values that the notation must put in quotes.
fn strange() -> impl Strategy<Value = Sessions> {
    let text = || {
        prop_oneof![
            "[a-c0-9]{1,3}",
            Just("nil".to_owned()),
            Just(String::new()),
            "[ ,(){}\"'\\\\\\[\\]\n\t@!?\u{0}é\u{301}\u{202e}]{1,4}"
        ]
    };
    let access = (0..4_u8, text(), proptest::collection::vec(proptest::option::of(text()), 0..3));
    let transaction = (0..3_u8, proptest::collection::vec(access, 0..3));
    let lines = proptest::collection::vec((text(), proptest::collection::vec(transaction, 1..3)), 0..3);
    (lines, any::<bool>()).prop_map(|(lines, is_timed)| {
        let timing = if is_timed { Timing::Recorded } else { Timing::None };
        let mut sessions = Sessions::new(timing);
        for (nth, (name, transactions)) in lines.iter().enumerate() {
            let session = sessions.session(&format!("{name}{nth}")).unwrap();
            for (time, (outcome, accesses)) in (0_u64..).zip(transactions) {
                let accesses: Vec<Access> = accesses.iter().map(|one| entered(&mut sessions, one)).collect();
                let outcome = [Outcome::Committed, Outcome::Aborted, Outcome::Unknown][usize::from(*outcome)];
                let returned = if outcome == Outcome::Unknown { Transaction::NEVER } else { 2 * time + 1 };
                let transaction = Transaction { session, outcome, invoked: 2 * time, returned };
                sessions.push(transaction, &accesses).unwrap();
            }
        }
        sessions
    })
}

fn entered(sessions: &mut Sessions, (act, key, values): &(u8, String, Vec<Option<String>>)) -> Access {
    let key = sessions.key(key).unwrap();
    let value = |sessions: &mut Sessions, text: &Option<String>| {
        text.as_ref().map_or(Value::NOTHING, |text| sessions.value(text).unwrap())
    };
    let first = value(sessions, &values.first().cloned().flatten());
    match act {
        0 => Access::read(key, first),
        1 => Access::write(key, first),
        2 if first != Value::NOTHING => Access { key, act: Act::Append, value: first },
        _ => {
            let values: Vec<Value> = values.iter().map(|text| value(sessions, text)).collect();
            Access { key, act: Act::ReadList, value: sessions.hold_list(&values).unwrap() }
        }
    }
}

#[test]
fn a_name_or_value_that_the_notation_cannot_hold_stands_in_quotes() {
    let text =
        "\"the north\"  w(\"a key\",\"nil\")  r(\"a key\",nil)  w(x,nil)  append(y,1)  r(y,[1 \"a,b\", nil])";
    let sessions = Sessions::sketch(text).expect("all are accesses");
    expect![[
        r#"the north: "the north"  w("a key","nil")  r("a key",nil)  w(x,nil)  a(y,1)  r(y,[1,"a,b",nil])"#
    ]]
    .assert_eq(&format!("{}: {sessions}", sessions.sessions().text(0).unwrap()));
    for wrong in
        ["a  a(y,nil)", "a  r(y,[1\"2\"])", "a  r(y,[1,,2])", "a  w(y,\"1)", "a  w(y,\"\\q\")", "{ r(x,1)"]
    {
        assert!(Sessions::sketch(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(words in proptest::collection::vec("[rwa]\\((x|yaw),[0-9a-c]{1,3}\\)[!?]?", 0..8)) {
        let text = format!("pacific {}", words.join(" "));
        let read = Sessions::sketch(&text).expect("all are accesses");
        prop_assert_eq!(Sessions::sketch(&read.to_string()).expect("written by us").to_string(), read.to_string());
    }

    #[test]
    fn whatever_sessions_hold_is_written_and_read_again(sessions in strange()) {
        let text = sessions.to_string();
        let read = Sessions::sketch(&text);
        prop_assert!(read.is_ok(), "{text}\n{read:?}");
        let read = read.expect("just asked");
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(read.sessions(), sessions.sessions());
        for (one, other) in sessions.lines().iter().flatten().zip(read.lines().iter().flatten()) {
            prop_assert_eq!(read.show(*other), sessions.show(*one));
            prop_assert_eq!(read.transaction(*other).outcome, sessions.transaction(*one).outcome);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z{}()\\[\\],!?@. 0-9\n\u{e9}]{0,40}") {
        let _ = Sessions::sketch(&text);
    }
}

#[test]
fn a_history_becomes_no_more_than_somebody_waits_for() {
    let moment = |at: u64| Moment { event: EventId::new(at as u32), at: TrueTime::from_ns(at) };
    let read = |nth: u64| Operation {
        client: NodeId::new(0),
        process: ProcessId::new(0),
        session: 0,
        call: Call::Read { key: "x".to_owned() },
        invoked: moment(nth * 2),
        completed: Some((moment(nth * 2 + 1), Completion::Shows(Vec::new()))),
    };
    let history = History::new((0..10_000).map(read).collect());
    let mut asked = 0;
    let mut stop = || {
        asked += 1;
        asked == 3
    };
    let stopped = Sessions::of_until(&history, |_| "a", &mut stop).unwrap_err();
    assert_eq!(stopped.to_string(), "nobody waited for more than 3071 operations");
    assert_eq!(Sessions::of_until(&history, |_| "a", &mut || false).unwrap().len(), 10_000);
}
