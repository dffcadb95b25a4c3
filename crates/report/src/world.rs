//! What the world did to links, processes, clocks and disks, in words, and for how long.

mod absences;
mod fates;

use std::time::Duration;

use constellation_trace::{Nemesis, NemesisEntry, NodeId, Trace, TrueTime};

pub use absences::Absences;
pub use fates::{End, Fate, fates};

/// Something that the world did, with its end where it has one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Doing {
    /// When it began.
    pub at: TrueTime,
    /// When it was over; `None` for what has no end in the trace.
    pub until: Option<TrueTime>,
    /// What kind of thing: `partition`, `cut`, `pass`, `pause`, `suspend`, `slow`, `step`, `slew`, `freeze`, `leap`, `set`,
    /// `join`, `leave` or `other`.
    pub kind: &'static str,
    /// The nodes that it concerns, each once, ascending.
    pub nodes: Vec<NodeId>,
    /// Of a partition its sides; of a cut who is not heard, and by whom.
    pub groups: Vec<Vec<NodeId>>,
    /// What it was, in a line.
    pub text: String,
}

impl Doing {
    /// Something that lasts, of which the trace does not tell: which groups hear each other, or during which times.
    pub fn lasting(
        kind: &'static str,
        from: TrueTime,
        until: TrueTime,
        groups: Vec<Vec<NodeId>>,
        text: String,
    ) -> Doing {
        Doing { at: from, until: Some(until), kind, nodes: sorted(groups.concat()), groups, text }
    }
}

/// What the world did beside to messages, in the order of recording. A partition lasts to the next heal, and those that begin
/// at one moment are one. O(nodes named).
pub fn doings(trace: &Trace) -> Vec<Doing> {
    let mut doings: Vec<Doing> = Vec::new();
    // Which of them a heal will end.
    let mut open: Vec<usize> = Vec::new();
    for NemesisEntry { at, nemesis, .. } in trace.nemesis() {
        if *nemesis == Nemesis::Heal {
            for place in open.drain(..) {
                doings[place].until = Some(*at);
            }
            continue;
        }
        let Some(text) = told(trace, nemesis) else { continue };
        if let Nemesis::Partition { group_a, group_b } = nemesis
            && let Some(place) = open.last().copied().filter(|place| joins(&doings[*place], *at))
            && let Some(groups) = joined(&doings[place].groups, [group_a, group_b])
        {
            doings[place].nodes = sorted(groups.concat());
            doings[place].text = format!("partition: {}", sides(trace, &groups));
            doings[place].groups = groups;
            continue;
        }
        let groups = match nemesis {
            Nemesis::Partition { group_a, group_b } => vec![sorted(group_a.clone()), sorted(group_b.clone())],
            Nemesis::Cut { sources, targets } => vec![sources.clone(), targets.clone()],
            _ => Vec::new(),
        };
        if matches!(nemesis, Nemesis::Partition { .. } | Nemesis::Cut { .. }) {
            open.push(doings.len());
        }
        let until = lasts_ns(nemesis).map(|ns| at.saturating_add(Duration::from_nanos(ns)));
        let nodes = sorted(nemesis.nodes());
        doings.push(Doing { at: *at, until, kind: kind(nemesis), nodes, groups, text });
    }
    doings
}

/// Whether a partition that begins at that time belongs to this one.
fn joins(doing: &Doing, at: TrueTime) -> bool {
    doing.kind == "partition" && doing.at == at
}

/// The groups of two partitions that begin together, where each is parted from every other; `None` where some are not, so
/// that they are no one partition.
fn joined(groups: &[Vec<NodeId>], more: [&Vec<NodeId>; 2]) -> Option<Vec<Vec<NodeId>>> {
    let holds = |group: &[NodeId], node: NodeId| group.contains(&node);
    let is_cut = |one: NodeId, other: NodeId| {
        let apart = groups.iter().any(|group| holds(group, one))
            && groups.iter().any(|group| holds(group, other))
            && !groups.iter().any(|group| holds(group, one) && holds(group, other));
        let [a, b] = more;
        apart || (holds(a, one) && holds(b, other)) || (holds(b, one) && holds(a, other))
    };
    let all = sorted(groups.concat().into_iter().chain(more.into_iter().flatten().copied()));
    let mut parts: Vec<Vec<NodeId>> = Vec::new();
    for node in all.iter().copied() {
        let alike =
            |part: &Vec<NodeId>| all.iter().all(|other| is_cut(part[0], *other) == is_cut(node, *other));
        match parts.iter_mut().find(|part| alike(part)) {
            Some(part) => part.push(node),
            None => parts.push(vec![node]),
        }
    }
    let are_parted = parts.iter().enumerate().all(|(nth, part)| {
        parts[nth + 1..].iter().all(|other| is_cut(part[0], other[0])) && !is_cut(part[0], part[0])
    });
    are_parted.then_some(parts)
}

fn sorted(nodes: impl IntoIterator<Item = NodeId>) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = nodes.into_iter().collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

const fn kind(nemesis: &Nemesis) -> &'static str {
    match nemesis {
        Nemesis::Partition { .. } => "partition",
        Nemesis::Cut { .. } => "cut",
        Nemesis::Pause { .. } => "pause",
        Nemesis::Suspend { .. } => "suspend",
        Nemesis::Slow { .. } => "slow",
        Nemesis::Step { .. } => "step",
        Nemesis::Slew { .. } => "slew",
        Nemesis::Freeze { .. } => "freeze",
        Nemesis::Leap { .. } => "leap",
        Nemesis::Set { .. } => "set",
        Nemesis::Join { .. } => "join",
        Nemesis::Leave { .. } => "leave",
        _ => "other",
    }
}

/// For how long it lasts, if it says so.
const fn lasts_ns(nemesis: &Nemesis) -> Option<u64> {
    match nemesis {
        Nemesis::Pause { for_ns, .. }
        | Nemesis::Suspend { for_ns, .. }
        | Nemesis::Slow { for_ns, .. }
        | Nemesis::Slew { for_ns, .. }
        | Nemesis::Leap { for_ns, .. }
        | Nemesis::Freeze { for_ns, .. } => Some(*for_ns),
        _ => None,
    }
}

fn names(trace: &Trace, nodes: &[NodeId]) -> String {
    nodes.iter().map(|node| trace.node_name(*node)).collect::<Vec<_>>().join(", ")
}

fn sides(trace: &Trace, groups: &[Vec<NodeId>]) -> String {
    groups.iter().map(|group| names(trace, group)).collect::<Vec<_>>().join(" | ")
}

/// What the world did, in a line; `None` for what happens to a message, and for what this version has no words for.
pub fn told(trace: &Trace, nemesis: &Nemesis) -> Option<String> {
    match nemesis {
        Nemesis::Partition { group_a, group_b } => {
            Some(format!("partition: {} | {}", names(trace, group_a), names(trace, group_b)))
        }
        Nemesis::Cut { sources, targets } => {
            Some(format!("cut: nothing from {} reaches {}", names(trace, sources), names(trace, targets)))
        }
        Nemesis::Heal => Some("heal: every link is whole".to_owned()),
        other => of_machine(trace, other),
    }
}

/// What the world does to a process, a clock or a disk.
fn of_machine(trace: &Trace, nemesis: &Nemesis) -> Option<String> {
    let node = trace.node_name(nemesis.node()?);
    let time = lasting;
    Some(match nemesis {
        Nemesis::Step { by_ns, .. } => format!("the wall clock of {node} jumps by {} ms", by_ns / 1_000_000),
        Nemesis::Pause { for_ns, .. } => format!("{node} stops for {}", time(*for_ns)),
        Nemesis::Suspend { for_ns, .. } => format!("the machine of {node} sleeps for {}", time(*for_ns)),
        Nemesis::Slow { for_ns, .. } => format!("{node} works for {} on its next input", time(*for_ns)),
        Nemesis::Join { .. } => format!("{node} joins"),
        Nemesis::Leave { .. } => format!("{node} is gone for good"),
        Nemesis::Slew { by_ns, for_ns, .. } => {
            let does = if *by_ns < 0 { "loses" } else { "gains" };
            let size = time(by_ns.unsigned_abs());
            format!("the wall clock of {node} {does} {size} in {}", time(*for_ns))
        }
        Nemesis::Leap { for_ns: 0, .. } => format!("the wall clock of {node} shows a second twice"),
        Nemesis::Leap { for_ns, .. } => {
            format!("the wall clock of {node} smears a leap second over {}", time(*for_ns))
        }
        Nemesis::Freeze { for_ns, .. } => {
            format!("the wall clock of {node} stands still for {}", time(*for_ns))
        }
        Nemesis::Set { wall, .. } => format!("the wall clock of {node} is set to {wall}"),
        Nemesis::DiskFull { .. } => format!("the disk of {node} is full: nothing of its input happens"),
        Nemesis::Tear { lost: 0, left, .. } if left.number() == 0 => {
            format!("the disk of {node} loses what was not synced")
        }
        Nemesis::Tear { lost, left, .. } if left.number() == 0 => {
            format!(
                "the disk of {node} loses the last {} writes, which were not synced",
                u64::from(*lost) + 1
            )
        }
        Nemesis::Tear { lost: 0, left, .. } => {
            let s = if left.number() == 1 { "" } else { "s" };
            format!("the disk of {node} keeps {} eighth{s} of what was not synced", left.number())
        }
        Nemesis::Tear { lost, left, .. } => format!(
            "the disk of {node} loses the last {lost} writes, which were not synced, and keeps {} eighths of the one before",
            left.number()
        ),
        Nemesis::Rot { bit, .. } => format!("bit {bit} on the disk of {node} flips"),
        _ => return None,
    })
}

/// How long something lasts, to a thousandth of its unit.
fn lasting(ns: u64) -> String {
    let time = Duration::from_nanos(ns);
    let (exact, rounded) = (format!("{time:?}"), format!("{time:.3?}"));
    if exact.len() <= rounded.len() { exact } else { rounded }
}
