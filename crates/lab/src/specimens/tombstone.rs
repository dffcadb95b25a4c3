//! Anti-entropy that brings back what was deleted: a tombstone was dropped while somebody who slept still had the photo.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Plan, Setup, Span};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const STATIONS: [NodeId; 3] = [NodeId::new(0), NodeId::new(1), NodeId::new(2)];
const EXCHANGE: Timer = Timer(0);
const DROP: Timer = Timer(1);
const PROMISE: &str = "what was deleted does not come back";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "tombstone",
        variant: "kept",
        does: "that the photo was deleted is remembered for good",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Tombstones::Kept),
    },
    Specimen {
        name: "tombstone",
        variant: "outlasting",
        does: "it is forgotten after a time in which no station can have been away all along",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Tombstones::Dropped { after: Duration::from_millis(700) }),
    },
    Specimen {
        name: "tombstone",
        variant: "dropped-early",
        does: "it is forgotten after a time, and a station that was away longer brings the photo back",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Tombstones::Dropped { after: Duration::from_millis(150) }),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Tombstones {
    Kept,
    Dropped { after: Duration },
}

/// What is known of the photo; of two replicas the one that knows more is believed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Photo {
    Unknown,
    Here,
    /// The tombstone.
    Deleted,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Add,
    Delete,
    Show,
}

/// One of three replicas that tell each other all they know, again and again (Demers and others 1987).
struct Replica {
    tombstones: Tombstones,
    me: NodeId,
    photo: Photo,
}

impl Node for Replica {
    type Message = Photo;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Photo, Request>, effects: &mut Effects<Photo>) {
        match input {
            Input::Start => effects.set_timer(EXCHANGE, Duration::from_millis(40)),
            Input::Restart { state, .. } => {
                let photo = state.map_or(Photo::Unknown, |bytes| Photo::read(&bytes));
                self.become_known(photo, effects);
                effects.set_timer(EXCHANGE, Duration::from_millis(40));
            }
            Input::Request(Request::Add) => {
                effects.write("photo", "sunrise", Vec::new());
                self.become_known(Photo::Here, effects);
            }
            Input::Request(Request::Delete) => {
                effects.write("photo", "deletion", vec!["sunrise".to_owned()]);
                effects.label("deletes sunrise");
                self.become_known(Photo::Deleted, effects);
            }
            Input::Timer(EXCHANGE) => {
                let others = STATIONS.into_iter().filter(|to| *to != self.me && self.photo != Photo::Unknown);
                others.for_each(|to| effects.send(to, self.photo));
                effects.set_timer(EXCHANGE, Duration::from_millis(40));
            }
            Input::Message { message, .. } if message > self.photo => {
                if message == Photo::Here {
                    effects.label("takes sunrise for new");
                }
                self.become_known(message, effects);
            }
            Input::Timer(DROP) => {
                effects.event("drops the tombstone of sunrise");
                self.become_known(Photo::Unknown, effects);
            }
            Input::Request(Request::Show) => {
                let shown = (self.photo == Photo::Here).then(|| "sunrise".to_owned());
                effects.read("photo", shown.into_iter().collect());
            }
            _ => {}
        }
    }
}

impl Replica {
    fn become_known(&mut self, photo: Photo, effects: &mut Effects<Photo>) {
        self.photo = photo;
        effects.persist(vec![photo as u8]);
        if let (Photo::Deleted, Tombstones::Dropped { after }) = (photo, self.tombstones) {
            effects.set_timer(DROP, after);
        }
    }
}

impl Photo {
    fn read(bytes: &[u8]) -> Photo {
        match bytes {
            [1] => Photo::Here,
            [2] => Photo::Deleted,
            _ => Photo::Unknown,
        }
    }
}

fn stays_deleted(trace: &Trace) -> Result<(), Breach> {
    let Some(deletion) = trace.writes().iter().find(|write| trace.text(write.update) == "deletion") else {
        return Ok(());
    };
    let Some(read) = trace.reads().iter().find(|read| !read.shows.is_empty()) else { return Ok(()) };
    let [by, at] = [deletion.event, read.event].map(|event| trace.node_name(trace.node_of(event)));
    let breach = Breach::new(
        format!("nobody shows sunrise any more: it was deleted at {by}"),
        format!("{at} shows sunrise again"),
    );
    let labelled = |word| trace.event_ids().filter(move |event| trace.label(*event) == word);
    // The first that took the photo although it had known better, and from whom.
    let known_better = |taken: EventId| {
        let mut drops = labelled("drops the tombstone of sunrise").take_while(|dropped| *dropped < taken);
        drops.find(|dropped| trace.node_of(*dropped) == trace.node_of(taken))
    };
    let back = labelled("takes sunrise for new").find_map(|taken| Some((known_better(taken)?, taken)));
    let Some((dropped, taken)) = back else { return Err(breach.shown_by([deletion.event, read.event])) };
    let teller = match trace.event(taken).kind {
        Kind::Receive(message) => trace.node_of(trace.message(message).send),
        _ => trace.node_of(taken),
    };
    let is_return = |event: &EventId| {
        trace.node_of(*event) == teller && matches!(trace.event(*event).kind, Kind::Restart { .. })
    };
    let returned = trace.event_ids().take_while(|event| *event < taken).filter(is_return).last();
    let [taker, teller] = [trace.node_of(taken), teller].map(|node| trace.node_name(node));
    let mut events: Vec<EventId> = [deletion.event, dropped, taken].into_iter().chain(returned).collect();
    events.sort_unstable();
    Err(breach.shown_by(events.into_iter().chain([read.event])).by_rule(format!(
        "{teller} was away and still had the photo; {taker} had dropped the tombstone, \
         which alone tells an old photo from a new one"
    )))
}

fn subject(tombstones: Tombstones) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(5),
        latency_max: Duration::from_millis(20),
        ..Link::INSTANT
    };
    let ask = |node, request| Act::Request { node, request };
    let mut plan =
        Plan::new().at(ms(10), ask(STATIONS[0], Request::Add)).at(ms(200), ask(STATIONS[0], Request::Delete));
    for node in STATIONS {
        plan.add(ms(1_200), ask(node, Request::Show));
    }
    let mut setup = Setup {
        network: Network::new(link),
        plan,
        grace: Duration::from_millis(500),
        ..Setup::new(["pacific", "atlantic", "indian"], ms(800))
    };
    // Nobody is away any more at 800 ms, when faults end: 600 ms after the photo was deleted.
    setup.machines[1].faults = Faults {
        crash_before: Odds::ppm(20_000).expect("a fiftieth"),
        down: Span { min: Duration::from_millis(300), max: Duration::from_millis(400) },
        ..Faults::NONE
    };
    let node = move |me| Replica { tombstones, me, photo: Photo::Unknown };
    Box::new(Case::new("tombstone", setup, node).in_the_end(PROMISE, stays_deleted))
}
