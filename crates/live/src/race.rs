//! Waiting for whatever comes first of two things, without a macro.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Which of two came first.
pub(crate) enum First<A, B> {
    One(A),
    Other(B),
}

/// Who wins a tie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lead {
    One,
    Other,
}

impl<A, B> First<A, B> {
    /// Who is to win the next tie, so that neither waits for ever: the one that did not win this time.
    pub(crate) const fn next_lead(&self) -> Lead {
        match self {
            First::One(_) => Lead::Other,
            First::Other(_) => Lead::One,
        }
    }
}

/// Waits until one of two is there, of which the first wins a tie; the other is dropped as it is, so it must be safe to
/// cancel.
pub(crate) async fn first<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> First<A, B> {
    fair(Lead::One, one, other).await
}

/// As [`first`], where it is said who wins a tie.
pub(crate) async fn fair<A, B>(
    lead: Lead,
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| {
        if lead == Lead::Other
            && let Poll::Ready(other) = other.as_mut().poll(context)
        {
            return Poll::Ready(First::Other(other));
        }
        if let Poll::Ready(one) = one.as_mut().poll(context) {
            return Poll::Ready(First::One(one));
        }
        match lead {
            Lead::One => other.as_mut().poll(context).map(First::Other),
            // It was asked already, and will wake us.
            Lead::Other => Poll::Pending,
        }
    })
    .await
}
