//! Requests that nothing ends.

use reqwest::{Client, ClientBuilder};

async fn forecast(url: &str) -> reqwest::Result<String> {
    reqwest::get(url).await?.text().await //~ reliable::http-no-timeout
}

struct Weather {
    client: Client,
}

impl Weather {
    fn new() -> Weather {
        Weather { client: Client::new() } //~ reliable::http-no-timeout
    }
}

fn built() -> reqwest::Result<Client> {
    Client::builder().user_agent("weather").build() //~ reliable::http-no-timeout
}

fn by_steps() -> reqwest::Result<Client> {
    let builder = ClientBuilder::new(); //~ reliable::http-no-timeout
    let builder = builder.connect_timeout(CONNECT_TIMEOUT);
    builder.build()
}
