//! What of a scenario is explored, what plays no part, and what cannot be left out.

use std::collections::BTreeSet;
use std::fmt;

use constellation_fabric::{Link, Odds};
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
}

impl Unfit {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Unfit::Step { .. } => "leave it out, or let `hunt` try seeds",
            Unfit::WallClocks => "explore it with another resolver, or let `hunt` try seeds",
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
        link: _,
        links: _,
        resolver,
        walls,
        steps,
    } = scenario;
    if *resolver == Resolver::WallLww {
        return Err(Unfit::WallClocks);
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
    let (mut loses, mut doubles) = (false, false);
    for Link { latency_min: _, latency_max: _, loss, duplicate, sequence: _ } in links(scenario) {
        loses |= loss != Odds::NEVER;
        doubles |= duplicate != Odds::NEVER;
    }
    let notes = [
        (
            true,
            "times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next",
        ),
        (
            cuts,
            "partitions and cuts play no part: what they hold is late, and any message may be late anyhow",
        ),
        (lies, "the lies of wall clocks play no part: this resolver asks none"),
        (loses && bounds.losses_max == 0, "links of the scenario lose messages, but here none may be lost"),
        (doubles && bounds.duplicates_max == 0, "links of the scenario double messages, but here none may"),
    ];
    Ok(notes.iter().filter(|(is_so, _)| *is_so).map(|(_, note)| (*note).to_owned()).collect())
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
