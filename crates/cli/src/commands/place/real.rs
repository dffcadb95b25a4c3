//! `constellation place --real`: real servers of this machine, placed.

#[cfg(target_os = "linux")]
mod agreed;
#[cfg(target_os = "linux")]
mod compared;
#[cfg(target_os = "linux")]
mod down;
#[cfg(target_os = "linux")]
mod drawn;
#[cfg(target_os = "linux")]
mod json;
#[cfg(target_os = "linux")]
mod listed;
#[cfg(target_os = "linux")]
pub(in crate::commands) mod measured;
#[cfg(target_os = "linux")]
mod required;
#[cfg(target_os = "linux")]
mod runs;
#[cfg(target_os = "linux")]
mod table;
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
    use super::{histories, plotted};

    if arguments.targets.is_empty() && arguments.store.is_none() && !arguments.all {
        needs_none(arguments)?;
        return listed::run(arguments, printer);
    }
    let wanted = arguments.require.as_deref().map(required::Wanted::of).transpose()?;
    let (targets, missing) = match arguments.all && arguments.targets.is_empty() {
        true => targets::installed(arguments.store.as_deref())?,
        false => (targets::of(&arguments.targets, arguments.store.as_deref())?, Vec::new()),
    };
    if targets.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|one| &*one.missing.package).collect();
        anyhow::bail!(
            "no server that can be placed is installed\nhelp: `apt-get install` one of {}, and stop the service that this may begin",
            packages.join(", ")
        );
    }
    plotted::prepare(arguments)?;
    histories::prepare(arguments)?;
    let all = measured::measure(&targets, arguments, catalogue, printer)?;
    let rounds = runs::rounds(&all);
    histories::write(arguments, &rounds)?;
    plotted::draw(arguments, &drawn::of(arguments, &all))?;
    let code = measured::exit_code(&all, arguments.compare);
    if let Some(wanted) = &wanted {
        return wanted.check(&all, code, arguments, printer);
    }
    if arguments.json {
        printer.json(&json::of(&all, &missing, code))?;
        return Ok(code);
    }
    if arguments.table {
        table::print(&all, &missing, arguments, printer)?;
        return Ok(code);
    }
    runs::print(&all, &missing, printer)?;
    histories::tell(arguments, &rounds, printer)?;
    Ok(code)
}

/// That nothing was asked for of which a server would have to be named.
#[cfg(target_os = "linux")]
fn needs_none(arguments: &Place) -> anyhow::Result<()> {
    let Place { table, require, plotted, .. } = arguments;
    let flags = [
        ("--table", *table),
        ("--require", require.is_some()),
        ("--html", plotted.html.is_some()),
        ("--svg", plotted.svg.is_some()),
    ];
    match flags.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => anyhow::bail!(
            "{flag} needs a server that is measured\nhelp: name one, which `constellation place --real` lists; --all measures all of them"
        ),
        None => Ok(()),
    }
}
