//! What an anomaly is an example of: by the reasons of its cycle, or by what its operations read and wrote.

use constellation_trace::{Access, Act, Key, Outcome, Sessions, TransactionId, Value};

use crate::models::finding::{Anomaly, Edge, Why};

/// What is typical of an anomaly, so that what is famous is told of that only which has it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Shape {
    /// A read does not see a write that was over before it began.
    StaleRead,
    /// A read was over before the write of what it shows began.
    Foresight,
    /// What was over before something else began must come after it.
    RealTime,
    /// A session does not see its own write.
    OwnWrite,
    /// What comes first in a session must come after what comes later there, which is more than its own write forgotten.
    Session,
    /// Each of two transactions reads before the write of the other, of another key.
    WriteSkew,
    /// Two anti-dependencies in a row: one reads before the write of the next, and that before the write of a third.
    TwoInARow,
    /// Two readers see two writes in two orders.
    LongFork,
    /// Each of two writers reads before the write of the other.
    StoreBuffering,
    /// Two read the same of one key and both write it.
    LostUpdate,
    /// A write is known by way of another key, and not seen.
    Cause,
    /// A write was seen, and then is not seen.
    BackToThePast,
    /// Of one transaction a write is seen, and another is not.
    Fractured,
    /// Two sessions say of two writes each that another one is the later.
    TwoOrders,
    /// A session reads its own write again, after another one that it should count as later.
    Overruled,
    /// One session has seen or written one value, reads another, and then the first again.
    BackAndForth,
    /// More than one key has part in it.
    SeveralKeys,
}

impl Shape {
    /// Whether an anomaly of these sessions has it. O(named accesses squared).
    pub fn is_of(self, sessions: &Sessions, anomaly: &Anomaly) -> bool {
        let seen = Seen { sessions, anomaly };
        match self {
            Shape::StaleRead => {
                if anomaly.edges.is_empty() {
                    seen.is_stale()
                } else {
                    seen.has_time() && seen.misses() > 0
                }
            }
            Shape::Foresight => seen.has_time() && seen.misses() == 0 && seen.reads() > 0,
            Shape::RealTime => seen.has_time() || anomaly.edges.is_empty(),
            Shape::OwnWrite => {
                seen.is_pair(|one, other| *one == Why::Session && matches!(other, Why::ReadBefore { .. }))
            }
            Shape::Session => {
                let is_in_session = anomaly.edges.iter().any(|edge| edge.why == Why::Session);
                is_in_session && !Shape::OwnWrite.is_of(sessions, anomaly)
            }
            Shape::WriteSkew => seen.is_pair(|one, other| match (missed(one), missed(other)) {
                (Some(key), Some(another)) => key != another,
                _ => false,
            }),
            Shape::TwoInARow => {
                let are_three = |one: &Edge, next: &Edge| one.from != next.to;
                seen.pairs().any(|(one, next)| {
                    are_three(one, next) && missed(&one.why).and(missed(&next.why)).is_some()
                })
            }
            Shape::LongFork => {
                seen.forks(|why| matches!(why, Why::ReadFrom { .. })) || seen.is_seen_in_two_orders()
            }
            Shape::StoreBuffering => seen.forks(|why| *why == Why::Session) || seen.is_buffered(),
            Shape::LostUpdate => seen.is_update_lost(),
            Shape::Cause => seen.is_known_by(|known, missed| known != missed),
            Shape::BackToThePast => {
                seen.is_known_by(|known, missed| known == missed)
                    && !seen.is_known_by(|known, missed| known != missed)
            }
            Shape::Fractured => seen.is_pair(|one, other| match (one, missed(other)) {
                (Why::ReadFrom { key }, Some(other)) => *key != other,
                _ => false,
            }),
            Shape::TwoOrders => seen.disagrees(),
            Shape::Overruled => seen.lines().any(|line| seen.is_overruled(&line)),
            Shape::BackAndForth => seen.lines().any(|line| is_back_and_forth(&line)),
            Shape::SeveralKeys => {
                let mut keys = seen.all().map(|(_, access)| access.key);
                keys.next().is_some_and(|first| keys.any(|key| key != first))
            }
        }
    }
}

/// The key of which an anti-dependency is.
const fn missed(why: &Why) -> Option<Key> {
    if let Why::ReadBefore { key } = why { Some(*key) } else { None }
}

struct Seen<'a> {
    sessions: &'a Sessions,
    anomaly: &'a Anomaly,
}

/// What one session did.
type Line<'a> = Vec<&'a Access>;

impl<'a> Seen<'a> {
    fn has_time(&self) -> bool {
        self.anomaly.edges.iter().any(|edge| edge.why == Why::RealTime)
    }

    fn misses(&self) -> usize {
        self.anomaly.edges.iter().filter(|edge| missed(&edge.why).is_some()).count()
    }

    fn reads(&self) -> usize {
        self.anomaly.edges.iter().filter(|edge| matches!(edge.why, Why::ReadFrom { .. })).count()
    }

    /// Each edge with the next, around the cycle.
    fn pairs(&self) -> impl Iterator<Item = (&'a Edge, &'a Edge)> + use<'a> {
        let edges = &self.anomaly.edges;
        edges.iter().zip(edges.iter().cycle().skip(1))
    }

    /// Whether the cycle has two edges, and these reasons in one order or the other.
    fn is_pair(&self, is_it: impl Fn(&Why, &Why) -> bool) -> bool {
        let [one, other] = &self.anomaly.edges[..] else { return false };
        is_it(&one.why, &other.why) || is_it(&other.why, &one.why)
    }

    /// Whether two anti-dependencies on two keys each follow upon such an edge.
    fn forks(&self, is_before: impl Fn(&Why) -> bool) -> bool {
        let keys = self.pairs().filter(|(before, _)| is_before(&before.why));
        let keys: Vec<Key> = keys.filter_map(|(_, edge)| missed(&edge.why)).collect();
        keys.iter().any(|key| *key != keys[0])
    }

    /// Whether a write is known by a read, and not seen; `is_it` gets the key of that read and of the write.
    fn is_known_by(&self, is_it: impl Fn(Key, Key) -> bool) -> bool {
        let edges = &self.anomaly.edges;
        let missed = edges.iter().filter_map(|edge| missed(&edge.why));
        let mut both = missed.flat_map(|missed| edges.iter().map(move |edge| (edge, missed)));
        both.any(|(edge, missed)| matches!(edge.why, Why::ReadFrom { key } if is_it(key, missed)))
    }

    fn disagrees(&self) -> bool {
        let readers = self.anomaly.edges.iter().filter_map(|edge| match edge.why {
            Why::WrittenBefore { reader, .. } => Some(self.sessions.transaction(reader).session),
            _ => None,
        });
        let readers: Vec<u32> = readers.collect();
        readers.iter().any(|reader| *reader != readers[0])
    }

    /// What the anomaly names, in the order of recording; what failed says nothing.
    fn named(&self) -> Vec<TransactionId> {
        let mut ids = self.anomaly.transactions.clone();
        ids.retain(|id| self.sessions.transaction(*id).outcome != Outcome::Aborted);
        ids.sort_unstable();
        ids
    }

    fn all(&self) -> impl Iterator<Item = (TransactionId, &'a Access)> + use<'a> {
        let sessions = self.sessions;
        self.named().into_iter().flat_map(|id| sessions.accesses(id).iter().map(move |access| (id, access)))
    }

    fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let named = self.named();
        let sessions = self.sessions;
        let mut numbers: Vec<u32> = named.iter().map(|id| sessions.transaction(*id).session).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(move |number| {
            let ids = named.iter().filter(|id| sessions.transaction(**id).session == number);
            ids.flat_map(|id| sessions.accesses(*id)).collect()
        })
    }

    /// Whether a read shows something else than a write of its key that was over before, and that wrote what nobody else did.
    fn is_stale(&self) -> bool {
        let all: Vec<_> = self.all().collect();
        all.iter().filter(|(_, read)| read.act == Act::Read).any(|(reader, read)| {
            let writes = all.iter().filter(|(_, write)| is_write(write) && write.key == read.key);
            writes.clone().any(|(writer, write)| {
                let [over, begun] = [writer, reader].map(|id| self.sessions.transaction(*id));
                over.is_before(&begun) && write.value != read.value
            }) && !writes.clone().any(|(writer, write)| {
                let [writer, reader] = [writer, reader].map(|id| self.sessions.transaction(*id));
                write.value == read.value && !writer.is_before(&reader)
            })
        })
    }

    fn is_update_lost(&self) -> bool {
        let first = |id: TransactionId, key: Key| {
            self.sessions
                .accesses(id)
                .iter()
                .find(|access| access.key == key)
                .filter(|access| is_read(access))
        };
        let updates: Vec<_> = self.all().filter(|(_, access)| is_write(access)).collect();
        let updates =
            updates.iter().filter_map(|(id, write)| Some((*id, write.key, first(*id, write.key)?.value)));
        let updates: Vec<(TransactionId, Key, Value)> = updates.collect();
        updates.iter().any(|(id, key, value)| {
            updates.iter().any(|(other, same, shown)| (same, shown) == (key, value) && other != id)
        })
    }

    /// Whether each of two sessions writes a key and then does not see what the other wrote to another.
    fn is_buffered(&self) -> bool {
        let lines: Vec<Line<'_>> = self.lines().collect();
        let misses = |line: &Line<'_>, other: &Line<'_>, own: Key, key: Key| {
            let written = line.iter().position(|access| is_write(access) && access.key == own);
            let rest = written.map_or(&[][..], |place| &line[place..]);
            rest.iter().any(|read| {
                let is_shown = other.iter().any(|write| is_write(write) && same(write, read));
                is_read(read) && read.key == key && !is_shown
            })
        };
        let keys = |line: &Line<'_>| -> Vec<Key> {
            line.iter().filter(|access| is_write(access)).map(|access| access.key).collect()
        };
        lines.iter().enumerate().any(|(nth, one)| {
            lines[nth + 1..].iter().any(|other| {
                let mut pairs =
                    keys(one).into_iter().flat_map(|x| keys(other).into_iter().map(move |y| (x, y)));
                pairs.any(|(x, y)| x != y && misses(one, other, x, y) && misses(other, one, y, x))
            })
        })
    }

    /// Whether two sessions see of two writes each another one and then not the other.
    fn is_seen_in_two_orders(&self) -> bool {
        let lines: Vec<Line<'_>> = self.lines().collect();
        // Of two reads of one session what the first shows and what the second does not.
        let sights = lines.iter().enumerate().flat_map(|(nth, line)| {
            let reads: Vec<&Access> = line.iter().copied().filter(|access| is_read(access)).collect();
            let pairs =
                (0..reads.len()).flat_map(|one| (one + 1..reads.len()).map(move |other| (one, other)));
            let sights: Vec<_> = pairs.map(|(one, other)| (nth, *reads[one], *reads[other])).collect();
            sights
        });
        let sights: Vec<(usize, Access, Access)> = sights.collect();
        let is_written = |read: &Access| self.all().any(|(_, write)| is_write(write) && same(write, read));
        sights.iter().any(|(nth, one, then)| {
            sights.iter().any(|(other, two, after)| {
                let crosses = one.key == after.key && two.key == then.key && one.key != two.key;
                let differs = one.value != after.value && two.value != then.value;
                nth != other && crosses && differs && is_written(one) && is_written(two)
            })
        })
    }

    fn is_overruled(&self, line: &Line<'a>) -> bool {
        line.iter().enumerate().filter(|(_, access)| is_write(access)).any(|(place, write)| {
            let is_read_back = line[place + 1..].iter().any(|read| is_read(read) && same(write, read));
            let others = self.all().filter(|(_, other)| is_write(other) && other.key == write.key);
            is_read_back && others.count() > 1
        })
    }
}

fn is_back_and_forth(line: &Line<'_>) -> bool {
    line.iter().enumerate().any(|(nth, one)| {
        let rest = line[nth + 1..].iter().filter(|read| is_read(read) && read.key == one.key);
        let changed = rest.clone().position(|read| read.value != one.value);
        changed.is_some_and(|place| rest.clone().skip(place).any(|read| read.value == one.value))
    })
}

fn same(one: &Access, other: &Access) -> bool {
    (one.key, one.value) == (other.key, other.value)
}

const fn is_write(access: &Access) -> bool {
    matches!(access.act, Act::Write)
}

const fn is_read(access: &Access) -> bool {
    matches!(access.act, Act::Read)
}
