//! The election of a coordinator, told: when satellites pass over, who stood, who voted for whom, and who won.

use constellation_lab::incidents::antarctic::election::{Election, Term};
use constellation_lab::words::one_line;
use constellation_trace::format::jsonl;
use serde_json::{Value, json};

use super::{clock, ns, seconds};
use crate::judgements::{judgement_json, print_judgements};
use crate::printer::{Printer, faint, strong};

/// Prints what stations did, between the openings and closings of the windows, then the votes of each term, and the
/// verdicts.
pub(super) fn print(election: &Election, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("{} · a coordinator before the next pass window closes", strong("election")))?;
    printer.line("")?;
    let [storm, after] = election.orbit.windows();
    let mut windows = [
        (storm.opens, format!("a satellite passes over: {}", election.orbit.groups())),
        (storm.closes, "the window closes".to_owned()),
        (after.opens, "the next pass, with both relays: every station hears every other".to_owned()),
        (after.closes, "that window closes".to_owned()),
    ]
    .into_iter()
    .peekable();
    let width = election.deeds.iter().map(|deed| deed.station.len()).max().unwrap_or(0);
    let world = |time, what: &str| strong(&format!("{:>9}  ═══ {what}", clock(time)));
    for deed in &election.deeds {
        while let Some((time, what)) = windows.next_if(|(time, _)| deed.at >= *time) {
            printer.line(world(time, &what))?;
        }
        let what = one_line(&deed.what).into_owned();
        let what = if what.starts_with("coordinates") { strong(&what) } else { what };
        printer.line(format!("{:>9}  {:<width$}  {what}", clock(deed.at), deed.station))?;
    }
    for (time, what) in windows {
        printer.line(world(time, &what))?;
    }
    printer.line("")?;
    for term in &election.terms {
        printer.line(told(term))?;
    }
    printer.line(format!("one round of votes takes {} at most over these links", seconds(election.round)))?;
    for remark in &election.remarks {
        printer.line(faint(&format!("· {remark}")))?;
    }
    printer.line("")?;
    print_judgements(&election.judgements, Some(&election.trace), printer)
}

/// `term 1: 4 votes for pacific (…), 2 for tasman (…); pacific coordinates it`.
fn told(term: &Term) -> String {
    let votes = term.votes.iter().enumerate().map(|(nth, (candidate, voters))| {
        let noun = match (nth, voters.len()) {
            (0, 1) => " vote",
            (0, _) => " votes",
            _ => "",
        };
        format!("{}{noun} for {candidate} ({})", voters.len(), voters.join(", "))
    });
    let end = match &term.coordinators[..] {
        [] => "nobody coordinates it".to_owned(),
        [one] => format!("{one} coordinates it"),
        several => format!("{} coordinate it", several.join(" and ")),
    };
    format!("term {}: {}; {end}", term.number, votes.collect::<Vec<_>>().join(", "))
}

pub(super) fn as_json(election: &Election) -> Value {
    let windows = election.orbit.windows().map(|window| {
        json!({"opens_ns": window.opens.ns().to_string(), "closes_ns": window.closes.ns().to_string()})
    });
    let terms = election.terms.iter().map(|term| {
        let votes =
            term.votes.iter().map(|(candidate, voters)| json!({"candidate": candidate, "voters": voters}));
        json!({
            "term": term.number,
            "votes": votes.collect::<Vec<_>>(),
            "coordinators": term.coordinators,
        })
    });
    let deeds = election.deeds.iter().map(|deed| {
        json!({
            "at_ns": deed.at.ns().to_string(),
            "event": deed.event.number(),
            "station": deed.station,
            "what": deed.what,
        })
    });
    json!({
        "windows": windows,
        "round_ns": ns(election.round),
        "terms": terms.collect::<Vec<_>>(),
        "deeds": deeds.collect::<Vec<_>>(),
        "promises": election.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "exit_code": election.exit_code(),
        "remarks": election.remarks,
        "trace_sha256": jsonl::digest(&election.trace).to_string(),
    })
}
