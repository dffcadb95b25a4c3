//! Turns, luck, and fixed numbers of slots.

use std::sync::atomic::{AtomicUsize, Ordering};

const SLOTS: u64 = 16_384;

struct Pool {
    backends: Vec<String>,
    slots: Vec<usize>,
    next: AtomicUsize,
}

impl Pool {
    fn turn(&self) -> &str {
        &self.backends[self.next.fetch_add(1, Ordering::Relaxed) % self.backends.len()]
    }

    fn neighbour(&self, place: usize) -> &str {
        &self.backends[(place + 1) % self.backends.len()]
    }

    fn others(&self, first: usize) -> impl Iterator<Item = &String> {
        (0..self.backends.len()).map(move |nth| &self.backends[(first + nth) % self.backends.len()])
    }

    fn lot(&self) -> &str {
        let lot = rand::random::<usize>();
        &self.backends[lot % self.backends.len()]
    }

    fn owner(&self, key: &str) -> usize {
        self.slots[(hash(key) % SLOTS) as usize]
    }

    fn bucket(&self, key: &str) -> usize {
        hash(key) as usize % self.slots.len()
    }
}

fn part(parts: &Parts, hash: usize) -> Option<u64> {
    parts.shards[hash % parts.shards.len()].lock().first()
}

static ROTATION: AtomicUsize = AtomicUsize::new(0);

fn relay(relays: &Relays) -> &str {
    let place = ROTATION.fetch_add(1, Ordering::SeqCst) % relays.servers.len();
    &relays.servers[place]
}

struct ShardedFilter {
    shards: Vec<Filter>,
}

impl ShardedFilter {
    fn shard(&self, hash: u64) -> usize {
        hash as usize % self.shards.len()
    }
}

fn spread(mut parts: Vec<usize>, idle_nodes: &[usize]) -> usize {
    let mut j = 0;
    parts.retain(|part| *part != idle_nodes[j % idle_nodes.len()]);
    j += parts.len();
    let rest_count = parts.len();
    rest_count % idle_nodes.len()
}

/// Any of them may do it, and does it once.
fn sweeper(region: u64, peers: &[u64]) -> u64 {
    peers[(region % peers.len() as u64) as usize]
}
