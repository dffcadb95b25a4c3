//! A protocol and a scenario in which everything goes wrong that can: what determinism is measured on.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence, Timer};
use constellation_sim::{
    Act, Disk, Drift, Outcome, Plan, Seeded, Setup, Wall, WallClaims, World, WorldError,
};
use constellation_trace::{Claim, NodeId, TrueTime};

/// Everybody tells everybody every update heard of, at once and again every 100 ms by its own clock.
pub(crate) struct Gossip {
    me: NodeId,
    nodes: u32,
    memory: Memory,
    /// When each update was heard of; the first 8 bytes of what is persisted is the time of a Lamport clock.
    pub(crate) known: BTreeMap<u64, u64>,
    lamport: u64,
}

/// Whether a node writes down what it hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Memory {
    Persisted,
    Volatile,
}

#[derive(Clone, Debug)]
pub(crate) struct Heard {
    lamport: u64,
    known: Vec<u64>,
}

const AGAIN: Timer = Timer(1);

impl Gossip {
    pub(crate) fn new(me: NodeId, nodes: u32, memory: Memory) -> Gossip {
        Gossip { me, nodes, memory, known: BTreeMap::new(), lamport: 0 }
    }

    fn tick(&mut self, heard: u64, effects: &mut Effects<Heard>) {
        self.lamport = self.lamport.max(heard).saturating_add(1);
        effects.claim(Claim::Lamport(self.lamport));
    }

    fn tell(&self, effects: &mut Effects<Heard>) {
        for node in (0..self.nodes).map(NodeId::new).filter(|node| *node != self.me) {
            effects.send(node, Heard { lamport: self.lamport, known: self.known.keys().copied().collect() });
        }
    }

    fn learn(&mut self, updates: &[u64], effects: &mut Effects<Heard>) {
        let count = self.known.len();
        for update in updates {
            self.known.entry(*update).or_insert(self.lamport);
        }
        if self.known.len() > count && self.memory == Memory::Persisted {
            let numbers = std::iter::once(self.lamport).chain(self.known.keys().copied());
            effects.persist(numbers.flat_map(u64::to_be_bytes).collect());
            self.tick(0, effects);
        }
    }

    fn remember(&mut self, state: &[u8]) {
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("chunks of 8"));
        let mut numbers = state.chunks_exact(8).map(number);
        self.lamport = numbers.next().expect("the clock comes first");
        self.known = numbers.map(|update| (update, self.lamport)).collect();
    }
}

impl Node for Gossip {
    type Message = Heard;
    type Request = u64;

    fn on(&mut self, _now: Now, input: Input<Heard, u64>, effects: &mut Effects<Heard>) {
        let again = Duration::from_millis(100);
        match input {
            Input::Start => effects.set_timer(AGAIN, again),
            Input::Restart { state, incarnation } => {
                state.iter().for_each(|state| self.remember(state));
                effects.event(format!("remembers {} in life {incarnation}", self.known.len()));
                self.tick(0, effects);
                effects.set_timer(AGAIN, again);
            }
            Input::Message { message, .. } => {
                self.tick(message.lamport, effects);
                self.learn(&message.known, effects);
            }
            Input::Request(update) => {
                effects.write("catalog", format!("u{update}"), Vec::new());
                self.tick(0, effects);
                self.learn(&[update], effects);
                self.tell(effects);
            }
            Input::Timer(_) => {
                effects.read("catalog", self.known.keys().map(|update| format!("u{update}")).collect());
                self.tick(0, effects);
                self.tell(effects);
                effects.set_timer(AGAIN, again);
            }
            _ => {}
        }
    }

    fn wire_bytes(message: &Heard) -> u32 {
        u32::try_from(8 + 8 * message.known.len()).expect("a few updates")
    }

    /// A bit of the clock flips, or of the first update; what is neither cannot be read.
    fn corrupted(message: &Heard, how: u32) -> Option<Heard> {
        let (word, bit) = (how / 64 % 3, how % 64);
        let mut corrupted = message.clone();
        let flipped = if word == 0 { Some(&mut corrupted.lamport) } else { corrupted.known.first_mut() };
        *flipped.filter(|_| word < 2)? ^= 1 << bit;
        Some(corrupted)
    }
}

pub(crate) const fn ms(n: u64) -> TrueTime {
    TrueTime::from_ns(n * 1_000_000)
}

pub(crate) fn bad_link() -> Link {
    Link {
        latency_min: Duration::from_millis(2),
        latency_max: Duration::from_millis(180),
        loss: Odds::ppm(200_000).expect("below a million"),
        duplicate: Odds::ppm(100_000).expect("below a million"),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    }
}

/// Two seconds of everything: bad links, a partition, a one-way cut, crashes with and without disk, clocks that
/// drift and step; then all is well, and two more seconds to recover.
pub(crate) fn everything() -> Setup<u64> {
    let [pacific, indian, atlantic, antarctic] = [0, 1, 2, 3].map(NodeId::new);
    let mut network = Network::new(bad_link());
    network.set_link(pacific, indian, Link { sequence: Sequence::Ordered, ..bad_link() });
    let plan = Plan::new()
        .at(ms(100), Act::Request { node: pacific, request: 1 })
        .at(ms(300), Act::Partition { group_a: vec![pacific, atlantic], group_b: vec![indian, antarctic] })
        .at(ms(310), Act::Request { node: pacific, request: 2 })
        .at(ms(310), Act::Request { node: indian, request: 3 })
        .at(ms(400), Act::StepWall { node: indian, by_ns: -600_000_000 })
        .at(ms(500), Act::Crash { node: atlantic })
        .at(ms(600), Act::Request { node: atlantic, request: 99 })
        .at(ms(700), Act::Restart { node: atlantic, disk: Disk::Kept })
        .at(ms(900), Act::Heal)
        .at(ms(1_000), Act::Cut { sources: vec![antarctic], targets: vec![pacific, indian] })
        .at(ms(1_100), Act::Crash { node: indian })
        .at(ms(1_200), Act::Restart { node: indian, disk: Disk::Lost })
        .at(ms(1_300), Act::Request { node: antarctic, request: 4 })
        .at(ms(2_000), Act::Heal);
    let names = ["pacific", "indian_ocean", "atlantic", "antarctic"];
    let mut setup = Setup { network, plan, ..Setup::new(names, ms(2_000)) };
    setup.grace = Duration::from_secs(2);
    setup.wall_claims = WallClaims::Recorded;
    setup.machines[0].wall = Wall { offset_ns: 600_000_000, drift: Drift::ppb(40_000).expect("small") };
    setup.machines[3].wall = Wall { offset_ns: 0, drift: Drift::ppb(-500_000_000).expect("above -10^9") };
    setup
}

pub(crate) fn run(setup: Setup<u64>, seed: u64, memory: Memory) -> Result<Outcome<Gossip>, WorldError> {
    let nodes = u32::try_from(setup.machines.len()).expect("a few");
    World::new(setup, Seeded::new(seed), |node| Gossip::new(node, nodes, memory))?.run()
}

/// The seed whose digest is known to all builds.
pub(crate) const SEED: u64 = 17;

/// The digest of the trace of [`everything`] under a seed.
pub(crate) fn digest(seed: u64) -> String {
    let outcome = run(everything(), seed, Memory::Persisted).expect("the scenario is sound");
    constellation_trace::format::jsonl::digest(&outcome.trace).to_string()
}
