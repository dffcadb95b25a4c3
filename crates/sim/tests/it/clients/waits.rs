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
