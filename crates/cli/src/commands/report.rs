//! `constellation report`: a trace of this program, or a log of another system, judged and drawn as one page.

use std::path::Path;

use constellation_trace::Judgement;
use constellation_trace::format::{Format, detect};

use crate::args::{Check, Drawn, Report};
use crate::commands::check::{read_clocks, read_log};
use crate::given::Given;
use crate::pictures;
use crate::printer::{Printer, faint, verdict};

pub(crate) fn run(arguments: &Report, printer: &mut Printer) -> anyhow::Result<u8> {
    let mut drawn = Drawn::default();
    drawn.html.clone_from(&arguments.output);
    drawn.svg.clone_from(&arguments.svg);
    pictures::prepare(&drawn)?;
    let progress = printer.progress("reading, judging and drawing");
    let given = read_given(&arguments.trace, arguments.execution.as_deref())?;
    let picture = given.picture()?;
    pictures::draw_picture(&drawn, &picture)?;
    progress.finish_and_clear();
    if let Some(worst) = picture.worst() {
        printer.line(format!("{} {}", verdict(&worst.verdict), worst.promise))?;
    }
    printer.line(picture.sentence())?;
    for remark in &picture.caption().remarks {
        printer.line(faint(&format!("· {remark}")))?;
    }
    for line in &picture.caption().unknown {
        printer.line(faint(&format!("· not known: {line}")))?;
    }
    for path in arguments.output.iter().chain(&arguments.svg) {
        printer.line(format!("written: {}", crate::file::name_of(path).trim_matches('`')))?;
    }
    Ok(Judgement::exit_code(&given.judgements))
}

/// Reads and judges whatever can be drawn.
pub(super) fn read_given(path: &Path, execution: Option<&str>) -> anyhow::Result<Given> {
    let (name, bytes) = read_log(path)?;
    if detect(&bytes) == Format::Jsonl {
        return Given::own(&name, &bytes);
    }
    let (log, judged) = read_clocks(&Check::plain(path.to_owned()), &name, &bytes)?;
    Given::of_log(&name, &log, &judged, execution)
}
