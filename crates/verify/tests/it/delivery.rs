//! Networks on trial: what never arrives, and what overtakes, is found; what has an excuse is not.

use constellation_trace::{Judgement, Trace, Verdict};
use constellation_verify::{Budget, Order, catalog, claims, delivery};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::claims::told;
use crate::exhaustive::every_run;
use crate::run::{Bug, by_lamport, by_vector, config, play, steps};
use crate::story::tell;

fn arrives(story: &str) -> Judgement {
    delivery::every_message_arrives(&Order::of(&tell(story), &Budget::default()).unwrap())
}

fn keeps_order(story: &str) -> Judgement {
    delivery::links_keep_order(&Order::of(&tell(story), &Budget::default()).unwrap())
}

fn check(judgement: &Judgement, expected: Expect) {
    expected.assert_eq(&told(judgement));
}

#[test]
fn a_message_that_never_arrives_is_found() {
    check(
        &arrives("pacific send m to indian\nindian read k"),
        expect![[r#"
            every message arrives unless the world lost it: violated
            (1 message)
            expected  m0 from pacific arrives at indian
            found     indian never receives it
            events    e0  pacific  +0.001000s  sends m0 to indian
            proof     m0 was neither lost nor in flight at the end, and indian lives: nothing excuses it"#]],
    );
    check(
        &arrives("pacific send m to indian atlantic\nindian receive m\natlantic read k"),
        expect![[r#"
            every message arrives unless the world lost it: violated
            (2 messages)
            expected  m1 from pacific arrives at atlantic
            found     atlantic never receives it
            events    e0  pacific  +0.001000s  sends m0 to indian, m1 to atlantic
            proof     m1 was neither lost nor in flight at the end, and atlantic lives: nothing excuses it"#]],
    );
}

#[test]
fn a_node_that_has_left_need_neither_hear_nor_show_anything() {
    let story = |leaves: &str| {
        format!("pacific send m to indian\nindian write k W saw\n{leaves}\npacific read k\natlantic read k")
    };
    let gone = arrives(&story("indian leaves"));
    assert_eq!(gone.verdict, Verdict::Holds, "{gone:?}");
    assert_eq!(arrives(&story("")).verdict.word(), "violated");
    let converges = |leaves: &str| {
        let trace = tell(&story(leaves));
        catalog::replicas_converge(&Order::of(&trace, &Budget::default()).unwrap()).verdict
    };
    assert_eq!(converges("indian leaves"), Verdict::Holds);
    assert_eq!(converges("").word(), "unknown", "nobody looked what indian shows in the end");
}

#[test]
fn a_message_that_arrives_late_or_twice_has_arrived() {
    let story = "pacific send m to indian\nindian read k\nindian receive m\nindian receive m";
    assert_eq!(arrives(story).verdict, Verdict::Holds);
    assert_eq!(arrives("").verdict, Verdict::Holds);
}

#[test]
fn a_lost_message_and_a_dead_target_are_excused() {
    assert_eq!(arrives("pacific send m to indian\nindian read k\nlose m").verdict, Verdict::Holds);
    assert_eq!(arrives("pacific send m to indian\nindian crash").verdict, Verdict::Holds);
    check(
        &arrives("pacific send m to indian\nindian crash\nindian restart"),
        expect![[r#"
            every message arrives unless the world lost it: violated
            (1 message)
            expected  m0 from pacific arrives at indian
            found     indian never receives it
            events    e0  pacific  +0.001000s  sends m0 to indian
            proof     m0 was neither lost nor in flight at the end, and indian lives: nothing excuses it"#]],
    );
}

#[test]
fn a_message_that_was_on_its_way_at_the_end_is_excused_and_counted() {
    check(
        &arrives(
            "pacific send m to indian\nindian receive m\npacific send n to indian\nlose n
            pacific send o to indian\npacific send p to indian\npacific send q to atlantic\natlantic crash
            leave o\nleave p",
        ),
        expect![[r#"
            every message arrives unless the world lost it: holds
            (5 messages, 1 lost, 2 in flight, 1 to a node that did not come back)"#]],
    );
    // That one is excused excuses no other.
    check(
        &arrives("pacific send m to indian\npacific send n to indian\nleave n\nindian read k"),
        expect![[r#"
            every message arrives unless the world lost it: violated
            (2 messages, 1 in flight)
            expected  m0 from pacific arrives at indian
            found     indian never receives it
            events    e0  pacific  +0.001000s  sends m0 to indian
            proof     m0 was neither lost nor in flight at the end, and indian lives: nothing excuses it"#]],
    );
}

/// The first copy of a duplicate may have met a node that was down, or refused it; what arrives then came late.
#[test]
fn a_duplicate_whose_first_copy_died_overtakes_nothing() {
    let died = "pacific send a to indian
        duplicate a
        indian crash
        indian restart
        pacific send b to indian
        indian receive b
        indian receive a";
    assert_eq!(keeps_order(died).verdict, Verdict::Holds);
    assert_eq!(
        keeps_order(&died.replace("indian crash\n", "").replace("indian restart\n", "")).verdict,
        Verdict::Holds
    );
    // Nor does it hide one that does: c overtakes b.
    check(
        &keeps_order(&format!(
            "{died}\npacific send c to indian\npacific send d to indian\nindian receive d\nindian receive c"
        )),
        expect![[r#"
            each link delivers in the order of sending: violated
            (4 messages)
            expected  m2 arrives at indian before m3: pacific sent it first
            found     m3 overtakes m2
            events    e6  pacific   +0.007000s  sends m2 to indian
                      e7  pacific   +0.008000s  sends m3 to indian
                      e8  indian#1  +0.009000s  receives m3 from pacific
                      e9  indian#1  +0.010000s  receives m2 from pacific
            proof     the link from pacific to indian keeps the order of sending"#]],
    );
    // Both copies came, so the first was the first; or it came before what was sent earlier.
    check(
        &keeps_order(
            "pacific send a to indian\nduplicate a\npacific send b to indian
            indian receive b\nindian receive a\nindian receive a",
        ),
        expect![[r#"
            each link delivers in the order of sending: violated
            (2 messages)
            expected  m0 arrives at indian before m1: pacific sent it first
            found     m1 overtakes m0
            events    e0  pacific  +0.001000s  sends m0 to indian
                      e1  pacific  +0.002000s  sends m1 to indian
                      e2  indian   +0.003000s  receives m1 from pacific
                      e3  indian   +0.004000s  receives m0 from pacific
            proof     the link from pacific to indian keeps the order of sending"#]],
    );
    check(
        &keeps_order(
            "pacific send a to indian\npacific send b to indian\nduplicate b\nindian receive b\nindian receive a",
        ),
        expect![[r#"
            each link delivers in the order of sending: violated
            (2 messages)
            expected  m0 arrives at indian before m1: pacific sent it first
            found     m1 overtakes m0
            events    e0  pacific  +0.001000s  sends m0 to indian
                      e1  pacific  +0.002000s  sends m1 to indian
                      e2  indian   +0.003000s  receives m1 from pacific
                      e3  indian   +0.004000s  receives m0 from pacific
            proof     the link from pacific to indian keeps the order of sending"#]],
    );
}

#[test]
fn a_held_message_must_arrive_after_the_heal() {
    let held = "pacific send m to indian\nhold m\nindian read k";
    check(
        &arrives(held),
        expect![[r#"
            every message arrives unless the world lost it: unknown
            (1 message)
            a heal after m0 was held is not recorded"#]],
    );
    check(
        &arrives(&format!("{held}\nheal")),
        expect![[r#"
            every message arrives unless the world lost it: violated
            (1 message)
            expected  m0 from pacific arrives at indian
            found     indian never receives it, though it was held only until the heal
            events    e0  pacific  +0.001000s  sends m0 to indian
            proof     m0 was neither lost nor in flight at the end, and indian lives: nothing excuses it"#]],
    );
    assert_eq!(arrives(&format!("{held}\nheal\nindian receive m")).verdict, Verdict::Holds);
    check(
        &arrives(&format!("{held}\nheal\nhold m")),
        expect![[r#"
            every message arrives unless the world lost it: unknown
            (1 message)
            a heal after m0 was held is not recorded"#]],
    );
}

#[test]
fn a_message_that_overtakes_is_found() {
    let story = "pacific send a to indian\npacific send b to indian\nindian receive b\nindian receive a";
    check(
        &keeps_order(story),
        expect![[r#"
        each link delivers in the order of sending: violated
        (2 messages)
        expected  m0 arrives at indian before m1: pacific sent it first
        found     m1 overtakes m0
        events    e0  pacific  +0.001000s  sends m0 to indian
                  e1  pacific  +0.002000s  sends m1 to indian
                  e2  indian   +0.003000s  receives m1 from pacific
                  e3  indian   +0.004000s  receives m0 from pacific
        proof     the link from pacific to indian keeps the order of sending"#]],
    );
}

#[test]
fn only_first_arrivals_on_one_link_must_keep_their_order() {
    let story = "pacific send a to indian atlantic
        pacific send lost to indian
        pacific send b to indian atlantic
        atlantic receive a
        indian receive a
        indian receive b
        indian receive a
        atlantic receive b
        indian send c to pacific
        pacific receive c";
    assert_eq!(keeps_order(story).verdict, Verdict::Holds);
    // Two links to one node owe each other nothing.
    let story = "pacific send a to indian\natlantic send b to indian\nindian receive b\nindian receive a";
    assert_eq!(keeps_order(story).verdict, Verdict::Holds);
    assert_eq!(keeps_order("").verdict, Verdict::Holds);
}

/// Every judge at every budget; none may panic, and a verdict may change with the budget only from unknown.
fn judge_everything(trace: &Trace) {
    let order = Order::of(trace, &Budget::default()).unwrap();
    let words = |budget: &Budget| {
        [
            claims::judge(&order, constellation_trace::ClaimKind::Lamport, budget, by_lamport),
            claims::judge(&order, constellation_trace::ClaimKind::Vector, budget, by_vector),
            claims::judge(&order, constellation_trace::ClaimKind::Wall, budget, by_vector),
            claims::structure(&order),
            catalog::no_lost_update(&order, budget),
            catalog::no_stale_sibling(&order, budget),
            catalog::no_thin_air(&order),
            catalog::replicas_converge(&order),
            catalog::every_update_survives(&order),
            delivery::every_message_arrives(&order),
            delivery::links_keep_order(&order),
        ]
        .map(|judgement| judgement.verdict.word())
    };
    let full = words(&Budget::default());
    for pairs_max in [0, 1, 7, 50] {
        for (small, full) in words(&Budget { pairs_max, ..Budget::default() }).into_iter().zip(full) {
            assert!(small == full || small == "unknown", "{small} became {full} in {trace:?}");
        }
    }
}

#[test]
fn no_judge_fails_in_any_tiny_run() {
    every_run(3, |steps| judge_everything(&play(2, steps, Bug::None)));
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn no_judge_fails_in_any_run(
        nodes in 1_usize..=4,
        steps in steps(60),
        bug in prop_oneof![Just(Bug::None), Just(Bug::ForgetMerge), Just(Bug::LastWriteWins), Just(Bug::ShowAll)],
    ) {
        judge_everything(&play(nodes, &steps, bug));
    }

    /// Links that keep their order are those where no two messages of one link cross.
    #[test]
    fn overtaking_is_found_exactly_where_two_first_arrivals_cross(nodes in 1_usize..=4, steps in steps(60)) {
        let trace = play(nodes, &steps, Bug::None);
        let first = |id: usize| trace.events().iter().position(|event| {
            event.kind == constellation_trace::Kind::Receive(constellation_trace::MessageId::new(id as u32))
        });
        let link = |id: usize| (trace.node_of(trace.messages()[id].send), trace.messages()[id].to);
        let count = trace.messages().len();
        let is_crossed = (0..count).any(|later| (0..later).any(|earlier| {
            link(earlier) == link(later)
                && matches!((first(earlier), first(later)), (Some(one), Some(other)) if other < one)
        }));
        let order = Order::of(&trace, &Budget::default()).unwrap();
        let expected = if is_crossed { "violated" } else { "holds" };
        prop_assert_eq!(delivery::links_keep_order(&order).verdict.word(), expected);
    }
}
