//! Verifiers that look.

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};

struct Pinned {
    key: Vec<u8>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(&self, end: &Certificate, _: &ServerName) -> Result<ServerCertVerified, rustls::Error> {
        if end.key() != self.key {
            return Err(rustls::Error::General("another key".into()));
        }
        Ok(ServerCertVerified::assertion())
    }
}

impl Verifier for Pinned {
    fn verify_server_cert(&self) -> Result<(), ()> {
        Ok(())
    }
}

struct Believing;

impl ServerCertVerifier for Believing {
    fn verify_server_cert(&self, _: &Certificate, _: &ServerName) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
}

fn config(tls_verify_certificate: bool) -> Config {
    if tls_verify_certificate { Config::standard() } else { Config::with(Believing) }
}
