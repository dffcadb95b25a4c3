//! How our hybrid clock compares with uhlc's, as ratios within one run.
//!
//! ```text
//! cargo run --release --manifest-path bench-peers/Cargo.toml
//! ```
//!
//! All clocks read the same injected wall, which costs nothing, so that what is measured is the clock. uhlc's locks a
//! mutex (`&self`), ours is exclusive (`&mut self`); uhlc's stamp holds a 16-byte id, ours shares its name's text, which
//! is why `now` (no name) and `event` (with it) are listed apart. The fastest of many turns in alternation counts.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use constellation_clock::{Clock, DriftPolicy, HybridClock, HybridStamp, PhysicalTime};
use uhlc::{HLCBuilder, NTP64};

const ROUNDS: u32 = 40;
const BATCH: u32 = 256;
const TURN: Duration = Duration::from_millis(2);

/// The wall of all clocks, in nanoseconds; it stands still within a turn. (uhlc takes a function without state.)
static WALL_NS: AtomicU64 = AtomicU64::new(1_700_000_000_000_000_000);

fn main() {
    let peer = HLCBuilder::new().with_clock(peer_wall).build();
    let remote_peer = HLCBuilder::new().with_clock(peer_wall).build();
    let mut now = clock("pacific");
    let mut event = clock("pacific");
    println!("{:<36} {:>9} {:>9} {:>6}", "", "uhlc ns", "ours ns", "ratio");
    race("now / new_timestamp", || keep(peer.new_timestamp()), || keep(now.now()));
    race("event / new_timestamp", || keep(peer.new_timestamp()), || keep(event.event()));

    let peer_message = remote_peer.new_timestamp();
    let message = clock("atlantic").event().expect("the wall can be read");
    let mut receiver = clock("pacific");
    race(
        "receive / update_with_timestamp",
        || keep(peer.update_with_timestamp(black_box(&peer_message))),
        || keep(receiver.receive(black_box(&message))),
    );
}

fn clock(
    name: &str,
) -> impl Clock<Stamp = HybridStamp, Message = HybridStamp, Error = constellation_clock::Error> + Now {
    HybridClock::new(name, DriftPolicy::STANDARD, || Ok(PhysicalTime::from_ns(WALL_NS.load(Relaxed))))
}

/// `HybridClock::now`, for a clock whose wall has no name.
trait Now {
    fn now(&mut self) -> Result<constellation_clock::HybridTime, constellation_clock::Error>;
}

impl<W> Now for HybridClock<W>
where
    W: FnMut() -> Result<PhysicalTime, constellation_clock::WallUnreadable>,
{
    fn now(&mut self) -> Result<constellation_clock::HybridTime, constellation_clock::Error> {
        HybridClock::now(self)
    }
}

fn peer_wall() -> NTP64 {
    NTP64::from(Duration::from_nanos(WALL_NS.load(Relaxed)))
}

/// Makes the compiler believe that the result is used.
fn keep<T>(result: T) {
    let _ = black_box(result);
}

fn race(name: &str, mut peer: impl FnMut(), mut ours: impl FnMut()) {
    let (mut peer_ns, mut ours_ns) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // The wall goes on between turns, so that no counter runs full.
        WALL_NS.fetch_add(1_000_000_000, Relaxed);
        peer_ns = peer_ns.min(time_ns(&mut peer));
        ours_ns = ours_ns.min(time_ns(&mut ours));
    }
    println!("{name:<36} {peer_ns:>9.2} {ours_ns:>9.2} {:>6.2}", ours_ns / peer_ns);
}

fn time_ns(work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut batches = 0_u32;
    loop {
        (0..BATCH).for_each(|_| work());
        batches += 1;
        if start.elapsed() >= TURN {
            return start.elapsed().as_nanos() as f64 / f64::from(batches * BATCH);
        }
    }
}
