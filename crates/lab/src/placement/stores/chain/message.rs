//! What the sites of a chain say to each other.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_live::bytes::{Reader, Writer};
use constellation_trace::{Elapsed, NodeId};

use crate::placement::client::{Answer, Ask};
use crate::placement::stores::coded::{Coded, coded};
use crate::placement::stores::waiting::Waiting;

/// Which chain: later ones are greater. Who makes one counts on from those it knows.
pub(in crate::placement::stores) type Epoch = (u64, NodeId);

/// What sites say to each other. Links keep the order, and may lose messages. What is of a chain is not taken by a site that
/// is in another.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) enum Message {
    /// To the head, or of a read to the tail, for a client elsewhere.
    Forward {
        waiting: Waiting,
        ask: Ask,
    },
    /// To the client's site.
    Answered {
        waiting: Waiting,
        told: Answer,
    },
    /// Down the chain: the write of this number.
    Update {
        epoch: Epoch,
        number: u64,
        waiting: Waiting,
        key: String,
        value: u64,
    },
    /// Up the chain: the tail has all writes up to this one, which was to this key.
    Committed {
        epoch: Epoch,
        number: u64,
        key: Option<String>,
    },
    /// To the tail: which write to a key is the last that is committed? And its answer.
    Which {
        epoch: Epoch,
        waiting: Waiting,
        key: String,
    },
    Last {
        epoch: Epoch,
        waiting: Waiting,
        key: String,
        number: u64,
    },
    /// A site is there, in that chain; and the promise not to go on without it for a while.
    Beat {
        epoch: Epoch,
        counted: u64,
        sent: Elapsed,
    },
    Promise {
        epoch: Epoch,
        sent: Elapsed,
    },
    /// To leave any chain before this one; and what was held there.
    Seal {
        epoch: Epoch,
    },
    Sealed {
        epoch: Epoch,
        sealed: Sealed,
    },
    /// Down the new chain.
    Install {
        epoch: Epoch,
        members: Vec<NodeId>,
        state: State,
    },
}

/// What a site holds when it is sealed, or begins a chain with.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct State {
    pub(super) last: u64,
    pub(super) holds: BTreeMap<String, (u64, u64)>,
}

/// What a site says when it is sealed.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct Sealed {
    /// The chain that it was in.
    pub(super) epoch: Epoch,
    pub(super) state: State,
    /// For how long it has promised which site not to go on without it.
    pub(super) promised: BTreeMap<NodeId, Duration>,
}

coded!(enum Message {
    0: Forward { waiting: waiting, ask: ask }
    1: Answered { waiting: waiting, told: told }
    2: Update { epoch: epoch, number: number, waiting: waiting, key: key, value: value }
    3: Committed { epoch: epoch, number: number, key: key }
    4: Which { epoch: epoch, waiting: waiting, key: key }
    5: Last { epoch: epoch, waiting: waiting, key: key, number: number }
    6: Beat { epoch: epoch, counted: counted, sent: sent }
    7: Promise { epoch: epoch, sent: sent }
    8: Seal { epoch: epoch }
    9: Sealed { epoch: epoch, sealed: sealed }
    10: Install { epoch: epoch, members: members, state: state }
});

coded!(struct State { last, holds });

coded!(struct Sealed { epoch, state, promised });
