//! What a sketch of a few operations looks like.

use expect_test::{Expect, expect};

use super::super::shown::{Seen, Span, Step};
use super::{WIDTH_MAX, draw};

/// The session, the text, and when it began and ended.
type Operation<'a> = (u32, &'a str, Option<(u64, Option<u64>)>);

fn seen(operations: &[Operation<'_>]) -> Vec<Seen> {
    let one = |(nth, (column, what, span)): (usize, &Operation<'_>)| Seen {
        place: format!("t{nth}"),
        line: None,
        session: ["pacific", "atlantic", "indian"][*column as usize].to_owned(),
        column: *column,
        what: (*what).to_owned(),
        order: (None, nth),
        span: span.map(|(begun, ended)| Span { begun, ended }),
        when: None,
    };
    operations.iter().enumerate().map(one).collect()
}

fn check(events: &[Seen], cycle: &[(usize, usize)], expected: Expect) {
    let step = |(from, to): &(usize, usize)| Step {
        from: events[*from].clone(),
        to: events[*to].clone(),
        why: String::new(),
    };
    let drawn = draw(events, &cycle.iter().map(step).collect::<Vec<_>>());
    assert!(drawn.iter().all(|line| line.chars().count() <= WIDTH_MAX), "{drawn:#?}");
    expected.assert_eq(&drawn.join("\n"));
}

#[test]
fn bars_begin_and_end_in_the_order_of_time() {
    let events = seen(&[
        (0, "w(x,1)", Some((1, Some(2)))),
        (1, "w(x,2)", Some((1, None))),
        (2, "r(x,nil)", Some((3, Some(90)))),
        (0, "r(x,1)", Some((4, Some(5)))),
    ]);
    check(
        &events,
        &[],
        expect![[r#"
        pacific   ├─w(x,1)─┤   ├─r(x,1)─┤
        atlantic  ├─w(x,2)╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷
        indian               ├─r(x,nil)───┤"#]],
    );
}

#[test]
fn what_touches_in_one_session_stands_one_behind_the_other() {
    let events = seen(&[(0, "w(x,1)", Some((1, Some(2)))), (0, "r(x,1)", Some((2, Some(3))))]);
    check(&events, &[], expect!["pacific  ├─w(x,1)─┤├─r(x,1)─┤"]);
}

#[test]
fn without_times_causes_stand_to_the_left_of_effects() {
    let events = seen(&[
        (0, "w(x,1)", None),
        (1, "r(x,1)", None),
        (1, "w(y,1)", None),
        (2, "r(y,1)", None),
        (2, "r(x,nil)", None),
    ]);
    check(
        &events,
        &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)],
        expect![[r#"
        pacific   w(x,1)
        atlantic          r(x,1)  w(y,1)
        indian                            r(y,1)  r(x,nil)"#]],
    );
}

#[test]
fn what_is_too_long_has_a_number() {
    let long = format!("w(x,{})", "very-".repeat(30));
    let events = seen(&[(0, &long, Some((1, Some(2)))), (1, "r(x,nil)", Some((3, Some(4))))]);
    check(
        &events,
        &[],
        expect![[r#"
        pacific   ├─1─┤
        atlantic        ├─2─┤
        1 is t0 pacific w(x,very-very-very-very-very-very-very-very-very-very-very-very-very-…
        2 is t1 atlantic r(x,nil)"#]],
    );
    let events = seen(&[(0, &long, None), (1, "r(x,nil)", None)]);
    check(
        &events,
        &[],
        expect![[r#"
        pacific   1
        atlantic  2
        1 is t0 pacific w(x,very-very-very-very-very-very-very-very-very-very-very-very-very-…
        2 is t1 atlantic r(x,nil)"#]],
    );
}

#[test]
fn what_does_not_fit_at_all_is_not_drawn() {
    let many: Vec<_> = (0..60).map(|nth| (0, "w(x,1)", Some((nth * 2, Some(nth * 2 + 1))))).collect();
    check(&seen(&many), &[], expect![[""]]);
}

#[test]
fn what_nobody_would_look_at_is_not_drawn() {
    let rows = |count: u64| {
        let all = seen(&[(0, "w", Some((1, Some(2))))]);
        let one = |nth: u64| Seen { column: nth as u32, order: (None, nth as usize), ..all[0].clone() };
        (0..count).map(one).collect::<Vec<_>>()
    };
    assert_eq!(draw(&rows(128), &[]).len(), 128);
    assert_eq!(draw(&rows(129), &[]), [""; 0]);
}
