//! What was found before: findings that are known are set aside, and what is no longer found is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::audit::Audit;
use crate::finding::{Finding, Setting};
use crate::fingerprint::Fingerprint;

/// A finding that is known, as it was when it was written down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// By what it is found again.
    pub fingerprint: Fingerprint,
    /// By which rule, as it is called.
    pub rule: String,
    /// In which file, seen from the folder that all of them are seen from.
    pub path: PathBuf,
    /// The function around it; empty outside of any.
    pub within: String,
    /// The beginning of its text, for whoever reads it.
    pub text: String,
    /// Whether it is in test code.
    pub setting: Setting,
    /// How many such there are in this file; from 1.
    pub count: usize,
}

/// What is left of the baseline when the known findings are set aside.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Compared {
    /// The findings that are known, in their order.
    pub known: Vec<Finding>,
    /// What is known and not found any more, with how many of it are missing.
    pub gone: Vec<Known>,
    /// What is known of files, or of tests, that were not looked at.
    pub unseen: Vec<Known>,
}

impl Known {
    /// The longest text that is kept, in characters.
    const TEXT_MAX: usize = 100;

    /// All findings of an audit, those that are alike in one file counted. Paths are seen from `folder` if they are below it.
    pub fn of(audit: &Audit, folder: &Path) -> Vec<Known> {
        let mut known: Vec<Known> = Vec::new();
        let mut places: BTreeMap<(PathBuf, Fingerprint), usize> = BTreeMap::new();
        for finding in &audit.findings {
            let path = seen_from(folder, &finding.path);
            let key = (path.clone(), finding.fingerprint);
            if let Some(place) = places.get(&key) {
                known[*place].count += 1;
                continue;
            }
            places.insert(key, known.len());
            let text = finding.excerpt.text[finding.excerpt.span.clone()].split_whitespace();
            let text: String = text.collect::<Vec<_>>().join(" ").chars().take(Known::TEXT_MAX).collect();
            known.push(Known {
                fingerprint: finding.fingerprint,
                rule: finding.rule.id.to_owned(),
                path,
                within: finding.within.clone(),
                text,
                setting: finding.setting,
                count: 1,
            });
        }
        known
    }
}

impl Audit {
    /// Takes what is known out of the findings: as many as are known of each fingerprint, first those of the same file, then
    /// those of others, since code moves. One more than is known is new.
    ///
    /// What is known and not found is gone, if its file was audited or is no longer there: whoever audits one file learns
    /// nothing about another, and whoever leaves tests out nothing about theirs. Takes n log n of the findings and of what is
    /// known.
    pub fn compare(&mut self, known: &[Known], folder: &Path, tests: crate::Tests) -> Compared {
        let (is_known, left) = matched(&self.findings, known, folder);
        let mut compared = Compared::default();
        let mut fresh = Vec::new();
        for (finding, is_known) in std::mem::take(&mut self.findings).into_iter().zip(is_known) {
            if is_known { compared.known.push(finding) } else { fresh.push(finding) }
        }
        self.findings = fresh;
        let audited: BTreeSet<PathBuf> = self.files.iter().map(|path| seen_from(folder, path)).collect();
        let is_looked_for = |entry: &Known| {
            let is_asked = entry.setting == Setting::Shipped || tests == crate::Tests::Include;
            is_asked && (audited.contains(&entry.path) || !folder.join(&entry.path).exists())
        };
        for (entry, left) in known.iter().zip(left).filter(|(_, left)| *left > 0) {
            let missing = Known { count: left, ..entry.clone() };
            if is_looked_for(entry) { compared.gone.push(missing) } else { compared.unseen.push(missing) }
        }
        compared
    }
}

/// For each finding whether it is known, and for each that is known how many are missing.
fn matched(findings: &[Finding], known: &[Known], folder: &Path) -> (Vec<bool>, Vec<usize>) {
    let mut left: Vec<usize> = known.iter().map(|entry| entry.count).collect();
    let mut entries: BTreeMap<Fingerprint, Vec<usize>> = BTreeMap::new();
    for (number, entry) in known.iter().enumerate() {
        entries.entry(entry.fingerprint).or_default().push(number);
    }
    let mut is_known = vec![false; findings.len()];
    for is_same_file in [true, false] {
        for (finding, is_known) in findings.iter().zip(&mut is_known).filter(|(_, is_known)| !**is_known) {
            let Some(entries) = entries.get(&finding.fingerprint) else { continue };
            let path = seen_from(folder, &finding.path);
            let is_of = |entry: usize| !is_same_file || known[entry].path == path;
            if let Some(entry) = entries.iter().copied().find(|entry| left[*entry] > 0 && is_of(*entry)) {
                left[entry] -= 1;
                *is_known = true;
            }
        }
    }
    (is_known, left)
}

/// A path as it is seen from a folder, with `.` and `..` resolved as they are written; as it is if it is not below it.
pub fn seen_from(folder: &Path, path: &Path) -> PathBuf {
    let plain = |path: &Path| {
        let mut plain = PathBuf::new();
        for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
            match part {
                std::path::Component::ParentDir => drop(plain.pop()),
                std::path::Component::CurDir => {}
                part => plain.push(part),
            }
        }
        plain
    };
    let whole = plain(path);
    whole.strip_prefix(plain(folder)).map_or_else(|_| path.to_owned(), Path::to_owned)
}
