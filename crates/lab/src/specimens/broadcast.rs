//! A broadcast that delivers an answer after its question: order by sender is not enough, it takes what the sender had seen.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, NodeId, Trace, TrueTime};
use constellation_verify::{Budget, Order};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const STATIONS: [NodeId; 3] = [NodeId::new(0), NodeId::new(1), NodeId::new(2)];
const PROMISE: &str = "a post is delivered once, and after all that its sender had delivered";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "broadcast",
        variant: "causal",
        does: "a post says how many of each station its sender had delivered, and waits until as many are",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Causal),
    },
    Specimen {
        name: "broadcast",
        variant: "fifo",
        does: "a post waits only for the earlier ones of its own sender: an answer can come before its question",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Fifo),
    },
    Specimen {
        name: "broadcast",
        variant: "unbuffered",
        does: "a post is delivered when it arrives",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Unbuffered),
    },
    Specimen {
        name: "broadcast",
        variant: "no-dedup",
        does: "as causal, but nobody remembers what was delivered, and the network may repeat itself",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::NoDedup),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Causal,
    Fifo,
    Unbuffered,
    NoDedup,
}

#[derive(Clone, Copy, Debug)]
struct Post {
    from: usize,
    /// How many posts of each station its sender had delivered; so many of its own came before it.
    after: [u32; 3],
    text: &'static str,
}

/// One of three stations; each tells its posts to the others, and delivers them (Birman, Schiper and Stephenson 1991).
struct Station {
    variant: Variant,
    me: usize,
    /// How many posts of each station.
    delivered: [u32; 3],
    /// Which posts came, by sender and number.
    came: Vec<(usize, u32)>,
    waiting: Vec<Post>,
}

impl Node for Station {
    type Message = Post;
    type Request = &'static str;

    fn on(&mut self, _now: Now, input: Input<Post, &'static str>, effects: &mut Effects<Post>) {
        match input {
            Input::Request(text) => self.post(text, effects),
            Input::Message { message, .. } => {
                let id = (message.from, message.after[message.from]);
                if self.variant != Variant::NoDedup && self.came.contains(&id) {
                    return;
                }
                self.came.push(id);
                self.waiting.push(message);
                while let Some(place) = self.waiting.iter().position(|post| self.is_ready(post)) {
                    let post = self.waiting.remove(place);
                    self.delivered[post.from] += 1;
                    effects.event(format!("delivers {}", post.text));
                    if post.text == "question" && self.me == 1 {
                        self.post("answer", effects);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Station {
    fn post(&mut self, text: &'static str, effects: &mut Effects<Post>) {
        effects.event(format!("posts {text}"));
        for to in STATIONS.into_iter().filter(|to| to.index() != self.me) {
            effects.send(to, Post { from: self.me, after: self.delivered, text });
        }
        self.delivered[self.me] += 1;
    }

    fn is_ready(&self, post: &Post) -> bool {
        let has_all_of = |station: usize| post.after[station] <= self.delivered[station];
        match self.variant {
            Variant::Causal | Variant::NoDedup => (0..3).all(has_all_of),
            Variant::Fifo => has_all_of(post.from),
            Variant::Unbuffered => true,
        }
    }
}

fn in_causal_order(trace: &Trace) -> Result<(), Breach> {
    let order = Order::of(trace, &Budget::default()).expect("a run of a few events");
    let doings: Vec<Doing<'_>> = trace.event_ids().filter_map(|event| Doing::of(trace, event)).collect();
    for (place, doing) in doings.iter().enumerate().filter(|(_, doing)| !doing.is_post) {
        let Doing { event, at, text, .. } = *doing;
        let had = |text: &str, at: NodeId, until: usize| {
            doings[..until].iter().find(|had| had.at == at && had.text == text)
        };
        let name = trace.node_name(at);
        if let Some(first) = had(text, at, place) {
            return Err(Breach::new(
                format!("{name} delivers {text} once"),
                format!("{name} delivers {text} twice"),
            )
            .shown_by([first.event, event])
            .by_rule("it was posted once: the network may deliver two copies of one message"));
        }
        let is_its_post = |other: &Doing<'_>| other.is_post && other.text == text;
        let posted = doings.iter().position(is_its_post).expect("what is delivered was posted");
        let post = &doings[posted];
        let mut causes = doings[..posted].iter().filter(|cause| cause.is_post);
        let missing = |cause: &&Doing<'_>| {
            had(cause.text, post.at, posted).is_some() && had(cause.text, at, place).is_none()
        };
        if let Some(cause) = causes.find(missing) {
            let (by, cause_text) = (trace.node_name(post.at), cause.text);
            return Err(Breach::new(
                format!("{name} delivers {cause_text} before {text}: {by} posted {text} in knowledge of it"),
                format!("{name} delivers {text}, and {cause_text} is still on its way there"),
            )
            .shown_by([cause.event, post.event, event])
            .by_order(&order, cause.event, post.event));
        }
    }
    Ok(())
}

/// That a station has a post: one of its own when it posts it, any other when it delivers it.
struct Doing<'t> {
    event: EventId,
    at: NodeId,
    text: &'t str,
    is_post: bool,
}

impl<'t> Doing<'t> {
    fn of(trace: &'t Trace, event: EventId) -> Option<Doing<'t>> {
        let (word, text) = trace.label(event).split_once(' ')?;
        let is_post = word == "posts";
        (is_post || word == "delivers").then(|| Doing { event, at: trace.node_of(event), text, is_post })
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        duplicate: Odds::ppm(100_000).expect("a tenth"),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: STATIONS[0], request: "question" })
            .at(ms(30), Act::Request { node: STATIONS[0], request: "reminder" }),
        grace: Duration::from_millis(500),
        ..Setup::new(["pacific", "atlantic", "indian"], ms(500))
    };
    let node = move |me: NodeId| Station {
        variant,
        me: me.index(),
        delivered: [0; 3],
        came: Vec::new(),
        waiting: Vec::new(),
    };
    Box::new(Case::new("broadcast", setup, node).always(PROMISE, in_causal_order))
}
