//! Who is in the cluster, and who holds what.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;

const SEEDS: [&str; 3] = ["node-1.db.net:7000", "node-2.db.net:7000", "node-3.db.net:7000"]; //~ topology::peer-list-literal

static LEADER: OnceLock<SocketAddr> = OnceLock::new();

pub fn brokers() -> Vec<String> {
    let brokers = vec!["kafka-a.db.net:9092".to_string(), "kafka-b.db.net:9092".to_string()]; //~ topology::peer-list-literal
    brokers
}

pub struct Ring {
    nodes: Vec<Node>,
}

impl Ring {
    pub fn owner(&self, key: u64) -> &Node {
        &self.nodes[key as usize % self.nodes.len()] //~ topology::hash-mod-members
    }

    pub fn replica(&self, hash: u64) -> usize {
        let count = self.nodes.len() as u64;
        (hash % count) as usize //~ topology::hash-mod-members
    }

    pub fn next(&mut self) -> &Node {
        self.cursor += 1;
        &self.nodes[self.cursor % self.nodes.len()]
    }
}

pub fn shard_of(account: &str, shards: &[Shard]) -> usize {
    let mut hasher = fnv::FnvHasher::default();
    account.hash(&mut hasher);
    let digest = hasher.finish() as usize;
    digest % shards.len() //~ topology::hash-mod-members
}

pub struct Vote {
    votes: usize,
    acks: Vec<u64>,
}

impl Vote {
    pub fn is_won(&self) -> bool {
        self.votes >= 2 //~ topology::literal-quorum
    }

    pub fn is_committed(&self) -> bool {
        self.acks.len() >= 3 //~ topology::literal-quorum
    }
}

pub fn leader() -> &'static SocketAddr {
    LEADER.get_or_init(|| "leader.db.net:7000".to_socket_addrs().unwrap().next().unwrap()) //~ topology::resolve-once
}

pub fn has_quorum(granted: u32) -> bool {
    const QUORUM: u32 = 2;
    granted >= QUORUM //~ topology::literal-quorum (missed: the number has a name)
}
