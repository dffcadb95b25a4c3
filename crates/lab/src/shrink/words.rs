//! A schedule in sentences: what happens in it, and what of the scenario it does without.

mod machines;

use std::cmp;
use std::time::Duration;

use constellation_fabric::{Contacts, Flap, Isolation, Link, Odds, Outside, Sequence, Spread};
use constellation_sim::Disk;
use constellation_sim::clients::Pace;

use crate::scenario::{Act, ClientRule, LinkRule, Scenario, WallRule};
use crate::station::DiskSync;
use crate::words::one_line;

/// Everything that happens in a scenario, from its links to its last step.
pub(super) fn steps(scenario: &Scenario) -> Vec<String> {
    let mut told: Vec<String> = scenario.links.iter().map(link_rule).collect();
    if scenario.nodes.len() > 1 {
        let every = if scenario.links.is_empty() { "every message" } else { "every other message" };
        told.push(format!("{every} {}", does(scenario.link, scenario.contacts.as_ref())));
    }
    if let Some(Isolation { period, down, odds }) = scenario.isolation {
        let chance = percent(odds);
        told.push(format!("each node is cut off for {down:?} of every {period:?} in {chance} of cases"));
    }
    told.extend(scenario.machines.iter().map(|rule| machines::told(&rule.nodes.join(", "), &rule.faults)));
    if scenario.machine.can_strike() {
        let every = if scenario.machines.is_empty() { "every machine" } else { "every other machine" };
        told.push(machines::told(every, &scenario.machine));
    }
    if scenario.sync == DiskSync::Never {
        told.push("no station waits for its disk".to_owned());
    }
    if let Some(interval) = scenario.anti_entropy {
        told.push(format!("each station offers all that it holds to another every {interval:?}"));
    }
    for wall in &scenario.walls {
        told.push(format!("{}'s wall clock is {} from the start", wall.node, lie(wall)));
    }
    told.extend(scenario.clients.iter().filter(|client| client.operations > 0).map(client_rule));
    told.extend(scenario.steps.iter().map(|step| format!("{}  {}", step.at, sentence(&step.act))));
    told
}

/// What a reader might take for the cause, and is not: all of it can be left out together.
pub(super) fn not_needed(scenario: &Scenario, small: &Scenario) -> Vec<String> {
    let mut needless: Vec<String> = Vec::new();
    let walls = scenario.walls.iter().filter(|wall| !small.walls.contains(wall));
    needless.extend(walls.map(|wall| format!("the lie of {}'s wall clock", wall.node)));
    let links = scenario.links.iter().filter(|rule| !small.links.contains(rule));
    needless
        .extend(links.map(|rule| {
            format!("the links from {} to {}", rule.sources.join(", "), rule.targets.join(", "))
        }));
    let silent = scenario.clients.iter().zip(&small.clients).filter(|(client, small)| client != small);
    needless.extend(silent.map(|(ClientRule { name, .. }, small)| match small.operations {
        0 => format!("what {name} asks"),
        1 => format!("what {name} asks after its first operation"),
        count => format!("what {name} asks after its first {count} operations"),
    }));
    let (link, small_link) = (scenario.link, small.link);
    let faults = [
        ("the spread of latencies", link.latency_max > small_link.latency_max),
        ("the loss of messages", link.loss > small_link.loss),
        ("the duplicates", link.duplicate > small_link.duplicate),
        ("the overtaking", link.sequence != small_link.sequence),
        ("the corruption that a checksum sees", link.corrupt_seen > small_link.corrupt_seen),
        ("the corruption that no checksum sees", link.corrupt_unseen > small_link.corrupt_unseen),
        ("the limit of size", link.size_max != small_link.size_max),
        ("the limited rate", link.rate.is_some() && small_link.rate.is_none()),
        ("the bound of queues", has_queue(small) && link.queue_bytes_max != small_link.queue_bytes_max),
        ("the windows", has_windows(scenario) && !has_windows(small)),
        ("the flapping", flap(scenario).is_some() && flap(small).is_none()),
        ("the partitions by luck", scenario.isolation != small.isolation),
        ("the offers of everything", scenario.anti_entropy != small.anti_entropy),
    ];
    needless.extend(faults.iter().filter(|(_, is_gone)| *is_gone).map(|(what, _)| (*what).to_owned()));
    let rules = scenario.machines.iter().filter(|rule| !small.machines.contains(rule));
    needless.extend(rules.map(|rule| format!("the luck of the machines of {}", rule.nodes.join(", "))));
    needless.extend(machines::gone(&scenario.machine, &small.machine).map(str::to_owned));
    for (one, many) in FAULTS.into_iter().chain(machines::FAULTS) {
        let count = |scenario: &Scenario| {
            scenario.steps.iter().filter(|step| fault(&step.act) == Some((one, many))).count()
        };
        match (count(scenario), count(small)) {
            (1, 0) => needless.push(one.to_owned()),
            (2.., 0) => needless.push(many.to_owned()),
            _ => {}
        }
    }
    match &needless[..] {
        [] => Vec::new(),
        [one] => vec![format!("not needed: {one}")],
        all => vec![format!("not needed: any of {}", all.join(", "))],
    }
}

/// Whether anything may have to wait to go out.
fn has_queue(scenario: &Scenario) -> bool {
    scenario.link.rate.is_some() || scenario.contacts.is_some()
}

fn has_windows(scenario: &Scenario) -> bool {
    scenario.contacts.as_ref().is_some_and(|contacts| contacts.passes().is_some())
}

fn flap(scenario: &Scenario) -> Option<Flap> {
    scenario.contacts.as_ref().and_then(Contacts::flap)
}

/// What each kind of planned fault is called: one, and many.
const FAULTS: [(&str, &str); 4] = [
    ("the partition", "partitions"),
    ("the cut", "cuts"),
    ("the crash", "crashes"),
    ("the jump of a wall clock", "jumps of wall clocks"),
];

fn fault(act: &Act) -> Option<(&'static str, &'static str)> {
    let [partition, cut, crash, jump] = FAULTS;
    match act {
        Act::Partition { .. } => Some(partition),
        Act::Cut { .. } => Some(cut),
        Act::Crash { .. } => Some(crash),
        Act::StepWall { .. } => Some(jump),
        Act::Machine { act, .. } => Some(machines::fault(act)),
        _ => None,
    }
}

fn link_rule(rule: &LinkRule) -> String {
    format!(
        "every message from {} to {} {}",
        rule.sources.join(", "),
        rule.targets.join(", "),
        does(rule.link, rule.contacts.as_ref())
    )
}

/// What a client does: `ground begins 3 operations at pacific, one every 100ms, from +1.000000s on`.
fn client_rule(client: &ClientRule) -> String {
    let ClientRule { name, stations, begin, pace, operations, .. } = client;
    let stations = stations.join(" or ");
    if *operations == 1 {
        return format!("{name} begins an operation at {stations} at {begin}");
    }
    let pace = match pace {
        Pace::Open { every } => format!("one every {every:?}"),
        Pace::Closed { think } if think.is_zero() => "one after the other".to_owned(),
        Pace::Closed { think } => format!("each {think:?} after the end of the one before"),
    };
    format!("{name} begins {operations} operations at {stations}, {pace}, from {begin} on")
}

/// What a link does to a message: `takes 20ms to 80ms, is lost in 2.5 % of cases`.
fn does(link: Link, contacts: Option<&Contacts>) -> String {
    let Link { latency_min, latency_max, spread, loss, duplicate, sequence, .. } = link;
    let mut does = if latency_min == latency_max {
        format!("takes {latency_min:?}")
    } else {
        format!("takes {latency_min:?} to {latency_max:?}")
    };
    if spread == Spread::Tail && latency_min < latency_max {
        does.push_str(", seldom long");
    }
    for (what, odds) in [("is lost", loss), ("arrives twice", duplicate)] {
        if odds != Odds::NEVER {
            does.push_str(&format!(", {what} in {} of cases", percent(odds)));
        }
    }
    if sequence == Sequence::Unordered {
        does.push_str(", may overtake others");
    }
    does.push_str(&limits(link, contacts));
    does
}

/// What limits or spoils a message, as more of the same sentence.
fn limits(link: Link, contacts: Option<&Contacts>) -> String {
    let Link { corrupt_seen, corrupt_unseen, size_max, rate, queue_bytes_max, .. } = link;
    let mut limits = String::new();
    for (what, odds) in [
        ("is corrupted and dropped for its checksum", corrupt_seen),
        ("is corrupted and no checksum sees it", corrupt_unseen),
    ] {
        if odds != Odds::NEVER {
            limits.push_str(&format!(", {what} in {} of cases", percent(odds)));
        }
    }
    if let Some(size_max) = size_max {
        limits.push_str(&format!(", is lost if longer than {size_max} bytes"));
    }
    if let Some(rate) = rate {
        limits.push_str(&format!(", goes out at {rate} bytes a second"));
    }
    if queue_bytes_max < u64::MAX {
        limits.push_str(&format!(" behind a queue of {queue_bytes_max} bytes"));
    }
    let Some(contacts) = contacts else { return limits };
    let outside = match contacts.outside() {
        Outside::Hold => "waits",
        Outside::Lose => "is lost",
    };
    if let Some(passes) = contacts.passes() {
        let passes: Vec<_> = passes.iter().map(|pass| format!("{} to {}", pass.start, pass.end)).collect();
        let passes = listed(&passes);
        limits.push_str(&format!(", {outside} but from {passes}"));
    }
    if let Some(Flap { period, down, odds }) = contacts.flap() {
        let chance = percent(odds);
        limits.push_str(&format!(", {outside} for {down:?} of every {period:?} in {chance} of cases"));
    }
    limits
}

/// The first of many, and how many more there are.
fn listed(texts: &[String]) -> String {
    const SHOWN_MAX: usize = 3;
    let shown = texts.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `2.5 %`, exactly.
fn percent(odds: Odds) -> String {
    let (whole, rest) = (odds.per_million() / 10_000, odds.per_million() % 10_000);
    let rest = format!("{rest:04}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{whole} %") } else { format!("{whole}.{rest} %") }
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
        Act::Restart { node, disk: Disk::Lost } => format!("{node} restarts, its disk lost"),
        Act::Restart { node, .. } => format!("{node} restarts from its disk"),
        Act::StepWall { node, by_ns } => {
            let (size, side) =
                (Duration::from_nanos(by_ns.unsigned_abs()), if *by_ns < 0 { "back" } else { "on" });
            format!("{node}'s wall clock jumps {size:?} {side}")
        }
        Act::Machine { node, act } => machines::sentence(node, act),
    }
}
