//! The laws of the network, checked by a slow obvious twin under random scripts and random luck, and shown to
//! catch networks that break them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{
    Calm, Choices, Delivery, Fate, Link, Network, NetworkError, Odds, Options, Parcel, Question, Sequence,
    Spread,
};
use constellation_trace::{Loss, MessageId, NodeId, TrueTime};
use proptest::prelude::*;

/// What a script asks of a network; nodes are 0 to 3, groups are bit sets of them.
#[derive(Clone, Copy, Debug)]
enum Op {
    Advance(u64),
    Send { source: u32, target: u32 },
    Partition { group_a: u8, group_b: u8 },
    Cut { sources: u8, targets: u8 },
    Heal,
}

/// A network, or one that is broken on purpose.
trait Carrier {
    fn cut(&mut self, sources: &[NodeId], targets: &[NodeId]);
    fn partition(&mut self, group_a: &[NodeId], group_b: &[NodeId]);
    fn send(
        &mut self,
        parcel: Parcel,
        now: TrueTime,
        choices: &mut dyn Choices,
    ) -> Result<Fate, NetworkError>;
    fn heal(&mut self, now: TrueTime, choices: &mut dyn Choices) -> Vec<(Parcel, Fate)>;
}

/// The network as it is, and after it whatever a planted bug does to its answers.
struct Planted<S, H> {
    network: Network,
    on_send: S,
    on_heal: H,
}

fn sound(network: Network) -> impl Carrier {
    Planted { network, on_send: |_: Parcel, fate| fate, on_heal: |released| released }
}

impl<S, H> Carrier for Planted<S, H>
where
    S: FnMut(Parcel, Result<Fate, NetworkError>) -> Result<Fate, NetworkError>,
    H: FnMut(Vec<(Parcel, Fate)>) -> Vec<(Parcel, Fate)>,
{
    fn cut(&mut self, sources: &[NodeId], targets: &[NodeId]) {
        self.network.cut(sources, targets);
    }

    fn partition(&mut self, group_a: &[NodeId], group_b: &[NodeId]) {
        self.network.partition(group_a, group_b);
    }

    fn send(
        &mut self,
        parcel: Parcel,
        now: TrueTime,
        choices: &mut dyn Choices,
    ) -> Result<Fate, NetworkError> {
        (self.on_send)(parcel, self.network.send(parcel, now, choices))
    }

    fn heal(&mut self, now: TrueTime, choices: &mut dyn Choices) -> Vec<(Parcel, Fate)> {
        (self.on_heal)(self.network.heal(now, choices))
    }
}

/// Luck for tests that notes what it is asked.
struct Noting {
    seed: u64,
    asked: Vec<Question>,
}

impl Choices for Noting {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        self.asked.push(question);
        let name = question.topic.number() * 31 + question.nth * 7 + u64::from(question.target.number());
        let bits = (self.seed ^ name).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u32::try_from((bits >> 33) % u64::from(options.count().get())).expect("below a u32")
    }
}

/// What the network should do, said slowly: the twin of which the checker takes its expectations.
struct Twin {
    link: Link,
    held_max: usize,
    now: TrueTime,
    cuts: Vec<(u8, u8)>,
    held: Vec<Parcel>,
    last_arrival: BTreeMap<(NodeId, NodeId), TrueTime>,
}

impl Twin {
    fn is_cut(&self, parcel: Parcel) -> bool {
        let has = |group: u8, node: NodeId| group >> node.number() & 1 == 1;
        let (source, target) = (parcel.source, parcel.target);
        source != target && self.cuts.iter().any(|cut| has(cut.0, source) && has(cut.1, target))
    }

    /// Judges the fate of a message that no cut touches.
    fn judge(&mut self, parcel: Parcel, fate: Fate) -> Result<(), String> {
        let Parcel { message, source, target, .. } = parcel;
        let Delivery { at, again_at } = match fate {
            Fate::Deliver(delivery) => delivery,
            Fate::Lose(Loss::Plain) if self.link.loss != Odds::NEVER => return Ok(()),
            fate => return Err(format!("{message} is on an open link and its fate is {fate:?}")),
        };
        let last = self.last_arrival.entry((source, target)).or_default();
        let earliest = self.now.saturating_add(self.link.latency_min);
        let mut latest = self.now.saturating_add(self.link.latency_max);
        if self.link.sequence == Sequence::Ordered {
            if at < *last {
                return Err(format!("{message} overtakes on an ordered link: {at} before {last}"));
            }
            latest = latest.max(*last);
            *last = at;
        }
        if again_at.is_some() && self.link.duplicate == Odds::NEVER {
            return Err(format!("{message} arrives twice on a link that duplicates nothing"));
        }
        for at in [Some(at), again_at].into_iter().flatten() {
            if at < earliest || at > latest {
                return Err(format!("{message} arrives at {at}, outside of {earliest} to {latest}"));
            }
        }
        Ok(())
    }
}

/// Runs a script and says which law breaks first, if one does; returns what was asked.
fn check(
    script: &[Op],
    mut carrier: impl Carrier,
    link: Link,
    held_max: usize,
    choices: &mut dyn Choices,
) -> Result<(), String> {
    let (now, last_arrival) = (TrueTime::from_ns(0), BTreeMap::new());
    let mut twin = Twin { link, held_max, now, cuts: Vec::new(), held: Vec::new(), last_arrival };
    let mut messages = (0..).map(MessageId::new);
    for op in script {
        match *op {
            Op::Advance(ns) => twin.now = twin.now.saturating_add(Duration::from_nanos(ns)),
            Op::Partition { group_a, group_b } => {
                carrier.partition(&nodes(group_a), &nodes(group_b));
                twin.cuts.extend([(group_a, group_b), (group_b, group_a)]);
            }
            Op::Cut { sources, targets } => {
                carrier.cut(&nodes(sources), &nodes(targets));
                twin.cuts.push((sources, targets));
            }
            Op::Send { source, target } => {
                let message = messages.next().expect("scripts are short");
                let parcel =
                    Parcel { message, source: NodeId::new(source), target: NodeId::new(target), bytes: 0 };
                check_send(parcel, carrier.send(parcel, twin.now, choices), &mut twin)?;
            }
            Op::Heal => check_heal(&carrier.heal(twin.now, choices), &mut twin)?,
        }
    }
    // Whatever happened, a last heal gives back all that is still held.
    check_heal(&carrier.heal(twin.now, choices), &mut twin)
}

fn check_send(parcel: Parcel, fate: Result<Fate, NetworkError>, twin: &mut Twin) -> Result<(), String> {
    let message = parcel.message;
    match (twin.is_cut(parcel), fate) {
        (false, Ok(fate)) => twin.judge(parcel, fate),
        (true, Ok(Fate::Hold)) if twin.held.len() < twin.held_max => {
            twin.held.push(parcel);
            Ok(())
        }
        (true, Err(NetworkError::HoldFull { held_max })) if twin.held.len() == held_max => Ok(()),
        (true, fate) => Err(format!("{message} meets a cut link and its fate is {fate:?}")),
        (false, Err(error)) => Err(format!("{message} is on an open link but refused: {error}")),
    }
}

fn check_heal(released: &[(Parcel, Fate)], twin: &mut Twin) -> Result<(), String> {
    twin.cuts.clear();
    let expected = std::mem::take(&mut twin.held);
    let parcels: Vec<_> = released.iter().map(|(parcel, _)| *parcel).collect();
    if parcels != expected {
        let names = |parcels: &[Parcel]| {
            parcels.iter().map(|parcel| parcel.message.to_string()).collect::<Vec<_>>().join(" ")
        };
        return Err(format!("held {}, but the heal releases {}", names(&expected), names(&parcels)));
    }
    released.iter().try_for_each(|(parcel, fate)| twin.judge(*parcel, *fate))
}

fn nodes(group: u8) -> Vec<NodeId> {
    (0..4).filter(|node| group >> node & 1 == 1).map(NodeId::new).collect()
}

fn script() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0..50_u64).prop_map(Op::Advance),
        6 => (0..4_u32, 0..4_u32).prop_map(|(source, target)| Op::Send { source, target }),
        1 => (0..16_u8, 0..16_u8).prop_map(|(group_a, group_b)| Op::Partition { group_a, group_b }),
        1 => (0..16_u8, 0..16_u8).prop_map(|(sources, targets)| Op::Cut { sources, targets }),
        1 => Just(Op::Heal),
    ];
    prop::collection::vec(op, 0..60)
}

fn link() -> impl Strategy<Value = Link> {
    let odds = prop_oneof![Just(0_u32), Just(300_000), Just(1_000_000)]
        .prop_map(|ppm| Odds::ppm(ppm).expect("at most a million"));
    let sequence = prop_oneof![Just(Sequence::Ordered), Just(Sequence::Unordered)];
    (0..30_u64, 0..5_000_u64, odds.clone(), odds, sequence).prop_map(
        |(min, span, loss, duplicate, sequence)| {
            let latency_min = Duration::from_nanos(min);
            Link {
                latency_min,
                latency_max: Duration::from_nanos(min + span),
                loss,
                duplicate,
                sequence,
                ..Link::INSTANT
            }
        },
    )
}

fn network(link: Link, held_max: usize) -> Network {
    let mut network = Network::new(link);
    network.set_held_max(held_max);
    network
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_network_keeps_its_laws_under_any_script_and_luck(
        script in script(), link in link(), held_max in 0..6_usize, seed: u64,
    ) {
        let mut luck = Noting { seed, asked: Vec::new() };
        let verdict = check(&script, sound(network(link, held_max)), link, held_max, &mut luck);
        prop_assert_eq!(verdict, Ok(()));
        let distinct: BTreeSet<_> = luck.asked.iter().collect();
        prop_assert_eq!(distinct.len(), luck.asked.len(), "a question was asked twice");
    }

    #[test]
    fn in_the_calm_run_every_link_has_its_least_latency_and_loses_nothing(script in script(), link in link()) {
        let calm_link =
            Link { latency_max: link.latency_min, loss: Odds::NEVER, duplicate: Odds::NEVER, ..link };
        let verdict = check(&script, sound(network(link, usize::MAX)), calm_link, usize::MAX, &mut Calm);
        prop_assert_eq!(verdict, Ok(()));
    }
}

/// Two messages wait at a cut link, then it heals.
const HELD_TWICE: [Op; 4] = [
    Op::Partition { group_a: 0b0001, group_b: 0b1110 },
    Op::Send { source: 0, target: 1 },
    Op::Send { source: 0, target: 1 },
    Op::Heal,
];

fn check_planted(script: &[Op], link: Link, carrier: impl Carrier, expected: &str) {
    let sound = check(script, sound(network(link, 8)), link, 8, &mut Calm);
    assert_eq!(sound, Ok(()), "the network itself keeps the law");
    let planted = check(script, carrier, link, 8, &mut Calm);
    assert_eq!(planted, Err(expected.to_owned()));
}

#[test]
fn a_heal_that_reverses_what_was_held_is_caught() {
    let on_heal = |mut released: Vec<_>| {
        released.reverse();
        released
    };
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send: |_: Parcel, fate| fate, on_heal };
    check_planted(&HELD_TWICE, Link::INSTANT, carrier, "held m0 m1, but the heal releases m1 m0");
}

#[test]
fn a_heal_that_forgets_a_message_is_caught() {
    let on_heal = |released: Vec<_>| released.into_iter().skip(1).collect();
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send: |_: Parcel, fate| fate, on_heal };
    check_planted(&HELD_TWICE, Link::INSTANT, carrier, "held m0 m1, but the heal releases m1");
}

#[test]
fn a_network_that_drops_is_caught() {
    let on_send = |_: Parcel, _| Ok(Fate::Lose(Loss::Plain));
    let send = [Op::Send { source: 0, target: 1 }];
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send, on_heal: |released| released };
    check_planted(&send, Link::INSTANT, carrier, "m0 is on an open link and its fate is Lose(Plain)");
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send, on_heal: |released| released };
    check_planted(&HELD_TWICE, Link::INSTANT, carrier, "m0 meets a cut link and its fate is Ok(Lose(Plain))");
}

#[test]
fn a_network_that_cuts_what_a_node_tells_itself_is_caught() {
    let script = [Op::Partition { group_a: 0b0001, group_b: 0b0001 }, Op::Send { source: 0, target: 0 }];
    let on_send = |_: Parcel, _| Ok(Fate::Hold);
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send, on_heal: |released| released };
    check_planted(&script, Link::INSTANT, carrier, "m0 is on an open link and its fate is Hold");
}

#[test]
fn an_ordered_link_that_lets_overtake_is_caught() {
    let link = Link { latency_max: Duration::from_nanos(9), ..Link::INSTANT };
    let script = [Op::Send { source: 0, target: 1 }, Op::Send { source: 0, target: 1 }];
    let on_send = |parcel: Parcel, _| {
        let at = TrueTime::from_ns(9 - u64::from(parcel.message.number()));
        Ok(Fate::Deliver(Delivery { at, again_at: None }))
    };
    let carrier = Planted { network: network(link, 8), on_send, on_heal: |released| released };
    check_planted(&script, link, carrier, "m1 overtakes on an ordered link: +0.000000s before +0.000000s");
}

#[test]
fn a_network_that_is_too_slow_is_caught() {
    let on_send = |_: Parcel, _| Ok(Fate::Deliver(Delivery { at: TrueTime::from_ns(5_000), again_at: None }));
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send, on_heal: |released| released };
    let script = [Op::Send { source: 0, target: 1 }];
    check_planted(
        &script,
        Link::INSTANT,
        carrier,
        "m0 arrives at +0.000005s, outside of +0.000000s to +0.000000s",
    );
}

#[test]
fn a_cut_that_also_closes_the_way_back_is_caught() {
    let script = [Op::Cut { sources: 0b0001, targets: 0b0010 }, Op::Send { source: 1, target: 0 }];
    let on_send = |_: Parcel, _| Ok(Fate::Hold);
    let carrier = Planted { network: network(Link::INSTANT, 8), on_send, on_heal: |released| released };
    check_planted(&script, Link::INSTANT, carrier, "m0 is on an open link and its fate is Hold");
}

#[test]
fn a_full_hold_refuses_and_loses_nothing() {
    let mut network = network(Link::INSTANT, 1);
    let [source, target] = [0, 1].map(NodeId::new);
    network.cut(&[source], &[target]);
    let parcel = |number| Parcel { message: MessageId::new(number), source, target, bytes: 0 };
    let now = TrueTime::from_ns(0);
    assert_eq!(network.send(parcel(0), now, &mut Calm), Ok(Fate::Hold));
    let refused = network.send(parcel(1), now, &mut Calm).expect_err("one may wait and one does");
    assert_eq!(
        refused.to_string(),
        "the link is cut and 1 messages already wait for the heal, the most allowed"
    );
    assert_eq!(network.held().collect::<Vec<_>>(), [parcel(0)]);
}

#[test]
fn links_may_differ_by_direction() {
    let mut network = Network::new(Link::INSTANT);
    let [source, target] = [0, 1].map(NodeId::new);
    let slow =
        Link { latency_min: Duration::from_nanos(7), latency_max: Duration::from_nanos(7), ..Link::INSTANT };
    network.set_link(source, target, slow);
    let mut at = |source, target| {
        let parcel = Parcel { message: MessageId::new(0), source, target, bytes: 0 };
        network.send(parcel, TrueTime::from_ns(1), &mut Calm)
    };
    let deliver = |ns| Ok(Fate::Deliver(Delivery { at: TrueTime::from_ns(ns), again_at: None }));
    assert_eq!(at(source, target), deliver(8));
    assert_eq!(at(target, source), deliver(1));
}

#[test]
fn a_latency_reaches_both_ends_of_its_range_even_if_narrow() {
    /// Always the last answer.
    struct Worst;
    impl Choices for Worst {
        fn choose(&mut self, _question: Question, options: Options) -> u32 {
            options.count().get() - 1
        }
    }
    let link = Link {
        latency_min: Duration::from_nanos(3),
        latency_max: Duration::from_nanos(5),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let parcel =
        Parcel { message: MessageId::new(0), source: NodeId::new(0), target: NodeId::new(1), bytes: 0 };
    let at = |choices: &mut dyn Choices| Network::new(link).send(parcel, TrueTime::from_ns(0), choices);
    let deliver = |ns| Ok(Fate::Deliver(Delivery { at: TrueTime::from_ns(ns), again_at: None }));
    assert_eq!(at(&mut Calm), deliver(3));
    assert_eq!(at(&mut Worst), deliver(5));
}

#[test]
fn a_partition_said_again_in_any_order_is_the_same_partition() {
    let [pacific, atlantic, antarctic] = [0, 1, 2].map(NodeId::new);
    let mut once = Network::new(Link::INSTANT);
    once.partition(&[pacific, antarctic], &[atlantic]);
    let mut often = once.clone();
    for _ in 0..1_000 {
        often.partition(&[antarctic, pacific, antarctic], &[atlantic]);
        often.partition(&[atlantic], &[pacific, antarctic]);
        often.cut(&[], &[atlantic]);
    }
    assert_eq!(
        format!("{often:?}"),
        format!("{once:?}"),
        "it keeps nothing more, so a send costs nothing more"
    );
    assert!(often.is_cut(antarctic, atlantic) && !often.is_cut(pacific, antarctic));
    often.heal(TrueTime::from_ns(0), &mut Calm);
    assert!(!often.is_cut(antarctic, atlantic));
}

#[test]
fn the_room_for_what_is_held_is_known() {
    let [pacific, atlantic] = [0, 1].map(NodeId::new);
    let mut network = Network::new(Link::INSTANT);
    network.set_held_max(2);
    network.partition(&[pacific], &[atlantic]);
    for (nth, room) in [(0, 1), (1, 0)] {
        let parcel = Parcel { message: MessageId::new(nth), source: pacific, target: atlantic, bytes: 0 };
        assert_eq!(network.send(parcel, TrueTime::from_ns(0), &mut Calm), Ok(Fate::Hold));
        assert_eq!((network.room(), network.held_max()), (room, 2));
    }
    network.set_held_max(1);
    assert_eq!(network.room(), 0, "more is held than may be");
}

/// Answers all that is asked so.
struct Answers(u32);

impl Choices for Answers {
    fn choose(&mut self, _question: Question, _options: Options) -> u32 {
        self.0
    }
}

/// How long messages take in nanoseconds over a link of such a span and spread, by the answer.
fn latencies(span_ns: u64, spread: Spread) -> Vec<u64> {
    let latency_min = Duration::from_nanos(100);
    let link = Link {
        latency_min,
        latency_max: latency_min.saturating_add(Duration::from_nanos(span_ns)),
        spread,
        ..Link::INSTANT
    };
    let takes = |answer| {
        let parcel =
            Parcel { message: MessageId::new(0), source: NodeId::new(0), target: NodeId::new(1), bytes: 0 };
        match Network::new(link).send(parcel, TrueTime::from_ns(0), &mut Answers(answer)) {
            Ok(Fate::Deliver(delivery)) => delivery.at.ns(),
            fate => panic!("{fate:?}"),
        }
    };
    (0..1_000).map(takes).collect()
}

#[test]
fn a_greater_answer_takes_longer_whatever_the_spread_and_the_ends_are_exact() {
    for spread in [Spread::Even, Spread::Tail] {
        for span_ns in [0, 1, 7, 999, 1_000, 2_000_000_000, u64::MAX / 1_000, u64::MAX - 100] {
            let latencies = latencies(span_ns, spread);
            assert!(latencies.is_sorted(), "{spread:?} over {span_ns} ns");
            assert_eq!((latencies[0], latencies[999]), (100, 100 + span_ns), "{spread:?} over {span_ns} ns");
        }
    }
}

#[test]
fn a_tail_is_short_for_most_and_long_for_few_and_an_even_spread_is_neither() {
    let within = |spread, parts: u64| {
        let most = 100 + 1_000_000_000 / parts;
        latencies(1_000_000_000, spread).iter().filter(|latency| **latency <= most).count()
    };
    let shape = |spread| [1_000, 100, 10, 2, 1].map(|parts| within(spread, parts));
    assert_eq!(shape(Spread::Tail), [500, 910, 991, 999, 1_000]);
    assert_eq!(shape(Spread::Even), [1, 10, 100, 500, 1_000]);
}
