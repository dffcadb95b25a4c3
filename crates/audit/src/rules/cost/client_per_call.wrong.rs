//! Clients that are thrown away after one request.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use reqwest::Client;

async fn forecast(State(app): State<App>, Query(place): Query<Place>) -> Result<Json<Forecast>, Error> {
    let client = Client::builder().timeout(Duration::from_secs(5)).build()?; //~ cost::client-per-call
    Ok(Json(client.get(app.url(&place)).send().await?.json().await?))
}

fn all(urls: &[String]) -> reqwest::Result<()> {
    for url in urls {
        reqwest::blocking::Client::new().get(url).send()?; //~ cost::client-per-call
    }
    Ok(())
}
