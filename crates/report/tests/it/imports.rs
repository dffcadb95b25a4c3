//! Somebody else's log is drawn with the orders that it tells, no more and no fewer.

use constellation_report::Caption;
use constellation_report::import::{Imported, clocks};
use constellation_trace::format::shiviz::{Options, read};
use constellation_trace::{ClaimKind, EventId, Trace};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::exports::{leads, log};
use crate::random;

fn imported(text: &str) -> Imported {
    let log = read(text.as_bytes(), &Options::default()).expect("a log");
    clocks::import(&log.executions[0]).expect("it is small")
}

/// Whether an event is before another, or is it, by the order of its node and by edges but the one left out.
fn is_before(imported: &Imported, without: Option<usize>, from: EventId, to: EventId) -> bool {
    if from >= to {
        return from == to;
    }
    let trace = &imported.trace;
    let mut previous = (from.number()..to.number()).rev().map(EventId::new);
    let previous = previous.find(|other| trace.node_of(*other) == trace.node_of(to));
    let edges =
        imported.edges.iter().enumerate().filter(|(nth, edge)| edge.to == to && Some(*nth) != without);
    previous
        .into_iter()
        .chain(edges.map(|(_, edge)| edge.from))
        .any(|cause| is_before(imported, without, from, cause))
}

fn differs(trace: &Trace, imported: &Imported, without: Option<usize>) -> Option<(EventId, EventId)> {
    let pairs = trace.event_ids().flat_map(|one| trace.event_ids().map(move |other| (one, other)));
    let at = |event: EventId| imported.events[event.index()];
    let mut pairs = pairs.filter(|(one, other)| one < other);
    pairs
        .find(|(one, other)| leads(trace, *one, *other) != is_before(imported, without, at(*one), at(*other)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_of_sound_clocks_is_drawn_with_its_very_order_and_no_arrow_too_many(trace in random::traces()) {
        prop_assume!(!trace.events().is_empty() && trace.events().len() < 25);
        let imported = imported(&log(&trace));
        prop_assert_eq!(differs(&trace, &imported, None), None);
        for nth in 0..imported.edges.len() {
            prop_assert!(differs(&trace, &imported, Some(nth)).is_some(), "arrow {} says nothing", nth);
        }
        let picture = imported.picture(&[], Caption::default());
        prop_assert!(picture.is_ok(), "{:?}", picture.err());
    }
}

fn check(text: &str, expected: &Expect) {
    let imported = imported(text);
    imported.picture(&[], Caption::default()).expect("its arrows lead on");
    let trace = &imported.trace;
    let mut shown = String::new();
    for event in trace.event_ids() {
        let stamps = trace.witness(event).stamps.join(", ");
        let edges = imported.edges.iter().filter(|edge| edge.to == event);
        let from: Vec<String> = edges.map(|edge| format!(" ← {}", edge.from)).collect();
        let node = trace.node_name(trace.node_of(event));
        shown.push_str(&format!(
            "{event} {} {node} {}: {stamps}{}\n",
            trace.event(event).at,
            trace.describe(event),
            from.concat()
        ));
    }
    let known = ["when anything happened", "what was sent"];
    let unknown = imported.unknown.iter().filter(|line| !known.iter().any(|start| line.starts_with(start)));
    unknown.chain(&imported.remarks).for_each(|line| shown.push_str(&format!("· {line}\n")));
    expected.assert_eq(&shown);
}

#[test]
fn an_arrow_leads_from_what_a_clock_newly_names_unless_another_has_seen_it() {
    check(
        "c hears b, which had heard a\nc {\"c\":1,\"b\":1,\"a\":1}\na\na {\"a\":1}\nb\nb {\"b\":1,\"a\":1}\nc again\nc {\"c\":2,\"b\":1,\"a\":1}\n",
        &expect![[r#"
            e0 +0.001000s a a: vector {a:1}
            e1 +0.002000s b b: vector {a:1 b:1} ← e0
            e2 +0.003000s c c hears b, which had heard a: vector {a:1 b:1 c:1} ← e1
            e3 +0.004000s c c again: vector {a:1 b:1 c:2}
        "#]],
    );
}

#[test]
fn clocks_that_lead_round_are_drawn_without_the_arrow_that_closes_the_circle() {
    check(
        "a1\na {\"a\":1,\"b\":1}\nb1\nb {\"b\":1,\"a\":1}\nc1\nc {\"c\":1,\"b\":1,\"a\":1}\n",
        &expect![[r#"
            e0 +0.001000s a a1: vector {a:1 b:1}
            e1 +0.002000s b b1: vector {a:1 b:1} ← e0
            e2 +0.003000s c c1: vector {a:1 b:1 c:1} ← e1
            · which clock is wrong of those that lead round: 1 arrow that would close a circle is not drawn
        "#]],
    );
    // Three in a ring, twice.
    check(
        "a1\na {\"a\":1,\"c\":1}\nb1\nb {\"b\":1,\"a\":1}\nc1\nc {\"c\":1,\"b\":1}\nd\nd {\"d\":1,\"e\":1}\ne\ne {\"d\":1,\"e\":1}\n",
        &expect![[r#"
            e0 +0.001000s a a1: vector {a:1 c:1}
            e1 +0.001000s d d: vector {d:1 e:1}
            e2 +0.002000s b b1: vector {a:1 b:1} ← e0
            e3 +0.002000s e e: vector {d:1 e:1} ← e1
            e4 +0.003000s c c1: vector {b:1 c:1} ← e2
            · which clock is wrong of those that lead round: 2 arrows that would close a circle are not drawn
        "#]],
    );
}

#[test]
fn what_is_wrong_is_drawn_as_far_as_it_goes() {
    check(
        "no own\na {\"b\":1}\na1\na {\"a\":1}\na1 again\na {\"a\":1,\"b\":7}\nghost\nb {\"b\":1,\"z\":3}\nunreadable\nb {\"b\":x}\ngap\nb {\"b\":4}\n",
        &expect![[r#"
            e0 +0.001000s b ghost: vector {b:1 z:3}
            e1 +0.002000s a no own: vector {b:1} ← e0
            e2 +0.002000s b gap: vector {b:4}
            e3 +0.003000s a a1: vector {a:1}
            e4 +0.004000s a a1 again: vector {a:1 b:7}
            · 1 clock that cannot be read, of events that are not drawn
        "#]],
    );
}

#[test]
fn a_host_is_called_as_nearly_as_it_can_be() {
    check(
        "x\npacific {\"pacific\":1}\ny\npacific#1 {\"pacific#1\":1}\nz\npacific_(#1) {\"pacific_(#1)\":1}\n",
        &expect![[r#"
            e0 +0.001000s pacific x: vector {pacific:1}
            e1 +0.001000s pacific (#1) y: vector {pacific#1:1}
            e2 +0.001000s pacific_(#1) z: vector {pacific_(#1):1}
        "#]],
    );
    let names = imported("x\na#1 {\"a#1\":1}\ny\na {\"a\":1}\n");
    assert_eq!(names.trace.nodes().iter().collect::<Vec<_>>(), ["a (#1)", "a"]);
}

#[test]
fn times_that_a_log_has_are_what_a_wall_clock_showed() {
    let imported = imported("1700000000000000000 ask\na {\"a\":1}\n12 answer\nb {\"a\":1, \"b\":1}\n");
    let walls: Vec<EventId> = imported.trace.claims(ClaimKind::Wall).map(|(event, _)| event).collect();
    assert_eq!(walls, [EventId::new(0)], "12 is no time since 1970");
    expect!["answer (timestamp 12)"].assert_eq(imported.trace.label(EventId::new(1)));
}
