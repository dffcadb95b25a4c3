//! A specimen, run with the luck of one seed: its timeline, and whether it keeps its promise then.

use constellation_lab::Specimen;
use constellation_sim::Seeded;
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Verdict};
use serde_json::json;

use crate::args::{Run, Timeline};
use crate::file::write_whole;
use crate::judgements::{judgement_json, print_judgements};
use crate::printer::{Printer, faint, strong};
use crate::target::quoted;
use crate::timeline::print_timeline;

/// Where nobody names one.
const FIRST_SEED: u64 = 1;

pub(super) fn run(arguments: &Run, specimen: &Specimen, printer: &mut Printer) -> anyhow::Result<u8> {
    let seed = arguments.seed.unwrap_or(FIRST_SEED);
    let subject = specimen.subject();
    let trace = subject.play(seed, &mut Seeded::new(seed))?;
    let typed = quoted(&arguments.target.scenario);
    let replay = format!("constellation run {typed} --seed {seed}");
    let rulings = subject.judge(&trace);
    let mut judgements: Vec<Judgement> = rulings.into_iter().map(|ruling| ruling.judgement).collect();
    for judgement in &mut judgements {
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.replay.clone_from(&replay);
        }
    }
    if let Some(path) = &arguments.trace {
        write_whole(path, |writer| jsonl::write(&trace, writer))?;
    }
    let code = Judgement::exit_code(&judgements);
    if arguments.json {
        printer.json(&json!({
            "schema": "constellation/run/1",
            "version": env!("CARGO_PKG_VERSION"),
            "scenario": specimen.to_string(),
            "title": specimen.does,
            "seed": seed.to_string(),
            "events": trace.events().len(),
            "messages": trace.messages().len(),
            "exit_code": code,
            "promises": judgements.iter().map(judgement_json).collect::<Vec<_>>(),
            "replay": replay,
            "trace_sha256": jsonl::digest(&trace).to_string(),
        }))?;
        return Ok(code);
    }
    printer.line(format!("{} · {}", strong(&specimen.to_string()), specimen.does))?;
    printer.line("")?;
    print_timeline(&trace, arguments.timeline.unwrap_or(Timeline::Auto), printer)?;
    print_judgements(&judgements, printer)?;
    printer.line(faint(&format!(
        "· the luck of one seed; of all that may happen: constellation hunt {typed}"
    )))?;
    printer.line("")?;
    printer.line(format!("seed {seed} · replay: {replay}"))?;
    printer.line(format!("trace sha256 {}", jsonl::digest(&trace))).map(|()| code)
}
