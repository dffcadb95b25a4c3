//! Broken stations, each found out by the promise that it breaks: a judge that never failed is no judge.

use std::collections::BTreeMap;

use constellation_fabric::node::{Step, StepAct};
use constellation_fabric::{Effects, Input, Node, Now};
use constellation_lab::promises::judge_trace;
use constellation_lab::station::{Message, Request};
use constellation_lab::{Scenario, Station, incidents, simulate_with};
use constellation_trace::{Claim, NodeId, Verdict};
use expect_test::{Expect, expect};

/// A station between whose effects and the world something goes wrong.
#[derive(Clone)]
pub(crate) struct Broken<F> {
    pub(crate) station: Station,
    pub(crate) tamper: F,
}

impl<F: FnMut(&Moment<'_>, Step<Message>) -> Option<Step<Message>>> Node for Broken<F> {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        let is_message = matches!(input, Input::Message { .. });
        let mut right = if is_message { Effects::receiving() } else { Effects::new() };
        self.station.on(now, input, &mut right);
        if right.has_refused() {
            effects.refuse();
        }
        let (steps, timers) = right.into_parts();
        for (place, step) in steps.into_iter().enumerate() {
            let moment = Moment { is_first: place == 0, is_message, label: &step.label.clone() };
            let Some(step) = (self.tamper)(&moment, step) else { continue };
            carry_over(step, effects);
        }
        timers.into_iter().for_each(|set| effects.set_timer(set.timer, set.after));
    }
}

/// What a fault may look at.
pub(crate) struct Moment<'a> {
    is_first: bool,
    is_message: bool,
    pub(crate) label: &'a str,
}

impl Moment<'_> {
    const fn is_receive(&self) -> bool {
        self.is_first && self.is_message
    }
}

/// Does the step again; the driver has begun a receive itself.
fn carry_over(step: Step<Message>, effects: &mut Effects<Message>) {
    match step.act {
        StepAct::Local => effects.event(step.label.clone()),
        StepAct::Persist(state) => effects.persist(state),
        StepAct::Write { key, update, saw } => effects.write(key, update, saw),
        StepAct::Read { key, shows } => effects.read(key, shows),
        _ => {}
    }
    effects.label(step.label);
    step.claims.into_iter().for_each(|claim| effects.claim(claim));
    step.sends.into_iter().for_each(|(to, message)| effects.send(to, message));
}

/// Lets broken stations run the conjunction: every promise that the judges say is broken.
fn check<F>(tamper: impl Fn(NodeId) -> F, expected: Expect)
where
    F: FnMut(&Moment<'_>, Step<Message>) -> Option<Step<Message>>,
{
    check_in(&incidents::find("conjunction").expect("it ships").scenario(), tamper, expected);
}

fn check_in<F>(scenario: &Scenario, tamper: impl Fn(NodeId) -> F, expected: Expect)
where
    F: FnMut(&Moment<'_>, Step<Message>) -> Option<Step<Message>>,
{
    let broken = |rules: &_, me| Broken {
        station: Station::new(std::sync::Arc::clone(rules), me),
        tamper: tamper(me),
    };
    let trace = simulate_with(scenario, 1, broken).expect("it can be run");
    let mut found = Vec::new();
    for judgement in judge_trace(&trace) {
        if let Verdict::Violated(evidence) = judgement.verdict {
            found.push(format!(
                "{}\n  expected  {}\n  found     {}",
                judgement.promise, evidence.expected, evidence.found
            ));
        }
    }
    expected.assert_eq(&found.join("\n"));
}

#[test]
fn a_station_that_is_not_tampered_with_breaks_nothing() {
    check(|_| |_: &Moment<'_>, step| Some(step), expect![[""]]);
}

#[test]
fn a_vector_clock_that_forgets_to_merge_is_found_out() {
    let names = incidents::find("conjunction").expect("it ships").scenario().nodes;
    check(
        |me| {
            let own = names[me.index()].clone();
            move |_: &Moment<'_>, mut step: Step<Message>| {
                for claim in &mut step.claims {
                    if let Claim::Vector(entries) = claim {
                        entries.retain(|(name, _)| *name == own);
                    }
                }
                Some(step)
            }
        },
        expect![[r#"
            vector stamps tell before, after and concurrent exactly
              expected  e4 before e6
              found     e4 concurrent with e6: the vector clock does not see that one event caused the other; 24 more pairs are wrong
            each vector stamp is the join of its causes and one tick
              expected  vector {atlantic:1 indian_ocean:1} at e6
              found     vector {indian_ocean:1}: atlantic is 0, though news of 1 came; 10 more vectors are wrong"#]],
    );
}

#[test]
fn a_vector_clock_that_forgets_to_tick_on_receive_is_found_out() {
    let names = incidents::find("conjunction").expect("it ships").scenario().nodes;
    check(
        |me| {
            let own = names[me.index()].clone();
            move |moment: &Moment<'_>, mut step: Step<Message>| {
                for claim in step.claims.iter_mut().filter(|_| moment.is_receive()) {
                    if let Claim::Vector(entries) = claim {
                        entries
                            .iter_mut()
                            .filter(|(name, _)| *name == own)
                            .for_each(|(_, count)| *count -= 1);
                        entries.retain(|(_, count)| *count > 0);
                    }
                }
                Some(step)
            }
        },
        expect![[r#"
            vector stamps tell before, after and concurrent exactly
              expected  e4 before e6
              found     e4 the same as e6: the vector clock takes cause and effect for one event; 24 more pairs are wrong
            each vector stamp is the join of its causes and one tick
              expected  vector {atlantic:1 indian_ocean:1} at e6
              found     vector {atlantic:1}: its own entry is 0, not 1; 8 more vectors are wrong"#]],
    );
}

#[test]
fn a_lamport_clock_that_does_not_listen_is_found_out() {
    check(
        |_| {
            let mut count = 0;
            move |_: &Moment<'_>, mut step: Step<Message>| {
                for claim in &mut step.claims {
                    if let Claim::Lamport(time) = claim {
                        count += 1;
                        *time = count;
                    }
                }
                Some(step)
            }
        },
        expect![[r#"
            lamport stamps never contradict happens-before
              expected  e4 before e6
              found     e4 concurrent with e6: the lamport clock does not see that one event caused the other; 4 more pairs are wrong"#]],
    );
}

#[test]
fn a_station_that_keeps_the_last_write_is_found_out() {
    check(
        |_| {
            |_: &Moment<'_>, mut step: Step<Message>| {
                if let StepAct::Read { shows, .. } = &mut step.act {
                    *shows = shows.pop().into_iter().collect();
                }
                Some(step)
            }
        },
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes
              expected  pacific shows indian_ocean:1 under mss-17/attitude: it is known there and not superseded
              found     indian_ocean:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
            every update survives or is superseded
              expected  indian_ocean:1 is shown under mss-17/attitude in the end, or an update that saw it
              found     indian_ocean:1 is gone: at pacific pacific:1 is shown, at indian_ocean pacific:1 is shown, at atlantic pacific:1 is shown, nor is it shown at 1 node more"#]],
    );
}

#[test]
fn a_station_that_drops_news_after_the_heal_is_found_out() {
    check(
        |me| {
            move |moment: &Moment<'_>, mut step: Step<Message>| {
                let is_deaf = me == NodeId::new(3);
                if let (true, StepAct::Read { shows, .. }) = (is_deaf, &mut step.act) {
                    shows.retain(|update| update != "pacific:1");
                }
                (!(is_deaf && moment.label.contains("CONCURRENT"))).then_some(step)
            }
        },
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes
              expected  antarctic shows pacific:1 under mss-17/attitude: it is known there and not superseded
              found     pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently
            replicas converge
              expected  pacific and antarctic show the same under mss-17/attitude in the end
              found     antarctic lacks pacific:1: at pacific indian_ocean:1 and pacific:1 are shown, at antarctic indian_ocean:1 is shown"#]],
    );
}

#[test]
fn a_station_that_resurrects_what_was_superseded_is_found_out() {
    check(
        |_| {
            let mut ever: BTreeMap<String, Vec<String>> = BTreeMap::new();
            move |_: &Moment<'_>, mut step: Step<Message>| {
                if let StepAct::Read { key, shows } = &mut step.act {
                    let ever = ever.entry(key.clone()).or_default();
                    ever.extend(shows.iter().cloned());
                    ever.sort();
                    ever.dedup();
                    shows.clone_from(ever);
                }
                Some(step)
            }
        },
        expect![[r#"
            no stale sibling is shown
              expected  antarctic does not show atlantic:1 under mss-17/attitude: indian_ocean:1 is known there and saw it
              found     it still shows atlantic:1; 6 more reads are wrong
            replicas converge
              expected  pacific and atlantic show the same under mss-17/attitude in the end
              found     atlantic lacks atlantic:1: at pacific atlantic:1 and indian_ocean:1 and pacific:1 are shown, at atlantic indian_ocean:1 and pacific:1 are shown"#]],
    );
}

#[test]
fn a_station_that_shows_what_nobody_has_told_it_is_found_out() {
    check(
        |me| {
            move |_: &Moment<'_>, mut step: Step<Message>| {
                if let (true, StepAct::Read { shows, .. }) = (me == NodeId::new(3), &mut step.act) {
                    *shows = vec!["pacific:1".to_owned()];
                }
                Some(step)
            }
        },
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes
              expected  antarctic shows atlantic:1 under mss-17/attitude: it is known there and not superseded
              found     atlantic:1 is lost: pacific:1 displaced it, though pacific:1 does not say that it saw it; 3 more reads are wrong
            nothing is shown out of thin air
              expected  antarctic shows under mss-17/attitude only what it can know of
              found     it shows pacific:1, of which no news had come; 1 more read or write is wrong
            replicas converge
              expected  pacific and antarctic show the same under mss-17/attitude in the end
              found     antarctic lacks indian_ocean:1: at pacific indian_ocean:1 and pacific:1 are shown, at antarctic pacific:1 is shown"#]],
    );
}

#[test]
fn a_station_that_never_tells_is_found_out() {
    check(
        |me| {
            move |_: &Moment<'_>, mut step: Step<Message>| {
                step.sends.retain(|_| me != NodeId::new(1));
                Some(step)
            }
        },
        expect![[r#"
            replicas converge
              expected  pacific and indian_ocean show the same under mss-17/attitude in the end
              found     pacific lacks indian_ocean:1: at pacific pacific:1 is shown, at indian_ocean indian_ocean:1 and pacific:1 are shown"#]],
    );
}
