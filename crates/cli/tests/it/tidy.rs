//! What the house style asks of every file, as far as a machine can tell.

use std::fs;
use std::path::Path;

/// A file longer than this without its tests holds a second noun, unless it stands in `LONG`.
const LINES_MAX: usize = 600;

/// Files that may be longer, each with its reason.
const LONG: [(&str, &str); 0] = [];

#[test]
fn every_file_says_what_it_is_about() {
    for (path, text) in sources() {
        assert!(
            text.starts_with("//!"),
            "{path}: the first line should be `//!` and say what a reader learns"
        );
    }
}

#[test]
fn no_module_is_called_mod() {
    for (path, _) in sources() {
        assert!(!path.ends_with("/mod.rs"), "{path}: use `foo.rs` beside `foo/`");
    }
}

#[test]
fn files_hold_one_noun() {
    for (path, text) in sources() {
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        let is_excused = LONG.iter().any(|(excused, _)| path.ends_with(excused));
        assert!(
            lines <= LINES_MAX || is_excused,
            "{path}: {lines} lines without tests, more than {LINES_MAX}"
        );
    }
    for (excused, reason) in LONG {
        let lines = sources().into_iter().find(|(path, _)| path.ends_with(excused));
        let lines = lines.map_or(0, |(_, text)| text.lines().count());
        assert!(lines > LINES_MAX, "{excused} needs no excuse any more ({reason})");
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here so that this file does not find itself.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat());
    let [ignored, panics, unread] = [["#[ign", "ore"], ["#[should", "_panic"], ["```ign", "ore"]];
    for (path, text) in sources() {
        if path.ends_with("tests/it/tidy.rs") {
            continue;
        }
        for mark in
            marks.iter().map(String::as_str).chain([&*ignored.concat(), &*panics.concat(), &*unread.concat()])
        {
            assert!(!text.contains(mark), "{path}: `{mark}` has no place here");
        }
    }
}

#[test]
fn library_code_does_not_unwrap() {
    for (path, text) in sources().into_iter().filter(|(path, _)| path.contains("/src/")) {
        let code = text.lines().take_while(|line| *line != "#[cfg(test)]");
        for (number, line) in code.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let place = number + 1;
            assert!(!line.contains(".unwrap()"), "{path}:{place}: say why it cannot fail, with `expect`");
        }
    }
}

#[test]
fn the_walk_finds_the_sources() {
    let count = sources().len();
    assert!(count > 50, "only {count} files found, so the other tests see nothing");
}

/// Where there is Rust.
const FOLDERS: [&str; 5] = ["crates", "examples", "fuzz", "bench-peers", "nostd-proof"];

/// Every Rust file of ours, with its path from the root.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut open: Vec<_> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                if !path.ends_with("target") && !path.ends_with("ui") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_sample(&path) {
                found.push((shown(&root, &path), fs::read_to_string(&path).expect("a readable file")));
            }
        }
    }
    found.sort();
    found
}

/// Code that the audit's rules are shown, right and wrong; it is never built.
fn is_sample(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".wrong.rs") || name.ends_with(".fine.rs")
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).expect("it was found below the root").display().to_string()
}
