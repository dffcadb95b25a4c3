//! A shop: orders, their lines, and what other services know of them.

use std::time::Duration;

use redis::AsyncCommands;
use sqlx::PgPool;
use tokio::time::timeout;

pub async fn lines(pool: &PgPool, orders: &[i64]) -> sqlx::Result<Vec<Line>> {
    let mut all = Vec::new();
    for id in orders {
        let line = sqlx::query_as("SELECT * FROM lines WHERE order_id = $1").bind(id).fetch_one(pool).await?; //~ latency::remote-await-in-loop
        all.push(line);
    }
    Ok(all)
}

pub async fn save(pool: &PgPool, lines: &[Line]) -> sqlx::Result<()> {
    for line in lines {
        sqlx::query("INSERT INTO lines VALUES ($1, $2)").bind(line.id).bind(line.count).execute(pool).await?; //~ latency::remote-await-in-loop
    }
    Ok(())
}

pub async fn prices(client: &reqwest::Client, ids: &[u64]) -> reqwest::Result<Vec<Price>> {
    let mut prices = vec![];
    for id in ids {
        let price = client.get(format!("https://prices.shop.net/{id}")).send().await?.json().await?; //~ latency::remote-await-in-loop
        prices.push(price);
    }
    Ok(prices)
}

pub async fn warm(client: &redis::Client, keys: &[String]) -> redis::RedisResult<Vec<String>> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut values = Vec::new();
    for key in keys {
        values.push(connection.get(key).await?); //~ latency::remote-await-in-loop
    }
    Ok(values)
}

pub async fn names(db: &tokio_postgres::Client, ids: &[i64]) -> Result<Vec<String>, tokio_postgres::Error> {
    let mut names = Vec::new();
    for id in ids {
        let row = db.query_one("SELECT name FROM people WHERE id = $1", &[id]).await?; //~ latency::remote-await-in-loop
        names.push(row.get(0));
    }
    Ok(names)
}

pub async fn is_stocked(client: &reqwest::Client, id: u64) -> bool {
    let asked = client.get(format!("https://stock.shop.net/{id}")).send();
    timeout(Duration::from_millis(10), asked).await.is_ok_and(|reply| reply.is_ok()) //~ latency::timeout-too-short
}

pub fn quick() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(Duration::from_millis(20)).build() //~ latency::timeout-too-short
}

pub async fn rates() -> Result<String, Error> {
    let body = reqwest::blocking::get("https://rates.bank.net/today")?.text()?; //~ latency::blocking-in-async
    Ok(body)
}
