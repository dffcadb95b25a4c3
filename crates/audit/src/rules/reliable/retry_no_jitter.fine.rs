//! Pauses that differ, and loops that are no attempts.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

async fn join(peer: &str) -> TcpStream {
    let mut pause = Duration::from_millis(100);
    loop {
        if let Ok(Ok(stream)) = timeout(Duration::from_secs(1), TcpStream::connect(peer)).await {
            return stream;
        }
        sleep(pause).await;
        pause *= 2;
    }
}

async fn with_luck(peer: &str) -> TcpStream {
    loop {
        if let Ok(Ok(stream)) = timeout(Duration::from_secs(1), TcpStream::connect(peer)).await {
            return stream;
        }
        sleep(Duration::from_millis(100)).await;
        sleep(jitter()).await;
    }
}

async fn as_somebody_says(peer: &str) -> TcpStream {
    loop {
        if let Ok(Ok(stream)) = timeout(Duration::from_secs(1), TcpStream::connect(peer)).await {
            return stream;
        }
        sleep(until_next()).await;
    }
}

async fn poll(client: &reqwest::Client, url: &str) {
    loop {
        if let Ok(response) = client.get(url).timeout(Duration::from_secs(1)).send().await {
            show(response);
        }
        sleep(Duration::from_secs(60)).await;
    }
}
