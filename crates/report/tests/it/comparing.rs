//! Two runs are alike as far as the same happens, whatever the time, and go apart where it does not.

use constellation_report::compare::{Comparison, compare};
use constellation_report::{Caption, Picture, page};
use constellation_trace::{Trace, sketch};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::pages::between;
use crate::random;

fn check(one: &str, other: &str, expected: Expect) {
    let [one, other] = [one, other].map(|text| sketch::parse(text).expect("a sketch"));
    let there = told(&one, &other);
    // Whoever asks the other way round is told the same.
    let mut back: Vec<String> = told(&other, &one).lines().map(str::to_owned).collect();
    back[1..].reverse();
    assert_eq!(back.join("\n"), there);
    expected.assert_eq(&there);
}

fn told(one: &Trace, other: &Trace) -> String {
    let Comparison { alike, parting, .. } = compare(one, other);
    let lines = parting.map_or_else(Vec::new, |parting| parting.told(one, other).to_vec());
    [vec![format!("{alike} alike")], lines].concat().join("\n")
}

#[test]
fn two_runs_go_apart_where_the_first_differs() {
    check("pacific  a m! b\nindian   c m? d", "pacific  a m! b\nindian   c m? d", expect!["6 alike"]);
    check(
        "pacific  a m! b\nindian   c m? d",
        "pacific  a m! b\nindian   c m? e",
        expect![[r#"
            5 alike
            e5 indian: d
            e5 indian: e"#]],
    );
    check(
        "pacific  a m! b\nindian   c m?",
        "pacific  a m! b n!\nindian   c m? n?",
        expect![[r#"
            5 alike
            nothing more happens there
            e3 pacific: n!"#]],
    );
}

#[test]
fn the_same_word_from_somebody_else_is_another_message() {
    check(
        "pacific  m!\nindian   n!\natlantic m? n?",
        "pacific  m!\nindian   n!\natlantic n? m?",
        expect![[r#"
            2 alike
            e2 atlantic: m?
            e2 atlantic: n?"#]],
    );
}

#[test]
fn a_process_that_the_other_run_does_not_have_is_a_difference() {
    check(
        "pacific  a",
        "pacific  a\nindian   b",
        expect![[r#"
            1 alike
            nothing more happens there
            e1 indian: b"#]],
    );
}

#[test]
fn a_page_beside_another_holds_both() {
    let [one, other] = ["pacific  a b", "pacific  a c"].map(|text| sketch::parse(text).expect("a sketch"));
    let [one, other] = [&one, &other].map(|trace| Picture::new(trace, &[], Caption::default()));
    let html = |other: Option<&Picture<'_>>| {
        let mut html = Vec::new();
        match other {
            Some(other) => page::write_beside(&one, other, &mut html),
            None => page::write(&one, &mut html),
        }
        .expect("a vector takes it");
        String::from_utf8(html).expect("a page is text")
    };
    let (alone, both) = (html(None), html(Some(&other)));
    let columns = |which: &str| between(&both, &format!("id=\"columns{which}\">"), "</script>").to_owned();
    assert_ne!(columns(""), columns("-other"));
    let facts = between(&both, "<script type=\"application/json\" id=\"facts-other\">", "</script>");
    assert!(serde_json::from_str::<serde_json::Value>(facts).is_ok());
    // The rest of the page is that of the first alone.
    let (start, rest) =
        both.split_once("<script type=\"application/json\" id=\"facts-other\">").expect("it has one");
    let (_, end) = rest.split_once("<script>").expect("its script");
    assert_eq!(format!("{start}<script>{end}"), alone);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_is_like_itself(trace in random::traces()) {
        let comparison = compare(&trace, &trace);
        prop_assert_eq!(comparison.parting, None);
        prop_assert_eq!(comparison.alike, trace.events().len());
    }
}
