//! In what context a word of prose stands: a promise, its denial, somebody else's, a mode's, a question, a plan.
//!
//! No grammar is parsed. Cues are looked for in the clause around the word, or in its half of the sentence where their reach
//! is longer; which words are cues stands in this file and in `negation.rs`.

use std::fmt;
use std::ops::Range;

use super::negation::{negation, past};
use super::sentence::{Sentence, Token, clause, half};
use super::text::Kind;

/// How a term is used where it stands. The words that say so come with it, as they are written.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Context {
    /// It is promised, without a condition.
    Claimed,
    /// It is promised on a condition, or in a mode.
    Qualified(String),
    /// It is denied.
    Negated(String),
    /// It is somebody's word: in quotes, or said to be so.
    Quoted(String),
    /// It is said of another system.
    Other(String),
    /// It is asked, or checked.
    Asked(String),
    /// It is a heading.
    Heading,
    /// It is explained what it means.
    Defined(String),
    /// It is needed, wanted or planned.
    Wanted(String),
}

impl Context {
    /// One word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Context::Claimed => "claimed",
            Context::Qualified(_) => "qualified",
            Context::Negated(_) => "negated",
            Context::Quoted(_) => "quoted",
            Context::Other(_) => "other",
            Context::Asked(_) => "asked",
            Context::Heading => "heading",
            Context::Defined(_) => "defined",
            Context::Wanted(_) => "wanted",
        }
    }

    /// The words that say so; empty where there are none.
    pub fn cue(&self) -> &str {
        match self {
            Context::Claimed | Context::Heading => "",
            Context::Qualified(cue)
            | Context::Negated(cue)
            | Context::Quoted(cue)
            | Context::Other(cue)
            | Context::Asked(cue)
            | Context::Defined(cue)
            | Context::Wanted(cue) => cue,
        }
    }

    /// Whether somebody may hold the author to it.
    pub fn is_promise(&self) -> bool {
        matches!(self, Context::Claimed | Context::Qualified(_))
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if self.cue().is_empty() { Ok(()) } else { write!(f, ": {}", self.cue()) }
    }
}

/// What is the same for all words of one sentence.
pub(crate) struct Around<'a> {
    pub(crate) kind: Kind,
    pub(crate) sentence: &'a Sentence,
    /// What the heading above says, in small letters.
    pub(crate) section: &'a str,
    /// Words that name the subject of the document, in small letters.
    pub(crate) own: &'a [String],
}

/// In what context the tokens of a term stand.
pub(crate) fn context(around: &Around<'_>, term: &Range<usize>) -> Context {
    let tokens = &around.sentence.tokens;
    if around.kind == Kind::Heading {
        return Context::Heading;
    }
    let clause = clause(tokens, term);
    let half = half(tokens, term);
    if around.sentence.is_question {
        return Context::Asked("?".to_owned());
    }
    if let Some(cue) = negation(tokens, &clause, term).or_else(|| denied_in_row(around, term)) {
        return Context::Negated(cue);
    }
    if let Some(cue) = past(tokens, &clause, term) {
        return Context::Negated(cue);
    }
    if let Some(cue) = checked(tokens, &half, term) {
        return Context::Asked(cue);
    }
    if let Some(cue) = other(around, &clause, term) {
        return Context::Other(cue);
    }
    if let Some(cue) = quoted(tokens, &clause, term) {
        return Context::Quoted(cue);
    }
    if let Some(cue) = defined(around, &clause, term) {
        return Context::Defined(cue);
    }
    if let Some(cue) = below_excluding(around) {
        return Context::Negated(cue);
    }
    if around.section.contains("roadmap") || around.own.iter().any(|own| own == "roadmap") {
        return Context::Wanted("roadmap".to_owned());
    }
    if around.kind == Kind::Open {
        return Context::Wanted("[ ]".to_owned());
    }
    if let Some(cue) = wanted(tokens, &clause, term) {
        return Context::Wanted(cue);
    }
    qualified(around, &half, term).map_or(Context::Claimed, Context::Qualified)
}

/// Headings below which stands what is not done.
const EXCLUDING: [&str; 5] = ["non-goals", "non goals", "nongoals", "out of scope", "not in scope"];

fn below_excluding(around: &Around<'_>) -> Option<String> {
    let heading = EXCLUDING.iter().find(|heading| around.section.contains(**heading))?;
    Some(format!("below “{heading}”"))
}

/// The tokens of a span as they are written, so many at most.
fn written(tokens: &[Token], count: usize) -> String {
    let mut text = String::new();
    for (at, token) in tokens.iter().take(count).enumerate() {
        if at > 0 && token.span.start > tokens[at - 1].span.end {
            text.push(' ');
        }
        text.push_str(&token.text);
    }
    text
}

const CHECKS: [&str; 24] = [
    "determine",
    "determines",
    "whether",
    "check",
    "checks",
    "checked",
    "checking",
    "checker",
    "checkers",
    "test",
    "tests",
    "testing",
    "tester",
    "testers",
    "verify",
    "verifies",
    "verifying",
    "verifier",
    "violation",
    "violations",
    "anomaly",
    "anomalies",
    "jepsen",
    "validate",
];

fn checked(tokens: &[Token], half: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let before = tokens[half.start..term.start].iter().rev().take(6).find(|token| token.is(&CHECKS));
    let behind = tokens[term.end..half.end].iter().filter(|token| token.is_word).take(2);
    before.or_else(|| behind.into_iter().find(|token| token.is(&CHECKS))).map(|token| token.text.clone())
}

/// A cell that says no to what stands in another cell of its row.
fn denied_in_row(around: &Around<'_>, term: &Range<usize>) -> Option<String> {
    if around.kind != Kind::Row {
        return None;
    }
    let tokens = &around.sentence.tokens;
    let mut cell: Vec<&Token> = Vec::new();
    let mut is_over = false;
    for token in &tokens[term.end..] {
        if token.text != "|" {
            cell.push(token);
            continue;
        }
        if is_over && let [only] = &cell[..] {
            let is_no = only.is(&["no", "none", "never", "unsupported"])
                || matches!(&*only.text, "✗" | "❌" | "✘" | "×" | "-" | "—" | "–");
            return is_no.then(|| only.text.clone());
        }
        is_over = true;
        cell.clear();
    }
    None
}

/// Systems that many documents name beside their own.
pub(crate) const SYSTEMS: [&str; 47] = [
    "cassandra",
    "scylladb",
    "mongodb",
    "dynamodb",
    "dynamo",
    "redis",
    "etcd",
    "zookeeper",
    "consul",
    "postgresql",
    "postgres",
    "mysql",
    "mariadb",
    "sqlite",
    "oracle",
    "spanner",
    "cockroachdb",
    "tidb",
    "tikv",
    "yugabytedb",
    "foundationdb",
    "riak",
    "couchdb",
    "couchbase",
    "kafka",
    "rabbitmq",
    "pulsar",
    "nats",
    "jetstream",
    "hbase",
    "bigtable",
    "elasticsearch",
    "opensearch",
    "s3",
    "aurora",
    "cosmosdb",
    "neo4j",
    "clickhouse",
    "voltdb",
    "faunadb",
    "hazelcast",
    "memcached",
    "vitess",
    "rethinkdb",
    "arangodb",
    "sqs",
    "snowflake",
];

const OTHERS: [&str; 12] = [
    "other",
    "others",
    "competitors",
    "competing",
    "traditional",
    "conventional",
    "legacy",
    "alternatives",
    "rivals",
    "many",
    "most",
    "some",
];

const OTHERS_ARE: [&str; 17] = [
    "database",
    "databases",
    "system",
    "systems",
    "store",
    "stores",
    "solutions",
    "products",
    "vendors",
    "queues",
    "brokers",
    "implementations",
    "stacks",
    "engines",
    "projects",
    "tools",
    "libraries",
];

/// Another system that the clause speaks of before the term does, and nobody of ours between.
fn other(around: &Around<'_>, clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let tokens = &around.sentence.tokens;
    // `…, which is eventually consistent` speaks of what stands before it.
    let is_relative = tokens[clause.start].is(&["which", "that", "who"]);
    let start = if is_relative { clause.start.saturating_sub(5) } else { clause.start };
    let is_own = |token: &Token| {
        let name = token.lower.strip_suffix("'s").unwrap_or(&token.lower);
        token.is(&["we", "our", "ours", "us", "it", "its"]) || around.own.iter().any(|own| own == name)
    };
    for at in (start..term.start).rev().take(14) {
        let token = &tokens[at];
        if is_own(token) {
            return None;
        }
        // `Oracle's serializable` is of Oracle.
        let name = token.lower.strip_suffix("'s").unwrap_or(&token.lower);
        let is_system = SYSTEMS.contains(&name) && !around.own.iter().any(|own| own == name);
        let is_kind = token.is(&OTHERS_ARE)
            && tokens[start.max(at.saturating_sub(3))..at].iter().any(|before| before.is(&OTHERS));
        let is_competitor = token.is(&["competitors", "competitor", "rivals"]);
        if is_system || is_kind || is_competitor {
            let from = if is_kind { at.saturating_sub(1) } else { at };
            return Some(written(&tokens[from..=at], 3));
        }
    }
    None
}

const ATTRIBUTED: [&str; 11] = [
    "claims",
    "claim",
    "claimed",
    "supposedly",
    "allegedly",
    "advertised",
    "advertises",
    "marketed",
    "billed",
    "purportedly",
    "purported",
];

fn quoted(tokens: &[Token], clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let is_quote = |token: &Token| matches!(&*token.text, "“" | "”" | "‘" | "'" | "«" | "»" | "„");
    let before = tokens[..term.start].iter().rev().take(4).find(|token| is_quote(token));
    let behind = tokens[term.end..].iter().take(4).find(|token| is_quote(token));
    if before.is_some() && behind.is_some() || is_within_quotes(tokens, term) {
        return Some(format!("“{}”", written(&tokens[term.clone()], 6)));
    }
    let near = term.start.saturating_sub(6).max(clause.start);
    let is_said = |at: &usize| {
        let is_so_called = tokens[*at].is(&["called"])
            && *at > 1
            && tokens[at.saturating_sub(2)..*at].iter().any(|so| so.is(&["so"]));
        tokens[*at].is(&ATTRIBUTED) || is_so_called
    };
    (near..term.start).find(is_said).map(|at| tokens[at].text.clone())
}

/// Whether a quotation is open where a term begins, and ends behind it: each second `"` closes one.
fn is_within_quotes(tokens: &[Token], term: &Range<usize>) -> bool {
    let is_closed = tokens[term.end..].iter().any(|token| matches!(&*token.text, "\"" | "”"));
    let mut is_open = false;
    for token in &tokens[..term.start] {
        match &*token.text {
            "\"" => is_open = !is_open,
            "“" => is_open = true,
            "”" => is_open = false,
            _ => {}
        }
    }
    is_open && is_closed
}

const GLOSSARY: [&str; 5] = ["glossary", "terminology", "definition", "related work", "jargon"];

const MEANS: [&[&str]; 17] = [
    &["means"],
    &["mean"],
    &["refers"],
    &["is", "a", "consistency"],
    &["is", "a", "correctness"],
    &["is", "a", "property"],
    &["is", "a", "guarantee"],
    &["is", "a", "model"],
    &["is", "a", "strong"],
    &["is", "the", "property"],
    &["is", "the", "strongest"],
    &["is", "the", "guarantee"],
    &["is", "defined"],
    &["describes"],
    &["says", "that"],
    &["requires", "that"],
    &["model"],
];

fn defined(around: &Around<'_>, clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let tokens = &around.sentence.tokens;
    if let Some(heading) = GLOSSARY.iter().find(|heading| around.section.contains(**heading)) {
        return Some(format!("below “{heading}”"));
    }
    let behind: Vec<&Token> = tokens[term.end..].iter().filter(|token| token.is_word).take(3).collect();
    let is_begun = |words: &&&[&str]| {
        words.len() <= behind.len() && words.iter().zip(&behind).all(|(word, token)| token.lower == **word)
    };
    let is_subject = term.start <= clause.start + 2;
    if let Some(words) = MEANS.iter().find(|words| is_begun(words)).filter(|_| is_subject) {
        return Some(words.join(" "));
    }
    let before: Vec<&Token> =
        tokens[..term.start].iter().rev().filter(|token| token.is_word).take(3).collect();
    let is_after =
        |one: &str, other: &str| before.windows(2).any(|pair| pair[1].lower == one && pair[0].lower == other);
    let known =
        [("definition", "of"), ("defined", "as"), ("known", "as"), ("referred", "as"), ("notion", "of")];
    known.iter().find(|(one, two)| is_after(one, two)).map(|(one, two)| format!("{one} {two}"))
}

const WANTED: [&str; 44] = [
    "would",
    "must",
    "shall",
    "want",
    "wants",
    "wanted",
    "need",
    "needs",
    "needed",
    "require",
    "requires",
    "required",
    "requiring",
    "requirement",
    "requirements",
    "aim",
    "aims",
    "aiming",
    "goal",
    "goals",
    "plan",
    "plans",
    "planned",
    "planning",
    "roadmap",
    "todo",
    "wish",
    "hope",
    "intend",
    "intends",
    "intended",
    "toward",
    "towards",
    "should",
    "seek",
    "seeks",
    "strive",
    "strives",
    "try",
    "tries",
    "trying",
    "attempt",
    "attempts",
    "desire",
];

const WANTED_BEHIND: [&str; 12] = [
    "would",
    "planned",
    "goal",
    "roadmap",
    "needed",
    "required",
    "desired",
    "desirable",
    "wanted",
    "soon",
    "future",
    "todo",
];

fn wanted(tokens: &[Token], clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    // What stands behind the sign is another clause, and still to be done.
    if let Some(begin) = tokens.first().filter(|begin| begin.is(&["todo", "fixme", "tbd"])) {
        return Some(begin.text.clone());
    }
    // `Requires no downtime` wants none.
    let is_of_none = tokens[term.start].is(&["no", "zero", "without"]);
    let before = tokens[clause.start..term.start].iter().rev().take(if is_of_none { 0 } else { 9 });
    let before = before.into_iter().find(|token| token.is(&WANTED) && !token.is_code);
    let behind = tokens[term.end..clause.end].iter().take(7).take_while(|token| token.text != ",");
    let behind = behind.into_iter().find(|token| token.is(&WANTED_BEHIND));
    before.or(behind).map(|token| token.text.clone())
}

/// Words that begin a condition.
const IF: [&str; 7] = ["when", "if", "unless", "only", "assuming", "depending", "until"];

/// Words that say that there are several ways.
const OPTIONAL: [&str; 19] = [
    "optional",
    "optionally",
    "configurable",
    "configured",
    "tunable",
    "selectable",
    "option",
    "options",
    "choose",
    "chosen",
    "selected",
    "enabled",
    "enabling",
    "disabled",
    "setting",
    "settings",
    "opt",
    "levels",
    "modes",
];

/// What a promise may be limited to.
const PER: [&str; 17] = [
    "operation",
    "request",
    "query",
    "key",
    "partition",
    "shard",
    "topic",
    "session",
    "row",
    "document",
    "object",
    "region",
    "connection",
    "transaction",
    "stream",
    "table",
    "statement",
];

/// The condition of a promise, as it is written.
fn qualified(around: &Around<'_>, half: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let tokens = &around.sentence.tokens;
    if around.kind == Kind::Row {
        return Some("a row of a table".to_owned());
    }
    let at = half.clone().filter(|at| !term.contains(at)).find(|at| is_condition(tokens, *at, half, term))?;
    let end = (at + 1..half.end).find(|end| matches!(&*tokens[*end].text, "," | ";" | ")" | "." | ":" | "—"));
    Some(written(&tokens[at..end.unwrap_or(half.end)], 8))
}

fn is_condition(tokens: &[Token], at: usize, half: &Range<usize>, term: &Range<usize>) -> bool {
    let token = &tokens[at];
    let next = |ahead: usize| tokens.get(at + ahead).filter(|_| at + ahead < half.end);
    if token.is_code {
        return is_setting(tokens, at);
    }
    let is_next = |words: &[&str]| next(1).is_some_and(|next| next.is(words));
    match &*token.lower {
        // `Only eventually consistent` is no condition.
        "only" => {
            let is_of_term = at < term.start && term.start - at <= 2;
            let is_other = at
                .checked_sub(1)
                .is_some_and(|before| tokens[before].is(&["not", "the"]) || tokens[before].text == "-");
            let is_of_another =
                is_next(&["eventually", "weakly", "causally", "sequentially", "strongly", "locally"]);
            !is_of_term && !is_other && !is_of_another
        }
        "by" => is_next(&["default"]),
        "as" => is_next(&["long"]),
        "provided" => is_next(&["that"]),
        "can" | "may" => {
            is_next(&["be"]) && next(2).is_some_and(|next| next.is(&OPTIONAL) || next.is(&["requested"]))
        }
        // Whoever is cut off from the majority is not meant.
        "majority" | "minority" => is_next(&["side", "partition", "component", "half", "group"]),
        "per" => next(1).is_some_and(|next| next.is(&PER)) || next(2).is_some_and(|next| next.is(&PER)),
        "within" => (1..=3).any(|ahead| next(ahead).is_some_and(|next| next.is(&PER))),
        "single" => (1..=2).any(|ahead| next(ahead).is_some_and(|next| next.is(&PER))),
        "in" | "with" | "under" | "at" => (2..=5)
            .any(|ahead| next(ahead).is_some_and(|next| next.is(&["mode", "modes", "level", "setting"]))),
        // A mode of failure is none of the system's.
        "modes" => !at.checked_sub(1).is_some_and(|before| tokens[before].is(&["failure", "fault"])),
        // `Even if the system crashes` is the contrary of a condition.
        "if" | "when" if at.checked_sub(1).is_some_and(|before| tokens[before].is(&["even"])) => false,
        word => IF.contains(&word) || OPTIONAL.contains(&word),
    }
}

/// Whether code looks like a setting: `--level=strong`, `at QUORUM`.
fn is_setting(tokens: &[Token], at: usize) -> bool {
    const AT: [&str; 10] = ["with", "at", "under", "in", "to", "using", "via", "level", "mode", "set"];
    let token = &tokens[at];
    let is_capital = token.text.len() > 1
        && !token.text.contains(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    // The name of a command is no setting of it.
    let is_level = is_capital && tokens[..at].last().is_some_and(|before| before.is(&AT));
    let is_flag =
        token.text == "-" && tokens.get(at + 1).is_some_and(|next| next.text == "-" && next.is_code);
    token.text == "=" || is_level || is_flag || token.is(&["true", "false"])
}
