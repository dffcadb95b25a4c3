//! What of a scenario is explored, what plays no part, and what cannot be left out.

use std::collections::BTreeSet;
use std::time::Duration;
use std::{fmt, iter};

use constellation_fabric::{Contacts, Link, Odds, Outside};
use constellation_sim::Faults;
use constellation_sim::explore::Ending;
use constellation_trace::{Nemesis, NodeId, Trace};

use super::{Bounds, ExploreError};
use crate::resolver::Resolver;
use crate::scenario::{Act, Chances, Scenario};
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
    /// A link of it alters messages, so that no checksum sees it.
    Corruption {
        /// Where it says so.
        place: Place,
    },
    /// Luck may strike a machine of it.
    Machine {
        /// Where it says so.
        place: Place,
    },
    /// It loses more messages without any luck than may be lost here.
    Losses {
        /// How many.
        lost: u64,
        /// How many may be.
        losses_max: u32,
    },
}

/// Where a scenario says what does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// Of which rule of `[[links]]` or `[[machines]]`, from 0; of `[link]` or `[machine]` for `None`.
    pub rule: Option<usize>,
    /// By which key.
    pub key: &'static str,
}

impl Unfit {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Unfit::Step { .. } => "leave it out, or let `hunt` try seeds".to_owned(),
            Unfit::WallClocks => "explore it with another resolver, or let `hunt` try seeds".to_owned(),
            Unfit::Clients => "let steps ask instead, or let `hunt` try seeds".to_owned(),
            Unfit::Machine { place: Place { key: "slow" | "disk_bytes", .. } } => {
                "leave it out, or let `hunt` try seeds".to_owned()
            }
            Unfit::Corruption { .. } | Unfit::Machine { .. } => {
                "leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds".to_owned()
            }
            Unfit::Losses { lost, .. } => format!("explore with `--losses {lost}`, or let `hunt` try seeds"),
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
            Unfit::Corruption { place } => {
                write!(
                    f,
                    "`{}` alters messages, but here what arrives is what was sent: only the order is explored",
                    place.key
                )
            }
            Unfit::Machine { place } => {
                write!(
                    f,
                    "`{}` strikes machines, but here none is struck: only the order is explored",
                    place.key
                )
            }
            Unfit::Losses { lost, losses_max } => {
                write!(
                    f,
                    "without any luck this loses {lost} messages, more than the {losses_max} that may be lost here"
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
fn links(scenario: &Scenario) -> impl Iterator<Item = Link> {
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
        isolation,
        walls,
        machine,
        machines,
        steps,
        clients,
        chances,
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
    let Links { loses, doubles, waits } = Links::of(scenario, contacts.as_ref());
    if let Some(place) = corrupts(scenario) {
        return Err(Unfit::Corruption { place });
    }
    let rules = machines.iter().enumerate().map(|(rule, machine)| (Some(rule), &machine.faults));
    lies |= machines_lie(iter::once((None, machine)).chain(rules), *chances)?;
    let notes = [
        (
            true,
            "times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next",
        ),
        (
            cuts,
            "partitions and cuts play no part: what they hold is late, and any message may be late anyhow",
        ),
        (isolation.is_some(), "partitions by luck play no part: what they hold is late"),
        (waits, "windows and flaps of links play no part: what waits for them is late"),
        (lies, "the lies of wall clocks play no part: this resolver asks none"),
        (loses && bounds.losses_max == 0, "links of the scenario lose messages, but here none may be lost"),
        (doubles && bounds.duplicates_max == 0, "links of the scenario double messages, but here none may"),
    ];
    Ok(notes.iter().filter(|(is_so, _)| *is_so).map(|(_, note)| (*note).to_owned()).collect())
}

/// Where the first link that alters messages says so.
fn corrupts(scenario: &Scenario) -> Option<Place> {
    let rules = scenario.links.iter().enumerate().map(|(rule, links)| (Some(rule), links.link));
    let mut links = iter::once((None, scenario.link)).chain(rules);
    let (rule, _) = links.find(|(_, link)| can_happen(scenario.chances, link.corrupt_unseen))?;
    Some(Place { rule, key: "corrupt_unseen" })
}

/// Refuses a machine that something may strike; whether luck sets a wall clock of one wrong.
fn machines_lie<'s>(
    mut machines: impl Iterator<Item = (Option<usize>, &'s Faults)>,
    chances: Chances,
) -> Result<bool, Unfit> {
    machines.try_fold(false, |lies, (rule, faults)| match strikes(faults, chances) {
        Some(key) => Err(Unfit::Machine { place: Place { rule, key } }),
        None => Ok(lies || can_happen(chances, faults.wall_step)),
    })
}

/// The key of something that may strike a machine. A wall clock that jumps is no such thing here.
fn strikes(faults: &Faults, chances: Chances) -> Option<&'static str> {
    let odds = [
        ("crash", faults.crash_before),
        ("crash_after", faults.crash_after),
        ("pause", faults.pause),
        ("suspend", faults.suspend),
        ("disk_full", faults.disk_full),
        ("unsynced", faults.unsynced),
        ("bit_rot", faults.bit_rot),
    ];
    let odds = odds.into_iter().find(|(_, odds)| can_happen(chances, *odds)).map(|(key, _)| key);
    odds.or_else(|| (faults.slow.max > Duration::ZERO).then_some("slow"))
        .or_else(|| faults.disk_bytes.map(|_| "disk_bytes"))
}

fn can_happen(chances: Chances, odds: Odds) -> bool {
    chances == Chances::AsWritten && odds != Odds::NEVER
}

/// What any link of a scenario does to messages.
#[derive(Default)]
pub(super) struct Links {
    pub(super) loses: bool,
    pub(super) doubles: bool,
    waits: bool,
}

impl Links {
    pub(super) fn of(scenario: &Scenario, contacts: Option<&Contacts>) -> Links {
        let can = |odds| can_happen(scenario.chances, odds);
        let mut links = Links::default();
        for link in self::links(scenario) {
            // One by one, as above.
            let Link {
                latency_min: _,
                latency_max: _,
                spread: _,
                sequence: _,
                loss,
                duplicate,
                corrupt_seen,
                corrupt_unseen: _,
                size_max,
                rate: _,
                queue_bytes_max,
            } = link;
            links.loses |= can(loss) || can(corrupt_seen);
            links.loses |= size_max.is_some() || queue_bytes_max < u64::MAX;
            links.doubles |= can(duplicate);
        }
        let differ = scenario.links.iter().filter_map(|rule| rule.contacts.as_ref());
        for contacts in differ.chain(contacts) {
            links.waits = true;
            links.loses |= contacts.outside() == Outside::Lose;
        }
        links
    }
}

/// Refuses a scenario that loses more messages without any luck than may be lost: too long ones, those that a queue has
/// no room for, those of a link that is down. `calm` is its run without any luck, if that could be made.
pub(super) fn check_losses(calm: Option<&Trace>, losses_max: u32) -> Result<(), Unfit> {
    let is_loss = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Lose(..));
    let lost =
        calm.map_or(0, |trace| trace.nemesis().iter().filter(|entry| is_loss(&entry.nemesis)).count()) as u64;
    if lost > u64::from(losses_max) { Err(Unfit::Losses { lost, losses_max }) } else { Ok(()) }
}

/// The links on which messages overtake each other and on most they do not, or the other way round.
pub(super) fn exceptions(scenario: &Scenario) -> Vec<(NodeId, NodeId)> {
    let mut exceptions = BTreeSet::new();
    for rule in &scenario.links {
        let pairs =
            rule.sources.iter().flat_map(|source| rule.targets.iter().map(move |target| (source, target)));
        for (source, target) in pairs.filter(|(source, target)| source != target) {
            let link = (scenario.id(source), scenario.id(target));
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
            Some((scenario.id(node), request))
        }
        Act::Read { node, key } => Some((scenario.id(node), Request::Read { key: key.clone() })),
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
