//! Requests that are done twice when an answer is lost.

use std::time::Duration;

async fn charge(client: &reqwest::Client, url: &str, charge: &Charge) -> bool {
    let mut pause = Duration::from_millis(100);
    while pause < Duration::from_secs(10) { //~ reliable::retry-not-idempotent
        let sent = client.post(url).timeout(Duration::from_secs(2)).json(charge).send().await;
        if sent.is_ok() {
            return true;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    false
}

async fn count(connection: &mut redis::aio::MultiplexedConnection) -> Option<u64> {
    for attempt in 0..3 { //~ reliable::retry-not-idempotent
        if let Ok(count) = connection.incr("visits", 1).await {
            return Some(count);
        }
        tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
    }
    None
}
