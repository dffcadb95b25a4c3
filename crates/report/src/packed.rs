//! Bytes made fit for a page: packed as gzip, and written in letters.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

/// Packs what `write` writes, and writes it in base64 (RFC 4648) to `out`. Holds a few buffers, whatever the length.
pub(crate) fn pack(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // No name and no time in the header: the same columns are the same bytes. Level 4, since of a million events the usual 6
    // takes four times as long and is 1 % smaller.
    let mut packer = GzBuilder::new().mtime(0).write(Letters::new(out), Compression::new(4));
    write(&mut packer)?;
    packer.finish()?.end()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A writer of base64.
struct Letters<'w> {
    out: &'w mut dyn Write,
    /// What is not yet three bytes.
    left: Vec<u8>,
}

impl<'w> Letters<'w> {
    fn new(out: &'w mut dyn Write) -> Letters<'w> {
        Letters { out, left: Vec::new() }
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(encode(&self.left).as_bytes())
    }
}

impl Write for Letters<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left.extend_from_slice(bytes);
        let whole = self.left.len() / 3 * 3;
        self.out.write_all(encode(&self.left[..whole]).as_bytes())?;
        self.left.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Bytes in base64, with its padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let group =
            three.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = if place > three.len() {
                '='
            } else {
                char::from(ALPHABET[(group >> (18 - 6 * place)) as usize & 0x3f])
            };
            text.push(letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // The test vectors of RFC 4648, section 10.
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in table {
            assert_eq!(encode(plain.as_bytes()), encoded);
            let mut out = Vec::new();
            let mut letters = Letters::new(&mut out);
            for byte in plain.as_bytes() {
                letters.write_all(&[*byte]).expect("a vector takes it");
            }
            letters.end().expect("a vector takes it");
            assert_eq!(out, encoded.as_bytes(), "in single bytes");
        }
    }
}
