//! What `constellation check` says of the spans of services: two verdicts, skew as remarks, and which orders are not known.

use constellation_trace::Judgement;
use serde_json::json;

use super::SCHEMA;
use crate::args::Check;
use crate::given::Given;
use crate::judgements::{judgement_json, print_judgements};
use crate::printer::{Printer, count, faint, strong};

pub(super) fn checked(
    arguments: &Check,
    name: &str,
    given: &Given,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    let code = Judgement::exit_code(&given.judgements);
    let picture = given.picture()?;
    let trace = picture.trace();
    let (spans, services) = (trace.nodes().len(), picture.lane_names().len());
    let (remarks, unknown) = (&picture.caption().remarks, &picture.caption().unknown);
    if arguments.json {
        printer.json(&json!({
            "schema": SCHEMA,
            "log": name,
            "format": "otlp-json",
            "parser": null,
            "delimiter": null,
            "executions": [{
                "execution": "",
                "origin": null,
                "events": trace.events().len(),
                "nodes": services,
                "messages": 0,
                "promises": given.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
                "faults": [],
                "faults_total": 0,
                "notes": remarks,
                "unknown": unknown,
            }],
            "unmatched": {"lines": 0, "first": []},
            "exit_code": code,
        }))?;
        return Ok(code);
    }
    printer.line(format!("{} · {}", strong(name), faint("spans of services, OTLP-JSON")))?;
    let orders = count(picture.edges().len(), "order");
    printer.line(format!("{}, {}, {orders}", count(spans, "span"), count(services, "service")))?;
    print_judgements(&given.judgements, None, printer)?;
    for remark in remarks {
        printer.line(format!("· {remark}"))?;
    }
    for line in unknown {
        printer.line(faint(&format!("· not known: {line}")))?;
    }
    Ok(code)
}
