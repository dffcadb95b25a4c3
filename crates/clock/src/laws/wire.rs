//! The laws of bytes: what is written can be read, and nothing else can.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;

use super::{Law, Verdict, Violation};
use crate::bytes::{Limits, Wire};

/// Encodes each sample, decodes it, and then tries its bytes with every kind of damage: cut off, one byte added, one
/// replaced, one integer stretched. Whatever still decodes must encode to just those bytes.
///
/// ```
/// use constellation_clock::LamportStamp;
/// use constellation_clock::laws::{self, Verdict};
///
/// let samples = [LamportStamp::new(300, "pacific")?, LamportStamp::new(1, "")?];
/// assert!(matches!(laws::check_wire(&samples), Verdict::Holds { .. }));
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub fn check_wire<T: Debug + PartialEq + Wire>(samples: &[T]) -> Verdict {
    let mut tried = 0_u64;
    for sample in samples {
        let bytes = sample.encode();
        match T::decode(&bytes, &Limits::STANDARD) {
            Ok(decoded) if decoded == *sample => {}
            Ok(decoded) => return violated(Law::RoundTrip, format!("{sample:?}"), format!("{decoded:?}")),
            Err(error) => return violated(Law::RoundTrip, format!("{sample:?}"), format!("{error}")),
        }
        for damaged in damages(&bytes) {
            tried += 1;
            if let Ok(decoded) = T::decode(&damaged, &Limits::STANDARD) {
                let encoded = decoded.encode();
                if encoded != damaged {
                    return violated(Law::CanonicalBytes, hex(&damaged), hex(&encoded));
                }
            }
        }
    }
    if tried == 0 {
        return Verdict::Unknown;
    }
    Verdict::Holds { schedules: samples.len() as u64, pairs: tried }
}

fn damages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut damages = Vec::new();
    for position in 0..bytes.len() {
        let (head, tail) = bytes.split_at(position);
        let Some((byte, rest)) = tail.split_first() else { continue };
        damages.push(head.to_vec());
        for replacement in [byte ^ 1, byte ^ 0x80, byte.wrapping_add(1), byte.wrapping_sub(1), 0, 0x7f, 0xff]
        {
            damages.push([head, &[replacement], rest].concat());
        }
        damages.push([head, &[byte | 0x80, 0], rest].concat()); // The same integer, one byte longer.
        damages.push([head, &[*byte, *byte], rest].concat());
        damages.push([head, rest].concat());
    }
    for extra in [0, 1, 0xff] {
        damages.push([bytes, &[extra]].concat());
    }
    damages
}

fn violated(law: Law, expected: String, found: String) -> Verdict {
    Verdict::Violated(Box::new(Violation { law, expected, found, events: Vec::new(), schedule: Vec::new() }))
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
