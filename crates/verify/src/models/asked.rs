//! By which of its records, and as which objects, operations are judged.

use std::collections::BTreeMap;

use constellation_trace::{Call, History, Limit, Sessions, TransactionId};

use super::Recorded;
use super::finding::{Anomaly, Stop, Why};
use super::objects::{Object, place};

/// How operations are judged.
pub(super) trait Asked {
    /// Registers and lists.
    fn sessions(&mut self, sessions: &Sessions) -> Result<(), Stop>;

    /// Objects of other kinds as well.
    fn history(&mut self, history: &History, kinds: &Kinds<'_>) -> Result<(), Stop>;

    /// Takes so many steps, if there are.
    fn step(&mut self, steps: u64) -> Result<(), Limit>;
}

/// Judges what was recorded: by sessions where they say all, else by the history.
pub(super) fn ask(recorded: &Recorded<'_>, asked: &mut impl Asked) -> Result<(), Stop> {
    let is_cell = matches!(recorded.object, None | Some(Object::Register | Object::List));
    match (recorded.sessions, recorded.history) {
        (Some(sessions), _) if is_cell => asked.sessions(sessions),
        // Where no piece is empty, which of these nobody knows better, a text is a list or a register.
        (Some(sessions), None) if recorded.object == Some(Object::Text) => asked.sessions(sessions),
        (sessions, Some(history)) => {
            if is_cell && let Some(sessions) = made(history, asked)? {
                return asked.sessions(&sessions).map_err(|stop| by_places(stop, &sessions));
            }
            let result = asked.history(history, &Kinds::of(history, recorded.object));
            result.map_err(|stop| match sessions {
                Some(sessions) => by_transactions(stop, sessions),
                None => stop,
            })
        }
        (Some(_), None) => Err(Limit::Unfit("these are reads and writes only".to_owned()).into()),
        (None, None) => Err(Limit::Unfit("there are no operations".to_owned()).into()),
    }
}

/// The sessions of a history of registers and lists; `None` if it is of other objects, too.
fn made(history: &History, asked: &mut impl Asked) -> Result<Option<Sessions>, Limit> {
    let mut over = Ok(());
    let mut stop = || {
        over = asked.step(1024);
        over.is_err()
    };
    let made = Sessions::of_until(history, |operation| format!("s{}", operation.session), &mut stop);
    over.map(|()| made.ok())
}

/// What was found in sessions, for somebody who has only the history that they were made from.
fn by_places(stop: Stop, sessions: &Sessions) -> Stop {
    let Stop::Violated(mut anomaly) = stop else { return stop };
    for edge in anomaly.edges.iter_mut().chain(&mut anomaly.grounds) {
        if !matches!(edge.why, Why::RealTime | Why::Session) {
            edge.why = Why::Text(edge.reason(sessions));
        }
    }
    let place = |id| sessions.operation(id).and_then(|place| u32::try_from(place).ok()).unwrap_or_default();
    let places: Vec<TransactionId> = sessions.ids().map(|id| TransactionId::new(place(id))).collect();
    anomaly.renumbered(&places).into()
}

/// What was found in a history, for somebody who has the sessions that were made from it.
fn by_transactions(stop: Stop, sessions: &Sessions) -> Stop {
    let Stop::Violated(anomaly) = stop else { return stop };
    let ids: BTreeMap<_, _> = sessions.ids().filter_map(|id| Some((sessions.operation(id)?, id))).collect();
    let known = anomaly.transactions.iter().filter_map(|id| ids.get(&id.index()).copied());
    let dead_end = anomaly.dead_end.and_then(|end| end.mapped(|id| ids.get(&id.index()).copied()));
    Anomaly { start: anomaly.start, ..Anomaly::plain(anomaly.found, known).stuck(dead_end) }.into()
}

/// Which object is where, as far as operations tell.
pub(super) struct Kinds<'h> {
    places: BTreeMap<&'h str, Kind>,
}

#[derive(Clone, Copy)]
struct Kind {
    object: Object,
    /// Whether anybody asked for all of a set at once; else its elements are independent objects.
    is_read: bool,
}

impl<'h> Kinds<'h> {
    fn of(history: &'h History, given: Option<Object>) -> Kinds<'h> {
        let mut calls: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
        for operation in history.operations() {
            calls.entry(place(&operation.call)).or_default().push(&operation.call);
        }
        let kind = |calls: &[&Call]| Kind {
            object: given.unwrap_or_else(|| Object::guess(calls.iter().copied())),
            is_read: calls.iter().any(|call| matches!(call, Call::Read { .. })),
        };
        Kinds { places: calls.into_iter().map(|(place, calls)| (place, kind(&calls))).collect() }
    }

    /// The kinds of objects that there are.
    pub(super) fn objects(&self) -> Vec<Object> {
        let mut objects: Vec<_> = self.places.values().map(|kind| kind.object).collect();
        objects.sort_unstable();
        objects.dedup();
        objects
    }

    /// Which object of the kind a call is of; `None` if it is of another kind.
    pub(super) fn part(&self, object: Object, call: &'h Call) -> Option<(&'h str, &'h str)> {
        let place = place(call);
        let kind = self.places.get(place).filter(|kind| kind.object == object)?;
        Some((
            place,
            match call {
                Call::Other { argument, .. } if object == Object::Set && !kind.is_read => argument,
                _ => "",
            },
        ))
    }
}
