//! Every rule has its four files, finds what is wrong in one, and is silent over the other.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use constellation_audit::{Audit, Family, Level, Options, Rule, audit_text, rules};
use expect_test::expect_file;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")
}

/// `reliable/connect_no_timeout` of `reliable::connect-no-timeout`.
fn place(rule: &Rule) -> String {
    format!("{}/{}", rule.family, rule.name().replace('-', "_"))
}

fn audited(file: &str) -> (String, Audit) {
    let path = folder().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let audit = audit_text(Path::new("/nowhere/src/sample.rs"), text.as_bytes(), &Options::default());
    assert!(audit.not_audited.is_empty(), "{file}: {:?}", audit.not_audited);
    (text, audit)
}

/// The line and the rule of each mark `//~ RULE`.
fn marks(text: &str) -> BTreeSet<(usize, String)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(number, line)| Some((number + 1, line.split_once("//~ ")?.1.trim().to_owned())))
        .collect()
}

#[test]
fn each_rule_finds_what_is_marked_and_nothing_else() {
    let mut wrong = String::new();
    for rule in rules::all() {
        let file = format!("{}.wrong.rs", place(rule));
        let (text, audit) = audited(&file);
        let found: BTreeSet<_> =
            audit.findings.iter().map(|finding| (finding.line, finding.rule.id.to_owned())).collect();
        let expected = marks(&text);
        for (line, id) in found.symmetric_difference(&expected) {
            let what = if found.contains(&(*line, id.clone())) { "found" } else { "marked" };
            writeln!(wrong, "{file}:{line}: {id} is {what} alone").expect("a text takes it");
        }
        assert!(expected.iter().all(|(_, marked)| marked == rule.id), "{file} is about {} alone", rule.id);
        assert!(expected.len() >= 2, "{file}: one case is too few to show a rule");
        let looked = audit.tallies.get(&rule.family).map_or(0, |tally| tally.looked_at);
        if looked < expected.len() {
            writeln!(wrong, "{file}: {looked} places looked at").expect("a text takes it");
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn each_rule_is_silent_over_what_looks_alike() {
    let mut wrong = String::new();
    for rule in rules::all() {
        let file = format!("{}.fine.rs", place(rule));
        let (_, audit) = audited(&file);
        let is_loud = |level: Level, found: &Rule| {
            level >= Level::Warn || rule.level == Level::Info && found.id == rule.id
        };
        let loud: Vec<_> =
            audit.findings.iter().filter(|finding| is_loud(finding.level, finding.rule)).collect();
        for finding in loud {
            writeln!(wrong, "{file}:{}: {}", finding.line, finding.rule.id).expect("a text takes it");
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn what_each_rule_says_is_as_reviewed() {
    for rule in rules::all() {
        let place = place(rule);
        let (_, audit) = audited(&format!("{place}.wrong.rs"));
        let mut told = String::new();
        for finding in &audit.findings {
            let shown = &finding.excerpt.text[finding.excerpt.span.clone()];
            writeln!(told, "{}:{} {} in `{}`", finding.line, finding.column, finding.level, finding.within)
                .expect("a text takes it");
            writeln!(told, "    {}", shown.replace('\n', "\n    ")).expect("a text takes it");
            writeln!(told, "    {}", finding.here).expect("a text takes it");
        }
        expect_file![folder().join(format!("{place}.told"))].assert_eq(&told);
    }
}

#[test]
fn each_file_belongs_to_a_rule() {
    let known: BTreeSet<String> = rules::all().map(place).collect();
    for family in Family::ALL {
        let entries = fs::read_dir(folder().join(family.name())).expect("each family has its folder");
        for entry in entries {
            let name = entry.expect("it can be read").file_name().into_string().expect("it is UTF-8");
            let stem = name.split('.').next().unwrap_or_default();
            assert!(known.contains(&format!("{family}/{stem}")), "{family}/{name} is of no rule in the list");
        }
    }
}

#[test]
fn names_and_families_agree_and_are_in_order() {
    for family in Family::ALL {
        let ids: Vec<_> = rules::all().filter(|rule| rule.family == family).map(|rule| rule.id).collect();
        assert!(!ids.is_empty(), "{family} has no rule");
        assert!(ids.is_sorted(), "{family}: {ids:?} should be in the order of their names");
    }
    for rule in rules::all() {
        assert!(rule.id.starts_with(&format!("{}::", rule.family)), "{}", rule.id);
        assert_eq!(rules::find(rule.id).map(|found| found.id), Ok(rule.id));
        assert_eq!(rules::find(rule.name()).map(|found| found.id), Ok(rule.id));
    }
}

#[test]
fn a_page_teaches_something() {
    for rule in rules::all() {
        let Rule { id, page, .. } = rule;
        for text in [page.why, page.incident, page.allow] {
            assert!(text.ends_with('.'), "{id}: `{text}` should be sentences");
        }
        assert!(!page.instead.ends_with('.') && !page.instead.is_empty(), "{id}: `{}`", page.instead);
        assert!(!page.better.is_empty() && page.alike.len() >= 2, "{id}: its page is too short");
        assert!(page.incident.matches(". ").count() >= 1, "{id}: an incident is told in two sentences");
    }
}

#[test]
fn the_page_says_why_a_mend_is_little_endian() {
    let page = rules::find("homogeneous::native-endian").expect("it is a rule").page;
    assert!(
        page.allow.contains("`to_le_bytes`: nearly every machine of today is little-endian"),
        "{}",
        page.allow
    );
    assert!(page.allow.contains("new protocol take `to_be_bytes`"), "{}", page.allow);
}

#[test]
fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
    assert_eq!(rules::find("reliable::conect-no-timeout").err(), Some(Some("reliable::connect-no-timeout")));
    assert_eq!(rules::find("connect-no-time-out").err(), Some(Some("reliable::connect-no-timeout")));
    assert_eq!(rules::find("quantum").err(), Some(None));
}
