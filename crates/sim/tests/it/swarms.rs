//! Swarms: what is off is calm, what is on is as before, and all selections come.

use constellation_fabric::Topic;
use constellation_sim::choices::Swarm;
use constellation_sim::{Recorder, Seeded, World};

use crate::gossip::{Gossip, Memory, everything};

/// Topics of which one means nothing without the others.
const TOGETHER: [&[Topic]; 8] = [
    &[Topic::Duplicate, Topic::DuplicateLatency],
    &[Topic::CorruptUnseen, Topic::CorruptHow],
    &[Topic::CrashBefore, Topic::CrashAfter, Topic::Down, Topic::Amnesia],
    &[Topic::Pause, Topic::PauseTime],
    &[Topic::Suspend, Topic::SuspendTime],
    &[Topic::WallStep, Topic::WallStepSize],
    &[Topic::Unsynced, Topic::Torn],
    &[Topic::BitRot, Topic::BitRotPlace],
];

#[test]
fn every_kind_of_fault_and_every_two_of_them_come_about_as_often() {
    let selections: Vec<_> =
        (0..4_000).map(|seed| Swarm::new(seed, Seeded::new(seed)).topics().to_vec()).collect();
    let come = |topics: &[Topic]| {
        let has_all = |selection: &&Vec<Topic>| topics.iter().all(|topic| selection.contains(topic));
        u32::try_from(selections.iter().filter(has_all).count()).expect("4000 at most")
    };
    assert!(selections.iter().all(|topics| !topics.is_empty()));
    for kind in TOGETHER {
        for topic in kind {
            assert_eq!(come(kind), come(&[*topic]), "{kind:?} are on together");
        }
    }
    let are_together = |one, other| TOGETHER.iter().any(|kind| kind.contains(&one) && kind.contains(&other));
    for (place, one) in Topic::ALL.iter().enumerate() {
        let times = come(&[*one]);
        assert!(times.abs_diff(2_000) < 200, "{one} came {times} times of 4000");
        let others = &Topic::ALL[place + 1..];
        for other in others.iter().filter(|other| !are_together(*one, **other)) {
            let times = come(&[*one, *other]);
            assert!(times.abs_diff(1_000) < 160, "{one} and {other} came {times} times of 4000");
        }
    }
}

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
