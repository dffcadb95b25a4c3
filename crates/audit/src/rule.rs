//! A rule: what it is called, what it teaches, and what it looks at.

use std::fmt;

use crate::family::Family;
use crate::finding::Level;
use crate::look::Look;

/// A pattern that relies on a fallacy.
#[non_exhaustive]
pub struct Rule {
    /// How it is called: `reliable::connect-no-timeout`.
    pub id: &'static str,
    /// Which fallacy it is.
    pub family: Family,
    /// How much it counts.
    pub level: Level,
    /// What is wrong, in some words: `a connect without a time-out`.
    pub title: &'static str,
    /// What is to be known of it.
    pub page: Page,
    /// What it looks at.
    pub(crate) looks: &'static [Look],
}

/// What is to be known of a rule.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Page {
    /// Why this relies on the fallacy: some sentences.
    pub why: &'static str,
    /// What it becomes one night: two sentences.
    pub incident: &'static str,
    /// What to write instead: one sentence that stands below a finding.
    pub instead: &'static str,
    /// As code.
    pub better: &'static str,
    /// What looks like it and is right, for which the rule is silent; one sentence each.
    pub alike: &'static [&'static str],
    /// What the rule cannot see, and when to allow it.
    pub allow: &'static str,
    /// The commands of this program, without its name, that show such a failure.
    pub shows: &'static [&'static str],
    /// Why none of them does, where none is named: a clause.
    pub unshown: &'static str,
    /// Other tools that own a part of it, and where to read on.
    pub links: &'static [&'static str],
}

impl Page {
    /// A page on which nothing stands.
    pub(crate) const EMPTY: Page = Page {
        why: "",
        incident: "",
        instead: "",
        better: "",
        alike: &[],
        allow: "",
        shows: &[],
        unshown: "",
        links: &[],
    };
}

impl Rule {
    /// What it is called within its family: `connect-no-timeout`.
    pub fn name(&self) -> &'static str {
        self.id.split_once("::").map_or(self.id, |(_, name)| name)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}
