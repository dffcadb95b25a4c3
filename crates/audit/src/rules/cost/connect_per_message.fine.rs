//! Connections that stay, and those of a question and its answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

struct Peer {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Peer {
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        if self.stream.is_none() {
            self.stream = Some(TcpStream::connect_timeout(&self.address, Duration::from_secs(1))?);
        }
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        stream.write_all(message)
    }
}

fn join(address: SocketAddr, hello: &[u8]) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.write_all(hello)?;
    Ok(stream)
}

fn ask(address: SocketAddr, message: &[u8]) -> io::Result<u8> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.write_all(message)?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}

fn datagram(socket: &UdpSocket, message: &[u8]) -> io::Result<usize> {
    socket.send(message)
}
