//! Numbers as this machine holds them, for others.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn send(stream: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    let mut message = length.to_ne_bytes().to_vec(); //~ homogeneous::native-endian
    message.extend_from_slice(frame);
    stream.write_all(&message).await
}

async fn hear(stream: &mut TcpStream) -> io::Result<u32> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    Ok(u32::from_ne_bytes(header)) //~ homogeneous::native-endian
}
