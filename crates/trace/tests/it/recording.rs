//! A trace refuses what cannot have happened, and stays as it was.

use constellation_trace::{
    Action, Call, Claim, Completion, Entry, EventId, History, Loss, MessageId, Nemesis, NodeId, Operation,
    Process, Trace, TraceError, TrueTime, sketch,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::random;

/// What is recorded in these tests: `e0` sends `m0` to indian, `e1` is a state of pacific, indian has crashed.
fn begun() -> Trace {
    let mut trace = Trace::new(["pacific", "indian"]).expect("two names");
    let send = Entry { sends: &[NodeId::new(1)], ..entry(0, Action::Local) };
    let write = Action::Write { key: "MSS-17", update: "p", saw: &[] };
    for entry in [send, entry(0, Action::Persist), entry(1, Action::Crash), entry(0, write)] {
        trace.record(entry).expect("all of it can happen");
    }
    trace
}

fn entry(node: u32, action: Action<'_>) -> Entry<'_> {
    Entry::new(NodeId::new(node), TrueTime::from_ns(1), action)
}

fn check(entry: Entry<'_>, expected: Expect) {
    let mut trace = begun();
    let before = trace.clone();
    let refusal =
        trace.record(entry).map_or_else(|error| error.to_string(), |event| format!("{event} recorded"));
    expected.assert_eq(&refusal);
    assert_eq!(trace, before, "a refused event leaves the trace as it was");
}

#[test]
fn what_cannot_have_happened_is_refused() {
    check(entry(2, Action::Local), expect!["there is no node number 2"]);
    check(entry(0, Action::Receive(MessageId::new(1))), expect!["message m1 was never sent before"]);
    check(
        entry(0, Action::Receive(MessageId::new(0))),
        expect!["message m0 was sent to node number 1 but arrives at node number 0"],
    );
    check(
        entry(1, Action::Receive(MessageId::new(0))),
        expect!["node number 1 has crashed and not restarted"],
    );
    check(entry(1, Action::Crash), expect!["node number 1 has crashed and not restarted"]);
    check(entry(0, Action::Restart(None)), expect!["node number 0 restarts without having crashed"]);
    check(
        entry(1, Action::Restart(Some(EventId::new(1)))),
        expect!["e1 is no persisted state of the node that restarts from it"],
    );
    check(
        entry(1, Action::Restart(Some(EventId::new(9)))),
        expect!["e9 is no persisted state of the node that restarts from it"],
    );
    check(
        entry(0, Action::Write { key: "MSS-17", update: "p", saw: &["new text"] }),
        expect!["update `p` of `MSS-17` is written twice"],
    );
    check(
        Entry { sends: &[NodeId::new(1), NodeId::new(7)], ..entry(0, Action::Local) },
        expect!["there is no node number 7"],
    );
}

#[test]
fn no_effect_is_earlier_than_its_cause() {
    let at = |node, ns, action| Entry::new(NodeId::new(node), TrueTime::from_ns(ns), action);
    let mut trace = Trace::new(["pacific", "indian"]).expect("two names");
    let send = Entry { sends: &[NodeId::new(1)], ..at(0, 5_000, Action::Local) };
    trace.record(send).expect("nothing is before it");
    trace.record(at(1, 2_000, Action::Persist)).expect("nothing connects the two");
    let refused = |trace: &mut Trace, entry, expected: Expect| {
        let before = trace.clone();
        let error = trace.record(entry).expect_err("time does not run back");
        expected.assert_eq(&error.to_string());
        assert_eq!(*trace, before);
    };
    let message = MessageId::new(0);
    refused(
        &mut trace,
        at(0, 4_999, Action::Local),
        expect!["an event at node number 0 is 1 ns before its cause e0 at +0.000005s"],
    );
    refused(
        &mut trace,
        at(1, 4_000, Action::Receive(message)),
        expect!["an event at node number 1 is 1000 ns before its cause e0 at +0.000005s"],
    );
    trace.record(at(1, 5_000, Action::Receive(message))).expect("a message may take no time");
    trace.record(at(1, 9_000, Action::Crash)).expect("it is the last");
    refused(
        &mut trace,
        at(1, 8_000, Action::Restart(Some(EventId::new(1)))),
        expect!["an event at node number 1 is 1000 ns before its cause e3 at +0.000009s"],
    );
}

#[test]
fn a_clock_speaks_once_of_an_event() {
    let twice = [Claim::Lamport(1), Claim::Lamport(2)];
    check(Entry { claims: &twice, ..entry(0, Action::Local) }, expect!["two lamport claims for one event"]);
    let vector = [Claim::Vector(vec![("new name".into(), 1), ("a".into(), 1), ("a".into(), 0)])];
    check(Entry { claims: &vector, ..entry(0, Action::Local) }, expect!["a vector names `a` twice"]);
}

#[test]
fn the_world_acts_only_on_what_there_is() {
    let check = |nemesis: Nemesis, expected: TraceError| {
        let mut trace = begun();
        let before = trace.clone();
        assert_eq!(trace.record_nemesis(TrueTime::from_ns(1), nemesis), Err(expected));
        assert_eq!(trace, before);
    };
    check(Nemesis::Lose(MessageId::new(1), Loss::Plain), TraceError::UnknownMessage(MessageId::new(1)));
    check(Nemesis::Step { node: NodeId::new(2), by_ns: -1 }, TraceError::UnknownNode(NodeId::new(2)));
    let group_b = vec![NodeId::new(1), NodeId::new(3)];
    check(
        Nemesis::Partition { group_a: vec![NodeId::new(0)], group_b },
        TraceError::UnknownNode(NodeId::new(3)),
    );
}

#[test]
fn a_name_stands_for_one_node() {
    assert_eq!(Trace::new(["a", "b", "a"]), Err(TraceError::DuplicateNode("a".into())));
    for name in ["pacific#1", "a#b#4294967295", "#7"] {
        assert_eq!(Trace::new(["pacific", name]), Err(TraceError::AmbiguousNode(name.into())));
    }
    // None of these is what a restarted process is called.
    let plain = ["pacific#", "pacific#0", "pacific#01", "pacific#+1", "pacific#4294967296", "#1 pacific"];
    assert_eq!(Trace::new(plain).map(|trace| trace.nodes().len()), Ok(plain.len()));
    assert_eq!(Trace::new([""; 0]).map(|trace| trace.events().len()), Ok(0));
}

#[test]
fn a_restart_begins_a_new_process() {
    let trace = sketch::parse("pacific a CRASH RESTART b CRASH RESTART\nindian c").expect("it can happen");
    let lives: Vec<_> = trace.processes().iter().map(|life| (life.node.number(), life.incarnation)).collect();
    assert_eq!(lives, [(0, 0), (1, 0), (0, 1), (0, 2)]);
    let b = sketch::find(&trace, "b").expect("it is in the sketch");
    assert_eq!(trace.process_name(trace.event(b).process), "pacific#1");
    // However many others restart between two restarts of one node.
    let trace = sketch::parse("a CRASH RESTART x CRASH RESTART\nb CRASH RESTART CRASH RESTART CRASH RESTART");
    let trace = trace.expect("it can happen");
    let lives: Vec<_> =
        trace.processes().iter().map(|life| (life.node.number(), life.incarnation)).skip(2).collect();
    assert_eq!(lives, [(0, 1), (0, 2), (1, 1), (1, 2), (1, 3)]);
    assert_eq!(trace.processes()[0], Process { node: NodeId::new(0), incarnation: 0 });
}

#[test]
fn zero_counters_are_no_counters() {
    let mut trace = begun();
    let vector = |entries: &[(&str, u64)]| {
        [Claim::Vector(entries.iter().map(|(name, counter)| ((*name).to_owned(), *counter)).collect())]
    };
    let claims = vector(&[("b", 0), ("a", 2)]);
    let event = trace.record(Entry { claims: &claims, ..entry(0, Action::Local) }).expect("it can happen");
    let shown: Vec<_> = trace.claims_of(event).map(|claim| trace.show_claim(claim)).collect();
    assert_eq!(shown, ["vector {a:2}"]);
    assert_eq!(trace.symbol("b"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_refused_leaves_no_mark(steps in random::steps()) {
        let mut trace = random::empty();
        for step in steps {
            let before = trace.clone();
            if !step.take(&mut trace) {
                prop_assert_eq!(&trace, &before);
            }
        }
    }

    #[test]
    fn causes_stand_before_effects(trace in random::traces()) {
        for id in trace.event_ids() {
            for message in trace.event(id).sends.iter() {
                prop_assert_eq!(trace.message(message).send, id);
            }
            if let constellation_trace::Kind::Receive(message) = trace.event(id).kind {
                prop_assert!(trace.message(message).send < id);
                prop_assert_eq!(trace.message(message).to, trace.node_of(id));
            }
        }
    }
}

#[test]
fn what_clients_saw_is_the_same_when_it_is_recorded_again() {
    let mut trace = Trace::new(["pacific", "indian"]).expect("two names");
    let mut at = |node, ns, action| {
        trace.record(Entry::new(NodeId::new(node), TrueTime::from_ns(ns), action)).expect("it can happen")
    };
    let read = Call::Read { key: "mode".to_owned() };
    let write = Call::Write { key: "mode".to_owned(), value: "safe".to_owned() };
    let shows = Completion::Shows(vec!["safe".to_owned()]);
    at(1, 1, Action::Invoke { number: 0, call: &write });
    // At one moment one ends and two begin.
    at(0, 2, Action::Invoke { number: 1, call: &read });
    at(1, 2, Action::Complete { number: 0, completion: &Completion::Done });
    at(1, 2, Action::Invoke { number: 2, call: &read });
    at(0, 3, Action::Complete { number: 1, completion: &shows });
    let history = History::of(&trace);
    let operations: Vec<_> = history.operations().iter().collect();
    let names = |session: u32| ["one", "other"][session as usize];
    let alone = Trace::of_operations(&operations, names).expect("it was recorded before");
    let seen = |of: &Operation| {
        let completed = of.completed.as_ref().map(|(moment, completion)| (moment.at, completion.clone()));
        (of.session, of.call.clone(), of.invoked.at, completed)
    };
    let seen = |trace: &Trace| History::of(trace).operations().iter().map(seen).collect::<Vec<_>>();
    assert_eq!(seen(&alone), seen(&trace));
    let twice = Trace::of_operations(&operations, |_| "one").expect_err("two sessions of one name");
    expect!["node `one` is named twice"].assert_eq(&twice.to_string());
}
