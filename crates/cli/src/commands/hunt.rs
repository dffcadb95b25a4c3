//! `constellation hunt`: the seeds that break a promise, and what of each matters.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use constellation_lab::Scenario;
use constellation_lab::hunt::{Finding, Hunted, Until, deviations, hunt, provenance};
use constellation_trace::Verdict;
use constellation_trace::format::jsonl;
use serde_json::{Value, json};

use crate::args::Hunt;
use crate::file::write_whole;
use crate::judgements::{judgement_json, print_judgements};
use crate::printer::{Printer, count, faint, strong};
use crate::target::{self, quoted};

pub(crate) fn run(arguments: &Hunt, printer: &mut Printer) -> anyhow::Result<u8> {
    let scenario = target::scenario(&arguments.target)?;
    let Some(end) = arguments.from.checked_add(arguments.seeds.get()) else {
        bail!("seeds end at 2^64 - 1: there are not {} from {}", arguments.seeds, arguments.from);
    };
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).build_global()?;
    }
    let progress = printer.progress("hunting");
    let until = if arguments.all { Until::AllSeeds } else { Until::FirstFinding };
    let mut told = |seeds| progress.set_message(format!("hunting: {seeds} of {} seeds", arguments.seeds));
    let provenance = provenance(&scenario, arguments.from)?;
    let mut hunted = hunt(&scenario, arguments.from..end, until, &provenance, &mut told)?;
    progress.finish_and_clear();
    for finding in &mut hunted.findings {
        let replay = replay(arguments, &scenario, &finding.tape.line());
        if let Verdict::Violated(evidence) = &mut finding.judgement.verdict {
            evidence.replay = replay;
        }
    }
    if let Some(folder) = &arguments.keep {
        keep(&hunted, folder)?;
    }
    if arguments.json {
        printer.json(&as_json(&scenario, &hunted))?;
    } else {
        print(&scenario, &hunted, printer)?;
    }
    Ok(exit_code(&hunted))
}

/// Violated if anything was found, else unknown if any run was.
fn exit_code(hunted: &Hunted) -> u8 {
    match (hunted.findings.is_empty(), hunted.unknown) {
        (false, _) => 1,
        (true, 0) => 0,
        (true, _) => 3,
    }
}

fn replay(arguments: &Hunt, scenario: &Scenario, tape: &str) -> String {
    let name = quoted(&arguments.target.scenario);
    format!("constellation replay {} {name}{}", quoted(tape), target::flags(&arguments.target, scenario))
}

fn keep(hunted: &Hunted, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    for finding in &hunted.findings {
        let seed = finding.tape.provenance().seed;
        let place = |number: usize, ending| folder.join(format!("seed-{seed}-{number}.{ending}"));
        // Two findings of one seed break two promises.
        let number = hunted.findings.iter().take_while(|other| !std::ptr::eq(*other, finding));
        let number = number.filter(|other| other.tape.provenance().seed == seed).count() + 1;
        write_whole(&place(number, "tape"), |writer| write!(writer, "{}", finding.tape))?;
        write_whole(&place(number, "jsonl"), |writer| jsonl::write(&finding.trace, writer))?;
    }
    Ok(())
}

fn print(scenario: &Scenario, hunted: &Hunted, printer: &mut Printer) -> anyhow::Result<()> {
    let (seeds, events) = (count(hunted.seeds, "seed"), count(hunted.events, "event"));
    printer.line(format!("{} · {seeds}, {events}", strong(&scenario.name)))?;
    if hunted.findings.is_empty() {
        printer.line("no promise was seen broken")?;
    }
    for finding in &hunted.findings {
        printer.line("")?;
        print_judgements(std::slice::from_ref(&finding.judgement), printer)?;
        printer.line(faint(&format!("· {}", story(finding))))?;
    }
    if hunted.unknown > 0 {
        printer.line(faint(&format!("· {} could not be judged in full", count(hunted.unknown, "run"))))?;
    }
    Ok(())
}

/// How a finding was come by.
fn story(finding: &Finding) -> String {
    let seeds = match &finding.seeds[..] {
        [seed] => format!("seed {seed}"),
        [seed, ..] => format!("{} seeds, the first {seed}", finding.seeds.len()),
        [] => "no seed".to_owned(),
    };
    let effort = finding.effort;
    format!(
        "{seeds}; made smaller in {}, from {} to {}",
        count(effort.runs, "run"),
        count(effort.deviations_before, "deviation"),
        finding.tape.answers().len()
    )
}

fn as_json(scenario: &Scenario, hunted: &Hunted) -> Value {
    let findings = hunted.findings.iter().map(|finding| {
        json!({
            "seeds": finding.seeds.iter().map(u64::to_string).collect::<Vec<_>>(),
            "deviations": deviations(&finding.tape),
            "tape": finding.tape.line(),
            "judgement": judgement_json(&finding.judgement),
            "runs": finding.effort.runs,
            "trace_sha256": jsonl::digest(&finding.trace).to_string(),
        })
    });
    json!({
        "schema": "constellation/hunt/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": scenario.name,
        "resolver": scenario.resolver.name(),
        "seeds": hunted.seeds,
        "events": hunted.events,
        "unknown": hunted.unknown,
        "findings": findings.collect::<Vec<_>>(),
        "exit_code": exit_code(hunted),
    })
}
