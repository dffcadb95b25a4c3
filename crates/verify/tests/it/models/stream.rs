//! A stream finds what the whole history shows, and holds only what is open.

use constellation_trace::{Completion, History, TrueTime};
use constellation_verify::models::{
    Finding, Linearizable, Queue, Register, Specification, Stream, StreamError,
};
use expect_test::expect;
use proptest::prelude::*;

use super::objects::{Drawn, call, from_drawn, history, number, patience};

/// Beginnings and ends in the order in which a stream is told them: at one time, beginnings first but after the session's
/// own last end.
fn events(history: &History) -> Vec<(usize, bool)> {
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    for (nth, operation) in history.operations().iter().enumerate() {
        events.push((operation.invoked.at.ns() * 2 + 1, nth, false));
        let end = operation
            .returned_at()
            .map_or(u64::MAX, |at| (at.ns() * 2).max(operation.invoked.at.ns() * 2 + 1));
        events.push((end, nth, true));
    }
    events.sort_by_key(|(time, nth, is_end)| (*time, *nth, *is_end));
    events.into_iter().map(|(_, nth, is_end)| (nth, is_end)).collect()
}

/// The same operations at times that are all different, in the order in which a stream is told of them.
fn apart(history: &History) -> History {
    let mut operations = history.operations().to_vec();
    for (time, (nth, is_end)) in (1..).zip(events(history)) {
        let at = TrueTime::from_ns(time);
        match (&mut operations[nth].completed, is_end) {
            (Some((moment, _)), true) => moment.at = at,
            (_, false) => operations[nth].invoked.at = at,
            (None, true) => {}
        }
    }
    History::new(operations)
}

/// What a stream finds in the end, and how many operations it held at most after an end.
fn streamed<S: Specification>(spec: &S, history: &History) -> (Finding, usize) {
    let mut stream = Stream::new(spec);
    let mut numbers = vec![0; history.operations().len()];
    let mut held_max = 0;
    for (nth, is_end) in events(history) {
        let operation = &history.operations()[nth];
        match (&operation.completed, is_end) {
            (_, false) => {
                numbers[nth] = stream.invoke(operation.session, operation.call.clone()).expect("few")
            }
            (Some((_, completion)), true) => {
                let completed = stream.complete(numbers[nth], completion.clone(), &mut patience());
                completed.expect("it is under way");
                held_max = held_max.max(stream.held());
            }
            (None, true) => {}
        }
    }
    (stream.finish(&mut patience()).expect("all are of it"), held_max)
}

#[test]
fn a_stream_holds_what_is_open_and_nothing_else() {
    let lines: Vec<String> = (0..2_000_u64)
        .map(|nth| format!("{} {}..{} write x {nth}", nth % 3, nth * 10 + 1, nth * 10 + 12 - nth % 4 * 3))
        .collect();
    let (finding, held) = streamed(&Register::default(), &history(&lines.join("\n")));
    assert_eq!((finding.word(), held), ("holds", 2));
}

#[test]
fn what_is_open_happens_once_through_all_of_a_stream() {
    // Two that stay open lead to 1: from anything, and from 2. So after two writes 1 is read again, but not after three.
    let check = |rest: &str, expected: &str| {
        let text = "0 1.. write x 1\n1 1.. set x 2 1\n2 3..4 write x 2\n2 5..6 read x = 1\n2 7..8 write x 3";
        let text = format!("{text}\n2 9..10 read x = 1\n{rest}");
        assert_eq!(streamed_in_windows(&history(&text), 2).word(), expected, "{text}");
        let whole = Linearizable::judge_as(&Register::default(), &history(&text), &mut patience());
        assert_eq!(whole.word(), expected, "{text}");
    };
    check("2 11..12 write x 2\n2 13..14 read x = 1", "violated");
    check("2 11..12 write x 2\n2 13..14 read x = 2", "holds");
}

/// What a stream finds when the client of the first operations gives up at once.
fn streamed_in_windows(history: &History, given_up: usize) -> Finding {
    let register = Register::default();
    let mut stream = Stream::new(&register);
    let mut numbers = vec![0; history.operations().len()];
    for (nth, is_end) in events(history) {
        let operation = &history.operations()[nth];
        let completion = operation.completed.as_ref().map(|(_, completion)| completion.clone());
        if !is_end {
            numbers[nth] = stream.invoke(operation.session, operation.call.clone()).expect("few");
        }
        if is_end == completion.is_some() && (is_end || nth < given_up) {
            let unknown = Completion::Unknown { reason: String::new() };
            let completed = stream.complete(numbers[nth], completion.unwrap_or(unknown), &mut patience());
            completed.expect("it is under way");
        }
    }
    stream.finish(&mut patience()).expect("all are of it")
}

#[test]
fn a_stream_says_at_once_what_is_wrong_and_refuses_what_never_began() {
    let mut stream = Stream::new(&Queue);
    let enqueue = |value: &str| call("enqueue", &[value]);
    let mut patience = patience();
    for value in ["1", "2"] {
        let number = stream.invoke(0, enqueue(value)).expect("few");
        assert_eq!(stream.complete(number, Completion::Done, &mut patience), Ok(&Finding::Holds));
    }
    let wrong = stream.invoke(1, call("dequeue", &[])).expect("few");
    let shown = Completion::Shows(vec!["2".to_owned()]);
    let Ok(Finding::Violated(anomaly)) = stream.complete(wrong, shown, &mut patience) else {
        panic!("it was not first")
    };
    expect!["no order of what was done by the end of t2 explains it, with what was before"]
        .assert_eq(&anomaly.found);
    assert_eq!(stream.complete(wrong, Completion::Done, &mut patience), Err(StreamError::NotUnderWay(2)));
    let foreign = stream.invoke(1, call("acquire", &[])).expect("few");
    let held = stream.held();
    let busy = stream.invoke(1, call("dequeue", &[])).expect_err("one after the other");
    expect!["session 1 has an operation that has not ended, or nobody knows how"]
        .assert_eq(&busy.to_string());
    let refused = stream.complete(foreign, Completion::Done, &mut patience).map(|_| ());
    expect!["operation 3: a queue has no operation `acquire`"]
        .assert_eq(&refused.expect_err("a queue has no such operation").to_string());
    assert_eq!((stream.held(), stream.finding().word()), (held, "violated"), "nothing has changed");
    let unfinished = stream.finish(&mut patience).expect_err("it is still under way");
    expect!["operation 3: a queue has no operation `acquire`"].assert_eq(&unfinished.to_string());
}

#[test]
fn what_ended_as_it_cannot_is_still_under_way() {
    let mut stream = Stream::new(&Queue);
    let mut patience = patience();
    let enqueue = stream.invoke(0, call("enqueue", &["1"])).expect("few");
    stream.complete(enqueue, Completion::Done, &mut patience).expect("it is under way");
    let first = stream.invoke(0, call("dequeue", &[])).expect("few");
    let two = Completion::Shows(["1", "2"].map(str::to_owned).to_vec());
    let refused = stream.complete(first, two, &mut patience).map(|_| ());
    expect!["operation 1: `dequeue` of a queue shows 2 values"]
        .assert_eq(&refused.expect_err("it shows one at most").to_string());
    // It may have taken the value, so whoever finds nothing is right.
    let second = stream.invoke(1, call("dequeue", &[])).expect("few");
    let nothing = Completion::Shows(Vec::new());
    assert_eq!(stream.complete(second, nothing, &mut patience), Ok(&Finding::Holds));
    let one = Completion::Shows(vec!["1".to_owned()]);
    assert_eq!(stream.complete(first, one, &mut patience), Ok(&Finding::Holds));
    assert_eq!(stream.finish(&mut patience), Ok(Finding::Holds));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_finds_what_the_whole_history_shows(drawn in proptest::collection::vec(any::<Drawn>(), 1..9)) {
        let text = |kind: u8, value: u8, answer: u8| match kind % 3 {
            0 => format!("write {} {}", ["x", "y"][usize::from(value > 200)], number(value)),
            1 => format!("set x {} {}", number(value), number(answer)),
            _ => format!("read x = {}", number(answer)),
        };
        let history = from_drawn(&drawn, text);
        let whole = Linearizable::judge_as(&Register::default(), &apart(&history), &mut patience());
        let (finding, _) = streamed(&Register::default(), &history);
        prop_assert_eq!(whole.word(), finding.word(), "{:?}", history);
    }
}
