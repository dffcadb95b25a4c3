//! Real servers that were hunted, for a script.

use std::path::Path;

use constellation_servers::hunt::rounds::{Found, Hunted};
use constellation_servers::hunt::schedule::FaultKind;
use serde_json::{Value, json};

use super::caught::Caught;
use super::told::{commands, operations, shown};
use crate::commands::judge::evidence;

const SCHEMA: &str = "constellation/hunt-real/1";

/// The whole object.
pub(super) fn of(all: &[Caught], code: u8) -> Value {
    let modes: Vec<Value> = all.iter().map(mode).collect();
    json!({"schema": SCHEMA, "exit_code": code, "modes": modes})
}

fn mode(caught: &Caught) -> Value {
    let Caught { name, claim, kinds, from, hunted, again, .. } = caught;
    let Hunted { rounds, operations, answered, unknown, is_interrupted, limits, took, version, .. } = hunted;
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    json!({
        "mode": name,
        "claims": claim.name(),
        "version": version,
        "faults": kinds.iter().map(|kind: &FaultKind| kind.name()).collect::<Vec<_>>(),
        "from": from,
        "rounds": rounds,
        "operations": operations,
        "answered": answered,
        "unknown": unknown.0,
        "unknown_since": unknown.1,
        "fallen": hunted.fallen,
        "late_us": micros(hunted.lateness.most),
        "is_interrupted": is_interrupted,
        "limits": limits,
        "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "finding": hunted.finding.as_ref().map(|found| finding(caught, found)),
        "again": again,
    })
}

fn finding(caught: &Caught, found: &Found) -> Value {
    let lines: Vec<String> = found.schedule.to_string().lines().map(str::to_owned).collect();
    // What cannot be shown as a judge does is there as operations.
    let shown = shown(found).ok().flatten();
    let text = |path: &Path| path.display().to_string();
    json!({
        "round": found.round,
        "seed": found.schedule.seed,
        "schedule": lines,
        "model": found.violation.model,
        "found": found.violation.found,
        "operations": operations(found),
        "evidence": shown.as_ref().map(evidence::json),
        "tries": found.again.tries,
        "tries_violated": found.again.violated,
        "tries_unknown": found.again.unknown,
        "files": caught.kept.as_ref().map(|kept| json!({
            "schedule": text(&kept.schedule),
            "history": text(&kept.history),
            "smallest": text(&kept.smallest),
        })),
        "next": caught.kept.as_ref().map(|kept| commands(caught, found, kept)),
    })
}
