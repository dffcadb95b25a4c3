//! A node that is not deterministic is told as that, and not as anything else; so is one that panics.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use constellation_lab::case::CheckFn;
use constellation_lab::prelude::*;
use expect_test::expect;

/// Does this whenever it is asked, or begins again.
struct Does<F>(F);

impl<F: FnMut(Input<(), ()>, &mut Effects<()>)> Node for Does<F> {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        if let Input::Request(()) | Input::Restart { .. } = input {
            (self.0)(input, effects);
        }
    }
}

const fn does<F: FnMut(Input<(), ()>, &mut Effects<()>)>(what: F) -> Does<F> {
    Does(what)
}

fn setup() -> Setup<()> {
    let asked = NodeId::new(0);
    let names = ["pacific", "atlantic", "indian", "arctic", "antarctic", "baltic", "caspian"];
    Setup {
        plan: Plan::new().at(TrueTime::from_ms(10), Act::Request { node: asked, request: () }),
        ..Setup::new(names, TrueTime::from_ms(100))
    }
}

/// As [`setup`], but the node that is asked crashes once in a hundred runs.
fn fragile() -> Setup<()> {
    let mut fragile = setup();
    fragile.machines[0].faults = Faults { crash_before: Odds::ppm(5_000).expect("1 of 200"), ..Faults::NONE };
    fragile
}

/// Why it cannot be hunted, with a promise that is always kept.
fn told<N, F>(case: Case<N, F>) -> String
where
    N: Node<Request: Clone + Send + Sync>,
    F: Fn(NodeId) -> N + Sync,
{
    case.always("it runs", |_: &Trace| Ok(())).hunt(1_000).expect_err("it cannot be hunted").to_string()
}

#[test]
fn a_node_that_takes_something_from_another_run_is_told_at_once() {
    let shared = AtomicU32::new(0);
    let next = || shared.fetch_add(1, Ordering::SeqCst);
    let case =
        Case::new("shared", setup(), |_| does(|_, effects| effects.event(format!("request {}", next()))));
    expect!["the nodes are not deterministic: two runs with the same luck differ at event e0, which is `request 0 at pacific +0.010000s` in one and `request 1 at pacific +0.010000s` in the other; a node may use its own state, `now` and the input, but no clock, no random number, nothing that nodes or runs share, and no HashMap or HashSet whose order shows"].assert_eq(&told(case));
}

#[test]
fn a_node_that_sends_in_the_order_of_a_hashed_set_is_told_by_that_order() {
    let case = Case::new("hashed", setup(), |_| {
        let peers: HashSet<_> = (1..7).map(NodeId::new).collect();
        does(move |_, effects| peers.iter().for_each(|peer| effects.send(*peer, ())))
    });
    let told = told(case);
    let [one, other] = [1, 3].map(|nth| told.split('`').nth(nth).expect("both stand in such quotes"));
    assert!(told.contains("two runs with the same luck differ at event e0, which is `"), "{told}");
    assert!(one != other && [one, other].iter().all(|event| event.contains(", sending to ")), "{told}");
}

/// Broken by the first trace with a restart that it is shown, and by no other.
fn breaks_once() -> impl CheckFn {
    let is_broken = AtomicBool::new(false);
    move |trace: &Trace| match labelled(trace).find(|event| event.label.starts_with("restarts")) {
        Some(event) if !is_broken.swap(true, Ordering::SeqCst) => {
            Err(Breach::new("nothing restarts", "this does").shown_by([event.event]))
        }
        _ => Ok(()),
    }
}

#[test]
fn what_does_not_come_back_is_told_by_where_its_runs_part() {
    let shared = AtomicU32::new(0);
    let case = Case::new("seldom", fragile(), |_| {
        // The first seeds see no restart, so that it is not told at once.
        does(|input, effects| match input {
            Input::Restart { .. } => {
                effects.event(format!("restarts {}", shared.fetch_add(1, Ordering::SeqCst)));
            }
            _ => effects.event("request"),
        })
    });
    let told = told(case.always("nothing restarts", breaks_once()));
    assert!(told.starts_with("the nodes are not deterministic"), "{told}");
    assert!(told.contains(", which is `restarts "), "{told}");
}

#[test]
fn a_promise_that_depends_on_more_than_the_trace_is_told() {
    let case = Case::new("moody", fragile(), |_| {
        does(|input, effects| match input {
            Input::Restart { .. } => effects.event("restarts"),
            _ => effects.event("request"),
        })
    });
    let case = case.always("nothing restarts", breaks_once());
    let told = told(case);
    // By which seed is a matter of which core is the first.
    let (_, told) = told.split_once(" breaks a promise, but ").expect("it says so");
    expect!["the same run looked at again does not: a promise may depend on nothing but the trace"]
        .assert_eq(told);
}

#[test]
fn a_node_that_panics_is_told_with_the_seed_that_shows_it() {
    let case = Case::new("panics", fragile(), |_| {
        does(|input, _| assert!(!matches!(input, Input::Restart { .. }), "it has\nno state"))
    });
    expect![[r#"seed 72: a node panicked: it has\nno state; `case.run(72)` does it again"#]]
        .assert_eq(&told(case));
}

#[test]
fn a_case_without_a_promise_is_not_hunted() {
    let case = Case::new("silent", setup(), |_| does(|_, _| {}));
    let told = case.hunt(10).expect_err("it has none").to_string();
    expect!["nothing is promised, so no run breaks anything: add `.always(name, check)` or `.in_the_end(name, check)`"].assert_eq(&told);
}
