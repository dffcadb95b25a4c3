//! Clocks of services are held against cause and effect: a constant error is told, and what no constant explains is violated.

use constellation_trace::log::Place;
use constellation_trace::spans::{Span, SpanOrder, SpanReason, Spans};
use constellation_trace::{Judgement, Verdict};
use constellation_verify::spans::{Judged, judge};
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// Spans, each with its service, start, end, and those that began before it.
fn spans(all: &[(&str, u64, u64, &[u32])]) -> Spans {
    let mut spans = Spans::default();
    for (later, (service, start, end, causes)) in (0_u32..).zip(all) {
        let service = spans.services.intern(service).expect("a few");
        let place = Place { line: later + 1, column: 1, width: 1 };
        let mut span = Span::new(service, [1; 16], u64::from(later + 1).to_be_bytes(), *start, place);
        span.name = format!("s{later}");
        span.end_ns = Some(*end).filter(|end| *end > 0);
        spans.spans.push(span);
        let order = |earlier: &u32| SpanOrder { later, earlier: *earlier, why: SpanReason::Parent };
        spans.orders.extend(causes.iter().map(order));
    }
    spans
}

fn told(Judged { judgements, shown, remarks, offsets_ns, .. }: &Judged) -> String {
    let line = |(judgement, shown): (&Judgement, &Vec<u32>)| {
        let found = match &judgement.verdict {
            Verdict::Violated(evidence) => format!(": {}, by {shown:?}", evidence.found),
            Verdict::Unknown(limit) => format!(": {limit}"),
            Verdict::Holds => String::new(),
        };
        format!("{} {}{found}\n", judgement.verdict.glyph(), judgement.promise)
    };
    let lines: String = judgements.iter().zip(shown).map(line).collect();
    format!("{lines}{}\noffsets {offsets_ns:?}", remarks.join("\n"))
}

fn check(all: &[(&str, u64, u64, &[u32])], expected: &Expect) {
    expected.assert_eq(&told(&judge(&spans(all))));
}

const MS: u64 = 1_000_000;

#[test]
fn a_child_that_ends_after_its_parent_is_no_violation() {
    check(
        &[("a", 10, 20, &[]), ("b", 12, 500, &[0]), ("a", 13, 0, &[1])],
        &expect![[r#"
        ✓ no span is a cause of itself
        ✓ one offset for each service's clock puts every cause before its effect

        offsets Some([0, 0])"#]],
    );
}

#[test]
fn a_clock_that_is_wrong_by_a_constant_is_told_with_the_least_offset() {
    check(
        &[
            ("a", 20 * MS, 90 * MS, &[]),
            ("b", 8 * MS, 30 * MS, &[0]),
            ("b", 30 * MS, 40 * MS, &[0]),
            ("a", 50 * MS, 60 * MS, &[1]),
        ],
        &expect![[r#"
            ✓ no span is a cause of itself
            ✓ one offset for each service's clock puts every cause before its effect
            clock skew: of 2 spans of `b` that `a` caused, 1 begins before its cause; explained if the clock of `b` is between 12 ms and 42 ms behind
            offsets Some([0, 12000000])"#]],
    );
    // Of three the last is behind the second, which is behind the first.
    check(
        &[("a", 300, 400, &[]), ("b", 200, 300, &[0]), ("c", 100, 200, &[1])],
        &expect![[r#"
        ✓ no span is a cause of itself
        ✓ one offset for each service's clock puts every cause before its effect
        clock skew: of 1 span of `b` that `a` caused, 1 begins before its cause; explained if the clock of `b` is at least 100 ns behind
        clock skew: of 1 span of `c` that `b` caused, 1 begins before its cause; explained if the clock of `c` is at least 100 ns behind
        offsets Some([0, 100, 200])"#]],
    );
}

#[test]
fn the_span_that_is_furthest_before_its_cause_is_what_to_warn_of() {
    let long = "é".repeat(70);
    let rows: &[(&str, u64, u64, &[u32])] = &[
        ("a", 10 * MS, 90 * MS, &[]),
        ("b", 8 * MS, 20 * MS, &[0]),
        (&long, 3 * MS, 9 * MS, &[0]),
        ("a", 30 * MS, 40 * MS, &[1]),
    ];
    let warned = |rows: &[_]| judge(&spans(rows)).warning;
    let cut = format!("by the clocks `s2` of `{}…` began 7 ms before its cause", "é".repeat(60));
    assert_eq!(warned(rows), Some(cut));
    assert_eq!(warned(&rows[..1]), None);
    assert_eq!(warned(&[rows[0], ("b", 11 * MS, 20 * MS, &[0])]), None, "its cause is before it");
    let mut linked = spans(&[("a", 10 * MS, 0, &[]), ("b", MS, 4 * MS, &[])]);
    linked.orders = vec![SpanOrder { later: 1, earlier: 0, why: SpanReason::Link }];
    let ended = "by the clocks `s1` of `b` ended 6 ms before what it links to began";
    assert_eq!(judge(&linked).warning.as_deref(), Some(ended));
}

#[test]
fn what_no_offset_explains_is_violated_and_names_the_orders() {
    check(
        &[("a", 100, 0, &[]), ("b", 40, 0, &[0]), ("b", 90, 0, &[]), ("a", 70, 0, &[2])],
        &expect![[r#"
            ✓ no span is a cause of itself
            ✗ one offset for each service's clock puts every cause before its effect: by `s0` at `a` (line 1) before `s1` at `b` (line 2), the clock of `b` is at least 60 ns behind the clock of `a`; by `s2` at `b` (line 3) before `s3` at `a` (line 4), the clock of `a` is at least 20 ns behind the clock of `b`, by [0, 1, 2, 3]
            clock skew: of 1 span of `b` that `a` caused, 1 begins before its cause; no one offset explains all orders of these two: the clock of `b` would be at least 60 ns behind, and at most 20 ns ahead
            clock skew: of 1 span of `a` that `b` caused, 1 begins before its cause; no one offset explains all orders of these two: the clock of `a` would be at least 20 ns behind, and at most 60 ns ahead
            offsets None"#]],
    );
    // Each two of the three agree.
    check(
        &[
            ("a", 100, 0, &[]),
            ("b", 90, 0, &[0]),
            ("b", 100, 0, &[]),
            ("c", 90, 0, &[2]),
            ("c", 100, 0, &[]),
            ("a", 90, 0, &[4]),
        ],
        &expect![[r#"
            ✓ no span is a cause of itself
            ✗ one offset for each service's clock puts every cause before its effect: by `s0` at `a` (line 1) before `s1` at `b` (line 2), the clock of `b` is at least 10 ns behind the clock of `a`; by `s2` at `b` (line 3) before `s3` at `c` (line 4), the clock of `c` is at least 10 ns behind the clock of `b`; by `s4` at `c` (line 5) before `s5` at `a` (line 6), the clock of `a` is at least 10 ns behind the clock of `c`, by [0, 1, 2, 3, 4, 5]
            clock skew: of 1 span of `b` that `a` caused, 1 begins before its cause; explained if the clock of `b` is at least 10 ns behind
            clock skew: of 1 span of `c` that `b` caused, 1 begins before its cause; explained if the clock of `c` is at least 10 ns behind
            clock skew: of 1 span of `a` that `c` caused, 1 begins before its cause; explained if the clock of `a` is at least 10 ns behind
            offsets None"#]],
    );
    check(
        &[("a", 100, 0, &[]), ("a", 97, 0, &[0])],
        &expect![[r#"
        ✓ no span is a cause of itself
        ✗ one offset for each service's clock puts every cause before its effect: `s1` at `a` (line 2) began 3 ns before its parent `s0` at `a` (line 1), by the same clock, by [0, 1]

        offsets None"#]],
    );
    check(
        &[("a", 100, 99, &[])],
        &expect![[r#"
        ✓ no span is a cause of itself
        ✗ one offset for each service's clock puts every cause before its effect: `s0` at `a` (line 1) ended 1 ns before it began, by the same clock, by [0]

        offsets None"#]],
    );
}

#[test]
fn spans_that_come_round_to_themselves_are_violated() {
    check(
        &[("a", 1, 0, &[2]), ("b", 2, 0, &[0]), ("c", 3, 0, &[1]), ("c", 3, 0, &[2])],
        &expect![[r#"
        ✗ no span is a cause of itself: `s0` at `a` (line 1), which began `s1` at `b` (line 2), which began `s2` at `c` (line 3), which began the first again, by [0, 1, 2]
        ✓ one offset for each service's clock puts every cause before its effect
        clock skew: of 1 span of `a` that `c` caused, 1 begins before its cause; explained if the clock of `a` is at least 2 ns behind
        offsets Some([2, 1, 0])"#]],
    );
    check(
        &[("a", 1, 0, &[0])],
        &expect![[r#"
        ✗ no span is a cause of itself: `s0` at `a` (line 1) began itself, by [0]
        ✓ one offset for each service's clock puts every cause before its effect

        offsets Some([0])"#]],
    );
    check(
        &[],
        &expect![[r#"
        ? no span is a cause of itself: spans are not recorded
        ✓ one offset for each service's clock puts every cause before its effect

        offsets Some([])"#]],
    );
}

#[test]
fn a_clock_that_would_be_behind_by_more_than_a_time_can_tell_is_not_judged() {
    check(
        &[("a", u64::MAX, 0, &[]), ("b", 1, 0, &[0]), ("b", u64::MAX, 0, &[]), ("c", 1, 0, &[2])],
        &expect![[r#"
            ✓ no span is a cause of itself
            ? one offset for each service's clock puts every cause before its effect: a clock would be behind by more than 584 years
            clock skew: of 1 span of `b` that `a` caused, 1 begins before its cause; explained if the clock of `b` is at least 18446744073.709 s behind
            clock skew: of 1 span of `c` that `b` caused, 1 begins before its cause; explained if the clock of `c` is at least 18446744073.709 s behind
            offsets None"#]],
    );
}

#[test]
fn of_many_clocks_that_disagree_the_first_are_told_and_the_rest_counted() {
    let names: Vec<String> = (0..30).map(|service| format!("s{service}")).collect();
    let causes: Vec<Vec<u32>> = (0..30_u32).map(|span| span.checked_sub(1).into_iter().collect()).collect();
    let rows = names.iter().zip(&causes).zip((0..=100).rev());
    let rows: Vec<_> = rows.map(|((name, causes), start)| (&**name, start, 0, &causes[..])).collect();
    let remarks = judge(&spans(&rows)).remarks;
    assert_eq!(remarks.len(), 21);
    assert_eq!(remarks[20], "clock skew: the same of 9 more pairs of services");
}

#[test]
fn spans_may_link_to_each_other_and_to_one_that_began_while_they_ran() {
    let link = |earlier, later| SpanOrder { later, earlier, why: SpanReason::Link };
    let told = |ends: [u64; 2]| {
        let mut linked = spans(&[("a", 10, ends[0], &[]), ("a", 20, ends[1], &[])]);
        linked.orders = vec![link(1, 0), link(0, 1)];
        told(&judge(&linked))
    };
    let sound = expect![[r#"
        ✓ no span is a cause of itself
        ✓ one offset for each service's clock puts every cause before its effect

        offsets Some([0])"#]];
    sound.assert_eq(&told([90, 30]));
    // Of one that has not ended nobody knows when it linked.
    sound.assert_eq(&told([0, 30]));
    expect![[r#"
        ✓ no span is a cause of itself
        ✗ one offset for each service's clock puts every cause before its effect: `s0` at `a` (line 1) ended 5 ns before its link `s1` at `a` (line 2) began, by the same clock, by [1, 0]

        offsets None"#]]
    .assert_eq(&told([15, 30]));
}

/// Whether offsets explain all orders, the slow way: no way round adds up to more than nothing (Floyd 1962).
fn has_offsets(spans: &Spans) -> bool {
    let services = spans.services.len();
    let mut longest: Vec<Vec<Option<i128>>> = vec![vec![None; services]; services];
    let start = |span: u32| i128::from(spans.spans[span as usize].start_ns);
    for order in &spans.orders {
        let [one, other] =
            [order.earlier, order.later].map(|span| spans.spans[span as usize].service as usize);
        let lead = start(order.earlier) - start(order.later);
        longest[one][other] = longest[one][other].max(Some(lead));
    }
    for by in 0..services {
        for one in 0..services {
            for other in 0..services {
                if let (Some(first), Some(second)) = (longest[one][by], longest[by][other]) {
                    longest[one][other] = longest[one][other].max(Some(first + second));
                }
            }
        }
    }
    (0..services).all(|service| longest[service][service].is_none_or(|way| way <= 0))
}

fn any_spans() -> impl Strategy<Value = Spans> {
    proptest::collection::vec((0_usize..4, 0_u64..100, any::<u32>(), any::<bool>()), 1..14).prop_map(|all| {
        const NAMES: [&str; 4] = ["a", "b", "c", "d"];
        let causes: Vec<Vec<u32>> = (0..)
            .zip(&all)
            .map(
                |(place, (.., cause, has_one))| {
                    if place > 0 && *has_one { vec![cause % place] } else { Vec::new() }
                },
            )
            .collect();
        let rows = all
            .iter()
            .zip(&causes)
            .map(|((service, start, ..), causes)| (NAMES[*service], 100 + start, 0, &causes[..]));
        spans(&rows.collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn offsets_are_found_where_there_are_any_and_are_the_least(spans in any_spans()) {
        let judged = judge(&spans);
        prop_assert_eq!(judged.judgements[1].verdict.word() == "holds", has_offsets(&spans));
        let Some(offsets) = judged.offsets_ns else {
            prop_assert!(judged.shown[1].len() >= 2, "{:?}", judged.shown);
            return Ok(());
        };
        let start = |span: u32| {
            let span = &spans.spans[span as usize];
            span.start_ns + offsets[span.service as usize]
        };
        for order in &spans.orders {
            prop_assert!(start(order.earlier) <= start(order.later), "{:?}", order);
        }
        for (service, offset) in (0..).zip(&offsets).filter(|(_, offset)| **offset > 0) {
            // Less would put an effect before its cause.
            let is_tight = |order: &SpanOrder| spans.spans[order.later as usize].service == service && start(order.earlier) == start(order.later);
            prop_assert!(spans.orders.iter().any(is_tight), "{} by {}", service, offset);
        }
    }
}
