//! Memory that strangers decide on.

use std::io::{self, Read};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;

async fn frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    let mut frame = vec![0; length as usize]; //~ bandwidth::alloc-from-wire
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn names<R: AsyncRead + Unpin>(reader: &mut R) -> io::Result<Vec<String>> {
    let count = reader.read_u64_le().await? as usize;
    let mut names = Vec::with_capacity(count); //~ bandwidth::alloc-from-wire
    for _ in 0..count {
        names.push(name(reader).await?);
    }
    Ok(names)
}

fn blocking(mut stream: std::net::TcpStream) -> io::Result<BytesMut> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let length = u32::from_be_bytes(header);
    let length = usize::try_from(length).expect("it fits");
    let frame = BytesMut::with_capacity(length); //~ bandwidth::alloc-from-wire
    Ok(frame)
}
