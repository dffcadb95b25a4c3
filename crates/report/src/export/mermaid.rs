//! A run as a sequence diagram in Mermaid's language, which many sites draw where it stands in a text.
//!
//! Time runs down. A note stands where an event happens, an arrow where its message arrives, with the event that sent it: in
//! a sequence diagram arrows are level, so an arrow that was drawn where it began would arrive before it does. A lost message
//! ends in a cross where it was sent.
//!
//! Sites refuse a text of more than 50,000 letters, so a run that is longer is drawn as its evidence, if there is any, else as
//! far as it goes; what is left out is said in the diagram.
//!
//! ```
//! use constellation_report::{Caption, Picture, export::mermaid};
//! use constellation_trace::sketch;
//!
//! let trace = sketch::parse("pacific  m!\nindian   c m?")?;
//! let exported = mermaid::draw(&Picture::new(&trace, &[], Caption::default()));
//! assert!(exported.text.contains("\n  n0->>n1: m0, sent at e0, arrives at e2\n"));
//! # Ok::<(), sketch::SketchError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{EventId, Kind, MessageId, NodeId, Trace, one_line};

use super::shiviz::ends;
use super::{Exported, counted, shortened};
use crate::diagram::{Diagram, Scope};
use crate::picture::Picture;
use crate::world::doings;

/// More arrows are not drawn: Mermaid's own limit for graphs, which a reader reaches long before.
pub const ARROWS_MAX: usize = 280;

/// The most letters of a diagram; Mermaid refuses 50,000.
pub const LETTERS_MAX: usize = 48_000;

/// What happened is told in so many letters, a name in fewer.
const TEXT_MAX: usize = 80;
const NAME_MAX: usize = 40;

/// Draws a run where it fits, else its evidence, else as much of it as does. O(events).
pub fn draw(picture: &Picture<'_>) -> Exported {
    let trace = picture.trace();
    let whole = Rows::of(picture, trace.event_ids(), LETTERS_MAX);
    if whole.stopped.is_none() {
        return whole.finish();
    }
    match evidence(picture) {
        Some(events) => Rows::of(picture, events.into_iter(), LETTERS_MAX).finish(),
        None => whole.finish(),
    }
}

/// Draws the evidence alone, in so many letters; `None` where there is none.
pub(super) fn draw_evidence(picture: &Picture<'_>, letters_max: usize) -> Option<Exported> {
    evidence(picture).map(|events| Rows::of(picture, events.into_iter(), letters_max).finish())
}

/// The events that a picture of the evidence shows, in the order of recording.
fn evidence(picture: &Picture<'_>) -> Option<BTreeSet<EventId>> {
    let diagram = Diagram::of(picture, Scope::Evidence, crate::svg::WIDTH);
    (diagram.scope == Scope::Evidence).then(|| diagram.marks.iter().map(|mark| mark.event).collect())
}

/// The lines of a diagram.
struct Rows<'p, 't> {
    picture: &'p Picture<'t>,
    trace: &'t Trace,
    /// What the lanes are called.
    names: Vec<&'p str>,
    lines: Vec<String>,
    /// The lanes that something is drawn at.
    lanes: BTreeSet<u32>,
    letters: usize,
    letters_max: usize,
    arrows: usize,
    events: usize,
    messages: BTreeSet<MessageId>,
    /// The first event that did not fit.
    stopped: Option<EventId>,
}

impl<'p, 't> Rows<'p, 't> {
    fn of(
        picture: &'p Picture<'t>,
        events: impl Iterator<Item = EventId>,
        letters_max: usize,
    ) -> Rows<'p, 't> {
        let trace = picture.trace();
        let mut rows = Rows {
            picture,
            trace,
            names: picture.lane_names(),
            lines: Vec::new(),
            lanes: BTreeSet::new(),
            letters: 0,
            letters_max,
            arrows: 0,
            events: 0,
            messages: BTreeSet::new(),
            stopped: None,
        };
        let ends = ends(trace);
        let doings = doings(trace);
        let begins = doings.iter().map(|doing| (doing.at, &doing.nodes, doing.text.clone()));
        let over = doings.iter().filter_map(|doing| {
            doing.until.map(|until| (until, &doing.nodes, format!("over: {}", doing.text)))
        });
        let mut world: Vec<_> = begins.chain(over).collect();
        world.sort_by_key(|(at, ..)| *at);
        let mut world = world.into_iter().peekable();
        let mut seen: BTreeSet<MessageId> = BTreeSet::new();
        let mut is_first = true;
        for event in events {
            let at = trace.event(event).at;
            while let Some((_, nodes, text)) = world.next_if(|(begins, ..)| *begins <= at) {
                // What was over before anything is drawn is no part of it.
                if !is_first || text.starts_with("partition") || text.starts_with("cut") {
                    rows.note_world(nodes, &text);
                }
            }
            is_first = false;
            if !rows.event(event, &ends, &mut seen) {
                rows.stopped = Some(event);
                break;
            }
        }
        rows
    }

    /// Draws an event with what arrives at it and what is lost of what it sends; whether there was room.
    fn event(
        &mut self,
        event: EventId,
        ends: &BTreeMap<MessageId, Vec<String>>,
        seen: &mut BTreeSet<MessageId>,
    ) -> bool {
        let trace = self.trace;
        let recorded = trace.event(event);
        let node = trace.node_of(event);
        let own = self.picture.lane(node);
        let lane = |event: EventId| self.picture.lane(trace.node_of(event));
        let mut lines = Vec::new();
        let mut lanes = vec![own];
        let mut messages = Vec::new();
        let label = trace.label(event);
        let mut is_told = label.is_empty() && recorded.sends.is_empty();
        if let Kind::Receive(message) = recorded.kind {
            let send = trace.message(message).send;
            let copy = if seen.insert(message) { "" } else { " once more" };
            let text = format!("{message}, sent at {send}, arrives at {event}{copy}");
            lines.push(format!("n{}->>n{own}: {text}", lane(send)));
            lanes.push(lane(send));
            messages.push(message);
        } else {
            is_told = is_told && matches!(recorded.kind, Kind::Local | Kind::Persist);
        }
        for edge in self.picture.edges_to(event).iter().filter(|edge| trace.node_of(edge.from) != node) {
            let why = plain(&edge.why, NAME_MAX);
            lines.push(format!("n{}-->>n{own}: {} is before {event}, {why}", lane(edge.from), edge.from));
            lanes.push(lane(edge.from));
        }
        if !is_told {
            let told = if label.is_empty() { trace.deed(event) } else { one_line(label).into_owned() };
            let name = trace.node_name(node);
            // Several chains share the lane: which of them it is.
            let told =
                if self.names[own as usize] == name { told } else { format!("{told} · {}", one_line(name)) };
            lines.push(format!("Note over n{own}: {event} {}", plain(&told, TEXT_MAX)));
        }
        for message in recorded.sends.iter() {
            let to = self.picture.lane(trace.message(message).to);
            for end in ends.get(&message).into_iter().flatten().filter(|end| is_gone(end)) {
                lines.push(format!("n{own}-xn{to}: {message} {}", plain(end, TEXT_MAX)));
                lanes.push(to);
                messages.push(message);
            }
        }
        let has_room = self.push(lines, &lanes);
        if has_room {
            self.events += 1;
            self.messages.extend(messages);
        }
        has_room
    }

    /// Adds lines between these lanes if there is room for them and for the names of the lanes.
    fn push(&mut self, lines: Vec<String>, lanes: &[u32]) -> bool {
        let letters: usize = lines.iter().map(|line| line.len() + 3).sum();
        // Names are written once each, with at most so many bytes a letter.
        let new_lanes = lanes.iter().filter(|lane| !self.lanes.contains(lane)).count();
        let names = new_lanes * (NAME_MAX * BYTES_MAX + 24);
        let arrows = lines.iter().filter(|line| !line.starts_with("Note")).count();
        if self.letters + letters + names > self.letters_max || self.arrows + arrows > ARROWS_MAX {
            return false;
        }
        self.letters += letters + names;
        self.arrows += arrows;
        self.lines.extend(lines);
        self.lanes.extend(lanes);
        true
    }

    /// Notes what the world did, over the nodes that it did it to.
    fn note_world(&mut self, nodes: &[NodeId], text: &str) {
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
        let [first, last] = [first, last].map(|node| self.picture.lane(*node));
        let over = if first == last { format!("n{first}") } else { format!("n{first},n{last}") };
        let line = format!("Note over {over}: {}", plain(text, 2 * TEXT_MAX));
        self.push(vec![line], &[first, last]);
    }

    fn finish(self) -> Exported {
        let left_out = self.left_out();
        let mut text = "sequenceDiagram\n".to_owned();
        for lane in &self.lanes {
            let name = self.names[*lane as usize];
            let name = if name.is_empty() { "(nameless)" } else { name };
            text.push_str(&format!("  participant n{lane} as {}\n", plain(name, NAME_MAX)));
        }
        for line in &self.lines {
            text.push_str(&format!("  {line}\n"));
        }
        let ends = self.lanes.first().zip(self.lanes.last());
        if let (Some(note), Some((first, last))) = (left_out.first(), ends) {
            text.push_str(&format!("  Note over n{first},n{last}: {}\n", plain(note, 2 * TEXT_MAX)));
        }
        if self.lanes.is_empty() {
            // A diagram without anybody is refused.
            text.push_str("  participant n0 as nothing happened\n");
        }
        let mut exported = Exported { text, left_out };
        if !self.picture.judgements().is_empty() {
            exported.left_out.push("the verdict".to_owned());
        }
        exported
    }

    fn left_out(&self) -> Vec<String> {
        let events = self.trace.events().len() - self.events;
        let messages = self.trace.messages().len() - self.messages.len();
        if events == 0 {
            return Vec::new();
        }
        vec![format!("not drawn: {} and {}", counted(events, "event"), counted(messages, "message"))]
    }
}

/// Whether a message, or a copy of it, does not arrive.
fn is_gone(end: &str) -> bool {
    ["is lost", "loses", "is on its way"].iter().any(|start| end.starts_with(start))
}

/// The most bytes that a letter takes in [`plain`]: `#1114111;`.
const BYTES_MAX: usize = 10;

/// A text of others in at most so many letters, each that could mean something to Mermaid or to HTML as a number.
///
/// Letters and digits are what they are, in any script. A `#`, a `;` or a `%` would end or begin something; the word `end` ends a
/// block, and `wrap:` at the beginning is an order.
pub(super) fn plain(text: &str, letters: usize) -> String {
    let line = one_line(text);
    let line = shortened(&line, letters);
    let mut plain = String::with_capacity(line.len());
    for word in line.split_inclusive(' ') {
        let bare = word.trim().trim_start_matches(':').to_ascii_lowercase();
        let is_end = bare == "end" || bare.starts_with("wrap:") || bare.starts_with("nowrap:");
        for (nth, letter) in word.chars().enumerate() {
            let is_safe = letter.is_alphanumeric() || " ,.:-()/|=+'_→…✓✗°".contains(letter);
            if is_safe && !(is_end && nth == 0) {
                plain.push(letter);
            } else {
                plain.push_str(&format!("#{};", u32::from(letter)));
            }
        }
    }
    // A text that ends or begins in blanks, or is nothing, is taken for none.
    if plain.trim().is_empty() { "#32;".to_owned() } else { plain.trim().to_owned() }
}
