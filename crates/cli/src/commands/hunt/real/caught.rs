//! Each mode that is meant, hunted one after the other.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use constellation_lab::words::one_line;
use constellation_servers::hunt::judged::Claim;
use constellation_servers::hunt::rounds::{Hunt, Hunted, Schedules, Stage, hunt};
use constellation_servers::hunt::schedule::{FaultKind, Schedule};
use constellation_servers::hunt::trial::Pace;
use constellation_trace::ids::nearest;
use constellation_verify::models::Model;

use super::kept::{self, Kept};
use crate::args;
use crate::commands::modelled;
use crate::commands::place::real::measured::help;
use crate::commands::place::real::targets::Target;
use crate::file::{Kind, read_text};
use crate::interrupts::Interrupts;
use crate::printer::{Printer, count};
use crate::progress::Progress;
use crate::target::quoted;

/// What each mode is hunted with.
pub(super) struct Asked {
    /// Instead of what a mode claims.
    model: Option<&'static dyn Model>,
    schedules: Wanted,
    time: Duration,
}

/// Which schedules are wanted.
enum Wanted {
    /// Of these kinds, or where none is said of what the mode is meant to survive.
    Seeds(Option<Vec<FaultKind>>),
    One(Schedule),
}

/// A mode that was hunted.
pub(super) struct Caught {
    /// What it is called on the command line: `etcd/serializable`.
    pub(super) name: String,
    pub(super) claim: Claim,
    /// Of which kinds faults were.
    pub(super) kinds: Vec<FaultKind>,
    pub(super) from: u64,
    pub(super) hunted: Hunted,
    pub(super) kept: Option<Kept>,
    /// The command that does the same again.
    pub(super) again: String,
}

/// How long a mode is hunted if nothing else is said.
const MINUTE: Duration = Duration::from_secs(60);
const SCHEDULE: Kind = Kind { what: "a schedule", bytes_max: 1 << 20 };

impl Asked {
    pub(super) fn of(arguments: &args::Hunt) -> anyhow::Result<Asked> {
        if arguments.all {
            bail!(
                "--all collects what is distinct, and whether two rounds of a real server show the same nobody can tell, as \
                 neither comes again\nhelp: hunt on behind what was found, with --from and the seed after it"
            );
        }
        let models = modelled::named(&arguments.models)?;
        let model = match models[..] {
            [] => None,
            [model] => Some(model),
            _ => bail!("a server is hunted by one model at a time\nhelp: name the one that it claims"),
        };
        let schedules = match (&arguments.schedule, &arguments.target.faults) {
            (Some(path), _) => {
                let text = read_text(path, SCHEDULE)?;
                let parsed = text.parse().with_context(|| format!("`{}` cannot be used", path.display()))?;
                Wanted::One(parsed)
            }
            (None, None) => Wanted::Seeds(None),
            (None, Some(names)) => Wanted::Seeds(Some(kinds(names)?)),
        };
        Ok(Asked { model, schedules, time: arguments.time.unwrap_or(MINUTE) })
    }
}

fn kinds(names: &str) -> anyhow::Result<Vec<FaultKind>> {
    if names.trim() == "none" {
        return Ok(Vec::new());
    }
    let kind = |name: &str| {
        let all = FaultKind::ALL.map(FaultKind::name);
        FaultKind::named(name).ok_or_else(|| {
            let advice = match nearest(name, all) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("with --real, some of {}", all.join(",")),
            };
            anyhow!("no kind of fault is called `{}`\nhelp: {advice}", one_line(name))
        })
    };
    names.split(',').map(|name| kind(name.trim())).collect()
}

/// Hunts all of them, until the user has had enough.
pub(super) fn hunt_all(
    targets: &[Target],
    asked: &Asked,
    arguments: &args::Hunt,
    printer: &mut Printer,
) -> anyhow::Result<Vec<Caught>> {
    let program = env::current_exe().context("cannot find this program, to begin it once for each site")?;
    let interrupts = Interrupts::listen("the servers end, and what was found is told")?;
    let aim = format!("{}, {:?} each", count(targets.len() as u64, "mode"), asked.time);
    let mut progress = Progress::begin(arguments.progress, "hunting, in real time", &aim, printer);
    let mut all = Vec::new();
    for target in targets.iter().take_while(|_| !interrupts.came()) {
        let caught = hunt_one(target, asked, arguments, &program, &interrupts, |line| {
            progress.tell(|| line, printer);
        });
        match caught {
            Ok(caught) => all.push(caught),
            Err(error) => {
                progress.end();
                return Err(error);
            }
        }
    }
    progress.end();
    Ok(all)
}

fn hunt_one(
    Target { server, mode }: &Target,
    asked: &Asked,
    arguments: &args::Hunt,
    program: &Path,
    interrupts: &Interrupts,
    mut tell: impl FnMut(String),
) -> anyhow::Result<Caught> {
    let info = server.info();
    let name = if info.modes.len() == 1 { info.name.clone() } else { format!("{}/{}", info.name, mode.name) };
    let claimed = mode.model.as_deref().map(|model| modelled::named(&[model.to_owned()])).transpose()?;
    let claimed = claimed.and_then(|models| models.first().copied());
    let claim = asked.model.or(claimed).map_or(Claim::Eventually, Claim::Model);
    let (kinds, schedules) = match &asked.schedules {
        Wanted::One(schedule) => {
            (constellation_servers::hunt::rounds::kinds_of(schedule), Schedules::One(schedule.clone()))
        }
        Wanted::Seeds(kinds) => {
            let kinds = kinds.clone().unwrap_or_else(|| server.survives(mode));
            (kinds.clone(), Schedules::Seeds { from: arguments.from, kinds })
        }
    };
    let plan = Hunt {
        server: &**server,
        mode: mode.clone(),
        claim,
        schedules,
        pace: Pace::HUNT,
        time: asked.time,
        tries: arguments.tries,
        program: program.to_owned(),
        stop: interrupts.flag(),
    };
    let mut round = String::new();
    let hunted = hunt(&plan, |stage| {
        if let Stage::Judging = stage {
            // Of what is told once a second, this says most.
            return tell(format!("{round}; judged"));
        }
        round = said(&name, stage);
        tell(round.clone());
    });
    let hunted = hunted.map_err(|error| anyhow!("{name} cannot be hunted: {error}{}", help(&error)))?;
    // What is found is written at once: the other modes may take an hour.
    let kept = match (&hunted.finding, &arguments.keep) {
        (Some(found), Some(folder)) => Some(kept::write(folder, &name, found)?),
        _ => None,
    };
    let again = again(&name, arguments);
    Ok(Caught { name, claim, kinds, from: arguments.from, hunted, kept, again })
}

/// The command that hunts this mode again in the same way.
fn again(name: &str, arguments: &args::Hunt) -> String {
    let mut command = format!("constellation hunt --real {}", quoted(name));
    let path = |path: &PathBuf| quoted(&path.display().to_string());
    let flags = [
        ("--store", arguments.store.as_ref().map(path)),
        ("--model", (!arguments.models.is_empty()).then(|| quoted(&arguments.models.join(",")))),
        ("--faults", arguments.target.faults.as_deref().map(quoted)),
        ("--schedule", arguments.schedule.as_ref().map(path)),
    ];
    for (flag, value) in flags {
        if let Some(value) = value {
            command.push_str(&format!(" {flag} {value}"));
        }
    }
    command
}

fn said(name: &str, stage: Stage<'_>) -> String {
    match stage {
        Stage::Starting => format!("{name} starts"),
        Stage::Round { nth, schedule, operations } => format!(
            "{name}: round {nth}, seed {}, {}; {operations} operations before it",
            schedule.seed,
            count(schedule.faults.len() as u64, "fault")
        ),
        Stage::Judging => format!("{name} is judged"),
        Stage::Again { nth, of } => {
            format!("{name}: a violation; its schedule is tried again, {nth} of {of}")
        }
    }
}

/// The worst of all: what was found, before what nobody can tell.
pub(super) fn exit_code(all: &[Caught]) -> u8 {
    if all.iter().any(|caught| caught.hunted.finding.is_some()) {
        return 1;
    }
    let is_known = |caught: &Caught| {
        let Hunted { rounds, unknown, is_interrupted, .. } = &caught.hunted;
        *rounds > 0 && unknown.0 == 0 && !is_interrupted
    };
    if !all.is_empty() && all.iter().all(is_known) { 0 } else { 3 }
}
