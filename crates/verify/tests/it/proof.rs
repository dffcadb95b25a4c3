//! Chains of messages: shortest, valid, and the one that is promised.

use constellation_trace::{EventId, Proof, Trace, sketch};
use constellation_verify::{Budget, Order, proof};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::exhaustive::every_run;
use crate::order::edges;
use crate::run::{Bug, config, play, steps};
use crate::story::tell;

/// The chain between two words of a sketch.
fn check(text: &str, source: &str, target: &str, expected: Expect) {
    let trace = sketch::parse(text).unwrap();
    let order = Order::of(&trace, &Budget::default()).unwrap();
    let [source, target] = [source, target].map(|word| sketch::find(&trace, word).unwrap());
    let chain = proof::chain(&order, source, target);
    let words =
        |chain: Vec<EventId>| chain.iter().map(|event| trace.label(*event)).collect::<Vec<_>>().join(" ");
    expected.assert_eq(&chain.map_or("none".to_owned(), words));
}

#[test]
fn a_chain_names_its_messages_and_leaves_out_what_lies_between() {
    check("pacific a x m! y\nindian z m? w d", "a", "d", expect!["a m! m? d"]);
    check("pacific a x m! y\nindian z m? w d", "m!", "m?", expect!["m! m?"]);
    check("pacific a x m! y\nindian z m? w d", "a", "y", expect!["a y"]);
    check("pacific a x m! y\nindian z m? w d", "a", "a", expect!["a"]);
    check("pacific a x m! y\nindian z m? w d", "d", "a", expect!["none"]);
    check("pacific a x m! y\nindian z m? w d", "y", "d", expect!["none"]);
}

#[test]
fn fewer_messages_beat_earlier_ones() {
    check("pacific a m! far!\nindian m? n!\natlantic n? far? d", "a", "d", expect!["a far! far? d"]);
}

#[test]
fn of_equally_short_chains_each_process_is_entered_by_its_earliest_receive() {
    check("pacific a m! n!\nindian m? n? d", "a", "d", expect!["a m! m? d"]);
    check("pacific a m! n!\nindian n? m? d", "a", "d", expect!["a n! n? d"]);
}

#[test]
fn a_restart_continues_the_chain_without_a_message() {
    let trace = tell(
        "pacific write k w
         pacific persist s
         pacific crash
         pacific restart s
         pacific send m to indian
         indian receive m",
    );
    let order = Order::of(&trace, &Budget::default()).unwrap();
    let chain = proof::chain(&order, EventId::new(0), EventId::new(5)).unwrap();
    assert_eq!(chain, [0, 1, 3, 4, 5].map(EventId::new));
}

#[test]
fn a_proof_leads_in_whichever_direction_there_is() {
    let trace = sketch::parse("pacific a m!\nindian b m? d").unwrap();
    let order = Order::of(&trace, &Budget::default()).unwrap();
    let [a, b, d] = ["a", "b", "d"].map(|word| sketch::find(&trace, word).unwrap());
    assert_eq!(proof::prove(&order, a, d), proof::prove(&order, d, a));
    assert_eq!(proof::prove(&order, a, b), Proof::NoChain { one: a, other: b });
}

/// The slow twin: the fewest messages from one event to all, by relaxing all edges until nothing changes.
fn fewest_messages(trace: &Trace, source: usize) -> Vec<Option<usize>> {
    let mut fewest = vec![None; trace.events().len()];
    fewest[source] = Some(0);
    for _ in 0..trace.events().len() {
        for (source, target, weight) in edges(trace) {
            if let Some(count) = fewest[source] {
                let count: usize = count + weight;
                fewest[target] = Some(fewest[target].map_or(count, |best: usize| best.min(count)));
            }
        }
    }
    fewest
}

fn assert_chains_are_shortest(trace: &Trace) {
    let order = Order::of(trace, &Budget::default()).unwrap();
    let edges = edges(trace);
    for source in trace.event_ids() {
        let fewest = fewest_messages(trace, source.index());
        for target in trace.event_ids() {
            let chain = proof::chain(&order, source, target);
            assert_eq!(
                chain.is_some(),
                fewest[target.index()].is_some(),
                "{source} to {target} of {trace:?}"
            );
            let Some(chain) = chain else { continue };
            assert_eq!((chain.first(), chain.last()), (Some(&source), Some(&target)));
            let mut messages = 0;
            for step in chain.windows(2) {
                let is_edge =
                    |edge: &&(usize, usize, usize)| edge.0 == step[0].index() && edge.1 == step[1].index();
                let is_own = trace.event(step[0]).process == trace.event(step[1]).process;
                assert!(step[0] < step[1], "{chain:?} turns back in {trace:?}");
                if !is_own {
                    let weight = edges.iter().filter(is_edge).map(|edge| edge.2).min();
                    messages += weight.unwrap_or_else(|| panic!("{chain:?} leaps in {trace:?}"));
                }
            }
            assert_eq!(Some(messages), fewest[target.index()], "{chain:?} of {trace:?}");
        }
    }
}

#[test]
fn chains_are_shortest_in_every_tiny_run() {
    every_run(4, |steps| assert_chains_are_shortest(&play(2, steps, Bug::None)));
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn chains_are_shortest(nodes in 1_usize..=4, steps in steps(30)) {
        assert_chains_are_shortest(&play(nodes, &steps, Bug::None));
    }
}
