//! What became of each write: judged from what clients were told and from what stations showed, not from what nodes hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use constellation_trace::{
    Call, ClaimKind, ClaimRef, Completion, EventId, History, NodeId, Operation, Read, Relation, Symbol,
    Trace, TrueTime, Write,
};
use constellation_verify::Order;

use crate::words::one_line;

/// What became of a write.
///
/// It is *shown in the end* if the last read of its key at any station shows it. Another update *supersedes* it that saw
/// it, or saw one that saw it, and so on, if that one is shown in the end, or was acknowledged and is itself superseded. So
/// a write is lost, too, whose successors are all lost.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Fate {
    /// Acknowledged, and shown in the end or superseded, and none of the two below.
    Kept,
    /// Acknowledged in the storm when some station could not hear of it, and then shown in the end or superseded without
    /// anybody having had to choose: at no station was it ever shown beside another, and nothing is lost in its favour.
    ReconciledByMachine,
    /// Acknowledged, and at some station shown beside another of which neither saw the other: somebody has to choose, or had
    /// to.
    LeftToPeople,
    /// Acknowledged, but not shown in the end, and nor is anything that saw it.
    Lost,
    /// The client was told that it had no effect and never will.
    Refused,
    /// The client was told nothing, or that nobody knows: it may have taken effect.
    Unknown,
}

impl Fate {
    /// Each with its name.
    pub const NAMES: [(&str, Fate); 6] = [
        ("kept", Fate::Kept),
        ("reconciled by machine", Fate::ReconciledByMachine),
        ("left to people", Fate::LeftToPeople),
        ("lost", Fate::Lost),
        ("refused", Fate::Refused),
        ("unknown", Fate::Unknown),
    ];

    /// Whether the client was told that it took effect.
    pub const fn is_accepted(self) -> bool {
        !matches!(self, Fate::Refused | Fate::Unknown)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = Fate::NAMES.iter().find(|(_, fate)| fate == self);
        f.pad(own.map_or("", |(name, _)| name))
    }
}

/// One write of a client, with what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct WriteFate {
    /// When the client asked.
    pub at: TrueTime,
    /// Which station.
    pub station: String,
    /// Under which key.
    pub key: String,
    /// What.
    pub value: String,
    /// How long the client waited for the answer; `None` if none came.
    pub waited: Option<Duration>,
    /// What became of it.
    pub fate: Fate,
    /// Why, or how, in a few words; may be empty.
    pub why: String,
    /// The name of the update, where a station made one of it.
    pub update: Option<String>,
    /// When the client asked, as an event.
    pub asked: EventId,
    /// When a station made an update of it.
    pub written: Option<EventId>,
    /// The update that is shown in its place, if it is lost itself, and not only with what saw it.
    pub(super) winner: Option<EventId>,
    /// Whether it had seen that one.
    pub(super) had_seen_winner: bool,
}

/// What became of each write of a trace, in the order of asking; `healed` says when the storm ended, if there was one.
///
/// A write of a client is the update of the same key and value, which a station calls by its label; so no two writes of
/// one key may have one value. O(writes × (writes + reads)) in time.
pub fn fates(order: &Order<'_>, healed: Option<TrueTime>) -> Vec<WriteFate> {
    let history = History::of(order.trace());
    let records = Records::of(order, &history);
    let writes = history.operations().iter().filter_map(|operation| match &operation.call {
        Call::Write { key, value } => Some(records.tell(operation, key, value, healed)),
        _ => None,
    });
    writes.collect()
}

/// What a trace says of updates, ready to be asked.
pub(super) struct Records<'o, 't> {
    order: &'o Order<'t>,
    pub(super) trace: &'t Trace,
    /// By key and value.
    updates: BTreeMap<(&'t str, &'t str), &'t Write>,
    acknowledged: BTreeSet<(Symbol, Symbol)>,
    last: BTreeMap<(Symbol, NodeId), &'t Read>,
    stations: Vec<NodeId>,
}

impl<'o, 't> Records<'o, 't> {
    pub(super) fn of(order: &'o Order<'t>, history: &History) -> Records<'o, 't> {
        let trace = order.trace();
        let updates = trace.writes().iter().filter_map(|write| {
            let (key, update) = (trace.text(write.key), trace.text(write.update));
            let value = trace.label(write.event).strip_prefix(&*format!("submit {} = \"", one_line(key)))?;
            Some(((key, value.strip_suffix(&*format!("\" as {update}"))?), write))
        });
        // Of one that was written twice the first counts, so the last is entered first.
        let updates: BTreeMap<_, _> = updates.collect::<Vec<_>>().into_iter().rev().collect();
        let clients: BTreeSet<NodeId> =
            trace.invocations().iter().map(|invocation| trace.node_of(invocation.event)).collect();
        let nodes = (0..).map(NodeId::new).take(trace.nodes().len());
        let mut records = Records {
            order,
            trace,
            updates,
            acknowledged: BTreeSet::new(),
            last: trace.reads().iter().map(|read| ((read.key, trace.node_of(read.event)), read)).collect(),
            stations: nodes.filter(|node| !clients.contains(node)).collect(),
        };
        let acknowledged = history.operations().iter().filter_map(|operation| {
            let Call::Write { key, value } = &operation.call else { return None };
            let write = records.update(key, value)?;
            is_done(operation).then_some((write.key, write.update))
        });
        records.acknowledged = acknowledged.collect();
        records
    }

    /// What a station made of a write.
    pub(super) fn update(&self, key: &str, value: &str) -> Option<&'t Write> {
        self.updates.get(&(key, &*one_line(value))).copied()
    }

    /// The reads of stations that show an update.
    pub(super) fn shown<'r>(&'r self, write: &'r Write) -> impl Iterator<Item = &'t Read> + 'r {
        let reads = self.trace.reads().iter();
        reads.filter(|read| read.key == write.key && read.shows.contains(&write.update))
    }

    /// Whether a last read at any station shows it.
    fn is_in_the_end(&self, key: Symbol, update: Symbol) -> bool {
        self.last.iter().any(|((of, _), read)| *of == key && read.shows.contains(&update))
    }

    /// The updates that saw `write`, or saw one that did, in the order of recording.
    pub(super) fn successors(&self, write: &Write) -> Vec<&'t Write> {
        let mut seen = BTreeSet::from([write.update]);
        let mut found = Vec::new();
        for later in self.trace.writes().iter().filter(|later| later.key == write.key) {
            if later.saw.iter().any(|update| seen.contains(update)) && seen.insert(later.update) {
                found.push(later);
            }
        }
        found
    }

    /// The update that supersedes `write`: the first of those that do.
    fn superseder(&self, write: &Write) -> Option<&'t Write> {
        let counts = |later: &&Write| {
            let is_shown = |update: &Write| self.is_in_the_end(update.key, update.update);
            let is_acknowledged = self.acknowledged.contains(&(later.key, later.update));
            is_shown(later) || is_acknowledged && self.successors(later).into_iter().any(is_shown)
        };
        self.successors(write).into_iter().find(counts)
    }

    /// The first acknowledged update that saw `write`, whatever became of it.
    fn acknowledged_successor(&self, write: &Write) -> Option<&'t Write> {
        let is_acknowledged = |later: &&Write| self.acknowledged.contains(&(later.key, later.update));
        self.successors(write).into_iter().find(is_acknowledged)
    }

    fn tell(&self, operation: &Operation, key: &str, value: &str, healed: Option<TrueTime>) -> WriteFate {
        let write = self.update(key, value);
        let asked = operation.invoked;
        let answered = operation.completed.as_ref().map(|(moment, _)| moment.at);
        let mut told = WriteFate {
            at: asked.at,
            station: self.station_of(operation),
            key: key.to_owned(),
            value: value.to_owned(),
            waited: answered.map(|at| at.since(asked.at)),
            fate: Fate::Kept,
            why: String::new(),
            update: write.map(|write| self.trace.text(write.update).to_owned()),
            asked: asked.event,
            written: write.map(|write| write.event),
            winner: None,
            had_seen_winner: false,
        };
        match &operation.completed {
            Some((_, Completion::Failed { reason })) => {
                (told.fate, told.why) = (Fate::Refused, reason.clone())
            }
            Some((_, Completion::Unknown { reason })) => {
                let effect = match write {
                    Some(write) if self.shown(write).next().is_some() => "it took effect all the same",
                    _ => "nobody was ever shown it",
                };
                (told.fate, told.why) = (Fate::Unknown, format!("{reason}; {effect}"));
            }
            None => (told.fate, told.why) = (Fate::Unknown, "no answer until the end".to_owned()),
            Some(_) => self.tell_accepted(&mut told, write, healed),
        }
        told
    }

    /// The fate of a write that was acknowledged.
    fn tell_accepted(&self, told: &mut WriteFate, write: Option<&Write>, healed: Option<TrueTime>) {
        let Some(write) = write else {
            (told.fate, told.why) = (Fate::Lost, "no station made an update of it".to_owned());
            return;
        };
        let superseder = self.superseder(write);
        if superseder.is_none() && !self.is_in_the_end(write.key, write.update) {
            told.fate = Fate::Lost;
            if let Some(later) = self.acknowledged_successor(write) {
                told.why = format!("superseded by {}, which is lost", self.trace.text(later.update));
                return;
            }
            let winner = self.winner(write);
            told.winner = winner.map(|winner| winner.event);
            told.had_seen_winner = winner.is_some_and(|winner| self.saw(write, winner));
            told.why = self.displaced(write, winner);
            return;
        }
        let superseder = superseder.map(|later| self.trace.text(later.update));
        let beside: BTreeSet<&str> = self
            .shown(write)
            .flat_map(|read| &read.shows)
            .filter(|update| **update != write.update)
            .map(|update| self.trace.text(*update))
            .collect();
        if !beside.is_empty() {
            let decided = superseder.map(|later| format!("decided by {later}"));
            let end = decided.unwrap_or_else(|| "nobody has decided yet".to_owned());
            told.fate = Fate::LeftToPeople;
            told.why = format!("stands beside {}; {end}", listed(beside));
            return;
        }
        let acknowledged = told.waited.map(|waited| told.at.saturating_add(waited));
        let behind = match (healed, acknowledged) {
            (Some(healed), Some(acknowledged)) if acknowledged < healed => self.behind(write, healed),
            _ => Vec::new(),
        };
        told.why = superseder.map(|later| format!("superseded by {later}")).unwrap_or_default();
        let victims = self.victims(write);
        if !victims.is_empty() {
            told.why = format!("displaced {}, which it had not seen", listed(victims));
        } else if !behind.is_empty() {
            told.fate = Fate::ReconciledByMachine;
            let semicolon = if told.why.is_empty() { "" } else { "; " };
            told.why = format!("{}{semicolon}{}", self.late(&behind), told.why);
        }
    }

    /// Who heard of an update only after the storm, in the fewer words.
    fn late(&self, behind: &[NodeId]) -> String {
        let named = |nodes: Vec<NodeId>| listed(nodes.iter().map(|node| self.trace.node_name(*node)));
        let knowing: Vec<NodeId> =
            self.stations.iter().copied().filter(|station| !behind.contains(station)).collect();
        if knowing.len() < behind.len() {
            return format!("only {} knew of it until the storm ended", named(knowing));
        }
        format!("{} heard of it after the storm", named(behind.to_vec()))
    }

    /// The acknowledged updates that are lost, and in whose place this one is shown; not those that are lost with what saw
    /// them.
    fn victims(&self, write: &Write) -> Vec<&'t str> {
        if !self.is_in_the_end(write.key, write.update) {
            return Vec::new();
        }
        let is_victim = |other: &&Write| {
            other.key == write.key
                && self.acknowledged.contains(&(other.key, other.update))
                && !self.is_in_the_end(other.key, other.update)
                && self.superseder(other).is_none()
                && self.acknowledged_successor(other).is_none()
        };
        let victims = self.trace.writes().iter().filter(is_victim);
        victims.map(|victim| self.trace.text(victim.update)).collect()
    }

    /// The stations that did not know of an update at this time.
    fn behind(&self, write: &Write, healed: TrueTime) -> Vec<NodeId> {
        let before = self.trace.event_ids().filter(|event| self.trace.event(*event).at < healed);
        // Of several events of a station the last stays.
        let latest: BTreeMap<NodeId, EventId> =
            before.map(|event| (self.trace.node_of(event), event)).collect();
        let knows = |station: NodeId| {
            let relation = latest.get(&station).map(|event| self.order.relation(write.event, *event));
            matches!(relation, Some(Relation::Before | Relation::Equal))
        };
        self.stations.iter().copied().filter(|station| !knows(*station)).collect()
    }

    /// Whether one update saw another of its key, or one that did.
    fn saw(&self, later: &Write, earlier: &Write) -> bool {
        self.successors(earlier).iter().any(|successor| successor.update == later.update)
    }

    /// What is shown in the end in the place of an update.
    fn winner(&self, write: &Write) -> Option<&'t Write> {
        self.shown_last(write.key).find_map(|update| self.trace.write(write.key, update))
    }

    /// What the last reads of a key show.
    fn shown_last(&self, key: Symbol) -> impl Iterator<Item = Symbol> {
        let of_key = self.last.iter().filter(move |((of, _), _)| *of == key);
        of_key.flat_map(|(_, read)| read.shows.iter().copied())
    }

    fn displaced(&self, write: &Write, winner: Option<&Write>) -> String {
        let Some(winner) = winner else {
            return match self.shown_last(write.key).next() {
                Some(stray) => {
                    let stray = self.trace.text(stray);
                    format!("{stray} is shown in its place, which was never written under this key")
                }
                None => "no station shows anything of this key in the end".to_owned(),
            };
        };
        let name = self.trace.text(winner.update);
        let own = self.trace.text(write.update);
        let saw = if self.saw(write, winner) {
            format!("though {own} had seen {name}")
        } else {
            format!("though {name} had not seen {own}")
        };
        let is_by_wall = self
            .trace
            .origin()
            .is_some_and(|origin| origin.resolver.as_deref() == Some(super::Policy::LastWriteWins.name()));
        let wall = |event| match self.trace.claim(event, ClaimKind::Wall) {
            Some(ClaimRef::Wall(time)) if is_by_wall => {
                let shown = time.to_string();
                Some(shown.split_once('T').map_or(shown.clone(), |(_, time)| time.to_owned()))
            }
            _ => None,
        };
        match (wall(winner.event), wall(write.event)) {
            (Some(kept), Some(lost)) => {
                format!("{name} displaced it by wall clock, {kept} against {lost}, {saw}")
            }
            _ => format!("{name} is shown in its place, {saw}"),
        }
    }

    /// Whom the client asked.
    fn station_of(&self, operation: &Operation) -> String {
        let sent = self.trace.event(operation.invoked.event).sends.iter().next();
        let node = sent.map_or(operation.client, |message| self.trace.message(message).to);
        self.trace.node_name(node).to_owned()
    }
}

/// The lost write of which there is most to tell: the first that is lost itself, or else the first that is lost with
/// another.
pub(super) fn first_lost(fates: &[WriteFate]) -> Option<&WriteFate> {
    let mut lost = fates.iter().filter(|told| told.fate == Fate::Lost);
    let first = lost.clone().next();
    lost.find(|told| told.winner.is_some()).or(first)
}

/// Whether its client was told that it took effect.
pub(super) const fn is_done(operation: &Operation) -> bool {
    matches!(operation.completed, Some((_, Completion::Done | Completion::Shows(_))))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
