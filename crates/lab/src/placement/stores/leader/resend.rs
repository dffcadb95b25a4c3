//! Links may lose what a leader sends: a follower that has missed something is sent all that the leader holds.

use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::NodeId;

use super::Replica;
use super::message::{Message, Place};
use crate::placement::simulated::Wire;

/// How often a leader looks which followers have not come further, and sends them all that it holds: more than the way there
/// and back to a slow site.
const RESEND: Duration = Duration::from_millis(500);
pub(super) const RESEND_TIMER: Timer = Timer(1);

impl Replica {
    /// Takes the next write of the leader; behind a gap nothing.
    pub(super) fn append(
        &mut self,
        from: NodeId,
        (at, key, value): (Place, String, u64),
        effects: &mut Effects<Wire<Message>>,
    ) {
        if at == (self.last.0, self.last.1 + 1) {
            self.holds.insert(key, value);
            self.last = at;
            effects.send(from, Wire::Peer(Message::Appended { at }));
        } else if at > self.last && !std::mem::replace(&mut self.is_behind, true) {
            effects.send(from, Wire::Peer(Message::Missing));
        }
    }

    /// Followers that have not come as far as this site was at the last look have missed something.
    pub(super) fn resend(&mut self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(RESEND_TIMER, RESEND);
        let due = std::mem::replace(&mut self.due, self.last);
        if !self.leads() || due.0 < self.term {
            return;
        }
        for (follower, _) in self.appended.iter().filter(|(_, appended)| **appended < due) {
            self.send_all(*follower, effects);
        }
    }

    /// Whether it was shown here or not: a follower has it all.
    pub(super) fn send_all(&self, follower: NodeId, effects: &mut Effects<Wire<Message>>) {
        let (mut holds, at) = (self.holds.clone(), self.last);
        holds.extend(self.waiting.values().map(|(_, key, value)| (key.clone(), *value)));
        effects.send(follower, Wire::Peer(Message::Lead { at, holds }));
    }
}
