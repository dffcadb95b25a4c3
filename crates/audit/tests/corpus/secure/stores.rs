//! Where state is kept, and who may reach it.

use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

const CACHE: &str = "redis://cache.eu-west.shop.net:6379/0"; //~ secure::plaintext-store

pub async fn bus() -> Result<async_nats::Client, Error> {
    Ok(async_nats::connect("nats://bus.shop.net:4222").await?) //~ secure::plaintext-store
}

pub async fn rows() -> Result<sqlx::PgPool, sqlx::Error> {
    PgPoolOptions::new().connect("postgres://app@db.shop.net/orders?sslmode=disable").await //~ secure::plaintext-store
}

pub fn broker() -> &'static str {
    "amqp://events.shop.net:5672/%2f" //~ secure::plaintext-store
}

pub async fn admin() -> std::io::Result<()> {
    let listener = TcpListener::bind("0.0.0.0:9000").await?; //~ secure::bind-any
    serve(listener).await
}

pub async fn metrics() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("[::]:9100").await?; //~ secure::bind-any
    serve(listener).await
}

pub async fn upload(path: &str) -> Result<(), Error> {
    let target = format!("ftp://archive.shop.net/{path}"); //~ secure::cleartext-url
    send(&target).await
}
