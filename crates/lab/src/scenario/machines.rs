//! What luck and steps do to machines: `[machine]` for all of them, `[[machines]]` for some, and the steps that stop
//! a process, crash it at its next input, or put its clock or its disk wrong.

use std::time::Duration;

use constellation_fabric::Odds;
use constellation_sim::{Faults, Leap, Span};
use constellation_trace::WallTime;

use super::reader::{Field, Result, Section};
use super::{Scenario, read_date, units};

/// Machines that differ from the rest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MachineRule {
    /// Those of each of these nodes.
    pub nodes: Vec<String>,
    /// What luck may do to them.
    pub faults: Faults,
}

/// What can happen to one machine at a given time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MachineAct {
    /// Its process ends when it is given its next input, which is lost.
    CrashBefore,
    /// Its process ends after its next input; what it sends is lost.
    CrashAfter,
    /// Its process stops for a time, its clocks go on.
    Pause {
        /// For how long.
        lasts: Duration,
    },
    /// It sleeps for a time, and its monotonic clock stands still.
    Suspend {
        /// For how long.
        lasts: Duration,
    },
    /// It works for a time on each input.
    Slow {
        /// How long on each.
        each: Duration,
        /// For how long it is so slow.
        lasts: Duration,
    },
    /// Its node is there from now on.
    Join,
    /// Its node is gone for good.
    Leave,
    /// Its wall clock gains little by little.
    SlewWall {
        /// How much, in nanoseconds; negative loses.
        by_ns: i64,
        /// In which time.
        lasts: Duration,
    },
    /// Its wall clock has a leap second put in.
    LeapSecond {
        /// In which way.
        leap: Leap,
    },
    /// Its wall clock stands still.
    FreezeWall {
        /// For how long.
        lasts: Duration,
    },
    /// Its wall clock is set.
    SetWall {
        /// To what.
        wall: WallTime,
    },
    /// A bit on its disk flips.
    RotDisk {
        /// Which.
        bit: u64,
    },
}

/// The keys of `[machine]`; a rule names its `node` beside.
pub(super) const MACHINE_KEYS: [&str; 18] = [
    "crash",
    "crash_after",
    "down",
    "amnesia",
    "pause",
    "pause_for",
    "suspend",
    "suspend_for",
    "slow",
    "wall_step",
    "wall_step_by",
    "wall_freeze",
    "wall_freeze_for",
    "wall_year",
    "disk_bytes",
    "disk_full",
    "unsynced",
    "bit_rot",
];

/// Nothing goes wrong; but if it did, it would last so long.
pub(super) const DEFAULT_FAULTS: Faults = Faults {
    down: Span { min: Duration::from_secs(1), max: Duration::from_secs(5) },
    pause_time: Span { min: Duration::from_secs(1), max: Duration::from_secs(3) },
    suspend_time: Span { min: Duration::from_secs(1), max: Duration::from_secs(10) },
    wall_freeze_time: Span { min: Duration::from_secs(1), max: Duration::from_secs(10) },
    wall_step_min_ns: -2_000_000_000,
    wall_step_max_ns: 2_000_000_000,
    ..Faults::NONE
};

impl Scenario {
    /// What luck may do to the machine of a node, of which the last rule that names it decides; nothing to a client's.
    pub fn faults(&self, node: &str) -> Faults {
        if self.nodes.iter().all(|name| name != node) {
            return Faults::NONE;
        }
        let rule = self.machines.iter().rev().find(|rule| rule.nodes.iter().any(|named| named == node));
        rule.map_or(self.machine, |rule| rule.faults)
    }

    pub(super) fn read_machines(&self, field: &Field<'_>) -> Result<Vec<MachineRule>> {
        let keys: Vec<&str> = MACHINE_KEYS.into_iter().chain(["node"]).collect();
        let rule = |section: &Section<'_>| {
            section.only(&keys)?;
            let nodes = self.group(&section.require("node")?)?;
            Ok(MachineRule { nodes, faults: read_faults(section, self.machine)? })
        };
        field.sections("[[machines]]")?.iter().map(rule).collect()
    }
}

pub(super) fn read_machine(field: &Field<'_>) -> Result<Faults> {
    let section = field.section("[machine]")?;
    section.only(&MACHINE_KEYS)?;
    read_faults(&section, DEFAULT_FAULTS)
}

pub(super) fn read_faults(section: &Section<'_>, default: Faults) -> Result<Faults> {
    let mut faults = default;
    for (key, odds) in [
        ("crash", &mut faults.crash_before),
        ("crash_after", &mut faults.crash_after),
        ("amnesia", &mut faults.amnesia),
        ("pause", &mut faults.pause),
        ("suspend", &mut faults.suspend),
        ("wall_step", &mut faults.wall_step),
        ("wall_freeze", &mut faults.wall_freeze),
        ("wall_year", &mut faults.wall_year),
        ("disk_full", &mut faults.disk_full),
        ("unsynced", &mut faults.unsynced),
        ("bit_rot", &mut faults.bit_rot),
    ] {
        if let Some(field) = section.get(key) {
            *odds = field.parsed("a chance such as \"2.5%\", at most 100%", units::odds)?;
        }
    }
    for (key, span) in [
        ("down", &mut faults.down),
        ("pause_for", &mut faults.pause_time),
        ("suspend_for", &mut faults.suspend_time),
        ("wall_freeze_for", &mut faults.wall_freeze_time),
        ("slow", &mut faults.slow),
    ] {
        if let Some(field) = section.get(key) {
            *span = read_span(&field)?;
        }
    }
    for (what, key, time, odds, span) in [
        ("pause a machine", "pause", "pause_for", faults.pause, faults.pause_time),
        ("suspend a machine", "suspend", "suspend_for", faults.suspend, faults.suspend_time),
        (
            "freeze a wall clock",
            "wall_freeze",
            "wall_freeze_for",
            faults.wall_freeze,
            faults.wall_freeze_time,
        ),
    ] {
        // Where it stands: in a rule, one of the two may come from `[machine]`.
        let Some(field) = section.get(time).or_else(|| section.get(key)) else { continue };
        if odds != Odds::NEVER && span.max == Duration::ZERO {
            return Err(field.refuse(format!("what may {what} does so for some time")));
        }
    }
    if let Some(field) = section.get("wall_step_by") {
        (faults.wall_step_min_ns, faults.wall_step_max_ns) = read_steps(&field)?;
    }
    if let Some(field) = section.get("disk_bytes") {
        let wanted = "a size such as \"64KiB\", at least 1B";
        // No program runs without a disk.
        let bytes = |text: &str| units::bytes(text).filter(|bytes| *bytes > 0);
        faults.disk_bytes = Some(field.parsed(wanted, bytes)?);
    }
    Ok(faults)
}

fn read_span(field: &Field<'_>) -> Result<Span> {
    let wanted = "a time such as \"1s\" or \"1s..5s\"";
    let (min, max) = field.parsed(wanted, units::duration_range)?;
    if min > max {
        return Err(field.refuse("the least time is above the most"));
    }
    Ok(Span { min, max })
}

/// `2s` is by up to so much in either direction.
fn read_steps(field: &Field<'_>) -> Result<(i64, i64)> {
    let wanted = "a size such as \"2s\", or from one to the other, such as \"-2s..500ms\"";
    let (min, max) = field.parsed(wanted, |text| match text.split_once("..") {
        Some((min, max)) => Some((units::signed_ns(min.trim())?, units::signed_ns(max.trim())?)),
        // Cannot overflow: a duration is at most 2^63 - 1 nanoseconds.
        None => units::duration(text)
            .and_then(|size| i64::try_from(size.as_nanos()).ok())
            .map(|size| (-size, size)),
    })?;
    if min > max {
        return Err(field.refuse("the least jump is above the most"));
    }
    if (min, max) == (0, 0) {
        return Err(field.refuse("a wall clock that jumps does so by some time"));
    }
    Ok((min, max))
}

/// What a step that is about one machine is called.
#[derive(Clone, Copy)]
pub(super) enum MachineVerb {
    CrashBefore,
    CrashAfter,
    Pause,
    Suspend,
    Slow,
    Join,
    Leave,
    SlewWall,
    LeapSecond,
    FreezeWall,
    SetWall,
    RotDisk,
}

impl MachineVerb {
    /// The keys of such a step beside `at`, `do` and `node`.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            MachineVerb::CrashBefore | MachineVerb::CrashAfter | MachineVerb::Join | MachineVerb::Leave => {
                &["at", "do", "node"]
            }
            MachineVerb::Pause | MachineVerb::Suspend | MachineVerb::FreezeWall => {
                &["at", "do", "node", "for"]
            }
            MachineVerb::Slow => &["at", "do", "node", "each", "for"],
            MachineVerb::SlewWall => &["at", "do", "node", "by", "for"],
            MachineVerb::LeapSecond => &["at", "do", "node", "smear"],
            MachineVerb::SetWall => &["at", "do", "node", "to"],
            MachineVerb::RotDisk => &["at", "do", "node", "bit"],
        }
    }

    pub(super) fn read(self, section: &Section<'_>) -> Result<MachineAct> {
        section.only(self.keys())?;
        let time = |field: Field<'_>| field.parsed("a duration such as \"1.5s\"", units::duration);
        let lasts = || time(section.require("for")?);
        Ok(match self {
            MachineVerb::CrashBefore => MachineAct::CrashBefore,
            MachineVerb::CrashAfter => MachineAct::CrashAfter,
            MachineVerb::Pause => MachineAct::Pause { lasts: lasts()? },
            MachineVerb::Suspend => MachineAct::Suspend { lasts: lasts()? },
            MachineVerb::Slow => MachineAct::Slow { each: time(section.require("each")?)?, lasts: lasts()? },
            MachineVerb::Join => MachineAct::Join,
            MachineVerb::Leave => MachineAct::Leave,
            MachineVerb::SlewWall => {
                let by = section.require("by")?;
                let wanted = "a duration such as \"600ms\", or \"-2s\" for back";
                MachineAct::SlewWall { by_ns: by.parsed(wanted, units::signed_ns)?, lasts: lasts()? }
            }
            MachineVerb::LeapSecond => {
                let smear = section.get("smear").map(time).transpose()?;
                MachineAct::LeapSecond { leap: smear.map_or(Leap::Repeated, Leap::Smeared) }
            }
            MachineVerb::FreezeWall => MachineAct::FreezeWall { lasts: lasts()? },
            MachineVerb::SetWall => MachineAct::SetWall { wall: read_date(&section.require("to")?)? },
            MachineVerb::RotDisk => {
                let bit = section.get("bit").map(|field| field.integer("a whole number, 0 to 2^64 - 1"));
                MachineAct::RotDisk { bit: bit.transpose()?.unwrap_or(0) }
            }
        })
    }
}
