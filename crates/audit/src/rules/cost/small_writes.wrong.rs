//! Messages in pieces.

use std::io::{self, Write};
use std::net::TcpStream;

use tokio::io::AsyncWriteExt;

struct Link {
    stream: tokio::net::TcpStream,
}

impl Link {
    async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stream.write_u32(frame.len() as u32).await?;
        self.stream.write_all(frame).await //~ cost::small-writes
    }
}

fn greet(stream: &mut TcpStream, name: &str) -> io::Result<()> {
    stream.write_all(b"HELLO ")?;
    stream.write_all(name.as_bytes())?; //~ cost::small-writes
    stream.write_all(b"\r\n")?;
    stream.flush()
}
