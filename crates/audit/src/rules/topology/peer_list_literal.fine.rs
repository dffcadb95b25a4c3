//! Lists of other things.

const SEEDS: [&str; 2] = ["localhost:7000", "localhost:7001"];
const SAMPLES: [&str; 2] = ["a.db.net:7000", "b.db.net:7000"];
const NODE_NAMES: [&str; 2] = ["a", "b"];
const SERVER_HOURS: [&str; 2] = ["08:30", "21:34"];

fn brokers(settings: &Settings) -> Vec<String> {
    settings.brokers.clone()
}

fn peer() -> [&'static str; 1] {
    ["a.db.net:7000"]
}
