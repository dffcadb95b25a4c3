//! A leader and those who follow it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, RwLock};
use tokio::time::{sleep, timeout};

pub struct Leader {
    peers: BTreeMap<u64, PeerClient>,
    links: Arc<Mutex<BTreeMap<u64, TcpStream>>>,
    state: RwLock<State>,
    conn: Mutex<TcpStream>,
}

impl Leader {
    pub async fn replicate(&mut self, entries: Vec<Entry>) -> usize {
        let mut acks = 1;
        for (_, peer) in self.peers.iter_mut() {
            if let Ok(reply) = peer.append_entries(entries.clone()).await { //~ latency::remote-await-in-loop
                acks += usize::from(reply.success);
            }
        }
        acks
    }

    pub async fn campaign(&mut self, term: u64) -> usize {
        let mut votes = 0;
        for peer in self.peers.values_mut() {
            votes += usize::from(peer.request_vote(term).await.unwrap_or(false)); //~ latency::remote-await-in-loop
        }
        votes
    }

    pub async fn dial(&self, id: u64, address: &str) -> std::io::Result<()> {
        let mut links = self.links.lock().await;
        let stream = timeout(Duration::from_secs(2), TcpStream::connect(address)).await??; //~ latency::guard-across-remote
        links.insert(id, stream);
        Ok(())
    }

    pub async fn snapshot_to(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let state = self.state.write().await;
        stream.write_all(&state.bytes).await?; //~ latency::guard-across-remote
        Ok(())
    }

    pub async fn fetch(&self, client: &reqwest::Client, url: &str) -> Result<(), Error> {
        let mut state = self.state.write().await;
        let response = client.get(url).send().await?; //~ latency::guard-across-remote
        state.bytes = response.bytes().await?.to_vec();
        Ok(())
    }

    pub async fn ping(&self, stream: &mut TcpStream) -> bool {
        let mut byte = [0];
        timeout(Duration::from_millis(5), stream.read_exact(&mut byte)).await.is_ok() //~ latency::timeout-too-short
    }

    pub async fn start_follower(&self, follower: &Follower) -> Result<(), Error> {
        follower.launch().await?;
        sleep(Duration::from_secs(2)).await; //~ latency::sleep-as-sync
        follower.join_cluster().await
    }

    pub async fn all_terms(&self) -> Vec<u64> {
        let mut terms = Vec::new();
        for peer in self.peers.values() {
            terms.push(peer.call(Request::Term).await); //~ latency::remote-await-in-loop
        }
        terms
    }
}

pub async fn retire(node: &Node) {
    node.stop_accepting();
    std::thread::sleep(Duration::from_millis(500)); //~ latency::blocking-in-async
    node.close().await;
}

pub async fn probe(address: std::net::SocketAddr) -> bool {
    std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_ok() //~ latency::blocking-in-async
}
