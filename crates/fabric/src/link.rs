//! What one directed link does to messages.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use crate::choices::Odds;

/// What a directed link does to messages as long as nothing cuts it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// The least that a message takes.
    pub latency_min: Duration,
    /// The most that a message takes; at least `latency_min`.
    pub latency_max: Duration,
    /// How often which of the times between the two.
    pub spread: Spread,
    /// How likely a message is lost.
    pub loss: Odds,
    /// How likely a message arrives twice.
    pub duplicate: Odds,
    /// Whether messages may overtake each other.
    pub sequence: Sequence,
    /// How likely bits of a message flip, and a checksum sees it, so that it is lost; both copies, if there are two.
    pub corrupt_seen: Odds,
    /// How likely bits of a message flip, and no checksum sees it, so that another message arrives
    /// ([`Node::corrupted`](crate::Node::corrupted)); both copies alike, if there are two.
    pub corrupt_unseen: Odds,
    /// The longest message that it takes, in bytes; `None` for any. A longer one is lost.
    pub size_max: Option<NonZeroU32>,
    /// How many bytes it carries in a second, where a [`Pass`](crate::Pass) says nothing else; `None` for any number at
    /// once. That bandwidth is infinite is a fallacy.
    ///
    /// Messages go out one after the other, in the order of sending. Each takes its length over the rate, rounded up to
    /// the nanosecond, and then the latency. What cannot go out at once waits. What is lost on the link, or corrupted, has
    /// taken its time all the same.
    pub rate: Option<NonZeroU64>,
    /// How many bytes may wait to go out, for others before them or for the link, not counting the message that is going
    /// out; [`u64::MAX`] for any number. What has no room is lost (tail drop).
    pub queue_bytes_max: u64,
}

impl Link {
    /// Takes no time, loses nothing, keeps the order, has no limits.
    pub const INSTANT: Link = Link {
        latency_min: Duration::ZERO,
        latency_max: Duration::ZERO,
        spread: Spread::Even,
        loss: Odds::NEVER,
        duplicate: Odds::NEVER,
        sequence: Sequence::Ordered,
        corrupt_seen: Odds::NEVER,
        corrupt_unseen: Odds::NEVER,
        size_max: None,
        rate: None,
        queue_bytes_max: u64::MAX,
    };
}

/// How the times that messages take are spread from the least latency to the most. Either way there are a thousand, and a
/// greater answer to [`Topic::Latency`](crate::Topic::Latency) is a longer time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Spread {
    /// All are equally likely.
    Even,
    /// Most are close to the least, and few up to the most: a heavy tail, as queues and retransmissions in real networks
    /// make it. Half of the messages take up to a thousandth of the span more than the least, nine of ten up to a
    /// hundredth, 99 of 100 up to a tenth, and one in a thousand takes the most.
    ///
    /// The answer `n` of a thousand is the quantile of a log-logistic distribution of shape 1, odds of `n` to `1000 - n`,
    /// scaled so that the last is the whole span.
    Tail,
}

impl Spread {
    /// What this answer adds to the least latency, of a span up to the most. Grows with the answer, from 0 to the span.
    pub(crate) fn part_ns(self, span_ns: u64, answer: u32) -> u64 {
        let (steps, answer) = (u128::from(LATENCY_STEPS), u128::from(answer.min(LATENCY_STEPS - 1)));
        let divisor = match self {
            Spread::Even => steps - 1,
            Spread::Tail => (steps - 1) * (steps - answer),
        };
        // Multiply first: a span below a microsecond would otherwise be cut to nothing.
        u64::try_from(u128::from(span_ns) * answer / divisor).expect("no answer is above its divisor")
    }
}

/// Whether messages of one link may overtake each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sequence {
    /// They arrive in the order of sending, as over one TCP connection.
    Ordered,
    /// Each takes its own time, as over UDP; later ones may arrive earlier.
    Unordered,
}

/// Into how many steps a range of latencies is divided; a question with more answers would shrink no better.
pub(crate) const LATENCY_STEPS: u32 = 1_000;
