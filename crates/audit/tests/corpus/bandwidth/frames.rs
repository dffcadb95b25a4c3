//! Frames over a socket, and what is kept of them.

use std::io::{self, Read};
use std::net::TcpStream;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc;

pub async fn frame<R: AsyncRead + Unpin>(reader: &mut R) -> io::Result<Vec<u8>> {
    let length = reader.read_u32().await? as usize;
    let mut frame = vec![0u8; length]; //~ bandwidth::alloc-from-wire
    reader.read_exact(&mut frame).await?;
    Ok(frame)
}

pub fn record(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = [0u8; 4];
    stream.read_exact(&mut header)?;
    let len = u32::from_be_bytes(header) as usize;
    let mut body = Vec::with_capacity(len); //~ bandwidth::alloc-from-wire
    stream.take(len as u64).read_to_end(&mut body)?;
    Ok(body)
}

pub async fn batch(stream: &mut tokio::net::TcpStream) -> io::Result<Vec<Vec<u8>>> {
    let count = stream.read_u64_le().await?;
    let mut frames: Vec<Vec<u8>> = Vec::with_capacity(count as usize); //~ bandwidth::alloc-from-wire
    for _ in 0..count {
        frames.push(frame(stream).await?);
    }
    Ok(frames)
}

pub async fn packet(stream: &mut tokio::net::TcpStream) -> io::Result<BytesMut> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    let mut header = &header[..];
    let _kind = header.get_u32();
    let size = header.get_u32() as usize;
    let mut packet = BytesMut::with_capacity(size); //~ bandwidth::alloc-from-wire
    stream.read_buf(&mut packet).await?;
    Ok(packet)
}

pub async fn resized(stream: &mut tokio::net::TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    let size = stream.read_u32().await?;
    buffer.resize(size as usize, 0); //~ bandwidth::alloc-from-wire
    stream.read_exact(buffer).await?;
    Ok(())
}

pub fn everything(stream: &mut TcpStream) -> io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?; //~ bandwidth::read-to-end-socket
    Ok(text)
}

pub async fn reply(stream: tokio::net::TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut all = Vec::new();
    reader.read_to_end(&mut all).await?; //~ bandwidth::read-to-end-socket
    Ok(all)
}

pub async fn serve(listener: tokio::net::TcpListener) -> io::Result<()> {
    let (frames, mut incoming) = mpsc::unbounded_channel::<Vec<u8>>(); //~ bandwidth::unbounded-queue
    tokio::spawn(async move {
        while let Some(frame) = incoming.recv().await {
            store(frame).await;
        }
    });
    loop {
        let (mut stream, _) = listener.accept().await?;
        let frames = frames.clone();
        tokio::spawn(async move {
            while let Ok(frame) = frame(&mut stream).await {
                frames.send(frame).ok();
            }
        });
    }
}
