//! Waiting for whatever comes first of two things, without a macro.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Which of two came first.
pub(crate) enum First<A, B> {
    /// The one that is asked first, which wins a tie.
    One(A),
    /// The other.
    Other(B),
}

/// Waits until one of two is there; the other is dropped as it is, so it must be safe to cancel.
pub(crate) async fn first<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| {
        if let Poll::Ready(one) = one.as_mut().poll(context) {
            return Poll::Ready(First::One(one));
        }
        other.as_mut().poll(context).map(First::Other)
    })
    .await
}
