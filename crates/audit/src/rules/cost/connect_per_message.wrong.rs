//! Connections that carry one message.

use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

async fn send(peer: &str, message: &Message) -> io::Result<()> { //~ cost::connect-per-message
    let mut stream = timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(peer)).await??;
    stream.write_all(&message.encode()).await
}

struct Station {
    peer: std::net::SocketAddr,
}

impl Station {
    fn beat(&self, heartbeat: &[u8]) -> io::Result<()> { //~ cost::connect-per-message
        let mut stream = TcpStream::connect_timeout(&self.peer, Duration::from_secs(1))?;
        stream.write_all(heartbeat)
    }
}
