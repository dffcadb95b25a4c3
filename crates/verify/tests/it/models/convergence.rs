//! Convergence: at last for all, and at once for those who know the same.

use constellation_trace::{Act, Outcome, Sessions, Timing, Transaction, Value};
use expect_test::expect;
use proptest::prelude::*;

use super::{check, judge, small, told};

#[test]
fn after_the_last_write_all_come_to_read_the_same() {
    let eventual = |sketch, expected| check("eventual-convergence", sketch, expected);
    eventual("a w(x,1)@1..2 r(x,1)@9..10\nb w(x,2)@1..3 r(x,2)@4..5 r(x,1)@8..9", expect!["holds"]);
    eventual(
        "a w(x,1)@1..2 r(x,1)@9..10\nb w(x,2)@1..3 r(x,2)@8..9",
        expect!["violated: a r(x,1) reads x = 1 at last, but b r(x,2) reads x = 2 at last"],
    );
    // Which of the two it is does not matter, but one it must be.
    eventual(
        "a w(x,1)@1..2\nb r(x,nil)@4..5",
        expect!["violated: b r(x,nil) reads x = nil at last, though a write was acknowledged"],
    );
    eventual(
        "a w(x,1)@1..2\nb r(x,7)@4..5",
        expect!["violated: b r(x,7) reads x = 7 at last, which nobody wrote"],
    );
    eventual("a w(x,1)!@1..2\nb r(x,nil)@4..5", expect!["holds"]);
    // Nothing may have been written, too, and last.
    eventual("a w(x,1)@1..2 w(x,nil)?@3..\nb r(x,nil)@4..5", expect!["holds"]);
    eventual(
        "a w(x,1)!@1..2\nb r(x,1)@4..5",
        expect!["violated: b r(x,1) reads x = 1 at last, which nobody wrote"],
    );
}

#[test]
fn what_is_not_final_says_nothing_of_convergence() {
    let eventual = |sketch, expected| check("eventual-convergence", sketch, expected);
    eventual(
        "a w(x,1)@1..6\nb r(x,nil)@5..7",
        expect!["unknown: a read of x after its last write is not recorded"],
    );
    eventual(
        "a w(x,1)\nb r(x,1)",
        expect!["unknown: when each read began and each write ended is not recorded"],
    );
    // An unknown write may come in between at any time, and two certain values may not differ all the same.
    eventual(
        "a w(x,1)@1..2\nb w(x,2)?@1..\nc r(x,1)@4..5\nd r(x,2)@6..7",
        expect!["unknown: whether an unknown write of x took effect between its last reads is not recorded"],
    );
    eventual("a w(x,1)@1..2\nb w(x,2)?@1..\nc r(x,2)@4..5\nd r(x,2)@6..7", expect!["holds"]);
    eventual(
        "a w(x,1)@1..2\nb w(x,2)?@1..\ne w(x,3)@1..2\nc r(x,1)@4..5\nd r(x,3)@6..7 r(x,2)@8..9\nf r(x,3)@8..9",
        expect!["violated: c r(x,1) reads x = 1 at last, but f r(x,3) reads x = 3 at last"],
    );
}

#[test]
fn who_knows_the_same_is_shown_the_same() {
    let strong = |sketch, expected| check("strong-convergence", sketch, expected);
    strong(
        "a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) r(x,1)",
        expect![[r#"
        violated: c r(x,2) and d r(x,1) know of the same writes of x, but show two
          a w(x,1) before b w(x,2): c r(x,2) knows its x, yet reads the other's
          b w(x,2) before a w(x,1): d r(x,1) knows its x, yet reads the other's
          since a w(x,1) before c r(x,1): its x is read
          since c r(x,1) before c r(x,2): the same session
          since b w(x,2) before d r(x,2): its x is read
          since d r(x,2) before d r(x,1): the same session"#]],
    );
    strong("a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,1)", expect!["holds"]);
    strong(
        "a w(x,1) w(y,1)\nb r(y,1) r(x,nil)\nc r(x,1)",
        expect![[r#"
        violated: b r(x,nil) and c r(x,1) know of the same writes of x, but show two
          a w(x,1) before a w(y,1): the same session
          a w(y,1) before b r(y,1): its y is read
          b r(y,1) before b r(x,nil): the same session
          b r(x,nil) before a w(x,1): it reads an older x"#]],
    );
    // An unknown write may be what one knows and the other does not.
    strong("a r(x,3) w(x,1)? r(x,nil)\nc w(x,3)", expect!["holds"]);
    strong(
        "a r(x,3) {r(x,3) w(x,1)}? r(x,nil)\nc w(x,3)",
        expect!["unknown: whether a {r(x,3) w(x,1)}? took effect is not recorded"],
    );
    // Whichever of two writes b read, it knows of no more writes of x than e; then it may.
    strong(
        "a w(x,1)\nc w(y,1) w(x,2)\nd w(y,1)\nb r(x,2) r(y,1) r(x,1)\ne r(x,1) r(x,2)",
        expect![[r#"
        violated: with none of the 2 ways to give reads their writes; with the first: b r(x,1) and e r(x,2) know of the same writes of x, but show two
          c w(x,2) before a w(x,1): b r(x,1) knows its x, yet reads the other's
          a w(x,1) before c w(x,2): e r(x,2) knows its x, yet reads the other's
          since c w(x,2) before b r(x,2): its x is read
          since b r(x,2) before b r(x,1): the same session
          since a w(x,1) before e r(x,1): its x is read
          since e r(x,1) before e r(x,2): the same session"#]],
    );
    strong(
        "a w(x,1)\nc w(x,3) w(y,1)\nd w(y,1)\ng w(x,2)\nb r(x,2) r(y,1) r(x,1)\ne r(x,1) r(x,2)",
        expect!["holds"],
    );
    // Two writes of one value show the same.
    strong("a w(x,1)\nb w(x,1)\nc r(x,1)\nd r(x,1)", expect![["holds"]]);
    // Each is wrong for itself, but nobody who knows the same is shown another.
    strong("a w(x,1) w(x,2) r(x,1)", expect!["holds"]);
    strong(
        "a r(x,1) w(x,1)",
        expect![[r#"
        violated: each of these is a cause of the next, and the last of the first
          a r(x,1) before a w(x,1): the same session
          a w(x,1) before a r(x,1): its x is read"#]],
    );
}

#[test]
fn only_what_one_may_know_of_explains_that_it_is_shown_another() {
    let strong = |sketch: &str, expected| check("strong-convergence", sketch, expected);
    let both = "a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) r(x,1)\n";
    // Of what f did neither knows, nor of what d did afterwards.
    strong(
        &format!("{both}e w(y,1)\nf {{r(y,1) w(x,3)}}? r(y,1)"),
        expect![[r#"
        violated: c r(x,2) and d r(x,1) know of the same writes of x, but show two
          a w(x,1) before b w(x,2): c r(x,2) knows its x, yet reads the other's
          b w(x,2) before a w(x,1): d r(x,1) knows its x, yet reads the other's
          since a w(x,1) before c r(x,1): its x is read
          since c r(x,1) before c r(x,2): the same session
          since b w(x,2) before d r(x,2): its x is read
          since d r(x,2) before d r(x,1): the same session"#]],
    );
    strong(
        &format!("{} {{r(y,1) w(x,3)}}?\ne w(y,1)", both.trim_end()),
        expect![[r#"
        violated: c r(x,2) and d r(x,1) know of the same writes of x, but show two
          a w(x,1) before b w(x,2): c r(x,2) knows its x, yet reads the other's
          b w(x,2) before a w(x,1): d r(x,1) knows its x, yet reads the other's
          since a w(x,1) before c r(x,1): its x is read
          since c r(x,1) before c r(x,2): the same session
          since b w(x,2) before d r(x,2): its x is read
          since d r(x,2) before d r(x,1): the same session"#]],
    );
    strong(
        "e w(y,1)\na w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) {r(y,1) w(x,3)}? r(x,1)",
        expect!["unknown: whether d {r(y,1) w(x,3)}? took effect is not recorded"],
    );
    // By what it reads, too, somebody may know of a write.
    strong(
        "e w(x,3) w(y,1)\na w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) {r(y,1) w(z,3)}? r(x,1)",
        expect!["unknown: whether d {r(y,1) w(z,3)}? took effect is not recorded"],
    );
    strong(
        "a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) {r(y,nil) w(z,3)}? r(x,1)",
        expect![[r#"
        violated: c r(x,2) and d r(x,1) know of the same writes of x, but show two
          a w(x,1) before b w(x,2): c r(x,2) knows its x, yet reads the other's
          b w(x,2) before a w(x,1): d r(x,1) knows its x, yet reads the other's
          since a w(x,1) before c r(x,1): its x is read
          since c r(x,1) before c r(x,2): the same session
          since b w(x,2) before d r(x,2): its x is read
          since d r(x,2) before d r(x,1): the same session"#]],
    );
}

#[test]
fn what_cannot_be_told_of_one_key_or_reader_hides_no_other() {
    let strong = |sketch: &str, expected| check("strong-convergence", sketch, expected);
    let x = "e w(y,1)\na w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) {r(y,1) w(x,3)}? r(x,1)\n";
    strong(
        &format!("{x}f w(z,1)\ng w(z,2)\nh r(z,1) r(z,2)\ni r(z,2) r(z,1)"),
        expect![[r#"
        violated: h r(z,2) and i r(z,1) know of the same writes of z, but show two
          f w(z,1) before g w(z,2): h r(z,2) knows its z, yet reads the other's
          g w(z,2) before f w(z,1): i r(z,1) knows its z, yet reads the other's
          since f w(z,1) before h r(z,1): its z is read
          since h r(z,1) before h r(z,2): the same session
          since g w(z,2) before i r(z,2): its z is read
          since i r(z,2) before i r(z,1): the same session"#]],
    );
    strong(
        &format!("{x}j r(x,2) r(x,1)"),
        expect![[r#"
        violated: c r(x,2) and j r(x,1) know of the same writes of x, but show two
          a w(x,1) before b w(x,2): c r(x,2) knows its x, yet reads the other's
          b w(x,2) before a w(x,1): j r(x,1) knows its x, yet reads the other's
          since a w(x,1) before c r(x,1): its x is read
          since c r(x,1) before c r(x,2): the same session
          since b w(x,2) before j r(x,2): its x is read
          since j r(x,2) before j r(x,1): the same session"#]],
    );
}

/// The definition of eventual convergence, over all pairs: `None` is unknown.
pub(super) fn eventual_twin(sessions: &Sessions) -> Option<bool> {
    let all = || sessions.ids().flat_map(|id| sessions.accesses(id).iter().map(move |access| (id, access)));
    let outcome = |id| sessions.transaction(id).outcome;
    let mut is_unknown = false;
    for key in all().map(|(_, access)| access.key) {
        let writes = |of: Outcome| {
            all().filter(move |(id, access)| {
                access.act == Act::Write && access.key == key && outcome(*id) == of
            })
        };
        let is_final = |id| {
            writes(Outcome::Committed)
                .all(|(write, _)| sessions.transaction(write).is_before(&sessions.transaction(id)))
        };
        let reads: Vec<_> = all()
            .filter(|(id, access)| {
                access.act == Act::Read && access.key == key && outcome(*id) == Outcome::Committed
            })
            .filter(|(id, _)| is_final(*id))
            .collect();
        let session = |id| sessions.transaction(id).session;
        let last = reads.iter().enumerate().filter(|(nth, (id, _))| {
            reads[nth + 1..].iter().all(|(other, _)| session(*other) != session(*id))
        });
        let values: Vec<Value> = last.map(|(_, (_, access))| access.value).collect();
        let has = |of, value: Value| writes(of).any(|(_, access)| access.value == value);
        let is_acknowledged = writes(Outcome::Committed).next().is_some();
        for value in &values {
            let is_nothing = *value == Value::NOTHING && !is_acknowledged;
            if !is_nothing && !has(Outcome::Committed, *value) && !has(Outcome::Unknown, *value) {
                return Some(false);
            }
        }
        let pairs = || values.iter().flat_map(|one| values.iter().map(move |other| (one, other)));
        let is_open = |value: &Value| has(Outcome::Unknown, *value);
        if pairs().any(|(one, other)| one != other && !is_open(one) && !is_open(other)) {
            return Some(false);
        }
        is_unknown |= pairs().any(|(one, other)| one != other) || (values.is_empty() && is_acknowledged);
    }
    (!is_unknown).then_some(true)
}

/// The same with times: each begins in the order of recording, and takes as long as `spans` say, if its session lets it.
fn timed(untimed: &Sessions, spans: &[u8]) -> Sessions {
    let mut timed = Sessions::new(Timing::Recorded);
    for name in untimed.sessions().iter() {
        timed.session(name).expect("few");
    }
    for name in untimed.keys().iter() {
        timed.key(name).expect("few");
    }
    let mut over = vec![0; untimed.sessions().len()];
    for (nth, id) in untimed.ids().enumerate() {
        let transaction = untimed.transaction(id);
        let invoked = (nth as u64 * 4).max(over[transaction.session as usize]);
        let returned = match transaction.outcome {
            Outcome::Unknown => Transaction::NEVER,
            _ => invoked + u64::from(spans[nth % spans.len()] % 12),
        };
        over[transaction.session as usize] = if returned == Transaction::NEVER { invoked } else { returned };
        timed.push(Transaction { invoked, returned, ..transaction }, untimed.accesses(id)).expect("in order");
    }
    timed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_twin_of_eventual_convergence_agrees(
        steps in small::steps(30),
        accesses in 1..=2_usize,
        spans in proptest::collection::vec(any::<u8>(), 1..8),
    ) {
        let sessions = timed(&small::replicas(&steps, accesses), &spans);
        let finding = judge("eventual-convergence", &sessions);
        let word = match eventual_twin(&sessions) {
            Some(true) => "holds",
            Some(false) => "violated",
            None => "unknown",
        };
        prop_assert_eq!(finding.word(), word, "{}\n{}", &sessions, told(&sessions, &finding));
    }
}

#[test]
fn where_reads_are_marked_as_final_only_those_must_agree() {
    for (text, expected) in [
        // Without times, too.
        ("a w(x,1) r(x,1)*\nb w(x,2) r(x,2) r(x,1)*", "holds"),
        ("a w(x,1) r(x,1)*\nb w(x,2) r(x,2)*", "violated"),
        ("a w(x,1) r(x,1)*\nb w(x,2) r(x,2)", "holds"),
        // The same session may be shown two values at last.
        ("a w(x,1) w(x,2) r(x,1)* r(x,2)*", "violated"),
        // What came after it was not the end.
        ("a w(x,1)@1..2 r(x,1)*@3..4\nb w(x,2)@1..2 r(x,1)*@3..4 r(x,2)@5..6", "holds"),
        ("a w(x,1)\nb r(y,nil)*", "unknown"),
        ("a w(x,1) r(x,1)\nb r(x,nil)", "unknown"),
    ] {
        let sessions = Sessions::sketch(text).expect("written here");
        let finding = judge("eventual-convergence", &sessions);
        assert_eq!(finding.word(), expected, "{text}: {finding:?}");
    }
}
