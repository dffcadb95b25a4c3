//! How many lines a second are audited, walking included, and that ten times as many take ten times as long.
//!
//! `cargo bench -p constellation-audit` measures; `cargo test` runs every measurement once and small, so that none can
//! rot. The tree is made of the sources of this workspace and of the planted cases, again and again. A tree of one's own, and
//! the most memory that is held:
//!
//! ```console
//! CONSTELLATION_SOURCES=DIR cargo bench -p constellation-audit
//! cargo bench -p constellation-audit --no-run   # prints the program
//! CONSTELLATION_SOURCES=DIR /usr/bin/time -v PROGRAM --bench once
//! ```

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use constellation_audit::{Options, audit};

/// How often each is measured; the fastest counts, so that a busy machine disturbs all alike.
const TURNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_measured = arguments.iter().any(|argument| argument == "--bench");
    let own = std::env::var_os("CONSTELLATION_SOURCES").map(PathBuf::from);
    match (own, is_measured) {
        // It measures memory, so it has the process for itself.
        (Some(folder), true) if arguments.iter().any(|argument| argument == "once") => {
            tell("once", &fastest(&folder, all_threads(), 1));
        }
        (Some(folder), true) => threads(&folder, TURNS),
        (None, true) => {
            let ten = made(10, &WHOLE);
            threads(ten.path(), TURNS);
            let (one, hundred) = (made(1, &WHOLE), made(100, &WHOLE));
            linear(&[(1, one.path()), (10, ten.path()), (100, hundred.path())], TURNS);
        }
        (_, false) => {
            let (one, two) = (made(1, &[]), made(2, &[]));
            threads(one.path(), 1);
            linear(&[(1, one.path()), (2, two.path())], 1);
        }
    }
}

/// On one thread, and on all.
fn threads(folder: &Path, turns: usize) {
    let one = fastest(folder, NonZeroUsize::MIN, turns);
    tell("1 thread", &one);
    let all = fastest(folder, all_threads(), turns);
    tell(&format!("{} threads", all_threads()), &all);
    println!("{:.2} times as fast", one.took.as_secs_f64() / all.took.as_secs_f64());
}

/// A line takes as long in a tree of any size.
fn linear(trees: &[(usize, &Path)], turns: usize) {
    let mut first = None;
    for (times, folder) in trees {
        let measured = fastest(folder, all_threads(), turns);
        let of_line = measured.took.as_secs_f64() / measured.lines as f64;
        let first = *first.get_or_insert(of_line);
        tell(&format!("{times} times the tree"), &measured);
        println!("{:.2} times as long a line", of_line / first);
    }
}

fn all_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

struct Measured {
    files: usize,
    lines: usize,
    findings: usize,
    not_audited: usize,
    took: Duration,
}

fn fastest(folder: &Path, threads: NonZeroUsize, turns: usize) -> Measured {
    let paths = [folder.to_owned()];
    let options = Options::default().on_threads(threads);
    let turn = || {
        let begun = Instant::now();
        let audit = audit(&paths, &options).expect("the folder is there");
        let took = begun.elapsed();
        let (files, findings) = (audit.files.len(), audit.findings.len());
        Measured { files, lines: audit.lines, findings, not_audited: audit.not_audited.len(), took }
    };
    let measured = (0..turns).map(|_| turn()).min_by_key(|measured| measured.took);
    measured.expect("there is at least one turn")
}

fn tell(what: &str, measured: &Measured) {
    let Measured { files, lines, findings, not_audited, took } = measured;
    let speed = *lines as f64 / took.as_secs_f64();
    println!(
        "{what}: {lines} lines of {files} files in {:.3} s, {speed:.0} lines a second; {findings} findings, {not_audited} not \
         audited",
        took.as_secs_f64()
    );
}

/// The crates of this workspace whose sources are read.
const WHOLE: [&str; 6] = ["audit", "clock", "fabric", "sim", "trace", "verify"];

/// A tree of the planted cases and the sources of these crates, so many times.
fn made(times: usize, members: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for number in 0..times {
        copy(&package.join("tests/corpus"), &folder.path().join(format!("part_{number}/corpus")));
        for member in members {
            let from = package.with_file_name(member).join("src");
            copy(&from, &folder.path().join(format!("part_{number}/{member}")));
        }
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("it is in this workspace") {
        let entry = entry.expect("it is in this workspace");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("the folder is ours");
        }
    }
}
