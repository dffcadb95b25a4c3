//! What must come before what, as edges with their reasons, and the shortest cycle if there is one.

use constellation_trace::{Key, Limit, Sessions, TransactionId};

use super::finding::{Edge, Why, key_name};
use super::observed::Observed;
use super::past::edge;
use super::patience::Patience;
use super::weakness::Weakness;

/// Why one must come before the other, in twelve bytes; [`Because::why`] tells it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Because {
    /// A transaction begins before it commits.
    Itself,
    /// The order of a session.
    Session,
    /// The first was over before the second began.
    RealTime,
    /// The second reads what the first wrote.
    Read(Key),
    /// A list shows the first one's value before the second one's, or without it.
    Listed(Key),
    /// Both wrote the key; the reader knows of the first and reads the second.
    Written(Key, u32),
    /// The first reads what is older than the second's write.
    ReadBefore(Key),
    /// Both write the key, and the first may not see less than all of the other, or the other way round.
    Conflict(Key),
}

impl Because {
    /// Whether the judge forgets edges of this kind.
    pub(crate) fn is_dropped(self, observed: &Observed<'_>) -> bool {
        observed.forgets(match self {
            Because::Written(..) => Weakness::Written,
            Because::ReadBefore(_) => Weakness::ReadBefore,
            Because::Conflict(_) => Weakness::Conflicts,
            _ => return false,
        })
    }

    pub(crate) fn why(self, sessions: &Sessions) -> Why {
        match self {
            Because::Itself => Why::Text("it is the same".to_owned()),
            Because::Session => Why::Session,
            Because::RealTime => Why::RealTime,
            Because::Read(key) => Why::ReadFrom { key },
            Because::Listed(key) => {
                Why::Text(format!("the list {} shows them in this order", key_name(sessions, key)))
            }
            Because::Written(key, reader) => Why::WrittenBefore { key, reader: TransactionId::new(reader) },
            Because::ReadBefore(key) => Why::ReadBefore { key },
            Because::Conflict(key) => {
                let key = key_name(sessions, key);
                Why::Text(format!("both write {key}, so one must see the other, and only the second can"))
            }
        }
    }
}

/// One must come before the other.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Arrow {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) because: Because,
}

impl Arrow {
    pub(crate) fn shown(self, sessions: &Sessions) -> Edge {
        edge(self.from, self.to, self.because.why(sessions))
    }
}

/// The arrows out of each of `count` nodes: 8 bytes an arrow while it is made.
#[derive(Debug)]
pub(crate) struct Outgoing {
    starts: Vec<u32>,
    arrows: Vec<u32>,
}

impl Outgoing {
    /// Sorts the arrows by where they begin, or where they end if `end` says so. O(count + arrows).
    pub(crate) fn of(count: usize, arrows: &[Arrow], end: impl Fn(&Arrow) -> u32) -> Outgoing {
        let mut starts = vec![0_u32; count + 1];
        arrows.iter().for_each(|arrow| starts[end(arrow) as usize + 1] += 1);
        (0..count).for_each(|node| starts[node + 1] += starts[node]);
        let mut next = starts.clone();
        let mut sorted = vec![0_u32; arrows.len()];
        for (place, arrow) in (0_u32..).zip(arrows) {
            let slot = &mut next[end(arrow) as usize];
            sorted[*slot as usize] = place;
            *slot += 1;
        }
        Outgoing { starts, arrows: sorted }
    }

    /// The places of the arrows at a node.
    pub(crate) fn at(&self, node: u32) -> &[u32] {
        &self.arrows[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// An order that keeps all arrows, or a shortest cycle of those through one of its first members (Kahn 1962).
/// O(count + arrows), and as much again for each of a few members where there is a cycle.
///
/// # Errors
/// Of patience.
pub(crate) fn sorted(
    count: usize,
    arrows: &[Arrow],
    patience: &mut Patience<'_>,
) -> Result<Result<Vec<u32>, Vec<Arrow>>, Limit> {
    // What it makes is gone when it is done.
    patience.afford(arrows.len() + count, 2 * size_of::<u32>())?;
    patience.release(arrows.len() + count, 2 * size_of::<u32>());
    patience.step((count + arrows.len()) as u64)?;
    let outgoing = Outgoing::of(count, arrows, |arrow| arrow.from);
    let mut waits = vec![0_u32; count];
    arrows.iter().for_each(|arrow| waits[arrow.to as usize] += 1);
    let nodes = 0..u32::try_from(count).expect("as few as transactions, or twice or thrice that");
    let mut order: Vec<u32> = nodes.clone().filter(|node| waits[*node as usize] == 0).collect();
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        for &place in outgoing.at(node) {
            let to = arrows[place as usize].to;
            waits[to as usize] -= 1;
            if waits[to as usize] == 0 {
                order.push(to);
            }
        }
    }
    if order.len() == count {
        return Ok(Ok(order));
    }
    let left: Vec<u32> = nodes.filter(|node| waits[*node as usize] > 0).collect();
    shortest_cycle(&left, count, arrows, &outgoing, patience).map(Err)
}

/// Beginnings from which a shortest cycle is looked for: the first may lie on a long one.
const BEGINNINGS_MAX: usize = 64;

fn shortest_cycle(
    left: &[u32],
    count: usize,
    arrows: &[Arrow],
    outgoing: &Outgoing,
    patience: &mut Patience<'_>,
) -> Result<Vec<Arrow>, Limit> {
    let mut best: Vec<Arrow> = Vec::new();
    let mut search = Search::new(count);
    for (tried, &start) in left.iter().enumerate() {
        if tried >= BEGINNINGS_MAX && !best.is_empty() {
            break;
        }
        let found = search.path(start, start, arrows, outgoing, |_| true, patience)?;
        if found.as_ref().is_some_and(|found| best.is_empty() || found.len() < best.len()) {
            best = found.expect("it is there");
        }
    }
    Ok(best)
}

/// Looks for shortest paths, again and again in one graph.
#[derive(Debug)]
pub(crate) struct Search {
    /// In which search each node was met last, and by which arrow.
    met: Vec<(u32, u32)>,
    round: u32,
}

impl Search {
    pub(crate) fn new(count: usize) -> Search {
        Search { met: vec![(0, 0); count], round: 0 }
    }

    /// The shortest path of at least one arrow from one node to another, over arrows that `is_open` lets through by place.
    pub(crate) fn path(
        &mut self,
        from: u32,
        to: u32,
        arrows: &[Arrow],
        outgoing: &Outgoing,
        is_open: impl Fn(usize) -> bool,
        patience: &mut Patience<'_>,
    ) -> Result<Option<Vec<Arrow>>, Limit> {
        self.round += 1;
        let mut queue = vec![from];
        let mut next = 0;
        while let Some(&node) = queue.get(next) {
            next += 1;
            patience.step(outgoing.at(node).len() as u64 + 1)?;
            for &place in outgoing.at(node).iter().filter(|place| is_open(**place as usize)) {
                let reached = arrows[place as usize].to;
                let met = &mut self.met[reached as usize];
                if met.0 == self.round {
                    continue;
                }
                *met = (self.round, place);
                if reached == to {
                    return Ok(Some(self.back(from, to, arrows)));
                }
                queue.push(reached);
            }
        }
        Ok(None)
    }

    fn back(&self, from: u32, to: u32, arrows: &[Arrow]) -> Vec<Arrow> {
        let mut path = Vec::new();
        let mut node = to;
        loop {
            let arrow = arrows[self.met[node as usize].1 as usize];
            path.push(arrow);
            node = arrow.from;
            if node == from {
                break;
            }
        }
        path.reverse();
        path
    }
}
