//! What is planned: clients ask, links are cut and heal, nodes crash and restart.

use constellation_fabric::{Calm, Choices, Input, Node};
use constellation_trace::{Action, Entry, Nemesis, NodeId};

use super::{Engine, Life, Outside};
use crate::error::WorldError;
use crate::plan::{Act, Disk};

impl<N: Node> Engine<N> {
    pub(super) fn act<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        number: usize,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let at = self.now;
        let recorded = match &mut self.plan[number].1 {
            act @ Act::Request { .. } => {
                let node = act.node().expect("a request is made of a node");
                if self.hosts[node.index()].life.is_none() {
                    self.counts.requests_lost += 1;
                    return Ok(());
                }
                let request = (outside.request)(act).expect("each act comes once, and this one is a request");
                return self.hand(outside, node, Input::Request(request));
            }
            Act::Partition { group_a, group_b } => {
                self.network.partition(group_a, group_b);
                self.record.world(at, 12, words(group_a, group_b), || Nemesis::Partition {
                    group_a: group_a.clone(),
                    group_b: group_b.clone(),
                })
            }
            Act::Cut { sources, targets } => {
                self.network.cut(sources, targets);
                self.record.world(at, 13, words(sources, targets), || Nemesis::Cut {
                    sources: sources.clone(),
                    targets: targets.clone(),
                })
            }
            Act::StepWall { node, by_ns } => {
                let (node, by_ns) = (*node, *by_ns);
                self.hosts[node.index()].clocks.step(by_ns);
                let words = [u64::from(node.number()), by_ns.cast_unsigned()];
                self.record.world(at, 15, words, || Nemesis::Step { node, by_ns })
            }
            Act::Heal => return self.heal(outside),
            Act::Crash { node } => {
                let node = *node;
                return self.crash(node);
            }
            Act::Restart { node, disk } => {
                let (node, disk) = (*node, *disk);
                return self.restart(outside, node, disk);
            }
        };
        recorded.map_err(|error| WorldError::Trace { at, error })
    }

    pub(super) fn heal<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        let (mut calm, at) = (Calm, self.now);
        self.record.world(at, 14, [], || Nemesis::Heal).map_err(|error| WorldError::Trace { at, error })?;
        self.network.end_cuts();
        let choices: &mut dyn Choices = if at > self.end { &mut calm } else { &mut outside.choices };
        while let Some((parcel, fate)) = self.network.release(at, choices) {
            let (id, message) = self.held.pop_front().expect("what the network holds was put here with it");
            assert_eq!(id, parcel.message, "messages are held in the order of the network");
            self.counts.waiting -= 1;
            self.carry(parcel, message, fate)?;
        }
        Ok(())
    }

    pub(super) fn crash(&mut self, node: NodeId) -> Result<(), WorldError> {
        self.record_life(node, Action::Crash)?;
        let host = &mut self.hosts[node.index()];
        host.life = None;
        for (_, ticket) in host.timers.drain(..) {
            self.agenda.cancel(ticket);
        }
        Ok(())
    }

    pub(super) fn restart<C, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        disk: Disk,
    ) -> Result<(), WorldError>
    where
        C: Choices,
        F: FnMut(NodeId) -> N,
    {
        let host = &mut self.hosts[node.index()];
        if disk == Disk::Lost {
            host.disk = None;
        }
        // Cannot wrap: a plan of 2^32 restarts does not fit in memory.
        host.incarnation += 1;
        let incarnation = host.incarnation;
        let (from, state) = host.disk.clone().unzip();
        self.begin(outside, node);
        self.record_life(node, Action::Restart(from))?;
        self.hand(outside, node, Input::Restart { state, incarnation })
    }

    pub(super) fn begin<C, F: FnMut(NodeId) -> N>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
    ) {
        let fresh = (outside.factory)(node);
        self.hosts[node.index()].life = Some(Life { node: fresh, began: self.now });
    }

    pub(super) fn record_life(&mut self, node: NodeId, action: Action<'_>) -> Result<(), WorldError> {
        let mut claims = Vec::new();
        if self.adds_wall_claims {
            self.add_wall_claim(node, &mut claims);
        }
        let at = self.now;
        self.record
            .life(Entry { claims: &claims, ..Entry::new(node, at, action) })
            .map_err(|error| WorldError::Trace { at, error })
    }
}

/// Two groups as words that tell both.
fn words<'a>(group_a: &'a [NodeId], group_b: &'a [NodeId]) -> impl Iterator<Item = u64> + use<'a> {
    let group = |nodes: &'a [NodeId]| {
        std::iter::once(nodes.len() as u64).chain(nodes.iter().map(|node| u64::from(node.number())))
    };
    group(group_a).chain(group(group_b))
}
