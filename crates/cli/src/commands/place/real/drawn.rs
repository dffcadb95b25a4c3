//! What was measured for real, as what is drawn of placements: a mark for each cell in which a mode was found.

use constellation_lab::placement::Placement;

use super::super::alike::Alike;
use super::super::plotted::{Of, named};
use super::measured::{Measured, Run};
use crate::args::Place;
use crate::pictures::file_name;
use crate::target::quoted;

/// All of it.
pub(super) fn of<'m>(arguments: &Place, all: &'m [Measured]) -> Of<'m> {
    let firsts = || {
        all.iter().flat_map(|measured| measured.first_of_cells().into_iter().map(move |run| (measured, run)))
    };
    let mark = |(measured, run): (&'m Measured, &'m Run)| Alike {
        names: vec![name(measured, run)],
        placement: &run.real.placement,
    };
    let latencies: Vec<&Placement> = match arguments.all {
        true => Vec::new(),
        false => firsts().map(|(_, run)| &run.real.placement).collect(),
    };
    Of {
        marks: firsts().map(mark).collect(),
        latencies,
        systems: &[],
        told: "Each mark is a server in one of its modes, measured for real; of several runs, it says how many found it there."
            .to_owned(),
        besides: besides(all),
        replay: replay(arguments),
    }
}

/// `etcd/linearizable, 2 of 3`.
fn name(measured: &Measured, run: &Run) -> String {
    let Measured { name, wanted, .. } = measured;
    let agreed = measured.agreed();
    let count = agreed.cells().iter().find(|(cell, _)| *cell == run.real.placement.cell);
    match (count, wanted) {
        (Some((_, count)), wanted) if *wanted > 1 => format!("{name}, {count} of {wanted}"),
        _ => name.clone(),
    }
}

/// What versions ran, and what is in doubt.
fn besides(all: &[Measured]) -> Vec<(String, Vec<String>)> {
    let mut versions: Vec<String> = Vec::new();
    let runs = || all.iter().flat_map(|measured| measured.runs.iter().map(move |run| (measured, run)));
    for (measured, run) in runs() {
        let version = run.real.version.as_deref().unwrap_or("three processes of this program");
        let version = format!("{}: {version}", measured.info.title);
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    let in_run = |measured: &Measured, nth: u32| match measured.wanted {
        1 => measured.name.clone(),
        _ => format!("{}, run {nth}", measured.name),
    };
    let doubts = runs().flat_map(|(measured, run)| {
        run.real.doubts.iter().map(move |doubt| format!("{}: {doubt}.", in_run(measured, run.nth)))
    });
    let failed = all.iter().flat_map(|measured| {
        let failed = measured.failed.iter();
        failed.map(move |failed| {
            format!("{}: could not be measured: {}.", in_run(measured, failed.nth), failed.error)
        })
    });
    let parts = [("What ran", versions), ("What is in doubt", doubts.chain(failed).collect())];
    let parts = parts.into_iter().filter(|(_, lines)| !lines.is_empty());
    parts.map(|(title, lines)| (title.to_owned(), lines)).collect()
}

/// The command that measures the same again; what it finds may differ.
pub(super) fn replay(arguments: &Place) -> String {
    let Place { all, quick, runs, store, targets, .. } = arguments;
    let mut command = format!("constellation place --real{}", named(targets));
    command.push_str(if *all { " --all" } else { "" });
    if let Some(store) = store {
        command.push_str(&format!(" --store {}", quoted(&file_name(&store.display().to_string()))));
    }
    command.push_str(if *quick { " --quick" } else { "" });
    if runs.get() > 1 {
        command.push_str(&format!(" --runs {runs}"));
    }
    command
}
