//! Each fault alone changes what happens; the calm run has none of them.

use std::time::Duration;

use constellation_fabric::{Calm, Link, Network, Odds, Sequence, Timer};
use constellation_sim::{Act, Drift, Plan, Setup, Wall, WallClaims};
use expect_test::expect;

use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, check, check_by, link, ms, quiet, run, tell, three_words};

fn over(link: Link) -> Setup<Ask> {
    Setup { network: Network::new(link), ..three_words() }
}

fn often(ppm: u32) -> Odds {
    Odds::ppm(ppm).expect("at most a million")
}

#[test]
fn calm_nothing_goes_wrong_over_the_worst_link() {
    let worst =
        Link { loss: often(900_000), duplicate: often(900_000), sequence: Sequence::Unordered, ..link(900) };
    check_by(
        over(worst),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
        11.000ms atlantic hears 3
    "#]],
    );
    let calm = run(over(worst), Calm).map(|outcome| (tell(&outcome.trace), outcome.counts));
    let harmless = run(three_words(), Calm).map(|outcome| (tell(&outcome.trace), outcome.counts));
    assert_eq!(calm, harmless);
}

#[test]
fn latency_alone_delays() {
    check(
        over(link(9)),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        12.953ms atlantic hears 1
        18.071ms atlantic hears 2
        18.071ms atlantic hears 3
    "#]],
    );
}

#[test]
fn loss_alone_loses() {
    check(
        over(Link { loss: often(500_000), ..link(1) }),
        2,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms * lose m1
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn duplication_alone_duplicates() {
    check(
        over(Link { duplicate: often(500_000), ..link(1) }),
        6,
        expect![[r#"
            10.000ms pacific says 1
            10.000ms pacific says 2
            10.000ms pacific says 3
            10.000ms * duplicate m2
            11.000ms atlantic hears 1
            11.000ms atlantic hears 2
            11.000ms atlantic hears 3
            11.000ms atlantic hears 3
        "#]],
    );
}

#[test]
fn an_unordered_link_alone_lets_messages_overtake() {
    check(
        over(Link { sequence: Sequence::Unordered, ..link(9) }),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        12.953ms atlantic hears 1
        15.604ms atlantic hears 3
        18.071ms atlantic hears 2
    "#]],
    );
}

#[test]
fn a_partition_alone_holds_both_ways_until_the_heal() {
    let plan = Plan::new()
        .at(ms(5), Act::Partition { group_a: vec![PACIFIC], group_b: vec![ATLANTIC] })
        .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1, 2])))
        .at(ms(11), ask(ATLANTIC, Ask::Send(PACIFIC, vec![3])))
        .at(ms(50), Act::Heal);
    check(
        quiet(plan),
        1,
        expect![[r#"
        5.000ms * pacific | atlantic
        10.000ms pacific says 1
        10.000ms * hold m0
        10.000ms pacific says 2
        10.000ms * hold m1
        11.000ms atlantic says 3
        11.000ms * hold m2
        50.000ms * heal
        51.000ms pacific hears 3
        51.000ms atlantic hears 1
        51.000ms atlantic hears 2
    "#]],
    );
}

#[test]
fn a_cut_alone_holds_one_way_and_leaves_the_way_back_open() {
    let plan = Plan::new()
        .at(ms(5), Act::Cut { sources: vec![PACIFIC], targets: vec![ATLANTIC] })
        .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1, 2])))
        .at(ms(11), ask(ATLANTIC, Ask::Send(PACIFIC, vec![3])))
        .at(ms(50), Act::Heal);
    check(
        quiet(plan),
        1,
        expect![[r#"
        5.000ms * pacific -/-> atlantic
        10.000ms pacific says 1
        10.000ms * hold m0
        10.000ms pacific says 2
        10.000ms * hold m1
        11.000ms atlantic says 3
        12.000ms pacific hears 3
        50.000ms * heal
        51.000ms atlantic hears 1
        51.000ms atlantic hears 2
    "#]],
    );
}

#[test]
fn what_is_on_its_way_when_a_partition_begins_arrives() {
    let setup = three_words();
    let partition = Act::Partition { group_a: vec![PACIFIC], group_b: vec![ATLANTIC] };
    // 10.5 ms: after the sending, before the arrival.
    let plan = setup.plan.clone().at(ms(10).saturating_add(Duration::from_micros(500)), partition);
    check(
        Setup { plan, ..setup },
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        10.500ms * pacific | atlantic
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
        11.000ms atlantic hears 3
    "#]],
    );
}

fn clock_shown(wall: Wall, acts: Plan<Ask>) -> Setup<Ask> {
    let plan = acts
        .at(ms(100), ask(PACIFIC, Ask::Add(1)))
        .at(ms(400), ask(PACIFIC, Ask::Add(1)))
        .at(ms(100), ask(PACIFIC, Ask::Wake(Timer(1), Duration::from_millis(200))));
    let mut setup = quiet(plan);
    setup.wall_claims = WallClaims::Recorded;
    setup.machines[PACIFIC.index()].wall = wall;
    setup
}

#[test]
fn a_true_clock_shows_the_truth() {
    check(
        clock_shown(Wall::TRUE, Plan::new()),
        1,
        expect![[r#"
        100.000ms pacific has 1 [00:00:00.100Z]
        300.000ms pacific timer 1 at 300ms [00:00:00.300Z]
        400.000ms pacific has 2 [00:00:00.400Z]
    "#]],
    );
}

#[test]
fn an_offset_alone_moves_the_wall_and_nothing_else() {
    check(
        clock_shown(Wall { offset_ns: 600_000_000, ..Wall::TRUE }, Plan::new()),
        1,
        expect![[r#"
        100.000ms pacific has 1 [00:00:00.700Z]
        300.000ms pacific timer 1 at 300ms [00:00:00.900Z]
        400.000ms pacific has 2 [00:00:01.000Z]
    "#]],
    );
}

#[test]
fn drift_alone_moves_the_wall_and_the_timers() {
    // A quarter too fast: a timer of 200 ms takes 160 ms.
    let drift = Drift::ppb(250_000_000).expect("below a billion");
    check(
        clock_shown(Wall { drift, ..Wall::TRUE }, Plan::new()),
        1,
        expect![[r#"
        100.000ms pacific has 1 [00:00:00.125Z]
        260.000ms pacific timer 1 at 325ms [00:00:00.325Z]
        400.000ms pacific has 2 [00:00:00.500Z]
    "#]],
    );
}

#[test]
fn a_step_alone_moves_the_wall_from_then_on_and_no_timer() {
    let plan = Plan::new().at(ms(200), Act::StepWall { node: PACIFIC, by_ns: -150_000_000 });
    check(
        clock_shown(Wall::TRUE, plan),
        1,
        expect![[r#"
        100.000ms pacific has 1 [00:00:00.100Z]
        200.000ms * step pacific by -150000000 ns
        300.000ms pacific timer 1 at 300ms [00:00:00.150Z]
        400.000ms pacific has 2 [00:00:00.250Z]
    "#]],
    );
}
