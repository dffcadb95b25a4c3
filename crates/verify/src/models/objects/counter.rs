//! A counter: a number that is added to.

use constellation_trace::{Call, Names};

use super::{Object, foreign, odd};
use crate::models::specification::{Answer, Specification, Sum};

/// Holds a number, at first 0: [`Call::Add`], and [`Call::Read`], which shows it in decimal digits. An addition may show the
/// number that it led to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counter;

/// An operation of a [`Counter`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum CounterOperation {
    /// It was this.
    Read(i128),
    /// It is so much more from now on.
    Add(i64),
    /// It is so much more from now on, and that is the second.
    AddTo(i64, i128),
}

impl Specification for Counter {
    type Operation = CounterOperation;
    type State = i128;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        _texts: &mut Names,
    ) -> Result<Option<CounterOperation>, String> {
        let number = |shown: &[String]| match shown {
            [] => Ok(0),
            [text] => text.parse().map_err(|_| format!("`{call}` shows `{text}`, which is no number")),
            several => Err(odd(Object::Counter, call, several.len())),
        };
        Ok(match (call, answer) {
            (Call::Read { .. }, Answer::Shows(shown)) => Some(CounterOperation::Read(number(shown)?)),
            (Call::Read { .. }, _) | (Call::Add { .. }, Answer::Failed) => None,
            (Call::Add { amount, .. }, Answer::Shows(shown)) if !shown.is_empty() => {
                Some(CounterOperation::AddTo(*amount, number(shown)?))
            }
            (Call::Add { amount, .. }, _) => Some(CounterOperation::Add(*amount)),
            _ => return Err(foreign(Object::Counter, call)),
        })
    }

    fn init(&self) -> i128 {
        0
    }

    fn step(&self, state: &i128, operation: &CounterOperation) -> Option<i128> {
        // Cannot overflow: there are fewer than 2^64 operations of 64 bits each.
        match *operation {
            CounterOperation::Read(value) => (*state == value).then_some(value),
            CounterOperation::Add(amount) => Some(state + i128::from(amount)),
            CounterOperation::AddTo(amount, to) => (state + i128::from(amount) == to).then_some(to),
        }
    }

    fn is_pure(&self, operation: &CounterOperation) -> bool {
        matches!(operation, CounterOperation::Read(_))
    }

    fn sum(&self, operation: &CounterOperation) -> Option<Sum> {
        let (adds, to) = match *operation {
            CounterOperation::Read(value) => (0, Some(value)),
            CounterOperation::Add(amount) => (amount, None),
            CounterOperation::AddTo(amount, to) => (amount, Some(to)),
        };
        Some(Sum { adds, to, what: "additions", range: None })
    }
}
