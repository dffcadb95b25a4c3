//! `constellation run`: a scenario, its timeline, and its verdict.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use constellation_lab::words::one_line;
use constellation_lab::{Resolver, Run, Scenario, ScenarioError, incidents};
use constellation_trace::format::jsonl;
use constellation_trace::ids::nearest;
use constellation_trace::{Judgement, Proof, Verdict, Witness};
use serde_json::{Value, json};

use crate::args;
use crate::printer::{Printer, VERDICT_WIDTH, faint, strong, verdict};
use crate::source::Excerpt;
use crate::timeline::timeline;

pub(crate) fn run(arguments: &args::Run, printer: &mut Printer) -> anyhow::Result<u8> {
    let mut scenario = load(arguments)?;
    let seed = arguments.seed.unwrap_or(scenario.seed);
    match arguments.resolver.as_deref() {
        Some("all") => return compare(arguments, &scenario, seed, printer),
        Some(name) => scenario.resolver = resolver(name)?,
        None => {}
    }
    let run = simulate(arguments, &scenario, seed, printer)?;
    if let Some(path) = &arguments.trace {
        write_trace(&run, path)?;
    }
    if arguments.json {
        printer.json(&as_json(&run, &replay(arguments, &scenario, seed)))?;
    } else {
        print(&run, &replay(arguments, &scenario, seed), printer)?;
    }
    Ok(run.exit_code())
}

fn load(arguments: &args::Run) -> anyhow::Result<Scenario> {
    let name = &arguments.scenario;
    let is_file = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let (stem, path, text) = if is_file {
        let text = fs::read(name).with_context(|| format!("cannot read `{name}`"))?;
        let text = String::from_utf8(text).with_context(|| format!("`{name}` is not UTF-8 text"))?;
        let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        (stem.unwrap_or_default(), name.clone(), text)
    } else {
        let Some(incident) = incidents::find(name) else { bail!(unknown_scenario(name)) };
        (name.clone(), format!("{name}.toml"), incident.text.to_owned())
    };
    let Some(given) = &arguments.nodes else {
        return Scenario::parse(&stem, &text).map_err(|error| excerpt(path, text, error).into());
    };
    let nodes: Vec<String> = given.iter().map(|name| name.trim().to_owned()).collect();
    Scenario::parse_with_nodes(&stem, &text, &nodes).map_err(|error| {
        wrong_nodes(&nodes, &text, &error).unwrap_or_else(|| excerpt(path, text, error)).into()
    })
}

fn excerpt(path: String, text: String, error: ScenarioError) -> Excerpt {
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
    let refused =
        |count: usize| Scenario::parse_with_nodes("", "nodes = []\nend = \"1s\"", &nodes[..count]).err();
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

fn unknown_scenario(name: &str) -> String {
    let names = incidents::INCIDENTS.iter().map(|incident| incident.name);
    let file = format!("{name}.toml");
    let advice = match nearest(name, names) {
        _ if Path::new(&file).is_file() => format!("did you mean the file `{}`?", one_line(&file)),
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation scenarios` lists them; a file of your own ends in `.toml`".to_owned(),
    };
    format!("no scenario is called `{name}`\nhelp: {advice}")
}

fn resolver(name: &str) -> anyhow::Result<Resolver> {
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

fn simulate(arguments: &args::Run, scenario: &Scenario, seed: u64, printer: &Printer) -> anyhow::Result<Run> {
    let progress = printer.progress("simulating and judging");
    let run = Run::of(scenario, seed, &replay(arguments, scenario, seed));
    progress.finish_and_clear();
    Ok(run?)
}

/// The command that does the same again.
fn replay(arguments: &args::Run, scenario: &Scenario, seed: u64) -> String {
    let mut command = format!("constellation run {} --seed {seed}", quoted(&arguments.scenario));
    if arguments.resolver.is_some() {
        command.push_str(&format!(" --resolver {}", scenario.resolver.name()));
    }
    if arguments.nodes.is_some() {
        command.push_str(&format!(" --nodes {}", quoted(&scenario.nodes.join(","))));
    }
    command
}

/// A word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Writes the whole trace beside its place and moves it there, so that no reader ever sees half of one.
fn write_trace(run: &Run, path: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot write `{}`", path.display());
    // A device or a pipe keeps its place; only a file is replaced.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut writer = BufWriter::new(fs::File::create(path).with_context(context)?);
        jsonl::write(&run.trace, &mut writer).with_context(context)?;
        return writer.flush().with_context(context);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = new_file_in(folder).map_err(|error| system_text(&error)).with_context(context)?;
    let mut writer = BufWriter::new(&mut file);
    jsonl::write(&run.trace, &mut writer).with_context(context)?;
    writer.flush().with_context(context)?;
    drop(writer);
    file.persist(path).map_err(|error| error.error).with_context(context)?;
    Ok(())
}

/// A nameless file with the rights that a file of this user has; on its own it would be for this user alone.
fn new_file_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// What the system said, without the name of a file that never was.
fn system_text(error: &io::Error) -> anyhow::Error {
    let text = error.to_string();
    anyhow::Error::msg(text.split_once(" at path ").map_or(text.clone(), |(said, _)| said.to_owned()))
}

fn print(run: &Run, replay: &str, printer: &mut Printer) -> anyhow::Result<()> {
    let (name, title) = (one_line(&run.scenario.name), one_line(&run.scenario.title));
    let title = if title.is_empty() { String::new() } else { format!(" · {title}") };
    printer.line(strong(&name) + &title)?;
    printer.line("")?;
    for line in timeline(&run.trace) {
        printer.line(line)?;
    }
    printer.line("")?;
    print_judgements(&run.judgements, printer)?;
    for remark in &run.remarks {
        printer.line(faint(&format!("· {remark}")))?;
    }
    printer.line("")?;
    printer.line(format!("seed {} · replay: {replay}", run.seed))?;
    printer.line(format!("trace sha256 {}", jsonl::digest(&run.trace)))
}

pub(crate) fn print_judgements(judgements: &[Judgement], printer: &mut Printer) -> anyhow::Result<()> {
    for judgement in judgements {
        let scope =
            if judgement.scope.is_empty() { String::new() } else { format!("  ({})", judgement.scope) };
        let line = format!("{} {}{}", verdict(&judgement.verdict), judgement.promise, faint(&scope));
        printer.line(line)?;
        match &judgement.verdict {
            Verdict::Violated(evidence) => {
                for line in evidence.to_string().lines() {
                    printer.line(format!("    {}", one_line(line)))?;
                }
            }
            Verdict::Unknown(limit) => printer.line(format!("    {limit}"))?,
            Verdict::Holds => {}
        }
    }
    Ok(())
}

/// Runs every resolver on one scenario and seed, and prints what each made of it.
fn compare(
    arguments: &args::Run,
    scenario: &Scenario,
    seed: u64,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    if arguments.trace.is_some() {
        bail!("--trace wants one run, but --resolver all makes several\nhelp: choose one resolver");
    }
    let mut runs = Vec::new();
    for (_, resolver) in Resolver::NAMES {
        let mut scenario = scenario.clone();
        scenario.resolver = resolver;
        runs.push(simulate(arguments, &scenario, seed, printer)?);
    }
    let worst = runs.iter().flat_map(|run| run.judgements.clone()).collect::<Vec<_>>();
    let with_name = |run: &Run| {
        replay(&args::Run { resolver: Some(String::new()), ..arguments.clone() }, &run.scenario, seed)
    };
    if arguments.json {
        let runs: Vec<_> = runs.iter().map(|run| as_json(run, &with_name(run))).collect();
        printer.json(&json!({"schema": "constellation/comparison/1", "runs": runs}))?;
        return Ok(Judgement::exit_code(&worst));
    }
    print_comparison(&runs, printer)?;
    for run in &runs {
        printer.line("")?;
        printer.line(format!("{} · {}", strong(run.scenario.resolver.name()), with_name(run)))?;
        print_judgements(&run.judgements, printer)?;
    }
    Ok(Judgement::exit_code(&worst))
}

/// A table: a line a promise, a column a resolver.
fn print_comparison(runs: &[Run], printer: &mut Printer) -> anyhow::Result<()> {
    const COLUMN: usize = 12;
    let promises: Vec<&str> = runs[0].judgements.iter().map(|judgement| &*judgement.promise).collect();
    let width = promises.iter().map(|promise| promise.chars().count()).max().unwrap_or(0);
    let names = runs.iter().map(|run| format!("{:<COLUMN$}", run.scenario.resolver.name()));
    printer.line(format!("{:<width$}  {}", "", strong(names.collect::<Vec<_>>().join("  ").trim_end())))?;
    for (place, promise) in promises.iter().enumerate() {
        let judged = runs.iter().filter_map(|run| run.judgements.get(place));
        let cells: Vec<_> = judged.map(|judged| verdict(&judged.verdict)).collect();
        let line = format!("{promise:<width$}  {}", cells.join(&" ".repeat(COLUMN + 2 - VERDICT_WIDTH)));
        printer.line(line.trim_end())?;
    }
    Ok(())
}

fn as_json(run: &Run, replay: &str) -> Value {
    json!({
        "schema": "constellation/run/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": run.scenario.name,
        "title": run.scenario.title,
        "seed": run.seed.to_string(),
        "resolver": run.scenario.resolver.name(),
        "nodes": run.scenario.nodes,
        "events": run.trace.events().len(),
        "messages": run.trace.messages().len(),
        "exit_code": run.exit_code(),
        "promises": run.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "remarks": run.remarks,
        "replay": replay,
        "trace_sha256": jsonl::digest(&run.trace).to_string(),
    })
}

/// One judgement, with its evidence taken apart.
pub(crate) fn judgement_json(judgement: &Judgement) -> Value {
    let mut object = json!({
        "promise": judgement.promise,
        "verdict": judgement.verdict.word(),
        "scope": judgement.scope,
    });
    match &judgement.verdict {
        Verdict::Violated(evidence) => {
            object["expected"] = json!(evidence.expected);
            object["found"] = json!(evidence.found);
            object["events"] = evidence.events.iter().map(witness_json).collect();
            object["proof"] = proof_json(&evidence.proof);
            object["steps"] = json!(evidence.steps);
            object["notes"] = json!(evidence.notes);
            object["text"] = json!(evidence.to_string());
        }
        Verdict::Unknown(limit) => object["limit"] = json!(limit.to_string()),
        Verdict::Holds => {}
    }
    object
}

fn witness_json(witness: &Witness) -> Value {
    json!({
        "event": witness.event.number(),
        "process": witness.process,
        "at_ns": witness.at.ns().to_string(),
        "what": witness.what,
        "stamps": witness.stamps,
    })
}

/// Why the expectation is right: `kind` says which of the other keys there are.
fn proof_json(proof: &Proof) -> Value {
    match proof {
        Proof::Chain(chain) => {
            json!({"kind": "chain", "events": chain.iter().map(witness_json).collect::<Vec<_>>()})
        }
        Proof::NoChain { one, other } => {
            json!({"kind": "no-chain", "between": [one.number(), other.number()]})
        }
        Proof::Rule(rule) => json!({"kind": "rule", "rule": rule}),
        _ => json!({"kind": "other"}),
    }
}
