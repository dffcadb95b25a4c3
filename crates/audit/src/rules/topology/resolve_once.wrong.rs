//! Names that are asked for once.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;

static RELAY: OnceLock<SocketAddr> = OnceLock::new();

struct Uplink {
    address: SocketAddr,
}

impl Uplink {
    fn new(host: &str) -> Option<Uplink> {
        let address = (host, 7_000).to_socket_addrs().ok()?.next()?;
        Some(Uplink { address }) //~ topology::resolve-once
    }

    async fn set(&mut self, host: &str) -> Option<()> {
        self.address = tokio::net::lookup_host(host).await.ok()?.next()?; //~ topology::resolve-once
        Some(())
    }
}

fn relay() -> Option<&'static SocketAddr> {
    Some(RELAY.get_or_init(|| "relay.db.net:7000".to_socket_addrs().ok().and_then(first).unwrap_or(FALLBACK))) //~ topology::resolve-once
}
