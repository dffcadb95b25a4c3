//! A replica, which also coordinates what clients of its site ask.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::NodeId;

use super::{Quorum, Repair, Sloppy};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire, answer};

/// When a value was written, by whom, and which of the writes of one time: later ones are greater.
type Stamp = (u64, NodeId, u32);
/// What a replica holds under a key; nothing is older than anything.
type Held = Option<(Stamp, u64)>;

/// How long a replica does not answer before somebody stands in for it: more than the way there and back to a slow site.
const STAND_IN_AFTER: Duration = Duration::from_millis(250);
/// How often a stand-in tries to hand over what it holds for others.
const HAND_OVER: Duration = Duration::from_millis(500);
/// The timers of tasks have their numbers, which count from 1.
const HAND_OVER_TIMER: Timer = Timer(0);

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) enum Message {
    /// To a stand-in: to hold this for that replica. And what it hands over, and that this was taken.
    Hold {
        task: u32,
        key: String,
        owner: NodeId,
        held: Held,
    },
    Hand {
        key: String,
        held: (Stamp, u64),
    },
    Handed {
        key: String,
        held: (Stamp, u64),
    },
    Store {
        task: u32,
        key: String,
        held: Held,
    },
    Stored {
        task: u32,
    },
    Fetch {
        task: u32,
        key: String,
    },
    Fetched {
        task: u32,
        held: Held,
    },
}

/// What a site coordinates for a client.
#[derive(Clone, Debug)]
struct Task {
    client: (NodeId, u32),
    key: String,
    stage: Stage,
    /// What replicas were told.
    told: Message,
}

#[derive(Clone, Debug)]
enum Stage {
    /// A write, or the repair before an answer: who has it, and what the client is told.
    Storing { by: BTreeSet<NodeId>, told: Option<u64> },
    /// A read: what was shown by whom.
    Fetching { by: BTreeMap<NodeId, Held> },
}

/// One site.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct Replica {
    set: Quorum,
    sites: Sites,
    holds: BTreeMap<String, (Stamp, u64)>,
    /// What it holds for replicas that did not answer, by replica and key.
    hints: BTreeMap<(NodeId, String), (Stamp, u64)>,
    tasks: BTreeMap<u32, Task>,
    begun: u32,
}

impl Replica {
    pub(in crate::placement::stores) fn new(set: Quorum, sites: Sites) -> Replica {
        let (holds, hints, tasks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Replica { set, sites, holds, hints, tasks, begun: 0 }
    }

    /// The sites on the ring, from one on that depends on the key: its replicas, as many as are set, and then whoever may
    /// stand in.
    fn ring(&self, key: &str) -> (Vec<NodeId>, Vec<NodeId>) {
        let first = key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let count = self.sites.count;
        let mut replicas: Vec<NodeId> =
            (0..count).map(|nth| NodeId::new((first % count + nth) % count)).collect();
        let others = replicas.split_off(self.set.n as usize);
        (replicas, others)
    }

    fn coordinate(
        &mut self,
        now: Now,
        client: (NodeId, u32),
        ask: Ask,
        effects: &mut Effects<Wire<Message>>,
    ) {
        self.begun += 1;
        let task = self.begun;
        let (stage, message) = match ask.what {
            What::Write(value) => {
                let stamp = (now.wall.ns(), self.sites.me, task);
                let stage = Stage::Storing { by: BTreeSet::new(), told: None };
                (stage, Message::Store { task, key: ask.key.clone(), held: Some((stamp, value)) })
            }
            What::Read => {
                let stage = Stage::Fetching { by: BTreeMap::new() };
                (stage, Message::Fetch { task, key: ask.key.clone() })
            }
        };
        self.begin(task, Task { client, key: ask.key, stage, told: message }, effects);
    }

    /// Tells each replica of the task's key, this site included.
    fn begin(&mut self, number: u32, task: Task, effects: &mut Effects<Wire<Message>>) {
        let ((replicas, _), message) = (self.ring(&task.key), task.told.clone());
        self.tasks.insert(number, task);
        if self.set.sloppy == Sloppy::On {
            effects.set_timer(Timer(number), STAND_IN_AFTER);
        }
        for replica in replicas {
            self.say(replica, message.clone(), effects);
        }
    }

    /// Whoever may stand in does, for replicas that have not answered yet.
    fn stand_in(&mut self, number: u32, effects: &mut Effects<Wire<Message>>) {
        let Some(task) = self.tasks.get(&number) else { return };
        let (replicas, others) = self.ring(&task.key);
        let has_answered = |site: &NodeId| match &task.stage {
            Stage::Storing { by, .. } => by.contains(site),
            Stage::Fetching { by } => by.contains_key(site),
        };
        let silent = replicas.into_iter().filter(|site| !has_answered(site));
        let asked: Vec<(NodeId, Message)> = silent
            .zip(others)
            .map(|(owner, other)| match task.told.clone() {
                Message::Store { task, key, held } => (other, Message::Hold { task, key, owner, held }),
                message => (other, message),
            })
            .collect();
        for (other, message) in asked {
            self.say(other, message, effects);
        }
    }

    fn hand_over(&self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(HAND_OVER_TIMER, HAND_OVER);
        for ((owner, key), held) in &self.hints {
            effects.send(*owner, Wire::Peer(Message::Hand { key: key.clone(), held: *held }));
        }
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

    fn say(&mut self, to: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
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
                if let Some(held) = held {
                    let hint = self.hints.entry((owner, key)).or_insert(held);
                    *hint = held.max(*hint);
                }
                self.say(from, Message::Stored { task }, effects);
            }
            Message::Hand { key, held } => {
                self.keep(key.clone(), Some(held));
                self.say(from, Message::Handed { key, held }, effects);
            }
            Message::Handed { key, held } => {
                let hint = (from, key);
                if self.hints.get(&hint) == Some(&held) {
                    self.hints.remove(&hint);
                }
            }
            Message::Fetch { task, key } => {
                let held = self.held(&key);
                self.say(from, Message::Fetched { task, held }, effects);
            }
            Message::Stored { task } => self.stored(from, task, effects),
            Message::Fetched { task, held } => self.fetched(from, task, held, effects),
        }
    }

    fn stored(&mut self, from: NodeId, task: u32, effects: &mut Effects<Wire<Message>>) {
        let Some(Task { client, stage: Stage::Storing { by, told }, .. }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from);
        if by.len() >= self.set.w as usize {
            answer(*client, Answer::Ok(*told), effects);
            self.tasks.remove(&task);
        }
    }

    fn fetched(&mut self, from: NodeId, task: u32, held: Held, effects: &mut Effects<Wire<Message>>) {
        let Some(Task { client, key, stage: Stage::Fetching { by }, .. }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from, held);
        if by.len() < self.set.r as usize {
            return;
        }
        let newest = by.values().copied().max().flatten();
        let (client, key, told) = (*client, key.clone(), newest.map(|(_, value)| value));
        let behind: Vec<NodeId> =
            by.iter().filter(|(_, held)| **held < newest).map(|(site, _)| *site).collect();
        let upto_date: BTreeSet<NodeId> =
            by.iter().filter(|(_, held)| **held == newest).map(|(site, _)| *site).collect();
        let store = Message::Store { task, key: key.clone(), held: newest };
        self.tasks.remove(&task);
        if self.set.repair == Repair::Before && upto_date.len() < self.set.w as usize {
            let stage = Stage::Storing { by: upto_date, told };
            return self.begin(task, Task { client, key, stage, told: store }, effects);
        }
        answer(client, Answer::Ok(told), effects);
        if self.set.repair == Repair::After {
            for site in behind {
                self.say(site, store.clone(), effects);
            }
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
            Input::Timer(Timer(task)) => {
                self.stand_in(task, effects);
            }
            Input::Message { from, message: Wire::Ask { number, ask } } => {
                self.coordinate(now, (from, number), ask, effects);
            }
            Input::Message { from, message: Wire::Peer(message) } => self.hear(from, message, effects),
            _ => {}
        }
    }
}
