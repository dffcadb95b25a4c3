//! What the bus costs over a bare channel, and what a message costs from one node's clocks to another's.
//!
//! `cargo bench -p constellation-clock --bench bus` prints nanoseconds and the ratio to the first row of each table, best of
//! many interleaved rounds. Sixteen messages are always under way, as on a live link: what is sent is still shared when its
//! sender's clock moves on, and has to be copied. Under `cargo test` it runs a few rounds, so that it cannot rot.
//!
//! The first table is one send and one receive of 64 bytes, on one thread, beside tokio's mpsc pair. The others are one
//! event told to a peer in bytes: count, encode, decode, merge, count. Their baseline is the least that anybody does who
//! sends a vector: the counters of all nodes, 8 bytes each, copied into a message and out of it. It names nobody and
//! checks nothing, so it is a floor and no rival.
//!
//! Measured on two shared cores at 2.6 GHz: the bus 1.3 to 1.6 times the channel; a stamp in bytes 10, 15 and 12 times
//! the floor with 4, 64 and 1024 nodes where it is decoded in its group, 22, 122 and 44 times where each message
//! brings its own names; an event between two `ClusterNode`s 1.7 µs, most of it for the maps of names in both logs.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the real clock")]

use std::collections::VecDeque;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::{Clock, ClusterNode, Error, Group, MessageBus, VectorClock, VectorStamp};
use tokio::sync::mpsc;

/// How many messages are under way.
const IN_FLIGHT: usize = 16;

/// Everything here is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("what was sent earlier is there"),
    }
}

/// Nanoseconds for one round of `trip`, averaged over `trips`.
fn measure(trips: u32, trip: &mut dyn FnMut()) -> f64 {
    let began = Instant::now();
    (0..trips).for_each(|_| trip());
    began.elapsed().as_nanos() as f64 / f64::from(trips)
}

/// One line of a table: its name, and what it measures.
type Row<'a> = (&'a str, &'a mut dyn FnMut());

/// Runs the rows in turns and prints the best round of each beside that of the first.
fn race(title: &str, (rounds, trips): (u32, u32), rows: &mut [Row<'_>]) {
    let mut best = vec![f64::INFINITY; rows.len()];
    for _ in 0..rounds {
        for (best, (_, trip)) in best.iter_mut().zip(&mut *rows) {
            *best = best.min(measure(trips, trip));
        }
    }
    println!("{title}");
    let baseline = best.first().copied().unwrap_or(f64::NAN);
    for ((name, _), figure) in rows.iter().zip(&best) {
        println!("  {name:<32} {figure:9.1} ns  {:5.2} x", figure / baseline);
    }
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    channels(if is_bench { (60, 2_000) } else { (2, 50) });
    for members in [4, 64, 1024] {
        let trips = u32::try_from(20_000 / members).expect("small");
        events(members, if is_bench { (40, trips) } else { (2, 20) });
    }
    nodes(if is_bench { (40, 500) } else { (2, 20) });
}

fn channels(effort: (u32, u32)) {
    let payload = || black_box(vec![7_u8; 64]);
    let (bounded_sender, mut bounded_receiver) = mpsc::channel::<Vec<u8>>(1024);
    let (sender, mut receiver) = mpsc::unbounded_channel::<Vec<u8>>();
    let names = ["pacific", "indian_ocean", "atlantic", "antarctic"].map(String::from);
    let (bus, recording) = (MessageBus::new(names.to_vec()), MessageBus::recording(names.to_vec()));
    for _ in 0..IN_FLIGHT {
        now(bounded_sender.send(payload())).expect("the receiver lives");
        sender.send(payload()).expect("the receiver lives");
        now(bus.send("pacific", "atlantic", payload())).expect("it is open");
        now(recording.send("pacific", "atlantic", payload())).expect("it is open");
    }
    race(
        "send and receive",
        effort,
        &mut [
            ("mpsc::channel", &mut || {
                now(bounded_sender.send(payload())).expect("the receiver lives");
                black_box(now(bounded_receiver.recv()));
            }),
            ("mpsc::unbounded_channel", &mut || {
                sender.send(payload()).expect("the receiver lives");
                black_box(now(receiver.recv()));
            }),
            ("MessageBus", &mut || {
                now(bus.send("pacific", "atlantic", payload())).expect("it is open");
                black_box(now(bus.recv("atlantic")));
            }),
            ("MessageBus::recording", &mut || {
                now(recording.send("pacific", "atlantic", payload())).expect("it is open");
                black_box(now(recording.recv("atlantic")));
            }),
        ],
    );
}

/// Clocks of two of the members, both having heard of everybody.
fn acquainted(members: usize) -> (Group, [VectorClock; 2]) {
    let names: Vec<String> = (0..members).map(|member| format!("node{member:04}")).collect();
    let group = Group::new(names.iter().map(String::as_str));
    let all = VectorStamp::from_entries(names.iter().skip(2).map(|name| (name.as_str(), 1_000)));
    let all = all.expect("every name once");
    let clocks = [0, 1].map(|member: usize| {
        let mut clock = group.clock(&names[member]).expect("a member");
        clock.merge_stamp(&all);
        clock
    });
    (group, clocks)
}

fn events(members: usize, effort: (u32, u32)) {
    let mut grouped = told(members, |group, bytes| VectorStamp::decode_in(bytes, &Limits::STANDARD, group));
    let mut alone = told(members, |_, bytes| VectorStamp::decode(bytes, &Limits::STANDARD));
    race(
        &format!("one event told in bytes, {members} nodes"),
        effort,
        &mut [
            ("bare numbers", &mut bare(members)),
            ("VectorStamp, decoded in its group", &mut grouped),
            ("VectorStamp, decoded alone", &mut alone),
        ],
    );
}

/// One clock tells another.
fn told(members: usize, decode: impl Fn(&Group, &[u8]) -> Result<VectorStamp, Error>) -> impl FnMut() {
    let (group, [mut sender, mut receiver]) = acquainted(members);
    let mut under_way = VecDeque::new();
    move || {
        let (_, message) = sender.send().expect("there is room");
        if let Some(bytes) = exchange(&mut under_way, message.encode()) {
            let message = decode(&group, &bytes).expect("it was encoded");
            black_box(receiver.receive(&message).expect("honest"));
        }
    }
}

/// The whole way between two nodes on a bus; the log that grows on both sides is part of it.
fn nodes(effort: (u32, u32)) {
    let names = ["pacific", "atlantic"].map(String::from);
    let bus = Arc::new(MessageBus::new(names.to_vec()));
    let [mut sender, mut receiver] = names.map(|name| ClusterNode::new(name, bus.clone()));
    (0..IN_FLIGHT).for_each(|_| drop(now(sender.submit(vec![7; 64]))));
    race(
        "one event told in bytes, 2 nodes",
        effort,
        &mut [
            ("bare numbers", &mut bare(2)),
            ("ClusterNode submit and step", &mut || {
                black_box(now(sender.submit(vec![7; 64])));
                black_box(now(receiver.step()));
            }),
        ],
    );
}

/// Sends `bytes`; what arrives, once enough is under way.
fn exchange(under_way: &mut VecDeque<Vec<u8>>, bytes: Vec<u8>) -> Option<Vec<u8>> {
    under_way.push_back(black_box(bytes));
    if under_way.len() > IN_FLIGHT { under_way.pop_front() } else { None }
}

/// The plainest way: count, copy the counters out, copy them in, merge, count.
fn bare(members: usize) -> impl FnMut() {
    let [mut sender, mut receiver] = [vec![1_u64; members], vec![1_u64; members]];
    let mut under_way = VecDeque::new();
    move || {
        sender[0] += 1;
        let bytes = sender.iter().flat_map(|counter| counter.to_le_bytes()).collect();
        if let Some(bytes) = exchange(&mut under_way, bytes) {
            let (counters, _) = bytes.as_chunks::<8>();
            let theirs = counters.iter().map(|counter| u64::from_le_bytes(*counter));
            receiver.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours = (*ours).max(theirs));
            receiver[1] += 1;
            black_box(&receiver);
        }
    }
}
