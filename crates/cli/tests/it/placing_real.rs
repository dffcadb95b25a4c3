//! `constellation place --real`: what is named, before anything is started; and several runs of a store of which little is
//! measured, as its client dies.

#[cfg(target_os = "linux")]
use std::process::Output;

use expect_test::{Expect, expect};
#[cfg(target_os = "linux")]
use serde_json::Value;

use crate::command::{Bench, text};
#[cfg(target_os = "linux")]
use crate::hunting::Hunting;

fn check(args: &[&str], expected: &Expect) {
    let output = Bench::new(&[]).run(&[&["place"], args].concat(), b"");
    let code = output.status.code().expect("it ends by itself");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it is text"));
    expected.assert_eq(&format!("exit {code}\n{}", said.concat()));
}

#[test]
fn a_server_that_nobody_knows_is_refused() {
    check(
        &["--real", "etc"],
        &expect![[r#"
        exit 2
        error: no server that can be placed is called `etc`
        help: did you mean `etcd`?
    "#]],
    );
}

#[test]
fn a_mode_that_a_server_has_not_is_refused_with_those_that_it_has() {
    check(
        &["--real", "etcd/serialisable"],
        &expect![[r#"
        exit 2
        error: etcd has no mode `serialisable`
        help: its modes are linearizable, serializable
    "#]],
    );
}

#[test]
fn a_simulated_store_as_processes_has_three_sites() {
    check(
        &["--real", "quorum:sites=5"],
        &expect![[r#"
        exit 2
        error: `quorum:n=3,r=2,w=2,repair=off,sloppy=off,sites=5` is at 5 sites, and a server is placed at three
        help: leave `sites` out
    "#]],
    );
}

#[test]
fn what_is_meant_for_real_servers_needs_some() {
    let output = Bench::new(&[]).run(&["place", "quorum", "--quick"], b"");
    let said = String::from_utf8(output.stderr).expect("it is text");
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("--real"), "{said}");
}

#[test]
fn every_server_is_listed_with_its_modes_for_a_script() {
    let output = Bench::new(&[]).run(&["place", "--real", "--json"], b"");
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&json["schema"], &json["basis"]), (&"constellation/place/1".into(), &"real".into()));
    let servers = json["servers"].as_array().expect("there are servers");
    let etcd = servers.iter().find(|server| server["server"] == "etcd").expect("etcd is among them");
    let modes: Vec<_> =
        etcd["modes"].as_array().expect("it has modes").iter().map(|mode| &mode["name"]).collect();
    assert_eq!(modes, ["linearizable", "serializable"]);
}

#[cfg(all(target_os = "linux", not(feature = "real")))]
#[test]
fn a_server_whose_client_was_not_built_is_not_even_started() {
    check(
        &["--real", "redis/wait-1"],
        &expect![[r#"
        exit 2
        error: redis/wait-1 cannot be placed: this program was built without the client of redis
        help: `cargo install --path crates/cli --features real` builds it with those of all servers
    "#]],
    );
}

#[test]
fn what_needs_a_server_says_so_before_all_are_listed() {
    check(
        &["--real", "--table"],
        &expect![[r#"
        exit 2
        error: --table needs a server that is measured
        help: name one, which `constellation place --real` lists; --all measures all of them
    "#]],
    );
    check(
        &["--real", "--require", "PC"],
        &expect![[r#"
        exit 2
        error: --require needs a server that is measured
        help: name one, which `constellation place --real` lists; --all measures all of them
    "#]],
    );
}

#[test]
fn a_requirement_or_a_number_of_runs_that_cannot_be_is_refused_before_anything_is_started() {
    check(
        &["--real", "quorum", "--require", "PX"],
        &expect![[r#"
        exit 2
        error: `PX` is neither a cell nor a file ending in `.toml`
        help: a cell such as PC/EC, half of one (PA, PC, P-, EL, EC), or a file as placement/requirements.toml
    "#]],
    );
    check(
        &["--real", "quorum", "--runs", "0"],
        &expect![[r#"
        exit 2
        error: invalid value '0' for '--runs <N>': a whole number from 1 to 100

        For more information, try '--help'.
    "#]],
    );
    for flag in [&["--seed", "7"][..], &["--cap"]] {
        let output = Bench::new(&[]).run(&[&["place", "--real", "quorum"], flag].concat(), b"");
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("'--real' cannot be used with"), "{said}");
    }
}

/// A store with two modes: in one, the client of each site acknowledges all and shows nothing, and dies in the first round;
/// in the other it is never there.
#[cfg(target_os = "linux")]
const STORE: &str = r#"
name = "brief"
ready_within = "20s"
start = ["/bin/sleep", "1000"]
adapter = ["/bin/sh", "{here}/adapter.sh", "{mode}"]

[[modes]]
name = "dies"
says = "its clients die in the first round"

[[modes]]
name = "never"
says = "its clients are not there"
"#;

#[cfg(target_os = "linux")]
const ADAPTER: &str = r#"
[ "$1" = never ] && exit 3
echo '{"ready":64}'
asked=0
while [ $asked -lt 20 ] && read -r line; do
    asked=$((asked + 1))
    id=${line#*:}
    echo "{\"id\":${id%%,*},\"ok\":[]}"
done
"#;

/// A bench, and what became of this store; `None`, and a line that says so, where namespaces are refused.
#[cfg(target_os = "linux")]
fn brief(args: &[&str], env: &[(&str, &str)]) -> Option<(Bench, Output)> {
    let bench = Bench::new(&[("store.toml", STORE.as_bytes()), ("adapter.sh", ADAPTER.as_bytes())]);
    let place = ["place", "--real", "--quick", "--store", "store.toml"];
    let output = bench.run_with(&[&place[..], args].concat(), b"", env);
    let said = text(&output.stderr);
    if output.status.code() == Some(2) && said.contains("namespaces") {
        eprintln!("skipped: {said}");
        return None;
    }
    Some((bench, output))
}

#[cfg(target_os = "linux")]
#[test]
fn several_runs_at_once_are_told_together_and_one_that_cannot_begin_takes_nothing_from_them() {
    let args =
        ["--runs", "2", "--jobs", "3", "--json", "--history", "seen", "--html", "it.html", "--svg", "it.svg"];
    let Some((bench, output)) = brief(&args, &[]) else { return };
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let [dies, never] = [0, 1].map(|mode| &json["agreement"][mode]);
    assert_eq!((&dies["mode"], &dies["runs"], &dies["measured"]), (&"dies".into(), &2.into(), &2.into()));
    let found = dies["cells"].as_array().expect("cells were found").iter();
    assert_eq!(found.filter_map(|cell| cell["runs"].as_u64()).sum::<u64>(), 2);
    assert_eq!(dies["cell"], Value::Null, "nobody can tell where it lives");
    assert_eq!((&never["mode"], &never["measured"]), (&"never".into(), &0.into()));
    let failed = never["failed"].as_array().expect("both failed");
    let runs: Vec<_> = failed.iter().map(|failed| failed["run"].as_u64()).collect();
    assert_eq!(runs, [Some(1), Some(2)]);
    assert!(failed[0]["error"].as_str().is_some_and(|error| error.contains("status 3")), "{failed:?}");
    let numbers: Vec<_> =
        json["servers"].as_array().expect("there are runs").iter().map(|run| run["run"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
    let seen = std::fs::read_dir(bench.path().join("seen")).expect("it was made");
    let mut seen: Vec<_> =
        seen.flatten().map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    seen.sort();
    let file = |run| format!("brief-dies-run-{run}-every-link-takes-5-ms.jsonl");
    assert_eq!(seen, [file(1), file(2)]);
    let read = |name: &str| std::fs::read_to_string(bench.path().join(name)).expect("it was written");
    let (html, svg) = (read("it.html"), read("it.svg"));
    let command = "constellation place --real --store store.toml --quick --runs 2";
    for part in
        ["brief/dies, ", " of 2<", command, "What is in doubt", "brief/never, run 2: could not be measured"]
    {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("<script"), "it needs none");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.contains(command), "{svg}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_table_has_a_row_for_each_mode_and_says_on_what_machine() {
    let Some((_, output)) = brief(&["brief/dies", "--table"], &[]) else { return };
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(
        lines[0].starts_with("### Measured on ") && lines[0].contains(" GiB of memory, Linux "),
        "{}",
        lines[0]
    );
    let how = "Each mode was measured once, quickly, with wide intervals. This is what \
               `constellation place --real brief/dies --store store.toml --quick --table` prints.";
    assert_eq!(lines[2], how);
    let rows: Vec<&&str> =
        lines.iter().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).collect();
    let bars: Vec<usize> = rows.iter().map(|row| row.matches(" | ").count()).collect();
    assert_eq!(bars, [10, 10], "{rows:?}");
    assert!(rows[1].starts_with("| `brief/dies` | its clients die in the first round | P?/E"), "{}", rows[1]);
    let sentence = "- `brief/dies`: No site was cut off for long enough to tell who answers. A read takes ";
    assert!(lines.iter().any(|line| line.starts_with(sentence)), "{lines:?}");
    assert!(
        lines.last().is_some_and(|line| line.starts_with("- `brief/dies`, in doubt: while ")),
        "{lines:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_is_not_as_it_must_be_is_violated_and_one_of_which_nobody_knows_is_unknown() {
    let Some((_, output)) = brief(&["brief/dies", "--require", "EC"], &[]) else { return };
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("✗ not met  EC: brief/dies is P?/EL\n"), "{said}");
    let Some((_, output)) = brief(&["brief/dies", "--require", "PC", "--json"], &[]) else { return };
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&json["requires"], &json["exit_code"]), (&"PC".into(), &3.into()));
    assert_eq!(json["servers"][0]["requirement"]["verdict"], "unknown");
}

#[cfg(all(target_os = "linux", not(feature = "real")))]
#[test]
fn of_all_servers_those_that_are_not_installed_are_named_with_their_package() {
    // Nothing is on this path; what is found elsewhere has no client in this program.
    let Some((_, output)) = brief(&["--all", "--json"], &[("PATH", "/nowhere")]) else { return };
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let missing = json["not_installed"].as_array().expect("some are missing");
    let etcd = missing.iter().find(|missing| missing["server"] == "etcd").expect("it is not there");
    assert_eq!((&etcd["program"], &etcd["package"]), (&"etcd".into(), &"etcd-server".into()));
    assert_eq!(json["servers"][0]["store"], "brief/dies", "it is measured none the less");
}

#[cfg(target_os = "linux")]
#[test]
fn two_modes_that_are_measured_at_once_both_end_with_the_command() {
    let bench = Bench::new(&[]);
    let place = ["place", "--real", "--quick", "--jobs", "2", "quorum:r=1,w=1", "leader"];
    let mut placing = Hunting::command(&bench, &place);
    assert_eq!(placing.line(), "measuring, in real time: 2 modes\n");
    let mut line = placing.line();
    while !line.contains("/9") {
        if line.contains("namespaces") {
            eprintln!("skipped: {line}");
            return;
        }
        assert!(line.starts_with("0 of 2 measured · "), "{line}");
        line = placing.line();
    }
    placing.interrupt();
    let (code, found) = placing.end();
    assert_eq!(code, Some(3), "{found}");
    assert!(found.contains("it was interrupted after ") && found.contains(" of 9 rounds."), "{found}");
    // The folders of both stood in here.
    assert_eq!(bench.names(), [""; 0]);
}
