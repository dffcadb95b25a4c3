//! All rules, by family. A rule is four files that stand together: `rule_name.rs` with its page, `rule_name.wrong.rs` with
//! what it finds, `rule_name.fine.rs` with what it must leave alone, and `rule_name.told` with what it says.
//!
//! To add one, copy the four files of another, and add it to the list of its family. `tests/it/rules.rs` sees to the rest.

mod admin;
mod bandwidth;
mod clock;
mod cost;
mod homogeneous;
mod latency;
mod reliable;
mod secure;
mod topology;

use crate::allow;
use crate::rule::Rule;

/// The lists, in the order of the fallacies.
static FAMILIES: [&[Rule]; 9] = [
    reliable::RULES,
    latency::RULES,
    bandwidth::RULES,
    secure::RULES,
    topology::RULES,
    admin::RULES,
    cost::RULES,
    homogeneous::RULES,
    clock::RULES,
];

/// Every rule about code, by family.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten()
}

/// Every rule there is: those about code, then those about comments to the audit.
pub fn every() -> impl Iterator<Item = &'static Rule> {
    all().chain(allow::RULES)
}

/// The rule that is called so, with its family or, where no other is, without.
///
/// # Errors
///
/// The name of the rule that is nearest, if one is near.
pub fn find(name: &str) -> Result<&'static Rule, Option<&'static str>> {
    if let Some(rule) = every().find(|rule| rule.id == name) {
        return Ok(rule);
    }
    let mut short = every().filter(|rule| rule.name() == name);
    match (short.next(), short.next()) {
        (Some(rule), None) => Ok(rule),
        _ => Err(nearest(name, every().map(|rule| rule.id))),
    }
}

/// The name that differs least, if it differs in a third of its letters at most.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let distance = |known: &'static str| {
        let short = known.split_once("::").map_or(known, |(_, short)| short);
        let near = edits(name, known).min(edits(name, short));
        (near, known)
    };
    known.map(distance).min().filter(|(edits, known)| edits * 3 <= known.len()).map(|(_, known)| known)
}

/// How many letters must be put in, left out or replaced (Levenshtein 1966).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    // A name longer than any rule's is near none.
    for (at, letter) in one.chars().take(100).enumerate() {
        let mut before = at;
        row[0] = at + 1;
        for (column, found) in other.iter().enumerate() {
            let replaced = before + usize::from(letter != *found);
            before = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(before + 1);
        }
    }
    row[other.len()]
}
