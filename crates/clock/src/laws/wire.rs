//! The laws of bytes: what is written can be read, nothing else can, and equal things are written alike.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;
use core::hash::{Hash, Hasher};

use super::{Law, Outcome, Violation};
use crate::bytes::{Limits, Wire};

/// Encodes each sample, decodes it, and then tries its bytes with every kind of damage: cut off, one byte added, one
/// replaced, one integer stretched. Whatever still decodes must encode to just those bytes. Samples that are equal must have
/// equal bytes, so have some that are equal and were made in different ways.
///
/// The `limits` are those of the decoder, so that a sample beyond them is not taken for a fault of the format.
///
/// ```
/// use constellation_clock::LamportStamp;
/// use constellation_clock::bytes::Limits;
/// use constellation_clock::laws::{self, Outcome};
///
/// let samples = [LamportStamp::new(300, "pacific")?, LamportStamp::new(1, "")?];
/// assert!(matches!(laws::check_wire(&samples, &Limits::STANDARD), Outcome::Holds { .. }));
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub fn check_wire<T: Debug + PartialEq + Wire>(samples: &[T], limits: &Limits) -> Outcome {
    let mut tried = 0_u64;
    for (left, right) in equals(samples) {
        let (expected, found) = (left.encode(), right.encode());
        if expected != found {
            return violated(Law::EqualBytes, hex(&expected), hex(&found));
        }
    }
    for sample in samples {
        let bytes = sample.encode();
        match T::decode(&bytes, limits) {
            Ok(decoded) if decoded == *sample => {}
            Ok(decoded) => return violated(Law::RoundTrip, format!("{sample:?}"), format!("{decoded:?}")),
            Err(error) => return violated(Law::RoundTrip, format!("{sample:?}"), format!("{error}")),
        }
        for damaged in damages(&bytes) {
            tried += 1;
            if let Ok(decoded) = T::decode(&damaged, limits) {
                let encoded = decoded.encode();
                if encoded != damaged {
                    return violated(Law::CanonicalBytes, hex(&damaged), hex(&encoded));
                }
            }
        }
    }
    if tried == 0 {
        return Outcome::Unknown;
    }
    Outcome::Holds { schedules: samples.len() as u64, pairs: tried, decided: tried }
}

/// Holds every two equal samples' hashes against each other, so have some that are equal and were made in different ways.
///
/// ```
/// use constellation_clock::VectorStamp;
/// use constellation_clock::laws::{self, Outcome};
///
/// // A zero is no entry: the two are equal, though one has more inside.
/// let stamps = [VectorStamp::from_entries([("a", 1), ("b", 0)])?, VectorStamp::from_entries([("a", 1)])?];
/// assert_eq!(laws::check_hash(&stamps), Outcome::Holds { schedules: 2, pairs: 1, decided: 1 });
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub fn check_hash<T: Debug + Eq + Hash>(samples: &[T]) -> Outcome {
    let mut tried = 0_u64;
    for (left, right) in equals(samples) {
        tried += 1;
        if hash(left) != hash(right) {
            // Not the hashes themselves: they depend on the machine's byte order.
            let expected = format!("{left:?} and {right:?} to hash alike");
            return violated(Law::EqualHash, expected, String::from("two hashes"));
        }
    }
    if tried == 0 {
        return Outcome::Unknown;
    }
    Outcome::Holds { schedules: samples.len() as u64, pairs: tried, decided: tried }
}

/// Every two samples that are equal.
fn equals<T: PartialEq>(samples: &[T]) -> impl Iterator<Item = (&T, &T)> {
    let pairs = samples
        .iter()
        .enumerate()
        .flat_map(|(position, left)| samples.iter().skip(position + 1).map(move |right| (left, right)));
    pairs.filter(|(left, right)| left == right)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    value.hash(&mut hasher);
    hasher.finish()
}

/// FNV-1a (Fowler, Noll, Vo): small, and there without an operating system.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3); // Modulo 2^64 on purpose.
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
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

fn violated(law: Law, expected: String, found: String) -> Outcome {
    Outcome::Violated(Box::new(Violation { law, expected, found, events: Vec::new(), schedule: Vec::new() }))
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
