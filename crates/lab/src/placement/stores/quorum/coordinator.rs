//! Who coordinates what a client asks: it tells the replicas of the key, and answers when enough of them have.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Effects, Now, Timer};
use constellation_trace::NodeId;

use super::handoff::STAND_IN_AFTER;
use super::message::{Held, Message};
use super::replica::Replica;
use super::{Repair, Sloppy};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Wire, answer};

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

impl Replica {
    pub(super) fn coordinate(
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
    pub(super) fn overdue(&mut self, number: u32, effects: &mut Effects<Wire<Message>>) {
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
            // Stand-ins are left alone: what they took for their own they would show for ever.
            let (replicas, _) = self.ring(&key);
            let is_behind = |(site, held): &(&NodeId, &Held)| **held < newest && replicas.contains(site);
            for (site, _) in by.iter().filter(is_behind) {
                let store = Message::Store { task: number, key: key.clone(), held: newest };
                self.say(*site, store, effects);
            }
        }
    }

    pub(super) fn stored(&mut self, from: NodeId, task: u32, effects: &mut Effects<Wire<Message>>) {
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

    pub(super) fn fetched(
        &mut self,
        from: NodeId,
        task: u32,
        held: Held,
        effects: &mut Effects<Wire<Message>>,
    ) {
        let lingers = self.lingers();
        let Some(Task { client, key, stage: Stage::Fetching { by }, .. }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from, held);
        if by.len() < self.set.r as usize {
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
        if !lingers || self.have_all_shown(task) {
            self.end(task, effects);
        }
    }

    /// Whether each replica has shown what it holds, whoever stood in for it.
    fn have_all_shown(&self, task: u32) -> bool {
        let Some(Task { key, stage: Stage::Fetching { by }, .. }) = self.tasks.get(&task) else {
            return false;
        };
        self.ring(key).0.iter().all(|replica| by.contains_key(replica))
    }
}
