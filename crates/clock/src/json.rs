//! One canonical JSON text for each stamp and message, safe from readers that hold numbers in 53 bits.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use serde_json::Value;
use shape::Shape;

use crate::bytes::{Fault, Limits, Malformed};
use crate::dotted::DottedStamp;
use crate::error::Error;
use crate::hybrid::{HybridStamp, HybridTime, PhysicalTime};
use crate::lamport::LamportStamp;
use crate::vector::VectorStamp;

/// The largest integer below which every integer is a JSON number to everybody: 2^53. Larger ones are written as strings.
pub const NUMBER_MAX: u64 = 1 << 53;

/// What has a canonical JSON text: no spaces, fields in fixed order, names sorted, no zeros, integers above
/// [`NUMBER_MAX`] as strings.
///
/// ```
/// use constellation_clock::VectorStamp;
/// use constellation_clock::bytes::Limits;
/// use constellation_clock::json::Json;
///
/// let stamp = VectorStamp::from_entries([("pacific", 2), ("atlantic", (1 << 53) + 1)])?;
/// assert_eq!(stamp.to_json(), r#"{"atlantic":"9007199254740993","pacific":2}"#);
/// assert_eq!(VectorStamp::from_json(&stamp.to_json(), &Limits::STANDARD)?, stamp);
/// // Equal clocks have one text: another text for the same is refused, and the right one named.
/// let refused = VectorStamp::from_json(r#"{"pacific": 2}"#, &Limits::STANDARD);
/// assert!(refused.unwrap_err().to_string().ends_with(r#"the canonical text is {"pacific":2}"#));
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub trait Json: Shape {
    /// The canonical text.
    fn to_json(&self) -> String {
        self.text()
    }

    /// What the canonical text `text` means.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is not JSON, not of this shape, or not the canonical text; and whatever the type's
    /// constructor refuses. Memory is proportional to the text.
    fn from_json(text: &str, limits: &Limits) -> Result<Self, Error> {
        let value = serde_json::from_str(text).map_err(|_| expected("JSON"))?;
        let decoded = Self::from_value(&value, limits)?;
        let canonical = decoded.to_json();
        if canonical != text {
            // Also how a name given twice is found out: the parser keeps one of them.
            return Err(fault(Fault::NotCanonicalJson { canonical }));
        }
        Ok(decoded)
    }
}

impl<T: Shape> Json for T {}

/// Keeps the parser's types out of the public interface.
mod shape {
    use super::{Error, Limits, String, Value};

    pub trait Shape: Sized {
        fn text(&self) -> String;

        /// What `value` means, in whichever order and spacing it was written.
        fn from_value(value: &Value, limits: &Limits) -> Result<Self, Error>;
    }
}

impl Shape for LamportStamp {
    fn text(&self) -> String {
        alloc::format!("{{\"time\":{},\"node\":{}}}", Number(self.time()), quoted(self.node().as_str()))
    }

    fn from_value(value: &Value, limits: &Limits) -> Result<LamportStamp, Error> {
        LamportStamp::new(integer(value, "time")?, text(value, "node", limits)?)
    }
}

impl Shape for HybridStamp {
    fn text(&self) -> String {
        let time = self.time();
        let (physical, logical) = (Number(time.physical().as_ns()), time.logical());
        let node = quoted(self.node().as_str());
        alloc::format!("{{\"physical\":{physical},\"logical\":{logical},\"node\":{node}}}")
    }

    fn from_value(value: &Value, limits: &Limits) -> Result<HybridStamp, Error> {
        let physical = PhysicalTime::from_ns(integer(value, "physical")?);
        let logical =
            u32::try_from(integer(value, "logical")?).map_err(|_| expected("an integer of 32 bits"))?;
        Ok(HybridStamp::new(HybridTime::new(physical, logical)?, text(value, "node", limits)?))
    }
}

impl Shape for VectorStamp {
    fn text(&self) -> String {
        let mut json = String::from("{");
        for (position, (identity, counter)) in self.entries().enumerate() {
            let separator = if position > 0 { "," } else { "" };
            write!(json, "{separator}{}:{}", quoted(identity.as_str()), Number(counter))
                .expect("a String takes everything");
        }
        json.push('}');
        json
    }

    fn from_value(value: &Value, limits: &Limits) -> Result<VectorStamp, Error> {
        let object = value.as_object().ok_or_else(|| expected("an object"))?;
        if object.len() as u64 > u64::from(limits.entries_max) {
            let (count, entries_max) = (object.len() as u64, limits.entries_max);
            return Err(fault(Fault::TooManyEntries { count, entries_max }));
        }
        let mut entries = Vec::with_capacity(object.len());
        for (name, counter) in object {
            entries.push((bounded(name, limits)?, to_integer(counter)?));
        }
        VectorStamp::from_entries(entries)
    }
}

impl Shape for DottedStamp {
    fn text(&self) -> String {
        alloc::format!("{{\"node\":{},\"vector\":{}}}", quoted(self.node().as_str()), self.vector().text())
    }

    fn from_value(value: &Value, limits: &Limits) -> Result<DottedStamp, Error> {
        let vector = VectorStamp::from_value(field(value, "vector")?, limits)?;
        DottedStamp::new(text(value, "node", limits)?, vector)
    }
}

/// An integer as everybody can read it.
struct Number(u64);

impl core::fmt::Display for Number {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let quote = if self.0 > NUMBER_MAX { "\"" } else { "" };
        write!(formatter, "{quote}{}{quote}", self.0)
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn field<'a>(value: &'a Value, name: &'static str) -> Result<&'a Value, Error> {
    value.get(name).ok_or_else(|| expected(name))
}

fn text<'a>(value: &'a Value, name: &'static str, limits: &Limits) -> Result<&'a str, Error> {
    bounded(field(value, name)?.as_str().ok_or_else(|| expected("a string"))?, limits)
}

fn integer(value: &Value, name: &'static str) -> Result<u64, Error> {
    to_integer(field(value, name)?)
}

fn to_integer(value: &Value) -> Result<u64, Error> {
    let integer = match value {
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64(),
    };
    integer.ok_or_else(|| expected("an integer of 64 bits"))
}

fn bounded<'a>(name: &'a str, limits: &Limits) -> Result<&'a str, Error> {
    let bytes = name.len() as u64;
    if bytes > u64::from(limits.name_bytes_max) {
        return Err(fault(Fault::NameTooLong { bytes, name_bytes_max: limits.name_bytes_max }));
    }
    Ok(name)
}

fn expected(expected: &'static str) -> Error {
    fault(Fault::NotJson { expected })
}

fn fault(fault: Fault) -> Error {
    Malformed { offset: 0, fault }.into()
}
