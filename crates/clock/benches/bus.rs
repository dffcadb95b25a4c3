//! What the bus costs over a bare channel: one send and one receive, on one thread, beside tokio's mpsc pair.
//!
//! `cargo bench -p constellation-clock --bench bus` prints nanoseconds and the ratio, best of many interleaved rounds.
//! Under `cargo test` it runs a few rounds, so that it cannot rot.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the real clock")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use constellation_clock::MessageBus;
use tokio::sync::mpsc;

/// Everything here is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("what was sent just now is there"),
    }
}

/// Nanoseconds for one round of `trip`, averaged over `trips`.
fn measure(trips: u32, mut trip: impl FnMut()) -> f64 {
    let began = Instant::now();
    (0..trips).for_each(|_| trip());
    began.elapsed().as_nanos() as f64 / f64::from(trips)
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (rounds, trips) = if is_bench { (60, 20_000) } else { (2, 50) };
    let payload = || black_box(vec![7_u8; 64]);

    let (bounded_sender, mut bounded_receiver) = mpsc::channel::<Vec<u8>>(1024);
    let (sender, mut receiver) = mpsc::unbounded_channel::<Vec<u8>>();
    let names = ["pacific", "indian_ocean", "atlantic", "antarctic"].map(String::from);
    let (bus, recording) = (MessageBus::new(names.to_vec()), MessageBus::recording(names.to_vec()));
    let mut best = [f64::INFINITY; 4];
    for _ in 0..rounds {
        let figures = [
            measure(trips, || {
                now(bounded_sender.send(payload())).expect("the receiver lives");
                black_box(now(bounded_receiver.recv()));
            }),
            measure(trips, || {
                sender.send(payload()).expect("the receiver lives");
                black_box(now(receiver.recv()));
            }),
            measure(trips, || {
                now(bus.send("pacific", "atlantic", payload())).expect("it is open");
                black_box(now(bus.recv("atlantic")));
            }),
            measure(trips.min(2_000), || {
                now(recording.send("pacific", "atlantic", payload())).expect("it is open");
                black_box(now(recording.recv("atlantic")));
            }),
        ];
        best.iter_mut().zip(figures).for_each(|(best, figure)| *best = best.min(figure));
    }
    let [bounded, unbounded, ours, recorded] = best;
    for (name, figure) in [
        ("mpsc::channel [baseline]", bounded),
        ("mpsc::unbounded_channel", unbounded),
        ("MessageBus", ours),
        ("MessageBus::recording", recorded),
    ] {
        println!("{name:<26} {figure:8.1} ns  {:5.2} x baseline", figure / bounded);
    }
}
