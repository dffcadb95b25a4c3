//! What is said is what is heard, and foreign bytes are nothing.

use std::num::NonZeroU32;

use constellation_fabric::{Step, StepAct};
use constellation_trace::{Call, Claim, Completion, NodeId, WallTime};
use proptest::prelude::*;

use super::{Fault, Given, HELLO_BYTES_MAX, Hello, Moment, Order, Report, Tag};
use crate::clocks::{Rate, Wall};
use crate::ticket::Token;

fn text() -> impl Strategy<Value = String> {
    "[a-z/ü ]{0,12}"
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        text().prop_map(|key| Call::Read { key }),
        (text(), text()).prop_map(|(key, value)| Call::Write { key, value }),
        (text(), text(), text()).prop_map(|(key, expected, value)| Call::CompareAndSet {
            key,
            expected,
            value
        }),
        (text(), any::<i64>()).prop_map(|(key, amount)| Call::Add { key, amount }),
        (text(), text()).prop_map(|(key, value)| Call::Append { key, value }),
        (text(), text()).prop_map(|(name, argument)| Call::Other { name, argument }),
    ]
}

fn completion() -> impl Strategy<Value = Completion> {
    prop_oneof![
        Just(Completion::Done),
        prop::collection::vec(text(), 0..3).prop_map(Completion::Shows),
        text().prop_map(|reason| Completion::Failed { reason }),
        text().prop_map(|reason| Completion::Unknown { reason }),
    ]
}

fn act() -> impl Strategy<Value = StepAct> {
    let updates = || prop::collection::vec(text(), 0..3);
    prop_oneof![
        Just(StepAct::Local),
        Just(StepAct::Receive),
        Just(StepAct::Persist(Vec::new())),
        Just(StepAct::Store(Vec::new())),
        Just(StepAct::Sync),
        (text(), text(), updates()).prop_map(|(key, update, saw)| StepAct::Write { key, update, saw }),
        (text(), updates()).prop_map(|(key, shows)| StepAct::Read { key, shows }),
        (any::<u32>(), call()).prop_map(|(number, call)| StepAct::Invoke { number, call }),
        (any::<u32>(), completion())
            .prop_map(|(number, completion)| StepAct::Complete { number, completion }),
    ]
}

fn claim() -> impl Strategy<Value = Claim> {
    prop_oneof![
        any::<u64>().prop_map(Claim::Lamport),
        prop::collection::vec((text(), any::<u64>()), 0..4).prop_map(Claim::Vector),
        (any::<u64>(), any::<u32>())
            .prop_map(|(physical_ns, logical)| Claim::Hybrid { physical_ns, logical }),
        any::<u64>().prop_map(|ns| Claim::Wall(WallTime::from_ns(ns))),
    ]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..16)
}

fn tag() -> impl Strategy<Value = Tag> {
    (any::<u32>(), any::<u64>()).prop_map(|(incarnation, number)| Tag { incarnation, number })
}

fn report() -> impl Strategy<Value = Report> {
    // Short, so that some are the same.
    let payload = prop_oneof![payload(), prop::collection::vec(0_u8..2, 0..2)];
    let sends = prop::collection::vec((any::<u32>().prop_map(NodeId::new), payload), 0..5);
    let step = (act(), text(), prop::collection::vec(claim(), 0..3), sends)
        .prop_map(|(act, label, claims, sends)| Step { act, label, claims, sends });
    prop_oneof![
        (prop::option::of(tag()), any::<u64>())
            .prop_map(|(believed, wall)| Report::Restarted { believed, wall: WallTime::from_ns(wall) }),
        (prop::option::of(any::<u64>()), prop::option::of(tag()), step)
            .prop_map(|(input, write, step)| Report::Step { input, write, step }),
        (prop::option::of(any::<u64>()), any::<u32>(), any::<u64>())
            .prop_map(|(input, timers_set, timers_done)| Report::Done { input, timers_set, timers_done }),
        (text(), prop_oneof![Just(Fault::Node), Just(Fault::Disk), Just(Fault::Length)])
            .prop_map(|(reason, fault)| Report::Failed { reason, fault }),
        Just(Report::Disarmed),
        prop::option::of(any::<u64>()).prop_map(|input| Report::Worked { input }),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let given = prop_oneof![
        Just(Given::Start),
        Just(Given::Restart),
        (any::<u32>(), payload())
            .prop_map(|(from, payload)| Given::Message { from: NodeId::new(from), payload }),
        payload().prop_map(Given::Request),
        Just(Given::Leave),
    ];
    let welcome = (1..u32::MAX, any::<i32>(), any::<[u64; 2]>(), any::<i64>(), text(), payload()).prop_map(
        |(speed, drift_ppb, [machine, epoch], ahead_ns, folder, setup)| Order::Welcome {
            rate: Rate { speed: NonZeroU32::new(speed).expect("the range begins at 1"), drift_ppb },
            wall: Wall { machine: WallTime::from_ns(machine), epoch: WallTime::from_ns(epoch), ahead_ns },
            folder,
            setup,
        },
    );
    prop_oneof![
        welcome,
        (any::<u64>(), given).prop_map(|(input, given)| Order::Give { input, given }),
        Just(Order::Written),
        any::<i64>().prop_map(|by_ns| Order::StepWall { by_ns }),
        Just(Order::Stop),
        Just(Order::Arm(Moment::BeforeWork)),
        Just(Order::Arm(Moment::AfterWork)),
        Just(Order::Disarm),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_is_heard_and_a_part_of_it_is_nothing(report in report(), order in order(), cut in 1_usize..9) {
        let (said, ordered) = (report.encode(), order.encode());
        prop_assert_eq!(Report::decode(&said), Some(report));
        prop_assert_eq!(Order::decode(&ordered), Some(order));
        prop_assert_eq!(Report::decode(&said[..said.len().saturating_sub(cut)]), None);
        prop_assert_eq!(Order::decode(&ordered[..ordered.len().saturating_sub(cut)]), None);
        prop_assert_eq!(Report::decode(&[&said[..], b"!"].concat()), None);
        prop_assert_eq!(Order::decode(&[&ordered[..], b"!"].concat()), None);
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for decoded in [Report::decode(&bytes).map(|report| report.encode()), Order::decode(&bytes).map(|order| order.encode())] {
            prop_assert!(decoded.is_none_or(|again| again == bytes), "one form for each");
        }
    }
}

#[test]
fn what_is_said_to_many_is_on_the_wire_once() {
    let payloads = [vec![1; 100_000], vec![2; 100_000]];
    let sends = (0..20).map(NodeId::new).zip(payloads.iter().cycle().cloned()).collect();
    let step = Step { act: StepAct::Local, label: String::new(), claims: Vec::new(), sends };
    let report = Report::Step { input: None, write: None, step };
    let said = report.encode();
    assert!(said.len() < 201_000, "{} bytes", said.len());
    assert_eq!(Report::decode(&said), Some(report));
}

#[test]
fn a_hello_is_short_and_of_our_version() {
    let hello = Hello { token: Token([9; 16]), node: NodeId::new(3), incarnation: u32::MAX };
    let mut bytes = hello.encode();
    assert!(bytes.len() <= HELLO_BYTES_MAX);
    assert_eq!(Hello::decode(&bytes), Some(hello.clone()));
    assert_eq!(format!("{hello:?}"), "Hello { token: Token, node: NodeId(3), incarnation: 4294967295 }");
    bytes[0] ^= 2;
    assert_eq!(Hello::decode(&bytes), None, "another version is another language");
}
