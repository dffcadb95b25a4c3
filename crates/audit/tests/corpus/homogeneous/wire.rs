//! Numbers and structures as bytes.

use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Header {
    kind: u16,
    length: u32,
}

pub fn send_header(stream: &mut TcpStream, header: &Header) -> io::Result<()> {
    let bytes = unsafe {
        std::slice::from_raw_parts(header as *const Header as *const u8, std::mem::size_of::<Header>()) //~ homogeneous::struct-as-bytes
    };
    stream.write_all(bytes)
}

pub fn packed(header: Header) -> [u8; 8] {
    unsafe { std::mem::transmute::<Header, [u8; 8]>(header) } //~ homogeneous::struct-as-bytes
}

pub fn unpacked(bytes: [u8; 8]) -> Header {
    unsafe { std::mem::transmute(bytes) } //~ homogeneous::struct-as-bytes (missed: the types of a transmute are not written here)
}

pub fn read_header(bytes: &[u8]) -> Header {
    unsafe { std::ptr::read(bytes.as_ptr() as *const Header) } //~ homogeneous::struct-as-bytes
}

pub fn send_id(stream: &mut TcpStream, id: u64) -> io::Result<()> {
    stream.write_all(&id.to_ne_bytes()) //~ homogeneous::native-endian
}

pub async fn read_id(stream: &mut tokio::net::TcpStream) -> io::Result<u64> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes).await?;
    Ok(u64::from_ne_bytes(bytes)) //~ homogeneous::native-endian
}

pub fn datagram(socket: &UdpSocket, sequence: u32) -> io::Result<usize> {
    socket.send(&sequence.to_ne_bytes()) //~ homogeneous::native-endian
}

pub async fn framed(stream: &mut tokio::net::TcpStream, frame: &[u8]) -> io::Result<()> {
    let mut out = frame.len().to_be_bytes().to_vec(); //~ homogeneous::usize-to-bytes
    out.extend_from_slice(frame);
    stream.write_all(&out).await
}

pub fn prefix(out: &mut Vec<u8>, name: &str) {
    let length = name.len();
    out.extend_from_slice(&length.to_le_bytes()); //~ homogeneous::usize-to-bytes
    out.extend_from_slice(name.as_bytes());
}

pub fn length(bytes: [u8; 8]) -> usize {
    usize::from_le_bytes(bytes) //~ homogeneous::usize-to-bytes
}
