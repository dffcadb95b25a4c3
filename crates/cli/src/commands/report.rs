//! `constellation report`: a trace of this program, or a log of another system, judged and drawn as one page.

use std::path::Path;

use anyhow::bail;
use constellation_report::compare::{Comparison, compare};
use constellation_trace::format::{Format, detect};
use constellation_trace::{Judgement, Trace};

use crate::args::{Check, Drawn, Report};
use crate::commands::check::{read_clocks, read_log};
use crate::file::{name_of, spare};
use crate::given::Given;
use crate::pictures;
use crate::printer::{Printer, faint, verdict};

pub(crate) fn run(arguments: &Report, printer: &mut Printer) -> anyhow::Result<u8> {
    let mut drawn = Drawn::default();
    drawn.html.clone_from(&arguments.output);
    drawn.svg.clone_from(&arguments.svg);
    drawn.png.clone_from(&arguments.png);
    pictures::prepare(&drawn)?;
    spare(std::iter::once(&arguments.trace).chain(&arguments.against), drawn.files())?;
    let progress = printer.progress("reading, judging and drawing");
    let given = read_given(&arguments.trace, arguments.execution.as_deref())?;
    let against = arguments.against.as_deref().map(|path| read_given(path, None)).transpose()?;
    let picture = given.picture()?;
    let other = against.as_ref().map(Given::picture).transpose()?;
    pictures::draw_picture(&drawn, &picture, other.as_ref())?;
    let parting = other.as_ref().zip(arguments.against.as_deref()).map(|(other, path)| {
        parted((name_of(&arguments.trace), picture.trace()), (name_of(path), other.trace()))
    });
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
    for line in parting.into_iter().flatten() {
        printer.line(line)?;
    }
    for path in drawn.files() {
        printer.line(format!("written: {}", name_of(path).trim_matches('`')))?;
    }
    Ok(Judgement::exit_code(&given.judgements))
}

/// Reads and judges whatever can be drawn.
pub(super) fn read_given(path: &Path, execution: Option<&str>) -> anyhow::Result<Given> {
    let (name, bytes) = read_log(path)?;
    let format = detect(&bytes);
    let one = match format {
        Format::Jsonl => "is a trace of this program",
        Format::Otlp => "holds the spans of services",
        _ => "",
    };
    if let (Some(_), false) = (execution, one.is_empty()) {
        bail!("`{name}` {one}, which --execution cannot choose from\nhelp: leave it out");
    }
    match format {
        Format::Jsonl => return Given::own(&name, &bytes),
        Format::Otlp => return Given::spans(&name, &bytes),
        _ => {}
    }
    let (log, judged) = read_clocks(&Check::plain(path.to_owned()), &name, &bytes)?;
    Given::of_log(&name, &log, &judged, execution)
}

/// Where two runs go apart, in words.
fn parted((name, trace): (String, &Trace), (other_name, other): (String, &Trace)) -> Vec<String> {
    let Comparison { alike, parting, .. } = compare(trace, other);
    let Some(parting) = parting else {
        return vec![format!("both runs are the same, event by event: {alike} events")];
    };
    let [one, two] = parting.told(trace, other);
    let at = parting.one.or(parting.other).map_or(String::new(), |event| format!(" at {event}"));
    vec![
        format!("the runs go apart{at}; {alike} events are alike"),
        format!("  in {name}: {one}"),
        format!("  in {other_name}: {two}"),
    ]
}
