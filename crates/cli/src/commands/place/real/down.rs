//! What became of a real server of which one was killed: in sentences, with what shows it, and for a script.

use constellation_lab::placement::downtime::{Downtime, Outage};
use constellation_lab::placement::judged::Consistency;
use constellation_lab::placement::measure::Gone;
use constellation_lab::placement::record::Record;
use constellation_lab::placement::{SITE_NAMES, told};
use constellation_servers::place::{Killed, Killing, RealPlacement};
use constellation_verify::models;
use serde_json::{Value, json};

use super::super::evidence;
use super::super::json::{consistency, lost, micros};
use crate::printer::Printer;

/// The round in which a server was killed, if that came to its end.
pub(super) fn record(real: &RealPlacement) -> Option<&Record> {
    match &real.killing {
        Killing::Judged(killed) => Some(&killed.record),
        _ => None,
    }
}

/// What is said of it.
pub(super) fn sentences(real: &RealPlacement) -> Vec<String> {
    match &real.killing {
        Killing::Judged(killed) => {
            let Killed { is_leader, record, downtime, doubts } = &**killed;
            let doubts = doubts.iter().map(|doubt| format!("In doubt: {doubt}."));
            told::downtime(downtime, record, *is_leader).into_iter().chain(doubts).collect()
        }
        nothing => vec![format!("No server was killed{}.", why(nothing).unwrap_or_default())],
    }
}

/// Why nothing is known of it, as the end of a sentence.
fn why(killing: &Killing) -> Option<String> {
    match killing {
        Killing::Judged(_) => None,
        Killing::Quick => Some(
            ", for which --quick leaves no time: without it that of whoever leads is, at the end".to_owned(),
        ),
        Killing::NotMeant => Some(", as it is not meant to survive that".to_owned()),
        Killing::Interrupted => Some(": it was interrupted before the end of that".to_owned()),
        Killing::Failed(why) => Some(format!(" to any purpose: {why}")),
    }
}

/// The operations that show which models did not hold.
pub(super) fn details(real: &RealPlacement, printer: &mut Printer) -> anyhow::Result<()> {
    let Killing::Judged(killed) = &real.killing else { return Ok(()) };
    for (name, held) in &killed.downtime.models {
        let model = models::all().iter().find(|model| model.about().name == *name);
        if let (Consistency::Violated(violation), Some(model)) = (held, model) {
            printer.line("")?;
            let condition = violation.condition;
            printer.line(format!("  not {name} while {condition}, shown by the fewest operations:"))?;
            evidence::print_of(*model, &killed.record, violation, printer)?;
        }
    }
    Ok(())
}

/// As an object; where no server was killed, with the reason alone.
pub(super) fn json(real: &RealPlacement) -> Value {
    let Killing::Judged(killed) = &real.killing else {
        return json!({"site": null, "because": sentences(real).concat()});
    };
    let Killed { is_leader, record, downtime, doubts } = &**killed;
    let Downtime { site, down, back, lost: of, gone, overwritten, models, read_back } = downtime;
    let models = models.iter().map(|(name, held)| {
        let mut object = consistency(held, std::slice::from_ref(record));
        object["model"] = json!(name);
        object
    });
    json!({
        "site": SITE_NAMES[*site],
        "led": is_leader,
        "told": told::downtime(downtime, record, *is_leader),
        "doubts": doubts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "down": down.iter().map(outage).collect::<Vec<_>>(),
        "back": back.iter().map(outage).collect::<Vec<_>>(),
        "read_back_us": micros(*read_back),
        "lost": lost(of),
        "gone": gone.iter().map(|gone| when(gone, record)).collect::<Vec<_>>(),
        "overwritten": json!({"count": overwritten.count, "of": overwritten.of}),
        "models": models.collect::<Vec<_>>(),
    })
}

fn outage(row: &Outage) -> Value {
    json!({
        "site": SITE_NAMES[row.site],
        "operation": row.kind.to_string(),
        "asked": row.asked,
        "done": row.done(),
        "refused": row.refused,
        "unanswered": row.unanswered,
        "again_us": row.again.map(micros),
    })
}

/// A lost write, with its times since the beginning of the round.
fn when(gone: &Gone, record: &Record) -> Value {
    let of = |place: usize| record.asked.get(place);
    let (write, missed) = (of(gone.write), of(gone.missed));
    let ended = |place| of(place).and_then(|asked| asked.done()).map(|(at, _)| micros(at));
    json!({
        "key": write.map(|write| &write.ask.key),
        "value": write.and_then(|write| write.written()),
        "site": write.map(|write| SITE_NAMES[write.site]),
        "acknowledged_us": ended(gone.write),
        "last_shown_us": gone.shown.and_then(ended),
        "gone_us": ended(gone.missed),
        "gone_at": missed.map(|read| SITE_NAMES[read.site]),
    })
}
