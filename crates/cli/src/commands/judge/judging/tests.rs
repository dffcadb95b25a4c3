//! A budget is one for reading, for all judges, and for the evidence.

use std::cell::Cell;
use std::time::Duration;

use constellation_trace::format::histories::{HistoryFormat, read};
use constellation_verify::Budget;
use constellation_verify::models::{Finding, Known, all, find, strongest_first};
use indicatif::ProgressBar;

use super::super::allowance::Allowance;
use super::super::evidence::Ways;
use super::super::history::{Asked, JudgedHistory, judge_imported};
use super::super::reading::{Reading, reading};
use crate::args::Explained;

/// Eight sessions that write and read one register at once, and at last one that forgets what it wrote. Orders are many.
fn history() -> String {
    let line = |session: u64| {
        let words = (0..40_u64).map(|nth| {
            let (begin, value) = (nth * 20 + session, session * 100 + nth);
            format!(" w(x,{value})@{begin}..{} r(x,{value})@{}..{}", begin + 9, begin + 10, begin + 19)
        });
        format!("s{session}{}\n", words.collect::<String>())
    };
    let lines: String = (0..8).map(line).collect();
    lines + "t w(y,1)@0..1 r(y,nil)@2..3\n"
}

fn judged(asked: &Asked, allowance: &mut Allowance<'_>) -> JudgedHistory {
    let imported = read(history().as_bytes(), HistoryFormat::Sketch).expect("it is a sketch");
    judge_imported("mine".to_owned(), &imported, asked, allowance)
}

fn asked(explained: Explained) -> Asked {
    Asked {
        models: strongest_first(all()),
        are_named: false,
        format: None,
        object: None,
        failed_cas: None,
        initial: None,
        budget: Budget::default(),
        time: None,
        explained,
        ways: Ways::default(),
    }
}

fn known(judged: &JudgedHistory, wanted: Known) -> usize {
    judged.rows.iter().filter(|row| row.known() == wanted).count()
}

#[test]
fn all_judges_and_the_evidence_take_no_more_steps_than_there_are_in_all() {
    let never = || Duration::ZERO;
    for explained in [Explained::None, Explained::Weakest, Explained::All] {
        for steps_max in [20_000_u64, 60_000, 200_000, 2_000_000] {
            let budget = Budget { steps_max, ..Budget::default() };
            let mut allowance = Allowance::new(budget, None, &never);
            let judged = judged(&asked(explained), &mut allowance);
            let steps = allowance.steps();
            assert!(steps <= steps_max + steps_max / 10, "{steps} steps of {steps_max}, {explained:?}");
            // Those that need little have their verdict even so.
            let fails = known(&judged, Known::Fails);
            assert!(fails > 0 || steps_max < 200_000, "{steps_max}, {explained:?}");
        }
    }
}

#[test]
fn time_is_one_for_all() {
    for limit in [100_u64, 300, 1_000] {
        // A millisecond goes by whenever somebody looks, which judges do every 1,024 steps.
        let looks = Cell::new(0);
        let clock = || {
            looks.set(looks.get() + 1);
            Duration::from_millis(looks.get())
        };
        let mut allowance = Allowance::new(Budget::default(), Some(Duration::from_millis(limit)), &clock);
        let judged = judged(&asked(Explained::All), &mut allowance);
        assert!(looks.get() <= limit + limit / 10 + 60, "{} ms of {limit}", looks.get());
        let limits = judged.rows.iter().filter_map(|row| match &row.finding {
            Finding::Unknown(limit) => Some(limit.to_string()),
            _ => None,
        });
        let told = format!("within the bound: {:?} in all", Duration::from_millis(limit));
        for one in limits.filter(|one| one.contains("explored")) {
            assert!(one.ends_with(&told), "{one}");
        }
    }
}

#[test]
fn what_some_models_leave_is_for_those_that_need_more() {
    let never = || Duration::ZERO;
    let all_steps = |steps_max| {
        let mut allowance = Allowance::new(Budget { steps_max, ..Budget::default() }, None, &never);
        let judged = judged(&asked(Explained::None), &mut allowance);
        (allowance.steps(), known(&judged, Known::Nothing))
    };
    let (needed, unknown) = all_steps(1 << 34);
    // A share of all is less than some need, but what the others leave is enough.
    let (taken, still_unknown) = all_steps(needed * 2);
    assert_eq!(still_unknown, unknown, "{taken} of {needed}");
}

#[test]
fn who_has_no_steps_at_first_is_not_given_none_for_ever() {
    let never = || Duration::ZERO;
    let models =
        ["strict-serializable", "linearizable"].map(|name| find(name).expect("it is there")).to_vec();
    let mut allowance = Allowance::new(Budget { steps_max: 1_000, ..Budget::default() }, None, &never);
    let judged = judged(&Asked { models, ..asked(Explained::None) }, &mut allowance);
    assert_eq!(known(&judged, Known::Nothing), 2);
}

#[test]
fn what_was_read_takes_memory_from_the_judges() {
    let never = || Duration::ZERO;
    let mut allowance = Allowance::new(Budget { bytes_max: 1_000, ..Budget::default() }, None, &never);
    assert!(allowance.hold(900).is_ok());
    let limit = allowance.hold(200).expect_err("100 are left");
    assert_eq!(limit.to_string(), "judging needs 200 bytes of memory, 100 are allowed");
    allowance.release(900);
    assert!(allowance.hold(900).is_ok());
}

#[test]
fn reading_ends_when_time_is_up() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("mine");
    let lines = (0..100_000).map(|nth| format!("w(0,{nth},{},{nth})\n", nth % 7));
    std::fs::write(&path, lines.collect::<String>()).expect("the folder is ours");
    let looks = Cell::new(0);
    let clock = || {
        looks.set(looks.get() + 1);
        Duration::from_millis(looks.get())
    };
    let limit = Duration::from_millis(20);
    let mut allowance = Allowance::new(Budget::default(), Some(limit), &clock);
    let reading =
        reading(&path, &asked(Explained::None), &mut allowance, &ProgressBar::hidden()).expect("it is there");
    let Reading::Ended { format, limit, .. } = reading else {
        panic!("100,000 lines are looked at 97 times")
    };
    assert_eq!(format, HistoryFormat::Plume);
    assert_eq!(limit.to_string(), "none wrong among the 0 explored, within the bound: 20ms in all");
    assert!(looks.get() <= 22, "{} looks", looks.get());
}

#[test]
fn reading_a_trace_ends_when_time_is_up_too() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("mine");
    let head = "{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\"]}\n".to_owned();
    let line = |nth: u64| {
        format!(
            "{{\"event\":{nth},\"node\":\"a\",\"at_ns\":{nth},\"do\":\"invoke\",\"operation\":{nth},\"call\":\"read\",\"key\":\"x\"}}\n"
        )
    };
    std::fs::write(&path, head + &(0..50_000).map(line).collect::<String>()).expect("the folder is ours");
    let looks = Cell::new(0);
    let clock = || {
        looks.set(looks.get() + 1);
        Duration::from_millis(looks.get())
    };
    let limit = Duration::from_millis(20);
    let mut allowance = Allowance::new(Budget::default(), Some(limit), &clock);
    let reading =
        reading(&path, &asked(Explained::None), &mut allowance, &ProgressBar::hidden()).expect("it is there");
    let Reading::Ended { format, limit, .. } = reading else { panic!("4 MB are looked at 60 times") };
    assert_eq!(format, HistoryFormat::Trace);
    assert_eq!(limit.to_string(), "none wrong among the 0 explored, within the bound: 20ms in all");
    assert!(looks.get() <= 22, "{} looks", looks.get());
}

#[test]
fn making_sessions_of_operations_takes_no_more_steps_than_there_are() {
    let lines = (0..50_000_u64).map(|nth| {
        format!("INFO jepsen.util - 0 :invoke :write {nth}\nINFO jepsen.util - 0 :ok :write {nth}\n")
    });
    let imported = read(lines.collect::<String>().as_bytes(), HistoryFormat::Log).expect("it is a log");
    let never = || Duration::ZERO;
    let budget = Budget { steps_max: 10_000, ..Budget::default() };
    let mut allowance = Allowance::new(budget, None, &never);
    let judged = judge_imported("mine".to_owned(), &imported, &asked(Explained::All), &mut allowance);
    assert!(allowance.steps() <= 11_000, "{} steps", allowance.steps());
    assert_eq!(known(&judged, Known::Nothing), all().len());
    let Finding::Unknown(limit) = &judged.rows[0].finding else { panic!("nothing was judged") };
    assert_eq!(
        limit.to_string(),
        "none wrong among the 10240 explored, within the bound: 10000 steps in all"
    );
}
