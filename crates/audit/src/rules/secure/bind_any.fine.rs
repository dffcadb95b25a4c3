//! Ports of this machine, of clients, and of settings.

use tokio::net::{TcpListener, UdpSocket};

async fn metrics(listen: &str) -> std::io::Result<(TcpListener, TcpListener)> {
    Ok((TcpListener::bind("127.0.0.1:9100").await?, TcpListener::bind(listen).await?))
}

async fn client() -> std::io::Result<UdpSocket> {
    UdpSocket::bind("0.0.0.0:0").await
}
