//! `constellation report`: a trace of this program, judged and drawn as one page.

use anyhow::bail;
use constellation_lab::promises::judge_trace;
use constellation_report::{Caption, Picture};
use constellation_trace::format::{Format, detect, jsonl};
use constellation_trace::{Judgement, Trace};

use crate::args::{Drawn, Report};
use crate::commands::check::{read_log, unreadable};
use crate::pictures::{self, Told, beginning};
use crate::printer::{Printer, verdict};

pub(crate) fn run(arguments: &Report, printer: &mut Printer) -> anyhow::Result<u8> {
    let mut drawn = Drawn::default();
    drawn.html.clone_from(&arguments.output);
    drawn.svg.clone_from(&arguments.svg);
    pictures::prepare(&drawn)?;
    let (name, bytes) = read_log(&arguments.trace)?;
    if detect(&bytes) != Format::Jsonl {
        bail!(
            "`{name}` is no trace of this program, and only such can be drawn by this version\nhelp: `constellation check` \
             judges logs of other systems; `constellation run … --trace FILE` writes a trace"
        );
    }
    let progress = printer.progress("reading, judging and drawing");
    let trace = jsonl::read(&bytes).map_err(|error| unreadable(&name, &error, error.help()))?;
    drop(bytes);
    let judgements = judge_trace(&trace);
    draw_read(&drawn, &name, &trace, &judgements)?;
    progress.finish_and_clear();
    let picture = Picture::new(&trace, &judgements, Caption::default());
    if let Some(worst) = picture.worst() {
        printer.line(format!("{} {}", verdict(&worst.verdict), worst.promise))?;
    }
    printer.line(picture.sentence())?;
    for path in arguments.output.iter().chain(&arguments.svg) {
        printer.line(format!("written: {}", crate::file::name_of(path).trim_matches('`')))?;
    }
    Ok(Judgement::exit_code(&judgements))
}

/// Draws a trace that was read from a file.
pub(super) fn draw_read(
    drawn: &Drawn,
    name: &str,
    trace: &Trace,
    judgements: &[Judgement],
) -> anyhow::Result<()> {
    if drawn.flag().is_none() {
        return Ok(());
    }
    let begun = beginning(trace);
    let title = if begun.title.is_empty() { name.to_owned() } else { begun.title };
    let told = Told { trace, judgements, title, replay: &begun.replay, remarks: &[], source: begun.source };
    pictures::draw(drawn, &told)
}
