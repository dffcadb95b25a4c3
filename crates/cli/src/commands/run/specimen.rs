//! A specimen, run with the luck of one seed: its timeline, and whether it keeps its promise then.

use constellation_lab::{Specimen, Subject};
use constellation_sim::Seeded;
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Verdict};

use super::{print_run, subject_json};
use crate::args::{Run, Timeline};
use crate::commands::modelled;
use crate::file::write_whole;
use crate::pictures;
use crate::printer::{Printer, faint};
use crate::target::quoted;

/// Where nobody names one.
const FIRST_SEED: u64 = 1;

pub(super) fn run(arguments: &Run, specimen: &Specimen, printer: &mut Printer) -> anyhow::Result<u8> {
    let seed = arguments.seed.unwrap_or(FIRST_SEED);
    let models = modelled::named(&arguments.models)?;
    let held = modelled::held(|| specimen.subject(), &models, &arguments.target.scenario)?;
    let own = specimen.subject();
    let subject: &dyn Subject = held.as_ref().map_or(&*own, |held| held);
    let trace = subject.play(seed, &mut Seeded::new(seed))?;
    let typed = quoted(&arguments.target.scenario);
    let flag = modelled::flag(&models);
    let replay = format!("constellation run {typed} --seed {seed}{flag}");
    let rulings = subject.judge(&trace);
    let mut judgements: Vec<Judgement> = rulings.into_iter().map(|ruling| ruling.judgement).collect();
    for judgement in &mut judgements {
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.replay.clone_from(&replay);
        }
    }
    if let Some(path) = &arguments.trace {
        write_whole(path, |writer| jsonl::write(&trace, writer))?;
    }
    let title = pictures::titled(&specimen.to_string(), specimen.does);
    let (remarks, source) = (&[][..], String::new());
    let told = pictures::Told {
        trace: &trace,
        judgements: &judgements,
        title,
        replay: &replay,
        remarks,
        source,
        times: pictures::Times::Simulated,
        doings: Vec::new(),
    };
    pictures::draw(&arguments.drawn, &told)?;
    let code = Judgement::exit_code(&judgements);
    if arguments.json {
        let names = (&*specimen.to_string(), specimen.does);
        let mut object = subject_json(names, seed, (&trace, &judgements), &replay);
        if let Some(held) = &held {
            modelled::put_json(&mut object, &judgements, held, &trace);
        }
        printer.json(&object)?;
        return Ok(code);
    }
    let shown = (&trace, arguments.timeline.unwrap_or(Timeline::Auto));
    print_run((&specimen.to_string(), specimen.does), held.as_ref(), shown, &judgements, printer)?;
    printer.line(faint(&format!(
        "· the luck of one seed; of all that may happen: constellation hunt {typed}{flag}"
    )))?;
    printer.line("")?;
    printer.line(format!("seed {seed} · replay: {replay}"))?;
    printer.line(format!("trace sha256 {}", jsonl::digest(&trace))).map(|()| code)
}
