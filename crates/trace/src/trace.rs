//! The append-only list of what happened, valid by construction: a receive names its send.

use std::collections::BTreeMap;

use crate::claim::{Claim, ClaimKind, ClaimRef, Claims};
use crate::event::{Action, Entry, Event, Kind, Message, Sends};
use crate::history::{Invocation, Operations};
use crate::ids::{EventId, MessageId, Names, NodeId, Process, ProcessId, Symbol};
use crate::nemesis::{Nemesis, NemesisEntry};
use crate::time::{TrueTime, WallTime};

mod error;

pub use error::TraceError;

/// What happened in one run: events in the order of recording, with messages, claims and the world's doings.
///
/// Every event that a trace holds follows its causes in it, so one pass in order of ids meets causes first.
/// True time runs forward along every cause: no event is earlier than one that it depends on.
///
/// An event costs 32 bytes, a label 8, a message 8, and a claim 24 with 12 more for each entry of a vector and 4
/// for each event up to the last that has one. An operation costs 56, and 4 for each value shown. Each distinct text is
/// held twice.
///
/// ```
/// use constellation_trace::{Action, Entry, MessageId, Trace, TrueTime};
///
/// let mut trace = Trace::new(["pacific", "atlantic"])?;
/// let [pacific, atlantic] = ["pacific", "atlantic"].map(|name| trace.node(name).expect("just named"));
/// let send = Entry { sends: &[atlantic], ..Entry::new(pacific, TrueTime::from_ns(10), Action::Local) };
/// let sent = trace.record(send)?;
/// let message = trace.event(sent).sends.iter().next().expect("one target, one message");
/// trace.record(Entry::new(atlantic, TrueTime::from_ns(25), Action::Receive(message)))?;
///
/// // What was never sent cannot arrive.
/// let ghost = Action::Receive(MessageId::new(7));
/// assert!(trace.record(Entry::new(atlantic, TrueTime::from_ns(30), ghost)).is_err());
/// # Ok::<(), constellation_trace::TraceError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trace {
    origin: Option<Origin>,
    epoch: Option<WallTime>,
    nodes: Names,
    texts: Names,
    processes: Vec<Process>,
    /// For each node the process that lives now; `None` between a crash and the restart.
    living: Vec<Option<ProcessId>>,
    /// For each node how many times it restarted.
    restarts: Vec<u32>,
    /// For each node its last event.
    latest: Vec<Option<EventId>>,
    events: Vec<Event>,
    messages: Vec<Message>,
    claims: Claims,
    labels: Vec<(EventId, Symbol)>,
    writes: Vec<Write>,
    /// Which write has this key and update name.
    updates: BTreeMap<(Symbol, Symbol), u32>,
    reads: Vec<Read>,
    operations: Operations,
    nemesis: Vec<NemesisEntry>,
}

/// From where a trace comes, as far as the recorder said so; it takes no part in any judgement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// The name of the scenario that was run.
    pub scenario: String,
    /// The seed of its choices.
    pub seed: u64,
    /// How its nodes settled concurrent updates, if the recorder said so.
    pub resolver: Option<String>,
}

/// An update that a client made, as recorded by [`Action::Write`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Write {
    /// The event that accepted it.
    pub event: EventId,
    /// Under which key.
    pub key: Symbol,
    /// Its name, unique under the key.
    pub update: Symbol,
    /// The updates that it means to supersede.
    pub saw: Vec<Symbol>,
}

/// What a node showed under a key, as recorded by [`Action::Read`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Read {
    /// The event at which it was shown.
    pub event: EventId,
    /// Under which key.
    pub key: Symbol,
    /// The updates shown.
    pub shows: Vec<Symbol>,
}

impl Trace {
    /// An empty trace of these nodes, each with a first process.
    ///
    /// # Errors
    /// [`TraceError::DuplicateNode`] for a name given twice, [`TraceError::AmbiguousNode`] for one such as `pacific#2`,
    /// which is what [`Trace::process_name`] calls the second restart of `pacific`, [`TraceError::Full`] for 2^32 names
    /// or more.
    pub fn new<T: AsRef<str>>(nodes: impl IntoIterator<Item = T>) -> Result<Trace, TraceError> {
        let mut names = Names::new();
        for node in nodes {
            if is_restarted(node.as_ref()) {
                return Err(TraceError::AmbiguousNode(node.as_ref().to_owned()));
            }
            let count = names.len();
            let number = names.intern(node.as_ref()).ok_or(TraceError::Full)?;
            if number as usize != count {
                return Err(TraceError::DuplicateNode(node.as_ref().to_owned()));
            }
        }
        let count = u32::try_from(names.len()).map_err(|_| TraceError::Full)?;
        Ok(Trace {
            origin: None,
            epoch: None,
            nodes: names,
            texts: Names::new(),
            processes: (0..count).map(|node| Process { node: NodeId::new(node), incarnation: 0 }).collect(),
            living: (0..count).map(|process| Some(ProcessId::new(process))).collect(),
            restarts: vec![0; count as usize],
            latest: vec![None; count as usize],
            events: Vec::new(),
            messages: Vec::new(),
            claims: Claims::default(),
            labels: Vec::new(),
            writes: Vec::new(),
            updates: BTreeMap::new(),
            reads: Vec::new(),
            operations: Operations::default(),
            nemesis: Vec::new(),
        })
    }

    /// Appends an event and returns its id; its messages have the consecutive ids of [`Event::sends`].
    ///
    /// # Errors
    /// What would make the trace say something impossible is refused, and the trace stays as it was: an unknown
    /// node, message or persisted state, a message at the wrong address, an event at a crashed node, a restart
    /// of a living one, an event that is earlier than the one before it at its node, than the send of what it
    /// receives or the persisted state that it reads, an update named twice, two claims of one kind, a name twice in
    /// a vector, an operation begun or ended twice, or ended by a process that never began it.
    pub fn record(&mut self, entry: Entry<'_>) -> Result<EventId, TraceError> {
        let number = u32::try_from(self.events.len()).map_err(|_| TraceError::Full)?;
        let id = EventId::new(number);
        let process = self.process_of(&entry)?;
        self.check_causes(&entry)?;
        let sends = self.next_sends(entry.sends)?;
        let kind = match wordless(&entry) {
            Some(kind) => kind,
            None => self.record_words(id, process, &entry)?,
        };

        // Nothing fails any more.
        for &to in entry.sends {
            push(&mut self.messages, Message { send: id, to });
        }
        self.latest[entry.node.index()] = Some(id);
        push(&mut self.events, Event { process, at: entry.at, kind, sends });
        Ok(id)
    }

    /// Enters what an event says beside its bare kind: label, claims, texts, and that a process ended or began.
    ///
    /// Not in line, since most events of a long run say nothing.
    #[inline(never)]
    fn record_words(
        &mut self,
        id: EventId,
        process: ProcessId,
        entry: &Entry<'_>,
    ) -> Result<Kind, TraceError> {
        let vectors = self.claims.check(entry.claims)?;
        self.check_write(&entry.action)?;
        self.operations.check(process, &entry.action)?;

        // Nothing below fails but for a full table of texts, which is found before anything else changes.
        let label = self.intern_label(entry.label)?;
        let mut interned = Vec::with_capacity(vectors.len());
        for vector in vectors {
            interned.push(self.intern_vector(vector)?);
        }
        let kind = self.intern_action(process, id, entry.action)?;

        self.labels.extend(label.map(|label| (id, label)));
        let mut vectors = interned.iter();
        for claim in entry.claims {
            let entries = match claim {
                Claim::Vector(_) => vectors.next().map_or(&[][..], |entries| entries),
                _ => &[],
            };
            self.claims.push(id.number(), claim, entries);
        }
        match kind {
            Kind::Crash => self.living[entry.node.index()] = None,
            Kind::Restart { .. } => {
                // Cannot wrap: there are fewer restarts than events.
                self.restarts[entry.node.index()] += 1;
                let incarnation = self.restarts[entry.node.index()];
                self.processes.push(Process { node: entry.node, incarnation });
                self.living[entry.node.index()] = Some(process);
            }
            _ => {}
        }
        Ok(kind)
    }

    /// Appends what the world did, after all events recorded so far.
    ///
    /// # Errors
    /// [`TraceError::UnknownNode`], [`TraceError::UnknownMessage`] or [`TraceError::WaitOver`]; the trace stays as it was.
    pub fn record_nemesis(&mut self, at: TrueTime, nemesis: Nemesis) -> Result<(), TraceError> {
        nemesis.check(at, self.nodes.len(), self.messages.len())?;
        let after_events = u32::try_from(self.events.len()).map_err(|_| TraceError::Full)?;
        self.nemesis.push(NemesisEntry { after_events, at, nemesis });
        Ok(())
    }

    /// Says from where this trace comes.
    pub fn set_origin(&mut self, origin: Origin) {
        self.origin = Some(origin);
    }

    /// From where this trace comes, if that was said.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Says what a wall clock that tells the truth shows at true time 0.
    pub fn set_epoch(&mut self, epoch: WallTime) {
        self.epoch = Some(epoch);
    }

    /// What a wall clock that tells the truth shows at true time 0, if the recorder knew.
    pub fn epoch(&self) -> Option<WallTime> {
        self.epoch
    }

    /// The nodes, in the order of their ids.
    pub fn nodes(&self) -> &Names {
        &self.nodes
    }

    /// The node with this name.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.nodes.find(name).map(NodeId::new)
    }

    /// The name of a node of this trace.
    pub fn node_name(&self, node: NodeId) -> &str {
        self.nodes.text(node.number()).expect("a NodeId comes from the table of its trace")
    }

    /// The processes, in the order of their ids: first one for each node, then one for each restart.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The events, in the order of recording.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// One event of this trace.
    pub fn event(&self, event: EventId) -> &Event {
        &self.events[event.index()]
    }

    /// The ids of all events, in the order of recording.
    pub fn event_ids(&self) -> impl ExactSizeIterator<Item = EventId> + use<> {
        let count = u32::try_from(self.events.len()).expect("record refuses more than 2^32 events");
        (0..count).map(EventId::new)
    }

    /// The node at which an event happened.
    pub fn node_of(&self, event: EventId) -> NodeId {
        self.processes[self.event(event).process.index()].node
    }

    /// The messages, in the order of sending.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// One message of this trace.
    pub fn message(&self, message: MessageId) -> &Message {
        &self.messages[message.index()]
    }

    /// What a timeline calls an event; empty when it has no label. O(log n).
    pub fn label(&self, event: EventId) -> &str {
        self.labels
            .binary_search_by_key(&event, |(labelled, _)| *labelled)
            .map_or("", |place| self.text(self.labels[place].1))
    }

    /// The text behind a symbol of this trace.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.text(symbol.number()).expect("a Symbol comes from the table of its trace")
    }

    /// The symbol of a text, if this trace holds it.
    pub fn symbol(&self, text: &str) -> Option<Symbol> {
        self.texts.find(text).map(Symbol::new)
    }

    /// What all clocks said of an event. O(1) and one step a claim.
    pub fn claims_of(&self, event: EventId) -> impl Iterator<Item = ClaimRef<'_>> {
        self.claims.of(event.number())
    }

    /// What one kind of clock said of an event. O(1).
    pub fn claim(&self, event: EventId, kind: ClaimKind) -> Option<ClaimRef<'_>> {
        self.claims.one(event.number(), kind)
    }

    /// What one kind of clock said of each event that it said something of, in the order of recording.
    pub fn claims(&self, kind: ClaimKind) -> impl Iterator<Item = (EventId, ClaimRef<'_>)> {
        self.claims.all(kind).map(|(event, claim)| (EventId::new(event), claim))
    }

    /// The updates that clients made, in the order of recording.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The write of this update under this key. O(log n).
    pub fn write(&self, key: Symbol, update: Symbol) -> Option<&Write> {
        self.updates.get(&(key, update)).map(|&place| &self.writes[place as usize])
    }

    /// What nodes showed, in the order of recording.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The operations that clients began, in the order of recording.
    pub fn invocations(&self) -> &[Invocation] {
        self.operations.all()
    }

    /// What the world did, in the order of recording.
    pub fn nemesis(&self) -> &[NemesisEntry] {
        &self.nemesis
    }

    fn process_of(&self, entry: &Entry<'_>) -> Result<ProcessId, TraceError> {
        let Some(living) = self.living.get(entry.node.index()) else {
            return Err(TraceError::UnknownNode(entry.node));
        };
        match (living, entry.action) {
            (Some(_), Action::Restart(_)) => Err(TraceError::RestartOfLiving(entry.node)),
            (None, Action::Restart(_)) => {
                u32::try_from(self.processes.len()).map(ProcessId::new).map_err(|_| TraceError::Full)
            }
            (Some(process), _) => Ok(*process),
            (None, _) => Err(TraceError::Crashed(entry.node)),
        }
    }

    /// That what an event depends on is there, belongs to it, and is no later than it; between a crash and the restart
    /// of its node no time runs back either.
    fn check_causes(&self, entry: &Entry<'_>) -> Result<(), TraceError> {
        let other = match entry.action {
            Action::Receive(id) => {
                let Some(message) = self.messages.get(id.index()) else {
                    return Err(TraceError::UnknownMessage(id));
                };
                if message.to != entry.node {
                    return Err(TraceError::WrongReceiver {
                        message: id,
                        sent_to: message.to,
                        at: entry.node,
                    });
                }
                Some(message.send)
            }
            Action::Restart(Some(id)) => {
                let is_own_state = self.events.get(id.index()).is_some_and(|event| {
                    event.kind == Kind::Persist && self.processes[event.process.index()].node == entry.node
                });
                if !is_own_state {
                    return Err(TraceError::NotPersisted(id));
                }
                Some(id)
            }
            _ => None,
        };
        if let Some(latest) = self.latest[entry.node.index()] {
            self.check_time(entry, latest)?;
        }
        other.map_or(Ok(()), |other| self.check_time(entry, other))
    }

    #[inline]
    fn check_time(&self, entry: &Entry<'_>, cause: EventId) -> Result<(), TraceError> {
        let cause_at = self.event(cause).at;
        if cause_at <= entry.at {
            return Ok(());
        }
        Err(TraceError::BeforeCause { node: entry.node, at: entry.at, cause, cause_at })
    }

    fn next_sends(&self, targets: &[NodeId]) -> Result<Sends, TraceError> {
        if let Some(&unknown) = targets.iter().find(|target| target.index() >= self.nodes.len()) {
            return Err(TraceError::UnknownNode(unknown));
        }
        let count = u32::try_from(targets.len()).map_err(|_| TraceError::Full)?;
        let first = u32::try_from(self.messages.len()).map_err(|_| TraceError::Full)?;
        if first.checked_add(count).is_none() {
            return Err(TraceError::Full);
        }
        Ok(Sends { first, count })
    }

    fn check_write(&self, action: &Action<'_>) -> Result<(), TraceError> {
        let Action::Write { key, update, .. } = action else { return Ok(()) };
        let (Some(key_symbol), Some(update_symbol)) = (self.symbol(key), self.symbol(update)) else {
            return Ok(());
        };
        if self.updates.contains_key(&(key_symbol, update_symbol)) {
            return Err(TraceError::DuplicateUpdate { key: (*key).to_owned(), update: (*update).to_owned() });
        }
        Ok(())
    }

    fn intern(&mut self, text: &str) -> Result<Symbol, TraceError> {
        self.texts.intern(text).map(Symbol::new).ok_or(TraceError::Full)
    }

    fn intern_label(&mut self, label: &str) -> Result<Option<Symbol>, TraceError> {
        if label.is_empty() { Ok(None) } else { self.intern(label).map(Some) }
    }

    fn intern_vector(&mut self, vector: Vec<(&str, u64)>) -> Result<Vec<(Symbol, u64)>, TraceError> {
        let mut entries = Vec::with_capacity(vector.len());
        for (name, counter) in vector {
            entries.push((self.intern(name)?, counter));
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn intern_all(&mut self, texts: &[&str]) -> Result<Vec<Symbol>, TraceError> {
        texts.iter().map(|text| self.intern(text)).collect()
    }

    fn intern_action(
        &mut self,
        process: ProcessId,
        event: EventId,
        action: Action<'_>,
    ) -> Result<Kind, TraceError> {
        Ok(match action {
            Action::Local => Kind::Local,
            Action::Receive(message) => Kind::Receive(message),
            Action::Persist => Kind::Persist,
            Action::Crash => Kind::Crash,
            Action::Restart(from) => Kind::Restart { from },
            Action::Write { key, update, saw } => {
                let place = u32::try_from(self.writes.len()).map_err(|_| TraceError::Full)?;
                let (key, update, saw) = (self.intern(key)?, self.intern(update)?, self.intern_all(saw)?);
                self.updates.insert((key, update), place);
                self.writes.push(Write { event, key, update, saw });
                Kind::Write(place)
            }
            Action::Read { key, shows } => {
                let place = u32::try_from(self.reads.len()).map_err(|_| TraceError::Full)?;
                let (key, shows) = (self.intern(key)?, self.intern_all(shows)?);
                self.reads.push(Read { event, key, shows });
                Kind::Read(place)
            }
            Action::Invoke { .. } | Action::Complete { .. } => {
                self.operations.enter(process, event, action, &mut self.texts)?
            }
        })
    }
}

/// What kind of event this is, if it says nothing else and no process ends or begins with it.
#[inline]
fn wordless(entry: &Entry<'_>) -> Option<Kind> {
    if !entry.label.is_empty() || !entry.claims.is_empty() {
        return None;
    }
    match entry.action {
        Action::Local => Some(Kind::Local),
        Action::Receive(message) => Some(Kind::Receive(message)),
        Action::Persist => Some(Kind::Persist),
        _ => None,
    }
}

/// Appends a row to a table that may become long.
#[inline]
fn push<T>(table: &mut Vec<T>, row: T) {
    if table.len() == table.capacity() {
        grow(table);
    }
    table.push(row);
}

/// Makes room: twice as much as there is while that is little, then four times as much, since memory that nobody has
/// touched yet costs less than moving once more what is there.
#[cold]
fn grow<T>(table: &mut Vec<T>) {
    const LITTLE: usize = 1 << 11;
    let rows = table.len();
    table.reserve_exact(if rows < LITTLE { rows.max(64) } else { rows.saturating_mul(3) });
}

/// Whether a text is what [`Trace::process_name`] calls a restarted process: it ends in `#` and a decimal number as
/// one writes it, not zero and of 32 bits.
fn is_restarted(name: &str) -> bool {
    let Some((_, digits)) = name.rsplit_once('#') else { return false };
    digits.parse::<u32>().is_ok_and(|incarnation| incarnation > 0 && incarnation.to_string() == digits)
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;

    #[test]
    fn an_event_costs_what_the_documentation_says() {
        assert_eq!(size_of::<Event>(), 32);
        assert_eq!(size_of::<(EventId, Symbol)>(), 8);
        assert_eq!(size_of::<Message>(), 8);
        assert_eq!(Claims::BYTES, 24);
        assert_eq!(size_of::<Symbol>() + size_of::<u64>(), 12);
    }
}
