//! A register: it holds what was last written.

use constellation_trace::{Access, Act, Call, Names, Value};

use super::{Object, foreign, number, odd, place, word};
use crate::models::specification::{Answer, Bonds, Specification};

/// Holds one value, at first none: [`Call::Read`], [`Call::Write`], [`Call::CompareAndSet`], and [`Call::Other`]
/// with the name `put-if-absent KEY`, a compare-and-set that expects none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Register {
    /// What a failed compare-and-set says.
    pub failed_set: FailedSet,
}

/// What it says of a register that a compare-and-set has failed: tools mean either.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FailedSet {
    /// That nothing happened, for whatever reason.
    #[default]
    DidNotHappen,
    /// That the register held another value than the expected one.
    AssertsMismatch,
}

/// An operation of a [`Register`]; values are bits, [`RegisterOperation::NOTHING`] is none.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RegisterOperation {
    /// It held this.
    Read(u64),
    /// It holds this from now on.
    Write(u64),
    /// It held the first, and holds the second from now on.
    Set(u64, u64),
    /// It held anything but this.
    Mismatch(u64),
}

impl RegisterOperation {
    /// What a register holds before anybody wrote.
    pub const NOTHING: u64 = Value::NOTHING.bits();

    /// What the accesses of one transaction to one key are; `None` if they are no single operation.
    pub(in crate::models) fn of(accesses: &[Access]) -> Option<RegisterOperation> {
        match accesses {
            [one] if one.act == Act::Read => Some(RegisterOperation::Read(one.value.bits())),
            [one] if one.act == Act::Write => Some(RegisterOperation::Write(one.value.bits())),
            [read, write] if (read.act, write.act) == (Act::Read, Act::Write) && read.key == write.key => {
                Some(RegisterOperation::Set(read.value.bits(), write.value.bits()))
            }
            _ => None,
        }
    }
}

impl Specification for Register {
    type Operation = RegisterOperation;
    type State = u64;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<RegisterOperation>, String> {
        let mut number = |text: &str| number(texts, text).map(u64::from);
        Ok(match (call, answer) {
            (Call::Read { .. }, Answer::Shows(shown)) => Some(RegisterOperation::Read(match shown {
                [] => RegisterOperation::NOTHING,
                [text] => number(text)?,
                several => return Err(odd(Object::Register, call, several.len())),
            })),
            (Call::Read { .. }, _) | (Call::Write { .. }, Answer::Failed) => None,
            (Call::Write { value, .. }, _) => Some(RegisterOperation::Write(number(value)?)),
            (Call::CompareAndSet { expected, .. }, Answer::Failed) => match self.failed_set {
                FailedSet::DidNotHappen => None,
                FailedSet::AssertsMismatch => Some(RegisterOperation::Mismatch(number(expected)?)),
            },
            (Call::CompareAndSet { expected, value, .. }, _) => {
                Some(RegisterOperation::Set(number(expected)?, number(value)?))
            }
            (Call::Other { name, argument }, answer) if word(name) == "put-if-absent" => {
                match (answer, self.failed_set) {
                    (Answer::Failed, FailedSet::DidNotHappen) => None,
                    (Answer::Failed, FailedSet::AssertsMismatch) => {
                        Some(RegisterOperation::Mismatch(RegisterOperation::NOTHING))
                    }
                    _ => Some(RegisterOperation::Set(RegisterOperation::NOTHING, number(argument)?)),
                }
            }
            _ => return Err(foreign(Object::Register, call)),
        })
    }

    fn partition<'c>(&self, call: &'c Call) -> &'c str {
        place(call)
    }

    fn init(&self) -> u64 {
        RegisterOperation::NOTHING
    }

    fn step(&self, state: &u64, operation: &RegisterOperation) -> Option<u64> {
        match *operation {
            RegisterOperation::Read(value) => (*state == value).then_some(value),
            RegisterOperation::Write(value) => Some(value),
            RegisterOperation::Set(expected, value) => (*state == expected).then_some(value),
            RegisterOperation::Mismatch(expected) => (*state != expected).then_some(*state),
        }
    }

    fn is_pure(&self, operation: &RegisterOperation) -> bool {
        matches!(operation, RegisterOperation::Read(_) | RegisterOperation::Mismatch(_))
    }

    fn bonds(&self, operation: &RegisterOperation) -> Option<Bonds> {
        Some(match *operation {
            RegisterOperation::Read(value) => Bonds { seen: vec![value], ..Bonds::default() },
            RegisterOperation::Write(value) => Bonds { made: Some(value), ..Bonds::default() },
            RegisterOperation::Set(expected, value) => {
                Bonds { made: Some(value), seen: vec![expected], ..Bonds::default() }
            }
            RegisterOperation::Mismatch(expected) => Bonds { missed: Some(expected), ..Bonds::default() },
        })
    }

    fn makes(&self, operation: &RegisterOperation) -> Option<u64> {
        match *operation {
            RegisterOperation::Write(value) | RegisterOperation::Set(_, value) => Some(value),
            RegisterOperation::Read(_) | RegisterOperation::Mismatch(_) => None,
        }
    }

    fn sees(&self, operation: &RegisterOperation) -> Option<u64> {
        match *operation {
            RegisterOperation::Read(value) | RegisterOperation::Set(value, _) => Some(value),
            RegisterOperation::Write(_) | RegisterOperation::Mismatch(_) => None,
        }
    }

    fn shown(&self, state: &u64) -> Option<u64> {
        Some(*state)
    }
}
