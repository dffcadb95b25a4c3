//! `constellation specimens`, and a specimen hunted and replayed.

use std::path::Path;

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn every_specimen_is_listed_with_what_it_is_said_to_be() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["specimens", "--json"], b"");
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let specimens = json["specimens"].as_array().expect("it is a list");
    assert!(specimens.iter().all(|specimen| specimen["is_right"] == specimen["shortest"].is_null()));
    let listed = bench.run(&["specimens"], b"");
    let listed = text(&listed.stdout);
    for specimen in specimens {
        let [name, variant, does] =
            ["name", "variant", "does"].map(|key| specimen[key].as_str().expect("it is said"));
        assert!(
            listed.contains(name) && listed.contains(variant) && listed.contains(does),
            "{name}/{variant}"
        );
    }
}

#[test]
fn a_wrong_specimen_is_hunted_and_its_tape_replayed() {
    let bench = Bench::new(&[]);
    let hunted = bench.run(&["hunt", "specimen:request-reply/blind", "--json"], b"");
    assert_eq!(hunted.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&hunted.stdout).expect("it is JSON");
    assert_eq!(json["scenario"], "request-reply/blind");
    let tape = json["findings"][0]["tape"].as_str().expect("there is a tape").to_owned();
    bench.check(&["replay", &tape, "specimen:request-reply/blind"], expect![[r#"
        exit 1
        --- out
        request-reply/blind · a retry is another request: if only the reply was late or lost, the thruster fires again

            0.010s  e0  ground    orders burn 1
            0.020s  e1  thruster  fires for burn 1
            0.020s                m1 from thruster to ground (e1: fires for burn 1) is lost
            0.110s  e2  ground    asks again for burn 1
            0.120s  e3  thruster  fires for burn 1
            0.130s  e4  ground    receives m3 from thruster
            0.260s  e5  ground    orders burn 2
            0.270s  e6  thruster  fires for burn 2
            0.280s  e7  ground    receives m5 from thruster

        ✗ violated each burn that is ordered happens once
            expected  ground orders burn 1 once, so the thruster fires for it once
            found     the thruster fires for it twice: it takes the second request for another order
            events    e0  ground    +0.010000s  orders burn 1
                      e1  thruster  +0.020000s  fires for burn 1
                      e2  ground    +0.110000s  asks again for burn 1
                      e3  thruster  +0.120000s  fires for burn 1
            proof     ground ordered one burn, and asked again only since it had not heard of it
            drawn     ground    ●e0!─────────●e2!────────  ← e0 before e2
                                └─m0──┐      └─m2──┐
                                      ▼┌╌m1╌✗ lost ▼
                      thruster  ──────○●e1!────────○●e3!─  ← e1 before e3
                                ● sends  ○ delivers  ! shows it  not to scale
            steps     1. loss thruster -> ground #0 = 1 of 2
                         m1 from thruster to ground, sent at +0.020000s (e1: fires for burn 1), is lost
            notes     all else is as in the calm run: least latency, nothing lost, nothing twice
            replay    constellation replay 'tape=1,version=0.1.0,scenario=request-reply%2fblind,hash=3dd56cb7f33ca3d6,seed=2,loss:thruster:ground:0=1/2' specimen:request-reply/blind

        trace sha256 d944f525947c496fe7e98bd68db7da26357d7583d9d6bfb24b05f64bd84632cc"#]]);
    bench.check(&["replay", &tape, "specimen:request-reply/blind", "--until", "e1"], expect![[r#"
        exit 0
        --- out
        request-reply/blind · a retry is another request: if only the reply was late or lost, the thruster fires again

            0.010s  e0  ground    orders burn 1
            0.020s  e1  thruster  fires for burn 1
            0.020s                m1 from thruster to ground (e1: fires for burn 1) is lost

        ✓ holds    each burn that is ordered happens once

        trace sha256 c52663d4a8a085e63cb747ccecdbd07fd3f200d56d401ba4d982fad2ce54ce4a"#]]);
    let refused = bench.run(&["replay", &tape, "specimen:request-reply/keyed"], b"");
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
}

#[test]
fn what_is_no_specimen_is_refused() {
    check(
        &["hunt", "specimen:request-reply/blnd"],
        expect![[r#"
        exit 2
        --- talk
        error: no specimen is called `request-reply/blnd`
        help: did you mean `specimen:request-reply/blind`?"#]],
    );
    check(
        &["hunt", "specimen:request-reply/blind", "--faults", "loss=1%"],
        expect![[r#"
            exit 2
            --- talk
            error: a specimen has nodes, steps and faults of its own
            help: leave out --resolver, --nodes, --end, --wall, --step and --faults"#]],
    );
    check(
        &["explore", "specimen:request-reply/blind"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `specimen:request-reply/blind`
        help: specimens are for `run`, `hunt` and `replay`"#]],
    );
    check(
        &["hunt", "specimen:lease"],
        expect![[r#"
        exit 2
        --- talk
        error: `lease` has the variants from-asking, wall-clock, from-arrival, from-last-asking, looks-sometimes, monotonic-through-suspend
        help: choose one, such as `specimen:lease/wall-clock`"#]],
    );
    check(
        &["run", "specimen:request-reply/blind", "--retry", "keyed"],
        expect![[r#"
        exit 2
        --- talk
        error: `specimen:request-reply/blind` takes no --retry
        help: leave it out; it is for `constellation run mss-23`"#]],
    );
    check(
        &["run", "specimen:request-reply/blind", "--end", "2s"],
        expect![[r#"
        exit 2
        --- talk
        error: a specimen has nodes, steps and faults of its own
        help: leave out --resolver, --nodes, --end, --wall, --step and --faults"#]],
    );
}

#[test]
fn a_specimen_is_run_with_the_luck_of_a_seed() {
    check(
        &["run", "specimen:request-reply/keyed"],
        expect![[r#"
        exit 0
        --- out
        request-reply/keyed · a retry has the key of its request, and the thruster fires once for each key

            0.010s  e0  ground    orders burn 1
            0.010s                m0 from ground to thruster (e0: orders burn 1) is lost
            0.110s  e1  ground    asks again for burn 1
            0.146s  e2  thruster  fires for burn 1
            0.158s  e3  ground    receives m2 from thruster
            0.260s  e4  ground    orders burn 2
            0.287s  e5  thruster  fires for burn 2
            0.320s  e6  ground    receives m4 from thruster

        ✓ holds    each burn that is ordered happens once
        · the luck of one seed; of all that may happen: constellation hunt specimen:request-reply/keyed

        seed 1 · replay: constellation run specimen:request-reply/keyed --seed 1
        trace sha256 c47e6a02e1424a104631fa13887b3c59ff2a37b91901c6a6a1edb7f71984cd14"#]],
    );
    check(
        &["run", "specimen:request-reply/blind", "--seed", "2", "--timeline", "none"],
        expect![[r#"
            exit 1
            --- out
            request-reply/blind · a retry is another request: if only the reply was late or lost, the thruster fires again

            ✗ violated each burn that is ordered happens once
                expected  ground orders burn 2 once, so the thruster fires for it once
                found     the thruster fires for it twice: it takes the second request for another order
                events    e3  ground    +0.260000s  orders burn 2
                          e4  thruster  +0.285135s  fires for burn 2
                          e5  ground    +0.360000s  asks again for burn 2
                          e6  thruster  +0.388918s  fires for burn 2
                proof     ground ordered one burn, and asked again only since it had not heard of it
                drawn     ground    ●e3!─────────●e5!────────  ← e3 before e5
                                    └─m2──┐      └─m4──┐
                                          ▼┌╌m3╌✗ lost ▼
                          thruster  ──────○●e4!────────○●e6!─  ← e4 before e6
                                    ● sends  ○ delivers  ! shows it  not to scale
                replay    constellation run specimen:request-reply/blind --seed 2
            · the luck of one seed; of all that may happen: constellation hunt specimen:request-reply/blind

            seed 2 · replay: constellation run specimen:request-reply/blind --seed 2
            trace sha256 aeff14e84035edd96eddbd092b0291edcb7b39ceb1d5a0e3f6f0824038262f48"#]],
    );
    let bench = Bench::new(&[]);
    let run = bench.run(&["run", "specimen:request-reply/blind", "--seed", "2", "--json"], b"");
    assert_eq!(run.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&run.stdout).expect("it is JSON");
    assert_eq!((&json["schema"], &json["exit_code"]), (&"constellation/run/1".into(), &1.into()));
    assert_eq!(json["replay"], "constellation run specimen:request-reply/blind --seed 2");
}

#[test]
fn only_what_takes_a_specimen_says_so() {
    let bench = Bench::new(&[]);
    for (command, takes) in [("run", 1), ("hunt", 1), ("replay", 1), ("explore", 0), ("live", 0)] {
        let help = bench.run(&[command, "--help"], b"");
        let help = String::from_utf8(help.stdout).expect("it is text");
        assert_eq!(help.matches("specimen:NAME/VARIANT").count(), takes, "{command}: {help}");
    }
    let help = bench.run(&["specimens", "--help"], b"");
    let help = String::from_utf8(help.stdout).expect("it is text");
    assert!(help.contains("\nExit codes:\n  0  they are listed"), "{help}");
}

#[test]
fn the_page_of_specimens_is_what_the_command_prints() {
    let output = Bench::new(&[]).run(&["specimens", "--table"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/specimens.md");
    expect_file![&page].assert_eq(text(&output.stdout));
    // Each file that it names is there.
    for target in text(&output.stdout).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(page.with_file_name(target).exists(), "no `{target}`");
    }
}

#[test]
fn one_protocol_is_told_with_what_is_to_be_learnt_from_it() {
    check(
        &["specimens", "lease"],
        expect![[r#"
            exit 0
            --- out
            lease: nobody acts under a lease after another has begun to act under the next
              A lease is held until a time, and the two who count that time have two clocks.
              after Gray and Cheriton 1989
              in its world: latency, pause, suspend, wall-step
              from-asking                ✓ right       the holder counts from when it asked, by a clock that never stops, and looks in the step in which it acts; its acts are its own and take no time (else see lock)
              wall-clock                 ✗ wrong in 1  the lease names its end, and the holder looks at its wall clock, which may be set back
              from-arrival               ✗ wrong in 1  the holder counts from when the lease arrives, however long that was under way
              from-last-asking           ✗ wrong in 1  the holder counts from when it last asked, while the lease answers what it asked before
              looks-sometimes            ✗ wrong in 1  the holder looks before every third act, and may be stopped between two
              monotonic-through-suspend  ✗ wrong in 1  the same on a machine that may be suspended, while which its monotonic clock stands still

            break it: constellation hunt specimen:lease/wall-clock
            break it: constellation hunt specimen:lease/from-arrival
            break it: constellation hunt specimen:lease/from-last-asking
            break it: constellation hunt specimen:lease/looks-sometimes
            break it: constellation hunt specimen:lease/monotonic-through-suspend
            read it: constellation specimens lease --source"#]],
    );
    check(
        &["specimens", "specimen:lease/wall-clock", "--hunt", "100"],
        expect![[r#"
            exit 0
            --- out
            lease: nobody acts under a lease after another has begun to act under the next
              A lease is held until a time, and the two who count that time have two clocks.
              after Gray and Cheriton 1989
              in its world: latency, pause, wall-step
              wall-clock  ✗ wrong in 1  the lease names its end, and the holder looks at its wall clock, which may be set back · found by 2 seeds, 1 deviation left of 18, 21 runs to shrink

            break it: constellation hunt specimen:lease/wall-clock
            read it: constellation specimens lease --source"#]],
    );
    let output = Bench::new(&[]).run(&["specimens", "lease", "--source"], b"");
    let text = text(&output.stdout);
    assert!(text.starts_with("//! A lease is held until a time") && text.ends_with("}\n"), "{text}");
}

#[test]
fn what_is_no_protocol_is_not_listed() {
    check(
        &["specimens", "leese"],
        expect![[r#"
        exit 2
        --- talk
        error: no specimen is called `leese`
        help: did you mean `lease`?"#]],
    );
    check(
        &["specimens", "nothing-like-it"],
        expect![[r#"
        exit 2
        --- talk
        error: no specimen is called `nothing-like-it`
        help: `constellation specimens` lists them"#]],
    );
    check(
        &["specimens", "--source"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          <NAME>

        Usage: constellation specimens --source <NAME>

        For more information, try '--help'."#]],
    );
    check(
        &["specimens", "--table", "--json"],
        expect![[r#"
        exit 2
        --- talk
        error: the argument '--table' cannot be used with '--json'

        Usage: constellation specimens --table [NAME]

        For more information, try '--help'."#]],
    );
}
