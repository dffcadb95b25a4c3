//! The slow obvious twins of models of transactions: the axioms of Biswas and Enea (2019), over all orders of commits.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Act, Key, Outcome, Sessions, Timing, TransactionId, Value};

/// A history with a choice of which transactions count, and of whom each read is.
pub(crate) struct World<'a> {
    pub(crate) sessions: &'a Sessions,
    pub(crate) ids: Vec<TransactionId>,
    /// For each transaction its reads of others' writes in its order: which key, and whose value; `None` is the initial one.
    pub(crate) reads: Vec<Vec<(Key, Option<usize>)>>,
}

/// Pairs by place in `ids`: the first comes before the second.
pub(crate) type Pairs = BTreeSet<(usize, usize)>;

/// What a read of `reader`, the so-manyeth there, must not be older than: whether the first is one that it knows of.
type Phi<'a> = &'a dyn Fn(usize, (usize, usize), &[usize]) -> bool;

impl<'a> World<'a> {
    /// Whether `check` holds of some choice. Nobody writes the initial value here.
    pub(crate) fn any(sessions: &'a Sessions, check: impl Fn(&World<'a>) -> bool) -> bool {
        let with = |outcome| sessions.ids().filter(move |id| sessions.transaction(*id).outcome == outcome);
        let unknown: Vec<_> = with(Outcome::Unknown).collect();
        (0..1_u32 << unknown.len()).any(|mask| {
            let chosen = unknown.iter().enumerate().filter(|(nth, _)| mask >> nth & 1 == 1);
            let mut ids: Vec<_> = with(Outcome::Committed).chain(chosen.map(|(_, id)| *id)).collect();
            ids.sort_unstable();
            let mut world = World { sessions, ids, reads: Vec::new() };
            let options: Option<Vec<_>> = (0..world.ids.len()).map(|place| world.options(place)).collect();
            options.is_some_and(|options| {
                world.reads = options
                    .iter()
                    .map(|reads| reads.iter().map(|(key, writers)| (*key, writers[0])).collect())
                    .collect();
                let reads = options.iter().enumerate().flat_map(|(place, reads)| {
                    reads.iter().enumerate().map(move |(nth, (_, writers))| (place, nth, &writers[..]))
                });
                let open: Vec<_> = reads.filter(|(.., writers)| writers.len() > 1).collect();
                world.assign(&open, &check)
            })
        })
    }

    /// Tries each writer for each read that several explain.
    fn assign(
        &mut self,
        open: &[(usize, usize, &[Option<usize>])],
        check: &impl Fn(&World<'a>) -> bool,
    ) -> bool {
        let Some((&(place, nth, writers), rest)) = open.split_first() else { return check(self) };
        writers.iter().any(|writer| {
            self.reads[place][nth].1 = *writer;
            self.assign(rest, check)
        })
    }

    /// For each read of others' writes who may have written it; `None` where a read is not of its own write, or of nobody's.
    fn options(&self, place: usize) -> Option<Vec<(Key, Vec<Option<usize>>)>> {
        let mut own: BTreeMap<Key, Value> = BTreeMap::new();
        let mut reads = Vec::new();
        for access in self.sessions.accesses(self.ids[place]) {
            match (access.act, own.get(&access.key)) {
                (Act::Write, _) => drop(own.insert(access.key, access.value)),
                (_, Some(value)) if *value == access.value => {}
                (_, Some(_)) => return None,
                (_, None) if access.value == Value::NOTHING => reads.push((access.key, vec![None])),
                (_, None) => {
                    let others = (0..self.ids.len()).filter(|other| *other != place);
                    let same = others.filter(|other| self.leaves(*other, access.key) == Some(access.value));
                    let writers: Vec<_> = same.map(Some).collect();
                    if writers.is_empty() {
                        return None;
                    }
                    reads.push((access.key, writers));
                }
            }
        }
        Some(reads)
    }

    fn leaves(&self, place: usize, key: Key) -> Option<Value> {
        let mut accesses = self.sessions.accesses(self.ids[place]).iter().rev();
        accesses.find(|access| access.act == Act::Write && access.key == key).map(|access| access.value)
    }

    pub(crate) fn writes(&self, place: usize, key: Key) -> bool {
        self.leaves(place, key).is_some()
    }

    fn places(&self) -> std::ops::Range<usize> {
        0..self.ids.len()
    }

    fn pairs(&self, is_before: impl Fn(usize, usize) -> bool) -> Pairs {
        let pairs = self.places().flat_map(|one| self.places().map(move |other| (one, other)));
        pairs.filter(|(one, other)| one != other && is_before(*one, *other)).collect()
    }

    fn so(&self) -> Pairs {
        let session = |place: usize| self.sessions.transaction(self.ids[place]).session;
        self.pairs(|one, other| one < other && session(one) == session(other))
    }

    fn wr(&self) -> Pairs {
        // Whoever reads from itself in a circle is found by the order, not here.
        self.pairs(|one, other| self.reads[other].iter().any(|(_, source)| *source == Some(one)))
    }

    fn rt(&self) -> Pairs {
        self.pairs(|one, other| {
            let [early, late] = [one, other].map(|place| self.sessions.transaction(self.ids[place]));
            early.outcome == Outcome::Committed && early.is_before(&late)
        })
    }

    /// Whether some total order of commits contains `kept`, and for every read of `t3` from `t2` each other writer `t1` of the
    /// key with `phi` comes before `t2`.
    fn commits(&self, kept: &Pairs, phi: Phi<'_>) -> bool {
        any_order(self.ids.len(), kept, &mut |order| {
            self.places().all(|reader| {
                self.reads[reader].iter().enumerate().all(|(nth, (key, source))| {
                    let mut others =
                        self.places().filter(|other| Some(*other) != *source && self.writes(*other, *key));
                    others.all(|other| {
                        let comes_before =
                            source.is_some_and(|source| position(order, other) < position(order, source));
                        comes_before || !phi(other, (reader, nth), order)
                    })
                })
            })
        })
    }
}

fn position(order: &[usize], place: usize) -> usize {
    order.iter().position(|other| *other == place).expect("it is a total order")
}

fn any_order(count: usize, kept: &Pairs, check: &mut impl FnMut(&[usize]) -> bool) -> bool {
    fn extend(
        count: usize,
        kept: &Pairs,
        order: &mut Vec<usize>,
        check: &mut impl FnMut(&[usize]) -> bool,
    ) -> bool {
        if order.len() == count {
            return check(order);
        }
        (0..count).any(|place| {
            let is_free = !order.contains(&place)
                && kept.iter().all(|(one, other)| *other != place || order.contains(one));
            is_free && {
                order.push(place);
                let is_found = extend(count, kept, order, check);
                order.pop();
                is_found
            }
        })
    }
    extend(count, kept, &mut Vec::new(), check)
}

fn closed(mut pairs: Pairs) -> Pairs {
    loop {
        let more: Vec<_> = pairs
            .iter()
            .flat_map(|(one, mid)| pairs.range((*mid, 0)..(mid + 1, 0)).map(|(_, other)| (*one, *other)))
            .collect();
        let count = pairs.len();
        pairs.extend(more);
        if pairs.len() == count {
            return pairs;
        }
    }
}

fn both(one: &Pairs, other: &Pairs) -> Pairs {
    one.union(other).copied().collect()
}

/// Adya's PL-2 where versions are not recorded: some order of each key's writers has no cycle with reads, so reads have none.
pub(crate) fn adya_pl2(sessions: &Sessions) -> bool {
    World::any(sessions, |world| any_order(world.ids.len(), &world.wr(), &mut |_| true))
}

/// RC: what was read from earlier in the transaction.
pub(crate) fn read_committed(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        world.commits(&both(&world.so(), &world.wr()), &|one, (reader, nth), _| {
            world.reads[reader][..nth].iter().any(|(_, source)| *source == Some(one))
        })
    })
}

/// RA: one step of session or read.
pub(crate) fn read_atomic(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let step = both(&world.so(), &world.wr());
        world.commits(&step, &|one, (reader, _), _| step.contains(&(one, reader)))
    })
}

/// TCC: any number of steps.
pub(crate) fn transactional_causal(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let causes = closed(both(&world.so(), &world.wr()));
        world.commits(&causes, &|one, (reader, _), _| causes.contains(&(one, reader)))
    })
}

/// PSI (Cerone, Bernardi and Gotsman 2015): whoever wrote a key sees the earlier writers of it, sight is transitive, and
/// each read shows the last write in sight. For every order of each key's writers the least such sight is tried.
pub(crate) fn parallel_snapshot(sessions: &Sessions) -> bool {
    World::any(sessions, |world| {
        let causes = both(&world.so(), &world.wr());
        any_order(world.ids.len(), &causes, &mut |order| {
            let of_key = |one: usize, other: usize| {
                let mut keys = (0..world.sessions.keys().len()).map(|key| Key::new(key as u32));
                keys.any(|key| world.writes(one, key) && world.writes(other, key))
            };
            let ww =
                world.pairs(|one, other| position(order, one) < position(order, other) && of_key(one, other));
            let sight = closed(both(&causes, &ww));
            world.places().all(|reader| {
                world.reads[reader].iter().all(|(key, source)| {
                    let seen = world.places().filter(|other| {
                        Some(*other) != *source
                            && world.writes(*other, *key)
                            && sight.contains(&(*other, reader))
                    });
                    seen.into_iter().all(|other| {
                        source.is_some_and(|source| position(order, other) < position(order, source))
                    })
                })
            })
        })
    })
}

/// Which orders beyond that of reads a form of a model keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keeps {
    Nothing,
    Sessions,
    RealTime,
}

impl Keeps {
    pub(crate) fn pairs(self, world: &World<'_>) -> Pairs {
        match self {
            Keeps::Nothing => Pairs::new(),
            Keeps::Sessions => world.so(),
            Keeps::RealTime => both(&world.so(), &world.rt()),
        }
    }
}

/// PC: some prefix of the commits, which what one read from and its session belong to.
pub(crate) fn prefix(sessions: &Sessions) -> bool {
    World::any(sessions, |world| snapshot(world, Keeps::Sessions, &|_, _, _| false))
}

/// SI in its three forms: prefix, and conflict: who writes a key has seen all before the earlier writers of it.
pub(crate) fn snapshot_isolation(sessions: &Sessions, keeps: Keeps) -> bool {
    World::any(sessions, |world| {
        snapshot(world, keeps, &|one, (reader, _), order| {
            let of_key = |mid: usize| {
                let mut keys = (0..world.sessions.keys().len()).map(|key| Key::new(key as u32));
                keys.any(|key| world.writes(mid, key) && world.writes(reader, key))
            };
            let mut mids = world.places().filter(|mid| {
                position(order, one) <= position(order, *mid)
                    && position(order, *mid) < position(order, reader)
            });
            mids.any(of_key)
        })
    })
}

fn snapshot(world: &World<'_>, keeps: Keeps, or: Phi<'_>) -> bool {
    let step = both(&keeps.pairs(world), &world.wr());
    world.commits(&step, &|one, read, order| {
        let mut seen = world.places().filter(|mid| step.contains(&(*mid, read.0)));
        seen.any(|mid| position(order, one) <= position(order, mid)) || or(one, read, order)
    })
}

/// SER in its three forms: all that committed before.
pub(crate) fn serializable(sessions: &Sessions, keeps: Keeps) -> bool {
    World::any(sessions, |world| {
        let step = both(&keeps.pairs(world), &world.wr());
        world.commits(&step, &|one, (reader, _), order| position(order, one) < position(order, reader))
    })
}

/// Whether the times of transactions are known: else nobody can ask for real time.
pub(crate) fn is_timed(sessions: &Sessions) -> bool {
    sessions.timing() == Timing::Recorded
}
