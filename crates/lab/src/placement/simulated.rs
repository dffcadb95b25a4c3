//! A round in the simulator: the sites are nodes of one world, joined by the network under test; one node more is the tester,
//! whose links to every site are short and never cut.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Timer};
use constellation_sim::{Act, Machine, Plan, Seeded, Setup, World};
use constellation_trace::{NodeId, TrueTime};

use super::PlaceError;
use super::client::{Answer, Ask};
use super::protocol::{Cutting, Event, Orders, Round, Tester, Way};
use super::record::Record;

/// What passes between clients and sites, and among sites.
#[derive(Clone, Debug)]
pub enum Wire<M> {
    /// From a client to its site.
    Ask {
        /// What to call it in the answer.
        number: u32,
        /// What is asked.
        ask: Ask,
    },
    /// From a site to its client.
    Answer {
        /// What it answers.
        number: u32,
        /// The answer.
        answer: Answer,
    },
    /// Between two sites.
    Peer(M),
    /// From the tester, when all was asked and answered: a site does nothing any more, so that the world ends.
    Over,
}

/// The sites of a store, as each of them knows them. Sites are the nodes from 0 on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sites {
    /// Whose view it is.
    pub me: NodeId,
    /// How many there are.
    pub count: u32,
}

impl Sites {
    /// All, in order.
    pub fn all(self) -> impl Iterator<Item = NodeId> {
        (0..self.count).map(NodeId::new)
    }

    /// All but this one, in order.
    pub fn others(self) -> impl Iterator<Item = NodeId> {
        self.all().filter(move |site| *site != self.me)
    }

    /// The least number of sites that is more than half of them.
    pub const fn majority(self) -> u32 {
        self.count / 2 + 1
    }
}

/// Answers a client.
pub fn answer<M>(client: (NodeId, u32), answer: Answer, effects: &mut Effects<Wire<M>>) {
    let (from, number) = client;
    effects.send(from, Wire::Answer { number, answer });
}

/// How long a message takes between a client and its site, one way: no time at all would have operations begin and end at one
/// moment, and touching ones count as concurrent.
const NEAR: Duration = Duration::from_micros(50);
/// What a message takes more than the delay of its link, at most: real networks are not exact.
const JITTER: Duration = Duration::from_micros(200);
const WAKE: Timer = Timer(0);

/// One round of a store whose sites `make` makes.
///
/// # Errors
/// [`PlaceError::Run`] if the world cannot be run, [`PlaceError::Unfinished`] if the round does not end.
pub(super) fn run<S, M: Clone>(
    round: &Round,
    seed: u64,
    walls: &[constellation_sim::Wall],
    make: impl Fn(Sites) -> S,
) -> Result<Record, PlaceError>
where
    S: Node<Message = Wire<M>, Request = ()>,
{
    let count = u32::try_from(round.sites).expect("sites are few");
    let factory = |me: NodeId| {
        if me.number() < count {
            Party::Site(make(Sites { me, count }))
        } else {
            Party::Tester(Box::new(Tester::new(round)))
        }
    };
    let mut setup = setup(round);
    for (machine, wall) in setup.machines.iter_mut().zip(walls) {
        machine.wall = *wall;
    }
    let outcome = World::new(setup, Seeded::new(seed), factory).and_then(World::run);
    let mut nodes = outcome.map_err(PlaceError::Run)?.nodes;
    match nodes.pop().flatten() {
        Some(Party::Tester(tester)) if tester.is_over() => Ok(tester.into_record()),
        _ => Err(PlaceError::Unfinished { condition: round.condition }),
    }
}

fn setup(round: &Round) -> Setup<()> {
    let near = Link { latency_min: NEAR, latency_max: NEAR, ..Link::INSTANT };
    let mut network = Network::new(near);
    let node = |site: usize| NodeId::new(u32::try_from(site).expect("sites are few"));
    let sites = 0..round.sites;
    for (source, target) in sites.clone().flat_map(|source| sites.clone().map(move |target| (source, target)))
    {
        if source != target {
            let latency_min = round.delay(source, target);
            let link = Link { latency_min, latency_max: latency_min + JITTER, ..Link::INSTANT };
            network.set_link(node(source), node(target), link);
        }
    }
    let mut plan = Plan::new();
    for (at, cutting) in &round.cuts {
        let act = match *cutting {
            Cutting::Cut { site, way } => {
                let others = sites.clone().filter(|other| *other != site).map(node).collect();
                match way {
                    Way::Both => Act::Partition { group_a: vec![node(site)], group_b: others },
                    Way::From => Act::Cut { sources: vec![node(site)], targets: others },
                    Way::To => Act::Cut { sources: others, targets: vec![node(site)] },
                }
            }
            Cutting::Link { source, target } => {
                Act::Cut { sources: vec![node(source)], targets: vec![node(target)] }
            }
            Cutting::Heal => Act::Heal,
        };
        plan.add(TrueTime::from_ns(0).saturating_add(*at), act);
    }
    let names = super::SITE_NAMES.into_iter().take(round.sites).chain(["tester"]);
    let end = TrueTime::from_ns(0).saturating_add(round.longest());
    Setup { network, plan, ..Setup::new(names.map(Machine::from), end) }
}

/// A node of the world.
#[derive(Clone, Debug)]
enum Party<S> {
    Site(S),
    /// A site when all is over.
    Gone,
    Tester(Box<Tester>),
}

impl<M: Clone, S: Node<Message = Wire<M>, Request = ()>> Node for Party<S> {
    type Message = Wire<M>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<M>, ()>, effects: &mut Effects<Wire<M>>) {
        let tester = match self {
            Party::Site(_) if matches!(input, Input::Message { message: Wire::Over, .. }) => {
                *self = Party::Gone;
                return;
            }
            Party::Site(site) => return site.on(now, input, effects),
            Party::Gone => return,
            Party::Tester(tester) => tester,
        };
        let event = match input {
            Input::Start => Event::Begin,
            Input::Message { message: Wire::Answer { number, answer }, .. } => {
                Event::Answered { number, answer }
            }
            Input::Timer(WAKE) => Event::Woken,
            _ => return,
        };
        let elapsed = now.elapsed.since(Now::ZERO.elapsed);
        let Orders { asks, wake_at } = tester.on(elapsed, event);
        for order in asks {
            let site = NodeId::new(u32::try_from(order.site).expect("sites are few"));
            effects.send(site, Wire::Ask { number: order.number, ask: order.ask });
        }
        if let Some(at) = wake_at {
            effects.set_timer(WAKE, at.saturating_sub(elapsed));
        }
        if tester.is_over() {
            for site in 0..tester.sites() {
                effects.send(NodeId::new(site), Wire::Over);
            }
        }
    }
}
