//! A replica, which also coordinates what clients of its site ask.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::NodeId;

use super::handoff::{HAND_OVER_TIMER, STAND_IN_AFTER};
use super::{Quorum, Repair, Sloppy};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire, answer};

/// When a value was written, by whom, and which of the writes of one time: later ones are greater.
pub(super) type Stamp = (u64, NodeId, u32);
/// What a replica holds under a key; nothing is older than anything.
pub(super) type Held = Option<(Stamp, u64)>;

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
pub(super) struct Task {
    /// Who waits for it; nobody any more once it is answered.
    client: Option<(NodeId, u32)>,
    pub(super) key: String,
    pub(super) stage: Stage,
    /// What replicas were told.
    pub(super) told: Message,
}

#[derive(Clone, Debug)]
pub(super) enum Stage {
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
    pub(super) hints: BTreeMap<(NodeId, String), (Stamp, u64)>,
    pub(super) tasks: BTreeMap<u32, Task>,
    begun: u32,
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
        self.begin(task, Task { client: Some(client), key: ask.key, stage, told: message }, effects);
    }

    /// Tells each replica of the task's key, this site included.
    fn begin(&mut self, number: u32, task: Task, effects: &mut Effects<Wire<Message>>) {
        let ((replicas, _), message) = (self.ring(&task.key), task.told.clone());
        self.tasks.insert(number, task);
        if self.lingers() {
            effects.set_timer(Timer(number), STAND_IN_AFTER);
        }
        for replica in replicas {
            self.say(replica, message.clone(), effects);
        }
    }

    /// Whether there is something to do for a task when its client is answered: to hand over, or to repair.
    fn lingers(&self) -> bool {
        self.set.sloppy == Sloppy::On || self.set.repair == Repair::After
    }

    /// All replicas have answered, or had time to.
    fn overdue(&mut self, number: u32, effects: &mut Effects<Wire<Message>>) {
        if self.set.sloppy == Sloppy::On {
            self.stand_in(number, effects);
        }
        if self.tasks.get(&number).is_some_and(|task| task.client.is_none()) {
            self.end(number, effects);
        }
    }

    /// Nothing more is heard of a task that was answered: a read repairs whoever showed something older.
    fn end(&mut self, number: u32, effects: &mut Effects<Wire<Message>>) {
        let Some(Task { key, stage: Stage::Fetching { by }, .. }) = self.tasks.remove(&number) else {
            return;
        };
        let newest = by.values().copied().max().flatten();
        if self.set.repair == Repair::After {
            for (site, _) in by.iter().filter(|(_, held)| **held < newest) {
                let store = Message::Store { task: number, key: key.clone(), held: newest };
                self.say(*site, store, effects);
            }
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

    fn stored(&mut self, from: NodeId, task: u32, effects: &mut Effects<Wire<Message>>) {
        let (lingers, all) = (self.lingers(), self.set.n as usize);
        let Some(Task { client, stage: Stage::Storing { by, told }, .. }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from);
        let (count, told) = (by.len(), *told);
        if count >= self.set.w as usize
            && let Some(client) = client.take()
        {
            answer(client, Answer::shows(told), effects);
        }
        let is_answered = client.is_none();
        if is_answered && (!lingers || count >= all) {
            self.end(task, effects);
        }
    }

    fn fetched(&mut self, from: NodeId, task: u32, held: Held, effects: &mut Effects<Wire<Message>>) {
        let (lingers, all) = (self.lingers(), self.set.n as usize);
        let Some(Task { client, key, stage: Stage::Fetching { by }, .. }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from, held);
        let count = by.len();
        if count < self.set.r as usize {
            return;
        }
        if let Some(client) = client.take() {
            let newest = by.values().copied().max().flatten();
            let told = newest.map(|(_, value)| value);
            let has_it = by.iter().filter(|(_, held)| **held == newest).map(|(site, _)| *site);
            let upto_date: BTreeSet<NodeId> = has_it.collect();
            if self.set.repair == Repair::Before && upto_date.len() < self.set.w as usize {
                let store = Message::Store { task, key: key.clone(), held: newest };
                let stage = Stage::Storing { by: upto_date, told };
                let (client, key) = (Some(client), key.clone());
                return self.begin(task, Task { client, key, stage, told: store }, effects);
            }
            answer(client, Answer::shows(told), effects);
        }
        if !lingers || count >= all {
            self.end(task, effects);
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
