//! What is said of a hunt: while it lasts, and in the end.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use constellation_lab::Modelled;
use constellation_lab::hunt::{Coverage, Ended, Finding, Hunted, deviations};
use constellation_lab::promises::Phase;
use constellation_trace::format::jsonl;
use constellation_trace::{TrueTime, Verdict};
use serde_json::{Map, Value, json};

use super::End;
use super::prey::Prey;
use crate::args;
use crate::commands::modelled;
use crate::printer::{Printer, count, faint, strong};
use crate::progress;

/// What is said while it lasts, on standard error.
pub(super) struct Progress {
    talk: progress::Progress,
    start: Instant,
    aim: Aim,
}

/// How far it is to go.
enum Aim {
    Seeds(u64),
    Time(Duration),
}

impl Progress {
    pub(super) fn begin(arguments: &args::Hunt, printer: &mut Printer) -> Progress {
        let aim = arguments.time.map_or(Aim::Seeds(arguments.seeds.get()), Aim::Time);
        let told = match aim {
            Aim::Seeds(seeds) => count(seeds, "seed"),
            Aim::Time(time) => format!("for {time:?}"),
        };
        let talk = progress::Progress::begin(arguments.progress, "hunting", &told, printer);
        Progress { talk, start: Instant::now(), aim }
    }

    pub(super) fn tell(&mut self, hunted: &Hunted, printer: &mut Printer) {
        let Progress { talk, start, aim } = self;
        talk.tell(|| line(*start, aim, hunted), printer);
    }

    pub(super) fn end(&self) {
        self.talk.end();
    }
}

fn line(start: Instant, aim: &Aim, hunted: &Hunted) -> String {
    // Saturating: before the first millisecond, all is said to have happened in one.
    let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = hunted.seeds.saturating_mul(1_000) / elapsed_ms;
    let tried = match aim {
        Aim::Seeds(seeds) => format!("{} of {}", hunted.seeds, count(*seeds, "seed")),
        Aim::Time(time) => {
            format!("{} in {}s of {time:?}", count(hunted.seeds, "seed"), elapsed_ms / 1_000)
        }
    };
    format!(
        "hunting: {tried}, {rate} a second · {} · {} · {}",
        count(hunted.events, "event"),
        count(hunted.findings.len(), "finding"),
        reached(hunted),
    )
}

/// The kinds of luck that there were, and how much different they made.
fn reached(hunted: &Hunted) -> String {
    let coverage = &hunted.coverage;
    let kinds = coverage.kinds().map(|(topic, runs)| format!("{topic} in {runs}"));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let kinds = if kinds.is_empty() { "no luck in any".to_owned() } else { kinds };
    let counted = |number: usize, noun| {
        let is_bound = number == Coverage::SHAPES_MAX;
        format!("{}{}", if is_bound { "at least " } else { "" }, count(number as u64, noun))
    };
    let (behaviours, states) =
        (counted(coverage.behaviours(), "behaviour"), counted(coverage.states(), "state"));
    format!("{kinds} · {behaviours}, {states} of nodes")
}

/// What is said of a hunt in the end.
pub(super) struct Told<'h> {
    pub(super) prey: &'h Prey,
    /// What is judged in place of its promises.
    pub(super) held: Option<&'h Modelled<'h>>,
    pub(super) hunted: &'h Hunted,
    pub(super) end: End,
    pub(super) exit_code: u8,
}

impl Told<'_> {
    pub(super) fn print(&self, printer: &mut Printer) -> anyhow::Result<()> {
        let Told { prey, held, hunted, .. } = self;
        let (seeds, events) = (count(hunted.seeds, "seed"), count(hunted.events, "event"));
        printer.line(format!("{} · {seeds}, {events}", strong(&prey.name())))?;
        held.map_or(Ok(()), |held| modelled::print_asked(held, printer))?;
        if hunted.findings.is_empty() {
            printer.line(if held.is_some() {
                "no model was seen violated"
            } else {
                "no promise was seen broken"
            })?;
        }
        for finding in &hunted.findings {
            printer.line("")?;
            let judgement = std::slice::from_ref(&finding.judgement);
            modelled::print_judgements(judgement, *held, &finding.trace, printer)?;
            printer.line(faint(&format!("· {}", phase(finding, prey, *held))))?;
            printer.line(faint(&format!("· {}", story(finding))))?;
        }
        if !hunted.findings.is_empty() {
            printer.line("")?;
        }
        printer.line(faint(&format!("· luck: {}", reached(hunted))))?;
        if hunted.unknown > 0 {
            let runs = count(hunted.unknown, "run");
            let first = hunted.undecided.as_ref().filter(|_| held.is_some());
            let why = first
                .map_or(String::new(), |first| format!(", the first by seed {}: {}", first.seed, first.why));
            printer.line(faint(&format!("· {runs} could not be judged in full{why}")))?;
        }
        if self.end == End::Interrupted {
            printer.line(faint("· ended by Ctrl-C, before all was tried"))?;
        }
        if let Some(error) = &hunted.error {
            printer.line(faint(&format!("· ended before all was tried: {error}")))?;
        }
        Ok(())
    }

    pub(super) fn as_json(&self, again: &str) -> Value {
        let Told { prey, held, hunted, .. } = self;
        let coverage = &hunted.coverage;
        let kinds: Map<String, Value> =
            coverage.kinds().map(|(topic, runs)| (topic.to_string(), json!(runs))).collect();
        let ended = match (self.end, hunted.ended) {
            (End::Interrupted, _) => "interrupted",
            (End::TimeUp, _) => "time-up",
            (End::Failed, _) => "failed",
            (End::Planned, Ended::FirstFinding) => "first-finding",
            (End::Planned, _) => "all-seeds",
        };
        json!({
            "schema": "constellation/hunt/1",
            "version": env!("CARGO_PKG_VERSION"),
            "scenario": prey.name(),
            "resolver": match prey {
                Prey::Scenario(scenario) => Some(scenario.resolver.name()),
                Prey::Specimen(_) | Prey::Mss23(_) | Prey::Antarctic(_) => None,
            },
            "seeds": hunted.seeds,
            "events": hunted.events,
            "unknown": hunted.unknown,
            "ended": ended,
            "error": hunted.error.as_ref().map(ToString::to_string),
            "coverage": {
                "luck": kinds,
                "behaviours": coverage.behaviours(),
                "states": coverage.states(),
                "shapes_max": Coverage::SHAPES_MAX,
            },
            "findings": hunted.findings.iter().map(|finding| finding_json(finding, *held)).collect::<Vec<_>>(),
            "again": again,
            "exit_code": self.exit_code,
        })
    }
}

/// Prints the command that tries the same seeds again.
pub(super) fn again(command: &str, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("the same seeds again: {command}"))
}

/// Writes what a reader wants of a finding beside its tape and its trace.
pub(super) fn steps(finding: &Finding, writer: &mut dyn Write) -> io::Result<()> {
    writeln!(writer, "{} {}", finding.judgement.verdict.word(), finding.judgement.promise)?;
    if let Verdict::Violated(evidence) = &finding.judgement.verdict {
        writeln!(writer, "{evidence}")?;
    }
    Ok(())
}

/// Whether it broke while all went wrong that may, or in the peace after.
fn phase(finding: &Finding, prey: &Prey, held: Option<&Modelled<'_>>) -> String {
    let Verdict::Violated(evidence) = &finding.judgement.verdict else { return String::new() };
    let last = match held {
        // What shows it is where operations begin.
        Some(_) => modelled::broken_at(&finding.judgement, &finding.trace),
        None => evidence.events.iter().map(|witness| witness.at).max(),
    };
    let at = |time: Option<TrueTime>| time.map_or(String::new(), |time| format!(", broken at {time}"));
    match finding.phase {
        Phase::Convergence if held.is_some() => {
            "judged of the whole run, by what clients read last".to_owned()
        }
        Phase::Safety => format!("safety, which must hold throughout{}", at(last)),
        Phase::Convergence => {
            let end = match prey {
                Prey::Scenario(scenario) => format!(" at {}", scenario.end),
                Prey::Specimen(_) | Prey::Mss23(_) | Prey::Antarctic(_) => String::new(),
            };
            format!("convergence, which must follow once faults end{end}")
        }
    }
}

/// How a finding was come by.
fn story(finding: &Finding) -> String {
    let first = finding.tape.provenance().seed;
    let seeds = match finding.seeds_total {
        1 => format!("seed {first}"),
        total => format!("{total} seeds, the first {first}"),
    };
    let ways = match finding.ways() {
        0 | 1 => String::new(),
        ways => format!(", in {ways} ways that are alike"),
    };
    let effort = finding.effort;
    format!(
        "{seeds}{ways}; made smaller in {}, from {} to {}",
        count(effort.runs, "run"),
        count(effort.deviations_before, "deviation"),
        finding.tape.answers().len()
    )
}

fn finding_json(finding: &Finding, held: Option<&Modelled<'_>>) -> Value {
    json!({
        "seeds": finding.seeds.iter().map(u64::to_string).collect::<Vec<_>>(),
        "seeds_total": finding.seeds_total,
        "ways": finding.ways(),
        "phase": match finding.phase {
            Phase::Safety => "safety",
            Phase::Convergence => "convergence",
        },
        "deviations": deviations(&finding.tape),
        "tape": finding.tape.line(),
        "judgement": modelled::judgement_json(&finding.judgement, held, &finding.trace),
        "runs": finding.effort.runs,
        "trace_sha256": jsonl::digest(&finding.trace).to_string(),
    })
}
