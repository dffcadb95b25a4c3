//! Links may lose what is passed on down a chain: what is not known to be committed is passed on once more.

use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::NodeId;

use super::message::Message;
use super::{Replica, Waiting};
use crate::placement::simulated::Wire;

/// How often a site looks whether what it passed on is committed, and passes it on once more: more than the way there and back
/// of a chain with a slow site.
const RESEND: Duration = Duration::from_millis(500);
pub(super) const RESEND_TIMER: Timer = Timer(1);

impl Replica {
    /// What it passed on before the last look and does not know to be committed may be lost, or the word that it is.
    pub(super) fn resend(&mut self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(RESEND_TIMER, RESEND);
        let due = std::mem::replace(&mut self.due, self.last);
        let Some(next) = self.chain.next().filter(|_| self.committed < due) else { return };
        for (number, (waiting, key, value)) in &self.sent {
            let (epoch, number, waiting, value) = (self.chain.epoch, *number, *waiting, *value);
            let update = Message::Update { epoch, number, waiting, key: key.clone(), value };
            effects.send(next, Wire::Peer(update));
        }
    }

    /// A write that is passed on to this site: the next, or one that it has, and that may be known to be committed here.
    pub(super) fn take(
        &mut self,
        from: NodeId,
        number: u64,
        (waiting, key, value): (Waiting, String, u64),
        effects: &mut Effects<Wire<Message>>,
    ) {
        if number == self.last + 1 {
            self.update(number, waiting, key, value, effects);
        } else if number <= self.committed {
            let (epoch, number) = (self.chain.epoch, self.committed);
            effects.send(from, Wire::Peer(Message::Committed { epoch, number, key: None }));
        }
    }
}
