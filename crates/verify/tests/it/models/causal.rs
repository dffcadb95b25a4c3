//! Causal consistency: what it forbids, what it lets be, and that its twin agrees.

use expect_test::{Expect, expect};

use super::{judge, sessions, told, twin};

fn check(sketch: &str, expected: Expect) {
    let sessions = sessions(sketch);
    let finding = judge("causal", &sessions);
    assert_eq!(finding.word() == "violated", !twin::causal(&sessions), "the twin disagrees on\n{sessions}");
    expected.assert_eq(&told(&sessions, &finding));
}

#[test]
fn an_effect_is_not_seen_without_its_cause() {
    check(
        "pacific w(x,1)\natlantic r(x,1) w(y,1)\nindian r(y,1) r(x,nil)",
        expect![[r#"
            violated: indian r(x,nil) reads as x the initial value, which pacific w(x,1) in its past had overwritten
              pacific w(x,1) before atlantic r(x,1): its x is read
              atlantic r(x,1) before atlantic w(y,1): the same session
              atlantic w(y,1) before indian r(y,1): its y is read
              indian r(y,1) before indian r(x,nil): the same session
              indian r(x,nil) before pacific w(x,1): it reads an older x"#]],
    );
    check(
        "pacific w(x,1) w(x,2) w(y,1)\nindian r(y,1) r(x,1)",
        expect![[r#"
            violated: indian r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) in its past had overwritten
              pacific w(x,2) before pacific w(y,1): the same session
              pacific w(y,1) before indian r(y,1): its y is read
              indian r(y,1) before indian r(x,1): the same session
              indian r(x,1) before pacific w(x,2): it reads an older x
              since pacific w(x,1) before pacific w(x,2): the same session"#]],
    );
}

#[test]
fn the_initial_value_is_older_than_all_of_ones_own() {
    check(
        "pacific w(x,1) r(x,nil)",
        expect![[r#"
        violated: pacific r(x,nil) reads as x the initial value, which pacific w(x,1) in its past had overwritten
          pacific w(x,1) before pacific r(x,nil): the same session
          pacific r(x,nil) before pacific w(x,1): it reads an older x"#]],
    );
    check("pacific r(x,nil) w(x,1) r(x,1)", expect!["holds"]);
}

#[test]
fn nothing_is_its_own_cause() {
    check(
        "pacific r(x,1) w(y,1)\nindian r(y,1) w(x,1)",
        expect![[r#"
        violated: each of these is a cause of the next, and the last of the first
          pacific r(x,1) before pacific w(y,1): the same session
          pacific w(y,1) before indian r(y,1): its y is read
          indian r(y,1) before indian w(x,1): the same session
          indian w(x,1) before pacific r(x,1): its x is read"#]],
    );
    check(
        "pacific r(x,1) w(x,1)",
        expect![[r#"
        violated: each of these is a cause of the next, and the last of the first
          pacific r(x,1) before pacific w(x,1): the same session
          pacific w(x,1) before pacific r(x,1): its x is read"#]],
    );
    check(
        "pacific {r(x,1) w(x,1)}",
        expect!["violated: pacific {r(x,1) w(x,1)} reads x = 1, which it writes itself only afterwards"],
    );
}

#[test]
fn what_nobody_wrote_for_good_is_not_read() {
    check("pacific r(x,7)", expect!["violated: pacific r(x,7) reads x = 7, which nobody wrote"]);
    check(
        "pacific w(x,1)!\nindian r(x,1)",
        expect!["violated: indian r(x,1) reads x = 1, which only an aborted transaction wrote"],
    );
    check(
        "pacific {w(x,1) w(x,2)}\nindian r(x,1)",
        expect!["violated: indian r(x,1) reads x = 1, which its writer overwrote itself before the end"],
    );
    check(
        "pacific {w(x,1) r(x,nil)}",
        expect!["violated: pacific {w(x,1) r(x,nil)} reads x = nil, after writing another value itself"],
    );
    check(
        "pacific w(x,1)\natlantic w(x,2)\nindian {r(x,1) r(x,2)}",
        expect!["violated: indian {r(x,1) r(x,2)} reads x = 2, and another value before"],
    );
}

#[test]
fn a_transaction_is_seen_whole() {
    check(
        "pacific {w(x,1) w(y,1)}\nindian {r(x,1) r(y,nil)}",
        expect![[r#"
        violated: indian {r(x,1) r(y,nil)} reads as y the initial value, which pacific {w(x,1) w(y,1)} in its past had overwritten
          pacific {w(x,1) w(y,1)} before indian {r(x,1) r(y,nil)}: its x is read
          indian {r(x,1) r(y,nil)} before pacific {w(x,1) w(y,1)}: it reads an older y"#]],
    );
    check("pacific {w(x,1) w(y,1)}\nindian {r(x,1) r(y,1) r(x,1)}", expect!["holds"]);
    check("pacific {r(x,nil) w(x,1) r(x,1) w(x,2)}\nindian r(x,2)", expect!["holds"]);
}

#[test]
fn one_order_of_the_past_explains_all_that_a_transaction_reads() {
    check(
        "a {w(x,1) w(y,1)}\nb {w(x,2) w(y,2)}\nc {r(x,1) r(y,2)}",
        expect![[r#"
        violated: no one order of its past explains all that c {r(x,1) r(y,2)} reads
          a {w(x,1) w(y,1)} before b {w(x,2) w(y,2)}: c {r(x,1) r(y,2)} knows its y, yet reads the other's
          b {w(x,2) w(y,2)} before a {w(x,1) w(y,1)}: c {r(x,1) r(y,2)} knows its x, yet reads the other's
          since a {w(x,1) w(y,1)} before c {r(x,1) r(y,2)}: its x is read
          since b {w(x,2) w(y,2)} before c {r(x,1) r(y,2)}: its y is read"#]],
    );
    check(
        "a {w(x,1) w(y,1)} w(z,1)\nb {w(x,2) w(y,2)}\nc r(z,1) {r(x,1) r(y,2)}",
        expect![[r#"
        violated: no one order of its past explains all that c {r(x,1) r(y,2)} reads
          a {w(x,1) w(y,1)} before b {w(x,2) w(y,2)}: c {r(x,1) r(y,2)} knows its y, yet reads the other's
          b {w(x,2) w(y,2)} before a {w(x,1) w(y,1)}: c {r(x,1) r(y,2)} knows its x, yet reads the other's
          since a {w(x,1) w(y,1)} before a w(z,1): the same session
          since a w(z,1) before c r(z,1): its z is read
          since c r(z,1) before c {r(x,1) r(y,2)}: the same session
          since b {w(x,2) w(y,2)} before c {r(x,1) r(y,2)}: its y is read"#]],
    );
    // Two transactions may each have their own.
    check(
        "a {w(x,1) w(y,1)}\nb {w(x,2) w(y,2)}\nc {r(x,1) r(y,1)} {r(x,2) r(y,2)} {r(x,1) r(y,1)}",
        expect!["holds"],
    );
}

#[test]
fn concurrent_writes_have_no_order_here() {
    check("pacific w(x,1)\natlantic w(x,2)\nindian r(x,1) r(x,2) r(x,1)", expect!["holds"]);
    // Store buffering: each misses the other's write, of which it knows nothing.
    check("pacific w(x,1) r(y,nil)\nindian w(y,1) r(x,nil)", expect!["holds"]);
}

#[test]
fn an_unknown_write_counts_once_it_is_read() {
    check("pacific w(x,1) w(x,2)?\nindian r(x,1)", expect!["holds"]);
    check(
        "pacific w(x,1) w(x,2)?\nindian r(x,2) r(x,1)",
        expect![[r#"
        violated: indian r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2)? in its past had overwritten
          pacific w(x,2)? before indian r(x,2): its x is read
          indian r(x,2) before indian r(x,1): the same session
          indian r(x,1) before pacific w(x,2)?: it reads an older x
          since pacific w(x,1) before pacific w(x,2)?: the same session"#]],
    );
    // It counts for what reads from it through others, too.
    check(
        "pacific w(x,1) w(x,2)? {r(x,2) w(y,1)}?\nindian r(y,1) r(x,1)",
        expect![[r#"
        violated: indian r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2)? in its past had overwritten
          pacific w(x,2)? before pacific {r(x,2) w(y,1)}?: the same session
          pacific {r(x,2) w(y,1)}? before indian r(y,1): its y is read
          indian r(y,1) before indian r(x,1): the same session
          indian r(x,1) before pacific w(x,2)?: it reads an older x
          since pacific w(x,1) before pacific w(x,2)?: the same session"#]],
    );
}

#[test]
fn which_of_two_writes_was_read_is_tried_not_guessed() {
    let unknown = |sketch, expected: Expect| {
        let sessions = sessions(sketch);
        expected.assert_eq(&told(&sessions, &judge("causal", &sessions)));
    };
    unknown("pacific w(x,1)\nindian w(x,1) r(x,1)", expect!["holds"]);
    unknown("pacific w(x,nil)\nindian r(x,nil)", expect!["holds"]);
    // What is wrong without that read is wrong.
    unknown(
        "pacific w(x,1)\nindian w(x,1) r(x,1) r(y,1)",
        expect!["violated: indian r(y,1) reads y = 1, which nobody wrote"],
    );
    // Two writes of one value that nobody reads are no question, nor are two of one transaction.
    unknown("pacific w(x,1) w(x,1) w(x,2)\nindian r(x,2)", expect!["holds"]);
    unknown("pacific {w(x,1) w(x,1)}\nindian r(x,1)", expect!["holds"]);
}

#[test]
fn who_makes_an_unknown_write_count_is_named() {
    let last = "d r(q,1) r(x,1)";
    let named = |model, sketch: &str| {
        let sessions = sessions(sketch);
        let finding = judge(model, &sessions);
        let constellation_verify::models::Finding::Violated(anomaly) = &finding else {
            panic!("{model} of {sketch}: {finding:?}");
        };
        let mut ids = anomaly.transactions.clone();
        ids.sort_unstable();
        ids.iter().map(|id| sessions.show(*id)).collect::<Vec<_>>().join(", ")
    };
    for model in ["causal", "sequential"] {
        let direct = format!("a w(x,1) w(x,2)? w(q,1)\nc r(x,2)\n{last}");
        assert_eq!(named(model, &direct), "w(x,1), w(x,2)?, w(q,1), r(x,2), r(q,1), r(x,1)", "{model}");
    }
    let through = format!("a w(x,1) w(x,2)? w(q,1)\nb {{r(x,2) w(y,1)}}?\nc r(y,1)\n{last}");
    assert_eq!(
        named("causal", &through),
        "w(x,1), w(x,2)?, w(q,1), {r(x,2) w(y,1)}?, r(y,1), r(q,1), r(x,1)"
    );
}
