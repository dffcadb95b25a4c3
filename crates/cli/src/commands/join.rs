//! `constellation join`: what the processes of a real service wrote of themselves, as one trace, judged and drawn.

use anyhow::bail;
use constellation_lab::promises::judge_trace;
use constellation_lab::words::one_line;
use constellation_trace::Judgement;
use constellation_trace::format::jsonl::{self, parts};
use serde_json::json;

use crate::args::Join;
use crate::commands::check::{counts, read_log, unreadable};
use crate::file::{spare, try_place, write_whole};
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures::{self, Times, Told};
use crate::printer::{Printer, faint, strong};

/// How long the logs may be together: they are held in memory.
const BYTES_MAX: usize = 1 << 31;

pub(crate) fn run(arguments: &Join, printer: &mut Printer) -> anyhow::Result<u8> {
    pictures::prepare(&arguments.drawn)?;
    arguments.output.iter().try_for_each(|path| try_place(path))?;
    spare(&arguments.logs, arguments.drawn.files().chain(&arguments.output))?;
    let mut logs = Vec::with_capacity(arguments.logs.len());
    let mut bytes_total = 0_usize;
    for path in &arguments.logs {
        let (name, bytes) = read_log(path)?;
        bytes_total = bytes_total.saturating_add(bytes.len());
        if bytes_total > BYTES_MAX {
            bail!("the logs are too long: together they have at most {BYTES_MAX} bytes");
        }
        logs.push((name, bytes));
    }
    let progress = printer.progress("joining and judging");
    let bytes: Vec<&[u8]> = logs.iter().map(|(_, bytes)| &**bytes).collect();
    let joined = parts::join(&bytes).map_err(|fault| {
        let name = logs.get(fault.part).map_or("", |(name, _)| name);
        unreadable(name, &fault.error, fault.error.help())
    })?;
    drop(logs);
    let trace = &joined.trace;
    let judgements = judge_trace(trace);
    progress.finish_and_clear();
    if let Some(path) = &arguments.output {
        write_whole(path, |writer| jsonl::write(trace, writer))?;
    }
    let title = titled(trace.nodes().iter());
    let told = Told {
        trace,
        judgements: &judgements,
        title: title.clone(),
        replay: "",
        remarks: &joined.notes,
        source: String::new(),
        times: Times::Estimated,
        doings: Vec::new(),
    };
    pictures::draw_warned(&arguments.drawn, &told, joined.warning.as_deref().unwrap_or_default())?;
    let code = Judgement::exit_code(&judgements);
    if arguments.json {
        printer.json(&json!({
            "schema": "constellation/join/1",
            "version": env!("CARGO_PKG_VERSION"),
            "nodes": trace.nodes().iter().collect::<Vec<_>>(),
            "events": trace.events().len(),
            "messages": trace.messages().len(),
            "promises": judgements.iter().map(judgement_json).collect::<Vec<_>>(),
            "notes": joined.notes,
            "trace_sha256": jsonl::digest(trace).to_string(),
            "exit_code": code,
        }))?;
        return Ok(code);
    }
    printer.line(strong(&title))?;
    printer.line(counts(trace.events().len(), trace.nodes().len(), trace.messages().len()))?;
    print_judgements(&judgements, Some(trace), printer)?;
    for note in &joined.notes {
        printer.line(faint(&format!("· {note}")))?;
    }
    Ok(code)
}

/// The processes, as many as a line holds.
fn titled<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 6;
    let hidden = names.len().saturating_sub(SHOWN);
    let shown: Vec<_> = names.take(SHOWN).map(one_line).collect();
    let more = if hidden > 0 { format!(" and {hidden} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
