//! What a leader and its followers say to each other.

use std::collections::BTreeMap;

use constellation_trace::Elapsed;

use crate::placement::client::{Answer, Ask};
use crate::placement::stores::waiting::Waiting;

/// What sites say to each other. Links keep the order, and may lose messages.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) enum Message {
    /// To the leader, for a client elsewhere.
    Forward {
        waiting: Waiting,
        ask: Ask,
    },
    /// What the leader answers it.
    Answered {
        waiting: Waiting,
        told: Answer,
    },
    /// A write of the leader of this term.
    Append {
        at: Place,
        key: String,
        value: u64,
    },
    /// A follower has all writes up to this one.
    Appended {
        at: Place,
    },
    /// A follower has missed some.
    Missing,
    /// The leader of this term is there, and its follower, which says what the leader's clock was when it sent that.
    Beat {
        term: u64,
        sent: Elapsed,
    },
    Heard {
        term: u64,
        sent: Elapsed,
    },
    /// Of one who would lead this term and holds so much; and of one who has not heard of another leader, which says what the
    /// other's clock was when it asked.
    Stand {
        term: u64,
        last: Place,
        sent: Elapsed,
    },
    Vote {
        term: u64,
        sent: Elapsed,
    },
    /// There is a newer term: whoever leads an older one, or would, has to lead a later one.
    Outdated {
        term: u64,
    },
    /// Of a new leader, and of one whose follower has missed something: all that it holds, in place of whatever a follower
    /// held.
    Lead {
        at: Place,
        holds: BTreeMap<String, u64>,
    },
}

/// The place of a write: its term, and its number there.
pub(super) type Place = (u64, u64);
