//! Who may know whom: the arrows of ARCHITECTURE.md, read off the dependency graph.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// For each crate the crates of ours that it may depend on; what is not listed here must not be there.
const ARROWS: [(&str, &[&str]); 13] = [
    ("constellation-audit", &[]),
    ("constellation-trace", &[]),
    ("constellation-fabric", &["constellation-trace"]),
    ("constellation-clock", &["constellation-fabric", "constellation-trace"]),
    ("constellation-sim", &["constellation-fabric", "constellation-trace"]),
    ("constellation-testbed", &["constellation-fabric", "constellation-trace"]),
    ("constellation-report", &["constellation-trace"]),
    ("constellation-tracing", &["constellation-clock"]),
    ("constellation-verify", &["constellation-trace"]),
    ("constellation-live", &["constellation-clock", "constellation-fabric", "constellation-trace"]),
    (
        "constellation-lab",
        &[
            "constellation-clock",
            "constellation-fabric",
            "constellation-live",
            "constellation-sim",
            "constellation-trace",
            "constellation-verify",
        ],
    ),
    (
        "constellation-servers",
        &[
            "constellation-fabric",
            "constellation-lab",
            "constellation-testbed",
            "constellation-trace",
            "constellation-verify",
        ],
    ),
    (
        "constellation",
        &[
            "constellation-audit",
            "constellation-clock",
            "constellation-fabric",
            "constellation-lab",
            "constellation-live",
            "constellation-report",
            "constellation-servers",
            "constellation-sim",
            "constellation-trace",
            "constellation-verify",
        ],
    ),
];

/// What must never come in, however indirectly, and into what.
const NEVER: [(&str, &[&str], &[&str]); 11] = [
    // The oracle trusts no clock, because it cannot see one.
    (
        "constellation-verify",
        &[],
        &["constellation-clock", "constellation-sim", "constellation-fabric", "tokio"],
    ),
    // The world does not know what is being tested in it.
    ("constellation-sim", &[], &["constellation-clock", "constellation-verify", "tokio", "rand"]),
    ("constellation-fabric", &[], &["tokio", "serde", "rand"]),
    // Real processes are not simulated, and do not judge themselves.
    (
        "constellation-live",
        &[],
        &["constellation-sim", "constellation-verify", "constellation-lab", "serde", "toml", "tokio-macros"],
    ),
    // Whoever does not turn the feature `real` on pays for no client of a server.
    ("constellation", &[], &["redis", "tokio-postgres", "ureq"]),
    // A testbed runs what it is told, and knows neither what that is nor what is asked of it.
    (
        "constellation-testbed",
        &[],
        &[
            "constellation-sim",
            "constellation-verify",
            "constellation-clock",
            "constellation-lab",
            "tokio",
            "serde",
        ],
    ),
    // A picture knows what it is given: it judges nothing, and runs nothing.
    (
        "constellation-report",
        &[],
        &["constellation-clock", "constellation-sim", "constellation-verify", "constellation-lab", "tokio"],
    ),
    // Whoever uses the bus pulls in no format, no simulator and no judge.
    (
        "constellation-clock",
        &[],
        &["serde", "serde_json", "regex", "constellation-sim", "constellation-verify", "constellation-lab"],
    ),
    // A service that records itself pulls in no format, no judge, no runtime and no procedural macro.
    (
        "constellation-tracing",
        &[],
        &[
            "constellation-trace",
            "constellation-verify",
            "constellation-lab",
            "serde",
            "regex",
            "tokio",
            "syn",
        ],
    ),
    // The audit reads; it asks no compiler, no network and no run of ours.
    ("constellation-audit", &[], &["serde_json", "tokio", "rand", "constellation-trace"]),
    ("constellation-trace", &[], &["serde", "serde_json", "regex", "tokio"]),
];

#[test]
fn layers_hold() {
    for (package, allowed) in ARROWS {
        let direct = dependencies(package, &["--depth", "1"]);
        let ours: BTreeSet<&str> =
            direct.iter().map(|name| &**name).filter(|name| name.starts_with("constellation")).collect();
        let extra: Vec<_> = ours.into_iter().filter(|name| !allowed.contains(name)).collect();
        assert!(extra.is_empty(), "{package} must not depend on {extra:?}");
    }
    for (package, arguments, never) in NEVER {
        let all = dependencies(package, arguments);
        let wrong: Vec<_> = never.iter().filter(|name| all.contains(**name)).collect();
        assert!(wrong.is_empty(), "{package} must not depend on {wrong:?}, not even indirectly");
    }
}

#[test]
fn the_clocks_alone_depend_on_nothing() {
    let all = dependencies("constellation-clock", &["--no-default-features"]);
    assert!(all.is_empty(), "the clocks alone depend on {all:?}");
}

#[test]
fn a_layer_that_is_broken_would_be_seen() {
    let all = dependencies("constellation-lab", &[]);
    for name in ["constellation-clock", "constellation-sim", "constellation-verify", "constellation-trace"] {
        assert!(all.contains(name), "{name} is missing among {all:?}, so the other tests see nothing");
    }
}

/// The names of the packages that `package` depends on in a normal build, without itself.
fn dependencies(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["tree", "--offline", "--package", package, "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}"])
        .args(arguments)
        .output()
        .expect("cargo runs this test, so cargo can be run");
    assert!(
        output.status.success(),
        "{}\nThe graph is drawn without a network, from what is at hand: `cargo fetch` brings the rest.",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("package names are UTF-8");
    let names = text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty());
    names.filter(|name| *name != package).map(str::to_owned).collect()
}
