//! The slow obvious twin of every judge, under its name.

use constellation_trace::{Act, Outcome, Sessions, Timing};
use constellation_verify::Budget;
use constellation_verify::models::{
    self, FailedSet, Finding, Guarantee, Guarantees, Judges, Patience, Recorded,
};

use super::axioms::{self, Keeps};
use super::orders::{self, Rule};
use super::twin;

/// A model, and its definition in so many words.
pub(crate) type Twin = (&'static str, fn(&Sessions) -> bool);

/// All but eventual convergence, whose definition has three answers.
pub(crate) const TWINS: [Twin; 23] = [
    ("linearizable", |sessions| orders::registers(sessions, FailedSet::DidNotHappen, Rule::Linearizable)),
    ("sequential", |sessions| orders::registers(sessions, FailedSet::DidNotHappen, Rule::Sequential)),
    ("causal-convergence", twin::causal_convergence),
    ("causal-memory", twin::causal_memory),
    ("causal", twin::causal),
    ("pram", twin::pram),
    ("read-your-writes", |sessions| guarantee(Guarantee::ReadYourWrites, sessions)),
    ("monotonic-reads", |sessions| guarantee(Guarantee::MonotonicReads, sessions)),
    ("monotonic-writes", |sessions| guarantee(Guarantee::MonotonicWrites, sessions)),
    ("writes-follow-reads", |sessions| guarantee(Guarantee::WritesFollowReads, sessions)),
    ("strong-convergence", twin::strong_convergence),
    ("strict-serializable", |sessions| axioms::serializable(sessions, Keeps::RealTime)),
    ("session-serializable", |sessions| axioms::serializable(sessions, Keeps::Sessions)),
    ("serializable", |sessions| axioms::serializable(sessions, Keeps::Nothing)),
    ("strong-snapshot-isolation", |sessions| axioms::snapshot_isolation(sessions, Keeps::RealTime)),
    ("session-snapshot-isolation", |sessions| axioms::snapshot_isolation(sessions, Keeps::Sessions)),
    ("snapshot-isolation", |sessions| axioms::snapshot_isolation(sessions, Keeps::Nothing)),
    ("prefix", axioms::prefix),
    ("parallel-snapshot", axioms::parallel_snapshot),
    ("adya-pl2", axioms::adya_pl2),
    ("read-committed", axioms::read_committed),
    ("read-atomic", axioms::read_atomic),
    ("transactional-causal", axioms::transactional_causal),
];

fn guarantee(guarantee: Guarantee, sessions: &Sessions) -> bool {
    twin::guarantees(Guarantees::of(&[guarantee]), sessions)
}

/// The models that keep real time, which somebody must have recorded.
const TIMED: [&str; 3] = ["linearizable", "strict-serializable", "strong-snapshot-isolation"];

/// Whether the twin of a model can be asked: it knows no lists, a model of single operations no transactions of several,
/// and real time only what was recorded.
pub(crate) fn can_be_asked(model: &str, sessions: &Sessions) -> bool {
    let mut accesses = sessions.ids().flat_map(|id| sessions.accesses(id));
    let has_lists = accesses.any(|access| matches!(access.act, Act::Append | Act::ReadList));
    let is_single = sessions.ids().all(|id| sessions.accesses(id).len() == 1);
    let judges = models::find(model).map_or(Judges::Transactions, |model| model.about().judges);
    let is_timed = sessions.timing() == Timing::Recorded || !TIMED.contains(&model);
    !has_lists && is_timed && (is_single || judges == Judges::Transactions)
}

/// What a judge says.
pub(crate) fn judged(model: &str, sessions: &Sessions) -> Finding {
    let model = models::find(model).expect("twins are of models");
    model.judge(&Recorded::from(sessions), &mut Patience::new(Budget::default()))
}

/// Whether a judge and its twin agree on a history of different values: whether it holds, or both.
///
/// # Errors
/// What they say instead.
pub(crate) fn agreed((model, twin): Twin, sessions: &Sessions) -> Result<bool, String> {
    let holds = twin(sessions);
    let finding = judged(model, sessions);
    // Only an unknown transaction that also read may leave open what the twin finds by trying.
    let is_open = |id| {
        let is_read = sessions.accesses(id).iter().any(|access| access.act == Act::Read);
        sessions.transaction(id).outcome == Outcome::Unknown && is_read
    };
    let is_left_open = model == "strong-convergence" && sessions.ids().any(is_open);
    match &finding {
        Finding::Unknown(_) if is_left_open => Ok(holds),
        Finding::Holds if holds => Ok(true),
        Finding::Violated(_) if !holds => Ok(false),
        _ => {
            let twin = if holds { "holds" } else { "violated" };
            Err(format!("{model}: the twin says {twin}, the judge {finding:?}, of\n{sessions}"))
        }
    }
}
