//! Questions have names that last, and odds are exact.

use std::num::NonZeroU32;

use constellation_fabric::{Calm, Choices, Odds, Options, Question, Topic};
use constellation_trace::NodeId;
use expect_test::expect;

const TOPICS: &[Topic] = Topic::ALL;

#[test]
fn the_numbers_and_names_of_topics_stay_for_ever() {
    // Seeds and tapes hang on them: a change here breaks every recorded run.
    let table: Vec<_> = TOPICS.iter().map(|topic| format!("{} {topic}", topic.number())).collect();
    expect![[r#"
        1 latency
        2 loss
        3 duplicate
        4 duplicate-latency
        5 corrupt-seen
        6 corrupt-unseen
        7 corrupt-how
        8 flap
        9 isolate
        20 crash-before
        21 crash-after
        22 down
        23 amnesia
        24 pause
        25 pause-time
        26 suspend
        27 suspend-time
        28 slow
        29 wall-step
        30 wall-step-size
        31 disk-full
        32 unsynced
        33 torn
        34 bit-rot
        35 bit-rot-place
        36 unsynced-writes
        37 wall-freeze
        38 wall-freeze-time
        39 wall-year
        50 wall-year-back"#]]
    .assert_eq(&table.join("\n"));
}

#[test]
fn a_topic_is_found_by_its_name_and_by_no_other() {
    assert!(TOPICS.is_sorted() && TOPICS.iter().all(|topic| Topic::named(topic.name()) == Some(*topic)));
    assert_eq!((Topic::named("Latency"), Topic::named("")), (None, None));
}

#[test]
fn the_calm_run_answers_zero_to_everything() {
    let options = [Options::Uniform(NonZeroU32::MAX), Options::Chance(Odds::ALWAYS)];
    for (topic, options) in TOPICS.iter().flat_map(|&topic| options.map(|options| (topic, options))) {
        let question = Question { topic, source: NodeId::new(0), target: NodeId::new(1), nth: u64::MAX };
        assert_eq!(Calm.choose(question, options), 0, "{topic}");
        // A borrowed chooser is a chooser, so that a driver may lend its own.
        assert_eq!((&mut &mut Calm).choose(question, options), 0, "{topic}");
    }
}

#[test]
fn odds_are_at_most_always() {
    assert_eq!(Odds::ppm(1_000_000), Some(Odds::ALWAYS));
    assert_eq!(Odds::ppm(1_000_001), None);
    assert_eq!(Odds::ppm(250).map(Odds::per_million), Some(250));
    assert_eq!(Odds::default(), Odds::NEVER);
    assert_eq!(Options::Chance(Odds::NEVER).count().get(), 2);
}
