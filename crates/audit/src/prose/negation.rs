//! Whether a clause denies a word in it: what `not`, `no` and `without` reach, and what turns them round.

use std::ops::Range;

use super::sentence::{Token, is_finite};

const NOT: [&str; 14] = [
    "not", "no", "never", "without", "neither", "nor", "cannot", "none", "nothing", "non", "hardly",
    "rarely", "nowhere", "nobody",
];

/// Verbs that undo what stands behind them; behind a `not` they make it a promise.
const UNDOES: [&str; 54] = [
    "change",
    "changes",
    "changing",
    "alter",
    "impact",
    "impacts",
    "endanger",
    "endangers",
    "degrade",
    "hurt",
    "undermine",
    "violate",
    "violates",
    "violating",
    "violated",
    "break",
    "breaks",
    "breaking",
    "sacrifice",
    "sacrifices",
    "sacrificing",
    "lose",
    "loses",
    "losing",
    "compromise",
    "compromises",
    "compromising",
    "weaken",
    "weakens",
    "weakening",
    "lack",
    "lacks",
    "lacking",
    "forgo",
    "forgoes",
    "forgoing",
    "abandon",
    "abandons",
    "relax",
    "relaxes",
    "relaxing",
    "relaxed",
    "affect",
    "affects",
    "affecting",
    "harm",
    "trading",
    "trades",
    "removed",
    "rejected",
    "broke",
    "fails",
    "fail",
    "drops",
];

/// Behind which `that` carries a denial on into what follows: `does not guarantee that …`.
const SAYS: [&str; 21] = [
    "guarantee",
    "guarantees",
    "ensure",
    "ensures",
    "mean",
    "means",
    "imply",
    "implies",
    "promise",
    "promises",
    "claim",
    "assume",
    "case",
    "true",
    "say",
    "says",
    "believe",
    "think",
    "assurance",
    "evidence",
    "reason",
];

/// What is provided, or is not.
const PROVIDED: [&str; 26] = [
    "guaranteed",
    "provided",
    "supported",
    "possible",
    "ensured",
    "available",
    "offered",
    "given",
    "achieved",
    "implemented",
    "maintained",
    "promised",
    "enforced",
    "preserved",
    "attempted",
    "goal",
    "guarantee",
    "hold",
    "apply",
    "sufficient",
    "enough",
    "kept",
    "free",
    "achievable",
    "satisfied",
    "met",
];

/// What is done with what somebody thought of: `we considered it and rejected it`.
const REFUSED: [&str; 4] = ["rejected", "discarded", "dismissed", "abandoned"];

const LOST: [&str; 10] = [
    "impossible",
    "unsupported",
    "unavailable",
    "lost",
    "violated",
    "broken",
    "sacrificed",
    "missing",
    "unachievable",
    "relaxed",
];

/// The furthest that a cue reaches, in tokens.
const REACH: usize = 18;

/// The words that deny a term in its clause.
pub(crate) fn negation(tokens: &[Token], clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    before(tokens, clause, term).or_else(|| behind(tokens, clause, term)).or_else(|| refused(tokens, term))
}

fn before(tokens: &[Token], clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let start = clause.start.max(term.start.saturating_sub(REACH));
    let mut undoes: Option<usize> = None;
    let mut at = term.start;
    while at > start {
        at -= 1;
        let token = &tokens[at];
        if token.is_code || !token.is_word {
            continue;
        }
        if is_cue(tokens, at) {
            // `not only linearizable`, `without losing linearizability`, `does not break it`.
            let is_turned = undoes.is_some() || is_only(tokens, at);
            return (!is_turned).then(|| told(tokens, at, term));
        }
        if is_purpose(tokens, at) {
            return undone(tokens, undoes, term);
        }
        if token.is(&UNDOES) || is_given_up(tokens, at) {
            undoes = Some(at);
        } else if is_compared(tokens, at) {
            return Some(told(tokens, at, term));
        } else if is_finite(tokens, at) {
            match said_before(tokens, at, start) {
                Some(earlier) => at = earlier,
                // `No read is linearizable`: a subject that is none reaches its verb.
                None => {
                    return none_of(tokens, clause.start, at, term).or_else(|| undone(tokens, undoes, term));
                }
            }
        }
    }
    undone(tokens, undoes, term)
}

fn undone(tokens: &[Token], undoes: Option<usize>, term: &Range<usize>) -> Option<String> {
    undoes.map(|at| told(tokens, at, term))
}

fn told(tokens: &[Token], at: usize, term: &Range<usize>) -> String {
    let words = tokens[at..term.start].iter().filter(|token| token.is_word).take(4);
    words.map(|token| &*token.text).collect::<Vec<_>>().join(" ")
}

fn is_cue(tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    let next = |words: &[&str]| tokens.get(at + 1).is_some_and(|next| next.is(words));
    // A list may have an entry `none`.
    let is_entry = token.is(&["none"]) && !next(&["of"]);
    let is_no = !is_entry
        && token.is(&NOT)
        && !(token.is(&["no"])
            && next(&["longer", "matter", "doubt", "less", "single"])
            && !next(&["longer"]));
    is_no
        || token.lower.ends_with("n't")
        || token.is(&["rather"]) && next(&["than"])
        || token.is(&["instead"]) && next(&["of"])
}

fn is_only(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| next.is(&["only", "just", "merely", "simply", "until"]))
        || tokens[at].is(&["cannot", "can't"]) && tokens.get(at + 1).is_some_and(|next| next.is(&["but"]))
}

/// `In order to`: what is done, or is not, serves what follows.
fn is_purpose(tokens: &[Token], at: usize) -> bool {
    tokens[at].is(&["order"])
        && at > 0
        && tokens[at - 1].is(&["in"])
        && tokens.get(at + 1).is_some_and(|next| next.is(&["to"]))
}

/// `gives up`, and what is given up behind it.
fn is_given_up(tokens: &[Token], at: usize) -> bool {
    tokens[at].is(&["up"]) && at > 0 && tokens[at - 1].is(&["give", "gives", "giving", "gave"])
        || tokens[at].is(&["cost", "expense"]) && tokens.get(at + 1).is_some_and(|next| next.is(&["of"]))
}

/// `weaker than linearizability`, `short of serializability`.
fn is_compared(tokens: &[Token], at: usize) -> bool {
    let next = |words: &[&str]| tokens.get(at + 1).is_some_and(|next| next.is(words));
    tokens[at].is(&["weaker", "less"]) && next(&["than"]) || tokens[at].is(&["short"]) && next(&["of"])
}

/// Of `guarantee that reads are`, where the first word stands, so that what denies it is looked for before it.
fn said_before(tokens: &[Token], verb: usize, start: usize) -> Option<usize> {
    let from = verb.saturating_sub(7).max(start);
    // `Does not guarantee a write must be visible` has no `that`.
    let is_denied = |at: &usize| tokens[*at].is(&SAYS) && *at > start && is_cue(tokens, *at - 1);
    if let Some(saying) = (from..verb).rev().find(is_denied) {
        return Some(saying);
    }
    let that = (from..verb).rev().find(|at| tokens[*at].is(&["that"]))?;
    let saying = that.checked_sub(1).filter(|saying| *saying >= start)?;
    tokens[saying].is(&SAYS).then_some(saying)
}

fn none_of(tokens: &[Token], start: usize, verb: usize, term: &Range<usize>) -> Option<String> {
    let subject = tokens[start..verb]
        .iter()
        .take(3)
        .position(|token| token.is(&["no", "none", "neither", "nothing"]))?;
    let word = start + subject;
    let is_odd = tokens.get(word + 1).is_some_and(|next| next.is(&["matter", "doubt"]));
    (!is_odd).then(|| told(tokens, word, term))
}

/// What was so, and is no more: `used to be linearizable`, `Deprecated: strong consistency by …`.
pub(crate) fn past(tokens: &[Token], clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    // `Is used to be sure` tells for what something is good.
    const BE: [&str; 9] = ["is", "are", "be", "was", "were", "been", "being", "and", "or"];
    let is_past = |at: usize| {
        let [used, to, be] = &tokens[at..at + 3] else { return false };
        let is_passive = at.checked_sub(1).is_none_or(|before| {
            let before = &tokens[before];
            before.is(&BE) || !before.is_word
        });
        used.is(&["used"]) && to.is(&["to"]) && be.is(&["be"]) && !is_passive
    };
    if (clause.start..term.start.saturating_sub(2)).any(is_past) {
        return Some("used to be".to_owned());
    }
    let mut first = tokens.iter().skip_while(|token| matches!(&*token.text, "[" | "(" | "*"));
    let word = first.next().filter(|word| word.is(&["deprecated"]))?;
    let sign = first.next().filter(|sign| matches!(&*sign.text, ":" | "]" | ")" | "-" | "—" | "–"))?;
    // What is to be used instead is promised.
    let is_instead = first.next().is_some_and(|next| next.is(&["use", "prefer", "replaced"]));
    (!is_instead && word.span.end <= sign.span.start).then(|| word.text.clone())
}

/// `We considered eventual consistency and rejected it`.
fn refused(tokens: &[Token], term: &Range<usize>) -> Option<String> {
    let is_thought_of = tokens[..term.start]
        .iter()
        .rev()
        .take(4)
        .any(|token| token.is(&["considered", "evaluated", "consider", "tried", "discussed"]));
    let mut pairs = tokens[term.end..].windows(2);
    let refused = pairs.find(|pair| pair[0].is(&REFUSED) && pair[1].is(&["it", "this", "that"]))?;
    is_thought_of.then(|| format!("{} {}", refused[0].text, refused[1].text))
}

/// `linearizability is not guaranteed`, `strong consistency is impossible`.
fn behind(tokens: &[Token], clause: &Range<usize>, term: &Range<usize>) -> Option<String> {
    let part: Vec<&Token> =
        tokens[term.end..clause.end].iter().filter(|token| token.is_word).take(9).collect();
    for (at, token) in part.iter().enumerate() {
        let is_not = token.is(&["not", "cannot", "never", "no"]) || token.lower.ends_with("n't");
        let after = &part[at + 1..part.len().min(at + 4)];
        if is_not && after.iter().any(|token| token.is(&PROVIDED)) || is_not && at == 0 && part.len() == 1 {
            let words: Vec<&str> = part[at..].iter().take(3).map(|token| &*token.text).collect();
            return Some(words.join(" "));
        }
        let is_lost = token.is(&LOST)
            && at > 0
            && part[..at].iter().any(|before| before.is(&["is", "are", "be", "was"]));
        if is_lost {
            return Some(token.text.clone());
        }
    }
    None
}
