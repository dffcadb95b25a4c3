//! Bodies with a limit.

use axum::body::{Body, to_bytes};
use http_body_util::{BodyExt, Limited};

async fn store(body: Body) -> Result<Bytes, Error> {
    to_bytes(body, 64 * 1024).await
}

async fn hook(request: hyper::Request<hyper::body::Incoming>) -> Result<Bytes, Error> {
    Ok(Limited::new(request.into_body(), BYTES_MAX).collect().await?.to_bytes())
}

async fn upload(body: Bytes) -> Vec<u8> {
    body.iter().copied().collect::<Vec<u8>>()
}

async fn form(request: Request<Body>) -> Result<Bytes, Error> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(number).ok_or(Error::NoLength)?;
    if length > 16 * 1024 {
        return Err(Error::TooLong);
    }
    Ok(hyper::body::to_bytes(request.into_body()).await?)
}

async fn ask(client: &Client, request: Request<Body>) -> Result<Bytes, Error> {
    let response = client.request(request).await?;
    Ok(hyper::body::to_bytes(response.into_body()).await?)
}

async fn forward(request: Request<Incoming>, sender: &mut Sender) -> Result<Bytes, Error> {
    let r = sender.send(request).await?;
    if r.status().is_server_error() {
        return Ok(r.collect().await?.to_bytes());
    }
    Err(Error::Other)
}
