//! `constellation live`: a scenario with a process for each node, its timeline, and its verdict.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use constellation_lab::{Modelled, Run, live, simulate};
use constellation_live::process::ProcessError;
use constellation_live::{LiveError, Program};
use constellation_trace::Trace;
use constellation_trace::format::jsonl;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::modelled;
use super::run::{as_json, print_told};
use crate::args::{self, Progress};
use crate::file::{is_replaced, try_place, write_whole};
use crate::interrupts::Interrupts;
use crate::pictures;
use crate::printer::{Printer, faint};
use crate::target::{self, quoted};
use crate::timeline::check_timeline;

/// What a process of a live run is called on its command line.
const NODE: &str = "live-node";

pub(crate) fn run(arguments: &args::Live, printer: &mut Printer) -> anyhow::Result<u8> {
    pictures::prepare(&arguments.drawn)?;
    check_timeline(arguments.timeline, arguments.json)?;
    let scenario = target::scenario(&arguments.target)?;
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let processes = scenario.names().count();
    if processes > live::PROCESSES_MAX {
        let most = live::PROCESSES_MAX;
        bail!(
            "a live run has at most {most} processes, and this scenario has {processes} nodes\nhelp: choose some by --nodes"
        );
    }
    let models = modelled::named(&arguments.models)?;
    let held = modelled::held(|| simulate::subject(&scenario), &models, &arguments.target.scenario)?;
    let again = again(arguments, &scenario, seed);
    if let Some(path) = &arguments.trace {
        try_place(path)?;
    }
    let program = env::current_exe().context("cannot find this program, to begin it once for each node")?;
    let folder = disks()?;
    let interrupts = {
        let folder = folder.path().to_owned();
        Interrupts::listen_and("the processes end, and what stands is judged", move || remove(&folder))?
    };
    let launcher = Program::new(|| {
        let mut command = Command::new(&program);
        command.arg(NODE);
        command
    });
    if arguments.progress == Progress::Always {
        printer.tell(&format!("running, in real time: {processes} nodes, a process each"));
    }
    let spinner = (arguments.progress == Progress::Auto).then(|| printer.progress("running, in real time"));
    let mut watch = |trace: &Trace| {
        if let Some(path) = arguments.trace.as_ref().filter(|path| is_replaced(path)) {
            // For whoever watches meanwhile; whether it can be written is told when the run is over.
            let _ = write_whole(path, |writer| jsonl::write(trace, writer));
        }
    };
    let run =
        live::run(&scenario, seed, arguments.speed, folder.path(), launcher, interrupts.flag(), &mut watch);
    spinner.into_iter().for_each(|spinner| spinner.finish_and_clear());
    let mut run = run.map_err(no_run)?;
    if let Some(held) = &held {
        run.hold_to(held);
    }
    if arguments.json {
        let mut object = shown(&run, arguments, &again);
        if let Some(held) = &held {
            modelled::put_json(&mut object, &run.judgements, held, &run.trace);
        }
        printer.json(&object)?;
    } else {
        print((&run, held.as_ref()), arguments, &again, printer)?;
    }
    // Last: no other run is like this one, so what was found is told even if it cannot be kept.
    if let Some(path) = &arguments.trace {
        write_whole(path, |writer| jsonl::write(&run.trace, writer))?;
    }
    draw(arguments, &run, &again)?;
    Ok(run.exit_code())
}

/// Draws the run, where that is asked for. No command makes the same again, and that is said.
fn draw(arguments: &args::Live, run: &Run, again: &str) -> anyhow::Result<()> {
    let mut remarks = run.remarks.clone();
    remarks.push(format!("a live run: real time decided when; the same happens to its links by `{again}`"));
    let title = pictures::titled(&run.scenario.name, &run.scenario.title);
    let source = target::text(&arguments.target).map(|(_, _, text)| text).unwrap_or_default();
    let (trace, judgements, remarks) = (&run.trace, &run.judgements[..], &remarks[..]);
    let doings = pictures::passes(&run.scenario, trace);
    let told = pictures::Told {
        trace,
        judgements,
        title,
        replay: "",
        remarks,
        source,
        doings,
        times: pictures::Times::Heard,
    };
    pictures::draw(&arguments.drawn, &told)
}

/// Why there is no run, and what to do about it.
fn no_run(error: LiveError) -> anyhow::Error {
    let help = match error {
        LiveError::DiskFails { .. } | LiveError::Disk { .. } | LiveError::Folder { .. } => {
            "\nhelp: the disks of the nodes are in the folder for temporary files; TMPDIR chooses another"
        }
        LiveError::TooLong { .. } | LiveError::Untold { .. } => {
            "\nhelp: write shorter values, or fewer: a station offers all that it holds at once"
        }
        _ => "",
    };
    anyhow::anyhow!("the live run cannot be done: {error}{help}")
}

/// An empty folder for the disks of the nodes, which goes when it is dropped. Its name says whose it is, should this program
/// be ended before that.
fn disks() -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("constellation-live-").tempdir();
    let folder = folder.context("cannot make a folder for the disks of the nodes")?;
    if folder.path().to_str().is_none() {
        let place = folder.path().display();
        bail!(
            "the disks of the nodes cannot be in `{place}`, whose name is no text in UTF-8\nhelp: set TMPDIR to another folder"
        );
    }
    Ok(folder)
}

/// Removes the folder of the disks, as far as processes that still run leave it empty.
fn remove(folder: &Path) {
    /// A process that ends may write once more.
    const TRIES: u32 = 10;
    let is_gone = |_: &u32| fs::remove_dir_all(folder).is_ok() || !folder.exists();
    // If not, it is left to whoever cleans up after the system.
    let _ = (0..TRIES).find(is_gone);
}

/// One node of a live run, in a process of its own.
pub(crate) fn serve() -> anyhow::Result<u8> {
    match live::serve(io::stdin().lock()) {
        Err(ProcessError::Ticket(error)) => {
            bail!("{error}\nhelp: `constellation live SCENARIO` begins such processes by itself")
        }
        // Whoever is left alone, or fails, need not say so: it is in the record.
        served => Ok(u8::from(served.is_err())),
    }
}

/// The command that has the same happen to the links.
fn again(arguments: &args::Live, scenario: &constellation_lab::Scenario, seed: u64) -> String {
    let (name, speed) = (quoted(&arguments.target.scenario), arguments.speed);
    let flags = target::flags(&arguments.target, scenario);
    let speed = if speed.get() == 1 { String::new() } else { format!(" --speed {speed}") };
    let models = modelled::flag(&modelled::named(&arguments.models).unwrap_or_default());
    format!("constellation live {name} --seed {seed}{speed}{flags}{models}")
}

fn print(
    (run, held): (&Run, Option<&Modelled<'_>>),
    arguments: &args::Live,
    again: &str,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    print_told((run, held), arguments.timeline, printer)?;
    printer
        .line(faint("· the processes and their times were real, so that no command gives this run again"))?;
    printer.line("")?;
    printer.line(format!("seed {} · the same luck again: {again}", run.seed))?;
    printer.line(format!("trace sha256 {}", jsonl::digest(&run.trace)))
}

/// A run for a script.
fn shown(run: &Run, arguments: &args::Live, again: &str) -> Value {
    let mut object = as_json(run, again);
    object["schema"] = json!("constellation/live/1");
    object["speed"] = json!(arguments.speed);
    object["given"] = target::given_json(&arguments.target);
    if let Some(members) = object.as_object_mut() {
        // Nothing replays it.
        members.shift_remove("replay");
        members.insert("again".to_owned(), json!(again));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_is_told_with_what_to_do() {
        let full = "the disk fails: no space left on device".to_owned();
        let refused = no_run(LiveError::DiskFails { node: "pacific".to_owned(), reason: full });
        assert_eq!(
            refused.to_string(),
            "the live run cannot be done: the process of pacific cannot go on, through no fault of the node: \
             the disk fails: no space left on device\n\
             help: the disks of the nodes are in the folder for temporary files; TMPDIR chooses another"
        );
        let none = no_run(LiveError::NoHello { node: "pacific".to_owned(), said: String::new() });
        let told = "the live run cannot be done: the process of pacific ended before it said hello";
        assert_eq!(none.to_string(), told);
    }
}
