//! Hashes within one process, and those with a name.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, RandomState};
use std::hash::{Hash, Hasher};

fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn table() -> HashMap<u64, u64, RandomState> {
    HashMap::with_hasher(RandomState::new())
}

fn shard_of(key: &str, count: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key.as_bytes()) % count
}

fn part(parts: &Parts, key: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let shard = hasher.finish() as usize % parts.shards.len();
    parts.shards[shard].lock().get(key)
}

/// Which task of this process takes it.
fn shard_of_channels(channels: &[Sender<Message>], key: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish() as usize % channels.len()
}

/// Whether the list of peers has changed since.
fn digest_of_peers(peers: &[Peer]) -> u64 {
    let mut hasher = DefaultHasher::new();
    peers.hash(&mut hasher);
    hasher.finish()
}
