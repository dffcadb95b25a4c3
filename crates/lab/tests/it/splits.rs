//! Two of five sites are cut off from the others: whoever needs a majority goes on at the three and refuses at the two.

use std::time::Duration;

use constellation_lab::placement::judged::Consistency;
use constellation_lab::placement::protocol::{CUT_AT, Condition, Cutting, HEAL_AT, Round, Way};
use constellation_lab::placement::{Placement, Store, placed, told};
use expect_test::{Expect, expect};

use crate::placement::{lots, not_linearizable_in};

/// The placement by the rounds alone in which five sites are parted.
fn parted(store: &str) -> Placement {
    let store: Store = store.parse().expect("it is in the table");
    let rounds = Round::all(store.sites).into_iter();
    let parted = rounds.filter(|round| matches!(round.condition, Condition::Split { .. }));
    let records = parted.map(|round| store.run(&round, 7).expect("it runs")).collect();
    placed(store.to_string(), 7, records)
}

fn check(store: &str, expected: Expect) {
    let placement = parted(store);
    let verdict = match &placement.in_partition {
        Consistency::Holds => "linearizable".to_owned(),
        Consistency::Violated(_) => "not linearizable".to_owned(),
        Consistency::Unknown(limit) => limit.to_string(),
    };
    let lost = &placement.lost;
    let told = told::splits(&placement).join("\n");
    expected.assert_eq(&format!("{told}\n{verdict}; {} of {} lost", lost.missed(), lost.of));
}

#[test]
fn a_majority_of_five_goes_on_and_two_sites_refuse() {
    check(
        "consensus:sites=5",
        expect![[r#"
            Where pacific and atlantic are cut off from the others, the two answer neither reads nor writes, and the others answer again 676.0 ms after the cut at the latest.
            Where arctic and antarctic are cut off from the others, the two answer neither reads nor writes, and the others go on answering reads and writes.
            linearizable; 0 of 1189 lost"#]],
    );
    check(
        "consensus:reads=lease,sites=5",
        expect![[r#"
            Where pacific and atlantic are cut off from the others, the two answer neither reads nor writes, and the others answer again 676.0 ms after the cut at the latest.
            Where arctic and antarctic are cut off from the others, the two answer neither reads nor writes, and the others go on answering reads and writes.
            linearizable; 0 of 1204 lost"#]],
    );
    check(
        "quorum:n=5,r=3,w=3,repair=before,sites=5",
        expect![[r#"
            Where pacific and atlantic, or arctic and antarctic, are cut off from the others, the two answer neither reads nor writes, and the others go on answering reads and writes.
            linearizable; 0 of 1315 lost"#]],
    );
}

/// What a leader and the one follower that acknowledged it know, three others elect a leader without.
#[test]
fn two_sites_cut_off_together_take_with_them_what_only_they_have() {
    let store: Store = "leader:sync=one,failover=majority,sites=5".parse().expect("it is in the table");
    let rounds = Round::all(store.sites).into_iter();
    let alone = rounds.filter(|round| matches!(round.condition, Condition::Cut { way: Way::Both, .. }));
    let alone = alone.map(|round| store.run(&round, 7).expect("it runs")).collect();
    let alone = placed(store.to_string(), 7, alone);
    assert_eq!(
        (alone.lost.missed(), alone.in_partition),
        (0, Consistency::Holds),
        "one site has no such pair"
    );
    check(
        "leader:sync=one,failover=majority,sites=5",
        expect![[r#"
            Where pacific and atlantic are cut off from the others, the two answer neither reads nor writes, and the others answer again 656.0 ms after the cut at the latest.
            Where arctic and antarctic are cut off from the others, the two answer neither reads nor writes, and the others go on answering reads and writes.
            not linearizable; 13 of 1207 lost"#]],
    );
}

/// A round in which pairs of sites are cut off by luck, one after the other.
fn pairs_by_luck(seed: u64, sites: usize) -> Round {
    let mut below = lots(seed);
    let mut round = Round::new(sites, Condition::Busy);
    let mut at = CUT_AT;
    while at < HEAL_AT - Duration::from_millis(200) {
        let one = below(sites as u64) as usize;
        let other = (one + 1 + below(sites as u64 - 1) as usize) % sites;
        round.cuts.extend([(at, Cutting::Heal), (at, Cutting::Split { sites: [one, other] })]);
        at += Duration::from_millis(50 + below(1_200));
    }
    round.cuts.push((HEAL_AT, Cutting::Heal));
    round
}

/// A leader and one follower are no majority of five.
#[test]
fn pairs_that_are_cut_off_by_luck_find_what_a_leader_and_one_follower_lose() {
    let found = |store| not_linearizable_in(pairs_by_luck, store, 20);
    expect!["[0, 1, 2]"].assert_eq(&format!("{:?}", found("leader:sync=one,failover=majority,sites=5")));
    for right in ["leader:sync=all,failover=majority,sites=5", "consensus:reads=lease,sites=5"] {
        assert_eq!(found(right), Vec::<u64>::new(), "{right}");
    }
}

#[test]
fn whoever_asks_nobody_goes_on_at_both_sides() {
    check(
        "multi-leader:sites=5",
        expect![[r#"
            Where pacific and atlantic, or arctic and antarctic, are cut off from the others, every site goes on answering reads and writes.
            not linearizable; 0 of 1860 lost"#]],
    );
    check(
        "quorum:n=5,r=1,w=1,sites=5",
        expect![[r#"
            Where pacific and atlantic, or arctic and antarctic, are cut off from the others, every site goes on answering reads and writes.
            not linearizable; 0 of 1860 lost"#]],
    );
    check(
        "leader:sync=none,reads=anywhere,sites=5",
        expect![[r#"
            Where pacific and atlantic are cut off from the others, the others answer no writes, and the two go on answering reads and writes.
            Where arctic and antarctic are cut off from the others, the two answer no writes, and the others go on answering reads and writes.
            not linearizable; 0 of 1243 lost"#]],
    );
}

#[test]
fn what_a_quorum_may_do_at_the_smaller_side_depends_on_the_key() {
    check(
        "quorum:n=2,r=2,w=2,repair=off,sloppy=on,sites=5",
        expect![[r#"
        Where pacific and atlantic are cut off from the others, every site answers only some reads (22 to 31 of 37) and only some writes (24 to 28 of 38).
        Where arctic and antarctic are cut off from the others, every site answers only some reads (12 to 36 of 37) and only some writes (18 to 32 of 38).
        not linearizable; 0 of 1427 lost"#]],
    );
    check(
        "quorum:n=3,r=2,w=2,repair=before,sites=5",
        expect![[r#"
        Where pacific and atlantic are cut off from the others, every site answers only some reads (13 to 22 of 37) and only some writes (17 to 21 of 38).
        Where arctic and antarctic are cut off from the others, every site answers only some reads (10 to 24 of 37) and only some writes (12 to 25 of 38).
        linearizable; 0 of 1247 lost"#]],
    );
}

#[test]
fn three_sites_are_not_parted_so() {
    assert!(Round::all(3).iter().all(|round| !matches!(round.condition, Condition::Split { .. })));
    assert_eq!(Round::all(5).len(), 32);
}

/// Everybody hears whoever is on the same side, and nobody else.
#[test]
fn the_links_among_those_who_are_cut_off_together_carry_on() {
    let round = Round::new(5, Condition::Split { sites: [1, 3] });
    let (_, cutting) = round.cuts[0];
    let parted: Vec<(usize, usize)> = (0..5)
        .flat_map(|source| (0..5).map(move |target| (source, target)))
        .filter(|(source, target)| cutting.parts(*source, *target))
        .collect();
    assert_eq!(parted.len(), 12);
    assert!(parted.iter().all(|(source, target)| [1, 3].contains(source) != [1, 3].contains(target)));
    assert_eq!(round.condition.to_string(), "atlantic and arctic are cut off from the others");
}
