//! Somebody else's spans as plain data: work that began and ended at a service, and what each says began it.
//!
//! Nothing here is believed: the times are those of the wall clocks of many machines. The reader is in the module `format`,
//! behind the feature `formats`.

use crate::ids::Names;
use crate::log::Place;

/// All that was read of one file, over all its traces.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Spans {
    /// The services, an instance each, in the order of appearance.
    pub services: Names,
    /// The spans, in the order of the file, each once.
    pub spans: Vec<Span>,
    /// What each says was before it: from which span to which, by their places. In the order of the later ones.
    pub orders: Vec<SpanOrder>,
    /// How many spans have a parent that is not in the file.
    pub parents_missing: u64,
    /// How many links lead to a span that is not in the file.
    pub links_missing: u64,
    /// How many spans stood there once more, all alike, and were left out.
    pub repeated: u64,
}

/// One span.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Span {
    /// At which service; index into [`Spans::services`].
    pub service: u32,
    /// What it is called.
    pub name: String,
    /// Of which trace it is a part.
    pub trace: [u8; 16],
    /// Its number in that trace.
    pub id: [u8; 8],
    /// When it began, by the clock of its service: nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// When it ended, by the same clock; `None` when that is not told.
    pub end_ns: Option<u64>,
    /// Where it stands in the file.
    pub place: Place,
}

impl Spans {
    /// What the clock of the later span showed when it surely knew of the earlier: its start if that is its parent, its end if
    /// it links to it, since links may be added until a span ends; `None` when that end is not told.
    ///
    /// # Panics
    /// When the order is of a span that is not among these.
    pub fn known_ns(&self, order: &SpanOrder) -> Option<u64> {
        let later = &self.spans[order.later as usize];
        match order.why {
            SpanReason::Parent => Some(later.start_ns),
            SpanReason::Link => later.end_ns,
        }
    }
}

impl Span {
    /// A span that was called nothing.
    pub const fn new(service: u32, trace: [u8; 16], id: [u8; 8], start_ns: u64, place: Place) -> Span {
        Span { service, name: String::new(), trace, id, start_ns, end_ns: None, place }
    }

    /// Its number as it is written: sixteen digits.
    pub fn id_text(&self) -> String {
        self.id.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// That one span began before another knew of it: before a child began, or before a span that links to it ended.
///
/// Of the ends of a parent and its child nothing follows: either may end first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SpanOrder {
    /// The place of the later one.
    pub later: u32,
    /// The place of the earlier one.
    pub earlier: u32,
    /// Why.
    pub why: SpanReason,
}

/// Why one span began before another knew of it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SpanReason {
    /// It is the parent.
    Parent,
    /// The later one links to it, since its own beginning or since any time before its end: OpenTelemetry lets a span add
    /// links while it runs, so that two spans may link to each other.
    Link,
}

impl SpanReason {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            SpanReason::Parent => "parent",
            SpanReason::Link => "link",
        }
    }
}
