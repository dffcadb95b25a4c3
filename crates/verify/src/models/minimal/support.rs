//! What a part of a history needs so that it is wrong only where the whole is.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Access, Act, Key, Outcome, Sessions, Timing, TransactionId, Value};

use super::Part;
use crate::models::Parts;
use crate::models::objects::{FailedSet, RegisterOperation};
use crate::models::sources::Overwritten;

/// A write: whose, and the place of the access there.
type Write = (TransactionId, usize);

/// Who wrote what is read in a part, and what failed sets did not find.
pub(super) struct Support<'s> {
    sessions: &'s Sessions,
    /// Where time tells of which write a read can be.
    overwritten: Option<Overwritten>,
    /// All writes of each value that is read, or that a failed set expects.
    writes: BTreeMap<(Key, Value), Vec<Write>>,
    /// All that may have hidden what a failed set expects, by key.
    hiders: BTreeMap<Key, Vec<(Value, Write)>>,
    failed_set: FailedSet,
}

impl<'s> Support<'s> {
    /// Of nothing yet.
    pub(super) fn new(sessions: &'s Sessions, parts: Parts, failed_set: FailedSet) -> Support<'s> {
        let by_time = parts == Parts::ProveByTime && sessions.timing() == Timing::Recorded;
        Support {
            sessions,
            overwritten: by_time.then(|| Overwritten::of(sessions)),
            writes: BTreeMap::new(),
            hiders: BTreeMap::new(),
            failed_set,
        }
    }

    /// Looks up who wrote what a part reads. O(accesses of all × log of those of the part).
    pub(super) fn learn(&mut self, part: &Part) {
        let sessions = self.sessions;
        self.writes.clear();
        self.hiders.clear();
        for (id, _) in &part.kept {
            for access in sessions.accesses(*id) {
                self.writes.extend(shows(sessions, access).map(|shown| (shown, Vec::new())));
            }
            if let Some((key, _)) = self.missed(*id) {
                self.hiders.entry(key).or_default();
            }
        }
        for id in sessions.ids() {
            let is_aborted = sessions.transaction(id).outcome == Outcome::Aborted;
            for (place, access) in sessions.accesses(id).iter().enumerate().filter(|(_, one)| is_write(one)) {
                if let Some(writes) = self.writes.get_mut(&(access.key, access.value)) {
                    writes.push((id, place));
                }
                if let Some(hiders) = self.hiders.get_mut(&access.key).filter(|_| !is_aborted) {
                    hiders.push((access.value, (id, place)));
                }
            }
        }
    }

    /// How many writes are looked at for a part, at most.
    pub(super) fn cost(&self, part: &Part) -> u64 {
        let reads = part.accesses(self.sessions).flat_map(|access| shows(self.sessions, access));
        let writes = reads.map(|shown| self.writes.get(&shown).map_or(0, Vec::len));
        let missed = part.kept.iter().filter_map(|(id, _)| self.missed(*id));
        let hiders = missed.map(|(key, _)| self.hiders.get(&key).map_or(0, Vec::len));
        // Saturating: more than all steps is too much anyway.
        writes.chain(hiders).fold(0, |sum, count| sum.saturating_add(count as u64))
    }

    /// What a failed set says not to have found.
    fn missed(&self, id: TransactionId) -> Option<(Key, Value)> {
        let accesses = self.sessions.accesses(id);
        let says_so = self.failed_set == FailedSet::AssertsMismatch
            && self.sessions.transaction(id).outcome == Outcome::Aborted;
        let operation = if says_so { RegisterOperation::of(accesses) } else { None };
        let Some(RegisterOperation::Set(..)) = operation else { return None };
        accesses.first().map(|read| (read.key, read.value))
    }

    /// The part without what would be wrong for a reason that the whole does not have, and without transactions of which
    /// nothing is left: reads that another write explains, which is not there, and what failed sets say of a value that
    /// such a write hid.
    pub(super) fn supported(&self, part: Part) -> Part {
        let kept = part.kept.iter().map(|(id, places)| {
            let accesses = self.sessions.accesses(*id);
            let missed = self.missed(*id);
            let stays = |place: &usize| {
                let access = &accesses[*place];
                match missed {
                    _ if access.act == Act::Append && part.cut.contains(&(access.key, access.value)) => false,
                    // A failed set of which one access is gone says nothing.
                    Some(missed) if access.act == Act::Read => self.is_hidden(&part, *id, missed),
                    _ => shows(self.sessions, access).all(|shown| self.is_explained(&part, *id, shown)),
                }
            };
            (*id, places.iter().copied().filter(stays).collect::<Vec<_>>())
        });
        let kept = kept.filter(|(_, places)| !places.is_empty()).collect();
        Part { kept, cut: part.cut }
    }

    /// Whether one of the writes of what is read is there, and all that may be what is read.
    fn is_explained(&self, part: &Part, reader: TransactionId, shown: (Key, Value)) -> bool {
        if part.cut.contains(&shown) {
            return true;
        }
        let writes = self.writes.get(&shown).map_or(&[][..], Vec::as_slice);
        // What was there at first was nobody's to write.
        let needs_none = writes.is_empty() || shown.1 == Value::NOTHING;
        let is_any = needs_none || writes.iter().any(|write| part.has(*write));
        // What was aborted explains no read, but that there is no other write.
        let is_aborted = |id| self.sessions.transaction(id).outcome == Outcome::Aborted;
        let stays = |write: &Write| {
            part.has(*write) || is_aborted(write.0) || self.is_ruled_out(shown.0, write.0, reader)
        };
        is_any && writes.iter().all(stays)
    }

    /// Whether all is there that may have hidden what a failed set expected, if that may be found at all.
    fn is_hidden(&self, part: &Part, set: TransactionId, (key, expected): (Key, Value)) -> bool {
        let hiders = self.hiders.get(&key).map_or(&[][..], Vec::as_slice);
        let is_it = |(value, write): &(Value, Write)| *value == expected && part.has(*write);
        let is_findable = expected == Value::NOTHING || hiders.iter().any(is_it);
        let stays = |(value, write): &(Value, Write)| {
            *value == expected || part.has(*write) || self.is_ruled_out(key, write.0, set)
        };
        !is_findable || hiders.iter().all(stays)
    }

    /// Whether time says that it was not this write which was found.
    fn is_ruled_out(&self, key: Key, writer: TransactionId, reader: TransactionId) -> bool {
        let overwritten = self.overwritten.as_ref();
        overwritten.is_some_and(|past| past.rules_out(self.sessions, key, writer.number(), reader))
    }

    /// The part with all who wrote what it reads.
    pub(super) fn with_writers(&self, part: &Part) -> Part {
        let read = part.kept.iter().flat_map(|(id, _)| {
            let shown = self.sessions.accesses(*id).iter().flat_map(|access| shows(self.sessions, access));
            shown.map(|shown| (*id, shown))
        });
        let writers = read.flat_map(|(reader, shown)| {
            let writes = self.writes.get(&shown).map_or(&[][..], Vec::as_slice).iter();
            writes.map(|(id, _)| *id).filter(move |id| !self.is_ruled_out(shown.0, *id, reader))
        });
        let ids: Vec<TransactionId> = part.kept.iter().map(|(id, _)| *id).chain(writers).collect();
        Part::of(self.sessions, ids)
    }

    /// What can be cut out of lists: values of keys that are only appended to. Where each list loses them, and they are not
    /// appended, what explained the whole explains what is left.
    pub(super) fn cuttable(&self, part: &Part) -> BTreeSet<(Key, Value)> {
        let accesses = self.sessions.ids().flat_map(|id| self.sessions.accesses(id));
        let is_register = |access: &&Access| !access.act.is_of_list();
        let registers: BTreeSet<Key> = accesses.filter(is_register).map(|access| access.key).collect();
        let shown = part.accesses(self.sessions).filter(|access| access.act == Act::ReadList);
        let shown = shown.flat_map(|access| shows(self.sessions, access));
        shown.filter(|(key, _)| !registers.contains(key)).filter(|shown| !part.cut.contains(shown)).collect()
    }

    /// What others append of that.
    pub(super) fn foreign(&self, part: &Part) -> BTreeSet<(Key, Value)> {
        let mut cuttable = self.cuttable(part);
        cuttable.retain(|shown| {
            let writes = self.writes.get(shown).map_or(&[][..], Vec::as_slice);
            !writes.is_empty() && !writes.iter().all(|write| part.has(*write))
        });
        cuttable
    }
}

const fn is_write(access: &Access) -> bool {
    matches!(access.act, Act::Write | Act::Append)
}

/// The values that a read shows, nothing among them; none for a write.
pub(super) fn shows<'s>(
    sessions: &'s Sessions,
    access: &'s Access,
) -> impl Iterator<Item = (Key, Value)> + 's {
    let one = (access.act == Act::Read).then_some(access.value);
    let list = if access.act == Act::ReadList { sessions.list(access.value) } else { &[] };
    one.into_iter().chain(list.iter().copied()).map(|value| (access.key, value))
}
