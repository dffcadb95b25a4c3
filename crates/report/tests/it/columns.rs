//! Columns hold what the trace holds, in few bytes.

use constellation_report::columns;
use constellation_trace::{Action, Entry, Loss, MessageId, Nemesis, Trace, TrueTime, sketch};
use expect_test::expect;
use proptest::prelude::*;

use crate::decoded::{decode, expected};
use crate::random;

fn bytes(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    columns::write(trace, &mut bytes).expect("a vector takes it");
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_read_again_are_the_trace(trace in random::traces()) {
        let mut decoded = decode(&bytes(&trace));
        let fates = std::mem::take(&mut decoded.fates);
        prop_assert_eq!(decoded, expected(&trace));
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
    let bytes = bytes(&trace);
    let shown: Vec<String> = bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' => char::from(*byte).to_string(),
            _ => byte.to_string(),
        })
        .collect();
    expect!["C S T L 1 2 2 3 1 6 1 0 7 6 1 2 2 0 p a c i f i c i n d i a n a m 33 m 63 0 1 0 1 0 0 0 0 1 0 0 1 128 137 z 128 137 z 128 137 z 0 0 1 0 1 3 0 1 1 2 3 4 3 0 1 1 2 2 2 0 0 0 3 0 128 191 214 6 5"].assert_eq(&shown.join(" "));
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
    let fates = decode(&bytes(&trace)).fates;
    assert_eq!(fates, [(1, 0, 1_000_000, "atlantic is down".to_owned())]);
}

#[test]
fn a_trace_of_nothing_is_columns_of_nothing() {
    let trace = Trace::new(Vec::<String>::new()).expect("no names");
    assert_eq!(decode(&bytes(&trace)), expected(&trace));
}
