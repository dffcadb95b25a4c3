//! `constellation place --cap`: the fewest lost messages with which a store breaks one of two promises, as a timeline.

use constellation_lab::placement::cap::{Broken, Cap, Message, Promise, Smallest, Wrong, cap};
use constellation_lab::placement::protocol::PAIR_AT;
use constellation_lab::placement::told::capital;
use constellation_lab::placement::{PlaceError, SITE_NAMES};
use constellation_trace::{EventId, TrueTime};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::targets::Targets;
use super::told::titled;
use super::{SCHEMA, evidence, json};
use crate::args::Place;
use crate::commands::judge::{evidence as of_judge, pool};
use crate::printer::{HOLDS, Printer, VIOLATED, count, faint, outcome, strong};
use crate::timeline::print_events;

pub(super) fn run(arguments: &Place, targets: &Targets<'_>, printer: &mut Printer) -> anyhow::Result<u8> {
    targets.only_stores("--cap runs a store")?;
    let progress = printer.progress("losing messages");
    let found: Result<Vec<Cap>, PlaceError> =
        pool(arguments.jobs)?.install(|| targets.stores.par_iter().map(cap).collect());
    progress.finish_and_clear();
    let found = found?;
    let is_found = |cap: &Cap| cap.with_losses.is_some() || cap.without_loss.is_some();
    let code = if found.iter().all(is_found) { 0 } else { 3 };
    if arguments.json {
        let stores: Vec<Value> = found.iter().map(as_json).collect();
        printer.json(&json!({"schema": SCHEMA, "basis": "measured", "exit_code": code, "stores": stores}))?;
        return Ok(code);
    }
    for (nth, cap) in found.iter().enumerate() {
        if nth > 0 {
            printer.line("")?;
        }
        print(cap, printer)?;
    }
    Ok(code)
}

fn print(cap: &Cap, printer: &mut Printer) -> anyhow::Result<()> {
    let runs = count(cap.runs, "run");
    printer.line(format!("{}  {}", strong(&cap.store), faint(&format!("{runs} made, nothing assumed"))))?;
    if let Some(broken) = &cap.without_loss {
        titled("without", &format!("No partition is needed: {}.", broken.told()), printer)?;
    }
    if let Some(broken) = &cap.with_losses {
        titled("partition", &sentence(&broken.told()), printer)?;
        let known = match broken.smallest {
            Smallest::OfAll => "With fewer messages lost no run breaks a promise: all were made.",
            Smallest::OfItsKind => "Deliver any one of them, and this run breaks no promise.",
        };
        titled("fewest", known, printer)?;
    }
    if let Some(broken) = &cap.with_a_cut {
        titled(
            "resending",
            &format!("{} It does not help to send it again.", sentence(&broken.told())),
            printer,
        )?;
    }
    if let Some(told) = cap.wrong.told() {
        titled("wrong", &told, printer)?;
    }
    let Some(broken) = cap.with_losses.as_ref().or(cap.without_loss.as_ref()) else {
        return titled("partition", &sentence(&cap.told()), printer);
    };
    shown(broken, printer)?;
    if let Wrong::Found(broken) = &cap.wrong {
        printer.line("")?;
        printer.line("  the wrong answer:")?;
        shown(broken, printer)?;
    }
    Ok(())
}

/// Which promise is kept and which is not, and what happens.
fn shown(broken: &Broken, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line("")?;
    let [answered, linearizable] = match &broken.promise {
        Promise::Available { .. } => [false, true],
        Promise::Consistent(_) => [broken.record.asked.iter().all(|asked| asked.done().is_some()), false],
    };
    let mark =
        |is_kept| if is_kept { outcome(HOLDS, "✓", "kept") } else { outcome(VIOLATED, "✗", "broken") };
    printer.line(format!("  {} every request to a running site is answered, within 1 s", mark(answered)))?;
    printer.line(format!("  {} what is answered is linearizable", mark(linearizable)))?;
    if let Promise::Consistent(violation) = &broken.promise
        && let Some(shown) = evidence::shown(&broken.record, &violation.operations)?
    {
        of_judge::print(&shown, of_judge::Ways::default(), "", printer)?;
    }
    printer.line("")?;
    timeline(broken, printer)
}

/// From the write to the end of the last operation, what has to do with the two.
fn timeline(broken: &Broken, printer: &mut Printer) -> anyhow::Result<()> {
    let start = TrueTime::from_ns(0);
    let ended = broken.record.asked.iter().filter_map(|asked| asked.ended.as_ref()).map(|(at, _)| *at);
    let times = start.saturating_add(PAIR_AT)..=start.saturating_add(ended.max().unwrap_or(PAIR_AT));
    let at = |event: &EventId| times.contains(&broken.trace.event(*event).at);
    let events: Vec<EventId> = broken.events().into_iter().filter(at).collect();
    let all = broken.trace.event_ids().filter(at).count();
    print_events(&broken.trace, &events, times.clone(), printer)?;
    if events.len() == all {
        return Ok(());
    }
    let others = count(all - events.len(), "event");
    printer.line(faint(&format!(
        "· {others} between sites that no chain of messages joins to the two operations"
    )))
}

fn sentence(text: &str) -> String {
    format!("{}.", capital(text))
}

fn as_json(cap: &Cap) -> Value {
    let broken = |broken: &Option<Broken>| broken.as_ref().map(broken_json);
    json!({
        "store": cap.store,
        "told": cap.told(),
        "runs": cap.runs,
        "without_loss": broken(&cap.without_loss),
        "with_losses": broken(&cap.with_losses),
        "with_a_cut": broken(&cap.with_a_cut),
        "wrong": wrong_json(&cap.wrong),
    })
}

fn wrong_json(wrong: &Wrong) -> Value {
    let mut object = match wrong {
        Wrong::Shown => json!({"found": "above"}),
        Wrong::Found(broken) => json!({"found": "here", "run": broken_json(broken)}),
        Wrong::NotFound { lost_max } => json!({"found": "no", "lost_max": lost_max}),
        _ => json!({}),
    };
    object["told"] = json!(wrong.told());
    object
}

fn broken_json(broken: &Broken) -> Value {
    let lost = broken.lost.iter().map(|Message { source, target, nth, .. }| {
        json!({"from": SITE_NAMES[*source], "to": SITE_NAMES[*target], "nth": nth})
    });
    let promise = match broken.promise {
        Promise::Available { .. } => "answered",
        Promise::Consistent(_) => "linearizable",
    };
    let places: Vec<usize> = (0..broken.record.asked.len()).collect();
    json!({
        "told": broken.told(),
        "broken": promise,
        "is_smallest": broken.smallest == Smallest::OfAll,
        "lost": lost.collect::<Vec<_>>(),
        "links": broken.links.iter().map(|(source, target)| json!({"from": SITE_NAMES[*source], "to": SITE_NAMES[*target]})).collect::<Vec<_>>(),
        "operations": json::operations(&broken.record, &places),
    })
}
