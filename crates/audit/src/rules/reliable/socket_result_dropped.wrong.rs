//! Writes that nobody asks about.

use std::net::{SocketAddr, UdpSocket};

use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;

struct Station {
    socket: UdpSocket,
    uplink: BufWriter<TcpStream>,
}

impl Station {
    fn beat(&self, peer: SocketAddr) {
        let _ = self.socket.send_to(b"beat", peer); //~ reliable::socket-result-dropped
    }

    async fn report(&mut self, line: &[u8]) {
        let _ = self.uplink.write_all(line).await; //~ reliable::socket-result-dropped
        let _ = self.uplink.flush().await; //~ reliable::socket-result-dropped
    }

    async fn repeat(&mut self, line: &[u8]) {
        self.uplink.write_all(line).await.ok(); //~ reliable::socket-result-dropped
        let _ = self.uplink.flush().await.ok(); //~ reliable::socket-result-dropped
    }
}
