//! Locks that are held for a round trip.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, RwLock};
use tokio::time::timeout;

struct Relay {
    links: Mutex<BTreeMap<u64, TcpStream>>,
    table: RwLock<Vec<u8>>,
}

impl Relay {
    async fn dial(&self, id: u64, address: &str) -> std::io::Result<()> {
        let mut links = self.links.lock().await;
        let stream = timeout(Duration::from_secs(1), TcpStream::connect(address)).await??; //~ latency::guard-across-remote
        links.insert(id, stream);
        Ok(())
    }

    async fn show(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let table = self.table.read().await;
        stream.write_all(&table).await //~ latency::guard-across-remote
    }

    async fn vote(&self, peer: &Peer, term: u64) -> Result<bool, Error> {
        let links = self.links.lock().await;
        peer.request_vote(term, links.len()).await //~ latency::guard-across-remote
    }
}
