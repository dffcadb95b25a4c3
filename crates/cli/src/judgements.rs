//! How judgements are told: a line each, with the evidence below it, or as JSON.

use constellation_lab::words::one_line;
use constellation_report::text;
use constellation_report::{Caption, Picture};
use constellation_trace::{Judgement, Link, Proof, Trace, Verdict, Witness};
use serde_json::{Value, json};

use crate::printer::{Printer, faint, inked, verdict};

/// Prints judgements, each with its evidence; drawn, where the run is at hand that they are of. What two of them share is
/// drawn once.
pub(crate) fn print_judgements(
    judgements: &[Judgement],
    trace: Option<&Trace>,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let mut shown: Vec<Vec<String>> = Vec::new();
    for judgement in judgements {
        let scope =
            if judgement.scope.is_empty() { String::new() } else { format!("  ({})", judgement.scope) };
        let line = format!("{} {}{}", verdict(&judgement.verdict), judgement.promise, faint(&scope));
        printer.line(line)?;
        match &judgement.verdict {
            Verdict::Violated(evidence) => {
                let mut drawn = trace.map_or_else(Vec::new, |trace| drawn(judgement, trace, printer));
                if shown.contains(&drawn) {
                    drawn.clear();
                } else {
                    shown.push(drawn.clone());
                }
                for line in evidence.to_string().lines() {
                    // Below what it draws, before what is told besides.
                    if ["steps ", "notes ", "replay "].iter().any(|title| line.starts_with(title)) {
                        std::mem::take(&mut drawn).iter().try_for_each(|line| printer.line(line))?;
                    }
                    printer.line(format!("    {}", one_line(line)))?;
                }
                drawn.iter().try_for_each(|line| printer.line(line))?;
            }
            Verdict::Unknown(limit) => printer.line(format!("    {limit}"))?,
            Verdict::Holds => {}
        }
    }
    Ok(())
}

/// The evidence of a judgement as a drawing, in lines of a hundred columns at most.
fn drawn(judgement: &Judgement, trace: &Trace, printer: &Printer) -> Vec<String> {
    const COLUMNS: usize = 100;
    const INDENT: usize = 14;
    let picture = Picture::new(trace, std::slice::from_ref(judgement), Caption::default());
    let lines = text::draw_evidence(&picture, COLUMNS - INDENT, printer.letters());
    let line = |(nth, line): (usize, &text::Line)| {
        format!("    {:<10}{}", if nth == 0 { "drawn" } else { "" }, inked(line).trim_end())
    };
    lines.iter().enumerate().map(line).collect()
}

/// One judgement, with its evidence taken apart.
pub(crate) fn judgement_json(judgement: &Judgement) -> Value {
    let mut object = json!({
        "promise": judgement.promise,
        "verdict": judgement.verdict.word(),
        "scope": judgement.scope,
    });
    match &judgement.verdict {
        Verdict::Violated(evidence) => {
            object["expected"] = json!(evidence.expected);
            object["found"] = json!(evidence.found);
            object["events"] = evidence.events.iter().map(witness_json).collect();
            object["proof"] = proof_json(&evidence.proof);
            object["steps"] = json!(evidence.steps);
            if !evidence.meanings.is_empty() {
                object["meanings"] = json!(evidence.meanings);
            }
            object["notes"] = json!(evidence.notes);
            object["text"] = json!(evidence.to_string());
        }
        Verdict::Unknown(limit) => object["limit"] = json!(limit.to_string()),
        Verdict::Holds => {}
    }
    object
}

fn witness_json(witness: &Witness) -> Value {
    json!({
        "event": witness.event.number(),
        "process": witness.process,
        "at_ns": witness.at.ns().to_string(),
        "what": witness.what,
        "stamps": witness.stamps,
    })
}

/// Why the expectation is right: `kind` says which of the other keys there are.
fn proof_json(proof: &Proof) -> Value {
    match proof {
        Proof::Chain(chain) => {
            json!({"kind": "chain", "events": chain.iter().map(witness_json).collect::<Vec<_>>()})
        }
        Proof::NoChain { one, other } => {
            json!({"kind": "no-chain", "between": [one.number(), other.number()]})
        }
        Proof::Rule(rule) => json!({"kind": "rule", "rule": rule}),
        Proof::Cycle(links) => {
            let link = |link: &Link| json!({"from": witness_json(&link.from), "to": witness_json(&link.to), "why": link.why});
            json!({"kind": "cycle", "links": links.iter().map(link).collect::<Vec<_>>()})
        }
        _ => json!({"kind": "other"}),
    }
}
