//! Objects of histories, and those of one's own: what each does, and that the twin agrees on all of them.

use std::collections::BTreeSet;

use constellation_trace::history::Moment;
use constellation_trace::{
    Call, Completion, EventId, History, Names, NodeId, Operation, ProcessId, Sessions, TrueTime, Verdict,
};
use constellation_verify::Budget;
use constellation_verify::models::{
    self, Answer, Counter, FailedSet, Finding, Linearizable, List, Mutex, Object, Patience, Queue, Recorded,
    Register, Sequential, Set, Specification, Text,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::orders::{self, Rule};
use super::shifted;

/// Reads a history that a test has written: one operation a line, as `0 1..3 enqueue jobs 5 = a b`: session, times (the end
/// left out for what is open), the call, and after `=` what was shown, or `failed`.
pub(crate) fn history(text: &str) -> History {
    let operations = (0..).zip(text.lines()).map(|(nth, line)| {
        let (asked, answer) =
            line.split_once('=').map_or((line, None), |(asked, answer)| (asked, Some(answer.trim())));
        let words: Vec<&str> = asked.split_whitespace().collect();
        let [session, times, name, rest @ ..] = &words[..] else { panic!("{line}: session, times, call") };
        let (invoked, returned) = times.split_once("..").expect("times");
        let time = |text: &str| TrueTime::from_ns(text.parse().expect("a time"));
        let session = session.parse().expect("a session");
        let moment = |event, at| Moment { event: EventId::new(event), at };
        let completion = match answer {
            None => Completion::Done,
            Some("failed") => Completion::Failed { reason: "no".to_owned() },
            Some(shown) => Completion::Shows(shown.split_whitespace().map(str::to_owned).collect()),
        };
        let is_open = returned.is_empty();
        Operation {
            client: NodeId::new(session),
            process: ProcessId::new(session),
            session,
            call: call(name, rest),
            invoked: moment(nth * 2, time(invoked)),
            completed: (!is_open).then(|| (moment(nth * 2 + 1, time(returned)), completion)),
        }
    });
    History::new(operations.collect())
}

pub(crate) fn call(name: &str, rest: &[&str]) -> Call {
    let own = |text: &str| text.to_owned();
    match (name, rest) {
        ("read", [key]) => Call::Read { key: own(key) },
        ("write", [key, value]) => Call::Write { key: own(key), value: own(value) },
        ("set", [key, expected, value]) => {
            Call::CompareAndSet { key: own(key), expected: own(expected), value: own(value) }
        }
        ("count", [key, amount]) => Call::Add { key: own(key), amount: amount.parse().expect("a number") },
        ("append", [key, value]) => Call::Append { key: own(key), value: own(value) },
        (_, []) => Call::Other { name: own(name), argument: String::new() },
        ("dequeue" | "acquire" | "release", [key]) => {
            Call::Other { name: format!("{name} {key}"), argument: String::new() }
        }
        (_, [argument]) => Call::Other { name: own(name), argument: own(argument) },
        (_, [key, argument]) => Call::Other { name: format!("{name} {key}"), argument: own(argument) },
        _ => panic!("{name} {rest:?} is no call"),
    }
}

pub(crate) fn patience() -> Patience<'static> {
    Patience::new(Budget::default())
}

pub(crate) fn told(model: &str, recorded: &Recorded<'_>) -> String {
    let model = models::find(model).expect("it is there");
    match models::verdict(model.about(), recorded, model.judge(recorded, &mut patience())) {
        Verdict::Holds => "holds".to_owned(),
        Verdict::Unknown(limit) => format!("unknown: {limit}"),
        Verdict::Violated(evidence) => evidence.to_string(),
    }
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&told("linearizable", &Recorded::from(&history(text))));
}

#[test]
fn a_queue_gives_back_first_what_came_first() {
    check("0 1..2 enqueue 1\n0 3..4 enqueue 2\n1 5..6 dequeue = 1\n1 7..8 dequeue = 2", expect!["holds"]);
    check("0 1..4 enqueue 1\n1 1..4 enqueue 2\n2 5..6 dequeue = 2", expect!["holds"]);
    check(
        "0 1..2 enqueue 1\n0 3..4 enqueue 2\n0 5..6 enqueue 3\n1 7..8 dequeue = 2",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 3 that respects their times explains them; none gets further than s1 dequeue shows "2"
            events    e0  s0  +0.000000s  enqueue 1
                      e2  s0  +0.000000s  enqueue 2
                      e6  s1  +0.000000s  dequeue shows "2"
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check(
        "0 1..2 enqueue 1\n1 3..4 dequeue =",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 2 that respects their times explains them; none gets further than s1 dequeue shows nothing
            events    e0  s0  +0.000000s  enqueue 1
                      e2  s1  +0.000000s  dequeue shows nothing
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    // Somebody who was never told took the first.
    check("0 1..2 enqueue 1\n0 3..4 enqueue 2\n2 1.. dequeue\n1 5..6 dequeue = 2", expect!["holds"]);
    check("0 1..2 enqueue one 1\n0 3..4 enqueue other 2\n1 5..6 dequeue other = 2", expect!["holds"]);
}

#[test]
fn a_mutex_is_held_by_one_at_a_time() {
    check("0 1..2 acquire\n0 5..6 release\n1 3..7 acquire", expect!["holds"]);
    check(
        "0 1..2 acquire\n0 5..6 release\n1 3..4 acquire",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 2 that respects their times explains them; none gets further than s1 acquire
            events    e0  s0  +0.000000s  acquire
                      e4  s1  +0.000000s  acquire
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check("0 1..2 acquire\n1 3..4 acquire = failed", expect!["holds"]);
    check("0 1.. acquire\n0 3..4 release\n1 5..6 acquire", expect!["holds"]);
}

#[test]
fn a_counter_shows_the_sum() {
    check("0 1..2 count c 5\n1 1..2 count c -2\n0 3..4 read c = 3", expect!["holds"]);
    check(
        "0 1..2 count c 5\n1 1.. count c 2\n0 3..4 read c = 7\n0 5..6 read c = 5",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 4 that respects their times explains them; none gets further than s0 read c shows "5"
            events    e0  s0  +0.000000s  add 5 to c
                      e2  s1  +0.000000s  add 2 to c, open
                      e4  s0  +0.000000s  read c shows "7"
                      e6  s0  +0.000000s  read c shows "5"
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check(
        "0 1..2 count c 5 = 5\n1 1..2 count c 5 = 5",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 2 that respects their times explains them; none gets further than s1 add 5 to c shows "5"
            events    e0  s0  +0.000000s  add 5 to c shows "5"
                      e2  s1  +0.000000s  add 5 to c shows "5"
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check(
        "0 1..2 count c 5\n1 1..2 read c = five",
        expect!["unknown: operation 1: `read c` shows `five`, which is no number"],
    );
}

#[test]
fn a_set_holds_each_once() {
    check("0 1..2 add 5\n1 3..4 contains 5 = true\n1 5..6 contains 6 = false", expect!["holds"]);
    check(
        "0 1..2 add 5\n0 1..9 add 6\n1 3..4 contains 5 = false",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 2 that respects their times explains them; none gets further than s1 contains 5 shows "false"
            events    e0  s0  +0.000000s  add 5
                      e4  s1  +0.000000s  contains 5 shows "false"
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check(
        "0 1..2 add s 5 = true\n1 1..2 add s 5 = true",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     no order of these 2 that respects their times explains them; none gets further than s1 add s 5 shows "true"
            events    e0  s0  +0.000000s  add s 5 shows "true"
                      e2  s1  +0.000000s  add s 5 shows "true"
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check("0 1..2 add s 5\n1 1..2 add s 6\n0 3..4 read s = 6 5", expect!["holds"]);
    check(
        "0 1..2 add s 5\n1 1..2 add s 6\n0 3..4 read s = 6",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     s0 read s shows "6" misses s0 add s 5, which was over before it began
            events    e0  s0  +0.000000s  add s 5
                      e4  s0  +0.000000s  read s shows "6"
            proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check(
        "0 1..2 add s 5 = perhaps",
        expect!["unknown: operation 0: `add s 5` shows `perhaps`, neither true nor false"],
    );
}

#[test]
fn a_text_is_put_and_appended_to() {
    check(
        "0 1..2 write x a\n0 3..4 append x b\n1 5..6 read x = a b\n0 7..8 write x c\n1 9..10 read x = c",
        expect!["holds"],
    );
    check(
        "0 1..2 append x a\n0 3..4 write x b\n0 5..6 append x c\n1 7..8 read x = a c",
        expect![[r#"
        expected  each operation takes effect at one moment between its beginning and its end
        found     no order of these 4 that respects their times explains them; none gets further than s1 read x shows "a" | "c"
        events    e0  s0  +0.000000s  append "a" to x
                  e2  s0  +0.000000s  write x = "b"
                  e4  s0  +0.000000s  append "c" to x
                  e6  s1  +0.000000s  read x shows "a" | "c"
        proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check(
        "0 1..9 write x a\n1 1..9 append x b\n2 10..11 read x = b a",
        expect![[r#"
        expected  each operation takes effect at one moment between its beginning and its end
        found     no order of these 3 that respects their times explains them; none gets further than s2 read x shows "b" | "a"
        events    e0  s0  +0.000000s  write x = "a"
                  e2  s1  +0.000000s  append "b" to x
                  e4  s2  +0.000000s  read x shows "b" | "a"
        proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]],
    );
    check("0 1..9 write x a\n1 1..9 append x b\n2 10..11 read x = a", expect!["holds"]);
}

#[test]
fn what_is_no_operation_of_the_object_is_named() {
    check("0 1..2 jump 5", expect!["unknown: operation 0: a register has no operation `jump 5`"]);
    check(
        "0 1..2 enqueue 5\n0 3..4 acquire",
        expect!["unknown: operation 1: a queue has no operation `acquire`"],
    );
    check(
        "0 1..2 write x 1\n0 3..4 read x = 1 2",
        expect!["unknown: operation 1: `read x` of a register shows 2 values"],
    );
    let history = history("0 1..2 read x = 5\n0 3..4 read x = 6");
    let as_counter = Recorded::from(&history).with_object(Object::Counter);
    expect![[r#"
        expected  each operation takes effect at one moment between its beginning and its end
        found     no order explains s0 read x shows "5"
        events    e0  s0  +0.000000s  read x shows "5"
        proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]].assert_eq(&told("linearizable", &as_counter));
    assert_eq!(Object::find("queu"), Err(Some("queue")));
    assert_eq!(Object::ALL.map(|object| Object::find(object.name())), Object::ALL.map(Ok));
}

#[test]
fn registers_of_a_history_are_judged_by_zones_and_told_by_its_events() {
    check(
        "0 1..2 write x a\n1 3..4 write x b\n2 5..6 read x = b\n2 7..8 read x = a",
        expect![[r#"
            expected  each operation takes effect at one moment between its beginning and its end
            found     s2 r(x,a) reads as x that of s0 w(x,a), which s1 w(x,b) had overwritten before it began
            events    e2  s1  +0.000000s  write x = "b"
                      e6  s2  +0.000000s  read x shows "a"
                      e0  s0  +0.000000s  write x = "a"
                      e4  s2  +0.000000s  read x shows "b"
            proof     e2 write x = "b" → e6 read x shows "a"   over before the other begins
                      e6 read x shows "a" → e2 write x = "b"   it reads an older x
            notes     s0 write x = "a" before s2 read x shows "b": over before the other begins
                      s0 write x = "a" before s1 write x = "b": s2 r(x,b) knows its x, yet reads the other's"#]],
    );
    let history = history("0 1..2 write x a\n1 3..4 read x =\n0 1..2 count c 1");
    expect![[r#"
        expected  each operation takes effect at one moment between its beginning and its end
        found     no order of these 2 that respects their times explains them; none gets further than s1 read x shows nothing
        events    e0  s0  +0.000000s  write x = "a"
                  e2  s1  +0.000000s  read x shows nothing
        proof     Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"#]].assert_eq(&told("linearizable", &Recorded::from(&history)));
}

#[test]
fn sequential_consistency_does_not_ask_for_the_time_and_is_not_local() {
    let check = |text: &str, expected: Expect| {
        expected.assert_eq(&told("sequential", &Recorded::from(&history(text))));
    };
    check("0 1..2 enqueue 1\n1 3..4 dequeue =", expect!["holds"]);
    // Each queue alone has an order, both together have none (Herlihy and Wing 1990, the end of section 3.3).
    check(
        "0 1..2 enqueue p x\n0 3..4 enqueue q x\n0 5..6 dequeue p = y\n\
         1 1..2 enqueue q y\n1 3..4 enqueue p y\n1 5..6 dequeue q = x",
        expect![[r#"
            expected  all see one order, in which everybody's own operations stand as they were done
            found     no order of these 6 that respects their sessions explains them
            events    e0   s0  +0.000000s  enqueue p x
                      e2   s0  +0.000000s  enqueue q x
                      e4   s0  +0.000000s  dequeue p shows "y"
                      e6   s1  +0.000000s  enqueue q y
                      e8   s1  +0.000000s  enqueue p y
                      e10  s1  +0.000000s  dequeue q shows "x"
            proof     Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (1979)"#]],
    );
    // A queue and a counter: each alone has an order, both together have none.
    check("0 1..2 enqueue 1\n0 3..4 count c 1\n1 5..6 read c = 1\n1 7..8 dequeue = 1", expect!["holds"]);
    check(
        "0 1..2 enqueue 1\n0 3..4 read c =\n1 5..6 count c 1\n1 7..8 dequeue =",
        expect![[r#"
        expected  all see one order, in which everybody's own operations stand as they were done
        found     no order of these 4 that respects their sessions explains them
        events    e0  s0  +0.000000s  enqueue 1
                  e2  s0  +0.000000s  read c shows nothing
                  e4  s1  +0.000000s  add 1 to c
                  e6  s1  +0.000000s  dequeue shows nothing
        proof     Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (1979)"#]],
    );
    check(
        "0 1..2 acquire\n0 3..4 add s 1\n1 5..6 read s = 1\n1 7..8 acquire",
        expect![[r#"
        expected  all see one order, in which everybody's own operations stand as they were done
        found     no order of these 2 that respects their sessions explains them
        events    e0  s0  +0.000000s  acquire
                  e6  s1  +0.000000s  acquire
        proof     Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (1979)"#]],
    );
    check(
        "0 1..2 write x 1\n0 3..4 jump 5\n1 5..6 enqueue 1",
        expect!["unknown: operation 1: a queue has no operation `jump 5`"],
    );
}

/// Hands out the smallest number that nobody holds.
struct Slots;

impl Specification for Slots {
    type Operation = (bool, u32);
    type State = BTreeSet<u32>;

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        _texts: &mut Names,
    ) -> Result<Option<(bool, u32)>, String> {
        let number = |text: &String| text.parse().map_err(|_| format!("`{text}` is no slot"));
        match (call, answer) {
            (Call::Other { argument, .. }, Answer::Done) => Ok(Some((false, number(argument)?))),
            (_, Answer::Shows([slot])) => Ok(Some((true, number(slot)?))),
            _ => Ok(None),
        }
    }

    fn init(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }

    fn step(&self, held: &BTreeSet<u32>, (takes, slot): &(bool, u32)) -> Option<BTreeSet<u32>> {
        let mut next = held.clone();
        let is_right = if *takes {
            (0..).find(|free| !held.contains(free)) == Some(*slot) && next.insert(*slot)
        } else {
            next.remove(slot)
        };
        is_right.then_some(next)
    }
}

#[test]
fn an_object_of_ones_own_takes_a_few_lines() {
    let word = |text| Linearizable::judge_as(&Slots, &history(text), &mut patience()).word();
    assert_eq!(word("0 1..4 take = 1\n1 1..4 take = 0\n0 5..6 give 1\n1 7..8 take = 1"), "holds");
    assert_eq!(word("0 1..2 take = 1\n1 3..4 take = 0"), "violated");
    assert_eq!(word("0 1..2 take = x"), "unknown");
    let sequential =
        Sequential::judge_as(&Slots, &history("0 1..2 take = 1\n1 3..4 take = 0"), &mut patience());
    assert_eq!(sequential, Finding::Holds);
}

/// Session, gap, length, kind, value, answer.
pub(crate) type Drawn = (u8, u8, u8, u8, u8, u8);

/// A random history of one object: `word` makes the call and what it shows of three numbers.
pub(crate) fn from_drawn(drawn: &[Drawn], word: impl Fn(u8, u8, u8) -> String) -> History {
    let mut now = [0; 3];
    let mut sessions = [0, 1, 2];
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (whose, gap, length, kind, value, answer) in drawn {
        let whose = usize::from(whose % 3);
        let invoked = now[whose] + u64::from(gap % 4) + 1;
        let is_open = length % 8 == 7;
        let returned = invoked + u64::from(length % 8);
        let times = if is_open { format!("{invoked}..") } else { format!("{invoked}..{returned}") };
        lines.push((invoked, format!("{} {times} {}", sessions[whose], word(*kind, *value, *answer))));
        now[whose] = if is_open { invoked } else { returned };
        // Whoever does not know the end of an operation goes on in another session.
        sessions[whose] += if is_open { 3 } else { 0 };
    }
    lines.sort();
    history(&lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
}

fn agrees<S: Specification>(
    spec: &S,
    history: &History,
    object: Option<Object>,
) -> Result<(), TestCaseError> {
    shifted::histories(history).iter().try_for_each(|history| agrees_as_it_is(spec, history, object))
}

fn agrees_as_it_is<S: Specification>(
    spec: &S,
    history: &History,
    object: Option<Object>,
) -> Result<(), TestCaseError> {
    let ops = orders::of_history(spec, history).expect("all are operations of it");
    let twins = [Rule::Linearizable, Rule::Sequential].map(|rule| orders::is_explained(spec, &ops, rule));
    let shown =
        || history.operations().iter().map(|operation| format!("{operation:?}\n")).collect::<String>();
    let findings = [
        Linearizable::judge_as(spec, history, &mut patience()),
        Sequential::judge_as(spec, history, &mut patience()),
    ];
    for (finding, twin) in findings.iter().zip(twins) {
        prop_assert_eq!(finding.word(), if twin { "holds" } else { "violated" }, "{}", shown());
        if let Finding::Violated(anomaly) = finding {
            let kept = anomaly.transactions.iter().map(|id| history.operations()[id.index()].clone());
            let mut kept: Vec<_> = kept.collect();
            kept.sort_by_key(|operation| operation.invoked.event);
            let ops = orders::of_history(spec, &History::new(kept)).expect("they were before");
            let rule =
                if std::ptr::eq(finding, &findings[0]) { Rule::Linearizable } else { Rule::Sequential };
            prop_assert!(!orders::is_explained(spec, &ops, rule), "no evidence: {anomaly:?} of\n{}", shown());
        }
    }
    if let Some(object) = object {
        let recorded = Recorded::from(history).with_object(object);
        for (model, finding) in ["linearizable", "sequential"].iter().zip(&findings) {
            let model = models::find(model).expect("it is there");
            prop_assert_eq!(model.judge(&recorded, &mut patience()).word(), finding.word(), "{}", shown());
        }
    }
    Ok(())
}

pub(crate) fn number(value: u8) -> u8 {
    value % 3
}

/// Mostly `done`, sometimes it failed.
fn done(answer: u8) -> &'static str {
    if answer.is_multiple_of(8) { " = failed" } else { "" }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_twin_agrees_on_registers(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 3 {
            0 => format!("write x {}{}", number(value), done(answer)),
            1 => format!("set x {} {}{}", number(value), number(answer), done(value)),
            _ => format!("read x = {}", number(answer)),
        });
        agrees(&Register { failed_set: FailedSet::AssertsMismatch }, &history, None)?;
        agrees(&Register::default(), &history, Some(Object::Register))?;
    }

    #[test]
    fn the_twin_agrees_on_queues(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 5 {
            0..=1 => format!("enqueue {}{}", number(value), done(answer)),
            2 => "dequeue =".to_owned(),
            _ => format!("dequeue = {}", number(answer)),
        });
        agrees(&Queue, &history, Some(Object::Queue))?;
    }

    #[test]
    fn the_twin_agrees_on_mutexes(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let history = from_drawn(&drawn, |kind, _, answer| {
            format!("{}{}", if kind % 2 == 0 { "acquire" } else { "release" }, done(answer))
        });
        agrees(&Mutex, &history, Some(Object::Mutex))?;
    }

    #[test]
    fn the_twin_agrees_on_counters(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 3 {
            0 => format!("count c {}{}", i32::from(number(value)) - 1, done(answer)),
            1 => format!("count c {} = {}", number(value), number(answer)),
            _ => format!("read c = {}", number(answer)),
        });
        agrees(&Counter, &history, Some(Object::Counter))?;
    }

    #[test]
    fn the_twin_agrees_on_lists(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 3 {
            0 | 1 => format!("append x {}{}", number(value), done(answer)),
            _ => format!("read x = {}", ["", "0", "1", "0 1", "1 0", "2 0"][usize::from(answer % 6)]),
        });
        agrees(&List, &history, Some(Object::List))?;
    }

    #[test]
    fn the_twin_agrees_on_texts(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 4 {
            0 => format!("append x {}{}", number(value), done(answer)),
            1 => format!("write x {}{}", number(value), done(answer)),
            _ => format!("read x = {}", ["", "0", "1", "0 1", "1 0", "2 0", "0 0"][usize::from(answer % 7)]),
        });
        agrees(&Text, &history, Some(Object::Text))?;
    }

    #[test]
    fn the_twin_agrees_on_sets(drawn in proptest::collection::vec(any::<Drawn>(), 1..7), whole in any::<bool>()) {
        let told = |answer: u8| ["", " = true", " = false", " = failed"][usize::from(answer % 4)];
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 4 {
            0 => format!("add s {}{}", number(value), told(answer)),
            1 => format!("remove s {}{}", number(value), told(answer)),
            2 if whole => format!("read s = {}", ["", "0", "1", "0 1", "2"][usize::from(answer % 5)]),
            _ => format!("contains s {} = {}", number(value), answer % 2 == 0),
        });
        agrees(&Set, &history, Some(Object::Set))?;
    }
}

#[test]
fn sessions_and_history_of_one_record_name_the_same_operations() {
    let history = history("0 1..2 write x a\n1 1.. read x\n1 3..4 read x =");
    let sessions = Sessions::of(&history).expect("reads and writes");
    let both = Recorded::from(&sessions).with_history(&history);
    assert_eq!(
        told("linearizable", &both),
        told("linearizable", &Recorded::from(&history))
            .replace("write x = \"a\"", "w(x,a)")
            .replace("read x shows nothing", "r(x,nil)")
    );
}

#[test]
fn only_the_first_puts_if_absent() {
    let judged = |text: &str| {
        let history = history(text);
        let sessions = Sessions::of(&history).expect("a register");
        let recorded = [Recorded::from(&history), Recorded::from(&sessions)];
        recorded.map(|recorded| {
            let recorded = recorded.with_failed_set(FailedSet::AssertsMismatch);
            told("linearizable", &recorded).lines().nth(1).unwrap_or("holds").trim().to_owned()
        })
    };
    let first = "0 1..2 put-if-absent x a\n";
    expect![[r#"
        found     no order of these 2 that respects their times explains them; none gets further than s1 {r(x,nil) w(x,b)}
        found     no order of these 2 that respects their times explains them; none gets further than s1 {r(x,nil) w(x,b)}"#]].assert_eq(&judged(&format!("{first}1 3..4 put-if-absent x b")).join("\n"));
    expect![[r#"
        holds
        holds"#]]
    .assert_eq(&judged(&format!("{first}1 3..4 put-if-absent x b = failed\n1 5..6 read x = a")).join("\n"));
    expect![[r#"
        found     no order explains s0 {r(x,nil) w(x,a)}!
        found     no order explains s0 {r(x,nil) w(x,a)}!"#]]
    .assert_eq(&judged("0 1..2 put-if-absent x a = failed").join("\n"));
}
