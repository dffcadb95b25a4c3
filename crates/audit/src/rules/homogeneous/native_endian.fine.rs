//! Numbers in a fixed order, or that stay here.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

async fn send(stream: &mut TcpStream, length: u32) -> io::Result<()> {
    stream.write_all(&length.to_be_bytes()).await
}

fn hash(value: u64, state: &mut State) {
    state.write(&value.to_ne_bytes());
}

fn cached(buffer: &mut Vec<u8>, value: u64) {
    buffer.extend_from_slice(&value.to_ne_bytes());
}

fn tell_addresses(socket: &std::net::UdpSocket) {
    let mut bytes = [0; 8];
    socket.peek(&mut bytes).ok();
    setsockopt(socket, IP_PKTINFO, &1_u32.to_ne_bytes());
}
