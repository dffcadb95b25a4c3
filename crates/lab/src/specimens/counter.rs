//! A counter of which each station has a copy: merging by addition counts twice what arrives twice.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const STATIONS: [NodeId; 3] = [NodeId::new(0), NodeId::new(1), NodeId::new(2)];
const NAMES: [&str; 3] = ["pacific", "atlantic", "indian"];
const PROMISE: &str = "what is counted anywhere counts once everywhere in the end";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "counter",
        variant: "maximum-by-station",
        does: "a station tells how much it has counted in all, and of each station the maximum is kept",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Merge::MaximumByStation),
    },
    Specimen {
        name: "counter",
        variant: "addition",
        does: "a station tells how much more it has counted, and that is added",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Merge::Addition),
    },
    Specimen {
        name: "counter",
        variant: "latest",
        does: "as by station, but what arrives last is kept, though it may have been overtaken",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Merge::Latest),
    },
    Specimen {
        name: "counter",
        variant: "maximum-of-sums",
        does: "a station tells the sum, and the maximum is kept: of two that count at once one is lost",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Merge::MaximumOfSums),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Merge {
    MaximumByStation,
    Addition,
    Latest,
    MaximumOfSums,
}

/// One of three stations that count collisions avoided, together (Shapiro, Preguiça, Baquero and Zawirski 2011: G-Counter).
struct Counter {
    merge: Merge,
    me: NodeId,
    /// How much each station has counted, as far as known.
    counts: [u32; 3],
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Count,
    Show,
}

impl Node for Counter {
    type Message = u32;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<u32, Request>, effects: &mut Effects<u32>) {
        match input {
            Input::Request(Request::Count) => {
                effects.event("counts one");
                let mine = &mut self.counts[self.me.index()];
                *mine += 1;
                let told = if self.merge == Merge::Addition { 1 } else { *mine };
                STATIONS.into_iter().filter(|to| *to != self.me).for_each(|to| effects.send(to, told));
            }
            Input::Message { from, message } => {
                let theirs = &mut self.counts[from.index()];
                match self.merge {
                    Merge::MaximumByStation => *theirs = message.max(*theirs),
                    Merge::Addition => *theirs += message,
                    Merge::Latest => *theirs = message,
                    // There is one number only, which is kept as one's own.
                    Merge::MaximumOfSums => {
                        self.counts[self.me.index()] = message.max(self.counts[self.me.index()]);
                    }
                }
                effects.label(format!(
                    "hears {message} from {}, and has {}",
                    NAMES[from.index()],
                    self.sum()
                ));
            }
            Input::Request(Request::Show) => effects.event(format!("shows {}", self.sum())),
            _ => {}
        }
    }
}

impl Counter {
    fn sum(&self) -> u32 {
        self.counts.iter().sum()
    }
}

fn counts_once(trace: &Trace, merge: Merge) -> Result<(), Breach> {
    let counts: Vec<EventId> =
        trace.event_ids().filter(|event| trace.label(*event) == "counts one").collect();
    let expected = counts.len();
    for event in trace.event_ids() {
        let Some(shown) = trace.label(event).strip_prefix("shows ") else { continue };
        if shown == expected.to_string() {
            continue;
        }
        let station = trace.node_of(event);
        let hears =
            |event: &EventId| trace.node_of(*event) == station && trace.label(*event).starts_with("hears ");
        let mut events: Vec<EventId> = counts.into_iter().chain(trace.event_ids().filter(hears)).collect();
        events.sort_unstable();
        let at = trace.node_name(station);
        let is_more = shown.parse().is_ok_and(|shown: usize| shown > expected);
        return Err(Breach::new(
            format!("{at} shows {expected}: so many were counted, and everybody was told"),
            format!("{at} shows {shown}, which is too {}", if is_more { "many" } else { "few" }),
        )
        .shown_by(events.into_iter().chain([event]))
        .by_rule(format!(
            "messages may come late, twice or in another order, and {at} {}",
            merge.goes_wrong()
        )));
    }
    Ok(())
}

impl Merge {
    /// What a station does that is wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Merge::MaximumByStation => "must come to the same sum",
            Merge::Addition => "adds what it hears: what arrives twice is added twice",
            Merge::Latest => "keeps what arrives last, which may be older than what it has",
            Merge::MaximumOfSums => "keeps the greater of two sums: of two counted at once it has one",
        }
    }
}

fn subject(merge: Merge) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        duplicate: Odds::ppm(100_000).expect("a tenth"),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let ask = |node, request| Act::Request { node: STATIONS[node], request };
    let mut plan = Plan::new()
        .at(ms(10), ask(0, Request::Count))
        .at(ms(40), ask(1, Request::Count))
        .at(ms(70), ask(0, Request::Count));
    for station in 0..3 {
        plan.add(ms(400), ask(station, Request::Show));
    }
    let setup = Setup { network: Network::new(link), plan, ..Setup::new(NAMES, ms(500)) };
    let node = move |me| Counter { merge, me, counts: [0; 3] };
    Box::new(
        Case::new("counter", setup, node).in_the_end(PROMISE, move |trace: &Trace| counts_once(trace, merge)),
    )
}
