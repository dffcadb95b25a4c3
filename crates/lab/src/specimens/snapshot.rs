//! A snapshot of several stations: what is under way belongs to it, and a marker on each link tells what that is.
//!
//! The right one is that of Chandy and Lamport (1985).

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Sequence};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const NAMES: [&str; 3] = ["pacific", "atlantic", "indian"];
const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);
const INDIAN: NodeId = NodeId::new(2);
/// What each station has at the start.
const FUEL: u32 = 10;
const PROMISE: &str = "a snapshot has all the fuel that there is, and none twice";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "snapshot",
        variant: "markers",
        does: "after its record each station marks every link; what arrives before the mark was under way",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Markers, Sequence::Ordered),
    },
    Specimen {
        name: "snapshot",
        variant: "stations-only",
        does: "the stations record what they have, and nobody what is under way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::StationsOnly, Sequence::Ordered),
    },
    Specimen {
        name: "snapshot",
        variant: "no-marker-back",
        does: "a station marks all links but that on which the first marker came, as if it were a rumour",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::NoMarkerBack, Sequence::Ordered),
    },
    Specimen {
        name: "snapshot",
        variant: "unordered-links",
        does: "the right protocol over links on which a marker may overtake what was sent before it",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Markers, Sequence::Unordered),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Markers,
    StationsOnly,
    NoMarkerBack,
}

struct Station {
    variant: Variant,
    me: NodeId,
    fuel: u32,
    has_recorded: bool,
    /// From whom the marker is still to come; what arrives from there was under way.
    open: BTreeSet<NodeId>,
}

#[derive(Clone, Debug)]
enum Message {
    Fuel(u32),
    Marker,
}

#[derive(Clone, Debug)]
enum Request {
    Transfer { to: NodeId, fuel: u32 },
    Snapshot,
}

impl Node for Station {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Request::Transfer { to, fuel }) => {
                self.fuel -= fuel;
                effects.event(format!("sends {fuel} to {}", NAMES[to.index()]));
                effects.send(to, Message::Fuel(fuel));
            }
            Input::Request(Request::Snapshot) => self.record(None, effects),
            Input::Message { from, message: Message::Marker } => {
                effects.label(format!("{MARKER}{}", NAMES[from.index()]));
                if !self.has_recorded {
                    self.record(Some(from), effects);
                }
                self.open.remove(&from);
            }
            Input::Message { from, message: Message::Fuel(fuel) } => {
                self.fuel += fuel;
                let is_recorded = self.open.contains(&from) && self.variant != Variant::StationsOnly;
                let words = if is_recorded { UNDER_WAY } else { "" };
                effects.label(format!("{RECEIVES}{fuel}{words}"));
            }
            _ => {}
        }
    }
}

impl Station {
    fn record(&mut self, first: Option<NodeId>, effects: &mut Effects<Message>) {
        self.has_recorded = true;
        effects.event(format!("records that it has {}", self.fuel));
        for other in [PACIFIC, ATLANTIC, INDIAN].into_iter().filter(|other| *other != self.me) {
            let is_unmarked = self.variant == Variant::NoMarkerBack && first.is_none();
            if !is_unmarked {
                self.open.insert(other);
            }
            if self.variant != Variant::NoMarkerBack || first != Some(other) {
                effects.send(other, Message::Marker);
            }
        }
    }
}

const MARKER: &str = "has the marker of ";
const RECEIVES: &str = "receives ";
const UNDER_WAY: &str = ", and records it as under way";

/// Each transfer is to be in one record: with its sender, who recorded before it, with its receiver, or as under way.
fn is_complete(trace: &Trace) -> Result<(), Breach> {
    let recorded = |node| {
        let is_record =
            |event: &EventId| trace.label(*event).starts_with("records") && trace.node_of(*event) == node;
        trace.event_ids().find(is_record)
    };
    let [Some(pacific), Some(atlantic), Some(indian)] = [PACIFIC, ATLANTIC, INDIAN].map(recorded) else {
        return Ok(());
    };
    let records = [pacific, atlantic, indian];
    for receive in trace.event_ids() {
        let Some(received) = trace.label(receive).strip_prefix(RECEIVES) else { continue };
        let Kind::Receive(message) = trace.event(receive).kind else { continue };
        let send = trace.message(message).send;
        let (source, target) = (trace.node_of(send), trace.node_of(receive));
        let is_with_source = records[source.index()] < send;
        let is_with_target = receive < records[target.index()];
        let fuel = received.strip_suffix(UNDER_WAY).unwrap_or(received);
        let is_under_way = fuel.len() < received.len();
        let times =
            [is_with_source, is_with_target, is_under_way].into_iter().filter(|is_there| *is_there).count();
        if times != 1 {
            let (one, other) = (NAMES[source.index()], NAMES[target.index()]);
            let words = format!("{MARKER}{one}");
            let is_marker = |event: &EventId| trace.node_of(*event) == target && trace.label(*event) == words;
            let marker = trace.event_ids().find(is_marker);
            let why = match (is_with_source, is_under_way, marker) {
                (false, false, None) => {
                    format!("{other} before they came, and no marker told it that they were under way")
                }
                (false, false, Some(marker)) if marker < receive => {
                    format!("{other} before they came, and the marker overtook them")
                }
                (false, false, _) => {
                    format!("{other} before they came, and nobody recorded them as under way")
                }
                (_, true, _) => format!("and {other} recorded them as under way, too"),
                _ => format!("{other} after they came"),
            };
            let when = if is_with_source { "before" } else { "after" };
            let found = format!("{one} recorded {when} it sent the {fuel}, {why}");
            let mut events = vec![send, receive, records[source.index()], records[target.index()]];
            events.extend(marker);
            events.sort();
            return Err(Breach::new(
                format!(
                    "the {fuel} units of fuel from {one} to {other} are in the snapshot once: at {one}, at {other} or under way"
                ),
                found,
            )
            .shown_by(events)
            .by_rule("fuel only passes from one to another, so that in truth there are always 30"));
        }
    }
    Ok(())
}

fn subject(variant: Variant, sequence: Sequence) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(60),
        sequence,
        ..Link::INSTANT
    };
    let transfer = |node, to, fuel| Act::Request { node, request: Request::Transfer { to, fuel } };
    let plan = Plan::new()
        .at(ms(60), transfer(PACIFIC, ATLANTIC, 3))
        .at(ms(80), transfer(ATLANTIC, PACIFIC, 4))
        .at(ms(95), transfer(PACIFIC, INDIAN, 5))
        .at(ms(100), Act::Request { node: PACIFIC, request: Request::Snapshot })
        .at(ms(120), transfer(INDIAN, ATLANTIC, 2));
    let setup = Setup {
        network: Network::new(link),
        plan,
        grace: Duration::from_millis(300),
        ..Setup::new(NAMES, ms(300))
    };
    let node = move |me| Station { variant, me, fuel: FUEL, has_recorded: false, open: BTreeSet::new() };
    Box::new(Case::new("snapshot", setup, node).always(PROMISE, is_complete))
}
