//! Servers are measured here, one after the other: each has the machine for itself.

use std::env;

use anyhow::{Context as _, anyhow};
use constellation_lab::placement::catalogue::Catalogue;
use constellation_lab::placement::judged::Strongest;
use constellation_servers::installed::Missing;
use constellation_servers::place::{Real, RealError, RealPlacement, Stage, place};
use constellation_servers::rounds::Effort;

use super::compared::{Compared, compare};
use super::targets::Target;
use crate::args::Place;
use crate::interrupts::Interrupts;
use crate::printer::{Printer, count};
use crate::progress::Progress;

/// A server that was measured.
pub(super) struct Measured {
    pub(super) real: RealPlacement,
    /// The strongest models that hold, in normal operation and with a cut.
    pub(super) strongest: (Strongest, Strongest),
    /// What is declared of it, where that was asked for.
    pub(super) compared: Option<Compared>,
}

/// Measures all of them, until the user has had enough.
pub(super) fn measure(
    targets: &[Target],
    arguments: &Place,
    catalogue: &Catalogue,
    printer: &mut Printer,
) -> anyhow::Result<Vec<Measured>> {
    let program = env::current_exe().context("cannot find this program, to begin it once for each site")?;
    let interrupts = Interrupts::listen("the servers end, and what was measured is told")?;
    let aim = count(targets.len() as u64, "mode");
    let mut progress = Progress::begin(arguments.progress, "measuring, in real time", &aim, printer);
    let effort = if arguments.quick { Effort::Quick } else { Effort::Whole };
    let mut all = Vec::new();
    for Target { server, mode } in targets.iter().take_while(|_| !interrupts.came()) {
        let name = format!("{}/{}", server.info().name, mode.name);
        let real = Real {
            server: &**server,
            mode: mode.clone(),
            effort,
            program: program.clone(),
            stop: interrupts.flag(),
        };
        let placed = place(&real, |stage| progress.tell(|| said(&name, stage), printer));
        let real = placed.map_err(|error| {
            progress.end();
            no_placement(&name, &error)
        })?;
        let strongest = real.placement.strongest();
        let compared = arguments.compare.then(|| compare(&real, catalogue));
        all.push(Measured { real, strongest, compared });
    }
    progress.end();
    Ok(all)
}

/// The worst of all: a promise that is broken, before what nobody can tell.
pub(super) fn exit_code(all: &[Measured]) -> u8 {
    let is_broken = |measured: &Measured| measured.compared.as_ref().is_some_and(Compared::is_broken);
    let is_known = |measured: &Measured| measured.real.placement.cell.is_known();
    if all.iter().any(is_broken) {
        return 1;
    }
    if !all.is_empty() && all.iter().all(is_known) { 0 } else { 3 }
}

fn said(name: &str, stage: Stage<'_>) -> String {
    match stage {
        Stage::Starting => format!("{name} starts"),
        Stage::Round { nth, of, condition } => format!("{name}: {nth} of {of}, {condition}"),
        Stage::Judging => format!("{name} is judged"),
    }
}

fn no_placement(name: &str, error: &RealError) -> anyhow::Error {
    anyhow!("{name} cannot be placed: {error}{}", help(error))
}

/// What would help where a server does not run; a line of its own, or nothing.
pub(in crate::commands) fn help(error: &RealError) -> String {
    match error {
        RealError::Missing(Missing { package, .. }) if !package.is_empty() => {
            format!("\nhelp: `apt-get install {package}`, and stop the service that this may begin")
        }
        RealError::NoClient { .. } => {
            "\nhelp: `cargo install --path crates/cli --features real` builds it with those of all servers".to_owned()
        }
        RealError::NotProxied { .. } => {
            "\nhelp: run it as root, or where a user may have namespaces of his own; a container needs `--device /dev/net/tun \
             --cap-add NET_ADMIN --cap-add SYS_ADMIN`"
                .to_owned()
        }
        _ => String::new(),
    }
}
