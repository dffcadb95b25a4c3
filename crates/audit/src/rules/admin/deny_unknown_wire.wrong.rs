//! Messages that must not grow.

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)] //~ admin::deny-unknown-wire
struct VoteRequest {
    term: u64,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "kind", deny_unknown_fields)] //~ admin::deny-unknown-wire
enum GossipMessage {
    Alive { node: u64 },
}
