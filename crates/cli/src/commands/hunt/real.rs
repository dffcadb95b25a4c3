//! `constellation hunt --real`: real servers of this machine, hunted by schedules of faults.

#[cfg(target_os = "linux")]
mod caught;
#[cfg(target_os = "linux")]
mod drawn;
#[cfg(target_os = "linux")]
mod json;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
mod told;

use crate::args;
use crate::printer::Printer;

#[cfg(not(target_os = "linux"))]
pub(super) fn run(_: &args::Hunt, _: &mut Printer) -> anyhow::Result<u8> {
    anyhow::bail!(
        "--real needs sites in namespaces of their own, which only Linux has\nhelp: without --real, scenarios and specimens are hunted on every system"
    )
}

#[cfg(target_os = "linux")]
pub(super) fn run(arguments: &args::Hunt, printer: &mut Printer) -> anyhow::Result<u8> {
    use crate::commands::place::real::targets;
    use crate::file::make_folder;
    use crate::pictures;

    let targets = targets::of(std::slice::from_ref(&arguments.target.scenario), arguments.store.as_deref())?;
    let asked = caught::Asked::of(arguments)?;
    pictures::prepare(&arguments.drawn)?;
    if let Some(folder) = &arguments.keep {
        // Found out now, not after an hour of hunting.
        make_folder(folder)?;
    }
    let all = caught::hunt_all(&targets, &asked, arguments, printer)?;
    drawn::draw(&arguments.drawn, &all, printer)?;
    let code = caught::exit_code(&all);
    if arguments.json {
        printer.json(&json::of(&all, code))?;
        return Ok(code);
    }
    for (nth, caught) in all.iter().enumerate() {
        if nth > 0 {
            printer.line("")?;
        }
        told::print(caught, printer)?;
    }
    Ok(code)
}
