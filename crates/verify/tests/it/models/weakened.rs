//! Each judge with each of the things it must not forget: the suite has a history, by name, that would notice.

use constellation_trace::Sessions;
use constellation_verify::Budget;
use constellation_verify::models::{self, Model, Patience, Recorded, SEPARATIONS, SMALLEST, Weakness};
use expect_test::expect_file;

use super::enumerated::{Grain, every, outcomes};
use super::litmus::LITMUS;
use super::sessions;

const EDGES: [Weakness; 5] =
    [Weakness::Reads, Weakness::Written, Weakness::ReadBefore, Weakness::Conflicts, Weakness::Listed];

/// Why some judges cannot show what they forget. The first that speaks of both counts.
const CANNOT: [(&[&str], &[Weakness], &str); 10] = [
    (
        &["serializable", "snapshot-isolation", "adya-pl2"],
        &[Weakness::Sessions],
        "sessions have no order in it",
    ),
    (&["adya-pl2"], &[Weakness::InitialValues], "what was there at first was written by nobody in a circle"),
    (&["sequential"], &EDGES, "what edges show its search finds without any"),
    (
        &["linearizable"],
        &[Weakness::Written, Weakness::Conflicts, Weakness::Listed],
        "zones have no such edges, and the search has none",
    ),
    (&["eventual-convergence"], &EDGES, "it compares the last reads, and orders nothing"),
    (
        &["strong-convergence"],
        &[Weakness::Written, Weakness::ReadBefore, Weakness::Conflicts],
        "it compares what reads know, and orders no writes",
    ),
    (
        &["adya-pl2"],
        &[Weakness::Written, Weakness::ReadBefore],
        "the order of writes is free where no list shows it",
    ),
    (
        &["strict-serializable", "session-serializable", "serializable"],
        &[Weakness::Conflicts],
        "in one order of all the second has seen the first",
    ),
    (&["strong-convergence"], &[Weakness::Listed], "lists are beyond it"),
    (
        &[
            "causal-convergence",
            "causal-memory",
            "causal",
            "pram",
            "read-your-writes",
            "monotonic-reads",
            "monotonic-writes",
            "writes-follow-reads",
            "prefix",
            "transactional-causal",
            "read-atomic",
            "read-committed",
            "adya-pl2",
        ],
        &[Weakness::Conflicts],
        "two may write one key without seeing each other",
    ),
];

/// The models that keep real time.
const TIMED: [&str; 4] =
    ["linearizable", "eventual-convergence", "strict-serializable", "strong-snapshot-isolation"];

fn reason(model: &str, weakness: Weakness) -> Option<&'static str> {
    if weakness == Weakness::RealTime {
        return (!TIMED.contains(&model)).then_some("real time is no part of it");
    }
    let speaks = |(models, weaknesses, _): &&(&[&str], &[Weakness], &str)| {
        models.contains(&model) && weaknesses.contains(&weakness)
    };
    CANNOT.iter().find(speaks).map(|(.., reason)| *reason)
}

/// What a judge that forgets something says of a history.
fn word(model: &dyn Model, weakness: Weakness, sessions: &Sessions) -> &'static str {
    let mut patience = Patience::new(Budget::default()).forgetting(weakness);
    model.judge(&Recorded::from(sessions), &mut patience).word()
}

/// The histories that have names.
fn named() -> Vec<(String, Sessions)> {
    let famous = LITMUS.iter().map(|(name, sketch)| ((*name).to_owned(), *sketch));
    let separating = SEPARATIONS.iter().chain(&SMALLEST).flat_map(|separation| {
        let apart = Some(separation.apart).filter(|apart| !apart.is_empty());
        let whole = (format!("separation: {}", separation.name), separation.sketch);
        [Some(whole), apart.map(|apart| (format!("separation one by one: {}", separation.name), apart))]
    });
    famous.chain(separating.flatten()).map(|(name, sketch)| (name, sessions(sketch))).collect()
}

/// Small histories of all kinds: every end that a transaction may have, every order in time.
fn small() -> Vec<Sessions> {
    let mut all = Vec::new();
    for accesses in 1..=3 {
        every(accesses, Grain::Transactions, &mut |plan| {
            outcomes(plan.transactions()).for_each(|outcomes| all.push(plan.ending(&outcomes)));
        });
    }
    for accesses in 1..=2 {
        every(accesses, Grain::Transactions, &mut |plan| {
            for outcomes in outcomes(plan.transactions()) {
                plan.timed(&outcomes, &mut |sessions| all.push(sessions.clone()));
            }
        });
    }
    every(3, Grain::Operations, &mut |plan| plan.timed(&[], &mut |sessions| all.push(sessions.clone())));
    every(4, Grain::Transactions, &mut |plan| all.push(plan.untimed()));
    all
}

#[test]
fn what_a_judge_forgets_is_caught_by_a_history_that_has_a_name() {
    let named = named();
    let mut table = String::new();
    for model in models::all() {
        table += &format!("{}\n", model.about().name);
        for weakness in Weakness::ALL {
            let differing = named.iter().filter_map(|(name, sessions)| {
                let [whole, weak] =
                    [Weakness::Nothing, weakness].map(|weakness| word(*model, weakness, sessions));
                (whole != weak).then_some((name, whole, weak))
            });
            let differing: Vec<_> = differing.collect();
            // Where the weak judge is sure of the contrary nobody can say that it only knows less.
            let is_contrary =
                |(_, whole, weak): &&(&String, &str, &str)| ![*whole, *weak].contains(&"unknown");
            let caught = differing.iter().find(is_contrary).or(differing.first());
            let told = match (caught, reason(model.about().name, weakness)) {
                (Some((name, whole, weak)), None) => format!("caught by `{name}`: {whole}, not {weak}"),
                (None, Some(reason)) => format!("cannot show: {reason}"),
                (Some((name, ..)), Some(reason)) => {
                    panic!("{} {weakness:?}: `{name}` shows it, though {reason}", model.about().name)
                }
                (None, None) => "NOT CAUGHT".to_owned(),
            };
            table += &format!("  {}: {told}\n", weakness.name());
        }
    }
    assert!(!table.contains("NOT CAUGHT"), "{table}");
    expect_file!["weakened.txt"].assert_eq(&table);
}

#[test]
fn what_cannot_show_is_shown_by_no_small_history() {
    let small = small();
    assert!(small.len() > 10_000, "{} are few", small.len());
    for model in models::all() {
        let name = model.about().name;
        let reasons = Weakness::ALL.map(|weakness| (weakness, reason(name, weakness)));
        for sessions in &small {
            let whole = word(*model, Weakness::Nothing, sessions);
            for (weakness, reason) in &reasons {
                let Some(reason) = reason else { continue };
                let (weak, what) = (word(*model, *weakness, sessions), weakness.name());
                assert_eq!(whole, weak, "{name} that {what} says so of\n{sessions}\nthough {reason}");
            }
        }
    }
}
