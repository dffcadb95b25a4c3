//! The slow obvious twins: models as they are defined, over all orders, all sources of reads, all fates of the unknown.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Act, Key, Outcome, Sessions, TransactionId, Value};
use constellation_verify::models::{Guarantee, Guarantees};

/// A choice of what is not recorded: which transactions count, and where each read is from (`None` is the initial value).
pub(crate) struct World<'a> {
    /// The history.
    pub(crate) sessions: &'a Sessions,
    /// The transactions that count, in recorded order.
    pub(crate) ids: Vec<TransactionId>,
    /// For each read from outside its transaction: reader, key, writer, by place in `ids`.
    pub(crate) reads: Vec<(usize, Key, Option<usize>)>,
}

/// A strict order, as for each the set of those before it.
pub(crate) type Before = Vec<BTreeSet<usize>>;

impl World<'_> {
    /// Whether `check` holds of some choice.
    pub(crate) fn any(sessions: &Sessions, check: impl Fn(&World<'_>) -> bool) -> bool {
        let with = |outcome| sessions.ids().filter(move |id| sessions.transaction(*id).outcome == outcome);
        let unknown: Vec<_> = with(Outcome::Unknown).collect();
        (0..1_u32 << unknown.len()).any(|mask| {
            let chosen =
                unknown.iter().enumerate().filter(|(nth, _)| mask >> nth & 1 == 1).map(|(_, id)| *id);
            let mut ids: Vec<_> = with(Outcome::Committed).chain(chosen).collect();
            ids.sort_unstable();
            let mut world = World { sessions, ids, reads: Vec::new() };
            let open = world.open_reads();
            open.is_some_and(|open| world.assign(&open, &check))
        })
    }

    /// The reads from outside, with their values; `None` if one inside is wrong, or two outside differ.
    fn open_reads(&self) -> Option<Vec<(usize, Key, Value)>> {
        let mut open: Vec<(usize, Key, Value)> = Vec::new();
        for (place, id) in self.ids.iter().enumerate() {
            let mut own: BTreeMap<Key, Value> = BTreeMap::new();
            let mut seen: BTreeMap<Key, Value> = BTreeMap::new();
            for access in self.sessions.accesses(*id) {
                match (access.act, own.get(&access.key)) {
                    (Act::Write, _) => drop(own.insert(access.key, access.value)),
                    (_, Some(value)) if *value != access.value => return None,
                    (_, Some(_)) => {}
                    (_, None) => {
                        if *seen.entry(access.key).or_insert(access.value) != access.value {
                            return None;
                        }
                        open.push((place, access.key, access.value));
                    }
                }
            }
        }
        open.sort_unstable();
        open.dedup();
        Some(open)
    }

    /// What a transaction leaves under a key.
    fn leaves(&self, place: usize, key: Key) -> Option<Value> {
        let mut accesses = self.sessions.accesses(self.ids[place]).iter().rev();
        accesses.find(|access| access.act == Act::Write && access.key == key).map(|access| access.value)
    }

    /// What a writer of a key leaves there.
    fn left(&self, place: usize, key: Key) -> Value {
        self.leaves(place, key).expect("it writes the key")
    }

    /// Whether a transaction writes a key.
    pub(crate) fn writes(&self, place: usize, key: Key) -> bool {
        self.leaves(place, key).is_some()
    }

    fn assign(&mut self, open: &[(usize, Key, Value)], check: &impl Fn(&World<'_>) -> bool) -> bool {
        let Some((&(reader, key, value), rest)) = open.split_first() else { return check(self) };
        let writers = (0..self.ids.len()).filter(|place| *place != reader);
        let mut sources: Vec<Option<usize>> =
            writers.filter(|place| self.leaves(*place, key) == Some(value)).map(Some).collect();
        if value == Value::NOTHING {
            sources.push(None);
        }
        sources.into_iter().any(|source| {
            self.reads.push((reader, key, source));
            let is_found = self.assign(rest, check);
            self.reads.pop();
            is_found
        })
    }

    /// Whether two are of one session.
    pub(crate) fn is_same(&self, one: usize, other: usize) -> bool {
        let session = |place: usize| self.sessions.transaction(self.ids[place]).session;
        session(one) == session(other)
    }

    /// All keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        (0..u32::try_from(self.sessions.keys().len()).expect("few")).map(Key::new)
    }

    /// The least relation from writes to reads that has the sources and is closed under a set of session guarantees.
    fn known(&self, set: Guarantees) -> BTreeSet<(usize, usize)> {
        let count = self.ids.len();
        let is_writer: Vec<bool> =
            (0..count).map(|place| self.keys().any(|key| self.writes(place, key))).collect();
        let is_reader = |place: usize| self.reads.iter().any(|(reader, ..)| *reader == place);
        let mut known: BTreeSet<(usize, usize)> = self.read_pairs().into_iter().collect();
        let so = self.session_pairs();
        if set.has(Guarantee::ReadYourWrites) {
            known.extend(so.iter().filter(|(one, other)| is_writer[*one] && is_reader(*other)));
        }
        loop {
            let mut more = known.clone();
            for (write, read) in &known {
                if set.has(Guarantee::MonotonicReads) {
                    let later = so.iter().filter(|(one, other)| one == read && is_reader(*other));
                    more.extend(later.map(|(_, other)| (*write, *other)));
                }
                if set.has(Guarantee::MonotonicWrites) {
                    let earlier = so.iter().filter(|(one, other)| other == write && is_writer[*one]);
                    more.extend(earlier.map(|(one, _)| (*one, *read)));
                }
                if set.has(Guarantee::WritesFollowReads) {
                    let rests =
                        known.iter().filter(|(_, other)| other == write || so.contains(&(*other, *write)));
                    more.extend(rests.map(|(one, _)| (*one, *read)));
                }
            }
            if more.len() == known.len() {
                return known;
            }
            known = more;
        }
    }

    /// The pairs of one session, in its order.
    pub(crate) fn session_pairs(&self) -> Vec<(usize, usize)> {
        let pairs = (0..self.ids.len()).flat_map(|late| (0..late).map(move |early| (early, late)));
        pairs.filter(|(early, late)| self.is_same(*early, *late)).collect()
    }

    /// The pairs of a write and its reader.
    pub(crate) fn read_pairs(&self) -> Vec<(usize, usize)> {
        self.reads.iter().filter_map(|(reader, _, source)| source.map(|source| (source, *reader))).collect()
    }

    /// The least transitive relation with these pairs; `None` if it is no order.
    pub(crate) fn close(&self, pairs: &[(usize, usize)]) -> Option<Before> {
        let mut before: Before = vec![BTreeSet::new(); self.ids.len()];
        pairs.iter().for_each(|(one, other)| {
            before[*other].insert(*one);
        });
        loop {
            let mut has_grown = false;
            for place in 0..before.len() {
                let more: BTreeSet<usize> =
                    before[place].iter().flat_map(|mid| before[*mid].clone()).collect();
                let known = before[place].len();
                before[place].extend(more);
                has_grown |= before[place].len() > known;
            }
            if !has_grown {
                break;
            }
        }
        (0..before.len()).all(|place| !before[place].contains(&place)).then_some(before)
    }

    /// The causal past: sessions and reads.
    pub(crate) fn causes(&self) -> Option<Before> {
        self.close(&[self.session_pairs(), self.read_pairs()].concat())
    }

    /// Whether what `reader` read is what the last writer among `sequence` before it left, or nothing.
    pub(crate) fn is_legal(&self, sequence: &[usize], reader: usize) -> bool {
        let end = sequence.iter().position(|place| *place == reader).expect("it is there");
        self.reads.iter().filter(|(who, ..)| *who == reader).all(|(_, key, source)| {
            sequence[..end].iter().rev().find(|place| self.writes(**place, *key)).copied() == *source
        })
    }
}

/// Whether `check` holds of some total order of `members` that keeps `before`.
pub(crate) fn any_order(
    members: &BTreeSet<usize>,
    before: &Before,
    check: &mut impl FnMut(&[usize]) -> bool,
) -> bool {
    fn extend(
        left: &BTreeSet<usize>,
        before: &Before,
        order: &mut Vec<usize>,
        check: &mut impl FnMut(&[usize]) -> bool,
    ) -> bool {
        if left.is_empty() {
            return check(order);
        }
        left.iter().filter(|place| before[**place].is_disjoint(left)).any(|place| {
            let mut rest = left.clone();
            rest.remove(place);
            order.push(*place);
            let is_found = extend(&rest, before, order, check);
            order.pop();
            is_found
        })
    }
    extend(members, before, &mut Vec::new(), check)
}

/// Causal consistency, as Bouajjani et al. define CC: for each transaction some order of its past explains it.
pub(crate) fn causal(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let Some(causes) = world.causes() else { return false };
        (0..world.ids.len()).all(|place| {
            let mut members = causes[place].clone();
            members.insert(place);
            any_order(&members, &causes, &mut |order| world.is_legal(order, place))
        })
    })
}

/// Causal memory, CM: for each transaction some order of its past explains all that its session read so far.
pub(crate) fn causal_memory(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let Some(causes) = world.causes() else { return false };
        (0..world.ids.len()).all(|place| {
            let mut members = causes[place].clone();
            members.insert(place);
            let own: Vec<usize> =
                members.iter().copied().filter(|other| world.is_same(*other, place)).collect();
            any_order(&members, &causes, &mut |order| own.iter().all(|reader| world.is_legal(order, *reader)))
        })
    })
}

/// PRAM: for each session some order of all there is, keeping that of sessions, explains all that it read.
pub(crate) fn pram(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let Some(before) = world.close(&world.session_pairs()) else { return false };
        let members: BTreeSet<usize> = (0..world.ids.len()).collect();
        (0..world.ids.len()).all(|place| {
            let own: Vec<usize> =
                members.iter().copied().filter(|other| world.is_same(*other, place)).collect();
            any_order(&members, &before, &mut |order| own.iter().all(|reader| world.is_legal(order, *reader)))
        })
    })
}

/// Causal convergence, CCv: one order of all, keeping causes, explains each transaction within its past.
pub(crate) fn causal_convergence(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let Some(causes) = world.causes() else { return false };
        let members: BTreeSet<usize> = (0..world.ids.len()).collect();
        any_order(&members, &causes, &mut |order| {
            (0..world.ids.len()).all(|place| {
                let past = order.iter().filter(|other| **other == place || causes[place].contains(*other));
                let past: Vec<usize> = past.copied().collect();
                world.is_legal(&past, place)
            })
        })
    })
}

/// A set of session guarantees: the least knowledge that they give, and one order of all writes that it leads to.
pub(crate) fn guarantees(set: Guarantees, sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let count = world.ids.len();
        let known = world.known(set);
        let is_writer: Vec<bool> =
            (0..count).map(|place| world.keys().any(|key| world.writes(place, key))).collect();
        let mut pairs = world.session_pairs();
        if set.has(Guarantee::WritesFollowReads) {
            pairs.extend(world.read_pairs().into_iter().flat_map(|(source, reader)| {
                (reader..count)
                    .filter(move |late| world.is_same(reader, *late))
                    .map(move |late| (source, late))
            }));
        }
        pairs.retain(|(one, other)| is_writer[*one] && is_writer[*other]);
        let Some(before) = world.close(&pairs) else { return false };
        let writers: BTreeSet<usize> = (0..count).filter(|place| is_writer[*place]).collect();
        any_order(&writers, &before, &mut |order| {
            world.reads.iter().all(|(reader, key, source)| {
                let knows = |place: &&usize| known.contains(&(**place, *reader));
                order.iter().filter(knows).rfind(|place| world.writes(**place, *key)).copied() == *source
            })
        })
    })
}

/// Strong convergence: no causes in a circle, and whoever has the same writes of a key in its past is shown the same.
pub(crate) fn strong_convergence(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let Some(causes) = world.causes() else { return false };
        let known = |reader: usize, key: Key| -> Vec<usize> {
            causes[reader].iter().copied().filter(|place| world.writes(*place, key)).collect()
        };
        world.reads.iter().all(|(one, key, shown)| {
            let same = world
                .reads
                .iter()
                .filter(|(other, of, _)| of == key && known(*one, *key) == known(*other, *key));
            let value = |shown: &Option<usize>| shown.map_or(Value::NOTHING, |place| world.left(place, *key));
            same.clone().all(|(.., other)| value(other) == value(shown))
        })
    })
}
