//! What happens to the audit when one file is too much for it.

use std::path::Path;

use super::{Candidate, How, Learnt, in_room, read_bytes};
use crate::effort::STEPS_MAX;
use crate::family::Family;
use crate::finding::Level;
use crate::locks::Locks;
use crate::look::{Call, Found, Look};
use crate::own::Own;
use crate::rule::{Page, Rule};
use crate::rules;
use crate::scope::Scope;
use crate::traversal::{Looks, Tests};

/// What is found in a text, or why it is not audited.
fn read(code: &str, looks: &Looks, steps_max: u64) -> Result<usize, String> {
    let file = Candidate { path: "src/lib.rs".into(), is_test: false };
    let own = Own::default();
    let locks = Locks::of(std::iter::once(Path::new("src/lib.rs")), &own);
    let how = How { looks, locks: &locks, tests: Tests::LeaveOut, steps_max };
    let Learnt { findings, not_audited, .. } = in_room(|| read_bytes(&file, code.as_bytes(), &how));
    not_audited.map_or(Ok(findings.len()), |failed| Err(failed.reason))
}

const PANICS: Rule = Rule {
    id: "audit::panics",
    family: Family::Audit,
    level: Level::Warn,
    title: "a rule with a defect",
    page: Page::EMPTY,
    looks: &[Look::Call(panics)],
};

fn panics(call: &Call<'_>, _: &Scope<'_>, _: &mut Found) {
    let text = "no rule is";
    assert!(call.path != "odd", "{text} without a defect\nand more");
}

#[test]
fn a_rule_that_panics_costs_one_file_and_says_whose_defect_it_is() {
    static RULE: Rule = PANICS;
    let looks = Looks::of(std::iter::once(&RULE));
    assert_eq!(
        read("fn a() { odd(); }", &looks, STEPS_MAX).as_ref().map_err(|reason| &**reason),
        Err(
            "the audit panicked over it (no rule is without a defect); this is a defect of the audit and not of the file: please \
             report it with this line, and with the file if you may"
        )
    );
    assert_eq!(read("fn a() { even(); }", &looks, STEPS_MAX), Ok(0));
}

#[test]
fn a_function_of_any_length_ends_and_is_not_half_told() {
    let looks = Looks::of(rules::all());
    let long = format!("fn a() {{ {} }}", "std::net::TcpStream::connect(x); ".repeat(200));
    assert_eq!(read(&long, &looks, STEPS_MAX), Ok(200));
    assert_eq!(
        read(&long, &looks, 10_000).as_ref().map_err(|reason| &**reason),
        Err("it takes more than 10000 steps to look through: some function or list in it is too long")
    );
    let short = "fn a() { std::net::TcpStream::connect(x); }";
    assert_eq!(read(short, &looks, 10_000), Ok(1), "each file has its own");
}
