//! Prose that promises something: which consistency claims a document makes, in what context, and which contradict each other.
//!
//! ```
//! use std::path::Path;
//!
//! use constellation_audit::prose::{Context, claims_text};
//!
//! let text = "# Relay\n\nReads are linearizable, and the store stays available during a partition.\n";
//! let found = claims_text(Path::new("README.md"), text.as_bytes());
//! assert_eq!(found.claims[0].term.id, "linearizable");
//! assert_eq!(found.claims[0].context, Context::Claimed);
//! let is_so = |id: &str| found.audit.findings.iter().any(|finding| finding.rule.id == id);
//! assert!(is_so("contradiction::linearizable-and-available"));
//! ```
//!
//! One direction, as for code: files, paragraphs with their places (`text`), sentences and clauses (`sentence`), words that
//! promise (`term`), their context (`context`, `negation`), what contradicts what (`contradiction`), what comments allow.

mod allowed;
mod context;
mod contradiction;
mod html;
mod markdown;
mod negation;
mod plain;
mod sentence;
mod term;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use context::Context;
pub use term::Term;

use crate::Error;
use crate::audit::{Audit, Suppressed, by_place, complaints, read_some, text_of};
use crate::finding::{Beside, Excerpt, Finding, Level, NotAudited, Setting};
use crate::fingerprint::Fingerprint;
use crate::rule::Rule;
use crate::source::Lines;
use context::{Around, SYSTEMS, context};
use contradiction::{Mention, contradictions};
use sentence::{Sentence, sentences};
use term::LEXICON;
use text::{Block, Document, Kind};

/// The kinds of files that are read as prose where a folder is named.
pub const EXTENSIONS: [&str; 9] = ["md", "markdown", "mdx", "html", "htm", "txt", "rst", "adoc", "text"];

/// What documents claim.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Claims {
    /// All that is said of a term, whatever its context, by file and place.
    pub claims: Vec<Claim>,
    /// What of it is a finding: claims, contradictions, and comments that are wrong.
    pub audit: Audit,
}

/// A term where it stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// Which one.
    pub term: &'static Term,
    /// How it is used.
    pub context: Context,
    /// In which file.
    pub path: PathBuf,
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// The line in which it begins, from 1.
    pub line: usize,
    /// The column at which it begins, in characters from 1.
    pub column: usize,
    /// As it is written, with single blanks.
    pub text: String,
    /// The sentence that it stands in, or the part of it around it.
    pub sentence: String,
    /// The heading above; empty where there is none.
    pub section: String,
    /// Whether a contradiction speaks of it.
    pub is_contradicted: bool,
}

/// The claims in all documents below some paths: files of any name, or folders with what ends as [`EXTENSIONS`] say, of which
/// `.gitignore`, `.ignore` and `.auditignore` are obeyed. Takes time in proportion to the bytes.
///
/// # Errors
///
/// [`Error::Unreadable`] if one of the paths is not there. What cannot be read below them is in [`Audit::not_audited`].
pub fn claims(paths: &[PathBuf]) -> Result<Claims, Error> {
    let (files, not_audited) = crate::walk::walk(paths, &EXTENSIONS)?;
    let mut found = Claims::default();
    found.audit.not_audited = not_audited;
    for file in files {
        match read_some(&file.path) {
            Ok(bytes) => found.add(&file.path, &bytes),
            Err(reason) => {
                found.audit.not_audited.push(NotAudited { path: file.path.clone(), line: None, reason })
            }
        }
    }
    found.audit.not_audited.sort();
    Ok(found)
}

/// The claims in one text, read as a file of this name is, which need not be there.
pub fn claims_text(path: &Path, text: &[u8]) -> Claims {
    let mut found = Claims::default();
    found.add(path, text);
    found
}

/// All terms.
pub fn terms() -> &'static [Term] {
    &LEXICON.terms
}

/// All rules on prose: contradictions, terms, then those about comments.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let pairs = LEXICON.pairs.iter().map(|pair| pair.rule);
    pairs.chain(terms().iter().map(|term| term.rule)).chain(crate::allow::RULES)
}

/// The term that is called or spelt so.
///
/// # Errors
///
/// The name that is nearest, if one is near.
pub fn find_term(name: &str) -> Result<&'static Term, Option<&'static str>> {
    let small = name.to_lowercase();
    let bare = small.strip_prefix("claim::").unwrap_or(&small);
    let named = bare.split(|letter: char| !letter.is_alphanumeric()).collect::<Vec<_>>().join("-");
    if let Some(term) = LEXICON.term(&named) {
        return Ok(term);
    }
    let spelt = claims_text(Path::new("a.txt"), name.as_bytes()).claims;
    match &spelt[..] {
        [only] if only.span == (0..name.len()) => Ok(only.term),
        _ => Err(crate::rules::nearest(&named, terms().iter().map(|term| term.id))),
    }
}

/// The rule on prose that is called so, with its family or without.
///
/// # Errors
///
/// The name of the rule that is nearest, if one is near.
pub fn find_rule(name: &str) -> Result<&'static Rule, Option<&'static str>> {
    let is_so = |rule: &&Rule| rule.id == name || rule.name() == name;
    rules().find(is_so).ok_or_else(|| crate::rules::nearest(name, rules().map(|rule| rule.id)))
}

impl Claims {
    fn add(&mut self, path: &Path, bytes: &[u8]) {
        let text = match text_of(bytes) {
            Ok(text) => text,
            Err((line, reason)) => {
                self.audit.not_audited.push(NotAudited { path: path.to_owned(), line, reason });
                return;
            }
        };
        let lines = Lines::of(text);
        self.audit.files.push(path.to_owned());
        self.audit.lines += lines.count();
        let document = match kind(path, text) {
            Written::Markdown => markdown::read(text),
            Written::Html => html::read(text),
            Written::Plain => plain::read(text),
        };
        let read = Read::of(path, &document);
        self.take(path, &lines, &document, &read);
    }

    fn take(&mut self, path: &Path, lines: &Lines<'_>, document: &Document, read: &Read) {
        let (mut allows, wrong) = allowed::read(lines, document);
        allowed::stretch(&mut allows, lines, document);
        let mut is_used = crate::allow::none_used(&allows);
        let mut findings: Vec<Finding> = Vec::new();
        let pairs = contradictions(&LEXICON.pairs, &read.mentions, &read.sentences);
        let mut contradicted: Vec<usize> = Vec::new();
        for found in &pairs {
            let other = found.other.map(|other| read.place(document, &read.mentions[other]));
            contradicted.push(found.one);
            contradicted.extend(found.other);
            let mut finding = read.finding(path, lines, document, &read.mentions[found.one], found.pair.rule);
            found.pair.here.clone_into(&mut finding.here);
            finding.beside = other.map(|span| beside(lines, span, found.pair.there));
            findings.push(finding);
        }
        let before = self.claims.len();
        for (number, mention) in read.mentions.iter().enumerate() {
            let Some(term) = LEXICON.term(mention.id) else { continue };
            let claim = read.claim(path, lines, document, mention, term, contradicted.contains(&number));
            if claim.context.is_promise() {
                let mut finding = read.finding(path, lines, document, mention, term.rule);
                if claim.context != Context::Claimed || read.is_eased(number, term) {
                    finding.level = Level::Info;
                }
                finding.here = here(&claim);
                findings.push(finding);
            }
            self.claims.push(claim);
        }
        self.tally(self.claims.len() - before);
        for finding in findings {
            match crate::allow::by(&allows, &mut is_used, finding.rule, finding.span.start) {
                Some(allow) => self.suppress(Suppressed { finding, reason: allow.reason.clone() }),
                None => self.audit.findings.push(finding),
            }
        }
        let complaints = allows.iter().zip(&is_used).flat_map(|(allow, is_used)| complaints(allow, is_used));
        let complaints = complaints.map(|raw| (raw.rule, raw.span, raw.here));
        let wrong = wrong.into_iter().map(|wrong| (wrong.rule, wrong.span, wrong.here));
        for (rule, span, here) in complaints.chain(wrong) {
            let said = &lines.text[span.clone()];
            let finding = placed(path, lines, span.clone(), rule, here, (String::new(), said));
            self.audit.findings.push(finding);
        }
        let own = self.audit.findings.partition_point(|finding| finding.path != path);
        self.audit.findings[own..].sort_by(by_place);
    }

    fn suppress(&mut self, suppressed: Suppressed) {
        self.audit.tallies.entry(suppressed.finding.rule.family).or_default().suppressed += 1;
        self.audit.suppressed.push(suppressed);
    }

    fn tally(&mut self, claims: usize) {
        for family in [crate::Family::Claim, crate::Family::Contradiction] {
            self.audit.tallies.entry(family).or_default().looked_at += claims;
        }
    }
}

/// One sentence on a claim: how it is made, and what it leaves open.
fn here(claim: &Claim) -> String {
    match &claim.context {
        Context::Qualified(cue) => {
            format!("promised on a condition (`{cue}`); what the word does not say: {}", claim.term.unsaid)
        }
        _ => format!("promised without a condition; what the word does not say: {}", claim.term.unsaid),
    }
}

/// How a document is written.
enum Written {
    Markdown,
    Html,
    Plain,
}

fn kind(path: &Path, text: &str) -> Written {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match &*extension.to_ascii_lowercase() {
        "md" | "markdown" | "mdx" => Written::Markdown,
        "html" | "htm" | "xhtml" => Written::Html,
        _ if text.trim_start().get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype")) => {
            Written::Html
        }
        _ => Written::Plain,
    }
}

/// Of how many mentions before and behind one it is asked whether they say what it leaves open.
const EASED_WITHIN: usize = 32;

/// What is said in one document.
struct Read {
    mentions: Vec<Mention>,
    sentences: Vec<Sentence>,
}

impl Read {
    fn of(path: &Path, document: &Document) -> Read {
        let own = own_words(path, document);
        let mut read = Read { mentions: Vec::new(), sentences: Vec::new() };
        for (number, block) in document.blocks.iter().enumerate() {
            let section = document.section(block).to_lowercase();
            for sentence in sentences(block) {
                let around = Around { kind: block.kind, sentence: &sentence, section: &section, own: &own };
                read.mention(&around, (number, block));
                read.sentences.push(sentence);
            }
        }
        read
    }

    fn mention(&mut self, around: &Around<'_>, (number, block): (usize, &Block)) {
        let tokens = &around.sentence.tokens;
        // Terms do not overlap; signals may, with terms and with each other.
        let mut free = 0;
        for at in 0..tokens.len() {
            for (spelt, end) in LEXICON.at(tokens, at) {
                let is_term = LEXICON.term(spelt.id).is_some();
                if is_term && at < free {
                    continue;
                }
                let span = at..end;
                let Some(context) = self.context_of(around, &span) else { continue };
                if is_term {
                    free = end;
                }
                self.mentions.push(Mention {
                    id: spelt.id,
                    context,
                    block: number,
                    section: block.section,
                    sentence: self.sentences.len(),
                    tokens: span,
                });
            }
        }
    }

    /// Code promises nothing, but the name of a level in it does: `REPEATABLE READ`.
    fn context_of(&self, around: &Around<'_>, span: &Range<usize>) -> Option<Context> {
        let tokens = &around.sentence.tokens;
        let words = &tokens[span.clone()];
        if !words.iter().any(|token| token.is_code) {
            return Some(context(around, span));
        }
        let is_level = words.iter().all(|token| token.is_code && !token.text.contains(char::is_lowercase));
        let is_whole = !span.start.checked_sub(1).is_some_and(|before| tokens[before].is_code)
            && !tokens.get(span.end).is_some_and(|next| next.is_code);
        if !(is_level && is_whole) {
            return None;
        }
        let found = context(around, span);
        let name: Vec<&str> = words.iter().map(|token| &*token.text).collect();
        Some(if found == Context::Claimed { Context::Qualified(name.join(" ")) } else { found })
    }

    /// Whether the same paragraph says what a term leaves open.
    fn is_eased(&self, number: usize, term: &Term) -> bool {
        let block = self.mentions[number].block;
        let is_near = |mention: &&Mention| mention.block == block;
        let before = self.mentions[..number].iter().rev().take(EASED_WITHIN).take_while(is_near);
        let behind = self.mentions[number..].iter().take(EASED_WITHIN).take_while(is_near);
        before
            .chain(behind)
            .any(|mention| term.eased_by.contains(&mention.id) && mention.context.is_promise())
    }

    fn place(&self, document: &Document, mention: &Mention) -> Range<usize> {
        let tokens = &self.sentences[mention.sentence].tokens[mention.tokens.clone()];
        let span = tokens[0].span.start..tokens[tokens.len() - 1].span.end;
        document.blocks[mention.block].source(&span)
    }

    /// The words of the sentence, or of the part of it that is near.
    fn said(&self, document: &Document, mention: &Mention) -> String {
        const WORDS: usize = 24;
        let tokens = &self.sentences[mention.sentence].tokens;
        let from = if tokens.len() <= 2 * WORDS { 0 } else { mention.tokens.start.saturating_sub(WORDS) };
        let to = if tokens.len() <= 2 * WORDS {
            tokens.len()
        } else {
            (mention.tokens.end + WORDS).min(tokens.len())
        };
        let text = &document.blocks[mention.block].text[tokens[from].span.start..tokens[to - 1].span.end];
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn claim(
        &self,
        path: &Path,
        lines: &Lines<'_>,
        document: &Document,
        mention: &Mention,
        term: &'static Term,
        is_contradicted: bool,
    ) -> Claim {
        let span = self.place(document, mention);
        let (line, column) = lines.place(span.start);
        Claim {
            term,
            context: mention.context.clone(),
            path: path.to_owned(),
            text: lines.text[span.clone()].split_whitespace().collect::<Vec<_>>().join(" "),
            span,
            line,
            column,
            sentence: self.said(document, mention),
            section: document.section(&document.blocks[mention.block]).to_owned(),
            is_contradicted,
        }
    }

    fn finding(
        &self,
        path: &Path,
        lines: &Lines<'_>,
        document: &Document,
        mention: &Mention,
        rule: &'static Rule,
    ) -> Finding {
        let span = self.place(document, mention);
        let section = document.section(&document.blocks[mention.block]).to_owned();
        let said = self.said(document, mention);
        placed(path, lines, span, rule, String::new(), (section, &said))
    }
}

fn placed(
    path: &Path,
    lines: &Lines<'_>,
    span: Range<usize>,
    rule: &'static Rule,
    here: String,
    (within, said): (String, &str),
) -> Finding {
    let (line, column) = lines.place(span.start);
    let (line_end, column_end) = lines.place(span.end);
    Finding {
        fingerprint: Fingerprint::of(rule.id, &within, said),
        rule,
        level: rule.level,
        setting: Setting::Shipped,
        path: path.to_owned(),
        excerpt: Excerpt::of(lines, &span),
        span,
        line,
        column,
        line_end,
        column_end,
        here,
        within,
        beside: None,
    }
}

fn beside(lines: &Lines<'_>, span: Range<usize>, here: &str) -> Beside {
    let (line, column) = lines.place(span.start);
    let (line_end, column_end) = lines.place(span.end);
    let excerpt = Excerpt::of(lines, &span);
    Beside { span, line, column, line_end, column_end, here: here.to_owned(), excerpt }
}

/// The words that name what a document is about: those of its first heading, of its file and of the folder it is in, and the
/// system that it names far more often than any other.
fn own_words(path: &Path, document: &Document) -> Vec<String> {
    let heading = document.blocks.iter().find(|block| block.kind == Kind::Heading);
    let heading = heading.map_or("", |block| block.text.as_str());
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let words = [heading, stem, folder].into_iter().flat_map(words_of);
    words.map(str::to_lowercase).chain(most_named(document)).collect()
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 1)
}

fn most_named(document: &Document) -> Option<String> {
    const OFTEN: usize = 5;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in document.blocks.iter().flat_map(|block| words_of(&block.text)) {
        if SYSTEMS.iter().any(|system| word.eq_ignore_ascii_case(system)) {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    let (name, most) = counts.iter().max_by_key(|(_, count)| **count)?;
    let others = counts.iter().filter(|(other, _)| *other != name).map(|(_, count)| *count);
    let next = others.max().unwrap_or(0);
    (*most >= OFTEN && *most >= 3 * next).then(|| name.clone())
}
