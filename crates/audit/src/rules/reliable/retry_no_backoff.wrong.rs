//! Loops that ask as often as the processor can.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

async fn join(peer: &str) -> TcpStream {
    loop { //~ reliable::retry-no-backoff
        match timeout(Duration::from_secs(1), TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => return stream,
            Err(_) => continue,
            Ok(Err(error)) => log::warn!("{peer}: {error}"),
        }
    }
}

async fn forecast(client: &reqwest::Client, url: &str) -> String {
    loop { //~ reliable::retry-no-backoff
        match client.get(url).timeout(Duration::from_secs(1)).send().await {
            Ok(response) => return response.text().await.unwrap_or_default(),
            Err(error) => {
                log::warn!("{url}: {error}");
            }
        }
    }
}

fn knock(peer: std::net::SocketAddr) {
    while std::net::TcpStream::connect_timeout(&peer, Duration::from_secs(1)).is_err() {} //~ reliable::retry-no-backoff
}
