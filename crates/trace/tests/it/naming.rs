//! Names, and the sets of relations.

use constellation_trace::ids::nearest;
use constellation_trace::{EventId, MessageId, Names, Relation, Relations};

const OCEANS: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];

#[test]
fn a_misspelt_name_is_guessed_and_a_foreign_one_is_not() {
    let check = |wrong: &str, expected: Option<&str>| assert_eq!(nearest(wrong, OCEANS), expected, "{wrong}");
    check("pacific", Some("pacific"));
    check("PACIFIC", Some("pacific"));
    check("pcaific", Some("pacific"));
    check("indian-ocean", Some("indian_ocean"));
    check("antartic", Some("antarctic"));
    check("moon", None);
    check("", None);
    check(&"pacific".repeat(100), None);
}

#[test]
fn of_two_equally_near_names_the_first_is_guessed() {
    assert_eq!(nearest("node_c", ["node_a", "node_b"]), Some("node_a"));
    assert_eq!(nearest("node_c", ["node_b", "node_a"]), Some("node_b"));
    assert_eq!(nearest("anything", []), None);
    assert_eq!(nearest("g", ["a", "b"]), None);
    assert_eq!(nearest("A", ["a", "b"]), Some("a"));
    assert_eq!(nearest("n1", ["n2"]), Some("n2"));
}

#[test]
fn a_name_has_one_number_and_a_number_one_name() {
    let mut names: Names = ["b", "a", "b"].into_iter().collect();
    assert_eq!(names.iter().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!((names.intern("a"), names.intern("c"), names.len()), (Some(1), Some(2), 3));
    assert_eq!((names.find("c"), names.find("d")), (Some(2), None));
    assert_eq!((names.text(0), names.text(3)), (Some("b"), None));
    assert!(Names::new().is_empty());
}

#[test]
fn ids_are_told_by_their_kind() {
    assert_eq!((EventId::new(3).to_string(), MessageId::new(3).to_string()), ("e3".into(), "m3".into()));
}

#[test]
fn a_set_of_relations_says_what_is_not_excluded() {
    let weak = Relations::of([Relation::Before, Relation::Concurrent]);
    assert_eq!(weak.to_string(), "before or concurrent");
    assert!(weak.contains(Relation::Before) && !weak.contains(Relation::After));
    assert_eq!(weak.single(), None);
    assert_eq!(Relations::from(Relation::After).single(), Some(Relation::After));
    assert_eq!(Relations::NONE.to_string(), "nothing");
    assert_eq!(Relations::NONE.single(), None);
    assert_eq!(Relations::ANY.iter().collect::<Vec<_>>(), Relation::ALL);
    assert_eq!(Relations::of(Relation::ALL), Relations::ANY);
}

#[test]
fn seen_from_the_other_event_a_relation_is_reversed() {
    let signs = |relation: Relation| (relation.sign(), relation.reverse().sign(), relation.to_string());
    assert_eq!(signs(Relation::Before), ("<", ">", "before".into()));
    assert_eq!(signs(Relation::After), (">", "<", "after".into()));
    assert_eq!(signs(Relation::Equal), ("=", "=", "equal".into()));
    assert_eq!(signs(Relation::Concurrent), ("||", "||", "concurrent".into()));
    assert!(Relation::ALL.iter().all(|relation| relation.reverse().reverse() == *relation));
}

#[test]
fn no_text_turns_the_line_that_it_stands_in() {
    let turned = "nadir\u{202e}rotinom\u{2066}\u{200b}\u{feff}\u{2028}end";
    let expected = r"nadir\u{202e}rotinom\u{2066}\u{200b}\u{feff}\u{2028}end";
    assert_eq!(constellation_trace::one_line(turned), expected);
    // What other scripts and pictures need stays.
    for plain in ["שלום", "می\u{200c}خواهم", "👩\u{200d}🚀", "é", "✓"] {
        assert_eq!(constellation_trace::one_line(plain), plain);
    }
}
