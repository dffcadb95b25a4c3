//! With the mistake put back: that it is found, and how it is told.

use expect_test::expect;

use crate::world::booking;

#[test]
fn what_is_found_is_told_in_five_parts() {
    let broken = booking().hunt(2_000).unwrap_err();
    expect![[r#"
        violated: a window has one holder at a time (seed 1)
        expected  window 1 has one holder at a time
        found     indian holds window 1, which atlantic has not given up
        events    e10  atlantic   +0.160000s  holds window 1
                  e11  pacific    +0.200000s  asks again to give up window 1
                  e13  scheduler  +0.205000s  frees window 1
                  e17  scheduler  +0.305000s  gives out window 1
                  e18  indian     +0.310000s  holds window 1
        proof     a station holds its window from when it hears of it until it gives it up
        steps     1. loss scheduler -> pacific #1 = 1 of 2
                     m3 from scheduler to pacific, sent at +0.105000s (e6: frees window 1), is lost
        notes     all else is as in the calm run: least latency, nothing lost, nothing twice
        replay    case.replay("tape=1,version=0.1.0,scenario=passes,hash=9034bd36e67cac98,seed=1,loss:scheduler:pacific:1=1/2")"#]]
    .assert_eq(&broken.to_string());
}
