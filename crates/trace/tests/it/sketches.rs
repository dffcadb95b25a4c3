//! The fixture language says what it means, or why it cannot.

use constellation_trace::{Trace, sketch};
use expect_test::{Expect, expect};

/// Each event in the order of recording, with its node, what it is and its claims.
fn show(trace: &Trace) -> String {
    let line = |event| {
        let witness = trace.witness(event);
        let does = if trace.event(event).sends.is_empty() {
            String::new()
        } else {
            let sends = trace.event(event).sends.iter();
            let sends: Vec<_> =
                sends.map(|id| format!("{id}>{}", trace.node_name(trace.message(id).to))).collect();
            format!(" [{}]", sends.join(" "))
        };
        format!("{event} {} {}{does} {}", witness.process, witness.what, witness.stamps.join(" "))
            .trim_end()
            .to_owned()
    };
    trace.event_ids().map(line).collect::<Vec<_>>().join("\n")
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&sketch::parse(text).map_or_else(|error| error.to_string(), |trace| show(&trace)));
}

#[test]
fn lines_are_told_as_far_as_their_causes_allow() {
    check("", expect![""]);
    check(
        "pacific a m! b\n\nindian c m? d",
        expect![[r#"
        e0 pacific a
        e1 pacific m! [m0>indian]
        e2 pacific b
        e3 indian c
        e4 indian m?
        e5 indian d"#]],
    );
    check(
        "x m? a\ny n? m!\nz n!",
        expect![[r#"
        e0 z n! [m0>y]
        e1 y n?
        e2 y m! [m1>x]
        e3 x m?
        e4 x a"#]],
    );
}

#[test]
fn a_message_goes_to_all_who_receive_it_or_is_lost_on_the_next() {
    check(
        "a m!\nb m? m?\nc m?",
        expect![[r#"
        e0 a m! [m0>b m1>c]
        e1 b m?
        e2 b m?
        e3 c m?"#]],
    );
    check(
        "a m!\nb x",
        expect![[r#"
        e0 a m! [m0>b]
        e1 b x"#]],
    );
}

#[test]
fn claims_and_crashes_are_read() {
    check(
        "a x=7 y=1,0 CRASH RESTART z",
        expect!["`y`: a claim is a word, `=`, and one number or as many as there are lines, with commas"],
    );
    check(
        "a x=7 y=1,0 CRASH RESTART z\nb",
        expect![[r#"
        e0 a x lamport 7
        e1 a y vector {a:1}
        e2 a CRASH
        e3 a#1 RESTART
        e4 a#1 z"#]],
    );
}

#[test]
fn what_cannot_be_read_or_happen_is_named() {
    check(
        "a x=one",
        expect!["`x=one`: a claim is a word, `=`, and one number or as many as there are lines, with commas"],
    );
    check(
        "a x=",
        expect!["`x=`: a claim is a word, `=`, and one number or as many as there are lines, with commas"],
    );
    check(
        "a =5",
        expect!["`=5`: a claim is a word, `=`, and one number or as many as there are lines, with commas"],
    );
    check(
        "a x=1,2",
        expect!["`x`: a claim is a word, `=`, and one number or as many as there are lines, with commas"],
    );
    check("a m! m!", expect!["`m!` is sent twice"]);
    check("a m?", expect!["`m?` never happens: nobody sends it, or its cause comes after it"]);
    check("a m? n!\nb n? m!", expect!["`m?` never happens: nobody sends it, or its cause comes after it"]);
    check("a x\na y", expect!["node `a` is named twice"]);
    check("a CRASH x", expect!["node number 0 has crashed and not restarted"]);
    check("a RESTART", expect!["node number 0 restarts without having crashed"]);
}

#[test]
fn a_word_finds_its_first_event() {
    let trace = sketch::parse("a x y x").expect("it can be read");
    assert_eq!(sketch::find(&trace, "x").map(|event| event.number()), Some(0));
    assert_eq!(sketch::find(&trace, "z"), None);
}
