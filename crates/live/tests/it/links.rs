//! The hub as a link layer: one network model decides, and what it decides stands in the record.

use constellation_fabric::{Link, Network, Odds, Topic};
use constellation_live::Act;
use constellation_trace::{Kind, Loss, MessageId, Nemesis, Trace, Verdict};
use constellation_verify::{Budget, Order, delivery};

use crate::beacon::Ask;
use crate::tasks::{Beacons, CALM, Yes, at_ms, node, setup, whole};
use crate::told::count;

fn add(number: u32) -> Act<Ask> {
    Act::Request { node: node(number), request: Ask::Add(5) }
}

fn receives(trace: &Trace, message: u32) -> usize {
    let received = Kind::Receive(MessageId::new(message));
    trace.events().iter().filter(|event| event.kind == received).count()
}

fn nemesis(trace: &Trace) -> Vec<Nemesis> {
    trace.nemesis().iter().map(|entry| entry.nemesis.clone()).collect()
}

/// Whether a message was sent before luck ended: what luck does to it depends on how busy the machine is.
fn in_time(trace: &Trace, message: u32) -> bool {
    trace.event(trace.message(MessageId::new(message)).send).at < at_ms(400)
}

/// What the world did, if it was done in time, else nothing.
fn check(trace: &Trace, message: u32, expected: Nemesis) {
    let expected = if in_time(trace, message) { vec![expected] } else { Vec::new() };
    assert_eq!(nemesis(trace), expected);
}

/// Whether every message arrived that was not lost for a reason that the record knows.
fn arrives(trace: &Trace) -> Verdict {
    let budget = Budget::default();
    let order = Order::of(trace, &budget).expect("it is short");
    delivery::every_message_arrives(&order).verdict
}

#[tokio::test]
async fn in_a_calm_run_everything_arrives_once() {
    let (mut setup, _folder) = setup(3);
    setup.plan = vec![(at_ms(50), add(0))];
    let live = whole(setup, CALM, Beacons { count: 3, repeats: 2 }).await;
    let trace = &live.trace;
    assert_eq!(live.remarks, [] as [String; 0]);
    assert_eq!((count(trace, "online"), count(trace, "tells 5"), count(trace, "tells again")), (3, 1, 2));
    assert_eq!((count(trace, "hears 5"), count(trace, "is at 5")), (6, 3));
    assert_eq!(nemesis(trace), []);
    assert_eq!(arrives(trace), Verdict::Holds);
}

#[tokio::test]
async fn each_step_says_what_the_wall_clock_showed() {
    let (mut setup, _folder) = setup(1);
    setup.machines[0].ahead_ns = 600_000_000;
    setup.plan = vec![(at_ms(200), Act::StepWall { node: node(0), by_ns: -600_000_000 })];
    let live = whole(setup, CALM, Beacons { count: 1, repeats: 0 }).await;
    let walls: Vec<u64> = live
        .trace
        .claims(constellation_trace::ClaimKind::Wall)
        .filter_map(|(_, claim)| match claim {
            constellation_trace::ClaimRef::Wall(wall) => Some(wall.ns()),
            _ => None,
        })
        .collect();
    let [online, shown] = walls[..] else { panic!("two events: {walls:?}") };
    // However slow the machine is, it starts after the beginning, and shows itself after the end at 400 ms.
    assert!(online >= 600_000_000, "600 ms ahead: {online}");
    assert!(shown >= 400_000_000, "right again after the end: {shown}");
    assert_eq!(nemesis(&live.trace), [Nemesis::Step { node: node(0), by_ns: -600_000_000 }]);
}

#[tokio::test]
async fn a_lost_message_is_lost_by_its_number_and_no_other() {
    let (mut setup, _folder) = setup(2);
    setup.network = Network::new(Link { loss: Odds::ppm(500_000).expect("a half"), ..Link::INSTANT });
    setup.plan = vec![(at_ms(50), add(0))];
    let second = Yes(|topic, nth| topic == Topic::Loss && nth == 1);
    let live = whole(setup, second, Beacons { count: 2, repeats: 2 }).await;
    check(&live.trace, 1, Nemesis::Lose(MessageId::new(1), Loss::Plain));
    let second = usize::from(!in_time(&live.trace, 1));
    assert_eq!([0, 1, 2].map(|message| receives(&live.trace, message)), [1, second, 1]);
}

#[tokio::test]
async fn a_doubled_message_arrives_twice() {
    let (mut setup, _folder) = setup(2);
    setup.network = Network::new(Link { duplicate: Odds::ALWAYS, ..Link::INSTANT });
    setup.plan = vec![(at_ms(50), add(0))];
    let live =
        whole(setup, Yes(|topic, _| topic == Topic::Duplicate), Beacons { count: 2, repeats: 0 }).await;
    check(&live.trace, 0, Nemesis::Duplicate(MessageId::new(0)));
    assert_eq!(receives(&live.trace, 0), 1 + usize::from(in_time(&live.trace, 0)));
}

#[tokio::test]
async fn a_corrupted_message_arrives_as_another() {
    let (mut setup, _folder) = setup(2);
    setup.network = Network::new(Link { corrupt_unseen: Odds::ALWAYS, ..Link::INSTANT });
    setup.plan = vec![(at_ms(50), add(0))];
    let live =
        whole(setup, Yes(|topic, _| topic == Topic::CorruptUnseen), Beacons { count: 2, repeats: 0 }).await;
    check(&live.trace, 0, Nemesis::Corrupt { message: MessageId::new(0), how: 0 });
    let heard = if in_time(&live.trace, 0) { "hears 4" } else { "hears 5" };
    assert_eq!(count(&live.trace, heard), 1);
}

#[tokio::test]
async fn what_a_cut_holds_arrives_at_the_end_at_the_latest() {
    let (mut setup, _folder) = setup(2);
    let cut = Act::Cut { sources: vec![node(0)], targets: vec![node(1)] };
    setup.plan = vec![(at_ms(50), cut), (at_ms(100), add(0))];
    let live = whole(setup, CALM, Beacons { count: 2, repeats: 0 }).await;
    let mut told = nemesis(&live.trace);
    assert_eq!(told.pop(), Some(Nemesis::Heal));
    assert_eq!(told.remove(0), Nemesis::Cut { sources: vec![node(0)], targets: vec![node(1)] });
    if in_time(&live.trace, 0) {
        assert_eq!(told, [Nemesis::Hold(MessageId::new(0))]);
    }
    assert_eq!((receives(&live.trace, 0), count(&live.trace, "is at 5")), (1, 2));
    assert_eq!(arrives(&live.trace), Verdict::Holds);
}

#[tokio::test]
async fn what_a_node_refuses_is_lost() {
    let (mut setup, _folder) = setup(2);
    let cut = || Act::Partition { group_a: vec![node(0)], group_b: vec![node(1)] };
    let twice = Act::Request { node: node(1), request: Ask::Add(9) };
    setup.plan = vec![(at_ms(0), cut()), (at_ms(50), add(0)), (at_ms(50), twice), (at_ms(200), Act::Heal)];
    let live = whole(setup, CALM, Beacons { count: 2, repeats: 0 }).await;
    assert_eq!((count(&live.trace, "refuses 5"), count(&live.trace, "hears 9")), (1, 1));
    let lost = nemesis(&live.trace).into_iter().filter(|nemesis| matches!(nemesis, Nemesis::Lose(..)));
    assert_eq!(lost.count(), 1);
    assert_eq!(arrives(&live.trace), Verdict::Holds, "the record says what became of it");
}
