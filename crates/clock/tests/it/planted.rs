//! Broken clocks, each with one mistake that somebody has made before: the judge must name the law each one breaks.

use std::cell::Cell;
use std::cmp;
use std::collections::BTreeMap;
use std::rc::Rc;

use constellation_clock::bytes::{Kind, Limits, Reader, Wire, Writer};
use constellation_clock::laws::{self, Budget, Refusals, Verdict};
use constellation_clock::{Clock, Error, ExactStamp, Group, Ordering, Possible, Stamp};
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
}

/// Where the planted clocks' counters end.
const CEILING: u64 = 6;

/// A vector clock as a student writes it, with room for a mistake.
struct Student {
    node: u32,
    counters: BTreeMap<u32, u64>,
    bug: Bug,
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
        Student { node, counters: known.map(|node| (node, 0)).collect(), bug }
    }

    fn tick(&mut self) -> Result<(), &'static str> {
        let own = self.counters.entry(self.node).or_default();
        match (*own == CEILING, self.bug) {
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
        if self.bug != Bug::ForgetsTickOnReceive {
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
            (false, true) => Ordering::After,
            (false, false) => Ordering::Concurrent,
        }
    }
}

impl Stamp for StudentStamp {
    fn possible(&self, other: &StudentStamp) -> Possible {
        match self.bug {
            Bug::ComparesWithoutLooking => Possible::ANY,
            Bug::DoubtsOnlyOneWay if self.counters.len() > other.counters.len() => Possible::ANY,
            _ => Possible::from(self.compare(other)),
        }
    }
}

impl PartialEq for StudentStamp {
    fn eq(&self, other: &StudentStamp) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl PartialOrd for StudentStamp {
    fn partial_cmp(&self, other: &StudentStamp) -> Option<cmp::Ordering> {
        let relation = self.compare(other);
        if self.bug == Bug::SortsBackwards { relation.reversed().to_partial() } else { relation.to_partial() }
    }
}

fn check_student(bug: Bug, expected: Expect) {
    let budget = Budget { refusals: Refusals::Skip, ..Budget::STANDARD };
    expected.assert_eq(&laws::check_exact(&budget, |node| Student::new(node, bug)).to_string());
}

#[test]
fn student_without_a_mistake_passes() {
    check_student(Bug::None, expect!["holds in 7048 schedules, 110581 comparisons"]);
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
    check_student(Bug::DoubtsOnlyOneWay, expect![[r#"
        broken law: mirror: asked the other way round, the answer is the other way round
        expected {AFTER}, found {BEFORE, AFTER, EQUAL, CONCURRENT}
          node 0: send m0, stamped {0: 1}
          node 1: receive m0, stamped {0: 1, 1: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
    "#]]);
    check_student(Bug::ComparesWithoutLooking, expect![[r#"
        broken law: exactness: compare gives the true relation
        expected BEFORE, found EQUAL
          node 0: event, stamped {0: 1}
          node 0: event, stamped {0: 2}
        smallest schedule:
          0. node 0: event
          1. node 0: event
    "#]]);
    check_student(Bug::SortsBackwards, expect![[r#"
        broken law: partial order: partial_cmp agrees with compare
        expected Some(Less), found Some(Greater)
          node 0: event, stamped {0: 1}
          node 0: event, stamped {0: 2}
        smallest schedule:
          0. node 0: event
          1. node 0: event
    "#]]);
}

#[test]
fn broken_bookkeeping_is_caught_by_the_law_it_breaks() {
    check_student(
        Bug::ForgetsTickOnReceive,
        expect![[r#"
        broken law: message order: a send may be before its receipt
        expected BEFORE among the possible, found {EQUAL}
          node 0: send m0, stamped {0: 1}
          node 1: receive m0, stamped {0: 1}
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
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
        broken law: local order: an earlier event of a node may be before a later one
        expected BEFORE among the possible, found {AFTER}
          node 3: event, stamped {3: 1}
          node 3: event, stamped {3: 0}
        smallest schedule:
          0. node 3: event
          1. node 3: event
          2. node 3: event
          3. node 3: event
          4. node 3: event
          5. node 3: event
          6. node 3: event
    "#]],
    );
}

/// Mistakes of clocks with a time and a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TimeBug {
    ObservesWithoutAStep,
    IgnoresCountersOfEqualTimes,
    RefusesByAbsoluteDifference,
    ClaimsSmallerIsBefore,
    WrapsItsCounter,
    SortsByNodeFirst,
}

/// A hybrid clock as it is often written; with a wall that stands still it is a Lamport clock.
struct Timed {
    node: u32,
    wall: Rc<Cell<u64>>,
    step_ns: u64,
    physical: u64,
    logical: u64,
    bug: TimeBug,
}

#[derive(Clone, Eq, PartialEq)]
struct TimedStamp {
    time: (u64, u64),
    node: u32,
    bug: TimeBug,
}

impl std::fmt::Debug for TimedStamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} on {}", self.time, self.node)
    }
}

impl Timed {
    fn advance(&mut self, message: (u64, u64)) -> TimedStamp {
        self.wall.set(self.wall.get() + self.step_ns);
        let (own, wall) = ((self.physical, self.logical), self.wall.get());
        self.physical = own.0.max(message.0).max(wall);
        let received = message != (0, 0);
        self.logical = match (self.physical == own.0, self.physical == message.0) {
            (true, true) if self.bug == TimeBug::IgnoresCountersOfEqualTimes => own.1 + 1,
            (true, true) if self.bug == TimeBug::ObservesWithoutAStep => own.1.max(message.1),
            (true, true) => own.1.max(message.1) + 1,
            (true, false) => own.1 + 1,
            (false, true) => message.1 + u64::from(self.bug != TimeBug::ObservesWithoutAStep || !received),
            (false, false) => 0,
        };
        if self.bug == TimeBug::WrapsItsCounter {
            self.logical %= 4;
        }
        TimedStamp { time: (self.physical, self.logical), node: self.node, bug: self.bug }
    }
}

impl Clock for Timed {
    type Stamp = TimedStamp;
    type Message = (u64, u64);
    type Error = &'static str;

    fn event(&mut self) -> Result<TimedStamp, &'static str> {
        Ok(self.advance((0, 0)))
    }

    fn send(&mut self) -> Result<(TimedStamp, (u64, u64)), &'static str> {
        let stamp = self.advance((0, 0));
        let time = stamp.time;
        Ok((stamp, time))
    }

    fn receive(&mut self, message: &(u64, u64)) -> Result<TimedStamp, &'static str> {
        if self.bug == TimeBug::RefusesByAbsoluteDifference && self.wall.get().abs_diff(message.0) > 2 {
            return Err("drift of more than 2 ns");
        }
        Ok(self.advance(*message))
    }
}

impl Stamp for TimedStamp {
    fn possible(&self, other: &TimedStamp) -> Possible {
        let certain = self.bug == TimeBug::ClaimsSmallerIsBefore;
        let doubt = if certain { Possible::NONE } else { Possible::CONCURRENT };
        match self.time.cmp(&other.time) {
            cmp::Ordering::Less => Possible::BEFORE | doubt,
            cmp::Ordering::Greater => Possible::AFTER | doubt,
            cmp::Ordering::Equal if self.node == other.node => Possible::EQUAL,
            cmp::Ordering::Equal => Possible::CONCURRENT,
        }
    }
}

impl PartialOrd for TimedStamp {
    fn partial_cmp(&self, other: &TimedStamp) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimedStamp {
    fn cmp(&self, other: &TimedStamp) -> cmp::Ordering {
        if self.bug == TimeBug::SortsByNodeFirst {
            return (self.node, self.time).cmp(&(other.node, other.time));
        }
        (self.time, self.node).cmp(&(other.time, other.node))
    }
}

fn check_timed(bug: TimeBug, expected: Expect) {
    let step_ns = u64::from(bug == TimeBug::RefusesByAbsoluteDifference);
    let wall = Rc::new(Cell::new(1));
    let verdict = laws::check_total(&Budget::STANDARD, |node| {
        // One true time for all, which goes on from schedule to schedule.
        Timed { node, wall: Rc::clone(&wall), step_ns, physical: 0, logical: 0, bug }
    });
    expected.assert_eq(&verdict.to_string());
}

#[test]
fn broken_times_are_caught_by_the_law_they_break() {
    check_timed(
        TimeBug::ObservesWithoutAStep,
        expect![[r#"
        broken law: message order: a send may be before its receipt
        expected BEFORE among the possible, found {CONCURRENT}
          node 0: send m0, stamped (1, 0) on 0
          node 1: receive m0, stamped (1, 0) on 1
        smallest schedule:
          0. node 0: send m0
          1. node 1: receive m0
    "#]],
    );
    check_timed(
        TimeBug::IgnoresCountersOfEqualTimes,
        expect![[r#"
        broken law: message order: a send may be before its receipt
        expected BEFORE among the possible, found {CONCURRENT}
          node 0: send m0, stamped (1, 1) on 0
          node 1: receive m0, stamped (1, 1) on 1
        smallest schedule:
          0. node 0: event
          1. node 0: send m0
          2. node 1: event
          3. node 1: receive m0
    "#]],
    );
    check_timed(
        TimeBug::WrapsItsCounter,
        expect![[r#"
        broken law: local order: an earlier event of a node may be before a later one
        expected BEFORE among the possible, found {EQUAL}
          node 0: event, stamped (1, 0) on 0
          node 0: event, stamped (1, 0) on 0
        smallest schedule:
          0. node 0: event
          1. node 0: event
          2. node 0: event
          3. node 0: event
          4. node 0: event
    "#]],
    );
}

#[test]
fn broken_claims_about_times_are_caught_by_the_law_they_break() {
    check_timed(
        TimeBug::ClaimsSmallerIsBefore,
        expect![[r#"
        broken law: concurrency: concurrent events may be concurrent
        expected CONCURRENT among the possible, found {AFTER}
          node 0: event, stamped (1, 1) on 0
          node 1: event, stamped (1, 0) on 1
        smallest schedule:
          0. node 0: event
          1. node 0: event
          2. node 1: event
    "#]],
    );
    check_timed(
        TimeBug::SortsByNodeFirst,
        expect![[r#"
        broken law: linear extension: the total order extends happened-before without ties
        expected an order for BEFORE, found Greater
          node 1: send m0, stamped (1, 0) on 1
          node 0: receive m0, stamped (1, 1) on 0
        smallest schedule:
          0. node 1: send m0
          1. node 0: receive m0
    "#]],
    );
    check_timed(
        TimeBug::RefusesByAbsoluteDifference,
        expect![[r#"
        broken law: acceptance: no operation of an honest node is refused
        expected a stamp, found "drift of more than 2 ns"
          node 1: receive m0
        smallest schedule:
          0. node 0: send m0
          1. node 0: event
          2. node 0: event
          3. node 0: event
          4. node 1: receive m0
    "#]],
    );
}

/// Mistakes of formats.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum WireBug {
    None,
    AcceptsLongVarints,
    CutsTo32Bits,
    IgnoresTheLastBit,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Counter<const BUG: usize>(u64);

const BUGS: [WireBug; 4] =
    [WireBug::None, WireBug::AcceptsLongVarints, WireBug::CutsTo32Bits, WireBug::IgnoresTheLastBit];

impl<const BUG: usize> Wire for Counter<BUG> {
    const KIND: Kind = Kind::LamportStamp;

    fn write(&self, writer: &mut Writer) {
        let cut = BUGS[BUG] == WireBug::CutsTo32Bits;
        writer.varint(if cut { self.0 & 0xffff_ffff } else { self.0 });
    }

    fn read(reader: &mut Reader<'_>, _: &Limits, _: Option<&Group>) -> Result<Counter<BUG>, Error> {
        Ok(Counter(match BUGS[BUG] {
            WireBug::AcceptsLongVarints => {
                let (mut value, mut shift) = (0, 0);
                loop {
                    let byte = reader.byte()?;
                    value |= u64::from(byte & 0x7f) << shift;
                    shift = (shift + 7).min(56);
                    if byte < 0x80 {
                        break value;
                    }
                }
            }
            WireBug::IgnoresTheLastBit => reader.varint()? & !1,
            WireBug::None | WireBug::CutsTo32Bits => reader.varint()?,
        }))
    }
}

#[test]
fn broken_formats_are_caught_by_the_law_they_break() {
    let check = |verdict: Verdict, expected: Expect| expected.assert_eq(&verdict.to_string());
    check(
        laws::check_wire(&[Counter::<0>(300), Counter(1 << 40)]),
        expect!["holds in 2 schedules, 116 comparisons"],
    );
    check(
        laws::check_wire(&[Counter::<1>(300), Counter(1 << 40)]),
        expect![[r#"
        broken law: canonical bytes: what decodes is what encoding it again gives
        expected 01 ac 00, found 01 2c
    "#]],
    );
    check(
        laws::check_wire(&[Counter::<2>(300), Counter(1 << 40)]),
        expect![[r#"
        broken law: round trip: what is encoded decodes to the same
        expected Counter(1099511627776), found Counter(0)
    "#]],
    );
    check(
        laws::check_wire(&[Counter::<3>(300), Counter(1 << 40)]),
        expect![[r#"
        broken law: canonical bytes: what decodes is what encoding it again gives
        expected 01 ad 02, found 01 ac 02
    "#]],
    );
}
