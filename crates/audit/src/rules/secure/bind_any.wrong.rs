//! Ports that are open to all.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;

async fn metrics() -> std::io::Result<TcpListener> {
    TcpListener::bind("0.0.0.0:9100").await //~ secure::bind-any
}

fn control(port: u16) -> std::io::Result<std::net::TcpListener> {
    std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) //~ secure::bind-any
}
