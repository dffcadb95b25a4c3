//! Bytes that are bytes, and fields that are written in order.

use std::io::{self, Write};
use std::net::TcpStream;

struct Header {
    kind: u16,
    length: u32,
}

fn send(stream: &mut TcpStream, header: &Header) -> io::Result<()> {
    let mut bytes = header.kind.to_be_bytes().to_vec();
    bytes.extend(header.length.to_be_bytes());
    stream.write_all(&bytes)
}

fn part(bytes: &[u8], length: usize) -> &[u8] {
    // SAFETY: a sample.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr(), length) }
}

fn lifetimes<'a>(text: &'a str) -> &'static str {
    // SAFETY: a sample.
    unsafe { std::mem::transmute::<&'a str, &'static str>(text) }
}
