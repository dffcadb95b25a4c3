//! The operations of a trace as they are recorded: each is begun once and ends at most once, at the same process.

use std::collections::BTreeMap;
use std::fmt;

use super::{Call, Completion};
use crate::event::{Action, Kind};
use crate::ids::{EventId, Names, ProcessId, Symbol};
use crate::trace::TraceError;

/// An operation as a trace holds it; [`History`](super::History) is for whoever judges.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invocation {
    /// The event that began it.
    pub event: EventId,
    /// What its process calls it, unique within the process.
    pub number: u32,
    /// What was asked.
    pub call: Call<Symbol>,
    /// The event that ended it, and how; `None` if none did.
    pub completed: Option<(EventId, Completion<Symbol>)>,
}

/// Why the beginning or the end of an operation could not be recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OperationError {
    /// A process begins two operations with one number.
    BegunTwice,
    /// A process ends what it never began.
    NeverBegun,
    /// An operation ends twice.
    EndedTwice,
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OperationError::BegunTwice => "is begun twice",
            OperationError::NeverBegun => "ends at a process that never began it",
            OperationError::EndedTwice => "ends twice",
        })
    }
}

/// All operations of a trace.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Operations {
    begun: Vec<Invocation>,
    /// Which operation a process calls so.
    places: BTreeMap<(ProcessId, u32), u32>,
}

impl Operations {
    pub(crate) fn all(&self) -> &[Invocation] {
        &self.begun
    }

    /// Whether the process can begin or end this operation now; changes nothing.
    pub(crate) fn check(&self, process: ProcessId, action: &Action<'_>) -> Result<(), TraceError> {
        let (number, is_end) = match action {
            Action::Invoke { number, .. } => (*number, false),
            Action::Complete { number, .. } => (*number, true),
            _ => return Ok(()),
        };
        let begun = self.places.get(&(process, number)).map(|place| &self.begun[*place as usize]);
        let error = match (begun, is_end) {
            (None, true) => OperationError::NeverBegun,
            (Some(_), false) => OperationError::BegunTwice,
            (Some(Invocation { completed: Some(_), .. }), true) => OperationError::EndedTwice,
            (None, false) | (Some(_), true) => return Ok(()),
        };
        Err(TraceError::Operation { number, error })
    }

    /// Enters the beginning or the end of an operation, which [`Operations::check`] let through.
    pub(crate) fn enter(
        &mut self,
        process: ProcessId,
        event: EventId,
        action: Action<'_>,
        texts: &mut Names,
    ) -> Result<Kind, TraceError> {
        let intern = |text: &String| texts.intern(text).map(Symbol::new).ok_or(TraceError::Full);
        match action {
            Action::Invoke { number, call } => {
                let place = u32::try_from(self.begun.len()).map_err(|_| TraceError::Full)?;
                let call = call.try_map(intern)?;
                self.begun.push(Invocation { event, number, call, completed: None });
                self.places.insert((process, number), place);
                Ok(Kind::Invoke(place))
            }
            Action::Complete { number, completion } => {
                let place = self.places.get(&(process, number)).copied();
                let place = place.expect("check refuses the end of what never began");
                self.begun[place as usize].completed = Some((event, completion.try_map(intern)?));
                Ok(Kind::Complete(place))
            }
            other => unreachable!("the trace hands in operations only, not {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_costs_what_the_documentation_says() {
        assert_eq!(size_of::<Invocation>(), 56);
    }
}
