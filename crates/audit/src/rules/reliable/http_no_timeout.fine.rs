//! Clients whose requests end.

use std::time::Duration;

use reqwest::Client;

fn built() -> reqwest::Result<Client> {
    Client::builder().user_agent("weather").timeout(Duration::from_secs(10)).build()
}

fn by_steps() -> reqwest::Result<Client> {
    let builder = Client::builder();
    let builder = builder.read_timeout(Duration::from_secs(10));
    builder.build()
}

async fn forecast(client: &Client, url: &str) -> reqwest::Result<String> {
    client.get(url).timeout(Duration::from_secs(5)).send().await?.text().await
}

fn each_request_has_one() -> Client {
    Client::new()
}

fn blocking(url: &str) -> reqwest::Result<String> {
    let client = reqwest::blocking::Client::new();
    client.get(url).send()?.text()
}

fn cache(url: &str) -> redis::RedisResult<redis::Client> {
    redis::Client::open(url)
}

mod radio {
    pub struct Client;

    impl Client {
        pub fn new() -> Client {
            Client
        }
    }

    pub fn client() -> Client {
        Client::new()
    }
}

#[cfg(target_arch = "wasm32")]
async fn in_a_browser(url: &str) -> reqwest::Result<String> {
    reqwest::get(url).await?.text().await
}

fn management(url: &str) -> management::Service {
    management::Service::new(Client::new(), url)
}

async fn may_be_given_up(url: &str, stop: &Stop) -> Option<Response> {
    let request = Client::new().get(url);
    tokio::select! {
        reply = request.send() => reply.ok(),
        () = stop.asked() => None,
    }
}
