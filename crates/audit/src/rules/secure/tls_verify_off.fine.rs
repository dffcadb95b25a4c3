//! Clients that look, or that are told by their users not to.

use std::time::Duration;

use openssl::ssl::SslVerifyMode;
use reqwest::Client;

fn client(settings: &Settings) -> reqwest::Result<Client> {
    let mut builder = Client::builder().timeout(Duration::from_secs(5)).danger_accept_invalid_certs(false);
    if settings.tls_skip_verify {
        builder = builder.danger_accept_invalid_certs(true);
    }
    builder.danger_accept_invalid_hostnames(settings.is_insecure).build()
}

fn told(mode: SslVerifyMode) -> &'static str {
    match mode {
        SslVerifyMode::NONE => "nobody is checked",
        _ => "checked",
    }
}

fn connector(builder: &mut Builder) {
    builder.set_verify(SslVerifyMode::PEER);
}

fn registry(ca_path: Option<&str>) -> reqwest::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder().timeout(LIMIT);
    if ca_path.is_some_and(|path| path.eq_ignore_ascii_case("ignore")) {
        builder = builder.danger_accept_invalid_certs(true);
    }
    builder.build()
}
