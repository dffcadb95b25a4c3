//! What the judges say of one round of a hunt: whether what a mode claims held.

use std::fmt;

use constellation_lab::placement::record::Record;
use constellation_trace::{Limit, Sessions};
use constellation_verify::Budget;
use constellation_verify::models::{
    self, Anomaly, Finding, Model, Patience, Recorded, implies, minimal, strongest_first,
};

use super::remains::{self, Remains};
use super::trial::Tried;

/// What a mode claims, and a round is judged by.
#[derive(Clone, Copy)]
pub enum Claim {
    /// A consistency model, of single keys.
    Model(&'static dyn Model),
    /// No model: that after a heal all sites come to show the same, and no acknowledged write is lost.
    Eventually,
}

/// What the judges say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Judged {
    /// It held.
    Holds,
    /// It did not.
    Violated(Violation),
    /// Nobody can tell, for this reason.
    Unknown(String),
}

/// What shows that a claim did not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The model by which the operations alone are judged to be wrong: what was claimed or what that implies; of lost writes
    /// *linearizable*; of sites that do not converge none.
    pub model: Option<&'static str>,
    /// What is wrong, in one line.
    pub found: String,
    /// The operations that show it, by their places in the record, in the order of asking.
    pub operations: Vec<usize>,
}

/// How long a judge may look at one round: some seconds.
const BUDGET: Budget = Budget { bytes_max: 1 << 28, pairs_max: 1 << 22, steps_max: 1 << 23 };

impl Claim {
    /// What it is called: the name of the model, or *eventually*.
    pub fn name(self) -> &'static str {
        match self {
            Claim::Model(model) => model.about().name,
            Claim::Eventually => "eventually",
        }
    }

    /// What it says, as a sentence without its full stop that begins in lower case.
    pub fn sentence(self) -> &'static str {
        match self {
            Claim::Model(model) => model.about().sentence,
            Claim::Eventually => {
                "after a heal all sites come to show the same, and no acknowledged write is lost"
            }
        }
    }

    /// Judges a round that went to its end.
    pub fn judge(self, tried: &Tried) -> Judged {
        match self {
            Claim::Model(model) => by_model(model, &tried.record),
            Claim::Eventually => eventually(tried),
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn eventually(tried: &Tried) -> Judged {
    let amiss = remains::amiss(&tried.record.asked, &tried.last_look);
    match amiss.first() {
        None => Judged::Holds,
        Some(silent) if !silent.is_wrong() => Judged::Unknown(silent.to_string()),
        Some(wrong) => Judged::Violated(Violation {
            model: matches!(wrong, Remains::Lost { .. }).then_some("linearizable"),
            found: wrong.to_string(),
            operations: wrong.operations(),
        }),
    }
}

fn by_model(model: &'static dyn Model, record: &Record) -> Judged {
    let sessions = match sessions(record) {
        Ok(sessions) => sessions,
        Err(limit) => return Judged::Unknown(limit.to_string()),
    };
    let limit = match finding(model, &sessions) {
        Finding::Holds => return Judged::Holds,
        Finding::Violated(anomaly) => return Judged::Violated(violation(model, &sessions, anomaly)),
        Finding::Unknown(limit) => limit,
    };
    // Whoever violates a model violates all that imply it, and weaker ones are judged sooner.
    let weaker = models::all()
        .iter()
        .copied()
        .filter(|other| other.about().name != model.about().name && implies(model.about(), other.about()));
    for weaker in strongest_first(&weaker.collect::<Vec<_>>()).into_iter().rev() {
        if let Finding::Violated(anomaly) = finding(weaker, &sessions) {
            return Judged::Violated(violation(weaker, &sessions, anomaly));
        }
    }
    Judged::Unknown(limit.to_string())
}

fn finding(model: &dyn Model, sessions: &Sessions) -> Finding {
    model.judge(&Recorded::from(sessions), &mut Patience::new(BUDGET))
}

fn violation(model: &'static dyn Model, sessions: &Sessions, anomaly: Anomaly) -> Violation {
    let smallest = minimal(model, &Recorded::from(sessions), &anomaly, &mut Patience::new(BUDGET));
    let (ids, found) = match smallest {
        Some(smallest) => (smallest.ids, smallest.anomaly.found),
        None => (anomaly.transactions, anomaly.found),
    };
    let mut operations: Vec<usize> = ids.into_iter().filter_map(|id| sessions.operation(id)).collect();
    operations.sort_unstable();
    Violation { model: Some(model.about().name), found, operations }
}

fn sessions(record: &Record) -> Result<Sessions, Limit> {
    let names = record.sessions();
    let name = |session: u32| names.get(session as usize).map_or("", String::as_str);
    Sessions::of_named(&record.history(), |operation| name(operation.session))
        .map_err(|unfit| Limit::Unfit(unfit.to_string()))
}
