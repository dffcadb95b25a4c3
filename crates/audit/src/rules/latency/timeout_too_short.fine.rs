//! Time-outs that hold anywhere, or wait for nothing far away.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

async fn join(peer: &str, limit: Duration) -> Option<TcpStream> {
    if let Ok(Ok(stream)) = timeout(Duration::from_secs(2), TcpStream::connect(peer)).await {
        return Some(stream);
    }
    timeout(limit, TcpStream::connect(peer)).await.ok()?.ok()
}

async fn next(rx: &mut Receiver<u8>) -> Option<u8> {
    timeout(Duration::from_millis(5), rx.recv()).await.ok()?
}
