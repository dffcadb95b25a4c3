//! What a run costs, as ratios to the plainest loop that does the same work.
//!
//! `cargo bench -p constellation-sim` measures; `cargo test` runs every measurement once and small, so that none can
//! rot.
//! Both sides of a ratio run in turns within one process and the fastest turn of each counts, so that a busy machine
//! disturbs both alike. The ratios are what to compare; the nanoseconds belong to one machine. Instructions:
//!
//! ```console
//! cargo bench -p constellation-sim --no-run   # prints the program
//! valgrind --tool=callgrind --toggle-collect='*loop_of_worlds*' PROGRAM --bench ten
//! /usr/bin/time -v PROGRAM --bench long-traced   # ten million messages and their trace; long-untraced: without
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_sim::choices::Provenance;
use constellation_sim::{Outcome, Recorder, Seeded, Setup, Tape, World, Worlds};
use constellation_trace::format::jsonl;
use constellation_trace::{NodeId, TrueTime};

#[path = "shared/gossip.rs"]
mod gossip;

use gossip::{
    Fold, ManyFolds, hundred_events, loop_of_worlds, plain, plain_with_digest, setup, worlds, worlds_of,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let effort =
        if std::env::args().any(|argument| argument == "--bench") { Effort::Measure } else { Effort::Once };
    let is_chosen = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    if is_chosen("ten") {
        loops(effort, 10);
    }
    if is_chosen("thousand") {
        loops(effort, 1_000);
    }
    if is_chosen("hundred-thousand") {
        loops(effort, 100_000);
    }
    if is_chosen("recording") {
        recording(effort, 10);
        recording(effort, 1_000);
        bytes(effort);
    }
    if is_chosen("seeds") {
        seeds(effort);
    }
    if is_chosen("nodes") {
        nodes(effort);
    }
    if is_chosen("idle") {
        idle(effort);
    }
    if is_chosen("timers") {
        timers(effort);
    }
    // These measure memory, so each has the process for itself.
    if arguments == ["long-traced"] {
        let delivered = world(10, 10 * turn_ns(10, effort));
        println!("{delivered} deliveries with their trace");
    }
    if arguments == ["long-untraced"] {
        let (delivered, _) = loop_of_worlds(&mut worlds(4, 10, 10 * turn_ns(10, effort)), 7);
        println!("{delivered} deliveries without a trace");
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Effort {
    Measure,
    Once,
}

impl Effort {
    /// So much of a full measurement, or a thousandth of it.
    const fn of(self, full: u64) -> u64 {
        match self {
            Effort::Measure => full,
            Effort::Once => full / 1_000,
        }
    }

    const fn rounds(self) -> u32 {
        match self {
            Effort::Measure => 40,
            Effort::Once => 1,
        }
    }
}

/// So many turns, and how much shorter each is: short ones fit between the doings of a busy machine.
fn turns(in_flight: u32, effort: Effort) -> (u32, u64) {
    match effort {
        Effort::Once => (1, 1),
        Effort::Measure if in_flight >= 100_000 => (7, 1),
        Effort::Measure => (60, 10),
    }
}

/// How long it takes in true time until a million messages have arrived, when `in_flight` are always under way for
/// 1 to 10 ms.
fn turn_ns(in_flight: u32, effort: Effort) -> u64 {
    // Long enough for some to arrive.
    (effort.of(5_500_000_000_000) / u64::from(in_flight)).max(2_000_000)
}

/// Runs all in turns and prints the fastest turn of each, in nanoseconds an event, and as a ratio to the first.
fn race(rounds: u32, title: &str, runners: &mut [(&str, &mut dyn FnMut() -> u64)]) {
    let mut fastest_ns = vec![f64::MAX; runners.len()];
    for _ in 0..rounds {
        for (fastest_ns, (_, run)) in fastest_ns.iter_mut().zip(runners.iter_mut()) {
            let start = Instant::now();
            let events = run();
            *fastest_ns = fastest_ns.min(start.elapsed().as_nanos() as f64 / events as f64);
        }
    }
    println!("{title}");
    for (ns, (name, _)) in fastest_ns.iter().zip(runners) {
        println!("  {name:<44} {ns:>8.1} ns an event {:>6.2}", ns / fastest_ns[0]);
    }
}

fn loops(effort: Effort, in_flight: u32) {
    let (rounds, part) = turns(in_flight, effort);
    let end_ns = turn_ns(in_flight, effort) / part;
    let mut many = worlds(4, in_flight, end_ns);
    race(
        rounds,
        &format!("{in_flight} messages in flight"),
        &mut [
            ("the plainest loop", &mut || black_box(plain(in_flight, end_ns)).0),
            ("with the digest of each event", &mut || black_box(plain_with_digest(in_flight, end_ns)).0),
            ("nodes, choices, digest (Worlds)", &mut || black_box(loop_of_worlds(&mut many, 7)).0),
            ("and the trace (World)", &mut || world(in_flight, end_ns)),
        ],
    );
}

/// What it costs to keep more of a run than its digest.
fn recording(effort: Effort, in_flight: u32) {
    let (rounds, part) = turns(in_flight, effort);
    let end_ns = turn_ns(in_flight, effort) / part;
    let [mut many, mut taped, mut sorted] = [(); 3].map(|()| worlds(4, in_flight, end_ns));
    race(
        rounds,
        &format!("{in_flight} messages in flight, and what is kept of the run"),
        &mut [
            ("its digest (Worlds)", &mut || black_box(loop_of_worlds(&mut many, 7)).0),
            ("and its answers (Recorder)", &mut || {
                let (delivered, recorder) = tape(&mut taped);
                black_box(recorder);
                delivered
            }),
            ("in the order of a tape (into_answers)", &mut || {
                let (delivered, recorder) = tape(&mut sorted);
                black_box(recorder.into_answers());
                delivered
            }),
            ("its digest and its trace (World)", &mut || world(in_flight, end_ns)),
        ],
    );
}

#[inline(never)]
fn tape(worlds: &mut ManyFolds) -> (u64, Recorder<Seeded>) {
    let mut recorder = Recorder::new(Seeded::new(7));
    let run = worlds.run(&mut recorder).expect("nothing is impossible here");
    (run.counts().delivered, recorder)
}

fn outcome(in_flight: u32, end_ns: u64, seed: u64) -> Outcome<Fold> {
    let factory = |node: NodeId| Fold::new(node.number(), 4, in_flight);
    World::new(setup(4, end_ns), Seeded::new(seed), factory).and_then(World::run).expect("a sound setup")
}

#[inline(never)]
fn world(in_flight: u32, end_ns: u64) -> u64 {
    black_box(outcome(in_flight, end_ns, 7)).counts.delivered
}

/// What is written of a run, for each message that arrived.
fn bytes(effort: Effort) {
    let run = outcome(10, turn_ns(10, effort) / turns(10, effort).1, 7);
    let names = run.trace.nodes().clone();
    let mut recorder = Recorder::new(Seeded::new(7));
    let factory = |node: NodeId| Fold::new(node.number(), 4, 10);
    let setup = setup(4, turn_ns(10, effort) / turns(10, effort).1);
    let again = World::new(setup, &mut recorder, factory).and_then(World::run).expect("a sound setup");
    assert_eq!(again.digest, run.digest, "a recorded run is the run");
    let tape = Tape::new(Provenance::new("gossip", "0", 7), names, recorder.into_answers());
    let tape = tape.expect("nodes with short names").to_string();

    println!("bytes written for each of {} deliveries", run.counts.delivered);
    let each = |bytes: usize| bytes as f64 / run.counts.delivered as f64;
    for (name, bytes) in [
        ("the trace, as JSON Lines", jsonl::to_string(&run.trace).len()),
        ("every answer, as a tape", tape.len()),
        ("the seed, which makes both again", size_of::<u64>()),
    ] {
        println!("  {name:<44} {:>8.4}", each(bytes));
    }
}

/// Many short runs: four nodes, a client's request, a partition and its heal, about a hundred events.
fn seeds(effort: Effort) {
    let planned = hundred_events();
    let mut many = worlds_of(planned.clone(), 4, 10);
    let count = effort.of(10_000);

    let events: u64 = (0..100)
        .map(|seed| u64::from(many.run(Seeded::new(seed)).expect("nothing is impossible here").events()))
        .sum();
    println!("seeds of {} events on average, with a partition in each", events / 100);

    let per_second = |seeds: u64, mut run: Box<dyn FnMut(u64) + '_>| {
        let start = Instant::now();
        (0..seeds).for_each(&mut run);
        seeds as f64 / start.elapsed().as_secs_f64()
    };
    let mut most = [0_f64; 3];
    for _ in 0..effort.rounds() {
        let rates = [
            per_second(
                count,
                Box::new(|_| {
                    black_box(plain(10, 52_000_000));
                }),
            ),
            per_second(
                count,
                Box::new(|seed| {
                    black_box(loop_of_worlds(&mut many, seed));
                }),
            ),
            per_second(
                count / 4,
                Box::new(|seed| {
                    let factory = |node: NodeId| Fold::new(node.number(), 4, 10);
                    let run = World::new(planned.clone(), Seeded::new(seed), factory).and_then(World::run);
                    black_box(run.expect("a sound setup").digest);
                }),
            ),
        ];
        most = [0, 1, 2].map(|place| most[place].max(rates[place]));
    }
    for (name, rate) in ["the plainest loop", "Worlds", "World, with its trace"].iter().zip(most) {
        println!("  {name:<44} {rate:>8.0} seeds/s");
    }
}

/// The same traffic among more nodes, each of which talks to three.
fn nodes(effort: Effort) {
    let (rounds, part) = turns(1_000, effort);
    let end_ns = turn_ns(1_000, effort) / part;
    let [mut four, mut hundreds, mut thousands] = [4, 500, 5_000].map(|nodes| worlds(nodes, 1_000, end_ns));
    race(
        rounds,
        "1,000 messages in flight among",
        &mut [
            ("4 nodes", &mut || black_box(loop_of_worlds(&mut four, 7)).0),
            ("500 nodes", &mut || black_box(loop_of_worlds(&mut hundreds, 7)).0),
            ("5,000 nodes", &mut || black_box(loop_of_worlds(&mut thousands, 7)).0),
        ],
    );
}

/// Sets one timer after the other.
struct Sleeper {
    pause: Duration,
}

impl Node for Sleeper {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, _input: Input<(), ()>, effects: &mut Effects<()>) {
        effects.event("");
        effects.set_timer(Timer(0), self.pause);
    }
}

/// As many events with little time in between, and with an hour.
fn idle(effort: Effort) {
    let (rounds, part) = turns(4, effort);
    let sleepers = |pause: Duration| {
        let end = TrueTime::default().saturating_add(pause * (effort.of(250_000) / part) as u32);
        let setup = Setup { events_max: u32::MAX, ..Setup::<()>::new(["a", "b", "c", "d"], end) };
        Worlds::new(setup, move |_| Sleeper { pause }).expect("a sound setup")
    };
    let mut short = sleepers(Duration::from_millis(1));
    let mut long = sleepers(Duration::from_secs(3_600));
    race(
        rounds,
        "four nodes with a timer each, every",
        &mut [
            ("millisecond", &mut || u64::from(short.run(Seeded::new(1)).expect("sound").events())),
            ("hour", &mut || u64::from(long.run(Seeded::new(1)).expect("sound").events())),
        ],
    );
}

/// Keeps many timers set, each with a number of its own, as a client does that waits for many replies.
struct Waiter {
    timers: u32,
    set: u32,
}

impl Node for Waiter {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        let more = if let Input::Start = input { self.timers } else { 1 };
        for nth in 1..=more {
            // Each runs out a microsecond after the one before.
            let after = if more == 1 { self.timers } else { nth };
            effects.set_timer(Timer(self.set), Duration::from_micros(u64::from(after)));
            self.set += 1;
        }
        effects.event("");
    }
}

/// As many events of one node with few timers set at a time, and with many.
fn timers(effort: Effort) {
    let (rounds, part) = turns(4, effort);
    let events = (effort.of(1_000_000) / part).max(2);
    let waiters = |timers: u32| {
        let end = TrueTime::from_ns(events * 1_000);
        let setup = Setup { events_max: u32::MAX, ..Setup::<()>::new(["a"], end) };
        Worlds::new(setup, move |_| Waiter { timers, set: 0 }).expect("a sound setup")
    };
    let [mut few, mut thousands, mut many] = [10, 10_000, 100_000].map(waiters);
    let run = |worlds: &mut Worlds<Waiter, _>| u64::from(worlds.run(Seeded::new(1)).expect("sound").events());
    race(
        rounds,
        "one timer after the other, and set at a time",
        &mut [
            ("10", &mut || run(&mut few)),
            ("10,000", &mut || run(&mut thousands)),
            ("100,000", &mut || run(&mut many)),
        ],
    );
}
