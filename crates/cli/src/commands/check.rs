//! `constellation check`: are the stamps in a log sound that some other system wrote, or an earlier run of ours?

mod spans;

use std::path::Path;

use anyhow::bail;
use constellation_lab::words::one_line;
use constellation_trace::format::shiviz::LAYOUTS;
use constellation_trace::format::{Format, FormatError, Problem, detect, jsonl, shiviz};
use constellation_trace::log::{Execution, LayoutSource, Log, Place};
use constellation_trace::trace::Origin;
use constellation_trace::{Judgement, Trace, is_obeyed};
use constellation_verify::stamps::{self, Fault, Stamps};
use serde_json::{Value, json};

use crate::args::Check;
use crate::file::{Kind, name_of, read_whole, spare};
use crate::given::Given;
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures;
use crate::printer::{Printer, count, faint, strong, verdict};
use crate::target::quoted;

pub(crate) fn run(arguments: &Check, printer: &mut Printer) -> anyhow::Result<u8> {
    pictures::prepare(&arguments.drawn)?;
    spare([&arguments.log], arguments.drawn.files())?;
    let (name, bytes) = read_log(&arguments.log)?;
    let is_own = detect(&bytes) == Format::Jsonl && arguments.parser.is_none();
    let progress = printer.progress("reading and judging");
    if is_own {
        if let Some((flag, what)) = arguments.of_logs_alone() {
            bail!("`{name}` is a trace of this program, which {flag} cannot {what}\nhelp: leave it out");
        }
        let given = Given::own(&name, &bytes)?;
        progress.finish_and_clear();
        pictures::draw_picture(&arguments.drawn, &given.picture()?, None)?;
        let trace = given.own_trace().expect("it was read as one");
        return trace_checked(arguments, &name, trace, &given.judgements, printer);
    }
    if detect(&bytes) == Format::Otlp && arguments.parser.is_none() {
        if let Some((flag, what)) = arguments.of_logs_alone() {
            bail!("`{name}` holds the spans of services, which {flag} cannot {what}\nhelp: leave it out");
        }
        let given = Given::spans(&name, &bytes)?;
        progress.finish_and_clear();
        pictures::draw_picture(&arguments.drawn, &given.picture()?, None)?;
        return spans::checked(arguments, &name, &given, printer);
    }
    if let (Some(_), None) = (&arguments.execution, arguments.drawn.flag()) {
        bail!(
            "--execution says which one is drawn, and nothing is drawn\nhelp: add --html or --svg; every execution of a log is \
             judged"
        );
    }
    let (log, judged) = read_clocks(arguments, &name, &bytes)?;
    progress.finish_and_clear();
    if arguments.drawn.flag().is_some() {
        let given = Given::of_log(&name, &log, &judged, arguments.execution.as_deref())?;
        pictures::draw_picture(&arguments.drawn, &given.picture()?, None)?;
    }
    log_checked(arguments, &name, &log, &judged, printer)
}

/// Reads a log with vector clocks and judges each of its executions.
pub(crate) fn read_clocks(arguments: &Check, name: &str, bytes: &[u8]) -> anyhow::Result<(Log, Vec<Stamps>)> {
    let mut options = shiviz::Options::default();
    if let Some(parser) = &arguments.parser {
        options = options.with_parser(parser);
    }
    if let Some(delimiter) = &arguments.delimiter {
        options = options.with_delimiter(delimiter);
    }
    let log = shiviz::read(bytes, &options).map_err(|error| {
        let help = advice(arguments, &error);
        let is_in = |given: &Option<String>| given.as_ref().is_some_and(|given| *given == error.text);
        // A wrong expression may stand on the command line instead of in the file.
        let place = if is_in(&arguments.parser) {
            "--parser"
        } else if is_in(&arguments.delimiter) {
            "--delimiter"
        } else {
            name
        };
        unreadable(place, &error, &help)
    })?;
    let judged = log.executions.iter().map(stamps::judge).collect();
    Ok((log, judged))
}

/// The longest log: it is held in memory, more than once.
const LOG: Kind = Kind { what: "a log", bytes_max: 1 << 30 };

/// So much of a file is looked at to see whether it is text.
const BEGINNING: usize = 65_536;

/// The name of the log, as messages call it, and what it holds.
pub(super) fn read_log(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let bytes = read_whole(path, LOG)?;
    // What begins so is no text, however long it is; to look for events in it would take long.
    if let Some(at) = bytes.iter().take(BEGINNING).position(|byte| *byte == 0) {
        bail!(
            "{} is not UTF-8 text: byte {at} of it is 0\nhelp: a log is a text file; one in UTF-16 must be converted first",
            name_of(path)
        );
    }
    Ok((name_of(path).trim_matches('`').to_owned(), bytes))
}

/// What to do about a log that cannot be read: in words that can be typed.
fn advice(arguments: &Check, error: &FormatError) -> String {
    let log = quoted(&arguments.log.display().to_string());
    let command = |parser: &str| format!("constellation check {log} --parser {}", quoted(parser));
    let guess = r"(?<host>\S+) (?<clock>\{.*?\}) ?(?<event>.*)";
    match &error.problem {
        Problem::UnknownLayout | Problem::MissedClock { .. } | Problem::NoHosts { .. } => {
            let tried = LAYOUTS.map(|(name, _)| name).join(", ");
            let command = command(guess);
            format!(
                "say how an event looks, such as\n      {command}\n(tried: {tried}; logs/README.md shows each of them)"
            )
        }
        Problem::NoEvent { .. } => {
            format!("an expression such as {} finds `host {{\"host\":1}} what happened`", quoted(guess))
        }
        _ => error.help().to_owned(),
    }
}

/// A fault of the text, with the line that it is in.
pub(crate) fn unreadable(name: &str, error: &FormatError, help: &str) -> anyhow::Error {
    let Place { line, column, width, .. } = error.place;
    let indent = " ".repeat(column.saturating_sub(error.text_column) as usize);
    let underline = "^".repeat(width.max(1) as usize);
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let problem = error.problem.to_string();
    let mut text = format!("{}\n{gutter}--> {name}:{line}:{column}", one_line(&problem));
    if !error.text.is_empty() {
        // One column a character, so that the line below points at what it means.
        let shown = error.text.replace(is_obeyed, " ");
        text.push_str(&format!("\n{gutter} |\n{number} | {shown}\n{gutter} | {indent}{underline}"));
    }
    if !help.is_empty() {
        text.push_str(&format!("\nhelp: {help}"));
    }
    anyhow::Error::msg(text)
}

fn trace_checked(
    arguments: &Check,
    name: &str,
    trace: &Trace,
    judgements: &[Judgement],
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    let code = Judgement::exit_code(judgements);
    let (events, nodes, messages) = (trace.events().len(), trace.nodes().len(), trace.messages().len());
    if arguments.json {
        printer.json(&json!({
            "schema": SCHEMA,
            "log": name,
            "format": jsonl::SCHEMA,
            "parser": null,
            "delimiter": null,
            "executions": [{
                "execution": "",
                "origin": trace.origin().map(origin_json),
                "events": events,
                "nodes": nodes,
                "messages": messages,
                "promises": judgements.iter().map(judgement_json).collect::<Vec<_>>(),
                "faults": [],
                "faults_total": 0,
                "notes": [],
            }],
            "unmatched": {"lines": 0, "first": []},
            "exit_code": code,
        }))?;
        return Ok(code);
    }
    printer.line(format!("{} · {}", strong(name), faint("a trace of this program")))?;
    if let Some(origin) = trace.origin() {
        let resolver = origin.resolver.as_ref().map_or(String::new(), |name| format!(" · resolver {name}"));
        let origin = format!("scenario {} · seed {}{resolver}", origin.scenario, origin.seed);
        printer.line(one_line(&origin))?;
    }
    printer.line(counts(events, nodes, messages))?;
    print_judgements(judgements, Some(trace), printer)?;
    Ok(code)
}

/// The one shape of a judged log, of whatever format; for each execution what is promised of it.
const SCHEMA: &str = "constellation/check/1";

fn origin_json(origin: &Origin) -> Value {
    json!({"scenario": origin.scenario, "seed": origin.seed.to_string(), "resolver": origin.resolver})
}

fn log_checked(
    arguments: &Check,
    name: &str,
    log: &Log,
    judged: &[Stamps],
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    let judgements: Vec<_> = judged.iter().map(|stamps| stamps.judgement.clone()).collect();
    let code = Judgement::exit_code(&judgements);
    if arguments.json {
        let executions: Vec<_> = log.executions.iter().zip(judged).map(execution_json).collect();
        printer.json(&json!({
            "schema": SCHEMA,
            "log": name,
            "format": format_token(log.layout.source),
            "parser": log.layout.parser,
            "delimiter": log.layout.delimiter,
            "executions": executions,
            "unmatched": unmatched_json(log),
            "exit_code": code,
        }))?;
        return Ok(code);
    }
    printer.line(format!("{} · {}", strong(name), faint(&format!("layout: {}", log.layout.source))))?;
    for (execution, stamps) in log.executions.iter().zip(judged) {
        print_execution(name, execution, stamps, printer)?;
    }
    print_unmatched(log, printer)?;
    Ok(code)
}

/// How a log was taken apart, in a word that a script can compare.
fn format_token(source: LayoutSource) -> String {
    match source {
        LayoutSource::Given => "given".to_owned(),
        LayoutSource::Header => "header".to_owned(),
        LayoutSource::Detected(name) => name.to_ascii_lowercase().replace(' ', "-"),
        _ => "other".to_owned(),
    }
}

fn print_execution(
    name: &str,
    execution: &Execution,
    stamps: &Stamps,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if !execution.label().is_empty() {
        printer.line(format!("execution {}", strong(&one_line(execution.label()))))?;
    }
    printer.line(counts(stamps.events, stamps.hosts, stamps.messages))?;
    printer.line(format!("{} {}", verdict(&stamps.judgement.verdict), stamps.judgement.promise))?;
    for fault in &stamps.faults {
        printer.line(format!("  {name}:{}:{}", fault.place.line, fault.place.column))?;
        printer.line(format!("    found     {}", one_line(&fault.found)))?;
        printer.line(format!("    expected  {}", one_line(&fault.expected)))?;
        for place in &fault.related {
            printer.line(format!("    see       {name}:{}:{}", place.line, place.column))?;
        }
        if !fault.hint.is_empty() {
            printer.line(format!("    {}", faint(&format!("hint: {}", fault.hint))))?;
        }
    }
    let hidden = stamps.faults_total.saturating_sub(stamps.faults.len() as u64);
    if hidden > 0 {
        printer.line(format!("  and {} more, not shown", count(hidden, "fault")))?;
    }
    for note in &stamps.notes {
        printer.line(faint(&format!("· {}", one_line(note))))?;
    }
    Ok(())
}

fn print_unmatched(log: &Log, printer: &mut Printer) -> anyhow::Result<()> {
    if log.unmatched.count == 0 {
        return Ok(());
    }
    let lines = count(log.unmatched.count, "line");
    printer.line(faint(&format!("· {lines} matched by no pattern, which is no failure; the first:")))?;
    for (number, text) in &log.unmatched.first {
        printer.line(faint(&format!("    {number}: {}", one_line(text))))?;
    }
    Ok(())
}

fn execution_json((execution, stamps): (&Execution, &Stamps)) -> Value {
    json!({
        "execution": execution.label(),
        "origin": null,
        "events": stamps.events,
        "nodes": stamps.hosts,
        "messages": stamps.messages,
        "promises": [judgement_json(&stamps.judgement)],
        "faults": stamps.faults.iter().map(fault_json).collect::<Vec<_>>(),
        "faults_total": stamps.faults_total,
        "notes": stamps.notes,
    })
}

fn fault_json(fault: &Fault) -> Value {
    json!({
        "line": fault.place.line,
        "column": fault.place.column,
        "found": fault.found,
        "expected": fault.expected,
        "hint": fault.hint,
        "see": fault.related.iter().map(|place| place.line).collect::<Vec<_>>(),
    })
}

fn unmatched_json(log: &Log) -> Value {
    let first = log.unmatched.first.iter().map(|(line, text)| json!({"line": line, "text": text}));
    json!({"lines": log.unmatched.count, "first": first.collect::<Vec<_>>()})
}

pub(super) fn counts(
    events: impl TryInto<u64>,
    nodes: impl TryInto<u64>,
    messages: impl TryInto<u64>,
) -> String {
    format!("{}, {}, {}", count(events, "event"), count(nodes, "node"), count(messages, "message"))
}
