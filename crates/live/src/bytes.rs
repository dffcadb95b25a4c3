//! Plain values as bytes and back, with nothing believed that is not there: for what goes over a wire.
//!
//! ```
//! use constellation_live::bytes::{Reader, Writer};
//!
//! let mut writer = Writer::default();
//! writer.u32(7);
//! writer.text("nadir");
//! let bytes = writer.into_bytes();
//!
//! let mut reader = Reader::new(&bytes);
//! let read = (|| Some((reader.u32()?, reader.text()?)))();
//! assert_eq!(read.and_then(|read| reader.end(read)), Some((7, "nadir".to_owned())));
//! assert_eq!(Reader::new(&bytes[4..8]).text(), None); // it promises more than is there
//! ```

mod calls;

/// Appends values; numbers have a fixed width, the low byte first.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number in four bytes.
    pub fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A number in eight bytes.
    pub fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A number that may be negative, in eight bytes.
    pub fn i64(&mut self, number: i64) {
        self.u64(number.cast_unsigned());
    }

    /// How many follow.
    pub fn count(&mut self, count: usize) {
        // A frame is refused long before it has so many.
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Bytes behind their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// A text behind its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Texts behind their number.
    pub fn texts(&mut self, texts: &[String]) {
        self.count(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    /// A value that may be missing.
    pub fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// What has been written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Takes values from the front; `None` where the bytes are of something else.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of these bytes, from the first.
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// As many bytes as the array has.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    /// A number of four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of eight bytes that may be negative.
    pub fn i64(&mut self) -> Option<i64> {
        self.u64().map(u64::cast_signed)
    }

    /// Bytes behind their number, which are there.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.u32()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A text behind its length, in UTF-8.
    pub fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }

    /// As many values as are said to follow. Room is made only for what was read, so that a promise costs nothing.
    pub fn all<T>(&mut self, mut read: impl FnMut(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
        let count = self.u32()?;
        let mut values = Vec::new();
        for _ in 0..count {
            // A value takes at least a byte, so this ends with the bytes.
            if self.0.is_empty() {
                return None;
            }
            values.push(read(self)?);
        }
        Some(values)
    }

    /// Texts behind their number.
    pub fn texts(&mut self) -> Option<Vec<String>> {
        self.all(Reader::text)
    }

    /// A value that may be missing.
    pub fn maybe<T>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// What is left, all of it.
    pub const fn rest(&mut self) -> &'a [u8] {
        let rest = self.0;
        self.0 = &[];
        rest
    }

    /// The value, if nothing follows it.
    pub fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
