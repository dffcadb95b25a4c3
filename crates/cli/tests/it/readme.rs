//! What the README prints is what the program prints, and what it tells to type can be typed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::command::{Bench, text};

/// A command of ours as a README names it, and the excerpts of its output that follow.
struct Told {
    args: Vec<String>,
    excerpts: Vec<Vec<String>>,
}

#[test]
fn each_line_of_an_excerpt_is_printed_by_the_command_above_it() {
    let mut lines = 0;
    for told in commands(&readme()) {
        for excerpt in &told.excerpts {
            let output = run(&told.args);
            let printed = text(&output.stdout);
            let mut rest = printed.lines();
            for line in excerpt.iter().filter(|line| !line.is_empty()) {
                lines += 1;
                assert!(
                    rest.any(|printed| is_excerpt(line, printed)),
                    "`{}` does not print this line, or not behind the one before it:\n{line}\nbut\n{printed}",
                    told.args.join(" ")
                );
            }
        }
    }
    assert!(lines > 10, "only {lines} lines of output are found in the README, so this test sees nothing");
}

#[test]
fn each_command_of_ours_can_be_typed() {
    let mut count = 0;
    for told in commands(&readme()) {
        // A file of the reader's own is not here, nor a terminal.
        let is_own = |word: &String| ["mine.toml", "bad.jsonl", "…", "tui"].contains(&&**word);
        if told.args.iter().any(is_own) {
            continue;
        }
        count += 1;
        let output = run(&told.args);
        assert_ne!(output.status.code(), Some(2), "{}: {}", told.args.join(" "), text(&output.stderr));
    }
    assert!(count > 5, "only {count} commands are found in the README, so this test sees nothing");
}

#[test]
fn the_scenarios_of_the_readme_end_as_it_says() {
    let readme = fs::read_to_string(root().join("scenarios/README.md")).expect("there is one");
    let scenarios: Vec<_> =
        readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [calm, faulty, ..] = scenarios[..] else { panic!("two scenarios, not {}", scenarios.len()) };
    let (_, clients) = readme.split_once("## Clients").expect("the section is there");
    let clients = clients.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let clients = clients.expect("it shows a client");
    let repaired = format!("anti_entropy = \"1s\"\n{faulty}");
    for (scenario, code) in [(calm, 0), (faulty, 1), (&*repaired, 0), (clients, 0)] {
        let output = Bench::new(&[("mine.toml", scenario.as_bytes())]).run(&["run", "mine.toml"], b"");
        assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn the_layouts_of_the_logs_readme_are_read() {
    let readme = fs::read_to_string(root().join("logs/README.md")).expect("there is one");
    let layouts = readme.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for log in layouts {
        count += 1;
        let output = Bench::new(&[("my.log", log.as_bytes())]).run(&["check", "my.log"], b"");
        assert_eq!(output.status.code(), Some(0), "{log}{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("\n1 event, 1 node, 0 messages\n"), "{}", text(&output.stdout));
    }
    assert_eq!(count, 4);
    // The expressions that it shows, each on the log that it names.
    let typed = |nth| {
        let line = readme.lines().filter(|line| line.starts_with("constellation check")).nth(nth);
        line.and_then(|line| line.split('\'').nth(1)).expect("it stands in quotes").to_owned()
    };
    for (nth, log) in
        ["sent @ pacific {\"pacific\":1}", "{\"msg\":\"sent\",\"vc\":{\"pacific\":1},\"node\":\"pacific\"}"]
            .into_iter()
            .enumerate()
    {
        assert!(readme.contains(log), "{log}");
        let output = Bench::new(&[]).run(&["check", "-", "--parser", &typed(nth)], log.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{log}{}", text(&output.stderr));
    }
    let runs = "--- first pass ---\npacific {\"pacific\":1}\npull\n--- second pass ---\npacific {\"pacific\":1}\npull\n";
    let output = Bench::new(&[]).run(&["check", "-", "--delimiter", &typed(2)], runs.as_bytes());
    assert!(text(&output.stdout).contains("execution second pass"), "{}", text(&output.stdout));
}

#[test]
fn each_file_that_a_readme_names_is_there() {
    for folder in ["", "scenarios", "logs", "fuzz"] {
        let folder = root().join(folder);
        let readme = fs::read_to_string(folder.join("README.md")).expect("there is one");
        for target in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(folder.join(target).exists(), "{}: no `{target}`", folder.display());
        }
    }
}

#[test]
fn an_excerpt_that_is_not_printed_is_found_out() {
    assert!(is_excerpt("a … c", "a b c") && is_excerpt("a …", "a b") && is_excerpt("  a", "  a"));
    assert!(!is_excerpt("a", "a b") && !is_excerpt("a", " a") && !is_excerpt("a … d", "a b c"));
    assert!(!is_excerpt("b … c", "a b c") && !is_excerpt("a … b", "a b c") && !is_excerpt("a … a", "a"));
    let told = commands("x `constellation run a` y\n\n```text\none\n```\n`cargo test`\n```text\ntwo\n```\n");
    let shown: Vec<_> = told.iter().map(|told| (told.args.join(" "), told.excerpts.len())).collect();
    assert_eq!(shown, [("run a".to_owned(), 2)]);
}

/// Whether an excerpt is this line, where `…` stands for anything.
fn is_excerpt(excerpt: &str, printed: &str) -> bool {
    let mut pieces = excerpt.split('…');
    let Some(mut rest) = pieces.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    for piece in pieces {
        let Some((_, behind)) = rest.split_once(piece.trim()) else { return false };
        rest = behind;
    }
    rest.is_empty() || excerpt.ends_with('…')
}

fn commands(readme: &str) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in readme.lines() {
        if let Some(opened) = line.strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some(opened) };
            if let (Some("text"), Some(last)) = (fence, told.last_mut()) {
                last.excerpts.push(Vec::new());
            }
            continue;
        }
        match fence {
            Some("text") => {
                let excerpt = told.last_mut().and_then(|last| last.excerpts.last_mut());
                excerpt.expect("a command stands above each excerpt").push(line.to_owned());
            }
            Some("console") => told.extend(command(line.split('#').next().unwrap_or(line))),
            Some(_) => {}
            None => told.extend(line.split('`').skip(1).step_by(2).filter_map(command)),
        }
    }
    told
}

/// The arguments, if this is a command of ours.
fn command(typed: &str) -> Option<Told> {
    let args =
        typed.strip_prefix("cargo run --release -- ").or_else(|| typed.strip_prefix("constellation "))?;
    Some(Told { args: args.split_whitespace().map(str::to_owned).collect(), excerpts: Vec::new() })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("there is one")
}

fn run(args: &[String]) -> Output {
    // What it writes does not go where the reader would have it, which is beside the sources here; a later one reads it there.
    let is_written = |nth: usize| nth > 0 && ["--html", "--svg", "--trace", "-o"].contains(&&*args[nth - 1]);
    let elsewhere = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let is_there = |arg: &String| arg.contains('.') && elsewhere.join(arg).exists();
    let args = args.iter().enumerate();
    let args = args
        .map(|(nth, arg)| if is_written(nth) || is_there(arg) { elsewhere.join(arg) } else { arg.into() });
    Command::new(env!("CARGO_BIN_EXE_constellation"))
        .args(args)
        .current_dir(root())
        .env("TERM", "dumb")
        .output()
        .expect("it was built for this test")
}
