//! `constellation live`: a scenario with a process for each node, its timeline, and its verdict.

use std::env;
use std::io;
use std::process::Command;

use anyhow::{Context as _, bail};
use constellation_lab::{Run, live};
use constellation_live::Program;
use constellation_live::process::ProcessError;
use constellation_trace::format::jsonl;
use serde_json::{Value, json};

use super::run::{as_json, print_told};
use crate::args::{self, Progress};
use crate::file::write_whole;
use crate::interrupts::Interrupts;
use crate::printer::{Printer, faint};
use crate::target::{self, quoted};

/// What a process of a live run is called on its command line.
const NODE: &str = "live-node";

pub(crate) fn run(arguments: &args::Live, printer: &mut Printer) -> anyhow::Result<u8> {
    let scenario = target::scenario(&arguments.target)?;
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let processes = scenario.names().count();
    if processes > live::PROCESSES_MAX {
        let most = live::PROCESSES_MAX;
        bail!(
            "a live run has at most {most} processes, and this scenario has {processes} nodes\nhelp: choose some by --nodes"
        );
    }
    let again = again(arguments, &scenario, seed);
    let interrupts = Interrupts::listen("the processes end, and what stands is judged")?;
    let program = env::current_exe().context("cannot find this program, to begin it once for each node")?;
    let folder = tempfile::tempdir().context("cannot make a folder for the disks of the nodes")?;
    let launcher = Program::new(|| {
        let mut command = Command::new(&program);
        command.arg(NODE);
        command
    });
    if arguments.progress == Progress::Always {
        printer.tell(&format!("running, in real time: {processes} nodes, a process each"));
    }
    let spinner = (arguments.progress == Progress::Auto).then(|| printer.progress("running, in real time"));
    let run = live::run(&scenario, seed, arguments.speed, folder.path(), launcher, interrupts.flag());
    spinner.into_iter().for_each(|spinner| spinner.finish_and_clear());
    let run = run.context("the live run cannot be done")?;
    if let Some(path) = &arguments.trace {
        write_whole(path, |writer| jsonl::write(&run.trace, writer))?;
    }
    if arguments.json {
        printer.json(&shown(&run, arguments, &again))?;
    } else {
        print(&run, arguments, &again, printer)?;
    }
    Ok(run.exit_code())
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
    format!("constellation live {name} --seed {seed}{speed}{flags}")
}

fn print(run: &Run, arguments: &args::Live, again: &str, printer: &mut Printer) -> anyhow::Result<()> {
    print_told(run, arguments.timeline, printer)?;
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
