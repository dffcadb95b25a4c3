//! Long histories are searched from one quiet time to the next, and forgotten behind it.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Linearizable, List, Patience, Recorded};
use proptest::prelude::*;

use super::objects::{history, patience};
use super::value;

/// Whose, gap, length, kind, moment.
type Drawn = (u8, u8, u8, u8, u8);

/// A register that is right but for one read, of what was written `wrong.1` writes before; with so many operations beside
/// that are open, which only a search can judge. One of them may be needed.
fn played(drawn: &[Drawn], wrong: (usize, u64), beside: u64) -> Sessions {
    let mut now = [0; 3];
    let mut operations: Vec<(u64, usize, u64, u64, bool)> = Vec::new();
    for (whose, gap, length, kind, at) in drawn {
        let whose = usize::from(whose % 3);
        // Mostly there is a pause, which is a quiet time if nobody else is at it.
        let (gap, length) = (u64::from(gap % 16) + 1, u64::from(length % 8));
        let (invoked, returned) = (now[whose] + gap, now[whose] + gap + length);
        now[whose] = returned;
        operations.push((invoked + u64::from(*at) % (length + 1), whose, invoked, returned, kind % 3 == 0));
    }
    operations.sort_unstable();
    let mut sessions = Sessions::new(Timing::Recorded);
    let x = sessions.key("x").expect("few");
    let mut held = 0;
    for nth in 0..beside {
        let session = sessions.session(&format!("open {nth}")).expect("few");
        let nobody = Value::number(1_000_000 + nth).expect("small");
        let outcome = Outcome::Unknown;
        let open = Transaction { session, outcome, invoked: nth * 100, returned: Transaction::NEVER };
        sessions.push(open, &[Access::read(x, nobody), Access::write(x, nobody)]).expect("in order");
    }
    for (nth, (_, whose, invoked, returned, is_write)) in (0..).zip(operations) {
        let session = sessions.session(["a", "b", "c"][whose]).expect("few");
        held += u64::from(is_write);
        let shown = if nth == wrong.0 { held.saturating_sub(wrong.1) } else { held };
        let access = if is_write { Access::write(x, value(held)) } else { Access::read(x, value(shown)) };
        let outcome = Outcome::Committed;
        sessions.push(Transaction { session, outcome, invoked, returned }, &[access]).expect("in order");
    }
    sessions
}

fn linearizable(sessions: &Sessions, budget: Budget) -> Finding {
    let model = models::find("linearizable").expect("it is there");
    model.judge(&Recorded::from(sessions), &mut Patience::new(budget))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_by_windows_finds_what_zones_find(
        drawn in proptest::collection::vec(any::<Drawn>(), 280..700),
        wrong in (0..700_usize, 0..3_u64),
    ) {
        let [zones, search] = [0, 3].map(|beside| played(&drawn, wrong, beside));
        let [one, other] = [&zones, &search].map(|sessions| linearizable(sessions, Budget::default()));
        prop_assert_eq!(one.word(), other.word(), "{}", zones);
        if let Finding::Violated(anomaly) = other {
            let alone = linearizable(&search.sub(&anomaly.transactions), Budget::default());
            prop_assert_eq!(alone.word(), "violated", "{:?}", anomaly);
        }
    }
}

#[test]
fn what_is_open_is_handed_on_from_window_to_window() {
    // Each open write is read once, long after it began; and one more time in the wrong history.
    let told = |reads: &[(u64, u64)]| {
        let mut text = String::new();
        for nth in 0..8 {
            text += &format!("{} {nth}.. write x open{}\n", 100 + nth, nth % 4);
        }
        for nth in 0..600_u64 {
            let at = 100 + nth * 10;
            text += &match reads.iter().find(|(place, _)| *place == nth) {
                Some((_, open)) => format!("0 {at}..{} read x = open{open}\n", at + 5),
                None => format!("0 {at}..{} set x {} {}\n", at + 5, held(nth, reads), nth),
            };
        }
        Linearizable::judge_as(&models::Register::default(), &history(text.trim()), &mut patience()).word()
    };
    let twice = [(5, 0), (130, 1), (300, 0), (301, 0), (450, 1), (599, 3)];
    assert_eq!(told(&twice), "holds");
    assert_eq!(told(&[(5, 0), (130, 1), (300, 0), (450, 0)]), "violated");
}

/// What the register holds before operation `nth`: what the last one set, or was shown.
fn held(nth: u64, reads: &[(u64, u64)]) -> String {
    match nth.checked_sub(1) {
        None => "open2".to_owned(),
        Some(before) => match reads.iter().find(|(place, _)| *place == before) {
            Some((_, open)) => format!("open{open}"),
            None => before.to_string(),
        },
    }
}

#[test]
fn a_long_list_takes_the_memory_of_a_window() {
    let mut text = String::new();
    let mut held = Vec::new();
    for nth in 0..5_000 {
        let at = nth * 10;
        text += &format!("0 {at}..{} append x {}\n", at + 6, nth % 50);
        held.push((nth % 50).to_string());
        if nth % 500 == 499 {
            text += &format!("1 {}..{} append x 7\n", at + 1, at + 6);
            held.push("7".to_owned());
            text += &format!("2 {}..{} read x = {}\n", at + 7, at + 9, held.join(" "));
        }
    }
    let history = history(text.trim());
    let mut patience = Patience::new(Budget { bytes_max: 20 << 20, ..Budget::default() });
    let finding = Linearizable::judge_as(&List, &history, &mut patience);
    // All states together would take 100 MB.
    assert_eq!(finding, Finding::Holds);
}
