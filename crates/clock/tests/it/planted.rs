//! Broken vector clocks, each with one mistake that somebody has made before: the judge must name the law it breaks.

use std::cmp;
use std::collections::BTreeMap;

use constellation_clock::laws::{self, Effort, Outcome, Refusals};
use constellation_clock::{Clock, ExactStamp, Ordering, Possible, Stamp};
use expect_test::{Expect, expect};

/// The mistakes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Bug {
    None,
    ComparesByLength,
    ForgetsTickOnReceive,
    ForgetsMerge,
    WrapsAtItsCeiling,
    TakesZeroForAnEntry,
    ReplacesInsteadOfMerging,
    CallsEqualClocksConcurrent,
    TicksAfterSending,
    DoubtsOnlyOneWay,
    ComparesWithoutLooking,
    SortsBackwards,
    NeverAnswersAfter,
    IsNeverEqual,
    RefusesItsOwnEcho,
    ExcludesNothing,
    MergesBeforeItRefuses,
}

/// Where the planted clocks' counters end.
const CEILING: u64 = 6;

/// A vector clock as a student writes it, with room for a mistake.
struct Student {
    node: u32,
    counters: BTreeMap<u32, u64>,
    ceiling: u64,
    bug: Bug,
}

impl std::fmt::Debug for Student {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counters.fmt(formatter)
    }
}

#[derive(Clone)]
struct StudentStamp {
    counters: BTreeMap<u32, u64>,
    bug: Bug,
}

impl std::fmt::Debug for StudentStamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counters.fmt(formatter)
    }
}

impl Student {
    fn new(node: u32, bug: Bug) -> Student {
        // The first node knows the others' names from the start, and writes zeros beside them.
        let known = if bug == Bug::TakesZeroForAnEntry && node == 0 { 0..4 } else { 0..0 };
        Student { node, counters: known.map(|node| (node, 0)).collect(), ceiling: CEILING, bug }
    }

    /// One that never runs out.
    fn roomy(node: u32, bug: Bug) -> Student {
        Student { ceiling: u64::MAX, ..Student::new(node, bug) }
    }

    /// One that can do a single thing.
    fn full(node: u32, bug: Bug) -> Student {
        Student { ceiling: 1, ..Student::new(node, bug) }
    }

    fn tick(&mut self) -> Result<(), &'static str> {
        let own = self.counters.entry(self.node).or_default();
        match (*own == self.ceiling, self.bug) {
            (true, Bug::WrapsAtItsCeiling) => *own = 0,
            (true, _) => return Err("exhausted"),
            (false, _) => *own += 1,
        }
        Ok(())
    }

    fn stamp(&self) -> StudentStamp {
        StudentStamp { counters: self.counters.clone(), bug: self.bug }
    }
}

impl Clock for Student {
    type Stamp = StudentStamp;
    type Message = BTreeMap<u32, u64>;
    type Error = &'static str;

    fn event(&mut self) -> Result<StudentStamp, &'static str> {
        self.tick()?;
        Ok(self.stamp())
    }

    fn send(&mut self) -> Result<(StudentStamp, BTreeMap<u32, u64>), &'static str> {
        let before = self.counters.clone();
        self.tick()?;
        let message = if self.bug == Bug::TicksAfterSending { before } else { self.counters.clone() };
        Ok((self.stamp(), message))
    }

    fn receive(&mut self, message: &BTreeMap<u32, u64>) -> Result<StudentStamp, &'static str> {
        let own = self.counters.get(&self.node);
        if self.bug == Bug::RefusesItsOwnEcho && message.get(&self.node).is_some_and(|seen| Some(seen) == own)
        {
            return Err("that is what we sent");
        }
        if !matches!(self.bug, Bug::ForgetsTickOnReceive | Bug::MergesBeforeItRefuses) {
            self.tick()?;
        }
        for (node, counter) in message.iter().filter(|entry| *entry.1 > 0 && self.bug != Bug::ForgetsMerge) {
            let entry = self.counters.entry(*node).or_default();
            let is_own = *node == self.node;
            *entry = if self.bug == Bug::ReplacesInsteadOfMerging && !is_own {
                *counter
            } else {
                (*entry).max(*counter)
            };
        }
        if self.bug == Bug::MergesBeforeItRefuses {
            self.tick()?;
        }
        Ok(self.stamp())
    }
}

impl ExactStamp for StudentStamp {
    fn compare(&self, other: &StudentStamp) -> Ordering {
        let (left, right) = (&self.counters, &other.counters);
        if self.bug == Bug::ComparesByLength && left.len() != right.len() {
            return if left.len() < right.len() { Ordering::Before } else { Ordering::After };
        }
        if self.bug == Bug::ComparesWithoutLooking {
            return Ordering::Equal;
        }
        let is_zero_seen = self.bug == Bug::TakesZeroForAnEntry;
        let covered = |of: &BTreeMap<u32, u64>, by: &BTreeMap<u32, u64>| {
            of.iter().all(|(node, counter)| match by.get(node) {
                Some(other) => counter <= other,
                None => *counter == 0 && !is_zero_seen,
            })
        };
        match (covered(left, right), covered(right, left)) {
            (true, true) if self.bug == Bug::CallsEqualClocksConcurrent => Ordering::Concurrent,
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Before,
            (false, true) if self.bug == Bug::NeverAnswersAfter => Ordering::Concurrent,
            (false, true) => Ordering::After,
            (false, false) => Ordering::Concurrent,
        }
    }
}

impl Stamp for StudentStamp {
    fn possible(&self, other: &StudentStamp) -> Possible {
        match self.bug {
            Bug::ComparesWithoutLooking | Bug::NeverAnswersAfter | Bug::ExcludesNothing => Possible::ANY,
            Bug::DoubtsOnlyOneWay if self.counters.len() > other.counters.len() => Possible::ANY,
            _ => Possible::from(self.compare(other)),
        }
    }
}

impl PartialEq for StudentStamp {
    fn eq(&self, other: &StudentStamp) -> bool {
        self.compare(other) == Ordering::Equal && self.bug != Bug::IsNeverEqual
    }
}

impl PartialOrd for StudentStamp {
    fn partial_cmp(&self, other: &StudentStamp) -> Option<cmp::Ordering> {
        let relation = self.compare(other);
        if self.bug == Bug::SortsBackwards { relation.reversed().to_partial() } else { relation.to_partial() }
    }
}

fn check_student(bug: Bug, expected: Expect) {
    let effort = Effort { refusals: Refusals::Skip, ..Effort::STANDARD };
    expected.assert_eq(&laws::check_exact(&effort, |node| Student::new(node, bug)).to_string());
}

#[test]
fn student_without_a_mistake_passes() {
    check_student(Bug::None, expect!["holds in 12240 schedules, 179819 comparisons, 179819 decided"]);
}

#[test]
fn broken_comparisons_are_caught_by_the_law_they_break() {
    check_student(
        Bug::ComparesByLength,
        expect![[r#"
        broken law: concurrency: concurrent events may be concurrent
        expected CONCURRENT among the possible, found {BEFORE}
          node 0: event, stamped {0: 2}
          node 1: receive m0, stamped {0: 1, 1: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 0: event
          2. node 1: receive m0
    "#]],
    );
    check_student(
        Bug::TakesZeroForAnEntry,
        expect![[r#"
        broken law: message order: a send may be before its receipt
        expected BEFORE among the possible, found {CONCURRENT}
          node 0: send m0, stamped {0: 1, 1: 0, 2: 0, 3: 0}
          node 1: receive m0, stamped {0: 1, 1: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
    "#]],
    );
    check_student(
        Bug::CallsEqualClocksConcurrent,
        expect![[r#"
        broken law: same event: a stamp may equal itself
        expected EQUAL among the possible, found {CONCURRENT}
          node 0: event, stamped {0: 1}
        smallest schedule:
          0. node 0: event
    "#]],
    );
}

#[test]
fn broken_answers_are_caught_by_the_law_they_break() {
    check_student(
        Bug::DoubtsOnlyOneWay,
        expect![[r#"
        broken law: mirror: asked the other way round, the answer is the other way round
        expected {AFTER}, found {BEFORE, AFTER, EQUAL, CONCURRENT}
          node 0: send m0, stamped {0: 1}
          node 1: receive m0, stamped {0: 1, 1: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
    "#]],
    );
    check_student(
        Bug::ComparesWithoutLooking,
        expect![[r#"
        broken law: exactness: compare gives the true relation
        expected BEFORE, found EQUAL
          node 0: event, stamped {0: 1}
          node 0: event, stamped {0: 2}
        smallest schedule:
          0. node 0: event
          1. node 0: event
    "#]],
    );
    check_student(
        Bug::NeverAnswersAfter,
        expect![[r#"
        broken law: exactness: compare gives the true relation
        expected AFTER, found CONCURRENT
          node 0: event, stamped {0: 2}
          node 0: event, stamped {0: 1}
        smallest schedule:
          0. node 0: event
          1. node 0: event
    "#]],
    );
    check_student(
        Bug::IsNeverEqual,
        expect![[r#"
        broken law: equality: == holds of one event and itself, and of no two
        expected equal, found not equal
          node 0: event, stamped {0: 1}
        smallest schedule:
          0. node 0: event
    "#]],
    );
    check_student(
        Bug::SortsBackwards,
        expect![[r#"
        broken law: partial order: partial_cmp agrees with compare
        expected Some(Less), found Some(Greater)
          node 0: event, stamped {0: 1}
          node 0: event, stamped {0: 2}
        smallest schedule:
          0. node 0: event
          1. node 0: event
    "#]],
    );
}

#[test]
fn stamp_that_excludes_nothing_is_sound_and_the_judge_shows_what_it_is_worth() {
    let outcome = laws::check(&Effort::STANDARD, |node| Student::roomy(node, Bug::ExcludesNothing));
    expect!["holds in 12240 schedules, 233235 comparisons, 0 decided"].assert_eq(&outcome.to_string());
    let outcome = laws::check(&Effort::STANDARD, |node| Student::roomy(node, Bug::None));
    expect!["holds in 12240 schedules, 233235 comparisons, 233235 decided"].assert_eq(&outcome.to_string());
}

#[test]
fn clock_that_refuses_its_own_echo_is_caught() {
    let outcome = laws::check(&Effort::STANDARD, |node| Student::roomy(node, Bug::RefusesItsOwnEcho));
    expect![[r#"
        broken law: acceptance: no operation of an honest node is refused
        expected a stamp, found "that is what we sent"
          node 0: receive m0
        smallest schedule:
          0. node 0: send m0
          1. node 0: receive m0
    "#]]
    .assert_eq(&outcome.to_string());
}

#[test]
fn clock_that_absorbs_what_it_refuses_is_caught() {
    let check = |bug, expected: Expect| {
        let forged = [BTreeMap::from([(9, 9)])];
        expected.assert_eq(
            &laws::check_refusal(&Effort::STANDARD, &forged, |node| Student::full(node, bug)).to_string(),
        );
    };
    check(Bug::None, expect!["holds in 12240 schedules, 81940 comparisons, 81940 decided"]);
    check(
        Bug::MergesBeforeItRefuses,
        expect![[r#"
        broken law: clean refusal: what is refused leaves the clock as it was
        expected {0: 1}, found {0: 1, 9: 9}
          forged: {9: 9}
          refused: "exhausted"
        smallest schedule:
          0. node 0: event
    "#]],
    );
    let nothing_to_refuse =
        laws::check_refusal(&Effort::STANDARD, &[], |node| Student::roomy(node, Bug::None));
    expect!["unknown: there was nothing to judge"].assert_eq(&nothing_to_refuse.to_string());
}

#[test]
fn judge_asks_for_no_more_nodes_than_it_was_given() {
    for nodes in 0..4 {
        let effort = Effort { nodes, ..Effort::STANDARD };
        let outcome = laws::check_exact(&effort, |node| {
            assert!(node < nodes, "node {node} of {nodes}");
            Student::roomy(node, Bug::None)
        });
        assert_eq!(matches!(outcome, Outcome::Holds { .. }), nodes > 0, "{outcome}");
    }
}

#[test]
fn broken_bookkeeping_is_caught_by_the_law_it_breaks() {
    check_student(
        Bug::ForgetsTickOnReceive,
        expect![[r#"
            broken law: message order: a send may be before its receipt
            expected BEFORE among the possible, found {EQUAL}
              node 0: send m0, stamped {0: 1}
              node 0: receive m0, stamped {0: 1}
            smallest schedule:
              0. node 0: send m0
              1. node 0: receive m0
        "#]],
    );
    check_student(
        Bug::ForgetsMerge,
        expect![[r#"
        broken law: message order: a send may be before its receipt
        expected BEFORE among the possible, found {CONCURRENT}
          node 0: send m0, stamped {0: 1}
          node 1: receive m0, stamped {1: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
    "#]],
    );
    check_student(
        Bug::ReplacesInsteadOfMerging,
        expect![[r#"
        broken law: causal chain: what a chain of messages connects may be so ordered
        expected BEFORE among the possible, found {CONCURRENT}
          node 0: send m1, stamped {0: 2}
          node 1: receive m0, stamped {0: 1, 1: 2}
        smallest schedule:
          0. node 0: send m0
          1. node 0: send m1
          2. node 1: receive m1
          3. node 1: receive m0
    "#]],
    );
}

#[test]
fn broken_counting_is_caught_by_the_law_it_breaks() {
    check_student(
        Bug::TicksAfterSending,
        expect![[r#"
        broken law: message order: a send may be before its receipt
        expected BEFORE among the possible, found {CONCURRENT}
          node 0: send m0, stamped {0: 1}
          node 1: receive m0, stamped {1: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
    "#]],
    );
    check_student(
        Bug::WrapsAtItsCeiling,
        expect![[r#"
            broken law: message order: a send may be before its receipt
            expected BEFORE among the possible, found {EQUAL}
              node 0: send m0, stamped {0: 5}
              node 0: receive m0, stamped {0: 5}
            smallest schedule:
              0. node 0: event
              1. node 0: event
              2. node 0: event
              3. node 0: event
              4. node 0: send m0
              5. node 0: event
              6. node 0: receive m0
        "#]],
    );
}
