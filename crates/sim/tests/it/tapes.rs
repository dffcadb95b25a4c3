//! Tapes: what is noted plays again, what is written is read, what is wrong is told with its place.

use std::num::NonZeroU32;

use constellation_fabric::{Choices, Options, Question, Topic};
use constellation_sim::choices::{Answer, Mismatch, Provenance, TapeError, TapeProblem};
use constellation_sim::{Answers, Player, Recorder, Seeded, Tape, World};
use constellation_trace::format::jsonl;
use constellation_trace::{Names, NodeId};
use expect_test::{Expect, expect};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::gossip::{Gossip, Memory, everything};

fn names() -> Names {
    ["pacific", "indian_ocean", "atlantic", "antarctic", "a \"b\" \\ c\n", "Москва", "->", "#", "%,:=/"]
        .into_iter()
        .collect()
}

fn question(topic: Topic, source: u32, target: u32, nth: u64) -> Question {
    Question { topic, source: NodeId::new(source), target: NodeId::new(target), nth }
}

fn answer(question: Question, value: u32, count: u32) -> Answer {
    let count = NonZeroU32::new(count).expect("tests have answers");
    Answer::new(question, value, count).expect("tests answer in range")
}

/// The trace of the gossip scenario as text, with these answers.
fn play(choices: impl Choices) -> String {
    let world = World::new(everything(), choices, |node| Gossip::new(node, 4, Memory::Persisted));
    let outcome = world.and_then(World::run).expect("the scenario is sound");
    jsonl::to_string(&outcome.trace)
}

fn record(seed: u64) -> (String, Answers) {
    let mut recorder = Recorder::new(Seeded::new(seed));
    let text = play(&mut recorder);
    (text, recorder.into_answers())
}

#[test]
fn a_recorded_run_plays_again_byte_for_byte() {
    for seed in 0..20 {
        let (text, answers) = record(seed);
        assert!(answers.len() > 100, "a run of {} deviations proves little", answers.len());
        let tape =
            Tape::new(Provenance::new("everything", "0", seed), names(), answers).expect("all have names");
        let read = Tape::parse(&tape.to_string(), &names()).expect("what is written is read");
        let mut player = read.player();
        assert!(play(&mut player) == text, "seed {seed} plays otherwise");
        assert_eq!(player.leftovers(), []);
    }
}

#[test]
fn without_answers_the_run_is_the_calm_one() {
    assert_eq!(play(Player::new(&Answers::new())), play(constellation_fabric::Calm));
}

#[test]
fn editing_one_answer_does_not_shift_the_others() {
    let (_, answers) = record(3);
    let removed = answers.as_slice()[answers.len() / 2].question();
    let mut edited = answers.clone();
    edited.remove(removed);
    let mut recorder = Recorder::new(Player::new(&edited));
    play(&mut recorder);
    let played = recorder.into_answers();
    // Whatever is still asked is answered as before, and nothing else is.
    assert!(played.iter().all(|noted| answers.get(noted.question()) == Some(noted)));
    assert!(played.get(removed).is_none());
    assert!(played.len() * 2 > answers.len(), "most is still asked");
}

#[test]
fn a_tape_that_answers_by_position_is_caught() {
    struct ByPosition(Vec<u32>);
    impl Choices for ByPosition {
        fn choose(&mut self, _question: Question, options: Options) -> u32 {
            self.0.pop().unwrap_or(0).min(options.count().get() - 1)
        }
    }
    let (text, answers) = record(3);
    let values = answers.as_slice().iter().rev().map(Answer::value).collect();
    assert!(play(ByPosition(values)) != text);
}

#[test]
fn answers_that_no_longer_fit_are_reported_and_not_used_for_others() {
    let options = |count| Options::Uniform(NonZeroU32::new(count).expect("tests have answers"));
    let latency = |nth| question(Topic::Latency, 0, 1, nth);
    let answers: Answers =
        (0..4).map(|nth| answer(latency(nth), 700, 1_000)).chain([answer(latency(9), 1, 2)]).collect();
    let mut player = Player::new(&answers);
    assert_eq!(player.choose(latency(0), options(1_000)), 700);
    assert_eq!(player.choose(latency(1), options(500)), 0);
    assert_eq!(player.choose(latency(2), options(2_000)), 700);
    assert_eq!(player.choose(question(Topic::Latency, 1, 0, 3), options(1_000)), 0);
    let told: Vec<_> =
        player.leftovers().iter().map(|leftover| leftover.show(&names()).to_string()).collect();
    expect![[r"
        latency pacific -> indian_ocean #1 = 700 of 1000: there are only 500 answers now, so 0 was answered
        latency pacific -> indian_ocean #2 = 700 of 1000: there are 2000 answers now; it was used, but may mean something else
        latency pacific -> indian_ocean #3 = 700 of 1000: this was not asked, so the answer was not used
        latency pacific -> indian_ocean #9 = 1 of 2: this was not asked, so the answer was not used"]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn a_recorder_notes_what_happened_whatever_the_chooser_says() {
    struct Beyond;
    impl Choices for Beyond {
        fn choose(&mut self, question: Question, _options: Options) -> u32 {
            if question.nth == 0 { u32::MAX } else { 0 }
        }
    }
    let mut recorder = Recorder::new(Beyond);
    let ten = Options::Uniform(NonZeroU32::new(10).expect("10 is not 0"));
    let name = |nth| question(Topic::Latency, 0, 1, nth);
    assert_eq!((recorder.choose(name(0), ten), recorder.choose(name(1), ten)), (9, 0));
    assert_eq!(recorder.into_answers().as_slice(), [answer(name(0), 9, 10)]);
}

#[test]
fn of_two_answers_to_one_question_the_later_stays() {
    let name = question(Topic::Latency, 0, 1, 0);
    let answers: Answers = [answer(name, 1, 10), answer(name, 2, 10)].into_iter().collect();
    assert_eq!(answers.as_slice(), [answer(name, 2, 10)]);
}

#[test]
fn both_spellings_are_golden() {
    let answers = [
        answer(question(Topic::Latency, 0, 2, 3), 17, 1_000),
        answer(question(Topic::Loss, 4, 5, u64::MAX), 1, 2),
        answer(question(Topic::DuplicateLatency, 6, 8, 0), u32::MAX - 1, u32::MAX),
    ];
    let provenance = Provenance { version: "0.1.0".into(), ..Provenance::new("mss 17", "", u64::MAX) };
    let tape = Tape::new(provenance, names(), answers.into_iter().collect()).expect("all have names");
    expect![[r#"
        constellation tape 1
        version 0.1.0
        scenario "mss 17"
        hash ""
        seed 18446744073709551615
        latency pacific -> atlantic #3 = 17 of 1000
        loss "a \"b\" \\ c\u{a}" -> "Москва" #18446744073709551615 = 1 of 2
        duplicate-latency "->" -> "%,:=/" #0 = 4294967294 of 4294967295
    "#]]
    .assert_eq(&tape.to_string());
    expect!["tape=1,version=0.1.0,scenario=mss%2017,hash=,seed=18446744073709551615,latency:pacific:atlantic:3=17/1000,loss:a%20%22b%22%20%5c%20c%0a:%d0%9c%d0%be%d1%81%d0%ba%d0%b2%d0%b0:18446744073709551615=1/2,duplicate-latency:-%3e:%25%2c%3a%3d%2f:0=4294967294/4294967295"].assert_eq(&tape.line());
}

#[test]
fn a_person_may_add_blank_lines_comments_and_spaces() {
    let plain = "constellation tape 1\nversion 0.1.0\nscenario mss-17\nhash 3f2a\nseed 17\n\
                 latency pacific -> atlantic #3 = 17 of 1000\n";
    let edited = "\u{feff}# why: see below\r\nconstellation  tape 1\r\n\r\nversion 0.1.0\nscenario \"mss-17\"\n\
                  hash 3f2a\nseed 17\n\n# late enough to be overtaken\n\
                  \t latency \"pacific\"   -> atlantic #3 = 17 of 1000  ";
    assert_eq!(Tape::parse(edited, &names()).map(|tape| tape.to_string()), Ok(plain.to_owned()));
}

#[test]
fn answers_in_any_order_are_the_same_tape() {
    let lines = [
        "latency pacific -> atlantic #3 = 17 of 1000\n",
        "loss pacific -> atlantic #3 = 1 of 2\n",
        "loss pacific -> atlantic #4 = 1 of 2\n",
    ];
    let sorted = format!("{HEAD}{}", lines.concat());
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0]] {
        let text = format!("{HEAD}{}", order.map(|line| lines[line]).concat());
        assert_eq!(Tape::parse(&text, &names()).map(|tape| tape.to_string()), Ok(sorted.clone()), "{text}");
    }
    let items = ["loss:pacific:atlantic:4=1/2", "latency:pacific:atlantic:3=17/1000"].map(str::to_owned);
    let line = |items: &[String]| {
        format!("tape=1,version=0.1.0,scenario=mss-17,hash=3f2a,seed=17,{}", items.join(","))
    };
    let read = Tape::parse_line(&line(&items), &names()).map(|tape| tape.line());
    assert_eq!(read, Ok(line(&[items[1].clone(), items[0].clone()])));
}

#[test]
fn what_changed_since_is_told() {
    let tape = Provenance { version: "0.0.9".into(), ..Provenance::new("mss-17", "3f2a", 1) };
    let here = Provenance { version: "0.1.0".into(), ..Provenance::new("mss-17", "9999", 2) };
    let told: Vec<_> = tape.mismatches(&here).iter().map(Mismatch::to_string).collect();
    assert_eq!(
        told,
        [
            "the tape was written by version 0.0.9, this is version 0.1.0",
            "the scenario has changed since: its digest was 3f2a, now it is 9999"
        ]
    );
    assert_eq!(here.mismatches(&here), []);
}

const HEAD: &str = "constellation tape 1\nversion 0.1.0\nscenario mss-17\nhash 3f2a\nseed 17\n";

/// Shows what is said of each text.
fn check(texts: &[&str], expected: Expect) {
    let tell = |text: &&str| {
        let told = Tape::parse(&text.replace("HEAD ", HEAD), &names()).expect_err("the tape is wrong");
        format!("{}\n    {told}\n", text.escape_debug())
    };
    expected.assert_eq(&texts.iter().map(tell).collect::<String>());
}

fn check_line(lines: &[&str], expected: Expect) {
    let head = "tape=1,version=0.1.0,scenario=mss-17,hash=3f2a,seed=17,";
    let tell = |line: &&str| {
        let told = Tape::parse_line(&line.replace("HEAD ", head), &names()).expect_err("the tape is wrong");
        format!("{line}\n    {told}\n")
    };
    expected.assert_eq(&lines.iter().map(tell).collect::<String>());
}

#[test]
fn a_head_that_is_wrong_is_refused_with_its_place() {
    let texts = [
        "",
        "tape 1",
        "constellation",
        "constellation tape 2\nversion 0.1.0\nscenario a\nhash b\nseed 17",
        "constellation tape 1\nscenario a",
        "constellation tape 1\nversion",
        "constellation tape 1\nversion 1 2",
        "constellation tape 1\nversion \"1",
        "constellation tape 1\nversion 0\nscenario a\nhash \"\\x\"",
        "constellation tape 1\nversion 0\nscenario a\nhash b\nseed 017",
        "constellation tape 1\nversion 0\nscenario a\nhash b\nseed 18446744073709551616",
        "constellation tape 1\nversion 0\nscenario a\nhash b\n",
    ];
    check(
        &texts,
        expect![[r#"

            expected `constellation tape`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        tape 1
            line 1, column 1: expected `constellation tape 1`, found `tape`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        constellation
            line 1, column 14: expected `constellation tape`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        constellation tape 2\nversion 0.1.0\nscenario a\nhash b\nseed 17
            line 1, column 20: unknown format `2`; this version reads format 1
        constellation tape 1\nscenario a
            line 2, column 1: expected `version`, found `scenario`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        constellation tape 1\nversion
            line 2, column 8: expected a version, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        constellation tape 1\nversion 1 2
            line 2, column 11: expected the end of the line, found `2`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        constellation tape 1\nversion \"1
            line 2, column 9: this quoted word does not end; end it with `"` on the same line, then a space
        constellation tape 1\nversion 0\nscenario a\nhash \"\\x\"
            line 4, column 6: this escapes nothing; in quotes write `\\`, `\"` or `\u{…}`; in a one-line tape `%` and two hexadecimal digits
        constellation tape 1\nversion 0\nscenario a\nhash b\nseed 017
            line 5, column 6: `017` is not a number that can stand here; write a whole number from 0 to 18446744073709551615, with digits alone and no 0 in front
        constellation tape 1\nversion 0\nscenario a\nhash b\nseed 18446744073709551616
            line 5, column 6: `18446744073709551616` is not a number that can stand here; write a whole number from 0 to 18446744073709551615, with digits alone and no 0 in front
        constellation tape 1\nversion 0\nscenario a\nhash b\n
            line 4, column 7: expected `seed`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
    "#]],
    );
}

#[test]
fn an_answer_that_is_wrong_is_refused_with_its_place() {
    let texts = [
        "HEAD latency",
        "HEAD latency pacific > atlantic #3 = 17 of 1000",
        "HEAD latency pacific -> atlantic 3 = 17 of 1000",
        "HEAD latency pacific -> atlantic #3 = 17 of",
        "HEAD latency pacific -> atlantic #3 = 17 of 1000 x",
        "HEAD latincy pacific -> atlantic #3 = 17 of 1000",
        "HEAD latency pacific -> moon #3 = 17 of 1000",
        "HEAD latency pasific -> atlantic #3 = 17 of 1000",
        "HEAD latency pacific -> atlantic #-3 = 17 of 1000",
        "HEAD latency pacific -> atlantic #3 = 0 of 1000",
        "HEAD latency pacific -> atlantic #3 = 1000 of 1000",
        "HEAD latency pacific -> atlantic #3 = 1 of 0",
        "HEAD latency pacific -> atlantic #3 = 1 of 4294967296",
        "HEAD loss pacific -> atlantic #3 = 1 of 2\nloss pacific -> atlantic #4 = 1 of 2\n# again\n\
         loss pacific -> atlantic #3 = 1 of 2",
    ];
    check(
        &texts,
        expect![[r#"
            HEAD latency
                line 6, column 8: expected `->`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
            HEAD latency pacific > atlantic #3 = 17 of 1000
                line 6, column 17: expected `->`, found `>`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
            HEAD latency pacific -> atlantic 3 = 17 of 1000
                line 6, column 29: expected a number such as `#3`, found `3`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
            HEAD latency pacific -> atlantic #3 = 17 of
                line 6, column 39: expected how many answers there are, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
            HEAD latency pacific -> atlantic #3 = 17 of 1000 x
                line 6, column 45: expected the end of the line, found `x`; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
            HEAD latincy pacific -> atlantic #3 = 17 of 1000
                line 6, column 1: unknown topic `latincy`, did you mean `latency`?; the topics are latency, loss, duplicate, duplicate-latency, corrupt-seen, corrupt-unseen, corrupt-how, flap, isolate, crash-before, crash-after, down, amnesia, pause, pause-time, suspend, suspend-time, slow, wall-step, wall-step-size, disk-full, unsynced, torn, bit-rot, bit-rot-place, unsynced-writes, wall-freeze, wall-freeze-time, wall-year, wall-year-back
            HEAD latency pacific -> moon #3 = 17 of 1000
                line 6, column 20: unknown node `moon`; the nodes are pacific, indian_ocean, atlantic, antarctic, a \"b\" \\ c\n, Москва, ->, #, and 1 more
            HEAD latency pasific -> atlantic #3 = 17 of 1000
                line 6, column 9: unknown node `pasific`, did you mean `pacific`?; the nodes are pacific, indian_ocean, atlantic, antarctic, a \"b\" \\ c\n, Москва, ->, #, and 1 more
            HEAD latency pacific -> atlantic #-3 = 17 of 1000
                line 6, column 29: `-3` is not a number that can stand here; write a whole number from 0 to 18446744073709551615, with digits alone and no 0 in front
            HEAD latency pacific -> atlantic #3 = 0 of 1000
                line 6, column 34: an answer of 0 is no deviation; every question that is not on the tape is answered 0: remove it
            HEAD latency pacific -> atlantic #3 = 1000 of 1000
                line 6, column 34: the question has only 1000 answers; the answers are 1 to 999
            HEAD latency pacific -> atlantic #3 = 1 of 0
                line 6, column 34: the question has only 0 answers; what can be answered with 0 alone is no question: remove it
            HEAD latency pacific -> atlantic #3 = 1 of 4294967296
                line 6, column 39: `4294967296` is not a number that can stand here; write a whole number from 0 to 4294967295, with digits alone and no 0 in front
            HEAD loss pacific -> atlantic #3 = 1 of 2\nloss pacific -> atlantic #4 = 1 of 2\n# again\nloss pacific -> atlantic #3 = 1 of 2
                line 9, column 1: this question is already answered, in line or item 6; keep one of the two
        "#]],
    );
}

#[test]
fn a_line_that_is_wrong_is_refused_with_its_column() {
    let lines = [
        "",
        "tape=9,version=0.1.0,scenario=mss-17,hash=3f2a,seed=17",
        "tape=1,version=0.1.0,scenario=%4,hash=3f2a,seed=17",
        "tape=1,version=0.1.0,scenario=%ff,hash=3f2a,seed=17",
        "HEAD ",
        "HEAD latency:pacific:atlantis:3=17/1000",
        "HEAD latency:pacific:atlantic:3=17:1000",
        "HEAD latency:pacific:atlantic:3=17/1000/2",
        "HEAD loss:pacific:atlantic:3=1/2,loss:pacific:atlantic:3=1/2",
    ];
    check_line(
        &lines,
        expect![[r#"

            expected `constellation tape`, found nothing; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        tape=9,version=0.1.0,scenario=mss-17,hash=3f2a,seed=17
            line 1, column 6: unknown format `9`; this version reads format 1
        tape=1,version=0.1.0,scenario=%4,hash=3f2a,seed=17
            line 1, column 31: this escapes nothing; in quotes write `\\`, `\"` or `\u{…}`; in a one-line tape `%` and two hexadecimal digits
        tape=1,version=0.1.0,scenario=%ff,hash=3f2a,seed=17
            line 1, column 31: this escapes nothing; in quotes write `\\`, `\"` or `\u{…}`; in a one-line tape `%` and two hexadecimal digits
        HEAD 
            line 1, column 56: expected a node, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        HEAD latency:pacific:atlantis:3=17/1000
            line 1, column 72: unknown node `atlantis`, did you mean `atlantic`?; the nodes are pacific, indian_ocean, atlantic, antarctic, a \"b\" \\ c\n, Москва, ->, #, and 1 more
        HEAD latency:pacific:atlantic:3=17:1000
            line 1, column 90: expected how many answers there are, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`
        HEAD latency:pacific:atlantic:3=17/1000/2
            line 1, column 86: `1000/2` is not a number that can stand here; write a whole number from 0 to 4294967295, with digits alone and no 0 in front
        HEAD loss:pacific:atlantic:3=1/2,loss:pacific:atlantic:3=1/2
            line 1, column 84: this question is already answered, in line or item 6; keep one of the two
    "#]],
    );
}

#[test]
fn what_is_too_long_is_refused_before_it_is_held() {
    let problem = |tape: Result<Tape, TapeError>| tape.map_err(|error| error.problem);
    let long = "x".repeat(Tape::WORD_MAX + 1);
    let body = format!("{HEAD}latency {long} -> atlantic #3 = 17 of 1000");
    assert_eq!(problem(Tape::parse(&body, &names())), Err(TapeProblem::WordTooLong));
    let line = format!("tape=1,version={long}");
    assert_eq!(problem(Tape::parse_line(&line, &names())), Err(TapeProblem::WordTooLong));
    let huge = " ".repeat(Tape::TEXT_MAX + 1);
    assert_eq!(problem(Tape::parse(&huge, &names())), Err(TapeProblem::TextTooLong));
    assert_eq!(problem(Tape::parse_line(&huge, &names())), Err(TapeProblem::TextTooLong));
    let commas = ",".repeat(Tape::ANSWERS_MAX + 10);
    assert_eq!(problem(Tape::parse_line(&commas, &names())), Err(TapeProblem::TooManyAnswers));
}

#[test]
fn a_tape_that_could_not_be_read_is_not_made() {
    let nobody: Answers = [answer(question(Topic::Loss, 0, 99, 0), 1, 2)].into_iter().collect();
    let told = Tape::new(Provenance::new("a", "b", 1), names(), nobody).map_err(|error| error.to_string());
    assert_eq!(told, Err("node number 99 has no name; give every node of the run a name".to_owned()));
    let long = Provenance::new("é".repeat(Tape::WORD_MAX / 6 + 1), "b", 1);
    let told = Tape::new(long, names(), Answers::new()).map_err(|error| error.problem);
    assert_eq!(told, Err(TapeProblem::WordTooLong));
}

fn some_answer() -> impl Strategy<Value = Answer> {
    let topic = (0..Topic::ALL.len()).prop_map(|place| Topic::ALL[place]);
    let count = prop_oneof![2_u32..=3, Just(1_000), Just(u32::MAX)];
    (topic, 0..9_u32, 0..9_u32, prop_oneof![0..20_u64, any::<u64>()], count, any::<u32>()).prop_map(
        |(topic, source, target, nth, count, value)| {
            answer(question(topic, source, target, nth), 1 + value % (count - 1), count)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_equal(
        answers in vec(some_answer(), 0..20),
        scenario in ".{0,20}",
        hash in "[0-9a-f]{0,64}",
        seed in any::<u64>(),
    ) {
        let answers: Answers = answers.into_iter().collect();
        let tape = Tape::new(Provenance::new(scenario, hash, seed), names(), answers).expect("all short");
        let text = tape.to_string();
        prop_assert_eq!(&Tape::parse(&text, &names()), &Ok(tape.clone()));
        let line = tape.line();
        prop_assert!(line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.=,:/%".contains(&byte)));
        prop_assert_eq!(Tape::parse_line(&line, &names()), Ok(tape));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[a-z \"\\\\#=>:,/%0-9\n{}ué-]{0,200}", cut in 0_usize..200) {
        // Whatever it is, it is an answer; after a good head the body is reached too.
        let _ = Tape::parse(&text, &names());
        let _ = Tape::parse_line(&text, &names());
        let _ = Tape::parse(&format!("{HEAD}{text}"), &names());
        let tape = Tape::parse(&format!("{HEAD}loss pacific -> \"Москва\" #3 = 1 of 2\n"), &names());
        let (whole, line) = tape.map(|tape| (tape.to_string(), tape.line())).expect("it is right");
        let _ = Tape::parse(&whole.chars().take(cut).collect::<String>(), &names());
        let _ = Tape::parse_line(&line.chars().take(cut).chain(text.chars()).collect::<String>(), &names());
    }
}
