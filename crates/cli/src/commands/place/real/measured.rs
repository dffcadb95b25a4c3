//! Servers are measured here: one run after the other, or several at once, each on a network of its own.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, anyhow};
use constellation_lab::placement::catalogue::Catalogue;
use constellation_lab::placement::judged::Strongest;
use constellation_servers::installed::Missing;
use constellation_servers::place::{Real, RealError, RealPlacement, Stage, Unjudged, ask, called};
use constellation_servers::rounds::Effort;
use constellation_servers::server::{Mode, ServerInfo};
use rayon::prelude::*;

use super::agreed::Agreed;
use super::compared::{Compared, compare};
use super::targets::Target;
use crate::args::Place;
use crate::commands::judge::{pool, worse};
use crate::interrupts::Interrupts;
use crate::printer::{Printer, UNUSABLE, count};
use crate::progress::Progress;

/// A mode of a server, and what came of its runs.
pub(super) struct Measured {
    /// `etcd/serializable`.
    pub(super) name: String,
    pub(super) info: ServerInfo,
    pub(super) mode: Mode,
    /// How often it was to be measured.
    pub(super) wanted: u32,
    /// The runs that were measured, in their order.
    pub(super) runs: Vec<Run>,
    /// Those that could not be begun.
    pub(super) failed: Vec<Failed>,
}

/// One run of a mode.
pub(super) struct Run {
    /// The how-manieth, from 1.
    pub(super) nth: u32,
    pub(super) real: RealPlacement,
    /// The strongest models that hold, in normal operation and with a cut.
    pub(super) strongest: (Strongest, Strongest),
    /// What is declared of it, where that was asked for.
    pub(super) compared: Option<Compared>,
}

/// A run in which nothing was measured.
pub(super) struct Failed {
    /// The how-manieth, from 1.
    pub(super) nth: u32,
    pub(super) error: RealError,
}

impl Measured {
    /// In how many runs it lives where.
    pub(super) fn agreed(&self) -> Agreed {
        Agreed::of(self.runs.iter().map(|run| run.real.placement.cell), self.wanted)
    }

    /// Whether the user had had enough before its first run.
    pub(super) const fn is_not_begun(&self) -> bool {
        self.runs.is_empty() && self.failed.is_empty()
    }

    /// The first run for each cell in which it was found, that of most runs first.
    pub(super) fn first_of_cells(&self) -> Vec<&Run> {
        let agreed = self.agreed();
        let first = |cell| self.runs.iter().find(|run| run.real.placement.cell == cell);
        agreed.cells().iter().filter_map(|(cell, _)| first(*cell)).collect()
    }
}

/// Measures all of them, until the user has had enough. What cannot be begun takes nothing from the others; where nothing
/// can, that is an error.
pub(super) fn measure(
    targets: &[Target],
    arguments: &Place,
    catalogue: &Catalogue,
    printer: &mut Printer,
) -> anyhow::Result<Vec<Measured>> {
    let program = env::current_exe().context("cannot find this program, to begin it once for each site")?;
    let interrupts = Interrupts::listen("the servers end, and what was measured is told")?;
    let wanted = arguments.runs.get();
    let runs: Vec<(usize, u32)> =
        (0..targets.len()).flat_map(|target| (1..=wanted).map(move |nth| (target, nth))).collect();
    let aim = match wanted {
        1 => count(targets.len() as u64, "mode"),
        _ => format!("{}, {wanted} times each", count(targets.len() as u64, "mode")),
    };
    let mut progress = Progress::begin(arguments.progress, "measuring, in real time", &aim, printer);
    let asked = ask_all(targets, &runs, arguments, (&program, &interrupts), |line| {
        progress.tell(|| line, printer);
    });
    progress.tell(|| "judging".to_owned(), printer);
    let is_compared = arguments.compare || arguments.table;
    let judged = |(place, asked): (usize, Result<Unjudged, RealError>)| {
        let (target, nth) = runs[place];
        let run = asked.map(|asked| {
            let real = asked.judged();
            let strongest = real.placement.strongest();
            let compared = is_compared.then(|| compare(&real, catalogue));
            Run { nth, real, strongest, compared }
        });
        (target, run.map_err(|error| Failed { nth, error }))
    };
    // All is asked, so that judges have the machine for themselves.
    let judged: Vec<_> = pool(None)?.install(|| asked.into_par_iter().map(judged).collect());
    progress.end();
    let all = by_mode(targets, judged, wanted);
    match all.iter().all(|measured| measured.runs.is_empty()) {
        true => nothing(all),
        false => Ok(all),
    }
}

/// What a thread says of a run, which is named by its place among all.
enum Said {
    Stage(usize, String),
    Asked(usize, Box<Result<Unjudged, RealError>>),
}

/// Asks in all runs, so many at once; gives them in their order, without those that were not begun before an interrupt.
fn ask_all(
    targets: &[Target],
    runs: &[(usize, u32)],
    arguments: &Place,
    (program, interrupts): (&Path, &Interrupts),
    mut tell: impl FnMut(String),
) -> Vec<(usize, Result<Unjudged, RealError>)> {
    let effort = if arguments.quick { Effort::Quick } else { Effort::Whole };
    let jobs = arguments.jobs.map_or(1, |jobs| jobs.get().min(runs.len()));
    let next = AtomicUsize::new(0);
    let (said, heard) = mpsc::channel();
    let work = |said: mpsc::Sender<Said>| {
        while !interrupts.came() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((target, nth)) = runs.get(place) else { break };
            let Target { server, mode } = &targets[*target];
            let name = called(&server.info(), mode);
            let name = if arguments.runs.get() == 1 { name } else { format!("{name} #{nth}") };
            let (mode, program) = (mode.clone(), program.to_owned());
            let real = Real { server: &**server, mode, effort, program, stop: interrupts.flag() };
            // Whoever no longer hears it needs nothing of it.
            let asked = ask(&real, |stage| drop(said.send(Said::Stage(place, stage_of(&name, stage, jobs)))));
            drop(said.send(Said::Asked(place, Box::new(asked))));
        }
    };
    let (mut under_way, mut asked) = (BTreeMap::new(), BTreeMap::new());
    thread::scope(|scope| {
        for said in vec![said; jobs] {
            scope.spawn(|| work(said));
        }
        for said in heard {
            match said {
                Said::Stage(place, stage) => {
                    under_way.insert(place, stage);
                }
                Said::Asked(place, of_run) => {
                    under_way.remove(&place);
                    asked.insert(place, *of_run);
                }
            }
            tell(how_far(&under_way, asked.len(), runs.len()));
        }
    });
    asked.into_iter().collect()
}

/// How far one run is; in few letters where several are told in one line.
fn stage_of(name: &str, stage: Stage<'_>, jobs: usize) -> String {
    match stage {
        Stage::Starting => format!("{name} starts"),
        Stage::Round { nth, of, .. } if jobs > 1 => format!("{name} {nth}/{of}"),
        Stage::Round { nth, of, condition } => format!("{name}: {nth} of {of}, {condition}"),
        Stage::Killing { of } => format!("{name}: {of} of {of}, whoever leads is killed"),
        Stage::Judging => format!("{name} is judged"),
    }
}

fn how_far(under_way: &BTreeMap<usize, String>, done: usize, of: usize) -> String {
    let stages = under_way.values().map(String::as_str).collect::<Vec<_>>().join(" · ");
    match of {
        1 => stages,
        _ => format!("{done} of {of} measured · {stages}").trim_end_matches([' ', '·']).to_owned(),
    }
}

/// The runs of each mode.
fn by_mode(targets: &[Target], judged: Vec<(usize, Result<Run, Failed>)>, wanted: u32) -> Vec<Measured> {
    let mut all: Vec<Measured> = targets
        .iter()
        .map(|Target { server, mode }| {
            let (info, mode) = (server.info(), mode.clone());
            let name = called(&info, &mode);
            Measured { name, info, mode, wanted, runs: Vec::new(), failed: Vec::new() }
        })
        .collect();
    for (target, run) in judged {
        match run {
            Ok(run) => all[target].runs.push(run),
            Err(failed) => all[target].failed.push(failed),
        }
    }
    all
}

/// The worst of all: a mode that could not be measured, before a promise that is broken where those are asked for, before a
/// mode of which no more than half of the runs agree on a cell.
pub(super) fn exit_code(all: &[Measured], is_compared: bool) -> u8 {
    let of_mode = |measured: &Measured| {
        let is_broken = |run: &Run| run.compared.as_ref().is_some_and(Compared::is_broken);
        match () {
            () if !measured.failed.is_empty() => UNUSABLE,
            () if is_compared && measured.runs.iter().any(is_broken) => 1,
            () if measured.agreed().known().is_none() => 3,
            () => 0,
        }
    };
    all.iter().map(of_mode).fold(0, worse)
}

/// That nothing was measured: in the words of the first that failed, if there was one.
fn nothing(mut all: Vec<Measured>) -> anyhow::Result<Vec<Measured>> {
    let others = all.len().saturating_sub(1);
    let first = all.iter_mut().find(|measured| !measured.failed.is_empty());
    let Some(Measured { name, failed, .. }) = first else { return Ok(all) };
    let error = &failed[0].error;
    let others = match others {
        0 => String::new(),
        others => format!(", nor can {}", count(others as u64, "other mode")),
    };
    Err(anyhow!("{name} cannot be placed{others}: {error}{}", help(error)))
}

/// What would help where a server does not run; a line of its own, or nothing.
pub(in crate::commands) fn help(error: &RealError) -> String {
    match error {
        RealError::Missing(Missing { package, .. }) if !package.is_empty() => {
            format!("\nhelp: `apt-get install {package}`, and stop the service that this may begin")
        }
        RealError::Missing(_) => {
            "\nhelp: the description of the store names it: one in PATH by its name, one in the folder of the description with \
             a `/`, as `./server`"
                .to_owned()
        }
        RealError::Folder { .. } => "\nhelp: it is among the temporary files; TMPDIR names another folder".to_owned(),
        RealError::NoClient { .. } => {
            "\nhelp: `cargo install --path crates/cli --features real` builds it with those of all servers".to_owned()
        }
        RealError::NotProxied { .. } => {
            "\nhelp: run it as root, or where a user may have namespaces of his own; a container needs `--device /dev/net/tun \
             --cap-add NET_ADMIN --cap-add SYS_ADMIN`; behind proxies is placed whoever can be told other addresses of the \
             sites at each site, as a store of your own is with `ports` in its description"
                .to_owned()
        }
        _ => String::new(),
    }
}
