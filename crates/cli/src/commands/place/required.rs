//! `constellation place --require`: whether a store is as it must be, and the schedule that shows it where it is not.

use std::path::Path;

use anyhow::bail;
use constellation_lab::placement::Placement;
use constellation_lab::placement::protocol::{CUT_AT, Condition, HEAL_AT};
use constellation_lab::placement::record::Record;
use constellation_lab::placement::requirements::{Breach, Fulfilled, Requirement, Schedule, Shows};
use constellation_lab::placement::told::{ms, operation};
use constellation_lab::words::one_line;
use serde_json::{Value, json};

use super::histories::Rounds;
use super::measured::{self, Depth, Measured};
use super::targets::Targets;
use super::{evidence, histories, json, load};
use crate::args::Place;
use crate::commands::judge::{evidence as of_judge, worse};
use crate::file::Kind;
use crate::printer::{HOLDS, Printer, UNKNOWN, VIOLATED, outcome, strong};

const REQUIREMENTS: Kind = Kind { what: "a file of requirements", bytes_max: Requirement::TEXT_MAX as u64 };

pub(super) fn run(
    arguments: &Place,
    wanted: &str,
    targets: &Targets<'_>,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    targets.only_stores("--require measures a store")?;
    let requirement = requirement(wanted)?;
    if targets.stores.is_empty() {
        bail!("--require needs a store\nhelp: `constellation place` lists them");
    }
    histories::prepare(arguments)?;
    let measured = measured::measure(&targets.stores, Depth::Cell, arguments, printer)?;
    let rounds: Vec<_> = measured.iter().map(|measured| Rounds::of(&measured.placement)).collect();
    histories::write(arguments, &rounds)?;
    let checked: Vec<(&Placement, Fulfilled)> =
        measured.iter().map(|Measured { placement, .. }| (placement, requirement.check(placement))).collect();
    let code = checked.iter().map(|(_, fulfilled)| exit_code(fulfilled)).fold(0, worse);
    if arguments.json {
        let mut object = json::of(&measured, &[], code);
        object["requires"] = json!(wanted);
        for (nth, (placement, fulfilled)) in checked.iter().enumerate() {
            object["stores"][nth]["requirement"] = as_json(placement, fulfilled);
        }
        printer.json(&object)?;
        return Ok(code);
    }
    for (placement, fulfilled) in &checked {
        print(placement, wanted, fulfilled, printer)?;
    }
    histories::tell(arguments, &rounds, printer)?;
    Ok(code)
}

/// Not as it must be, nobody can tell, or as it must be.
pub(super) const fn exit_code(fulfilled: &Fulfilled) -> u8 {
    match fulfilled {
        Fulfilled::No(_) => 1,
        Fulfilled::Unknown(_) => 3,
        Fulfilled::Yes | Fulfilled::AsFarAs(_) => 0,
    }
}

/// A cell, half of one, or what a file says.
pub(super) fn requirement(wanted: &str) -> anyhow::Result<Requirement> {
    if let Some(requirement) = Requirement::cell(wanted) {
        return Ok(requirement);
    }
    let path = Path::new(wanted);
    if path.extension().is_none_or(|extension| extension != "toml") {
        bail!(
            "`{}` is neither a cell nor a file ending in `.toml`\nhelp: a cell such as PC/EC, half of one (PA, PC, P-, EL, EC), or a file as placement/requirements.toml",
            one_line(wanted)
        );
    }
    load(path, REQUIREMENTS, Requirement::parse)
}

/// Whether it is so, and what shows it where it is not.
pub(super) fn print(
    placement: &Placement,
    wanted: &str,
    fulfilled: &Fulfilled,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let mark = match fulfilled {
        Fulfilled::Yes => outcome(HOLDS, "✓", "met"),
        Fulfilled::AsFarAs(_) => outcome(HOLDS, "✓", "met as far as shown"),
        Fulfilled::No(_) => outcome(VIOLATED, "✗", "not met"),
        Fulfilled::Unknown(_) => outcome(UNKNOWN, "?", "unknown"),
    };
    let wanted = one_line(wanted);
    printer.line(format!("{mark} {wanted}: {} is {}", strong(&placement.store), placement.cell))?;
    match fulfilled {
        Fulfilled::Yes => Ok(()),
        Fulfilled::AsFarAs(what) => printer.line(format!("  as far as {what}")),
        Fulfilled::Unknown(what) => printer.line(format!("  nobody can tell {what}")),
        Fulfilled::No(breaches) => breaches.iter().try_for_each(|breach| {
            printer.line("")?;
            printer.line(format!("  wanted    {}", breach.wanted))?;
            printer.line(format!("  found     {}", breach.found))?;
            let Some(schedule) = &breach.shown else { return Ok(()) };
            printer.line(format!("  schedule  {}", network(&schedule.condition)))?;
            match placement.records.get(schedule.round) {
                Some(record) => operations(record, schedule, printer),
                None => Ok(()),
            }
        }),
    }
}

/// What is cut or slow, from when to when.
fn network(condition: &Condition) -> String {
    match condition {
        Condition::Cut { .. } | Condition::Split { .. } => {
            format!("{condition} from {} to {}", ms(CUT_AT), ms(HEAL_AT))
        }
        _ => format!("{condition}, from the beginning to the end"),
    }
}

fn operations(record: &Record, schedule: &Schedule, printer: &mut Printer) -> anyhow::Result<()> {
    if schedule.shows == Shows::NotLinearizable
        && let Some(shown) = evidence::shown(record, &schedule.operations)?
    {
        of_judge::print(&shown, of_judge::Ways::default(), "", printer)?;
    }
    let asked = schedule.operations.iter().filter_map(|place| record.asked.get(*place));
    asked.map(operation).try_for_each(|line| printer.line(format!("    {line}")))
}

/// The same for a script.
pub(super) fn as_json(placement: &Placement, fulfilled: &Fulfilled) -> Value {
    let breach = |Breach { wanted, found, shown }: &Breach| {
        let schedule = shown.as_ref().map(|schedule| {
            let record = placement.records.get(schedule.round);
            json!({
                "network": network(&schedule.condition),
                "operations": record.map(|record| json::operations(record, &schedule.operations)),
            })
        });
        json!({"wanted": wanted, "found": found, "schedule": schedule})
    };
    match fulfilled {
        Fulfilled::Yes => json!({"verdict": "met"}),
        Fulfilled::AsFarAs(what) => json!({"verdict": "met", "as_far_as": what}),
        Fulfilled::Unknown(what) => json!({"verdict": "unknown", "of": what}),
        Fulfilled::No(breaches) => {
            json!({"verdict": "not met", "breaches": breaches.iter().map(breach).collect::<Vec<_>>()})
        }
    }
}
