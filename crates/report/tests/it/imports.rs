//! Somebody else's log is drawn with the orders that it tells, no more and no fewer.

use constellation_report::Caption;
use constellation_report::import::{Imported, clocks, spans};
use constellation_trace::format::shiviz::{Options, read};
use constellation_trace::log::Place;
use constellation_trace::spans::{Span, SpanOrder, SpanReason, Spans};
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

fn span(service: u32, id: u8, start: u64, end: Option<u64>) -> Span {
    let mut span = Span::new(service, [1; 16], [id; 8], start, Place::default());
    span.name = format!("s{id}");
    span.end_ns = end;
    span
}

fn services(names: &[&str]) -> Spans {
    let mut spans = Spans::default();
    for name in names {
        spans.services.intern(name).expect("a few");
    }
    spans
}

fn parent(earlier: u32, later: u32) -> SpanOrder {
    SpanOrder { earlier, later, why: SpanReason::Parent }
}

fn check_spans(spans: &Spans, offsets: Option<&[u64]>, expected: &Expect) {
    let imported = spans::import(spans, offsets).expect("they are few");
    let picture = imported.picture(&[], Caption::default()).expect("its arrows lead on");
    let trace = &imported.trace;
    let mut shown = String::new();
    for event in trace.event_ids() {
        let edges = imported.edges.iter().filter(|edge| edge.to == event);
        let from: Vec<String> = edges.map(|edge| format!(" ← {} {}", edge.why, edge.from)).collect();
        let lane = picture.lane_names()[picture.lane(trace.node_of(event)) as usize].to_owned();
        let stamps = trace.witness(event).stamps.join(", ");
        let (at, label) = (trace.event(event).at, trace.label(event));
        shown.push_str(&format!("{event} {at} {lane} {label}: {stamps}{}\n", from.concat()));
    }
    for line in imported.unknown.iter().skip(2).chain(&imported.remarks) {
        shown.push_str(&format!("· {line}\n"));
    }
    expected.assert_eq(&shown);
}

#[test]
fn only_the_orders_that_are_sure_are_drawn_and_spans_of_a_service_run_side_by_side() {
    let mut spans = services(&["front", "back"]);
    spans.spans = vec![
        span(0, 1, 1_000_000, Some(2_000_000)),
        // It ends after its parent, which is no wonder.
        span(1, 2, 1_500_000, Some(9_000_000)),
        span(1, 3, 1_600_000, None),
    ];
    spans.orders = vec![parent(0, 1), SpanOrder { earlier: 1, later: 2, why: SpanReason::Link }];
    spans.parents_missing = 2;
    spans.repeated = 1;
    check_spans(
        &spans,
        Some(&[0, 0]),
        &expect![[r#"
        e0 +0.000000s front s1: wall 00:00:00.001Z
        e1 +0.000500s back s2: wall 00:00:00.001Z ← parent e0
        e2 +0.000600s back s3: wall 00:00:00.001Z
        e3 +0.001000s front ends: wall 00:00:00.002Z
        e4 +0.008000s back ends: wall 00:00:00.009Z
        · which of a span and one that it links to began first: a link may be added until its span ends
        · when spans without an end got to know what they link to: 1 link is not drawn
        · what came before the spans of which 2 parents are not in the file
        · when anything truly happened: times are those of each service's own clock
        · 1 span without an end
        · 1 span stood there once more and is left out
    "#]],
    );
    let imported = spans::import(&spans, Some(&[0, 0])).expect("they are few");
    // The end of the parent and that of its child: nothing orders them, nor the two spans of `back`.
    let [parent_end, child_end] = [3, 4].map(EventId::new);
    assert!(!is_before(&imported, None, parent_end, child_end));
    assert!(is_before(&imported, None, EventId::new(0), EventId::new(1)));
    assert!(!is_before(&imported, None, EventId::new(1), EventId::new(2)));
    assert!(!is_before(&imported, Some(0), EventId::new(0), EventId::new(1)));
}

#[test]
fn a_link_is_drawn_to_the_end_of_the_span_that_has_it_also_where_two_link_to_each_other() {
    let mut spans = services(&["front", "back"]);
    // The second begins, by its clock, when the first ends, and stands before it in rank.
    spans.spans = vec![span(1, 1, 1_000_000, Some(2_000_000)), span(0, 2, 2_000_000, Some(3_000_000))];
    let link = |earlier, later| SpanOrder { earlier, later, why: SpanReason::Link };
    spans.orders = vec![link(1, 0), link(0, 1)];
    check_spans(
        &spans,
        Some(&[0, 0]),
        &expect![[r#"
        e0 +0.000000s back s1: wall 00:00:00.001Z
        e1 +0.001000s front s2: wall 00:00:00.002Z
        e2 +0.001000s back ends: wall 00:00:00.002Z ← link e1
        e3 +0.002000s front ends: wall 00:00:00.003Z ← link e0
        · which of a span and one that it links to began first: a link may be added until its span ends
        · when anything truly happened: times are those of each service's own clock
    "#]],
    );
    // By clocks that no offset puts right the end stands where what it links to begins.
    spans.spans[0].end_ns = Some(1_500_000);
    check_spans(
        &spans,
        None,
        &expect![[r#"
        e0 +0.000000s back s1: wall 00:00:00.001Z
        e1 +0.001000s front s2: wall 00:00:00.002Z
        e2 +0.001000s back ends: wall 00:00:00.001Z ← link e1
        e3 +0.002000s front ends: wall 00:00:00.003Z ← link e0
        · which of a span and one that it links to began first: a link may be added until its span ends
        · when anything truly happened: times are those of each service's own clock, and no offsets put all causes first, so that some spans are drawn where their cause is
    "#]],
    );
}

#[test]
fn a_clock_that_is_behind_is_moved_and_what_no_offset_puts_right_stands_where_its_cause_does() {
    let mut spans = services(&["front", "back"]);
    spans.spans = vec![span(0, 1, 5_000_000, Some(9_000_000)), span(1, 2, 3_000_000, Some(4_000_000))];
    spans.orders = vec![parent(0, 1)];
    check_spans(
        &spans,
        Some(&[0, 2_000_000]),
        &expect![[r#"
        e0 +0.002000s front s1: wall 00:00:00.005Z
        e1 +0.002000s back s2: wall 00:00:00.003Z (2 ms behind the truth) ← parent e0
        e2 +0.003000s back ends: wall 00:00:00.004Z (2 ms behind the truth)
        e3 +0.006000s front ends: wall 00:00:00.009Z
        · when anything truly happened: times are those of each service's own clock, moved on by the least offset that puts causes first where one does not: `back` by 2 ms
    "#]],
    );
    check_spans(
        &spans,
        None,
        &expect![[r#"
        e0 +0.002000s front s1: wall 00:00:00.005Z
        e1 +0.002000s back s2: wall 00:00:00.003Z ← parent e0
        e2 +0.002000s back ends: wall 00:00:00.004Z
        e3 +0.006000s front ends: wall 00:00:00.009Z
        · when anything truly happened: times are those of each service's own clock, and no offsets put all causes first, so that some spans are drawn where their cause is
    "#]],
    );
}

#[test]
fn spans_that_come_round_are_drawn_without_the_order_that_closes_the_circle() {
    let mut spans = services(&["a"]);
    spans.spans =
        vec![span(0, 1, 30, Some(40)), span(0, 2, 20, None), span(0, 3, 10, None), span(0, 4, 1, None)];
    spans.orders = vec![parent(2, 0), parent(0, 1), parent(1, 2), parent(3, 3)];
    check_spans(
        &spans,
        None,
        &expect![[r#"
        e0 +0.000000s a s4: wall 00:00:00.000Z
        e1 +0.000000s a s3: wall 00:00:00.000Z
        e2 +0.000000s a s1: wall 00:00:00.000Z ← parent e1
        e3 +0.000000s a s2: wall 00:00:00.000Z ← parent e2
        e4 +0.000000s a ends: wall 00:00:00.000Z
        · which spans came first of those that lead round: 2 orders are not drawn
        · when anything truly happened: times are those of each service's own clock, and no offsets put all causes first, so that some spans are drawn where their cause is
        · 3 spans without an end
    "#]],
    );
    check_spans(
        &Spans::default(),
        Some(&[]),
        &expect![[r#"
        · when anything truly happened: times are those of each service's own clock
    "#]],
    );
}
