//! `constellation run mss-23`: what the client saw, what really happened in six worlds, and the verdicts.

use anyhow::bail;
use constellation_lab::incidents::mss23::{Account, CLIENT, Mss23, Ran, Retries, TIMEOUT, World};
use constellation_lab::incidents::study;
use constellation_lab::lane::Lane;
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Trace, Verdict};
use serde_json::{Value, json};

use crate::args::{self, Drawn};
use crate::file::write_whole;
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures::{self, Times, Told};
use crate::printer::{Printer, faint, strong};
use crate::target::{self, MSS23 as NAME, named};
use crate::timeline::print_timeline;

pub(super) fn run(arguments: &args::Run, printer: &mut Printer) -> anyhow::Result<u8> {
    let retries = match &arguments.retry {
        Some(name) => target::retries(name)?,
        None => Retries::Keyed,
    };
    let worlds = World::ALL.map(|world| (world.name(), world));
    let world = arguments.world.as_ref().map(|name| named(NAME, "world", name, &worlds)).transpose()?;
    let one = [("--trace", arguments.trace.is_some()), ("--timeline", arguments.timeline.is_some())];
    let one = one.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag));
    if let (None, Some(flag)) = (world, one) {
        bail!("{flag} wants one run, but `{NAME}` makes six\nhelp: choose one with --world");
    }
    let seed = arguments.seed.unwrap_or(1);
    let study = Mss23::new(retries);
    let mut ran = match world {
        Some(world) => study.run_in(&[world], seed)?,
        None => study.run(seed)?,
    };
    for judgement in &mut ran.judgements {
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.replay = replay(retries, seed, world.or(World::named(&judgement.scope)));
        }
    }
    if let (Some(path), [(_, trace)]) = (&arguments.trace, &ran.runs[..]) {
        write_whole(path, |writer| jsonl::write(trace, writer))?;
    }
    let drawn = draw(arguments, &ran, world)?;
    let code = Judgement::exit_code(&ran.judgements);
    match (arguments.json, &ran.runs[..]) {
        (true, _) => printer.json(&as_json(&ran, world, code))?,
        (false, [(world, trace)]) => print_one(&ran, *world, trace, arguments.timeline, printer)?,
        (false, _) => print(&ran, printer)?,
    }
    if let (None, Some(told)) = (world, pictures::told_files(&drawn)) {
        printer.tell(&told);
    }
    Ok(code)
}

/// Draws the one world that was asked for, or each in a file of its own, as it would be drawn alone; into which files.
fn draw(arguments: &args::Run, ran: &Ran, world: Option<World>) -> anyhow::Result<Vec<Drawn>> {
    let mut files = Vec::new();
    if arguments.drawn.flag().is_none() {
        return Ok(files);
    }
    for (one, trace) in &ran.runs {
        if world.is_some() {
            draw_world(&arguments.drawn, ran, *one, trace)?;
            files.push(arguments.drawn.clone());
            continue;
        }
        // What is promised of one world alone, with its own evidence: that all look alike is no matter of one.
        let mut alone = ran.study.run_in(&[*one], ran.seed)?;
        for judgement in &mut alone.judgements {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                evidence.replay = replay(ran.study.retries, ran.seed, Some(*one));
            }
        }
        let drawn = arguments.drawn.of_one(one.name());
        for (world, trace) in &alone.runs {
            draw_world(&drawn, &alone, *world, trace)?;
        }
        files.push(drawn);
    }
    Ok(files)
}

/// Draws one world.
fn draw_world(drawn: &Drawn, ran: &Ran, world: World, trace: &Trace) -> anyhow::Result<()> {
    let (retries, title) = (ran.study.retries, study(NAME).map_or("", |study| study.title));
    let title = format!("{NAME}/{} · {title} · --retry {}", world.name(), retries.name());
    let replay = &replay(retries, ran.seed, Some(world));
    let told = Told {
        trace,
        judgements: &ran.judgements,
        title,
        replay,
        remarks: &[],
        source: String::new(),
        times: Times::Simulated,
        doings: Vec::new(),
    };
    pictures::draw(drawn, &told)
}

/// The command that does the same again, of one world or of all.
fn replay(retries: Retries, seed: u64, world: Option<World>) -> String {
    let world = world.map_or(String::new(), |world| format!(" --world {}", world.name()));
    format!("constellation run {NAME} --retry {}{world} --seed {seed}", retries.name())
}

fn print(ran: &Ran, printer: &mut Printer) -> anyhow::Result<()> {
    let retries = ran.study.retries;
    title(NAME, retries, printer)?;
    let accounts = ran.accounts();
    print_lanes(ran, printer)?;
    printer.line(strong("what really happened, and what came of it"))?;
    print_table(&accounts, printer)?;
    printer.line("")?;
    print_judgements(&ran.judgements, None, printer)?;
    for remark in remarks(retries, &accounts) {
        printer.line(faint(&format!("· {remark}")))?;
    }
    printer.line("")?;
    printer.line(format!("seed {} · replay: {}", ran.seed, replay(retries, ran.seed, None)))?;
    for (world, trace) in &ran.runs {
        printer.line(format!("{:<12}  trace sha256 {}", world.name(), jsonl::digest(trace)))?;
    }
    Ok(())
}

fn print_one(
    ran: &Ran,
    world: World,
    trace: &Trace,
    shown: Option<args::Timeline>,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    title(&format!("{NAME}/{}", world.name()), ran.study.retries, printer)?;
    print_timeline(trace, shown.unwrap_or(args::Timeline::Auto), printer)?;
    print_table(&ran.accounts(), printer)?;
    printer.line("")?;
    print_judgements(&ran.judgements, Some(trace), printer)?;
    printer.line(faint("· whether it looks like the others is judged without --world"))?;
    printer.line("")?;
    printer.line(format!(
        "seed {} · replay: {}",
        ran.seed,
        replay(ran.study.retries, ran.seed, Some(world))
    ))?;
    printer.line(format!("trace sha256 {}", jsonl::digest(trace)))
}

fn title(name: &str, retries: Retries, printer: &mut Printer) -> anyhow::Result<()> {
    let title = study(NAME).map_or("", |study| study.title);
    printer.line(format!("{} · {title} · --retry {}", strong(name), retries.name()))?;
    printer.line("")
}

/// Each lane once, with the worlds in which it was seen.
fn print_lanes(ran: &Ran, printer: &mut Printer) -> anyhow::Result<()> {
    let mut seen: Vec<(Lane, Vec<&str>)> = Vec::new();
    for (lane, (world, _)) in ran.lanes().into_iter().zip(&ran.runs) {
        match seen.iter_mut().find(|(known, _)| known.first_difference(&lane).is_none()) {
            Some((_, worlds)) => worlds.push(world.name()),
            None => seen.push((lane, vec![world.name()])),
        }
    }
    for (lane, worlds) in &seen {
        let worlds = if seen.len() == 1 { "each of the six worlds".to_owned() } else { worlds.join(", ") };
        let until = TIMEOUT.as_secs();
        printer.line(strong(&format!(
            "what pacific saw by its own clock in {worlds}, until {until} s after its order"
        )))?;
        print_lane(lane, printer)?;
        printer.line("")?;
    }
    Ok(())
}

fn print_lane(lane: &Lane, printer: &mut Printer) -> anyhow::Result<()> {
    for line in lane.lines() {
        let text = line.to_string();
        let (time, what) = text.split_once("  ").unwrap_or(("", &text));
        printer.line(format!("  {time:>12}  {what}"))?;
    }
    Ok(())
}

/// A line a world.
fn print_table(accounts: &[Account], printer: &mut Printer) -> anyhow::Result<()> {
    let heads = ["world", "what really happened", "pacific's order", "its next look", "fired"];
    let rows: Vec<[String; 5]> = accounts.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].len()]).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |cells: [&str; 5]| {
        let [world, what, learnt, shown, fired] = cells;
        let [first, second, third, fourth] = widths;
        format!("  {world:<first$}  {what:<second$}  {learnt:<third$}  {shown:<fourth$}  {fired}")
    };
    printer.line(faint(&line(heads)))?;
    for row in &rows {
        printer.line(line(row.each_ref().map(String::as_str)))?;
    }
    Ok(())
}

fn row(account: &Account) -> [String; 5] {
    let times = match account.fired {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    };
    let shown = account.shown.as_ref().map_or("none".to_owned(), |shown| format!("burns: {shown}"));
    [account.world.name().to_owned(), account.world.what().to_owned(), learnt(account), shown, times]
}

fn learnt(account: &Account) -> String {
    match (&account.learnt, account.waited) {
        (Some(completion), Some(waited)) => {
            let word = if completion.is_certain() { completion.to_string() } else { "unknown".to_owned() };
            format!("{word} after {}.{:03} s", waited.as_secs(), waited.subsec_millis())
        }
        _ => "nothing yet".to_owned(),
    }
}

/// What a reader should take home, and try next.
fn remarks(retries: Retries, accounts: &[Account]) -> Vec<String> {
    let fired = |times: u32| accounts.iter().filter(|account| account.fired == times).count();
    match retries {
        Retries::None => vec![
            format!(
                "that it fires at all is not promised: it did in {} of the {} worlds and not in {}, and the time-out does \
                 not tell which",
                fired(1),
                accounts.len(),
                fired(0)
            ),
            "to look is harmless, and tells it once nothing is under way any more".to_owned(),
            "`--retry keyed` asks again so that it fires once in all of them".to_owned(),
        ],
        Retries::Blind => vec![
            "a retry without a key is another order; `--retry keyed` asks again by the same key".to_owned(),
        ],
        Retries::Keyed => vec![
            "every try bears the key of the first, and mss-23 keeps that on its disk in one step with the work".to_owned(),
            "`--retry blind` shows what it costs to ask again without one, `--retry none` not to ask".to_owned(),
        ],
    }
}

fn as_json(ran: &Ran, world: Option<World>, code: u8) -> Value {
    let accounts = ran.accounts().into_iter().zip(ran.lanes());
    let worlds = ran.runs.iter().zip(accounts).map(|((world, trace), (account, until))| {
        let seen = Lane::of(trace, CLIENT);
        json!({
            "world": world.name(),
            "what": world.what(),
            "steps": world.steps(),
            "fired": account.fired,
            "learnt": account.learnt.as_ref().map(ToString::to_string),
            "is_certain": account.learnt.as_ref().is_some_and(constellation_trace::Completion::is_certain),
            "waited_ns": account.waited.map(|waited| waited.as_nanos().to_string()),
            "shown": account.shown,
            "seen": seen.lines().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "seen_until_timeout": until.lines().len(),
            "replay": replay(ran.study.retries, ran.seed, Some(*world)),
            "trace_sha256": jsonl::digest(trace).to_string(),
        })
    });
    json!({
        "schema": "constellation/mss-23/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": NAME,
        "title": study(NAME).map(|study| study.title),
        "retry": ran.study.retries.name(),
        "seed": ran.seed.to_string(),
        "timeout_ns": TIMEOUT.as_nanos().to_string(),
        "worlds": worlds.collect::<Vec<_>>(),
        "exit_code": code,
        "promises": ran.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "replay": replay(ran.study.retries, ran.seed, world),
    })
}
