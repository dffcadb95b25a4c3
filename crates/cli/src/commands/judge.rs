//! `constellation judge`: which consistency models does a history satisfy, and what shows that it violates the others?

mod allowance;
mod differences;
pub(super) mod drawn;
pub(super) mod evidence;
mod files;
mod history;
mod initial;
mod judging;
mod reading;
pub(crate) mod recorded;
mod several;
mod several_drawn;
pub(super) mod shown;
mod sketch;
mod told;
mod transactions;

use std::num::NonZeroUsize;

use anyhow::{Context as _, bail};
use constellation_trace::format::histories::HistoryFormat;
use constellation_verify::Budget;
use constellation_verify::models::{self, Model, strongest_first};
use indicatif::ProgressBar;
use serde_json::json;

use self::evidence::Ways;
use self::files::Files;
use self::history::{Asked, judge_drawn};
use crate::args::{EvidenceWord, Explained, Judge, Progress, Spending};
use crate::printer::{Printer, UNUSABLE};

/// The one shape of judged histories.
const SCHEMA: &str = "constellation/judge/1";

pub(crate) fn run(arguments: &Judge, printer: &mut Printer) -> anyhow::Result<u8> {
    let asked = asked(arguments)?;
    crate::pictures::prepare(&arguments.drawn)?;
    crate::file::spare(&arguments.histories, arguments.drawn.files())?;
    let files = files::of(&arguments.histories)?;
    let (svg, png, is_one) = (&arguments.drawn.svg, &arguments.drawn.png, files.paths.len() == 1);
    let of_one = [("--svg", svg.is_some()), ("--png", png.is_some())];
    if let (Some((flag, _)), false) = (of_one.into_iter().find(|(_, is_given)| *is_given), is_one) {
        bail!(
            "{flag} draws one history, but there are {}\nhelp: name one file, or --html for all",
            files.paths.len()
        );
    }
    check_evidence(arguments, &files)?;
    let [path] = &files.paths[..] else { return several::run(arguments, &asked, &files, printer) };
    if has_line_each(arguments, &files) {
        return several::run(arguments, &asked, &files, printer);
    }
    let progress = match arguments.progress {
        Progress::Never => ProgressBar::hidden(),
        Progress::Auto => printer.progress("reading"),
        Progress::Always => {
            printer.tell("judging: 1 history");
            ProgressBar::hidden()
        }
    };
    let judged = judge_drawn(path, &asked, &progress, &arguments.drawn);
    progress.finish_and_clear();
    let judged = judged?;
    let code = judged.exit_code();
    if arguments.json {
        let histories = [told::history_json(&judged)];
        printer
            .json(&json!({"schema": SCHEMA, "histories": histories, "passed_over": 0, "exit_code": code}))?;
    } else {
        told::print(&judged, asked.ways, printer)?;
    }
    Ok(code)
}

/// Whether each history has a line: of several, or of a folder of which some files were passed over.
fn has_line_each(arguments: &Judge, files: &Files) -> bool {
    files.paths.len() != 1 || files.passed_over > 0 && arguments.drawn.flag().is_none()
}

/// Refuses words of `--evidence` for which there is no place.
fn check_evidence(arguments: &Judge, files: &Files) -> anyhow::Result<()> {
    let hows = [EvidenceWord::Table, EvidenceWord::Sketch, EvidenceWord::History];
    let is_how = arguments.evidence.iter().any(|word| hows.contains(word));
    if is_how && arguments.json {
        bail!(
            "--evidence: table, sketch and history are of text, and --json has all that shows a violation\nhelp: leave them out"
        );
    }
    let is_room = !has_line_each(arguments, files) || arguments.json || arguments.drawn.html.is_some();
    if !is_room && !arguments.evidence.is_empty() {
        bail!(
            "--evidence has no room where each history has a line\nhelp: name one file, or add --html FILE or --json for all"
        );
    }
    Ok(())
}

/// What is asked of each history.
fn asked(arguments: &Judge) -> anyhow::Result<Asked> {
    let format = arguments.format.as_deref().map(format).transpose()?;
    let models = if arguments.models.is_empty() {
        models::all().to_vec()
    } else {
        arguments.models.iter().map(|name| model(name.trim())).collect::<Result<Vec<_>, _>>()?
    };
    let (mut budget, mut time) = (Budget::default(), None);
    for spending in &arguments.budget {
        match *spending {
            Spending::Time(limit) => time = Some(limit),
            Spending::Bytes(bytes) => budget.bytes_max = bytes,
            Spending::Steps(steps) => budget.steps_max = steps,
        }
    }
    let (explained, ways) = explained(&arguments.evidence)?;
    Ok(Asked {
        models: strongest_first(&models),
        are_named: !arguments.models.is_empty(),
        format,
        object: arguments.object,
        failed_cas: arguments.failed_cas,
        initial: arguments.initial.clone(),
        budget,
        time,
        explained,
        ways,
    })
}

/// Which violations are explained, and how.
fn explained(words: &[EvidenceWord]) -> anyhow::Result<(Explained, Ways)> {
    let (mut which, mut ways) = (None, Ways::default());
    for word in words {
        let one = match word {
            EvidenceWord::Table => {
                ways.table = true;
                continue;
            }
            EvidenceWord::Sketch => {
                ways.sketch = true;
                continue;
            }
            EvidenceWord::History => {
                ways.notation = true;
                continue;
            }
            EvidenceWord::Weakest => Explained::Weakest,
            EvidenceWord::All => Explained::All,
            EvidenceWord::None => Explained::None,
        };
        if which.replace(one).is_some_and(|before| before != one) {
            bail!("--evidence says twice which violations to explain\nhelp: one of weakest, all and none");
        }
    }
    Ok((which.unwrap_or(Explained::Weakest), ways))
}

/// The model with this name.
pub(super) fn model(name: &str) -> anyhow::Result<&'static dyn Model> {
    let advice = |near: Option<&str>| match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation models` lists them".to_owned(),
    };
    models::find(name)
        .map_err(|near| anyhow::Error::msg(format!("no model is called `{name}`\nhelp: {}", advice(near))))
}

fn format(name: &str) -> anyhow::Result<HistoryFormat> {
    match HistoryFormat::find(name) {
        Ok(format) => Ok(format),
        Err(Some(near)) => bail!("no format is called `{name}`\nhelp: did you mean `{near}`?"),
        Err(None) => {
            let names = HistoryFormat::NAMES.map(|(name, _)| name).join(", ");
            bail!("no format is called `{name}`\nhelp: one of {names}")
        }
    }
}

/// The worse of two exit codes: what cannot be used, then violated, then unknown.
pub(super) fn worse(one: u8, other: u8) -> u8 {
    [UNUSABLE, 1, 3].into_iter().find(|code| [one, other].contains(code)).unwrap_or(0)
}

/// Cores to work on.
pub(super) fn pool(jobs: Option<NonZeroUsize>) -> anyhow::Result<rayon::ThreadPool> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, NonZeroUsize::get));
    builder.build().context("cannot start threads")
}
