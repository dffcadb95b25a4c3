//! Sockets that are read to an end that others decide on.

use std::io::{self, BufReader, Read};

use tokio::io::AsyncReadExt;

async fn reply(mut stream: tokio::net::TcpStream) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?; //~ bandwidth::read-to-end-socket
    Ok(reply)
}

fn page(stream: std::net::TcpStream) -> io::Result<String> {
    let mut reader = BufReader::new(stream);
    let mut page = String::new();
    reader.read_to_string(&mut page)?; //~ bandwidth::read-to-end-socket
    Ok(page)
}
