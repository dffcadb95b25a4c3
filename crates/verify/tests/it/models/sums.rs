//! Counters and mutexes: what all operations that are not shown come to is part of the evidence, and is right.

use constellation_trace::{Call, History, Names, Operation};
use constellation_verify::models::{
    Answer, Counter, Finding, Linearizable, Mutex, Patience, Sequential, Specification,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::measured::{alone, counter, growing, mutex, planted};
use super::objects::{history, patience};
use super::random::Luck;

/// The same object, of which nobody knows that it is a sum.
struct Searched<S>(S);

impl<S: Specification> Specification for Searched<S> {
    type Operation = S::Operation;
    type State = S::State;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<S::Operation>, String> {
        self.0.operation(call, answer, texts)
    }

    fn partition<'c>(&self, call: &'c Call) -> &'c str {
        self.0.partition(call)
    }

    fn init(&self) -> S::State {
        self.0.init()
    }

    fn step(&self, state: &S::State, operation: &S::Operation) -> Option<S::State> {
        self.0.step(state, operation)
    }

    fn is_pure(&self, operation: &S::Operation) -> bool {
        self.0.is_pure(operation)
    }
}

fn judged<S: Specification>(
    specification: &S,
    history: &History,
    patience: &mut Patience<'_>,
) -> [Finding; 2] {
    [
        Linearizable::judge_as(specification, history, patience),
        Sequential::judge_as(specification, history, patience),
    ]
}

/// That a search says the same, and that what is shown is wrong by itself, after what leads there.
fn agrees<S: Specification + Copy>(specification: S, history: &History) -> Result<(), TestCaseError> {
    let found = judged(&specification, history, &mut patience());
    let searched = judged(&Searched(specification), history, &mut patience());
    for (nth, (found, searched)) in found.into_iter().zip(searched).enumerate() {
        prop_assert_eq!(found.word(), searched.word(), "{:?}: {:?}", found, history);
        let Finding::Violated(anomaly) = found else { continue };
        let alone = judged(&specification, &alone(history, &anomaly), &mut patience());
        prop_assert_eq!(alone[nth].word(), "violated", "{:?} {:?}", anomaly, history);
    }
    Ok(())
}

/// The same history, of which some operations never ended.
fn with_open(luck: &mut Luck, history: &History) -> History {
    let opened = history.operations().iter().map(|operation| {
        let is_open = luck.below(9) == 0;
        let completed = operation.completed.clone().filter(|_| !is_open);
        Operation { completed, ..operation.clone() }
    });
    History::new(opened.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_sums_tell_a_search_tells_too(seed in any::<u64>(), count in 0..12_usize) {
        let luck = &mut Luck::new(seed);
        // Some have nothing that could be wrong.
        let again = |luck: &mut Luck, which: usize| match which {
            0 => planted(luck, count + 12, counter()).history,
            _ => planted(luck, count + 12, growing()).history,
        };
        for which in 0..2 {
            let history = again(luck, which);
            agrees(Counter, &history)?;
            agrees(Counter, &with_open(luck, &history))?;
        }
        let history = planted(luck, 2 * count + 16, mutex()).history;
        agrees(Mutex, &history)?;
        agrees(Mutex, &with_open(luck, &history))?;
    }
}

/// What is found of both models, and which operations are shown.
fn check<S: Specification>(specification: &S, text: &str, expected: Expect) {
    let history = history(text);
    let findings = judged(specification, &history, &mut patience());
    let lines: Vec<String> = ["linearizable", "sequential"]
        .into_iter()
        .zip(findings)
        .map(|(model, finding)| match finding {
            Finding::Violated(anomaly) => {
                let ids: Vec<String> = anomaly.transactions.iter().map(ToString::to_string).collect();
                format!("{model} {}: {}", ids.join(" "), anomaly.found)
            }
            other => format!("{model} {}", other.word()),
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

/// Operations by two clients, each of which begins before the one before it is over.
fn chain(begin: usize, asked: &[&str]) -> String {
    let line = |(nth, asked): (usize, &&str)| {
        let nth = begin + nth;
        format!("{} {}..{} {asked}\n", nth % 2, nth * 10, nth * 10 + 15)
    };
    asked.iter().enumerate().map(line).collect()
}

#[test]
fn of_a_mutex_that_is_never_quiet_counts_show_that_two_hold_it() {
    let turns = |count| ["acquire", "release"].into_iter().cycle().take(count).collect::<Vec<_>>();
    let mut twice = turns(24);
    twice[13] = "acquire";
    check(
        &Mutex,
        &chain(1, &twice),
        expect![[r#"
        linearizable t13: from held on no order explains s0 acquire: when it ended 8 acquires were over and 6 releases had begun
        sequential t22: from held on no order explains s1 acquire: in all there are 13 acquires and no more than 11 releases"#]],
    );
    let mut none = turns(24);
    none[14] = "release";
    check(
        &Mutex,
        &chain(1, &none),
        expect![[r#"
            linearizable t14: from free on no order explains s1 release: when it ended 8 releases were over and 7 acquires had begun
            sequential t23: from free on no order explains s0 release: in all there are 13 releases and no more than 11 acquires"#]],
    );
    // Nobody knows whether the first who waits for it has got it.
    let open = format!("2 1.. acquire\n3 5..6 release\n{}", chain(1, &twice));
    check(
        &Mutex,
        &open,
        expect![[r#"
            linearizable t2 t15: from free or held on no order explains s1 acquire and s0 acquire: between the beginning of the first and the end of the last 8 acquires began and ended, and 6 releases were under way
            sequential holds"#]],
    );
}

#[test]
fn a_session_cannot_release_more_often_than_the_others_acquire() {
    let acquires = chain(1, &["acquire"; 6]);
    let releases = (0..7).map(|nth| format!("2 {0}..{0} release\n", 200 + nth)).collect::<String>();
    check(
        &Mutex,
        &format!("{acquires}{releases}2 300..301 acquire"),
        expect![[r#"
        linearizable t0 t1 t2: no order of these 3 that respects their times explains them; none gets further than s0 acquire
        sequential t12: from free on no order explains s2 release: its session has 6 releases before it, and 6 acquires there are at most"#]],
    );
}

#[test]
fn of_a_counter_what_all_others_add_shows_what_is_wrong() {
    let adds = vec!["count x 2"; 16];
    check(
        &Counter,
        &(chain(1, &adds) + "2 300..310 read x = 30"),
        expect![[r#"
        linearizable t16: from 32 on no order explains s2 read x shows "30": what was over before it began adds 32
        sequential holds"#]],
    );
    check(
        &Counter,
        &(chain(1, &adds) + "0 155..160 read x = 33"),
        expect![[r#"
        linearizable t16: from at most 32 on no order explains s0 read x shows "33": what was over before it began adds 26, and the 3 under way meanwhile add at least 0 and at most 6
        sequential t16: from at most 32 on no order explains s0 read x shows "33": what is before it in its session adds 16, and the 8 with no place in its session add at least 0 and at most 16"#]],
    );
    // Odd, where only even numbers are added.
    check(
        &Counter,
        &(chain(1, &adds) + "1 175..176 read x = 31"),
        expect![[r#"
        linearizable t16 t15: from 30 on no order of these 2 that respects their times explains them: the 15 that were over before these began add 30
        sequential t16 t1 t3 t5 t7 t9 t11 t13 t15: from 16 on no order of these 9 that respects their sessions explains them: the 8 that were before these in their session add 16"#]],
    );
    check(
        &Counter,
        &(chain(1, &adds) + "2 10..20 read x = 14\n2 300..310 read x = 12"),
        expect![[r#"
        linearizable t0 t1 t16: no order of these 3 that respects their times explains them; none gets further than s2 read x shows "14"
        sequential t16 t17: from 14 on no order explains s2 read x shows "14" and s2 read x shows "12": what is between them adds at least 0"#]],
    );
    check(
        &Counter,
        &(chain(1, &adds) + "2 10..170 read x = 14\n2 171..310 read x = 12\n3 1.. count x -1"),
        expect![[r#"
            linearizable t17: from at least 29 on no order explains s2 read x shows "12": what was over before it began adds 30, and the 2 under way meanwhile add at least -1 and at most 2
            sequential t16 t17: from 14 on no order explains s2 read x shows "14" and s2 read x shows "12": what is between them adds at least -1"#]],
    );
}
