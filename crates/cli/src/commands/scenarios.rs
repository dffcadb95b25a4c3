//! `constellation scenarios`: what there is to run.

use constellation_lab::incidents::INCIDENTS;
use serde_json::json;

use crate::args::Scenarios;
use crate::printer::{Printer, strong};

pub(crate) fn run(arguments: &Scenarios, printer: &mut Printer) -> anyhow::Result<u8> {
    let scenarios: Vec<_> = INCIDENTS.iter().map(|incident| incident.scenario()).collect();
    if arguments.json {
        let scenarios: Vec<_> = scenarios
            .iter()
            .map(|scenario| json!({"name": scenario.name, "title": scenario.title}))
            .collect();
        printer.json(&json!({"schema": "constellation/scenarios/1", "scenarios": scenarios}))?;
        return Ok(0);
    }
    let width = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    for scenario in scenarios {
        printer.line(format!("{}  {}", strong(&format!("{:<width$}", scenario.name)), scenario.title))?;
    }
    Ok(0)
}
