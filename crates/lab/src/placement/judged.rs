//! What the judges of consistency models say of rounds: whether they are linearizable, what shows it if not, and the
//! strongest models that hold.

use constellation_trace::{Limit, Sessions};
use constellation_verify::Budget;
use constellation_verify::models::{
    self, Anomaly, Finding, Linearizable, Model, Patience, Recorded, implies, minimal,
};

use super::client::Kind;
use super::protocol::{CUT_AT, Condition};
use super::record::Record;

/// Whether rounds are linearizable, or keep another model that is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Consistency {
    /// Each does.
    Holds,
    /// One does not.
    Violated(Box<Violation>),
    /// None is known not to, and of one nobody can tell.
    Unknown(Limit),
}

/// A round that does not keep a model, and the smallest part of it that shows it.
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

/// How long the judge of linearizability may look at one round: a second or two.
const BUDGET: Budget = Budget { bytes_max: 1 << 28, pairs_max: 1 << 22, steps_max: 1 << 22 };
/// How long each judge of [`OF_BASELINE`] may, which decide: a moment all the same, as their steps are small ones, and many
/// where there are many sessions. Of a real server there are, as a client that got no answer goes on as another session.
const BUDGET_OF_BASELINE: Budget = Budget { steps_max: 1 << 26, ..BUDGET };
/// How long each judge of the other models may: they are there to be read, and decide nothing.
const BUDGET_OF_OTHERS: Budget = Budget { steps_max: 1 << 21, ..BUDGET };

/// Whether every round is linearizable; each is given with its place among all. The first that is not is shown, where it can
/// be by what was read during or after a cut.
pub fn linearizable(records: &[(usize, &Record)]) -> Consistency {
    let mut unknown = None;
    for (place, record) in records {
        match of_round(*place, record, &Linearizable, BUDGET) {
            Consistency::Holds => {}
            Consistency::Unknown(limit) => drop(unknown.get_or_insert(limit)),
            violated @ Consistency::Violated(_) => return violated,
        }
    }
    unknown.map_or(Consistency::Holds, Consistency::Unknown)
}

/// Whether a round by itself keeps each of these models, in their order; one that is no model's name is left out.
pub fn kept(record: &Record, models: &[&'static str]) -> Vec<(&'static str, Consistency)> {
    let judge = |name: &&'static str| {
        let model = models::all().iter().copied().find(|model| model.about().name == *name)?;
        let budget = if *name == Linearizable.about().name { BUDGET } else { BUDGET_OF_OTHERS };
        Some((*name, of_round(0, record, model, budget)))
    };
    models.iter().filter_map(judge).collect()
}

fn of_round(place: usize, record: &Record, model: &dyn Model, budget: Budget) -> Consistency {
    let whole = match sessions(record) {
        Ok(sessions) => sessions,
        Err(limit) => return Consistency::Unknown(limit),
    };
    let finding = finding(&whole, model, budget);
    if matches!(finding, Finding::Holds) {
        return Consistency::Holds;
    }
    // Without some of the reads there is less to explain, so that what is wrong then is wrong.
    if let Some((part, places)) = without_earlier_reads(record)
        && let Ok(sessions) = sessions(&part)
        && let Finding::Violated(anomaly) = self::finding(&sessions, model, budget)
    {
        let mut violation = violation(place, &part, &sessions, (model, anomaly));
        violation.operations.iter_mut().for_each(|operation| *operation = places[*operation]);
        return Consistency::Violated(Box::new(violation));
    }
    match finding {
        Finding::Holds => Consistency::Holds,
        Finding::Unknown(limit) => Consistency::Unknown(limit),
        Finding::Violated(anomaly) => {
            Consistency::Violated(Box::new(violation(place, record, &whole, (model, anomaly))))
        }
    }
}

fn finding(sessions: &Sessions, model: &dyn Model, budget: Budget) -> Finding {
    model.judge(&Recorded::from(sessions), &mut Patience::new(budget))
}

/// The record of a round with a cut without the reads before that, and where each of its operations was.
fn without_earlier_reads(record: &Record) -> Option<(Record, Vec<usize>)> {
    if record.round.is_normal() {
        return None;
    }
    let kept = record.asked.iter().enumerate();
    let kept = kept.filter(|(_, asked)| asked.ask.kind() == Kind::Write || asked.begun >= CUT_AT);
    let (places, asked) = kept.map(|(place, asked)| (place, asked.clone())).unzip();
    Some((Record { round: record.round.clone(), asked }, places))
}

/// What a store promises as long as nothing is cut, and what of that it no longer keeps when something is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Baseline {
    /// The strongest models that hold in normal operation; where none of the models that are asked does, none.
    pub models: Vec<&'static str>,
    /// The models that hold in normal operation and not in a partition.
    pub broken: Vec<&'static str>,
    /// The models of which nobody can tell whether they hold in normal operation and not in a partition: in one of the two,
    /// or in both, the judge gave up, and the other does not decide it.
    pub unknown: Vec<&'static str>,
}

/// The models that are asked where linearizable does not hold in normal operation: those whose judges answer at once.
/// `sequential` and `causal-memory` are not among them, as their judges often give up; nor is strong or eventual convergence,
/// which is said of what is read at the end, and so says nothing of what a cut does.
const OF_BASELINE: [&str; 7] = [
    "causal-convergence",
    "causal",
    "pram",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
];

impl Baseline {
    /// Whether no model that is asked holds in normal operation, as far as judges can tell of each.
    pub const fn is_empty(&self) -> bool {
        self.models.is_empty() && self.unknown.is_empty()
    }

    /// The strongest models that hold in normal operation and are shown to hold in a partition.
    pub fn kept(&self) -> Vec<&'static str> {
        let is_kept = |model: &&'static str| !self.broken.contains(model) && !self.unknown.contains(model);
        self.models.iter().copied().filter(is_kept).collect()
    }

    /// The weakest models that the cuts broke: those of which no other is implied. Of these clients notice most, such as that
    /// they no longer read their own writes.
    pub fn broken_weakest(&self) -> Vec<&'static str> {
        let broken = named(&self.broken);
        let is_weakest = |model: &&&'static dyn Model| {
            let name = model.about().name;
            !broken.iter().any(|other| other.about().name != name && implies(model.about(), other.about()))
        };
        names(&broken.iter().filter(is_weakest).copied().collect::<Vec<_>>())
    }

    /// What holds in rounds without a cut, and what of that not in those with one; each given with whether it is linearizable,
    /// which decides it where the former are.
    pub fn of(
        (normal, is_linearizable): (&[(usize, &Record)], &Consistency),
        (cut, still): (&[(usize, &Record)], &Consistency),
    ) -> Baseline {
        if *is_linearizable == Consistency::Holds {
            let models = vec!["linearizable"];
            let (broken, unknown) = match still {
                Consistency::Holds => (Vec::new(), Vec::new()),
                Consistency::Violated(_) => (models.clone(), Vec::new()),
                Consistency::Unknown(_) => (Vec::new(), models.clone()),
            };
            return Baseline { models, broken, unknown };
        }
        let (Ok(normal), Ok(cut)) = (each(normal), each(cut)) else { return Baseline::default() };
        let mut holds: Vec<&'static dyn Model> = Vec::new();
        let mut kept: Vec<&'static dyn Model> = Vec::new();
        let (mut broken, mut unknown): (Vec<&'static str>, Vec<&'static str>) = (Vec::new(), Vec::new());
        for model in named(&OF_BASELINE) {
            let is_implied = holds.iter().any(|stronger| implies(stronger.about(), model.about()));
            let before = if is_implied { Verdict::Holds } else { judged(model, &normal) };
            if before == Verdict::Violated {
                continue;
            }
            if before == Verdict::Holds && !is_implied {
                holds.push(model);
            }
            if kept.iter().any(|stronger| implies(stronger.about(), model.about())) {
                continue;
            }
            match (before, judged(model, &cut)) {
                (_, Verdict::Holds) => kept.push(model),
                (Verdict::Holds, Verdict::Violated) => broken.push(model.about().name),
                _ => unknown.push(model.about().name),
            }
        }
        Baseline { models: names(&holds), broken, unknown }
    }
}

/// The models of these names, stronger ones first.
fn named(names: &[&str]) -> Vec<&'static dyn Model> {
    let all = models::all().iter().copied().filter(|model| names.contains(&model.about().name));
    models::strongest_first(&all.collect::<Vec<_>>())
}

fn each(records: &[(usize, &Record)]) -> Result<Vec<Sessions>, Limit> {
    records.iter().map(|(_, record)| sessions(record)).collect()
}

fn sessions(record: &Record) -> Result<Sessions, Limit> {
    let names = record.sessions();
    let name = |session: u32| names.get(session as usize).map_or("", String::as_str);
    Sessions::of_named(&record.history(), |operation| name(operation.session))
        .map_err(|unfit| Limit::Unfit(unfit.to_string()))
}

fn violation(
    round: usize,
    record: &Record,
    sessions: &Sessions,
    (model, anomaly): (&dyn Model, Anomaly),
) -> Violation {
    let smallest = minimal(model, &Recorded::from(sessions), &anomaly, &mut Patience::new(BUDGET));
    let (ids, found) = match smallest {
        Some(smallest) => (smallest.ids, smallest.anomaly.found),
        None => (anomaly.transactions, anomaly.found),
    };
    let mut operations: Vec<usize> = ids.into_iter().filter_map(|id| sessions.operation(id)).collect();
    operations.sort_unstable();
    Violation { round, condition: record.round.condition, found, operations }
}

/// The models that say something of single reads and writes.
const OF_OPERATIONS: [&str; 12] = [
    "linearizable",
    "sequential",
    "causal-convergence",
    "causal-memory",
    "causal",
    "pram",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
    "strong-convergence",
    "eventual-convergence",
];

/// Which models of single operations hold in rounds, as far as the judges can tell in a moment; stronger ones first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Strongest {
    /// Those that every round satisfies and that no other such model implies.
    pub holds: Vec<&'static str>,
    /// Those of which nobody can tell, and that none of the former implies.
    pub unknown: Vec<&'static str>,
}

/// The models of single operations that every round satisfies and that no other such model implies, and those of which the
/// judges cannot tell.
pub fn strongest(records: &[(usize, &Record)]) -> Strongest {
    let Ok(all) = each(records) else {
        return Strongest { holds: Vec::new(), unknown: OF_OPERATIONS.to_vec() };
    };
    let mut holds: Vec<&'static dyn Model> = Vec::new();
    let (mut violated, mut unknown) = (Vec::new(), Vec::new());
    for model in named(&OF_OPERATIONS) {
        if holds.iter().any(|stronger| implies(stronger.about(), model.about())) {
            continue;
        }
        match judged(model, &all) {
            Verdict::Holds => holds.push(model),
            Verdict::Violated => violated.push(model),
            Verdict::Unknown => unknown.push(model),
        }
    }
    // What implies a violated model is violated.
    unknown.retain(|model| !violated.iter().any(|weaker| implies(model.about(), weaker.about())));
    Strongest { holds: names(&holds), unknown: names(&unknown) }
}

/// What a judge says of several rounds together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Holds,
    Violated,
    Unknown,
}

/// One violated round is enough; else one of which nobody can tell.
fn judged(model: &dyn Model, all: &[Sessions]) -> Verdict {
    let is_of_baseline = OF_BASELINE.contains(&model.about().name);
    let budget = if is_of_baseline { BUDGET_OF_BASELINE } else { BUDGET_OF_OTHERS };
    let mut verdict = Verdict::Holds;
    for sessions in all {
        let mut patience = Patience::new(budget).without_evidence();
        match model.judge(&Recorded::from(sessions), &mut patience) {
            Finding::Holds => {}
            Finding::Violated(_) => return Verdict::Violated,
            Finding::Unknown(_) => verdict = Verdict::Unknown,
        }
    }
    verdict
}

fn names(models: &[&'static dyn Model]) -> Vec<&'static str> {
    models.iter().map(|model| model.about().name).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::placement::client::{Answer, Ask};
    use crate::placement::protocol::{Fate, Round, Way};
    use crate::placement::record::{Asked, Phase};

    /// A round of two writes of one key, which a client is then shown so; and of a client that reads it and writes something
    /// else so many times, and never knows what became of that.
    fn round(condition: Condition, unknown: u64, shown: [u64; 3]) -> Record {
        let asked = |site, client, ask, begun: u64, answer| Asked {
            site,
            client,
            ask,
            begun: Duration::from_millis(begun),
            ended: Some((Duration::from_millis(begun + 5), answer)),
            phase: Phase::Traffic,
        };
        let writes = [1, 2].map(|value| asked(0, 0, Ask::write("k", value), value * 10, Answer::DONE));
        let reads = (10..)
            .zip(shown)
            .map(|(nth, value)| asked(1, 0, Ask::read("k"), nth * 10, Answer::shows([value])));
        let open = (0..unknown).flat_map(|nth| {
            let (ask, at) = (Ask::write(format!("own-{nth}"), 10 + nth), 1_000 + nth * 20);
            let reads = asked(2, 0, Ask::read("k"), at, Answer::shows([2]));
            [reads, asked(2, 0, ask, at + 10, Answer::Unknown(String::new()))]
        });
        Record {
            round: Round::new(3, condition),
            asked: writes.into_iter().chain(reads).chain(open).collect(),
        }
    }

    #[test]
    fn that_many_clients_got_no_answer_hides_no_broken_model() {
        let condition = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };
        for (shown, expected) in [([1, 2, 2], Verdict::Holds), ([2, 1, 2], Verdict::Violated)] {
            let cut = sessions(&round(condition, 2_000, shown)).expect("it is one history");
            let verdict = judged(named(&["monotonic-reads"])[0], &[cut]);
            assert_eq!(verdict, expected, "{shown:?}");
        }
    }

    #[test]
    fn the_weakest_of_what_is_broken_are_what_clients_notice() {
        let table: [(&[&'static str], &[&'static str]); 5] = [
            (&[], &[]),
            (&["causal-convergence"], &["causal-convergence"]),
            (&["causal-convergence", "causal", "pram"], &["causal", "pram"]),
            (
                &["causal-convergence", "causal", "pram", "read-your-writes", "monotonic-reads"],
                &["causal", "pram", "read-your-writes", "monotonic-reads"],
            ),
            (&["causal-convergence", "monotonic-writes"], &["monotonic-writes"]),
        ];
        for (broken, weakest) in table {
            let baseline = Baseline { broken: broken.to_vec(), ..Baseline::default() };
            assert_eq!(baseline.broken_weakest(), weakest, "{broken:?}");
        }
    }
}
