//! Pauses that are the same for all.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PAUSE: Duration = Duration::from_secs(2);

async fn join(peer: &str) -> TcpStream {
    loop {
        match timeout(PAUSE, TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => return stream,
            other => log::warn!("{peer}: {other:?}"),
        }
        sleep(PAUSE).await; //~ reliable::retry-no-jitter
    }
}

fn dial(peer: std::net::SocketAddr) -> Option<std::net::TcpStream> {
    for _ in 0..8 {
        if let Ok(stream) = std::net::TcpStream::connect_timeout(&peer, PAUSE) {
            return Some(stream);
        }
        std::thread::sleep(Duration::from_millis(500)); //~ reliable::retry-no-jitter
    }
    None
}
