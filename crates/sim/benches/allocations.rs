//! That nothing is allocated after the first seed, counted.
//!
//! A program of its own: an allocator that counts is one for the whole process, and what it does to memory that
//! grows would be measured with it elsewhere.

use std::hint::black_box;
use std::num::NonZeroU64;
use std::time::Duration;

use constellation_fabric::{Contacts, Flap, Link, Network, Odds, Outside};
use constellation_sim::Setup;

#[allow(dead_code, reason = "the measurements of time use the rest")]
#[path = "shared/gossip.rs"]
mod gossip;

use gossip::{hundred_events, loop_of_worlds, worlds_of};

fn main() {
    check("plain links", hundred_events());
    check("links that corrupt, have a full queue and flap", Setup { network: limited(), ..hundred_events() });
}

/// Runs a hundred seeds twice; the second time none may allocate.
fn check(what: &str, setup: Setup<u64>) {
    let mut worlds = worlds_of(setup, 4, 10);
    let mut hundred_seeds = || {
        for seed in 0..100 {
            assert_ne!(black_box(loop_of_worlds(&mut worlds, seed)).0, 0);
        }
    };
    hundred_seeds();
    let allocated = allocation_counter::measure(hundred_seeds).count_total;
    println!("allocations in a hundred seeds seen before, {what}: {allocated}");
    assert_eq!(allocated, 0, "a seed that needs no more room than those before allocates nothing: {what}");
}

/// Links that corrupt, have a queue that is always full, and flap.
fn limited() -> Network {
    let often = Odds::ppm(100_000).expect("below a million");
    let link = Link {
        latency_min: Duration::from_millis(1),
        latency_max: Duration::from_millis(10),
        corrupt_seen: often,
        corrupt_unseen: often,
        rate: NonZeroU64::new(1_000_000),
        queue_bytes_max: 4_000,
        ..Link::INSTANT
    };
    let flap = Flap { period: Duration::from_millis(5), down: Duration::from_millis(2), odds: often };
    let mut network = Network::new(link);
    network.set_default(link, Some(Contacts::new(Outside::Hold).with_flap(flap).expect("a sound flap")));
    network
}
