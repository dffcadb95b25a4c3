//! What of a scenario is explored, what plays no part, and what cannot be left out.

use std::collections::BTreeSet;
use std::fmt;

use constellation_fabric::{Contacts, Link, Odds, Outside};
use constellation_sim::explore::Ending;
use constellation_trace::NodeId;

use super::{Bounds, ExploreError};
use crate::resolver::Resolver;
use crate::scenario::{Act, Scenario};
use crate::station::Request;

/// Why the orders of arrivals of a scenario do not say what happens in it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unfit {
    /// It has a step that does more than ask, or hold messages back.
    Step {
        /// Which, from 0, in the order of time.
        step: usize,
    },
    /// Its resolver asks wall clocks, which stand still where time plays no part.
    WallClocks,
    /// Clients of its own wait, ask again and give up by the clock.
    Clients,
}

impl Unfit {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Unfit::Step { .. } => "leave it out, or let `hunt` try seeds",
            Unfit::WallClocks => "explore it with another resolver, or let `hunt` try seeds",
            Unfit::Clients => "let steps ask instead, or let `hunt` try seeds",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Step { .. } => {
                write!(f, "this step cannot be explored: only requests, and messages that are late or lost")
            }
            Unfit::WallClocks => {
                write!(f, "the resolver asks wall clocks, which stand still where only the order is explored")
            }
            Unfit::Clients => {
                write!(
                    f,
                    "`[[clients]]` go by the clock, which stands still where only the order is explored"
                )
            }
        }
    }
}

impl From<Unfit> for ExploreError {
    fn from(unfit: Unfit) -> ExploreError {
        ExploreError::Unfit(unfit)
    }
}

/// What every kind of link of the scenario does.
pub(super) fn links(scenario: &Scenario) -> impl Iterator<Item = Link> {
    scenario.links.iter().map(|rule| rule.link).chain([scenario.link])
}

/// What of the scenario plays no part, a line each.
pub(super) fn left_out(scenario: &Scenario, bounds: Bounds) -> Result<Vec<String>, Unfit> {
    // One by one, here and of links, so that whatever else a scenario learns to say is decided upon here.
    let Scenario {
        name: _,
        title: _,
        nodes: _,
        epoch: _,
        end: _,
        seed: _,
        anti_entropy: _,
        sync: _,
        link: _,
        links: _,
        resolver,
        contacts,
        walls,
        machine,
        machines,
        steps,
        clients,
        chances: _,
    } = scenario;
    if *resolver == Resolver::WallLww {
        return Err(Unfit::WallClocks);
    }
    if !clients.is_empty() {
        return Err(Unfit::Clients);
    }
    let (mut cuts, mut lies) = (false, !walls.is_empty());
    for (number, step) in steps.iter().enumerate() {
        match &step.act {
            Act::Submit { .. } | Act::Read { .. } => {}
            Act::Partition { .. } | Act::Cut { .. } | Act::Heal => cuts = true,
            Act::StepWall { .. } => lies = true,
            _ => return Err(Unfit::Step { step: number }),
        }
    }
    let Links { loses, doubles, corrupts, waits } = Links::of(scenario, contacts.as_ref());
    let strikes = machine.can_strike() || machines.iter().any(|rule| rule.faults.can_strike());
    let notes = [
        (
            true,
            "times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next",
        ),
        (
            cuts,
            "partitions and cuts play no part: what they hold is late, and any message may be late anyhow",
        ),
        (waits, "windows and flaps of links play no part: what waits for them is late"),
        (lies, "the lies of wall clocks play no part: this resolver asks none"),
        (loses && bounds.losses_max == 0, "links of the scenario lose messages, but here none may be lost"),
        (doubles && bounds.duplicates_max == 0, "links of the scenario double messages, but here none may"),
        (corrupts, "corruption that no checksum sees is left out: what arrives is what was sent"),
        (strikes, "what luck does to machines is left out: none crashes, stops or has a bad disk"),
    ];
    Ok(notes.iter().filter(|(is_so, _)| *is_so).map(|(_, note)| (*note).to_owned()).collect())
}

/// What any link of a scenario does to messages.
#[derive(Default)]
struct Links {
    loses: bool,
    doubles: bool,
    corrupts: bool,
    waits: bool,
}

impl Links {
    fn of(scenario: &Scenario, contacts: Option<&Contacts>) -> Links {
        let mut links = Links::default();
        for link in self::links(scenario) {
            // One by one, as above.
            let Link {
                latency_min: _,
                latency_max: _,
                sequence: _,
                loss,
                duplicate,
                corrupt_seen,
                corrupt_unseen,
                size_max,
                rate,
            } = link;
            let has_queue = rate.is_some_and(|rate| rate.queue_bytes_max < u64::MAX);
            links.loses |= [loss, corrupt_seen].iter().any(|odds| *odds != Odds::NEVER);
            links.loses |= size_max.is_some() || has_queue;
            links.doubles |= duplicate != Odds::NEVER;
            links.corrupts |= corrupt_unseen != Odds::NEVER;
        }
        let differ = scenario.links.iter().filter_map(|rule| rule.contacts.as_ref());
        for contacts in differ.chain(contacts) {
            links.waits = true;
            links.loses |= contacts.outside() == Outside::Lose;
        }
        links
    }
}

/// The links on which messages overtake each other and on most they do not, or the other way round.
pub(super) fn exceptions(scenario: &Scenario) -> Vec<(NodeId, NodeId)> {
    let mut exceptions = BTreeSet::new();
    for rule in &scenario.links {
        let pairs =
            rule.sources.iter().flat_map(|source| rule.targets.iter().map(move |target| (source, target)));
        for (source, target) in pairs.filter(|(source, target)| source != target) {
            let link = (id(scenario, source), id(scenario, target));
            // A later rule wins.
            if rule.link.sequence == scenario.link.sequence {
                exceptions.remove(&link);
            } else {
                exceptions.insert(link);
            }
        }
    }
    exceptions.into_iter().collect()
}

/// What clients ask, in the order of the steps.
pub(super) fn requests(scenario: &Scenario) -> Vec<(NodeId, Request)> {
    let request = |act: &Act| match act {
        Act::Submit { node, key, value } => {
            let request = Request::Submit { key: key.clone(), value: value.clone() };
            Some((id(scenario, node), request))
        }
        Act::Read { node, key } => Some((id(scenario, node), Request::Read { key: key.clone() })),
        _ => None,
    };
    scenario.steps.iter().filter_map(|step| request(&step.act)).collect()
}

/// Each station offers all it holds to each other one, and what it was offered meanwhile once more; then every node
/// shows every key.
pub(super) fn ending(scenario: &Scenario) -> Ending<Request> {
    let nodes = u32::try_from(scenario.nodes.len()).expect("a scenario has at most a thousand nodes");
    let timer_rounds = scenario.anti_entropy.map_or(0, |_| nodes * 2);
    let show = |key: &str| {
        (0..nodes)
            .map(NodeId::new)
            .map(|node| (node, Request::Read { key: key.to_owned() }))
            .collect::<Vec<_>>()
    };
    Ending { timer_rounds, requests: scenario.keys().into_iter().flat_map(show).collect() }
}

fn id(scenario: &Scenario, name: &str) -> NodeId {
    let place = scenario.nodes.iter().position(|node| node == name);
    let place = place.expect("a scenario refuses names that are not among its nodes");
    NodeId::new(u32::try_from(place).expect("a scenario has at most a thousand nodes"))
}
