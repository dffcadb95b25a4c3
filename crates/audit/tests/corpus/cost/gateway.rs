//! A gateway: it asks others on behalf of those who ask it.

use axum::Json;
use axum::extract::{Path, Query, State};
use rdkafka::producer::{FutureProducer, FutureRecord};
use reqwest::Client;
use sqlx::PgPool;
use tonic::transport::Channel;

pub async fn forecast(Query(place): Query<Place>) -> Result<Json<Forecast>, Error> {
    let client = Client::builder().timeout(LIMIT).build()?; //~ cost::client-per-call
    Ok(Json(client.get(place.url()).send().await?.json().await?))
}

pub async fn quote(State(app): State<App>, Path(id): Path<u64>) -> Result<Json<Quote>, Error> {
    let quote = reqwest::get(app.quote_url(id)).await?.json().await?; //~ cost::client-per-call, reliable::http-no-timeout
    Ok(Json(quote))
}

pub async fn orders(State(app): State<App>, Path(id): Path<u64>) -> Result<Json<Vec<Order>>, Error> {
    let pool = PgPool::connect(&app.database).await?; //~ cost::client-per-call
    Ok(Json(load(&pool, id).await?))
}

pub async fn session(State(app): State<App>, Json(token): Json<Token>) -> Result<Json<User>, Error> {
    let client = redis::Client::open(app.cache.as_str())?; //~ cost::client-per-call
    let mut connection = client.get_multiplexed_async_connection().await?;
    Ok(Json(user(&mut connection, token).await?))
}

pub async fn ledger(State(app): State<App>) -> Result<Json<Ledger>, Error> {
    let channel = Channel::from_shared(app.ledger.clone())?.timeout(LIMIT).connect().await?; //~ cost::client-per-call
    Ok(Json(LedgerClient::new(channel).read(()).await?.into_inner().into()))
}

pub async fn event(State(app): State<App>, Json(event): Json<Event>) -> Result<(), Error> {
    let bus = async_nats::connect(&app.bus).await?; //~ cost::client-per-call
    bus.publish("events", event.encode()).await?;
    Ok(())
}

pub async fn poll(urls: &[String]) -> Vec<String> {
    let mut texts = Vec::new();
    for url in urls {
        let client = Client::builder().timeout(LIMIT).build().expect("a client"); //~ cost::client-per-call
        texts.push(text(client, url).await);
    }
    texts
}

pub async fn export(producer: &FutureProducer, rows: Vec<Row>) -> Result<(), Error> {
    for row in rows {
        producer.send(FutureRecord::to("rows").payload(&row.encode()).key(&row.key()), QUEUE).await?; //~ cost::publish-one-by-one
    }
    Ok(())
}

pub async fn announce(bus: &async_nats::jetstream::Context, events: &[Event]) -> Result<(), Error> {
    for event in events {
        bus.publish("events", event.encode()).await?.await?; //~ cost::publish-one-by-one
    }
    Ok(())
}
