//! Gossip of a status with its version: a station that begins its versions again after a restart is not believed.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Plan, Setup, Span};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const OWNER: NodeId = NodeId::new(0);
const GOSSIP: Timer = Timer(0);
const PROMISE: &str = "the latest status that a station accepts is shown by all in the end";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "gossip",
        variant: "persisted",
        does: "the version is on disk with the status, and a restart counts on from it",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Versions::Persisted),
    },
    Specimen {
        name: "gossip",
        variant: "generation",
        does: "versions begin again with each restart, but behind the number of the restart, which decides first",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Versions::Generation),
    },
    Specimen {
        name: "gossip",
        variant: "version-reset",
        does: "versions begin again with each restart, and the others hold higher ones",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Versions::Reset),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Versions {
    Persisted,
    Generation,
    Reset,
}

/// What is told of the status of the owner; of two the one with the higher version is believed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct News {
    /// The number of the restart, where that decides, and of the status within it.
    version: (u32, u32),
    status: String,
}

/// One of three stations in a ring, each of which tells the next what it knows of the first (Demers and others 1987).
struct Station {
    versions: Versions,
    me: NodeId,
    generation: u32,
    news: Option<News>,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Set(&'static str),
    Show,
}

impl Node for Station {
    type Message = News;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<News, Request>, effects: &mut Effects<News>) {
        match input {
            Input::Start => effects.set_timer(GOSSIP, Duration::from_millis(40)),
            Input::Restart { state, incarnation } => {
                if self.versions == Versions::Generation {
                    self.generation = incarnation;
                }
                self.news = state.and_then(|bytes| self.read(&bytes));
                if let Some(News { version, status }) = &self.news {
                    effects.event(format!("has {status} on disk, and tells of it as version {}", version.1));
                }
                effects.set_timer(GOSSIP, Duration::from_millis(40));
            }
            Input::Request(Request::Set(status)) => {
                let count = self.news.as_ref().map_or(0, |news| news.version.1) + 1;
                effects.write("status", status, Vec::new());
                effects.label(format!("sets {status}, version {count}"));
                effects.persist(format!("{count} {status}").into_bytes());
                self.news = Some(News { version: (self.generation, count), status: status.to_owned() });
            }
            Input::Timer(GOSSIP) => {
                let next = NodeId::new((self.me.number() + 1) % 3);
                self.news.iter().for_each(|news| effects.send(next, news.clone()));
                effects.set_timer(GOSSIP, Duration::from_millis(40));
            }
            Input::Message { message, .. } if self.me != OWNER => {
                self.news = self.news.take().max(Some(message));
            }
            Input::Request(Request::Show) => {
                effects.read("status", self.news.iter().map(|news| news.status.clone()).collect());
            }
            _ => {}
        }
    }
}

impl Station {
    /// What the disk says; only with persisted versions does its count go on.
    fn read(&self, bytes: &[u8]) -> Option<News> {
        let (count, status) = str::from_utf8(bytes).ok()?.split_once(' ')?;
        let count = if self.versions == Versions::Persisted { count.parse().ok()? } else { 1 };
        Some(News { version: (self.generation, count), status: status.to_owned() })
    }
}

fn all_show_the_latest(trace: &Trace) -> Result<(), Breach> {
    let Some(latest) = trace.writes().last() else { return Ok(()) };
    let Some(stale) = trace.reads().iter().find(|read| read.shows != [latest.update]) else { return Ok(()) };
    let [by, at] = [latest.event, stale.event].map(|event| trace.node_name(trace.node_of(event)));
    let status = trace.text(latest.update);
    let shown = stale.shows.first().map_or("nothing", |update| trace.text(*update));
    let believed = trace.writes().iter().find(|write| stale.shows.contains(&write.update));
    let is_restart = |event: &EventId| {
        matches!(trace.event(*event).kind, Kind::Restart { .. }) || trace.label(*event).starts_with("has ")
    };
    let mut events: Vec<EventId> = trace.event_ids().filter(is_restart).collect();
    events.extend(believed.into_iter().chain([latest]).map(|write| write.event));
    events.sort_unstable();
    Err(Breach::new(
        format!("{at} shows {status}, which {by} accepted last"),
        format!("{at} shows {shown}, and takes {status} for older"),
    )
    .shown_by(events.into_iter().chain([stale.event]))
    .by_rule(format!(
        "{by} began its versions again when it restarted, and the others know a higher one of it"
    )))
}

fn subject(versions: Versions) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(5),
        latency_max: Duration::from_millis(20),
        ..Link::INSTANT
    };
    let set = |status| Act::Request { node: OWNER, request: Request::Set(status) };
    let mut plan =
        Plan::new().at(ms(10), set("launch")).at(ms(100), set("nominal")).at(ms(300), set("safe-mode"));
    for node in 0..3 {
        plan.add(ms(800), Act::Request { node: NodeId::new(node), request: Request::Show });
    }
    let mut setup = Setup {
        network: Network::new(link),
        plan,
        grace: Duration::from_millis(400),
        ..Setup::new(["pacific", "atlantic", "indian"], ms(500))
    };
    setup.machines[OWNER.index()].faults = Faults {
        crash_before: Odds::ppm(20_000).expect("a fiftieth"),
        crash_after: Odds::ppm(20_000).expect("a fiftieth"),
        down: Span { min: Duration::from_millis(20), max: Duration::from_millis(100) },
        ..Faults::NONE
    };
    let node = move |me| Station { versions, me, generation: 0, news: None };
    Box::new(Case::new("gossip", setup, node).in_the_end(PROMISE, all_show_the_latest))
}
