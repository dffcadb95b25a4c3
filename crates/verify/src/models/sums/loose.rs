//! A sum to which some add nobody says how much.

use constellation_trace::{Call, Names};

use crate::models::objects::CounterOperation;
use crate::models::specification::{Answer, Specification};

/// A [`Counter`](crate::models::Counter) of which some operations may add anything, if with the one sign only.
#[derive(Clone, Copy, Debug)]
pub(in crate::models) struct Loose;

/// An operation on it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::models) enum LooseOperation {
    /// As of a counter.
    Known(CounterOperation),
    /// It is as much or more.
    More,
    /// It is as much or less.
    Less,
}

/// Where the sum is: the least and the most, if there are any.
pub(in crate::models) type Between = (Option<i128>, Option<i128>);

impl Specification for Loose {
    type Operation = LooseOperation;
    type State = Between;

    /// Never asked, since what is loose was read before.
    fn operation(
        &self,
        _call: &Call,
        _answer: Answer<'_>,
        _texts: &mut Names,
    ) -> Result<Option<LooseOperation>, String> {
        Ok(None)
    }

    fn init(&self) -> Between {
        (Some(0), Some(0))
    }

    fn step(&self, state: &Between, operation: &LooseOperation) -> Option<Between> {
        let &(least, most) = state;
        // Saturating: what is so far away is not reached by fewer than 2^32 additions of 64 bits each.
        let by = |amount: i64| move |value: i128| value.saturating_add(i128::from(amount));
        let has =
            |value: i128| least.is_none_or(|least| least <= value) && most.is_none_or(|most| value <= most);
        match *operation {
            LooseOperation::More => Some((least, None)),
            LooseOperation::Less => Some((None, most)),
            LooseOperation::Known(CounterOperation::Read(value)) => {
                has(value).then_some((Some(value), Some(value)))
            }
            LooseOperation::Known(CounterOperation::Add(amount)) => {
                Some((least.map(by(amount)), most.map(by(amount))))
            }
            LooseOperation::Known(CounterOperation::AddTo(amount, to)) => {
                has(to.checked_sub(i128::from(amount))?).then_some((Some(to), Some(to)))
            }
        }
    }
}
