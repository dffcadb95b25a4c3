//! Which object an operation of a set, a counter or a queue is of, which only the others tell.

use super::super::FormatError;
use super::fault::Fault;
use super::record::KEY;
use crate::history::{Call, Completion, Operation};

/// What an operation is given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) pair: Option<(String, String, Is)>,
    pub(super) is_number: Is,
}

/// Whether something is so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Is {
    So,
    Not,
}

/// The first thing that is wrong, whatever the others will tell: whether they have keys, and whether what is added is added
/// to a set.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    all: [Option<FormatError>; 4],
}

impl Wrong {
    const fn place(is_keyed: bool, is_set: bool) -> usize {
        is_keyed as usize * 2 + is_set as usize
    }

    /// Enters what is wrong with an operation.
    pub(super) fn note(&mut self, call: &Call, given: &Given, error: impl Fn(Fault) -> FormatError) {
        for (is_keyed, is_set) in [(false, false), (false, true), (true, false), (true, true)] {
            let first = &mut self.all[Wrong::place(is_keyed, is_set)];
            if first.is_none() {
                *first = fault(call, given, is_keyed, is_set).map(&error);
            }
        }
    }
}

/// What is wrong with an operation, if those with keys have them and if what is added is added to a set.
fn fault(call: &Call, given: &Given, is_keyed: bool, is_set: bool) -> Option<Fault> {
    let Call::Other { name, argument } = call else { return None };
    let is_given = is_given(name);
    if !is_given && name != "dequeue" {
        return None;
    }
    let mut argument = argument;
    if is_keyed {
        let Some((_, value, _)) = given.pair.as_ref().filter(|_| is_given) else { return Some(Fault::NoKey) };
        if value == "nil" {
            return Some(Fault::NilWritten);
        }
        argument = value;
    }
    let is_wrong = name == "add" && !is_set && argument.parse::<i64>().is_err();
    is_wrong.then(|| Fault::NoAmount { amount: argument.clone() })
}

/// Whether an operation is given what it is about.
fn is_given(name: &str) -> bool {
    matches!(name, "add" | "remove" | "contains" | "enqueue")
}

/// Gives operations of sets, counters and queues their object, which only the others tell.
///
/// `shows_collections` is whether a read showed a collection: then what is added is added to a set.
pub(super) fn objects(
    operations: &mut [Operation],
    given: &[(u32, Given)],
    shows_collections: Is,
    mut wrong: Wrong,
) -> Result<(), FormatError> {
    let is_keyed = operations.iter().any(|operation| match &operation.call {
        Call::Read { key } => key != KEY,
        Call::Other { name, .. } => name.starts_with("dequeue "),
        _ => false,
    });
    // A set is asked for one value, or shown whole, or given what is no number.
    let is_of_set = |(place, given): &(u32, Given)| {
        let Call::Other { name, .. } = &operations[*place as usize].call else { return false };
        let pair = given.pair.as_ref().filter(|_| is_keyed);
        let is_number = pair.map_or(given.is_number, |(.., is_number)| *is_number);
        matches!(name.as_str(), "remove" | "contains") || (name == "add" && is_number == Is::Not)
    };
    let is_set = shows_collections == Is::So || given.iter().any(is_of_set);
    if let Some(error) = wrong.all[Wrong::place(is_keyed, is_set)].take() {
        return Err(error);
    }
    for (place, given) in given {
        let operation = &mut operations[*place as usize];
        let Call::Other { name, argument } = &mut operation.call else { continue };
        let is_given = is_given(name);
        if !is_given && name != "dequeue" {
            continue;
        }
        let mut key = None;
        if is_keyed {
            let pair = given.pair.clone().filter(|_| is_given);
            let (of, value, _) = pair.expect("what has none is wrong");
            if let Some((_, Completion::Shows(shown))) = &mut operation.completed
                && shown.len() == 2
                && shown[0] == of
            {
                shown.remove(0);
            }
            (key, *argument) = (Some(of), value);
        }
        match name.as_str() {
            "add" if !is_set => {
                let amount = argument.parse().expect("what is none is wrong");
                operation.call = Call::Add { key: key.unwrap_or_else(|| KEY.to_owned()), amount };
            }
            "enqueue" | "dequeue" if key.is_none() => {}
            _ => {
                name.push(' ');
                name.push_str(key.as_deref().unwrap_or(KEY));
            }
        }
    }
    Ok(())
}
