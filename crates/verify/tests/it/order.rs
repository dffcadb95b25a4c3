//! Happens-before: what a reader sees in a sketch, and what the closure of all edges says.

use constellation_trace::{EventId, Kind, Relation, Trace, sketch};
use constellation_verify::{Budget, Order};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::exhaustive::every_run;
use crate::run::{Bug, config, play, steps};
use crate::story::tell;

/// How each two events of a sketch that are a bare word stand to each other.
fn check(text: &str, expected: Expect) {
    let trace = sketch::parse(text).unwrap();
    let order = Order::of(&trace, &Budget::default()).unwrap();
    let is_bare = |event: &EventId| trace.label(*event).chars().all(char::is_lowercase);
    let bare: Vec<_> = trace.event_ids().filter(is_bare).collect();
    let mut words = Vec::new();
    for (nth, one) in bare.iter().enumerate() {
        for other in &bare[nth + 1..] {
            let sign = order.relation(*one, *other).sign();
            words.push(format!("{}{sign}{}", trace.label(*one), trace.label(*other)));
        }
    }
    expected.assert_eq(&words.join("  "));
}

#[test]
fn a_message_carries_its_past_along() {
    check("pacific  a m! b\nindian   c m? d", expect!["a<b  a||c  a<d  b||c  b||d  c<d"]);
    check("pacific  a m!\nindian   m? n!\natlantic n? d", expect!["a<d"]);
}

#[test]
fn events_without_messages_are_concurrent() {
    check("pacific a b\nindian c", expect!["a<b  a||c  b||c"]);
    check("pacific a", expect![""]);
    check("pacific", expect![""]);
    check("", expect![""]);
}

#[test]
fn a_lost_message_orders_nothing() {
    check("pacific a m!\nindian b", expect!["a||b"]);
}

#[test]
fn messages_that_cross_leave_their_senders_concurrent() {
    check("pacific a m! n? b\nindian c n! m? d", expect!["a||c  a<d  a<b  c<d  c<b  d||b"]);
}

#[test]
fn a_message_that_arrives_twice_orders_from_its_first_arrival() {
    check("pacific a m!\nindian m? b m? c", expect!["a<b  a<c  b<c"]);
}

#[test]
fn what_a_crash_forgot_is_not_before_what_comes_after_the_restart() {
    check("pacific a CRASH RESTART b\nindian c", expect!["a||b  a||c  b||c"]);
}

#[test]
fn a_restart_follows_the_state_it_read_and_not_what_came_later() {
    let trace = tell(
        "pacific write k early
         pacific persist s
         pacific write k late
         pacific crash
         pacific restart s
         pacific write k again",
    );
    let order = Order::of(&trace, &Budget::default()).unwrap();
    let relation = |one, other| order.relation(EventId::new(one), EventId::new(other));
    assert_eq!(relation(0, 5), Relation::Before);
    assert_eq!(relation(5, 0), Relation::After);
    assert_eq!(relation(2, 5), Relation::Concurrent);
    assert_eq!(relation(3, 4), Relation::Concurrent);
    assert_eq!(order.past(EventId::new(5)), [2, 2]);
}

#[test]
fn too_many_rows_are_refused_before_any_is_made() {
    let trace = sketch::parse("pacific a b\nindian c").unwrap();
    let refused = |bytes_max| Order::of(&trace, &Budget { bytes_max, ..Budget::default() }).map(|_| ());
    assert_eq!(refused(36), Ok(()));
    let limit = refused(35).unwrap_err();
    expect!["judging needs 36 bytes of memory, 35 are allowed"].assert_eq(&limit.to_string());
}

/// The slow twin: which event reaches which, by closing all edges (Warshall 1962).
pub(crate) fn closure(trace: &Trace) -> Vec<Vec<bool>> {
    let count = trace.events().len();
    let mut reaches = vec![vec![false; count]; count];
    for (source, target, _) in edges(trace) {
        reaches[source][target] = true;
    }
    for middle in 0..count {
        for source in 0..count {
            for target in 0..count {
                reaches[source][target] |= reaches[source][middle] && reaches[middle][target];
            }
        }
    }
    reaches
}

/// All edges with their weight in messages.
pub(crate) fn edges(trace: &Trace) -> Vec<(usize, usize, usize)> {
    let mut edges = Vec::new();
    for (target, event) in trace.events().iter().enumerate() {
        let earlier = trace.events()[..target].iter();
        if let Some(source) = earlier.enumerate().rfind(|(_, other)| other.process == event.process) {
            edges.push((source.0, target, 0));
        }
        match event.kind {
            Kind::Receive(message) => edges.push((trace.message(message).send.index(), target, 1)),
            Kind::Restart { from: Some(state) } => edges.push((state.index(), target, 0)),
            _ => {}
        }
    }
    edges
}

fn assert_is_closure(trace: &Trace) {
    let order = Order::of(trace, &Budget::default()).unwrap();
    let reaches = closure(trace);
    for one in trace.event_ids() {
        for other in trace.event_ids() {
            let expected = match (reaches[one.index()][other.index()], reaches[other.index()][one.index()]) {
                _ if one == other => Relation::Equal,
                (true, _) => Relation::Before,
                (_, true) => Relation::After,
                (false, false) => Relation::Concurrent,
            };
            assert_eq!(order.relation(one, other), expected, "{one} and {other} of {trace:?}");
        }
    }
}

#[test]
fn order_is_the_closure_of_its_edges_in_every_tiny_run() {
    every_run(4, |steps| assert_is_closure(&play(2, steps, Bug::None)));
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn order_is_the_closure_of_its_edges(nodes in 1_usize..=4, steps in steps(60)) {
        assert_is_closure(&play(nodes, &steps, Bug::None));
    }

    #[test]
    fn lanes_hold_each_event_once_and_in_order(nodes in 1_usize..=4, steps in steps(60)) {
        let trace = play(nodes, &steps, Bug::None);
        let order = Order::of(&trace, &Budget::default()).unwrap();
        let mut met: Vec<EventId> = Vec::new();
        for process in order.processes() {
            let lane = order.lane(process);
            for (place, event) in lane.iter().enumerate() {
                prop_assert_eq!(trace.event(*event).process, process);
                prop_assert_eq!(order.position(*event) as usize, place + 1);
                prop_assert_eq!(order.previous(*event), place.checked_sub(1).map(|before| lane[before]));
            }
            met.extend(lane);
        }
        met.sort_unstable();
        prop_assert_eq!(met, trace.event_ids().collect::<Vec<_>>());
    }
}
