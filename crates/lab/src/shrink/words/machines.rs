//! What luck and steps do to machines, in sentences.

use std::time::Duration;

use constellation_fabric::Odds;
use constellation_sim::{Faults, Leap, Span};

use super::percent;
use crate::scenario::MachineAct;

/// What each kind of planned fault is called: one, and many.
pub(super) const FAULTS: [(&str, &str); 12] = [
    ("the crash before an input", "crashes before an input"),
    ("the crash after an input", "crashes after an input"),
    ("the pause", "pauses"),
    ("the suspension", "suspensions"),
    ("the slowness of a station", "slowness of stations"),
    ("the joining", "joinings"),
    ("the leaving", "leavings"),
    ("the slew of a wall clock", "slews of wall clocks"),
    ("the leap second", "leap seconds"),
    ("the freeze of a wall clock", "freezes of wall clocks"),
    ("the setting of a wall clock", "settings of wall clocks"),
    ("the bit that rots", "bits that rot"),
];

pub(super) const fn fault(act: &MachineAct) -> (&'static str, &'static str) {
    let place = match act {
        MachineAct::CrashBefore => 0,
        MachineAct::CrashAfter => 1,
        MachineAct::Pause { .. } => 2,
        MachineAct::Suspend { .. } => 3,
        MachineAct::Slow { .. } => 4,
        MachineAct::Join => 5,
        MachineAct::Leave => 6,
        MachineAct::SlewWall { .. } => 7,
        MachineAct::LeapSecond { .. } => 8,
        MachineAct::FreezeWall { .. } => 9,
        MachineAct::SetWall { .. } => 10,
        MachineAct::RotDisk { .. } => 11,
    };
    FAULTS[place]
}

pub(super) fn sentence(node: &str, act: &MachineAct) -> String {
    match act {
        MachineAct::CrashBefore => format!("{node} crashes when it is given its next input"),
        MachineAct::CrashAfter => format!("{node} crashes after its next input, and what it sends is lost"),
        MachineAct::Pause { lasts } => format!("{node} stops for {lasts:?}"),
        MachineAct::Suspend { lasts } => format!("{node}'s machine sleeps for {lasts:?}"),
        MachineAct::Slow { each, lasts } => format!("{node} takes {each:?} for each input, for {lasts:?}"),
        MachineAct::Join => format!("{node} joins"),
        MachineAct::Leave => format!("{node} leaves for good"),
        MachineAct::SlewWall { by_ns, lasts } => {
            let size = Duration::from_nanos(by_ns.unsigned_abs());
            let does = if *by_ns < 0 { "loses" } else { "gains" };
            format!("{node}'s wall clock {does} {size:?} in {lasts:?}")
        }
        MachineAct::LeapSecond { leap: Leap::Smeared(lasts) } => {
            format!("{node}'s wall clock smears a leap second over {lasts:?}")
        }
        MachineAct::LeapSecond { .. } => format!("{node}'s wall clock shows a second twice"),
        MachineAct::FreezeWall { lasts } => format!("{node}'s wall clock stands still for {lasts:?}"),
        MachineAct::SetWall { wall } => format!("{node}'s wall clock is set to {wall}"),
        MachineAct::RotDisk { bit } => format!("bit {bit} on {node}'s disk flips"),
    }
}

/// What luck does to a machine: `every machine crashes before 0.1 % of its inputs, is down for 1s to 5s`.
pub(super) fn told(who: &str, faults: &Faults) -> String {
    let inputs = "of its inputs".to_owned();
    let crashes = [faults.crash_before, faults.crash_after].iter().any(|odds| *odds != Odds::NEVER);
    let amnesia = if crashes { faults.amnesia } else { Odds::NEVER };
    let lasting = |span| format!("{inputs} for {}", time(span));
    let parts = [
        ("crashes before", faults.crash_before, inputs.clone()),
        ("crashes after", faults.crash_after, inputs.clone()),
        ("loses its disk in", amnesia, "of those crashes".to_owned()),
        ("stops before", faults.pause, lasting(faults.pause_time)),
        ("sleeps before", faults.suspend, lasting(faults.suspend_time)),
        ("finds its wall clock stepped before", faults.wall_step, inputs.clone()),
        ("finds its wall clock frozen before", faults.wall_freeze, lasting(faults.wall_freeze_time)),
        ("finds its wall clock in a wrong year before", faults.wall_year, inputs.clone()),
        ("finds its disk full in", faults.disk_full, "of its writes".to_owned()),
        ("loses what it did not sync in", faults.unsynced, "of all crashes".to_owned()),
        ("finds a bit flipped at", faults.bit_rot, "of its restarts".to_owned()),
    ];
    let parts = parts.into_iter().filter(|(_, odds, _)| *odds != Odds::NEVER);
    let mut does: Vec<String> =
        parts.map(|(what, odds, of)| format!("{what} {} {of}", percent(odds))).collect();
    if crashes {
        does.push(format!("is down for {} after such a crash", time(faults.down)));
    }
    if faults.slow.max > Duration::ZERO {
        does.push(format!("takes {} for each input", time(faults.slow)));
    }
    if let Some(bytes) = faults.disk_bytes {
        does.push(format!("writes at most {bytes} bytes"));
    }
    if does.is_empty() { format!("{who}: nothing goes wrong") } else { format!("{who}: {}", does.join(", ")) }
}

fn time(span: Span) -> String {
    if span.min == span.max { format!("{:?}", span.min) } else { format!("{:?} to {:?}", span.min, span.max) }
}

/// What luck does to machines in `faults` and not in `small`.
pub(super) fn gone(faults: &Faults, small: &Faults) -> impl Iterator<Item = &'static str> {
    let crashes = |faults: &Faults| (faults.crash_before, faults.crash_after);
    let disk = |faults: &Faults| (faults.disk_bytes, faults.disk_full);
    let kinds = [
        ("the crashes by luck", crashes(faults) != crashes(small)),
        ("the amnesia", faults.amnesia != small.amnesia),
        ("the pauses by luck", faults.pause != small.pause),
        ("the suspensions by luck", faults.suspend != small.suspend),
        ("the slowness", faults.slow != small.slow),
        ("the steps of wall clocks by luck", faults.wall_step != small.wall_step),
        ("the freezes of wall clocks by luck", faults.wall_freeze != small.wall_freeze),
        ("the wrong years of wall clocks", faults.wall_year != small.wall_year),
        ("the full disks", disk(faults) != disk(small)),
        ("the loss of what was not synced", faults.unsynced != small.unsynced),
        ("the rot", faults.bit_rot != small.bit_rot),
    ];
    kinds.into_iter().filter(|(_, is_gone)| *is_gone).map(|(what, _)| what)
}
