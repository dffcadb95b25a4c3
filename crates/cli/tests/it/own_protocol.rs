//! The page about a protocol of one's own, held against the example that it is taken from and the commands that are run.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the texts on the page stand that are not of the example.
const ELSEWHERE: &str = "crates/lab/tests/it/repeats.rs";

#[test]
fn each_snippet_of_the_page_stands_in_the_example() {
    let example = flat(&texts(&root().join("examples/passes")).concat());
    let elsewhere = flat(&read(&root().join(ELSEWHERE)));
    let mut count = 0;
    for (language, block) in blocks(&page()).into_iter().filter(|(language, _)| language != "console") {
        if block.contains('▶') {
            continue;
        }
        count += 1;
        let snippet = flat(&block);
        assert!(
            example.contains(&snippet) || elsewhere.contains(&snippet),
            "this {language} stands on the page, but neither in examples/passes nor in {ELSEWHERE}:\n{block}"
        );
    }
    assert!(count > 10, "only {count} snippets are found on the page, so this test sees nothing");
}

#[test]
fn each_command_of_the_page_is_run_before_a_change_lands() {
    let checks = read(&root().join(".ci/run"));
    let commands: Vec<_> =
        blocks(&page()).into_iter().filter(|(language, _)| language == "console").collect();
    let lines = commands.iter().flat_map(|(_, block)| block.lines());
    let mut count = 0;
    for line in lines.map(|line| line.replace("constellation check ", "check examples/passes/")) {
        count += 1;
        assert!(checks.contains(&line), "`{line}` is typed on the page, but not in .ci/run");
    }
    assert_eq!(count, 5);
}

#[test]
fn each_file_that_the_page_names_is_there() {
    let page = page();
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for target in targets {
        assert!(root().join("docs").join(target).exists(), "no `{target}`");
    }
}

/// The blocks of the page, each with its language.
fn blocks(page: &str) -> Vec<(String, String)> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    let block = |fenced: &str| {
        let (language, block) = fenced.split_once('\n').expect("a fence ends its line");
        (language.to_owned(), block.to_owned())
    };
    fenced.map(block).collect()
}

/// Without what is before each line: a snippet may stand deeper in its file.
fn flat(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn texts(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the example is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let texts = paths.flat_map(|path| match path.extension().and_then(|extension| extension.to_str()) {
        Some("rs" | "toml") => vec![read(&path)],
        _ if path.is_dir() && !path.ends_with("target") => texts(&path),
        _ => Vec::new(),
    });
    texts.collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn page() -> String {
    read(&root().join("docs/your-own-protocol.md"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
