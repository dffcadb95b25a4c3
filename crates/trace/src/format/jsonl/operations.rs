//! How the operations of clients stand in a line.

use std::borrow::Cow;

use super::fields::{Fields, Found};
use super::read::{Fault, unknown_word};
use super::write::Line;
use super::{CALLS, RESULTS};
use crate::history::{Call, Completion, Invocation};
use crate::ids::Symbol;

/// The beginning or the end of an operation.
pub(super) enum Part {
    Call(Call),
    Completion(Completion),
}

/// Reads what a line of `invoke` or `complete` says beside the number of the operation.
pub(super) fn read_part(fields: &mut Fields<'_>, word: &str) -> Result<Part, Fault> {
    if word == "invoke" {
        read_call(fields).map(Part::Call)
    } else {
        read_completion(fields).map(Part::Completion)
    }
}

fn read_call(fields: &mut Fields<'_>) -> Result<Call, Fault> {
    let word = fields.text("call")?;
    let mut text = |key| fields.text(key).map(owned);
    Ok(match &*word.value {
        "read" => Call::Read { key: text("key")? },
        "write" => Call::Write { key: text("key")?, value: text("value")? },
        "compare_and_set" => {
            Call::CompareAndSet { key: text("key")?, expected: text("expected")?, value: text("value")? }
        }
        "add" => Call::Add { key: text("key")?, amount: fields.signed("amount")?.value },
        "append" => Call::Append { key: text("key")?, value: text("value")? },
        "other" => Call::Other { name: text("name")?, argument: text("argument")? },
        _ => return Err(unknown_word(word, CALLS)),
    })
}

fn read_completion(fields: &mut Fields<'_>) -> Result<Completion, Fault> {
    let word = fields.text("result")?;
    Ok(match &*word.value {
        "done" => Completion::Done,
        "shows" => Completion::Shows(fields.texts("shows")?.value.into_iter().map(Cow::into_owned).collect()),
        "failed" => Completion::Failed { reason: owned(fields.text("reason")?) },
        "unknown" => Completion::Unknown { reason: owned(fields.text("reason")?) },
        _ => return Err(unknown_word(word, RESULTS)),
    })
}

fn owned(found: Found<Cow<'_, str>>) -> String {
    found.value.into_owned()
}

impl Line<'_> {
    pub(super) fn invoke(&mut self, invocation: &Invocation) {
        self.text("do", "invoke");
        self.number("operation", u64::from(invocation.number));
        let (word, texts): (_, &[(&str, Symbol)]) = match &invocation.call {
            Call::Read { key } => ("read", &[("key", *key)]),
            Call::Write { key, value } => ("write", &[("key", *key), ("value", *value)]),
            Call::CompareAndSet { key, expected, value } => {
                ("compare_and_set", &[("key", *key), ("expected", *expected), ("value", *value)])
            }
            Call::Add { key, .. } => ("add", &[("key", *key)]),
            Call::Append { key, value } => ("append", &[("key", *key), ("value", *value)]),
            Call::Other { name, argument } => ("other", &[("name", *name), ("argument", *argument)]),
        };
        self.text("call", word);
        for (key, symbol) in texts {
            self.symbol(key, *symbol);
        }
        if let Call::Add { amount, .. } = invocation.call {
            self.signed("amount", amount);
        }
    }

    /// The end of an operation, which has one.
    pub(super) fn complete(&mut self, invocation: &Invocation) {
        self.text("do", "complete");
        self.number("operation", u64::from(invocation.number));
        let (_, completion) = invocation.completed.as_ref().expect("an event says that it has one");
        match completion {
            Completion::Done => self.text("result", "done"),
            Completion::Shows(values) => {
                self.text("result", "shows");
                self.symbol_list("shows", values);
            }
            Completion::Failed { reason } => {
                self.text("result", "failed");
                self.symbol("reason", *reason);
            }
            Completion::Unknown { reason } => {
                self.text("result", "unknown");
                self.symbol("reason", *reason);
            }
        }
    }
}
