//! How a hunt of a real server is told.

use std::path::Path;

use constellation_lab::placement::told::{ms, operation};
use constellation_lab::words::one_line;
use constellation_servers::hunt::rounds::{Again, Found, Hunted};
use constellation_servers::hunt::schedule::FaultKind;

use super::caught::Caught;
use super::kept::Kept;
use crate::commands::judge::evidence::{self, Ways};
use crate::commands::judge::model;
use crate::commands::judge::shown::Shown;
use crate::commands::place::evidence::shown_by;
use crate::commands::place::told::titled;
use crate::printer::{HOLDS, Printer, UNKNOWN, VIOLATED, count, faint, outcome, strong};
use crate::target::quoted;

pub(super) fn print(caught: &Caught, printer: &mut Printer) -> anyhow::Result<()> {
    let Caught { name, claim, hunted, .. } = caught;
    let (style, glyph, word) = match (&hunted.finding, hunted.unknown.0, hunted.rounds) {
        (Some(_), ..) => (VIOLATED, "✗", "violated"),
        (None, 0, 1..) => (HOLDS, "✓", "nothing seen"),
        _ => (UNKNOWN, "?", "unknown"),
    };
    printer.line(format!("{}  {}  {}", outcome(style, glyph, word), strong(name), faint(claim.name())))?;
    titled("claimed", &format!("{}.", claim.sentence()), printer)?;
    let version = hunted.version.clone().unwrap_or_else(|| "as three processes".to_owned());
    titled("server", &one_line(&version), printer)?;
    titled("hunted", &told(caught), printer)?;
    for (nth, reason) in hunted.unknown.1.iter().enumerate() {
        titled(if nth == 0 { "unknown" } else { "" }, &format!("{reason}."), printer)?;
    }
    if hunted.fallen > 0 {
        let rounds = count(hunted.fallen, "round");
        let within = hunted.info.ready_within.as_secs();
        let told = format!(
            "after {rounds} some site did not answer within {within} s, though all was healed, and the servers were begun anew."
        );
        titled("fell", &told, printer)?;
    }
    for (nth, limit) in hunted.limits.iter().enumerate() {
        titled(if nth == 0 { "limits" } else { "" }, &format!("{limit}."), printer)?;
    }
    match &hunted.finding {
        Some(found) => print_found(caught, found, printer),
        None => titled("go on", &go_on(caught), printer),
    }
}

/// The command that goes on with the seeds that were not tried yet.
fn go_on(Caught { again, from, hunted, .. }: &Caught) -> String {
    let is_of_seeds = !again.contains(" --schedule ");
    let next =
        if is_of_seeds { format!(" --from {}", from.wrapping_add(hunted.rounds)) } else { String::new() };
    format!("{again}{next} --for 10min")
}

/// `3 rounds in 41 s, by cut, kill and pause, 3214 operations of which 2801 were answered`.
fn told(Caught { kinds, hunted, .. }: &Caught) -> String {
    let Hunted { rounds, operations, answered, unknown, took, is_interrupted, finding, .. } = hunted;
    let names: Vec<&str> = kinds.iter().map(|kind: &FaultKind| kind.name()).collect();
    let by = if names.is_empty() { "without faults".to_owned() } else { format!("by {}", names.join(", ")) };
    let unknown = match unknown.0 {
        0 => String::new(),
        number => format!(", and of {} nobody can tell", count(number, "round")),
    };
    let late = format!("; the machine was up to {} late", ms(hunted.lateness.most));
    format!(
        "{} in {} s{}, {by}: {operations} operations, of which {answered} were answered{unknown}{late}",
        count(*rounds, "round"),
        took.as_secs(),
        match (is_interrupted, finding.as_ref().map_or(0, |found| found.again.tries)) {
            (true, _) => ", then interrupted",
            (false, 0) => "",
            (false, _) => " with all tries",
        },
    )
}

fn print_found(caught: &Caught, found: &Found, printer: &mut Printer) -> anyhow::Result<()> {
    titled("found", &format!("{}.", found.violation.found), printer)?;
    titled(
        "when",
        &format!("in round {}, by the schedule of seed {}:", found.round, found.schedule.seed),
        printer,
    )?;
    for fault in &found.schedule.faults {
        printer.line(format!("    {fault}"))?;
    }
    if found.schedule.faults.is_empty() {
        printer.line("    nothing at all")?;
    }
    titled("again", &again(found.again), printer)?;
    printer.line("")?;
    if let Some(model) = found.violation.model.filter(|model| *model != caught.claim.name()) {
        printer.line(faint(&format!("    what shows it, judged as {model} alone:")))?;
    }
    match shown(found)? {
        Some(shown) => evidence::print(&shown, Ways::default(), "", printer)?,
        None => {
            for line in operations(found) {
                printer.line(format!("    {line}"))?;
            }
        }
    }
    printer.line("")?;
    let Some(kept) = &caught.kept else {
        return titled("next", "--keep DIR writes the schedule and what clients saw.", printer);
    };
    for (nth, command) in commands(caught, found, kept).iter().enumerate() {
        printer.line(format!("  {:<11}{command}", if nth == 0 { "next" } else { "" }))?;
    }
    Ok(())
}

/// What can be done with what was written.
pub(super) fn commands(caught: &Caught, found: &Found, kept: &Kept) -> Vec<String> {
    let path = |path: &Path| quoted(&path.display().to_string());
    let model = found.violation.model;
    let judge =
        |file: &Path| model.map(|model| format!("constellation judge {} --model {model}", path(file)));
    // The whole history of a store that claims no model violates all sorts of them.
    let whole = (model == Some(caught.claim.name())).then(|| judge(&kept.history)).flatten();
    let again = &caught.again;
    let again = if again.contains(" --schedule ") {
        again.clone()
    } else {
        let bare = again.split(" --faults ").next().unwrap_or(again);
        format!("{bare} --schedule {}", path(&kept.schedule))
    };
    [whole, judge(&kept.smallest), Some(again)].into_iter().flatten().collect()
}

pub(super) fn again(Again { tries, violated, unknown }: Again) -> String {
    if tries == 0 {
        return "not tried again.".to_owned();
    }
    let unknown = if unknown == 0 { String::new() } else { format!(", and of {unknown} nobody can tell") };
    format!(
        "the same schedule, with servers begun anew, showed a violation in {violated} of {tries} tries{unknown}."
    )
}

/// What shows it as the judges tell it; `None` where what is wrong is no question of an order.
pub(super) fn shown(found: &Found) -> anyhow::Result<Option<Shown>> {
    let Some(name) = found.violation.model else { return Ok(None) };
    shown_by(model(name)?, &found.record, &found.violation.operations)
}

/// What shows it, an operation a line.
pub(super) fn operations(found: &Found) -> Vec<String> {
    let places = found.violation.operations.iter();
    places.filter_map(|place| found.record.asked.get(*place)).map(operation).collect()
}
