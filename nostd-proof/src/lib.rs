//! Every clock family, the catalog and both formats, without `std`: if this builds, they need an allocator and nothing else.
//!
//! ```text
//! cargo build --manifest-path nostd-proof/Cargo.toml
//! ```
//!
//! What it proves: this crate brings a panic handler of its own, and `std` has one too, which the compiler refuses as a
//! duplicate lang item as soon as anything in the graph names `std`. To see it fail, put `extern crate std;` below.
//!
//! What it does not prove: a static library is never linked, so a missing symbol would go unnoticed, and nothing here runs.
//! That it also works is for the tests of the crate itself.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::ToString;
use core::panic::PanicInfo;

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::json::Json;
use constellation_clock::laws::{self, Effort, Outcome};
use constellation_clock::lease::{Leased, MemoryStore};
use constellation_clock::{
    Catalog, Clock, Context, DottedClock, DriftPolicy, Error, ExactStamp, Group, HybridClock, LamportClock,
    NamedLamport, Ordering, PhysicalTime, Reconciled, Stamp, VectorClock, VectorStamp,
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

    let text = by_hand.stamp().to_json();
    let is_readable = VectorStamp::from_json(&text, &Limits::STANDARD)? == decoded;

    let (mut here, mut there) = (Catalog::new("pacific"), Catalog::new("atlantic"));
    let update = here.put("MSS-17", 2, &Context::default())?;
    there.put("MSS-17", 5, &Context::default())?;
    let is_conflict_kept = matches!(there.reconcile(&update)?, Reconciled::Concurrent { .. });

    let outcome = laws::check_exact(&Effort::STANDARD, |node| {
        VectorClock::new(if node == 0 {
            "a"
        } else if node == 1 {
            "b"
        } else if node == 2 {
            "c"
        } else {
            "d"
        })
    });
    let is_lawful = matches!(outcome, Outcome::Holds { .. });
    let families = [exact, dotted, lamport, hybrid].iter().all(|family| *family);
    let forms = is_same && is_readable;
    Ok(observed > leased.time() && is_after && families && forms && is_conflict_kept && is_lawful)
}

fn ping<C: Clock>(mut x: C, mut y: C) -> Result<bool, C::Error> {
    let (sent, message) = x.send()?;
    let received = y.receive(&message)?;
    Ok(sent.possible(&received).contains(Ordering::Before))
}
