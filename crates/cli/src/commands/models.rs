//! `constellation models`: what can be judged, what one of them says, and what separates two.

use constellation_trace::{Outcome, Sessions, Timing};
use constellation_verify::models::{
    self, About, Finding, Judges, Model, Separation, implies, strongest_first,
};
use serde_json::{Value, json};

use super::judge::model;
use crate::args::Models;
use crate::printer::{HOLDS, Printer, UNKNOWN, VIOLATED, faint, outcome, strong};

pub(crate) fn run(arguments: &Models, printer: &mut Printer) -> anyhow::Result<u8> {
    let chosen = arguments.names.iter().map(|name| model(name)).collect::<Result<Vec<_>, _>>()?;
    match (&chosen[..], arguments.json) {
        ([], false) => list(printer)?,
        ([one], false) => describe(one.about(), printer)?,
        ([one, other, ..], false) => compare(*one, *other, printer)?,
        ([], true) => {
            let all: Vec<_> =
                strongest_first(models::all()).iter().map(|model| about_json(model.about())).collect();
            printer.json(&json!({"schema": SCHEMA, "models": all, "separations": []}))?;
        }
        (chosen, true) => {
            let all: Vec<_> = chosen.iter().map(|model| about_json(model.about())).collect();
            let separations: Vec<_> = match chosen {
                [one, other, ..] => {
                    [(*one, *other), (*other, *one)].map(separation_json).into_iter().flatten().collect()
                }
                _ => Vec::new(),
            };
            printer.json(&json!({"schema": SCHEMA, "models": all, "separations": separations}))?;
        }
    }
    Ok(0)
}

const SCHEMA: &str = "constellation/models/1";

fn list(printer: &mut Printer) -> anyhow::Result<()> {
    let ranked = strongest_first(models::all());
    let width = ranked.iter().map(|model| model.about().name.len()).max().unwrap_or(0);
    for model in ranked {
        let About { name, sentence, source, cost, .. } = model.about();
        printer.line(format!("{}{}  {sentence}", strong(name), " ".repeat(width - name.len())))?;
        printer.line(faint(&format!("{:width$}  {cost} · {source}", "")))?;
    }
    printer.line(faint(
        "n transactions with m reads and writes in k sessions; stronger models stand before weaker ones",
    ))
}

fn describe(about: &About, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("{}: {}", strong(about.name), about.sentence))?;
    printer.line(format!("defined by  {}", about.source))?;
    printer.line(format!(
        "cost        {} for n transactions with m reads and writes in k sessions",
        about.cost
    ))?;
    let judges = match about.judges {
        Judges::Operations => "single operations on objects",
        _ => "transactions, of which a single operation is the smallest",
    };
    printer.line(format!("judges      {judges}"))?;
    let others = |is_meant: &dyn Fn(&About) -> bool| {
        let others = models::all().iter().map(|model| model.about());
        let names = others.filter(|other| other.name != about.name && is_meant(other));
        let names: Vec<_> = names.map(|other| other.name).collect();
        if names.is_empty() { "none of the others".to_owned() } else { names.join(", ") }
    };
    printer.line(format!("implies     {}", others(&|other| implies(about, other))))?;
    printer.line(format!("implied by  {}", others(&|other| implies(other, about))))
}

fn compare(one: &'static dyn Model, other: &'static dyn Model, printer: &mut Printer) -> anyhow::Result<()> {
    let (first, second) = (one.about(), other.about());
    let width = first.name.len().max(second.name.len());
    for about in [first, second] {
        printer.line(format!(
            "{}{}  {}",
            strong(about.name),
            " ".repeat(width - about.name.len()),
            about.sentence
        ))?;
    }
    if first.name == second.name {
        return printer.line("They are one model.");
    }
    for (allows, forbids) in [(one, other), (other, one)] {
        printer.line("")?;
        direction(allows, forbids, printer)?;
    }
    Ok(())
}

/// A history that the one allows and the other forbids.
pub(super) fn direction(
    allows: &'static dyn Model,
    forbids: &'static dyn Model,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let (above, below) = (allows.about(), forbids.about());
    if implies(above, below) {
        return printer.line(format!(
            "Whatever {} allows, {} allows too: it is the stronger of the two.",
            above.name, below.name
        ));
    }
    let Some(separation) = Separation::between(allows, forbids) else {
        return printer.line(format!(
            "No history is known here that {} allows and {} forbids.",
            above.name, below.name
        ));
    };
    printer.line(format!(
        "{} allows and {} forbids {}: {}",
        above.name,
        below.name,
        strong(&format!("“{}”", separation.name)),
        separation.sentence
    ))?;
    let width = above.name.len().max(below.name.len());
    let shown = [allows, forbids].map(|model| separation.sessions(model.about()));
    let is_one =
        shown[0].as_ref().ok().map(ToString::to_string) == shown[1].as_ref().ok().map(ToString::to_string);
    for (nth, (model, sessions)) in [allows, forbids].into_iter().zip(shown).enumerate() {
        let sessions = sessions?;
        if nth == 0 || !is_one {
            for line in sessions.to_string().lines() {
                printer.line(format!("    {line}"))?;
            }
            for line in legend(&sessions) {
                printer.line(faint(&format!("    {line}")))?;
            }
        }
        let name = model.about().name;
        let (style, glyph, why) = match separation.judge(model)? {
            Finding::Holds => (HOLDS, "✓", String::new()),
            Finding::Violated(anomaly) => (VIOLATED, "✗", anomaly.found),
            Finding::Unknown(limit) => (UNKNOWN, "?", limit.to_string()),
        };
        let word = match glyph {
            "✓" => "holds",
            "✗" => "violated",
            _ => "unknown",
        };
        let line = format!("  {} {name:<width$}  {why}", outcome(style, glyph, word));
        printer.line(line.trim_end())?;
    }
    Ok(())
}

/// What a reader of the notation must know.
fn legend(sessions: &Sessions) -> Vec<&'static str> {
    let mut lines = Vec::new();
    if sessions.timing() == Timing::Recorded {
        lines.push("a line a session; @3..5 began at 3 and ended at 5; nil is the initial value");
    } else {
        lines.push("a line a session; nil is the initial value");
    }
    if sessions.ids().any(|id| sessions.transaction(id).outcome != Outcome::Committed) {
        lines.push("! did not happen; ? may have happened");
    }
    lines
}

fn about_json(about: &About) -> Value {
    json!({
        "name": about.name,
        "sentence": about.sentence,
        "source": about.source,
        "cost": about.cost,
        "judges": match about.judges {
            Judges::Operations => "operations",
            _ => "transactions",
        },
        "implies": about.implies,
    })
}

fn separation_json((allows, forbids): (&'static dyn Model, &'static dyn Model)) -> Option<Value> {
    let separation = Separation::between(allows, forbids)?;
    let [allowed, forbidden] = [allows, forbids]
        .map(|model| separation.sessions(model.about()).ok().map(|sessions| sessions.to_string()));
    Some(json!({
        "name": separation.name,
        "allowed": allows.about().name,
        "forbidden": forbids.about().name,
        "sentence": separation.sentence,
        "allowed_history": allowed,
        "forbidden_history": forbidden,
    }))
}
