//! A scenario with real processes: every node is one, a link layer between them does what links do, and what was recorded
//! is judged as a simulated run is.
//!
//! Luck decides by the seed which message of a link is lost, late or doubled; which message that is, and when everything
//! happens, real time decides. So a live run is not reproducible; its trace is what is left of it.

mod crew;

use std::io::BufRead;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use constellation_live::plan::{Disk, Machine};
use constellation_live::process::{self, ProcessError};
use constellation_live::{Act as Planned, Ended, Launch, LiveError, Setup, hub};
use constellation_sim::{Disk as SimDisk, Seeded};
use constellation_trace::{Judgement, Limit, NodeId, Trace, Verdict};

use crate::promises::{self, Phase, Promise};
use crate::run::{COMES_TO_ITS_END, Run};
use crate::scenario::{Act, Chances, MachineAct, Scenario};
use crate::simulate::{self, Allowed};
use crate::station::Request;
use crew::{Briefing, Crew};

/// The most processes of a live run: stations and clients.
pub const PROCESSES_MAX: usize = 64;

/// The most times as fast as the machine: beyond that, a message takes longer than anything that a scenario says.
pub const SPEED_MAX: u32 = 1_000;

/// Runs `scenario` with a process for each node and client, and judges it by what a simulated run promises.
///
/// `speed` seconds of the scenario pass in a real one. `folder` is where the nodes have their disks: it is there, is empty,
/// and is the caller's to remove. `launcher` begins processes which each call [`serve`]. When `stop` is set, the run ends,
/// and what stands is judged for safety. `watch` is shown what is recorded so far, now and then: it has no
/// [origin](Trace::origin) yet, and [`promises::judge_unfinished`] judges it.
///
/// What a live run cannot do is left out, and a remark of the run says so: see [`not_done`].
///
/// # Errors
/// [`LiveError`]: there is no run. A process that ends is none: it is a crash of the run.
pub fn run<L: Launch>(
    scenario: &Scenario,
    seed: u64,
    speed: NonZeroU32,
    folder: &Path,
    launcher: L,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(&Trace),
) -> Result<Run, LiveError> {
    let mut choices = Allowed { chances: scenario.chances, inner: Seeded::new(seed) };
    let setup = setup(scenario, speed, folder);
    let live = hub::run_blocking::<Crew, L>(setup, &mut choices, launcher, stop, watch)?;
    let mut trace = live.trace;
    trace.set_origin(simulate::origin(scenario, seed));
    if lies(scenario) {
        trace.set_epoch(scenario.epoch);
    }
    let promises::Judged { promises, mut judgements, remarks } = promises::judge(scenario, &trace);
    if live.ended != Ended::Whole {
        let judged = promises.into_iter().zip(judgements);
        let safety = judged.filter(|(promise, _)| promise.phase() == Phase::Safety);
        judgements = safety.map(|(_, judgement)| judgement).collect();
        judgements.push(cut_short(live.ended));
    } else if !live.unheard.is_empty() {
        let unheard = live.unheard.iter().filter_map(|node| scenario.names().nth(node.index()));
        leave_open(&promises, &mut judgements, &unheard.collect::<Vec<_>>().join(", "));
    }
    for judgement in &mut judgements {
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.notes = vec!["it happened in real processes, whose times no seed repeats".to_owned()];
        }
    }
    let remarks = not_done(scenario).into_iter().chain(live.remarks).chain(remarks).collect();
    Ok(Run { scenario: scenario.clone(), seed, trace, judgements, remarks })
}

/// Whether a wall clock is put wrong. Else none is said to lie: an event is heard of a little late, and by that much every
/// wall clock would seem to be behind.
fn lies(scenario: &Scenario) -> bool {
    let is_wrong = |act: &Act| {
        matches!(act, Act::StepWall { .. } | Act::Machine { act: MachineAct::SetWall { .. }, .. })
    };
    !scenario.walls.is_empty() || scenario.steps.iter().any(|step| is_wrong(&step.act))
}

/// What one process of a live run does: it reads from `input`, its standard input, where to go, and is the node that it is
/// told to be, until it is told to end.
///
/// # Errors
/// [`ProcessError`]. The hub has been told, if it is there.
pub fn serve(input: impl BufRead) -> Result<(), ProcessError> {
    process::run(input, |welcome| {
        let briefing = Briefing::decode(welcome.setup).ok_or("it is no briefing of this version")?;
        let crew = Crew::of(&briefing, welcome.node);
        crew.ok_or_else(|| format!("there is no node {}", welcome.node.number()))
    })
}

/// What of a scenario a live run leaves out, a line each: what would need another machine than the one it runs on.
pub fn not_done(scenario: &Scenario) -> Vec<String> {
    let mut left_out = Vec::new();
    let has_luck = |name: &&String| {
        let faults = scenario.faults(name);
        match scenario.chances {
            Chances::AsWritten => faults.can_strike(),
            Chances::Never => faults.slow.max > Duration::ZERO || faults.disk_bytes.is_some(),
        }
    };
    let lucky: Vec<&str> = scenario.nodes.iter().filter(has_luck).map(String::as_str).collect();
    if !lucky.is_empty() {
        left_out.push(format!("not done live: what luck does to the machines of {}", lucky.join(", ")));
    }
    for step in &scenario.steps {
        let Act::Machine { node, act } = &step.act else { continue };
        if let Some(what) = cannot(act) {
            left_out.push(format!("not done live: at {} {what} at {node}", step.at));
        }
    }
    left_out
}

/// What cannot be done to a process on a machine that others use, in words.
const fn cannot(act: &MachineAct) -> Option<&'static str> {
    match act {
        MachineAct::Suspend { .. } => Some("a sleep of the machine"),
        MachineAct::Slow { .. } => Some("slow work"),
        MachineAct::SlewWall { .. } => Some("a slew of the wall clock"),
        MachineAct::LeapSecond { .. } => Some("a leap second"),
        MachineAct::FreezeWall { .. } => Some("a wall clock that stands still"),
        MachineAct::RotDisk { .. } => Some("a flipped bit on the disk"),
        MachineAct::CrashBefore
        | MachineAct::CrashAfter
        | MachineAct::Pause { .. }
        | MachineAct::Join
        | MachineAct::Leave
        | MachineAct::SetWall { .. } => None,
    }
}

fn cut_short(ended: Ended) -> Judgement {
    let what = match ended {
        Ended::TooLong => "what comes after as many events as there may be is",
        Ended::Stopped | Ended::Whole => "what comes after it was stopped is",
    };
    Judgement {
        promise: COMES_TO_ITS_END.to_owned(),
        verdict: Verdict::Unknown(Limit::NotRecorded(what.to_owned())),
        scope: String::new(),
    }
}

/// What is promised for the end is not judged by some of the nodes alone.
fn leave_open(promises: &[Promise], judgements: &mut [Judgement], unheard: &str) {
    let of_the_end = promises.iter().zip(judgements).filter(|(promise, _)| promise.phase() != Phase::Safety);
    for (_, judgement) in of_the_end {
        let what =
            format!("how things stand in the end at {unheard}, where a process ended or did not answer, is");
        judgement.verdict = Verdict::Unknown(Limit::NotRecorded(what));
        judgement.scope = String::new();
    }
}

fn setup(scenario: &Scenario, speed: NonZeroU32, folder: &Path) -> Setup<Request> {
    let workloads = scenario.clients.iter().map(|client| simulate::workload(scenario, client)).collect();
    let briefing = Briefing { rules: scenario.rules(), workloads };
    let mut setup = Setup::new(scenario.names(), scenario.end, folder);
    setup.machines = scenario.names().map(|name| machine(scenario, name)).collect();
    setup.network = simulate::network(scenario);
    setup.plan = scenario
        .steps
        .iter()
        .filter_map(|step| planned(scenario, &step.act).map(|act| (step.at, act)))
        .collect();
    setup.epoch = scenario.epoch;
    setup.speed = speed;
    setup.events_max = setup.events_max.min(simulate::events_max(scenario));
    setup.setup = briefing.encode();
    setup.closing.settle = simulate::settle_time(scenario);
    // Each station offers all that it holds to each other one, and what it was offered meanwhile once more.
    let stations = u32::try_from(scenario.nodes.len()).unwrap_or(u32::MAX);
    let offers = if scenario.anti_entropy.is_some() { stations.saturating_mul(2) } else { 0 };
    setup.closing.timers_min = scenario.nodes.iter().map(|_| offers).collect();
    setup.closing.rounds = vec![rest(scenario), show(scenario)];
    setup
}

fn machine(scenario: &Scenario, name: &str) -> Machine {
    let rule = scenario.walls.iter().find(|rule| rule.node == name);
    rule.map_or(Machine::default(), |rule| Machine {
        ahead_ns: rule.ahead_ns,
        drift_ppb: rule.drift.parts_per_billion(),
    })
}

/// Nobody begins anything more.
fn rest(scenario: &Scenario) -> Vec<(NodeId, Request)> {
    match scenario.anti_entropy {
        None => Vec::new(),
        Some(_) => scenario.nodes.iter().map(|name| (scenario.id(name), Request::Rest)).collect(),
    }
}

/// Every node shows every key.
fn show(scenario: &Scenario) -> Vec<(NodeId, Request)> {
    let keys = scenario.keys();
    let of_key = |key: &&str| {
        let request = Request::Read { key: (*key).to_owned() };
        scenario.nodes.iter().map(move |name| (scenario.id(name), request.clone()))
    };
    keys.iter().flat_map(of_key).collect()
}

/// What the hub does for a step of the scenario, if it can.
fn planned(scenario: &Scenario, act: &Act) -> Option<Planned<Request>> {
    let id = |name: &String| scenario.id(name);
    let group = |names: &[String]| names.iter().map(id).collect();
    Some(match act {
        Act::Submit { node, key, value } => {
            let request = Request::Submit { key: key.clone(), value: value.clone() };
            Planned::Request { node: id(node), request }
        }
        Act::Read { node, key } => {
            Planned::Request { node: id(node), request: Request::Read { key: key.clone() } }
        }
        Act::Partition { group_a, group_b } => {
            Planned::Partition { group_a: group(group_a), group_b: group(group_b) }
        }
        Act::Cut { sources, targets } => Planned::Cut { sources: group(sources), targets: group(targets) },
        Act::Heal => Planned::Heal,
        Act::Crash { node } => Planned::Crash { node: id(node) },
        Act::Restart { node, disk } => {
            let disk = if *disk == SimDisk::Lost { Disk::Lost } else { Disk::Kept };
            Planned::Restart { node: id(node), disk }
        }
        Act::StepWall { node, by_ns } => Planned::StepWall { node: id(node), by_ns: *by_ns },
        Act::Machine { node, act: MachineAct::Pause { lasts } } => {
            Planned::Pause { node: id(node), lasts: *lasts }
        }
        Act::Machine { node, act: MachineAct::CrashBefore } => Planned::CrashBefore { node: id(node) },
        Act::Machine { node, act: MachineAct::CrashAfter } => Planned::CrashAfter { node: id(node) },
        Act::Machine { node, act: MachineAct::Join } => Planned::Join { node: id(node) },
        Act::Machine { node, act: MachineAct::Leave } => Planned::Leave { node: id(node) },
        Act::Machine { node, act: MachineAct::SetWall { wall } } => {
            Planned::SetWall { node: id(node), wall: *wall }
        }
        Act::Machine { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_nodes_do_not_show_is_not_judged_by_the_others() {
        let promises = [Promise::EveryUpdateSurvives, Promise::NoThinAir, Promise::ReplicasConverge];
        let holds = |promise: &Promise| Judgement {
            promise: format!("{promise:?}"),
            verdict: Verdict::Holds,
            scope: "1 key at 2 nodes".to_owned(),
        };
        let mut judgements = promises.iter().map(holds).collect::<Vec<_>>();
        leave_open(&promises, &mut judgements, "pacific");
        let told = |judgement: &Judgement| match &judgement.verdict {
            Verdict::Unknown(limit) => format!("{}: {limit}", judgement.promise),
            verdict => format!("{}: {}", judgement.promise, verdict.word()),
        };
        let open = "how things stand in the end at pacific, where a process ended or did not answer, is not recorded";
        assert_eq!(
            judgements.iter().map(told).collect::<Vec<_>>(),
            [
                format!("EveryUpdateSurvives: {open}"),
                "NoThinAir: holds".to_owned(),
                format!("ReplicasConverge: {open}")
            ]
        );
    }
}
