//! `constellation scenarios`: what there is to run.

use constellation_lab::incidents::{INCIDENTS, STUDIES};
use serde_json::json;

use crate::args::Scenarios;
use crate::printer::{Printer, strong};

pub(crate) fn run(arguments: &Scenarios, printer: &mut Printer) -> anyhow::Result<u8> {
    let scenarios = INCIDENTS.iter().map(|incident| incident.scenario());
    let scenarios = scenarios.map(|scenario| (scenario.name, scenario.title));
    let studies = STUDIES.iter().map(|study| (study.name.to_owned(), study.title.to_owned()));
    let listed: Vec<(String, String)> = scenarios.chain(studies).collect();
    if arguments.json {
        let scenarios: Vec<_> =
            listed.iter().map(|(name, title)| json!({"name": name, "title": title})).collect();
        printer.json(&json!({"schema": "constellation/scenarios/1", "scenarios": scenarios}))?;
        return Ok(0);
    }
    let width = listed.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, title) in listed {
        printer.line(format!("{}  {title}", strong(&format!("{name:<width$}"))))?;
    }
    Ok(0)
}
