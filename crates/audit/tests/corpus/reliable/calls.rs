//! Calls of a service to the services that it needs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_postgres::NoTls;
use tonic::transport::{Channel, Endpoint};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub struct Billing {
    http: reqwest::Client,
    base: String,
}

impl Billing {
    pub fn new(base: String) -> Self {
        Self { http: reqwest::Client::new(), base } //~ reliable::http-no-timeout (missed: a request elsewhere in this file has a time-out, and the rule does not ask of which client)
    }

    pub async fn charge(&self, account: u64, cents: u64) -> Result<()> {
        let mut attempt = 0;
        loop { //~ reliable::retry-not-idempotent
            let sent = self.http.post(format!("{}/charges", self.base)).json(&json!({ "account": account, "cents": cents })).send().await;
            match sent {
                Ok(_) => return Ok(()),
                Err(error) if attempt == 3 => return Err(error.into()),
                Err(_) => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
                }
            }
        }
    }

    pub async fn balance(&self, account: u64) -> u64 {
        let response = self.http.get(format!("{}/accounts/{account}", self.base)).send().await.unwrap(); //~ reliable::remote-unwrap
        response.json().await.unwrap_or_default()
    }
}

pub async fn weather(url: &str) -> Result<String> {
    Ok(reqwest::get(url).await?.text().await?) //~ reliable::http-no-timeout
}

pub async fn ledger(address: &'static str) -> Result<Channel> {
    let channel = Endpoint::from_static(address).connect_timeout(Duration::from_secs(2)).connect().await?; //~ reliable::http-no-timeout (missed: a request elsewhere in this file has a time-out, and the rule does not ask of which client)
    Ok(channel)
}

pub async fn database(config: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(config, NoTls).await?; //~ reliable::connect-no-timeout, secure::plaintext-store
    tokio::spawn(connection);
    Ok(client)
}

pub async fn bus(url: String) -> Arc<async_nats::Client> {
    Arc::new(async_nats::connect(url).await.expect("no message bus")) //~ reliable::remote-unwrap
}

pub async fn wait_until_ready(client: &reqwest::Client, url: &str) {
    while client.get(url).timeout(Duration::from_secs(1)).send().await.is_err() {} //~ reliable::retry-no-backoff
}

pub async fn publish(client: &reqwest::Client, url: &str, body: String) -> Result<()> {
    for _ in 0..5 { //~ reliable::retry-not-idempotent
        if client.post(url).body(body.clone()).send().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await; //~ reliable::retry-no-jitter
    }
    Err("gave up".into())
}
