//! Bodies that are as long as somebody wishes.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http_body_util::BodyExt;

async fn store(request: Request) -> Result<Bytes, Error> {
    let body = to_bytes(request.into_body(), usize::MAX).await?; //~ bandwidth::body-unbounded
    Ok(body)
}

async fn old(body: Body) -> Result<Bytes, Error> {
    hyper::body::to_bytes(body).await //~ bandwidth::body-unbounded
}

async fn hook(request: hyper::Request<hyper::body::Incoming>) -> Result<Event, Error> {
    let whole = request.into_body().collect().await?.to_bytes(); //~ bandwidth::body-unbounded
    Event::read(&whole)
}

async fn answer(sender: &mut Sender, question: Question) -> Result<Bytes, Error> {
    let response = sender.ask(question).await?;
    Ok(response.collect().await?.to_bytes()) //~ bandwidth::body-unbounded
}
