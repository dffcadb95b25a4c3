//! The beginning of a run is a run of its own, and is judged as far as it goes.

use constellation_lab::{Resolver, Run, incidents, prefix, simulate};
use constellation_trace::format::jsonl;
use constellation_trace::{EventId, Nemesis, Verdict};
use expect_test::expect;

#[test]
fn the_whole_of_a_trace_is_its_longest_beginning() {
    for incident in incidents::INCIDENTS {
        let trace = simulate(&incident.scenario(), 1).expect("it is short");
        let last = trace.event_ids().last().expect("something happens");
        assert_eq!(jsonl::to_string(&prefix(&trace, last)), jsonl::to_string(&trace));
        assert_eq!(prefix(&trace, EventId::new(u32::MAX)), prefix(&trace, last));
    }
}

#[test]
fn each_beginning_can_be_written_and_read_and_lacks_no_message() {
    let trace = simulate(&incidents::find("mss-17").expect("it ships").scenario(), 1).expect("it is short");
    let whole = jsonl::to_string(&trace);
    for last in trace.event_ids() {
        let begun = prefix(&trace, last);
        assert_eq!(begun.events(), &trace.events()[..=last.index()]);
        let written = jsonl::to_string(&begun);
        assert_eq!(jsonl::read(written.as_bytes()).expect("it was written by us"), begun);
        let same = written.lines().zip(whole.lines()).take_while(|(begun, whole)| begun == whole).count();
        let rest = written.lines().skip(same);
        assert!(rest.clone().all(|line| line.contains("in_flight")), "{last}: {}", rest.collect::<String>());
        for judgement in constellation_lab::promises::judge_trace(&begun) {
            let is_delivery = judgement.promise.starts_with("every message");
            assert!(!is_delivery || !matches!(judgement.verdict, Verdict::Violated(_)), "{last}");
        }
    }
}

#[test]
fn a_message_that_is_held_and_then_let_go_is_on_its_way() {
    let trace =
        simulate(&incidents::find("conjunction").expect("it ships").scenario(), 1).expect("it is short");
    let heal = trace.nemesis().iter().find(|entry| entry.nemesis == Nemesis::Heal).expect("it heals");
    let state = |last: u32| {
        let begun = prefix(&trace, EventId::new(last));
        let count =
            |of: fn(&Nemesis) -> bool| begun.nemesis().iter().filter(|entry| of(&entry.nemesis)).count();
        let held = count(|nemesis| matches!(nemesis, Nemesis::Hold(_)));
        let in_flight = count(|nemesis| matches!(nemesis, Nemesis::InFlight(_)));
        format!("{held} held, {in_flight} in flight")
    };
    expect!["4 held, 0 in flight"].assert_eq(&state(heal.after_events - 1));
    expect!["4 held, 3 in flight"].assert_eq(&state(heal.after_events));
}

#[test]
fn safety_is_judged_of_a_beginning_and_convergence_is_unknown() {
    let mut scenario = incidents::find("mss-17").expect("it ships").scenario();
    scenario.resolver = Resolver::WallLww;
    let run = Run::of(&scenario, 1, "the command").expect("it is short");
    let told = |until: u32| {
        let run = run.until(EventId::new(until)).expect("it is not so short");
        let told = run
            .judgements
            .iter()
            .map(|judgement| format!("{:<8} {}\n", judgement.verdict.word(), judgement.promise));
        format!("exit {}\n{}", run.exit_code(), told.collect::<String>())
    };
    expect![[r#"
        exit 3
        holds    vector stamps tell before, after and concurrent exactly
        holds    each vector stamp is the join of its causes and one tick
        holds    lamport stamps never contradict happens-before
        unknown  no update is lost: a read shows all it knows that nothing supersedes
        unknown  every update survives or is superseded
        unknown  no stale sibling is shown
        unknown  nothing is shown out of thin air
        unknown  replicas converge
        unknown  every message arrives unless the world lost it
        holds    each link delivers in the order of sending
    "#]]
    .assert_eq(&told(5));
    let last = u32::try_from(run.trace.events().len()).expect("it is short") - 1;
    expect![[r#"
        exit 1
        holds    vector stamps tell before, after and concurrent exactly
        holds    each vector stamp is the join of its causes and one tick
        holds    lamport stamps never contradict happens-before
        violated no update is lost: a read shows all it knows that nothing supersedes
        unknown  every update survives or is superseded
        holds    no stale sibling is shown
        holds    nothing is shown out of thin air
        unknown  replicas converge
        unknown  every message arrives unless the world lost it
        holds    each link delivers in the order of sending
    "#]]
    .assert_eq(&told(last - 1));
    assert_eq!(run.until(EventId::new(last)).expect("it has a last event").judgements, run.judgements);
    let error = run.until(EventId::new(last + 1)).expect_err("there is none");
    assert_eq!(
        error.to_string(),
        format!("there is no e{}: the last event of this run is e{last}", last + 1)
    );
}
