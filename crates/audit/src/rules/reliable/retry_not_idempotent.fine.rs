//! Requests that are known again, or change nothing, or are sent once.

use std::time::Duration;

async fn charge(client: &reqwest::Client, url: &str, charge: &Charge) -> bool {
    for attempt in 0..3 {
        let request = client.post(url).timeout(Duration::from_secs(2)).header("Idempotency-Key", charge.key);
        if request.json(charge).send().await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
    }
    false
}

async fn read(client: &reqwest::Client, url: &str) -> Option<reqwest::Response> {
    for attempt in 0..3 {
        if let Ok(response) = client.get(url).timeout(Duration::from_secs(2)).send().await {
            return Some(response);
        }
        tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
    }
    None
}

async fn all(client: &reqwest::Client, url: &str, charges: Vec<Charge>) -> reqwest::Result<()> {
    let mut left = charges.into_iter();
    loop {
        let Some(charge) = left.next() else { break };
        client.post(url).timeout(Duration::from_secs(2)).json(&charge).send().await?;
    }
    Ok(())
}
