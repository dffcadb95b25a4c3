//! Catalogs on trial: what is lost, stale, made up or diverged is found and told.

use std::collections::BTreeSet;

use constellation_trace::{Judgement, Read, Symbol, Trace, Verdict, Write};
use constellation_verify::{Budget, Order, catalog};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::claims::told;
use crate::order::closure;
use crate::run::{Bug, config, play, steps};
use crate::story::tell;

pub(crate) fn judged(trace: &Trace, promise: &str, budget: Budget) -> Judgement {
    let order = Order::of(trace, &Budget::default()).unwrap();
    match promise {
        "no_lost_update" => catalog::no_lost_update(&order, &budget),
        "no_stale_sibling" => catalog::no_stale_sibling(&order, &budget),
        "no_thin_air" => catalog::no_thin_air(&order),
        "every_update_survives" => catalog::every_update_survives(&order),
        _ => catalog::replicas_converge(&order),
    }
}

const PROMISES: [&str; 5] =
    ["no_lost_update", "no_stale_sibling", "no_thin_air", "replicas_converge", "every_update_survives"];

pub(crate) fn check(promise: &str, story: &str, expected: Expect) {
    expected.assert_eq(&told(&judged(&tell(story), promise, Budget::default())));
}

pub(crate) fn check_holds(promises: &[&str], story: &str) {
    for promise in promises {
        let judgement = judged(&tell(story), promise, Budget::default());
        assert_eq!(judgement.verdict, Verdict::Holds, "{}", told(&judgement));
    }
}

/// Two concurrent updates that each reach the other node.
pub(crate) const OVERWRITE: &str = "pacific write mss17 P1
    indian write mss17 I1
    pacific send p to indian
    indian send i to pacific
    indian receive p
    pacific receive i";

#[test]
fn concurrent_updates_are_both_shown() {
    let story = format!("{OVERWRITE}\npacific read mss17 P1 I1\nindian read mss17 I1 P1");
    check_holds(&PROMISES, &story);
}

#[test]
fn a_silent_winner_is_a_lost_update() {
    let story = format!("{OVERWRITE}\npacific read mss17 I1\nindian read mss17 I1");
    check(
        "no_lost_update",
        &story,
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes: violated
            (2 reads)
            expected  pacific shows P1 under mss17: it is known there and not superseded
            found     P1 is lost: I1 displaced it silently, though the two were written concurrently; 1 more read is wrong
            events    e0  pacific  +0.001000s  writes P1 to mss17
                      e1  indian   +0.002000s  writes I1 to mss17
                      e6  pacific  +0.007000s  shows I1 under mss17
            proof     no chain of messages leads from e0 to e1, nor back"#]],
    );
    check_holds(&["no_stale_sibling", "no_thin_air", "replicas_converge"], &story);
}

#[test]
fn an_update_that_a_newer_one_did_not_see_is_not_displaced_by_it() {
    let story = "pacific write k old\npacific write k new\npacific read k new";
    check(
        "no_lost_update",
        story,
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes: violated
            (1 read)
            expected  pacific shows old under k: it is known there and not superseded
            found     old is lost: new displaced it, though new does not say that it saw it
            events    e0  pacific  +0.001000s  writes old to k
                      e1  pacific  +0.002000s  writes new to k
                      e2  pacific  +0.003000s  shows new under k
            proof     an update supersedes what it saw, not whatever came before it"#]],
    );
    check_holds(&PROMISES, "pacific write k old\npacific write k new saw old\npacific read k new");
}

#[test]
fn an_older_update_does_not_displace_a_newer_one() {
    let story = "pacific write k old\npacific write k new saw old\npacific read k old";
    check(
        "no_lost_update",
        story,
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes: violated
            (1 read)
            expected  pacific shows new under k: it is known there and not superseded
            found     new is lost: the older old is shown in its place
            events    e0  pacific  +0.001000s  writes old to k
                      e1  pacific  +0.002000s  writes new to k
                      e2  pacific  +0.003000s  shows old under k
            proof     e0  pacific  +0.001000s  writes old to k
                      e1  pacific  +0.002000s  writes new to k"#]],
    );
    check(
        "no_stale_sibling",
        story,
        expect![[r#"
            no stale sibling is shown: violated
            (1 read)
            expected  pacific does not show old under k: new is known there and saw it
            found     it still shows old
            events    e0  pacific  +0.001000s  writes old to k
                      e1  pacific  +0.002000s  writes new to k
                      e2  pacific  +0.003000s  shows old under k
            proof     e1  pacific  +0.002000s  writes new to k
                      e2  pacific  +0.003000s  shows old under k"#]],
    );
}

#[test]
fn showing_nothing_loses_what_is_known() {
    let story = "pacific write k w\npacific send m to indian\nindian receive m\nindian read k";
    check(
        "no_lost_update",
        story,
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes: violated
            (1 read)
            expected  indian shows w under k: it is known there and not superseded
            found     w is lost: nothing is shown
            events    e0  pacific  +0.001000s  writes w to k
                      e3  indian   +0.004000s  shows nothing under k
            proof     e0  pacific  +0.001000s  writes w to k
                      e1  pacific  +0.002000s  sends m0 to indian
                      e2  indian   +0.003000s  receives m0 from pacific
                      e3  indian   +0.004000s  shows nothing under k"#]],
    );
}

#[test]
fn an_update_whose_news_has_not_come_is_not_missed() {
    check_holds(
        &["no_lost_update", "no_stale_sibling", "no_thin_air"],
        "pacific write k w\npacific send m to indian\nindian read k\nindian receive m\nindian read k w",
    );
}

#[test]
fn what_a_crash_forgot_is_not_missed() {
    check_holds(
        &["no_lost_update", "no_stale_sibling", "no_thin_air"],
        "pacific write k w\npacific read k w\npacific crash\npacific restart\npacific read k",
    );
    let story = "pacific write k w\npacific persist s\npacific crash\npacific restart s\npacific read k";
    check(
        "no_lost_update",
        story,
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes: violated
            (1 read)
            expected  pacific shows w under k: it is known there and not superseded
            found     w is lost: nothing is shown
            events    e0  pacific    +0.001000s  writes w to k
                      e4  pacific#1  +0.005000s  shows nothing under k
            proof     e0  pacific    +0.001000s  writes w to k
                      e1  pacific    +0.002000s  persists its state
                      e3  pacific#1  +0.004000s  restarts as pacific#1 from the state of e1
                      e4  pacific#1  +0.005000s  shows nothing under k"#]],
    );
}

#[test]
fn a_stale_sibling_is_found_through_the_updates_between() {
    let story = "pacific write k a
        pacific write k b saw a
        pacific write k c saw b
        pacific send m to indian
        indian receive m
        indian read k a c
        indian read k a b c";
    check(
        "no_stale_sibling",
        story,
        expect![[r#"
            no stale sibling is shown: violated
            (2 reads)
            expected  indian does not show a under k: c is known there and supersedes it through others
            found     it still shows a; 1 more read is wrong
            events    e0  pacific  +0.001000s  writes a to k
                      e2  pacific  +0.003000s  writes c to k
                      e5  indian   +0.006000s  shows a and c under k
            proof     e2  pacific  +0.003000s  writes c to k
                      e3  pacific  +0.004000s  sends m0 to indian
                      e4  indian   +0.005000s  receives m0 from pacific
                      e5  indian   +0.006000s  shows a and c under k"#]],
    );
}

#[test]
fn a_client_may_carry_what_it_saw_to_another_node() {
    check_holds(
        &["no_lost_update", "no_stale_sibling", "no_thin_air"],
        "pacific write k a
         pacific read k a
         indian write k b saw a
         indian read k b
         pacific read k a
         indian send m to pacific
         pacific receive m
         pacific read k b",
    );
}

#[test]
fn an_update_supersedes_through_one_that_is_not_known() {
    let carried = "pacific write k a
         pacific read k a
         atlantic write k b saw a
         atlantic read k b
         indian write k c saw b
         pacific send m to indian
         indian receive m";
    check_holds(
        &["no_lost_update", "no_stale_sibling", "no_thin_air"],
        &format!("{carried}\nindian read k c"),
    );
    check(
        "no_stale_sibling",
        &format!("{carried}\nindian read k a c"),
        expect![[r#"
            no stale sibling is shown: violated
            (3 reads)
            expected  indian does not show a under k: c is known there and supersedes it through others
            found     it still shows a
            events    e0  pacific  +0.001000s  writes a to k
                      e4  indian   +0.005000s  writes c to k
                      e7  indian   +0.008000s  shows a and c under k
            proof     e4  indian  +0.005000s  writes c to k
                      e7  indian  +0.008000s  shows a and c under k"#]],
    );
}

#[test]
fn updates_that_claim_to_have_seen_themselves_or_the_future_supersede_nothing() {
    check_holds(
        &["no_lost_update", "no_stale_sibling", "every_update_survives"],
        "pacific write k a saw a b nothing
         pacific write k b
         pacific read k a b",
    );
}

#[test]
fn what_nobody_wrote_is_out_of_thin_air() {
    check(
        "no_thin_air",
        "pacific read k ghost",
        expect![[r#"
            nothing is shown out of thin air: violated
            (1 read, 0 writes)
            expected  pacific shows under k only what was written
            found     it shows ghost, which nobody wrote
            events    e0  pacific  +0.001000s  shows ghost under k
            proof     what is shown or seen must have been written"#]],
    );
    check(
        "no_thin_air",
        "pacific write other ghost\npacific read k ghost",
        expect![[r#"
            nothing is shown out of thin air: violated
            (1 read, 1 write)
            expected  pacific shows under k only what was written
            found     it shows ghost, which nobody wrote
            events    e1  pacific  +0.002000s  shows ghost under k
            proof     what is shown or seen must have been written"#]],
    );
}

#[test]
fn what_no_message_brought_is_out_of_thin_air() {
    check(
        "no_thin_air",
        "pacific write k w\nindian read k w",
        expect![[r#"
            nothing is shown out of thin air: violated
            (1 read, 1 write)
            expected  indian shows under k only what it can know of
            found     it shows w, of which no news had come
            events    e0  pacific  +0.001000s  writes w to k
                      e1  indian   +0.002000s  shows w under k
            proof     no chain of messages leads from e0 to e1, nor back"#]],
    );
    check(
        "no_thin_air",
        "pacific read k w\npacific read k w\npacific send m to indian\nindian receive m\nindian write k w",
        expect![[r#"
            nothing is shown out of thin air: violated
            (2 reads, 1 write)
            expected  pacific shows under k only what it can know of
            found     it shows w, which is written only later; 1 more read or write is wrong
            events    e0  pacific  +0.001000s  shows w under k
                      e4  indian   +0.005000s  writes w to k
            proof     e0  pacific  +0.001000s  shows w under k
                      e2  pacific  +0.003000s  sends m0 to indian
                      e3  indian   +0.004000s  receives m0 from pacific
                      e4  indian   +0.005000s  writes w to k"#]],
    );
}

#[test]
fn a_write_cannot_have_seen_what_nobody_knew() {
    check(
        "no_thin_air",
        "pacific write k w saw ghost\npacific read k w",
        expect![[r#"
        nothing is shown out of thin air: violated
        (1 read, 1 write)
        expected  an update that pacific accepts under k saw only what was written
        found     w says that it saw ghost, which nobody wrote
        events    e0  pacific  +0.001000s  writes w to k
        proof     what is shown or seen must have been written"#]],
    );
    check(
        "no_thin_air",
        "pacific write k a\nindian write k b saw a\nindian read k b",
        expect![[r#"
        nothing is shown out of thin air: violated
        (1 read, 2 writes)
        expected  an update that indian accepts under k saw only what it can know of
        found     b says that it saw a, of which no news had come
        events    e0  pacific  +0.001000s  writes a to k
                  e1  indian   +0.002000s  writes b to k
        proof     no chain of messages leads from e0 to e1, nor back"#]],
    );
    check(
        "no_thin_air",
        "pacific write k a saw a\npacific read k a",
        expect![[r#"
        nothing is shown out of thin air: violated
        (1 read, 1 write)
        expected  an update that pacific accepts under k saw only what it can know of
        found     a says that it saw a, which is itself
        events    e0  pacific  +0.001000s  writes a to k
        proof     nothing is its own cause"#]],
    );
    // That a read shows it later is too late.
    check(
        "no_thin_air",
        "indian write k b saw a
        pacific write k a
        pacific read k a
        indian read k b
        pacific write k c saw a b",
        expect![[r#"
            nothing is shown out of thin air: violated
            (2 reads, 3 writes)
            expected  an update that indian accepts under k saw only what it can know of
            found     b says that it saw a, of which no news had come
            events    e0  indian   +0.001000s  writes b to k
                      e1  pacific  +0.002000s  writes a to k
            proof     no chain of messages leads from e1 to e0, nor back"#]],
    );
    check_holds(
        &["no_thin_air"],
        "pacific write k a
        pacific send m to indian
        indian receive m
        indian write k b saw a
        indian read k b",
    );
}

#[test]
fn a_key_whose_updates_no_read_knew_leaves_the_question_open() {
    for promise in ["no_lost_update", "no_stale_sibling"] {
        for story in [
            "pacific write k w\nindian read k",
            "pacific read k\npacific write k w",
            "pacific write k w\npacific write other o\npacific read other o",
        ] {
            let told = told(&judged(&tell(story), promise, Budget::default()));
            let open = told.ends_with("\na read that knows an update of k is not recorded");
            assert!(open && told.contains(": unknown\n"), "{story}: {told}");
        }
    }
}

#[test]
fn what_a_terminal_obeys_is_written_out_in_evidence() {
    let judgement = judged(
        &tell("pacific write k\u{1b}[31m w\u{7}\npacific read k\u{1b}[31m"),
        "no_lost_update",
        Budget::default(),
    );
    let told = told(&judgement);
    assert!(!told.contains(|letter: char| letter.is_control() && letter != '\n'), "{told:?}");
    assert!(told.contains(r"pacific shows w\u{7} under k\u{1b}[31m"), "{told}");
}

#[test]
fn updates_that_nobody_read_leave_the_question_open() {
    for promise in &PROMISES[..3] {
        let judgement = judged(&tell("pacific write k w"), promise, Budget::default());
        let told = told(&judgement);
        // Thin air is looked for in writes as well.
        let is_empty = ["(nothing to judge: no read)", "(0 reads, 1 write)"]
            .iter()
            .any(|scope| told.ends_with(&format!(": unknown\n{scope}\nreads are not recorded")));
        assert!(is_empty, "{told}");
    }
    check_holds(&PROMISES, "");
}

#[test]
fn beyond_the_budget_the_question_is_open_and_a_larger_budget_closes_it() {
    let story = format!("{OVERWRITE}\npacific read mss17 P1 I1\nindian read mss17 I1");
    let told_with = |pairs_max| {
        let budget = Budget { pairs_max, ..Budget::default() };
        told(&judged(&tell(&story), "no_lost_update", budget))
    };
    expect![[r#"
        no update is lost: a read shows all it knows that nothing supersedes: unknown
        (2 reads, the first 1 of them judged)
        none wrong among the 2 pairs judged, of 4"#]]
    .assert_eq(&told_with(3));
    expect![[r#"
        no update is lost: a read shows all it knows that nothing supersedes: violated
        (2 reads)
        expected  indian shows P1 under mss17: it is known there and not superseded
        found     P1 is lost: I1 displaced it silently, though the two were written concurrently
        events    e0  pacific  +0.001000s  writes P1 to mss17
                  e1  indian   +0.002000s  writes I1 to mss17
                  e7  indian   +0.008000s  shows I1 under mss17
        proof     no chain of messages leads from e0 to e1, nor back"#]]
    .assert_eq(&told_with(4));
    let budget = Budget { bytes_max: 15, ..Budget::default() };
    expect![[r#"
        no update is lost: a read shows all it knows that nothing supersedes: unknown
        ()
        judging needs 16 bytes of memory, 15 are allowed"#]]
    .assert_eq(&told(&judged(&tell(&story), "no_lost_update", budget)));
}

/// The slow twin: straight from the definitions, over the closure of all edges. All under one key.
fn expected_words(trace: &Trace) -> [&'static str; 3] {
    let reaches = closure(trace);
    let is_known = |write: &Write, read: &Read| reaches[write.event.index()][read.event.index()];
    let supersedes = |newer: &Write, older: Symbol| {
        let mut seen: BTreeSet<Symbol> = newer.saw.iter().copied().collect();
        loop {
            let more = trace.writes().iter().filter(|write| seen.contains(&write.update));
            let more: BTreeSet<Symbol> = more.flat_map(|write| write.saw.clone()).collect();
            if more.is_subset(&seen) {
                return seen.contains(&older);
            }
            seen.extend(more);
        }
    };
    let [mut lost, mut stale, mut thin] = ["holds"; 3];
    for read in trace.reads() {
        let known: Vec<&Write> = trace.writes().iter().filter(|write| is_known(write, read)).collect();
        for write in &known {
            let is_superseded = known.iter().any(|newer| supersedes(newer, write.update));
            match (is_superseded, read.shows.contains(&write.update)) {
                (false, false) => lost = "violated",
                (true, true) => stale = "violated",
                _ => {}
            }
        }
        if read.shows.iter().any(|update| !known.iter().any(|write| write.update == *update)) {
            thin = "violated";
        }
    }
    for (place, write) in trace.writes().iter().enumerate() {
        let is_seen = |update: &Symbol| {
            trace.writes()[..place].iter().any(|seen| {
                let was_shown = trace
                    .reads()
                    .iter()
                    .any(|read| read.event < write.event && read.shows.contains(&seen.update));
                seen.update == *update && (reaches[seen.event.index()][write.event.index()] || was_shown)
            })
        };
        if !write.saw.iter().all(is_seen) {
            thin = "violated";
        }
    }
    let is_read = trace.reads().iter().any(|read| trace.writes().iter().any(|write| is_known(write, read)));
    if !trace.writes().is_empty() && !is_read {
        [lost, stale] = [lost, stale].map(|word| if word == "holds" { "unknown" } else { word });
    }
    if !trace.writes().is_empty() && trace.reads().is_empty() && thin == "holds" {
        thin = "unknown";
    }
    [lost, stale, thin]
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn catalogs_are_judged_as_the_definitions_say(
        nodes in 1_usize..=4,
        steps in steps(60),
        bug in prop_oneof![Just(Bug::None), Just(Bug::LastWriteWins), Just(Bug::ShowAll)],
    ) {
        let trace = play(nodes, &steps, bug);
        let words = [0, 1, 2].map(|nth| judged(&trace, PROMISES[nth], Budget::default()).verdict.word());
        prop_assert_eq!(words, expected_words(&trace));
        if bug == Bug::None {
            prop_assert!(!words.contains(&"violated"));
        }
    }
}
