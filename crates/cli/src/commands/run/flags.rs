//! Which flags of `run` mean something for which target: one that means nothing is refused, not ignored.

use anyhow::bail;
use constellation_lab::incidents::{STUDIES, Study};

use crate::args;

/// What a study takes beside `--seed` and `--json`.
fn of_study(name: &str) -> &'static [&'static str] {
    match name {
        "mss-23" => &["--retry", "--world", "--timeline", "--trace", "--html", "--svg", "--png"],
        "antarctic" => &[
            "--policy",
            "--groups",
            "--pass",
            "--timeline",
            "--trace",
            "--html",
            "--svg",
            "--png",
            "--model",
        ],
        _ => &[],
    }
}

/// What a scenario takes beside `--seed` and `--json`.
const OF_SCENARIO: &[&str] = &[
    "--resolver",
    "--nodes",
    "--faults",
    "--step",
    "--wall",
    "--end",
    "--timeline",
    "--trace",
    "--html",
    "--svg",
    "--png",
    "--model",
];

/// Refuses what means nothing for a study.
pub(super) fn check_of_study(arguments: &args::Run, study: Study) -> anyhow::Result<()> {
    let (name, taken) = (study.name, of_study(study.name));
    let Some(flag) = given(arguments).find(|flag| !taken.contains(flag)) else { return Ok(()) };
    let help = format!("leave it out; beside --seed and --json there are {}", taken.join(", "));
    if OF_SCENARIO.contains(&flag) {
        bail!("`{name}` takes no {flag}: it is several runs side by side, written in code\nhelp: {help}");
    }
    bail!("`{name}` takes no {flag}, which is of {}\nhelp: {help}", owners(flag))
}

/// Refuses what means nothing for a scenario.
pub(super) fn check_of_scenario(arguments: &args::Run) -> anyhow::Result<()> {
    let Some(flag) = given(arguments).find(|flag| !OF_SCENARIO.contains(flag)) else { return Ok(()) };
    let (name, owners) = (&arguments.target.scenario, owners(flag));
    bail!("`{name}` takes no {flag}\nhelp: leave it out; it is for `constellation run {owners}`")
}

/// The studies that take a flag.
fn owners(flag: &str) -> String {
    let takes = |study: &&Study| of_study(study.name).contains(&flag);
    STUDIES.iter().filter(takes).map(|study| study.name).collect::<Vec<_>>().join(", ")
}

/// The flags that not every target takes, of those that are given.
fn given(arguments: &args::Run) -> impl Iterator<Item = &'static str> {
    let target = &arguments.target;
    [
        ("--resolver", target.resolver.is_some()),
        ("--nodes", target.nodes.is_some()),
        ("--faults", target.faults.is_some()),
        ("--step", !target.steps.is_empty()),
        ("--wall", !target.walls.is_empty()),
        ("--end", target.end.is_some()),
        ("--timeline", arguments.timeline.is_some()),
        ("--trace", arguments.trace.is_some()),
        ("--html", arguments.drawn.html.is_some()),
        ("--svg", arguments.drawn.svg.is_some()),
        ("--png", arguments.drawn.png.is_some()),
        ("--model", !arguments.models.is_empty()),
        ("--retry", arguments.retry.is_some()),
        ("--world", arguments.world.is_some()),
        ("--policy", arguments.policy.is_some()),
        ("--groups", arguments.groups.is_some()),
        ("--pass", arguments.pass.is_some()),
    ]
    .into_iter()
    .filter_map(|(flag, is_given)| is_given.then_some(flag))
}
