//! Many at once, wave after wave: what real time says of them is told in few arrows.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};
use constellation_verify::models::Finding;
use expect_test::expect;
use proptest::prelude::*;

use super::{judge, judge_within, told};

const STRONG: [&str; 2] = ["strict-serializable", "strong-snapshot-isolation"];

/// So many sessions, each of which writes a key of its own in one wave and reads it in the next.
fn waves(sessions_count: usize, last: Value) -> Sessions {
    let mut sessions = Sessions::new(Timing::Recorded);
    let one = Value::number(1).expect("small");
    for nth in 0..sessions_count {
        let session = sessions.session(&format!("s{nth}")).expect("few");
        let key = sessions.key(&format!("k{nth}")).expect("few");
        let shown = if nth + 1 == sessions_count { last } else { one };
        for (at, access) in [(0, Access::write(key, one)), (2, Access::read(key, shown))] {
            let transaction =
                Transaction { session, outcome: Outcome::Committed, invoked: at, returned: at + 1 };
            sessions.push(transaction, &[access]).expect("in order");
        }
    }
    sessions
}

#[test]
fn wide_waves_need_no_arrow_for_each_pair() {
    let [good, bad] = [Value::number(1).expect("small"), Value::NOTHING].map(|last| waves(400, last));
    for model in STRONG {
        // The 160,000 pairs of one wave and the next take twelve bytes each, thrice.
        let found = [&good, &bad].map(|sessions| judge_within(2_000_000, model, sessions));
        assert_eq!(found.each_ref().map(Finding::word), ["holds", "violated"], "{model}: {found:?}");
    }
}

#[test]
fn a_cycle_over_real_time_names_transactions_only() {
    let mut sessions = waves(40, Value::number(1).expect("small"));
    let (s0, x) = (sessions.session("s0").expect("few"), sessions.key("k7").expect("few"));
    let late = Transaction { session: s0, outcome: Outcome::Committed, invoked: 4, returned: 5 };
    sessions.push(late, &[Access::read(x, Value::NOTHING)]).expect("in order");
    for model in STRONG {
        expect![[r#"
            violated: in any order each of these is before the next, and the last before the first
              s0 r(k0,1) before s0 r(k7,nil): the same session
              s0 r(k7,nil) before s7 w(k7,1): it reads an older k7
              s7 w(k7,1) before s0 r(k0,1): over before the other begins"#]]
        .assert_eq(&told(&sessions, &judge(model, &sessions)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of single operations strict serializability is linearizability, whose judge knows nothing of arrows.
    #[test]
    fn waves_of_single_operations_are_strict_where_they_are_linearizable(
        drawn in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..4_u64, 0..16_u8), 24..48)
    ) {
        const WIDE: usize = 10;
        let mut sessions = Sessions::new(Timing::Recorded);
        let names: Vec<u32> = (0..WIDE).map(|nth| sessions.session(&format!("s{nth}")).expect("few")).collect();
        let keys = ["x", "y"].map(|name| sessions.key(name).expect("few"));
        let mut last = [[Value::NOTHING; 2]; 2];
        for (nth, (is_write, is_y, late, which)) in drawn.into_iter().enumerate() {
            let (key, wave) = (usize::from(is_y), (nth / WIDE) as u64 * 10);
            let new = Value::number(nth as u64).expect("small");
            // What the wave before left, seldom what was there before that.
            let shown = last[key][usize::from(which == 0)];
            let access = if is_write { Access::write(keys[key], new) } else { Access::read(keys[key], shown) };
            if is_write {
                last[key] = [new, last[key][0]];
            }
            let times = [wave + late, wave + 7 + late];
            let [invoked, returned] = times.map(|time| time * 3);
            let transaction = Transaction {
                session: names[nth % WIDE], outcome: Outcome::Committed, invoked, returned: returned.min(wave * 3 + 29),
            };
            sessions.push(transaction, &[access]).expect("in order");
        }
        let words = ["linearizable", "strict-serializable"].map(|model| judge(model, &sessions));
        prop_assert_eq!(words[0].word(), words[1].word(), "{}", sessions);
    }
}
