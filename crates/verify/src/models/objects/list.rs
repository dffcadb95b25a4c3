//! A list that is appended to.

use constellation_trace::{Call, Names};

use super::{Object, foreign, longer, number};
use crate::models::specification::{Answer, Bonds, Specification};

/// Holds values in the order in which they were appended, at first none: [`Call::Append`], and [`Call::Read`], which
/// shows all of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct List;

/// An operation of a [`List`], with numbers for values.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ListOperation {
    /// It held these.
    Read(Vec<u64>),
    /// It holds this as well from now on, at its end.
    Append(u64),
}

impl Specification for List {
    type Operation = ListOperation;
    type State = Vec<u64>;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<ListOperation>, String> {
        let mut number = |text: &String| number(texts, text).map(u64::from);
        Ok(match (call, answer) {
            (Call::Read { .. }, Answer::Shows(shown)) => {
                Some(ListOperation::Read(shown.iter().map(number).collect::<Result<_, _>>()?))
            }
            (Call::Read { .. }, _) | (Call::Append { .. }, Answer::Failed) => None,
            (Call::Append { value, .. }, _) => Some(ListOperation::Append(number(value)?)),
            _ => return Err(foreign(Object::List, call)),
        })
    }

    fn init(&self) -> Vec<u64> {
        Vec::new()
    }

    fn step(&self, state: &Vec<u64>, operation: &ListOperation) -> Option<Vec<u64>> {
        match operation {
            ListOperation::Read(shown) => (state == shown).then(|| state.clone()),
            ListOperation::Append(value) => Some(longer(state, *value)),
        }
    }

    fn is_pure(&self, operation: &ListOperation) -> bool {
        matches!(operation, ListOperation::Read(_))
    }

    fn bonds(&self, operation: &ListOperation) -> Option<Bonds> {
        Some(match operation {
            ListOperation::Read(shown) => Bonds { seen: shown.clone(), ..Bonds::default() },
            ListOperation::Append(value) => Bonds { made: Some(*value), ..Bonds::default() },
        })
    }

    fn bytes(&self, state: &Vec<u64>) -> usize {
        state.capacity().saturating_mul(size_of::<u64>())
    }
}
