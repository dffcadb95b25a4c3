//! What the rules find of what was planted in services that were written before them, and what they miss.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use constellation_audit::{Family, Finding, Options, audit_text, rules};
use expect_test::expect;

/// A line that relies on a fallacy, as whoever planted it says: `//~ RULE`, or `//~ RULE (missed: why)`.
struct Planted {
    line: usize,
    rule: String,
    missed: Option<String>,
}

fn planted(text: &str) -> Vec<Planted> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((_, mark)) = line.split_once("//~ ") else { continue };
        let (names, missed) = match mark.split_once(" (missed: ") {
            Some((names, why)) => (names, Some(why.trim_end_matches(')').to_owned())),
            None => (mark, None),
        };
        for rule in names.split(", ") {
            let rule = rule.trim().to_owned();
            assert!(rules::find(&rule).is_ok(), "{rule}: no such rule");
            all.push(Planted { line: number + 1, rule, missed: missed.clone() });
        }
    }
    all
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files = Vec::new();
    for family in Family::ALL {
        let entries = fs::read_dir(folder.join(family.name())).expect("each family has its folder");
        files.extend(entries.map(|entry| entry.expect("it can be read").path()));
    }
    files.sort();
    files
}

/// What came of all that was planted.
#[derive(Default)]
struct Report {
    /// Of each family, how many were planted, and how many of them found.
    counts: BTreeMap<Family, (usize, usize)>,
    /// What is missed, and why.
    missed: String,
    /// What is otherwise than the marks say.
    wrong: String,
}

impl Report {
    fn read(&mut self, path: &Path) {
        let text = fs::read_to_string(path).expect("it can be read");
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("it has a name");
        let audit = audit_text(Path::new("/nowhere/src/service.rs"), text.as_bytes(), &Options::default());
        assert!(audit.not_audited.is_empty(), "{}: {:?}", path.display(), audit.not_audited);
        let all = planted(&text);
        for one in &all {
            let is_it = |finding: &&Finding| finding.line == one.line && finding.rule.id == one.rule;
            self.count(name, one, audit.findings.iter().any(|finding| is_it(&finding)));
        }
        for Finding { line, level, rule, .. } in &audit.findings {
            if !all.iter().any(|one| one.line == *line && one.rule == rule.id) {
                writeln!(self.wrong, "{name}:{line} {level} {rule:?}: found, and not planted")
                    .expect("a text takes it");
            }
        }
    }

    fn count(&mut self, name: &str, one: &Planted, is_found: bool) {
        let Planted { line, rule, missed } = one;
        let family = rules::find(rule).expect("it was found when it was read").family;
        let (planted, found) = self.counts.entry(family).or_default();
        *planted += 1;
        *found += usize::from(is_found);
        match (is_found, missed) {
            (true, None) => Ok(()),
            (false, Some(why)) => writeln!(self.missed, "{rule} in {name}: {why}"),
            (false, None) => writeln!(self.wrong, "{name}:{line} {rule}: missed, and nothing says why"),
            (true, Some(_)) => writeln!(self.wrong, "{name}:{line} {rule}: said to be missed, and found"),
        }
        .expect("a text takes it");
    }

    fn table(&self) -> String {
        let (planted, found) = self.counts.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let rows = self.counts.iter().map(|(family, counts)| (family.name(), *counts));
        let mut table = String::new();
        for (name, (planted, found)) in rows.chain([("all", (planted, found))]) {
            writeln!(table, "{name:<12} {found:>3} of {planted:>3}").expect("a text takes it");
        }
        table + "\nmissed:\n" + &self.missed
    }
}

#[test]
fn what_was_planted_is_found_but_for_what_is_said_to_be_missed() {
    let mut report = Report::default();
    for path in files() {
        report.read(&path);
    }
    let table = report.table();
    print!("{table}");
    assert_eq!(report.wrong, "", "{table}");
    let planted: usize = report.counts.values().map(|(planted, _)| planted).sum();
    assert!(planted >= 120 && report.counts.len() == Family::ALL.len(), "{planted} cases are too few");
    expect![[r#"
        reliable      21 of  23
        latency       18 of  18
        bandwidth     16 of  16
        secure        17 of  18
        topology      16 of  17
        admin         15 of  16
        cost          14 of  15
        homogeneous   14 of  16
        clock         19 of  20
        all          150 of 159

        missed:
        admin::exact-version-handshake in handshake: a match, of which the rule reads none
        clock::systemtime-deadline in leases: a look back, which is right for logs
        cost::small-writes in wire: one write in a loop, which the rule does not count
        homogeneous::default-hasher-placement in placement: the hasher is a field, made elsewhere
        homogeneous::struct-as-bytes in wire: the types of a transmute are not written here
        reliable::http-no-timeout in calls: a request elsewhere in this file has a time-out, and the rule does not ask of which client
        reliable::http-no-timeout in calls: a request elsewhere in this file has a time-out, and the rule does not ask of which client
        secure::custom-verifier in clients: the verifier itself is told, once
        topology::literal-quorum in members: the number has a name
    "#]].assert_eq(&table);
}
