//! Which object an operation of a set, a counter or a queue is of, which only the others tell.

use std::ops::Range;

use super::super::Problem;
use super::super::edn::Flaw;
use super::fault::Fault;
use super::jepsen::KEY;
use crate::history::{Call, Completion, Operation};

/// What an operation is given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) span: Range<usize>,
    pub(super) pair: Option<(String, String, Is)>,
    pub(super) is_number: Is,
}

/// Whether something is so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Is {
    So,
    Not,
}

/// Gives operations of sets, counters and queues their object, which only the others tell.
///
/// `shows_collections` is whether a read showed a collection: then what is added is added to a set.
pub(super) fn objects(
    operations: &mut [Operation],
    given: &[(u32, Given)],
    shows_collections: Is,
) -> Result<(), Flaw> {
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
    for (place, given) in given {
        let operation = &mut operations[*place as usize];
        let wrong = |fault| Flaw { span: given.span.clone(), problem: Problem::History(fault) };
        let Call::Other { name, argument } = &mut operation.call else { continue };
        let is_given = matches!(name.as_str(), "add" | "remove" | "contains" | "enqueue");
        if !is_given && name != "dequeue" {
            continue;
        }
        let mut key = None;
        if is_keyed {
            let (of, value, _) =
                given.pair.clone().filter(|_| is_given).ok_or_else(|| wrong(Fault::NoKey))?;
            if value == "nil" {
                return Err(wrong(Fault::NilWritten));
            }
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
                let amount = argument.parse();
                let amount = amount.map_err(|_| wrong(Fault::NoAmount { amount: argument.clone() }))?;
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
