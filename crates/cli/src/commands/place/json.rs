//! What was measured and what is declared, for a script.

use std::time::Duration;

use constellation_lab::placement::catalogue::System;
use constellation_lab::placement::judged::{Consistency, Violation};
use constellation_lab::placement::measure::Answers;
use constellation_lab::placement::numbers::{CutRow, StaleRow, cut_rows, stale_rows};
use constellation_lab::placement::record::Record;
use constellation_lab::placement::told;
use constellation_lab::placement::trade::Trade;
use constellation_lab::placement::{Elsewhere, Lost, Placement, SITE_NAMES, StaleReads};
use serde_json::{Value, json};

use super::measured::{Besides, Measured};
use super::{SCHEMA, declared};

/// The whole object.
pub(super) fn of(measured: &[Measured], systems: &[&System], code: u8) -> Value {
    let basis = match (measured.is_empty(), systems.is_empty()) {
        (false, true) => "measured",
        (false, false) => "both",
        (true, _) => "declared",
    };
    let mut object = json!({"schema": SCHEMA, "basis": basis, "exit_code": code});
    if !measured.is_empty() {
        object["stores"] = measured.iter().map(store).collect();
    }
    if !systems.is_empty() {
        object["systems"] = systems.iter().map(|system| declared::json(system)).collect();
    }
    object
}

/// One store.
pub(super) fn store(measured: &Measured) -> Value {
    let mut object = placement(&measured.placement);
    if let Some(Besides { strongest: (normal, cut), elsewhere }) = &measured.besides {
        let elsewhere: Vec<_> = elsewhere
            .iter()
            .map(|Elsewhere { setting, cell, trade: Trade { gains, costs }, .. }| {
                json!({"setting": setting, "cell": cell.to_string(), "gains": gains, "costs": costs})
            })
            .collect();
        object["elsewhere"] = json!(elsewhere);
        object["strongest"] = json!({"normal": normal.holds, "partition": cut.holds});
        object["strongest_unknown"] = json!({"normal": normal.unknown, "partition": cut.unknown});
    }
    object
}

/// What was measured, and where that is.
pub(super) fn placement(placement: &Placement) -> Value {
    let trips = placement.trips.iter().map(|row| {
        let trips = row.trips.map(|trips| trips.to_string());
        let most = row.most().map(|trips| trips.to_string());
        let (site, operation) = (SITE_NAMES[row.site], row.kind.to_string());
        json!({"site": site, "operation": operation, "round_trips": trips, "round_trips_max": most})
    });
    let Placement { overwritten, baseline, .. } = placement;
    json!({
        "store": placement.store,
        "basis": "measured",
        "seed": placement.seed,
        "cell": placement.cell.to_string(),
        "partition": told::partition(placement),
        "other_cuts": told::other_cuts(placement),
        "two_sites": told::splits(placement),
        "normal": told::otherwise(placement),
        "round_trips": trips.collect::<Vec<_>>(),
        "stale_reads": stale_rows(&placement.records).iter().map(stale).collect::<Vec<_>>(),
        "cuts": cut_rows(&placement.records).iter().map(|row| cut(row, &placement.answers)).collect::<Vec<_>>(),
        "lost": lost(&placement.lost),
        "overwritten": json!({"count": overwritten.count, "of": overwritten.of}),
        "baseline": json!({"models": baseline.models, "broken": baseline.broken, "unknown": baseline.unknown}),
        "linearizable": json!({
            "normal": consistency(&placement.normal, &placement.records),
            "partition": consistency(&placement.in_partition, &placement.records),
        }),
    })
}

fn stale(row: &StaleRow) -> Value {
    let StaleReads { count, of, age_max } = row.reads;
    json!({"while": row.network(), "count": count, "of": of, "age_max_us": micros(age_max)})
}

fn cut(row: &CutRow, answers: &[Answers]) -> Value {
    let answers = row.answers(answers);
    json!({
        "while": row.condition.to_string(),
        "site": SITE_NAMES[row.site],
        "operation": row.kind.to_string(),
        "done": row.done,
        "refused": row.refused,
        "unanswered": row.unanswered,
        "gap_us": answers.map(|answers| micros(answers.gap)),
        "is_available": answers.map(Answers::is_available),
        "after_heal": answers.map(|answers| json!({"asked": answers.back.asked, "done": answers.back.done})),
    })
}

/// What became of acknowledged writes.
pub(super) fn lost(lost: &Lost) -> Value {
    json!({
        "count": lost.count,
        "partly": lost.partly,
        "late": lost.late,
        "of": lost.of,
        "unread": lost.unread,
        "unread_partly": lost.unread_partly,
    })
}

/// Whether these rounds keep a model, and what shows it if not.
pub(super) fn consistency(consistency: &Consistency, records: &[Record]) -> Value {
    match consistency {
        Consistency::Holds => json!({"verdict": "holds"}),
        Consistency::Unknown(limit) => json!({"verdict": "unknown", "limit": limit.to_string()}),
        Consistency::Violated(violation) => {
            let Violation { round, condition, found, operations: places } = &**violation;
            let record = records.get(*round);
            let operations = record.map_or_else(Vec::new, |record| operations(record, places));
            json!({
                "verdict": "violated",
                "while": condition.to_string(),
                "found": found,
                "operations": operations,
            })
        }
    }
}

/// These operations of a round, by their places.
pub(super) fn operations(record: &Record, places: &[usize]) -> Vec<Value> {
    let history = record.history();
    let of = places
        .iter()
        .filter_map(|place| Some((record.asked.get(*place)?, history.operations().get(*place)?)));
    of.map(|(asked, operation)| {
        let ended = operation.completed.as_ref();
        let mut object = json!({
            "site": SITE_NAMES[asked.site],
            "client": asked.client,
            "call": operation.call.to_string().trim_end(),
            "begun_us": micros(asked.begun),
            "ended_us": asked.ended.as_ref().map(|(at, _)| micros(*at)),
            "completion": ended.map(|(_, completion)| completion.to_string()),
        });
        if !asked.ask.over.is_empty() {
            object["over"] = json!(asked.ask.over);
        }
        object
    })
    .collect()
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
