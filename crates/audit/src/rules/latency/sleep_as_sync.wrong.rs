//! Pauses in the place of answers.

use std::time::Duration;

use tokio::time::sleep;

async fn start(follower: &Follower) -> Result<(), Error> {
    follower.launch().await?;
    sleep(Duration::from_secs(2)).await; //~ latency::sleep-as-sync
    follower.join().await
}

async fn elect(cluster: &Cluster) -> Result<Leader, Error> {
    cluster.stop_leader().await?;
    tokio::time::sleep(Duration::from_millis(300)).await; //~ latency::sleep-as-sync
    cluster.leader().await
}
