//! Machines by their numbers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const CONTROLLER: &str = "52.28.14.9:7443"; //~ topology::ip-literal

fn relay() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 12, 8)), 9_000) //~ topology::ip-literal
}

fn backup() -> SocketAddr {
    SocketAddr::from(([10, 0, 12, 9], 9_000)) //~ topology::ip-literal
}

fn schedule() -> String {
    "https://10.8.3.7:8443/v1/schedule".to_owned() //~ topology::ip-literal
}
