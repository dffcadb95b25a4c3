//! Which steps cannot happen: to whom is down, not there yet, gone, or in the midst of the same already.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use constellation_sim::{Act as Planned, Drift, Plan, PlanError};
use constellation_trace::{NodeId, TrueTime};

use super::machines::MachineAct;
use super::reader::{Result, ScenarioError};
use super::steps::{Act, Step};
use super::walls::WallRule;

/// Refuses what cannot happen to a node, and a client at one that is not there; `steps` are in the order of time.
pub(super) fn check_lives(
    nodes: &[String],
    end: TrueTime,
    walls: &[WallRule],
    steps: &[(Step, Range<usize>)],
) -> Result<()> {
    check_clients(steps)?;
    let mut plan = Plan::<()>::new();
    let mut spans = Vec::new();
    for (step, span) in steps {
        if let Some(act) = step.act.planned_for_node(nodes) {
            plan.add(step.at, act);
            spans.push((step, span));
        }
    }
    let drift = |node: NodeId| {
        let rule = walls.iter().find(|rule| rule.node == nodes[node.index()]);
        rule.map_or(Drift::NONE, |rule| rule.drift)
    };
    let checked = plan.check(nodes.len(), end, Duration::ZERO).and_then(|()| plan.check_slews(drift));
    let Err(error) = checked else { return Ok(()) };
    let (step, span) = spans[error.act()];
    Err(explain(error, step, span.clone()))
}

/// Who is there to be asked, as far as steps say.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Presence {
    Up,
    Down,
    NotYet,
    Gone,
}

fn check_clients(steps: &[(Step, Range<usize>)]) -> Result<()> {
    let mut presence: BTreeMap<&str, Presence> = BTreeMap::new();
    for (step, _) in steps {
        if let Act::Machine { node, act: MachineAct::Join } = &step.act {
            presence.insert(node, Presence::NotYet);
        }
    }
    for (step, span) in steps {
        let (node, now) = match &step.act {
            Act::Submit { node, .. } | Act::Read { node, .. } => {
                let why = match presence.get(&**node) {
                    None | Some(Presence::Up) => continue,
                    Some(Presence::Down) => "while it is down",
                    Some(Presence::NotYet) => "before it joins",
                    Some(Presence::Gone) => "after it has left",
                };
                let message = format!("a client turns to `{node}` at {}, {why}", step.at);
                return Err(ScenarioError::new(span.clone(), message));
            }
            Act::Crash { node } => (node, Presence::Down),
            Act::Restart { node, .. } | Act::Machine { node, act: MachineAct::Join } => (node, Presence::Up),
            Act::Machine { node, act: MachineAct::Leave } => (node, Presence::Gone),
            _ => continue,
        };
        presence.insert(node, now);
    }
    Ok(())
}

fn explain(error: PlanError, step: &Step, span: Range<usize>) -> ScenarioError {
    let (node, at) = (step.act.machine().unwrap_or_default(), step.at);
    let refuse = |message: String| ScenarioError::new(span, message);
    match error {
        PlanError::CrashOfCrashed { .. } => refuse(format!("`{node}` crashes at {at} but is down already")),
        PlanError::RestartOfLiving { .. } => refuse(format!("`{node}` restarts at {at} but has not crashed")),
        PlanError::StopOfCrashed { .. } => refuse(format!("`{node}` is to stop at {at} but is down")),
        PlanError::NoTime { .. } => refuse("this step does nothing: a time or a size in it is 0".to_owned()),
        PlanError::BeyondEnd { until, end, .. } => {
            refuse(format!("this step lasts until {until}, beyond the end of the run at {end}"))
                .help("make `end` later, or the step earlier or shorter")
        }
        PlanError::Overlap { until, .. } => {
            refuse(format!("an earlier step does the same to `{node}` until {until}"))
        }
        PlanError::SlewTooFast { .. } => {
            refuse(format!("the wall clock of `{node}` would run backwards, or leap ahead"))
                .help("less than the time that it takes; `step-wall` jumps")
        }
        PlanError::SlewsTooFast { .. } => refuse(format!(
            "the wall clock of `{node}` would run backwards by its slews and its drift together"
        ))
        .help("what overlaps adds up; `step-wall` jumps"),
        PlanError::JoinsTwice { .. } => refuse(format!("`{node}` joins a second time at {at}")),
        PlanError::NotThereYet { .. } => refuse(format!("`{node}` has not joined yet at {at}")),
        PlanError::Gone { .. } => refuse(format!("`{node}` has left before {at}")),
        other => refuse(other.to_string()),
    }
}

impl Act {
    /// The node whose process, clock or disk it concerns, but for what clients ask.
    pub(crate) fn machine(&self) -> Option<&str> {
        match self {
            Act::Crash { node }
            | Act::Restart { node, .. }
            | Act::StepWall { node, .. }
            | Act::Machine { node, .. } => Some(node),
            Act::Submit { .. } | Act::Read { .. } | Act::Partition { .. } | Act::Cut { .. } | Act::Heal => {
                None
            }
        }
    }

    /// What it plans for that node, whatever clients ask of it.
    pub(crate) fn planned_for_node<R>(&self, nodes: &[String]) -> Option<Planned<R>> {
        let name = self.machine()?;
        let place = nodes.iter().position(|node| node == name)?;
        let node = NodeId::new(u32::try_from(place).ok()?);
        Some(match *self {
            Act::Crash { .. } => Planned::Crash { node },
            Act::Restart { disk, .. } => Planned::Restart { node, disk },
            Act::StepWall { by_ns, .. } => Planned::StepWall { node, by_ns },
            Act::Machine { act, .. } => act.planned(node),
            Act::Submit { .. } | Act::Read { .. } | Act::Partition { .. } | Act::Cut { .. } | Act::Heal => {
                return None;
            }
        })
    }
}

impl MachineAct {
    const fn planned<R>(self, node: NodeId) -> Planned<R> {
        match self {
            MachineAct::CrashBefore => Planned::CrashBefore { node },
            MachineAct::CrashAfter => Planned::CrashAfter { node },
            MachineAct::Pause { lasts } => Planned::Pause { node, lasts },
            MachineAct::Suspend { lasts } => Planned::Suspend { node, lasts },
            MachineAct::Slow { each, lasts } => Planned::Slow { node, each, lasts },
            MachineAct::Join => Planned::Join { node },
            MachineAct::Leave => Planned::Leave { node },
            MachineAct::SlewWall { by_ns, lasts } => Planned::SlewWall { node, by_ns, lasts },
            MachineAct::LeapSecond { leap } => Planned::LeapSecond { node, leap },
            MachineAct::FreezeWall { lasts } => Planned::FreezeWall { node, lasts },
            MachineAct::SetWall { wall } => Planned::SetWall { node, wall },
            MachineAct::RotDisk { bit } => Planned::RotDisk { node, bit },
        }
    }
}
