//! Luck out of a seed: by name, even, uncorrelated, and the same for ever within a version.

use std::num::NonZeroU32;

use constellation_fabric::{Choices, Odds, Options, Question, Topic};
use constellation_sim::Seeded;
use constellation_trace::NodeId;
use expect_test::expect;

fn question(source: u32, target: u32, nth: u64) -> Question {
    Question { topic: Topic::Latency, source: NodeId::new(source), target: NodeId::new(target), nth }
}

fn uniform(count: u32) -> Options {
    Options::Uniform(NonZeroU32::new(count).expect("tests ask for answers"))
}

#[test]
fn the_answers_of_a_seed_are_these() {
    // A seed replays within a version; a change here is one for the changelog.
    let mut lines = String::new();
    for seed in [0, 1, u64::MAX] {
        let answers =
            (0..6).map(|nth| Seeded::new(seed).choose(question(0, 1, nth), uniform(1_000)).to_string());
        lines += &format!("{seed}: {}\n", answers.collect::<Vec<_>>().join(" "));
    }
    expect![[r#"
        0: 979 155 756 801 550 725
        1: 244 883 575 940 389 789
        18446744073709551615: 683 145 376 454 79 904
    "#]]
    .assert_eq(&lines);
}

/// Whether answers belong to names: asks twice, the second time backwards and with questions between.
fn check_names(mut choices: impl Choices) -> Result<(), String> {
    let forwards: Vec<_> =
        (0..100).map(|nth| (nth, choices.choose(question(0, 1, nth), uniform(1_000)))).collect();
    for (nth, first) in forwards.into_iter().rev() {
        choices.choose(question(1, 0, nth), uniform(1_000));
        let again = choices.choose(question(0, 1, nth), uniform(1_000));
        if again != first {
            return Err(format!("question {nth} was answered {first} and then {again}"));
        }
    }
    Ok(())
}

/// Whether two choosers share no more answers than chance has it: 2,048 ± 320 of 4,096 (ten deviations).
fn check_apart(mut one: impl Choices, mut other: impl Choices) -> Result<(), String> {
    let agree = (0..64)
        .flat_map(|target| (0..64).map(move |nth| question(0, target, nth)))
        .filter(|&name| one.choose(name, uniform(2)) == other.choose(name, uniform(2)))
        .count();
    if agree.abs_diff(2_048) <= 320 { Ok(()) } else { Err(format!("{agree} of 4096 answers agree")) }
}

#[test]
fn answers_belong_to_names_not_to_positions() {
    assert_eq!(check_names(Seeded::new(9)), Ok(()));
}

#[test]
fn a_generator_that_answers_by_position_is_caught() {
    struct ByPosition(u32);
    impl Choices for ByPosition {
        fn choose(&mut self, _question: Question, options: Options) -> u32 {
            self.0 += 1;
            self.0 % options.count().get()
        }
    }
    assert_eq!(check_names(ByPosition(0)), Err("question 99 was answered 100 and then 102".to_owned()));
}

#[test]
fn neighbouring_seeds_have_nothing_in_common() {
    for seed in (0..300).chain([u64::MAX - 1, 1 << 32, 1 << 63]) {
        assert_eq!(check_apart(Seeded::new(seed), Seeded::new(seed.wrapping_add(1))), Ok(()), "seed {seed}");
        assert_eq!(
            check_apart(Seeded::new(seed), Seeded::new(!seed)),
            Ok(()),
            "seed {seed} and its complement"
        );
    }
    for bit in 0..64 {
        assert_eq!(check_apart(Seeded::new(0), Seeded::new(1 << bit)), Ok(()), "bit {bit}");
    }
}

#[test]
fn seeds_that_are_not_mixed_in_are_caught() {
    struct Weak(u64);
    impl Choices for Weak {
        fn choose(&mut self, question: Question, options: Options) -> u32 {
            let bits = (self.0 ^ question.nth).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            u32::try_from(bits % u64::from(options.count().get())).expect("below a u32")
        }
    }
    assert!(check_apart(Weak(0), Weak(1 << 63)).is_err());
}

/// Asks as another question: what is checked is that neighbouring names have nothing in common either.
struct Renamed(fn(Question) -> Question);

impl Choices for Renamed {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        Seeded::new(3).choose((self.0)(question), options)
    }
}

#[test]
fn neighbouring_questions_have_nothing_in_common() {
    let check = |rename| assert_eq!(check_apart(Seeded::new(3), Renamed(rename)), Ok(()));
    check(|name| Question { nth: name.nth + 1, ..name });
    check(|name| Question { topic: Topic::Loss, ..name });
    check(|name| Question { source: NodeId::new(name.source.number() + 1), ..name });
    check(|name| Question { target: NodeId::new(name.target.number() + 1), ..name });
    check(|name| Question { source: NodeId::new(99), target: name.source, nth: name.nth << 32 | 1, ..name });
}

#[test]
fn answers_are_even() {
    let mut counts = [0_u32; 1_000];
    for nth in 0..100_000 {
        counts[Seeded::new(7).choose(question(2, 3, nth), uniform(1_000)) as usize] += 1;
    }
    // 100 ± 60 each: six deviations, for a thousand cells.
    let odd = counts.iter().position(|count| count.abs_diff(100) > 60);
    assert_eq!(odd, None, "{odd:?} came {:?} times in 100000", odd.map(|place| counts[place]));
}

#[test]
fn odds_are_kept_for_every_topic() {
    let often = Odds::ppm(250_000).expect("below a million");
    for topic in [Topic::Latency, Topic::Loss, Topic::Duplicate, Topic::DuplicateLatency] {
        let name = |nth| Question { topic, ..question(2, 3, nth) };
        let happens = |nth, odds| Seeded::new(7).choose(name(nth), Options::Chance(odds)) != 0;
        let times = |odds| (0..100_000).filter(|&nth| happens(nth, odds)).count();
        assert_eq!(times(Odds::NEVER), 0, "{topic}");
        assert_eq!(times(Odds::ALWAYS), 100_000, "{topic}");
        // Ten deviations.
        let quarter = times(often);
        assert!(quarter.abs_diff(25_000) < 1_370, "{quarter} of 100000 is no quarter, for {topic}");
        // The same question under many seeds, as a hunt asks it.
        let seeds = (0..100_000)
            .filter(|&seed| Seeded::new(seed).choose(name(0), Options::Chance(often)) != 0)
            .count();
        assert!(seeds.abs_diff(25_000) < 1_370, "{seeds} of 100000 seeds are no quarter, for {topic}");
    }
}

#[test]
fn the_only_answer_is_zero_and_the_largest_question_has_room() {
    assert_eq!(Seeded::new(1).choose(question(0, 0, 0), uniform(1)), 0);
    let highest = (0..64).map(|nth| Seeded::new(1).choose(question(0, 0, nth), uniform(u32::MAX))).max();
    assert!(highest > Some(u32::MAX / 4 * 3), "of 64 answers the highest is {highest:?}");
}
