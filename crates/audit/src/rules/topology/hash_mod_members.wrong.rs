//! Keys that all move when one node comes.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

struct Ring {
    shards: Vec<String>,
}

impl Ring {
    fn owner(&self, key: &str) -> &str {
        &self.shards[hash(key) as usize % self.shards.len()] //~ topology::hash-mod-members
    }

    fn owner_by_steps(&self, key: &str) -> usize {
        let total = self.shards.len() as u64;
        let place = checksum(key.as_bytes());
        (place % total) as usize //~ topology::hash-mod-members
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
