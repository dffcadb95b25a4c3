//! Incidents that are written in code: which flags mean something for them, and for which commands they are no target.

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn a_flag_of_another_target_is_refused() {
    check(
        &["run", "mss-23", "--nodes", "pacific"],
        expect![[r#"
            exit 2
            --- talk
            error: `mss-23` takes no --nodes: it is several runs side by side, written in code
            help: leave it out; beside --seed and --json there are --retry, --world, --timeline, --trace, --html, --svg, --png"#]],
    );
    check(
        &["run", "mss-23", "--resolver", "all"],
        expect![[r#"
            exit 2
            --- talk
            error: `mss-23` takes no --resolver: it is several runs side by side, written in code
            help: leave it out; beside --seed and --json there are --retry, --world, --timeline, --trace, --html, --svg, --png"#]],
    );
    check(
        &["run", "conjunction", "--retry", "blind"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --retry
        help: leave it out; it is for `constellation run mss-23`"#]],
    );
    check(
        &["run", "conjunction", "--resolver", "all", "--world", "partition"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --world
        help: leave it out; it is for `constellation run mss-23`"#]],
    );
}

#[test]
fn a_study_is_no_target_where_a_scenario_is_wanted() {
    check(
        &["explore", "mss-23"],
        expect![[r#"
        exit 2
        --- talk
        error: `mss-23` is several runs side by side, written in code: there is no file of it
        help: `constellation run mss-23` makes these runs and judges them"#]],
    );
}

#[test]
fn luck_finds_the_same_as_the_six_worlds_and_its_tape_is_replayed() {
    let bench = Bench::new(&[]);
    bench.check(&["hunt", "mss-23", "--retry", "blind"], expect![[r#"
        exit 1
        --- out
        mss-23/blind · 2 seeds, 45 events

        ✗ violated the thruster fires at most once for the order
            expected  pacific ordered one burn, so the thruster fires once
            found     it fires twice: the retry bears no key, so it is another order
            events    e5   pacific  +10.020000s  invokes 1: fire burn-1, sends m2 to mss-23
                      e8   mss-23   +10.030000s  fires for burn-1
                      e10  pacific  +58.020000s  asks again for 1, retry 1 of 1
                      e13  mss-23   +58.030000s  fires for burn-1
            proof     pacific began one operation, and whatever it sent after that only asked what had become of it
            drawn     pacific  ●e5!────────────────────●e10!─────────────  ← e5 before e10
                               └─m2──┐                 └─m4──┐
                                     ▼           ┌╌m3╌✗ lost ▼
                      mss-23   ──────○e6───▏e8!──●e9─────────○e11──▏e13!─  ← e8 before e13
                               ● sends  ○ delivers  ▏ local  ! shows it  not to scale
            steps     1. loss mss-23 -> pacific #1 = 1 of 2
                         m3 from mss-23 to pacific, sent at +10.030000s (e9: answers 1: done), is lost
            notes     all else is as in the calm run: least latency, nothing lost, nothing twice
            replay    constellation replay 'tape=1,version=0.1.0,scenario=mss-23%2fblind,hash=a0b71865f1570732,seed=2,loss:mss-23:pacific:1=1/2' mss-23 --retry blind
        · safety, which must hold throughout, broken at +58.030000s
        · seed 2; made smaller in 24 runs, from 10 deviations to 1

        · luck: latency in 2, loss in 2, crash-after in 1, down in 1 · 2 behaviours, 44 states of nodes"#]]);
    let hunted = bench.run(&["hunt", "mss-23", "--retry", "blind", "--json"], b"");
    let json: Value = serde_json::from_slice(&hunted.stdout).expect("it is JSON");
    let tape = json["findings"][0]["tape"].as_str().expect("there is a tape").to_owned();
    bench.check(&["replay", &tape, "mss-23", "--retry", "blind", "--timeline", "none"], expect![[r#"
        exit 1
        --- out
        mss-23/blind · one request that nobody may answer, and luck decides why

        ✗ violated the thruster fires at most once for the order
            expected  pacific ordered one burn, so the thruster fires once
            found     it fires twice: the retry bears no key, so it is another order
            events    e5   pacific  +10.020000s  invokes 1: fire burn-1, sends m2 to mss-23
                      e8   mss-23   +10.030000s  fires for burn-1
                      e10  pacific  +58.020000s  asks again for 1, retry 1 of 1
                      e13  mss-23   +58.030000s  fires for burn-1
            proof     pacific began one operation, and whatever it sent after that only asked what had become of it
            drawn     pacific  ●e5!────────────────────●e10!─────────────  ← e5 before e10
                               └─m2──┐                 └─m4──┐
                                     ▼           ┌╌m3╌✗ lost ▼
                      mss-23   ──────○e6───▏e8!──●e9─────────○e11──▏e13!─  ← e8 before e13
                               ● sends  ○ delivers  ▏ local  ! shows it  not to scale
            steps     1. loss mss-23 -> pacific #1 = 1 of 2
                         m3 from mss-23 to pacific, sent at +10.030000s (e9: answers 1: done), is lost
            notes     all else is as in the calm run: least latency, nothing lost, nothing twice
            replay    constellation replay 'tape=1,version=0.1.0,scenario=mss-23%2fblind,hash=a0b71865f1570732,seed=2,loss:mss-23:pacific:1=1/2' mss-23 --retry blind

        trace sha256 e5f219e55c1b482e7082e056ef2eb0d71893ba0df427d20cf48fd35129c08ebc"#]]);
    bench.check(&["replay", &tape, "mss-23"], expect![[r#"
        exit 2
        --- talk
        error: the tape was recorded in scenario mss-23/blind, this is scenario mss-23/keyed
               the scenario has changed since: its digest was a0b71865f1570732, now it is e4f5c29676f108fc: what happens without any bad luck is another run
        help: a tape means something only in the scenario, with the resolver, nodes and faults, that it is of; --anyway plays it all the same, and says what no longer fits"#]]);
    for retry in ["none", "keyed"] {
        let output = bench.run(&["hunt", "mss-23", "--retry", retry, "--seeds", "2000"], b"");
        assert_eq!(output.status.code(), Some(0), "{retry}: {}", text(&output.stdout));
    }
}

#[test]
fn a_hunt_refuses_what_means_nothing_there() {
    check(
        &["hunt", "mss-23", "--retry", "bilnd"],
        expect![[r#"
        exit 2
        --- talk
        error: no --retry of `mss-23` is called `bilnd`
        help: did you mean `blind`?"#]],
    );
    check(
        &["hunt", "mss-23", "--faults", "loss=1%"],
        expect![[r#"
        exit 2
        --- talk
        error: `mss-23` has nodes, steps and faults of its own
        help: leave out --resolver, --nodes, --end, --wall, --step and --faults"#]],
    );
    check(
        &["hunt", "conjunction", "--retry", "blind"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --retry
        help: leave it out; it is for `mss-23`"#]],
    );
}

#[test]
fn what_is_nearly_a_study_is_told_so() {
    check(
        &["run", "mss-32", "--retry", "blind"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `mss-32`
        help: did you mean `mss-23`?"#]],
    );
    check(
        &["run", "mss23"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `mss23`
        help: did you mean `mss-23`?"#]],
    );
}

#[test]
fn a_setting_that_there_is_not_is_refused() {
    check(
        &["run", "mss-23", "--retry", "blnd"],
        expect![[r#"
            exit 2
            --- talk
            error: no --retry of `mss-23` is called `blnd`
            help: did you mean `blind`?"#]],
    );
    check(
        &["run", "mss-23", "--retry", "always"],
        expect![[r#"
            exit 2
            --- talk
            error: no --retry of `mss-23` is called `always`
            help: one of none, blind, keyed"#]],
    );
    check(
        &["run", "mss-23", "--world", "lost"],
        expect![[r#"
        exit 2
        --- talk
        error: no world of `mss-23` is called `lost`
        help: did you mean `lost-request`?"#]],
    );
    check(
        &["run", "mss-23", "--world", "calm"],
        expect![[r#"
        exit 2
        --- talk
        error: no world of `mss-23` is called `calm`
        help: one of lost-request, lost-reply, crash-before, crash-after, slow-node, partition"#]],
    );
}

#[test]
fn what_wants_one_run_wants_one_world() {
    check(
        &["run", "mss-23", "--trace", "out.jsonl"],
        expect![[r#"
        exit 2
        --- talk
        error: --trace wants one run, but `mss-23` makes six
        help: choose one with --world"#]],
    );
    check(
        &["run", "mss-23", "--timeline", "none"],
        expect![[r#"
        exit 2
        --- talk
        error: --timeline wants one run, but `mss-23` makes six
        help: choose one with --world"#]],
    );
}

#[test]
fn one_world_is_shown_with_its_timeline_and_its_trace_is_that_of_the_six() {
    let bench = Bench::new(&[]);
    bench.check(
        &["run", "mss-23", "--retry", "blind", "--world", "lost-reply", "--trace", "out.jsonl"],
        expect![[r#"
            exit 1
            --- out
            mss-23/lost-reply · 48 s without an answer: six worlds that look the same to the client · --retry blind

                1.000s  e0   pacific  invokes 0: read burns, sends m0 to mss-23
                1.017s  e1   mss-23   is asked 0: read burns
                1.017s  e2   mss-23   answers 0: shows "0"
                1.028s  e3   pacific  hears of 0: shows "0"
                1.028s  e4   pacific  completes 0: shows "0"
               10.028s  e5   pacific  invokes 1: fire burn-1, sends m2 to mss-23
               10.065s  e6   mss-23   is asked 1: fire burn-1
               10.065s  e8   mss-23   fires for burn-1
               10.065s  e9   mss-23   answers 1: done
               10.065s                m3 from mss-23 to pacific (e9: answers 1: done) is lost
               58.028s  e10  pacific  asks again for 1, retry 1 of 1
               58.056s  e11  mss-23   is asked 1: fire burn-1
               58.056s  e13  mss-23   fires for burn-1
               58.056s  e14  mss-23   answers 1: done
               58.090s  e15  pacific  hears of 1: done
               58.090s  e16  pacific  completes 1: done
               67.090s  e17  pacific  invokes 2: read burns, sends m6 to mss-23
               67.128s  e18  mss-23   is asked 2: read burns
               67.128s  e19  mss-23   answers 2: shows "2"
               67.142s  e20  pacific  hears of 2: shows "2"
               67.142s  e21  pacific  completes 2: shows "2"
            · 2 events are not shown, in which nodes persist their state

              world       what really happened                 pacific's order      its next look  fired
              lost-reply  mss-23 fires, and its reply is lost  done after 48.061 s  burns: 2       twice

            ✓ holds    each world goes wrong in the way that it is named for, and in no other  (1 world)
            ✗ violated the thruster fires once for the order, neither twice nor never  (lost-reply)
                expected  pacific ordered one burn, so the thruster fires once
                found     it fires twice: the retry bears no key, so it is another order
                events    e5   pacific  +10.028910s  invokes 1: fire burn-1, sends m2 to mss-23
                          e8   mss-23   +10.065400s  fires for burn-1
                          e10  pacific  +58.028910s  asks again for 1, retry 1 of 1
                          e13  mss-23   +58.056160s  fires for burn-1
                proof     pacific began one operation, and whatever it sent after that only asked what had become of it
                drawn     pacific  ●e5!────────────────────●e10!─────────────  ← e5 before e10
                                   └─m2──┐                 └─m4──┐
                                         ▼           ┌╌m3╌✗ lost ▼
                          mss-23   ──────○e6───▏e8!──●e9─────────○e11──▏e13!─  ← e8 before e13
                                   ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                steps     1. the reply to the order, the second message from mss-23 to pacific, is lost
                replay    constellation run mss-23 --retry blind --world lost-reply --seed 1
            · whether it looks like the others is judged without --world

            seed 1 · replay: constellation run mss-23 --retry blind --world lost-reply --seed 1
            trace sha256 bd64ff1cc88ebba497889d713ec589a8916bb2dec0b1eedc2f012a67699eb57e"#]],
    );
    assert_eq!(bench.names(), ["out.jsonl"]);
    let all = bench.run(&["run", "mss-23", "--retry", "blind", "--json"], b"");
    let all: Value = serde_json::from_slice(&all.stdout).expect("it is JSON");
    let one = bench.run(&["run", "mss-23", "--retry", "blind", "--world", "lost-reply", "--json"], b"");
    let one: Value = serde_json::from_slice(&one.stdout).expect("it is JSON");
    assert_eq!(one["worlds"][0], all["worlds"][1]);
    let evidence = all["promises"][3]["text"].as_str().expect("lost-reply is violated");
    let replay = one["replay"].as_str().expect("it is said");
    assert!(evidence.ends_with(&format!("\nreplay    {replay}")), "{evidence}");
}

#[test]
fn the_six_worlds_are_there_for_a_script() {
    let output = Bench::new(&[]).run(&["run", "mss-23", "--json", "--retry", "none"], b"");
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(
        (json["schema"].as_str(), json["exit_code"].as_u64()),
        (Some("constellation/mss-23/1"), Some(0))
    );
    let worlds = json["worlds"].as_array().expect("it is a list");
    let seen = |world: &Value| {
        let lines = world["seen"].as_array().expect("it is a list").clone();
        let until = world["seen_until_timeout"].as_u64().expect("it is a number");
        lines.into_iter().take(usize::try_from(until).expect("it is small")).collect::<Vec<_>>()
    };
    assert!(worlds.len() == 6 && worlds.iter().all(|world| seen(world) == seen(&worlds[0])));
    expect![[r#"
        {
          "world": "slow-node",
          "what": "mss-23 stands still for 60 s; the order waits there",
          "steps": [
            "at 5 s, mss-23 stands still for 60 s"
          ],
          "fired": 1,
          "learnt": "unknown: no reply in time",
          "is_certain": false,
          "waited_ns": "48000000000",
          "shown": "1",
          "seen": [
            "+1.000000s  invokes 0: read burns, sends #0 to mss-23",
            "+1.028910s  receives #0 from mss-23, hears of 0: shows \"0\"",
            "+1.028910s  completes 0: shows \"0\"",
            "+10.028910s  invokes 1: fire burn-1, sends #1 to mss-23",
            "+58.028910s  completes 1: unknown: no reply in time",
            "+65.033370s  receives #1 from mss-23, hears of 1, which has ended: done",
            "+67.028910s  invokes 2: read burns, sends #2 to mss-23",
            "+67.090250s  receives #2 from mss-23, hears of 2: shows \"1\"",
            "+67.090250s  completes 2: shows \"1\""
          ],
          "seen_until_timeout": 5,
          "replay": "constellation run mss-23 --retry none --world slow-node --seed 1",
          "trace_sha256": "23b19f4e369be7e36ccfcb6a1666c407189dd6d8fbe61b7388e6b50dd25eb242"
        }"#]]
    .assert_eq(&format!("{:#}", worlds[4]));
}
