//! Which words promise something: read from `prose/terms.toml`, where a term is a table.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use toml::de::{DeTable, DeValue};

use super::sentence::Token;
use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

/// A word of prose that promises something, and what is to be known of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Term {
    /// How it is called: `linearizable`.
    pub id: &'static str,
    /// As it stands in text: `linearizable`, `read your writes`.
    pub title: &'static str,
    /// What the word promises, where it is used as its authors did: one sentence.
    pub promise: &'static str,
    /// What it does not say, or what else it may mean: one sentence.
    pub unsaid: &'static str,
    /// What a reviewer asks.
    pub questions: Vec<&'static str>,
    /// The model of `constellation models` that it names, if it names one.
    pub model: Option<&'static str>,
    /// Terms that are taken for it.
    pub alike: Vec<&'static str>,
    /// Terms that say in the same paragraph what this one leaves open.
    pub(crate) eased_by: Vec<&'static str>,
    /// How it is spelt; as `prose/terms.toml` says.
    pub spellings: Vec<&'static str>,
    /// The rule by which a claim of it is found.
    pub rule: &'static Rule,
}

/// How terms and signals are told in text.
#[derive(Debug)]
pub(crate) struct Spelt {
    pub(crate) id: &'static str,
    spellings: Vec<Vec<Slot>>,
    /// What counts where one of `near` is near.
    loose: Vec<Vec<Slot>>,
    near: Vec<Slot>,
    never: Vec<Slot>,
}

/// One word of a spelling, or any of several.
#[derive(Debug)]
struct Slot(Vec<Letters>);

#[derive(Debug)]
enum Letters {
    /// In any case.
    Word(&'static str),
    /// As they are.
    Exact(&'static str),
    Begin(&'static str),
    Any,
}

/// Signs that a spelling may name.
const SIGNS: [&str; 3] = [",", "=", ":"];

impl Slot {
    fn read(text: &'static str) -> Slot {
        let letters = text.split('|').map(|word| match word.strip_suffix('*') {
            Some(begin) => Letters::Begin(begin),
            None if word == "_" => Letters::Any,
            None if word.contains(char::is_uppercase) => Letters::Exact(word),
            None => Letters::Word(word),
        });
        Slot(letters.collect())
    }

    fn is(&self, token: &Token) -> bool {
        (token.is_word || SIGNS.contains(&&*token.text))
            && self.0.iter().any(|letters| match letters {
                Letters::Word(word) => token.lower == *word,
                Letters::Exact(word) => token.text == *word,
                Letters::Begin(begin) => token.lower.starts_with(begin),
                Letters::Any => token.is_word,
            })
    }
}

/// All that a spelling stands for: with and without each word that may be missing.
fn spelling(text: &'static str) -> Vec<Vec<Slot>> {
    let mut all: Vec<Vec<&'static str>> = vec![Vec::new()];
    for word in text.split(' ') {
        let present = word.strip_suffix('?').unwrap_or(word);
        let without = if present == word { Vec::new() } else { all.clone() };
        all.iter_mut().for_each(|words| words.push(present));
        all.extend(without);
    }
    all.into_iter().map(|words| words.into_iter().map(Slot::read).collect()).collect()
}

impl Spelt {
    /// How many tokens a word may stand away to count as near.
    const NEAR: usize = 7;
    /// And one that makes it another word.
    const BESIDE: usize = 3;
    /// A spelling of so many words and hyphens is not taken for another word.
    const SAYS_ENOUGH: usize = 4;

    /// Where the longest spelling that begins at a token ends.
    fn at(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let longest =
            |spellings: &[Vec<Slot>]| spellings.iter().filter_map(|slots| end(slots, tokens, at)).max();
        let strict = longest(&self.spellings);
        let loose = longest(&self.loose).filter(|end| {
            let around = around(tokens, &(at..*end), Spelt::NEAR);
            around.into_iter().any(|token| self.near.iter().any(|slot| slot.is(token)))
        });
        let end = strict.max(loose)?;
        let around = around(tokens, &(at..end), Spelt::BESIDE);
        if end - at >= Spelt::SAYS_ENOUGH {
            return Some(end);
        }
        let is_other = around.into_iter().any(|token| self.never.iter().any(|slot| slot.is(token)));
        (!is_other).then_some(end)
    }
}

fn around<'a>(tokens: &'a [Token], span: &Range<usize>, count: usize) -> Vec<&'a Token> {
    let before = tokens[..span.start].iter().rev().filter(|token| token.is_word).take(count);
    let behind = tokens[span.end..].iter().filter(|token| token.is_word).take(count);
    before.chain(behind).collect()
}

/// Words of a term may be divided by a hyphen, a slash, or quotes and stars between them.
fn end(slots: &[Slot], tokens: &[Token], at: usize) -> Option<usize> {
    let mut place = at;
    for (number, slot) in slots.iter().enumerate() {
        if number > 0 && tokens.get(place).is_some_and(|token| matches!(&*token.text, "-" | "‑" | "‐" | "%"))
        {
            place += 1;
        }
        if !slot.is(tokens.get(place)?) {
            return None;
        }
        place += 1;
    }
    Some(place)
}

/// All that is known of words.
pub(crate) struct Lexicon {
    pub(crate) terms: Vec<Term>,
    pub(crate) spelt: Vec<Spelt>,
    /// By the first two letters, which of `spelt` may begin so.
    first: BTreeMap<[u8; 2], Vec<usize>>,
    pub(crate) pairs: Vec<super::contradiction::Pair>,
}

/// The lexicon, read once.
pub(crate) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let terms = parsed(include_str!("../../prose/terms.toml"));
    let signals = parsed(include_str!("../../prose/signals.toml"));
    let pairs = parsed(include_str!("../../prose/contradictions.toml"));
    let asks: BTreeMap<_, _> = match terms.get("asks").map(|asks| asks.get_ref()) {
        Some(asks) => Table::read(asks).0,
        None => panic!("the data has no `asks`"),
    };
    let (terms, signals, pairs) =
        (tables(&terms, "term"), tables(&signals, "signal"), tables(&pairs, "pair"));
    let spelt: Vec<Spelt> = terms.iter().chain(&signals).map(Table::spelt).collect();
    Lexicon {
        terms: terms.iter().map(|table| table.term(&asks)).collect(),
        first: first(&spelt),
        spelt,
        pairs: pairs.iter().map(super::contradiction::Pair::read).collect(),
    }
});

impl Lexicon {
    /// The longest term that begins at a token, or the first signal of its own: which, and where it ends.
    pub(crate) fn at(&self, tokens: &[Token], at: usize) -> Vec<(&Spelt, usize)> {
        let Some(key) = key(&tokens[at].lower) else { return Vec::new() };
        let Some(candidates) = self.first.get(&key) else { return Vec::new() };
        let found = candidates.iter().map(|number| &self.spelt[*number]);
        let mut found: Vec<_> = found.filter_map(|spelt| Some((spelt, spelt.at(tokens, at)?))).collect();
        found.sort_by_key(|(_, end)| std::cmp::Reverse(*end));
        found
    }

    pub(crate) fn term(&self, id: &str) -> Option<&Term> {
        self.terms.iter().find(|term| term.id == id)
    }
}

fn key(word: &str) -> Option<[u8; 2]> {
    word.as_bytes().first_chunk::<2>().copied()
}

fn first(spelt: &[Spelt]) -> BTreeMap<[u8; 2], Vec<usize>> {
    let mut first: BTreeMap<[u8; 2], Vec<usize>> = BTreeMap::new();
    for (number, spelt) in spelt.iter().enumerate() {
        for letters in spelt.spellings.iter().chain(&spelt.loose).flat_map(|slots| &slots[0].0) {
            let (Letters::Word(word) | Letters::Exact(word) | Letters::Begin(word)) = letters else {
                panic!("a spelling of `{}` begins with any word", spelt.id);
            };
            let key = key(&word.to_lowercase()).expect("no term is spelt with one letter");
            let known = first.entry(key).or_default();
            if known.last() != Some(&number) {
                known.push(number);
            }
        }
    }
    first
}

/// A table of the data, whose texts are kept for as long as the program runs: they are read once.
pub(crate) struct Table(BTreeMap<&'static str, Value>);

enum Value {
    Text(&'static str),
    Texts(Vec<&'static str>),
}

fn parsed(text: &'static str) -> DeTable<'static> {
    DeTable::parse(text).unwrap_or_else(|error| panic!("the data is ours: {error}")).into_inner()
}

fn tables(whole: &DeTable<'static>, name: &str) -> Vec<Table> {
    let Some(DeValue::Array(tables)) = whole.get(name).map(|value| value.get_ref()) else {
        panic!("the data has no `{name}`");
    };
    tables.iter().map(|table| Table::read(table.get_ref())).collect()
}

pub(crate) fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

impl Table {
    fn read(value: &DeValue<'static>) -> Table {
        let DeValue::Table(table) = value else { panic!("an entry of the data is no table") };
        let entries = table.iter().map(|(key, value)| {
            let text = |value: &DeValue<'_>| match value {
                DeValue::String(text) => kept(text),
                _ => panic!("`{}` is no text", key.get_ref()),
            };
            let value = match value.get_ref() {
                DeValue::Array(array) => {
                    Value::Texts(array.iter().map(|value| text(value.get_ref())).collect())
                }
                other => Value::Text(text(other)),
            };
            (kept(key.get_ref()), value)
        });
        Table(entries.collect())
    }

    pub(crate) fn text(&self, key: &str) -> &'static str {
        self.maybe(key).unwrap_or_else(|| panic!("`{}` has no `{key}`", self.maybe("id").unwrap_or("?")))
    }

    pub(crate) fn maybe(&self, key: &str) -> Option<&'static str> {
        match self.0.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self, key: &str) -> Vec<&'static str> {
        match self.0.get(key) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    fn spelt(&self) -> Spelt {
        let slots = |key: &str| self.list(key).into_iter().map(Slot::read).collect();
        let spellings = |key: &str| self.list(key).into_iter().flat_map(spelling).collect();
        Spelt {
            id: self.text("id"),
            spellings: spellings("spellings"),
            loose: spellings("loose"),
            near: slots("near"),
            never: slots("never"),
        }
    }

    fn term(&self, asks: &BTreeMap<&'static str, Value>) -> Term {
        let id = self.text("id");
        let title = self.maybe("title").unwrap_or(id);
        let level =
            self.text("level").parse().unwrap_or_else(|known| panic!("`{id}`: the level is one of {known}"));
        let rule_id = kept(&format!("claim::{id}"));
        let page = Page {
            why: kept(&format!(
                "It promises: {}. It does not say: {}.",
                self.text("promise"),
                self.text("unsaid")
            )),
            instead: self.text("instead"),
            shows: kept_list(self.list("shows")),
            ..Page::EMPTY
        };
        let asked = |name: &'static str| match asks.get(name) {
            Some(Value::Text(question)) => *question,
            _ => name,
        };
        let mut spellings = self.list("spellings");
        spellings.extend(self.list("loose"));
        Term {
            id,
            title,
            promise: self.text("promise"),
            unsaid: self.text("unsaid"),
            questions: self.list("asks").into_iter().map(asked).collect(),
            model: self.maybe("model"),
            alike: self.list("alike"),
            eased_by: self.list("eased_by"),
            spellings,
            rule: rule(rule_id, Family::Claim, level, kept(&format!("`{title}` is claimed")), page),
        }
    }
}

pub(crate) fn kept_list(list: Vec<&'static str>) -> &'static [&'static str] {
    Vec::leak(list)
}

pub(crate) fn rule(
    id: &'static str,
    family: Family,
    level: Level,
    title: &'static str,
    page: Page,
) -> &'static Rule {
    Box::leak(Box::new(Rule { id, family, level, title, page, looks: &[] }))
}
