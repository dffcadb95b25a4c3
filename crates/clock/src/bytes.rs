//! One canonical binary form for each stamp and message: equal things, equal bytes, and nothing else is accepted.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::CEILING;
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::Group;

/// What a decoder will build at most, whatever the input promises.
///
/// Even without limits memory stays proportional to the input; these keep strangers from naming a million nodes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The most entries of one vector.
    pub entries_max: u32,
    /// The longest name of a node, incarnation included, in bytes.
    pub name_bytes_max: u32,
}

impl Limits {
    /// 4096 entries, names of 255 bytes.
    pub const STANDARD: Limits = Limits { entries_max: 4096, name_bytes_max: 255 };
}

/// What the first byte of every encoding says that it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// A [`LamportStamp`](crate::LamportStamp), which is also that clock's message.
    LamportStamp = 1,
    /// A [`VectorStamp`](crate::VectorStamp), the message of the vector and the dotted clock.
    VectorStamp = 2,
    /// A [`DottedStamp`](crate::DottedStamp).
    DottedStamp = 3,
    /// A [`HybridStamp`](crate::HybridStamp), which is also that clock's message.
    HybridStamp = 4,
    /// A catalog's [`Update`](crate::Update).
    CatalogUpdate = 0x21,
    /// What a cluster node sends for each event: the event, and its clock's message.
    Envelope = 0x22,
    /// What a replica writes to disk for its next life.
    ReplicaState = 0x23,
    /// A catalog's [`Context`](crate::Context).
    CatalogContext = 0x24,
}

/// What can be put on a wire: `encode` is injective, and `decode` accepts exactly what `encode` produces.
///
/// Integers are LEB128 varints in their shortest form; texts are UTF-8 behind their length in bytes; vectors are sorted
/// by name, without zeros.
///
/// ```
/// use constellation_clock::bytes::{Limits, Wire};
/// use constellation_clock::VectorStamp;
///
/// let stamp = VectorStamp::from_entries([("b", 300), ("a", 1), ("c", 0)])?;
/// let bytes = stamp.encode();
/// assert_eq!(bytes, [2, 2, 1, b'a', 1, 1, b'b', 0xac, 0x02]); // the zero is not there
/// assert_eq!(VectorStamp::decode(&bytes, &Limits::STANDARD)?, stamp);
/// # Ok::<(), constellation_clock::Error>(())
/// ```
pub trait Wire: Sized {
    /// The first byte.
    const KIND: Kind;

    /// Appends everything after the first byte.
    fn write(&self, writer: &mut Writer);

    /// Reads everything after the first byte. With a `group`, names outside it are refused.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything that [`Wire::write`] would not have written, [`Error::NotMember`].
    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<Self, Error>;

    /// The canonical bytes.
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer { bytes: alloc::vec![Self::KIND as u8] };
        self.write(&mut writer);
        writer.bytes
    }

    /// What the bytes stand for, all of them.
    ///
    /// # Errors
    /// [`Error::Malformed`], with the place and the fault.
    fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        decode(bytes, limits, None)
    }

    /// As [`Wire::decode`], among the members of `group`: strangers are refused, and the result shares the group's table, so
    /// that it compares and merges at full speed.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::NotMember`].
    fn decode_in(bytes: &[u8], limits: &Limits, group: &Group) -> Result<Self, Error> {
        decode(bytes, limits, Some(group))
    }
}

fn decode<T: Wire>(bytes: &[u8], limits: &Limits, group: Option<&Group>) -> Result<T, Error> {
    let mut reader = Reader { bytes, offset: 0 };
    let found = reader.byte()?;
    if found != T::KIND as u8 {
        return Err(Malformed { offset: 0, fault: Fault::WrongKind { expected: T::KIND, found } }.into());
    }
    let decoded = T::read(&mut reader, limits, group)?;
    let remaining = reader.remaining();
    if remaining > 0 {
        return Err(reader.fault(Fault::TrailingBytes { count: remaining }).into());
    }
    Ok(decoded)
}

/// Where a decoder stopped, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Malformed {
    /// How many bytes had been read; 0 for JSON, which is judged as a whole.
    pub offset: u64,
    /// What was wrong there.
    pub fault: Fault,
}

/// What can be wrong with input.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The input ends in the middle.
    Truncated,
    /// The input goes on after the end.
    TrailingBytes {
        /// How many bytes are left.
        count: u64,
    },
    /// These are the bytes of something else.
    WrongKind {
        /// What was asked for.
        expected: Kind,
        /// The first byte.
        found: u8,
    },
    /// An integer written longer than necessary.
    NonMinimalVarint,
    /// An integer that does not fit 64 bits.
    VarintOverflow,
    /// A counter that no clock can have.
    CounterBeyondCeiling {
        /// The counter.
        counter: u64,
    },
    /// An entry that says nothing.
    ZeroEntry,
    /// A name twice.
    DuplicateName,
    /// A name that should have come earlier.
    UnsortedName,
    /// More entries than the limit.
    TooManyEntries {
        /// How many are promised.
        count: u64,
        /// The limit.
        entries_max: u32,
    },
    /// A name longer than the limit.
    NameTooLong {
        /// Its length in bytes.
        bytes: u64,
        /// The limit.
        name_bytes_max: u32,
    },
    /// A length that exceeds what is left of the input.
    PromiseBeyondInput {
        /// How many bytes, at least, are promised.
        promised: u64,
        /// How many are left.
        remaining: u64,
    },
    /// A name that is not UTF-8.
    NotUtf8,
    /// A dot that is not among the entries.
    NoSuchEntry {
        /// Its position.
        position: u64,
    },
    /// A key without a value. A write stays until another replaces it, so there is always one.
    NoSiblings,
    /// A write that is held but not among those seen.
    DotNotCovered {
        /// Its number on its node.
        counter: u64,
        /// How many of that node's writes are said to be seen.
        seen: u64,
    },
    /// Something said to be missing that is not.
    NothingMissing {
        /// Up to where it is said to be there.
        counter: u64,
    },
    /// Text that is not JSON, or not of the expected shape.
    NotJson {
        /// What was expected.
        expected: &'static str,
    },
    /// JSON that says the same as the canonical text, but differently.
    NotCanonicalJson {
        /// The canonical text.
        canonical: String,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Fault::NotJson { .. } | Fault::NotCanonicalJson { .. } => {
                write!(formatter, "malformed text: {}", self.fault)
            }
            _ => write!(formatter, "malformed input at byte {}: {}", self.offset, self.fault),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Truncated => write!(formatter, "it ends too early"),
            Fault::TrailingBytes { count } => {
                write!(formatter, "it goes on after its end, bytes left over: {count}")
            }
            Fault::WrongKind { expected, found } => {
                write!(
                    formatter,
                    "expected a {expected:?}, which begins with {}, found {found}",
                    *expected as u8
                )
            }
            Fault::NonMinimalVarint => write!(formatter, "an integer is longer than necessary"),
            Fault::VarintOverflow => write!(formatter, "an integer exceeds 64 bits"),
            Fault::CounterBeyondCeiling { counter } => {
                write!(formatter, "counter {counter} exceeds its ceiling")
            }
            Fault::ZeroEntry => write!(formatter, "an entry is zero"),
            Fault::DuplicateName => write!(formatter, "a name comes twice"),
            Fault::UnsortedName => write!(formatter, "names are not sorted"),
            Fault::TooManyEntries { count, entries_max } => {
                write!(formatter, "{count} entries, at most {entries_max} are allowed")
            }
            Fault::NameTooLong { bytes, name_bytes_max } => {
                write!(formatter, "a name of {bytes} bytes, at most {name_bytes_max} are allowed")
            }
            Fault::PromiseBeyondInput { promised, remaining } => {
                write!(formatter, "at least {promised} bytes promised, {remaining} left")
            }
            Fault::NotUtf8 => write!(formatter, "a name is not UTF-8"),
            Fault::NoSuchEntry { position } => write!(formatter, "there is no entry number {position}"),
            Fault::NoSiblings => write!(formatter, "a key has no value"),
            Fault::DotNotCovered { counter, seen } => {
                write!(formatter, "write {counter} of a node is held, and only {seen} are seen")
            }
            Fault::NothingMissing { counter } => {
                write!(formatter, "nothing is missing after the event number {counter}")
            }
            Fault::NotJson { expected } => write!(formatter, "expected {expected}"),
            Fault::NotCanonicalJson { canonical } => write!(formatter, "the canonical text is {canonical}"),
        }
    }
}

impl core::error::Error for Malformed {}

/// Appends the primitive forms to a buffer.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Makes room for so many bytes more at once.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// An integer, in its shortest form.
    pub fn varint(&mut self, value: u64) {
        let mut rest = value;
        while rest >= 0x80 {
            self.bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8); // Below 0x80.
    }

    /// A text behind its length.
    pub fn text(&mut self, text: &str) {
        self.varint(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// What has been written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes the primitive forms from a buffer, and refuses every other way of writing them.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes`, from the start.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, offset: 0 }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.bytes.len().saturating_sub(self.offset) as u64 // `offset` never passes the end.
    }

    /// That something is wrong at the present place.
    #[must_use]
    pub fn fault(&self, fault: Fault) -> Malformed {
        Malformed { offset: self.offset as u64, fault }
    }

    /// One byte.
    ///
    /// # Errors
    /// [`Fault::Truncated`].
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.bytes.get(self.offset).copied().ok_or_else(|| self.fault(Fault::Truncated))?;
        self.offset += 1;
        Ok(byte)
    }

    /// An integer in its shortest form.
    ///
    /// # Errors
    /// [`Fault::Truncated`], [`Fault::NonMinimalVarint`], [`Fault::VarintOverflow`].
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        // Most are short.
        if let Some(byte) = self.bytes.get(self.offset).filter(|byte| **byte < 0x80) {
            self.offset += 1;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let digits = u64::from(byte & 0x7f);
            if shift == 63 && byte > 1 {
                return Err(self.fault(Fault::VarintOverflow));
            }
            value |= digits << shift;
            if byte & 0x80 == 0 {
                if digits == 0 && shift > 0 {
                    return Err(self.fault(Fault::NonMinimalVarint));
                }
                return Ok(value);
            }
        }
        Err(self.fault(Fault::VarintOverflow))
    }

    /// A counter, at most [`CEILING`].
    ///
    /// # Errors
    /// As [`Reader::varint`], and [`Fault::CounterBeyondCeiling`].
    pub fn counter(&mut self) -> Result<u64, Malformed> {
        let counter = self.varint()?;
        if counter > CEILING {
            return Err(self.fault(Fault::CounterBeyondCeiling { counter }));
        }
        Ok(counter)
    }

    /// How many entries follow, each at least `entry_bytes_min` long.
    ///
    /// # Errors
    /// As [`Reader::varint`], and [`Fault::TooManyEntries`], [`Fault::PromiseBeyondInput`].
    pub fn count(&mut self, limits: &Limits, entry_bytes_min: u64) -> Result<u64, Malformed> {
        let count = self.varint()?;
        if count > u64::from(limits.entries_max) {
            return Err(self.fault(Fault::TooManyEntries { count, entries_max: limits.entries_max }));
        }
        // Saturating: a product that overflows certainly exceeds the input.
        self.require(count.saturating_mul(entry_bytes_min))?;
        Ok(count)
    }

    /// A text behind its length, borrowed from the input.
    ///
    /// # Errors
    /// As [`Reader::varint`], and [`Fault::NameTooLong`], [`Fault::PromiseBeyondInput`], [`Fault::NotUtf8`].
    pub fn text(&mut self, limits: &Limits) -> Result<&'a str, Malformed> {
        let bytes = self.varint()?;
        if bytes > u64::from(limits.name_bytes_max) {
            return Err(self.fault(Fault::NameTooLong { bytes, name_bytes_max: limits.name_bytes_max }));
        }
        self.require(bytes)?;
        let end = self.offset + bytes as usize; // Within the input, so it fits a usize.
        let text = self.bytes.get(self.offset..end).and_then(|bytes| core::str::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| self.fault(Fault::NotUtf8))?;
        self.offset = end;
        Ok(text)
    }

    /// Takes `text` behind its length if that is what comes next, else nothing: much cheaper than reading it first. Only for
    /// texts whose length is one byte.
    #[inline]
    pub(crate) fn take_text(&mut self, text: &str, limits: &Limits) -> bool {
        let length = text.len();
        if length >= 0x80 || length as u64 > u64::from(limits.name_bytes_max) {
            return false;
        }
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let is_next = rest.split_first().is_some_and(|(found, after)| {
            usize::from(*found) == length && after.starts_with(text.as_bytes())
        });
        if is_next {
            self.offset += 1 + length; // All of it is there.
        }
        is_next
    }

    /// The name of a node; with a `group`, of one of its members.
    ///
    /// # Errors
    /// As [`Reader::text`], and [`Error::NotMember`].
    pub fn identity(&mut self, limits: &Limits, group: Option<&Group>) -> Result<Identity, Error> {
        let text = self.text(limits)?;
        match group {
            None => Ok(Identity::from(text)),
            Some(group) => {
                let found = group.members().binary_search_by(|member| member.as_str().cmp(text)).ok();
                let member = found.and_then(|position| group.members().get(position));
                member.cloned().ok_or_else(|| Error::NotMember { name: String::from(text) })
            }
        }
    }

    fn require(&self, promised: u64) -> Result<(), Malformed> {
        let remaining = self.remaining();
        if promised > remaining {
            return Err(self.fault(Fault::PromiseBeyondInput { promised, remaining }));
        }
        Ok(())
    }
}
