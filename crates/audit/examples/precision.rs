//! Audits public projects, and compares what is found with what was judged by hand: how often each rule is right.
//!
//! `cargo run --release -p constellation-audit --example precision -- DIR` audits each project of `precision/projects.tsv`
//! that is in a folder of that name below DIR, and compares with `precision/verdicts.tsv`. How to get them:
//! `docs/audit-precision.md`. The exit code is 1 if, of what was judged and is still found, less than nine in ten is right, or
//! less than four in five of a rule of which five or more were judged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use constellation_audit::{Finding, Level, Options, audit, rules as known_rules};

const PROJECTS: &str = include_str!("../precision/projects.tsv");
const VERDICTS: &str = include_str!("../precision/verdicts.tsv");

/// What projects were used for: each of these was kept out of the mends of those before.
const USES: [&str; 5] = ["round 1", "round 2", "round 3", "round 4", "held out"];

/// Of fewer findings a share says nothing.
const JUDGED_MIN: usize = 5;

/// A public project at one commit.
struct Project<'a> {
    name: &'a str,
    /// Which of [`USES`].
    part: usize,
}

/// What somebody who read the code said of a finding.
struct Verdict<'a> {
    rule: &'a str,
    file: &'a str,
    fingerprint: &'a str,
    is_right: bool,
    /// Whether it was found before rules were mended by what was judged.
    is_first: bool,
    is_found: bool,
}

/// How often a rule, or all of them, were right.
#[derive(Clone, Copy, Default)]
struct Count {
    first_right: usize,
    first: usize,
    right: usize,
    judged: usize,
    new: usize,
    gone: usize,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.first_right += other.first_right;
        self.first += other.first;
        self.right += other.right;
        self.judged += other.judged;
        self.new += other.new;
        self.gone += other.gone;
    }

    /// Whether so many of a hundred are right at least; of nothing, all are.
    fn is(&self, percent: usize) -> bool {
        self.right * 100 >= self.judged * percent
    }
}

fn main() -> ExitCode {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        eprintln!("which folder holds the projects? docs/audit-precision.md says how to get them");
        return ExitCode::from(2);
    }
    match compare(&folders) {
        Ok(is_good) => ExitCode::from(u8::from(!is_good)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Prints the tables, and says whether the rules are right often enough.
fn compare(folders: &[PathBuf]) -> Result<bool, String> {
    let mut verdicts = verdicts()?;
    let mut rounds = [Count::default(); USES.len()];
    let mut rules = BTreeMap::new();
    let mut unjudged = Vec::new();
    println!("| project | lines | told | per 5,000 lines |\n| --- | ---: | ---: | ---: |");
    let (mut lines_all, mut told_all) = (0, 0);
    for project in projects() {
        let Some(folder) = folders.iter().map(|folder| folder.join(project.name)).find(|path| path.is_dir())
        else {
            eprintln!("{} is not there, and is left out", project.name);
            continue;
        };
        let found = audit(std::slice::from_ref(&folder), &Options::default()).map_err(|e| e.to_string())?;
        let told: Vec<&Finding> = found.findings.iter().filter(|found| found.level >= Level::Warn).collect();
        print_project(project.name, found.lines, told.len());
        lines_all += found.lines;
        told_all += told.len();
        let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
        let verdicts = verdicts.entry(project.name).or_default();
        for found in told {
            let file = below(&folder, &found.path);
            let count = counts.entry(found.rule.id).or_default();
            match judged(verdicts, found, &file) {
                Some(is_right) => {
                    count.judged += 1;
                    count.right += usize::from(is_right);
                }
                None => {
                    count.new += 1;
                    unjudged.push(format!(
                        "{}\t{}\t{file}:{}\t{}",
                        project.name, found.rule.id, found.line, found.fingerprint
                    ));
                }
            }
        }
        for verdict in verdicts {
            let count = counts.entry(verdict.rule).or_default();
            count.gone += usize::from(!verdict.is_found);
            count.first += usize::from(verdict.is_first);
            count.first_right += usize::from(verdict.is_first && verdict.is_right);
        }
        for (rule, count) in counts {
            rounds[project.part].add(count);
            rules.entry(rule).or_insert_with(Count::default).add(count);
        }
    }
    print_project("**all**", lines_all, told_all);
    print_counts("By the projects", "projects", USES.into_iter().zip(&rounds));
    print_counts("By the rules", "rule", rules.iter().map(|(rule, count)| (*rule, count)));
    let is_good = |count: &Count| count.judged < JUDGED_MIN || count.is(80);
    let all = sum(rules.values());
    if !unjudged.is_empty() {
        println!("\nnot judged:");
        unjudged.iter().for_each(|line| println!("{line}"));
    }
    Ok(rules.values().all(is_good) && all.is(90))
}

/// What was said of a finding, each time once.
fn judged(verdicts: &mut [Verdict<'_>], found: &Finding, file: &str) -> Option<bool> {
    let fingerprint = found.fingerprint.to_string();
    let verdict = verdicts.iter_mut().find(|verdict| {
        !verdict.is_found
            && verdict.rule == found.rule.id
            && verdict.file == file
            && verdict.fingerprint == fingerprint
    })?;
    verdict.is_found = true;
    Some(verdict.is_right)
}

fn below(folder: &Path, file: &Path) -> String {
    let file = file.strip_prefix(folder).unwrap_or(file);
    file.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn projects() -> impl Iterator<Item = Project<'static>> {
    rows(PROJECTS).filter_map(|row| match *row {
        [name, _, _, used] => USES.iter().position(|known| *known == used).map(|part| Project { name, part }),
        _ => None,
    })
}

fn verdicts() -> Result<BTreeMap<&'static str, Vec<Verdict<'static>>>, String> {
    let mut verdicts: BTreeMap<&str, Vec<Verdict<'_>>> = BTreeMap::new();
    for row in rows(VERDICTS) {
        let [project, rule, place, fingerprint, when, verdict, reason] = *row else {
            return Err(format!("a verdict has seven columns: `{}`", row.join(" ")));
        };
        let known = known_rules::every().any(|known| known.id == rule);
        let is_right = verdict == "right";
        if !known || reason.is_empty() || !is_right && verdict != "wrong" {
            return Err(format!("not a verdict on a rule: `{}`", row.join(" ")));
        }
        let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
        let (is_first, is_found) = (when == "first", false);
        let verdict = Verdict { rule, file, fingerprint, is_right, is_first, is_found };
        verdicts.entry(project).or_default().push(verdict);
    }
    Ok(verdicts)
}

/// The rows of a table, without its head.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.split('\t').collect())
}

fn print_project(name: &str, lines: usize, told: usize) {
    let hundredths = (told * 5_000 * 100).checked_div(lines).unwrap_or(0);
    println!("| {name} | {lines} | {told} | {}.{:02} |", hundredths / 100, hundredths % 100);
}

/// Prints how often each was right, and all of them.
fn print_counts<'a>(title: &str, what: &str, counts: impl Iterator<Item = (&'a str, &'a Count)>) {
    println!("\n## {title}\n");
    println!("| {what} | judged | right | wrong | new | gone | right now | right at first |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let counts: Vec<_> = counts.collect();
    for (name, count) in &counts {
        print_count(name, count);
    }
    print_count("**all**", &sum(counts.into_iter().map(|(_, count)| count)));
}

fn sum<'a>(counts: impl Iterator<Item = &'a Count>) -> Count {
    let mut all = Count::default();
    counts.for_each(|count| all.add(*count));
    all
}

fn print_count(rule: &str, count: &Count) {
    let share = |right: usize, of: usize| {
        let percent = (right * 1_000).checked_div(of).map(|tenths| (tenths + 5) / 10);
        percent.map_or("-".to_owned(), |percent| format!("{percent} %"))
    };
    println!(
        "| {rule} | {} | {} | {} | {} | {} | {} | {} |",
        count.judged,
        count.right,
        count.judged - count.right,
        count.new,
        count.gone,
        share(count.right, count.judged),
        if count.first == 0 {
            "-".to_owned()
        } else {
            format!("{} of {}, {}", count.first_right, count.first, share(count.first_right, count.first))
        },
    );
}
