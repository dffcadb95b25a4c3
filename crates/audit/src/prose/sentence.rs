//! Words, sentences and clauses of a block, as far as they can be told without grammar.

use std::ops::Range;

use super::text::{Block, Kind};

/// A word, or a sign between words.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Where it stands in the text of its block.
    pub(crate) span: Range<usize>,
    /// As it is written.
    pub(crate) text: String,
    /// In small letters.
    pub(crate) lower: String,
    pub(crate) is_word: bool,
    pub(crate) is_code: bool,
}

impl Token {
    pub(crate) fn is(&self, words: &[&str]) -> bool {
        words.contains(&&*self.lower)
    }
}

/// A sentence of at most [`Sentence::TOKENS_MAX`] tokens; a longer one is divided.
#[derive(Debug)]
pub(crate) struct Sentence {
    pub(crate) tokens: Vec<Token>,
    pub(crate) is_question: bool,
}

impl Sentence {
    /// What is looked at for one claim is bounded by this.
    const TOKENS_MAX: usize = 120;
}

/// The sentences of a block.
pub(crate) fn sentences(block: &Block) -> Vec<Sentence> {
    let tokens = tokens(block);
    let mut sentences = Vec::new();
    let mut open: Vec<Token> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_end = block.kind != Kind::Row && ends(&tokens, at, &block.text);
        open.push(token.clone());
        if is_end || open.len() >= Sentence::TOKENS_MAX {
            let is_question = token.text == "?";
            sentences.push(Sentence { tokens: std::mem::take(&mut open), is_question });
        }
    }
    if !open.is_empty() {
        sentences.push(Sentence { tokens: open, is_question: false });
    }
    sentences
}

fn ends(tokens: &[Token], at: usize, text: &str) -> bool {
    let token = &tokens[at];
    if token.is_code || !matches!(&*token.text, "." | "?" | "!") {
        return false;
    }
    // A question may stand in quotes or brackets.
    let is_apart = text[token.span.end..]
        .chars()
        .next()
        .is_none_or(|next| next.is_whitespace() || "\"”’)*".contains(next));
    if !is_apart || token.text != "." {
        return is_apart;
    }
    let is_short = at.checked_sub(1).is_some_and(|before| {
        let before = &tokens[before];
        before.text.chars().count() == 1 && before.text.chars().all(char::is_alphabetic)
            || before.is(&["vs", "etc", "cf", "approx", "fig", "resp", "incl", "no"])
    });
    let goes_on =
        tokens.get(at + 1).is_some_and(|next| next.text.starts_with(char::is_lowercase) && !next.is_code);
    let is_inner_end = is_short && at + 1 < tokens.len();
    !goes_on && !is_inner_end
}

fn tokens(block: &Block) -> Vec<Token> {
    let mut tokens = Vec::new();
    let text = &block.text;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter.is_whitespace() {
            continue;
        }
        let mut end = at + letter.len_utf8();
        let is_word = letter.is_alphanumeric() || letter == '_';
        while is_word && let Some((next_at, next)) = letters.peek().copied() {
            if !(next.is_alphanumeric()
                || next == '_'
                || is_inner(next, &text[next_at..], &text[at..next_at]))
            {
                break;
            }
            end = next_at + next.len_utf8();
            letters.next();
        }
        let span = at..end;
        let written = text[span.clone()].replace('’', "'");
        let lower = written.to_lowercase();
        tokens.push(Token { is_code: block.is_code(&span), span, text: written, lower, is_word });
    }
    tokens
}

/// Whether a sign within a word is a part of it: `don't`, `99.999`.
fn is_inner(sign: char, rest: &str, before: &str) -> bool {
    let next = rest.chars().nth(1);
    match sign {
        '\'' | '’' => next.is_some_and(char::is_alphabetic),
        '.' => {
            next.is_some_and(|next| next.is_ascii_digit())
                && before.bytes().last().is_some_and(|last| last.is_ascii_digit())
        }
        _ => false,
    }
}

/// Verbs in the form that says what something does: behind one, another clause may begin.
const FINITE: [&str; 52] = [
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "does",
    "do",
    "can",
    "will",
    "provides",
    "provide",
    "offers",
    "offer",
    "guarantees",
    "gives",
    "supports",
    "ensures",
    "uses",
    "makes",
    "allows",
    "delivers",
    "achieves",
    "remains",
    "stays",
    "becomes",
    "keeps",
    "maintains",
    "implements",
    "works",
    "runs",
    "lets",
    "see",
    "sees",
    "reads",
    "returns",
    "isn't",
    "aren't",
    "doesn't",
    "don't",
    "cannot",
    "can't",
    "won't",
    "may",
    "might",
    "must",
    "shows",
    "enforces",
    "requires",
    "needs",
    "relies",
    "promises",
];

/// Behind these, what may be a verb is a noun: `consistency guarantees`, `stale reads`.
const OF_NOUN: [&str; 26] = [
    "consistency",
    "ordering",
    "delivery",
    "durability",
    "isolation",
    "safety",
    "strong",
    "linearizable",
    "consistent",
    "stale",
    "dirty",
    "serializable",
    "follower",
    "local",
    "replica",
    "monotonic",
    "the",
    "all",
    "these",
    "those",
    "such",
    "transactional",
    "strict",
    "our",
    "its",
    "snapshot",
];

/// Whether a word is a verb that says what something does.
pub(crate) fn is_finite(tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    let may_be_noun = token.is(&[
        "guarantees",
        "reads",
        "needs",
        "uses",
        "works",
        "promises",
        "supports",
        "offers",
        "see",
        "shows",
    ]);
    let is_noun = may_be_noun
        && (at.checked_sub(1).is_some_and(|before| tokens[before].is(&OF_NOUN))
            || tokens.get(at + 1).is_none_or(|next| !next.is_word));
    // `To provide`, `does not provide`.
    let is_infinitive = at.checked_sub(1).is_some_and(|before| {
        let before = &tokens[before];
        before.is(&["to", "not", "cannot", "never"]) || before.lower.ends_with("n't")
    });
    token.is(&FINITE) && !is_noun && !is_infinitive
}

/// Words that begin a clause of their own.
const CLAUSE: [&str; 16] = [
    "but", "however", "although", "though", "whereas", "while", "yet", "because", "since", "so", "when",
    "if", "unless", "which", "who", "instead",
];

/// Words that set one half of a sentence against the other.
const AGAINST: [&str; 9] =
    ["but", "however", "although", "though", "whereas", "while", "yet", "unlike", "instead"];

/// The clause around a term: what a negation in it may reach.
pub(crate) fn clause(tokens: &[Token], term: &Range<usize>) -> Range<usize> {
    let mut start = term.start.saturating_sub(HALF_BEFORE);
    // A word in brackets of its own is another name of what stands before them: `no last write wins (LWW)`.
    let is_name = term.start > 0
        && tokens[term.start - 1].text == "("
        && tokens.get(term.end).is_some_and(|next| next.text == ")");
    let first = term.start.saturating_sub(HALF_BEFORE);
    for at in (first..term.start - usize::from(is_name)).rev() {
        if is_boundary(tokens, at) {
            // A word that begins a clause belongs to it.
            start = if tokens[at].is_word { at } else { at + 1 };
            break;
        }
    }
    let last = tokens.len().min(term.end + HALF_BEHIND);
    let end = (term.end..last).find(|at| is_boundary(tokens, *at)).unwrap_or(last);
    start..end
}

fn is_boundary(tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    if token.is_code {
        return false;
    }
    if !token.is_word {
        return match &*token.text {
            ";" | "—" | "–" | "(" | ")" | "|" | "…" | "!" | "?" => true,
            // `a.k.a.` goes on.
            "." => at > 0 && tokens[at - 1].text.chars().count() > 1,
            "-" => false,
            // In a list of nouns it divides none.
            "," | ":" => begins_clause(tokens, at + 1),
            _ => false,
        };
    }
    if token.is(&["instead"]) {
        return !tokens.get(at + 1).is_some_and(|next| next.is(&["of"]));
    }
    if token.is(&["so"]) {
        return !tokens.get(at + 1).is_some_and(|next| next.is(&["called"]) || next.text == "-");
    }
    token.is(&CLAUSE) && !is_not_only(tokens, at) || token.is(&["and", "or"]) && begins_clause(tokens, at + 1)
}

/// Whether it is the `but` of `not only … but also`.
fn is_not_only(tokens: &[Token], at: usize) -> bool {
    tokens[at].is(&["but"]) && tokens.get(at + 1).is_some_and(|next| next.is(&["also"]))
}

/// Whether what follows up to the next sign or `and` has a verb of its own, or begins as a clause does.
fn begins_clause(tokens: &[Token], from: usize) -> bool {
    let first = tokens.get(from);
    if first.is_some_and(|first| {
        first.is(&CLAUSE) || first.is(&["we", "it", "it's", "they", "they're", "you", "this", "with", "and"])
    }) {
        let is_and = first.is_some_and(|first| first.is(&["and"]));
        return !is_and || begins_clause(tokens, from + 1);
    }
    // `…, and durably persisting data`, `… and guarantee the order`.
    let before = from.checked_sub(1).map(|before| &tokens[before]);
    let is_after_comma = before.is_some_and(|before| before.text == ",")
        || before.is_some_and(|before| before.is(&["and"])) && from > 1 && tokens[from - 2].text == ",";
    let is_doing = |token: &Token| token.lower.len() > 5 && token.lower.ends_with("ing");
    if is_after_comma && tokens.iter().skip(from).take(2).any(is_doing) {
        return true;
    }
    let is_plural =
        first.is_some_and(|first| first.is(&["guarantee", "ensure", "provide", "achieve", "support"]));
    if is_plural && before.is_some_and(|before| before.is(&["and"])) {
        return true;
    }
    let part = (from..tokens.len()).take(6);
    let is_of_part = |at: &usize| !matches!(&*tokens[*at].text, "," | ";" | ":" | "(" | "and" | "or" | "but");
    part.take_while(is_of_part).any(|at| is_finite(tokens, at))
}

/// The furthest that a condition reaches, in tokens.
const HALF_BEFORE: usize = 40;
const HALF_BEHIND: usize = 24;

/// The half of a sentence around a term: what a condition in it may reach.
pub(crate) fn half(tokens: &[Token], term: &Range<usize>) -> Range<usize> {
    let divides = |at: usize| {
        let token = &tokens[at];
        let is_sign = matches!(&*token.text, ";") && !token.is_code;
        is_sign || token.is(&AGAINST) && !is_not_only(tokens, at) && is_boundary(tokens, at)
    };
    let (first, last) = (term.start.saturating_sub(HALF_BEFORE), tokens.len().min(term.end + HALF_BEHIND));
    let start = (first..term.start).rev().find(|at| divides(*at)).unwrap_or(first);
    let end = (term.end..last).find(|at| divides(*at)).unwrap_or(last);
    start..end
}
