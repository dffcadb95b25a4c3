//! Stamps in JSON: whatever is read is exactly what writing it gives again.
#![no_main]

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::json::Json;
use constellation_clock::{DottedStamp, HybridStamp, LamportStamp, VectorStamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    round_trip::<LamportStamp>(text);
    round_trip::<HybridStamp>(text);
    round_trip::<VectorStamp>(text);
    round_trip::<DottedStamp>(text);
});

/// Both forms of a stamp say the same, so that neither can smuggle what the other refuses.
fn round_trip<S: Json + Wire>(text: &str) {
    let Ok(stamp) = S::from_json(text, &Limits::STANDARD) else { return };
    assert_eq!(stamp.to_json(), text);
    let again = S::decode(&stamp.encode(), &Limits::STANDARD).expect("what JSON admits has bytes");
    assert_eq!(again.to_json(), text);
}
