//! A text that is put and appended to.

use constellation_trace::{Call, Names};

use super::{List, Object, foreign, longer, number};
use crate::models::specification::{Answer, Bonds, Specification};

/// Holds pieces of text in the order in which they were appended, at first none: [`Call::Write`], which puts one in the place
/// of all that was there, [`Call::Append`], and [`Call::Read`], which shows all of them. So keys and values of text are
/// judged, where `put` begins anew and `append` goes on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Text;

/// An operation of a [`Text`], with numbers for pieces.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum TextOperation {
    /// It held these.
    Read(Vec<u64>),
    /// It holds this alone from now on; nothing, if there is none.
    Put(Option<u64>),
    /// It holds this as well from now on, at its end.
    Append(u64),
}

impl Specification for Text {
    type Operation = TextOperation;
    type State = Vec<u64>;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<TextOperation>, String> {
        let mut number = |text: &String| number(texts, text).map(u64::from);
        Ok(match (call, answer) {
            (Call::Read { .. }, Answer::Shows(shown)) => {
                let pieces = shown.iter().filter(|text| !text.is_empty());
                Some(TextOperation::Read(pieces.map(number).collect::<Result<_, _>>()?))
            }
            (Call::Read { .. }, _) | (Call::Write { .. } | Call::Append { .. }, Answer::Failed) => None,
            (Call::Write { value, .. }, _) if value.is_empty() => Some(TextOperation::Put(None)),
            (Call::Write { value, .. }, _) => Some(TextOperation::Put(Some(number(value)?))),
            (Call::Append { value, .. }, _) if value.is_empty() => None,
            (Call::Append { value, .. }, _) => Some(TextOperation::Append(number(value)?)),
            _ => return Err(foreign(Object::Text, call)),
        })
    }

    fn init(&self) -> Vec<u64> {
        Vec::new()
    }

    fn step(&self, state: &Vec<u64>, operation: &TextOperation) -> Option<Vec<u64>> {
        match operation {
            TextOperation::Read(shown) => (state == shown).then(|| state.clone()),
            TextOperation::Put(piece) => Some(piece.iter().copied().collect()),
            TextOperation::Append(piece) => Some(longer(state, *piece)),
        }
    }

    fn is_pure(&self, operation: &TextOperation) -> bool {
        matches!(operation, TextOperation::Read(_))
    }

    fn bonds(&self, operation: &TextOperation) -> Option<Bonds> {
        Some(match operation {
            // What was put took away what was before, so even what shows nothing sees that.
            TextOperation::Read(shown) => {
                Bonds { seen: shown.iter().copied().chain([CLEARED]).collect(), ..Bonds::default() }
            }
            TextOperation::Put(piece) => Bonds { made: Some(piece.unwrap_or(CLEARED)), ..Bonds::default() },
            TextOperation::Append(piece) => Bonds { made: Some(*piece), ..Bonds::default() },
        })
    }

    fn bytes(&self, state: &Vec<u64>) -> usize {
        List.bytes(state)
    }
}

/// What is made by putting nothing there; no piece.
const CLEARED: u64 = u64::MAX;
