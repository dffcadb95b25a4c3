//! Puts parts together: an event is recorded once all that caused it is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::{FormatError, Problem};
use super::{Did, Happened, JoinError, Joined, Part, STRANGERS_MAX, Unsent, line_at};
use crate::event::{Action, Entry};
use crate::ids::{MessageId, NodeId};
use crate::nemesis::Nemesis;
use crate::time::TrueTime;
use crate::trace::Trace;
use crate::words::one_line;

/// The lane of what was sent to nobody knows whom.
const ELSEWHERE: &str = "(elsewhere)";

/// From where on it is told that clocks disagree: reading two of them one after the other takes a while.
const TOLD_NS: u64 = 1_000_000;

/// An event of a process: which process, in the order of names, and which of its events.
type Place = (usize, usize);

pub(super) fn join(bytes: &[&[u8]], parts: &[Part]) -> Result<Joined, JoinError> {
    let names = by_name(bytes, parts)?;
    let mut targets = BTreeMap::new();
    for (lane, &(_, part)) in names.iter().enumerate() {
        let fail = |number: usize, reason, sender: &str| {
            let problem = Problem::Unsent { sender: one_line(sender).into_owned(), reason };
            at_event(bytes, part, number, problem)
        };
        for (number, event) in parts[part].events.iter().enumerate() {
            let Did::Receive { sender, sent } = &event.did else { continue };
            let place =
                sender_of(parts, &names, sender, *sent).map_err(|reason| fail(number, reason, sender))?;
            targets.entry(place).or_insert_with(BTreeSet::new).insert(lane);
        }
    }
    let strangers = strangers(parts, &names, &targets);
    let lanes = names.iter().map(|(name, _)| *name).chain(strangers.iter().map(String::as_str));
    let trace = Trace::new(lanes).map_err(|error| {
        // A name of ours cannot be twice in the list, so it is one that means a restart.
        let part = names.first().map_or(0, |(_, part)| *part);
        JoinError { part, error: Box::new(FormatError::whole(error.into())) }
    })?;
    let began_ns = parts.iter().map(|part| part.began_ns).min().unwrap_or(0);
    let mut joining = Joining {
        bytes,
        parts,
        names: &names,
        strangers: &strangers,
        targets,
        began_ns,
        trace,
        next: vec![0; names.len()],
        latest_ns: vec![0; names.len()],
        moved_ns: vec![0; names.len()],
        sent: BTreeMap::new(),
        ready: BTreeSet::new(),
        waiting: BTreeMap::new(),
    };
    joining.run()?;
    joining.end()
}

/// The processes in the order of their names, each with its part.
fn by_name<'p>(bytes: &[&[u8]], parts: &'p [Part]) -> Result<Vec<(&'p str, usize)>, JoinError> {
    let mut names: Vec<_> = parts.iter().enumerate().map(|(part, read)| (&*read.process, part)).collect();
    names.sort_unstable();
    for (name, part) in &names {
        if let Err(error) = Trace::new([name]) {
            return Err(in_header(bytes, *part, name, error.into()));
        }
    }
    if let Some(twice) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let (name, part) = twice[1];
        let error = crate::trace::TraceError::DuplicateNode(name.to_owned());
        return Err(in_header(bytes, part, name, error.into()));
    }
    Ok(names)
}

fn in_header(bytes: &[&[u8]], part: usize, name: &str, problem: Problem) -> JoinError {
    let line = line_at(bytes[part], 1);
    let start = line.find(&format!("\"{name}\"")).unwrap_or(0);
    let error = FormatError::new(1, line, start..(start + name.len() + 2).min(line.len()), problem);
    JoinError { part, error: Box::new(error) }
}

/// What is wrong with the event of this number in this part.
fn at_event(bytes: &[&[u8]], part: usize, number: usize, problem: Problem) -> JoinError {
    // The first line is the header, and lines are counted from 1.
    let line = line_at(bytes[part], number + 2);
    let start = line.find("\"sender\"").unwrap_or(0);
    // Whoever has written the keys in another order is shown the rest of the line.
    let sent = line.get(start..).and_then(|rest| rest.split_once("\"sent\":"));
    let digits =
        |rest: &str| rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let width = sent.map(|(before, rest)| before.len() + "\"sent\":".len() + digits(rest));
    let end = width.map_or(line.len().saturating_sub(1), |width| start + width);
    let shown = u32::try_from(number + 2).unwrap_or(u32::MAX);
    let error = FormatError::new(shown, line, start..end, problem);
    JoinError { part, error: Box::new(error) }
}

fn sender_of(parts: &[Part], names: &[(&str, usize)], sender: &str, sent: u64) -> Result<Place, Unsent> {
    let lane = names.binary_search_by(|(name, _)| (*name).cmp(sender)).map_err(|_| Unsent::NoPart)?;
    let events = &parts[names[lane].1].events;
    let number = usize::try_from(sent).unwrap_or(usize::MAX);
    match events.get(number).map(|event| &event.did) {
        None => Err(Unsent::NoEvent { event: sent, events: events.len() as u64 }),
        Some(Did::Send { .. }) => Ok((lane, number)),
        Some(_) => Err(Unsent::NoSend { event: sent }),
    }
}

/// Those to whom something was sent of which nothing shows that it arrived, and who wrote no part.
fn strangers(
    parts: &[Part],
    names: &[(&str, usize)],
    targets: &BTreeMap<Place, BTreeSet<usize>>,
) -> Vec<String> {
    let mut strangers = BTreeSet::new();
    let mut has_others = false;
    for (lane, (_, part)) in names.iter().enumerate() {
        for (number, event) in parts[*part].events.iter().enumerate() {
            let Did::Send { to } = &event.did else { continue };
            if targets.contains_key(&(lane, number)) {
                continue;
            }
            match to.as_deref().map(|to| one_line(to).into_owned()) {
                Some(to) if names.binary_search_by(|(name, _)| (*name).cmp(&to)).is_ok() => {}
                Some(to) if Trace::new([&to]).is_ok() && to != ELSEWHERE => {
                    if strangers.len() < STRANGERS_MAX {
                        strangers.insert(to);
                    } else {
                        has_others |= !strangers.contains(&to);
                    }
                }
                _ => has_others = true,
            }
        }
    }
    let is_free = |name: &str| names.binary_search_by(|(known, _)| (*known).cmp(name)).is_err();
    let others = has_others.then(|| ELSEWHERE.to_owned()).filter(|name| is_free(name));
    strangers.into_iter().chain(others).collect()
}

struct Joining<'p> {
    bytes: &'p [&'p [u8]],
    parts: &'p [Part],
    names: &'p [(&'p str, usize)],
    strangers: &'p [String],
    /// Who receives what was sent there.
    targets: BTreeMap<Place, BTreeSet<usize>>,
    began_ns: u64,
    trace: Trace,
    /// Of each process which event comes next, when its last one was, and how far its times were moved at most.
    next: Vec<usize>,
    latest_ns: Vec<u64>,
    moved_ns: Vec<u64>,
    /// What was sent there: to whom, as which message.
    sent: BTreeMap<Place, (u64, Vec<(usize, MessageId)>)>,
    /// Whose next event can be recorded, by its time.
    ready: BTreeSet<(u64, usize)>,
    /// Whose next event waits for what is sent there.
    waiting: BTreeMap<Place, Vec<usize>>,
}

impl Joining<'_> {
    fn run(&mut self) -> Result<(), JoinError> {
        (0..self.names.len()).for_each(|lane| self.line_up(lane));
        while let Some((at_ns, lane)) = self.ready.pop_first() {
            self.record(at_ns, lane)?;
            self.next[lane] += 1;
            self.line_up(lane);
        }
        if let Some(lane) = self.waiting.values().flatten().next() {
            return Err(self.circle(*lane));
        }
        Ok(())
    }

    fn happened(&self, lane: usize, number: usize) -> Option<&Happened> {
        self.parts[self.names[lane].1].events.get(number)
    }

    /// Where the next event of a process was sent, if it is a receive.
    fn cause(&self, lane: usize) -> Option<Place> {
        match &self.happened(lane, self.next[lane])?.did {
            Did::Receive { sender, sent } => sender_of(self.parts, self.names, sender, *sent).ok(),
            _ => None,
        }
    }

    /// Enters the next event of a process among those that can be recorded, or that wait.
    fn line_up(&mut self, lane: usize) {
        let Some(happened) = self.happened(lane, self.next[lane]) else { return };
        let began_ns = self.parts[self.names[lane].1].began_ns - self.began_ns;
        // Saturating: a clock that shows the end of time shows no more.
        let own_ns = began_ns.saturating_add(happened.at_ns);
        let mut at_ns = own_ns.max(self.latest_ns[lane]);
        if let Some(cause) = self.cause(lane) {
            let Some((sent_ns, _)) = self.sent.get(&cause) else {
                self.waiting.entry(cause).or_default().push(lane);
                return;
            };
            at_ns = at_ns.max(*sent_ns);
        }
        self.moved_ns[lane] = self.moved_ns[lane].max(at_ns - own_ns);
        self.ready.insert((at_ns, lane));
    }

    fn record(&mut self, at_ns: u64, lane: usize) -> Result<(), JoinError> {
        let number = self.next[lane];
        let part = self.names[lane].1;
        let happened = &self.parts[part].events[number];
        let fail = |problem| at_event(self.bytes, part, number, problem);
        let mut lanes = Vec::new();
        let mut action = Action::Local;
        match &happened.did {
            Did::Local => {}
            Did::Send { to } => lanes = self.lanes_of((lane, number), to.as_deref()),
            Did::Receive { .. } => {
                let sent = self.cause(lane).and_then(|cause| self.sent.get(&cause));
                let here = sent.and_then(|(_, sent)| sent.iter().find(|(target, _)| *target == lane));
                let (_, message) = here.expect("it is lined up once it was sent, and here it is received");
                action = Action::Receive(*message);
            }
        }
        let sends: Vec<NodeId> = lanes.iter().map(|lane| node(*lane)).collect();
        let entry = Entry {
            sends: &sends,
            label: &happened.label,
            claims: &happened.claims,
            ..Entry::new(node(lane), TrueTime::from_ns(at_ns), action)
        };
        let event = self.trace.record(entry).map_err(|error| fail(error.into()))?;
        self.latest_ns[lane] = at_ns;
        if !lanes.is_empty() {
            let messages = lanes.into_iter().zip(self.trace.event(event).sends.iter()).collect();
            self.sent.insert((lane, number), (at_ns, messages));
            for waiting in self.waiting.remove(&(lane, number)).into_iter().flatten() {
                self.line_up(waiting);
            }
        }
        Ok(())
    }

    /// To whom went what was sent there: to all that received it, else to whom it was meant for.
    fn lanes_of(&self, place: Place, to: Option<&str>) -> Vec<usize> {
        if let Some(targets) = self.targets.get(&place) {
            return targets.iter().copied().collect();
        }
        let to = to.map(one_line).unwrap_or_default();
        let known = self.names.binary_search_by(|(name, _)| (*name).cmp(&to)).ok();
        let stranger = |name: &str| {
            self.strangers.iter().position(|stranger| stranger == name).map(|at| self.names.len() + at)
        };
        // Without a lane for what went elsewhere it stays a send that nobody shows; so it is drawn at its own.
        vec![known.or_else(|| stranger(&to)).or_else(|| stranger(ELSEWHERE)).unwrap_or(place.0)]
    }

    /// Processes that wait for each other: each event waits for one that comes after the next that waits.
    fn circle(&self, start: usize) -> JoinError {
        let mut seen = Vec::new();
        let mut lane = start;
        while !seen.contains(&lane) {
            seen.push(lane);
            lane = self.cause(lane).map_or(lane, |(sender, _)| sender);
        }
        let first = seen.iter().position(|seen| *seen == lane).unwrap_or(0);
        let told: Vec<_> = seen[first..]
            .iter()
            .map(|&lane| {
                let (sender, sent) = self.cause(lane).unwrap_or((lane, 0));
                let (waits, for_whom) = (one_line(self.names[lane].0), one_line(self.names[sender].0));
                format!("event {} of `{waits}` waits for event {sent} of `{for_whom}`", self.next[lane])
            })
            .collect();
        at_event(self.bytes, self.names[lane].1, self.next[lane], Problem::Circle(told.join(", ")))
    }

    fn end(mut self) -> Result<Joined, JoinError> {
        let latest = TrueTime::from_ns(self.latest_ns.iter().copied().max().unwrap_or(0));
        // Whether what nobody received was lost or is on its way no log can say.
        for ((lane, number), (_, messages)) in &self.sent {
            if !self.targets.contains_key(&(*lane, *number)) {
                for (_, message) in messages {
                    let recorded = self.trace.record_nemesis(latest, Nemesis::InFlight(*message));
                    recorded.expect("the message was recorded, and no time ends before it");
                }
            }
        }
        let mut notes = Vec::new();
        for (name, part) in self.names {
            let name = one_line(name);
            if self.parts[*part].is_cut {
                notes.push(format!("the last line of the log of `{name}` does not end, and is left out"));
            }
            match self.parts[*part].dropped {
                None => {
                    notes.push(format!("the log of `{name}` was not closed: it was killed, or still runs"))
                }
                Some(0) => {}
                Some(1) => notes.push(format!("`{name}` dropped one event")),
                Some(dropped) => notes.push(format!("`{name}` dropped {dropped} events")),
            }
        }
        for ((name, _), moved_ns) in
            self.names.iter().zip(&self.moved_ns).filter(|(_, moved)| **moved >= TOLD_NS)
        {
            notes.push(format!(
                "the times of `{}` are moved forward by up to {}, or a message would arrive before it was sent: wall clocks \
                 disagree by so much at least",
                one_line(name),
                shown(*moved_ns)
            ));
        }
        let most_ns = self.moved_ns.iter().copied().max().filter(|moved| *moved >= TOLD_NS);
        let warning = most_ns.map(|moved| format!("wall clocks disagree by {} at least", shown(moved)));
        Ok(Joined { trace: self.trace, notes, warning })
    }
}

/// A length of time, rounded down to three digits or so.
fn shown(ns: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    let unit = UNITS.into_iter().find(|(unit, _)| ns >= 10 * unit);
    unit.map_or_else(|| format!("{ns} ns"), |(unit, name)| format!("{} {name}", ns / unit))
}

/// Lanes are nodes, in the same order.
fn node(lane: usize) -> NodeId {
    NodeId::new(u32::try_from(lane).expect("there are few parts and few strangers"))
}
