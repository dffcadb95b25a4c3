//! How a service is set up, and by whom.

use std::env;

use serde::{Deserialize, Serialize};

const DATABASE: &str = "postgres://orders:tR7-kelpie-92@db.shop.net/orders"; //~ admin::credential-literal
const API_KEY: &str = "sk_live_9aZ2f81KqPw7"; //~ admin::credential-literal
static WEBHOOK_SECRET: &str = "Wh-5538-orbit-Zk1"; //~ admin::credential-literal

pub fn cache() -> String {
    "redis://:c4che-P4ss-77@cache.shop.net/0".to_owned() //~ admin::credential-literal, secure::plaintext-store
}

pub async fn queue() -> Result<Connection, Error> {
    Connection::connect("amqps://orders:Fj2_queue_88@mq.shop.net/%2f", Properties::default()).await //~ admin::credential-literal
}

pub async fn login(client: &Client) -> Result<Session, Error> {
    let password = "hunter2-Production"; //~ admin::credential-literal
    client.login("svc-orders", password).await
}

pub async fn notify(client: &reqwest::Client, text: &str) -> Result<(), Error> {
    let url = env::var("NOTIFY_URL").unwrap(); //~ admin::late-env
    client.post(url).body(text.to_owned()).send().await?;
    Ok(())
}

pub fn region() -> String {
    std::env::var("REGION").expect("REGION is set") //~ admin::late-env
}

pub fn verify(token: &str) -> bool {
    let secret = env::var("JWT_SECRET").expect("JWT_SECRET"); //~ admin::late-env
    check(token, &secret)
}

pub struct Config {
    pub listen: String,
}

impl Config {
    pub fn from_env() -> Config {
        Config { listen: env::var("LISTEN").expect("LISTEN is set") }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)] //~ admin::deny-unknown-wire
pub struct OrderEvent {
    pub id: u64,
    pub total: u64,
}
