//! What one node saw and did, in its own terms, is written so that lanes of two runs can be compared byte by byte.

use constellation_lab::lane::Lane;
use constellation_trace::{Action, Call, Completion, Elapsed, Entry, Nemesis, NodeId, Trace, TrueTime};
use expect_test::{Expect, expect};

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);

fn second(second: u64) -> TrueTime {
    TrueTime::from_ns(second * 1_000_000_000)
}

/// Records what `acts` says, and shows the lane of pacific.
fn check(acts: impl FnOnce(&mut Trace), expected: Expect) {
    let mut trace = Trace::new(["pacific", "atlantic"]).expect("two names");
    acts(&mut trace);
    expected.assert_eq(&Lane::of(&trace, PACIFIC).to_string());
}

fn record(trace: &mut Trace, entry: Entry<'_>) {
    trace.record(entry).expect("it may happen so");
}

fn local(node: NodeId, at: u64, label: &str) -> Entry<'_> {
    Entry { label, ..Entry::new(node, second(at), Action::Local) }
}

/// Atlantic sends, and pacific receives it twice.
fn hears_twice(trace: &mut Trace) {
    record(trace, Entry { sends: &[PACIFIC], ..local(ATLANTIC, 1, "") });
    let sent = trace.events().last().and_then(|event| event.sends.iter().next()).expect("it sends");
    for at in [2, 3] {
        record(trace, Entry::new(PACIFIC, second(at), Action::Receive(sent)));
    }
}

#[test]
fn messages_have_the_numbers_of_their_node_and_a_copy_that_of_the_first() {
    check(
        |trace| {
            record(trace, Entry { sends: &[ATLANTIC], ..local(ATLANTIC, 0, "elsewhere") });
            record(trace, Entry { sends: &[ATLANTIC, PACIFIC], ..local(PACIFIC, 1, "tells") });
            hears_twice(trace);
            record(trace, Entry { sends: &[ATLANTIC], ..local(PACIFIC, 4, "") });
            record(trace, local(PACIFIC, 5, ""));
        },
        expect![[r#"
            +1.000000s  tells, sends #0 to atlantic, sends #1 to pacific
            +2.000000s  receives #0 from atlantic
            +3.000000s  receives #0 from atlantic
            +4.000000s  sends #2 to atlantic
            +5.000000s  does something of its own
        "#]],
    );
}

#[test]
fn what_clients_and_stations_do_is_told_without_events() {
    let add = Call::Add { key: "fuel".to_owned(), amount: 3 };
    check(
        |trace| {
            let act = |at, action| Entry::new(PACIFIC, second(at), action);
            record(trace, act(1, Action::Invoke { number: 7, call: &add }));
            record(trace, act(2, Action::Complete { number: 7, completion: &Completion::Done }));
            record(trace, act(3, Action::Write { key: "mode", update: "pacific:1", saw: &[] }));
            record(trace, act(4, Action::Read { key: "mode", shows: &["pacific:1"] }));
            record(trace, act(5, Action::Read { key: "none", shows: &[] }));
            record(trace, act(6, Action::Persist));
        },
        expect![[r#"
            +1.000000s  invokes 7: add 3 to fuel
            +2.000000s  completes 7: done
            +3.000000s  writes pacific:1 to mode
            +4.000000s  shows pacific:1 under mode
            +5.000000s  shows nothing under none
            +6.000000s  keeps its state
        "#]],
    );
}

#[test]
fn a_new_life_has_a_new_clock_and_the_crash_is_not_seen() {
    check(
        |trace| {
            record(trace, Entry::new(PACIFIC, second(1), Action::Persist));
            let kept = trace.event_ids().last();
            record(trace, Entry::new(PACIFIC, second(2), Action::Crash));
            record(trace, Entry::new(PACIFIC, second(10), Action::Restart(kept)));
            record(trace, local(PACIFIC, 11, "works"));
            record(trace, Entry::new(PACIFIC, second(12), Action::Crash));
            record(trace, Entry::new(PACIFIC, second(20), Action::Restart(None)));
        },
        expect![[r#"
            +1.000000s  keeps its state
            +0.000000s  begins anew, with the state that it kept
            +1.000000s  works
            +0.000000s  begins anew, and remembers nothing
        "#]],
    );
}

#[test]
fn a_machine_that_sleeps_does_not_age_and_one_that_joins_begins_then() {
    let acts = |trace: &mut Trace| {
        let world = |trace: &mut Trace, at, nemesis| {
            trace.record_nemesis(second(at), nemesis).expect("it may happen so");
        };
        world(trace, 100, Nemesis::Join { node: PACIFIC });
        record(trace, local(PACIFIC, 101, "is there"));
        world(trace, 102, Nemesis::Suspend { node: PACIFIC, for_ns: 5_000_000_000 });
        world(trace, 103, Nemesis::Suspend { node: ATLANTIC, for_ns: 5_000_000_000 });
        record(trace, local(PACIFIC, 107, "wakes"));
        record(trace, local(PACIFIC, 110, "works"));
    };
    check(
        acts,
        expect![[r#"
        +1.000000s  is there
        +2.000000s  wakes
        +5.000000s  works
    "#]],
    );
}

#[test]
fn lanes_differ_at_the_first_line_that_is_not_the_same_or_not_there() {
    let of = |labels: &[&str]| {
        let mut trace = Trace::new(["pacific", "atlantic"]).expect("two names");
        // Numbers of events are not part of a lane.
        record(&mut trace, local(ATLANTIC, 0, &labels.concat()));
        for (at, label) in (1..).zip(labels) {
            record(&mut trace, local(PACIFIC, at, label));
        }
        Lane::of(&trace, PACIFIC)
    };
    let lane = of(&["asks", "waits", "asks again"]);
    assert_eq!(lane.first_difference(&of(&["asks", "waits", "asks again"])), None);
    assert_eq!(lane.first_difference(&of(&["asks", "waits"])), Some(2));
    assert_eq!(of(&["asks"]).first_difference(&lane), Some(1));
    assert_eq!(lane.first_difference(&of(&["asks", "hears", "asks again"])), Some(1));
    assert_eq!(lane.until(Elapsed::from_ns(2_000_000_000)), of(&["asks", "waits"]));
    assert_eq!(lane.until(Elapsed::from_ns(999_999_999)), Lane::default());
}

#[test]
fn a_nanosecond_is_told_where_there_is_one() {
    check(
        |trace| {
            let at = TrueTime::from_ns(1_000_000_001);
            record(trace, Entry { label: "works", ..Entry::new(PACIFIC, at, Action::Local) });
        },
        expect![[r#"
            +1.000000001s  works
        "#]],
    );
}
