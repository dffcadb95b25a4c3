//! That nothing is allocated after the first seed, counted.
//!
//! A program of its own: an allocator that counts is one for the whole process, and what it does to memory that
//! grows would be measured with it elsewhere.

use std::hint::black_box;

#[allow(dead_code, reason = "the measurements of time use the rest")]
#[path = "shared/gossip.rs"]
mod gossip;

use gossip::{hundred_events, loop_of_worlds, worlds_of};

fn main() {
    let mut worlds = worlds_of(hundred_events(), 4, 10);
    let mut hundred_seeds = || {
        for seed in 0..100 {
            black_box(loop_of_worlds(&mut worlds, seed));
        }
    };
    hundred_seeds();
    let allocated = allocation_counter::measure(hundred_seeds);
    println!("allocations in a hundred seeds seen before: {}", allocated.count_total);
    assert_eq!(
        allocated.count_total, 0,
        "a seed that needs no more room than those before allocates nothing"
    );
}
