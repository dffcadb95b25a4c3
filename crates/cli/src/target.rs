//! Which scenario is meant: a shipped one or a file, its nodes and its resolver, and how to say so again.

use std::ops::Range;
use std::path::Path;

use anyhow::bail;
use constellation_lab::incidents::Study;
use constellation_lab::incidents::antarctic::{About, Groups, GroupsError, Policy, Rough};
use constellation_lab::incidents::mss23::{Mss23, Retries};
use constellation_lab::scenario::Instead;
use constellation_lab::specimens::Soundness;
use constellation_lab::words::one_line;
use constellation_lab::{Resolver, Scenario, ScenarioError, Specimen, incidents};
use constellation_trace::ids::nearest;
use serde_json::{Value, json};

use crate::args::{Setting, Target};
use crate::file::{Kind, read_text};
use crate::source::Excerpt;

const SCENARIO: Kind = Kind { what: "a scenario", bytes_max: Scenario::TEXT_MAX as u64 };

/// How a specimen is told from a scenario.
const SPECIMEN: &str = "specimen:";

/// The specimen that is meant, unless it is a scenario.
pub(crate) fn specimen(target: &Target) -> anyhow::Result<Option<&'static Specimen>> {
    let Some(path) = target.scenario.strip_prefix(SPECIMEN) else { return Ok(None) };
    check_unchanged(target, "a specimen")?;
    let Some(specimen) = Specimen::find(path) else {
        let variants = Specimen::all().filter(|specimen| specimen.name == path);
        let variants: Vec<_> = variants.collect();
        if let Some(wrong) = variants.iter().find(|specimen| specimen.soundness != Soundness::Right) {
            let names: Vec<_> = variants.iter().map(|specimen| specimen.variant).collect();
            bail!(
                "`{path}` has the variants {}\nhelp: choose one, such as `{SPECIMEN}{wrong}`",
                names.join(", ")
            );
        }
        let paths: Vec<_> = Specimen::all().map(ToString::to_string).collect();
        let advice = match nearest(path, paths.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{SPECIMEN}{near}`?"),
            None => "`constellation specimens` lists them".to_owned(),
        };
        bail!("no specimen is called `{path}`\nhelp: {advice}");
    };
    Ok(Some(specimen))
}

/// Refuses a flag of a study for anything else.
fn check_is_for(target: &Target, study: &str, flag: &str, given: &Option<String>) -> anyhow::Result<()> {
    if given.is_some() && target.scenario != study {
        bail!("`{}` takes no {flag}\nhelp: leave it out; it is for `{study}`", target.scenario);
    }
    Ok(())
}

/// What can be hunted of the storm that is meant, if it is one: by default the policy that loses nothing.
pub(crate) fn antarctic(target: &Target, setting: &Setting) -> anyhow::Result<Option<Rough>> {
    check_is_for(target, ANTARCTIC, "--policy", &setting.policy)?;
    check_is_for(target, ANTARCTIC, "--groups", &setting.groups)?;
    if target.scenario != ANTARCTIC {
        return Ok(None);
    }
    check_unchanged(target, "`antarctic`")?;
    let about = match &setting.policy {
        None => About::Policy(Policy::Siblings),
        Some(name) => named(ANTARCTIC, "--policy", name, &About::NAMES)?,
    };
    Ok(Some(Rough { about, groups: groups(setting.groups.as_deref())? }))
}

/// The flags that mean this storm again.
pub(crate) fn storm_flags(storm: &Rough) -> String {
    format!(" --policy {} --groups {}", storm.about.name(), storm.groups.typed())
}

/// The study of a storm.
pub(crate) const ANTARCTIC: &str = "antarctic";

/// The groups of the storm that were typed, or the usual ones.
pub(crate) fn groups(typed: Option<&str>) -> anyhow::Result<Groups> {
    let Some(typed) = typed else { return Ok(Groups::default()) };
    let usual = Groups::default().typed();
    Groups::parse(typed).map_err(|error| {
        let help = match &error {
            GroupsError::Sum { .. } => format!("count every station in one group, as in `--groups {usual}`"),
            _ => format!("so many stations in each group, with commas between, as in `--groups {usual}`"),
        };
        anyhow::anyhow!("--groups: {}\nhelp: {help}", one_line(&error.to_string()))
    })
}

/// What can be hunted of the study that is meant, with the flag that chooses its setting; none unless it is one.
pub(crate) fn mss23(target: &Target, setting: &Setting) -> anyhow::Result<Option<Mss23>> {
    check_is_for(target, MSS23, "--retry", &setting.retry)?;
    if target.scenario != MSS23 {
        return Ok(None);
    }
    check_unchanged(target, "`mss-23`")?;
    setting.retry.as_deref().map_or(Ok(Retries::Keyed), retries).map(|retries| Some(Mss23::new(retries)))
}

/// The study of one request that nobody answers.
pub(crate) const MSS23: &str = "mss-23";

/// What `--retry` means.
pub(crate) fn retries(name: &str) -> anyhow::Result<Retries> {
    named(MSS23, "--retry", name, &Retries::NAMES)
}

/// What a name means among those of a study.
pub(crate) fn named<T: Copy>(study: &str, what: &str, name: &str, known: &[(&str, T)]) -> anyhow::Result<T> {
    if let Some((_, meant)) = known.iter().find(|(known, _)| *known == name) {
        return Ok(*meant);
    }
    let names = || known.iter().map(|(known, _)| *known);
    let begun = names().find(|known| !name.is_empty() && known.starts_with(name));
    let advice = match begun.or_else(|| nearest(name, names())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
    };
    bail!("no {what} of `{study}` is called `{name}`\nhelp: {advice}")
}

/// Refuses what would change a world that is written in code.
fn check_unchanged(target: &Target, what: &str) -> anyhow::Result<()> {
    let Target { scenario: _, resolver, nodes, faults, steps, walls, end } = target;
    let is_changed = resolver.is_some() || nodes.is_some() || faults.is_some() || end.is_some();
    if is_changed || !steps.is_empty() || !walls.is_empty() {
        bail!(
            "{what} has nodes, steps and faults of its own\nhelp: leave out --resolver, --nodes, --end, --wall, --step \
             and --faults"
        );
    }
    Ok(())
}

/// The scenario that is meant, with the resolver that was asked for.
pub(crate) fn scenario(target: &Target) -> anyhow::Result<Scenario> {
    let mut scenario = load(target)?;
    if let Some(name) = &target.resolver {
        if name == "all" {
            bail!("`--resolver all` compares runs, which only `run` does\nhelp: choose one resolver");
        }
        scenario.resolver = resolver(name)?;
    }
    Ok(scenario)
}

/// The text of the scenario that is meant, with its name and what to call the text in messages.
pub(crate) fn text(target: &Target) -> anyhow::Result<(String, String, String)> {
    let name = &target.scenario;
    let is_file = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    if is_file {
        let text = read_text(Path::new(name), SCENARIO)?;
        let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok((stem.unwrap_or_default(), name.clone(), text))
    } else {
        if let Some(study) = incidents::study(name) {
            bail!(in_code(study));
        }
        let Some(incident) = incidents::find(name) else { bail!(unknown_scenario(name)) };
        Ok((name.clone(), format!("{name}.toml"), incident.text.to_owned()))
    }
}

/// The scenario that is meant, with its own resolver.
pub(crate) fn load(target: &Target) -> anyhow::Result<Scenario> {
    let mut scenario = load_file(target)?;
    if !target.walls.is_empty() {
        scenario = given(WALL, &target.walls.join("\n"), |walls| scenario.with_walls(walls))?;
    }
    if !target.steps.is_empty() {
        scenario = given(STEP, &target.steps.join("\n"), |steps| scenario.with_steps(steps))?;
    }
    match &target.faults {
        Some(faults) => given(FAULTS, faults, |faults| scenario.with_faults(faults)),
        None => Ok(scenario),
    }
}

/// What the flags are called, for what they refuse and for the command that says the same again.
const WALL: &str = "--wall";
const STEP: &str = "--step";
const FAULTS: &str = "--faults";

/// Where a step of the scenario, by its number, was written down: what to call the text, the text, and the place in it.
pub(crate) fn step(
    target: &Target,
    scenario: &Scenario,
    step: usize,
) -> Option<(String, String, Range<usize>)> {
    let (_, path, file) = text(target).ok()?;
    if let Some(span) = scenario.step_span(&file, step) {
        return Some((path, file, span));
    }
    let added = target.steps.join("\n");
    let span = scenario.added_step_span(&added, step)?;
    Some((STEP.to_owned(), added, span))
}

/// What of a flag is read as the file is. Of one that is given several times, each is a line.
fn given(
    flag: &str,
    text: &str,
    read: impl FnOnce(&str) -> Result<Scenario, ScenarioError>,
) -> anyhow::Result<Scenario> {
    read(text).map_err(|error| excerpt(flag.to_owned(), text.to_owned(), error).into())
}

/// The scenario as it is written, with the nodes and the end that were asked for.
fn load_file(target: &Target) -> anyhow::Result<Scenario> {
    let (stem, path, text) = text(target)?;
    let mut instead = Instead::default();
    instead.end = target.end.as_ref().map(|end| end.time);
    let Some(given) = &target.nodes else {
        return Scenario::parse_with(&stem, &text, instead)
            .map_err(|error| excerpt(path, text, error).into());
    };
    let nodes: Vec<String> = given.iter().map(|name| name.trim().to_owned()).collect();
    instead.nodes = Some(&nodes);
    Scenario::parse_with(&stem, &text, instead).map_err(|error| {
        wrong_nodes(&nodes, &text, &error).unwrap_or_else(|| excerpt(path, text, error)).into()
    })
}

/// The fault in a text that was read from `path`.
pub(crate) fn excerpt(path: String, text: String, error: ScenarioError) -> Excerpt {
    let ScenarioError { message, span, help } = error;
    Excerpt { path, text, span, message, help }
}

/// The fault as one of `--nodes`, unless the file is wrong by itself.
fn wrong_nodes(nodes: &[String], text: &str, error: &ScenarioError) -> Option<Excerpt> {
    let typed = nodes.join(",");
    let fault = |span, message, help| Excerpt {
        path: "--nodes".to_owned(),
        text: typed.clone(),
        span,
        message,
        help,
    };
    // Each beginning of the list is tried on an empty scenario: the first that is refused ends in the node at fault.
    let refused = |count: usize| {
        Scenario::parse_with("", "nodes = []\nend = \"1s\"", Instead::nodes(&nodes[..count])).err()
    };
    if let Some((count, error)) = (1..=nodes.len()).find_map(|count| Some((count, refused(count)?))) {
        let start = nodes[..count - 1].iter().map(|name| name.len() + 1).sum();
        return Some(fault(start..start + nodes[count - 1].len(), error.message, error.help));
    }
    let own = Scenario::parse("", text).ok()?.nodes;
    let left_out = text.get(error.span.clone())?.trim_matches(['"', '\'']);
    let (line, _) = error.line_and_column(text);
    let message =
        format!("`--nodes` leaves out `{}`, which the scenario names at line {line}", one_line(left_out));
    let new = nodes.iter().filter(|name| !own.contains(name)).map(String::as_str);
    let help = nearest(left_out, new).map_or(String::new(), |near| format!("did you mean it by `{near}`?"));
    Some(fault(0..typed.len(), message, help))
}

/// Why a study is no target where a scenario is wanted.
fn in_code(study: Study) -> String {
    let name = study.name;
    format!(
        "`{name}` is several runs side by side, written in code: there is no file of it\nhelp: `constellation run {name}` \
         makes these runs and judges them"
    )
}

fn unknown_scenario(name: &str) -> String {
    let names = incidents::INCIDENTS.iter().map(|incident| incident.name);
    let names = names.chain(incidents::STUDIES.iter().map(|study| study.name));
    let file = format!("{name}.toml");
    let advice = match nearest(name, names) {
        _ if name.starts_with(SPECIMEN) => "specimens are for `run`, `hunt` and `replay`".to_owned(),
        _ if Path::new(&file).is_file() => format!("did you mean the file `{}`?", one_line(&file)),
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation scenarios` lists them; a file of your own ends in `.toml`".to_owned(),
    };
    format!("no scenario is called `{name}`\nhelp: {advice}")
}

pub(crate) fn resolver(name: &str) -> anyhow::Result<Resolver> {
    if let Some((_, resolver)) = Resolver::NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(*resolver);
    }
    let names = || Resolver::NAMES.iter().map(|(known, _)| *known).chain(["all"]);
    let begun = || names().find(|known| !name.is_empty() && known.starts_with(name));
    let advice = match begun().or_else(|| nearest(name, names())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
    };
    bail!("no resolver is called `{name}`\nhelp: {advice}")
}

/// The words that mean this scenario again, where anything else than it says was asked for.
pub(crate) fn flags(target: &Target, scenario: &Scenario) -> String {
    let mut flags = String::new();
    if target.resolver.is_some() {
        flags.push_str(&format!(" --resolver {}", scenario.resolver.name()));
    }
    if target.nodes.is_some() {
        flags.push_str(&format!(" --nodes {}", quoted(&scenario.nodes.join(","))));
    }
    let end = target.end.iter().map(|end| ("--end", &end.text));
    let walls = target.walls.iter().map(|wall| (WALL, wall));
    let steps = target.steps.iter().map(|step| (STEP, step));
    let faults = target.faults.iter().map(|faults| (FAULTS, faults));
    for (flag, text) in end.chain(walls).chain(steps).chain(faults) {
        flags.push_str(&format!(" {flag} {}", quoted(text)));
    }
    flags
}

/// What was asked for beside the scenario itself, for a script; what was not is `null` or empty.
pub(crate) fn given_json(target: &Target) -> Value {
    json!({
        "nodes": target.nodes,
        "end": target.end.as_ref().map(|end| &end.text),
        "walls": target.walls,
        "steps": target.steps,
        "faults": target.faults,
    })
}

/// A word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./,:".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
