//! The smallest schedule that still fails: what of a scenario can be left out without losing the violation.

use std::cmp;
use std::time::Duration;

use constellation_fabric::{Link, Odds};
use constellation_trace::Verdict;

use crate::promises;
use crate::run::simulate;
use crate::scenario::{Act, LinkRule, Scenario, WallRule};
use crate::words::one_line;

/// How many runs may be spent on one violation.
const RUNS_MAX: u32 = 200;

/// How many events those runs may have together, so that a long scenario is not run again and again for minutes.
const EVENTS_MAX: usize = 1_000_000;

/// What is left to be spent.
struct Purse {
    runs: u32,
    events: usize,
}

impl Purse {
    const fn is_empty(&self) -> bool {
        self.runs == 0 || self.events == 0
    }
}

/// The steps that are left when whatever is not needed to break `promise` is left out, as sentences.
///
/// Steps, lying clocks and bad links are taken out one by one, from the back, as long as the same promise is
/// still broken, until no single one can go or 200 runs or a million events are spent: small, though not always
/// the smallest there is. Deterministic.
pub(crate) fn smallest(scenario: &Scenario, seed: u64, promise: &str) -> Vec<String> {
    let mut small = scenario.clone();
    let mut purse = Purse { runs: RUNS_MAX, events: EVENTS_MAX };
    let mut has_shrunk = true;
    while has_shrunk && !purse.is_empty() {
        has_shrunk = false;
        let mut part = parts(&small);
        while part > 0 && !purse.is_empty() {
            part -= 1;
            let Some(smaller) = without(&small, part) else { continue };
            if is_broken(&smaller, seed, promise, &mut purse) {
                small = smaller;
                has_shrunk = true;
            }
        }
    }
    tell(scenario, &small)
}

/// How many parts of a scenario could be left out.
fn parts(scenario: &Scenario) -> usize {
    scenario.steps.len() + scenario.walls.len() + scenario.links.len() + 1
}

/// The scenario without one of its parts; `None` where that would make no sense or change nothing.
fn without(scenario: &Scenario, part: usize) -> Option<Scenario> {
    let mut less = scenario.clone();
    if part < less.steps.len() {
        let removed = less.steps.remove(part);
        match removed.act {
            // A crash goes with its restart: neither makes sense without the other.
            Act::Crash { node: crashed } => {
                let restart = less.steps[part..]
                    .iter()
                    .position(|step| matches!(&step.act, Act::Restart { node, .. } if *node == crashed));
                if let Some(place) = restart {
                    less.steps.remove(part + place);
                }
            }
            Act::Restart { .. } => return None,
            _ => {}
        }
        return Some(less);
    }
    let part = part - less.steps.len();
    if part < less.walls.len() {
        less.walls.remove(part);
        return Some(less);
    }
    let part = part - less.walls.len();
    if part < less.links.len() {
        less.links.remove(part);
        return Some(less);
    }
    less.anti_entropy.take().map(|_| less)
}

fn is_broken(scenario: &Scenario, seed: u64, promise: &str, purse: &mut Purse) -> bool {
    purse.runs -= 1;
    let Ok(trace) = simulate(scenario, seed) else { return false };
    purse.events = purse.events.saturating_sub(trace.events().len());
    let judged = promises::judge(scenario, &trace).judgements;
    judged
        .iter()
        .any(|judgement| judgement.promise == promise && matches!(judgement.verdict, Verdict::Violated(_)))
}

fn tell(scenario: &Scenario, small: &Scenario) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for wall in &small.walls {
        told.push(format!("{}'s wall clock is {} from the start", wall.node, lie(wall)));
    }
    told.extend(small.links.iter().map(link));
    told.extend(small.steps.iter().map(|step| format!("{}  {}", step.at, sentence(&step.act))));
    let needless = left_out(scenario, small);
    if let (Some(last), false) = (told.last_mut(), needless.is_empty()) {
        last.push_str(&format!(" (it fails as well without {})", needless.join(", and without ")));
    }
    told
}

fn link(rule: &LinkRule) -> String {
    let Link { latency_min, latency_max, loss, duplicate, .. } = rule.link;
    let mut does = if latency_min == latency_max {
        format!("takes {latency_min:?}")
    } else {
        format!("takes {latency_min:?} to {latency_max:?}")
    };
    for (what, odds) in [("loses", loss), ("duplicates", duplicate)] {
        if odds != Odds::NEVER {
            does.push_str(&format!(", {what} {} messages in a million", odds.per_million()));
        }
    }
    format!("every message from {} to {} {does}", rule.sources.join(", "), rule.targets.join(", "))
}

/// What a reader might take for the cause, and is not.
fn left_out(scenario: &Scenario, small: &Scenario) -> Vec<String> {
    let mut needless: Vec<String> = Vec::new();
    for wall in scenario.walls.iter().filter(|wall| !small.walls.contains(wall)) {
        needless.push(format!("the lie of {}'s wall clock", wall.node));
    }
    let is_cut = |scenario: &Scenario| {
        scenario.steps.iter().any(|step| matches!(step.act, Act::Partition { .. } | Act::Cut { .. }))
    };
    if is_cut(scenario) && !is_cut(small) {
        needless.push("any partition".to_owned());
    }
    needless
}

fn lie(wall: &WallRule) -> String {
    let size = Duration::from_nanos(wall.ahead_ns.unsigned_abs());
    let side = if wall.ahead_ns < 0 { "behind" } else { "ahead" };
    let drift_ppb = wall.drift.parts_per_billion();
    let gain = Duration::from_nanos(u64::from(drift_ppb.unsigned_abs()));
    match drift_ppb.cmp(&0) {
        cmp::Ordering::Equal => format!("{size:?} {side}"),
        cmp::Ordering::Greater => format!("{size:?} {side}, gaining {gain:?} a second,"),
        cmp::Ordering::Less => format!("{size:?} {side}, losing {gain:?} a second,"),
    }
}

fn sentence(act: &Act) -> String {
    match act {
        Act::Submit { node, key, value } => {
            format!("{node} accepts {} = \"{}\"", one_line(key), one_line(value))
        }
        Act::Read { node, key } => format!("{node} shows {}", one_line(key)),
        Act::Partition { group_a, group_b } => {
            format!("partition: {} | {}", group_a.join(", "), group_b.join(", "))
        }
        Act::Cut { sources, targets } => {
            format!("nothing from {} reaches {}", sources.join(", "), targets.join(", "))
        }
        Act::Heal => "every link is whole again".to_owned(),
        Act::Crash { node } => format!("{node} crashes"),
        Act::Restart { node, .. } => format!("{node} restarts"),
        Act::StepWall { node, by_ns } => {
            let (size, side) =
                (Duration::from_nanos(by_ns.unsigned_abs()), if *by_ns < 0 { "back" } else { "on" });
            format!("{node}'s wall clock jumps {size:?} {side}")
        }
    }
}
