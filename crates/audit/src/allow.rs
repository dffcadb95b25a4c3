//! How code says that a finding is meant: `// constellation: allow(rule, reason = "…")`.
//!
//! A comment at the end of a line speaks of that line; one that stands alone speaks of the item, the statement, the field or
//! the arm that follows it. Without a reason it counts, and is a finding itself; so is one that nothing needs.

use std::ops::Range;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::rules;
use crate::source::{Comment, Source};

/// With what a comment to the audit begins.
const MARK: &str = "constellation:";

/// A comment that allows something.
#[derive(Clone, Debug)]
pub(crate) struct Allow {
    /// Where it stands.
    pub(crate) span: Range<usize>,
    pub(crate) allows: Vec<Allowed>,
    /// Why; empty if it does not say.
    pub(crate) reason: String,
    /// What it speaks of, in bytes.
    pub(crate) over: Range<usize>,
}

/// What is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed {
    Rule(&'static Rule),
    Family(Family),
}

impl Allowed {
    pub(crate) fn covers(self, rule: &'static Rule) -> bool {
        match self {
            Allowed::Rule(allowed) => std::ptr::eq(allowed, rule) || allowed.id == rule.id,
            Allowed::Family(family) => family == rule.family,
        }
    }
}

/// What is wrong with a comment to the audit.
pub(crate) struct Wrong {
    pub(crate) rule: &'static Rule,
    pub(crate) span: Range<usize>,
    pub(crate) here: String,
}

/// The comments of a text that allow something, and those that fail to. Where one stands alone, `over` is from its end to the
/// beginning of what follows, which the walk then stretches to its end.
pub(crate) fn read(source: &Source<'_>) -> (Vec<Allow>, Vec<Wrong>) {
    let (mut allows, mut wrong) = (Vec::new(), Vec::new());
    for comment in source.comments() {
        let Some(said) = parse(&source.text[comment.says.clone()], find) else { continue };
        match said {
            Ok((allowed, reason)) => {
                let over = over(source, comment);
                allows.push(Allow { span: comment.span.clone(), allows: allowed, reason, over });
            }
            Err((rule, here)) => wrong.push(Wrong { rule, span: comment.span.clone(), here }),
        }
    }
    let is_allow = |said: &str| spoken(said).is_some_and(|rest| rest.trim_start().starts_with("allow"));
    for comment in
        source.documentation().iter().filter(|comment| is_allow(&source.text[comment.says.clone()]))
    {
        let here = "this is documentation, which allows nothing: write it with two slashes".to_owned();
        wrong.push(Wrong { rule: &MALFORMED, span: comment.span.clone(), here });
    }
    (allows, wrong)
}

fn over(source: &Source<'_>, comment: &Comment) -> Range<usize> {
    if source.is_first_in_line(comment.span.start) {
        comment.span.end..comment.next
    } else {
        source.whole_lines(&comment.span)
    }
}

/// For each comment, and for each name in it, that nothing needed it yet.
pub(crate) fn none_used(allows: &[Allow]) -> Vec<Vec<bool>> {
    allows.iter().map(|allow| vec![false; allow.allows.len()]).collect()
}

/// The last of the comments that allow what a rule finds at this byte; all that do are noted as used.
pub(crate) fn by<'a>(
    allows: &'a [Allow],
    is_used: &mut [Vec<bool>],
    rule: &'static Rule,
    at: usize,
) -> Option<&'a Allow> {
    let mut allowed_by = None;
    for (allow, is_used) in allows.iter().zip(is_used).filter(|(allow, _)| allow.over.contains(&at)) {
        for (allowed, is_used) in allow.allows.iter().zip(is_used) {
            if allowed.covers(rule) {
                *is_used = true;
                allowed_by = Some(allow);
            }
        }
    }
    allowed_by
}

/// Whether a comment speaks of what follows it, and not of its own line.
pub(crate) fn is_alone(allow: &Allow) -> bool {
    allow.over.start >= allow.span.end
}

/// By which rule a comment to the audit is wrong, and why.
pub(crate) type Refused = (&'static Rule, String);

/// What is allowed, and why.
type Read = Result<(Vec<Allowed>, String), Refused>;

/// What a comment says, if it speaks to the audit; `find` knows the rules by their names.
pub(crate) fn parse(says: &str, find: fn(&str) -> Result<Allowed, Refused>) -> Option<Read> {
    spoken(says).map(|rest| parse_allow(rest.trim(), find))
}

/// What a comment says to the audit, if it speaks to it; a capital at its beginning is that of a sentence.
fn spoken(says: &str) -> Option<&str> {
    let (mark, rest) = says.trim().split_at_checked(MARK.len())?;
    mark.eq_ignore_ascii_case(MARK).then_some(rest)
}

fn parse_allow(text: &str, find: fn(&str) -> Result<Allowed, Refused>) -> Read {
    let malformed = || {
        let here =
            "this speaks to the audit, which does not understand it: write `allow(RULE, reason = \"…\")`";
        (&MALFORMED, here.to_owned())
    };
    let inner = text.strip_prefix("allow").map(str::trim_start).and_then(|rest| rest.strip_prefix('('));
    let inner = inner.and_then(|rest| rest.trim_end().strip_suffix(')')).ok_or_else(malformed)?;
    let (names, reason) = match inner.split_once("reason") {
        Some((names, reason)) => {
            let reason = reason.trim().strip_prefix('=').map(str::trim).ok_or_else(malformed)?;
            let reason = reason.trim_end_matches(',').trim_end();
            let quoted = reason.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            (names, quoted.ok_or_else(malformed)?.trim())
        }
        None => (inner, ""),
    };
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let allowed = names.map(find).collect::<Result<Vec<_>, _>>()?;
    if allowed.is_empty() { Err(malformed()) } else { Ok((allowed, reason.to_owned())) }
}

fn find(name: &str) -> Result<Allowed, Refused> {
    if let Some(family) = Family::find(name).filter(|family| *family != Family::Audit) {
        return Ok(Allowed::Family(family));
    }
    let whole = name.strip_suffix("::*").and_then(Family::find).filter(|family| *family != Family::Audit);
    if let Some(family) = whole {
        return Err(unknown(name, Some(family.name())));
    }
    rules::find(name).map(Allowed::Rule).map_err(|near| unknown(name, near))
}

/// There is no such rule.
pub(crate) fn unknown(name: &str, near: Option<&str>) -> Refused {
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    (&UNKNOWN_RULE, format!("there is no rule `{name}`{near}"))
}

const fn rule(id: &'static str, title: &'static str, page: Page) -> Rule {
    Rule { id, family: Family::Audit, level: Level::Warn, title, page, looks: &[] }
}

/// A comment that allows something and does not say why.
pub(crate) static WITHOUT_REASON: Rule = rule(
    "audit::allow-without-reason",
    "an exception without a reason",
    Page {
        why: "Whoever meets the exception next must know whether it still holds, and nobody remembers.",
        instead: "add the reason: `allow(RULE, reason = \"…\")`",
        better: "// constellation: allow(reliable::connect-no-timeout, reason = \"the caller waits 5 s at most\")",
        ..Page::EMPTY
    },
);

/// A comment that allows what is not found.
pub(crate) static UNUSED: Rule = rule(
    "audit::unused-allow",
    "an exception that nothing needs",
    Page {
        why: "What it allowed is gone, or was never there; left in place it hides the next one.",
        instead: "remove the comment, or the rule that is not needed from it",
        ..Page::EMPTY
    },
);

/// A comment that allows a rule that there is not.
pub(crate) static UNKNOWN_RULE: Rule = rule(
    "audit::unknown-rule",
    "an exception to no rule",
    Page {
        why: "A misspelt name allows nothing, and whoever wrote it believes that it does.",
        instead: "see `constellation audit --rules`, and in prose `constellation claims --terms`, for how they are called",
        ..Page::EMPTY
    },
);

/// A comment that cannot be read.
pub(crate) static MALFORMED: Rule = rule(
    "audit::malformed-allow",
    "a comment to the audit that it cannot read",
    Page {
        why: "It allows nothing, and whoever wrote it believes that it does.",
        instead: "write `// constellation: allow(RULE, reason = \"…\")`",
        ..Page::EMPTY
    },
);

/// The rules on comments to the audit.
pub(crate) static RULES: [&Rule; 4] = [&WITHOUT_REASON, &UNUSED, &UNKNOWN_RULE, &MALFORMED];
