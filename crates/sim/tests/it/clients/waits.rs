//! How long a client waits: for a reply, before it asks again, and until the next operation of an open loop.

use super::*;

/// What [`Retry::longest`] is in one formula, wait by wait.
fn longest_by_steps(retry: Retry) -> Duration {
    let factor = |nth| 1_u32.checked_shl(nth).unwrap_or(u32::MAX);
    let backoffs = (0..retry.retries_max).map(|nth| retry.backoff.saturating_mul(factor(nth)));
    let timeouts = (0..=retry.retries_max).map(|_| retry.timeout);
    timeouts.chain(backoffs).fold(Duration::ZERO, Duration::saturating_add)
}

#[test]
fn an_operation_takes_as_long_as_all_its_waits_together_however_many_they_are() {
    let longest = |retries_max, backoff| {
        let mut retry = Retry::times(retries_max, Duration::from_nanos(1));
        retry.backoff = backoff;
        assert_eq!(retry.longest(), longest_by_steps(retry), "{retries_max} retries");
        retry.longest()
    };
    for retries_max in [0, 1, 2, 31, 32, 33, 34, 63, 64, 65, 100, 2_000] {
        for backoff in [Duration::ZERO, Duration::from_nanos(1), ms(7), Duration::MAX / 5, Duration::MAX] {
            longest(retries_max, backoff);
        }
    }
    // Waits of 1, 2, 4 … 2^31 ns, then 68 of 2^32 - 1 ns each, and 101 time-outs.
    let told = format!("{:?}", longest(100, Duration::from_nanos(1)));
    expect!["296.352743456s"].assert_eq(&told);
    let mut forever = Retry::times(u32::MAX, ms(1));
    forever.backoff = ms(1);
    assert!(forever.longest() > Duration::from_secs(1 << 54), "in no time at all, too");
}

/// When each operation of an open loop begins that asks every 10 ms, in milliseconds.
fn begins(plan: Plan<()>, change: impl FnOnce(&mut Scene)) -> String {
    let mut scene = Scene::new(Pace::Open { every: ms(10) }, Retry::NEVER, vec![read(); 12]).plan(plan);
    change(&mut scene);
    let history = History::of(&scene.run(Calm).trace);
    let begins = history.operations().iter().map(|operation| operation.invoked.at.ns() / 1_000_000);
    begins.map(|at| at.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_open_loop_leaves_out_nothing_that_was_due_while_its_client_stood_still() {
    expect!["0 10 20 30 40 50 60 70 80 90 100 110"].assert_eq(&begins(Plan::new(), |_| {}));
    let pause = || Plan::new().at(at(15), Act::Pause { node: GROUND, lasts: ms(40) });
    expect!["0 10 55 55 55 55 60 70 80 90 100 110"].assert_eq(&begins(pause(), |_| {}));
    // What was due at the end of its time, or later, does not begin.
    expect!["0 10 55 55 55 55 60 70"].assert_eq(&begins(pause(), |scene| scene.workload.until = ms(80)));
    expect!["0 10"].assert_eq(&begins(pause(), |scene| scene.workload.until = ms(40)));
    // Who stood still when it was to begin does not count from later on.
    let early = Plan::new().at(at(0), Act::Pause { node: GROUND, lasts: ms(25) });
    expect!["25 30 40 50 60 70 80 90 100 110 120 130"]
        .assert_eq(&begins(early, |scene| scene.workload.begin = ms(20)));
    // For a host that is suspended no time passes, so that nothing is overdue.
    let suspend = Plan::new().at(at(15), Act::Suspend { node: GROUND, lasts: ms(40) });
    expect!["0 10 60 70 80 90 100 110 120 130 140 150"].assert_eq(&begins(suspend, |_| {}));
}

#[test]
fn an_open_loop_does_not_fall_behind_on_a_machine_that_takes_its_time() {
    // Each input takes 4 ms, and each operation is two: its time to begin, and the reply.
    let slow = |each| Plan::new().at(at(0), Act::Slow { node: GROUND, each: ms(each), lasts: ms(1_000) });
    expect!["0 14 28 34 44 56 64 74 84 94 104 114"].assert_eq(&begins(slow(4), |_| {}));
    // On a machine that cannot keep up, what is due meanwhile begins together.
    expect!["0 22 22 46 46 82 82 82 82 118 118 118"].assert_eq(&begins(slow(12), |_| {}));
}
