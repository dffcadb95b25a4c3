//! What a machine mends, an exception, a macro, and letters of two bytes.

use std::time::SystemTime;

const GRÜSSE: &str = "http://καλημέρα.example/";

async fn ask(peer: &str) -> Result<Reply, Error> {
    let begun = SystemTime::now();
    let client = reqwest::Client::builder().gzip(true).build()?;
    // constellation: allow(reliable::connect-no-timeout, reason = "the caller waits 5 s at most")
    let mut stream = tokio::net::TcpStream::connect(peer).await?;
    stream.write_all(&begun.elapsed()?.as_secs().to_ne_bytes()).await?;
    tokio::select! {
        biased;
        reply = client.get(GRÜSSE).send(), if !peer.is_empty() => reply?.json().await,
        else => Err(Error::Gone),
    }
}
