//! Pauses that wait for nothing, or look again.

use std::time::Duration;

use tokio::time::sleep;

async fn until_ready(follower: &Follower) -> Result<(), Error> {
    while !follower.is_ready().await? {
        sleep(Duration::from_millis(50)).await;
    }
    follower.join().await
}

async fn throttle(follower: &Follower) {
    sleep(Duration::from_millis(50)).await;
    follower.next().await;
}

async fn by_setting(follower: &Follower, settings: &Settings) {
    sleep(settings.warm_up).await;
    follower.join().await;
}

async fn last(follower: &Follower) {
    follower.close().await;
    sleep(Duration::from_millis(50)).await;
}
