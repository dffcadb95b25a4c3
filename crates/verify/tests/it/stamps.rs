//! Logs from elsewhere: right ones are accepted, and each way of being wrong is found and explained.

use std::collections::BTreeMap;

use constellation_trace::format::shiviz::{self, Options};
use constellation_trace::log::{Execution, LogEntry, Place};
use constellation_verify::stamps::{self, FAULTS_SHOWN, Stamps};
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// Judges a log with one event a line, `host {clock} text`, and shows all that was found.
fn check(log: &str, expected: Expect) {
    let options = Options::default().with_parser(r"^(?<host>\S*) (?<clock>{.*})(?<event>.*)$");
    let log = shiviz::read(log.as_bytes(), &options).expect("it has events");
    expected.assert_eq(&show(&stamps::judge(&log.executions[0])));
}

fn show(stamps: &Stamps) -> String {
    let mut lines = vec![format!("{}: {}", stamps.judgement.verdict.word(), stamps.judgement.scope)];
    for fault in &stamps.faults {
        let related: Vec<_> = fault.related.iter().map(|place| place.line.to_string()).collect();
        lines.push(format!("{fault} [{}]", related.join(" ")));
    }
    lines.extend(stamps.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

#[test]
fn a_right_log_is_accepted_in_any_order_of_lines() {
    check(
        r#"atlantic {"atlantic":2, "pacific":2, "indian":1}
pacific {"pacific":1}
indian {"indian":1}
atlantic {"atlantic":1}
pacific {"pacific":2}
atlantic {"atlantic":3, "pacific":2, "indian":2}
indian {"indian":2}"#,
        expect!["holds: 7 events at 3 hosts, at least 3 messages"],
    );
}

#[test]
fn news_that_came_by_way_of_another_is_one_message() {
    check(
        r#"a {"a":1}
b {"a":1,"b":1}
c {"a":1,"b":1,"c":1}
d {"a":1,"b":1,"c":1,"d":1}
e {"e":1}"#,
        expect!["holds: 5 events at 5 hosts, at least 3 messages"],
    );
}

/// So few events one after the other are no wonder; twenty at three hosts are.
#[test]
fn a_long_log_without_concurrency_is_noted() {
    let relay = |events: u32| -> String {
        let counter = |host: u32, event: u32| (event + 3 - host) / 3;
        let clock = |event| {
            let entries = ["a", "b", "c"].iter().zip(0..).map(|(name, host)| (name, counter(host, event)));
            let entries = entries.filter(|(_, counter)| *counter > 0);
            entries.map(|(name, counter)| format!("\"{name}\":{counter}")).collect::<Vec<_>>().join(",")
        };
        let line = |event: u32| format!("{} {{{}}}\n", ["a", "b", "c"][event as usize % 3], clock(event));
        (0..events).map(line).collect()
    };
    check(&relay(7), expect!["holds: 7 events at 3 hosts, at least 6 messages"]);
    check(
        &relay(8),
        expect![[r#"
            holds: 8 events at 3 hosts, at least 7 messages
            note: this log is a total order by construction, or looks like one: each clock is one tick above that of the event before it, at whatever host, as TLC's module ShiViz writes the states of one behaviour; which of its events are concurrent it does not say"#]],
    );
    check(
        "a {\"a\":1}\nb {\"a\":1,\"b\":1}\na {\"a\":2,\"b\":1}",
        expect!["holds: 3 events at 2 hosts, at least 2 messages"],
    );
}

#[test]
fn a_host_counts_its_events_from_one_by_one() {
    check(
        "a {\"a\":2}\na {\"a\":3}",
        expect![[r#"
            violated: 2 events at 1 host
            line 1: `a` starts at 2; expected the first event of a host to count 1; a log may have been cut, or two processes wrote one file: with GoVector, one log per process []"#]],
    );
    check(
        "a {\"a\":1}\na {\"a\":4}\na {\"a\":5}",
        expect![[r#"
            violated: 3 events at 1 host
            line 2: `a` 4 follows `a` 1 (line 1); expected `a` 2 next; each event adds 1: a line is missing, or one event ticked more than once [1]"#]],
    );
    check(
        "a {\"a\":1}\na {\"a\":2}\na {\"a\":2}\na {\"a\":3}",
        expect![[r#"
            violated: 4 events at 1 host
            line 3: two events count `a` 2: this one and that in line 2; expected each event of a host to have a counter of its own; two processes share a name, or an event was logged without a tick: with GoVector, one log per process [2]"#]],
    );
}

#[test]
fn an_event_that_does_not_count_itself_is_found_and_the_rest_is_judged() {
    check(
        "a {\"a\":1}\na {\"b\":1}\nb {\"b\":1}\na {\"a\":2,\"b\":1}\nc {}",
        expect![[r#"
        violated: 5 events at 3 hosts
        line 2: `a` counts no event of its own; expected each clock to count the event that it stamps; tick the clock first, then log the event []
        line 5: `c` counts no event of its own; expected each clock to count the event that it stamps; tick the clock first, then log the event []"#]],
    );
    // What it has seen is judged, too, and so is what others have.
    check(
        "a {\"b\":2}\nb {\"b\":1}\nb {\"b\":3}\nc {\"c\":1,\"a\":1}",
        expect![[r#"
            violated: 4 events at 3 hosts
            line 1: `a` counts no event of its own; expected each clock to count the event that it stamps; tick the clock first, then log the event []
            line 1: `a` 0 has seen `b` 2, which is not in the log; expected an event that is in the log; lines of that host are missing, or the counter was not taken from a message [3]
            line 3: `b` 3 follows `b` 1 (line 2); expected `b` 2 next; each event adds 1: a line is missing, or one event ticked more than once [2]
            line 4: `c` 1 has seen `a` 1, but `a` counts none of its events; expected an event that is in the log; tick the clock first, then log the event []"#]],
    );
}

/// One clock that names a hundred thousand hosts takes as long as its entries, not as their square.
#[test]
fn a_clock_with_very_many_causes_is_soon_judged() {
    const HOSTS: usize = 100_000;
    let names: Vec<String> = (0..HOSTS).map(|host| format!("h{host}")).collect();
    let mut execution = Execution::new("");
    let mut all: Vec<(&str, u64)> = names.iter().map(|name| (&**name, 1)).collect();
    for (line, name) in (1..).zip(&names) {
        let place = Place { line, column: 1, width: 1 };
        execution
            .push(LogEntry { clock: &[(name, 1)], ..LogEntry::new(name, place) })
            .expect("there is room");
    }
    all.push(("sink", 1));
    let place = Place { line: u32::MAX, column: 1, width: 1 };
    execution.push(LogEntry { clock: &all, ..LogEntry::new("sink", place) }).expect("there is room");
    expect!["holds: 100001 events at 100001 hosts, at least 100000 messages"]
        .assert_eq(&show(&stamps::judge(&execution)));
}

#[test]
fn two_processes_in_one_log_are_found() {
    check(
        "node {\"node\":1}\nnode {\"node\":1}\nnode {\"node\":2}\nnode {\"node\":2}",
        expect![[r#"
            violated: 4 events at 1 host
            line 2: two events count `node` 1: this one and that in line 1; expected each event of a host to have a counter of its own; two processes share a name, or an event was logged without a tick: with GoVector, one log per process [1]
            line 4: two events count `node` 2: this one and that in line 3; expected each event of a host to have a counter of its own; two processes share a name, or an event was logged without a tick: with GoVector, one log per process [3]"#]],
    );
}

#[test]
fn a_counter_names_an_event_that_there_is() {
    check(
        "pacific {\"pacific\":1}\natlantic {\"atlantic\":1,\"pasific\":1}",
        expect![[r#"
            violated: 2 events at 2 hosts
            line 2: `atlantic` 1 has seen `pasific` 1, of which there is no event; did you mean `pacific`?; expected only hosts that are in the log; the log of that host is missing, or its name is spelt in two ways []"#]],
    );
    check(
        "pacific {\"pacific\":1}\natlantic {\"atlantic\":1,\"moon\":1}",
        expect![[r#"
            violated: 2 events at 2 hosts
            line 2: `atlantic` 1 has seen `moon` 1, of which there is no event; expected only hosts that are in the log; the log of that host is missing, or its name is spelt in two ways []"#]],
    );
    check(
        "pacific {\"pacific\":1}\natlantic {\"atlantic\":1,\"pacific\":9}",
        expect![[r#"
            violated: 2 events at 2 hosts
            line 2: `atlantic` 1 has seen `pacific` 9, whose last event is 1; expected `pacific` 1 or less; lines of that host are missing, or the counter was not taken from a message [1]"#]],
    );
    check(
        "p {\"p\":1}\np {\"p\":3}\na {\"a\":1,\"p\":2}",
        expect![[r#"
            violated: 3 events at 2 hosts
            line 2: `p` 3 follows `p` 1 (line 1); expected `p` 2 next; each event adds 1: a line is missing, or one event ticked more than once [1]
            line 3: `a` 1 has seen `p` 2, which is not in the log; expected an event that is in the log; lines of that host are missing, or the counter was not taken from a message [2]"#]],
    );
}

#[test]
fn a_clock_never_forgets() {
    check(
        "b {\"b\":1}\nb {\"b\":2}\na {\"a\":1,\"b\":2}\na {\"a\":2,\"b\":1}",
        expect![[r#"
            violated: 4 events at 2 hosts
            line 4: `a` 2 has `b` 1, after `a` 1 (line 3) had `b` 2; expected `b` 2 or more; a clock never forgets: a merge takes the larger of two counters [3]"#]],
    );
    check(
        "b {\"b\":1}\na {\"a\":1,\"b\":1}\na {\"a\":2}",
        expect![[r#"
            violated: 3 events at 2 hosts
            line 3: `a` 2 has no entry for `b`, after `a` 1 (line 2) had `b` 1; expected `b` 1 or more; a clock never forgets: a merge takes the larger of two counters [2]"#]],
    );
}

#[test]
fn a_clock_is_the_join_of_its_causes() {
    check(
        "a {\"a\":1}\nb {\"a\":1,\"b\":1}\nc {\"b\":1,\"c\":1}",
        expect![[r#"
            violated: 3 events at 3 hosts
            line 3: `c` 1 has seen `b` 1 (line 2), which had seen `a` 1, but it has no entry for `a`; expected `a` 1 or more; a receive merges and then ticks: it merges every counter of the message, not only the sender's [2]"#]],
    );
    check(
        "a {\"a\":1}\na {\"a\":2}\nb {\"a\":2,\"b\":1}\nc {\"a\":1,\"b\":1,\"c\":1}",
        expect![[r#"
            violated: 4 events at 3 hosts
            line 4: `c` 1 has seen `b` 1 (line 3), which had seen `a` 2, but it has `a` 1; expected `a` 2 or more; a receive merges and then ticks: it merges every counter of the message, not only the sender's [3]"#]],
    );
}

#[test]
fn nothing_causes_itself() {
    check(
        "a {\"a\":1,\"b\":1}\nb {\"a\":1,\"b\":1}",
        expect![[r#"
            violated: 2 events at 2 hosts
            line 1: `a` 1 (line 1) has seen `b` 1 (line 2), which has seen `a` 1 (line 1); expected causes before their effects; nothing is a cause of its own cause: a stamp was changed, or taken from a clock that had gone on [2 1]"#]],
    );
    check(
        "a {\"a\":1,\"b\":2}\na {\"a\":2,\"b\":2}\nb {\"a\":2,\"b\":1}\nb {\"a\":2,\"b\":2}",
        expect![[r#"
            violated: 4 events at 2 hosts
            line 1: `a` 1 (line 1) has seen `b` 2 (line 4), which comes after `b` 1 (line 3), which has seen `a` 2 (line 2), which comes after `a` 1 (line 1); expected causes before their effects; nothing is a cause of its own cause: a stamp was changed, or taken from a clock that had gone on [4 3 2 1]"#]],
    );
    check(
        "c {\"c\":1,\"a\":1}\nb {\"b\":1,\"c\":1}\na {\"a\":1,\"b\":1}",
        expect![[r#"
            violated: 3 events at 3 hosts
            line 1: `c` 1 has seen `a` 1 (line 3), which had seen `b` 1, but it has no entry for `b`; expected `b` 1 or more; a receive merges and then ticks: it merges every counter of the message, not only the sender's [3]
            line 1: `c` 1 (line 1) has seen `a` 1 (line 3), which has seen `b` 1 (line 2), which has seen `c` 1 (line 1); expected causes before their effects; nothing is a cause of its own cause: a stamp was changed, or taken from a clock that had gone on [3 2 1]
            line 2: `b` 1 has seen `c` 1 (line 1), which had seen `a` 1, but it has no entry for `a`; expected `a` 1 or more; a receive merges and then ticks: it merges every counter of the message, not only the sender's [1]
            line 3: `a` 1 has seen `b` 1 (line 2), which had seen `c` 1, but it has no entry for `c`; expected `c` 1 or more; a receive merges and then ticks: it merges every counter of the message, not only the sender's [2]"#]],
    );
}

#[test]
fn a_long_cycle_is_told_in_part() {
    let host = |place: u32| format!("h{:02}", place % 20);
    let line = |place: u32| format!("{0} {{\"{0}\":1,\"{1}\":1}}", host(place), host(place + 1));
    let log: Vec<_> = (0..20).map(line).collect();
    let options = Options::default().with_parser(r"^(?<host>\S*) (?<clock>{.*})(?<event>)$");
    let log = shiviz::read(log.join("\n").as_bytes(), &options).expect("it has events");
    let stamps = stamps::judge(&log.executions[0]);
    let cycle = stamps.faults.iter().find(|fault| fault.expected == "causes before their effects");
    expect!["`h00` 1 (line 1) has seen `h01` 1 (line 2), which has seen `h02` 1 (line 3), which has seen `h03` 1 (line 4), which has seen `h04` 1 (line 5), which has seen `h05` 1 (line 6), which has seen `h06` 1 (line 7), which has seen `h07` 1 (line 8), which has seen `h08` 1 (line 9), which leads back to the first through 12 more hosts"].assert_eq(&cycle.map_or(String::new(), |cycle| cycle.found.clone()));
}

#[test]
fn clocks_that_cannot_be_read_are_faults() {
    check(
        "a {\"a\":1}\na {\"a\":\"2\"}\na {\"a\":3,\"a\":3}\na {\"a\":7}",
        expect![[r#"
            violated: only whether clocks can be read; 2 events not judged further
            line 2: `"2"`; expected a number; counters are numbers: write 1, not "1", which some readers compare as text []
            line 3: `a` a second time; expected each host once; most readers of JSON keep the last of two equal keys and drop the other in silence []"#]],
    );
    check(
        "a {\"a\":1.0}",
        expect![[r#"
        violated: only whether clocks can be read; 0 events not judged further
        line 1: `1.0`; expected a whole number; a clock counts events, and there is no half of one []"#]],
    );
    check(
        "a {\"a\":-1}",
        expect![[r#"
        violated: only whether clocks can be read; 0 events not judged further
        line 1: `-1`; expected a counter that is not negative; a clock counts events: none is 0 or no entry []"#]],
    );
    check(
        "a {\"a\":null}",
        expect![[r#"
        violated: only whether clocks can be read; 0 events not judged further
        line 1: `null`; expected a whole number; a clock is a JSON object: {"pacific":3, "atlantic":1} []"#]],
    );
    check(
        "a {\"b\":1}",
        expect![[r#"
            violated: 1 event at 1 host
            line 1: `a` counts no event of its own; expected each clock to count the event that it stamps; tick the clock first, then log the event []
            line 1: `a` 0 has seen `b` 1, of which there is no event; expected only hosts that are in the log; the log of that host is missing, or its name is spelt in two ways []"#]],
    );
}

#[test]
fn zero_counters_mean_nothing() {
    check(
        "a {\"a\":1,\"b\":0}\nb {\"b\":1}",
        expect![[r#"
            holds: 2 events at 2 hosts, no message needed
            note: 1 zero counter left out, the first in line 1"#]],
    );
}

#[test]
fn what_is_not_there_is_not_judged() {
    expect!["unknown: 0 events at 0 hosts, no message needed"]
        .assert_eq(&show(&stamps::judge(&Execution::new("empty"))));
}

#[test]
fn a_clock_built_by_hand_without_its_own_counter_is_found() {
    let mut execution = Execution::new("");
    for line in 1..=2 {
        let place = Place { line, column: 1, width: 1 };
        execution.push(LogEntry::new("a", place)).expect("it is small");
    }
    expect![[r#"
        violated: 2 events at 1 host
        line 1: `a` counts no event of its own; expected each clock to count the event that it stamps; tick the clock first, then log the event []
        line 2: `a` counts no event of its own; expected each clock to count the event that it stamps; tick the clock first, then log the event []"#]].assert_eq(&show(&stamps::judge(&execution)));
}

#[test]
fn the_verdict_shows_the_first_fault_and_counts_the_rest() {
    let log: String = (1..=300).map(|own| format!("a {{\"a\":{}}}\n", own * 2)).collect();
    let options = Options::default().with_parser(r"^(?<host>\S*) (?<clock>{.*})(?<event>)$");
    let log = shiviz::read(log.as_bytes(), &options).expect("it has events");
    let stamps = stamps::judge(&log.executions[0]);
    assert_eq!((stamps.faults.len(), stamps.faults_total), (FAULTS_SHOWN, 300));
    let constellation_trace::Verdict::Violated(evidence) = stamps.judgement.verdict else {
        panic!("no counter is right");
    };
    expect![[r#"
        expected  the first event of a host to count 1
        found     line 1: `a` starts at 2; 299 more clocks are wrong
        proof     a log may have been cut, or two processes wrote one file: with GoVector, one log per process"#]].assert_eq(&evidence.to_string());
}

/// The events of a log: at which host, with which clock; hosts are numbers.
type Stamped = Vec<(u8, BTreeMap<u8, u64>)>;

fn execution(events: &Stamped) -> Execution {
    let mut execution = Execution::new("");
    let names: Vec<String> = (0..10).map(|host| format!("h{host}")).collect();
    for ((host, clock), line) in events.iter().zip(1..) {
        let clock: Vec<(&str, u64)> =
            clock.iter().map(|(host, counter)| (&*names[usize::from(*host)], *counter)).collect();
        let place = Place { line, column: 1, width: 1 };
        let entry = LogEntry { clock: &clock, ..LogEntry::new(&names[usize::from(*host)], place) };
        execution.push(entry).expect("it is small");
    }
    execution
}

fn is_accepted(events: &Stamped) -> bool {
    stamps::judge(&execution(events)).judgement.verdict.word() == "holds"
}

/// The slow obvious twin: the clocks name causes; an event's past is whatever can be reached through them; an execution
/// has these clocks if nothing is in its own past and each clock counts just the past.
fn is_possible(events: &Stamped) -> bool {
    let own = |place: usize| events[place].1.get(&events[place].0).copied().unwrap_or(0);
    let find = |host: u8, counter: u64| {
        (0..events.len()).find(|place| events[*place].0 == host && own(*place) == counter)
    };
    let mut causes = Vec::new();
    for (place, (host, clock)) in events.iter().enumerate() {
        let mut named = Vec::new();
        for (other, counter) in clock {
            match find(*other, *counter) {
                Some(cause) if other != host => named.push(cause),
                Some(same) if same == place => {}
                _ if *counter == 0 => {}
                _ => return false,
            }
        }
        if own(place) != 1 {
            match find(*host, own(place).wrapping_sub(1)) {
                Some(before) => named.push(before),
                None => return false,
            }
        }
        causes.push(named);
    }
    (0..events.len()).all(|place| {
        let mut is_past = vec![false; events.len()];
        let mut open = causes[place].clone();
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut is_past[next], true) {
                open.extend(&causes[next]);
            }
        }
        if is_past[place] {
            return false;
        }
        is_past[place] = true;
        (0..10).all(|host| {
            let count =
                (0..events.len()).filter(|other| is_past[*other] && events[*other].0 == host).count() as u64;
            count == events[place].1.get(&host).copied().unwrap_or(0)
        })
    })
}

/// What a correct run would log: each event ticks, some first merge what an earlier event had sent.
fn run(steps: &[(u8, Option<prop::sample::Index>)]) -> Stamped {
    let mut events: Stamped = Vec::new();
    let mut clocks: BTreeMap<u8, BTreeMap<u8, u64>> = BTreeMap::new();
    for (host, message) in steps {
        let clock = clocks.entry(*host).or_default();
        if let Some(message) = message.filter(|_| !events.is_empty()) {
            for (other, counter) in &events[message.index(events.len())].1 {
                let mine = clock.entry(*other).or_default();
                *mine = (*mine).max(*counter);
            }
        }
        *clock.entry(*host).or_default() += 1;
        events.push((*host, clock.clone()));
    }
    events
}

fn steps() -> impl Strategy<Value = Vec<(u8, Option<prop::sample::Index>)>> {
    proptest::collection::vec((0..4_u8, any::<Option<prop::sample::Index>>()), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_correct_run_logs_is_accepted(
        events in steps().prop_map(|steps| run(&steps)).prop_shuffle(),
    ) {
        prop_assert!(is_possible(&events), "the twin errs");
        let found = stamps::judge(&execution(&events));
        prop_assert_eq!(found.judgement.verdict.word(), "holds", "{}", show(&found));
    }

    #[test]
    fn one_changed_counter_is_found_unless_another_run_would_log_it(
        mut events in steps().prop_map(|steps| run(&steps)),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..5_u8, 0..9_u64), 1..3),
    ) {
        for (place, host, counter) in changes {
            let place = place.index(events.len());
            events[place].1.insert(host, counter);
        }
        prop_assert_eq!(is_accepted(&events), is_possible(&events), "{}", show(&stamps::judge(&execution(&events))));
    }

    #[test]
    fn any_clocks_at_all_are_judged_as_by_the_twin(
        events in proptest::collection::vec(
            (0..3_u8, proptest::collection::btree_map(0..3_u8, 0..3_u64, 0..4)),
            1..6,
        ),
    ) {
        prop_assert_eq!(is_accepted(&events), is_possible(&events), "{}", show(&stamps::judge(&execution(&events))));
    }
}

/// A run of two hosts and four events, and each log that differs from it in one counter.
#[test]
fn every_single_change_of_a_small_log_is_judged_as_by_the_twin() {
    let clock = |entries: &[(u8, u64)]| entries.iter().copied().collect::<BTreeMap<u8, u64>>();
    let right = vec![
        (0, clock(&[(0, 1)])),
        (1, clock(&[(1, 1)])),
        (0, clock(&[(0, 2), (1, 1)])),
        (1, clock(&[(0, 1), (1, 2)])),
    ];
    assert!(is_accepted(&right));
    let mut found = 0;
    for place in 0..right.len() {
        for (host, counter) in (0..3).flat_map(|host| (0..4).map(move |counter| (host, counter))) {
            let mut changed = right.clone();
            changed[place].1.insert(host, counter);
            assert_eq!(is_accepted(&changed), is_possible(&changed), "{changed:?}");
            found += u32::from(!is_accepted(&changed));
        }
    }
    // Of 48, twelve change nothing and six make another right log, in which one message more or less was sent.
    assert_eq!(found, 30);
}
