//! What processes wrote of themselves: joined into one trace, or refused with the line at fault.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use constellation_trace::format::jsonl::{self, parts};
use constellation_trace::{Kind, Trace};
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// The part of this process, which began then, with these lines.
fn part(process: &str, began_ns: u64, lines: &[&str]) -> String {
    let header =
        format!(r#"{{"schema":"constellation/part/1","process":"{process}","began_ns":{began_ns}}}"#);
    let mut text = header + "\n";
    lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

fn joined(parts: &[String]) -> Result<parts::Joined, parts::JoinError> {
    parts::join(&parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>())
}

fn check(parts: &[String], expected: Expect) {
    let told = match joined(parts) {
        Ok(joined) => {
            let notes: String = joined.notes.iter().map(|note| format!("· {note}\n")).collect();
            jsonl::to_string(&joined.trace) + &notes
        }
        Err(error) => format!("{error}\n^ {}", error.error.text),
    };
    expected.assert_eq(&told);
}

const ENDED: &str = r#"{"ended_ns":90,"dropped":0}"#;

#[test]
fn a_question_and_its_answer_become_one_trace_whatever_the_order_of_the_parts() {
    let client = part(
        "client",
        1_000,
        &[
            r#"{"event":0,"at_ns":10,"do":"send","to":"server","label":"asks","claims":{"lamport":1,"vector":{"client":1}}}"#,
            r#"{"event":1,"at_ns":40,"do":"receive","sender":"server","sent":2,"claims":{"lamport":5}}"#,
            ENDED,
        ],
    );
    let server = part(
        "server",
        1_000,
        &[
            r#"{"event":0,"at_ns":1,"do":"local","label":"ready"}"#,
            r#"{"event":1,"at_ns":20,"do":"receive","sender":"client","sent":0}"#,
            r#"{"event":2,"at_ns":30,"do":"send","to":"client"}"#,
            ENDED,
        ],
    );
    let parts = [client, server];
    check(
        &parts,
        expect![[r#"
        {"schema":"constellation/trace/1","nodes":["client","server"]}
        {"event":0,"node":"server","at_ns":1,"do":"local","label":"ready"}
        {"event":1,"node":"client","at_ns":10,"do":"local","sends":{"0":"server"},"label":"asks","claims":{"lamport":1,"vector":{"client":1}}}
        {"event":2,"node":"server","at_ns":20,"do":"receive","message":0}
        {"event":3,"node":"server","at_ns":30,"do":"local","sends":{"1":"client"}}
        {"event":4,"node":"client","at_ns":40,"do":"receive","message":1,"claims":{"lamport":5}}
    "#]],
    );
    let [client, server] = parts;
    assert_eq!(joined(&[server.clone(), client.clone()]), joined(&[client, server]));
}

#[test]
fn a_message_that_several_receive_is_one_for_each_and_one_that_comes_twice_is_one() {
    let lines = [r#"{"event":0,"at_ns":1,"do":"send","to":"all"}"#, ENDED];
    let twice = [
        r#"{"event":0,"at_ns":2,"do":"receive","sender":"a","sent":0}"#,
        r#"{"event":1,"at_ns":3,"do":"receive","sender":"a","sent":0}"#,
        ENDED,
    ];
    let once = [r#"{"event":0,"at_ns":4,"do":"receive","sender":"a","sent":0}"#, ENDED];
    check(
        &[part("a", 0, &lines), part("b", 0, &twice), part("c", 0, &once)],
        expect![[r#"
            {"schema":"constellation/trace/1","nodes":["a","b","c"]}
            {"event":0,"node":"a","at_ns":1,"do":"local","sends":{"0":"b","1":"c"}}
            {"event":1,"node":"b","at_ns":2,"do":"receive","message":0}
            {"event":2,"node":"b","at_ns":3,"do":"receive","message":0}
            {"event":3,"node":"c","at_ns":4,"do":"receive","message":1}
        "#]],
    );
}

#[test]
fn what_nobody_received_goes_to_whom_it_was_meant_for() {
    let lines = [
        r#"{"event":0,"at_ns":1,"do":"send","to":"b"}"#,
        r#"{"event":1,"at_ns":2,"do":"send","to":"10.0.0.3:80"}"#,
        r#"{"event":2,"at_ns":3,"do":"send"}"#,
        r#"{"ended_ns":9,"dropped":2}"#,
    ];
    check(
        &[part("a", 0, &lines), part("b", 0, &[])],
        expect![[r#"
            {"schema":"constellation/trace/1","nodes":["a","b","10.0.0.3:80","(elsewhere)"]}
            {"event":0,"node":"a","at_ns":1,"do":"local","sends":{"0":"b"}}
            {"event":1,"node":"a","at_ns":2,"do":"local","sends":{"1":"10.0.0.3:80"}}
            {"event":2,"node":"a","at_ns":3,"do":"local","sends":{"2":"(elsewhere)"}}
            {"nemesis":"in_flight","at_ns":3,"message":0}
            {"nemesis":"in_flight","at_ns":3,"message":1}
            {"nemesis":"in_flight","at_ns":3,"message":2}
            · `a` dropped 2 events
            · the log of `b` was not closed: it was killed, or still runs
        "#]],
    );
}

#[test]
fn a_clock_that_is_behind_is_moved_and_told() {
    let sender = [r#"{"event":0,"at_ns":0,"do":"send","to":"b"}"#, ENDED];
    let receiver = [
        r#"{"event":0,"at_ns":5000000,"do":"receive","sender":"a","sent":0}"#,
        r#"{"event":1,"at_ns":6000000,"do":"local"}"#,
    ];
    check(
        &[part("a", 600_000_000, &sender), part("b", 0, &receiver)],
        expect![[r#"
            {"schema":"constellation/trace/1","nodes":["a","b"]}
            {"event":0,"node":"a","at_ns":600000000,"do":"local","sends":{"0":"b"}}
            {"event":1,"node":"b","at_ns":600000000,"do":"receive","message":0}
            {"event":2,"node":"b","at_ns":600000000,"do":"local"}
            · the log of `b` was not closed: it was killed, or still runs
            · the times of `b` are moved forward by up to 595 ms, or a message would arrive before it was sent: wall clocks disagree by so much at least
        "#]],
    );
}

#[test]
fn a_message_that_nobody_sent_is_refused() {
    let from = |sender: &str, sent: u32| {
        let line = format!(r#"{{"event":0,"at_ns":2,"do":"receive","sender":"{sender}","sent":{sent}}}"#);
        part("b", 0, &[&line])
    };
    let sender = part("a", 0, &[r#"{"event":0,"at_ns":1,"do":"local"}"#]);
    check(
        &[from("a", 0)],
        expect![[r#"
        part 0, line 2, column 37: this was never sent: there is no log of `a`; name its log, too
        ^ {"event":0,"at_ns":2,"do":"receive","sender":"a","sent":0}"#]],
    );
    check(
        &[sender.clone(), from("a", 7)],
        expect![[r#"
        part 1, line 2, column 37: this was never sent: `a` has no event 7, its log holds 1; is its log whole, and of the same run?
        ^ {"event":0,"at_ns":2,"do":"receive","sender":"a","sent":7}"#]],
    );
    check(
        &[sender, from("a", 0)],
        expect![[r#"
        part 1, line 2, column 37: this was never sent: event 0 of `a` is no send; are both logs of the same run?
        ^ {"event":0,"at_ns":2,"do":"receive","sender":"a","sent":0}"#]],
    );
}

#[test]
fn a_circle_of_messages_is_refused() {
    let waits = |process: &str, sender: &str| {
        let receive = format!(r#"{{"event":0,"at_ns":2,"do":"receive","sender":"{sender}","sent":1}}"#);
        part(process, 0, &[&receive, r#"{"event":1,"at_ns":2,"do":"send","to":"x"}"#])
    };
    check(
        &[waits("a", "b"), waits("b", "a")],
        expect![[r#"
        part 1, line 2, column 37: this arrives before it is sent: event 0 of `b` waits for event 1 of `a`, event 0 of `a` waits for event 1 of `b`; one of the logs is of another run, or was changed
        ^ {"event":0,"at_ns":2,"do":"receive","sender":"a","sent":1}"#]],
    );
    check(
        &[waits("a", "a")],
        expect![[r#"
        part 0, line 2, column 37: this arrives before it is sent: event 0 of `a` waits for event 1 of `a`; one of the logs is of another run, or was changed
        ^ {"event":0,"at_ns":2,"do":"receive","sender":"a","sent":1}"#]],
    );
}

#[test]
fn what_is_not_understood_is_refused_where_it_stands() {
    let line = |line: &str| [part("a", 0, &[line])];
    check(
        &line(r#"{"event":1,"at_ns":2,"do":"local"}"#),
        expect![[r#"
        part 0, line 2, column 10: the next event has number 0, this one has 1; numbers start at 0 and leave none out, so that a lost line is noticed
        ^ {"event":1,"at_ns":2,"do":"local"}"#]],
    );
    check(
        &line(r#"{"event":0,"at_ns":2,"do":"locl"}"#),
        expect![[r#"
        part 0, line 2, column 27: unknown word `locl`, known are local, send, receive; did you mean `local`?
        ^ {"event":0,"at_ns":2,"do":"locl"}"#]],
    );
    check(
        &line(r#"{"event":0,"at_ns":2,"do":"local","to":"b"}"#),
        expect![[r#"
        part 0, line 2, column 40: the key `to` means nothing in a line of `local`
        ^ {"event":0,"at_ns":2,"do":"local","to":"b"}"#]],
    );
    check(
        &line(r#"{"ended_ns":2}"#),
        expect![[r#"
        part 0, line 2, column 14: the key `dropped` is missing
        ^ {"ended_ns":2}"#]],
    );
    let again = [r#"{"event":0,"at_ns":7,"do":"local"}"#, r#"{"event":1,"at_ns":6,"do":"local"}"#];
    check(
        &[part("a", 0, &again)],
        expect![[r#"
        part 0, line 3, column 20: expected a time that is not before that of the line above, found 6 after 7
        ^ {"event":1,"at_ns":6,"do":"local"}"#]],
    );
    check(
        &[part("a", 0, &[ENDED, ENDED])],
        expect![[r#"
        part 0, line 3, column 1: expected the end of the log, which was closed, found another line
        ^ {"ended_ns":90,"dropped":0}"#]],
    );
    check(
        &[part("a", 0, &[]), part("a", 0, &[])],
        expect![[r#"
        part 1, line 1, column 44: this cannot have happened: node `a` is named twice; each needs a name of its own
        ^ {"schema":"constellation/part/1","process":"a","began_ns":0}"#]],
    );
    check(
        &[part("a#2", 0, &[])],
        expect![[r#"
        part 0, line 1, column 44: this cannot have happened: node `a#2` is named as the restarted process of another node would be; leave out the `#` and the number, which count the restarts of a node
        ^ {"schema":"constellation/part/1","process":"a#2","began_ns":0}"#]],
    );
    check(
        &["{\"schema\":\"constellation/trace/1\",\"nodes\":[]}\n".to_owned()],
        expect![[r#"
        part 0, line 1, column 35: unknown schema `constellation/trace/1`; it is a whole trace, which needs no joining: `constellation report` draws it
        ^ {"schema":"constellation/trace/1","nodes":[]}"#]],
    );
    check(
        &[String::new()],
        expect![[r#"
        part 0, line 1, column 1: expected the first line, found nothing
        ^ "#]],
    );
}

#[test]
fn a_last_line_that_does_not_end_is_left_out() {
    let lines = [r#"{"event":0,"at_ns":1,"do":"local"}"#];
    let cut = part("a", 0, &lines) + r#"{"event":1,"at_ns":2,"do":"send","to"#;
    check(
        &[cut],
        expect![[r#"
        {"schema":"constellation/trace/1","nodes":["a"]}
        {"event":0,"node":"a","at_ns":1,"do":"local"}
        · the last line of the log of `a` does not end, and is left out
        · the log of `a` was not closed: it was killed, or still runs
    "#]],
    );
    check(
        &[r#"{"schema":"constellation/part/1","process"#.to_owned()],
        expect![[r#"
        part 0, line 1, column 42: the last line does not end; the recorder may have been stopped while writing: remove that line to read the rest
        ^ {"schema":"constellation/part/1","process"#]],
    );
}

#[test]
fn a_trace_says_of_a_part_what_to_do_with_it() {
    let error = jsonl::read(part("a", 0, &[]).as_bytes()).expect_err("it is no trace");
    expect!["line 1, column 34: unknown schema `constellation/part/1`; it is the log of one process: `constellation join` makes a trace of it and those of the others"].assert_eq(&error.to_string());
}

/// What a process does next in a run that is made up: the numbers choose.
#[derive(Clone, Copy, Debug)]
struct Step {
    process: usize,
    does: usize,
    ticks: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_usize..3, 0_usize..8, 0_u64..50);
    proptest::collection::vec(step.prop_map(|(process, does, ticks)| Step { process, does, ticks }), 0..60)
}

/// The events of each process as (its sender, at which of its events), for receives.
type Received = Vec<Vec<Option<(usize, usize)>>>;

/// Makes the run up: what each process writes, and what is to be found in the trace.
fn written(steps: &[Step], skews: [u64; 3]) -> (Vec<String>, Received) {
    let mut lines: [Vec<String>; 3] = Default::default();
    let mut received: Received = vec![Vec::new(); 3];
    let mut at_ns = [0; 3];
    let mut sent = Vec::new();
    for step in steps {
        let (me, number) = (step.process, lines[step.process].len());
        at_ns[me] += step.ticks;
        let start = format!(r#"{{"event":{number},"at_ns":{}"#, at_ns[me]);
        let (rest, cause) = match step.does {
            0..=2 => {
                sent.push((me, number));
                (r#""do":"send","to":"p0""#.to_owned(), None)
            }
            3..=5 if !sent.is_empty() => {
                let (sender, event) = sent[(step.does * 7 + number) % sent.len()];
                (format!(r#""do":"receive","sender":"p{sender}","sent":{event}"#), Some((sender, event)))
            }
            _ => (r#""do":"local""#.to_owned(), None),
        };
        lines[me].push(format!("{start},{rest}}}"));
        received[me].push(cause);
    }
    let part = |me: usize| {
        part(&format!("p{me}"), skews[me], &lines[me].iter().map(|line| &**line).collect::<Vec<_>>())
    };
    ((0..3).map(part).collect(), received)
}

/// The same, as it stands in a trace.
fn found(trace: &Trace) -> Received {
    let mut received: Received = vec![Vec::new(); 3];
    let mut places = Vec::new();
    for event in trace.event_ids() {
        let node = trace.node_of(event).index();
        places.push((node, received[node].len()));
        let cause = match trace.event(event).kind {
            Kind::Receive(message) => Some(places[trace.message(message).send.index()]),
            _ => None,
        };
        received[node].push(cause);
    }
    received
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_clocks_show_causes_are_those_that_were_written(
        steps in steps(),
        skews in [0_u64..1000, 0_u64..1000, 0_u64..1000],
    ) {
        let (parts, written) = written(&steps, skews);
        let joined = joined(&parts).expect("it could have happened");
        prop_assert_eq!(found(&joined.trace), written);
        let text = jsonl::to_string(&joined.trace);
        prop_assert_eq!(jsonl::read(text.as_bytes()).expect("what is written can be read"), joined.trace);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..400) {
        let _ = parts::join(&[&bytes]);
        let whole = part("a", 0, &[r#"{"event":0,"at_ns":1,"do":"receive","sender":"a","sent":0}"#, ENDED]);
        let _ = parts::join(&[&whole.as_bytes()[..cut.min(whole.len())], &bytes]);
    }
}
