//! Limits that are switched off.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

fn router() -> Router {
    Router::new().layer(DefaultBodyLimit::disable()) //~ bandwidth::limit-disabled
}

fn client(channel: Channel) -> StoreClient<Channel> {
    StoreClient::new(channel).max_decoding_message_size(usize::MAX) //~ bandwidth::limit-disabled
}

fn sockets() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(None) //~ bandwidth::limit-disabled
}
