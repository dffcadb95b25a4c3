//! A replica of a quorum: what it holds of each key, and what it makes of each message.

use std::collections::BTreeMap;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::NodeId;

use super::coordinator::Task;
use super::handoff::HAND_OVER_TIMER;
use super::message::{Held, Message, Stamp};
use super::{Quorum, Sloppy};
use crate::placement::simulated::{Sites, Wire};

/// One site.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct Replica {
    pub(super) set: Quorum,
    pub(super) sites: Sites,
    holds: BTreeMap<String, (Stamp, u64)>,
    /// What it holds for replicas that did not answer, by replica and key.
    pub(super) hints: BTreeMap<(NodeId, String), (Stamp, u64)>,
    pub(super) tasks: BTreeMap<u32, Task>,
    /// How many tasks it has begun; each has the next number.
    pub(super) begun: u32,
}

impl Replica {
    pub(in crate::placement::stores) fn new(set: Quorum, sites: Sites) -> Replica {
        let (holds, hints, tasks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Replica { set, sites, holds, hints, tasks, begun: 0 }
    }

    /// The sites on the ring, from one on that depends on the key: its replicas, as many as are set, and then whoever may
    /// stand in.
    pub(super) fn ring(&self, key: &str) -> (Vec<NodeId>, Vec<NodeId>) {
        let first = key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let count = self.sites.count;
        let mut replicas: Vec<NodeId> =
            (0..count).map(|nth| NodeId::new((first % count + nth) % count)).collect();
        let others = replicas.split_off(self.set.n as usize);
        (replicas, others)
    }

    /// What this site shows of a key, be it for itself or for others.
    fn held(&self, key: &str) -> Held {
        let hints = self.sites.all().filter_map(|owner| self.hints.get(&(owner, key.to_owned())));
        hints.chain(self.holds.get(key)).max().copied()
    }

    fn keep(&mut self, key: String, held: Held) {
        if held > self.holds.get(&key).copied()
            && let Some(held) = held
        {
            self.holds.insert(key, held);
        }
    }

    pub(super) fn say(&mut self, to: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        if to == self.sites.me {
            self.hear(to, message, effects);
        } else {
            effects.send(to, Wire::Peer(message));
        }
    }

    fn hear(&mut self, from: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        match message {
            Message::Store { task, key, held } => {
                self.keep(key, held);
                self.say(from, Message::Stored { task }, effects);
            }
            Message::Hold { task, key, owner, held } => {
                self.hold(owner, key, held);
                self.say(from, Message::Stored { task }, effects);
            }
            Message::Hand { key, held } => {
                self.keep(key.clone(), Some(held));
                self.say(from, Message::Handed { key, held }, effects);
            }
            Message::Handed { key, held } => self.handed(from, key, held),
            Message::Fetch { task, key } => {
                let held = self.held(&key);
                self.say(from, Message::Fetched { task, held }, effects);
            }
            Message::Stored { task } => self.stored(from, task, effects),
            Message::Fetched { task, held } => self.fetched(from, task, held, effects),
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        match input {
            Input::Start if self.set.sloppy == Sloppy::On => self.hand_over(effects),
            Input::Timer(HAND_OVER_TIMER) => self.hand_over(effects),
            Input::Timer(Timer(task)) => self.overdue(task, effects),
            Input::Message { from, message: Wire::Ask { number, ask } } => {
                self.coordinate(now, (from, number), ask, effects);
            }
            Input::Message { from, message: Wire::Peer(message) } => self.hear(from, message, effects),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Repair;
    use super::*;
    use crate::placement::client::Ask;

    #[test]
    fn a_stand_in_is_not_repaired_as_if_it_were_a_replica() {
        let set = Quorum {
            n: 2,
            r: 2,
            w: 1,
            repair: Repair::After,
            sloppy: Sloppy::On,
            skew: std::time::Duration::ZERO,
        };
        let sites = |me| Sites { me: NodeId::new(me), count: 3 };
        let (replicas, others) = Replica::new(set, sites(0)).ring("k");
        let ([newest, behind], [stand_in]) = (&replicas[..], &others[..]) else { panic!("two of three") };
        let mut site = Replica::new(set, sites(newest.number()));
        site.keep("k".to_owned(), Some(((1, *newest, 1), 7)));
        let mut hear = |input| {
            let mut effects = Effects::new();
            site.on(Now::ZERO, input, &mut effects);
            let sends = effects.steps().iter().flat_map(|step| step.sends.clone());
            sends.collect::<Vec<(NodeId, Wire<Message>)>>()
        };
        let client = NodeId::new(3);
        hear(Input::Message { from: client, message: Wire::Ask { number: 1, ask: Ask::read("k") } });
        let to_stand_in: Vec<NodeId> = hear(Input::Timer(Timer(1))).into_iter().map(|(to, _)| to).collect();
        assert_eq!(to_stand_in, [*stand_in], "it is asked");
        let fetched =
            |from| Input::Message { from, message: Wire::Peer(Message::Fetched { task: 1, held: None }) };
        let answered: Vec<NodeId> = hear(fetched(*stand_in)).into_iter().map(|(to, _)| to).collect();
        assert_eq!(answered, [client], "that is enough");
        let repaired: Vec<NodeId> = hear(fetched(*behind)).into_iter().map(|(to, _)| to).collect();
        assert_eq!(repaired, [*behind]);
    }
}
