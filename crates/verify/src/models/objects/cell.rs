//! What is under a key of sessions: a register or a list.

use constellation_trace::{Call, Names, Value};

use super::{List, ListOperation, Register, RegisterOperation};
use crate::models::specification::{Answer, Bonds, Specification};

/// A register or a list, whichever it is used as; the caller sees to it that it is one of them.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::models) struct Cell;

/// An operation of a [`Cell`].
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::models) enum CellOperation {
    /// On a register.
    Register(RegisterOperation),
    /// On a list.
    List(ListOperation),
}

/// What a [`Cell`] holds.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in crate::models) enum Content {
    /// A value, or nothing: then it may be an empty list as well.
    Value(u64),
    /// A list.
    List(Vec<u64>),
}

const REGISTER: Register = Register { failed_set: super::FailedSet::DidNotHappen };
const NOTHING: u64 = Value::NOTHING.bits();

impl Specification for Cell {
    type Operation = CellOperation;
    type State = Content;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<CellOperation>, String> {
        Ok(match call {
            Call::Append { .. } => List.operation(call, answer, texts)?.map(CellOperation::List),
            _ => REGISTER.operation(call, answer, texts)?.map(CellOperation::Register),
        })
    }

    fn init(&self) -> Content {
        Content::Value(NOTHING)
    }

    fn step(&self, state: &Content, operation: &CellOperation) -> Option<Content> {
        match (operation, state) {
            (CellOperation::Register(operation), Content::Value(value)) => {
                REGISTER.step(value, operation).map(Content::Value)
            }
            (CellOperation::List(operation), Content::List(list)) => {
                List.step(list, operation).map(Content::List)
            }
            (CellOperation::List(ListOperation::Read(shown)), Content::Value(NOTHING)) => {
                shown.is_empty().then_some(Content::Value(NOTHING))
            }
            (CellOperation::List(ListOperation::Append(value)), Content::Value(NOTHING)) => {
                Some(Content::List(vec![*value]))
            }
            _ => None,
        }
    }

    fn is_pure(&self, operation: &CellOperation) -> bool {
        match operation {
            CellOperation::Register(operation) => REGISTER.is_pure(operation),
            CellOperation::List(operation) => List.is_pure(operation),
        }
    }

    fn bonds(&self, operation: &CellOperation) -> Option<Bonds> {
        match operation {
            CellOperation::Register(operation) => REGISTER.bonds(operation),
            CellOperation::List(operation) => List.bonds(operation),
        }
    }

    fn shown(&self, state: &Content) -> Option<u64> {
        if let Content::Value(value) = state { REGISTER.shown(value) } else { None }
    }

    fn bytes(&self, state: &Content) -> usize {
        if let Content::List(list) = state { List.bytes(list) } else { 0 }
    }
}
