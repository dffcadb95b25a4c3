//! What an object may do, one operation at a time: the sequential specification that concurrent histories are held to.

use std::fmt;
use std::hash::Hash;

use constellation_trace::{Call, Names};

/// What an object does when its operations come one after the other.
///
/// A search tries orders of the operations and asks after each whether the next may follow. So that it handles small
/// numbers and not texts, each operation is read once, together with what it answered, into a type of the specification.
///
/// ```
/// use constellation_trace::{Call, History, Names};
/// use constellation_verify::Budget;
/// use constellation_verify::models::{self, Answer, Finding, Linearizable, Patience, Specification};
///
/// /// Hands out each ticket once: `Other { name: "draw" }` shows a number that nobody else was shown.
/// struct Tickets;
///
/// impl Specification for Tickets {
///     type Operation = u32;
///     type State = Vec<u32>;
///
///     fn operation(&self, call: &Call, answer: Answer<'_>, texts: &mut Names) -> Result<Option<u32>, String> {
///         match answer {
///             Answer::Shows([ticket]) => Ok(texts.intern(ticket)),
///             Answer::Failed | Answer::Open => Ok(None), // Whatever it drew, nobody has it.
///             _ => Err(format!("{call} shows one ticket")),
///         }
///     }
///
///     fn init(&self) -> Vec<u32> {
///         Vec::new()
///     }
///
///     fn step(&self, drawn: &Vec<u32>, ticket: &u32) -> Option<Vec<u32>> {
///         (!drawn.contains(ticket)).then(|| [drawn.as_slice(), &[*ticket]].concat())
///     }
/// }
///
/// let mut patience = Patience::new(Budget::default());
/// let finding = Linearizable::judge_as(&Tickets, &History::default(), &mut patience);
/// assert_eq!(finding, Finding::Holds);
/// ```
pub trait Specification {
    /// An operation with what it answered. Equal ones do the same.
    type Operation: Clone + fmt::Debug + Ord;
    /// What the object holds.
    type State: Clone + Eq + Hash;

    /// Reads an operation; texts may be made numbers by `texts`. `None` if it says nothing: it did not happen, or it is a
    /// read of which nobody knows the answer.
    ///
    /// # Errors
    /// That it is none of this object, in a few words.
    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<Self::Operation>, String>;

    /// Which of several independent objects it concerns: each is one of its own, and is judged alone where that is
    /// allowed. By default the key, and the empty name for [`Call::Other`].
    fn partition<'c>(&self, call: &'c Call) -> &'c str {
        call.key().map_or("", String::as_str)
    }

    /// What the object holds before anybody does anything.
    fn init(&self) -> Self::State;

    /// What it holds after the operation, or `None` if that cannot happen here with this answer.
    fn step(&self, state: &Self::State, operation: &Self::Operation) -> Option<Self::State>;

    /// Whether the operation never changes the state, as reads do. Such ones are ordered as soon as they can be.
    fn is_pure(&self, _operation: &Self::Operation) -> bool {
        false
    }

    /// How the operation hangs together with others, so that a smaller history is wrong only where the whole is: whatever an
    /// operation made, those that see it are left out with it. `None` if that is not known; then only pure operations of
    /// this object are left out.
    fn bonds(&self, _operation: &Self::Operation) -> Option<Bonds> {
        None
    }

    /// What the operation adds to the object, of an object that is a sum: whatever is done to it adds a number, and its state
    /// after some operations depends on nothing but the sum of what they add. Then a violation is shown by few operations and
    /// the sums of the others. `None`, which is always right, for objects of another kind.
    fn sum(&self, _operation: &Self::Operation) -> Option<Sum> {
        None
    }

    /// What [`Specification::bonds`] says that it made; worth a shorter way where searches are to be fast.
    fn makes(&self, operation: &Self::Operation) -> Option<u64> {
        self.bonds(operation)?.made
    }

    /// The value that it sees, if [`Specification::bonds`] says that it sees one and no others; as above.
    fn sees(&self, operation: &Self::Operation) -> Option<u64> {
        if let [one] = self.bonds(operation)?.seen[..] { Some(one) } else { None }
    }

    /// The value that the state is, for an object that holds nothing else: operations that [see](Bonds::seen) a value can
    /// happen in this state alone. A search then knows that what was overwritten for good is not read any more. `None`,
    /// which is always right, for objects of another kind.
    fn shown(&self, _state: &Self::State) -> Option<u64> {
        None
    }

    /// Whether a value of [`Bonds`] is there before anybody made it.
    fn is_initial(&self, value: u64) -> bool {
        self.shown(&self.init()) == Some(value)
    }

    /// How many bytes the state takes on the heap, so that memory can be bounded.
    fn bytes(&self, _state: &Self::State) -> usize {
        0
    }
}

/// How an operation ended, as its specification is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer<'a> {
    /// It took effect and showed nothing.
    Done,
    /// It took effect, and these values were shown.
    Shows(&'a [String]),
    /// It took no effect. What it says, if anything, is for the specification to know: that a condition was not met.
    Failed,
    /// It may take effect at any later time, or never.
    Open,
}

/// What an operation makes and sees, by numbers that mean what its specification wants.
///
/// Where operations are left out of an order that the object explains, and with each that made something all that see it,
/// the object must explain the rest. So of a queue all that is done with a value both makes and sees it: whoever takes the
/// value away is needed by what comes behind it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bonds {
    /// The value that it puts there.
    pub made: Option<u64>,
    /// What it might not be able to do without those who made it, whether or not others made it as well.
    pub seen: Vec<u64>,
    /// Of an object whose values are numbered so: that it might not be able to do without those who made anything from this
    /// number on.
    pub seen_from: Option<u64>,
    /// The value that it saw not to be there, of an object that shows one: so another one that was made was there.
    pub missed: Option<u64>,
    /// Of an object that holds several values apart, each one at a time, as a set holds of each element whether it is there:
    /// the only one of those that it concerns. What was made and made anew in its place is not seen any more.
    pub place: Option<u64>,
}

/// What an operation does to an object that is a sum, at first 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sum {
    /// What it adds.
    pub adds: i64,
    /// To what that leads, if it cannot happen elsewhere.
    pub to: Option<i128>,
    /// What such operations are called, several of them: `acquires`.
    pub what: &'static str,
    /// The least and the most that the object can be, if there are any, and what it is called then: `free`, `held`. The same
    /// for all operations of an object.
    pub range: Option<[(i128, &'static str); 2]>,
}
