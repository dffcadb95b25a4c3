//! `constellation check`: are the stamps in a log sound that some other system wrote, or an earlier run of ours?

use std::fs;
use std::io::{self, Read as _};

use anyhow::{Context as _, bail};
use constellation_lab::promises::judge_trace;
use constellation_lab::words::one_line;
use constellation_trace::format::{Format, FormatError, detect, jsonl, shiviz};
use constellation_trace::log::{Execution, Log, Place};
use constellation_trace::{Judgement, Trace};
use constellation_verify::stamps::{self, Fault, Stamps};
use serde_json::{Value, json};

use crate::args::Check;
use crate::commands::run::{judgement_json, print_judgements};
use crate::printer::{Printer, faint, strong, verdict};

pub(crate) fn run(arguments: &Check, printer: &mut Printer) -> anyhow::Result<u8> {
    let (name, bytes) = read(arguments)?;
    let is_own = detect(&bytes) == Format::Jsonl && arguments.parser.is_none();
    let progress = printer.progress("reading and judging");
    if is_own {
        if arguments.delimiter.is_some() {
            bail!(
                "`{name}` is a trace of this program, which --delimiter cannot take apart\nhelp: leave it out"
            );
        }
        let trace = jsonl::read(&bytes).map_err(|error| unreadable(&name, &error))?;
        let judgements = judge_trace(&trace);
        progress.finish_and_clear();
        return trace_checked(arguments, &name, &trace, &judgements, printer);
    }
    let mut options = shiviz::Options::default();
    if let Some(parser) = &arguments.parser {
        options = options.with_parser(parser);
    }
    if let Some(delimiter) = &arguments.delimiter {
        options = options.with_delimiter(delimiter);
    }
    let log = shiviz::read(&bytes, &options).map_err(|error| {
        let is_in = |given: &Option<String>| given.as_ref().is_some_and(|given| *given == error.text);
        // A wrong expression may stand on the command line instead of in the file.
        let place = if is_in(&arguments.parser) {
            "--parser"
        } else if is_in(&arguments.delimiter) {
            "--delimiter"
        } else {
            &name
        };
        unreadable(place, &error)
    })?;
    let judged: Vec<_> = log.executions.iter().map(stamps::judge).collect();
    progress.finish_and_clear();
    log_checked(arguments, &name, &log, &judged, printer)
}

/// The name of the log, as messages call it, and what it holds.
fn read(arguments: &Check) -> anyhow::Result<(String, Vec<u8>)> {
    let path = &arguments.log;
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(("standard input".to_owned(), bytes));
    }
    let name = one_line(&path.display().to_string()).into_owned();
    let bytes = fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
    Ok((name, bytes))
}

/// A fault of the text, with the line that it is in.
fn unreadable(name: &str, error: &FormatError) -> anyhow::Error {
    let Place { line, column, width, .. } = error.place;
    let indent = " ".repeat(column.saturating_sub(error.text_column) as usize);
    let underline = "^".repeat(width.max(1) as usize);
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let problem = error.problem.to_string();
    let mut text = format!("{}\n{gutter}--> {name}:{line}:{column}", one_line(&problem));
    if !error.text.is_empty() {
        // One column a character, so that the line below points at what it means.
        let shown = error.text.replace(char::is_control, " ");
        text.push_str(&format!("\n{gutter} |\n{number} | {shown}\n{gutter} | {indent}{underline}"));
    }
    if !error.help().is_empty() {
        text.push_str(&format!("\nhelp: {}", error.help()));
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
    let (events, messages) = (trace.events().len(), trace.messages().len());
    if arguments.json {
        printer.json(&json!({
            "schema": "constellation/check/1",
            "log": name,
            "format": jsonl::SCHEMA,
            "events": events,
            "nodes": trace.nodes().len(),
            "messages": messages,
            "promises": judgements.iter().map(judgement_json).collect::<Vec<_>>(),
            "exit_code": code,
        }))?;
        return Ok(code);
    }
    let nodes = trace.nodes().len();
    printer.line(format!("{} · {}", strong(name), faint("a trace of this program")))?;
    printer.line(format!(
        "{}, {}, {}",
        count(events, "event"),
        count(nodes, "node"),
        count(messages, "message")
    ))?;
    print_judgements(judgements, printer)?;
    Ok(code)
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
            "schema": "constellation/check/1",
            "log": name,
            "format": log.layout.source.to_string(),
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

fn print_execution(
    name: &str,
    execution: &Execution,
    stamps: &Stamps,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    if !execution.label().is_empty() {
        printer.line(format!("execution {}", strong(&one_line(execution.label()))))?;
    }
    printer.line(format!(
        "{}, {}, {}",
        count(stamps.events, "event"),
        count(stamps.hosts, "node"),
        count(stamps.messages, "message")
    ))?;
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
        "events": stamps.events,
        "nodes": stamps.hosts,
        "messages": stamps.messages,
        "verdict": stamps.judgement.verdict.word(),
        "promise": stamps.judgement.promise,
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

fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
