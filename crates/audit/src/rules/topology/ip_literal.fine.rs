//! Numbers that are no machine of others.

use std::net::{Ipv4Addr, SocketAddr};

const LISTEN: &str = "127.0.0.1:7443";
const GROUP: &str = "224.0.0.251:5353";
const NETWORKS: [&str; 2] = ["10.0.0.0/8", "192.168.0.0/16"];
const SHOWN: &str = "192.0.2.1:80";
const BUILT: &str = "2019-03-23T21:34";
const VERSION: &str = "1.2.3.4";
const RESOLVER: &str = "9.9.9.9:53";

fn any(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
}

fn longest() -> usize {
    "101.102.103.104:65000".len()
}

fn is_metadata(url: &str) -> bool {
    url.starts_with("http://169.254.169.254:80/") || url == "10.1.1.1:80"
}

/// By which address this machine would reach others: nothing is sent.
async fn own_address() -> std::io::Result<std::net::SocketAddr> {
    let socket = tokio::net::UdpSocket::bind("0.0.0.0:0").await?;
    socket.connect("8.8.8.8:80").await?;
    socket.local_addr()
}
