//! The six worlds of MSS-23: the client cannot tell them apart, and how it asks again decides how often the thruster fires.

use constellation_lab::hunt::{Go, Hunt, hunt_subject, provenance_of};
use constellation_lab::incidents::mss23::{CLIENT, Keys, Mss23, Ran, Retries, World, judge};
use constellation_lab::lane::Lane;
use constellation_trace::{Completion, Judgement, Trace, Verdict};
use expect_test::{Expect, expect};

fn ran(study: Mss23, seed: u64) -> Ran {
    study.run(seed).expect("each world has an end")
}

/// How often the thruster fires in each world.
fn fired(study: Mss23, seed: u64) -> [u32; 6] {
    let accounts = ran(study, seed).accounts();
    std::array::from_fn(|place| accounts[place].fired)
}

/// The verdicts that do not hold.
fn broken(judgements: &[Judgement]) -> String {
    let mut told = String::new();
    for Judgement { promise, verdict, scope } in judgements {
        match verdict {
            Verdict::Violated(evidence) => told.push_str(&format!("{promise} ({scope})\n{evidence}\n")),
            Verdict::Unknown(limit) => told.push_str(&format!("unknown: {promise}: {limit}\n")),
            Verdict::Holds => {}
        }
    }
    told
}

fn check_broken(judgements: &[Judgement], expected: Expect) {
    expected.assert_eq(&broken(judgements));
}

fn trace(study: Mss23, world: World) -> Trace {
    let [(_, trace)] = &study.run_in(&[world], 1).expect("it has an end").runs[..] else {
        panic!("one world, one run")
    };
    trace.clone()
}

#[test]
fn how_a_client_asks_again_decides_how_often_the_thruster_fires() {
    for seed in 0..100 {
        assert_eq!(fired(Mss23::new(Retries::None), seed), [0, 1, 0, 1, 1, 1], "seed {seed}");
        assert_eq!(fired(Mss23::new(Retries::Blind), seed), [1, 2, 1, 2, 2, 2], "seed {seed}");
        assert_eq!(fired(Mss23::new(Retries::Keyed), seed), [1; 6], "seed {seed}");
    }
}

#[test]
fn until_the_time_out_the_six_worlds_look_alike_and_then_they_need_not() {
    for (_, retries) in Retries::NAMES {
        for seed in 0..50 {
            let ran = ran(Mss23::new(retries), seed);
            let lanes = ran.lanes();
            assert!(lanes.iter().all(|lane| lane.to_string() == lanes[0].to_string()), "seed {seed}");
            assert_eq!(lanes[0].lines().len(), 5, "seed {seed}: {}", lanes[0]);
            let alike = &ran.judgements[0];
            assert_eq!(alike.verdict, Verdict::Holds, "seed {seed}: {}", alike.promise);
        }
    }
    let ran = ran(Mss23::new(Retries::Keyed), 1);
    let whole: Vec<_> = ran.runs.iter().map(|(_, trace)| Lane::of(trace, CLIENT)).collect();
    assert!(
        whole[0].first_difference(&whole[4]) == Some(5),
        "what comes after the time-out tells them apart"
    );
}

#[test]
fn only_who_asks_again_by_a_key_gets_what_was_promised() {
    let code = |retries| Judgement::exit_code(&ran(Mss23::new(retries), 1).judgements);
    assert_eq!([Retries::None, Retries::Blind, Retries::Keyed].map(code), [0, 1, 0]);
}

#[test]
fn who_gives_up_does_not_know_and_who_asks_again_learns_that_it_is_done() {
    for account in ran(Mss23::new(Retries::None), 1).accounts() {
        assert!(matches!(account.learnt, Some(Completion::Unknown { .. })), "{account:?}");
        assert_eq!(account.shown, Some(account.fired.to_string()), "a look tells it afterwards");
    }
    for account in ran(Mss23::new(Retries::Keyed), 1).accounts() {
        assert_eq!(account.learnt, Some(Completion::Done), "{account:?}");
    }
}

#[test]
fn equal_seeds_give_equal_runs_and_others_other_latencies() {
    let study = Mss23::new(Retries::Keyed);
    assert_eq!(ran(study, 7).runs, ran(study, 7).runs);
    assert_ne!(ran(study, 7).runs, ran(study, 8).runs);
}

#[test]
fn a_satellite_that_forgets_its_keys_in_a_crash_fires_twice_and_is_caught() {
    let forgetful = Mss23 { keys: Keys::InMemory, ..Mss23::new(Retries::Keyed) };
    assert_eq!(fired(forgetful, 1), [1, 1, 1, 2, 1, 1]);
    check_broken(
        &ran(forgetful, 1).judgements,
        expect![[r#"
        the thruster fires once for the order, neither twice nor never (crash-after)
        expected  pacific ordered one burn, so the thruster fires once
        found     it fires twice: it no longer knows the key of the order
        events    e5   pacific   +10.028910s  invokes 1: fire burn-1, sends m2 to mss-23
                  e7   mss-23    +10.065400s  fires for burn-1
                  e9   mss-23    +10.065400s  crashes
                  e10  mss-23#1  +30.000000s  restarts as mss-23#1 and remembers nothing
                  e11  pacific   +58.028910s  asks again for 1, retry 1 of 1
                  e13  mss-23#1  +58.056160s  fires for burn-1
        proof     pacific began one operation, and whatever it sent after that only asked what had become of it
        steps     1. from 5 s on, mss-23 crashes after the work on its next input
                  2. at 30 s, mss-23 restarts
    "#]],
    );
}

#[test]
fn a_client_that_sees_a_difference_before_its_time_is_up_is_caught() {
    let study = Mss23::new(Retries::Keyed);
    let calm = study.calm(1).expect("it has an end");
    let runs = [(World::LostRequest, trace(study, World::LostRequest)), (World::LostReply, calm)];
    check_broken(
        &judge(Retries::Keyed, &runs)[..1],
        expect![[r#"
            until the time-out the worlds look alike to the client (2 worlds, 5 lines each, byte by byte)
            expected  pacific sees in `lost-reply` until its time is up what it sees in `lost-request`
            found     line 5 of what it sees is `+58.028910s  asks again for 1, retry 1 of 1, sends #2 to mss-23` in `lost-request`, and `+10.098770s  receives #1 from mss-23, hears of 1: done` in `lost-reply`
            events    e5   pacific  +10.028910s  invokes 1: fire burn-1, sends m2 to mss-23
                      e10  pacific  +10.098770s  hears of 1: done
            proof     what a client may conclude from a time-out is what is so in every world that looks like this
            steps     1. the reply to the order, the second message from mss-23 to pacific, is lost
        "#]],
    );
}

#[test]
fn a_world_in_which_nothing_goes_wrong_is_noticed() {
    let study = Mss23::new(Retries::Keyed);
    for world in World::ALL {
        let runs = [(world, study.calm(1).expect("it has an end"))];
        let told = broken(&judge(Retries::Keyed, &runs));
        assert!(told.contains("found     nothing went wrong there"), "{world:?}: {told}");
    }
    let runs = [(World::SlowNode, study.calm(1).expect("it has an end"))];
    check_broken(
        &judge(Retries::Keyed, &runs),
        expect![[r#"
        each world goes wrong in the way that it is named for, and in no other (1 world)
        expected  `slow-node` is a world in which mss-23 stands still for 60 s; the order waits there
        found     nothing went wrong there
        events    e5  pacific  +10.028910s  invokes 1: fire burn-1, sends m2 to mss-23
        proof     each world is the calm run but for one thing
        steps     1. at 5 s, mss-23 stands still for 60 s
    "#]],
    );
}

#[test]
fn a_world_in_which_something_else_goes_wrong_is_noticed() {
    let study = Mss23::new(Retries::Keyed);
    for named in World::ALL {
        for other in World::ALL.into_iter().filter(|other| *other != named) {
            let told = broken(&judge(Retries::Keyed, &[(named, trace(study, other))]));
            assert!(told.contains(&format!("found     {}\n", other.what())), "{named:?}, {other:?}: {told}");
        }
    }
}

#[test]
fn a_thruster_that_never_fires_is_caught_where_the_client_asks_again() {
    // Who gives up was promised less, so its run is no good to who asks again.
    let given_up = trace(Mss23::new(Retries::None), World::LostRequest);
    let runs = [(World::LostRequest, given_up)];
    check_broken(
        &judge(Retries::Keyed, &runs),
        expect![[r#"
            the thruster fires once for the order, neither twice nor never (lost-request)
            expected  pacific ordered one burn and asked for it twice, so the thruster fires
            found     it never fires, though every link and machine is whole again
            events    e5  pacific  +10.028910s  invokes 1: fire burn-1, sends m2 to mss-23
            proof     who asks again until there is an answer is promised that the work is done
            steps     1. the order, the second message from pacific to mss-23, is lost
        "#]],
    );
    check_broken(&judge(Retries::None, &runs), expect![""]);
}

#[test]
fn luck_finds_who_fires_twice_and_nobody_else() {
    let found = |study: Mss23, seeds| {
        let subject = study.subject();
        let provenance = provenance_of(&*subject, &study.name(), 1).expect("it has an end");
        let hunted = hunt_subject(&*subject, &Hunt::new(1, seeds), &provenance, &mut |_| Go::On);
        let findings = hunted.expect("each run has an end").findings;
        findings.iter().map(|finding| finding.tape.answers().len()).collect::<Vec<_>>()
    };
    assert_eq!(found(Mss23::new(Retries::None), 1_000), [0_usize; 0]);
    assert_eq!(found(Mss23::new(Retries::Keyed), 1_000), [0_usize; 0]);
    assert_eq!(found(Mss23::new(Retries::Blind), 1_000), [1], "the loss of one reply is enough");
    let forgetful = Mss23 { keys: Keys::InMemory, ..Mss23::new(Retries::Keyed) };
    assert_eq!(found(forgetful, 1_000), [1], "a crash after the work is enough");
}
