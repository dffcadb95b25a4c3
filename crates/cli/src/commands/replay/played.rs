//! What is written in code, a specimen or a study, as a tape says that it went.

use constellation_lab::hunt::{explain, provenance_of};
use constellation_lab::modelled::Remembered;
use constellation_lab::promises::Phase;
use constellation_lab::{Modelled, Ruling, Subject, prefix};
use constellation_sim::Tape;
use constellation_trace::format::jsonl;
use constellation_trace::{EventId, Judgement, Limit, Trace, Verdict};

use super::{command, other, other_run, read, remark, told};
use crate::args::{Replay, Timeline};
use crate::commands::modelled;
use crate::commands::run::{print_run, subject_json};
use crate::file::write_whole;
use crate::pictures;
use crate::printer::Printer;

/// What is played.
pub(super) struct Played<'p> {
    pub(super) subject: &'p dyn Fn() -> Box<dyn Subject + 'p>,
    /// What its tapes call it.
    pub(super) name: String,
    /// What it is, in a line.
    pub(super) title: &'p str,
    /// What else is typed to mean it, with a space before it.
    pub(super) flags: String,
}

pub(super) fn run(arguments: &Replay, played: &Played<'_>, printer: &mut Printer) -> anyhow::Result<u8> {
    let tape = read(&arguments.tape, &(played.subject)().nodes())?;
    play(arguments, &tape, played, printer)
}

/// Plays a tape that was read, and has it judged by the models that are named, by those that found it, or as it is.
pub(super) fn play(
    arguments: &Replay,
    tape: &Tape,
    played: &Played<'_>,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    let Played { subject, name, flags, .. } = played;
    let (provenance, remembered) = Remembered::of(tape.provenance());
    let models =
        if arguments.models.is_empty() { remembered.models } else { modelled::named(&arguments.models)? };
    let held = modelled::held(subject, &models, &arguments.target.scenario)?;
    let held = held.map(|held| held.without(remembered.left_out));
    let own = subject();
    let subject: &dyn Subject = held.as_ref().map_or(&*own, |held| held);
    let replay = command(arguments, tape, flags);
    let seed = provenance.seed;
    let mismatches = provenance.mismatches(&provenance_of(&*own, name, seed)?);
    if !mismatches.is_empty() && !arguments.anyway {
        return Err(other_run(&mismatches));
    }
    let mut player = tape.player();
    let whole = subject.play(seed, &mut player)?;
    let leftovers = player.leftovers();
    let last = arguments.until.map(EventId::new).filter(|last| last.index() + 1 < whole.events().len());
    let begun = last.map(|last| prefix(&whole, last));
    let trace = begun.as_ref().unwrap_or(&whole);
    let mut rulings = subject.judge(trace);
    if let Some(last) = last {
        rulings = rulings.into_iter().map(|ruling| until(last, ruling)).collect();
    }
    let mut judgements: Vec<Judgement> = rulings.into_iter().map(|ruling: Ruling| ruling.judgement).collect();
    for judgement in &mut judgements {
        explain(judgement, tape, &whole);
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.replay.clone_from(&replay);
        }
    }
    write(arguments, played, (trace, &judgements), &replay)?;
    let code = Judgement::exit_code(&judgements);
    if arguments.json {
        let mut object = subject_json((name, played.title), seed, (trace, &judgements), &replay);
        if let Some(held) = &held {
            modelled::put_json(&mut object, &judgements, held, trace);
            object["left_out"] = held.left_out().iter().copied().collect();
        }
        object["leftovers"] = leftovers.iter().map(|leftover| told(leftover, tape)).collect();
        object["mismatches"] = mismatches.iter().map(other).collect();
        object["until"] = arguments.until.into();
        printer.json(&object)?;
        return Ok(code);
    }
    print(played, held.as_ref(), (trace, arguments.timeline), &judgements, printer)?;
    remark(&judgements, tape, &mismatches, &leftovers, printer)?;
    Ok(code)
}

/// Writes and draws the run, where that is asked for.
fn write(
    arguments: &Replay,
    played: &Played<'_>,
    (trace, judgements): (&Trace, &[Judgement]),
    replay: &str,
) -> anyhow::Result<()> {
    if let Some(path) = &arguments.trace {
        write_whole(path, |writer| jsonl::write(trace, writer))?;
    }
    let title = pictures::titled(&played.name, played.title);
    let (remarks, source) = (&[][..], String::new());
    let doings = pictures::doings(&arguments.target, arguments.setting.groups.as_deref(), trace);
    let drawn = pictures::Told {
        trace,
        judgements,
        title,
        replay,
        remarks,
        source,
        doings,
        times: pictures::Times::Simulated,
    };
    pictures::draw(&arguments.drawn, &drawn)
}

/// Of a run that is cut, what is promised of its end is not known.
fn until(last: EventId, mut ruling: Ruling) -> Ruling {
    if ruling.phase == Phase::Convergence {
        let limit = Limit::NotRecorded(format!("what comes after {last} is"));
        ruling.judgement.verdict = Verdict::Unknown(limit);
    }
    ruling
}

fn print(
    played: &Played<'_>,
    held: Option<&Modelled<'_>>,
    (trace, shown): (&Trace, Timeline),
    judgements: &[Judgement],
    printer: &mut Printer,
) -> anyhow::Result<()> {
    print_run((&played.name, played.title), held, (trace, shown), judgements, printer)?;
    printer.line("")?;
    printer.line(format!("trace sha256 {}", jsonl::digest(trace)))
}
