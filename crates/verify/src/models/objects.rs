//! The objects that come with the judges, and which of them a history speaks of.

mod cell;
mod counter;
mod list;
mod mixed;
mod mutex;
mod queue;
mod register;
mod set;
mod text;

use std::fmt;

use constellation_trace::ids::nearest;
use constellation_trace::{Call, Names};

pub(super) use cell::{Cell, CellOperation};
pub use counter::{Counter, CounterOperation};
pub use list::{List, ListOperation};
pub(super) use mixed::{Mixed, MixedOperation};
pub use mutex::{Mutex, MutexOperation};
pub use queue::{Queue, QueueOperation};
pub use register::{FailedSet, Register, RegisterOperation};
pub use set::{Set, SetOperation};
pub use text::{Text, TextOperation};

use super::specification::Specification;

/// An object that comes with the judges.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Object {
    /// Holds one value: see [`Register`].
    Register,
    /// Holds values in the order in which they were appended: see [`List`].
    List,
    /// Holds a number that is added to: see [`Counter`].
    Counter,
    /// Holds values, each once: see [`Set`].
    Set,
    /// Gives values back in the order in which it got them: see [`Queue`].
    Queue,
    /// Is held by one at a time: see [`Mutex`].
    Mutex,
    /// Holds a text that is put and appended to: see [`Text`].
    Text,
}

impl Object {
    /// All of them.
    pub const ALL: [Object; 7] = [
        Object::Register,
        Object::List,
        Object::Counter,
        Object::Set,
        Object::Queue,
        Object::Mutex,
        Object::Text,
    ];

    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Object::Register => "register",
            Object::List => "list",
            Object::Counter => "counter",
            Object::Set => "set",
            Object::Queue => "queue",
            Object::Mutex => "mutex",
            Object::Text => "text",
        }
    }

    /// The object with this name.
    ///
    /// # Errors
    /// The name that was most likely meant, if one is near.
    pub fn find(name: &str) -> Result<Object, Option<&'static str>> {
        let found = Object::ALL.into_iter().find(|object| object.name() == name);
        found.ok_or_else(|| nearest(name, Object::ALL.iter().map(|object| object.name())))
    }

    /// The object that these calls are of: the first that any of them but a read can only be of; a register where all read,
    /// and a text where the one is written and appended to.
    pub fn guess<'c>(calls: impl IntoIterator<Item = &'c Call>) -> Object {
        let mut calls = calls.into_iter();
        let first = calls.by_ref().find_map(Object::of).unwrap_or(Object::Register);
        let is_text = match first {
            Object::Register => calls.any(|call| matches!(call, Call::Append { .. })),
            Object::List => calls.any(|call| matches!(call, Call::Write { .. })),
            _ => false,
        };
        if is_text { Object::Text } else { first }
    }

    /// The object that has such an operation; `None` for a read, which several have, and for what none has.
    fn of(call: &Call) -> Option<Object> {
        match call {
            Call::Write { .. } | Call::CompareAndSet { .. } => Some(Object::Register),
            Call::Append { .. } => Some(Object::List),
            Call::Add { .. } => Some(Object::Counter),
            Call::Other { name, .. } => match word(name) {
                "put-if-absent" => Some(Object::Register),
                "add" | "remove" | "contains" => Some(Object::Set),
                "enqueue" | "dequeue" => Some(Object::Queue),
                "acquire" | "release" => Some(Object::Mutex),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What is done with the specification of an object.
pub(super) trait Visit {
    /// What comes of it.
    type Result;

    /// Does it.
    fn visit<S: Specification>(&mut self, specification: &S) -> Self::Result;
}

impl Object {
    /// Does something with its specification.
    pub(super) fn visit<V: Visit>(self, failed_set: FailedSet, visitor: &mut V) -> V::Result {
        match self {
            Object::Register => visitor.visit(&Register { failed_set }),
            Object::List => visitor.visit(&List),
            Object::Counter => visitor.visit(&Counter),
            Object::Set => visitor.visit(&Set),
            Object::Queue => visitor.visit(&Queue),
            Object::Mutex => visitor.visit(&Mutex),
            Object::Text => visitor.visit(&Text),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The operation in the name of a [`Call::Other`]: its first word.
fn word(name: &str) -> &str {
    name.split_once(' ').map_or(name, |(word, _)| word)
}

/// Which object a call concerns: its key, or in the name of a [`Call::Other`] what follows the first word, as in
/// `enqueue jobs`; the empty name where there is one object only.
pub(super) fn place(call: &Call) -> &str {
    match call {
        Call::Other { name, .. } => name.split_once(' ').map_or("", |(_, key)| key),
        other => other.key().map_or("", String::as_str),
    }
}

/// The number of a text.
fn number(texts: &mut Names, text: &str) -> Result<u32, String> {
    texts.intern(text).ok_or_else(|| "there are too many values to be numbered".to_owned())
}

/// A list with one value more at its end, in no more memory than that takes.
fn longer(values: &[u64], value: u64) -> Vec<u64> {
    let mut longer = Vec::with_capacity(values.len() + 1);
    longer.extend_from_slice(values);
    longer.push(value);
    longer
}

/// That an object has no such operation.
fn foreign(object: Object, call: &Call) -> String {
    format!("a {object} has no operation `{}`", call.to_string().trim_end())
}

/// That an operation was answered as it cannot be.
fn odd(object: Object, call: &Call, count: usize) -> String {
    format!("`{}` of a {object} shows {count} values", call.to_string().trim_end())
}
