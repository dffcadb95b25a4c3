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

            0.010s  e0  ground    orders a burn
            0.020s  e1  thruster  fires
            0.020s                m1 from thruster to ground (e1: fires) is lost
            0.110s  e2  ground    asks again
            0.120s  e3  thruster  fires
            0.130s  e4  ground    receives m3 from thruster

        ✗ violated each burn that is ordered happens once
            expected  ground orders one burn, so the thruster fires once
            found     the thruster fires twice: it takes the second request for another order
            events    e0  ground    +0.010000s  orders a burn
                      e1  thruster  +0.020000s  fires
                      e2  ground    +0.110000s  asks again
                      e3  thruster  +0.120000s  fires
            proof     ground ordered one burn, and asked again only since it had not heard of it
            steps     1. loss thruster -> ground #0 = 1 of 2
                         m1 from thruster to ground, sent at +0.020000s (e1: fires), is lost
            notes     all else is as in the calm run: least latency, nothing lost, nothing twice
            replay    constellation replay 'tape=1,version=0.1.0,scenario=request-reply%2fblind,hash=e54730105a741c36,seed=23,loss:thruster:ground:0=1/2' specimen:request-reply/blind

        trace sha256 92aeaacd13659e387aa19b4c0609428182f4497287141086c9f06bab4608d4a5"#]]);
    bench.check(&["replay", &tape, "specimen:request-reply/blind", "--until", "e1"], expect![[r#"
        exit 0
        --- out
        request-reply/blind · a retry is another request: if only the reply was late or lost, the thruster fires again

            0.010s  e0  ground    orders a burn
            0.020s  e1  thruster  fires
            0.020s                m1 from thruster to ground (e1: fires) is lost

        ✓ holds    each burn that is ordered happens once

        trace sha256 cd466717d51b6da8460084c20f99f9c06a1eadf552176fdef3777cbb75075545"#]]);
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
        &["run", "specimen:request-reply/blind"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `specimen:request-reply/blind`
        help: specimens are for `hunt` and `replay`"#]],
    );
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
              in its world: latency, pause, wall-step
              from-asking       ✓ right       the holder counts by its monotonic clock from when it asked, and looks before each act
              wall-clock        ✗ wrong in 1  the lease names its end, and the holder looks at its wall clock, which may be set back
              from-arrival      ✗ wrong in 1  the holder counts from when the lease arrives, however long that was under way
              from-last-asking  ✗ wrong in 1  the holder counts from when it last asked, while the lease answers what it asked before
              looks-sometimes   ✗ wrong in 1  the holder looks before every third act, and may be stopped between two

            break it: constellation hunt specimen:lease/wall-clock
            break it: constellation hunt specimen:lease/from-arrival
            break it: constellation hunt specimen:lease/from-last-asking
            break it: constellation hunt specimen:lease/looks-sometimes
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
