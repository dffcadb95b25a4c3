//! Locks that are let go in time.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, RwLock};
use tokio::time::timeout;

struct Relay {
    links: Mutex<BTreeMap<u64, String>>,
    log: Mutex<File>,
    stream: Mutex<TcpStream>,
}

impl Relay {
    async fn dial(&self, id: u64) -> std::io::Result<TcpStream> {
        let address = {
            let links = self.links.lock().await;
            links[&id].clone()
        };
        timeout(Duration::from_secs(1), TcpStream::connect(address)).await?
    }

    async fn redial(&self, id: u64) -> std::io::Result<TcpStream> {
        let links = self.links.lock().await;
        let address = links[&id].clone();
        drop(links);
        timeout(Duration::from_secs(1), TcpStream::connect(address)).await?
    }

    async fn note(&self, line: &[u8]) -> std::io::Result<()> {
        let mut log = self.log.lock().await;
        log.write_all(line).await
    }

    async fn send(&self, frame: &[u8]) -> std::io::Result<()> {
        let mut stream = self.stream.lock().await;
        stream.write_all(frame).await
    }

    async fn begin(&self, address: String) {
        let mut links = self.links.lock().await;
        links.insert(links.len() as u64, address.clone());
        tokio::spawn(async move { timeout(Duration::from_secs(1), TcpStream::connect(address)).await });
    }
}

struct Reader {
    client: Mutex<tokio_postgres::Client>,
}

impl Reader {
    /// What is locked is the connection itself, which serves one at a time.
    async fn offset(&self) -> Result<u64, Error> {
        let mut client = self.client.lock().await;
        let transaction = client.transaction().await?;
        let row = transaction.query_one("SELECT 1", &[]).await?;
        Ok(row.get(0))
    }
}

struct Renewing {
    one_at_a_time: Mutex<()>,
    client: redis::Client,
}

impl Renewing {
    async fn renew(&self) -> Result<(), Error> {
        let _guard = self.one_at_a_time.lock().await;
        timeout(LIMIT, self.client.get_multiplexed_tokio_connection()).await?;
        Ok(())
    }
}
