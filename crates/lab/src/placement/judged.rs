//! What the judges of consistency models say of rounds: whether they are linearizable, what shows it if not, and the
//! strongest models that hold.

use constellation_trace::{Limit, Sessions};
use constellation_verify::Budget;
use constellation_verify::models::{
    self, Anomaly, Finding, Judges, Known, Linearizable, Model, Patience, Recorded, implies, minimal,
};

use super::protocol::Condition;
use super::record::Record;

/// What the judges found of some rounds of a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judged {
    /// Whether every round is linearizable.
    pub linearizable: Consistency,
    /// The strongest models of single operations that every round satisfies, as far as the judges could tell.
    pub strongest: Vec<&'static str>,
}

/// Whether rounds are linearizable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Consistency {
    /// Each is.
    Holds,
    /// One is not.
    Violated(Box<Violation>),
    /// None is known not to be, and of one nobody can tell.
    Unknown(Limit),
}

/// A round that is not linearizable, and the smallest part of it that shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// Which round, by its place among all.
    pub round: usize,
    /// How the network was.
    pub condition: Condition,
    /// What is wrong, in one line.
    pub found: String,
    /// The operations that show it, by their places in the record, in the order of asking.
    pub operations: Vec<usize>,
}

/// How long one judge may look at one round: a second or two.
const BUDGET: Budget = Budget { bytes_max: 1 << 28, pairs_max: 1 << 22, steps_max: 1 << 22 };

/// Judges rounds, each given with its place among all.
pub fn judge(records: &[(usize, &Record)]) -> Judged {
    let mut all = Vec::with_capacity(records.len());
    for (place, record) in records {
        match Sessions::of(&record.history()) {
            Ok(sessions) => all.push((*place, *record, sessions)),
            Err(unfit) => {
                let linearizable = Consistency::Unknown(Limit::Unfit(unfit.to_string()));
                return Judged { linearizable, strongest: Vec::new() };
            }
        }
    }
    Judged { linearizable: linearizable(&all), strongest: strongest(&all) }
}

fn linearizable(all: &[(usize, &Record, Sessions)]) -> Consistency {
    let mut unknown = None;
    for (place, record, sessions) in all {
        let recorded = Recorded::from(sessions);
        match Linearizable.judge(&recorded, &mut Patience::new(BUDGET)) {
            Finding::Holds => {}
            Finding::Unknown(limit) => drop(unknown.get_or_insert(limit)),
            Finding::Violated(anomaly) => {
                return Consistency::Violated(Box::new(violation(*place, record, sessions, anomaly)));
            }
        }
    }
    unknown.map_or(Consistency::Holds, Consistency::Unknown)
}

fn violation(round: usize, record: &Record, sessions: &Sessions, anomaly: Anomaly) -> Violation {
    let smallest = minimal(&Linearizable, &Recorded::from(sessions), &anomaly, &mut Patience::new(BUDGET));
    let (ids, found) = match smallest {
        Some(smallest) => (smallest.ids, smallest.anomaly.found),
        None => (anomaly.transactions, anomaly.found),
    };
    let mut operations: Vec<usize> = ids.into_iter().filter_map(|id| sessions.operation(id)).collect();
    operations.sort_unstable();
    Violation { round, condition: record.round.condition, found, operations }
}

/// The models that every round satisfies and that no other such model implies.
fn strongest(all: &[(usize, &Record, Sessions)]) -> Vec<&'static str> {
    let of_operations = models::all().iter().copied();
    let of_operations: Vec<&'static dyn Model> =
        of_operations.filter(|model| model.about().judges == Judges::Operations).collect();
    let mut holds: Vec<&'static dyn Model> = Vec::new();
    for model in models::strongest_first(&of_operations) {
        let is_implied = holds.iter().any(|stronger| implies(stronger.about(), model.about()));
        if !is_implied && all.iter().all(|(.., sessions)| known(model, sessions) == Known::Holds) {
            holds.push(model);
        }
    }
    holds.iter().map(|model| model.about().name).collect()
}

fn known(model: &dyn Model, sessions: &Sessions) -> Known {
    match model.judge(&Recorded::from(sessions), &mut Patience::new(BUDGET)) {
        Finding::Holds => Known::Holds,
        Finding::Violated(_) => Known::Fails,
        Finding::Unknown(_) => Known::Nothing,
    }
}
