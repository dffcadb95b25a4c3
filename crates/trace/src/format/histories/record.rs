//! One record of Jepsen: what it says of an operation, as far as it says so alone.

use std::ops::Range;

use super::super::edn::{Edn, Flaw, Form};
use super::super::{FormatError, Problem};
use super::fault::Fault;
use super::gather::Kind;
use super::given::{Given, Is};
use super::window::Page;
use crate::history::{Call, Completion};

/// One record, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Record<'r, 'a> {
    /// Where it stands.
    pub(super) page: Page<'a>,
    pub(super) process: &'r Form<'a>,
    pub(super) kind: Kind,
    /// What is done.
    pub(super) name: &'a str,
    pub(super) key: Option<&'r Form<'a>>,
    pub(super) value: Option<&'r Form<'a>>,
    pub(super) error: Option<&'r Form<'a>>,
    /// Whether it is marked as one of the last reads, when nothing is under way any more.
    pub(super) is_final: bool,
    pub(super) span: Range<usize>,
}

impl<'a> Record<'_, 'a> {
    /// What is read of a record that is a map.
    pub(super) const KEYS: [&'static str; 9] =
        ["process", "type", "f", "key", "value", "error", "index", "time", "final?"];

    /// A form as a text of ours.
    pub(super) fn shown(&self, form: &Form<'a>) -> String {
        shown(self.page, form)
    }

    pub(super) fn error(&self, flaw: Flaw) -> FormatError {
        self.page.error(flaw.span, flaw.problem)
    }
}

/// What a compare-and-set is that expects nothing.
const PUT_IF_ABSENT: &str = "put-if-absent";

/// The key of an object that has no name.
pub(super) const KEY: &str = "x";

/// What an end says of its call must be what the call was; nil says nothing.
pub(super) fn same_call(begun: &Call, line: u32, record: &Record<'_, '_>) -> Result<(), Flaw> {
    if record.value.is_none_or(|form| form.value == Edn::Nil) {
        return Ok(());
    }
    let ended = call(record)?;
    let writes = ["write", "append", "cas", "enqueue"].contains(&verb(begun));
    if writes && ended != *begun {
        return Err(fault(record, Fault::OtherWritten { line }));
    }
    Ok(())
}

/// What is asked.
pub(super) fn call(record: &Record<'_, '_>) -> Result<Call, Flaw> {
    let pair = record.value.and_then(Form::sequence).filter(|pair| pair.len() == 2);
    let verb = verb_named(record.name);
    // With independent keys each value stands behind its key.
    let (key, value) = match (record.key, pair, verb) {
        (Some(key), ..) => (record.shown(key), record.value),
        (None, Some([key, value]), "read" | "write" | "append") => (record.shown(key), Some(value)),
        (None, Some([key, value]), "cas") if value.sequence().is_some() => (record.shown(key), Some(value)),
        _ => (KEY.to_owned(), record.value),
    };
    let text = value.map_or_else(|| "nil".to_owned(), |value| record.shown(value));
    let is_nil = |value: Option<&Form<'_>>| value.is_none_or(|value| value.value == Edn::Nil);
    let is_given = ["write", "append", "cas", "add", "remove", "contains", "enqueue"].contains(&verb);
    if is_given && is_nil(value) {
        return Err(fault(record, Fault::NilWritten));
    }
    Ok(match verb {
        "read" => Call::Read { key },
        "write" => Call::Write { key, value: text },
        "append" => Call::Append { key, value: text },
        "cas" => {
            let Some([expected, new]) = value.and_then(Form::sequence) else {
                let span = value.map_or(record.span.clone(), Form::span);
                return Err(Flaw::new(span, "[expected new]", text));
            };
            if new.value == Edn::Nil {
                return Err(fault(record, Fault::NilWritten));
            }
            let value = record.shown(new);
            if expected.value == Edn::Nil {
                Call::Other { name: format!("{PUT_IF_ABSENT} {key}"), argument: value }
            } else {
                Call::CompareAndSet { key, expected: record.shown(expected), value }
            }
        }
        "dequeue"
            if let Some([key, value]) = pair
                && value.value == Edn::Nil =>
        {
            Call::Other { name: format!("dequeue {}", record.shown(key)), argument: String::new() }
        }
        _ => {
            let argument = if text == "nil" { String::new() } else { text };
            Call::Other { name: record.name.to_owned(), argument }
        }
    })
}

/// What an end shows that is no failure.
pub(super) fn answer<'a>(call: &Call, record: &Record<'_, 'a>) -> Completion {
    let shown = |form: &Form<'a>| match &form.value {
        Edn::Nil => Vec::new(),
        Edn::Sequence(forms) | Edn::Set(forms) => forms.iter().map(|form| record.shown(form)).collect(),
        _ => vec![record.shown(form)],
    };
    let value = record.value;
    match call {
        Call::Read { key } => {
            let pair = value.and_then(Form::sequence).filter(|pair| pair.len() == 2);
            let independent = pair.filter(|pair| key != KEY && record.shown(&pair[0]) == *key);
            let value = independent.map(|pair| &pair[1]).or(value);
            Completion::Shows(value.map(shown).unwrap_or_default())
        }
        Call::Other { name, .. } if word(name) == "dequeue" => {
            let pair = value.and_then(Form::sequence).filter(|pair| pair.len() == 2);
            let key = name.split_once(' ').map(|(_, key)| key);
            let of_key = pair.filter(|pair| key.is_some_and(|key| record.shown(&pair[0]) == key));
            match of_key.map(|pair| &pair[1]).or(value).map(|form| (form, &form.value)) {
                None => Completion::Done,
                Some((_, Edn::Nil)) => Completion::Shows(Vec::new()),
                Some((form, _)) => Completion::Shows(vec![record.shown(form)]),
            }
        }
        Call::Other { name, .. } if word(name) == PUT_IF_ABSENT => Completion::Done,
        Call::Other { argument, .. } => match value.map(|value| (value, record.shown(value))) {
            Some((value, text)) if value.value != Edn::Nil && text != *argument => {
                Completion::Shows(shown(value))
            }
            _ => Completion::Done,
        },
        _ => Completion::Done,
    }
}

pub(super) fn reason(record: &Record<'_, '_>) -> String {
    record.error.or(record.value).map(|form| record.shown(form)).unwrap_or_default()
}

/// What an operation of another object is given.
pub(super) fn given(record: &Record<'_, '_>) -> Given {
    let is_number = |form: &Form<'_>| if matches!(form.value, Edn::Number(_)) { Is::So } else { Is::Not };
    let pair = match record.value.and_then(Form::sequence) {
        Some([key, value]) => Some((record.shown(key), record.shown(value), is_number(value))),
        _ => None,
    };
    Given { pair, is_number: record.value.map_or(Is::Not, is_number) }
}

/// A form as a text of ours.
pub(super) fn shown<'a>(page: Page<'a>, form: &Form<'a>) -> String {
    match &form.value {
        Edn::Nil => "nil".to_owned(),
        Edn::Text(text) => text.clone().into_owned(),
        Edn::Number(word) | Edn::Symbol(word) => (*word).to_owned(),
        _ => page.text.get(form.span()).unwrap_or_default().to_owned(),
    }
}

/// What a record says of an operation.
pub(super) fn kind_of<'a>(page: Page<'a>, form: &Form<'a>) -> Result<Kind, Flaw> {
    let word = form.keyword().unwrap_or_default();
    Kind::named(word).ok_or_else(|| {
        let word = shown(page, form).trim_start_matches(':').to_owned();
        let nearest = crate::ids::nearest(&word, Kind::NAMES.iter().copied());
        Flaw { span: form.span(), problem: Problem::UnknownWord { word, known: Kind::NAMES, nearest } }
    })
}

pub(super) fn fault(record: &Record<'_, '_>, fault: Fault) -> Flaw {
    Flaw { span: record.span.clone(), problem: Problem::History(fault) }
}

/// Whether a record is marked as one of the last reads: by `:final? true`, as `:f :final-read`, or by `:value :final`.
pub(super) fn is_final(record: &Record<'_, '_>) -> bool {
    let is_asked = record.value.is_some_and(|form| form.keyword() == Some("final"));
    record.is_final || record.name == "final-read" || (verb_named(record.name) == "read" && is_asked)
}

/// One name for what has several.
pub(super) fn verb_named(name: &str) -> &str {
    match name {
        "get" | "r" | "final-read" => "read",
        "put" | "w" => "write",
        "compare-and-set" => "cas",
        _ => name,
    }
}

pub(super) fn verb(call: &Call) -> &str {
    match call {
        Call::Read { .. } => "read",
        Call::Write { .. } => "write",
        Call::CompareAndSet { .. } => "cas",
        Call::Append { .. } => "append",
        Call::Add { .. } => "add",
        Call::Other { name, .. } if word(name) == PUT_IF_ABSENT => "cas",
        Call::Other { name, .. } => word(name),
    }
}

/// The operation in a name that a key may follow.
fn word(name: &str) -> &str {
    name.split_once(' ').map_or(name, |(word, _)| word)
}
