//! Real servers that were measured, for a script.

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::client::Kind;
use constellation_servers::installed::Missing;
use constellation_servers::interval;
use constellation_servers::place::{RealPlacement, SITES};
use constellation_servers::rounds::Effort;
use serde_json::{Value, json};

use super::super::SCHEMA;
use super::super::json::{micros, placement};
use super::down;
use super::measured::{Failed, Measured, Run};
use super::targets::NotInstalled;

/// The whole object.
pub(super) fn of(all: &[Measured], missing: &[NotInstalled], code: u8) -> Value {
    let servers: Vec<Value> = all.iter().flat_map(|measured| measured.runs.iter().map(server)).collect();
    let missing = missing.iter().map(|NotInstalled { server, missing: Missing { program, package } }| {
        json!({"server": server, "program": program, "package": package})
    });
    json!({
        "schema": SCHEMA,
        "basis": "real",
        "exit_code": code,
        "servers": servers,
        "agreement": all.iter().map(agreement).collect::<Vec<_>>(),
        "not_installed": missing.collect::<Vec<_>>(),
    })
}

/// In how many runs a mode lives where, and which could not be begun.
fn agreement(measured: &Measured) -> Value {
    let Measured { info, mode, wanted, runs, failed, .. } = measured;
    let agreed = measured.agreed();
    let cells = agreed.cells().iter().map(|(cell, count)| json!({"cell": cell.to_string(), "runs": count}));
    let failed = failed.iter().map(|Failed { nth, error }| json!({"run": nth, "error": error.to_string()}));
    json!({
        "server": info.name,
        "mode": mode.name,
        "runs": wanted,
        "measured": runs.len(),
        "cells": cells.collect::<Vec<_>>(),
        "cell": agreed.known().map(|cell| cell.to_string()),
        "failed": failed.collect::<Vec<_>>(),
    })
}

fn server(run: &Run) -> Value {
    let Run { nth, real, strongest: (normal, cut), compared } = run;
    let mut object = placement(&real.placement);
    // Its luck is nobody's choice.
    object["basis"] = json!("real");
    object["seed"] = Value::Null;
    object["server"] = json!(real.info.name);
    object["mode"] = json!(real.mode.name);
    object["run"] = json!(nth);
    object["claims"] = json!(real.mode.model);
    object["version"] = json!(real.version);
    object["is_quick"] = json!(real.effort == Effort::Quick);
    object["took_ms"] = json!(u64::try_from(real.took.as_millis()).unwrap_or(u64::MAX));
    object["doubts"] = real.doubts.iter().map(ToString::to_string).collect();
    object["limits"] = json!(real.limits);
    object["lateness"] = lateness(real);
    object["round_trips_range"] = ranges(real);
    object["shares"] = shares(real);
    object["down"] = down::json(real);
    object["strongest"] = json!({"normal": normal.holds, "partition": cut.holds});
    object["strongest_unknown"] = json!({"normal": normal.unknown, "partition": cut.unknown});
    if let Some(compared) = compared {
        object["compared"] = compared.json();
    }
    object
}

fn lateness(real: &RealPlacement) -> Value {
    let row = |(condition, late): &(_, constellation_servers::drive::Lateness)| {
        let condition: &constellation_lab::placement::protocol::Condition = condition;
        json!({
            "while": condition.to_string(),
            "typical_us": micros(late.typical),
            "most_us": micros(late.most),
        })
    };
    real.lateness.iter().map(row).collect()
}

fn ranges(real: &RealPlacement) -> Value {
    let rows = (0..SITES).flat_map(|site| Kind::ALL.map(|kind| (site, kind)));
    let row = |(site, kind)| {
        let range = interval::trips(&real.placement.records, site, kind);
        let (least, most) = range.map(|(least, most)| (least.to_string(), most.to_string())).unzip();
        json!({"site": SITE_NAMES[site], "operation": kind.to_string(), "from": least, "to": most})
    };
    rows.map(row).collect()
}

fn shares(real: &RealPlacement) -> Value {
    let row = |row: &constellation_lab::placement::measure::Answers| {
        let interval = interval::share(row.done, row.asked);
        json!({
            "while": row.condition.to_string(),
            "site": SITE_NAMES[row.site],
            "operation": row.kind.to_string(),
            "done": row.done,
            "asked": row.asked,
            "percent_from": interval.from,
            "percent_to": interval.to,
        })
    };
    real.placement.answers.iter().map(row).collect()
}
