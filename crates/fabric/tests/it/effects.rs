//! How what a node says is grouped into the events of a trace.

use std::time::Duration;

use constellation_fabric::{Effects, StepAct, Timer};
use constellation_trace::{Call, Claim, Completion, NodeId};
use expect_test::{Expect, expect};

fn check(
    mut effects: Effects<&'static str>,
    says: impl FnOnce(&mut Effects<&'static str>),
    expected: Expect,
) {
    says(&mut effects);
    let mut text = String::new();
    for step in effects.steps() {
        let act = match &step.act {
            StepAct::Local => "local".to_owned(),
            StepAct::Receive => "receive".to_owned(),
            StepAct::Persist(state) => format!("persist {} bytes", state.len()),
            StepAct::Store(state) => format!("store {} bytes", state.len()),
            StepAct::Sync => "sync".to_owned(),
            StepAct::Write { key, update, saw } => format!("write {update} to {key}, saw {}", saw.join(" ")),
            StepAct::Read { key, shows } => format!("read {key}, shows {}", shows.join(" ")),
            StepAct::Invoke { number, call } => format!("invoke {number} {call}"),
            StepAct::Complete { number, completion } => format!("complete {number} {completion}"),
            act => panic!("not known here: {act:?}"),
        };
        let sends: Vec<_> = step.sends.iter().map(|(to, what)| format!("{what}>{}", to.number())).collect();
        let line = format!("{act} | {} | {} claims | {}", step.label, step.claims.len(), sends.join(" "));
        text += line.trim_end();
        text += "\n";
    }
    for set in effects.timers() {
        text += &format!("timer {} after {:?}\n", set.timer.0, set.after);
    }
    expected.assert_eq(&text);
    let (steps, timers) = (effects.steps().to_vec(), effects.timers().to_vec());
    assert_eq!(effects.into_parts(), (steps, timers), "what is handed over is what was shown");
}

const TO: NodeId = NodeId::new(1);

#[test]
fn saying_nothing_is_no_event() {
    check(Effects::new(), |_| {}, expect![[""]]);
    check(Effects::default(), |_| {}, expect![[""]]);
}

#[test]
fn a_message_is_an_event_even_if_the_node_says_nothing() {
    check(
        Effects::receiving(),
        |_| {},
        expect![[r#"
        receive |  | 0 claims |
    "#]],
    );
}

#[test]
fn what_is_said_of_nothing_begins_a_local_event() {
    check(
        Effects::new(),
        |effects| effects.send(TO, "m"),
        expect![[r#"
        local |  | 0 claims | m>1
    "#]],
    );
    check(
        Effects::new(),
        |effects| effects.claim(Claim::Lamport(1)),
        expect![[r#"
        local |  | 1 claims |
    "#]],
    );
    check(
        Effects::new(),
        |effects| effects.label("wakes"),
        expect![[r#"
        local | wakes | 0 claims |
    "#]],
    );
}

#[test]
fn sends_labels_and_claims_belong_to_the_latest_step() {
    let says = |effects: &mut Effects<_>| {
        effects.label("hears");
        effects.send(TO, "thanks");
        effects.persist(vec![1, 2, 3]);
        effects.write("mss-17", "u1", vec!["u0".to_owned()]);
        effects.claim(Claim::Lamport(4));
        effects.send(TO, "u1");
        effects.send(NodeId::new(2), "u1");
        effects.event("rests");
        effects.read("mss-17", vec!["u1".to_owned(), "u2".to_owned()]);
        effects.label("shows");
    };
    check(
        Effects::receiving(),
        says,
        expect![[r#"
        receive | hears | 0 claims | thanks>1
        persist 3 bytes |  | 0 claims |
        write u1 to mss-17, saw u0 |  | 1 claims | u1>1 u1>2
        local | rests | 0 claims |
        read mss-17, shows u1 u2 | shows | 0 claims |
    "#]],
    );
}

#[test]
fn what_is_stored_is_one_step_and_its_sync_another() {
    let says = |effects: &mut Effects<_>| {
        effects.store(vec![1, 2]);
        effects.send(TO, "not yet safe");
        effects.sync();
        effects.send(TO, "safe");
    };
    check(
        Effects::new(),
        says,
        expect![[r#"
            store 2 bytes |  | 0 claims | not yet safe>1
            sync | syncs its disk | 0 claims | safe>1
        "#]],
    );
}

#[test]
fn operations_of_a_client_are_steps_like_any_other() {
    let says = |effects: &mut Effects<_>| {
        effects.complete(3, Completion::Done);
        effects.invoke(4, Call::Read { key: "mode".to_owned() });
        effects.label("asks");
        effects.send(TO, "mode?");
    };
    check(
        Effects::receiving(),
        says,
        expect![[r#"
        receive |  | 0 claims |
        complete 3 done |  | 0 claims |
        invoke 4 read mode | asks | 0 claims | mode?>1
    "#]],
    );
}

#[test]
fn a_timer_alone_is_no_event() {
    let says = |effects: &mut Effects<_>| {
        effects.set_timer(Timer(7), Duration::from_millis(3));
        effects.set_timer(Timer(7), Duration::from_millis(5));
    };
    check(
        Effects::new(),
        says,
        expect![[r#"
        timer 7 after 3ms
        timer 7 after 5ms
    "#]],
    );
}

#[test]
fn effects_that_are_renewed_are_like_new_ones() {
    let says = |effects: &mut Effects<&'static str>| {
        effects.send(NodeId::new(1), "hello");
        effects.persist(vec![1]);
        effects.label("what it knows");
        effects.claim(Claim::Lamport(3));
        effects.set_timer(Timer(1), Duration::from_secs(1));
    };
    let mut renewed = Effects::receiving();
    says(&mut renewed);
    says(&mut renewed);
    renewed.renew();
    assert_eq!(renewed, Effects::new());
    says(&mut renewed);
    let mut new = Effects::new();
    says(&mut new);
    assert_eq!(renewed, new);

    // What is refused leaves nothing behind either.
    renewed.renew_receiving();
    renewed.send(NodeId::new(2), "an answer");
    renewed.refuse();
    assert_eq!(renewed, Effects::new());
    renewed.renew_receiving();
    assert_eq!(renewed, Effects::receiving());
    assert_eq!(renewed.into_parts(), Effects::receiving().into_parts());
}

#[test]
fn what_is_taken_over_is_what_the_inner_node_said() {
    let says = |effects: &mut Effects<&'static str>| {
        effects.label("hears");
        effects.persist(vec![1]);
        effects.claim(Claim::Lamport(3));
        effects.send(TO, "m");
        effects.event("rests");
        effects.set_timer(Timer(1), Duration::from_secs(1));
    };
    let mut inner = Effects::receiving();
    says(&mut inner);
    let mut right = Effects::receiving();
    says(&mut right);
    // What the outer node said before is gone, also that it received.
    let mut outer = Effects::receiving();
    outer.event("something else");
    outer.set_timer(Timer(9), Duration::ZERO);
    outer.take_over(&mut inner, |message| message);
    assert_eq!(outer, right);
    assert_eq!(inner, Effects::new());
    // A message that the inner one refuses, the outer one has refused.
    inner.renew_receiving();
    inner.refuse();
    inner.event("refuses");
    let mut outer: Effects<Option<&str>> = Effects::receiving();
    outer.take_over(&mut inner, Some);
    assert_eq!(outer.steps().len(), 1);
    assert_eq!(outer.steps()[0].act, StepAct::Local);
}
