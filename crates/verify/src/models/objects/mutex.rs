//! A mutex: it is held by one at a time.

use constellation_trace::{Call, Names};

use super::{Object, foreign, place, word};
use crate::models::specification::{Answer, Specification, Sum};

/// Is free or held, at first free: [`Call::Other`] with the name `acquire` or `release`, after which a key may follow
/// (`acquire door`). One that was refused did not happen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Mutex;

/// An operation of a [`Mutex`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum MutexOperation {
    /// It was free, and is held.
    Acquire,
    /// It was held, and is free.
    Release,
}

impl Specification for Mutex {
    type Operation = MutexOperation;
    type State = bool;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        _texts: &mut Names,
    ) -> Result<Option<MutexOperation>, String> {
        let Call::Other { name, .. } = call else { return Err(foreign(Object::Mutex, call)) };
        let operation = match word(name) {
            "acquire" => MutexOperation::Acquire,
            "release" => MutexOperation::Release,
            _ => return Err(foreign(Object::Mutex, call)),
        };
        Ok((answer != Answer::Failed).then_some(operation))
    }

    fn partition<'c>(&self, call: &'c Call) -> &'c str {
        place(call)
    }

    fn init(&self) -> bool {
        false
    }

    fn step(&self, is_held: &bool, operation: &MutexOperation) -> Option<bool> {
        match operation {
            MutexOperation::Acquire => (!is_held).then_some(true),
            MutexOperation::Release => is_held.then_some(false),
        }
    }

    /// Held is 1, and free is 0.
    fn sum(&self, operation: &MutexOperation) -> Option<Sum> {
        let (adds, to, what) = match operation {
            MutexOperation::Acquire => (1, 1, "acquires"),
            MutexOperation::Release => (-1, 0, "releases"),
        };
        Some(Sum { adds, to: Some(to), what, range: Some([(0, "free"), (1, "held")]) })
    }
}
