//! Panics that another machine decides on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;
use tokio::time::timeout;

struct Link {
    stream: BufWriter<TcpStream>,
}

impl Link {
    async fn send(&mut self, frame: &[u8]) {
        self.stream.write_all(frame).await.unwrap(); //~ reliable::remote-unwrap
        self.stream.flush().await.expect("the relay is there"); //~ reliable::remote-unwrap
    }
}

async fn hear(socket: &mut TcpStream) -> u8 {
    let mut byte = [0];
    socket.read_exact(&mut byte).await.unwrap(); //~ reliable::remote-unwrap
    byte[0]
}

async fn forecast(client: &reqwest::Client, url: &str) -> reqwest::Response {
    client.get(url).timeout(Duration::from_secs(5)).send().await.unwrap() //~ reliable::remote-unwrap
}

fn dial(peer: std::net::SocketAddr) -> std::net::TcpStream {
    std::net::TcpStream::connect_timeout(&peer, Duration::from_secs(3)).unwrap() //~ reliable::remote-unwrap
}
