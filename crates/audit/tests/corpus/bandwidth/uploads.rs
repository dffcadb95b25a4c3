//! What is uploaded, and what is fetched.

use axum::body::{self, Body};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::BodyExt;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub fn router(app: App) -> Router {
    Router::new()
        .route("/images", post(image))
        .layer(DefaultBodyLimit::disable()) //~ bandwidth::limit-disabled
        .with_state(app)
}

async fn image(State(app): State<App>, request: Request) -> Result<Json<Image>, Error> {
    let bytes = body::to_bytes(request.into_body(), usize::MAX).await?; //~ bandwidth::body-unbounded
    Ok(Json(app.store(bytes).await?))
}

pub async fn hook(request: hyper::Request<hyper::body::Incoming>) -> Result<Event, Error> {
    let body = request.into_body().collect().await?.to_bytes(); //~ bandwidth::body-unbounded
    Ok(serde_json::from_slice(&body)?)
}

pub async fn old_hook(body: Body) -> Result<Event, Error> {
    let bytes = hyper::body::to_bytes(body).await?; //~ bandwidth::body-unbounded
    Ok(serde_json::from_slice(&bytes)?)
}

pub fn storage(channel: Channel) -> StorageClient<Channel> {
    StorageClient::new(channel).max_decoding_message_size(usize::MAX) //~ bandwidth::limit-disabled
}

pub fn sockets() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(None) //~ bandwidth::limit-disabled
}

pub async fn relay(listener: tokio::net::TcpListener) {
    let (queue, work) = async_channel::unbounded(); //~ bandwidth::unbounded-queue
    tokio::spawn(worker(work));
    while let Ok((stream, _)) = listener.accept().await {
        queue.send(stream).await.ok();
    }
}

pub fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(usize::MAX).new_codec() //~ bandwidth::limit-disabled
}
