//! Where other machines are.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

const CONTROLLER: &str = "52.28.14.9:7443"; //~ topology::ip-literal

pub struct Uplink {
    address: SocketAddr,
}

impl Uplink {
    pub fn new(host: &str) -> std::io::Result<Uplink> {
        let address = (host, 7000).to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
        Ok(Uplink { address }) //~ topology::resolve-once
    }

    pub async fn by_name(host: &str) -> std::io::Result<Uplink> {
        Ok(Uplink { address: tokio::net::lookup_host(host).await?.next().ok_or(std::io::ErrorKind::NotFound)? }) //~ topology::resolve-once
    }
}

pub fn relay() -> SocketAddr {
    "10.0.12.7:9000".parse().expect("a valid address") //~ topology::ip-literal
}

pub fn backup() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 12, 8)), 9000) //~ topology::ip-literal
}

pub fn servers() -> Vec<&'static str> {
    vec!["10.0.0.11:2379", "10.0.0.12:2379", "10.0.0.13:2379"] //~ topology::peer-list-literal
}

pub async fn register(client: &reqwest::Client) -> reqwest::Result<()> {
    client.post("https://192.168.4.20:8443/register").send().await?; //~ topology::ip-literal
    Ok(())
}

pub fn owner<'a>(key: &str, backends: &'a [Backend]) -> &'a Backend {
    let place = crc32(key.as_bytes()) as usize;
    &backends[place % backends.len()] //~ topology::hash-mod-members
}
