//! Limits that are limits.

use axum::Router;
use axum::extract::DefaultBodyLimit;

fn router() -> Router {
    Router::new().layer(DefaultBodyLimit::max(8 << 20))
}

fn client(channel: Channel) -> StoreClient<Channel> {
    StoreClient::new(channel).max_decoding_message_size(16 * 1024 * 1024)
}

fn sockets(config: WebSocketConfig, most: usize) -> WebSocketConfig {
    config.max_message_size(Some(most)).max_frame_size(Some(FRAME_BYTES_MAX))
}

fn of_own_cluster(channel: Channel) -> StoreClient<Channel> {
    StoreClient::new(channel).max_decoding_message_size(usize::MAX)
}
