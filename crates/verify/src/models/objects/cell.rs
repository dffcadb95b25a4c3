//! What is under a key of sessions: a register or a list.

use constellation_trace::{Call, Names, Value};

use super::{List, ListOperation, Register, RegisterOperation, longer};
use crate::models::specification::{Answer, Bonds, Specification};

/// A register, a list, or a text that is put and appended to, whichever it is used as: a value is a list of one.
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
    /// A value, which is a list of one as well, or nothing, which is an empty one.
    Value(u64),
    /// A longer list.
    List(Vec<u64>),
}

impl Content {
    fn values(&self) -> &[u64] {
        match self {
            Content::Value(NOTHING) => &[],
            Content::Value(value) => std::slice::from_ref(value),
            Content::List(list) => list,
        }
    }
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
            (CellOperation::Register(RegisterOperation::Write(value)), Content::List(_)) => {
                Some(Content::Value(*value))
            }
            (CellOperation::Register(RegisterOperation::Mismatch(_)), Content::List(_)) => {
                Some(state.clone())
            }
            (CellOperation::Register(_), Content::List(_)) => None,
            (CellOperation::List(ListOperation::Read(shown)), _) => {
                (state.values() == shown).then(|| state.clone())
            }
            (CellOperation::List(ListOperation::Append(value)), Content::Value(NOTHING))
                if *value != NOTHING =>
            {
                Some(Content::Value(*value))
            }
            (CellOperation::List(ListOperation::Append(value)), _) => {
                Some(Content::List(longer(state.values(), *value)))
            }
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
            // What was written took away what was before, so even what shows nothing sees that.
            CellOperation::List(ListOperation::Read(shown)) => {
                Some(Bonds { seen: shown.iter().copied().chain([NOTHING]).collect(), ..Bonds::default() })
            }
            CellOperation::List(operation) => List.bonds(operation),
        }
    }

    fn makes(&self, operation: &CellOperation) -> Option<u64> {
        match operation {
            CellOperation::Register(operation) => REGISTER.makes(operation),
            CellOperation::List(ListOperation::Append(value)) => Some(*value),
            CellOperation::List(ListOperation::Read(_)) => None,
        }
    }

    fn sees(&self, operation: &CellOperation) -> Option<u64> {
        match operation {
            CellOperation::Register(operation) => REGISTER.sees(operation),
            // Nothing is seen as a whole, too.
            CellOperation::List(ListOperation::Read(shown)) if shown.is_empty() => Some(NOTHING),
            CellOperation::List(_) => None,
        }
    }

    fn shown(&self, state: &Content) -> Option<u64> {
        if let Content::Value(value) = state { REGISTER.shown(value) } else { None }
    }

    fn bytes(&self, state: &Content) -> usize {
        if let Content::List(list) = state { List.bytes(list) } else { 0 }
    }
}
