//! Addresses out there, asked in clear.

const SCHEDULE: &str = "http://schedule.constellation.aero/v1"; //~ secure::cleartext-url

async fn passes(client: &reqwest::Client) -> reqwest::Result<String> {
    let url = "http://passes.orbits.net:8080/next?station=pacific"; //~ secure::cleartext-url
    client.get(url).send().await?.text().await
}

async fn telemetry() -> Result<Socket, Error> {
    connect_async("ws://8.8.4.4/telemetry").await //~ secure::cleartext-url
}

fn settings() -> Settings {
    Settings { mirror: "ftp://mirror.orbits.net/tle".to_owned() } //~ secure::cleartext-url
}
