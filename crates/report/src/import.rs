//! Somebody else's log as a run that can be drawn: events as they stand there, and the orders that the log tells.
//!
//! | module | from what | what its arrows are |
//! | --- | --- | --- |
//! | [`clocks`] | a log with vector clocks | the fewest that explain the clocks |
//! | [`spans`] | spans of services | from the start of a parent to that of its child, of what is linked to to the end of what links |

pub mod clocks;
pub mod spans;

use constellation_trace::{EventId, Judgement, Trace, TraceError};

use crate::edge::{Edge, Lane, PictureError};
use crate::picture::{Caption, Picture};

/// A log of another system as what a picture is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// Its events, causes first.
    pub trace: Trace,
    /// The orders that no message made.
    pub edges: Vec<Edge>,
    /// Which nodes share a lane; `None` where each has its own.
    pub lanes: Option<Vec<Lane>>,
    /// For each event of the log, in its order, which event it is in the trace; of spans, their starts.
    pub events: Vec<EventId>,
    /// What a reader should know, one line each.
    pub remarks: Vec<String>,
    /// Which orders the log does not tell, one line each.
    pub unknown: Vec<String>,
}

impl Imported {
    /// A picture of it, of which `judgements` were made; its caption is told what is not known.
    ///
    /// # Errors
    /// None of what this crate imports: edges lead on, and each node is on one lane.
    pub fn picture<'i>(
        &'i self,
        judgements: &'i [Judgement],
        mut caption: Caption,
    ) -> Result<Picture<'i>, PictureError> {
        caption.remarks.extend(self.remarks.iter().cloned());
        caption.unknown.extend(self.unknown.iter().cloned());
        let picture = Picture::new(&self.trace, judgements, caption).with_edges(self.edges.clone())?;
        match &self.lanes {
            Some(lanes) => picture.with_lanes(lanes.clone()),
            None => Ok(picture),
        }
    }
}

/// A trace of nodes of these names, each changed as little as must be: two of one name get a number, and a name that ends as
/// that of a restarted process does gets a blank before it.
pub(crate) fn trace_of(names: impl IntoIterator<Item = String>) -> Result<Trace, TraceError> {
    let mut taken = std::collections::BTreeSet::new();
    let names = names.into_iter().map(|name| {
        let name = match name.rsplit_once('#') {
            Some((before, number)) if number.parse::<u32>().is_ok() => format!("{before} (#{number})"),
            _ => name,
        };
        let mut free = name.clone();
        let mut number = 2_u32;
        while !taken.insert(free.clone()) {
            free = format!("{name} ({number})");
            // Cannot wrap: there are fewer than 2^32 names.
            number += 1;
        }
        free
    });
    Trace::new(names.collect::<Vec<_>>())
}
