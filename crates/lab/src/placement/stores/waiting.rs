//! Who waits for an answer while what it asked is done at another site.

use constellation_fabric::Effects;
use constellation_live::bytes::{Reader, Writer};
use constellation_trace::NodeId;

use super::coded::{Coded, coded};

use crate::placement::client::Answer;
use crate::placement::simulated::{Wire, answer};

/// Who waits for an answer: a client of a site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    site: NodeId,
    client: NodeId,
    number: u32,
}

coded!(struct Waiting { site, client, number });

impl Waiting {
    /// A client of this site, with the number of what it asks.
    pub(super) const fn at(site: NodeId, (client, number): (NodeId, u32)) -> Waiting {
        Waiting { site, client, number }
    }

    /// Answers it from the site `me`: if it is one of another, that is sent what `answered` makes of it.
    pub(super) fn reply<M>(
        self,
        me: NodeId,
        told: Answer,
        answered: impl FnOnce(Waiting, Answer) -> M,
        effects: &mut Effects<Wire<M>>,
    ) {
        if self.site == me {
            answer((self.client, self.number), told, effects);
        } else {
            effects.send(self.site, Wire::Peer(answered(self, told)));
        }
    }
}
