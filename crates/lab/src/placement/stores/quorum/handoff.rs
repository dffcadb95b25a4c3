//! Who stands in for replicas that do not answer, and hands over what it holds for them (hinted handoff).

use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::NodeId;

use super::coordinator::Stage;
use super::message::{Held, Message, Stamp};
use super::replica::Replica;
use crate::placement::simulated::Wire;

/// How long a replica does not answer before somebody stands in for it, and a read no longer waits for it to repair what it
/// holds: more than the way there and back to a slow site.
pub(super) const STAND_IN_AFTER: Duration = Duration::from_millis(250);
/// How often a stand-in tries to hand over what it holds for others.
const HAND_OVER: Duration = Duration::from_millis(500);
/// The timers of tasks have their numbers, which count from 1.
pub(super) const HAND_OVER_TIMER: Timer = Timer(0);

impl Replica {
    /// Whoever may stand in does, for replicas that have not answered yet. This site holds what is written for them, too, as
    /// a stand-in may be as silent as they are.
    pub(super) fn stand_in(&mut self, number: u32, effects: &mut Effects<Wire<Message>>) {
        let Some(task) = self.tasks.get(&number) else { return };
        let told = task.told.clone();
        let (replicas, others) = self.ring(&task.key);
        let has_answered = |site: &NodeId| match &task.stage {
            Stage::Storing { by, .. } => by.contains(site),
            Stage::Fetching { by } => by.contains_key(site),
        };
        let silent: Vec<NodeId> = replicas.into_iter().filter(|site| !has_answered(site)).collect();
        if let Message::Store { key, held, .. } = &told {
            for owner in &silent {
                self.hold(*owner, key.clone(), *held);
            }
        }
        for (owner, other) in silent.into_iter().zip(others) {
            let message = match told.clone() {
                Message::Store { task, key, held } => Message::Hold { task, key, owner, held },
                message => message,
            };
            self.say(other, message, effects);
        }
    }

    /// Holds this for that replica.
    pub(super) fn hold(&mut self, owner: NodeId, key: String, held: Held) {
        if let Some(held) = held {
            let hint = self.hints.entry((owner, key)).or_insert(held);
            *hint = held.max(*hint);
        }
    }

    pub(super) fn hand_over(&self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(HAND_OVER_TIMER, HAND_OVER);
        for ((owner, key), held) in &self.hints {
            effects.send(*owner, Wire::Peer(Message::Hand { key: key.clone(), held: *held }));
        }
    }

    /// A replica has taken this.
    pub(super) fn handed(&mut self, owner: NodeId, key: String, held: (Stamp, u64)) {
        let hint = (owner, key);
        if self.hints.get(&hint) == Some(&held) {
            self.hints.remove(&hint);
        }
    }
}
