//! Promises that cannot both be kept, and such as need another word beside them: read from `prose/contradictions.toml`.

use std::ops::Range;

use super::context::Context;
use super::sentence::Sentence;
use super::term::{Table, kept, kept_list, rule};
use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

/// Two kinds of words that contradict each other.
pub(crate) struct Pair {
    pub(crate) rule: &'static Rule,
    /// What is said at the place that is found, and what a reviewer asks.
    pub(crate) here: &'static str,
    /// What is said at the other place.
    pub(crate) there: &'static str,
    one: Vec<&'static str>,
    /// Empty where a word contradicts itself, or lacks one of `unless`.
    other: Vec<&'static str>,
    within: Reach,
    /// One of these, said within `unless_within`, resolves it.
    unless: Vec<&'static str>,
    unless_within: Reach,
    /// In a sentence: one of these words must stand between the two.
    linked_by: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    Sentence,
    Block,
    Section,
    Document,
}

impl Reach {
    fn read(name: &str) -> Reach {
        match name {
            "sentence" => Reach::Sentence,
            "paragraph" => Reach::Block,
            "section" => Reach::Section,
            "document" => Reach::Document,
            other => panic!("`{other}` is no reach"),
        }
    }
}

impl Pair {
    pub(crate) fn read(table: &Table) -> Pair {
        let id = table.text("id");
        let links = table.list("links");
        let page = Page {
            why: table.text("why"),
            incident: table.maybe("incident").unwrap_or_default(),
            instead: table.text("instead"),
            alike: kept_list(table.list("alike")),
            allow: table.maybe("allow").unwrap_or_default(),
            shows: kept_list(table.list("shows")),
            links: kept_list(links),
            ..Page::EMPTY
        };
        let within = Reach::read(table.maybe("within").unwrap_or("document"));
        Pair {
            rule: rule(
                kept(&format!("contradiction::{id}")),
                Family::Contradiction,
                Level::Warn,
                table.text("title"),
                page,
            ),
            here: table.text("here"),
            there: table.maybe("there").unwrap_or_default(),
            one: table.list("one"),
            other: table.list("other"),
            within,
            unless: table.list("unless"),
            unless_within: table.maybe("unless_within").map_or(within, Reach::read),
            linked_by: table.list("linked_by"),
        }
    }

    /// All words of it, which must be known.
    #[cfg(test)]
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.one.iter().chain(&self.other).chain(&self.unless).copied()
    }
}

/// A term or a signal where it stands.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) id: &'static str,
    pub(crate) context: Context,
    pub(crate) block: usize,
    pub(crate) section: usize,
    pub(crate) sentence: usize,
    /// Of the tokens of its sentence.
    pub(crate) tokens: Range<usize>,
}

/// A contradiction between mentions, by their numbers; the other is `None` where a word stands alone.
pub(crate) struct Found<'a> {
    pub(crate) pair: &'a Pair,
    pub(crate) one: usize,
    pub(crate) other: Option<usize>,
}

/// The contradictions of a document, each kind told once a section at most; once if it reaches over all of it, where its two
/// places are nearest to each other.
///
/// Takes the mentions of each pair times the few nearest others.
pub(crate) fn contradictions<'a>(
    pairs: &'a [Pair],
    mentions: &[Mention],
    sentences: &[Sentence],
) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for pair in pairs {
        let of = |ids: &[&str]| -> Vec<usize> {
            (0..mentions.len()).filter(|number| ids.contains(&mentions[*number].id)).collect()
        };
        let (ones, others, unless) = (of(&pair.one), of(&pair.other), of(&pair.unless));
        let mut told: Option<&Mention> = None;
        let mut nearest_of_all: Option<(usize, Found<'_>)> = None;
        for one in ones.into_iter().filter(|one| mentions[*one].context.is_promise()) {
            let mention = &mentions[one];
            // Of one paragraph one sentence is enough.
            let again = if pair.within == Reach::Sentence { Reach::Block } else { pair.within };
            let is_told = told.is_some_and(|told| reaches(again, told, mention));
            if is_told || is_resolved(pair, mention, &unless, mentions) {
                continue;
            }
            let other = nearest(pair, one, (&others, &unless), mentions, sentences);
            if other.is_none() && !pair.other.is_empty() {
                continue;
            }
            let apart = other.map_or(0, |other| mentions[other].sentence.abs_diff(mention.sentence));
            let new = Found { pair, one, other };
            if pair.within != Reach::Document {
                told = Some(mention);
                found.push(new);
            } else if nearest_of_all.as_ref().is_none_or(|(least, _)| apart < *least) {
                nearest_of_all = Some((apart, new));
            }
        }
        found.extend(nearest_of_all.map(|(_, nearest)| nearest));
    }
    found
}

fn is_resolved(pair: &Pair, mention: &Mention, unless: &[usize], mentions: &[Mention]) -> bool {
    let is_said = |other: &Mention| !matches!(other.context, Context::Negated(_) | Context::Other(_));
    // They are in the order of the document, so those within reach stand together.
    let from = unless.partition_point(|other| is_before(&mentions[*other], mention, pair.unless_within));
    unless[from..]
        .iter()
        .map(|other| &mentions[*other])
        .take(RESOLVED_WITHIN)
        .take_while(|other| reaches(pair.unless_within, mention, other))
        .any(is_said)
}

fn is_before(other: &Mention, mention: &Mention, reach: Reach) -> bool {
    match reach {
        Reach::Sentence => other.sentence < mention.sentence,
        Reach::Block => other.block < mention.block,
        Reach::Section => other.section < mention.section,
        Reach::Document => false,
    }
}

fn reaches(reach: Reach, one: &Mention, other: &Mention) -> bool {
    match reach {
        Reach::Sentence => one.sentence == other.sentence,
        Reach::Block => one.block == other.block,
        Reach::Section => one.section == other.section,
        Reach::Document => true,
    }
}

/// How many words that may resolve it are looked at.
const RESOLVED_WITHIN: usize = 256;

/// How many of the others are tried on each side.
const TRIED: usize = 8;

fn nearest(
    pair: &Pair,
    one: usize,
    (others, unless): (&[usize], &[usize]),
    mentions: &[Mention],
    sentences: &[Sentence],
) -> Option<usize> {
    let middle = others.partition_point(|other| *other < one);
    let before = others[..middle].iter().rev().take(TRIED);
    let behind = others[middle..].iter().take(TRIED);
    let mut near: Vec<usize> = before.chain(behind).copied().filter(|other| *other != one).collect();
    near.sort_by_key(|other| (mentions[*other].sentence.abs_diff(mentions[one].sentence), *other));
    let mention = &mentions[one];
    near.into_iter().find(|other| {
        let other = &mentions[*other];
        reaches(pair.within, mention, other)
            && !is_resolved(pair, other, unless, mentions)
            && are_compatible(pair, &mention.context, &other.context)
            && !(mention.sentence == other.sentence && are_alternatives(pair, mention, other, sentences))
    })
}

/// Whether both may be meant at once: of one mode, or of none.
fn are_compatible(pair: &Pair, one: &Context, other: &Context) -> bool {
    let is_default = |context: &Context| context.cue().to_lowercase().starts_with("by default");
    // That there are modes does not say that the two are of one.
    let is_choice = |context: &Context| {
        ["modes", "levels"].iter().any(|word| context.cue().to_lowercase().starts_with(word))
    };
    match (one, other) {
        _ if !other.is_promise() || is_choice(one) && is_choice(other) => false,
        // In one sentence, linked by words, the two speak of each other.
        _ if !pair.linked_by.is_empty() => true,
        (Context::Claimed, Context::Claimed) => true,
        (Context::Claimed, other) | (other, Context::Claimed) => is_default(other),
        (one, other) => one.cue().to_lowercase() == other.cue().to_lowercase(),
    }
}

const ALTERNATIVES: [&str; 18] = [
    "or",
    "either",
    "than",
    "versus",
    "vs",
    "trade",
    "tradeoff",
    "trades",
    "choose",
    "choice",
    "between",
    "unlike",
    "not",
    "except",
    "instead",
    "sacrificing",
    "separately",
    "whereas",
];

/// Whether a sentence sets the two against each other, or does not link them as it must.
fn are_alternatives(pair: &Pair, one: &Mention, other: &Mention, sentences: &[Sentence]) -> bool {
    let tokens = &sentences[one.sentence].tokens;
    let (first, second) = if one.tokens.start < other.tokens.start {
        (&one.tokens, &other.tokens)
    } else {
        (&other.tokens, &one.tokens)
    };
    let between = tokens.get(first.end..second.start).unwrap_or_default();
    // `As well as` puts one beside the other, and does not make one of the other.
    let is_beside = |at: usize| {
        let is_well =
            |at: Option<usize>| at.and_then(|at| between.get(at)).is_some_and(|token| token.is(&["well"]));
        between[at].is(&["as"]) && (is_well(at.checked_sub(1)) || is_well(Some(at + 1)))
    };
    let links = |at: usize| between[at].is(&pair.linked_by) && !is_beside(at);
    let is_linked = pair.linked_by.is_empty() || (0..between.len()).any(links);
    let has_choice =
        tokens[..first.start].iter().rev().take(4).any(|token| token.is(&["either", "choose", "between"]));
    !is_linked || has_choice || between.iter().any(|token| token.is(&ALTERNATIVES))
}
