//! The judges of consistency models, against slow obvious twins and the famous small histories.

mod again;
mod alike;
mod all_twins;
mod axioms;
mod cases;
mod causal;
mod causal_stream;
mod convergence;
mod disagreements;
mod enumerated;
mod evidence;
mod forward;
mod large;
mod lattice;
mod linearizable;
mod lists;
mod litmus;
mod measured;
mod mixed;
mod objects;
mod once;
mod orders;
mod planted;
mod random;
mod seam;
mod separated;
mod separating;
mod shapes;
mod shifted;
mod small;
mod smallest;
mod stores;
mod stream;
mod sums;
mod texts;
mod transactions;
mod twin;
mod twins;
mod waves;
mod weakened;
mod weakened_objects;
mod windows;

use constellation_trace::{Sessions, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Anomaly, Finding, Patience, Recorded};
use expect_test::Expect;

/// Reads a sketch that a test has written.
pub(crate) fn sessions(sketch: &str) -> Sessions {
    Sessions::sketch(sketch).unwrap_or_else(|error| panic!("{sketch}: {error}"))
}

/// What a model says of sessions, within the usual budget.
pub(crate) fn judge(model: &str, sessions: &Sessions) -> Finding {
    let model = models::find(model).unwrap_or_else(|near| panic!("no model {model}; {near:?}"));
    model.judge(&Recorded::from(sessions), &mut Patience::new(Budget::default()))
}

/// As [`judge`], but within so many bytes.
pub(crate) fn judge_within(bytes_max: u64, model: &str, sessions: &Sessions) -> Finding {
    let model = models::find(model).unwrap_or_else(|near| panic!("no model {model}; {near:?}"));
    let budget = Budget { bytes_max, ..Budget::default() };
    model.judge(&Recorded::from(sessions), &mut Patience::new(budget))
}

/// That a model says this of a sketch.
pub(crate) fn check(model: &str, sketch: &str, expected: Expect) {
    let sessions = sessions(sketch);
    expected.assert_eq(&told(&sessions, &judge(model, &sessions)));
}

/// The value of this number; of none nothing.
pub(crate) fn value(number: u64) -> Value {
    if number == 0 { Value::NOTHING } else { Value::number(number).expect("small") }
}

/// A finding as a test shows it: the word, what was found, and the edges.
pub(crate) fn told(sessions: &Sessions, finding: &Finding) -> String {
    match finding {
        Finding::Holds => "holds".to_owned(),
        Finding::Unknown(limit) => format!("unknown: {limit}"),
        Finding::Violated(anomaly) => {
            let lines = |edges: &[models::Edge], mark: &str| {
                edges.iter().map(|edge| format!("\n{mark} {}", edge.show(sessions))).collect::<String>()
            };
            check_edges(anomaly);
            format!(
                "violated: {}{}{}",
                anomaly.found,
                lines(&anomaly.edges, " "),
                lines(&anomaly.grounds, "  since")
            )
        }
    }
}

/// Whether the edges are a cycle indeed.
fn check_edges(anomaly: &Anomaly) {
    for (nth, edge) in anomaly.edges.iter().enumerate() {
        let next = &anomaly.edges[(nth + 1) % anomaly.edges.len()];
        assert_eq!(edge.to, next.from, "{anomaly:?}");
    }
}
