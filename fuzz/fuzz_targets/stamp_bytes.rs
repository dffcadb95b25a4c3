//! Stamps in bytes: whatever decodes is exactly what encoding it gives again, and survives a comparison with itself.
#![no_main]

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::{
    DottedStamp, ExactStamp, HybridStamp, LamportStamp, Ordering, Possible, Stamp, VectorStamp,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    round_trip::<LamportStamp>(bytes);
    round_trip::<HybridStamp>(bytes);
    for stamp in [round_trip::<VectorStamp>(bytes)].into_iter().flatten() {
        assert_eq!(stamp.compare(&stamp), Ordering::Equal);
        assert!(stamp.entries().count() <= bytes.len(), "more entries than bytes");
    }
    for stamp in [round_trip::<DottedStamp>(bytes)].into_iter().flatten() {
        assert_eq!(stamp.compare(&stamp), Ordering::Equal);
    }
});

fn round_trip<S: Stamp + Wire>(bytes: &[u8]) -> Option<S> {
    let tight = Limits { entries_max: 4, name_bytes_max: 8 };
    let stamp = S::decode(bytes, &Limits::STANDARD).ok();
    if let Some(stamp) = &stamp {
        assert_eq!(stamp.encode(), bytes, "not canonical: {stamp:?}");
        assert!(stamp.possible(stamp).contains(Ordering::Equal) || stamp.possible(stamp) == Possible::ANY);
    }
    if let Ok(small) = S::decode(bytes, &tight) {
        assert_eq!(small.encode(), bytes, "a limit changes what is read");
        assert!(stamp.is_some(), "a tight limit admits what a wide one refuses");
    }
    stamp
}
