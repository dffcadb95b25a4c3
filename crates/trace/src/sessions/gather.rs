//! Sessions from what clients of a run saw: each operation a transaction of its own.

use std::collections::BTreeSet;

use super::{Access, Act, Outcome, Sessions, SessionsError, Timing, Transaction, Unfit, Value};
use crate::history::{Call, Completion, History, Operation};

impl Sessions {
    /// The operations of a history, each a transaction of its own, in its order; sessions are called `s0`, `s1` and so on.
    ///
    /// A read that shows nothing has read the initial value; a compare-and-set that was done has read what it expected and
    /// written, in one; a [`Call::Other`] `put-if-absent KEY` is one that expects nothing. A key that is appended to is a list, any other a register. What failed is aborted, what is open
    /// unknown. A read that is open, failed or ended without showing anything says nothing and is left out, but counted
    /// in [`Sessions::unsaid`]. O(operations × log texts).
    ///
    /// # Errors
    /// [`Unfit`] names the operation that is no read or write of a register or list.
    pub fn of(history: &History) -> Result<Sessions, Unfit> {
        Sessions::of_named(history, |operation| format!("s{}", operation.session))
    }

    /// As [`Sessions::of`], with names for the sessions; operations of one session must have one name, others another.
    ///
    /// # Errors
    /// Those of [`Sessions::of`], and [`Unfit::Refused`] where two sessions that overlap have one name.
    pub fn of_named<T: AsRef<str>>(
        history: &History,
        name: impl Fn(&Operation) -> T,
    ) -> Result<Sessions, Unfit> {
        Sessions::of_until(history, name, &mut || false)
    }

    /// As [`Sessions::of_named`], unless `stop`, which is asked every 1,024 operations, says that it is enough.
    ///
    /// # Errors
    /// Those of [`Sessions::of_named`], and [`Unfit::Stopped`].
    pub fn of_until<T: AsRef<str>>(
        history: &History,
        name: impl Fn(&Operation) -> T,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Sessions, Unfit> {
        let appends = history.operations().iter().filter_map(|operation| match &operation.call {
            Call::Append { key, .. } => Some(key.as_str()),
            _ => None,
        });
        let lists: BTreeSet<&str> = appends.collect();
        let mut sessions = Sessions::new(Timing::Recorded);
        for (place, operation) in history.operations().iter().enumerate() {
            if place % 1024 == 1023 && stop() {
                return Err(Unfit::Stopped { place });
            }
            match sessions.accesses_of(operation, place, &lists)? {
                None => sessions.unsaid += 1,
                Some(accesses) => {
                    sessions
                        .enter(operation, name(operation).as_ref(), place, &accesses)
                        .map_err(|error| Unfit::Refused { place, error })?;
                }
            }
        }
        Ok(sessions)
    }

    fn enter(
        &mut self,
        operation: &Operation,
        name: &str,
        place: usize,
        accesses: &[Access],
    ) -> Result<(), SessionsError> {
        let session = self.session(name)?;
        let place = u32::try_from(place).map_err(|_| SessionsError::Full)?;
        let outcome = match &operation.completed {
            Some((_, Completion::Done | Completion::Shows(_))) => Outcome::Committed,
            Some((_, Completion::Failed { .. })) => Outcome::Aborted,
            Some((_, Completion::Unknown { .. })) | None => Outcome::Unknown,
        };
        let invoked = operation.invoked.at.ns();
        let returned = operation.returned_at().map_or(Transaction::NEVER, |at| at.ns());
        self.push(Transaction { session, outcome, invoked, returned }, accesses)?;
        self.operations.push(place);
        Ok(())
    }

    /// What an operation did, as far as anybody knows; `None` where nothing is known.
    fn accesses_of(
        &mut self,
        operation: &Operation,
        place: usize,
        lists: &BTreeSet<&str>,
    ) -> Result<Option<Vec<Access>>, Unfit> {
        let refused = |error| Unfit::Refused { place, error };
        let call = || operation.call.to_string().trim_end().to_owned();
        let absent = match &operation.call {
            Call::Other { name, argument } => name
                .split_once(' ')
                .filter(|(word, _)| *word == "put-if-absent")
                .map(|(_, key)| (key, argument)),
            _ => None,
        };
        let name = absent.map(|(key, _)| key).or(operation.call.key().map(String::as_str));
        let Some(name) = name else { return Err(Unfit::Operation { place, call: call() }) };
        let key = self.key(name).map_err(refused)?;
        let is_list = lists.contains(name);
        if let Some((_, value)) = absent {
            if is_list {
                return Err(Unfit::Mixed { place, call: call() });
            }
            let value = self.value(value).map_err(refused)?;
            return Ok(Some(vec![Access::read(key, Value::NOTHING), Access::write(key, value)]));
        }
        Ok(Some(match &operation.call {
            Call::Read { .. } => {
                let Some((_, Completion::Shows(shown))) = &operation.completed else { return Ok(None) };
                if !is_list && shown.len() > 1 {
                    return Err(Unfit::Siblings { place, call: call(), count: shown.len() });
                }
                let values = shown.iter().map(|text| self.value(text)).collect::<Result<Vec<_>, _>>();
                let values = values.map_err(refused)?;
                if is_list {
                    vec![Access { key, act: Act::ReadList, value: self.hold_list(&values).map_err(refused)? }]
                } else {
                    vec![Access::read(key, values.first().copied().unwrap_or(Value::NOTHING))]
                }
            }
            Call::Append { value, .. } => {
                vec![Access { key, act: Act::Append, value: self.value(value).map_err(refused)? }]
            }
            Call::Write { .. } | Call::CompareAndSet { .. } if is_list => {
                return Err(Unfit::Mixed { place, call: call() });
            }
            Call::Write { value, .. } => vec![Access::write(key, self.value(value).map_err(refused)?)],
            Call::CompareAndSet { expected, value, .. } => vec![
                Access::read(key, self.value(expected).map_err(refused)?),
                Access::write(key, self.value(value).map_err(refused)?),
            ],
            Call::Add { .. } | Call::Other { .. } => return Err(Unfit::Operation { place, call: call() }),
        }))
    }
}
