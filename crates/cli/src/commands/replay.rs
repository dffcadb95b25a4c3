//! `constellation replay`: a run as a tape says that it went.

mod played;

use std::path::Path;

use anyhow::anyhow;
use constellation_lab::Run;
use constellation_lab::hunt::{changed, provenance};
use constellation_lab::modelled::Remembered;
use constellation_sim::Tape;
use constellation_sim::choices::{Leftover, Mismatch, TapeError};
use constellation_trace::{EventId, Judgement, Names, Verdict};

use crate::args::Replay;
use crate::commands::hunt::prey::Prey;
use crate::commands::modelled;
use crate::commands::replay::played::Played;
use crate::commands::run::{as_json, print, write};
use crate::file::{Kind, STANDARD_INPUT, name_of, read_text};
use crate::pictures;
use crate::printer::{Printer, count, faint};
use crate::target::{self, quoted};
use crate::timeline::check_timeline;

const TAPE: Kind = Kind { what: "a tape", bytes_max: Tape::TEXT_MAX as u64 };

/// How a tape that is a single word begins.
const LINE_START: &str = "tape=";

pub(crate) fn run(arguments: &Replay, printer: &mut Printer) -> anyhow::Result<u8> {
    if arguments.target.scenario.starts_with(LINE_START) {
        return Err(anyhow!(
            "`{LINE_START}…` is a tape, no scenario\nhelp: first the tape, then the scenario"
        ));
    }
    pictures::prepare(&arguments.drawn)?;
    check_timeline(arguments.timeline, arguments.json)?;
    let prey = Prey::of(&arguments.target, &arguments.setting)?;
    let (subject, flags) = (|| prey.subject(), prey.flags(&arguments.target));
    let played = Played { subject: &subject, name: prey.name(), title: prey.title(), flags };
    let Prey::Scenario(scenario) = &prey else { return played::run(arguments, &played, printer) };
    let tape = read(&arguments.tape, &Names::from_iter(scenario.names()))?;
    if !arguments.models.is_empty() || !Remembered::of(tape.provenance()).1.models.is_empty() {
        return played::play(arguments, &tape, &played, printer);
    }
    let mismatches = tape.provenance().mismatches(&provenance(scenario, tape.provenance().seed)?);
    if !mismatches.is_empty() && !arguments.anyway {
        return Err(other_run(&mismatches));
    }
    let replay = command(arguments, &tape, &played.flags);
    let (whole, leftovers) = Run::of_tape(scenario, &tape, &replay)?;
    let run = match arguments.until {
        None => whole,
        Some(number) => whole.until(EventId::new(number))?,
    };
    write((arguments.trace.as_deref(), &arguments.drawn), &arguments.target, &run, &replay)?;
    if arguments.json {
        let mut object = as_json(&run, &replay);
        object["given"] = target::given_json(&arguments.target);
        object["leftovers"] = leftovers.iter().map(|leftover| told(leftover, &tape)).collect();
        object["mismatches"] = mismatches.iter().map(other).collect();
        object["until"] = arguments.until.into();
        printer.json(&object)?;
    } else {
        print((&run, None), arguments.timeline, &replay, printer)?;
        remark(&run.judgements, &tape, &mismatches, &leftovers, printer)?;
    }
    Ok(run.exit_code())
}

/// What of a tape is not as it was when it was recorded.
fn remark(
    judgements: &[Judgement],
    tape: &Tape,
    mismatches: &[Mismatch],
    leftovers: &[Leftover],
    printer: &mut Printer,
) -> anyhow::Result<()> {
    for mismatch in mismatches {
        printer.line(faint(&format!("· played anyway: {}", other(mismatch))))?;
    }
    for leftover in leftovers {
        printer.line(faint(&format!("· does not fit: {}", told(leftover, tape))))?;
    }
    if mismatches.is_empty() && leftovers.is_empty() {
        return Ok(());
    }
    let is_violated = |judgement: &&Judgement| matches!(judgement.verdict, Verdict::Violated(_));
    let broken = match judgements.iter().filter(is_violated).count() {
        0 => "no promise is broken".to_owned(),
        broken => format!("{} broken", count(broken, "promise")),
    };
    let all = tape.answers().len();
    // Cannot wrap: leftovers are answers of the tape, each once.
    let fitting = all - leftovers.len();
    printer.line(faint(&format!("· of {}, {fitting} as recorded; {broken}", count(all, "answer"))))
}

/// In what a tape is of another run, and as far as can be told, how.
fn other(mismatch: &Mismatch) -> String {
    let how = match mismatch {
        Mismatch::ScenarioHash { tape, here } => changed(tape, here),
        _ => None,
    };
    how.map_or(mismatch.to_string(), |how| format!("{mismatch}: {how}"))
}

/// Why a tape is not played.
fn other_run(mismatches: &[Mismatch]) -> anyhow::Error {
    let told = mismatches.iter().map(other).collect::<Vec<_>>().join("\n       ");
    anyhow!(
        "{told}\nhelp: a tape means something only in the scenario, with the resolver, nodes and faults, that it is of; \
         --anyway plays it all the same, and says what no longer fits"
    )
}

/// The command that does the same again; of a tape from standard input, which is gone, it names the tape itself.
fn command(arguments: &Replay, tape: &Tape, flags: &str) -> String {
    let name = quoted(&arguments.target.scenario);
    let tape = if arguments.tape == STANDARD_INPUT { tape.line() } else { arguments.tape.clone() };
    let mut command = format!("constellation replay {} {name}{flags}", quoted(&tape));
    if !arguments.models.is_empty() {
        command.push_str(&modelled::flag(&modelled::named(&arguments.models).unwrap_or_default()));
    }
    if let Some(number) = arguments.until {
        command.push_str(&format!(" --until {}", EventId::new(number)));
    }
    if arguments.anyway {
        command.push_str(" --anyway");
    }
    command
}

fn told(leftover: &Leftover, tape: &Tape) -> String {
    leftover.show(tape.names()).to_string()
}

/// A line, or a file that holds one or the text of a tape; `-` is standard input.
fn read(tape: &str, names: &Names) -> anyhow::Result<Tape> {
    if tape.starts_with(LINE_START) {
        return Tape::parse_line(tape, names).map_err(|error| refused("the tape", &error));
    }
    let path = Path::new(tape);
    if tape != STANDARD_INPUT && !path.exists() {
        return Err(anyhow!(
            "`{tape}` is no tape: neither a file nor a line that begins with `{LINE_START}`"
        ));
    }
    let text = read_text(path, TAPE)?;
    let read = if text.starts_with(LINE_START) {
        Tape::parse_line(text.trim_end(), names)
    } else {
        Tape::parse(&text, names)
    };
    read.map_err(|error| refused(&name_of(path), &error))
}

fn refused(what: &str, error: &TapeError) -> anyhow::Error {
    anyhow!("{what}: {error}")
}
