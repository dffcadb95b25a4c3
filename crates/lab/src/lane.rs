//! What one node saw and did, in its own terms: by its own clock, in its own numbers, and nothing that only the world knows.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

use constellation_trace::{Elapsed, EventId, Kind, MessageId, Nemesis, NodeId, Trace, TrueTime, one_line};

/// What one node saw and did, a line for each of its events.
///
/// Two runs of equal lanes cannot be told apart by that node, as far as its words go: what a message carries is in a trace
/// only if the node says it in the label of an event. Nothing of the world is in the lines, neither the numbers of events
/// and messages nor true times, so that lanes of different runs can be compared byte by byte. That a process ends without
/// warning it does not see; that it begins anew, it does.
///
/// ```
/// use constellation_lab::lane::Lane;
/// use constellation_trace::{Action, Call, Entry, NodeId, Trace, TrueTime};
///
/// let mut trace = Trace::new(["pacific", "mss-23"])?;
/// let read = Call::Read { key: "burns".to_owned() };
/// let (pacific, at) = (NodeId::new(0), TrueTime::from_ns(1_500_000_000));
/// let action = Action::Invoke { number: 0, call: &read };
/// trace.record(Entry { sends: &[NodeId::new(1)], ..Entry::new(pacific, at, action) })?;
/// assert_eq!(Lane::of(&trace, pacific).to_string(), "+1.500000s  invokes 0: read burns, sends #0 to mss-23\n");
/// # Ok::<(), constellation_trace::TraceError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lane {
    lines: Vec<Line>,
}

/// One event, as its node would tell it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// Which event of the trace it is; not part of the text.
    pub event: EventId,
    /// In which life of the node, from 0.
    pub life: u32,
    /// How long that life had lasted, by the monotonic clock of its machine, which stands still in its sleep.
    pub elapsed: Elapsed,
    /// What the node saw and did.
    pub what: String,
}

impl Lane {
    /// What `node` saw and did in `trace`. O(events + what the world did × events of the node).
    pub fn of(trace: &Trace, node: NodeId) -> Lane {
        let mut teller = Teller { trace, sent: 0, received: BTreeMap::new() };
        let mut begun = joined(trace, node).unwrap_or_default();
        let mut lines = Vec::new();
        for event in trace.event_ids().filter(|event| trace.node_of(*event) == node) {
            let recorded = trace.event(event);
            match recorded.kind {
                Kind::Crash => continue,
                Kind::Restart { .. } => begun = recorded.at,
                _ => {}
            }
            let elapsed = recorded.at.since(begun).saturating_sub(asleep(trace, node, begun, recorded.at));
            lines.push(Line {
                event,
                life: trace.processes()[recorded.process.index()].incarnation,
                elapsed: Elapsed::default().saturating_add(elapsed),
                what: teller.tell(event),
            });
        }
        Lane { lines }
    }

    /// The lines, in program order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What of it was until the first life had lasted so long, that moment included.
    #[must_use]
    pub fn until(&self, elapsed: Elapsed) -> Lane {
        let is_before = |line: &&Line| line.life == 0 && line.elapsed <= elapsed;
        Lane { lines: self.lines.iter().take_while(is_before).cloned().collect() }
    }

    /// The place of the first line that is not the same in both, or that only one has; `None` if they are byte-equal.
    pub fn first_difference(&self, other: &Lane) -> Option<usize> {
        let lines = self.lines.len().max(other.lines.len());
        let text = |lane: &Lane, place: usize| lane.lines.get(place).map(ToString::to_string);
        (0..lines).find(|place| text(self, *place) != text(other, *place))
    }
}

impl fmt::Display for Lane {
    /// A line each, all ended: these are the bytes that are compared.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Line {
    /// To the microsecond, and beyond where there is more to tell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (second, ns) = (self.elapsed.ns() / 1_000_000_000, self.elapsed.ns() % 1_000_000_000);
        match ns % 1_000 {
            0 => write!(f, "+{second}.{:06}s  {}", ns / 1_000, self.what),
            _ => write!(f, "+{second}.{ns:09}s  {}", self.what),
        }
    }
}

/// When a node that was not there from the beginning was started.
fn joined(trace: &Trace, node: NodeId) -> Option<TrueTime> {
    let mut entries = trace.nemesis().iter();
    entries.find(|entry| entry.nemesis == Nemesis::Join { node }).map(|entry| entry.at)
}

/// How long the machine of a node slept between two times.
fn asleep(trace: &Trace, node: NodeId, from: TrueTime, to: TrueTime) -> std::time::Duration {
    let slept = trace.nemesis().iter().filter_map(|entry| match entry.nemesis {
        Nemesis::Suspend { node: who, for_ns } if who == node => {
            let woken = entry.at.saturating_add(std::time::Duration::from_nanos(for_ns)).min(to);
            Some(woken.since(entry.at.max(from).min(woken)))
        }
        _ => None,
    });
    slept.sum()
}

/// Gives the messages of a node its own numbers.
struct Teller<'t> {
    trace: &'t Trace,
    /// How many it sent.
    sent: u32,
    /// Which it received, each with its number; a copy has that of the first.
    received: BTreeMap<MessageId, usize>,
}

impl Teller<'_> {
    fn tell(&mut self, event: EventId) -> String {
        let recorded = self.trace.event(event);
        let label = self.trace.label(event);
        let mut told: Vec<String> = Vec::new();
        match recorded.kind {
            Kind::Receive(message) => {
                let next = self.received.len();
                let number = *self.received.entry(message).or_insert(next);
                let from = self.trace.node_name(self.trace.node_of(self.trace.message(message).send));
                told.push(format!("receives #{number} from {from}"));
            }
            Kind::Restart { from: Some(_) } => {
                told.push("begins anew, with the state that it kept".to_owned())
            }
            Kind::Restart { from: None } => told.push("begins anew, and remembers nothing".to_owned()),
            kind => told.extend(self.does(kind)),
        }
        if !label.is_empty() {
            told.push(label.to_owned());
        }
        for message in recorded.sends.iter() {
            let to = self.trace.node_name(self.trace.message(message).to);
            told.push(format!("sends #{} to {to}", self.sent));
            // Cannot wrap: a trace holds at most 2^32 messages.
            self.sent += 1;
        }
        if told.is_empty() {
            told.push("does something of its own".to_owned());
        }
        one_line(&told.join(", ")).into_owned()
    }

    /// What it does for its clients or as one.
    fn does(&self, kind: Kind) -> Option<String> {
        let trace = self.trace;
        let text = |symbol| Ok::<_, Infallible>(trace.text(symbol));
        Some(match kind {
            Kind::Persist => "keeps its state".to_owned(),
            Kind::Write(place) => {
                let write = &trace.writes()[place as usize];
                format!("writes {} to {}", trace.text(write.update), trace.text(write.key))
            }
            Kind::Read(place) => {
                let read = &trace.reads()[place as usize];
                let shows: Vec<_> = read.shows.iter().map(|update| trace.text(*update)).collect();
                let shows = if shows.is_empty() { "nothing".to_owned() } else { shows.join(" | ") };
                format!("shows {shows} under {}", trace.text(read.key))
            }
            Kind::Invoke(place) => {
                let invocation = &trace.invocations()[place as usize];
                let Ok(call) = invocation.call.try_map(|symbol| text(*symbol));
                format!("invokes {}: {call}", invocation.number)
            }
            Kind::Complete(place) => {
                let invocation = &trace.invocations()[place as usize];
                let (_, completion) = invocation.completed.as_ref()?;
                let Ok(completion) = completion.try_map(|symbol| text(*symbol));
                format!("completes {}: {completion}", invocation.number)
            }
            _ => return None,
        })
    }
}
