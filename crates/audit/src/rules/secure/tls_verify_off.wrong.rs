//! Clients that believe whoever answers.

use std::time::Duration;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use reqwest::Client;

fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(Duration::from_secs(5)).danger_accept_invalid_certs(true).build() //~ secure::tls-verify-off
}

fn connector() -> Result<SslConnector, Error> {
    let mut builder = SslConnector::builder(SslMethod::tls())?;
    builder.set_verify(SslVerifyMode::NONE); //~ secure::tls-verify-off
    Ok(builder.build())
}
