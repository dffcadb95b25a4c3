//! A catalog that keeps what is concurrent side by side: with one number a write, it cannot tell, and one of two is lost.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Claim, ClaimKind, NodeId, Trace, TrueTime};
use constellation_verify::{Budget, Order};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);
const PROMISE: &str = "an update is lost to none but one that had seen it";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "catalog",
        variant: "vector",
        does: "what a version vector calls concurrent is kept side by side, until somebody who has seen both decides",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Keeps::Siblings),
    },
    Specimen {
        name: "catalog",
        variant: "lamport",
        does: "the highest Lamport stamp stays, also against an update that knew nothing of it",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Keeps::Highest),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Keeps {
    Siblings,
    Highest,
}

/// One of two stations that hold the orbit of a satellite and tell each other of updates.
struct Station {
    keeps: Keeps,
    me: NodeId,
    held: Vec<Update>,
}

/// How many updates of each station it is or had seen (Parker and others 1983).
type Versions = [u64; 2];

#[derive(Clone, Copy, Debug)]
struct Update {
    orbit: &'static str,
    versions: Versions,
    /// Above those of all that it had seen (Lamport 1978), stations breaking ties.
    stamp: (u64, NodeId),
}

#[derive(Clone, Copy, Debug)]
enum Request {
    /// The client has seen all that this station holds.
    Set(&'static str),
    Show,
}

impl Node for Station {
    type Message = Update;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Update, Request>, effects: &mut Effects<Update>) {
        match input {
            Input::Request(Request::Set(orbit)) => {
                let update = self.next(orbit);
                effects.write("orbit", orbit, self.shown());
                effects.claim(Claim::Lamport(update.stamp.0));
                effects.send(if self.me == PACIFIC { ATLANTIC } else { PACIFIC }, update);
                self.keep(update);
            }
            Input::Message { message, .. } => self.keep(message),
            Input::Request(Request::Show) => effects.read("orbit", self.shown()),
            _ => {}
        }
    }
}

impl Station {
    fn next(&self, orbit: &'static str) -> Update {
        let mut update = Update { orbit, versions: [0; 2], stamp: (1, self.me) };
        for held in &self.held {
            update.stamp.0 = update.stamp.0.max(held.stamp.0 + 1);
            update.versions = [0, 1].map(|station| held.versions[station].max(update.versions[station]));
        }
        update.versions[self.me.index()] += 1;
        update
    }

    fn keep(&mut self, update: Update) {
        let keeps = self.keeps;
        if !self.held.iter().any(|held| keeps.replaces(held, &update)) {
            self.held.retain(|held| !keeps.replaces(&update, held));
            self.held.push(update);
        }
    }

    fn shown(&self) -> Vec<String> {
        self.held.iter().map(|held| held.orbit.to_owned()).collect()
    }
}

impl Keeps {
    fn replaces(self, new: &Update, old: &Update) -> bool {
        match self {
            Keeps::Siblings => old.versions.iter().zip(&new.versions).all(|(old, new)| old <= new),
            Keeps::Highest => old.stamp <= new.stamp,
        }
    }
}

/// Every station shows in the end all updates that no later one was meant to replace.
fn loses_nothing(trace: &Trace) -> Result<(), Breach> {
    for lost in trace.writes() {
        let is_replaced = trace.writes().iter().any(|write| write.saw.contains(&lost.update));
        let misses = trace.reads().iter().find(|read| !read.shows.contains(&lost.update));
        let (false, Some(read)) = (is_replaced, misses) else { continue };
        let Some(kept) = trace.writes().iter().find(|write| read.shows.contains(&write.update)) else {
            continue;
        };
        let [lost_orbit, kept_orbit] = [lost, kept].map(|write| trace.text(write.update));
        let [lost_at, kept_at, at] =
            [lost.event, kept.event, read.event].map(|event| trace.node_name(trace.node_of(event)));
        let [lost_time, kept_time] = [lost, kept].map(|write| trace.claim(write.event, ClaimKind::Lamport));
        let why = if lost_time == kept_time {
            format!("of two equal Lamport times that of {kept_at} counts as later")
        } else {
            "its Lamport time is the higher".to_owned()
        };
        let order = Order::of(trace, &Budget::default()).expect("a run of a few events");
        return Err(Breach::new(
            format!("{lost_orbit} and {kept_orbit} side by side: neither client knew of the other's update"),
            format!(
                "{at} shows {kept_orbit} of {kept_at} alone: {why}, so {lost_orbit} of {lost_at} is lost \
                 and nobody decided so"
            ),
        )
        .shown_by([lost.event.min(kept.event), lost.event.max(kept.event), read.event])
        .by_order(&order, lost.event, kept.event));
    }
    Ok(())
}

fn subject(keeps: Keeps) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        ..Link::INSTANT
    };
    let set = |node, orbit| Act::Request { node, request: Request::Set(orbit) };
    let show = |node| Act::Request { node, request: Request::Show };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), set(PACIFIC, "530 km"))
            .at(ms(120), set(ATLANTIC, "540 km"))
            .at(ms(240), set(PACIFIC, "550 km"))
            .at(ms(290), set(ATLANTIC, "560 km"))
            .at(ms(600), show(PACIFIC))
            .at(ms(600), show(ATLANTIC)),
        ..Setup::new(["pacific", "atlantic"], ms(700))
    };
    let node = move |me| Station { keeps, me, held: Vec::new() };
    Box::new(Case::new("catalog", setup, node).in_the_end(PROMISE, loses_nothing))
}
