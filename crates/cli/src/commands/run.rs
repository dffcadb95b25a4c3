//! `constellation run`: a scenario, its timeline, and its verdict; or a study, which is several runs side by side.

mod antarctic;
mod flags;
mod mss23;
mod specimen;

use std::path::Path;

use anyhow::bail;
use constellation_lab::words::one_line;
use constellation_lab::{Modelled, Resolver, Run, Scenario, incidents, simulate};
use constellation_trace::format::jsonl;
use constellation_trace::{History, Judgement, Trace};
use serde_json::{Value, json};

use crate::args::{self, Drawn, Target};
use crate::commands::modelled;
use crate::file::write_whole;
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures;
use crate::printer::{Printer, VERDICT_WIDTH, faint, strong, verdict};
use crate::target::{self, quoted};
use crate::timeline::{check_timeline, print_timeline};

pub(crate) fn run(arguments: &args::Run, printer: &mut Printer) -> anyhow::Result<u8> {
    pictures::prepare(&arguments.drawn)?;
    check_timeline(arguments.timeline.unwrap_or(args::Timeline::Auto), arguments.json)?;
    if let Some(study) = incidents::study(&arguments.target.scenario) {
        flags::check_of_study(arguments, study)?;
        return match study.name {
            "mss-23" => mss23::run(arguments, printer),
            "antarctic" => antarctic::run(arguments, printer),
            name => bail!("`{name}` cannot be run by this version"),
        };
    }
    if let Some(specimen) = target::specimen(&arguments.target)? {
        flags::check_of_scenario(arguments)?;
        return specimen::run(arguments, specimen, printer);
    }
    target::text(&arguments.target)?;
    flags::check_of_scenario(arguments)?;
    if arguments.target.resolver.as_deref() == Some("all") {
        if !arguments.models.is_empty() {
            bail!("--model judges one run, but --resolver all makes several\nhelp: choose one resolver");
        }
        return compare(arguments, &target::load(&arguments.target)?, printer);
    }
    let scenario = target::scenario(&arguments.target)?;
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let models = modelled::named(&arguments.models)?;
    let subject = || simulate::subject(&scenario);
    let held = modelled::held(subject, &models, &arguments.target.scenario)?;
    let run = simulated(arguments, &scenario, held.as_ref(), seed, printer)?;
    let files = (arguments.trace.as_deref(), &arguments.drawn);
    write(files, &arguments.target, &run, &replay(arguments, &scenario, seed))?;
    if arguments.json {
        let mut object = as_json(&run, &replay(arguments, &scenario, seed));
        object["given"] = target::given_json(&arguments.target);
        if let Some(held) = &held {
            modelled::put_json(&mut object, &run.judgements, held, &run.trace);
        }
        printer.json(&object)?;
    } else {
        print(
            (&run, held.as_ref()),
            arguments.timeline.unwrap_or(args::Timeline::Auto),
            &replay(arguments, &scenario, seed),
            printer,
        )?;
    }
    Ok(run.exit_code())
}

fn simulated(
    arguments: &args::Run,
    scenario: &Scenario,
    held: Option<&Modelled<'_>>,
    seed: u64,
    printer: &Printer,
) -> anyhow::Result<Run> {
    let progress = printer.progress("simulating and judging");
    let replay = replay(arguments, scenario, seed);
    let run = match held {
        Some(held) => Run::held_to(scenario, held, seed, &replay),
        None => Run::of(scenario, seed, &replay),
    };
    progress.finish_and_clear();
    Ok(run?)
}

/// Writes the trace of a run of a scenario, and draws the run, where that is asked for.
pub(crate) fn write(
    (trace, drawn): (Option<&Path>, &Drawn),
    target: &Target,
    run: &Run,
    replay: &str,
) -> anyhow::Result<()> {
    if let Some(path) = trace {
        write_whole(path, |writer| jsonl::write(&run.trace, writer))?;
    }
    let (trace, judgements) = (&run.trace, &run.judgements[..]);
    let title = pictures::titled(&run.scenario.name, &run.scenario.title);
    let source = target::text(target).map(|(_, _, text)| text).unwrap_or_default();
    let doings = pictures::passes(&run.scenario, trace);
    let told = pictures::Told {
        trace,
        judgements,
        title,
        replay,
        remarks: &run.remarks,
        source,
        doings,
        times: pictures::Times::Simulated,
    };
    pictures::draw(drawn, &told)
}

/// The command that does the same again.
fn replay(arguments: &args::Run, scenario: &Scenario, seed: u64) -> String {
    let name = quoted(&arguments.target.scenario);
    let models = modelled::flag(&modelled::named(&arguments.models).unwrap_or_default());
    format!("constellation run {name} --seed {seed}{}{models}", target::flags(&arguments.target, scenario))
}

/// Prints a run: its timeline, its verdicts, and how to see it again.
pub(crate) fn print(
    (run, held): (&Run, Option<&Modelled<'_>>),
    shown: args::Timeline,
    replay: &str,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    print_told((run, held), shown, printer)?;
    printer.line("")?;
    printer.line(format!("seed {} · replay: {replay}", run.seed))?;
    printer.line(format!("trace sha256 {}", jsonl::digest(&run.trace)))
}

/// Prints what happened and what it means.
pub(crate) fn print_told(
    (run, held): (&Run, Option<&Modelled<'_>>),
    shown: args::Timeline,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let name = (&*run.scenario.name, &*run.scenario.title);
    print_run(name, held, (&run.trace, shown), &run.judgements, printer)?;
    for remark in &run.remarks {
        printer.line(faint(&format!("· {remark}")))?;
    }
    Ok(())
}

/// Prints what happened in a run of anything, called so and with this title, and what its judges say.
pub(crate) fn print_run(
    (name, title): (&str, &str),
    held: Option<&Modelled<'_>>,
    (trace, shown): (&Trace, args::Timeline),
    judgements: &[Judgement],
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let title = if title.is_empty() { String::new() } else { format!(" · {}", one_line(title)) };
    printer.line(strong(&one_line(name)) + &title)?;
    printer.line("")?;
    print_timeline(trace, shown, printer)?;
    held.map_or(Ok(()), |held| modelled::print_asked(held, printer))?;
    modelled::print_judgements(judgements, held, trace, printer)
}

/// Runs every resolver on one scenario and seed, and prints what each made of it.
fn compare(arguments: &args::Run, scenario: &Scenario, printer: &mut Printer) -> anyhow::Result<u8> {
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let of_one = [("--trace", arguments.trace.is_some()), ("--timeline", arguments.timeline.is_some())];
    if let Some((flag, _)) = of_one.into_iter().find(|(_, is_given)| *is_given) {
        bail!("{flag} wants one run, but --resolver all makes several\nhelp: choose one resolver");
    }
    let mut runs = Vec::new();
    for (_, resolver) in Resolver::NAMES {
        let mut scenario = scenario.clone();
        scenario.resolver = resolver;
        runs.push(simulated(arguments, &scenario, None, seed, printer)?);
    }
    let worst = runs.iter().flat_map(|run| run.judgements.clone()).collect::<Vec<_>>();
    // The target asks for a resolver, so the command names the one of the run.
    let with_name = |run: &Run| replay(arguments, &run.scenario, seed);
    let mut drawn = Vec::new();
    for run in &runs {
        let files = arguments.drawn.of_one(run.scenario.resolver.name());
        write((None, &files), &arguments.target, run, &with_name(run))?;
        drawn.push(files);
    }
    if let Some(told) = pictures::told_files(&drawn) {
        printer.tell(&told);
    }
    if arguments.json {
        let runs: Vec<_> = runs.iter().map(|run| as_json(run, &with_name(run))).collect();
        let given = target::given_json(&arguments.target);
        printer.json(&json!({"schema": "constellation/comparison/1", "given": given, "runs": runs}))?;
        return Ok(Judgement::exit_code(&worst));
    }
    print_comparison(&runs, printer)?;
    for run in &runs {
        printer.line("")?;
        printer.line(format!("{} · {}", strong(run.scenario.resolver.name()), with_name(run)))?;
        print_judgements(&run.judgements, None, printer)?;
    }
    Ok(Judgement::exit_code(&worst))
}

/// A table: a line a promise, a column a resolver.
fn print_comparison(runs: &[Run], printer: &mut Printer) -> anyhow::Result<()> {
    const COLUMN: usize = 12;
    let promises: Vec<&str> = runs[0].judgements.iter().map(|judgement| &*judgement.promise).collect();
    let width = promises.iter().map(|promise| promise.chars().count()).max().unwrap_or(0);
    let names = runs.iter().map(|run| format!("{:<COLUMN$}", run.scenario.resolver.name()));
    printer.line(format!("{:<width$}  {}", "", strong(names.collect::<Vec<_>>().join("  ").trim_end())))?;
    for (place, promise) in promises.iter().enumerate() {
        let judged = runs.iter().filter_map(|run| run.judgements.get(place));
        let cells: Vec<_> = judged.map(|judged| verdict(&judged.verdict)).collect();
        let line = format!("{promise:<width$}  {}", cells.join(&" ".repeat(COLUMN + 2 - VERDICT_WIDTH)));
        printer.line(line.trim_end())?;
    }
    Ok(())
}

/// A run of a subject, called so and with this title, for a script.
pub(crate) fn subject_json(
    (name, title): (&str, &str),
    seed: u64,
    (trace, judgements): (&Trace, &[Judgement]),
    replay: &str,
) -> Value {
    json!({
        "schema": "constellation/run/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": name,
        "title": title,
        "seed": seed.to_string(),
        "events": trace.events().len(),
        "messages": trace.messages().len(),
        "exit_code": Judgement::exit_code(judgements),
        "promises": judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "replay": replay,
        "trace_sha256": jsonl::digest(trace).to_string(),
    })
}

/// A run for a script.
pub(crate) fn as_json(run: &Run, replay: &str) -> Value {
    let operations = History::of(&run.trace).counts();
    json!({
        "schema": "constellation/run/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": run.scenario.name,
        "title": run.scenario.title,
        "seed": run.seed.to_string(),
        "resolver": run.scenario.resolver.name(),
        "nodes": run.scenario.nodes,
        "events": run.trace.events().len(),
        "messages": run.trace.messages().len(),
        "operations": {
            "invoked": operations.invoked,
            "done": operations.done,
            "failed": operations.failed,
            "open": operations.open,
        },
        "exit_code": run.exit_code(),
        "promises": run.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "remarks": run.remarks,
        "replay": replay,
        "trace_sha256": jsonl::digest(&run.trace).to_string(),
    })
}
