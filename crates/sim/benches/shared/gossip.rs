//! The work that is measured: a gossip, as nodes of a world and as the plainest loop that does the same.
//!
//! Four nodes; each delivery folds into its node, which sends one message on, over a link that takes 1 to 10 ms; so as
//! many messages are always under way as at the start.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence};
use constellation_sim::{Act, Plan, Seeded, Setup, Worlds};
use constellation_trace::{NodeId, TrueTime};

/// One node of a gossip: folds in what arrives and passes on the result.
pub(crate) struct Fold {
    me: u32,
    nodes: u32,
    /// How many messages it sends at the start.
    share: u32,
    sum: u64,
}

impl Fold {
    pub(crate) fn new(me: u32, nodes: u32, in_flight: u32) -> Fold {
        Fold { me, nodes, share: share(me, nodes, in_flight), sum: 0 }
    }
}

impl Node for Fold {
    type Message = u64;
    type Request = u64;

    fn on(&mut self, _now: Now, input: Input<u64, u64>, effects: &mut Effects<u64>) {
        match input {
            Input::Start => {
                for nth in 0..self.share {
                    effects
                        .send(NodeId::new(next(self.me, self.nodes, u64::from(nth) << 32)), u64::from(nth));
                }
            }
            Input::Message { message, .. } | Input::Request(message) => {
                self.sum = fold(self.sum, message);
                effects.send(NodeId::new(next(self.me, self.nodes, self.sum)), self.sum);
            }
            _ => {}
        }
    }

    fn wire_bytes(_message: &u64) -> u32 {
        1_000
    }

    fn corrupted(message: &u64, how: u32) -> Option<u64> {
        Some(message ^ 1 << (how % 64))
    }
}

pub(crate) fn fold(sum: u64, message: u64) -> u64 {
    (sum.rotate_left(5) ^ message).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// One of the three nodes after `me`, of at least three.
pub(crate) fn next(me: u32, nodes: u32, sum: u64) -> u32 {
    // Not by a remainder: the plain loop knows how many nodes there are, and would get away without a division.
    let after = me + 1 + ((sum >> 32) as u32) % 3;
    if after < nodes { after } else { after - nodes }
}

pub(crate) fn share(me: u32, nodes: u32, in_flight: u32) -> u32 {
    in_flight / nodes + u32::from(me < in_flight % nodes)
}

/// The yardstick: a binary heap of events that are handled where they are taken, and a number for each node.
#[inline(never)]
pub(crate) fn plain(in_flight: u32, end_ns: u64) -> (u64, u64) {
    plain_noting(in_flight, end_ns, |_| ())
}

/// The same, and each event goes into a digest as one of a run does.
#[inline(never)]
pub(crate) fn plain_with_digest(in_flight: u32, end_ns: u64) -> (u64, u64) {
    let mut digest = 0x243f_6a88_85a3_08d3_u64;
    let (delivered, _) = plain_noting(in_flight, end_ns, |words| {
        for word in words {
            digest = (digest.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    });
    (delivered, digest)
}

#[inline(always)]
fn plain_noting(in_flight: u32, end_ns: u64, mut note: impl FnMut([u64; 3])) -> (u64, u64) {
    let mut state = 7_u64;
    let mut latency_ns = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        1_000_000 + ((u128::from(bits) * 9_000_000) >> 64) as u64
    };
    let mut sums = [0_u64; 4];
    let mut heap = BinaryHeap::new();
    let mut sequence = 0_u64;
    for me in 0..4 {
        for nth in 0..share(me, 4, in_flight) {
            heap.push(Reverse((latency_ns(), sequence, next(me, 4, u64::from(nth) << 32), u64::from(nth))));
            sequence += 1;
        }
    }
    let mut delivered = 0;
    while let Some(Reverse((at_ns, number, me, message))) = heap.pop() {
        if at_ns > end_ns {
            break;
        }
        delivered += 1;
        note([at_ns, u64::from(me), number]);
        let sum = fold(sums[me as usize], message);
        sums[me as usize] = sum;
        heap.push(Reverse((at_ns + latency_ns(), sequence, next(me, 4, sum), sum)));
        sequence += 1;
    }
    (delivered, sums[0])
}

pub(crate) fn setup(nodes: u32, end_ns: u64) -> Setup<u64> {
    let link = Link {
        latency_min: Duration::from_millis(1),
        latency_max: Duration::from_millis(10),
        loss: Odds::NEVER,
        duplicate: Odds::NEVER,
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let names = (0..nodes).map(|node| format!("node{node}"));
    Setup {
        network: Network::new(link),
        events_max: u32::MAX,
        ..Setup::new(names, TrueTime::from_ns(end_ns))
    }
}

pub(crate) type ManyFolds = Worlds<Fold, Box<dyn FnMut(NodeId) -> Fold>>;

pub(crate) fn worlds(nodes: u32, in_flight: u32, end_ns: u64) -> ManyFolds {
    worlds_of(setup(nodes, end_ns), nodes, in_flight)
}

pub(crate) fn worlds_of(setup: Setup<u64>, nodes: u32, in_flight: u32) -> ManyFolds {
    let factory: Box<dyn FnMut(NodeId) -> Fold> =
        Box::new(move |node| Fold::new(node.number(), nodes, in_flight));
    Worlds::new(setup, factory).expect("a sound setup")
}

#[inline(never)]
pub(crate) fn loop_of_worlds(worlds: &mut ManyFolds, seed: u64) -> (u64, u64) {
    let run = worlds.run(Seeded::new(seed)).expect("nothing is impossible here");
    (run.counts().delivered, run.digest().number())
}

/// The setup of a run of about a hundred events: a client's request, a partition and its heal.
pub(crate) fn hundred_events() -> Setup<u64> {
    let [one, two, three, four] = [0, 1, 2, 3].map(NodeId::new);
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let plan = Plan::new()
        .at(ms(5), Act::Request { node: one, request: 1 })
        .at(ms(20), Act::Partition { group_a: vec![one, two], group_b: vec![three, four] })
        .at(ms(25), Act::Heal);
    Setup { plan, ..setup(4, 52_000_000) }
}
