//! Columns hold what the trace holds, in few bytes.

use constellation_report::{Caption, Edge, Lane, Picture, columns};
use constellation_trace::{
    Action, Claim, Entry, EventId, Loss, MessageId, Nemesis, NodeId, Trace, TrueTime, sketch,
};
use expect_test::expect;
use proptest::prelude::*;

use crate::decoded::{decode, expected};
use crate::random;

fn bytes(picture: &Picture<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    columns::write(picture, &mut bytes).expect("a vector takes it");
    bytes
}

fn plain(trace: &Trace) -> Picture<'_> {
    Picture::new(trace, &[], Caption::default())
}

/// The same trace with some of these as edges, and its nodes on two lanes.
fn joined(trace: &Trace, pairs: Vec<(usize, usize)>) -> Picture<'_> {
    let count = trace.events().len();
    let event = |place: usize| EventId::new(u32::try_from(place).expect("few"));
    let edges = pairs.into_iter().map(|(one, other)| (one % count.max(1), other % count.max(1)));
    let edges = edges.filter(|(from, to)| from < to).map(|(from, to)| Edge {
        from: event(from),
        to: event(to),
        why: ["parent", "link"][from % 2].to_owned(),
    });
    let mut lanes = ["even", "odd"].map(|name| Lane { name: name.to_owned(), nodes: Vec::new() });
    for node in 0..trace.nodes().len() {
        lanes[node % 2].nodes.push(NodeId::new(u32::try_from(node).expect("few")));
    }
    let picture = plain(trace).with_edges(edges.collect()).expect("each leads on");
    picture.with_lanes(lanes.into()).expect("each node has a lane")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_read_again_are_the_trace(trace in random::traces(), pairs in proptest::collection::vec((0_usize..1000, 0_usize..1000), 0..12)) {
        let picture = joined(&trace, pairs);
        let mut decoded = decode(&bytes(&picture));
        let fates = std::mem::take(&mut decoded.fates);
        prop_assert_eq!(decoded, expected(&picture));
        // One for each thing that the world did to a message, in the order of messages.
        let done = trace.nemesis().iter().filter_map(|entry| Some((entry.nemesis.message()?, entry)));
        let mut done: Vec<_> = done.collect();
        done.sort_by_key(|(message, _)| *message);
        prop_assert_eq!(fates.len(), done.len());
        for ((code, of, after, why), (message, entry)) in fates.into_iter().zip(done) {
            let sent = trace.event(trace.message(message).send).at;
            prop_assert_eq!(of, u64::from(message.number()));
            prop_assert_eq!(after, i128::from(entry.at.ns()) - i128::from(sent.ns()));
            let is_named = |loss: Loss| loss != Loss::Plain;
            match &entry.nemesis {
                Nemesis::Lose(_, loss) => prop_assert!(code == 1 && (why.is_empty() || !is_named(*loss) || loss.to_string().ends_with(&why))),
                Nemesis::Hold(_) => prop_assert_eq!(code, 2),
                Nemesis::Duplicate(_) => prop_assert_eq!(code, 3),
                Nemesis::Corrupt { .. } => prop_assert_eq!(code, 4),
                Nemesis::Wait { .. } => prop_assert!(code == 5 && why.contains("until")),
                Nemesis::InFlight(_) => prop_assert_eq!(code, 6),
                other => prop_assert!(false, "{other:?} happens to no message"),
            }
        }
    }
}

/// The two halves of a page meet here: what its script reads is what is written.
#[test]
fn the_bytes_of_a_small_trace_are_those_of_the_layout() {
    let mut trace = sketch::parse("pacific  a=1 m!=2\nindian   m?=3").expect("a sketch");
    trace
        .record_nemesis(TrueTime::from_ns(9_000_000), Nemesis::Duplicate(MessageId::new(0)))
        .expect("it is sent");
    let bytes = bytes(&plain(&trace));
    let shown: Vec<String> = bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' => char::from(*byte).to_string(),
            _ => byte.to_string(),
        })
        .collect();
    expect!["C S T L 2 2 2 3 1 6 1 0 7 6 1 2 2 0 p a c i f i c i n d i a n a m 33 m 63 0 1 0 1 0 1 0 0 1 0 16 1 128 128 128 137 137 137 z z z 1 0 0 3 0 1 1 2 3 4 3 0 1 1 0 0 0 0 0 0 3 0 128 191 214 6 5"].assert_eq(&shown.join(" "));
}

#[test]
fn who_was_not_there_is_why_a_message_is_lost() {
    let mut trace = Trace::new(["pacific", "atlantic"]).expect("two names");
    let [pacific, atlantic] = ["pacific", "atlantic"].map(|name| trace.node(name).expect("just named"));
    let at = TrueTime::from_ms;
    trace.record(Entry::new(atlantic, at(1), Action::Crash)).expect("it lives");
    let send = Entry { sends: &[atlantic], ..Entry::new(pacific, at(2), Action::Local) };
    trace.record(send).expect("it lives");
    trace.record_nemesis(at(3), Nemesis::Lose(MessageId::new(0), Loss::Plain)).expect("it is sent");
    let fates = decode(&bytes(&plain(&trace))).fates;
    assert_eq!(fates, [(1, 0, 1_000_000, "atlantic is down".to_owned())]);
}

#[test]
fn a_trace_of_nothing_is_columns_of_nothing() {
    let trace = Trace::new(Vec::<String>::new()).expect("no names");
    assert_eq!(decode(&bytes(&plain(&trace))), expected(&plain(&trace)));
}

#[test]
fn an_edge_that_could_close_a_cycle_is_refused() {
    let trace = sketch::parse("pacific  a b\nindian   c").expect("a sketch");
    let edge = |from, to| Edge { from: EventId::new(from), to: EventId::new(to), why: "link".to_owned() };
    let refused = |edges| plain(&trace).with_edges(edges).expect_err("it is no order").to_string();
    expect![
        "an edge leads from e2 to e1, which is not recorded after it: events must be recorded causes first"
    ]
    .assert_eq(&refused(vec![edge(0, 2), edge(2, 1)]));
    expect![
        "an edge leads from e1 to e1, which is not recorded after it: events must be recorded causes first"
    ]
    .assert_eq(&refused(vec![edge(1, 1)]));
    expect!["an edge joins e3, and the trace has 3 events"].assert_eq(&refused(vec![edge(0, 3)]));
    let picture = plain(&trace).with_edges(vec![edge(1, 2), edge(0, 2), edge(1, 2)]).expect("they lead on");
    assert_eq!(picture.edges(), [edge(0, 2), edge(1, 2)], "sorted, each once");
}

#[test]
fn a_node_is_on_one_lane() {
    let trace = sketch::parse("pacific  a\nindian   c").expect("a sketch");
    let lane = |nodes: &[u32]| Lane {
        name: "ocean".to_owned(),
        nodes: nodes.iter().map(|node| NodeId::new(*node)).collect(),
    };
    let refused = |lanes| plain(&trace).with_lanes(lanes).expect_err("it has no place").to_string();
    expect!["the node `indian` is on no lane"].assert_eq(&refused(vec![lane(&[0])]));
    expect!["the node `pacific` is on two lanes"].assert_eq(&refused(vec![lane(&[0]), lane(&[1, 0])]));
    expect!["the lane `ocean` has the node 2, and the trace has not"]
        .assert_eq(&refused(vec![lane(&[0, 1, 2])]));
}

/// A trace on three nodes whose Lamport and vector clocks are sound: every event counts one.
fn clocked(events: u64, has_claims: bool) -> Trace {
    const NAMES: [&str; 3] = ["pacific", "indian", "atlantic"];
    let mut trace = Trace::new(NAMES).expect("three names");
    let mut clocks = [(0_u64, [0_u64; 3]); 3];
    let mut sent: Vec<(u64, [u64; 3])> = Vec::new();
    for step in 0..events {
        let place = (step * 7 % 11 % 3) as usize;
        let node = NodeId::new(place as u32);
        let heard =
            (0..).zip(trace.messages()).find(|(id, message)| message.to == node && id % 3 == step as u32 % 3);
        let heard = heard.map(|(id, _)| MessageId::new(id));
        if let Some(message) = heard {
            let (lamport, vector) = sent[message.index()];
            clocks[place].0 = clocks[place].0.max(lamport);
            clocks[place].1 = std::array::from_fn(|at| clocks[place].1[at].max(vector[at]));
        }
        clocks[place].0 += 1;
        clocks[place].1[place] += 1;
        let (lamport, vector) = clocks[place];
        let claims = [
            Claim::Lamport(lamport),
            Claim::Vector(NAMES.map(str::to_owned).into_iter().zip(vector).collect()),
        ];
        let action = heard.map_or(Action::Local, Action::Receive);
        let sends = &[NodeId::new((place as u32 + 1) % 3)][..usize::from(step % 2 == 0)];
        let claims = if has_claims { &claims[..] } else { &[] };
        let entry = Entry::new(node, TrueTime::from_ms(step), action);
        trace.record(Entry { sends, claims, ..entry }).expect("it is sound");
        sent.extend(sends.iter().map(|_| clocks[place]));
    }
    trace
}

#[test]
fn what_sound_clocks_say_is_one_byte_of_nothing() {
    let (with, without) = (clocked(200, true), clocked(200, false));
    let [with, without] = [&with, &without].map(|trace| bytes(&plain(trace)).len());
    // Of 200 Lamport and 200 vector claims the event and the claim, and two bytes more of how many.
    assert_eq!(with - without, 2 * (2 * 200 + 1), "{with} and {without} bytes");
    let trace = clocked(200, true);
    assert_eq!(decode(&bytes(&plain(&trace))), expected(&plain(&trace)));
}
