//! Limits that are switched off.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

fn router() -> Router {
    Router::new().layer(DefaultBodyLimit::disable()) //~ bandwidth::limit-disabled
}

fn server(store: Store) -> Server {
    let server = StoreServer::new(store).max_decoding_message_size(usize::MAX); //~ bandwidth::limit-disabled
    // Whoever mends the one above mends this.
    Server::builder().add(server).add(HealthServer::new().max_decoding_message_size(usize::MAX))
}

fn sockets() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(None) //~ bandwidth::limit-disabled
}
