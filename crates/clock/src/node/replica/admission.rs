//! Which messages a replica lets in: those that an honest node of its cluster can have sent.

use alloc::collections::BTreeMap;
use alloc::string::String;

use constellation_trace::NodeId;

use super::{Replica, is_life_of};
use crate::error::Error;
use crate::identity::Identity;
use crate::node::{Envelope, InjectedClock, Refusal};
use crate::vector::VectorStamp;
use crate::{LEAD_MAX, REMOTE_MAX};

/// How many later lives of one node are heard of. Each is an entry that no vector ever loses, so without a bound one forged
/// message could fill all vectors; with it, whoever restarts more often needs a new name.
const LIVES_MAX: u32 = 64;

impl<C: InjectedClock> Replica<C> {
    /// The name of the event that a message of `from` brings, if it may come in as far as can be told before merging.
    pub(super) fn admit(
        &self,
        from: NodeId,
        envelope: &Envelope<C::Message>,
    ) -> Result<(Identity, u64), Refusal<C::Error>> {
        let Envelope { origin, lamport, vector, .. } = envelope;
        let (origin, lamport) = (origin.clone(), *lamport);
        if !is_life_of(&origin, self.name(from)) {
            return Err(Refusal::ForeignOrigin { origin: String::from(origin.as_str()) });
        }
        let is_member = |identity: &Identity| {
            self.names.find(identity.as_str()).or_else(|| self.names.find(identity.name())).is_some()
        };
        if let Some((stranger, _)) = vector.entries().find(|(identity, _)| !is_member(identity)) {
            return Err(Refusal::Stranger { name: String::from(stranger.as_str()) });
        }
        let counter = vector.get(origin.as_str());
        if counter == 0 {
            return Err(Refusal::Uncounted { origin: String::from(origin.as_str()) });
        }
        let least = vector.entries().map(|entry| entry.1).max().unwrap_or(0);
        let most = vector.entries().map(|entry| u128::from(entry.1)).sum();
        if lamport < least || u128::from(lamport) > most {
            return Err(Refusal::Implausible { lamport, least, most });
        }
        let local = self.lamport.current();
        if lamport.saturating_sub(local) > LEAD_MAX {
            let error = Error::LeadExceeded { sender: origin, remote: lamport, local, lead_max: LEAD_MAX };
            return Err(Refusal::Causality(error));
        }
        if lamport > REMOTE_MAX {
            let (sender, remote) = (Some(origin), lamport);
            let error = Error::RemoteBeyondCeiling { sender, remote, admitted_max: REMOTE_MAX };
            return Err(Refusal::Causality(error));
        }
        let dot = (origin, counter);
        if dot.0 == self.identity && !self.known.contains(&dot) {
            let error =
                Error::Impersonated { identity: dot.0, own: self.vector.own().into(), seen: counter.into() };
            return Err(Refusal::Causality(error));
        }
        Ok(dot)
    }

    /// Whether `merged` may become our vector: else our own messages would be refused from now on, and by our own limits.
    /// The first life of every member always has its place.
    pub(super) fn admit_entries(&self, merged: &VectorStamp) -> Result<(), Refusal<C::Error>> {
        let entries = merged.entries().count();
        if entries == self.vector.entries().count() {
            return Ok(()); // Nobody new.
        }
        let mut lives: BTreeMap<&str, u32> = BTreeMap::new();
        let later = merged.entries().filter(|(identity, _)| self.names.find(identity.as_str()).is_none());
        let later = later.map(|(identity, _)| identity.name()).inspect(|name| {
            let count = lives.entry(name).or_default();
            *count = count.saturating_add(1); // There are no more than entries in a vector.
        });
        let later = later.count();
        if let Some((name, count)) = lives.into_iter().find(|(_, count)| *count > LIVES_MAX) {
            let name = String::from(name);
            return Err(Refusal::TooManyLives { name, lives: count, lives_max: LIVES_MAX });
        }
        let reserved = if later > 0 { later.saturating_add(self.names.len()) } else { 0 };
        let (entries, entries_max) = (entries.max(reserved), self.limits.entries_max);
        if u32::try_from(entries).map_or(true, |entries| entries > entries_max) {
            return Err(Refusal::Crowded { entries, entries_max });
        }
        Ok(())
    }
}
