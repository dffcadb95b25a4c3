//! Memory that is bounded, or asked for by nobody else.

use std::fs::File;
use std::io::{self, Read};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const FRAME_BYTES_MAX: u32 = 1 << 20;

async fn frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    if length > FRAME_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length as usize];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn cut(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await? as usize;
    Ok(Vec::with_capacity(length.min(4096)))
}

async fn short(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    Ok(vec![0; usize::from(length)])
}

fn own_disk(mut file: File) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    file.read_exact(&mut header)?;
    let length = u32::from_be_bytes(header);
    Ok(vec![0; length as usize])
}

async fn looked_at_elsewhere(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    check(length)?;
    Ok(vec![0; length as usize])
}

async fn ensured(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    anyhow::ensure!(length <= FRAME_BYTES_MAX, "too long");
    Ok(vec![0; length as usize])
}
