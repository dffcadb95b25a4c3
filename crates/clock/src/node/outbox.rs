//! What a node has to tell and the bus has not taken yet: where each peer stands in the node's own events.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use constellation_fabric::Step;
use constellation_trace::{MessageId, NodeId};

use super::replica::Outgoing;
use crate::bus::{Desk, Posted};
use crate::error::Error;

/// The node's own events stand in its log; here is only who has been told how many of them.
///
/// Invariant: `waiting` holds the last of the `made` events, at least all that not everybody has been told, and nobody has
/// been told more than `made` or so few that what comes next is not there.
#[derive(Debug)]
pub(super) struct Outbox<M> {
    peers: Vec<Peer>,
    /// Oldest first, each with the id of its message to the first peer.
    waiting: VecDeque<(Outgoing<M>, MessageId)>,
    /// How many events there have been. One a submit: it does not overflow before the vector clock is exhausted.
    made: u64,
}

#[derive(Debug)]
struct Peer {
    node: NodeId,
    /// How many events it has been told.
    told: u64,
}

impl<M> Outbox<M> {
    pub(super) fn new(peers: impl Iterator<Item = NodeId>) -> Outbox<M> {
        let peers = peers.map(|node| Peer { node, told: 0 }).collect();
        Outbox { peers, waiting: VecDeque::new(), made: 0 }
    }

    /// To whom everything goes.
    pub(super) fn peers(&self) -> Vec<NodeId> {
        self.peers.iter().map(|peer| peer.node).collect()
    }

    /// How many messages nobody has taken.
    pub(super) fn undelivered(&self) -> usize {
        let untold = |peer: &Peer| usize::try_from(self.made - peer.told).unwrap_or(usize::MAX);
        self.peers.iter().map(untold).fold(0, usize::saturating_add)
    }

    /// Counts an event of a node that has nobody to hand it to.
    pub(super) fn keep(&mut self) {
        self.made += 1;
    }

    /// Takes an event in, and records its step.
    pub(super) fn push<S>(&mut self, desk: &mut Desk<'_>, me: NodeId, outgoing: Outgoing<M>, step: &Step<S>) {
        let first = desk.announce(me, step, &self.peers());
        self.waiting.push_back((outgoing, first));
        self.made += 1;
    }

    /// Sends each peer what it has not been told, in order, as far as the bus takes it; why not further, if not.
    ///
    /// Cost: a look at each peer, and what is sent.
    pub(super) fn flush(
        &mut self,
        desk: &mut Desk<'_>,
        me: NodeId,
        encode: impl Fn(&Outgoing<M>) -> Vec<u8>,
    ) -> Result<(), Error> {
        let oldest = self.made - self.waiting.len() as u64;
        let mut outcome = Ok(());
        let mut latest: Option<(u64, Vec<u8>)> = None; // Mostly everybody is to be told the same.
        for (nth, peer) in (0..).zip(&mut self.peers) {
            while peer.told < self.made {
                // Asked first: what cannot be sent need not be encoded.
                if let Err(error) = desk.admit(me, &[peer.node]) {
                    outcome = Err(error);
                    break;
                }
                let place = usize::try_from(peer.told - oldest).unwrap_or(usize::MAX);
                let (outgoing, first) = self.waiting.get(place).expect("nobody is told so few");
                let payload = match latest.take() {
                    Some((told, bytes)) if told == peer.told => bytes,
                    _ => encode(outgoing),
                };
                latest = Some((peer.told, payload.clone()));
                let id = MessageId::new(first.number().wrapping_add(nth));
                let posted = Posted { id, source: me, target: peer.node, payload };
                desk.post(posted).expect("it is admitted, and the bus is ours until we leave");
                peer.told += 1;
            }
        }
        let told_to_all = self.peers.iter().map(|peer| peer.told).min().unwrap_or(self.made);
        self.waiting.drain(..usize::try_from(told_to_all - oldest).unwrap_or(usize::MAX));
        outcome
    }

    /// Whether everybody has been told everything.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
