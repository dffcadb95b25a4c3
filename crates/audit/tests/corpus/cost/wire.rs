//! How messages are put on a wire.

use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

pub async fn tell(address: &str, message: &Message) -> io::Result<()> { //~ cost::connect-per-message
    let mut stream = tokio::time::timeout(LIMIT, tokio::net::TcpStream::connect(address)).await??;
    stream.write_all(&message.encode()).await?;
    Ok(())
}

pub fn send_event(address: &std::net::SocketAddr, event: &[u8]) -> io::Result<()> { //~ cost::connect-per-message
    let mut stream = TcpStream::connect_timeout(address, Duration::from_secs(1))?;
    stream.write_all(event)?;
    stream.flush()
}

pub async fn write_frame(stream: &mut tokio::net::TcpStream, frame: &[u8]) -> io::Result<()> {
    stream.write_u32(frame.len() as u32).await?;
    stream.write_all(frame).await?; //~ cost::small-writes
    Ok(())
}

pub struct Connection {
    stream: tokio::net::TcpStream,
}

impl Connection {
    pub async fn reply(&mut self, value: &str) -> io::Result<()> {
        self.stream.write_u8(b'+').await?;
        self.stream.write_all(value.as_bytes()).await?; //~ cost::small-writes
        self.stream.write_all(b"\r\n").await
    }
}

pub fn greet(mut stream: TcpStream, name: &str) -> io::Result<()> {
    stream.write_all(b"HELLO ")?;
    stream.write_all(name.as_bytes())?; //~ cost::small-writes
    stream.write_all(b"\n")
}

pub async fn lines(stream: &mut tokio::net::TcpStream, lines: &[String]) -> io::Result<()> {
    for line in lines {
        stream.write_all(line.as_bytes()).await?; //~ cost::small-writes (missed: one write in a loop, which the rule does not count)
    }
    Ok(())
}
