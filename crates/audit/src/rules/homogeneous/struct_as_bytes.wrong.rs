//! Structures as they lie in memory.

use std::io::{self, Write};
use std::net::TcpStream;
use std::{mem, slice};

#[repr(C)]
struct Header {
    kind: u16,
    length: u32,
}

fn send(stream: &mut TcpStream, header: &Header) -> io::Result<()> {
    // SAFETY: a sample, and none: the gap is read, too.
    let bytes = unsafe { slice::from_raw_parts(header as *const Header as *const u8, mem::size_of::<Header>()) }; //~ homogeneous::struct-as-bytes
    stream.write_all(bytes)
}

fn read(packet: &[u8]) -> Header {
    // SAFETY: a sample.
    unsafe { std::ptr::read_unaligned(packet.as_ptr() as *const Header) } //~ homogeneous::struct-as-bytes
}

fn turned(header: Header) -> [u8; 8] {
    // SAFETY: a sample.
    unsafe { mem::transmute::<Header, [u8; 8]>(header) } //~ homogeneous::struct-as-bytes
}
