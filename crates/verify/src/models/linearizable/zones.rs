//! Registers whose written values are all different: judged by zones, without a search.

use constellation_trace::{Act, Key, Outcome, Sessions, Transaction, TransactionId, Value};

use crate::models::finding::{Anomaly, Edge, Stop, Why, key_name, transaction_name};
use crate::models::patience::Patience;
use crate::models::weakness::Weakness;

/// No write: the value was there at first.
const INITIAL: u32 = u32::MAX;

/// A write and the reads of its value, which in any order stand together.
///
/// The initial value is before all, whatever its times say. It must be before another one if its first end is before the
/// other's last beginning; so no order exists if two must be before each other, and else one does (Gibbons and Korach 1997:
/// no forward zones overlap, and none has a backward zone inside; here that is one condition).
#[derive(Clone, Copy)]
struct Cluster {
    value: Value,
    writer: u32,
    key: u32,
    /// When the first of it was over: the first end; the last time of all if none is, since that is before nothing either.
    first_end: u64,
    /// When the last of it began.
    last_begin: u64,
    /// When its write began.
    written: u64,
}

/// Judges those keys for which `is_chosen`, all of whose transactions are single reads and writes, by real time. The answer
/// is those of them that only a search can judge, since a read shows what two writes wrote.
///
/// O(n log n): values are sorted, then ends. A write that is open counts if its value is read; it is over when a read of it is,
/// at the latest.
pub(super) fn judge(
    sessions: &Sessions,
    is_chosen: &[bool],
    patience: &mut Patience<'_>,
) -> Result<Vec<Key>, Stop> {
    patience.afford(sessions.len(), size_of::<Cluster>())?;
    patience.step(sessions.len() as u64)?;
    let mut zones = Zones::of(sessions, is_chosen, patience);
    let mut searched = vec![false; is_chosen.len()];
    let mut near = vec![0; is_chosen.len()];
    for id in sessions.ids() {
        let [access] = sessions.accesses(id) else { continue };
        let transaction = sessions.transaction(id);
        let is_read = access.act == Act::Read && transaction.outcome == Outcome::Committed;
        let is_ignored = access.value == Value::NOTHING && patience.forgets(Weakness::InitialValues);
        if !is_read || !is_chosen[access.key.index()] || is_ignored {
            continue;
        }
        match zones.find(access.key, access.value, &mut near[access.key.index()]) {
            Found::None => return Err(unwritten(sessions, id).into()),
            Found::Several => searched[access.key.index()] = true,
            Found::One(place) => {
                let cluster = &mut zones.clusters[place];
                let [begin, end] = interval(transaction, patience);
                if !patience.forgets(Weakness::Reads) {
                    if end < cluster.written && !searched[access.key.index()] {
                        return Err(unborn(sessions, id, cluster).into());
                    }
                    cluster.first_end = cluster.first_end.min(end);
                }
                if !patience.forgets(Weakness::ReadBefore) {
                    cluster.last_begin = cluster.last_begin.max(begin);
                }
            }
        }
    }
    patience.step(sessions.len() as u64)?;
    for key in 0..is_chosen.len() {
        if is_chosen[key]
            && !searched[key]
            && let Some((one, other)) = crossing(zones.group(key))
        {
            return Err(crossed(sessions, [one, other]).into());
        }
    }
    patience.release(sessions.len(), size_of::<Cluster>());
    let keys = (0..).zip(searched).filter(|(_, is_searched)| *is_searched);
    Ok(keys.map(|(key, _)| Key::new(key)).collect())
}

/// When a transaction began and ended.
fn interval(transaction: Transaction, patience: &Patience<'_>) -> [u64; 2] {
    if patience.forgets(Weakness::RealTime) {
        return [0, u64::MAX];
    }
    [transaction.invoked, transaction.returned]
}

/// All clusters, grouped by key and sorted by value; each group ends with that of the initial value.
struct Zones {
    starts: Vec<u32>,
    clusters: Vec<Cluster>,
}

/// Which writes wrote a value.
enum Found {
    None,
    One(usize),
    Several,
}

impl Zones {
    fn of(sessions: &Sessions, is_chosen: &[bool], patience: &Patience<'_>) -> Zones {
        let keys = is_chosen.len();
        let is_failed = patience.forgets(Weakness::Unknown);
        let writes = || {
            sessions.ids().filter_map(|id| {
                let [access] = sessions.accesses(id) else { return None };
                let transaction = sessions.transaction(id);
                let has_failed = transaction.outcome == Outcome::Aborted
                    || is_failed && transaction.outcome == Outcome::Unknown;
                let counts = access.act == Act::Write && !has_failed;
                (counts && is_chosen[access.key.index()]).then_some((id, transaction, access))
            })
        };
        let mut starts = vec![0_u32; keys + 1];
        writes().for_each(|(_, _, access)| starts[access.key.index() + 1] += 1);
        // Each group has one more, which cannot wrap: keys and transactions have numbers of 32 bits, memory is less.
        (0..keys).for_each(|key| starts[key + 1] += starts[key] + 1);
        let initial = Cluster {
            value: Value::NOTHING,
            writer: INITIAL,
            key: 0,
            first_end: 0,
            last_begin: 0,
            written: 0,
        };
        let mut clusters = vec![initial; starts[keys] as usize];
        let mut next = starts.clone();
        for (id, transaction, access) in writes() {
            let [begin, end] = interval(transaction, patience);
            let is_open = transaction.outcome == Outcome::Unknown;
            clusters[next[access.key.index()] as usize] = Cluster {
                value: access.value,
                writer: id.number(),
                key: 0,
                first_end: if is_open { u64::MAX } else { end },
                last_begin: begin,
                written: begin,
            };
            next[access.key.index()] += 1;
        }
        let mut zones = Zones { starts, clusters };
        for key in 0..keys {
            let group = zones.group(key);
            // Values mostly rise as they are recorded, which this sort notices.
            group.sort_by_key(|cluster| cluster.value);
            group.iter_mut().for_each(|cluster| cluster.key = key as u32);
        }
        zones
    }

    fn group(&mut self, key: usize) -> &mut [Cluster] {
        &mut self.clusters[self.starts[key] as usize..self.starts[key + 1] as usize]
    }

    /// Looks first where the last one of the key was found, which is kept in `near`: reads mostly show what is new.
    fn find(&self, key: Key, value: Value, near: &mut usize) -> Found {
        let start = self.starts[key.index()] as usize;
        let group = &self.clusters[start..self.starts[key.index() + 1] as usize];
        let place = first_from(*near, group.len(), |place| group[place].value >= value);
        *near = place;
        match &group[place..] {
            [first, second, ..] if first.value == value && second.value == value => Found::Several,
            [first, ..] if first.value == value => Found::One(start + place),
            _ => Found::None,
        }
    }
}

/// The first place for which `is_beyond`, as all after it are, or `count`: in steps that double, from `near` on (Bentley and
/// Yao 1976). O(log of how far it is).
fn first_from(near: usize, count: usize, is_beyond: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut until) = (near.min(count), near.min(count));
    let mut step = 1;
    if from < count && !is_beyond(from) {
        // All before `from` are not beyond.
        while until < count && !is_beyond(until) {
            from = until + 1;
            until = from.saturating_add(step).min(count);
            step *= 2;
        }
    } else {
        // Whatever is at `until` is beyond, or the end.
        while from > 0 && is_beyond(from - 1) {
            until = from - 1;
            from = until.saturating_sub(step);
            step *= 2;
        }
    }
    while from < until {
        let middle = from.midpoint(until);
        if is_beyond(middle) { until = middle } else { from = middle + 1 }
    }
    until
}

/// Two clusters of one key of which each must be before the other: of several such pairs the one that is over first. Only
/// those are sorted that are over before their last begins, which mostly are few.
fn crossing(group: &[Cluster]) -> Option<(Cluster, Cluster)> {
    let is_forward = |cluster: &Cluster| cluster.over() < Some(cluster.last_begin);
    let forward = || (0_u32..).zip(group).filter(|(_, cluster)| cluster.counts() && is_forward(cluster));
    let mut spans: Vec<(Option<u64>, u32, u64)> =
        forward().map(|(place, cluster)| (cluster.over(), place, cluster.last_begin)).collect();
    spans.sort_unstable();
    let cluster = |place: u32| group[place as usize];
    // As long as those seen do not overlap the last of them ends last.
    if let Some(pair) = spans.windows(2).find(|pair| pair[1].0 < Some(pair[0].2)) {
        return Some((cluster(pair[0].1), cluster(pair[1].1)));
    }
    let crossed =
        group.iter().filter(|cluster| cluster.counts() && !is_forward(cluster)).filter_map(|cluster| {
            let after = spans.partition_point(|(first_end, ..)| *first_end < Some(cluster.last_begin));
            let (_, place, last_begin) = *spans[..after].last()?;
            (cluster.over() < Some(last_begin)).then_some((place, *cluster))
        });
    let (place, backward) = crossed.min_by_key(|(_, cluster)| cluster.over())?;
    Some((cluster(place), backward))
}

impl Cluster {
    /// The first end; `None`, which is before all, of the initial value.
    fn over(&self) -> Option<u64> {
        (self.writer != INITIAL).then_some(self.first_end)
    }

    /// Whether it may have to be before another one: it need not if only an open write wrote it, that nobody read.
    fn counts(&self) -> bool {
        self.first_end < u64::MAX
    }
}

/// A read of what nobody wrote.
fn unwritten(sessions: &Sessions, reader: TransactionId) -> Anomaly {
    let [access] = sessions.accesses(reader) else { unreachable!("it is a single read") };
    let aborted = sessions.ids().find(|id| {
        sessions
            .accesses(*id)
            .iter()
            .any(|other| (other.act, other.key, other.value) == (Act::Write, access.key, access.value))
    });
    let why =
        if aborted.is_some() { "which only an aborted transaction wrote" } else { "which nobody wrote" };
    let name = transaction_name(sessions, reader);
    let (key, value) = (key_name(sessions, access.key), sessions.show_value(access.value));
    Anomaly::plain(format!("{name} reads {key} = {value}, {why}"), aborted.into_iter().chain([reader]))
}

/// A read that was over before the write of its value began.
fn unborn(sessions: &Sessions, reader: TransactionId, cluster: &Cluster) -> Anomaly {
    let writer = TransactionId::new(cluster.writer);
    let names = [reader, writer].map(|id| transaction_name(sessions, id));
    let found = format!("{} was over before {} began, whose value it reads", names[0], names[1]);
    let read_from = Why::ReadFrom { key: Key::new(cluster.key) };
    let edges = vec![
        Edge { from: reader, to: writer, why: Why::RealTime },
        Edge { from: writer, to: reader, why: read_from },
    ];
    Anomaly::cycle(found, edges, Vec::new())
}

/// Which operation of a cluster was over first, and which began last.
struct Ends {
    cluster: Cluster,
    first: TransactionId,
    last: TransactionId,
}

impl Ends {
    fn of(sessions: &Sessions, cluster: Cluster) -> Ends {
        let members = || {
            sessions.ids().filter(|id| {
                let [access] = sessions.accesses(*id) else { return false };
                let is_value = access.key.number() == cluster.key && access.value == cluster.value;
                let is_read =
                    access.act == Act::Read && sessions.transaction(*id).outcome == Outcome::Committed;
                is_value && (is_read || id.number() == cluster.writer)
            })
        };
        let returned = |id: &TransactionId| match sessions.transaction(*id) {
            transaction if transaction.outcome == Outcome::Unknown => u64::MAX,
            transaction => transaction.returned,
        };
        let first = members().min_by_key(returned).expect("it has a write or a read");
        let last =
            members().max_by_key(|id| (sessions.transaction(*id).invoked, *id)).expect("so it has a last");
        Ends { cluster, first, last }
    }

    fn writer(&self) -> Option<TransactionId> {
        (self.cluster.writer != INITIAL).then_some(TransactionId::new(self.cluster.writer))
    }

    /// From the write of this over the first that was over to the last that began of the other.
    fn path(&self, other: &Ends) -> Vec<Edge> {
        let mut path = Vec::new();
        if let Some(writer) = self.writer().filter(|writer| *writer != self.first) {
            let why = Why::ReadFrom { key: Key::new(self.cluster.key) };
            path.push(Edge { from: writer, to: self.first, why });
        }
        path.push(Edge { from: self.first, to: other.last, why: Why::RealTime });
        path
    }
}

/// Two clusters of which each must be before the other.
fn crossed(sessions: &Sessions, pair: [Cluster; 2]) -> Anomaly {
    let [mut old, mut new] = pair.map(|cluster| Ends::of(sessions, cluster));
    // The last of one of them is a read: were both writes, each would have begun after the other's first end.
    if old.writer() == Some(old.last) || new.writer().is_none() {
        std::mem::swap(&mut old, &mut new);
    }
    let key = Key::new(old.cluster.key);
    let writer = new.writer().expect("only one of them is the initial value");
    let mut edges = new.path(&old);
    edges.push(Edge { from: old.last, to: writer, why: Why::ReadBefore { key } });
    let mut grounds = Vec::new();
    if let Some(older) = old.writer() {
        grounds = old.path(&new);
        if new.last != writer {
            let why = Why::WrittenBefore { key, reader: new.last };
            grounds.push(Edge { from: older, to: writer, why });
        }
    }
    let [late, writer] = [old.last, writer].map(|id| transaction_name(sessions, id));
    let what = match old.writer() {
        None => "the initial value".to_owned(),
        Some(older) => format!("that of {}", transaction_name(sessions, older)),
    };
    let key = key_name(sessions, key);
    Anomaly::cycle(
        format!("{late} reads as {key} {what}, which {writer} had overwritten before it began"),
        edges,
        grounds,
    )
}
