//! `constellation specimens`: small protocols, right and wrong; and what a hunt makes of each.

use constellation_lab::hunt::{Go, Hunt, Hunted, Until, hunt_subject, provenance_of};
use constellation_lab::specimens::{Soundness, Specimen};
use constellation_trace::Verdict;
use serde_json::{Value, json};

use crate::args::Specimens;
use crate::printer::{Printer, count, faint, strong};

pub(crate) fn run(arguments: &Specimens, printer: &mut Printer) -> anyhow::Result<u8> {
    let rows = rows(arguments, printer)?;
    let is_as_said = rows.iter().all(Row::is_as_said);
    if arguments.json {
        let specimens: Vec<_> = rows.iter().map(Row::as_json).collect();
        printer.json(&json!({"schema": "constellation/specimens/1", "specimens": specimens}))?;
    } else {
        print(&rows, printer)?;
    }
    Ok(if is_as_said { 0 } else { 1 })
}

/// A specimen, and what came of its hunt, if there was one.
struct Row {
    specimen: &'static Specimen,
    hunted: Option<Hunted>,
}

fn rows(arguments: &Specimens, printer: &Printer) -> anyhow::Result<Vec<Row>> {
    let progress = printer.progress("hunting specimens");
    let mut rows = Vec::new();
    for specimen in Specimen::all() {
        let hunted = match arguments.hunt {
            None => None,
            Some(seeds) => {
                progress.set_message(format!("hunting {specimen}"));
                let subject = specimen.subject();
                let provenance = provenance_of(&*subject, &specimen.to_string(), 1)?;
                let mut plan = Hunt::new(1, seeds.get());
                if specimen.soundness == Soundness::Right {
                    plan.until = Until::AllSeeds;
                }
                Some(hunt_subject(&*subject, &plan, &provenance, &mut |_| Go::On)?)
            }
        };
        rows.push(Row { specimen, hunted });
    }
    progress.finish_and_clear();
    Ok(rows)
}

impl Row {
    /// Whether a hunt found what the specimen is said to be.
    fn is_as_said(&self) -> bool {
        let Some(hunted) = &self.hunted else { return true };
        match self.specimen.soundness {
            Soundness::Right => hunted.findings.is_empty(),
            Soundness::Wrong { .. } => !hunted.findings.is_empty(),
        }
    }

    fn came(&self) -> String {
        let Some(hunted) = &self.hunted else { return String::new() };
        let Some(finding) = hunted.findings.first() else {
            return format!("not reported in {}", count(hunted.seeds, "seed"));
        };
        let steps = finding.tape.answers().len();
        format!(
            "found by {}, {} left of {}, {} to shrink",
            count(hunted.seeds, "seed"),
            count(steps as u64, "deviation"),
            finding.effort.deviations_before,
            count(finding.effort.runs, "run")
        )
    }

    fn as_json(&self) -> Value {
        let specimen = self.specimen;
        let shortest = match specimen.soundness {
            Soundness::Right => None,
            Soundness::Wrong { shortest } => Some(shortest),
        };
        let mut object = json!({
            "path": specimen.to_string(),
            "name": specimen.name,
            "variant": specimen.variant,
            "does": specimen.does,
            "promise": specimen.promise,
            "is_right": shortest.is_none(),
            "shortest": shortest,
        });
        if let Some(hunted) = &self.hunted {
            let finding = hunted.findings.first();
            object["seeds"] = json!(hunted.seeds);
            object["deviations"] = json!(finding.map(|finding| finding.tape.answers().len()));
            object["runs"] = json!(finding.map(|finding| finding.effort.runs));
            object["tape"] = json!(finding.map(|finding| finding.tape.line()));
            object["evidence"] = json!(finding.and_then(|finding| match &finding.judgement.verdict {
                Verdict::Violated(evidence) => Some(evidence.to_string()),
                _ => None,
            }));
        }
        object
    }
}

fn print(rows: &[Row], printer: &mut Printer) -> anyhow::Result<()> {
    let width = rows.iter().map(|row| row.specimen.variant.len()).max().unwrap_or(0);
    let mut name = "";
    for row in rows {
        let specimen = row.specimen;
        if specimen.name != name {
            printer.line(format!("{}: {}", strong(specimen.name), specimen.promise))?;
            name = specimen.name;
        }
        let soundness = match specimen.soundness {
            Soundness::Right => "✓ right".to_owned(),
            Soundness::Wrong { shortest } => format!("✗ wrong in {shortest}"),
        };
        let came = row.came();
        let came = if came.is_empty() { came } else { faint(&format!(" · {came}")) };
        printer.line(format!("  {:<width$}  {soundness:<12}  {}{came}", specimen.variant, specimen.does))?;
    }
    printer.line("")?;
    printer.line(faint(
        "`wrong in 2`: two deviations from the calm run are known to break it. See one: constellation hunt specimen:NAME/VARIANT",
    ))
}
