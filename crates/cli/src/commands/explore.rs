//! `constellation explore`: every order in which messages can arrive, within bounds.

use std::ops::Range;

use anyhow::anyhow;
use constellation_lab::Scenario;
use constellation_lab::explore::{Bounds, ExploreError, Explored, Place, Unfit, explore};
use constellation_lab::hunt::Go;
use constellation_lab::words::one_line;
use constellation_sim::explore::{Bound, Extent};
use constellation_trace::format::jsonl;
use constellation_trace::{Limit, Verdict};
use serde_json::{Value, json};

use crate::args::Explore;
use crate::file::write_whole;
use crate::interrupts::Interrupts;
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures;
use crate::printer::{Printer, count, faint, strong, verdict};
use crate::progress::Progress;
use crate::source::Excerpt;
use crate::target::{self, quoted};

pub(crate) fn run(arguments: &Explore, printer: &mut Printer) -> anyhow::Result<u8> {
    pictures::prepare(&arguments.drawn)?;
    let scenario = target::scenario(&arguments.target)?;
    let bounds = bounds(arguments, &scenario);
    let interrupts = Interrupts::listen("the exploration ends with the run that is under way")?;
    let aim = format!("{} at most", count(bounds.deliveries_max, "arrival"));
    let mut progress = Progress::begin(arguments.progress, "exploring", &aim, printer);
    let explored = explore(&scenario, bounds, &mut |so_far| {
        let (runs, arrivals) = (count(so_far.runs, "run"), count(so_far.deliveries, "arrival"));
        let line = || format!("exploring: {runs}, {arrivals} of {} at most", bounds.deliveries_max);
        progress.tell(line, printer);
        if interrupts.came() { Go::Stop } else { Go::On }
    });
    progress.end();
    let mut explored = explored.map_err(|error| refused(arguments, &scenario, error))?;
    for judgement in &mut explored.judgements {
        match &mut judgement.verdict {
            Verdict::Violated(evidence) => evidence.replay = replay(arguments, &scenario, bounds),
            Verdict::Unknown(Limit::Explored { bound, .. }) => *bound = bounded(&explored.extent),
            _ => {}
        }
    }
    if let (Some(path), Some(trace)) = (&arguments.trace, &explored.trace) {
        write_whole(path, |writer| jsonl::write(trace, writer))?;
    }
    draw(arguments, &scenario, &explored, printer)?;
    if arguments.json {
        if let Some(told) = no_trace(arguments, &explored) {
            printer.tell(&told);
        }
        let mut object = as_json(&scenario, bounds, &explored);
        object["given"] = target::given_json(&arguments.target);
        printer.json(&object)?;
    } else {
        print(arguments, &scenario, &explored, printer)?;
    }
    Ok(explored.exit_code())
}

/// Draws the smallest run that breaks a promise, where that is asked for.
fn draw(
    arguments: &Explore,
    scenario: &Scenario,
    explored: &Explored,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let Some(flag) = arguments.drawn.flag() else { return Ok(()) };
    let Some(trace) = &explored.trace else {
        printer.tell(&format!("nothing was broken, so {flag} has nothing to draw"));
        return Ok(());
    };
    let judgements = &explored.judgements[..];
    let replays = judgements.iter().find_map(|judgement| match &judgement.verdict {
        Verdict::Violated(evidence) => Some(&*evidence.replay),
        _ => None,
    });
    let title = format!("{} · the smallest run that breaks it", scenario.name);
    let source = target::text(&arguments.target).map(|(_, _, text)| text).unwrap_or_default();
    let replay = replays.unwrap_or_default();
    let told = pictures::Told {
        trace,
        judgements,
        title,
        replay,
        remarks: &[],
        source,
        doings: Vec::new(),
        times: pictures::Times::Untimed,
    };
    pictures::draw(&arguments.drawn, &told)
}

fn bounds(arguments: &Explore, scenario: &Scenario) -> Bounds {
    let mut bounds = Bounds::of(scenario);
    bounds.losses_max = arguments.losses.unwrap_or(bounds.losses_max);
    bounds.duplicates_max = arguments.duplicates.unwrap_or(bounds.duplicates_max);
    bounds.timers_max = arguments.timers;
    bounds.depth_max = arguments.depth.map_or(bounds.depth_max, |depth| depth.get());
    bounds.deliveries_max = arguments.budget.get();
    bounds
}

/// Why it cannot be explored: shown in the scenario's text where it is a step of it.
fn refused(arguments: &Explore, scenario: &Scenario, error: ExploreError) -> anyhow::Error {
    let ExploreError::Unfit(unfit) = &error else { return error.into() };
    let excerpt = || {
        let typed = |place: &Place| {
            let faults = arguments.target.faults.as_ref()?;
            Some(("--faults".to_owned(), faults.clone(), setting_span(faults, place.key)?))
        };
        let written = |span: &dyn Fn(&str) -> Option<Range<usize>>| {
            let (_, path, text) = target::text(&arguments.target).ok()?;
            let span = span(&text)?;
            Some((path, text, span))
        };
        let key_span = |text: &str, default, rules, place: &Place| {
            Scenario::key_span(text, default, rules, place.rule, place.key)
        };
        let (path, text, span) = match unfit {
            Unfit::Step { step } => target::step(&arguments.target, scenario, *step),
            Unfit::Corruption { place } => {
                typed(place).or_else(|| written(&|text| key_span(text, "link", "links", place)))
            }
            Unfit::Machine { place } => {
                typed(place).or_else(|| written(&|text| key_span(text, "machine", "machines", place)))
            }
            _ => None,
        }?;
        Some(Excerpt { path, text, span, message: unfit.to_string(), help: unfit.help() })
    };
    excerpt().map_or_else(|| anyhow!("{unfit}\nhelp: {}", unfit.help()), Into::into)
}

/// Where a `KEY=VALUE` of this key stands.
fn setting_span(faults: &str, key: &str) -> Option<Range<usize>> {
    let is_whole = |start: usize| {
        let (before, after) = (faults[..start].trim_end(), faults[start + key.len()..].trim_start());
        (before.is_empty() || before.ends_with(',')) && after.starts_with('=')
    };
    let (start, _) = faults.match_indices(key).find(|(start, _)| is_whole(*start))?;
    Some(start..start + key.len())
}

/// The command that finds the same again.
fn replay(arguments: &Explore, scenario: &Scenario, bounds: Bounds) -> String {
    let name = quoted(&arguments.target.scenario);
    let flags = target::flags(&arguments.target, scenario);
    let usual = Bounds::of(scenario);
    let bound = |flag: &str, bound: u64, usual: u64| {
        if bound == usual { String::new() } else { format!(" --{flag} {bound}") }
    };
    let bounds = [
        bound("losses", bounds.losses_max.into(), usual.losses_max.into()),
        bound("duplicates", bounds.duplicates_max.into(), usual.duplicates_max.into()),
        bound("timers", bounds.timers_max.into(), usual.timers_max.into()),
        bound("depth", bounds.depth_max.into(), usual.depth_max.into()),
        bound("budget", bounds.deliveries_max, usual.deliveries_max),
    ];
    format!("constellation explore {name}{flags}{}", bounds.concat())
}

fn print(
    arguments: &Explore,
    scenario: &Scenario,
    explored: &Explored,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let (runs, arrivals) = (count(explored.runs, "run"), count(explored.deliveries, "arrival"));
    printer.line(format!("{} · {runs}, {arrivals}", strong(&scenario.name)))?;
    printer.line("")?;
    for judgement in &explored.judgements {
        if let Verdict::Unknown(Limit::Explored { .. }) = &judgement.verdict {
            // The bound is the same for all, and stands below them.
            let scope = faint(&format!("  ({})", judgement.scope));
            printer.line(format!("{} {}{scope}", verdict(&judgement.verdict), judgement.promise))?;
        } else {
            print_judgements(std::slice::from_ref(judgement), explored.trace.as_ref(), printer)?;
        }
    }
    let network = &explored.network;
    let extent = match &explored.extent {
        _ if explored.trace.is_some() => format!("ended at the first violation: {network}"),
        Extent::Complete => format!("complete: {network}"),
        extent => format!("none was wrong, but not all were looked at: {}; {network}", bounded(extent)),
    };
    printer.line(faint(&format!("· {extent}")))?;
    if explored.cut > 0 {
        let cut = count(explored.cut, "run");
        printer.line(faint(&format!("· {cut} cut before the end, and judged for safety alone")))?;
    }
    for line in &explored.left_out {
        printer.line(faint(&format!("· {line}")))?;
    }
    if let Some(told) = no_trace(arguments, explored) {
        printer.line(faint(&format!("· {told}")))?;
    }
    Ok(())
}

/// What kept it from being complete.
fn bounded(extent: &Extent) -> String {
    match extent {
        Extent::Complete => String::new(),
        Extent::Bounded(Bound::Stopped) => "ended by Ctrl-C".to_owned(),
        Extent::Bounded(bound) => bound.to_string(),
        _ => "unknown".to_owned(),
    }
}

/// That a trace was asked for, and there is none to write.
fn no_trace(arguments: &Explore, explored: &Explored) -> Option<String> {
    let (Some(path), None) = (&arguments.trace, &explored.trace) else { return None };
    let shown = path.display().to_string();
    let file = one_line(&shown);
    Some(if path.exists() {
        format!("no trace: nothing was broken; the `{file}` that is there is of another run")
    } else {
        format!("no trace: nothing was broken, so there is no `{file}`")
    })
}

fn as_json(scenario: &Scenario, bounds: Bounds, explored: &Explored) -> Value {
    let bound = match &explored.extent {
        _ if explored.trace.is_some() => json!("the first violation"),
        Extent::Complete => Value::Null,
        extent => json!(bounded(extent)),
    };
    json!({
        "schema": "constellation/explore/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": scenario.name,
        "resolver": scenario.resolver.name(),
        "bounds": {
            "losses": bounds.losses_max,
            "duplicates": bounds.duplicates_max,
            "timers": bounds.timers_max,
            "depth": bounds.depth_max,
            "budget": bounds.deliveries_max,
        },
        "runs": explored.runs,
        "cut": explored.cut,
        "arrivals": explored.deliveries,
        "is_complete": explored.extent == Extent::Complete,
        "bounded_by": bound,
        "left_out": explored.left_out,
        "promises": explored.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "trace_sha256": explored.trace.as_ref().map(|trace| jsonl::digest(trace).to_string()),
        "exit_code": explored.exit_code(),
    })
}
