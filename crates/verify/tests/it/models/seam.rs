//! What all judges of models have in common: the table, patience, and how a finding is told.

use std::collections::BTreeSet;

use constellation_trace::history::Moment;
use constellation_trace::{
    Call, Completion, EventId, History, NodeId, Operation, ProcessId, Sessions, TrueTime,
};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Patience, Recorded};
use expect_test::{Expect, expect};

use super::{judge, sessions, told};

#[test]
fn every_model_says_what_it_is_and_implies_only_what_there_is() {
    let names: Vec<&str> = models::all().iter().map(|model| model.about().name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "names are unique");
    for model in models::all() {
        let about = model.about();
        for text in [about.name, about.sentence, about.source, about.cost] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: `{text}`", about.name);
        }
        for implied in about.implies {
            assert!(names.contains(implied) && *implied != about.name, "{} implies {implied}", about.name);
        }
    }
}

#[test]
fn a_misspelt_model_is_told_the_nearest() {
    assert_eq!(models::find("casual").err(), Some(Some("causal")));
    assert_eq!(models::find("zzz").err(), Some(None));
}

#[test]
fn a_budget_that_ends_is_unknown_and_says_what_ended_it() {
    let check = |budget: Budget, expected: Expect| {
        let sessions = sessions("pacific w(x,1) r(x,1)\nindian r(x,1) r(x,1)");
        let causal = models::find("causal").expect("it is there");
        let finding = causal.judge(&Recorded::from(&sessions), &mut Patience::new(budget));
        expected.assert_eq(&told(&sessions, &finding));
    };
    check(
        Budget { steps_max: 5, ..Budget::default() },
        expect!["unknown: none wrong among the 6 explored, within the bound: 5 steps"],
    );
    check(
        Budget { bytes_max: 5, ..Budget::default() },
        expect!["unknown: judging needs 80 bytes of memory, 5 are allowed"],
    );
}

#[test]
fn arrows_of_real_time_are_within_the_budget() {
    // Half of all begin after the other half is over, so that each of these is before each of those.
    let lines = (0..400).map(|nth| format!("s{nth} w(k{nth},1)@0..1 r(k{nth},1)@2..3\n"));
    let sessions = sessions(&lines.collect::<String>());
    let strict = models::find("strict-serializable").expect("it is there");
    let check = |budget: Budget, expected: Expect| {
        let finding = strict.judge(&Recorded::from(&sessions), &mut Patience::new(budget));
        expected.assert_eq(&told(&sessions, &finding));
    };
    check(Budget::default(), expect!["holds"]);
    check(
        Budget { bytes_max: 100_000, ..Budget::default() },
        expect!["unknown: judging needs 124800 bytes of memory, 100000 are allowed"],
    );
    check(
        Budget { steps_max: 2_000, ..Budget::default() },
        expect!["unknown: none wrong among the 2002 explored, within the bound: 2000 steps"],
    );
}

#[test]
fn lists_are_judged_and_what_is_neither_read_nor_write_is_not() {
    let lists = sessions("pacific a(x,1)\nindian r(x,[1])");
    expect!["holds"].assert_eq(&told(&lists, &judge("causal", &lists)));
    let history = History::default();
    let causal = models::find("causal").expect("it is there");
    let finding = causal.judge(&Recorded::from(&history), &mut Patience::new(Budget::default()));
    expect!["unknown: these are no reads and writes"].assert_eq(&told(&lists, &finding));
}

#[test]
fn a_violation_is_told_as_every_other() {
    let sessions = sessions("pacific w(x,1) w(x,2) w(y,1)\nindian r(y,1) r(x,1)");
    let about = models::find("causal").expect("it is there").about();
    let verdict = models::verdict(about, &Recorded::from(&sessions), judge("causal", &sessions));
    expect![[r#"
        expected  whoever sees an effect sees its causes
        found     indian r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) in its past had overwritten
        events    e1  pacific  +0.000000s  w(x,2)
                  e2  pacific  +0.000000s  w(y,1)
                  e3  indian   +0.000000s  r(y,1)
                  e4  indian   +0.000000s  r(x,1)
                  e0  pacific  +0.000000s  w(x,1)
        proof     e1 w(x,2) → e2 w(y,1)   the same session
                  e2 w(y,1) → e3 r(y,1)   its y is read
                  e3 r(y,1) → e4 r(x,1)   the same session
                  e4 r(x,1) → e1 w(x,2)   it reads an older x
        notes     pacific w(x,1) before pacific w(x,2): the same session"#]].assert_eq(&shown(verdict));
}

#[test]
fn witnesses_are_the_events_that_asked() {
    let moment =
        |event, ms: u64| Moment { event: EventId::new(event), at: TrueTime::from_ns(ms * 1_000_000) };
    let operation = |session, event, call, completion| Operation {
        client: NodeId::new(session),
        process: ProcessId::new(session),
        session,
        call,
        invoked: moment(event, u64::from(event)),
        completed: Some((moment(event + 1, u64::from(event) + 1), completion)),
    };
    let x = || "x".to_owned();
    let history = History::new(vec![
        operation(0, 10, Call::Write { key: x(), value: "safe mode".into() }, Completion::Done),
        operation(0, 12, Call::Read { key: x() }, Completion::Shows(Vec::new())),
    ]);
    let sessions = Sessions::of(&history).expect("reads and writes");
    let about = models::find("causal").expect("it is there").about();
    let recorded = Recorded::from(&sessions).with_history(&history);
    expect![[r#"
        expected  whoever sees an effect sees its causes
        found     s0 r(x,nil) reads as x the initial value, which s0 w(x,"safe mode") in its past had overwritten
        events    e10  s0  +0.010000s  w(x,"safe mode")
                  e12  s0  +0.012000s  r(x,nil)
        proof     e10 w(x,"safe mode") → e12 r(x,nil)   the same session
                  e12 r(x,nil) → e10 w(x,"safe mode")   it reads an older x"#]].assert_eq(&shown(models::verdict(about, &recorded, judge("causal", &sessions))));
}

#[test]
fn what_holds_or_is_unknown_stays_so() {
    let sessions = sessions("pacific w(x,1)");
    let (about, recorded) = (models::find("causal").expect("it is there").about(), Recorded::from(&sessions));
    assert_eq!(models::verdict(about, &recorded, Finding::Holds).word(), "holds");
    let limit = constellation_trace::Limit::Unfit("no".to_owned());
    assert_eq!(models::verdict(about, &recorded, Finding::Unknown(limit)).word(), "unknown");
}

fn shown(verdict: constellation_trace::Verdict) -> String {
    match verdict {
        constellation_trace::Verdict::Violated(evidence) => evidence.to_string(),
        other => other.word().to_owned(),
    }
}
