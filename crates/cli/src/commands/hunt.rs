//! `constellation hunt`: the seeds that break a promise, and what of each matters.

mod plotted;
pub(crate) mod prey;
mod real;
mod told;

use std::path::Path;
use std::time::Instant;

use anyhow::bail;
use constellation_lab::fabric::Calm;
use constellation_lab::hunt::{Ended, Go, Hunt, Hunted, Luck, Until, hunt_subject};
use constellation_lab::modelled::Remembered;
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Verdict};
use rayon::prelude::*;

use crate::args;
use crate::commands::hunt::prey::Prey;
use crate::commands::hunt::told::Progress;
use crate::commands::modelled;
use crate::file::{make_folder, try_place, write_whole};
use crate::interrupts::Interrupts;
use crate::pictures;
use crate::printer::Printer;
use crate::target::{self, quoted};

pub(crate) fn run(arguments: &args::Hunt, printer: &mut Printer) -> anyhow::Result<u8> {
    if arguments.real {
        return real::run(arguments, printer);
    }
    let prey = Prey::of(&arguments.target, &arguments.setting)?;
    check_seeds(arguments)?;
    let models = modelled::named(&arguments.models)?;
    let held = modelled::held(|| prey.subject(), &models, &arguments.target.scenario)?;
    pictures::prepare(&arguments.drawn)?;
    arguments.plot.iter().try_for_each(|path| try_place(path))?;
    if let Some(folder) = &arguments.keep {
        // Found out now, not after an hour of hunting.
        make_folder(folder)?;
    }
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).build_global()?;
    }
    let interrupts = Interrupts::listen("the hunt ends with the seeds that are under way")?;
    let mut progress = Progress::begin(arguments, printer);
    let (start, time) = (Instant::now(), arguments.time);
    let is_over = || interrupts.came() || time.is_some_and(|time| start.elapsed() >= time);
    let plan = plan(arguments, &is_over);
    let provenance = Remembered::models(&models).enter(prey.provenance(arguments.from)?);
    let (mut kept, mut failed) = (Kept::default(), None);
    let mut tell = |hunted: &Hunted| {
        progress.tell(hunted, printer);
        // What is found is written at once: an hour of hunting is not lost to a power cut.
        let written = arguments.keep.as_ref().map_or(Ok(()), |folder| kept.write(hunted, folder));
        failed = written.err();
        if failed.is_some() || is_over() { Go::Stop } else { Go::On }
    };
    let hunted = match &held {
        Some(held) => hunt_subject(held, &plan, &provenance, &mut tell),
        None => prey.hunt(&plan, &provenance, &mut tell),
    };
    progress.end();
    let mut hunted = hunted?;
    if let Some(held) = &held {
        hunted.findings.par_iter_mut().for_each(|finding| held.shorten(finding, &|| interrupts.came()));
    }
    for finding in &mut hunted.findings {
        let replay = replay(arguments, &prey, &finding.tape.line()) + &modelled::flag(&models);
        if let Verdict::Violated(evidence) = &mut finding.judgement.verdict {
            evidence.replay = replay;
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(folder) = &arguments.keep {
        // Once more, with the replay commands and what the last batch found.
        Kept::default().write(&hunted, folder)?;
    }
    draw(arguments, &prey, &hunted, printer)?;
    let end = match (hunted.ended, &hunted.error) {
        (_, Some(_)) => End::Failed,
        (Ended::Stopped, _) if interrupts.came() => End::Interrupted,
        (Ended::Stopped, _) => End::TimeUp,
        _ => End::Planned,
    };
    let (prey, held, hunted) = (&prey, held.as_ref(), &hunted);
    tell_end(arguments, &told::Told { prey, held, hunted, end, exit_code: exit_code(hunted, end) }, printer)
}

/// Draws what was found, and how the hunt went on, where that is asked for.
fn draw(arguments: &args::Hunt, prey: &Prey, hunted: &Hunted, printer: &mut Printer) -> anyhow::Result<()> {
    draw_first(arguments, prey, hunted, printer)?;
    let Some(path) = &arguments.plot else { return Ok(()) };
    let again = again(arguments, prey, hunted);
    let (from, name) = (arguments.from, prey.name().to_string());
    plotted::draw(path, &plotted::Of { hunted, from, name, again: &again }, printer)
}

/// Draws the first finding, where that is asked for: of the small run, with the promise that it breaks, and in the page
/// beside the calm run, in which nothing goes wrong by luck, if that one breaks nothing.
fn draw_first(
    arguments: &args::Hunt,
    prey: &Prey,
    hunted: &Hunted,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let Some(flag) = arguments.drawn.flag() else { return Ok(()) };
    let Some(finding) = hunted.findings.first() else {
        printer.tell(&format!("nothing was found, so {flag} has nothing to draw"));
        return Ok(());
    };
    let judgements = std::slice::from_ref(&finding.judgement);
    let title = format!("{} · found by a hunt, seed {}", prey.name(), finding.tape.provenance().seed);
    let replay = match &finding.judgement.verdict {
        Verdict::Violated(evidence) => &evidence.replay,
        _ => "",
    };
    let source = target::text(&arguments.target).map(|(_, _, text)| text).unwrap_or_default();
    let doings = pictures::doings(&arguments.target, arguments.setting.groups.as_deref(), &finding.trace);
    let told = pictures::Told {
        trace: &finding.trace,
        judgements,
        title,
        replay,
        remarks: &[],
        source,
        doings,
        times: pictures::Times::Simulated,
    };
    let seed = finding.tape.provenance().seed;
    let subject = prey.subject();
    let calm = subject.play(seed, &mut Calm).ok();
    let rulings = calm.as_ref().map_or_else(Vec::new, |calm| subject.judge(calm));
    let kept: Vec<Judgement> = rulings.into_iter().map(|ruling| ruling.judgement).collect();
    let is_good = kept.iter().all(|judgement| !matches!(judgement.verdict, Verdict::Violated(_)));
    let beside = calm.as_ref().filter(|_| is_good).map(|trace| pictures::Told {
        trace,
        judgements: &kept,
        title: format!("{} · the calm run, in which nothing goes wrong by luck", prey.name()),
        replay: "",
        remarks: &[],
        source: String::new(),
        doings: pictures::doings(&arguments.target, arguments.setting.groups.as_deref(), trace),
        times: pictures::Times::Simulated,
    });
    pictures::draw_beside(&arguments.drawn, &told, beside.as_ref())
}

/// Says what came of it, and returns the exit code.
fn tell_end(arguments: &args::Hunt, told: &told::Told<'_>, printer: &mut Printer) -> anyhow::Result<u8> {
    let again = again(arguments, told.prey, told.hunted);
    if arguments.json {
        let mut object = told.as_json(&again);
        object["given"] = target::given_json(&arguments.target);
        if let Some(held) = told.held {
            object["models"] = modelled::names_json(held.models());
        }
        printer.json(&object)?;
    } else {
        told.print(printer)?;
        if arguments.time.is_some() || [End::Interrupted, End::Failed].contains(&told.end) {
            told::again(&again, printer)?;
        }
    }
    Ok(told.exit_code)
}

fn check_seeds(arguments: &args::Hunt) -> anyhow::Result<()> {
    let last = arguments.from.checked_add(arguments.seeds.get() - 1);
    if arguments.time.is_none() && last.is_none() {
        bail!("seeds end at 2^64 - 1: there are not {} from {}", arguments.seeds, arguments.from);
    }
    Ok(())
}

fn plan<'h>(arguments: &args::Hunt, is_over: &'h (dyn Fn() -> bool + Sync)) -> Hunt<'h> {
    let count = if arguments.time.is_some() { u64::MAX } else { arguments.seeds.get() };
    let mut plan: Hunt<'h> = Hunt::new(arguments.from, count);
    plan.until = if arguments.all { Until::AllSeeds } else { Until::FirstFinding };
    plan.luck = if arguments.swarm { Luck::Swarm } else { Luck::AllKinds };
    plan.is_over = is_over;
    plan
}

/// How a hunt came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// It found what it should, or tried all that it should.
    Planned,
    /// The time was up, as planned.
    TimeUp,
    /// By Ctrl-C.
    Interrupted,
    /// A seed could not be run; what was found before is told.
    Failed,
}

/// Violated if anything was found, else unknown if a run was or if the hunt was cut short.
fn exit_code(hunted: &Hunted, end: End) -> u8 {
    match (hunted.findings.is_empty(), hunted.unknown, end) {
        (false, _, _) => 1,
        // Of no seed at all nothing can be said.
        (true, 0, End::Planned | End::TimeUp) if hunted.seeds > 0 => 0,
        (true, _, _) => 3,
    }
}

fn replay(arguments: &args::Hunt, prey: &Prey, tape: &str) -> String {
    format!("constellation replay {} {}", quoted(tape), prey.words(&arguments.target))
}

/// The command that tries the same seeds again.
fn again(arguments: &args::Hunt, prey: &Prey, hunted: &Hunted) -> String {
    let mut command = format!("constellation hunt {}", prey.words(&arguments.target));
    command.push_str(&modelled::flag(&modelled::named(&arguments.models).unwrap_or_default()));
    command.push_str(&format!(" --from {} --seeds {}", arguments.from, hunted.seeds));
    for (is_given, flag) in [(arguments.all, " --all"), (arguments.swarm, " --swarm")] {
        command.push_str(if is_given { flag } else { "" });
    }
    command
}

/// How many findings are in the folder.
#[derive(Default)]
struct Kept {
    findings: usize,
}

impl Kept {
    /// Writes what was found since the last time, each file whole or not at all.
    fn write(&mut self, hunted: &Hunted, folder: &Path) -> anyhow::Result<()> {
        for (place, finding) in hunted.findings.iter().enumerate().skip(self.findings) {
            let seed = finding.tape.provenance().seed;
            // Two findings of one seed break two promises.
            let before = hunted.findings[..place].iter();
            let number = before.filter(|other| other.tape.provenance().seed == seed).count() + 1;
            let path = |ending| folder.join(format!("seed-{seed}-{number}.{ending}"));
            write_whole(&path("tape"), |writer| write!(writer, "{}", finding.tape))?;
            write_whole(&path("jsonl"), |writer| jsonl::write(&finding.trace, writer))?;
            write_whole(&path("steps"), |writer| told::steps(finding, writer))?;
        }
        self.findings = hunted.findings.len();
        Ok(())
    }
}
