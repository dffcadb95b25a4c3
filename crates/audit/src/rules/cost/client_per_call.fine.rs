//! Clients that stay.

use std::sync::LazyLock;
use std::time::Duration;

use axum::extract::State;
use reqwest::Client;

static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::builder().timeout(Duration::from_secs(5)).build().expect("it can be built"));

struct Weather {
    client: Client,
}

impl Weather {
    fn new() -> reqwest::Result<Weather> {
        Ok(Weather { client: Client::builder().timeout(Duration::from_secs(5)).build()? })
    }
}

async fn forecast(State(client): State<Client>) -> reqwest::Result<String> {
    client.get("https://orbits.net").send().await?.text().await
}

async fn serve(url: &str) {
    loop {
        let client = Client::builder().timeout(Duration::from_secs(5)).build();
        if let Ok(client) = client {
            follow(client, url).await;
        }
    }
}

async fn from_the_first(mirrors: &[String]) -> Option<String> {
    for mirror in mirrors {
        let client = reqwest::Client::builder().timeout(LIMIT).build();
        if let Ok(state) = fetch(client, mirror).await {
            return Some(state);
        }
    }
    None
}

impl Hooks {
    async fn send(&mut self, request: Request) -> Option<Response> {
        let client = self.client.get_or_insert_with(|| Client::builder().timeout(LIMIT).build().expect("it is"));
        client.execute(request).await.ok()
    }
}
