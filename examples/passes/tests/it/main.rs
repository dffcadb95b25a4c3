//! Whether the booking of passes keeps what it promises.

#[cfg(feature = "live")]
mod bus;
mod kept;
mod promises;
#[cfg(feature = "broken")]
mod told;
mod world;

use constellation_lab::{labelled, prefix};
use promises::nobody_waits;
use world::booking;

#[test]
fn no_luck_breaks_the_booking_of_passes() {
    booking().hunt(2_000).unwrap();
}

#[test]
fn a_promise_that_was_never_broken_is_none() {
    let whole = booking().run(2).unwrap();
    let wants = labelled(&whole).find(|event| event.label == "wants a window").unwrap();
    assert_eq!(nobody_waits(&whole), Ok(()));
    assert!(nobody_waits(&prefix(&whole, wants.event)).is_err());
}
