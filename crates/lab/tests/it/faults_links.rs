//! What links do beside time and plain loss: each alone, what it does to a run, and which promises it breaks.

use constellation_lab::{Run, Scenario, simulate};
use constellation_trace::{Kind, Nemesis, Verdict};
use expect_test::{Expect, expect};

use crate::faults::{BASE, check, verdicts};

#[test]
fn corruption_that_a_checksum_sees_loses_and_breaks_no_more() {
    check(
        "link = { corrupt = \"40%\" }",
        "",
        expect![[r#"
        8 sent, 4 received, 4 lost
        exit 1
        ✗ replicas converge: pacific lacks indian_ocean:1: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 and pacific:2 are shown"#]],
    );
    check(
        "anti_entropy = \"1s\"\nlink = { corrupt = \"40%\" }",
        "",
        expect![[r#"
        83 sent, 61 received, 22 lost
        exit 0"#]],
    );
}

#[test]
fn corruption_that_no_checksum_sees_breaks_what_the_protocol_promises() {
    check(
        "link = { corrupt_unseen = \"60%\" }",
        "",
        expect![[r#"
        8 sent, 8 received, 5 corrupted
        exit 1
        ✗ vector stamps tell before, after and concurrent exactly: e13 concurrent with e24: the vector clock does not see that one event caused the other; 3 more pairs are wrong
        ✗ each vector stamp is the join of its causes and one tick: vector {atlAntic:2 indian_ocean:2 pacific:3}: atlantic is 0, though news of 2 came; 3 more vectors are wrong
        ✗ no update is lost: a read shows all it knows that nothing supersedes: indian_ocean:1 is lost: atlantic:1 displaced it silently, though the two were written concurrently
        ✗ nothing is shown out of thin air: it shows indian\u{1f}ocean:1, which nobody wrote; 2 more reads and writes are wrong
        ✗ replicas converge: pacific lacks indian\u{1f}ocean:1: at pacific pacific:2 is shown, at atlantic indian\u{1f}ocean:1 and pacific:2 are shown"#]],
    );
}

#[test]
fn a_link_that_takes_no_long_messages_keeps_a_replica_behind() {
    check(
        "link = { size_max = \"60B\" }",
        "",
        expect![[r#"
        8 sent, 4 received, 4 lost
        exit 1
        ✗ replicas converge: pacific lacks indian_ocean:1: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 and pacific:2 are shown"#]],
    );
    check(
        "link = { size_max = \"1KiB\" }",
        "",
        expect![[r#"
        8 sent, 8 received
        exit 0"#]],
    );
}

#[test]
fn a_rate_makes_messages_wait_and_a_short_queue_loses_them() {
    check(
        "link = { rate = \"5B/s\" }",
        "",
        expect![[r#"
            8 sent, 8 received, 2 delayed
            exit 0"#]],
    );
    check(
        "link = { rate = \"5B/s\", queue = \"10B\" }",
        "",
        expect![[r#"
            8 sent, 6 received, 2 lost
            exit 1
            ✗ replicas converge: indian_ocean lacks pacific:2: at pacific atlantic:1 and indian_ocean:1 and pacific:2 are shown, at indian_ocean atlantic:1 and indian_ocean:1 and pacific:1 are shown"#]],
    );
}

#[test]
fn windows_hold_or_lose_what_is_sent_outside_of_them() {
    let windows = "windows = [{ from = \"0s\", to = \"2s\" }, { from = \"6s\", to = \"8s\" }]";
    check(
        &format!("link = {{ {windows} }}"),
        "",
        expect![[r#"
        8 sent, 8 received, 6 delayed
        exit 0"#]],
    );
    check(
        &format!("link = {{ {windows}, outside = \"lose\" }}"),
        "",
        expect![[r#"
        8 sent, 2 received, 6 lost
        exit 1
        ✗ replicas converge: indian_ocean lacks pacific:2: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 is shown"#]],
    );
    check(
        &format!("anti_entropy = \"1s\"\nlink = {{ {windows}, outside = \"lose\" }}"),
        "",
        expect![[r#"
        84 sent, 30 received, 54 lost
        exit 0"#]],
    );
}

#[test]
fn a_flap_holds_or_loses_what_meets_it() {
    let flap = "flap = { period = \"1s\", down = \"500ms\", chance = \"60%\" }";
    check(
        &format!("link = {{ {flap} }}"),
        "",
        expect![[r#"
        8 sent, 8 received, 6 delayed
        exit 0"#]],
    );
    check(
        &format!("link = {{ {flap}, outside = \"lose\" }}"),
        "",
        expect![[r#"
        8 sent, 2 received, 6 lost
        exit 1
        ✗ replicas converge: pacific lacks indian_ocean:1: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 and pacific:2 are shown"#]],
    );
}

#[test]
fn an_isolation_holds_what_goes_from_or_to_a_node_that_is_cut_off() {
    check(
        "",
        "",
        expect![[r#"
        8 sent, 8 received
        exit 0"#]],
    );
    let isolation = "isolation = { period = \"8s\", down = \"7s\", chance = \"40%\" }";
    check(
        isolation,
        "",
        expect![[r#"
        8 sent, 8 received, 7 delayed
        exit 0"#]],
    );
    // And as it is written on a command line, where it counts instead of the file's.
    let scenario =
        Scenario::parse("cut off", &BASE.replacen("seed = 3\n", &format!("seed = 3\n{isolation}\n"), 1));
    let scenario = scenario.expect("it is documented");
    let given = |faults| scenario.with_faults(faults).map(|scenario| scenario.isolation);
    assert_eq!(given("isolation=none"), Ok(None));
    let often = given("isolation={ period = \"2s\", down = \"1s\", chance = \"90%\" }");
    let often = often.expect("it is documented").expect("it is given");
    assert_eq!((often.period.as_secs(), often.down.as_secs()), (2, 1));
    let refused = given("isolation={ period = \"1s\", down = \"1s\", chance = \"90%\" }");
    let refused = refused.expect_err("it is never over").to_string();
    assert_eq!(refused, "a node cannot be cut off for 1s in each 1s: more than nothing, less than all");
}

#[test]
fn limits_of_one_direction_leave_the_way_back_alone() {
    check(
        "[[links]]\nfrom = \"pacific\"\nto = \"atlantic\"\nsize_max = \"1B\"",
        "",
        expect![[r#"
        8 sent, 6 received, 2 lost
        exit 1
        ✗ replicas converge: atlantic lacks pacific:2: at pacific pacific:2 is shown, at atlantic atlantic:1 and indian_ocean:1 are shown"#]],
    );
    check(
        "[link]\nsize_max = \"1B\"\n[[links]]\nfrom = [\"pacific\", \"atlantic\", \"indian_ocean\"]\n\
         to = [\"pacific\", \"atlantic\", \"indian_ocean\"]\nsize_max = \"none\"",
        "",
        expect![[r#"
            8 sent, 8 received
            exit 0"#]],
    );
}

#[test]
fn a_rule_takes_back_what_the_default_says() {
    let all = "from = [\"pacific\", \"atlantic\", \"indian_ocean\"]\nto = [\"pacific\", \"atlantic\", \"indian_ocean\"]\n";
    let text = |rule: &str| {
        let limits = "[link]\nsize_max = \"1B\"\nrate = \"1B/s\"\nqueue = \"0B\"\n\
            windows = [{ from = \"0s\", to = \"1ns\" }]\nflap = { period = \"1s\", down = \"999ms\", chance = \"100%\" }\n\
            outside = \"lose\"\n";
        BASE.replacen("seed = 3\n", &format!("seed = 3\n{limits}[[links]]\n{all}{rule}\n"), 1)
    };
    let losses = |rule: &str| {
        let scenario = Scenario::parse("taken-back", &text(rule)).expect("it is documented");
        let trace = simulate(&scenario, 3).expect("it is short");
        let mut losses: Vec<_> = trace
            .nemesis()
            .iter()
            .map(|entry| match entry.nemesis {
                Nemesis::Lose(_, why) => why.name(),
                _ => "other",
            })
            .collect();
        losses.dedup();
        losses.join(" ")
    };
    assert_eq!(losses(""), "too_long");
    assert_eq!(losses("size_max = \"none\""), "no_contact");
    assert_eq!(losses("size_max = \"none\"\nwindows = \"none\""), "no_contact");
    let rest = "size_max = \"none\"\nwindows = \"none\"\nflap = \"none\"";
    assert_eq!(losses(rest), "queue_full");
    assert_eq!(losses(&format!("{rest}\nqueue = \"none\"")), "other");
    assert_eq!(losses(&format!("{rest}\nrate = \"none\"")), "");
}

#[test]
fn a_wait_is_told_with_its_end_and_its_cause() {
    let link = "link = { windows = [{ from = \"2s\", to = \"19s\" }], rate = \"5B/s\" }";
    let text = BASE.replacen("seed = 3\n", &format!("seed = 3\n{link}\n"), 1);
    let scenario = Scenario::parse("told", &text).expect("the file is documented");
    let trace = simulate(&scenario, 3).expect("it is short");
    let told = trace.nemesis().iter().map(|entry| match &entry.nemesis {
        Nemesis::Wait { message, until, why } => {
            format!("{message} waits at {} for the {} until {until}", entry.at, why.name())
        }
        other => format!("{other:?}"),
    });
    let shown: Vec<_> = told.collect();
    expect![[r#"
        m0 waits at +1.000000s for the link until +2.000000s
        m1 waits at +1.000000s for the link until +2.000000s
        m6 waits at +9.000000s for the queue until +10.600000s
        m7 waits at +9.000000s for the queue until +10.600000s"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn in_the_calm_run_nothing_is_corrupted_and_nothing_flaps_and_nobody_is_cut_off() {
    let text = BASE.replacen(
        "seed = 3\n",
        "seed = 3\nisolation = { period = \"1s\", down = \"900ms\", chance = \"100%\" }\n\
        link = { corrupt = \"90%\", corrupt_unseen = \"90%\", flap = { period = \"1s\", down = \"900ms\", chance = \"100%\" } }\n",
        1,
    );
    let scenario = Scenario::parse("calm", &text).expect("it is documented");
    let calm = constellation_lab::play(&scenario, 3, constellation_fabric::Calm).expect("it is short");
    assert_eq!(calm.nemesis(), []);
    assert_ne!(simulate(&scenario, 3).expect("it is short").nemesis(), []);
}

#[test]
fn a_tail_makes_few_messages_late_and_an_even_spread_makes_many() {
    let late = |spread: &str| {
        let link = format!(
            "seed = 3\nlink = {{ latency = \"20ms..2s\", order = \"free\", spread = \"{spread}\" }}\n"
        );
        let text = BASE.replacen("seed = 3\n", &link, 1);
        let scenario = Scenario::parse("late", &text).expect("it is documented");
        let is_late = |seed| {
            let trace = simulate(&scenario, seed).expect("it is short");
            let arrived = trace.events().iter().filter_map(|event| match event.kind {
                Kind::Receive(message) => Some((event.at, message)),
                _ => None,
            });
            let sent = |message| trace.event(trace.message(message).send).at;
            arrived.filter(|(at, message)| at.ns() - sent(*message).ns() > 120_000_000).count()
        };
        (0..20).map(is_late).sum::<usize>()
    };
    assert_eq!((late("even"), late("tail")), (153, 1));
}

/// Violated promises with the steps of the smallest schedule, of a run whose links do this.
fn check_shrunk(link: &str, expected: Expect) {
    let text = BASE.replacen("seed = 3\n", &format!("seed = 3\nlink = {{ {link} }}\n"), 1);
    let scenario = Scenario::parse("shrunk", &text).expect("it is documented");
    let run = Run::of(&scenario, scenario.seed, "").expect("it is short");
    let mut lines = vec![verdicts(&run)];
    for judgement in &run.judgements {
        if let Verdict::Violated(evidence) = &judgement.verdict {
            lines.extend(evidence.steps.iter().map(|step| format!("  {step}")));
            lines.extend(evidence.notes.iter().map(|note| format!("  · {note}")));
            break;
        }
    }
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn the_limit_that_breaks_a_promise_is_told_and_the_others_are_left_out() {
    check_shrunk(
        "corrupt = \"40%\", rate = \"1MB/s\", queue = \"1MB\"",
        expect![[r#"
        exit 1
        ✗ replicas converge: pacific lacks indian_ocean:1: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 and pacific:2 are shown
          every message takes 20ms, is corrupted and dropped for its checksum in 40 % of cases
          +3.000000s  indian_ocean accepts attitude = "yaw"
          · not needed: any of the spread of latencies, the limited rate"#]],
    );
    check_shrunk(
        "rate = \"5B/s\", queue = \"1B\", corrupt = \"1ppm\", duplicate = \"1%\"",
        expect![[r#"
            exit 1
            ✗ replicas converge: indian_ocean lacks pacific:2: at pacific atlantic:1 and indian_ocean:1 and pacific:2 are shown, at indian_ocean atlantic:1 and indian_ocean:1 and pacific:1 are shown
              every message takes 20ms, goes out at 5 bytes a second behind a queue of 1 bytes
              +1.000000s  pacific accepts attitude = "nadir"
              +9.000000s  pacific accepts attitude = "roll"
              · not needed: any of the spread of latencies, the duplicates, the corruption that a checksum sees"#]],
    );
    check_shrunk(
        "size_max = \"60B\", flap = { period = \"1s\", down = \"500ms\", chance = \"1%\" }",
        expect![[r#"
            exit 1
            ✗ replicas converge: pacific lacks indian_ocean:1: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 and pacific:2 are shown
              every message takes 20ms, is lost if longer than 60 bytes
              +1.000000s  pacific accepts attitude = "nadir"
              +3.000000s  indian_ocean accepts attitude = "yaw"
              +9.000000s  pacific accepts attitude = "roll"
              · not needed: any of the spread of latencies, the flapping"#]],
    );
    check_shrunk(
        "windows = [{ from = \"0s\", to = \"2s\" }, { from = \"6s\", to = \"8s\" }, { from = \"9.5s\", to = \"9.6s\" }, { from = \"19s\", to = \"20s\", rate = \"1MB/s\" }], outside = \"lose\"",
        expect![[r#"
            exit 1
            ✗ replicas converge: indian_ocean lacks pacific:2: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 is shown
              every message takes 20ms, is lost but from +0.000000s to +2.000000s, +6.000000s to +8.000000s, +9.500000s to +9.600000s and 1 more
              +9.000000s  pacific accepts attitude = "roll"
              · not needed: the spread of latencies"#]],
    );
    check_shrunk(
        "flap = { period = \"1s\", down = \"500ms\", chance = \"60%\" }, outside = \"lose\", size_max = \"9KiB\"",
        expect![[r#"
            exit 1
            ✗ replicas converge: pacific lacks indian_ocean:1: at pacific pacific:2 is shown, at indian_ocean indian_ocean:1 and pacific:2 are shown
              every message takes 20ms, is lost for 500ms of every 1s in 60 % of cases
              +3.000000s  indian_ocean accepts attitude = "yaw"
              · not needed: any of the spread of latencies, the limit of size"#]],
    );
}
