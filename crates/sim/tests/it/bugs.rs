//! Small protocols, each with one bug of the kind that people write: what hunting and shrinking are measured on.

use std::time::Duration;

use constellation_fabric::{
    Choices, Contacts, Effects, Flap, Input, Link, Network, Node, Now, Odds, Outside, Sequence,
};
use constellation_sim::{Act, Answers, Faults, Machine, Observed, Plan, Recorder, Seeded, Setup, World};
use constellation_trace::{Names, NodeId, Trace, TrueTime, WallTime};

#[path = "bugs/late.rs"]
mod late;
#[path = "bugs/machines.rs"]
mod machines;
#[path = "bugs/order.rs"]
mod order;
#[path = "bugs/twice.rs"]
mod twice;

/// A protocol with a bug, its scenario, and the promise that it breaks.
pub(crate) struct Bug {
    pub(crate) name: &'static str,
    pub(crate) promise: &'static str,
    pub(crate) nodes: &'static [&'static str],
    link: Link,
    /// What clients ask: at how many milliseconds, of which node.
    asks: &'static [(u64, u32, Word)],
    /// A crash: at how many milliseconds, of which node.
    crash: Option<(u64, u32)>,
    /// What luck may do to each machine.
    faults: Faults,
    /// How each link flaps; what comes meanwhile waits.
    flap: Option<Flap>,
    handler: Handler,
    /// The place of the first event that breaks the promise, among the labels of all.
    judge: fn(&[(u32, &str)]) -> Option<usize>,
}

/// What nodes and clients say: a verb and a number.
pub(crate) type Word = (&'static str, u64);

/// What a node does: with a few numbers as its memory, its own number, and what it hears.
type Handler = fn(&mut Memory, u32, Heard, &mut Effects<Word>);

/// All that a node remembers; what each field means is the protocol's to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    value: u64,
    count: u64,
    seen: Vec<u64>,
    /// What the wall clock shows, in milliseconds.
    wall_ms: u64,
}

/// What a node hears.
enum Heard {
    /// From a client.
    Asked(Word),
    /// From a node.
    Told(u32, Word),
    /// From its timer.
    Rang,
    /// That it begins, again if its disk holds something.
    Begun(Option<Vec<u8>>),
    /// That its disk had no room for what it just wrote.
    Full,
}

pub(crate) struct Actor {
    me: u32,
    memory: Memory,
    handler: Handler,
}

impl Node for Actor {
    type Message = Word;
    type Request = Word;

    fn on(&mut self, now: Now, input: Input<Word, Word>, effects: &mut Effects<Word>) {
        let heard = match input {
            Input::Start => Heard::Begun(None),
            Input::Restart { state, .. } => Heard::Begun(state),
            Input::DiskFull => Heard::Full,
            Input::Request(word) => Heard::Asked(word),
            Input::Message { from, message } => Heard::Told(from.number(), message),
            Input::Timer(_) => Heard::Rang,
            _ => return,
        };
        self.memory.wall_ms = now.wall.ns() / 1_000_000;
        (self.handler)(&mut self.memory, self.me, heard, effects);
    }

    fn wire_bytes(_: &Word) -> u32 {
        100
    }

    fn corrupted(&(verb, number): &Word, how: u32) -> Option<Word> {
        Some((verb, number ^ 1 << (how % 8)))
    }
}

/// Up to 100 ms late, in any order; nothing is lost or doubled.
const LATE: Link = Link {
    latency_min: Duration::from_millis(1),
    latency_max: Duration::from_millis(100),
    loss: Odds::NEVER,
    duplicate: Odds::NEVER,
    sequence: Sequence::Unordered,
    ..Link::INSTANT
};

const TENTH: Odds = Odds::ppm(100_000).expect("below a million");
const LOSSY: Link = Link { loss: TENTH, ..LATE };
const DOUBLING: Link = Link { duplicate: TENTH, ..LATE };
const BAD: Link = Link { duplicate: TENTH, ..LOSSY };

impl Bug {
    /// One run of it, and whether and where its promise is broken.
    pub(crate) fn play(&self, choices: &mut dyn Choices) -> (Trace, Observed) {
        let ms = |ms| TrueTime::from_ns(ms * 1_000_000);
        let mut plan = Plan::new();
        for &(at, node, request) in self.asks {
            plan.add(ms(at), Act::Request { node: NodeId::new(node), request });
        }
        if let Some((at, node)) = self.crash {
            plan.add(ms(at), Act::Crash { node: NodeId::new(node) });
        }
        let mut network = Network::new(self.link);
        let flap =
            self.flap.map(|flap| Contacts::new(Outside::Hold).with_flap(flap).expect("the flap is sound"));
        network.set_default(self.link, flap);
        let machines = self.nodes.iter().map(|name| Machine { faults: self.faults, ..Machine::new(*name) });
        let machines = machines.collect();
        // Not so near the beginning of all time that clocks cannot jump back.
        let epoch = WallTime::from_ns(1_000_000_000_000);
        let setup =
            Setup { machines, network, plan, epoch, ..Setup::new(self.nodes.iter().copied(), ms(1_000)) };
        let factory =
            |node: NodeId| Actor { me: node.number(), memory: Memory::default(), handler: self.handler };
        let outcome = World::new(setup, choices, factory).and_then(World::run).expect("the setup is sound");
        let observed = self.observe(&outcome.trace);
        (outcome.trace, observed)
    }

    /// The deviations of the first `count` seeds that break its promise, and how many seeds that took.
    pub(crate) fn hunt(&self, count: usize) -> (Vec<Answers>, u64) {
        const SEEDS_MAX: u64 = 1_000_000;
        let mut found = Vec::new();
        for seed in 0..SEEDS_MAX {
            let mut recorder = Recorder::new(Seeded::new(seed));
            if self.play(&mut recorder).1 != Observed::Holds {
                found.push(recorder.into_answers());
            }
            if found.len() == count {
                return (found, seed + 1);
            }
        }
        panic!("{}: only {} of {SEEDS_MAX} seeds break the promise", self.name, found.len());
    }

    fn observe(&self, trace: &Trace) -> Observed {
        let labels: Vec<_> = trace
            .event_ids()
            .map(|id| (trace.processes()[trace.event(id).process.index()].node.number(), trace.label(id)))
            .collect();
        match (self.judge)(&labels) {
            Some(place) => Observed::Violated { events: place as u64 + 1 },
            None => Observed::Holds,
        }
    }

    pub(crate) fn names(&self) -> Names {
        self.nodes.iter().collect()
    }
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Bug> {
    order::BUGS.iter().chain(&twice::BUGS).chain(&late::BUGS).chain(&machines::BUGS)
}

fn node(number: u32) -> NodeId {
    NodeId::new(number)
}

/// The number behind a verb: `holds 3` is 3 for `holds`.
fn number(label: &str, verb: &str) -> Option<u64> {
    label.strip_prefix(verb)?.strip_prefix(' ')?.parse().ok()
}

/// The place of the first of these labels.
fn first(labels: &[(u32, &str)], verb: &str) -> Option<usize> {
    labels.iter().position(|(_, label)| *label == verb)
}
