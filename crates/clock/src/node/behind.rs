//! What a clock that may refuse has not heard of, so that it claims no more than it knows.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::bytes::{Fault, Limits, Reader, Writer};
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::{Group, VectorStamp};

/// Whose stamps an injected clock has not all absorbed, of those that lie in the past of its node.
///
/// A node hears of events whose stamps its clock refuses, for one that is too far ahead, or that came without. From then
/// on a stamp of that clock would say too little: it might be below the stamp of an event in its past. So the node keeps
/// count. Invariant: of every origin not named here the clock has absorbed all that the node's vector counts; of every
/// one named, the stamps up to the counter given, which is below the vector's. A stamp is claimed only where nobody is
/// named.
///
/// What is absorbed travels: a message brings its sender's clock together with what that clock lacks. So a gap closes
/// as soon as a message comes from anybody whose clock knows the rest, be it another than the one refused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Behind(BTreeMap<Identity, u64>);

impl Behind {
    /// Whether the clock has absorbed everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose stamps are missing, sorted, each with the number of the last event of theirs that was absorbed.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Identity, u64)> {
        self.0.iter().map(|(identity, absorbed)| (identity, *absorbed))
    }

    /// Up to where a clock whose node counts `vector` has absorbed the stamps of `identity`.
    fn absorbed(&self, identity: &Identity, vector: &VectorStamp) -> u64 {
        let counted = vector.get(identity.as_str());
        self.0.get(identity).map_or(counted, |absorbed| counted.min(*absorbed))
    }

    /// Our node counts `ours`, our clock has absorbed the clock of one that counts `theirs` and is itself `behind`.
    pub(super) fn learn(&mut self, ours: &VectorStamp, theirs: &VectorStamp, behind: &Behind) {
        if self.is_empty() && behind.is_empty() {
            return; // As nearly always.
        }
        let named = self.0.keys().chain(behind.0.keys());
        let left = named.filter_map(|identity| {
            let absorbed = self.absorbed(identity, ours).max(behind.absorbed(identity, theirs));
            let counted = ours.get(identity.as_str()).max(theirs.get(identity.as_str()));
            (absorbed < counted).then(|| (identity.clone(), absorbed))
        });
        self.0 = left.collect();
    }

    /// Our node counts `ours`, and hears from one that counts `theirs`, of whose clock we have absorbed nothing.
    pub(super) fn miss(&mut self, ours: &VectorStamp, theirs: &VectorStamp) {
        for (identity, counted) in theirs.entries() {
            let known = ours.get(identity.as_str());
            if counted > known {
                self.0.entry(identity.clone()).or_insert(known);
            }
        }
    }

    /// Appends it: how many, then each name and counter.
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.varint(self.0.len() as u64);
        for (identity, absorbed) in self.entries() {
            writer.text(identity.as_str());
            writer.varint(absorbed);
        }
    }

    /// What [`Self::write`] wrote for a node that counts `vector`.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        limits: &Limits,
        group: Option<&Group>,
        vector: &VectorStamp,
    ) -> Result<Behind, Error> {
        let count = reader.count(limits, 2)?; // The length of an empty name, and a counter of one byte.
        let mut entries: Vec<(Identity, u64)> = Vec::with_capacity(count as usize); // At most half of the input.
        for _ in 0..count {
            let identity = reader.identity(limits, group)?;
            match entries.last().map(|(last, _)| last.cmp(&identity)) {
                Some(core::cmp::Ordering::Equal) => return Err(reader.fault(Fault::DuplicateName).into()),
                Some(core::cmp::Ordering::Greater) => return Err(reader.fault(Fault::UnsortedName).into()),
                Some(core::cmp::Ordering::Less) | None => {}
            }
            let counter = reader.counter()?;
            if counter >= vector.get(identity.as_str()) {
                return Err(reader.fault(Fault::NothingMissing { counter }).into());
            }
            entries.push((identity, counter));
        }
        Ok(Behind(entries.into_iter().collect()))
    }
}
