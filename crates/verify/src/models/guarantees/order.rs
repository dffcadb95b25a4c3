//! Whether the writes have one order that keeps sessions and puts each write that is shown after all that is known.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Key, Limit, TransactionId};

use super::{Guarantee, Guarantees, Observed, Patience, Stop};
use crate::models::finding::{Anomaly, Edge, Why};
use crate::models::past::edge;

/// What must be before something: a write, or all those of a list up to an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// This transaction.
    Write(u32),
    /// The write of this entry, and those of the entries before it in its list.
    Entry(usize),
}

/// What is forced besides sessions: writes before writes. Entries of lists are nodes of their own, so that a long list
/// before many reads takes no more than both together.
pub(super) struct Forced {
    writes: u32,
    entries: Vec<u32>,
    steps: Vec<Step>,
}

/// An edge of the graph.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: u32,
    to: u32,
    why: Cause,
}

#[derive(Clone, Copy, Debug)]
enum Cause {
    Session,
    Read(Key),
    /// This read knows of the first and shows the second.
    Shown(u32, Key),
    /// To an entry of a list, which only stands for writes.
    Entry,
}

impl Forced {
    /// Nothing yet, with one entry for each of these writes.
    pub(super) fn new(observed: &Observed<'_>, entries: Vec<u32>) -> Forced {
        let writes = u32::try_from(observed.places.len()).expect("transactions are numbered by 32 bits");
        Forced { writes, entries, steps: Vec::new() }
    }

    /// An entry, and the one before it in its list.
    pub(super) fn link(&mut self, entry: usize, before: Option<usize>) {
        let to = self.node(Node::Entry(entry));
        self.steps.push(Step { from: self.entries[entry], to, why: Cause::Entry });
        if let Some(before) = before {
            self.steps.push(Step { from: self.node(Node::Entry(before)), to, why: Cause::Entry });
        }
    }

    /// `early` must be before `late`, which `reader` shows though it knows of `early`.
    pub(super) fn add(&mut self, early: Node, late: u32, reader: u32, key: Key) {
        self.steps.push(Step { from: self.node(early), to: late, why: Cause::Shown(reader, key) });
    }

    fn node(&self, node: Node) -> u32 {
        match node {
            Node::Write(id) => id,
            Node::Entry(entry) => self.writes + u32::try_from(entry).expect("as few as accesses"),
        }
    }
}

/// Looks for a cycle. O(edges).
pub(super) fn check(
    set: Guarantees,
    observed: &Observed<'_>,
    forced: &Forced,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let nodes = forced.writes as usize + forced.entries.len();
    let steps = all_steps(set, observed, forced);
    patience.afford(steps.len(), size_of::<Step>() + size_of::<u32>())?;
    let Some(cycle) = find_cycle(nodes, &steps, patience)? else { return Ok(()) };
    let mut edges: Vec<Edge> = Vec::new();
    // Begin at a write, so that a list stands between two.
    let start =
        cycle.iter().position(|step| step.from < forced.writes).expect("lists are no cycle by themselves");
    let mut from = cycle[start].from;
    for step in cycle[start..].iter().chain(&cycle[..start]) {
        let why = match step.why {
            Cause::Entry => continue,
            Cause::Session => Why::Session,
            Cause::Read(key) => Why::ReadFrom { key },
            Cause::Shown(reader, key) => Why::WrittenBefore { key, reader: TransactionId::new(reader) },
        };
        match edges.last_mut() {
            Some(last) if last.why == Why::Session && why == Why::Session => {
                last.to = TransactionId::new(step.to)
            }
            _ => edges.push(edge(from, step.to, why)),
        }
        from = step.to;
    }
    let grounds = edges.iter().flat_map(|edge| match edge.why {
        Why::WrittenBefore { reader, .. } => because(set, observed, edge.from.number(), reader.number()),
        _ => Vec::new(),
    });
    let grounds = grounds.collect();
    let found = "in any order of all writes each of these is before the next, and the last before the first";
    Err(Anomaly::cycle(found, edges, grounds).into())
}

fn all_steps(set: Guarantees, observed: &Observed<'_>, forced: &Forced) -> Vec<Step> {
    let pairs = observed.lines.iter().flat_map(|line| line.windows(2));
    let mut steps: Vec<Step> =
        pairs.map(|pair| Step { from: pair[0], to: pair[1], why: Cause::Session }).collect();
    if set.has(Guarantee::WritesFollowReads) {
        for id in observed.counted() {
            let seen = observed.sources(id);
            steps.extend(seen.map(|seen| Step { from: seen.source, to: id, why: Cause::Read(seen.key) }));
        }
    }
    steps.extend_from_slice(&forced.steps);
    steps
}

/// The steps of a cycle, in order (Kahn 1962: what can never be taken away has one).
fn find_cycle(nodes: usize, steps: &[Step], patience: &mut Patience<'_>) -> Result<Option<Vec<Step>>, Limit> {
    patience.step(steps.len() as u64)?;
    let mut starts = vec![0_u32; nodes + 1];
    let mut open = vec![0_u32; nodes];
    for step in steps {
        starts[step.from as usize + 1] += 1;
        open[step.to as usize] += 1;
    }
    (0..nodes).for_each(|node| starts[node + 1] += starts[node]);
    let mut next = starts.clone();
    let mut targets = vec![0_u32; steps.len()];
    for step in steps {
        targets[next[step.from as usize] as usize] = step.to;
        next[step.from as usize] += 1;
    }
    let mut ready: Vec<usize> = (0..nodes).filter(|node| open[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        patience.step(1)?;
        for target in &targets[starts[node] as usize..starts[node + 1] as usize] {
            open[*target as usize] -= 1;
            if open[*target as usize] == 0 {
                ready.push(*target as usize);
            }
        }
    }
    // Of what is left each has one before it that is left.
    let is_left = |node: u32| open[node as usize] > 0;
    let left = steps.iter().filter(|step| is_left(step.from) && is_left(step.to));
    let before: BTreeMap<u32, Step> = left.map(|step| (step.to, *step)).collect();
    let Some(mut at) = before.keys().next().copied() else { return Ok(None) };
    let (mut path, mut known): (Vec<Step>, BTreeMap<u32, usize>) = (Vec::new(), BTreeMap::new());
    while !known.contains_key(&at) {
        known.insert(at, path.len());
        path.push(before[&at]);
        at = before[&at].from;
    }
    let mut cycle = path.split_off(known[&at]);
    cycle.reverse();
    Ok(Some(cycle))
}

/// A read of the initial value, though a write is known.
pub(super) fn stale(
    set: Guarantees,
    observed: &Observed<'_>,
    found: String,
    writer: u32,
    reader: u32,
    key: Key,
) -> Anomaly {
    let mut edges = because(set, observed, writer, reader);
    edges.push(edge(reader, writer, Why::ReadBefore { key }));
    Anomaly::cycle(found, edges, Vec::new())
}

/// By which guarantees a read knows of a write: the fewest steps, backwards from the read.
fn because(set: Guarantees, observed: &Observed<'_>, writer: u32, reader: u32) -> Vec<Edge> {
    let mut search = Search::from(reader);
    let mut next = 0;
    while search.found[next].id != writer || !search.found[next].is_write {
        let Found { id, is_write, .. } = search.found[next];
        let [own, others] = if is_write {
            [Guarantee::MonotonicWrites, Guarantee::WritesFollowReads].map(|guarantee| set.has(guarantee))
        } else {
            [Guarantee::ReadYourWrites, Guarantee::MonotonicReads].map(|guarantee| set.has(guarantee))
        };
        if is_write && others {
            // What a transaction read is followed by what it wrote itself.
            search.reach(Found { id, is_write: false, after: next, why: Why::Session });
        } else if !is_write {
            for seen in observed.sources(id) {
                let why = Why::ReadFrom { key: seen.key };
                search.reach(Found { id: seen.source, is_write: true, after: next, why });
            }
        }
        for (is_write, _) in [(true, own), (false, others)].iter().filter(|(_, is_asked)| *is_asked) {
            search.earlier(observed, next, *is_write);
        }
        next += 1;
        assert!(next < search.found.len(), "t{reader} knows of t{writer} by the guarantees");
    }
    let mut edges = Vec::new();
    while next != 0 {
        let Found { id, after, ref why, .. } = search.found[next];
        if id != search.found[after].id {
            edges.push(edge(id, search.found[after].id, why.clone()));
        }
        next = after;
    }
    edges
}

/// A transaction as one that writes or as one that reads, and what it was reached from.
struct Found {
    id: u32,
    is_write: bool,
    after: usize,
    why: Why,
}

struct Search {
    found: Vec<Found>,
    known: BTreeSet<(u32, bool)>,
    /// How far into a session all were reached, as writes or as reads.
    reached: BTreeMap<(u32, bool), u32>,
}

impl Search {
    fn from(reader: u32) -> Search {
        let start = Found { id: reader, is_write: false, after: 0, why: Why::Session };
        Search { found: vec![start], known: BTreeSet::from([(reader, false)]), reached: BTreeMap::new() }
    }

    fn reach(&mut self, found: Found) {
        if self.known.insert((found.id, found.is_write)) {
            self.found.push(found);
        }
    }

    /// Reaches all earlier ones of its session that write, or that read.
    fn earlier(&mut self, observed: &Observed<'_>, after: usize, is_write: bool) {
        let id = self.found[after].id;
        let (session, end) = (observed.owners[id as usize], observed.places[id as usize] - 1);
        let reached = self.reached.entry((session, is_write)).or_insert(0);
        let start = std::mem::replace(reached, end.max(*reached));
        for place in (start + 1..=end).rev() {
            let id = observed.at(session, place);
            let is_such = if is_write { observed.writes(id) } else { !observed.seen(id).is_empty() };
            if is_such {
                self.reach(Found { id, is_write, after, why: Why::Session });
            }
        }
    }
}
