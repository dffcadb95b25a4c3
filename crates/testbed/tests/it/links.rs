//! What the switch does to packets, measured against what was asked: counts are exact, times are never too short.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use constellation_fabric::{Choices, Link, NodeId, Odds, Options as Answers, Question, Sequence, Topic};
use constellation_sim::Seeded;
use constellation_testbed::{Counts, Process, Testbed};

use crate::bench::{PATIENCE, line, lines, on_switch, options, start};

/// The luck of all tests here.
const SEED: u64 = 7;

/// What a datagram of the servants takes with its headers, in bytes.
const PACKET_BYTES: u32 = 100;

fn percent(percent: u32) -> Odds {
    Odds::ppm(percent * 10_000).expect("a hundred percent at most")
}

/// Two sites with this link and luck from the seed; packets go from 0 to 1.
fn two_sites(link: Link) -> Option<Testbed> {
    let mut options = options(2, link);
    options.choices = Box::new(Seeded::new(SEED));
    on_switch(options)
}

/// What the luck of the seed says of the packets from 0 to 1, for each of so many.
fn says(topic: Topic, odds: Odds, count: u64) -> Vec<bool> {
    let (source, target) = (NodeId::new(0), NodeId::new(1));
    let mut seeded = Seeded::new(SEED);
    let mut ask = |nth| {
        let question = Question { topic, source, target, nth };
        seeded.choose(question, Answers::Chance(odds)) == 1
    };
    (0..count).map(&mut ask).collect()
}

/// Sends so many datagrams from 0 to 1, in the order of their numbers. The listener has room for all of them, however busy
/// the machine is.
fn blast(testbed: &Testbed, count: u64) -> Process {
    assert!(count <= 200, "more may not fit into the buffer of a socket");
    let [from, to] = [0, 1].map(|site| testbed.address(site, site).to_string());
    let listener = start(testbed.site(1), "listener", ["listen", &to]);
    assert_eq!(line(&listener), "ready");
    let sender = start(testbed.site(0), "sender", ["blast", &from, &to, &count.to_string()]);
    assert_eq!(line(&sender), "sent");
    let begun = testbed.now();
    while testbed.counts(0, 1).sent < count && testbed.now().since(begun) < PATIENCE {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    listener
}

/// The next lines of a listener: the number of each datagram, and whether it is intact.
fn heard(listener: &Process, count: u64) -> Vec<(u64, String)> {
    let lines = (0..count).map(|_| line(listener));
    let split = lines.map(|line| {
        let (number, state) = line.split_once(' ').expect("two words");
        (number.parse().expect("a number"), state.to_owned())
    });
    split.collect()
}

fn numbers(heard: &[(u64, String)]) -> Vec<u64> {
    heard.iter().map(|(number, _)| *number).collect()
}

/// Nothing vanishes without being counted.
fn check_sum(counts: Counts) {
    let became = counts.carried
        + counts.refused
        + counts.waiting
        + counts.lost
        + counts.corrupt_seen
        + counts.limited
        + counts.cut
        + counts.no_room;
    assert_eq!(counts.sent + counts.duplicated, became, "{counts:?}");
}

#[test]
fn packets_are_lost_as_the_luck_says_and_no_others() {
    const COUNT: u64 = 200;
    let odds = percent(30);
    let Some(testbed) = two_sites(Link { loss: odds, ..Link::INSTANT }) else { return };
    let listener = blast(&testbed, COUNT);
    let lost = says(Topic::Loss, odds, COUNT);
    let expected: Vec<u64> = (0..COUNT).filter(|number| !lost[*number as usize]).collect();
    assert_eq!(numbers(&heard(&listener, expected.len() as u64)), expected);
    let counts = testbed.counts(0, 1);
    let some = [counts.sent, counts.carried, counts.lost];
    assert_eq!(some, [COUNT, expected.len() as u64, COUNT - expected.len() as u64]);
    check_sum(counts);
}

#[test]
fn packets_arrive_twice_as_the_luck_says() {
    const COUNT: u64 = 120;
    let odds = percent(50);
    let Some(testbed) = two_sites(Link { duplicate: odds, ..Link::INSTANT }) else { return };
    let listener = blast(&testbed, COUNT);
    let twice = says(Topic::Duplicate, odds, COUNT);
    let copies = |number: u64| if twice[number as usize] { 2 } else { 1 };
    let expected: Vec<u64> = (0..COUNT).flat_map(|number| (0..copies(number)).map(move |_| number)).collect();
    let mut numbers = numbers(&heard(&listener, expected.len() as u64));
    numbers.sort_unstable();
    assert_eq!(numbers, expected);
    let counts = testbed.counts(0, 1);
    assert_eq!([counts.sent, counts.duplicated], [COUNT, expected.len() as u64 - COUNT]);
    check_sum(counts);
}

#[test]
fn bits_flip_unseen_as_the_luck_says_and_the_packets_arrive() {
    const COUNT: u64 = 150;
    let odds = percent(40);
    let Some(testbed) = two_sites(Link { corrupt_unseen: odds, ..Link::INSTANT }) else { return };
    let listener = blast(&testbed, COUNT);
    let corrupt = says(Topic::CorruptUnseen, odds, COUNT);
    let expected: Vec<u64> = (0..COUNT).filter(|number| !corrupt[*number as usize]).collect();
    let mut intact = heard(&listener, COUNT);
    intact.retain(|(number, state)| state == "intact" && *number < COUNT);
    assert_eq!(numbers(&intact), expected);
    assert_eq!(testbed.counts(0, 1).corrupted, COUNT - expected.len() as u64);
    check_sum(testbed.counts(0, 1));
}

#[test]
fn bits_that_flip_and_are_seen_are_a_loss() {
    const COUNT: u64 = 100;
    let odds = percent(50);
    let Some(testbed) = two_sites(Link { corrupt_seen: odds, ..Link::INSTANT }) else { return };
    let listener = blast(&testbed, COUNT);
    let lost = says(Topic::CorruptSeen, odds, COUNT);
    let expected: Vec<u64> = (0..COUNT).filter(|number| !lost[*number as usize]).collect();
    assert_eq!(numbers(&heard(&listener, expected.len() as u64)), expected);
    assert_eq!(testbed.counts(0, 1).corrupt_seen, COUNT - expected.len() as u64);
}

#[test]
fn packets_overtake_each_other_on_a_link_that_allows_it_and_on_no_other() {
    const COUNT: u64 = 150;
    for sequence in [Sequence::Ordered, Sequence::Unordered] {
        let link = Link { latency_max: Duration::from_millis(300), sequence, ..Link::INSTANT };
        let Some(testbed) = two_sites(link) else { return };
        let listener = blast(&testbed, COUNT);
        let numbers = numbers(&heard(&listener, COUNT));
        let overtaken = numbers.windows(2).filter(|pair| pair[0] > pair[1]).count();
        match sequence {
            Sequence::Ordered => assert_eq!(overtaken, 0, "{numbers:?}"),
            Sequence::Unordered => assert!(overtaken > 20, "{numbers:?}"),
        }
        // The answers to the datagrams may be on their way still; these had to wait, each once.
        assert_eq!(testbed.counts(0, 1).waiting, 0);
        assert!(testbed.lateness().count() >= COUNT - 1, "{:?}", testbed.lateness());
        check_sum(testbed.counts(0, 1));
    }
}

/// How long each round trip took, sorted.
fn round_trips(testbed: &Testbed, from: usize, to: usize, count: u32) -> Vec<Duration> {
    let name = format!("pinged-{from}");
    let there = testbed.address(to, to).to_string();
    let listener = start(testbed.site(to), &name, ["listen", &there]);
    assert_eq!(line(&listener), "ready");
    let here = testbed.address(from, from).to_string();
    let every_us = "5000000";
    let ping = start(testbed.site(from), "ping", ["ping", &here, &there, &count.to_string(), every_us]);
    let lines = lines(&ping);
    listener.kill().expect("it ends");
    let nanos = lines.iter().filter_map(|line| line.split_once(' ')?.1.parse().ok());
    let mut trips: Vec<Duration> = nanos.map(Duration::from_nanos).collect();
    assert_eq!(trips.len(), count as usize, "{lines:?}");
    trips.sort_unstable();
    trips
}

/// Generous: the machine may be busy, but not at five of six tries.
const SLACK: Duration = Duration::from_millis(60);

#[test]
fn each_direction_takes_its_own_time_and_a_slow_site_is_slow_for_all() {
    let Some(testbed) = on_switch(options(3, Link::INSTANT)) else { return };
    let [one, other, slow] = [testbed.site(0), testbed.site(1), testbed.site(2)].map(|site| site.node());
    let takes = |ms| {
        let latency = Duration::from_millis(ms);
        Link { latency_min: latency, latency_max: latency, ..Link::INSTANT }
    };
    let set = testbed.network(|network| {
        network.set_link(one, other, takes(10));
        network.set_link(other, one, takes(40));
        for site in [one, other] {
            network.set_link(site, slow, takes(100));
            network.set_link(slow, site, takes(100));
        }
    });
    set.expect("the links make sense");
    for (from, to, ms) in [(0, 1, 50), (1, 0, 50), (0, 2, 200), (2, 1, 200)] {
        let asked = Duration::from_millis(ms);
        let trips = round_trips(&testbed, from, to, 6);
        assert!(trips[0] >= asked, "{from} to {to}: {trips:?}");
        assert!(trips[1] <= asked + SLACK, "{from} to {to}: {trips:?}");
    }
    let backwards = Link { latency_min: Duration::from_secs(1), ..Link::INSTANT };
    let error =
        testbed.network(|network| network.set_link(one, other, backwards)).expect_err("it makes no sense");
    assert!(error.to_string().starts_with("a link has a `latency_min` of 1s, which is more than"), "{error}");
}

#[test]
fn a_link_carries_so_many_bytes_a_second_and_what_finds_no_room_is_lost() {
    const COUNT: u64 = 40;
    let rate = NonZeroU64::new(10_000);
    let Some(testbed) = two_sites(Link { rate, ..Link::INSTANT }) else { return };
    let begun = testbed.now();
    let listener = blast(&testbed, COUNT);
    let all = heard(&listener, COUNT);
    let took = testbed.now().since(begun);
    assert_eq!(numbers(&all), (0..COUNT).collect::<Vec<_>>());
    let asked = Duration::from_millis(COUNT * u64::from(PACKET_BYTES) * 1_000 / 10_000);
    assert!(took >= asked, "{took:?} for {asked:?}");
    assert!(took <= asked + Duration::from_secs(5), "{took:?} for {asked:?}");

    let queue_bytes_max = u64::from(PACKET_BYTES) * 5;
    let rate = NonZeroU64::new(100);
    let Some(testbed) = two_sites(Link { rate, queue_bytes_max, ..Link::INSTANT }) else { return };
    let _listener = blast(&testbed, COUNT);
    // A packet takes a second: the first goes out, five wait, and the others came at once.
    let counts = testbed.counts(0, 1);
    assert!(counts.limited >= COUNT - 12 && counts.limited <= COUNT - 6, "{counts:?}");
    check_sum(counts);

    let size_max = NonZeroU32::new(PACKET_BYTES - 1);
    let Some(testbed) = two_sites(Link { size_max, ..Link::INSTANT }) else { return };
    let _listener = blast(&testbed, COUNT);
    assert_eq!(testbed.counts(0, 1).limited, COUNT);
}

#[test]
fn a_cut_in_one_direction_lets_the_other_through_and_heals() {
    let Some(testbed) = two_sites(Link::INSTANT) else { return };
    let [here, there] = [0, 1].map(|site| testbed.address(site, site).to_string());
    let server = start(testbed.site(1), "server", ["tcp-echo", &there]);
    assert_eq!(line(&server), "ready");
    let client = start(testbed.site(0), "client", ["talk", &there]);
    assert_eq!(line(&client), "connected");
    let cut = testbed.network(|network| network.cut(&[testbed.site(0).node()], &[testbed.site(1).node()]));
    cut.expect("a cut changes no link");
    client.write_line("held up").expect("it is there");

    let listener = start(testbed.site(0), "listener", ["listen", &here]);
    assert_eq!(line(&listener), "ready");
    let before = testbed.counts(1, 0);
    let sender = start(testbed.site(1), "sender", ["blast", &there, &here, "50"]);
    assert_eq!(line(&sender), "sent");
    assert_eq!(numbers(&heard(&listener, 50)), (0..50).collect::<Vec<_>>());
    assert_eq!(testbed.counts(1, 0).cut, 0);
    assert!(testbed.counts(1, 0).carried - before.carried >= 50);
    // Its answers, and the line of the client again and again.
    let begun = testbed.now();
    while testbed.counts(0, 1).cut <= 50 && testbed.now().since(begun) < PATIENCE {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    assert!(testbed.counts(0, 1).cut > 50, "{:?}", testbed.counts(0, 1));

    let healed_at = testbed.now();
    testbed.heal();
    let answer = line(&client);
    assert!(answer.ends_with(" held up"), "{answer}");
    assert!(testbed.now() > healed_at);
    check_sum(testbed.counts(0, 1));
    check_sum(testbed.total());
}

#[test]
fn packets_to_nobody_are_counted_and_carried_nowhere() {
    let Some(testbed) = two_sites(Link::INSTANT) else { return };
    let here = testbed.address(0, 0).to_string();
    let sender = start(testbed.site(0), "sender", ["blast", &here, "10.77.9.1", "20"]);
    assert_eq!(line(&sender), "sent");
    let begun = testbed.now();
    while (testbed.foreign() < 20 || testbed.wakes().count() == 0) && testbed.now().since(begun) < PATIENCE {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    assert_eq!(testbed.foreign(), 20);
    assert_eq!(testbed.total(), Counts::default());
    assert!(testbed.wakes().count() > 0, "the switch looks how late it wakes");
}
