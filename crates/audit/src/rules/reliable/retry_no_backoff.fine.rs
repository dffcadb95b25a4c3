//! Loops that pause, that end, or that ask nobody again.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};

async fn join(peer: &str) -> TcpStream {
    let mut pause = Duration::from_millis(50);
    loop {
        match timeout(Duration::from_secs(1), TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => return stream,
            Err(_) => {}
            Ok(Err(error)) => log::warn!("{peer}: {error}"),
        }
        sleep(pause).await;
        pause *= 2;
    }
}

async fn once(client: &reqwest::Client, url: &str) -> reqwest::Result<String> {
    loop {
        match client.get(url).timeout(Duration::from_secs(1)).send().await {
            Ok(response) if response.status().is_success() => return response.text().await,
            Ok(_) => sleep(Duration::from_secs(1)).await,
            Err(error) => return Err(error),
        }
    }
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => handle(stream),
            Err(_) => continue,
        }
    }
}

async fn hear(mut orders: Receiver<Order>) {
    loop {
        match orders.recv().await {
            Some(order) => carry_out(order),
            None => break,
        }
    }
}

async fn any(peers: &[String]) -> Option<TcpStream> {
    for peer in peers {
        match timeout(Duration::from_secs(1), TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(_)) => {}
            Err(_) => continue,
        }
    }
    None
}
