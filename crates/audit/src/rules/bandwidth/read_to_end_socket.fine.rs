//! What is read to an end that is near.

use std::fs::File;
use std::io::{self, Read};

use tokio::io::AsyncReadExt;

async fn reply(stream: tokio::net::TcpStream) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    stream.take(1 << 20).read_to_end(&mut reply).await?;
    Ok(reply)
}

fn settings(mut file: File) -> io::Result<String> {
    let mut settings = String::new();
    file.read_to_string(&mut settings)?;
    Ok(settings)
}

async fn quic(mut recv: quinn::RecvStream) -> Result<Vec<u8>, Error> {
    Ok(recv.read_to_end(1000).await?)
}

fn decode(stream: &mut Decoder) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Ok(all)
}

async fn reply(receiver: &mut quinn::RecvStream, buffer_size: usize) -> Result<Vec<u8>, quinn::ReadToEndError> {
    receiver.read_to_end(buffer_size).await
}

async fn ask_this_machine(port: u16) -> io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    Ok(reply)
}
