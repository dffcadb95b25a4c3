//! What is drawn: a trace, what was judged of it, and what its reader must be told beside.

use constellation_trace::{
    EventId, Judgement, Kind, MessageId, Nemesis, NodeId, Proof, Trace, TrueTime, Verdict, Witness, one_line,
};

use crate::edge::{self, Edge, Lane, Lanes, PictureError};

use crate::world::{Doing, doings};

/// Which kind of time the events of a trace have: a reader would else take an estimate for the truth.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Times {
    /// Whatever the recorder took; nobody says what that was.
    #[default]
    Recorded,
    /// Those of the simulation, which are true and which no node could see.
    Simulated,
    /// Those at which the hub of a live run heard of the events, by its own clock.
    Heard,
    /// Those of the wall clocks, of which some may have been moved so that causes come first.
    Estimated,
    /// None: an event has a place among the others, and what is between two places is no time.
    Untimed,
}

impl Times {
    /// The kind in a word of a machine's: `simulated`.
    pub const fn word(self) -> &'static str {
        match self {
            Times::Recorded => "recorded",
            Times::Simulated => "simulated",
            Times::Heard => "heard",
            Times::Estimated => "estimated",
            Times::Untimed => "untimed",
        }
    }
}

/// What a reader is told of a run beside what is in its trace.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Caption {
    /// What the picture is called, in a line.
    pub title: String,
    /// The SHA-256 of the trace's JSON Lines, in hexadecimal; empty when nobody took it.
    pub digest: String,
    /// The command that does the same again; empty when there is none.
    pub replay: String,
    /// What nobody promised but a reader should know, one line each.
    pub remarks: Vec<String>,
    /// What a reader must hear even where all that was promised holds, as a clause of the one sentence: "wall clocks disagree
    /// by 2 s at least". Empty when there is no such thing.
    pub warning: String,
    /// Which orders are not known, one line each: "of two spans of one service nothing is known unless one began the other".
    /// A reader would else take for concurrent what nobody noted.
    pub unknown: Vec<String>,
    /// Which kind of time the trace has.
    pub times: Times,
    /// The text of the scenario; empty when it is not known.
    pub source: String,
    /// What the world did, as whoever ran it knows, and its trace does not say: a storm that is written into the links.
    pub doings: Vec<Doing>,
    /// In what the run was made: what each is called, and what it was.
    pub environment: Vec<(String, String)>,
}

/// A run that is drawn: what happened, what was judged of it, and what to call it.
#[derive(Clone, Debug)]
pub struct Picture<'t> {
    trace: &'t Trace,
    judgements: &'t [Judgement],
    caption: Caption,
    /// In the order of where they lead.
    edges: Vec<Edge>,
    /// `None` where each node has a lane of its own.
    lanes: Option<Lanes>,
}

/// How much there is of a run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Events.
    pub events: usize,
    /// Messages that were sent.
    pub messages: usize,
    /// Messages of which at least one copy is gone.
    pub lost: usize,
    /// Messages that were to arrive more than once.
    pub duplicated: usize,
    /// Nodes; of those that share a lane, the lanes.
    pub nodes: usize,
    /// Lives of nodes.
    pub processes: usize,
}

/// Beyond so many letters the one sentence ends with the clause that it is in, and says so: it is to be read at a glance.
const SENTENCE_MAX: usize = 300;
/// A clause of more letters is cut.
const CLAUSE_MAX: usize = 400;

impl<'t> Picture<'t> {
    /// A picture of `trace`, of which `judgements` were made: their events are its events.
    pub const fn new(trace: &'t Trace, judgements: &'t [Judgement], caption: Caption) -> Picture<'t> {
        Picture { trace, judgements, caption, edges: Vec::new(), lanes: None }
    }

    /// The same picture with orders that no message made, in whatever order they come; those that it had are gone.
    /// O(n log n).
    ///
    /// # Errors
    /// [`PictureError::UnknownEvent`]; [`PictureError::Backward`] for an edge that does not lead to an event recorded later:
    /// so there is never a cycle.
    pub fn with_edges(mut self, edges: Vec<Edge>) -> Result<Picture<'t>, PictureError> {
        self.edges = edge::sorted(self.trace, edges)?;
        Ok(self)
    }

    /// The same picture with several nodes on one lane, from above: each node stays a chain of its own, beside the others of
    /// its lane, of which nothing orders it but messages and edges. Every node must be on one lane.
    ///
    /// # Errors
    /// [`PictureError::UnknownNode`], [`PictureError::TwoLanes`], [`PictureError::NoLane`].
    pub fn with_lanes(mut self, lanes: Vec<Lane>) -> Result<Picture<'t>, PictureError> {
        self.lanes = Some(Lanes::new(self.trace, lanes)?);
        Ok(self)
    }

    /// Orders that no message made, in the order of where they lead.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The orders that lead to an event and that no message made. O(log n).
    pub fn edges_to(&self, event: EventId) -> &[Edge] {
        let start = self.edges.partition_point(|edge| edge.to < event);
        let end = self.edges.partition_point(|edge| edge.to <= event);
        &self.edges[start..end]
    }

    /// What the lanes are called, from above.
    pub fn lane_names(&self) -> Vec<&str> {
        match &self.lanes {
            None => self.trace.nodes().iter().collect(),
            Some(lanes) => lanes.names().iter().map(String::as_str).collect(),
        }
    }

    /// The place of a node's lane, from above.
    pub fn lane(&self, node: NodeId) -> u32 {
        self.lanes.as_ref().map_or(node.number(), |lanes| lanes.of(node))
    }

    /// Whether several nodes may be on one lane.
    pub(crate) const fn shares_lanes(&self) -> bool {
        self.lanes.is_some()
    }

    /// The first node on the lane of a node.
    pub(crate) fn first_of_lane(&self, node: NodeId) -> NodeId {
        self.lanes.as_ref().map_or(node, |lanes| lanes.first(node))
    }

    /// What happened.
    pub const fn trace(&self) -> &'t Trace {
        self.trace
    }

    /// What was judged of it.
    pub const fn judgements(&self) -> &'t [Judgement] {
        self.judgements
    }

    /// What is told beside.
    pub const fn caption(&self) -> &Caption {
        &self.caption
    }

    /// What the world did beside to messages: what the trace says of it, and what else is known, by the time of its beginning.
    pub fn doings(&self) -> Vec<Doing> {
        let mut all = doings(self.trace);
        if !self.caption.doings.is_empty() {
            all.extend(self.caption.doings.iter().cloned());
            all.sort_by_key(|doing| doing.at);
        }
        all
    }

    /// The worst of what was judged: violated before unknown before holds. That of nothing is unknown.
    pub fn verdict(&self) -> (&'static str, &'static str) {
        self.worst().map_or(("?", "unknown"), |worst| (worst.verdict.glyph(), worst.verdict.word()))
    }

    /// The judgement that the verdict comes from: the first of the worst.
    pub fn worst(&self) -> Option<&'t Judgement> {
        let rank = |judgement: &&Judgement| match judgement.verdict {
            Verdict::Violated(_) => 0,
            Verdict::Unknown(_) => 1,
            Verdict::Holds => 2,
        };
        self.judgements.iter().min_by_key(rank)
    }

    /// What went wrong, in one sentence; or that nothing did, as far as anybody looked.
    pub fn sentence(&self) -> String {
        let Some(worst) = self.worst() else {
            return "Nothing was promised of this run, so nothing was judged.".to_owned();
        };
        let sentence = match &worst.verdict {
            // "it fires twice" says nothing without what should be.
            Verdict::Violated(evidence) if is_about_what_is_expected(&evidence.found) => {
                format!("Expected: {}; but {}", evidence.expected, evidence.found)
            }
            Verdict::Violated(evidence) => evidence.found.clone(),
            Verdict::Unknown(limit) => {
                format!("It is not known whether {}: {limit}", worst.promise)
            }
            Verdict::Holds => {
                let holds = match self.judgements.len() {
                    1 => format!("What was promised holds: {}", worst.promise),
                    promises => format!("All {promises} promises hold"),
                };
                let warning = one_line(&self.caption.warning);
                if warning.is_empty() { holds } else { format!("{holds}; but {warning}") }
            }
        };
        shortened(&sentence)
    }

    /// A time as it is shown. Of a run without times, or that is over before a microsecond has passed, it is a place, or a
    /// step, and seconds would say nothing. O(events).
    pub fn moment(&self, at: TrueTime) -> String {
        const STEP_NS: u64 = 1_000_000;
        let events = self.trace.events();
        let is_untimed = self.caption.times == Times::Untimed;
        if !is_untimed && events.iter().any(|event| event.at.ns() >= 1_000) {
            return at.to_string();
        }
        let are_steps = events.iter().all(|event| event.at.ns().is_multiple_of(STEP_NS));
        format!("at {}", if are_steps { at.ns() / STEP_NS } else { at.ns() })
    }

    /// How much there is of the run. O(events of the world).
    pub fn counts(&self) -> Counts {
        let mut lost = Vec::new();
        let mut duplicated = Vec::new();
        for entry in self.trace.nemesis() {
            match &entry.nemesis {
                Nemesis::Lose(message, _) => lost.push(*message),
                Nemesis::Duplicate(message) => duplicated.push(*message),
                _ => {}
            }
        }
        let distinct = |mut messages: Vec<MessageId>| {
            messages.sort_unstable();
            messages.dedup();
            messages.len()
        };
        Counts {
            events: self.trace.events().len(),
            messages: self.trace.messages().len(),
            lost: distinct(lost),
            duplicated: distinct(duplicated),
            nodes: self.lane_names().len(),
            processes: self.trace.processes().len(),
        }
    }
}

/// As many clauses as are read at a glance; that there are more is said.
fn shortened(sentence: &str) -> String {
    let letters = |text: &str| text.chars().count();
    if letters(sentence) <= SENTENCE_MAX {
        return format!("{sentence}.");
    }
    // A clause is what stands before a `;`, but for the one that only says what was expected.
    let ends = sentence.match_indices("; ").map(|(end, _)| end);
    let ends = ends.filter(|end| !sentence[*end..].starts_with("; but "));
    let fits = |end: &usize| letters(&sentence[..*end]) <= SENTENCE_MAX;
    match ends.take_while(fits).last() {
        Some(end) => format!("{}; and more.", &sentence[..end]),
        None => match sentence.char_indices().nth(CLAUSE_MAX) {
            None => format!("{sentence}."),
            Some((end, _)) => format!("{}…", &sentence[..end]),
        },
    }
}

/// Whether a text speaks of "it" before it gives a reason: then what it is stands in what is expected.
fn is_about_what_is_expected(found: &str) -> bool {
    let claim = found.split(": ").next().unwrap_or_default();
    claim.split([' ', ',', ';']).any(|word| word == "it")
}

/// The events that a proof goes through, in its order.
pub(crate) fn proven(proof: &Proof) -> Vec<&Witness> {
    match proof {
        Proof::Chain(chain) => chain.iter().collect(),
        Proof::Cycle(links) => links.iter().flat_map(|link| [&link.from, &link.to]).collect(),
        _ => Vec::new(),
    }
}

/// The events of a chain of messages, each with the message by which the one before it led there; none where both are of
/// one process.
pub(crate) fn steps_of(
    trace: &Trace,
    proof: &Proof,
) -> Vec<(constellation_trace::EventId, Option<MessageId>)> {
    let Proof::Chain(chain) = proof else { return Vec::new() };
    let mut before = None;
    let mut steps = Vec::new();
    for event in chain.iter().map(|witness| witness.event).filter(|event| has(trace, *event)) {
        let message = match trace.event(event).kind {
            Kind::Receive(message) if before == Some(trace.message(message).send) => Some(message),
            _ => None,
        };
        steps.push((event, message));
        before = Some(event);
    }
    steps
}

/// Whether a judgement's event is one of the trace: whoever judged vouches for it, and a picture must not fall over it.
pub(crate) fn has(trace: &Trace, event: constellation_trace::EventId) -> bool {
    event.index() < trace.events().len()
}
