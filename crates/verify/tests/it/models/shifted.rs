//! Histories moved to the end of time, where one that is over at the last of all times is told from one that never is.

use constellation_trace::{History, Sessions, Transaction, TrueTime};
use constellation_verify::models::{self, Object, Recorded};

use super::objects::{history, patience};
use super::{judge, sessions};

/// When the last of a history begins or ends.
const LASTS: [u64; 2] = [u64::MAX, u64::MAX - 1];

/// The history, and the same as late as can be, and one before that.
pub(crate) fn histories(history: &History) -> Vec<History> {
    let times = history
        .operations()
        .iter()
        .flat_map(|operation| [Some(operation.invoked.at), operation.returned_at()].into_iter().flatten());
    let last = times.map(|at| at.ns()).max().unwrap_or(0);
    let later = LASTS.into_iter().map(|end| {
        let mut operations = history.operations().to_vec();
        let shift = |at: &mut TrueTime| *at = TrueTime::from_ns(at.ns() + (end - last));
        for operation in &mut operations {
            shift(&mut operation.invoked.at);
            operation.completed.iter_mut().for_each(|(moment, _)| shift(&mut moment.at));
        }
        History::new(operations)
    });
    std::iter::once(history.clone()).chain(later).collect()
}

/// The same of sessions.
pub(crate) fn of_sessions(all: &Sessions) -> Vec<Sessions> {
    let transactions = || all.ids().map(|id| (id, all.transaction(id)));
    let times = transactions().flat_map(|(_, one)| [one.invoked, one.returned]);
    let last = times.filter(|at| *at != Transaction::NEVER).max().unwrap_or(0);
    let later = LASTS.into_iter().map(|end| {
        let mut moved = all.sub(&[]);
        for (id, one) in transactions() {
            let shift = |at: u64| if at == Transaction::NEVER { at } else { at + (end - last) };
            let [invoked, returned] = [one.invoked, one.returned].map(shift);
            moved.push(Transaction { invoked, returned, ..one }, all.accesses(id)).expect("in order");
        }
        moved
    });
    std::iter::once(all.sub(&all.ids().collect::<Vec<_>>())).chain(later).collect()
}

#[test]
fn what_is_over_at_the_last_of_all_times_was_over() {
    let check = |object, text: &str, expected: &str| {
        let linearizable = models::find("linearizable").expect("it is there");
        let text = text.replace("MAX", &u64::MAX.to_string());
        let history = history(&text);
        let recorded = Recorded::from(&history).with_object(object);
        assert_eq!(linearizable.judge(&recorded, &mut patience()).word(), expected, "{text}");
    };
    check(Object::Queue, "0 0..1 enqueue 1\n1 4..MAX dequeue =", "violated");
    check(Object::Queue, "0 0..1 enqueue 1\n0 2..3 enqueue 2\n1 4..MAX dequeue = 2", "violated");
    check(Object::Queue, "0 0..1 enqueue 1\n1 4..MAX dequeue =\n2 MAX..MAX dequeue = 1", "holds");
    check(Object::Set, "0 0..1 add 1\n1 4..MAX contains 1 = false", "violated");
    check(Object::Set, "0 0..1 add 1\n1 4..MAX contains 1 = false\n2 MAX..MAX remove 1", "holds");
    // The one that is open never was.
    check(Object::Mutex, "0 1.. acquire\n1 2..MAX acquire", "holds");
    check(Object::Mutex, "0 1..MAX acquire\n1 2..MAX acquire", "violated");
}

#[test]
fn of_registers_the_last_two_times_are_two() {
    let last = [u64::MAX - 1, u64::MAX];
    let check = |ends: [u64; 2], expected: &str| {
        let [written, read] = ends;
        let text = format!("a w(x,1)@0..1 w(x,2)@10..{written}\nb r(x,1)@{read}..{}", u64::MAX);
        assert_eq!(judge("linearizable", &sessions(&text)).word(), expected, "{text}");
    };
    check(last, "violated");
    check([last[0], last[0]], "holds");
    check([last[1], last[1]], "holds");
    // Nor is there any before 0 but that of the initial value.
    let first = sessions("a w(x,1)@0..0\nb r(x,nil)@1..2");
    assert_eq!(judge("linearizable", &first).word(), "violated");
    let touching = sessions("a w(x,1)@0..0\nb r(x,nil)@0..2");
    assert_eq!(judge("linearizable", &touching).word(), "holds");
    let beside = sessions("a w(x,1)@0..5\nb r(x,nil)@10..12");
    assert_eq!(judge("linearizable", &beside).word(), "violated");
}
