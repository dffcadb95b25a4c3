//! The agenda beside its slow twin, a sorted list.

use proptest::prelude::*;

use super::*;

const END: TrueTime = TrueTime::from_ns(u64::MAX);

fn place(number: u32) -> Place {
    number.checked_sub(1).map_or(Place::WORLD, |node| Place::node(NodeId::new(node)))
}

fn drain(items: &[(u64, u32, u32)]) -> Vec<(u64, u32, u32)> {
    let mut agenda = Agenda::new();
    for &item in items {
        agenda.add(TrueTime::from_ns(item.0), place(item.1), item);
    }
    std::iter::from_fn(|| agenda.take(END)).map(|(_, item)| item).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_agenda_is_a_stable_sort_by_time_and_place(
        items in prop::collection::vec((0..4_u64, 0..4_u32, any::<u32>()), 0..40),
    ) {
        let mut twin = items.clone();
        twin.sort_by_key(|item| (item.0, item.1));
        prop_assert_eq!(drain(&items), twin);
    }

    #[test]
    fn the_order_of_adding_for_different_places_changes_nothing(
        (items, shuffled) in Just((0..4_u32).flat_map(|place| (0..3).map(move |time| (time, place, 0))).collect::<Vec<_>>())
            .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle())),
    ) {
        prop_assert_eq!(drain(&items), drain(&shuffled));
    }
}

#[test]
fn nothing_is_taken_before_its_time() {
    let mut agenda = Agenda::new();
    agenda.add(TrueTime::from_ns(5), Place::WORLD, "late");
    assert_eq!(agenda.take(TrueTime::from_ns(4)).map(|taken| taken.1), None);
    assert_eq!(agenda.left().count(), 1);
    assert_eq!(agenda.take(TrueTime::from_ns(5)).map(|taken| taken.1), Some("late"));
}

/// The slow twin: a list that is searched for its least key.
#[derive(Default)]
struct Twin {
    items: Vec<(Key, u32)>,
    next_sequence: u64,
}

impl Twin {
    fn add(&mut self, at: TrueTime, place: Place, what: u32) -> u64 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.items.push((Key { at, place, sequence }, what));
        sequence
    }

    fn take(&mut self, until: TrueTime) -> Option<(Key, u32)> {
        let least = (0..self.items.len()).min_by_key(|place| self.items[*place].0)?;
        (self.items[least].0.at <= until).then(|| self.items.swap_remove(least))
    }

    fn cancel(&mut self, sequence: u64) {
        self.items.retain(|(key, _)| key.sequence != sequence);
    }
}

/// One thing that is done to an agenda.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// Adds something so long after the last that was taken.
    Add {
        after_ns: u64,
        place: u32,
    },
    /// Adds something at a time that may be past.
    AddAt {
        at_ns: u64,
        place: u32,
    },
    Take,
    /// Takes if it comes within so long.
    TakeWithin {
        ns: u64,
    },
    /// Cancels the how-many-th that was added, from the latest, whether or not it is still there.
    Cancel {
        back: usize,
    },
}

/// Delays on both sides of every border: of a tick, of a turn of each wheel, of time itself.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..3_u64,
        4 => 0..20_000_u64,
        4 => 0..20_000_000_u64,
        1 => (0..64_u32, 0..3_u64).prop_map(|(bits, less)| (1_u64 << bits).saturating_sub(less)),
        1 => (0..3_u64).prop_map(|less| u64::MAX - less),
        1 => any::<u64>(),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (delay(), 0..4_u32).prop_map(|(after_ns, place)| Deed::Add { after_ns, place }),
        1 => (delay(), 0..4_u32).prop_map(|(at_ns, place)| Deed::AddAt { at_ns, place }),
        4 => Just(Deed::Take),
        1 => delay().prop_map(|ns| Deed::TakeWithin { ns }),
        2 => (0..40_usize).prop_map(|back| Deed::Cancel { back }),
    ]
}

/// Does the same to both and compares what they answer.
fn compare(agenda: &mut Agenda<u32>, deeds: &[Deed]) -> Result<(), TestCaseError> {
    let mut twin = Twin::default();
    let mut tickets = Vec::new();
    let mut now = TrueTime::default();
    for (number, deed) in (0..).zip(deeds) {
        let mut add = |at, place_number| {
            let ticket = agenda.add(at, place(place_number), number);
            tickets.push((ticket, twin.add(at, place(place_number), number)));
        };
        let mut until = END;
        match *deed {
            Deed::Add { after_ns, place } => {
                add(now.saturating_add(std::time::Duration::from_nanos(after_ns)), place);
                continue;
            }
            Deed::AddAt { at_ns, place } => {
                add(TrueTime::from_ns(at_ns), place);
                continue;
            }
            Deed::Cancel { back } => {
                if let Some((ticket, sequence)) = tickets.iter().rev().nth(back) {
                    agenda.cancel(*ticket);
                    twin.cancel(*sequence);
                }
                continue;
            }
            Deed::TakeWithin { ns } => until = now.saturating_add(std::time::Duration::from_nanos(ns)),
            Deed::Take => {}
        }
        let taken = twin.take(until);
        prop_assert_eq!(agenda.take(until), taken, "deed {}", number);
        now = taken.map_or(now, |(key, _)| key.at.max(now));
    }
    prop_assert_eq!(agenda.left().count(), twin.items.len());
    while let Some(taken) = twin.take(END) {
        prop_assert_eq!(agenda.take(END), Some(taken));
    }
    prop_assert_eq!(agenda.take(END), None);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_wheels_do_what_a_sorted_list_does(deeds in prop::collection::vec(deed(), 0..120)) {
        compare(&mut Agenda::new(), &deeds)?;
    }

    #[test]
    fn a_cleared_agenda_is_a_new_one(
        before in prop::collection::vec(deed(), 0..60),
        after in prop::collection::vec(deed(), 0..60),
    ) {
        let mut agenda = Agenda::new();
        for (number, deed) in (0..).zip(before) {
            match deed {
                Deed::Add { after_ns: ns, place: at } | Deed::AddAt { at_ns: ns, place: at } => {
                    agenda.add(TrueTime::from_ns(ns), place(at), number);
                }
                _ => drop(agenda.take(END)),
            }
        }
        agenda.clear();
        compare(&mut agenda, &after)?;
    }
}

#[test]
fn what_is_added_for_the_very_moment_comes_in_the_order_of_places() {
    let mut agenda = Agenda::new();
    let at = TrueTime::from_ns(1 << 40);
    agenda.add(at, place(2), "second node");
    agenda.add(at, place(3), "third node");
    assert_eq!(agenda.take(END).map(|taken| taken.1), Some("second node"));
    agenda.add(at, place(0), "the world");
    agenda.add(at, place(3), "third node again");
    let rest: Vec<_> = std::iter::from_fn(|| agenda.take(END)).map(|taken| taken.1).collect();
    assert_eq!(rest, ["the world", "third node", "third node again"]);
}

#[test]
fn a_ticket_of_something_taken_cancels_nobody_else() {
    let mut agenda = Agenda::new();
    let first = agenda.add(TrueTime::from_ns(1), Place::WORLD, "first");
    assert!(agenda.take(END).is_some());
    agenda.add(TrueTime::from_ns(2), Place::WORLD, "in its place");
    agenda.cancel(first);
    assert_eq!(agenda.take(END).map(|taken| taken.1), Some("in its place"));
}

#[test]
fn what_is_cancelled_makes_room() {
    // A time-out that every message sets anew must not fill the memory until it would have run out.
    let mut agenda = Agenda::new();
    for n in 0..10_000 {
        let ticket = agenda.add(TrueTime::from_ns(1 << 50 | n), Place::WORLD, n);
        agenda.cancel(ticket);
    }
    assert_eq!(agenda.items.len(), 1);
}
