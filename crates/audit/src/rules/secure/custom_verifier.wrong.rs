//! Verifiers that believe everybody.

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};

struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(&self, _: &Certificate, _: &ServerName) -> Result<ServerCertVerified, rustls::Error> { //~ secure::custom-verifier
        Ok(ServerCertVerified::assertion())
    }
}

impl ClientCertVerifier for Anybody {
    fn verify_client_cert(&self, _: &Certificate) -> Result<ClientCertVerified, rustls::Error> { //~ secure::custom-verifier
        Ok(ClientCertVerified::assertion())
    }
}

fn clients(roots: &Builder) -> (ClientConfig, ServerConfig) {
    let client = roots.with_custom_certificate_verifier(Arc::new(Blind)).with_no_client_auth();
    (client, roots.with_client_cert_verifier(Arc::new(Blind)))
}
