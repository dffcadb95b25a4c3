//! What all replicas show in the end: they agree, and nothing that was accepted is gone.

use constellation_verify::Budget;
use expect_test::expect;

use crate::catalog::{OVERWRITE, check, check_holds, judged};
use crate::claims::told;
use crate::story::tell;

#[test]
fn a_diverged_replica_is_found() {
    let story = format!("{OVERWRITE}\npacific read mss17 P1 I1\nindian read mss17 I1");
    check(
        "replicas_converge",
        &story,
        expect![[r#"
            replicas converge: violated
            (1 key at 2 nodes)
            expected  pacific and indian show the same under mss17 in the end
            found     indian lacks P1: at pacific P1 and I1 are shown, at indian I1 is shown
            events    e0  pacific  +0.001000s  writes P1 to mss17
                      e6  pacific  +0.007000s  shows P1 and I1 under mss17
                      e7  indian   +0.008000s  shows I1 under mss17
            proof     e0  pacific  +0.001000s  writes P1 to mss17
                      e2  pacific  +0.003000s  sends m0 to indian
                      e4  indian   +0.005000s  receives m0 from pacific
                      e7  indian   +0.008000s  shows I1 under mss17"#]],
    );
    let cut_off = "pacific write k P1\nindian write k I1\npacific read k P1\nindian read k I1";
    check(
        "replicas_converge",
        cut_off,
        expect![[r#"
            replicas converge: violated
            (1 key at 2 nodes)
            expected  pacific and indian show the same under k in the end
            found     indian lacks P1: at pacific P1 is shown, at indian I1 is shown
            events    e0  pacific  +0.001000s  writes P1 to k
                      e2  pacific  +0.003000s  shows P1 under k
                      e3  indian   +0.004000s  shows I1 under k
            proof     no chain of messages leads from e0 to e3, nor back"#]],
    );
}

#[test]
fn two_replicas_that_show_the_wrong_thing_have_still_diverged() {
    check(
        "replicas_converge",
        "pacific read k ghost\nindian read k",
        expect![[r#"
            replicas converge: violated
            (1 key at 2 nodes)
            expected  pacific and indian show the same under k in the end
            found     indian lacks ghost: at pacific ghost is shown, at indian nothing is shown
            events    e0  pacific  +0.001000s  shows ghost under k
                      e1  indian   +0.002000s  shows nothing under k
            proof     nobody wrote ghost, yet it is shown"#]],
    );
}

#[test]
fn only_the_last_read_must_agree_and_the_dead_need_not() {
    check_holds(
        &["replicas_converge"],
        "pacific write k w
         indian read k
         atlantic read k
         atlantic crash
         pacific send m to indian
         indian receive m
         indian read k w
         pacific read k w",
    );
}

#[test]
fn a_replica_that_never_read_leaves_the_question_open() {
    check(
        "replicas_converge",
        "pacific write k w\npacific read k w\nindian read other",
        expect![[r#"
            replicas converge: unknown
            (2 keys at 2 nodes)
            what indian shows under k in the end is not recorded"#]],
    );
    check(
        "replicas_converge",
        "pacific read k w\nindian read k\natlantic crash",
        expect![[r#"
            replicas converge: violated
            (1 key at 2 nodes)
            expected  pacific and indian show the same under k in the end
            found     indian lacks w: at pacific w is shown, at indian nothing is shown
            events    e0  pacific  +0.001000s  shows w under k
                      e1  indian   +0.002000s  shows nothing under k
            proof     nobody wrote w, yet it is shown"#]],
    );
}

#[test]
fn a_client_is_no_replica() {
    let agreed = "ground ask k\npacific write k w\npacific read k w\nindian read k w";
    check_holds(&["replicas_converge"], agreed);
    // Who asks others and holds something too is one.
    check(
        "replicas_converge",
        "pacific ask k\npacific write k w\nindian read k w",
        expect![[r#"
            replicas converge: unknown
            (1 key at 2 nodes)
            what pacific shows under k in the end is not recorded"#]],
    );
}

#[test]
fn what_was_shown_before_the_last_write_the_heal_or_a_crash_is_not_the_end() {
    let agreed =
        "pacific write k w\npacific send m to indian\nindian receive m\npacific read k w\nindian read k w";
    check_holds(&["replicas_converge"], agreed);
    let open = |story: &str| told(&judged(&tell(story), "replicas_converge", Budget::default()));
    for (more, what) in [
        ("heal", "what pacific shows under k in the end is not recorded"),
        ("heal\npacific read k w", "what indian shows under k in the end is not recorded"),
        ("indian write k x saw w\nindian read k x", "what pacific shows under k in the end is not recorded"),
        ("indian crash\nindian restart", "what indian shows under k in the end is not recorded"),
        ("indian crash\npacific crash", "a node that lives in the end is not recorded"),
    ] {
        let told = open(&format!("{agreed}\n{more}"));
        assert!(told.starts_with("replicas converge: unknown") && told.ends_with(what), "{more}: {told}");
    }
    // Two that differ in the end have diverged, whoever else did not look.
    let story = format!("{agreed}\natlantic read other\nheal\npacific read k\nindian read k w");
    assert!(open(&story).starts_with("replicas converge: violated"));
}

#[test]
fn an_update_that_a_crash_forgot_does_not_survive() {
    let forgot = "pacific write k w\npacific read k w\npacific crash\npacific restart\npacific read k";
    check(
        "every_update_survives",
        forgot,
        expect![[r#"
            every update survives or is superseded: violated
            (1 update of 1 key)
            expected  w is shown under k in the end, or an update that saw it
            found     w is gone: at pacific nothing is shown; pacific accepted it, crashed, and came back remembering nothing
            events    e0  pacific    +0.001000s  writes w to k
                      e2  pacific    +0.003000s  crashes
                      e3  pacific#1  +0.004000s  restarts as pacific#1 and remembers nothing
                      e4  pacific#1  +0.005000s  shows nothing under k
            proof     what was accepted may be superseded, but not forgotten"#]],
    );
    check_holds(&["no_lost_update", "replicas_converge"], forgot);
    // The state was persisted before the update came.
    check(
        "every_update_survives",
        "pacific write k v
        pacific persist s
        pacific write k w saw v
        pacific crash
        pacific restart s
        pacific read k v
        indian read k",
        expect![[r#"
            every update survives or is superseded: violated
            (2 updates of 1 key)
            expected  w is shown under k in the end, or an update that saw it
            found     w is gone: at pacific v is shown, at indian nothing is shown; pacific accepted it, crashed, and came back from a state that did not know of it
            events    e2  pacific    +0.003000s  writes w to k
                      e3  pacific    +0.004000s  crashes
                      e4  pacific#1  +0.005000s  restarts as pacific#1 from the state of e1
                      e5  pacific#1  +0.006000s  shows v under k
                      e6  indian     +0.007000s  shows nothing under k
            proof     what was accepted may be superseded, but not forgotten"#]],
    );
    // Somebody else heard of it, or it was superseded by one that is still there.
    check_holds(
        &["every_update_survives"],
        "pacific write k w
        pacific send m to indian
        pacific crash
        indian receive m
        indian write k x saw w
        indian read k x",
    );
    check(
        "every_update_survives",
        "pacific write k w\npacific send m to indian\nindian receive m\npacific read k\nindian read k",
        expect![[r#"
            every update survives or is superseded: violated
            (1 update of 1 key)
            expected  w is shown under k in the end, or an update that saw it
            found     w is gone: at pacific nothing is shown, at indian nothing is shown
            events    e0  pacific  +0.001000s  writes w to k
                      e3  pacific  +0.004000s  shows nothing under k
                      e4  indian   +0.005000s  shows nothing under k
            proof     e0  pacific  +0.001000s  writes w to k
                      e3  pacific  +0.004000s  shows nothing under k"#]],
    );
}

#[test]
fn an_update_that_no_last_read_could_show_leaves_the_question_open() {
    check(
        "every_update_survives",
        "pacific write k w\npacific read other",
        expect![[r#"
        every update survives or is superseded: unknown
        (1 update of 1 key)
        what pacific shows under k in the end is not recorded"#]],
    );
    check(
        "every_update_survives",
        "pacific write k w\npacific read k\nindian read other",
        expect![[r#"
        every update survives or is superseded: unknown
        (1 update of 1 key)
        what indian shows under k in the end is not recorded"#]],
    );
    check(
        "every_update_survives",
        "pacific write k w\npacific read k\nheal",
        expect![[r#"
        every update survives or is superseded: unknown
        (1 update of 1 key)
        what pacific shows under k in the end is not recorded"#]],
    );
    check(
        "every_update_survives",
        "pacific write k w\npacific crash",
        expect![[r#"
        every update survives or is superseded: unknown
        (1 update of 1 key)
        a node that lives in the end is not recorded"#]],
    );
    // That one node shows it is enough.
    check_holds(&["every_update_survives"], "pacific write k w\npacific read k w\nindian read other");
}
