//! `constellation run antarctic`: one storm, four policies for who may write in it, and the election of a coordinator.

mod election;

use std::time::Duration;

use anyhow::bail;
use constellation_lab::incidents::antarctic::election::{Election, Orbit, PassError};
use constellation_lab::incidents::antarctic::fate::{Fate, WriteFate};
use constellation_lab::incidents::antarctic::{Groups, Policy, STORM_BEGINS, STORM_ENDS, Summary, Trial};
use constellation_lab::scenario::duration;
use constellation_lab::words::one_line;
use constellation_lab::{Modelled, RunError, incidents};
use constellation_trace::format::jsonl;
use constellation_trace::ids::nearest;
use constellation_trace::{Judgement, TrueTime};
use constellation_verify::models::Model;
use serde_json::{Value, json};

use crate::args::{self, Drawn};
use crate::commands::modelled;
use crate::file::write_whole;
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures;
use crate::printer::{Printer, count, faint, strong};
use crate::target::{groups, quoted};
use crate::timeline::print_timeline;

/// What it is called on the command line.
const NAME: &str = "antarctic";
/// The seed when none is given.
const SEED: u64 = 1;
/// Every policy, to be compared.
const ALL: &str = "all";
/// How long a pass is when nobody says otherwise.
const PASS: &str = "90s";

/// What was asked for, with all that was not said filled in.
struct Asked {
    policies: Vec<Policy>,
    /// How the policy was asked for: a name, or `all`.
    policy: String,
    orbit: Orbit,
    /// How the length of the pass was typed.
    pass: String,
    seed: u64,
    /// What is judged in place of promises, if it is.
    models: Vec<&'static dyn Model>,
}

pub(super) fn run(arguments: &args::Run, printer: &mut Printer) -> anyhow::Result<u8> {
    let asked = Asked::of(arguments)?;
    let held = asked.held()?;
    let progress = printer.progress("simulating and judging");
    let told = Told::of(&asked, held.as_ref());
    progress.finish_and_clear();
    let told = told?;
    if let (Some(path), [trial]) = (&arguments.trace, &told.trials[..]) {
        write_whole(path, |writer| jsonl::write(&trial.trace, writer))?;
    }
    let drawn = draw(&arguments.drawn, &asked, &told.trials)?;
    if arguments.json {
        printer.json(&as_json(&asked, &told, held.as_ref()))?;
    } else {
        print(&asked, (&told, held.as_ref()), arguments.timeline.unwrap_or(args::Timeline::None), printer)?;
    }
    if let (true, Some(told)) = (told.trials.len() > 1, pictures::told_files(&drawn)) {
        printer.tell(&told);
    }
    Ok(told.exit_code())
}

/// Draws the one policy, or each in a file of its own; into which files.
fn draw(drawn: &Drawn, asked: &Asked, trials: &[Trial]) -> anyhow::Result<Vec<Drawn>> {
    let mut files = Vec::new();
    for trial in trials {
        let name = trial.policy.name();
        let drawn = if trials.len() > 1 { drawn.of_one(name) } else { drawn.clone() };
        let replay = &asked.replay(name);
        let title = format!("{NAME} · {} · --policy {name}", title());
        let (trace, judgements, remarks) = (&trial.trace, &trial.judgements[..], &trial.remarks[..]);
        let (source, doings) = (String::new(), vec![pictures::storm(asked.orbit.groups(), trace)]);
        let run = pictures::Told {
            trace,
            judgements,
            title,
            replay,
            remarks,
            source,
            doings,
            times: pictures::Times::Simulated,
        };
        pictures::draw(&drawn, &run)?;
        files.push(drawn);
    }
    Ok(files)
}

/// All that was run.
struct Told {
    trials: Vec<Trial>,
    /// None where models are judged, since no client asks for anything in it.
    election: Option<Election>,
}

impl Told {
    fn of(asked: &Asked, held: Option<&Modelled<'_>>) -> Result<Told, RunError> {
        let groups = asked.orbit.groups();
        let trial = |policy: &Policy| Trial::of(*policy, groups, asked.seed, &asked.replay(policy.name()));
        let mut trials = asked.policies.iter().map(trial).collect::<Result<Vec<_>, _>>()?;
        let election = match held {
            Some(held) => {
                trials.iter_mut().for_each(|trial| trial.hold_to(held, &asked.replay(&asked.policy)));
                None
            }
            None => Some(Election::of(&asked.orbit, asked.seed, &asked.replay(&asked.policy))?),
        };
        Ok(Told { trials, election })
    }

    /// The exit code for all promises together, those of the election among them.
    fn exit_code(&self) -> u8 {
        let of_trials = self.trials.iter().flat_map(|trial| &trial.judgements);
        let of_election = self.election.iter().flat_map(|election| &election.judgements);
        let judgements: Vec<Judgement> = of_trials.chain(of_election).cloned().collect();
        Judgement::exit_code(&judgements)
    }
}

impl Asked {
    fn of(arguments: &args::Run) -> anyhow::Result<Asked> {
        let policy = arguments.policy.as_deref().unwrap_or(Policy::Siblings.name());
        let pass = arguments.pass.as_deref().unwrap_or(PASS);
        let of_one = [
            ("--trace", arguments.trace.is_some()),
            ("--timeline", arguments.timeline.is_some()),
            ("--model", !arguments.models.is_empty()),
        ];
        let of_one = of_one.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag));
        if let (ALL, Some(flag)) = (policy, of_one) {
            bail!("{flag} wants one run, but --policy {ALL} makes several\nhelp: choose one policy");
        }
        if let (Some(_), false) = (&arguments.pass, arguments.models.is_empty()) {
            bail!(
                "--pass is of the election of a coordinator, in which no client asks for anything that --model could judge\n\
                 help: leave out one of the two"
            );
        }
        Ok(Asked {
            policies: policies(policy)?,
            policy: policy.to_owned(),
            orbit: orbit(groups(arguments.groups.as_deref())?, pass)?,
            pass: pass.to_owned(),
            seed: arguments.seed.unwrap_or(SEED),
            models: modelled::named(&arguments.models)?,
        })
    }

    /// The storm under the one policy, held to the models that are named.
    fn held(&self) -> anyhow::Result<Option<Modelled<'static>>> {
        let [policy] = self.policies[..] else { return Ok(None) };
        modelled::held(|| Trial::subject(policy, self.orbit.groups()), &self.models, NAME)
    }

    /// The command that does the same again.
    fn replay(&self, policy: &str) -> String {
        let (groups, pass, seed) = (self.orbit.groups().typed(), quoted(&self.pass), self.seed);
        let models = modelled::flag(&self.models);
        format!(
            "constellation run antarctic --policy {policy} --groups {groups} --pass {pass} --seed {seed}{models}"
        )
    }
}

/// The policies of this name.
fn policies(name: &str) -> anyhow::Result<Vec<Policy>> {
    if name == ALL {
        return Ok(Policy::NAMES.iter().map(|(_, policy)| *policy).collect());
    }
    if let Some((_, policy)) = Policy::NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(vec![*policy]);
    }
    let names = || Policy::NAMES.iter().map(|(known, _)| *known).chain([ALL]);
    let begun = || names().find(|known| !name.is_empty() && known.starts_with(name));
    let advice = match begun().or_else(|| nearest(name, names())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
    };
    bail!("no policy is called `{}`\nhelp: {advice}", one_line(name))
}

/// Passes of the length that was typed, over these groups.
fn orbit(groups: Groups, pass: &str) -> anyhow::Result<Orbit> {
    let Some(length) = duration(pass) else {
        let pass = one_line(pass);
        bail!("--pass: `{pass}` is no time\nhelp: a number and a unit, such as {PASS} or 2min");
    };
    Orbit::new(groups, length).map_err(|error| {
        let help = match error {
            PassError::TooLong { longest, .. } => format!("say {longest:?} or less"),
            _ => format!("say how long satellites are overhead, as in `--pass {PASS}`"),
        };
        anyhow::anyhow!("--pass: {error}\nhelp: {help}")
    })
}

fn print(
    asked: &Asked,
    (told, held): (&Told, Option<&Modelled<'_>>),
    shown: args::Timeline,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    printer.line(format!("{} · {}", strong(NAME), title()))?;
    printer.line("")?;
    for trial in &told.trials {
        print_timeline(&trial.trace, shown, printer)?;
    }
    match &told.trials[..] {
        [trial] => print_trial(asked, (trial, held), printer)?,
        trials => print_comparison(trials, printer)?,
    }
    printer.line("")?;
    if let Some(election) = &told.election {
        election::print(election, printer)?;
        printer.line("")?;
    }
    printer.line(format!("seed {} · replay: {}", asked.seed, asked.replay(&asked.policy)))?;
    let trials = told.trials.iter().map(|trial| (trial.policy.name(), &trial.trace));
    let traces: Vec<_> =
        trials.chain(told.election.iter().map(|election| ("election", &election.trace))).collect();
    for (name, trace) in traces {
        printer.line(format!("trace sha256 {}  {name}", jsonl::digest(trace)))?;
    }
    Ok(())
}

/// One policy: its rule, what became of each write, and what it promised.
fn print_trial(
    asked: &Asked,
    (trial, held): (&Trial, Option<&Modelled<'_>>),
    printer: &mut Printer,
) -> anyhow::Result<()> {
    printer.line(format!("policy   {} · {}", strong(trial.policy.name()), trial.policy.rule()))?;
    printer.line(format!("price    {}", trial.policy.price()))?;
    printer.line("")?;
    for line in table(asked, trial) {
        printer.line(line)?;
    }
    printer.line("")?;
    for line in summary(trial) {
        printer.line(line)?;
    }
    for remark in &trial.remarks {
        printer.line(faint(&format!("· {remark}")))?;
    }
    printer.line("")?;
    held.map_or(Ok(()), |held| modelled::print_asked(held, printer))?;
    modelled::print_judgements(&trial.judgements, held, &trial.trace, printer)
}

/// A line a write, in the order of asking, and a line when the relays go and come.
fn table(asked: &Asked, trial: &Trial) -> Vec<String> {
    let cells = |told: &WriteFate| {
        let what = format!("{} = \"{}\"", one_line(&told.key), one_line(&told.value));
        let waited = told.waited.map_or("no answer".to_owned(), seconds);
        let update = told.update.clone().unwrap_or_default();
        [told.station.clone(), what, update, waited]
    };
    let rows: Vec<[String; 4]> = trial.writes.iter().map(cells).collect();
    let head = ["station", "write", "update", "waited"];
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        // A format pads to 65,535 at most, and what is written may be longer.
        widths.max().unwrap_or(0).max(head[column].len()).min(120)
    };
    let [station, what, update, waited] = [0, 1, 2, 3].map(width);
    let mut lines = vec![faint(&format!(
        "{:>9}  {:<station$}  {:<what$}  {:<update$}  {:>waited$}  fate",
        "asked", head[0], head[1], head[2], head[3]
    ))];
    let mut storm = [
        (STORM_BEGINS, format!("both relays are lost: {}", asked.orbit.groups())),
        (STORM_ENDS, "both relays are back".to_owned()),
    ]
    .into_iter()
    .peekable();
    for (told, row) in trial.writes.iter().zip(&rows) {
        while let Some((time, what)) = storm.next_if(|(time, _)| told.at >= since_start(*time)) {
            lines.push(strong(&format!("{:>9}  ═══ {what}", clock(since_start(time)))));
        }
        let line = format!(
            "{:>9}  {:<station$}  {:<what$}  {:<update$}  {:>waited$}  {}",
            clock(told.at),
            row[0],
            row[1],
            row[2],
            row[3],
            fate(told)
        );
        lines.push(line);
    }
    lines.extend(storm.map(|(time, what)| strong(&format!("{:>9}  ═══ {what}", clock(since_start(time))))));
    lines
}

/// What became of a write, and how.
fn fate(told: &WriteFate) -> String {
    let name = match told.fate {
        Fate::Lost | Fate::LeftToPeople | Fate::Unknown => strong(&told.fate.to_string()),
        other => other.to_string(),
    };
    if told.why.is_empty() { name } else { format!("{name}: {}", one_line(&told.why)) }
}

/// The counts, how long clients waited, and who could not write.
fn summary(trial: &Trial) -> Vec<String> {
    let Summary { waited_done_max, waited_other_max, reads, reads_shown, .. } = &trial.summary;
    let of = |fate: Fate| format!("{} {fate}", trial.summary.count(fate));
    let mut lines = vec![format!(
        "{}: {} accepted ({}), {}, {}",
        count(trial.writes.len() as u64, "write"),
        trial.summary.accepted(),
        [Fate::Kept, Fate::ReconciledByMachine, Fate::LeftToPeople, Fate::Lost].map(of).join(", "),
        of(Fate::Refused),
        of(Fate::Unknown),
    )];
    lines.push(format!("{reads_shown} of {} answered", count(*reads as u64, "read")));
    let done = waited_done_max.map(|waited| format!("{} at most to be acknowledged", seconds(waited)));
    let other =
        waited_other_max.map(|waited| format!("{} at most to be refused or to give up", seconds(waited)));
    let waits: Vec<_> = done.into_iter().chain(other).collect();
    if !waits.is_empty() {
        lines.push(format!("clients who wrote waited {}", waits.join(", and ")));
    }
    match &trial.outages[..] {
        [] => lines.push("every station that was asked to write in the storm could".to_owned()),
        outages => lines.extend(outages.iter().map(|outage| strong(&outage.told()))),
    }
    lines
}

/// A line a policy, and below it who could not write and what was not kept.
fn print_comparison(trials: &[Trial], printer: &mut Printer) -> anyhow::Result<()> {
    let fates = Fate::NAMES.map(|(name, _)| format!("{name:>WIDTH$}", WIDTH = column(name)));
    let width = Policy::NAMES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let head = format!(
        "{:<width$}  {:>8}  {}  {:>8}  {:>9}",
        "policy",
        "accepted",
        fates.join("  "),
        "reads",
        "waited"
    );
    printer.line(faint(head.trim_end()))?;
    for trial in trials {
        let summary = &trial.summary;
        let cells =
            Fate::NAMES.map(|(name, fate)| format!("{:>WIDTH$}", summary.count(fate), WIDTH = column(name)));
        let waited = summary.waited_done_max.max(summary.waited_other_max).map_or(String::new(), seconds);
        let reads = format!("{}/{}", summary.reads_shown, summary.reads);
        printer.line(format!(
            "{:<width$}  {:>8}  {}  {reads:>8}  {waited:>9}",
            trial.policy.name(),
            summary.accepted(),
            cells.join("  "),
        ))?;
    }
    for trial in trials {
        printer.line("")?;
        printer.line(format!("{} · {}", strong(trial.policy.name()), trial.policy.price()))?;
        for outage in &trial.outages {
            printer.line(outage.told())?;
        }
        print_judgements(&trial.judgements, None, printer)?;
    }
    Ok(())
}

/// How wide the column of a fate is.
const fn column(name: &str) -> usize {
    name.len()
}

/// So long after the start.
fn since_start(time: Duration) -> TrueTime {
    TrueTime::from_ns(0).saturating_add(time)
}

/// A time of the run: `154.000`.
fn clock(at: TrueTime) -> String {
    let ms = at.ns() / 1_000_000;
    format!("{}.{:03}s", ms / 1_000, ms % 1_000)
}

/// A time that somebody waited: `10.003 s`.
fn seconds(time: Duration) -> String {
    format!("{}.{:03} s", time.as_secs(), time.subsec_millis())
}

/// What it is about, in a line.
fn title() -> &'static str {
    incidents::study(NAME).map_or("", |study| study.title)
}

fn as_json(asked: &Asked, told: &Told, held: Option<&Modelled<'_>>) -> Value {
    let trial_json = |trial: &Trial| {
        let mut json = trial_json(asked, trial);
        if let Some(held) = held {
            modelled::put_json(&mut json, &trial.judgements, held, &trial.trace);
        }
        json
    };
    let trials: Vec<Value> = told.trials.iter().map(trial_json).collect();
    let storm_ns = [STORM_BEGINS, STORM_ENDS].map(ns);
    json!({
        "schema": "constellation/antarctic/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": NAME,
        "title": title(),
        "policy": asked.policy,
        "groups": asked.orbit.groups().sizes(),
        "seed": asked.seed.to_string(),
        "storm_ns": storm_ns,
        "pass_ns": ns(asked.orbit.pass()),
        "trials": trials,
        "election": told.election.as_ref().map(election::as_json),
        "exit_code": told.exit_code(),
        "replay": asked.replay(&asked.policy),
    })
}

fn trial_json(asked: &Asked, trial: &Trial) -> Value {
    let fates =
        Fate::NAMES.iter().map(|(name, fate)| ((*name).to_owned(), json!(trial.summary.count(*fate))));
    let outages = trial.outages.iter().map(|outage| {
        json!({
            "station": outage.station,
            "asked": outage.asked,
            "refused": outage.refused,
            "unknown": outage.unknown,
            "text": outage.told(),
        })
    });
    json!({
        "policy": trial.policy.name(),
        "rule": trial.policy.rule(),
        "price": trial.policy.price(),
        "writes": trial.writes.iter().map(write_json).collect::<Vec<_>>(),
        "accepted": trial.summary.accepted(),
        "fates": fates.collect::<serde_json::Map<_, _>>(),
        "reads": trial.summary.reads,
        "reads_shown": trial.summary.reads_shown,
        "waited_done_max_ns": trial.summary.waited_done_max.map(ns),
        "waited_other_max_ns": trial.summary.waited_other_max.map(ns),
        "outages": outages.collect::<Vec<_>>(),
        "promises": trial.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "exit_code": trial.exit_code(),
        "remarks": trial.remarks,
        "replay": asked.replay(trial.policy.name()),
        "trace_sha256": jsonl::digest(&trial.trace).to_string(),
    })
}

fn write_json(told: &WriteFate) -> Value {
    json!({
        "asked_ns": told.at.ns().to_string(),
        "station": told.station,
        "key": told.key,
        "value": told.value,
        "update": told.update,
        "waited_ns": told.waited.map(ns),
        "fate": told.fate.to_string(),
        "why": told.why,
        "event": told.asked.number(),
    })
}

/// Nanoseconds, as JSON bears them.
fn ns(time: Duration) -> String {
    time.as_nanos().to_string()
}
