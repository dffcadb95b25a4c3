//! What the clocks cost, as ratios to the plainest loop over the same bytes.
//!
//! `cargo bench -p constellation-clock` measures; `cargo test` runs every measurement once, so that none can rot.
//! Both sides of a ratio run in turns within one process and the fastest turn of each counts, so that a busy machine
//! disturbs both alike. The ratios are what to compare; the nanoseconds belong to one machine.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel};
use std::time::{Duration, Instant};

use constellation_clock::{
    Clock, DottedClock, DottedStamp, DriftPolicy, ExactStamp, Group, HybridClock, LamportClock, PhysicalTime,
    VectorClock, VectorStamp,
};

fn main() {
    let effort =
        if std::env::args().any(|argument| argument == "--bench") { Effort::Measure } else { Effort::Once };
    println!("{:<54} {:>10} {:>10} {:>7}", "", "limit ns", "ours ns", "ratio");
    lamport(effort);
    for members in [4, 64, 1024] {
        merge(effort, members);
        compare(effort, members);
        cycle(effort, members, Tables::Counted);
        cycle(effort, members, Tables::Forever);
        dotted(effort, members);
    }
    hybrid(effort);
}

#[derive(Clone, Copy)]
enum Effort {
    Measure,
    Once,
}

/// Runs both in turns and prints the fastest turn of each, in nanoseconds for one call.
fn race(effort: Effort, name: &str, mut limit: impl FnMut(), mut ours: impl FnMut()) {
    let (rounds, turn) = match effort {
        Effort::Measure => (40, Duration::from_millis(2)),
        Effort::Once => (1, Duration::ZERO),
    };
    let (mut limit_ns, mut ours_ns) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        limit_ns = limit_ns.min(time_ns(turn, &mut limit));
        ours_ns = ours_ns.min(time_ns(turn, &mut ours));
    }
    println!("{name:<54} {limit_ns:>10.2} {ours_ns:>10.2} {:>7.2}", ours_ns / limit_ns);
}

fn time_ns(turn: Duration, work: &mut impl FnMut()) -> f64 {
    const BATCH: u32 = 64;
    let start = Instant::now();
    let mut batches = 0_u32;
    loop {
        for _ in 0..BATCH {
            work();
        }
        batches += 1;
        if start.elapsed() >= turn {
            return start.elapsed().as_nanos() as f64 / f64::from(batches * BATCH);
        }
    }
}

/// Makes the compiler believe that the result is used.
fn keep<T>(result: T) {
    let _ = black_box(result);
}

fn lamport(effort: Effort) {
    let (bare, clock) = (AtomicU64::new(0), LamportClock::new());
    let mut count = || keep(black_box(&bare).fetch_add(1, AcqRel));
    race(effort, "lamport tick / fetch_add", &mut count, || keep(black_box(&clock).tick()));
    race(effort, "lamport observe(old) / fetch_add", &mut count, || {
        keep(black_box(&clock).observe(black_box(0)));
    });
}

/// How a group holds its names.
#[derive(Clone, Copy, Debug)]
enum Tables {
    Counted,
    Forever,
}

fn group(members: usize, tables: Tables) -> (Group, Vec<String>) {
    let names: Vec<String> = (0..members).map(|member| format!("node{member:04}")).collect();
    let group = match tables {
        Tables::Counted => Group::new(names.iter().map(String::as_str)),
        Tables::Forever => Group::forever(names.iter().map(String::as_str)),
    };
    (group, names)
}

/// Clocks that have all heard of each other, so that nothing is new any more: the steady state.
fn acquainted(members: usize, tables: Tables) -> Vec<VectorClock> {
    let (group, names) = group(members, tables);
    let mut clocks: Vec<VectorClock> =
        names.iter().take(8).map(|name| group.clock(name).expect("a member")).collect();
    let all = VectorStamp::from_entries(names.iter().skip(8).map(|name| (name.as_str(), 1_000)));
    let all = all.expect("every name once");
    clocks.iter_mut().for_each(|clock| clock.merge_stamp(&all));
    for sender in 0..clocks.len() {
        let (_, message) = clocks[sender].send().expect("there is room");
        for receiver in (0..clocks.len()).filter(|receiver| *receiver != sender) {
            clocks[receiver].receive(&message).expect("honest");
        }
    }
    clocks
}

fn merge(effort: Effort, members: usize) {
    let clocks = acquainted(members, Tables::Counted);
    let (mut left, right) = (clocks[0].clone(), clocks[1].clone());
    left.merge(&right);
    let (mut bytes, other) = (vec![1_u64; members], vec![1_u64; members]);
    race(
        effort,
        &format!("vector merge, {members} nodes / or-loop"),
        || black_box(&mut bytes).iter_mut().zip(black_box(&other)).for_each(|(left, right)| *left |= right),
        || black_box(&mut left).merge(black_box(&right)),
    );
}

fn compare(effort: Effort, members: usize) {
    let clocks = acquainted(members, Tables::Counted);
    let mut left = clocks[0].stamp().clone();
    left.merge(clocks[1].stamp());
    let mut right = clocks[1].stamp().clone();
    right.merge(clocks[0].stamp());
    let (bytes, other) = (vec![1_u64; members], vec![1_u64; members]);
    race(
        effort,
        &format!("vector compare of equals, {members} nodes / xor-loop"),
        || {
            let pairs = black_box(&bytes).iter().zip(black_box(&other));
            black_box(pairs.fold(0, |differences, (left, right)| differences | (left ^ right)));
        },
        || keep(black_box(&left).compare(black_box(&right))),
    );
}

/// One node ticks and sends what it knows; another merges that and ticks. Eight of the nodes talk.
///
/// By hand that takes one snapshot. Through the trait it takes three, since a send gives a stamp and a message and a receive
/// a stamp; so there are two limits, a loop with one copy and a loop with three.
fn cycle(effort: Effort, members: usize, tables: Tables) {
    let (mut clocks, mut by_hand) = (acquainted(members, tables), acquainted(members, tables));
    let talkers = clocks.len();
    let mut turn = 0;
    let name = |what: &str, copies: &str| format!("{what}, {members} nodes, {tables:?} / loop, {copies}");
    let one_copy = || loop_cycle(members, talkers, 0);
    race(effort, &name("tick clone merge tick", "1 copy"), one_copy(), || {
        let (sender, receiver) = next(&mut turn, talkers);
        by_hand[sender].tick();
        let message = by_hand[sender].stamp().clone();
        by_hand[receiver].merge_stamp(black_box(&message));
        by_hand[receiver].tick();
    });
    let mut through_the_trait = || {
        let (sender, receiver) = next(&mut turn, talkers);
        let (stamp, message) = clocks[sender].send().expect("there is room");
        keep(stamp);
        keep(clocks[receiver].receive(black_box(&message)).expect("honest"));
    };
    race(effort, &name("send receive", "1 copy"), one_copy(), &mut through_the_trait);
    race(effort, &name("send receive", "3 copies"), loop_cycle(members, talkers, 2), &mut through_the_trait);
}

/// The plainest cycle: bare numbers, and `stamps` copies beside the message.
fn loop_cycle(members: usize, talkers: usize, stamps: usize) -> impl FnMut() {
    let mut vectors = vec![vec![1_u64; members]; talkers];
    let mut turn = 0;
    move || {
        let (sender, receiver) = next(&mut turn, talkers);
        vectors[sender][sender] += 1;
        let message = black_box(vectors[sender].clone());
        let cells = vectors[receiver].iter_mut().zip(&message);
        cells.for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
        vectors[receiver][receiver] += 1;
        (0..stamps).for_each(|_| keep(vectors[receiver].clone()));
    }
}

/// Who speaks to whom, a little irregularly.
fn next(turn: &mut usize, talkers: usize) -> (usize, usize) {
    *turn += 1;
    let sender = *turn % talkers;
    (sender, (sender + 1 + (*turn / talkers) % (talkers - 1)) % talkers)
}

fn dotted(effort: Effort, members: usize) {
    let (group, names) = group(members, Tables::Counted);
    let mut clocks: Vec<DottedClock> =
        names.iter().take(2).map(|name| group.dotted(name).expect("a member")).collect();
    let stamps: Vec<DottedStamp> =
        clocks.iter_mut().map(|clock| clock.event().expect("there is room")).collect();
    let (numbers, others) = (Arc::new([1_u64, 2]), Arc::new([2_u64, 1]));
    race(
        effort,
        &format!("dotted compare, {members} nodes / two numbers"),
        || {
            let (left, right) = (black_box(&numbers), black_box(&others));
            black_box((left[0] <= right[0], right[1] <= left[1]));
        },
        || keep(black_box(&stamps[0]).compare(black_box(&stamps[1]))),
    );
}

fn hybrid(effort: Effort) {
    let wall = || Ok(PhysicalTime::from_ns(black_box(7)));
    let mut clock = HybridClock::new("pacific", DriftPolicy::STANDARD, wall);
    let mut bare = (0_u64, 0_u32);
    race(
        effort,
        "hybrid now / two numbers",
        || {
            let wall = black_box(7);
            let time = black_box(&mut bare);
            *time = if wall > time.0 { (wall, 0) } else { (time.0, time.1.wrapping_add(1)) };
        },
        || keep(black_box(&mut clock).now()),
    );
}
