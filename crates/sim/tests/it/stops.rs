//! Stops and slowness against a twin that goes from millisecond to millisecond; and clocks that never go back.

use std::collections::VecDeque;
use std::time::Duration;

use constellation_fabric::{Calm, Effects, Input, Node, Now, Odds, Timer};
use constellation_sim::{Act, Drift, Faults, Plan, Seeded, Setup, Span, Wall, World, Worlds};
use constellation_trace::{Elapsed, NodeId};
use proptest::prelude::*;

use crate::machines::{millis, worst};
use crate::probe::{ATLANTIC, Ask, ask, ms, quiet, run};

/// Requests at these times, and times in which the node is stopped or slow, as first millisecond and length.
#[derive(Clone, Debug)]
struct Traffic {
    requests: Vec<u64>,
    pauses: Vec<(u64, u64)>,
    sleeps: Vec<(u64, u64)>,
    /// With how long each work takes.
    slow: Vec<(u64, u64, u64)>,
}

/// Those that begin after all before them have ended.
fn apart(mut times: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    times.sort_unstable();
    let mut free_from = 0;
    times.retain(|(from, lasts)| {
        let is_free = *from >= free_from;
        free_from = if is_free { from + lasts } else { free_from };
        is_free
    });
    times
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let times = || prop::collection::vec((0..300_u64, 1..60_u64), 0..6).prop_map(apart);
    let slow = (times(), prop::collection::vec(1..30_u64, 6));
    let slow = slow.prop_map(|(times, each)| {
        times.into_iter().zip(each).map(|((from, lasts), each)| (from, lasts, each)).collect()
    });
    (prop::collection::vec(0..400_u64, 0..30), times(), times(), slow).prop_map(
        |(mut requests, pauses, sleeps, slow)| {
            requests.sort_unstable();
            Traffic { requests, pauses, sleeps, slow }
        },
    )
}

impl Traffic {
    fn plan(&self) -> Plan<Ask> {
        let mut plan = Plan::new();
        let node = ATLANTIC;
        for &(from, lasts) in &self.pauses {
            plan.add(ms(from), Act::Pause { node, lasts: millis(lasts) });
        }
        for &(from, lasts) in &self.sleeps {
            plan.add(ms(from), Act::Suspend { node, lasts: millis(lasts) });
        }
        for &(from, lasts, each) in &self.slow {
            plan.add(ms(from), Act::Slow { node, each: millis(each), lasts: millis(lasts) });
        }
        for at in &self.requests {
            plan.add(ms(*at), ask(node, Ask::Add(1)));
        }
        plan
    }

    /// At which milliseconds the requests are done, looked up millisecond by millisecond.
    fn done(&self) -> Vec<u64> {
        let is_in = |times: &[(u64, u64)], at: u64| {
            times.iter().any(|(from, lasts)| (*from..from + lasts).contains(&at))
        };
        let (mut queue, mut at_work, mut done) = (VecDeque::new(), None, Vec::new());
        for at in 0..5_000 {
            let arrived = self.requests.iter().filter(|request| **request == at);
            arrived.for_each(|_| queue.push_back(()));
            let is_stopped = is_in(&self.pauses, at) || is_in(&self.sleeps, at);
            if is_stopped {
                continue;
            }
            while let Some(left) = at_work.or_else(|| {
                let each = self.slow.iter().find(|(from, lasts, _)| (*from..from + lasts).contains(&at));
                queue.pop_front().map(|()| each.map_or(0, |(_, _, each)| *each))
            }) {
                if left > 0 {
                    at_work = Some(left - 1);
                    break;
                }
                done.push(at);
                at_work = None;
            }
        }
        done
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inputs_wait_and_are_worked_on_as_a_clock_that_ticks_would_have_it(traffic in traffic()) {
        let mut setup = quiet(traffic.plan());
        setup.end = ms(5_000);
        let outcome = run(setup, Calm).expect("a sound plan");
        let done: Vec<u64> = outcome.trace.events().iter().map(|event| event.at.ns() / 1_000_000).collect();
        prop_assert_eq!(done, traffic.done());
    }
}

/// Sets a timer again and again, and looks whether its clock ever goes back or a timer comes early.
struct Watch {
    latest: Elapsed,
    due: Elapsed,
    beats: u32,
    is_amiss: bool,
}

const BEAT: Duration = Duration::from_millis(7);

impl Node for Watch {
    type Message = ();
    type Request = ();

    fn on(&mut self, now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        self.is_amiss |= now.elapsed < self.latest;
        self.latest = now.elapsed;
        if let Input::Timer(_) = input {
            self.is_amiss |= now.elapsed < self.due;
            self.beats += 1;
        }
        if !matches!(input, Input::Request(())) {
            self.due = now.elapsed.saturating_add(BEAT);
            effects.set_timer(Timer(1), BEAT);
        }
    }
}

fn watch(_: NodeId) -> Watch {
    Watch { latest: Elapsed::from_ns(0), due: Elapsed::from_ns(0), beats: 0, is_amiss: false }
}

fn watched(faults: Faults, ppb: i32) -> Setup<()> {
    let mut plan = Plan::new();
    for nth in 1..40 {
        plan.add(ms(nth * 23), Act::Request { node: NodeId::new(0), request: () });
    }
    let mut setup = Setup { plan, ..Setup::new(["pacific"], ms(1_000)) };
    setup.machines[0].faults = faults;
    setup.machines[0].wall = Wall { offset_ns: 0, drift: Drift::ppb(ppb).expect("within the limit") };
    setup
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_monotonic_clock_goes_back_and_no_timer_comes_early(seed: u64, ppb in -900_000_000..900_000_000_i32) {
        let often = Odds::ppm(60_000).expect("below a million");
        let faults = Faults {
            crash_before: often, crash_after: often, pause: often, suspend: often,
            slow: Span { min: Duration::ZERO, max: millis(9) }, down: Span::exactly(millis(3)),
            pause_time: Span { min: millis(1), max: millis(40) }, suspend_time: Span { min: millis(1), max: millis(40) },
            ..worst()
        };
        let outcome = World::new(watched(faults, ppb), Seeded::new(seed), watch).and_then(World::run);
        let outcome = outcome.expect("a sound setup");
        let node = outcome.nodes[0].as_ref().expect("at the end it is up");
        prop_assert!(!node.is_amiss);
    }
}

#[test]
fn a_monotonic_clock_counts_what_was_not_slept() {
    // 30 of 100 ms are slept, so of a timer every 7 ms ten run out.
    let mut setup = watched(Faults::NONE, 0);
    setup.plan = Plan::new().at(ms(50), Act::Suspend { node: NodeId::new(0), lasts: millis(30) });
    setup.end = ms(100);
    let outcome = World::new(setup, Calm, watch).and_then(World::run).expect("a sound setup");
    assert_eq!(outcome.nodes[0].as_ref().map(|node| node.beats), Some(10));
}

#[test]
fn after_the_first_seed_nothing_is_allocated_whatever_strikes() {
    let seeds = |worlds: &mut Worlds<Watch, fn(NodeId) -> Watch>| {
        for seed in 0..100 {
            let run = worlds.run(Seeded::new(seed)).expect("a sound setup");
            assert!(run.node(NodeId::new(0)).is_some());
        }
    };
    let mut worlds: Worlds<Watch, fn(NodeId) -> Watch> =
        Worlds::new(watched(worst(), 0), watch as fn(NodeId) -> Watch).expect("a sound setup");
    seeds(&mut worlds);
    let allocated = allocation_counter::measure(|| seeds(&mut worlds));
    assert_eq!(allocated.count_total, 0);
}
