//! `constellation replay`: a run as a tape says that it went.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use constellation_lab::hunt::provenance;
use constellation_lab::{Run, Scenario};
use constellation_sim::Tape;
use constellation_sim::choices::{Leftover, TapeError};
use constellation_trace::Names;
use constellation_trace::format::jsonl;

use crate::args::Replay;
use crate::commands::run::{as_json, print};
use crate::file::write_whole;
use crate::printer::{Printer, faint};
use crate::target::{self, quoted};

/// How a tape that is a single word begins.
const LINE_START: &str = "tape=";

pub(crate) fn run(arguments: &Replay, printer: &mut Printer) -> anyhow::Result<u8> {
    let scenario = target::scenario(&arguments.target)?;
    let tape = read(&arguments.tape, &scenario)?;
    let here = provenance(&scenario, tape.provenance().seed)?;
    if let Some(mismatch) = tape.provenance().mismatches(&here).first() {
        return Err(anyhow!(
            "{mismatch}\nhelp: a tape means something only in the scenario, with the resolver and nodes, that it is of"
        ));
    }
    let name = quoted(&arguments.target.scenario);
    let flags = target::flags(&arguments.target, &scenario);
    let replay = format!("constellation replay {} {name}{flags}", quoted(&arguments.tape));
    let (run, leftovers) = Run::of_tape(&scenario, &tape, &replay)?;
    if let Some(path) = &arguments.trace {
        write_whole(path, |writer| jsonl::write(&run.trace, writer))?;
    }
    if arguments.json {
        let mut object = as_json(&run, &replay);
        object["leftovers"] = leftovers.iter().map(|leftover| told(leftover, &tape)).collect();
        printer.json(&object)?;
    } else {
        print(&run, &replay, printer)?;
        for leftover in &leftovers {
            printer.line(faint(&format!("· not used: {}", told(leftover, &tape))))?;
        }
    }
    Ok(run.exit_code())
}

fn told(leftover: &Leftover, tape: &Tape) -> String {
    leftover.show(tape.names()).to_string()
}

fn read(tape: &str, scenario: &Scenario) -> anyhow::Result<Tape> {
    let names = Names::from_iter(scenario.names());
    if tape.starts_with(LINE_START) {
        return Tape::parse_line(tape, &names).map_err(|error| refused("the tape", &error));
    }
    if !Path::new(tape).is_file() {
        return Err(anyhow!(
            "`{tape}` is no tape: neither a file nor a line that begins with `{LINE_START}`"
        ));
    }
    let text = fs::read(tape).with_context(|| format!("cannot read `{tape}`"))?;
    let text = String::from_utf8(text).with_context(|| format!("`{tape}` is not UTF-8 text"))?;
    Tape::parse(&text, &names).map_err(|error| refused(&format!("`{tape}`"), &error))
}

fn refused(what: &str, error: &TapeError) -> anyhow::Error {
    anyhow!("{what}: {error}")
}
