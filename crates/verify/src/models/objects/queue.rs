//! A queue: what came first goes first.

use std::collections::VecDeque;

use constellation_trace::{Call, Names};

use super::{Object, foreign, number, odd, place, word};
use crate::models::specification::{Answer, Bonds, Specification};

/// Gives values back in the order in which it got them, at first none: [`Call::Other`] with the name `enqueue`, whose
/// argument is the value, or `dequeue`, which shows one, or nothing if there was none. A key may follow (`enqueue jobs`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Queue;

/// An operation of a [`Queue`], with numbers for values.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum QueueOperation {
    /// This is the last of it from now on.
    Enqueue(u32),
    /// This was its first, and is no longer in it.
    Dequeue(u32),
    /// There was none in it.
    Empty,
    /// Its first, if there was any, is no longer in it; which that was nobody was told.
    Take,
    /// The same of one that is open, so that it may not have been at all.
    Lose,
}

/// What is made by taking away nobody knows what; no value.
const LOST: u64 = 1 << 32;

impl Specification for Queue {
    type Operation = QueueOperation;
    type State = VecDeque<u32>;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<QueueOperation>, String> {
        let Call::Other { name, argument } = call else { return Err(foreign(Object::Queue, call)) };
        Ok(match (word(name), answer) {
            ("enqueue" | "dequeue", Answer::Failed) => None,
            ("enqueue", _) => Some(QueueOperation::Enqueue(number(texts, argument)?)),
            ("dequeue", Answer::Shows([])) => Some(QueueOperation::Empty),
            ("dequeue", Answer::Shows([value])) => Some(QueueOperation::Dequeue(number(texts, value)?)),
            ("dequeue", Answer::Shows(several)) => return Err(odd(Object::Queue, call, several.len())),
            ("dequeue", Answer::Done) => Some(QueueOperation::Take),
            ("dequeue", Answer::Open) => Some(QueueOperation::Lose),
            _ => return Err(foreign(Object::Queue, call)),
        })
    }

    fn partition<'c>(&self, call: &'c Call) -> &'c str {
        place(call)
    }

    fn init(&self) -> VecDeque<u32> {
        VecDeque::new()
    }

    fn step(&self, state: &VecDeque<u32>, operation: &QueueOperation) -> Option<VecDeque<u32>> {
        let mut next = match operation {
            QueueOperation::Dequeue(value) if state.front() != Some(value) => return None,
            QueueOperation::Empty => return state.is_empty().then(VecDeque::new),
            _ => state.clone(),
        };
        match operation {
            QueueOperation::Enqueue(value) => next.push_back(*value),
            _ => drop(next.pop_front()),
        }
        Some(next)
    }

    fn is_pure(&self, operation: &QueueOperation) -> bool {
        *operation == QueueOperation::Empty
    }

    fn bonds(&self, operation: &QueueOperation) -> Option<Bonds> {
        let of = |value: u32| Some(u64::from(value));
        Some(match *operation {
            QueueOperation::Enqueue(value) => {
                Bonds { made: of(value), seen: vec![value.into()], ..Bonds::default() }
            }
            // Without it, its value is before all that came later.
            QueueOperation::Dequeue(value) => {
                Bonds { made: of(value), seen: vec![value.into(), LOST], ..Bonds::default() }
            }
            QueueOperation::Empty => Bonds { seen: vec![LOST], ..Bonds::default() },
            // Without what it took, it need not have been; without it, what it took is still there.
            QueueOperation::Lose => Bonds { made: Some(LOST), ..Bonds::default() },
            // It took something that another may be said to have made, and is not told which.
            QueueOperation::Take => return None,
        })
    }

    fn bytes(&self, state: &VecDeque<u32>) -> usize {
        state.capacity().saturating_mul(size_of::<u32>())
    }
}
