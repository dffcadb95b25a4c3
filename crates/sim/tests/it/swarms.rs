//! Swarms: what is off is calm, what is on is as before, and all selections come.

use constellation_fabric::{Calm, Topic};
use constellation_sim::choices::Swarm;
use constellation_sim::{Recorder, Seeded, World};

use crate::gossip::{Gossip, Memory, everything};

#[test]
fn topics_that_are_off_are_calm_and_the_others_are_as_without_a_swarm() {
    let mut whole = Recorder::new(Seeded::new(5));
    let mut part = Recorder::new(Swarm::of(&[Topic::Loss, Topic::Loss], Seeded::new(5)));
    for recorder in [&mut part as &mut dyn constellation_fabric::Choices, &mut whole] {
        let world = World::new(everything(), recorder, |node| Gossip::new(node, 4, Memory::Persisted));
        world.and_then(World::run).expect("the scenario is sound");
    }
    let (whole, part) = (whole.into_answers(), part.into_answers());
    assert!(part.len() > 10);
    assert!(part.iter().all(|answer| answer.question().topic == Topic::Loss));
    // What both runs ask, both answer alike.
    let both = part.iter().filter_map(|answer| whole.get(answer.question()).map(|other| (answer, other)));
    assert!(both.clone().count() > 10 && both.clone().all(|(one, other)| one == other));
}

#[test]
fn among_the_kinds_that_are_asked_each_is_on_by_its_own_name() {
    let kinds = [Topic::Latency, Topic::Loss, Topic::Duplicate];
    let on = |kinds: &[Topic], seed| Swarm::among(kinds, seed, Calm).topics().to_vec();
    let mut counts = [0; 3];
    for seed in 0..1_000 {
        let topics = on(&kinds, seed);
        assert!(kinds.iter().any(|kind| topics.contains(kind)), "seed {seed} has no luck at all");
        assert!(topics.contains(&Topic::DuplicateLatency), "what is no kind of its own stays on");
        for (count, kind) in counts.iter_mut().zip(kinds) {
            *count += u32::from(topics.contains(&kind));
        }
        // Another kind changes nothing for those that were there, but where none of them was on.
        let fewer = on(&kinds[..2], seed);
        let both = |topics: &[Topic]| kinds[..2].iter().all(|kind| topics.contains(kind));
        for kind in kinds.iter().take(2).filter(|_| !both(&fewer)) {
            assert_eq!(fewer.contains(kind), topics.contains(kind), "seed {seed}, {kind}");
        }
    }
    // A half, and the eighth of all seeds in which all are on since none was.
    assert!(counts.iter().all(|count| (560..690).contains(count)), "{counts:?}");
}
