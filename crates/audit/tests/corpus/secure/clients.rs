//! Clients of a fleet, and whom they believe.

use std::sync::Arc;

use native_tls::TlsConnector;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use reqwest::Client;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_postgres::NoTls;

const TELEMETRY: &str = "http://telemetry.fleet-control.net/v2/ingest"; //~ secure::cleartext-url

pub fn client() -> reqwest::Result<Client> {
    Client::builder().danger_accept_invalid_certs(true).build() //~ secure::tls-verify-off
}

pub fn hostless() -> Result<TlsConnector, native_tls::Error> {
    TlsConnector::builder().danger_accept_invalid_hostnames(true).build() //~ secure::tls-verify-off
}

pub fn connector() -> Result<SslConnector, openssl::error::ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls())?;
    builder.set_verify(SslVerifyMode::NONE); //~ secure::tls-verify-off
    Ok(builder.build())
}

#[derive(Debug)]
struct TrustAll;

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert( //~ secure::custom-verifier
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
}

pub async fn positions(client: &Client) -> reqwest::Result<String> {
    client.get("http://positions.fleet-control.net/all").send().await?.text().await //~ secure::cleartext-url
}

pub async fn live() -> Result<(), Error> {
    let (socket, _) = connect_with_limit("ws://live.fleet-control.net/feed").await?; //~ secure::cleartext-url
    follow(socket).await
}

pub async fn database(config: &str) -> Result<tokio_postgres::Client, Error> {
    let connecting = tokio_postgres::connect(config, NoTls); //~ secure::plaintext-store
    let (client, connection) = tokio::time::timeout(LIMIT, connecting).await??;
    tokio::spawn(connection);
    Ok(client)
}

pub fn authority(config: &mut rustls::ClientConfig) {
    config.dangerous().set_certificate_verifier(Arc::new(TrustAll)); //~ secure::custom-verifier (missed: the verifier itself is told, once)
}
