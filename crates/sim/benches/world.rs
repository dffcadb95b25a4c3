//! What a run costs, as ratios to the plainest loop that does the same work.
//!
//! `cargo bench -p constellation-sim` measures; `cargo test` runs every measurement once and small, so that none can
//! rot, and checks there what no clock is needed for: that nothing is allocated after the first seed.
//! Both sides of a ratio run in turns within one process and the fastest turn of each counts, so that a busy machine
//! disturbs both alike. The ratios are what to compare; the nanoseconds belong to one machine. Instructions:
//!
//! ```console
//! cargo bench -p constellation-sim --no-run   # prints the program
//! valgrind --tool=callgrind --toggle-collect='*loop_of_worlds*' PROGRAM --bench ten
//! /usr/bin/time -v PROGRAM --bench long-traced   # ten million messages and their trace; long-untraced: without
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use constellation_fabric::{
    Contacts, Effects, Flap, Input, Link, Network, Node, Now, Odds, Outside, Rate, Sequence, Timer,
};
use constellation_sim::{Act, Plan, Seeded, Setup, World, Worlds};
use constellation_trace::{NodeId, TrueTime};

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
    if is_chosen("seeds") {
        seeds(effort);
    }
    if is_chosen("nodes") {
        nodes(effort);
    }
    if is_chosen("idle") {
        idle(effort);
    }
    // These measure memory, so each has the process for itself.
    if arguments == ["long-traced"] {
        let (delivered, _) = world(10, 10 * turn_ns(10, effort));
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
    effort.of(5_500_000_000_000) / u64::from(in_flight)
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
            ("nodes, choices, digest (Worlds)", &mut || black_box(loop_of_worlds(&mut many, 7)).0),
            ("and the trace (World)", &mut || black_box(world(in_flight, end_ns)).0),
        ],
    );
}

/// One node of a gossip: folds in what arrives and passes on the result.
struct Fold {
    me: u32,
    nodes: u32,
    /// How many messages it sends at the start.
    share: u32,
    sum: u64,
}

impl Fold {
    fn new(me: u32, nodes: u32, in_flight: u32) -> Fold {
        Fold { me, nodes, share: share(me, nodes, in_flight), sum: 0 }
    }
}

impl Node for Fold {
    type Message = u64;
    type Request = u64;

    fn on(&mut self, _now: Now, input: Input<u64, u64>, effects: &mut Effects<u64>) {
        match input {
            Input::Start => {
                for nth in 0..self.share {
                    effects
                        .send(NodeId::new(next(self.me, self.nodes, u64::from(nth) << 32)), u64::from(nth));
                }
            }
            Input::Message { message, .. } | Input::Request(message) => {
                self.sum = fold(self.sum, message);
                effects.send(NodeId::new(next(self.me, self.nodes, self.sum)), self.sum);
            }
            _ => {}
        }
    }

    fn wire_bytes(_message: &u64) -> u32 {
        1_000
    }

    fn corrupted(message: &u64, how: u32) -> Option<u64> {
        Some(message ^ 1 << (how % 64))
    }
}

fn fold(sum: u64, message: u64) -> u64 {
    (sum.rotate_left(5) ^ message).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// One of the three nodes after `me`, of at least three.
fn next(me: u32, nodes: u32, sum: u64) -> u32 {
    // Not by a remainder: the plain loop knows how many nodes there are, and would get away without a division.
    let after = me + 1 + ((sum >> 32) as u32) % 3;
    if after < nodes { after } else { after - nodes }
}

fn share(me: u32, nodes: u32, in_flight: u32) -> u32 {
    in_flight / nodes + u32::from(me < in_flight % nodes)
}

/// The yardstick: a binary heap of events that are handled where they are taken, and a number for each node.
#[inline(never)]
fn plain(in_flight: u32, end_ns: u64) -> (u64, u64) {
    let mut state = 7_u64;
    let mut latency_ns = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        1_000_000 + ((u128::from(bits) * 9_000_000) >> 64) as u64
    };
    let mut sums = [0_u64; 4];
    let mut heap = BinaryHeap::new();
    let mut sequence = 0_u64;
    for me in 0..4 {
        for nth in 0..share(me, 4, in_flight) {
            heap.push(Reverse((latency_ns(), sequence, next(me, 4, u64::from(nth) << 32), u64::from(nth))));
            sequence += 1;
        }
    }
    let mut delivered = 0;
    while let Some(Reverse((at_ns, _, me, message))) = heap.pop() {
        if at_ns > end_ns {
            break;
        }
        delivered += 1;
        let sum = fold(sums[me as usize], message);
        sums[me as usize] = sum;
        heap.push(Reverse((at_ns + latency_ns(), sequence, next(me, 4, sum), sum)));
        sequence += 1;
    }
    (delivered, sums[0])
}

fn setup(nodes: u32, end_ns: u64) -> Setup<u64> {
    let link = Link {
        latency_min: Duration::from_millis(1),
        latency_max: Duration::from_millis(10),
        loss: Odds::NEVER,
        duplicate: Odds::NEVER,
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let names = (0..nodes).map(|node| format!("node{node}"));
    Setup {
        network: Network::new(link),
        events_max: u32::MAX,
        ..Setup::new(names, TrueTime::from_ns(end_ns))
    }
}

/// Links that corrupt, have a queue that is always full, and flap.
fn limited() -> Network {
    let often = Odds::ppm(100_000).expect("below a million");
    let rate = Rate { bytes_per_second: NonZeroU64::new(1_000_000).expect("not 0"), queue_bytes_max: 4_000 };
    let link = Link {
        latency_min: Duration::from_millis(1),
        latency_max: Duration::from_millis(10),
        corrupt_seen: often,
        corrupt_unseen: often,
        rate: Some(rate),
        ..Link::INSTANT
    };
    let flap = Flap { period: Duration::from_millis(5), down: Duration::from_millis(2), odds: often };
    let mut network = Network::new(link);
    network.set_default(link, Some(Contacts::new(Outside::Hold).with_flap(flap).expect("a sound flap")));
    network
}

type ManyFolds = Worlds<Fold, Box<dyn FnMut(NodeId) -> Fold>>;

fn worlds(nodes: u32, in_flight: u32, end_ns: u64) -> ManyFolds {
    worlds_of(setup(nodes, end_ns), nodes, in_flight)
}

fn worlds_of(setup: Setup<u64>, nodes: u32, in_flight: u32) -> ManyFolds {
    let factory: Box<dyn FnMut(NodeId) -> Fold> =
        Box::new(move |node| Fold::new(node.number(), nodes, in_flight));
    Worlds::new(setup, factory).expect("a sound setup")
}

#[inline(never)]
fn loop_of_worlds(worlds: &mut ManyFolds, seed: u64) -> (u64, u64) {
    let run = worlds.run(Seeded::new(seed)).expect("nothing is impossible here");
    (run.counts().delivered, run.digest().number())
}

fn world(in_flight: u32, end_ns: u64) -> (u64, u64) {
    let factory = |node: NodeId| Fold::new(node.number(), 4, in_flight);
    let outcome =
        World::new(setup(4, end_ns), Seeded::new(7), factory).and_then(World::run).expect("a sound setup");
    (outcome.counts.delivered, outcome.digest.number())
}

/// How often a hundred seeds allocate when they are run a second time.
fn allocations(worlds: &mut ManyFolds) -> u64 {
    let mut run = || (0..100).for_each(|seed| assert_ne!(black_box(loop_of_worlds(worlds, seed)).0, 0));
    run();
    allocation_counter::measure(run).count_total
}

/// Many short runs: four nodes, a client's request, a partition and its heal, about a hundred events.
fn seeds(effort: Effort) {
    const NODES: u32 = 4;
    let [one, two, three, four] = [0, 1, 2, 3].map(NodeId::new);
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let plan = Plan::new()
        .at(ms(5), Act::Request { node: one, request: 1 })
        .at(ms(20), Act::Partition { group_a: vec![one, two], group_b: vec![three, four] })
        .at(ms(25), Act::Heal);
    let planned = Setup { plan, ..setup(NODES, 52_000_000) };
    let mut many = worlds_of(planned.clone(), NODES, 10);
    let count = effort.of(10_000);

    let events: u64 = (0..100)
        .map(|seed| u64::from(many.run(Seeded::new(seed)).expect("nothing is impossible here").events()))
        .sum();
    println!("seeds of {} events on average, with a partition in each", events / 100);
    let allocated = allocations(&mut many);
    println!("  allocations in a hundred seeds seen before: {allocated}");
    assert_eq!(allocated, 0, "a seed that needs no more room than those before allocates nothing");
    let limited = Setup { network: limited(), ..planned.clone() };
    let allocated = allocations(&mut worlds_of(limited, NODES, 10));
    assert_eq!(allocated, 0, "nor does one whose links have queues and flap");

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
                    let factory = |node: NodeId| Fold::new(node.number(), NODES, 10);
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
