//! The odometer: every combination once, in one order; what it leaves out it says.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use constellation_fabric::{Choices, Options, Question, Topic};
use constellation_sim::choices::{Bounded, Bounds, Coverage};
use constellation_sim::{Answers, Odometer, Player};
use constellation_trace::NodeId;
use proptest::prelude::*;

fn ask(choices: &mut dyn Choices, nth: u64, count: u32) -> u32 {
    let question = Question { topic: Topic::Latency, source: NodeId::new(0), target: NodeId::new(1), nth };
    choices.choose(question, Options::Uniform(NonZeroU32::new(count).expect("tests have answers")))
}

/// All runs of `run` within `bounds`: what each returned, and its deviations.
fn turn<T>(bounds: Bounds, mut run: impl FnMut(&mut dyn Choices) -> T) -> (Vec<(T, Answers)>, Coverage) {
    let mut odometer = Odometer::new(bounds);
    let mut runs = Vec::new();
    while odometer.advance() {
        let came = run(&mut odometer);
        runs.push((came, odometer.answers()));
    }
    assert!(!odometer.advance(), "once at its end it stays there");
    (runs, odometer.coverage())
}

#[test]
fn digits_turn_like_those_of_an_odometer() {
    let run = |choices: &mut dyn Choices| [2, 1, 3].map(|count| ask(choices, u64::from(count), count));
    let (runs, coverage) = turn(Bounds::default(), run);
    let digits: Vec<_> = runs.iter().map(|(digits, _)| *digits).collect();
    assert_eq!(digits, [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2]]);
    assert_eq!(coverage, Coverage::Complete { runs: 6 });
}

#[test]
fn what_asks_nothing_has_one_run() {
    assert_eq!(turn(Bounds::default(), |_| ()).1, Coverage::Complete { runs: 1 });
}

#[test]
fn each_bound_is_named_when_it_leaves_something_out() {
    let run = |choices: &mut dyn Choices| [0, 1, 2].map(|nth| ask(choices, nth, 5));
    let check = |bounds, runs, by| assert_eq!(turn(bounds, run).1, Coverage::Bounded { runs, by });
    let (all, none) = (Bounds::default(), Bounded::default());
    check(Bounds { runs_max: 124, ..all }, 124, Bounded { by_runs: true, ..none });
    check(Bounds { questions_max: 2, ..all }, 25, Bounded { by_questions: true, ..none });
    check(Bounds { deviations_max: 1, ..all }, 13, Bounded { by_deviations: true, ..none });
    check(Bounds { deviations_max: 0, ..all }, 1, Bounded { by_deviations: true, ..none });
    let three = NonZeroU32::new(3).expect("3 is not 0");
    check(Bounds { levels_max: three, ..all }, 27, Bounded { by_levels: true, ..none });
    // Bounds that leave nothing out are none.
    for bounds in [
        Bounds { runs_max: 125, ..all },
        Bounds { questions_max: 3, ..all },
        Bounds { deviations_max: 3, ..all },
        Bounds { levels_max: NonZeroU32::new(5).expect("5 is not 0"), ..all },
    ] {
        assert_eq!(turn(bounds, run).1, Coverage::Complete { runs: 125 }, "{bounds:?}");
    }
    let told = turn(Bounds { runs_max: 3, questions_max: 2, ..all }, run).1.to_string();
    assert_eq!(told, "3 runs, bounded by the number of runs, questions");
}

#[test]
fn levels_are_spread_from_the_calm_to_the_most() {
    let levels_max = NonZeroU32::new(5).expect("5 is not 0");
    let (runs, _) = turn(Bounds { levels_max, ..Bounds::default() }, |choices| ask(choices, 0, 1_000));
    assert_eq!(runs.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [0, 249, 499, 749, 999]);
}

#[test]
fn a_run_that_is_not_repeatable_is_told() {
    let mut runs = 0;
    let moody = |choices: &mut dyn Choices| {
        runs += 1;
        ask(choices, 0, 2);
        ask(choices, runs, 2);
    };
    // The second run raises the second digit; by then it is another question.
    let (_, coverage) = turn(Bounds::default(), moody);
    assert!(matches!(coverage, Coverage::Strayed { runs: 2, then: Some(_), .. }), "{coverage:?}");
    let mut runs = 0;
    let tired = |choices: &mut dyn Choices| {
        runs += 1;
        if runs == 1 {
            ask(choices, 0, 2);
        }
    };
    let (_, coverage) = turn(Bounds::default(), tired);
    assert!(matches!(coverage, Coverage::Strayed { runs: 2, then: None, .. }), "{coverage:?}");
}

/// A tree of questions: how many answers there are depends on what was answered.
fn walk(shape: u64, choices: &mut dyn Choices) -> Vec<u32> {
    let mut path = Vec::new();
    let mut state = shape;
    while path.len() < 5 && state % 7 > 1 {
        let count = u32::try_from(1 + state % 4).expect("at most 4");
        // Which question it is depends on the path too.
        let answer = ask(choices, state % 1_000 * 10 + path.len() as u64, count);
        path.push(answer);
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(answer) + 1) >> 3;
    }
    path
}

/// The slow twin: asks for every path by recursion, playing each prefix from the start.
fn twin(shape: u64, prefix: &mut Vec<u32>, found: &mut Vec<Vec<u32>>) {
    struct Prefix<'a>(&'a [u32], usize, u32);
    impl Choices for Prefix<'_> {
        fn choose(&mut self, _question: Question, options: Options) -> u32 {
            let answer = self.0.get(self.1).copied().unwrap_or(0);
            if self.1 == self.0.len() {
                self.2 = options.count().get();
            }
            self.1 += 1;
            answer
        }
    }
    let mut played = Prefix(prefix, 0, 0);
    let path = walk(shape, &mut played);
    let count = played.2;
    if path.len() == prefix.len() {
        found.push(path);
        return;
    }
    for answer in 0..count {
        prefix.push(answer);
        twin(shape, prefix, found);
        prefix.pop();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_path_of_the_tree_comes_once_in_order(shape in any::<u64>()) {
        let (runs, coverage) = turn(Bounds::default(), |choices| walk(shape, choices));
        let mut expected = Vec::new();
        twin(shape, &mut Vec::new(), &mut expected);
        prop_assert_eq!(coverage, Coverage::Complete { runs: expected.len() as u64 });
        prop_assert_eq!(runs.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), expected);
        for (path, answers) in &runs {
            prop_assert_eq!(&walk(shape, &mut Player::new(answers)), path);
        }
        prop_assert_eq!(runs.iter().map(|(_, answers)| answers).collect::<BTreeSet<_>>().len(), runs.len());
    }

    #[test]
    fn bounded_deviations_are_those_of_all_with_so_few(shape in any::<u64>(), deviations_max in 0_u32..4) {
        let (all, _) = turn(Bounds::default(), |choices| walk(shape, choices));
        let bounds = Bounds { deviations_max, ..Bounds::default() };
        let (few, coverage) = turn(bounds, |choices| walk(shape, choices));
        let expected: Vec<_> =
            all.iter().filter(|(_, answers)| answers.len() <= deviations_max as usize).cloned().collect();
        prop_assert_eq!(few.len() == all.len(), matches!(coverage, Coverage::Complete { .. }));
        prop_assert_eq!(few, expected);
    }
}
