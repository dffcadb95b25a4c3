//! Moments that mean nothing to whoever reads them.

use std::time::{Instant, SystemTime};

use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, Serialize, Deserialize)]
struct Grant {
    holder: u64,
    #[serde(with = "approximate")]
    until: Instant, //~ clock::instant-serialised
}

#[derive(Serialize)]
enum Message {
    Beat { sent: Option<std::time::Instant> }, //~ clock::instant-serialised
    Over(tokio::time::Instant), //~ clock::instant-serialised
}

struct Stamp(Instant);

impl Serialize for Stamp { //~ clock::instant-serialised
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wall = SystemTime::now() + self.0.saturating_duration_since(Instant::now());
        wall.serialize(serializer)
    }
}
