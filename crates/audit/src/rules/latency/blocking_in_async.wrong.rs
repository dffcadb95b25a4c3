//! Threads that wait in the place of tasks.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

async fn again(peer: std::net::SocketAddr) -> std::io::Result<TcpStream> {
    thread::sleep(Duration::from_millis(100)); //~ latency::blocking-in-async
    TcpStream::connect_timeout(&peer, Duration::from_secs(1)) //~ latency::blocking-in-async
}

fn begin() {
    tokio::spawn(async move {
        std::thread::sleep(Duration::from_secs(1)); //~ latency::blocking-in-async
    });
}

async fn forecast(url: &str) -> reqwest::Result<String> {
    reqwest::blocking::get(url)?.text() //~ latency::blocking-in-async
}
