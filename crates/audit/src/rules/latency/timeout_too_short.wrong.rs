//! Time-outs that hold within a rack.

use std::time::Duration;

use reqwest::Client;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn join(peer: &str) -> Option<TcpStream> {
    timeout(Duration::from_millis(10), TcpStream::connect(peer)).await.ok()?.ok() //~ latency::timeout-too-short
}

async fn hear(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    timeout(Duration::from_micros(500), stream.read_exact(&mut byte)).await.is_ok() //~ latency::timeout-too-short
}

fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(Duration::from_millis(15)).build() //~ latency::timeout-too-short
}
