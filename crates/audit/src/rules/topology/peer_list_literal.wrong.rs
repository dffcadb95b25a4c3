//! Nodes in the text.

const SEEDS: [&str; 3] = ["a.db.net:7000", "b.db.net:7000", "c.db.net:7000"]; //~ topology::peer-list-literal

fn brokers() -> Vec<String> {
    vec!["kafka-a.db.net:9092".to_string(), "kafka-b.db.net:9092".to_string()] //~ topology::peer-list-literal
}

fn join(cluster: &mut Cluster) {
    let peers = ["10.0.0.11:2379", "10.0.0.12:2379"].map(String::from); //~ topology::peer-list-literal
    cluster.join(peers);
}
