//! A set: it holds each value once.

use std::collections::BTreeSet;

use constellation_trace::{Call, Names};

use super::{Object, foreign, number, odd, place, word};
use crate::models::specification::{Answer, Bonds, Specification};

/// Holds values, each once, at first none: [`Call::Other`] with the name `add`, `remove` or `contains`, whose argument is
/// the value and after whose name a key may follow (`add tags`); and [`Call::Read`], which shows all in any order.
///
/// `contains` shows `true` or `false`. An addition or removal may do so too: whether it changed anything.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Set;

/// An operation of a [`Set`], with numbers for values.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SetOperation {
    /// The value is in it from now on. It was not before, if that is `Some(true)`; it was, if `Some(false)`.
    Add(u32, Option<bool>),
    /// The value is not in it from now on. It was before, if that is `Some(true)`; it was not, if `Some(false)`.
    Remove(u32, Option<bool>),
    /// Whether the value was in it.
    Contains(u32, bool),
    /// It held these.
    Read(BTreeSet<u32>),
}

/// What is made by taking any value away; no value.
const ABSENT: u64 = 1 << 32;

impl Specification for Set {
    type Operation = SetOperation;
    type State = BTreeSet<u32>;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<SetOperation>, String> {
        if let Call::Read { .. } = call {
            let Answer::Shows(shown) = answer else { return Ok(None) };
            let shown = shown.iter().map(|text| number(texts, text)).collect::<Result<_, _>>()?;
            return Ok(Some(SetOperation::Read(shown)));
        }
        let Call::Other { name, argument } = call else { return Err(foreign(Object::Set, call)) };
        let told = match answer {
            Answer::Failed => return Ok(None),
            Answer::Done | Answer::Open | Answer::Shows([]) => None,
            Answer::Shows([text]) => {
                Some(text.parse().map_err(|_| format!("`{call}` shows `{text}`, neither true nor false"))?)
            }
            Answer::Shows(several) => return Err(odd(Object::Set, call, several.len())),
        };
        let value = number(texts, argument)?;
        Ok(match word(name) {
            "add" => Some(SetOperation::Add(value, told)),
            "remove" => Some(SetOperation::Remove(value, told)),
            "contains" => told.map(|is_in| SetOperation::Contains(value, is_in)),
            _ => return Err(foreign(Object::Set, call)),
        })
    }

    fn partition<'c>(&self, call: &'c Call) -> &'c str {
        place(call)
    }

    fn init(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }

    fn step(&self, state: &BTreeSet<u32>, operation: &SetOperation) -> Option<BTreeSet<u32>> {
        let mut next = match operation {
            SetOperation::Read(shown) if shown != state => return None,
            SetOperation::Contains(value, is_in) if state.contains(value) != *is_in => return None,
            _ => state.clone(),
        };
        let (changed, told) = match operation {
            SetOperation::Add(value, told) => (next.insert(*value), *told),
            SetOperation::Remove(value, told) => (next.remove(value), *told),
            _ => (false, None),
        };
        told.is_none_or(|told| told == changed).then_some(next)
    }

    fn is_pure(&self, operation: &SetOperation) -> bool {
        match operation {
            SetOperation::Contains(..) | SetOperation::Read(_) => true,
            SetOperation::Add(_, told) | SetOperation::Remove(_, told) => *told == Some(false),
        }
    }

    fn bonds(&self, operation: &SetOperation) -> Option<Bonds> {
        let of = |value: &u32, made: Option<u64>, seen: Option<u64>| Bonds {
            made,
            seen: seen.into_iter().collect(),
            place: Some(u64::from(*value)),
            ..Bonds::default()
        };
        let there = |value: &u32| Some(u64::from(*value));
        let absent = |value: &u32| Some(ABSENT + u64::from(*value));
        Some(match operation {
            SetOperation::Add(value, None) => of(value, there(value), None),
            SetOperation::Add(value, Some(true)) => of(value, there(value), absent(value)),
            SetOperation::Add(value, Some(false)) | SetOperation::Contains(value, true) => {
                of(value, None, there(value))
            }
            SetOperation::Remove(value, None) => of(value, absent(value), None),
            SetOperation::Remove(value, Some(true)) => of(value, absent(value), there(value)),
            SetOperation::Remove(value, Some(false)) | SetOperation::Contains(value, false) => {
                of(value, None, absent(value))
            }
            SetOperation::Read(shown) => Bonds {
                seen: shown.iter().map(|value| u64::from(*value)).collect(),
                seen_from: Some(ABSENT),
                ..Bonds::default()
            },
        })
    }

    fn is_initial(&self, value: u64) -> bool {
        value >= ABSENT
    }

    fn bytes(&self, state: &BTreeSet<u32>) -> usize {
        // As much as the nodes of the tree take when they are half empty.
        state.len().saturating_mul(2 * size_of::<u32>() + 16)
    }
}
