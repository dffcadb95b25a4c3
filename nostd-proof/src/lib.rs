//! Every clock family, without `std`: if this builds, the clocks need an allocator and nothing else.
//!
//! ```text
//! cargo build --manifest-path nostd-proof/Cargo.toml
//! ```
//!
//! `std` has a panic handler of its own and two are an error, so the build fails as soon as anything in the graph brings
//! `std` in. To see it fail, put `extern crate std;` below.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::ToString;
use core::panic::PanicInfo;

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::laws::{self, Budget, Verdict};
use constellation_clock::lease::{Leased, MemoryStore};
use constellation_clock::{
    Clock, DottedClock, DriftPolicy, Error, ExactStamp, Group, HybridClock, LamportClock, NamedLamport, Ordering,
    PhysicalTime, Stamp, VectorClock, VectorStamp,
};

#[global_allocator]
static HEAP: linked_list_allocator::LockedHeap = linked_list_allocator::LockedHeap::empty();

#[panic_handler]
fn halt(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Puts every family to work. Public and not generic, so that all of it is compiled into the library.
///
/// # Errors
/// None, if the clocks are right.
pub fn exercise() -> Result<bool, Error> {
    let counter = LamportClock::new();
    let observed = counter.observe(counter.tick());

    let mut by_hand = VectorClock::new("pacific");
    by_hand.tick();
    let is_after = by_hand.compare(&VectorClock::new("atlantic")) == Ordering::After;

    let group = Group::new(["pacific", "atlantic"]);
    let exact = ping(group.clock("pacific")?, group.clock("atlantic")?)?;
    let dotted = ping(DottedClock::new("pacific"), DottedClock::new("atlantic"))?;
    let lamport = ping(NamedLamport::new("pacific"), NamedLamport::new("atlantic"))?;
    let wall = || Ok(PhysicalTime::from_ns(7));
    let hybrid = |name| HybridClock::new(name, DriftPolicy::STANDARD, wall);
    let hybrid = ping(hybrid("pacific"), hybrid("atlantic"))?;

    let block = core::num::NonZeroU64::MIN;
    let leased = Leased::start(NamedLamport::new("pacific"), MemoryStore::default(), block)?.event()?;

    let bytes = by_hand.stamp().encode();
    let decoded = VectorStamp::decode(&bytes, &Limits::STANDARD)?;
    let is_same = decoded.compare(by_hand.stamp()) == Ordering::Equal && !decoded.to_string().is_empty();

    let verdict = laws::check_exact(&Budget::STANDARD, |node| {
        VectorClock::new(if node == 0 { "a" } else if node == 1 { "b" } else if node == 2 { "c" } else { "d" })
    });
    let is_lawful = matches!(verdict, Verdict::Holds { .. });
    Ok(observed > leased.time() && is_after && exact && dotted && lamport && hybrid && is_same && is_lawful)
}

fn ping<C: Clock>(mut x: C, mut y: C) -> Result<bool, C::Error> {
    let (sent, message) = x.send()?;
    let received = y.receive(&message)?;
    Ok(sent.possible(&received).contains(Ordering::Before))
}
