//! Queues and contacts against a slow twin under random sends, and networks that are caught by it.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{
    Calm, Contacts, Delivery, Fate, Flap, Impaired, Link, Network, Odds, Outside, Pass, Sequence,
};
use constellation_trace::{Loss, Wait};
use proptest::prelude::*;

use crate::limits::{self, Listed, SOURCE, TARGET, at, parcel, rate};

/// A link for a twin that looks at each nanosecond.
#[derive(Clone, Debug)]
struct Course {
    ns_per_byte: Option<u64>,
    queue_bytes_max: u64,
    /// Starts, ends, and nanoseconds a byte during each, if they differ.
    passes: Option<Vec<(u64, u64, Option<u64>)>>,
    /// Period, down, and the periods in which it is.
    flap: Option<(u64, u64, Vec<bool>)>,
    outside: Outside,
    end: Option<u64>,
}

/// Later than all that happens in a test.
const HORIZON: u64 = 2_000;

impl Course {
    fn network(&self) -> Network {
        let rate = self.ns_per_byte.map(rate);
        let mut contacts = Contacts::new(self.outside);
        if let Some(passes) = &self.passes {
            let pass = |(start, end, ns): &(u64, u64, Option<u64>)| Pass {
                start: at(*start),
                end: at(*end),
                rate: ns.map(limits::rate),
            };
            contacts = contacts.with_passes(passes.iter().map(pass)).expect("they ascend");
        }
        if let Some((period, down, _)) = &self.flap {
            let (period, down) = (Duration::from_nanos(*period), Duration::from_nanos(*down));
            let flap = Flap { period, down, odds: Odds::ppm(500_000).expect("a half") };
            contacts = contacts.with_flap(flap).expect("shorter than its period");
        }
        let queue_bytes_max = self.queue_bytes_max;
        let mut network = Network::new(Link::INSTANT);
        network.set_link(
            SOURCE,
            TARGET,
            Link { rate, queue_bytes_max, sequence: Sequence::Unordered, ..Link::INSTANT },
        );
        network.set_contacts(SOURCE, TARGET, contacts);
        self.end.iter().for_each(|end| network.set_end(at(*end)));
        network
    }

    /// In which pass the link is up at this nanosecond.
    fn pass(&self, ns: u64) -> Option<usize> {
        let is_down = self.flap.as_ref().is_some_and(|(period, down, is_down)| {
            let place = usize::try_from(ns / period).expect("few periods");
            ns % period < *down && is_down.get(place).copied().unwrap_or(false)
        });
        let pass = match &self.passes {
            None => Some(0),
            Some(passes) => passes.iter().position(|(start, end, _)| (*start..*end).contains(&ns)),
        };
        pass.filter(|_| !is_down)
    }

    /// Whether a message can go out from this nanosecond on, and when it would be out.
    fn is_out(&self, begins: u64, bytes: u32) -> Option<u64> {
        let pass = self.pass(begins)?;
        let own = self.passes.as_ref().and_then(|passes| passes[pass].2);
        let takes = own.or(self.ns_per_byte).map_or(0, |ns| ns * u64::from(bytes));
        let is_out = self.end.map_or(begins + takes, |end| end.min(begins + takes));
        (begins..is_out).all(|ns| self.pass(ns) == Some(pass)).then_some(is_out)
    }
}

/// What the link should do, said slowly.
struct Twin<'c> {
    course: &'c Course,
    /// When each message that it took began, when it was out, and its bytes.
    taken: Vec<(u64, u64, u32)>,
    /// What one waits for that begins as soon as those before it are out.
    ahead: Wait,
}

impl Twin<'_> {
    fn send(&mut self, now: u64, bytes: u32) -> Result<(u64, Option<Wait>), Loss> {
        let course = self.course;
        if course.end.is_some_and(|end| now >= end) {
            return Ok((now, None));
        }
        let ahead = if bytes == 0 { 0 } else { self.taken.iter().map(|taken| taken.1).max().unwrap_or(0) };
        let start = now.max(ahead);
        let latest = match course.outside {
            Outside::Hold => HORIZON,
            Outside::Lose => start,
        };
        let slot = (start..=latest).find_map(|begins| match course.end {
            Some(end) if begins >= end => Some((begins, begins)),
            _ => course.is_out(begins, bytes).map(|is_out| (begins, is_out)),
        });
        let (begins, is_out) = slot.ok_or(Loss::NoContact)?;
        let waiting = self.taken.iter().filter(|taken| taken.0 > now).map(|taken| u64::from(taken.2));
        let queued = waiting.sum::<u64>() + u64::from(bytes);
        if begins > now && queued > course.queue_bytes_max {
            return Err(Loss::QueueFull);
        }
        let why = if begins > start { Wait::Link } else { self.ahead };
        if bytes > 0 {
            self.taken.push((begins, is_out, bytes));
            self.ahead = if is_out > begins { Wait::Queue } else { why };
        }
        Ok((is_out, (begins > now).then_some(why)))
    }
}

/// Sends messages after such times and of such lengths, and compares what becomes of them with the twin.
fn check_course(
    course: &Course,
    mut network: Network,
    sends: &[(u64, u32)],
    mut spoil: impl FnMut(Fate) -> Fate,
) -> Result<(), String> {
    let down = course.flap.clone().map_or(Vec::new(), |(_, _, down)| down);
    let mut luck = Listed { down, asked: Vec::new() };
    let mut twin = Twin { course, taken: Vec::new(), ahead: Wait::Queue };
    let mut now = 0;
    for (number, (after, bytes)) in (0..).zip(sends) {
        now += after;
        let fate = network.send(parcel(number, *bytes), at(now), &mut luck).expect("nothing is cut");
        let found = match spoil(fate) {
            Fate::Deliver(delivery) => Ok((delivery.at.ns(), None)),
            Fate::Impair(Impaired { delivery, waits, .. }) => {
                Ok((delivery.at.ns(), waits.map(|waits| waits.why)))
            }
            Fate::Lose(why) => Err(why),
            fate => return Err(format!("m{number}: {fate:?}")),
        };
        let expected = twin.send(now, *bytes);
        if found != expected {
            return Err(format!(
                "m{number} of {bytes} bytes at {now}: expected {expected:?}, found {found:?}"
            ));
        }
    }
    let distinct: BTreeSet<_> = luck.asked.iter().collect();
    if distinct.len() < luck.asked.len() {
        return Err(format!("a question was asked twice: {:?}", luck.asked));
    }
    Ok(())
}

fn ns_per_byte() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![1, 2, 4, 5])
}

fn passes() -> impl Strategy<Value = Vec<(u64, u64, Option<u64>)>> {
    let pass = (0..40_u64, 1..40_u64, prop_oneof![Just(None), ns_per_byte().prop_map(Some)]);
    prop::collection::vec(pass, 1..6).prop_map(|gaps| {
        let mut time = 0;
        let passes = gaps.into_iter().map(|(gap, length, ns)| {
            let start = time + gap;
            time = start + length;
            (start, time, ns)
        });
        passes.collect()
    })
}

fn course() -> impl Strategy<Value = Course> {
    let flap = (2..30_u64, 1..29_u64, prop::collection::vec(any::<bool>(), 0..20))
        .prop_map(|(period, down, is_down)| (period, down.min(period - 1), is_down));
    let outside = prop_oneof![2 => Just(Outside::Hold), 1 => Just(Outside::Lose)];
    (
        prop::option::of(ns_per_byte()),
        prop_oneof![Just(u64::MAX), 0..40_u64],
        prop::option::of(passes()),
        prop::option::of(flap),
        outside,
        prop::option::of(1..300_u64),
    )
        .prop_map(|(ns_per_byte, queue_bytes_max, passes, flap, outside, end)| Course {
            ns_per_byte,
            queue_bytes_max,
            passes,
            flap,
            outside,
            end,
        })
}

fn sends() -> impl Strategy<Value = Vec<(u64, u32)>> {
    prop::collection::vec((prop_oneof![Just(0), 0..25_u64], prop_oneof![1 => Just(0), 4 => 1..16_u32]), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_queue_does_what_a_list_of_all_messages_does(
        ns_per_byte in ns_per_byte(), queue_bytes_max in 0..60_u64, sends in sends(),
    ) {
        let course = Course {
            ns_per_byte: Some(ns_per_byte),
            queue_bytes_max,
            passes: None,
            flap: None,
            outside: Outside::Hold,
            end: None,
        };
        // Without contacts nothing waits for the link, so the twin of the queue alone is the one with them.
        prop_assert_eq!(check_course(&course, course.network(), &sends, |fate| fate), Ok(()));
    }

    #[test]
    fn contacts_do_what_a_look_at_each_nanosecond_says(course in course(), sends in sends()) {
        prop_assert_eq!(check_course(&course, course.network(), &sends, |fate| fate), Ok(()));
    }

    #[test]
    fn a_network_begins_a_second_run_like_the_first(course in course(), sends in sends()) {
        let mut network = course.network();
        for (number, (after, bytes)) in (0..).zip(&sends) {
            // Whatever was there before: other times, other luck.
            let _fate = network.send(parcel(number, *bytes), at(u64::from(number) + after), &mut Calm);
        }
        network.clone_from(&course.network());
        prop_assert_eq!(check_course(&course, network, &sends, |fate| fate), Ok(()));
    }
}

/// A rate of 10 ns a byte, with room for 5 bytes, in two passes.
fn slow_passes() -> Course {
    Course {
        ns_per_byte: Some(10),
        queue_bytes_max: 5,
        passes: Some(vec![(0, 100, None), (200, 300, None)]),
        flap: None,
        outside: Outside::Hold,
        end: None,
    }
}

#[test]
fn a_queue_that_is_not_first_in_first_out_is_caught() {
    let course = slow_passes();
    let spoil = |fate| match fate {
        Fate::Impair(Impaired { delivery, .. }) => {
            let delivery = Delivery { at: at(delivery.at.ns() - 40), ..delivery };
            Fate::Deliver(delivery)
        }
        fate => fate,
    };
    let found = check_course(&course, course.network(), &[(0, 4), (1, 1)], spoil);
    let expected = "m1 of 1 bytes at 1: expected Ok((50, Some(Queue))), found Ok((10, None))";
    assert_eq!(found, Err(expected.to_owned()));
}

#[test]
fn a_queue_without_an_end_is_caught() {
    let course = slow_passes();
    let network = Course { queue_bytes_max: 1_000, ..course.clone() }.network();
    let found = check_course(&course, network, &[(0, 5), (1, 6)], |fate| fate);
    let expected = "m1 of 6 bytes at 1: expected Err(QueueFull), found Ok((260, Some(Link)))";
    assert_eq!(found, Err(expected.to_owned()));
}

#[test]
fn a_message_that_is_cut_off_by_the_end_of_its_pass_is_caught() {
    let course = slow_passes();
    let network = Course { passes: Some(vec![(0, 300, None)]), ..course.clone() }.network();
    let found = check_course(&course, network, &[(91, 1)], |fate| fate);
    let expected = "m0 of 1 bytes at 91: expected Ok((210, Some(Link))), found Ok((101, None))";
    assert_eq!(found, Err(expected.to_owned()));
}
