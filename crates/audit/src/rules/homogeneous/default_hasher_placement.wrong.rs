//! Places by hashes that others compute otherwise.

use std::collections::hash_map::{DefaultHasher, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};

fn shard_of(key: &str, count: u64) -> u64 {
    let mut hasher = DefaultHasher::new(); //~ homogeneous::default-hasher-placement
    key.hash(&mut hasher);
    hasher.finish() % count
}

fn owner<'a>(key: u64, nodes: &'a [Node]) -> Option<&'a Node> {
    let state = RandomState::new(); //~ homogeneous::default-hasher-placement
    nodes.iter().max_by_key(|node| state.hash_one((key, node.id)))
}
