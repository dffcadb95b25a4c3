//! `constellation export`: a run for another tool, with a word about what that tool will not know.

use std::borrow::Cow;
use std::io::Write;

use anyhow::bail;
use constellation_report::export::{markdown, mermaid, shiviz};
use constellation_report::text::Letters;
use constellation_report::{Picture, svg};
use constellation_trace::format::jsonl;

use crate::args::{Export, ExportFormat};
use crate::ascii;
use crate::commands::report::read_given;
use crate::file::{name_of, spare, try_place, write_whole};
use crate::printer::{Printer, count};

pub(crate) fn run(arguments: &Export, printer: &mut Printer) -> anyhow::Result<u8> {
    arguments.output.iter().try_for_each(|path| try_place(path))?;
    spare([&arguments.trace], &arguments.output)?;
    let progress = printer.progress("reading, judging and writing");
    let given = read_given(&arguments.trace, arguments.execution.as_deref())?;
    if arguments.to == ExportFormat::Jsonl && given.own_trace().is_none() {
        bail!(
            "{} is a log of another system, whose arrows are no messages: a trace of this program has no place for them\nhelp: \
             the other forms keep them",
            name_of(&arguments.trace)
        );
    }
    let picture = given.picture()?;
    let trace = picture.trace();
    let left_out = write(arguments, &picture, printer)?;
    progress.finish_and_clear();
    for line in left_out {
        printer.tell(&format!("left out: {line}"));
    }
    for line in &picture.caption().unknown {
        printer.tell(&format!("not known: {line}"));
    }
    if arguments.to == ExportFormat::Shiviz && trace.events().len() > shiviz::SLOW_EVENTS {
        let events = count(trace.events().len(), "event");
        printer.tell(&format!(
            "note: this log has {events}; ShiViz takes seconds for 10,000 and minutes for 100,000"
        ));
    }
    Ok(0)
}

/// Writes the picture in the form that was asked for; what that form does not say, a line each.
fn write(arguments: &Export, picture: &Picture<'_>, printer: &mut Printer) -> anyhow::Result<Vec<String>> {
    let exported = match arguments.to {
        ExportFormat::Mermaid => mermaid::draw(picture),
        ExportFormat::Markdown => markdown::write(picture),
        ExportFormat::Shiviz => {
            put(arguments, printer, |out| shiviz::write(picture, out))?;
            return Ok(shiviz::left_out(picture));
        }
        ExportFormat::Jsonl => {
            put(arguments, printer, |out| jsonl::write(picture.trace(), out))?;
            return Ok(Vec::new());
        }
        ExportFormat::Svg => {
            put(arguments, printer, |out| out.write_all(svg::draw(picture).as_bytes()))?;
            return Ok(Vec::new());
        }
    };
    put(arguments, printer, |out| out.write_all(exported.text.as_bytes()))?;
    Ok(exported.left_out)
}

/// The same in ASCII, as whoever reads this form takes it for the same.
fn in_ascii(form: ExportFormat, text: &str) -> anyhow::Result<Cow<'_, str>> {
    match form {
        ExportFormat::Markdown => Ok(ascii::plain(text)),
        ExportFormat::Mermaid => Ok(ascii::mermaid(text)),
        ExportFormat::Jsonl => Ok(ascii::json(text)),
        ExportFormat::Svg => Ok(ascii::xml(text)),
        ExportFormat::Shiviz if text.is_ascii() => Ok(Cow::Borrowed(text)),
        ExportFormat::Shiviz => bail!(
            "a log for ShiViz has no other way to write the letters of this run that are not ASCII\nhelp: leave out --ascii, \
             or write it to a file with -o"
        ),
    }
}

/// Writes to the file that was named, or to standard output.
fn put(
    arguments: &Export,
    printer: &mut Printer,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    match &arguments.output {
        Some(path) => write_whole(path, write),
        None => {
            let mut bytes = Vec::new();
            write(&mut bytes)?;
            match printer.letters() {
                Letters::Unicode => printer.bytes(&bytes),
                Letters::Ascii => {
                    printer.bytes(in_ascii(arguments.to, std::str::from_utf8(&bytes)?)?.as_bytes())
                }
            }
        }
    }
}
