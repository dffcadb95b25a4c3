//! A run as a log with vector clocks that ShiViz draws: two lines an event, what happened and its clock.
//!
//! The clocks are those that happens-before has, whatever the clocks of the run claimed: for each process how many of its
//! events are in the past, the event itself included. A process is a host of its own, so that a node is another host after
//! each restart (`pacific#1`), which has seen what it read from its disk and nothing else.
//!
//! The first line is the expression by which ShiViz takes the log apart, the second is blank: no delimiter. That is how it
//! reads a file; where the text is pasted it skips both lines, since its own expression is the same.
//!
//! ```
//! use constellation_report::{Caption, Picture, export::shiviz};
//! use constellation_trace::sketch;
//!
//! let trace = sketch::parse("pacific  m!\nindian   c m?")?;
//! let mut log = Vec::new();
//! shiviz::write(&Picture::new(&trace, &[], Caption::default()), &mut log).expect("there is room for it");
//! assert!(String::from_utf8_lossy(&log).ends_with(
//!     "e2 at +0.003000s m?: receives m0 from pacific\nindian {\"pacific\":1,\"indian\":2}\n"
//! ));
//! # Ok::<(), sketch::SketchError>(())
//! ```

use std::borrow::Cow;
use std::cmp;
use std::collections::BTreeMap;
use std::io::{self, Write};

use constellation_trace::{EventId, Kind, MessageId, ProcessId, Trace, is_obeyed, one_line};
use serde_json::Value;

use super::counted;
use crate::edge::Edge;
use crate::picture::Picture;
use crate::world::{End, doings, fates};

/// The expression by which ShiViz takes such a log apart; it is ShiViz's own when none is given.
pub const PARSER: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// From so many events on ShiViz takes seconds to draw a log, and from ten times as many minutes.
pub const SLOW_EVENTS: usize = 10_000;

/// Writes the log. O(events · entries of their clocks); holds the clocks of events that others still depend on.
///
/// # Errors
/// Those of `out`.
pub fn write(picture: &Picture<'_>, mut out: impl Write) -> io::Result<()> {
    let trace = picture.trace();
    let hosts: Vec<String> = (0..trace.processes().len())
        .map(|process| {
            let process = ProcessId::new(u32::try_from(process).expect("a trace numbers them with 32 bits"));
            host_name(&trace.process_name(process)).into_owned()
        })
        .collect();
    let keys: Vec<String> = hosts.iter().map(|host| quoted(host)).collect();
    let ends = ends(trace);
    writeln!(out, "{PARSER}\n")?;
    let mut clocks = Clocks::of(picture);
    let mut line = String::new();
    for event in trace.event_ids() {
        let process = trace.event(event).process.index();
        line.clear();
        line.push_str(&told(trace, event, &ends));
        line.push('\n');
        line.push_str(&hosts[process]);
        line.push_str(" {");
        for (nth, (other, count)) in clocks.next(event).iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            line.push_str(&format!("{comma}{}:{count}", keys[*other as usize]));
        }
        line.push_str("}\n");
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

/// What the log does not say of the run, a line each. O(events of the world).
pub fn left_out(picture: &Picture<'_>) -> Vec<String> {
    let trace = picture.trace();
    let mut lines = Vec::new();
    if trace.event_ids().any(|event| trace.claims_of(event).next().is_some()) {
        lines
            .push("what clocks claimed: the clocks of the log are those of happens-before itself".to_owned());
    }
    let doings = doings(trace).len();
    if doings > 0 {
        lines
            .push(format!("{} that is no event, such as a partition", counted(doings, "doing of the world")));
    }
    if !picture.judgements().is_empty() {
        lines.push("the verdict".to_owned());
    }
    lines
}

/// What an event is called in the log, in one line.
fn told(trace: &Trace, event: EventId, ends: &BTreeMap<MessageId, Vec<String>>) -> String {
    // Two words before anything of others: a second word that begins with a brace would be a clock where text is pasted.
    let mut told = format!("{event} at {}", trace.event(event).at);
    let (label, deed) = (trace.label(event), trace.deed(event));
    match (label.is_empty(), deed.is_empty()) {
        (true, true) => told.push_str(&format!(" {}", trace.describe(event))),
        (true, false) => told.push_str(&format!(" {deed}")),
        (false, true) => told.push_str(&format!(" {}", one_line(label))),
        (false, false) => told.push_str(&format!(" {}: {deed}", one_line(label))),
    }
    for message in trace.event(event).sends.iter() {
        for end in ends.get(&message).into_iter().flatten() {
            told.push_str(&format!("; {message} {}", one_line(end)));
        }
    }
    told
}

/// What became of messages other than to arrive once, in words.
pub(super) fn ends(trace: &Trace) -> BTreeMap<MessageId, Vec<String>> {
    let mut arrives = vec![false; trace.messages().len()];
    for event in trace.events() {
        if let Kind::Receive(message) = event.kind {
            arrives[message.index()] = true;
        }
    }
    let mut ends: BTreeMap<MessageId, Vec<String>> = BTreeMap::new();
    for fate in fates(trace) {
        let why = if fate.why.is_empty() { String::new() } else { format!(": {}", fate.why) };
        let what = match fate.end {
            End::Lost if arrives[fate.message.index()] => "loses a copy",
            End::Lost => "is lost",
            End::Held => "is held at a cut link",
            End::Duplicated => "is duplicated",
            End::Corrupted => "is corrupted",
            End::Waits => "waits",
            End::InFlight => "is on its way when the recording ends",
        };
        ends.entry(fate.message).or_default().push(format!("{what}{why}"));
    }
    ends
}

/// A name as it stands in the log before a clock and in it: what parts it from the clock there, or what ShiViz falls over, is
/// written as in an address, `%20` for a blank; so is `%` itself, so that no two names become one. A name without any letter
/// is `%`.
///
/// ```
/// use constellation_report::export::shiviz::host_name;
/// assert_eq!(host_name("pacific#1"), "pacific#1");
/// assert_eq!(host_name("Indian Ocean"), "Indian%20Ocean");
/// assert_eq!([host_name("__proto__"), host_name("100%"), host_name("")], ["%5F_proto__", "100%25", "%"]);
/// ```
pub fn host_name(name: &str) -> Cow<'_, str> {
    let must_go = |letter: char| is_obeyed(letter) || letter.is_whitespace() || "%\"\\{}".contains(letter);
    let is_inherited = INHERITED.contains(&name);
    if !name.is_empty() && !is_inherited && !name.contains(must_go) {
        return Cow::Borrowed(name);
    }
    if name.is_empty() {
        return Cow::Borrowed("%");
    }
    let mut host = String::with_capacity(name.len() + 8);
    for (nth, letter) in name.chars().enumerate() {
        if must_go(letter) || (is_inherited && nth == 0) {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                host.push_str(&format!("%{byte:02X}"));
            }
        } else {
            host.push(letter);
        }
    }
    Cow::Owned(host)
}

/// What every object of JavaScript has: ShiViz takes a host of that name for one that it has seen, and falls over it.
const INHERITED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

fn quoted(host: &str) -> String {
    Value::from(host).to_string()
}

/// For each process how many of its events are in a past, ascending by process, none of them zero.
type Clock = Vec<(u32, u32)>;

/// The clocks of happens-before, event by event in the order of recording.
struct Clocks<'p, 't> {
    trace: &'t Trace,
    /// Orders that no message made, from the next event on.
    edges: std::iter::Peekable<std::slice::Iter<'p, Edge>>,
    /// For each event after which one nothing depends on its clock any more, but for its own process.
    last_use: Vec<u32>,
    /// For each process the clock of its last event.
    latest: Vec<Clock>,
    /// The clocks that will still be asked for.
    kept: BTreeMap<EventId, Clock>,
}

impl<'p, 't> Clocks<'p, 't> {
    fn of(picture: &'p Picture<'t>) -> Clocks<'p, 't> {
        let trace = picture.trace();
        let mut last_use = vec![0; trace.events().len()];
        for event in trace.event_ids() {
            if let Some(cause) = cause(trace, event) {
                last_use[cause.index()] = event.number();
            }
        }
        for edge in picture.edges() {
            let last = &mut last_use[edge.from.index()];
            *last = (*last).max(edge.to.number());
        }
        let latest = vec![Clock::new(); trace.processes().len()];
        Clocks { trace, edges: picture.edges().iter().peekable(), last_use, latest, kept: BTreeMap::new() }
    }

    /// The clock of the next event.
    fn next(&mut self, event: EventId) -> &[(u32, u32)] {
        let process = self.trace.event(event).process;
        let mut clock = std::mem::take(&mut self.latest[process.index()]);
        let mut causes: Vec<EventId> = cause(self.trace, event).into_iter().collect();
        while let Some(edge) = self.edges.next_if(|edge| edge.to <= event) {
            causes.push(edge.from);
        }
        for cause in causes {
            if let Some(known) = self.kept.get(&cause) {
                clock = joined(&clock, known);
            }
            if self.last_use[cause.index()] == event.number() {
                self.kept.remove(&cause);
            }
        }
        match clock.binary_search_by_key(&process.number(), |entry| entry.0) {
            // Cannot wrap: there are fewer than 2^32 events.
            Ok(place) => clock[place].1 += 1,
            Err(place) => clock.insert(place, (process.number(), 1)),
        }
        if self.last_use[event.index()] > event.number() {
            self.kept.insert(event, clock.clone());
        }
        self.latest[process.index()] = clock;
        &self.latest[process.index()]
    }
}

/// The cause of an event that is not of its own process: the send of what it receives, or the state that it read.
fn cause(trace: &Trace, event: EventId) -> Option<EventId> {
    match trace.event(event).kind {
        Kind::Receive(message) => Some(trace.message(message).send),
        Kind::Restart { from } => from,
        _ => None,
    }
}

fn joined(one: &[(u32, u32)], other: &[(u32, u32)]) -> Clock {
    let mut joined = Clock::with_capacity(one.len().max(other.len()));
    let (mut left, mut right) = (0, 0);
    while let (Some(&(process, count)), Some(&(other_process, other_count))) =
        (one.get(left), other.get(right))
    {
        joined.push(match process.cmp(&other_process) {
            cmp::Ordering::Less => (process, count),
            cmp::Ordering::Equal => (process, count.max(other_count)),
            cmp::Ordering::Greater => (other_process, other_count),
        });
        left += usize::from(process <= other_process);
        right += usize::from(other_process <= process);
    }
    joined.extend(&one[left..]);
    joined.extend(&other[right..]);
    joined
}
