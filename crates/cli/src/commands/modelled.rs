//! `--model` of runs, hunts and tapes: which models are meant, who can be held to them, and how what they say is told.

use anyhow::anyhow;
use constellation_lab::words::one_line;
use constellation_lab::{Modelled, ModelledError, Specimen, Subject, incidents};
use constellation_trace::{History, Judgement, Proof, Trace, Verdict};
use constellation_verify::models::{self, Model, strongest_first};
use serde_json::{Value, json};

use super::judge::model;
use super::judge::recorded::Recorded;
use crate::judgements;
use crate::printer::{Printer, count, faint, verdict};
use crate::target::ANTARCTIC;

/// The models that are named, each once.
pub(crate) fn named(names: &[String]) -> anyhow::Result<Vec<&'static dyn Model>> {
    let mut found: Vec<&'static dyn Model> = Vec::new();
    for name in names {
        let model = model(name.trim())?;
        if !found.iter().any(|known| known.about().name == model.about().name) {
            found.push(model);
        }
    }
    Ok(found)
}

/// The subject, held to models, if there are any; `typed` is what it was called on the command line.
pub(crate) fn held<'s>(
    subject: impl Fn() -> Box<dyn Subject + 's>,
    models: &[&'static dyn Model],
    typed: &str,
) -> anyhow::Result<Option<Modelled<'s>>> {
    if models.is_empty() {
        return Ok(None);
    }
    Modelled::new(subject(), models).map(Some).map_err(|error| {
        let help = match &error {
            ModelledError::NoOperations if typed == ANTARCTIC => {
                "in the election no client asks for anything: choose another --policy".to_owned()
            }
            ModelledError::NoOperations => format!(
                "specimens whose clients do: {}; a scenario file has clients by `[[clients]]`",
                specimens().join(", ")
            ),
            ModelledError::Unfit { why, .. } => match fitting(&subject)[..] {
                [] if why.ends_with(SIBLINGS) && typed == ANTARCTIC => {
                    "`--policy majority`, `leader` or `last-write-wins` has stations show one value; siblings are judged without --model"
                        .to_owned()
                }
                [] if why.ends_with(SIBLINGS) && is_scenario(typed) => {
                    "`--resolver lamport-lww` or `wall-lww` has stations keep one value; siblings are judged without --model"
                        .to_owned()
                }
                [] => "no model speaks of such operations: leave out --model, and its own promise is judged"
                    .to_owned(),
                ref names => format!("those that do: {}", names.join(", ")),
            },
            _ => return anyhow!("`{}`: {error}", one_line(typed)),
        };
        anyhow!("`{}`: {}\nhelp: {help}", one_line(typed), one_line(&error.to_string()))
    })
}

/// How the reason ends why several values are no read of a register.
pub(crate) const SIBLINGS: &str = "values, and a register holds one";

fn is_scenario(typed: &str) -> bool {
    typed.ends_with(".toml") || incidents::find(typed).is_some()
}

/// The models that fit it.
fn fitting<'s>(subject: &impl Fn() -> Box<dyn Subject + 's>) -> Vec<&'static str> {
    let fits = |model: &&&'static dyn Model| Modelled::new(subject(), &[**model]).is_ok();
    strongest_first(models::all()).iter().filter(fits).map(|model| model.about().name).collect()
}

/// The specimens that a model can be judged of.
fn specimens() -> Vec<&'static str> {
    let linearizable = models::find("linearizable").expect("it is in the table");
    let fits = |specimen: &&Specimen| Modelled::new(specimen.subject(), &[linearizable]).is_ok();
    let mut names: Vec<_> = Specimen::all().filter(fits).map(|specimen| specimen.name).collect();
    names.dedup();
    names
}

/// The words that mean these models again, with a space before.
pub(crate) fn flag(models: &[&'static dyn Model]) -> String {
    if models.is_empty() { String::new() } else { format!(" --model {}", joined(models)) }
}

/// Their names, with commas.
pub(crate) fn joined(models: &[&'static dyn Model]) -> String {
    models.iter().map(|model| model.about().name).collect::<Vec<_>>().join(",")
}

/// Says what is judged, that it stands for what else would be, and what clients do not ask.
pub(crate) fn print_asked(held: &Modelled<'_>, printer: &mut Printer) -> anyhow::Result<()> {
    let names = held.models().iter().map(|model| model.about().name).collect::<Vec<_>>().join(", ");
    printer.line(faint(&format!("· judged by {names}, in place of what is promised otherwise")))?;
    match held.left_out().len() as u64 {
        0 => Ok(()),
        left_out => {
            let requests = count(left_out, "request");
            printer.line(faint(&format!("· without {requests} of clients, which the tape leaves out")))
        }
    }
}

/// As [`judgements::print_judgements`], with a table of what clients saw where they say of a model that it is violated.
pub(crate) fn print_judgements(
    judgements: &[Judgement],
    held: Option<&Modelled<'_>>,
    trace: &Trace,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    for judgement in judgements {
        let shown = held.and_then(|held| Recorded::of(held, &judgement.promise, trace));
        let (Some(shown), Verdict::Violated(evidence)) = (shown, &judgement.verdict) else {
            judgements::print_judgements(std::slice::from_ref(judgement), Some(trace), printer)?;
            continue;
        };
        let scope = faint(&format!("  ({})", judgement.scope));
        printer.line(format!("{} {}{scope}", verdict(&judgement.verdict), judgement.promise))?;
        shown.print(printer)?;
        let mut rest = evidence.clone();
        rest.events.clear();
        rest.proof = Proof::Rule(String::new());
        rest.notes.retain(|note| !shown.notes.contains(note));
        rest.notes.extend(shown.notes);
        // What is expected and found, and why, is shown already.
        for line in rest.to_string().lines().skip(3) {
            printer.line(format!("    {}", one_line(line)))?;
        }
    }
    Ok(())
}

/// A judgement for a script; of a model that is violated also what shows it, as `judge` has it.
pub(crate) fn judgement_json(judgement: &Judgement, held: Option<&Modelled<'_>>, trace: &Trace) -> Value {
    let mut object = judgements::judgement_json(judgement);
    if let Some(shown) = held.and_then(|held| Recorded::of(held, &judgement.promise, trace)) {
        object["evidence"] = shown.json();
    }
    object
}

/// Puts what models say into what is told of a run, for a script.
pub(crate) fn put_json(object: &mut Value, judgements: &[Judgement], held: &Modelled<'_>, trace: &Trace) {
    let told = judgements.iter().map(|judgement| judgement_json(judgement, Some(held), trace));
    object["promises"] = told.collect();
    object["models"] = names_json(held.models());
}

/// The names of models, for a script.
pub(crate) fn names_json(models: &[&'static dyn Model]) -> Value {
    models.iter().map(|model| json!(model.about().name)).collect()
}

/// When the last of the operations had ended that show a violation.
pub(crate) fn broken_at(judgement: &Judgement, trace: &Trace) -> Option<constellation_trace::TrueTime> {
    let Verdict::Violated(evidence) = &judgement.verdict else { return None };
    let history = History::of(trace);
    let is_shown = |event| evidence.events.iter().any(|witness| witness.event == event);
    let shown = history.operations().iter().filter(|operation| is_shown(operation.invoked.event));
    shown.map(|operation| operation.returned_at().unwrap_or(operation.invoked.at)).max()
}
