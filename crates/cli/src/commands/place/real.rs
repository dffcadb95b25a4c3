//! `constellation place --real`: real servers of this machine, placed.

#[cfg(target_os = "linux")]
mod compared;
#[cfg(target_os = "linux")]
mod json;
#[cfg(target_os = "linux")]
mod listed;
#[cfg(target_os = "linux")]
pub(in crate::commands) mod measured;
#[cfg(target_os = "linux")]
pub(in crate::commands) mod targets;
#[cfg(target_os = "linux")]
mod told;

use constellation_lab::placement::catalogue::Catalogue;

use crate::args::Place;
use crate::printer::Printer;

#[cfg(not(target_os = "linux"))]
pub(super) fn run(_: &Place, _: &Catalogue, _: &mut Printer) -> anyhow::Result<u8> {
    anyhow::bail!(
        "--real needs sites in namespaces of their own, which only Linux has\nhelp: without --real, simulated stores are measured on every system"
    )
}

#[cfg(target_os = "linux")]
pub(super) fn run(arguments: &Place, catalogue: &Catalogue, printer: &mut Printer) -> anyhow::Result<u8> {
    use constellation_servers::rounds::{Effort, read_back};

    use super::histories;

    if arguments.targets.is_empty() && arguments.store.is_none() {
        return listed::run(arguments, printer);
    }
    let targets = targets::of(&arguments.targets, arguments.store.as_deref())?;
    histories::prepare(arguments)?;
    let all = measured::measure(&targets, arguments, catalogue, printer)?;
    let placements: Vec<_> = all.iter().map(|measured| &measured.real.placement).collect();
    histories::write(arguments, &placements)?;
    let code = measured::exit_code(&all);
    if arguments.json {
        printer.json(&json::of(&all, code))?;
        return Ok(code);
    }
    for measured in &all {
        told::print(measured, printer)?;
        printer.line("")?;
    }
    let effort = all.first().map_or(Effort::Whole, |measured| measured.real.effort);
    super::told::legend_of(read_back(effort), printer)?;
    histories::tell(arguments, &placements, printer)?;
    Ok(code)
}
