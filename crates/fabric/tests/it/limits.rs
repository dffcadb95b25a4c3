//! Each limit of a link alone, and what is no plan of contacts.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use constellation_fabric::{
    Calm, Choices, Contacts, ContactsError, Delivery, Fate, Flap, Impaired, Isolation, Link, Network, Odds,
    Options, Outside, Parcel, Pass, Question, Sequence, Topic, Waits,
};
use constellation_trace::{Loss, MessageId, NodeId, TrueTime, Wait};
use expect_test::{Expect, expect};

pub(crate) const SOURCE: NodeId = NodeId::new(0);
pub(crate) const TARGET: NodeId = NodeId::new(1);

/// So many nanoseconds a byte, a number that divides a second.
pub(crate) fn rate(ns_per_byte: u64) -> NonZeroU64 {
    NonZeroU64::new(1_000_000_000 / ns_per_byte).expect("at most a second a byte")
}

pub(crate) fn at(ns: u64) -> TrueTime {
    TrueTime::from_ns(ns)
}

pub(crate) fn parcel(number: u32, bytes: u32) -> Parcel {
    Parcel { message: MessageId::new(number), source: SOURCE, target: TARGET, bytes }
}

/// A flap of which the answers are a list; notes what it is asked.
pub(crate) struct Listed {
    pub(crate) down: Vec<bool>,
    pub(crate) asked: Vec<Question>,
}

impl Choices for Listed {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        self.asked.push(question);
        let period = usize::try_from(question.nth).expect("few periods");
        u32::from(self.down.get(period).copied().unwrap_or(false))
    }
}

/// What becomes of messages that are sent at such times and are so long, one line each.
fn check(mut network: Network, choices: &mut dyn Choices, sends: &[(u64, u32)], expected: Expect) {
    let mut lines = Vec::new();
    for (number, (now, bytes)) in (0..).zip(sends) {
        let fate = network.send(parcel(number, *bytes), at(*now), choices).expect("nothing is cut");
        let arrives = |delivery: Delivery| format!("arrives at {}", delivery.at.ns());
        let told = match fate {
            Fate::Deliver(delivery) => arrives(delivery),
            Fate::Impair(Impaired { delivery, waits, corrupted }) => {
                let waits = waits.map_or(String::new(), |Waits { until, why }| {
                    format!("waits for the {} until {}, ", why.name(), until.ns())
                });
                let corrupted = corrupted.map_or(String::new(), |how| format!("as another ({how}), "));
                format!("{waits}{corrupted}{}", arrives(delivery))
            }
            Fate::Lose(why) => why.to_string(),
            fate => format!("{fate:?}"),
        };
        lines.push(format!("{bytes} bytes at {now}: {told}"));
    }
    expected.assert_eq(&lines.join("\n"));
}

fn linked(link: Link) -> Network {
    Network::new(link)
}

/// Always the last answer.
struct Worst;

impl Choices for Worst {
    fn choose(&mut self, _question: Question, options: Options) -> u32 {
        options.count().get() - 1
    }
}

const TENTH: Odds = Odds::ppm(100_000).expect("below a million");

#[test]
fn a_rate_alone_makes_messages_wait_and_a_full_queue_lose_them() {
    let network = linked(Link { rate: Some(rate(10)), queue_bytes_max: 12, ..Link::INSTANT });
    check(
        network,
        &mut Calm,
        &[(0, 5), (1, 6), (2, 6), (3, 1), (50, 6), (50, 0), (500, 4)],
        expect![[r#"
        5 bytes at 0: arrives at 50
        6 bytes at 1: waits for the queue until 50, arrives at 110
        6 bytes at 2: waits for the queue until 110, arrives at 170
        1 bytes at 3: is lost: the queue of the link is full
        6 bytes at 50: waits for the queue until 170, arrives at 230
        0 bytes at 50: arrives at 230
        4 bytes at 500: arrives at 540"#]],
    );
}

#[test]
fn a_queue_is_bounded_where_only_passes_have_a_rate_and_where_nothing_but_the_link_is_waited_for() {
    let bounded = |passes: &[Pass]| {
        let mut network = linked(Link { queue_bytes_max: 5, ..Link::INSTANT });
        let contacts = Contacts::new(Outside::Hold).with_passes(passes.iter().copied()).expect("sound");
        network.set_contacts(SOURCE, TARGET, contacts);
        assert!(network.depends_on_bytes());
        network
    };
    check(
        bounded(&[Pass { rate: Some(rate(10)), ..pass(0, 1_000) }]),
        &mut Calm,
        &[(0, 4), (0, 4), (0, 1), (0, 1), (40, 4)],
        expect![[r#"
        4 bytes at 0: arrives at 40
        4 bytes at 0: waits for the queue until 40, arrives at 80
        1 bytes at 0: waits for the queue until 80, arrives at 90
        1 bytes at 0: is lost: the queue of the link is full
        4 bytes at 40: waits for the queue until 90, arrives at 130"#]],
    );
    check(
        bounded(&[pass(50, 60)]),
        &mut Calm,
        &[(0, 4), (0, 2), (0, 1), (50, 9)],
        expect![[r#"
        4 bytes at 0: waits for the link until 50, arrives at 50
        2 bytes at 0: is lost: the queue of the link is full
        1 bytes at 0: waits for the link until 50, arrives at 50
        9 bytes at 50: arrives at 50"#]],
    );
}

#[test]
fn a_size_alone_loses_what_is_longer() {
    let network = linked(Link { size_max: NonZeroU32::new(5), ..Link::INSTANT });
    check(
        network,
        &mut Calm,
        &[(0, 4), (0, 5), (0, 6), (0, u32::MAX), (0, 0)],
        expect![[r#"
        4 bytes at 0: arrives at 0
        5 bytes at 0: arrives at 0
        6 bytes at 0: is lost: it is longer than the link takes
        4294967295 bytes at 0: is lost: it is longer than the link takes
        0 bytes at 0: arrives at 0"#]],
    );
}

#[test]
fn corruption_that_a_checksum_sees_alone_loses() {
    let link = Link { corrupt_seen: TENTH, ..Link::INSTANT };
    check(linked(link), &mut Calm, &[(0, 4)], expect!["4 bytes at 0: arrives at 0"]);
    check(
        linked(link),
        &mut Worst,
        &[(0, 4)],
        expect!["4 bytes at 0: is lost: bits flipped, and its checksum is wrong"],
    );
}

#[test]
fn corruption_that_nothing_sees_alone_makes_another_message() {
    let link = Link { corrupt_unseen: TENTH, ..Link::INSTANT };
    check(linked(link), &mut Calm, &[(0, 4)], expect!["4 bytes at 0: arrives at 0"]);
    check(linked(link), &mut Worst, &[(0, 4)], expect!["4 bytes at 0: as another (65535), arrives at 0"]);
}

fn in_contacts(contacts: Contacts) -> Network {
    let mut network = linked(Link::INSTANT);
    network.set_default(Link::INSTANT, Some(contacts));
    network
}

fn pass(start: u64, end: u64) -> Pass {
    Pass { start: at(start), end: at(end), rate: None }
}

#[test]
fn passes_alone_hold_or_lose_what_is_sent_between_them() {
    let contacts = |outside| Contacts::new(outside).with_passes([pass(10, 20), pass(30, 40)]).expect("sound");
    let sends = [(5, 1), (15, 1), (20, 1), (25, 1), (39, 1), (40, 1)];
    check(
        in_contacts(contacts(Outside::Hold)),
        &mut Calm,
        &sends,
        expect![[r#"
        1 bytes at 5: waits for the link until 10, arrives at 10
        1 bytes at 15: arrives at 15
        1 bytes at 20: waits for the link until 30, arrives at 30
        1 bytes at 25: waits for the link until 30, arrives at 30
        1 bytes at 39: arrives at 39
        1 bytes at 40: is lost: the link is down"#]],
    );
    check(
        in_contacts(contacts(Outside::Lose)),
        &mut Calm,
        &sends,
        expect![[r#"
        1 bytes at 5: is lost: the link is down
        1 bytes at 15: arrives at 15
        1 bytes at 20: is lost: the link is down
        1 bytes at 25: is lost: the link is down
        1 bytes at 39: arrives at 39
        1 bytes at 40: is lost: the link is down"#]],
    );
    // What waits for a pass that never comes goes out when everything heals.
    let mut healed = in_contacts(contacts(Outside::Hold));
    healed.set_end(at(50));
    check(
        healed,
        &mut Calm,
        &[(5, 1), (45, 1), (51, 1)],
        expect![[r#"
            1 bytes at 5: waits for the link until 10, arrives at 10
            1 bytes at 45: waits for the link until 50, arrives at 50
            1 bytes at 51: arrives at 51"#]],
    );
}

#[test]
fn a_flap_alone_takes_the_link_down_now_and_then() {
    let flap = Flap { period: Duration::from_nanos(10), down: Duration::from_nanos(4), odds: TENTH };
    let contacts = |outside| Contacts::new(outside).with_flap(flap).expect("sound");
    let sends = [(2, 1), (5, 1), (12, 1), (21, 1), (24, 1), (31, 1)];
    let luck = || Listed { down: vec![true, false, true], asked: Vec::new() };
    check(
        in_contacts(contacts(Outside::Hold)),
        &mut luck(),
        &sends,
        expect![[r#"
        1 bytes at 2: waits for the link until 4, arrives at 4
        1 bytes at 5: arrives at 5
        1 bytes at 12: arrives at 12
        1 bytes at 21: waits for the link until 24, arrives at 24
        1 bytes at 24: arrives at 24
        1 bytes at 31: arrives at 31"#]],
    );
    check(
        in_contacts(contacts(Outside::Lose)),
        &mut luck(),
        &sends,
        expect![[r#"
        1 bytes at 2: is lost: the link is down
        1 bytes at 5: arrives at 5
        1 bytes at 12: arrives at 12
        1 bytes at 21: is lost: the link is down
        1 bytes at 24: arrives at 24
        1 bytes at 31: arrives at 31"#]],
    );
    check(
        in_contacts(contacts(Outside::Lose)),
        &mut Calm,
        &sends,
        expect![[r#"
        1 bytes at 2: arrives at 2
        1 bytes at 5: arrives at 5
        1 bytes at 12: arrives at 12
        1 bytes at 21: arrives at 21
        1 bytes at 24: arrives at 24
        1 bytes at 31: arrives at 31"#]],
    );
}

#[test]
fn a_period_is_asked_about_once_and_only_if_something_would_go_out_in_it() {
    let flap = Flap { period: Duration::from_nanos(10), down: Duration::from_nanos(4), odds: TENTH };
    let contacts = Contacts::new(Outside::Hold).with_flap(flap).expect("sound");
    let mut network = in_contacts(contacts);
    network.set_end(at(100));
    let mut luck = Listed { down: vec![true; 3], asked: Vec::new() };
    for now in [1, 2, 6, 23, 23, 75, 99, 101] {
        network.send(parcel(0, 1), at(now), &mut luck).expect("nothing is cut");
    }
    let asked: Vec<_> = luck.asked.iter().map(|question| (question.topic, question.nth)).collect();
    // At 6, 75 and 99 its period is past the time in which it could be down, and after the end there are no flaps.
    assert_eq!(asked, [(Topic::Flap, 0), (Topic::Flap, 2)]);
}

#[test]
fn a_message_that_never_fits_is_lost_after_a_bounded_search() {
    // Each period has 6 ns in a row, and the message needs 7.
    let flap = Flap { period: Duration::from_nanos(10), down: Duration::from_nanos(4), odds: Odds::ALWAYS };
    let contacts = Contacts::new(Outside::Hold).with_flap(flap).expect("sound");
    let mut network = linked(Link::INSTANT);
    network.set_link(SOURCE, TARGET, Link { rate: Some(rate(1)), queue_bytes_max: 1_000, ..Link::INSTANT });
    network.set_contacts(SOURCE, TARGET, contacts);
    check(
        network,
        &mut Worst,
        &[(0, 6), (1, 7), (2, 6)],
        expect![[r#"
        6 bytes at 0: waits for the link until 4, arrives at 10
        7 bytes at 1: is lost: the link is down
        6 bytes at 2: waits for the link until 14, arrives at 20"#]],
    );
}

/// Slow enough, and flapping fast enough, that a message is on its way out for many periods.
fn flapping_slowly(ns_per_byte: u64, period_ns: u64, odds: Odds) -> Network {
    let (period, down) = (Duration::from_nanos(period_ns), Duration::from_nanos(period_ns / 2));
    let flap = Flap { period, down, odds };
    let contacts = Contacts::new(Outside::Hold).with_flap(flap).expect("sound");
    let mut network = linked(Link::INSTANT);
    let rate = Some(rate(ns_per_byte));
    network.set_link(SOURCE, TARGET, Link { rate, sequence: Sequence::Unordered, ..Link::INSTANT });
    network.set_contacts(SOURCE, TARGET, contacts);
    network
}

#[test]
fn calm_a_message_goes_out_at_once_over_however_many_periods_of_a_flap() {
    // 5,000 periods; and 50 million, of which a part is asked about.
    for period_ns in [200_000, 20] {
        let mut network = flapping_slowly(1_000_000, period_ns, TENTH);
        network.set_end(at(3_600_000_000_000));
        let expected = expect![[r#"
            1000 bytes at 0: arrives at 1000000000
            1 bytes at 0: waits for the queue until 1000000000, arrives at 1001000000
            0 bytes at 5: arrives at 5"#]];
        check(network, &mut Calm, &[(0, 1_000), (0, 1), (5, 0)], expected);
    }
}

#[test]
fn a_message_that_waits_too_often_goes_out_when_everything_heals_and_what_is_behind_it_too() {
    // Each period has 6 ns in a row, and the message needs 7.
    let flap = Flap { period: Duration::from_nanos(10), down: Duration::from_nanos(4), odds: Odds::ALWAYS };
    let mut network = flapping_slowly(1, 10, TENTH);
    network.set_contacts(SOURCE, TARGET, Contacts::new(Outside::Hold).with_flap(flap).expect("sound"));
    network.set_end(at(1_000_000));
    check(
        network,
        &mut Worst,
        &[(0, 6), (1, 7), (2, 6), (2, 0)],
        expect![[r#"
        6 bytes at 0: waits for the link until 4, arrives at 10
        7 bytes at 1: waits for the link until 1000000, arrives at 1000000
        6 bytes at 2: waits for the link until 1000000, arrives at 1000000
        0 bytes at 2: waits for the link until 4, arrives at 4"#]],
    );
}

#[test]
fn what_waits_for_a_queue_that_reaches_the_end_waits_for_the_queue() {
    let mut network = flapping_slowly(1_000, 1_000_000, TENTH);
    network.set_end(at(10_000));
    check(
        network,
        &mut Calm,
        &[(0, 20), (0, 20), (0, 1)],
        expect![[r#"
        20 bytes at 0: arrives at 10000
        20 bytes at 0: waits for the queue until 10000, arrives at 10000
        1 bytes at 0: waits for the queue until 10000, arrives at 10000"#]],
    );
}

#[test]
fn what_a_rate_does_not_divide_is_rounded_up() {
    let of = |bytes_per_second, bytes| {
        let bytes_per_second = NonZeroU64::new(bytes_per_second).expect("not 0");
        let network = &mut linked(Link { rate: Some(bytes_per_second), queue_bytes_max: 0, ..Link::INSTANT });
        network.send(parcel(0, bytes), at(0), &mut Calm)
    };
    let deliver = |ns| Ok(Fate::Deliver(Delivery { at: at(ns), again_at: None }));
    assert_eq!(of(300_000_000, 3), deliver(10));
    assert_eq!(of(300_000_000, 1), deliver(4));
    assert_eq!(of(u64::MAX, 1), deliver(1));
    assert_eq!(of(1, u32::MAX), deliver(4_294_967_295_000_000_000));
}

#[test]
fn limits_of_one_link_are_not_those_of_another_nor_of_the_way_back() {
    let mut network = linked(Link::INSTANT);
    network.set_link(SOURCE, TARGET, Link { size_max: NonZeroU32::new(1), ..Link::INSTANT });
    let fate = |network: &mut Network, source, target| {
        network.send(Parcel { source, target, ..parcel(0, 2) }, at(0), &mut Calm)
    };
    assert_eq!(fate(&mut network, SOURCE, TARGET), Ok(Fate::Lose(Loss::TooLong)));
    let arrives = Ok(Fate::Deliver(Delivery { at: at(0), again_at: None }));
    assert_eq!(fate(&mut network, TARGET, SOURCE), arrives);
    assert!(network.depends_on_bytes());
    // And a link may get its limits, and be rid of them, after it was used.
    network.set_link(SOURCE, TARGET, Link::INSTANT);
    network.set_link(TARGET, SOURCE, Link { size_max: NonZeroU32::new(1), ..Link::INSTANT });
    assert_eq!(fate(&mut network, SOURCE, TARGET), arrives);
    assert_eq!(fate(&mut network, TARGET, SOURCE), Ok(Fate::Lose(Loss::TooLong)));
}

#[test]
fn what_a_heal_releases_goes_out_one_after_the_other_too() {
    let mut network = linked(Link { rate: Some(rate(10)), queue_bytes_max: 6, ..Link::INSTANT });
    network.cut(&[SOURCE], &[TARGET]);
    for number in 0..4 {
        assert_eq!(network.send(parcel(number, 3), at(0), &mut Calm), Ok(Fate::Hold));
    }
    let fates: Vec<_> = network.heal(at(100), &mut Calm).into_iter().map(|(_, fate)| fate).collect();
    let goes_out = |ns: u64| Delivery { at: at(ns + 30), again_at: None };
    let waits = |ns| {
        let waits = Some(Waits { until: at(ns), why: Wait::Queue });
        Fate::Impair(Impaired { delivery: goes_out(ns), waits, corrupted: None })
    };
    let expected = [Fate::Deliver(goes_out(100)), waits(130), waits(160), Fate::Lose(Loss::QueueFull)];
    assert_eq!(fates, expected);
}

#[test]
fn messages_of_one_queue_arrive_in_order_and_those_of_two_do_not_wait_for_each_other() {
    let link =
        Link { rate: Some(rate(10)), queue_bytes_max: 1_000, sequence: Sequence::Unordered, ..Link::INSTANT };
    let mut network = linked(link);
    let mut arrivals: BTreeMap<(NodeId, NodeId), Vec<u64>> = BTreeMap::new();
    for (source, target) in
        [(0, 1), (0, 1), (1, 0), (0, 2), (0, 1)].map(|(a, b)| (NodeId::new(a), NodeId::new(b)))
    {
        let fate = network.send(Parcel { source, target, ..parcel(0, 3) }, at(0), &mut Calm);
        let (Ok(Fate::Deliver(delivery)) | Ok(Fate::Impair(Impaired { delivery, .. }))) = fate else {
            panic!("{fate:?}")
        };
        arrivals.entry((source, target)).or_default().push(delivery.at.ns());
    }
    let arrivals: Vec<_> = arrivals.into_values().collect();
    assert_eq!(arrivals, [vec![30, 60, 90], vec![30], vec![30]]);
}

#[test]
fn a_plan_of_contacts_that_is_none_is_refused() {
    let check = |passes: &[Pass], expected: &str| {
        let refused = Contacts::new(Outside::Hold).with_passes(passes.iter().copied());
        assert_eq!(refused.map_err(|error| error.to_string()), Err(expected.to_owned()));
    };
    let second = 1_000_000_000;
    check(&[], "a plan of contacts has at least one pass");
    check(
        &[pass(0, second), pass(2 * second, second)],
        "pass 1 begins at +2.000000s and ends at +1.000000s, which is not later",
    );
    check(&[pass(second, second)], "pass 0 begins at +1.000000s and ends at +1.000000s, which is not later");
    check(
        &[pass(0, 2 * second), pass(second, 3 * second)],
        "pass 1 begins at +1.000000s, before the one in front of it ends at +2.000000s",
    );
    for (period, down) in
        [(10, 10), (10, 0), (0, 0), (5, 6)].map(|(a, b)| (Duration::from_secs(a), Duration::from_secs(b)))
    {
        let refused = Contacts::new(Outside::Lose).with_flap(Flap { period, down, odds: TENTH });
        assert_eq!(refused, Err(ContactsError::Flap { period, down }));
    }
    let error = ContactsError::Flap { period: Duration::from_secs(5), down: Duration::from_secs(6) };
    assert_eq!(
        error.to_string(),
        "a link cannot be down for 6s in each 5s: more than nothing, less than all"
    );
}

/// Cut off for the first 4 of each 10 ns, at times.
fn isolating(link: Link) -> Network {
    let mut network = linked(link);
    let (period, down) = (Duration::from_nanos(10), Duration::from_nanos(4));
    network.set_isolation(Isolation { period, down, odds: TENTH }).expect("sound");
    network
}

/// Cuts these nodes off in each period; notes what it is asked.
struct CutsOff(Vec<NodeId>, Vec<Question>);

impl Choices for CutsOff {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        self.1.push(question);
        u32::from(question.topic == Topic::Isolate && self.0.contains(&question.source))
    }
}

#[test]
fn an_isolation_alone_holds_what_is_sent_from_or_to_a_node_while_it_is_cut_off() {
    let sends = [(0, 1), (3, 1), (4, 1), (9, 1), (12, 1)];
    let held = || {
        expect![[r#"
        1 bytes at 0: waits for the partition until 4, arrives at 4
        1 bytes at 3: waits for the partition until 4, arrives at 4
        1 bytes at 4: arrives at 4
        1 bytes at 9: arrives at 9
        1 bytes at 12: waits for the partition until 14, arrives at 14"#]]
    };
    for node in [SOURCE, TARGET] {
        let mut luck = CutsOff(vec![node], Vec::new());
        check(isolating(Link::INSTANT), &mut luck, &sends, held());
        let distinct: std::collections::BTreeSet<_> = luck.1.iter().collect();
        assert_eq!(distinct.len(), luck.1.len(), "a question was asked twice: {:?}", luck.1);
    }
    let open = || {
        expect![[r#"
        1 bytes at 0: arrives at 0
        1 bytes at 3: arrives at 3
        1 bytes at 4: arrives at 4
        1 bytes at 9: arrives at 9
        1 bytes at 12: arrives at 12"#]]
    };
    check(isolating(Link::INSTANT), &mut Calm, &sends, open());
    check(isolating(Link::INSTANT), &mut CutsOff(vec![NodeId::new(2)], Vec::new()), &sends, open());
}

#[test]
fn what_an_island_holds_comes_to_its_link_when_it_is_over_and_at_the_end_at_the_latest() {
    let mut network = isolating(Link { rate: Some(rate(10)), ..Link::INSTANT });
    network.set_end(at(43));
    check(
        network,
        &mut CutsOff(vec![TARGET], Vec::new()),
        &[(1, 1), (2, 1), (4, 1), (41, 1), (43, 1)],
        expect![[r#"
        1 bytes at 1: waits for the partition until 4, arrives at 14
        1 bytes at 2: waits for the queue until 14, arrives at 24
        1 bytes at 4: waits for the queue until 24, arrives at 34
        1 bytes at 41: waits for the partition until 43, arrives at 43
        1 bytes at 43: arrives at 43"#]],
    );
    let mut network = isolating(Link::INSTANT);
    let myself = Parcel { target: SOURCE, ..parcel(0, 1) };
    let arrives = Ok(Fate::Deliver(Delivery { at: at(1), again_at: None }));
    assert_eq!(network.send(myself, at(1), &mut Worst), arrives, "nobody is cut off from himself");
}

#[test]
fn an_isolation_without_an_end_or_a_beginning_is_refused() {
    for (period, down) in
        [(10, 10), (10, 0), (0, 0)].map(|(a, b)| (Duration::from_secs(a), Duration::from_secs(b)))
    {
        let refused = linked(Link::INSTANT).set_isolation(Isolation { period, down, odds: TENTH });
        assert_eq!(refused, Err(ContactsError::Isolation { period, down }));
    }
    let error = ContactsError::Isolation { period: Duration::from_secs(5), down: Duration::from_secs(6) };
    assert_eq!(
        error.to_string(),
        "a node cannot be cut off for 6s in each 5s: more than nothing, less than all"
    );
}
