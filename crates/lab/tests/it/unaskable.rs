//! A hunt that could tell nothing says so at once, and is never taken for one that found nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use constellation_lab::case::CheckFn;
use constellation_lab::prelude::*;
use expect_test::{Expect, expect};

/// Sets its timer again and again, without any time between.
struct Endless;

impl Node for Endless {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, _input: Input<(), ()>, effects: &mut Effects<()>) {
        effects.event("wakes");
        effects.set_timer(Timer(0), Duration::ZERO);
    }
}

/// Is well, but for what it does when a message of its own arrives.
struct Alone(fn(&mut Effects<()>));

impl Node for Alone {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        match input {
            Input::Start => effects.send(NodeId::new(1), ()),
            Input::Restart { .. } => (self.0)(effects),
            Input::Message { .. } => effects.event("is told"),
            _ => {}
        }
    }
}

fn setup(end_ms: u64) -> Setup<()> {
    Setup { events_max: 200, ..Setup::new(["pacific", "atlantic"], TrueTime::from_ms(end_ms)) }
}

/// A run in some of which pacific begins again.
fn crashes(restart: fn(&mut Effects<()>)) -> Case<Alone, impl Fn(NodeId) -> Alone + Sync> {
    let mut setup = setup(100);
    setup.machines[1].faults = Faults { crash_after: Odds::ppm(100_000).expect("a tenth"), ..Faults::NONE };
    setup.grace = Duration::from_secs(1);
    Case::new("crashes", setup, move |_| Alone(restart))
}

fn holds() -> impl CheckFn {
    |_: &Trace| Ok(())
}

fn panics() -> impl CheckFn {
    |trace: &Trace| {
        assert_eq!(trace.event_ids().count(), 0, "it has\nevents");
        Ok(())
    }
}

fn told<T>(result: Result<T, Broken>, expected: Expect) {
    let Err(broken) = result else { panic!("it cannot be asked") };
    expected.assert_eq(&broken.to_string());
}

#[test]
fn a_calm_run_without_an_end_is_told_before_any_seed() {
    let runs = AtomicU32::new(0);
    let case = Case::new("endless", setup(100), |_| {
        runs.fetch_add(1, Ordering::SeqCst);
        Endless
    });
    let case = case.in_the_end("it rests", |_: &Trace| Err(Breach::new("it rests", "it does not")));
    told(
        case.hunt(200),
        expect![
            "the calm run, in which nothing goes wrong, has no end: more than 200 events, the most allowed, at +0.000000s, lastly at pacific; does a timer of no length set itself, or a message lead to more than one? If all is well, raise `events_max` of the setup"
        ],
    );
    assert_eq!(runs.load(Ordering::SeqCst), 1, "one run, in which only the first node has begun");
}

/// Keeps atlantic awake for ever.
fn restless(effects: &mut Effects<()>) {
    for _ in 0..300 {
        effects.event("wakes");
    }
}

#[test]
fn a_hunt_that_could_not_judge_a_run_is_not_green() {
    let case = crashes(restless).in_the_end("it rests", holds());
    told(
        case.hunt(40),
        expect![
            "unknown: 13 of 40 runs could not be judged in full; seed 1: the scenario cannot be run to its end: more than 200 events, the most allowed, at +0.000000s, lastly at atlantic"
        ],
    );
    let hunted = case.hunt_by(&constellation_lab::hunt::Hunt::new(1, 40)).expect("it ran");
    assert_eq!((hunted.findings.len(), hunted.unknown > 0), (0, true));
    let seed = hunted.undecided.expect("some were").seed;
    assert!(case.run(seed).is_err(), "it has no end");
}

#[test]
fn a_hunt_of_no_seeds_is_refused() {
    let case = crashes(|_| ()).always("it runs", holds());
    told(
        case.hunt(0),
        expect!["no seed is to be tried, so nothing can be found: `hunt(1_000)` tries a thousand"],
    );
    case.hunt(1).expect("one is enough to ask");
}

#[test]
fn what_promises_nothing_or_two_things_under_one_name_is_refused() {
    let trace = crashes(|_| ()).run(1).expect("it ends");
    told(
        crashes(|_| ()).check(&trace),
        expect![
            "nothing is promised, so no run breaks anything: add `.always(name, check)` or `.in_the_end(name, check)`"
        ],
    );
    let case = crashes(|_| ()).always("it\nruns", holds()).in_the_end("it\nruns", holds());
    told(
        case.hunt(10),
        expect![[
            r#"two promises are called `it\nruns`, so nobody could tell which is broken: give each a name of its own"#
        ]],
    );
    told(
        case.check(&trace),
        expect![[
            r#"two promises are called `it\nruns`, so nobody could tell which is broken: give each a name of its own"#
        ]],
    );
}

#[test]
fn a_check_that_panics_is_told_with_its_promise_and_the_run() {
    let case = crashes(|_| ()).always("it runs", holds()).always("it is quiet", panics());
    told(
        case.hunt(1_000),
        expect![[
            r#"the check of `it is quiet` panicked on the calm run, in which nothing goes wrong: assertion `left == right` failed: it has\nevents\n  left: 6\n right: 0"#
        ]],
    );
    told(
        case.check(&case.run(1).expect("it ends")),
        expect![[
            r#"unknown: it is quiet: its check panicked: assertion `left == right` failed: it has\nevents\n  left: 4\n right: 0"#
        ]],
    );

    let rare = |trace: &Trace| {
        assert!(labelled(trace).all(|event| event.label != "restarts"), "nobody restarts");
        Ok(())
    };
    let case = crashes(|effects| effects.event("restarts")).always("nobody begins again", rare);
    told(
        case.hunt(1_000),
        expect![
            "the check of `nobody begins again` panicked on seed 1: nobody restarts; `case.check(&case.run(1)?)` does it again"
        ],
    );
}

#[test]
fn a_node_that_always_panics_does_so_once() {
    let panics = AtomicU32::new(0);
    let case = Case::new("panics", setup(100), |_| {
        assert!(panics.fetch_add(1, Ordering::SeqCst) > 1_000, "it has no state");
        Endless
    });
    told(
        case.always("it runs", holds()).hunt(1_000),
        expect!["in the calm run, in which nothing goes wrong: a node panicked: it has no state"],
    );
    assert_eq!(panics.load(Ordering::SeqCst), 1);
}

/// Why a world cannot be made, told by a hunt.
fn refused(setup: Setup<()>, expected: Expect) {
    let case = Case::new("refused", setup, |_| Alone(|_| ())).always("it runs", holds());
    told(case.hunt(1_000), expected);
}

#[test]
fn a_world_that_makes_no_sense_is_refused() {
    let named = |names: &[&str]| Setup::new(names.iter().copied(), TrueTime::from_ms(100));
    refused(named(&[]), expect!["the world has no node, so nothing can happen in it: name one at least"]);
    refused(
        named(&["pacific", ""]),
        expect![
            "the calm run, in which nothing goes wrong, cannot be made: `` cannot name a node: take 1 to 64 letters, digits, `_`, `-` and `.`"
        ],
    );
    refused(
        named(&["pacific", "b c, d\n"]),
        expect![[
            r#"the calm run, in which nothing goes wrong, cannot be made: `b c, d\n` cannot name a node: take 1 to 64 letters, digits, `_`, `-` and `.`"#
        ]],
    );
    let ms = Duration::from_millis;
    let backwards = Link { latency_min: ms(30), latency_max: ms(10), ..Link::INSTANT };
    refused(
        Setup { network: Network::new(backwards), ..setup(100) },
        expect![
            "the calm run, in which nothing goes wrong, cannot be made: a link has a `latency_min` of 30ms, which is more than its `latency_max` of 10ms"
        ],
    );
    let mut network = Network::new(Link::INSTANT);
    network.set_link(NodeId::new(1), NodeId::new(0), backwards);
    refused(
        Setup { network, ..setup(100) },
        expect![
            "the calm run, in which nothing goes wrong, cannot be made: a link has a `latency_min` of 30ms, which is more than its `latency_max` of 10ms"
        ],
    );
}

#[test]
fn a_promise_that_gives_no_reason_is_told_as_that() {
    let check = |trace: &Trace| match trace.event_ids().next() {
        Some(event) => Err(Breach::new("nothing happens", "this does").shown_by([event])),
        None => Ok(()),
    };
    let told =
        crashes(|_| ()).always("nothing happens", check).hunt(1).expect_err("it is broken").to_string();
    assert!(told.contains("\nproof     (the promise gives no reason: see `Breach::by_rule`)\n"), "{told}");
}
