//! A protocol of one's own: hunted from a test, told in five parts, replayed from a tape.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence, Timer};
use constellation_lab::Case;
use constellation_lab::case::{Breach, Broken};
use constellation_lab::hunt::{Hunt, Until};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{NodeId, Trace, TrueTime, Verdict};
use expect_test::{Expect, expect};

const CLIENT: NodeId = NodeId::new(0);
const REGISTER: NodeId = NodeId::new(1);

/// Keeps the value that arrived last, or the one that was sent last.
struct Register {
    keeps: Keeps,
    value: (u64, u64),
    sent: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Keeps {
    LastArrived,
    LastSent,
}

impl Node for Register {
    type Message = (u64, u64);
    type Request = u64;

    fn on(&mut self, _now: Now, input: Input<(u64, u64), u64>, effects: &mut Effects<(u64, u64)>) {
        match input {
            Input::Request(value) => {
                self.sent += 1;
                effects.event(format!("sends {value}"));
                effects.send(REGISTER, (self.sent, value));
            }
            Input::Message { message, .. } if self.keeps == Keeps::LastArrived || message > self.value => {
                self.value = message;
                effects.event(format!("holds {}", message.1));
            }
            _ => {}
        }
    }
}

fn registers(name: &str, keeps: Keeps) -> Case<Register, impl Fn(NodeId) -> Register + Sync> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_max: Duration::from_millis(50),
        loss: Odds::NEVER,
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let ask = |request| Act::Request { node: CLIENT, request };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new().at(ms(10), ask(7)).at(ms(20), ask(8)),
        grace: Duration::from_secs(1),
        ..Setup::new(["client", "register"], ms(100))
    };
    Case::new(name, setup, move |_| Register { keeps, value: (0, 0), sent: 0 })
        .in_the_end("the last value that was sent stays", the_last_stays)
}

fn the_last_stays(trace: &Trace) -> Result<(), Breach> {
    let last = |word: &str| trace.event_ids().filter(|event| trace.label(*event).starts_with(word)).last();
    let (Some(sent), Some(held)) = (last("sends"), last("holds")) else { return Ok(()) };
    let [sent_value, held_value] =
        [sent, held].map(|event| trace.label(event).split_once(' ').map(|two| two.1));
    if sent_value == held_value {
        return Ok(());
    }
    Err(Breach::new("the register holds what was sent last", "it holds an older value")
        .shown_by([sent, held])
        .by_rule("values are numbered where they are sent"))
}

fn check(broken: &Broken, expected: Expect) {
    expected.assert_eq(&broken.to_string());
    assert_eq!(broken.to_string(), format!("{broken:?}"), "a failed `unwrap` shows it");
}

#[test]
fn what_breaks_a_protocol_is_told_in_five_parts_and_played_again() {
    let case = registers("registers", Keeps::LastArrived);
    let broken = case.hunt(1_000).expect_err("the first of two messages may arrive last");
    check(
        &broken,
        expect![[r#"
            violated: the last value that was sent stays (seed 3)
            expected  the register holds what was sent last
            found     it holds an older value
            events    e1  client    +0.020000s  sends 8
                      e5  register  +0.020010s  holds 7
            proof     values are numbered where they are sent
            steps     1. latency client -> register #0 = 200 of 1000
                         m0 from client to register, sent at +0.010000s (e0: sends 7), is late: it arrives at +0.020010s (e4)
            notes     all else is as in the calm run: least latency, nothing lost, nothing twice
            replay    case.replay("tape=1,version=0.1.0,scenario=registers,hash=77f834363dfde55d,seed=3,latency:client:register:0=200/1000")"#]],
    );

    let told = broken.to_string();
    let tape = told.split('"').nth(1).expect("the tape stands in quotes");
    let replayed = case.replay(tape).expect("it is of this case");
    let verdict = &replayed.rulings[0].judgement.verdict;
    assert!(matches!(verdict, Verdict::Violated(_)), "{verdict:?}");
}

#[test]
fn a_protocol_that_keeps_its_promise_is_not_reported() {
    let hunted = registers("registers", Keeps::LastSent).hunt(1_000).expect("numbers tell which is newer");
    assert_eq!((hunted.seeds, hunted.unknown, hunted.findings.len()), (1_000, 0, 0));
}

#[test]
fn all_that_is_found_comes_down_to_one() {
    let mut plan = Hunt::new(1, 300);
    plan.until = Until::AllSeeds;
    let hunted = registers("registers", Keeps::LastArrived).hunt_by(&plan).expect("it runs");
    let found =
        hunted.findings.iter().map(|finding| (finding.seeds_total > 20, finding.tape.answers().len()));
    assert_eq!(found.collect::<Vec<_>>(), [(true, 1)]);
}

/// Wakes itself up for ever, and says so.
struct Restless;

impl Node for Restless {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, _input: Input<(), ()>, effects: &mut Effects<()>) {
        effects.event("wakes");
        effects.set_timer(Timer(0), Duration::from_millis(1));
    }
}

#[test]
fn a_run_that_is_cut_breaks_safety_as_any_other_and_of_its_end_nothing_is_known() {
    let setup = || Setup { events_max: 50, ..Setup::new(["one"], TrueTime::from_ns(1_000_000_000)) };
    let restless = |trace: &Trace| match trace.event_ids().nth(20) {
        Some(event) => Err(Breach::new("it rests", "it wakes again").shown_by([event])),
        None => Ok(()),
    };
    let safety = Case::new("restless", setup(), |_| Restless).always("it rests in time", restless);
    let broken = safety.hunt(10).expect_err("it never rests").to_string();
    assert!(broken.starts_with("violated: it rests in time (seed 1)"), "{broken}");
    let convergence =
        Case::new("restless", setup(), |_| Restless).in_the_end("it rests in the end", restless);
    let unseen = convergence.hunt(10).expect_err("nobody has seen the end").to_string();
    assert!(
        unseen.starts_with("the calm run, in which nothing goes wrong, has no end: more than 50 events"),
        "{unseen}"
    );
}

#[test]
fn a_tape_of_something_else_is_refused() {
    let case = registers("registers", Keeps::LastArrived);
    let told = case.hunt(1_000).expect_err("it is broken").to_string();
    let tape = told.split('"').nth(1).expect("the tape stands in quotes");
    let refused =
        |case: &Case<_, _>, tape: &str| case.replay(tape).map(|_| ()).expect_err("it is another").to_string();
    expect!["the tape is of `registers` 77f834363dfde55d in version 0.1.0, but this is `others` a350cb0cb86bd8fd in version 0.1.0; hunt again"].assert_eq(&refused(&registers("others", Keeps::LastArrived), tape));
    expect!["line 1, column 8: expected `version`, found `nonsense`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`"].assert_eq(&refused(&case, "tape=1,nonsense"));
}

#[test]
fn a_tape_that_is_kept_as_a_test_is_survived_by_what_was_mended_and_by_nothing_else() {
    let case = registers("registers", Keeps::LastArrived);
    let told = case.hunt(1_000).expect_err("it is broken").to_string();
    let tape = told.split('"').nth(1).expect("the tape stands in quotes");

    let mended = registers("registers", Keeps::LastSent);
    mended.survives(tape).expect("numbers tell which is newer");

    let broken = case.survives(tape).expect_err("it is not mended").to_string();
    assert_eq!(broken, told.replace(" (seed 3)", ""));
    let other = registers("others", Keeps::LastSent).survives(tape).expect_err("it is another").to_string();
    assert!(other.starts_with("the tape is of `registers` "), "{other}");
}

#[test]
fn a_tape_that_says_nothing_any_more_is_told_by_what_is_not_asked() {
    let case = registers("registers", Keeps::LastSent);
    let tape = "tape=1,version=0.0.1,scenario=registers,hash=0,seed=3,latency:client:register:2=200/1000,\
                latency:client:register:0=20/100";
    let refused = |error: &dyn std::fmt::Display, expected: Expect| expected.assert_eq(&error.to_string());
    refused(
        &case.survives(tape).expect_err("there are two messages"),
        expect![[r#"
        the tape breaks nothing, but no longer says what it said: the protocol or its world has changed. Hunt again, and drop the tape or paste the one that is found
          latency client -> register #0 = 20 of 100: there are 1000 answers now; it was used, but may mean something else
          latency client -> register #2 = 200 of 1000: this was not asked, so the answer was not used"#]],
    );
    refused(
        &case.replay(tape).map(|_| ()).expect_err("it is another"),
        expect![
            "the tape is of `registers` 0 in version 0.0.1, but this is `registers` 77f834363dfde55d in version 0.1.0; hunt again, or keep the tape as a test of what was mended: `case.survives(tape)`"
        ],
    );
}

#[test]
fn a_trace_is_held_to_the_promises_whoever_recorded_it() {
    let case = registers("registers", Keeps::LastArrived);
    case.check(&case.run(1).expect("it ends")).expect("the second message arrives last");
    check(
        &case.check(&case.run(3).expect("it ends")).expect_err("seed 3 breaks it"),
        expect![[r#"
        violated: the last value that was sent stays
        expected  the register holds what was sent last
        found     it holds an older value
        events    e1  client    +0.020000s  sends 8
                  e5  register  +0.041531s  holds 7
        proof     values are numbered where they are sent"#]],
    );
}
