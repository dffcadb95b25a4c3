//! Loops that wait for one thing, or for many at once.

use futures::future::join_all;
use tokio::sync::mpsc::Sender;

async fn replicate(peers: &mut [Peer], entries: &Entries) -> Vec<Result<Reply, Error>> {
    let mut open = Vec::new();
    for peer in peers {
        open.push(peer.append_entries(entries));
    }
    join_all(open).await
}

async fn with_attempts(peer: &Peer, entries: &Entries) -> Option<Reply> {
    for attempt in 0..3 {
        if let Ok(reply) = peer.append_entries(entries).await {
            return Some(reply);
        }
        pause(attempt).await;
    }
    None
}

async fn pages(client: &reqwest::Client, first: String) -> reqwest::Result<()> {
    let mut next = Some(first);
    while let Some(url) = next.take() {
        next = client.get(&url).send().await?.headers().get("next").map(text);
    }
    Ok(())
}

async fn tell(tx: &Sender<u8>, values: &[u8], cache: &Cache) {
    for value in values {
        tx.send(*value).await.ok();
        cache.get(value).await;
    }
}

async fn once(store: &Store) -> Result<(), Error> {
    for row in store.query_one("SELECT 1").await? {
        println!("{row}");
    }
    Ok(())
}

async fn migrate(store: &Store, statements: &[&str]) -> Result<(), Error> {
    for statement in statements {
        store.query_one(statement).await?;
    }
    Ok(())
}

async fn first_that_knows(peers: &[Peer], name: &str) -> Option<Address> {
    for peer in peers {
        if let Ok(address) = peer.send_request(name).await {
            return Some(address);
        }
    }
    None
}

async fn notes_the_failure(peers: &[Peer], log: &Store) -> Result<(), Error> {
    for peer in peers {
        if let Err(error) = peer.check() {
            log.query_one(&error).await.ok();
            return Err(error);
        }
    }
    Ok(())
}

async fn redirected(client: &Store, mut query: Query) -> Result<Reply, Error> {
    for _ in 0..2 {
        match client.query_one(&query).await? {
            Reply::Elsewhere(place) => query = query.of(place),
            reply => return Ok(reply),
        }
    }
    Err(Error::Lost)
}

async fn removed(changes: &[Change], sc_sink: &mut Sink) {
    for change in changes {
        sc_sink.send_request(change).await.ok();
    }
}

async fn download(client: &reqwest::Client, url: &str, parts: &[String]) -> reqwest::Result<()> {
    for part in parts {
        let reply = client.get(url).header(RANGE, part).send().await?;
        keep(reply);
    }
    Ok(())
}

impl Node {
    async fn slots(&self, slots: &[u64]) {
        for slot in slots {
            self.call(*slot).await;
        }
    }
}
