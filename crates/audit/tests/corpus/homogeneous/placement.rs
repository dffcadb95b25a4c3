//! Which shard holds what, as every node computes it for itself.

use std::collections::hash_map::{DefaultHasher, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

pub struct Shards {
    count: u64,
    state: RandomState,
}

impl Shards {
    pub fn shard_of(&self, key: &str) -> u64 {
        let mut hasher = DefaultHasher::new(); //~ homogeneous::default-hasher-placement
        key.hash(&mut hasher);
        hasher.finish() % self.count
    }

    pub fn partition(&self, key: &str) -> u64 {
        let mut hasher = self.state.build_hasher(); //~ homogeneous::default-hasher-placement (missed: the hasher is a field, made elsewhere)
        key.hash(&mut hasher);
        hasher.finish() % self.count
    }
}

pub fn route<'a>(key: u64, nodes: &'a [Node]) -> Option<&'a Node> {
    nodes.iter().max_by_key(|node| {
        let mut hasher = std::collections::hash_map::DefaultHasher::new(); //~ homogeneous::default-hasher-placement
        (key, node.id).hash(&mut hasher);
        hasher.finish()
    })
}

pub fn bucket(session: &Session) -> u64 {
    RandomState::new().hash_one(session) % BUCKETS //~ homogeneous::default-hasher-placement
}

#[derive(Serialize, Deserialize)]
pub struct Transfer {
    key: String,
    to: u64,
}

pub async fn hand_over(link: &mut Link, transfer: &Transfer) -> Result<(), Error> {
    let bytes = bincode::serialize(transfer)?; //~ homogeneous::codec-unversioned
    link.send(bytes).await
}
