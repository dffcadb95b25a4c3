//! What is written for other tools says the same order of events, is bounded, and is never taken for more than text.

use constellation_report::export::{markdown, mermaid, shiviz};
use constellation_report::{Caption, Edge, Lane, Picture};
use constellation_trace::format::shiviz::{Options, read};
use constellation_trace::{
    Action, Entry, EventId, Judgement, Kind, Loss, MessageId, Nemesis, NodeId, Proof, Trace, TrueTime, sketch,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::hostile::{NAMES, captioned, judged, run};
use crate::pages::violated;
use crate::random;

fn picture<'t>(trace: &'t Trace, judgements: &'t [Judgement]) -> Picture<'t> {
    let mut caption = Caption::default();
    caption.title = "two nodes".to_owned();
    caption.replay = "constellation run it".to_owned();
    Picture::new(trace, judgements, caption)
}

pub(crate) fn log(trace: &Trace) -> String {
    let mut bytes = Vec::new();
    shiviz::write(&picture(trace, &[]), &mut bytes).expect("a vector takes it");
    String::from_utf8(bytes).expect("a log is text")
}

/// Whether an event is before another, or is it: the slow way, backwards along every cause.
pub(crate) fn leads(trace: &Trace, from: EventId, to: EventId) -> bool {
    if from >= to {
        return from == to;
    }
    let event = trace.event(to);
    let previous = (from.number()..to.number()).rev().map(EventId::new);
    let previous = previous.into_iter().find(|other| trace.event(*other).process == event.process);
    let cause = match event.kind {
        Kind::Receive(message) => Some(trace.message(message).send),
        Kind::Restart { from } => from,
        _ => None,
    };
    previous.into_iter().chain(cause).any(|cause| leads(trace, from, cause))
}

/// The first event whose clock in a log is not how many events of each process are in its past, as the trace has it.
fn first_wrong(trace: &Trace, log: &str) -> Option<String> {
    if trace.events().is_empty() {
        return None;
    }
    let log = match read(log.as_bytes(), &Options::default()) {
        Ok(log) => log,
        Err(error) => return Some(error.to_string()),
    };
    let execution = &log.executions[0];
    if (execution.events().len(), log.unmatched.count) != (trace.events().len(), 0) {
        return Some(format!("{} events, {} lines left over", execution.events().len(), log.unmatched.count));
    }
    for (event, logged) in trace.event_ids().zip(execution.events()) {
        let past = trace.event_ids().filter(|other| leads(trace, *other, event));
        let mut counts = vec![0; trace.processes().len()];
        past.for_each(|other| counts[trace.event(other).process.index()] += 1);
        let host = |process: usize| {
            let process = constellation_trace::ProcessId::new(process as u32);
            shiviz::host_name(&trace.process_name(process)).into_owned()
        };
        let counts = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
        let mut expected: Vec<(String, u64)> =
            counts.map(|(process, count)| (host(process), count)).collect();
        let clock = execution.clock(*logged);
        let mut found: Vec<(String, u64)> =
            clock.map(|(name, count)| (execution.host_name(name).to_owned(), count)).collect();
        expected.sort();
        found.sort();
        let is_here = execution.host_name(logged.host) == host(trace.event(event).process.index());
        if expected != found || !is_here {
            return Some(format!("{event}: expected {expected:?}, found {found:?}"));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_clocks_of_an_exported_log_are_happens_before(trace in random::traces()) {
        prop_assert_eq!(first_wrong(&trace, &log(&trace)), None);
    }

    #[test]
    fn any_run_is_written_for_other_tools_within_bounds(trace in random::traces()) {
        let judgements = [violated(&trace, &[], Proof::Rule("r".to_owned()))];
        let picture = picture(&trace, &judgements);
        is_mermaid(&mermaid::draw(&picture).text);
        is_markdown(&markdown::write(&picture).text);
    }
}

#[test]
fn an_export_that_forgets_a_cause_is_caught() {
    let trace = sketch::parse("pacific  a m!\nindian   c m? n!\natlantic n? d").expect("a sketch");
    let sound = log(&trace);
    assert_eq!(first_wrong(&trace, &sound), None);
    let forgetful = |from: &str, to: &str| {
        assert!(sound.contains(from), "{sound}");
        first_wrong(&trace, &sound.replacen(from, to, 1)).unwrap_or_default()
    };
    expect![[r#"e3: expected [("indian", 2), ("pacific", 2)], found [("indian", 2)]"#]]
        .assert_eq(&forgetful("indian {\"pacific\":2,\"indian\":2}", "indian {\"indian\":2}"));
    // A clock that has the cause but not the cause's own past.
    expect![[r#"e5: expected [("atlantic", 1), ("indian", 3), ("pacific", 2)], found [("atlantic", 1), ("indian", 3)]"#]]
        .assert_eq(&forgetful(
            "atlantic {\"pacific\":2,\"indian\":3,\"atlantic\":1}",
            "atlantic {\"indian\":3,\"atlantic\":1}",
        ));
    assert!(forgetful("indian {\"pacific\":2,\"indian\":2}", "indian{").contains("lines left over"));
}

/// A run in which a message is lost, one comes twice, one is on its way at the end, and a node restarts from its disk.
fn eventful() -> Trace {
    let mut trace = Trace::new(["pacific", "indian ocean"]).expect("two names");
    let [one, two] = [NodeId::new(0), NodeId::new(1)];
    let at = TrueTime::from_ms;
    let send = |to| Entry { sends: to, label: "tell", ..Entry::new(one, at(1), Action::Local) };
    trace.record(send(&[two, two, two])).expect("it lives");
    trace
        .record_nemesis(at(1), Nemesis::Partition { group_a: vec![one], group_b: vec![two] })
        .expect("two nodes");
    let [lost, twice, late] = [0, 1, 2].map(MessageId::new);
    trace.record_nemesis(at(1), Nemesis::Lose(lost, Loss::QueueFull)).expect("it was sent");
    trace.record_nemesis(at(1), Nemesis::Duplicate(twice)).expect("it was sent");
    trace.record(Entry::new(two, at(2), Action::Receive(twice))).expect("it was sent");
    let kept = trace.record(Entry::new(two, at(3), Action::Persist)).expect("it lives");
    trace.record(Entry::new(two, at(3), Action::Receive(twice))).expect("it was sent");
    trace.record(Entry::new(two, at(4), Action::Crash)).expect("it lives");
    trace.record_nemesis(at(5), Nemesis::Heal).expect("always");
    trace.record(Entry::new(two, at(6), Action::Restart(Some(kept)))).expect("it crashed");
    trace.record_nemesis(at(7), Nemesis::InFlight(late)).expect("it was sent");
    trace
}

#[test]
fn a_log_says_in_words_what_clocks_cannot() {
    let trace = eventful();
    let expected = expect![[r#"
        (?<event>.*)\n(?<host>\S*) (?<clock>{.*})

        e0 at +0.001000s tell: sends m0 to indian ocean, m1 to indian ocean, m2 to indian ocean; m0 is lost: the queue of the link is full; m1 is duplicated; m2 is on its way when the recording ends
        pacific {"pacific":1}
        e1 at +0.002000s receives m1 from pacific
        indian%20ocean {"pacific":1,"indian%20ocean":1}
        e2 at +0.003000s persists its state
        indian%20ocean {"pacific":1,"indian%20ocean":2}
        e3 at +0.003000s receives m1 from pacific
        indian%20ocean {"pacific":1,"indian%20ocean":3}
        e4 at +0.004000s crashes
        indian%20ocean {"pacific":1,"indian%20ocean":4}
        e5 at +0.006000s restarts as indian ocean#1 from the state of e2
        indian%20ocean#1 {"pacific":1,"indian%20ocean":2,"indian%20ocean#1":1}
    "#]];
    expected.assert_eq(&log(&trace));
    expect!["1 doing of the world that is no event, such as a partition"]
        .assert_eq(&shiviz::left_out(&picture(&trace, &[])).join("\n"));
}

#[test]
fn a_sequence_diagram_has_what_became_of_messages() {
    let trace = eventful();
    let exported = mermaid::draw(&picture(&trace, &[]));
    expect![[r#"
        sequenceDiagram
          participant n0 as pacific
          participant n1 as indian ocean
          Note over n0,n1: partition: pacific | indian ocean
          Note over n0: e0 tell
          n0-xn1: m0 is lost: the queue of the link is full
          n0-xn1: m2 is on its way when the recording ends
          n0->>n1: m1, sent at e0, arrives at e1
          n0->>n1: m1, sent at e0, arrives at e3 once more
          Note over n1: e4 crashes
          Note over n0,n1: over: partition: pacific | indian ocean
          Note over n1: e5 restarts as indian ocean#35;1 from the state of e2
    "#]]
    .assert_eq(&exported.text);
    assert_eq!(exported.left_out, Vec::<String>::new());
    is_mermaid(&exported.text);
}

#[test]
fn an_issue_gets_the_verdict_what_shows_it_and_the_command() {
    let trace = sketch::parse("pacific  a m! b\nindian   c=1 m?=2 d_e=3").expect("a sketch");
    let one = Proof::NoChain { one: EventId::new(0), other: EventId::new(3) };
    let judgements = [violated(&trace, &["a", "d_e"], one)];
    let exported = markdown::write(&picture(&trace, &judgements));
    check(
        &exported.text,
        &expect![[r#"
            ### ✗ violated: two nodes

            Expected: b is shown; but it shows nothing.

            - promised: nothing is lost
            - expected: b is shown
            - found: it shows nothing

            | event | at | time | what | clocks |
            | --- | --- | --- | --- | --- |
            | e0 | pacific | +0.001000s | a |  |
            | e5 | indian | +0.006000s | <code>d&#95;e</code> | lamport 3 |

            Proof:

            1. no chain of messages leads from e0 to e3, nor back

            Smallest schedule found that still fails:

            1. the second message is lost: m1
            1. b

            ```mermaid
            sequenceDiagram
              participant n0 as pacific
              participant n1 as indian
              Note over n0: e0 a
              Note over n0: e1 m#33;
              n0->>n1: m0, sent at e1, arrives at e4
              Note over n1: e4 m#63;
              Note over n1: e5 d_e
              Note over n0,n1: not drawn: 2 events and 0 messages
            ```

            To see it again:

            ```console
            constellation run it
            ```

            Left out here: the run itself: 6 events and 1 message at 2 nodes.
        "#]],
    );
    assert_eq!(exported.left_out, ["the run itself: 6 events and 1 message at 2 nodes"]);
    let nothing = markdown::write(&Picture::new(&trace, &[], Caption::default()));
    check(
        &nothing.text,
        &expect![[r#"
        ### ? unknown

        Nothing was promised of this run, so nothing was judged.

        Left out here: a command that makes the same run: the trace does not tell it; the run itself: 6 events and 1 message at 2 nodes.
    "#]],
    );
}

fn check(text: &str, expected: &Expect) {
    is_markdown(text);
    expected.assert_eq(text);
}

#[test]
fn whatever_somebody_calls_something_is_text_in_every_form() {
    let more = [
        "end",
        "wrap: x",
        "%%{init: {\"theme\":\"dark\"}}%%",
        "x;\nn0->>n1: forged",
        "#35;",
        "| a | b |",
        "```\n# heading",
        "@everyone look at owner/repo#1, GH-12, deadbeef0 and https://example.org",
        "[a](javascript:alert(1)) ![b](x) **bold** ~~no~~ :+1:",
        "1. - + * > x",
        "{a} {\"a\":1}",
        "constructor",
    ];
    for name in NAMES.into_iter().chain(more) {
        let trace = run(name);
        let judgements = [judged(&trace, name)];
        let picture = Picture::new(&trace, &judgements, captioned(name));
        assert_eq!(first_wrong(&trace, &log(&trace)), None, "{name:?}");
        is_mermaid(&mermaid::draw(&picture).text);
        is_markdown(&markdown::write(&picture).text);
    }
}

#[test]
fn a_long_run_is_cut_and_says_so() {
    let mut trace = Trace::new(["a", "b"]).expect("two names");
    let long = "é;".repeat(500);
    for nth in 0..400 {
        let at = TrueTime::from_ms(nth);
        let send =
            Entry { sends: &[NodeId::new(1)], label: &long, ..Entry::new(NodeId::new(0), at, Action::Local) };
        trace.record(send).expect("it lives");
        let message = MessageId::new(nth as u32);
        trace.record(Entry::new(NodeId::new(1), at, Action::Receive(message))).expect("it was sent");
    }
    let drawn = mermaid::draw(&picture(&trace, &[]));
    is_mermaid(&drawn.text);
    let arrows = drawn.text.matches("->>").count();
    assert!(arrows > 50, "{arrows} arrows are drawn");
    let shown = (800 - drawn.text.matches("Note over n0:").count() - arrows, 400 - arrows);
    assert_eq!(drawn.left_out, [format!("not drawn: {} events and {} messages", shown.0, shown.1)]);
    assert!(drawn.text.contains(&drawn.left_out[0]), "the diagram says it itself");

    let mut judgements = vec![judged(&trace, &long); 40];
    judgements[0].promise.clone_from(&long);
    let written = markdown::write(&Picture::new(&trace, &judgements, captioned(&long)));
    is_markdown(&written.text);
    assert!(written.left_out.contains(&"770 witnessing events".to_owned()), "{:?}", written.left_out);
    assert!(written.left_out.contains(&"10 promises".to_owned()), "{:?}", written.left_out);
}

/// That a diagram is of a few kinds of lines, in which nothing of others can mean anything, and no longer than Mermaid takes.
fn is_mermaid(text: &str) {
    assert!(text.len() < 50_000, "{} bytes", text.len());
    assert!(text.matches("->>").count() <= mermaid::ARROWS_MAX);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    for line in lines {
        let line = line.strip_prefix("  ").unwrap_or_else(|| panic!("{line}"));
        let told = if let Some(rest) = line.strip_prefix("participant n") {
            rest.split_once(" as ").expect("a name").1
        } else {
            line.split_once(": ").unwrap_or_else(|| panic!("{line}")).1
        };
        assert!(!told.trim().is_empty(), "{line}");
        let mut rest = told;
        while let Some((before, after)) = rest.split_once('#') {
            let (number, after) = after.split_once(';').unwrap_or_else(|| panic!("{line}"));
            assert!(number.parse::<u32>().is_ok_and(|code| char::from_u32(code).is_some()), "{line}");
            assert!(!before.contains(';'), "{line}");
            rest = after;
        }
        assert!(!told.contains(['%', '<', '>', '&', '"', '`', '{', '}', '[', ']', '@', '$', '\\']), "{line}");
        assert!(
            !rest.contains(';') && !told.split(' ').any(|word| word.eq_ignore_ascii_case("end")),
            "{line}"
        );
        assert!(!told.starts_with("wrap:") && !told.starts_with(":wrap:"), "{line}");
    }
}

/// That a text for an issue has no markup but its own, and is no longer than a tracker takes.
fn is_markdown(text: &str) {
    assert!(text.len() <= markdown::LETTERS_MAX, "{} bytes", text.len());
    let mut fence: Option<&str> = None;
    let mut columns = 0;
    for line in text.lines() {
        if let Some(open) = fence {
            fence = Some(open).filter(|open| line != *open);
            continue;
        }
        let backquotes = line.len() - line.trim_start_matches('`').len();
        if backquotes >= 3 {
            assert!(["mermaid", "console"].contains(&&line[backquotes..]), "{line}");
            fence = Some(&line[..backquotes]);
            continue;
        }
        let plain = line.replace("<code>", "").replace("</code>", "").replace("<br>", "");
        let plain = plain.strip_prefix("### ").or(plain.strip_prefix("1. ")).unwrap_or(&plain);
        let mut rest = plain.strip_prefix("- ").unwrap_or(plain).to_owned();
        while let Some(start) = rest.find("&#") {
            let end = start + rest[start..].find(';').unwrap_or_else(|| panic!("{line}"));
            assert!(rest[start + 2..end].parse::<u32>().is_ok(), "{line}");
            rest.replace_range(start..=end, "");
        }
        let is_markup = |letter: char| "<>&[]*_`@#~\\!$".contains(letter);
        assert!(!rest.contains(is_markup) && !rest.contains("//"), "{line}");
        let pipes = rest.matches('|').count();
        assert!(pipes == 0 || columns == 0 || pipes == columns, "{line}");
        columns = pipes;
    }
    assert_eq!(fence, None, "a fence ends");
}

#[test]
fn orders_that_no_message_made_are_exported_too() {
    let trace = sketch::parse("pacific  a b\nindian   c d\natlantic e").expect("a sketch");
    let event = |word| sketch::find(&trace, word).expect("in the sketch");
    let edge = |from, to| Edge { from: event(from), to: event(to), why: "parent".to_owned() };
    let lanes = [("two; chains", vec![0, 1]), ("one", vec![2])];
    let lane = |(name, nodes): (&str, Vec<u32>)| Lane {
        name: name.to_owned(),
        nodes: nodes.into_iter().map(NodeId::new).collect(),
    };
    let picture =
        picture(&trace, &[]).with_edges(vec![edge("a", "e"), edge("a", "d")]).expect("they lead on");
    let picture = picture.with_lanes(lanes.map(lane).to_vec()).expect("each node is on one");
    let mut log = Vec::new();
    shiviz::write(&picture, &mut log).expect("a vector takes it");
    expect![[r#"
        (?<event>.*)\n(?<host>\S*) (?<clock>{.*})

        e0 at +0.001000s a
        pacific {"pacific":1}
        e1 at +0.002000s b
        pacific {"pacific":2}
        e2 at +0.003000s c
        indian {"indian":1}
        e3 at +0.004000s d
        indian {"pacific":1,"indian":2}
        e4 at +0.005000s e
        atlantic {"pacific":1,"atlantic":1}
    "#]]
    .assert_eq(&String::from_utf8_lossy(&log));
    let drawn = mermaid::draw(&picture).text;
    is_mermaid(&drawn);
    expect![[r#"
        sequenceDiagram
          participant n0 as two#59; chains
          participant n1 as one
          Note over n0: e0 a #183; pacific
          Note over n0: e1 b #183; pacific
          Note over n0: e2 c #183; indian
          n0-->>n0: e0 is before e3, parent
          Note over n0: e3 d #183; indian
          n0-->>n1: e0 is before e4, parent
          Note over n1: e4 e #183; atlantic
    "#]]
    .assert_eq(&drawn);
}
