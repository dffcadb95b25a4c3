//! Loops that take the sum of all round trips.

struct Peer;

async fn replicate(peers: &mut [Peer], entries: &Entries) -> Result<usize, Error> {
    let mut acknowledged = 0;
    for peer in peers {
        if peer.append_entries(entries).await?.is_success { //~ latency::remote-await-in-loop
            acknowledged += 1;
        }
    }
    Ok(acknowledged)
}

async fn forecasts(client: &reqwest::Client, urls: &[String]) -> reqwest::Result<Vec<String>> {
    let mut all = Vec::new();
    for url in urls {
        let response = client.get(url).send().await?; //~ latency::remote-await-in-loop
        all.push(response.text().await?);
    }
    Ok(all)
}
