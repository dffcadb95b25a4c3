//! Pictures of small runs, as their bytes: they change only where somebody looked.

use constellation_report::diagram::{Diagram, Head, Scope};
use constellation_report::{Caption, Edge, Lane, Picture, svg};
use constellation_trace::{
    Action, Entry, EventId, Kind, Link, Loss, MessageId, Nemesis, NodeId, Proof, Trace, TrueTime, sketch,
};
use expect_test::{Expect, expect, expect_file};
use proptest::prelude::*;

use crate::hostile::check_xml;
use crate::pages::{facts, html, violated};
use crate::random;

/// Where everything stands, without the drawing.
fn check(picture: &Picture<'_>, scope: Scope, expected: Expect) {
    let diagram = Diagram::of(picture, scope, 600);
    let trace = picture.trace();
    let mut shown = format!("{:?}\n", diagram.scope);
    for mark in &diagram.marks {
        let lane = trace.node_name(diagram.lanes[mark.lane]);
        shown += &format!("{} on {lane} at {}, {:?}\n", mark.event, mark.x, mark.role);
    }
    for arrow in &diagram.arrows {
        let to = match arrow.to {
            Head::Mark(to) => diagram.marks[to].event.to_string(),
            other => format!("{other:?}"),
        };
        let from = diagram.marks[arrow.from].event;
        shown +=
            &format!("{} {from} to {to} proof {} copy {}\n", arrow.message, arrow.is_proof, arrow.is_copy);
    }
    for tie in &diagram.ties {
        let [from, to] = [tie.from, tie.to].map(|mark| diagram.marks[mark].event);
        shown += &format!("{from} and {to}: {}\n", tie.text);
    }
    shown += &format!("without {} events, {} messages\n", diagram.left_out_events, diagram.left_out_messages);
    expected.assert_eq(&shown);
}

fn event(trace: &Trace, word: &str) -> constellation_trace::EventId {
    sketch::find(trace, word).expect("in the sketch")
}

fn twice() -> Trace {
    let mut trace = sketch::parse("pacific  a m! b n! z\nindian   c m? d\natlantic  q CRASH RESTART y")
        .expect("a sketch");
    let at = trace.events().last().expect("there are some").at;
    let lost = trace.messages().len() - 1;
    let message = MessageId::new(u32::try_from(lost).expect("few"));
    trace.record_nemesis(at, Nemesis::Lose(message, Loss::QueueFull)).expect("it is sent");
    trace
}

#[test]
fn evidence_is_drawn_with_the_message_that_joins_it() {
    let trace = twice();
    let proof = Proof::NoChain { one: event(&trace, "b"), other: event(&trace, "d") };
    let judgements = [violated(&trace, &["a", "b", "d"], proof)];
    check(
        &Picture::new(&trace, &judgements, Caption::default()),
        Scope::Evidence,
        expect![[r#"
        Evidence
        e0 on pacific at 0, Witness
        e1 on pacific at 105, Beside
        e2 on pacific at 210, Witness
        e6 on indian at 494, Beside
        e7 on indian at 600, Witness
        m0 e1 to e6 proof false copy false
        e2 and e7: concurrent
        without 7 events, 1 messages
    "#]],
    );
}

#[test]
fn a_run_is_drawn_from_its_beginning() {
    let trace = twice();
    check(
        &Picture::new(&trace, &[], Caption::default()),
        Scope::Evidence,
        expect![[r#"
        Run
        e0 on pacific at 0, Beside
        e1 on pacific at 54, Beside
        e2 on pacific at 109, Beside
        e3 on pacific at 163, Beside
        e4 on pacific at 218, Beside
        e5 on indian at 272, Beside
        e6 on indian at 327, Beside
        e7 on indian at 381, Beside
        e8 on atlantic at 436, Beside
        e9 on atlantic at 490, Beside
        e10 on atlantic at 545, Beside
        e11 on atlantic at 600, Beside
        m0 e1 to e6 proof false copy false
        m1 e3 to Lost(1) proof false copy false
        without 0 events, 0 messages
    "#]],
    );
}

#[test]
fn a_picture_is_the_same_bytes() {
    let trace = twice();
    let link = |from: &str, to: &str| Link {
        from: trace.witness(event(&trace, from)),
        to: trace.witness(event(&trace, to)),
        why: format!("{from} was read before {to}"),
    };
    let judgements = [violated(&trace, &["a", "d"], Proof::Cycle(vec![link("a", "d"), link("d", "b")]))];
    let mut caption = Caption::default();
    caption.title = "a cycle".to_owned();
    let svg = svg::draw(&Picture::new(&trace, &judgements, caption));
    check_xml(&svg);
    expect_file!["pictures/cycle.svg"].assert_eq(&svg);
}

#[test]
fn what_is_left_out_is_said() {
    let mut trace = Trace::new(["pacific"]).expect("one name");
    let pacific = trace.node("pacific").expect("just named");
    for ms in 0..100 {
        let entry = constellation_trace::Entry::new(
            pacific,
            TrueTime::from_ms(ms),
            constellation_trace::Action::Local,
        );
        trace.record(entry).expect("it lives");
    }
    let svg = svg::draw(&Picture::new(&trace, &[], Caption::default()));
    assert!(
        svg.contains("the run from its beginning: 40 of 100 events and 0 of 0 messages are drawn"),
        "{svg}"
    );
}

#[test]
fn an_order_that_no_message_made_is_drawn_otherwise_and_told() {
    let mut trace = Trace::new(["web/1", "cart/1", "cart/2"]).expect("three names");
    for (node, ms) in [(0, 0), (1, 2), (2, 3), (1, 5), (2, 6)] {
        let entry = Entry::new(NodeId::new(node), TrueTime::from_ms(ms), Action::Local);
        trace.record(entry).expect("it lives");
    }
    let edge =
        |from, to, why: &str| Edge { from: EventId::new(from), to: EventId::new(to), why: why.to_owned() };
    let lane = |name: &str, nodes: &[u32]| Lane {
        name: name.to_owned(),
        nodes: nodes.iter().map(|node| NodeId::new(*node)).collect(),
    };
    let mut caption = Caption::default();
    caption.unknown =
        vec!["of two spans of one service nothing is known unless one began the other".to_owned()];
    let picture = Picture::new(&trace, &[], caption)
        .with_edges(vec![edge(0, 1, "parent"), edge(1, 2, "link")])
        .and_then(|picture| picture.with_lanes(vec![lane("web", &[0]), lane("cart", &[1, 2])]))
        .expect("it is sound");
    let diagram = Diagram::of(&picture, Scope::Run, 600);
    assert_eq!(diagram.lanes, [NodeId::new(0), NodeId::new(1)], "the first of each");
    assert_eq!(diagram.marks.iter().map(|mark| mark.lane).collect::<Vec<_>>(), [0, 1, 1, 1, 1]);
    let svg = svg::draw(&picture);
    check_xml(&svg);
    for told in [
        "<title>e0 is before e1: parent</title>",
        "before, by no message: link, parent",
        "not known: of two spans of one service",
        ">cart</text>",
    ] {
        assert!(svg.contains(told), "`{told}` is missing in {svg}");
    }
    let facts = facts(&html(&picture));
    assert_eq!(
        facts["unknown"][0],
        "of two spans of one service nothing is known unless one began the other"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_run_can_be_drawn(trace in random::traces()) {
        let picture = Picture::new(&trace, &[], Caption::default());
        check_xml(&svg::draw(&picture));
        let diagram = Diagram::of(&picture, Scope::Run, 600);
        for (place, mark) in diagram.marks.iter().enumerate() {
            prop_assert!(mark.x <= 600);
            if let Some(next) = diagram.marks.get(place + 1) {
                prop_assert!(mark.x <= next.x, "time runs to the right");
                prop_assert!(mark.lane != next.lane || mark.x < next.x, "two marks on one place");
            }
        }
        for arrow in &diagram.arrows {
            if let Head::Mark(to) = arrow.to {
                let (from, to) = (&diagram.marks[arrow.from], &diagram.marks[to]);
                prop_assert!(from.x < to.x, "a message goes to the right");
                prop_assert_eq!(trace.event(to.event).kind, Kind::Receive(arrow.message));
            }
        }
    }
}
