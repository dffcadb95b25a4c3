//! A wall clock made wrong step by step: what it costs, and that logical clocks do not feel it.

use std::fmt::Write as _;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_lab::sweep::{Message, Register, Request, SweepError, Swept, milliseconds};
use constellation_lab::{Scenario, Sweep, incidents};
use constellation_trace::{Claim, Verdict};
use constellation_verify::Budget;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::test_runner::Config;

fn mss_17() -> Scenario {
    incidents::find("mss-17").expect("it ships").scenario()
}

fn sweep(from_ms: i64, to_ms: i64, points: u32) -> Sweep {
    let [from_ns, to_ns] = [from_ms, to_ms].map(|ms| ms * 1_000_000);
    Sweep { from_ns, to_ns, points, ..Sweep::of("pacific") }
}

fn run(scenario: &Scenario, sweep: &Sweep) -> Swept {
    sweep.run(scenario, 1, &mut |_| {}).expect("it makes sense")
}

/// A line a point: everything that was counted.
fn table(swept: &Swept) -> String {
    let mut table = String::new();
    for point in &swept.points {
        let ahead = [point.hybrid_ahead_ns, point.guarded_ahead_ns].map(|ns| milliseconds(ns as i64));
        let _ = writeln!(
            table,
            "{:>8}: reversed {:>2}, lost {:>2} of {}; dropped {}, the later one {:>2} of {}; vectors wrong {}; \
             lamport orders {}; hybrid reverses {}, ahead by {}, guarded by {} with {} of {} refused",
            milliseconds(point.error_ns),
            point.reversed,
            point.lost,
            point.ordered,
            point.dropped,
            point.dropped_later,
            point.concurrent,
            point.vectors_wrong,
            point.lamport_orders,
            point.hybrid_reversed,
            ahead[0],
            ahead[1],
            point.refused,
            point.messages,
        );
    }
    table
}

fn check(scenario: &Scenario, sweep: &Sweep, expected: Expect) {
    let swept = run(scenario, sweep);
    let told = swept.judgements.iter().map(|judgement| {
        format!("{} {}  ({})\n", judgement.verdict.glyph(), judgement.promise, judgement.scope)
    });
    expected.assert_eq(&(table(&swept) + &told.collect::<String>()));
}

#[test]
fn a_clock_that_is_ahead_by_more_than_its_messages_take_loses_later_updates() {
    check(
        &mss_17(),
        &sweep(0, 2_000, 11),
        expect![[r#"
                0 ms: reversed  0, lost  0 of 63; dropped 57, the later one  0 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
              200 ms: reversed  0, lost  0 of 63; dropped 57, the later one  5 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
              400 ms: reversed  0, lost  0 of 63; dropped 57, the later one 10 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
              600 ms: reversed  0, lost  0 of 63; dropped 57, the later one 15 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
              800 ms: reversed  0, lost  0 of 63; dropped 57, the later one 20 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
             1000 ms: reversed  0, lost  0 of 63; dropped 57, the later one 25 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
             1200 ms: reversed  0, lost  0 of 63; dropped 57, the later one 30 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 9.87988 ms, guarded by 9.87988 ms with 0 of 240 refused
             1400 ms: reversed  5, lost  5 of 63; dropped 57, the later one 30 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 209.87988 ms, guarded by 209.87988 ms with 0 of 240 refused
             1600 ms: reversed 10, lost 10 of 63; dropped 57, the later one 30 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 409.87988 ms, guarded by 409.87988 ms with 0 of 240 refused
             1800 ms: reversed 15, lost 15 of 63; dropped 57, the later one 30 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 609.87988 ms, guarded by 0 ms with 120 of 240 refused
             2000 ms: reversed 20, lost 20 of 63; dropped 57, the later one 30 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 809.87988 ms, guarded by 0 ms with 120 of 240 refused
            ✓ vector stamps tell before, after and concurrent exactly  (480 events at each of 11 errors)
            ✓ each vector stamp is the join of its causes and one tick  (480 events at each of 11 errors)
            ✓ lamport stamps never contradict happens-before  (480 events at each of 11 errors)
            ✓ hybrid stamps never contradict happens-before  (480 events at each of 11 errors)
            ✓ vector and lamport stamps are the same whatever the wall clock shows  (480 events at each of 11 errors)
            ✓ no hybrid time is further ahead of its wall clock than wall clocks are apart  (480 events at each of 11 errors)
            ✓ no hybrid time is further ahead of its wall clock than its guard allows  (480 events at each of 11 errors)
        "#]],
    );
}

#[test]
fn a_clock_that_is_behind_loses_what_its_own_station_wrote_later() {
    check(
        &mss_17(),
        &sweep(-200, 0, 5),
        expect![[r#"
             -200 ms: reversed 33, lost 33 of 63; dropped 57, the later one 27 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 159.95996 ms, guarded by 159.95996 ms with 0 of 240 refused
             -150 ms: reversed 33, lost 33 of 63; dropped 57, the later one 27 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 109.95996 ms, guarded by 109.95996 ms with 0 of 240 refused
             -100 ms: reversed 23, lost 23 of 63; dropped 57, the later one 27 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 59.95996 ms, guarded by 59.95996 ms with 0 of 240 refused
              -50 ms: reversed  0, lost  0 of 63; dropped 57, the later one 25 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 9.95996 ms, guarded by 9.95996 ms with 0 of 240 refused
                0 ms: reversed  0, lost  0 of 63; dropped 57, the later one  0 of 57; vectors wrong 0; lamport orders 29; hybrid reverses 0, ahead by 0 ms, guarded by 0 ms with 0 of 240 refused
            ✓ vector stamps tell before, after and concurrent exactly  (480 events at each of 5 errors)
            ✓ each vector stamp is the join of its causes and one tick  (480 events at each of 5 errors)
            ✓ lamport stamps never contradict happens-before  (480 events at each of 5 errors)
            ✓ hybrid stamps never contradict happens-before  (480 events at each of 5 errors)
            ✓ vector and lamport stamps are the same whatever the wall clock shows  (480 events at each of 5 errors)
            ✓ no hybrid time is further ahead of its wall clock than wall clocks are apart  (480 events at each of 5 errors)
            ✓ no hybrid time is further ahead of its wall clock than its guard allows  (480 events at each of 5 errors)
        "#]],
    );
}

#[test]
fn what_comes_of_one_error_does_not_depend_on_the_others_that_are_tried() {
    let scenario = mss_17();
    let (whole, part) = (run(&scenario, &sweep(0, 2_000, 5)), run(&scenario, &sweep(1_500, 1_500, 21)));
    assert_eq!(part.points, [whole.points[3]]);
}

#[test]
fn as_many_pairs_as_there_may_be_are_judged_to_the_last_pair_of_events() {
    // Two updates a pair, and their two receipts.
    let events = 4 * u64::from(Sweep::PAIRS_MAX);
    assert!(events * (events - 1) / 2 <= Budget::default().pairs_max);
}

#[test]
fn the_errors_go_from_one_end_of_the_range_to_the_other() {
    let errors = |from_ns, to_ns, points| Sweep { from_ns, to_ns, points, ..Sweep::of("pacific") }.errors();
    assert_eq!(errors(0, 10, 4), [0, 3, 6, 10]);
    assert_eq!(errors(-5, 5, 3), [-5, 0, 5]);
    assert_eq!(errors(7, 7, 21), [7]);
    assert_eq!(errors(i64::MIN, i64::MAX, 2), [i64::MIN, i64::MAX]);
}

/// Pairs between stations of any latencies.
fn worlds() -> impl Strategy<Value = (String, u64)> {
    let latency =
        || (0_u32..300, 0_u32..300).prop_map(|(least, more)| format!("{least}ms..{}ms", least + more));
    (latency(), latency(), latency(), any::<u64>()).prop_map(|(all, from, to, seed)| {
        let text = format!(
            "nodes = [\"pacific\", \"atlantic\", \"antarctic\"]\nepoch = 2026-03-14T04:11:55Z\nend = \"1s\"\n\
             [link]\nlatency = \"{all}\"\n\
             [[links]]\nfrom = \"pacific\"\nto = \"atlantic\"\nlatency = \"{from}\"\n\
             [[links]]\nfrom = \"antarctic\"\nto = \"pacific\"\nlatency = \"{to}\"\n"
        );
        (text, seed)
    })
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_further_a_clock_is_ahead_the_more_is_lost_and_a_true_one_loses_nothing((text, seed) in worlds()) {
        let scenario = Scenario::parse("any", &text).expect("it is a scenario");
        for (from, to) in [(0, 600), (-600, 0)] {
            let sweep = Sweep { pairs: 24, ..sweep(from, to, 7) };
            let mut swept = sweep.run(&scenario, seed, &mut |_| {}).expect("it makes sense");
            prop_assert_eq!(swept.exit_code(), 0, "{:?}", swept.judgements);
            if from < 0 {
                swept.points.reverse();
            }
            let points = &swept.points;
            let truth = &points[0];
            prop_assert_eq!((truth.error_ns, truth.reversed, truth.lost, truth.dropped_later), (0, 0, 0, 0));
            prop_assert_eq!(truth.hybrid_ahead_ns, 0);
            for pair in points.windows(2) {
                prop_assert!(pair[0].reversed <= pair[1].reversed && pair[0].dropped_later <= pair[1].dropped_later);
                prop_assert!(pair[0].hybrid_ahead_ns <= pair[1].hybrid_ahead_ns);
                prop_assert!(pair[0].refused <= pair[1].refused);
            }
            let soonest = if from < 0 { swept.soonest.before } else { swept.soonest.after };
            for point in points {
                if let Some(soonest) = soonest {
                    let error = Duration::from_nanos(point.error_ns.unsigned_abs());
                    prop_assert_eq!(point.reversed > 0, error > soonest, "{:?} {:?}", point, soonest);
                }
                prop_assert_eq!((point.ordered, point.concurrent), (truth.ordered, truth.concurrent));
                prop_assert_eq!(point.ordered + point.concurrent, 24);
                prop_assert_eq!(point.dropped, point.concurrent, "one of two is always dropped");
                prop_assert!(point.reversed <= point.lost, "what is lost beside is a tie, broken by name");
                prop_assert_eq!((point.hybrid_reversed, point.vectors_wrong), (0, 0));
                prop_assert!(point.hybrid_ahead_ns <= point.error_ns.unsigned_abs());
                prop_assert!(point.guarded_ahead_ns <= Sweep::GUARD_NS);
            }
        }
    }
}

/// A node of which one clock is broken: `tamper` changes what it claims.
struct Broken {
    register: Register,
    tamper: fn(Now, Claim) -> Claim,
}

impl Node for Broken {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        self.register.on(now, input, effects);
        for step in effects.steps_mut() {
            for claim in &mut step.claims {
                *claim = (self.tamper)(now, claim.clone());
            }
        }
    }
}

/// What is violated where a clock is broken, with its evidence.
fn check_broken(tamper: fn(Now, Claim) -> Claim, expected: Expect) {
    let sweep = Sweep { pairs: 24, ..sweep(0, 2_000, 3) };
    let node = |seat| Broken { register: Register::new(seat), tamper };
    let swept = sweep.run_with(&mss_17(), 1, node, &mut |_| {}).expect("it makes sense");
    assert_eq!(swept.exit_code(), 1);
    let violated = swept.judgements.iter().filter_map(|judgement| match &judgement.verdict {
        Verdict::Violated(evidence) => Some(format!("{}\n{evidence}\n\n", judgement.promise)),
        _ => None,
    });
    expected.assert_eq(violated.collect::<String>().trim_end());
}

#[test]
fn a_hybrid_clock_that_learns_nothing_from_messages_is_found_out() {
    check_broken(
        |now, claim| match claim {
            Claim::Hybrid { .. } => Claim::Hybrid { physical_ns: now.wall.ns(), logical: 0 },
            claim => claim,
        },
        expect![[r#"
            hybrid stamps never contradict happens-before
            expected  e0 before e3
            found     e0 after or concurrent with e3: the hybrid clock excludes that one event caused the other; 34 more pairs are wrong
            events    e0  pacific       +0.001000s  update pair-0, and tell indian_ocean     lamport 1  vector {pacific:1}  hybrid 1773461517001000000.0  wall 2026-03-14T04:11:57.001Z (2000 ms ahead of the truth)
                      e3  indian_ocean  +1.195884s  receive the update of pair-0 by pacific  lamport 2  vector {indian_ocean:2 pacific:1}  hybrid 1773461516195884884.0  wall 2026-03-14T04:11:56.195Z
            proof     e0  pacific       +0.001000s  update pair-0, and tell indian_ocean     lamport 1  vector {pacific:1}  hybrid 1773461517001000000.0  wall 2026-03-14T04:11:57.001Z (2000 ms ahead of the truth)
                      e3  indian_ocean  +1.195884s  receive the update of pair-0 by pacific  lamport 2  vector {indian_ocean:2 pacific:1}  hybrid 1773461516195884884.0  wall 2026-03-14T04:11:56.195Z
            notes     in this run the wall clock of pacific is 2000 ms ahead of the truth"#]],
    );
}

#[test]
fn a_vector_clock_that_counts_by_the_wall_clock_is_found_out() {
    check_broken(
        |now, claim| match claim {
            Claim::Vector(mut entries) => {
                entries.iter_mut().for_each(|entry| entry.1 += now.wall.ns() / 1_000_000_000);
                Claim::Vector(entries)
            }
            claim => claim,
        },
        expect![[r#"
            vector stamps tell before, after and concurrent exactly
            expected  e2 concurrent with e3
            found     e2 before e3: the vector clock orders two concurrent events; 213 more pairs are wrong
            events    e2  pacific       +0.142894s  receive the update of pair-0 by indian_ocean  lamport 2  vector {indian_ocean:1773461516 pacific:1773461517}  hybrid 1773461515142894394.0  wall 2026-03-14T04:11:55.142Z
                      e3  indian_ocean  +1.195884s  receive the update of pair-0 by pacific       lamport 2  vector {indian_ocean:1773461518 pacific:1773461517}  hybrid 1773461516195884884.0  wall 2026-03-14T04:11:56.195Z
            proof     no chain of messages leads from e2 to e3, nor back
            notes     in this run all wall clocks tell the truth

            each vector stamp is the join of its causes and one tick
            expected  vector {pacific:1} at e0
            found     vector {pacific:1773461516}: its own entry is 1773461516, not 1; 95 more vectors are wrong
            events    e0  pacific  +0.001000s  update pair-0, and tell indian_ocean  lamport 1  vector {pacific:1773461516}  hybrid 1773461515001000000.0  wall 2026-03-14T04:11:55.001Z
            proof     each event ticks the entry of its own process once
            notes     in this run all wall clocks tell the truth

            vector and lamport stamps are the same whatever the wall clock shows
            expected  e0 is stamped lamport 1, vector {pacific:1773461516} at every error, as at one of 0 ms
            found     e0 is stamped lamport 1, vector {pacific:1773461517} at an error of 1000 ms
            events    e0  pacific  +0.001000s  update pair-0, and tell indian_ocean  lamport 1  vector {pacific:1773461517}  hybrid 1773461516001000000.0  wall 2026-03-14T04:11:56.001Z (1000 ms ahead of the truth)
            proof     a logical clock reads no wall clock; the two runs differ in nothing else
            notes     in this run the wall clock of pacific is 1000 ms ahead of the truth"#]],
    );
}

/// In no run by itself could that be seen: each of them keeps the clock condition.
#[test]
fn a_lamport_clock_that_puts_the_wall_clock_into_its_lower_digits_is_found_out() {
    check_broken(
        |now, claim| match claim {
            Claim::Lamport(time) => Claim::Lamport(time * 1_000_000 + now.wall.ns() / 1_000_000_000 % 60),
            claim => claim,
        },
        expect![[r#"
            vector and lamport stamps are the same whatever the wall clock shows
            expected  e0 is stamped lamport 1000055, vector {pacific:1} at every error, as at one of 0 ms
            found     e0 is stamped lamport 1000056, vector {pacific:1} at an error of 1000 ms
            events    e0  pacific  +0.001000s  update pair-0, and tell indian_ocean  lamport 1000056  vector {pacific:1}  hybrid 1773461516001000000.0  wall 2026-03-14T04:11:56.001Z (1000 ms ahead of the truth)
            proof     a logical clock reads no wall clock; the two runs differ in nothing else
            notes     in this run the wall clock of pacific is 1000 ms ahead of the truth"#]],
    );
}

#[test]
fn a_hybrid_clock_that_runs_away_from_its_wall_is_found_out() {
    check_broken(
        |_, claim| match claim {
            Claim::Hybrid { physical_ns, logical } => {
                Claim::Hybrid { physical_ns: physical_ns + 600_000_000, logical }
            }
            claim => claim,
        },
        expect![[r#"
            no hybrid time is further ahead of its wall clock than wall clocks are apart
            expected  hybrid times at most 0 ms ahead of the wall clock of their node
            found     that of e0 is 600 ms ahead
            events    e0  pacific  +0.001000s  update pair-0, and tell indian_ocean  lamport 1  vector {pacific:1}  hybrid 1773461515601000000.0  wall 2026-03-14T04:11:55.001Z
            proof     the physical part of a hybrid time is a reading of a wall clock in the past of the event
            notes     in this run all wall clocks tell the truth

            no hybrid time is further ahead of its wall clock than its guard allows
            expected  hybrid times at most 500 ms ahead of the wall clock of their node
            found     that of e0 is 600 ms ahead
            events    e0  pacific  +0.001000s  update pair-0, and tell indian_ocean  lamport 1  vector {pacific:1}  hybrid 1773461515601000000.0  wall 2026-03-14T04:11:55.001Z
            proof     a guarded hybrid clock refuses what is further ahead, and its wall clock goes on
            notes     in this run all wall clocks tell the truth"#]],
    );
}

/// Shows nothing in every other second of its wall clock.
struct Moody(Register);

impl Node for Moody {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        let is_show = matches!(input, Input::Request(Request::Show { .. }));
        if !is_show || (now.wall.ns() / 1_000_000_000).is_multiple_of(2) {
            self.0.on(now, input, effects);
        }
    }
}

#[test]
fn a_node_that_acts_on_its_wall_clock_is_found_out() {
    let sweep = Sweep { pairs: 4, ..sweep(0, 1_000, 2) };
    let swept = sweep.run_with(&mss_17(), 1, |seat| Moody(Register::new(seat)), &mut |_| {});
    let violated = swept.expect("it makes sense").judgements.into_iter().find_map(|judgement| {
        let Verdict::Violated(evidence) = judgement.verdict else { return None };
        Some(format!("{}\n{evidence}", judgement.promise))
    });
    expect![[r#"
        vector and lamport stamps are the same whatever the wall clock shows
        expected  the same events at an error of 1000 ms as at one of 0 ms
        found     others: a node acts on what its wall clock shows
        proof     a logical clock reads no wall clock; the two runs differ in nothing else
        notes     in this run the wall clock of pacific is 1000 ms ahead of the truth"#]]
    .assert_eq(&violated.unwrap_or_default());
}

#[test]
fn what_makes_no_sense_is_refused_and_says_what_would() {
    let told = |scenario: &str, change: &dyn Fn(&mut Sweep)| {
        let scenario = Scenario::parse("any", scenario).expect("it is a scenario");
        let mut sweep = Sweep::of("pacific");
        change(&mut sweep);
        let error: SweepError = sweep.run(&scenario, 1, &mut |_| {}).expect_err("it makes none");
        format!("{error}\n    help: {}\n", error.help())
    };
    let two = "nodes = [\"pacific\", \"atlantic\"]\nend = \"1s\"\nepoch = 2026-03-14T04:11:55Z";
    let of_1970 = "nodes = [\"pacific\", \"atlantic\"]\nend = \"1s\"";
    let late = "nodes = [\"pacific\", \"atlantic\"]\nend = \"1s\"\nepoch = 2225-09-01T00:00:00Z\nlink = { latency = \"1h\" }";
    let refusals = [
        told(two, &|sweep| sweep.node = "pasific".to_owned()),
        told(two, &|sweep| sweep.node = "moon".to_owned()),
        told("nodes = [\"pacific\"]\nend = \"1s\"", &|_| {}),
        told(two, &|sweep| (sweep.from_ns, sweep.to_ns) = (2_000_000_000, 0)),
        told(two, &|sweep| sweep.to_ns = 3_600_000_000_001),
        told(two, &|sweep| sweep.from_ns = i64::MIN),
        told(two, &|sweep| sweep.points = 1),
        told(two, &|sweep| sweep.points = 202),
        told(two, &|sweep| sweep.pairs = 1),
        told(two, &|sweep| sweep.pairs = 701),
        told(two, &|sweep| (sweep.points, sweep.pairs) = (200, 700)),
        told(of_1970, &|sweep| sweep.from_ns = -1_500_000),
        told(late, &|sweep| sweep.pairs = 700),
    ];
    expect![[r#"
        the scenario has no node `pasific`
            help: did you mean `pacific`?
        the scenario has no node `moon`
            help: one of pacific, atlantic
        a pair of updates needs two stations, and the scenario has one
            help: choose a scenario with two nodes or more
        the errors go from 2000 ms down to 0 ms
            help: write the smaller one first, such as `-2s..0s`
        an error of 3600000.000001 ms is no error of a clock any more
            help: at most an hour, ahead or behind
        an error of -9223372036854.775808 ms is no error of a clock any more
            help: at most an hour, ahead or behind
        a range of errors is swept in 2 to 201 points, not in 1
            help: a single error, such as `600ms`, is one point
        a range of errors is swept in 2 to 201 points, not in 202
            help: a single error, such as `600ms`, is one point
        a run has 2 to 700 pairs of updates, not 1
            help: more could not be judged to the last pair of events
        a run has 2 to 700 pairs of updates, not 701
            help: more could not be judged to the last pair of events
        200 errors with 700 pairs each are 140000 pairs, more than 20000
            help: at most 100 pairs with so many errors
        the run begins at 00:00:00.000Z, and a clock 1.5 ms behind would show a time before 1970
            help: give the scenario an `epoch` of this century, such as 2026-03-14T04:11:55Z
        the run begins at 2225-09-01T00:00:00.000Z and lasts beyond 2225-09-28T23:48:52.247Z, the latest time that hybrid clocks read
            help: give the scenario an `epoch` of this century, such as 2026-03-14T04:11:55Z
    "#]].assert_eq(&refusals.concat());
}
