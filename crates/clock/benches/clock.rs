//! What the clocks cost, as ratios to the plainest loop over the same bytes.
//!
//! `cargo bench -p constellation-clock --bench clock` measures; `cargo test` runs every measurement once, so that none can
//! rot. Both sides of a ratio run in turns within one process and the fastest turn of each counts, so that a busy machine
//! disturbs both alike. The ratios are what to compare; the nanoseconds belong to one machine.
//!
//! In the cycles sixteen messages are on their way at any time, on both sides: a stamp that is dropped at once would let a
//! clock keep its counters to itself and hide what sharing them costs.
//!
//! Ratios of two runs on a busy two-core x86-64 (SSE2), and of instructions, for groups of 4, 64 and 1024:
//!
//! | row | time, `Counted` | time, `Forever` | instructions, `Counted` |
//! | --- | --- | --- | --- |
//! | tick clone merge tick | 1.6, 1.3, 0.6 | 1.1, 1.1, 0.6 | 1.0, 1.1, 0.6 |
//! | send receive | 4.0, 2.5, 0.7 | 2.4, 1.9, 0.6 | 1.7, 1.9, 0.6 |
//! | send receive log | 2.0, 1.5, 0.6 | 1.4, 1.2, 0.6 | 0.9, 1.2, 0.6 |
//! | tick encode decode_in merge tick | 3.4, 1.7, 1.5 | 3.3, 1.7, 1.5 | 2.6, 1.5, 1.4 |
//!
//! The first row is the cycle by hand: what it costs beyond the loop at 4 nodes is the table's reference count, two atomic
//! operations of 4 ns, which `Group::forever` saves. `send receive` is the cycle through `Clock`, which also returns a stamp
//! of each event; the loop makes one copy for it in the second row and three in the third. From 129 nodes on counters are
//! shared until somebody writes, and the vectorised loops win. In bytes, small stamps pay for allocations and checks.
//!
//! Where time is too noisy, instructions can be counted. `--once ROW SIDE CALLS` does nothing but so many calls of one side
//! (`limit` or `ours`) of the rows whose name contains `ROW`; two runs with different `CALLS` cancel out the preparation:
//!
//! ```text
//! cargo bench -p constellation-clock --bench clock --no-run        # prints where the program is
//! valgrind --tool=callgrind PROGRAM --once "send receive, 64 nodes, Counted / loop, 1" ours 1000
//! valgrind --tool=callgrind PROGRAM --once "send receive, 64 nodes, Counted / loop, 1" ours 2000
//! ```

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel};
use std::time::{Duration, Instant};

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::{
    Clock, DottedClock, DottedStamp, DriftPolicy, ExactStamp, Group, HybridClock, LamportClock, PhysicalTime,
    VectorClock, VectorStamp,
};

fn main() {
    let effort = Effort::of(&std::env::args().collect::<Vec<String>>());
    println!("{:<64} {:>10} {:>10} {:>7}", "", "limit ns", "ours ns", "ratio");
    lamport(&effort);
    for members in [4, 64, 1024] {
        merge(&effort, members);
        compare(&effort, members);
        for tables in [Tables::Counted, Tables::Forever] {
            cycle(&effort, members, tables);
            kept(&effort, members, tables);
            wire(&effort, members, tables);
        }
        dotted(&effort, members);
    }
    hybrid(&effort);
}

enum Effort {
    /// Turns until the fastest is found.
    Measure,
    /// One turn, so that it has run.
    Touch,
    /// So many calls of one side of some rows.
    Once { row: String, side: String, calls: u32 },
}

impl Effort {
    fn of(arguments: &[String]) -> Effort {
        if let Some(position) = arguments.iter().position(|argument| argument == "--once") {
            let text = |offset: usize| arguments.get(position + offset).cloned().unwrap_or_default();
            return Effort::Once { row: text(1), side: text(2), calls: text(3).parse().unwrap_or(1) };
        }
        let is_bench = arguments.iter().any(|argument| argument == "--bench");
        if is_bench { Effort::Measure } else { Effort::Touch }
    }
}

/// Runs both in turns and prints the fastest turn of each, in nanoseconds for one call.
fn race(effort: &Effort, name: &str, mut limit: impl FnMut(), mut ours: impl FnMut()) {
    let (rounds, turn) = match effort {
        Effort::Measure => (40, Duration::from_millis(2)),
        Effort::Touch => (1, Duration::ZERO),
        Effort::Once { row, side, calls } => {
            if name.contains(row.as_str()) {
                let mut work: Box<dyn FnMut()> =
                    if side == "limit" { Box::new(limit) } else { Box::new(ours) };
                (0..*calls).for_each(|_| work());
            }
            return;
        }
    };
    let (mut limit_ns, mut ours_ns) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        limit_ns = limit_ns.min(time_ns(turn, &mut limit));
        ours_ns = ours_ns.min(time_ns(turn, &mut ours));
    }
    println!("{name:<64} {limit_ns:>10.2} {ours_ns:>10.2} {:>7.2}", ours_ns / limit_ns);
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

fn lamport(effort: &Effort) {
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

fn names(members: usize) -> Vec<String> {
    (0..members).map(|member| format!("node{member:04}")).collect()
}

fn group(members: usize, tables: Tables) -> Group {
    let names = names(members);
    match tables {
        Tables::Counted => Group::new(names.iter().map(String::as_str)),
        Tables::Forever => Group::forever(names.iter().map(String::as_str)),
    }
}

/// Clocks that have all heard of each other, so that nothing is new any more: the steady state.
fn acquainted(group: &Group) -> Vec<VectorClock> {
    let members = group.members();
    let mut clocks: Vec<VectorClock> =
        members.iter().take(TALKERS).map(|name| group.clock(name.as_str()).expect("a member")).collect();
    let all = VectorStamp::from_entries(members.iter().skip(TALKERS).map(|name| (name.clone(), 1_000)));
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

fn merge(effort: &Effort, members: usize) {
    let clocks = acquainted(&group(members, Tables::Counted));
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

fn compare(effort: &Effort, members: usize) {
    let clocks = acquainted(&group(members, Tables::Counted));
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

/// So many of the nodes talk.
const TALKERS: usize = 8;

/// So many messages are on their way.
const IN_FLIGHT: usize = 16;

/// Messages on their way, each handed over when so many others have been sent after it.
struct Flight<M> {
    turn: usize,
    messages: Vec<Option<(usize, M)>>,
}

impl<M> Flight<M> {
    fn new() -> Flight<M> {
        Flight { turn: 0, messages: (0..IN_FLIGHT).map(|_| None).collect() }
    }

    /// Who sends next, to whom, a little irregularly.
    fn next(&mut self, talkers: usize) -> (usize, usize) {
        self.turn += 1;
        let sender = self.turn % talkers;
        (sender, (sender + 1 + (self.turn / talkers) % (talkers - 1)) % talkers)
    }

    /// Sends `message` to `receiver`, and hands over the oldest.
    fn exchange(&mut self, receiver: usize, message: M) -> Option<(usize, M)> {
        self.messages[self.turn % IN_FLIGHT].replace((receiver, message))
    }
}

/// One node ticks and sends what it knows; another merges what was sent to it sixteen messages ago, and ticks. Nobody keeps
/// the stamps, so that one copy is needed, the message's.
fn cycle(effort: &Effort, members: usize, tables: Tables) {
    let group = group(members, tables);
    let (mut clocks, mut by_hand) = (acquainted(&group), acquainted(&group));
    let talkers = clocks.len();
    let name = |what: &str| format!("{what}, {members} nodes, {tables:?} / loop, 1 copy");
    let mut flight = Flight::new();
    race(effort, &name("tick clone merge tick"), loop_cycle(members, talkers), || {
        let (sender, receiver) = flight.next(talkers);
        by_hand[sender].tick();
        let message = by_hand[sender].stamp().clone();
        if let Some((receiver, message)) = flight.exchange(receiver, message) {
            by_hand[receiver].merge_stamp(black_box(&message));
            by_hand[receiver].tick();
        }
    });
    let mut flight = Flight::new();
    race(effort, &name("send receive"), loop_cycle(members, talkers), || {
        let (sender, receiver) = flight.next(talkers);
        let (stamp, message) = clocks[sender].send().expect("there is room");
        keep(stamp);
        if let Some((receiver, message)) = flight.exchange(receiver, message) {
            keep(clocks[receiver].receive(black_box(&message)).expect("honest"));
        }
    });
}

/// The plainest cycle: bare numbers, and one copy of them for each message.
fn loop_cycle(members: usize, talkers: usize) -> impl FnMut() {
    let mut vectors = vec![vec![1_u64; members]; talkers];
    let mut flight = Flight::new();
    move || {
        let (sender, receiver) = flight.next(talkers);
        vectors[sender][sender] += 1;
        let message = black_box(vectors[sender].clone());
        if let Some((receiver, message)) = flight.exchange(receiver, message) {
            raise(&mut vectors[receiver], &message);
            vectors[receiver][receiver] += 1;
        }
    }
}

fn raise(ours: &mut [u64], theirs: &[u64]) {
    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
}

/// The same, and both stamps are kept for a while, as a log would: three copies by the plainest means.
fn kept(effort: &Effort, members: usize, tables: Tables) {
    let mut clocks = acquainted(&group(members, tables));
    let talkers = clocks.len();
    let (mut flight, mut log) = (Flight::new(), Vec::new());
    let mut vectors = vec![vec![1_u64; members]; talkers];
    let (mut bare_flight, mut bare_log) = (Flight::new(), Vec::new());
    race(
        effort,
        &format!("send receive log, {members} nodes, {tables:?} / loop, 3 copies"),
        || {
            let (sender, receiver) = bare_flight.next(talkers);
            vectors[sender][sender] += 1;
            note(&mut bare_log, sender, vectors[sender].clone());
            let message = black_box(vectors[sender].clone());
            if let Some((receiver, message)) = bare_flight.exchange(receiver, message) {
                raise(&mut vectors[receiver], &message);
                vectors[receiver][receiver] += 1;
                note(&mut bare_log, receiver, vectors[receiver].clone());
            }
        },
        || {
            let (sender, receiver) = flight.next(talkers);
            let (stamp, message) = clocks[sender].send().expect("there is room");
            note(&mut log, sender, stamp);
            if let Some((receiver, message)) = flight.exchange(receiver, message) {
                let stamp = clocks[receiver].receive(black_box(&message)).expect("honest");
                note(&mut log, receiver, stamp);
            }
        },
    );
}

/// Keeps the latest stamps, and forgets older ones.
fn note<T>(log: &mut Vec<(usize, T)>, node: usize, stamp: T) {
    if log.len() == IN_FLIGHT {
        log.swap_remove(node);
    }
    log.push((node, stamp));
}

/// One node ticks and encodes what it knows; another decodes that, merges and ticks. The loop writes and reads the same
/// bytes, knows whose counter comes where, and checks nothing but the names.
fn wire(effort: &Effort, members: usize, tables: Tables) {
    let group = group(members, tables);
    let mut clocks = acquainted(&group);
    let talkers = clocks.len();
    let names = names(members);
    let mut vectors = vec![vec![1_000_u64; members]; talkers];
    let (mut flight, mut bare_flight) = (Flight::<()>::new(), Flight::<()>::new());
    let mut bare = Vec::new();
    race(
        effort,
        &format!("tick encode decode_in merge tick, {members} nodes, {tables:?} / loop"),
        || {
            let (sender, receiver) = bare_flight.next(talkers);
            vectors[sender][sender] += 1;
            bare.clear();
            write(&mut bare, &names, &vectors[sender]);
            read(black_box(&bare), &names, &mut vectors[receiver]);
            vectors[receiver][receiver] += 1;
        },
        || {
            let (sender, receiver) = flight.next(talkers);
            clocks[sender].tick();
            let bytes = black_box(clocks[sender].stamp().encode());
            let message = VectorStamp::decode_in(&bytes, &Limits::STANDARD, &group).expect("canonical");
            clocks[receiver].merge_stamp(&message);
            clocks[receiver].tick();
        },
    );
}

fn write(bytes: &mut Vec<u8>, names: &[String], counters: &[u64]) {
    let varint = |bytes: &mut Vec<u8>, mut value: u64| {
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    };
    varint(bytes, names.len() as u64);
    for (name, counter) in names.iter().zip(counters) {
        varint(bytes, name.len() as u64);
        bytes.extend_from_slice(name.as_bytes());
        varint(bytes, *counter);
    }
}

fn read(mut bytes: &[u8], names: &[String], counters: &mut [u64]) {
    let varint = |bytes: &mut &[u8]| {
        let (mut value, mut shift) = (0, 0);
        while let Some((byte, rest)) = bytes.split_first() {
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if *byte < 0x80 {
                break;
            }
        }
        value
    };
    let count = varint(&mut bytes);
    for (name, counter) in names.iter().zip(counters).take(count as usize) {
        let length = varint(&mut bytes) as usize;
        let (found, rest) = bytes.split_at(length);
        assert_eq!(found, name.as_bytes(), "our own bytes");
        bytes = rest;
        *counter = (*counter).max(varint(&mut bytes));
    }
}

fn dotted(effort: &Effort, members: usize) {
    let group = group(members, Tables::Counted);
    let mut clocks: Vec<DottedClock> =
        group.members().iter().take(2).map(|name| group.dotted(name.as_str()).expect("a member")).collect();
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

fn hybrid(effort: &Effort) {
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
