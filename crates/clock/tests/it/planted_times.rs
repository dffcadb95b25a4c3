//! Broken times, formats and stores, each with one mistake that somebody has made before: the judge must name the law.

use std::cell::Cell;
use std::cmp;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;
use std::rc::Rc;

use constellation_clock::bytes::{Kind, Limits, Reader, Wire, Writer};
use constellation_clock::laws::{self, Effort, Outcome, Refusals};
use constellation_clock::lease::{Store, StoreFault};
use constellation_clock::{Clock, Error, Group, LamportStamp, NamedLamport, Possible, Stamp};
use expect_test::{Expect, expect};

/// Mistakes of clocks with a time and a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TimeBug {
    ObservesWithoutAStep,
    IgnoresCountersOfEqualTimes,
    RefusesByAbsoluteDifference,
    ClaimsSmallerIsBefore,
    WrapsItsCounter,
    SortsByNodeFirst,
    SortsAlwaysLess,
    CallsEqualTimesEqual,
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

#[derive(Clone)]
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

impl PartialEq for TimedStamp {
    fn eq(&self, other: &TimedStamp) -> bool {
        self.time == other.time && (self.node == other.node || self.bug == TimeBug::CallsEqualTimesEqual)
    }
}

impl Eq for TimedStamp {}

impl PartialOrd for TimedStamp {
    fn partial_cmp(&self, other: &TimedStamp) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimedStamp {
    fn cmp(&self, other: &TimedStamp) -> cmp::Ordering {
        if self.bug == TimeBug::SortsAlwaysLess && (self.time, self.node) != (other.time, other.node) {
            return cmp::Ordering::Less;
        }
        if self.bug == TimeBug::SortsByNodeFirst {
            return (self.node, self.time).cmp(&(other.node, other.time));
        }
        (self.time, self.node).cmp(&(other.time, other.node))
    }
}

fn check_timed(bug: TimeBug, expected: Expect) {
    let step_ns = u64::from(bug == TimeBug::RefusesByAbsoluteDifference);
    let wall = Rc::new(Cell::new(1));
    let outcome = laws::check_total(&Effort::STANDARD, |node| {
        // One true time for all, which goes on from schedule to schedule.
        Timed { node, wall: Rc::clone(&wall), step_ns, physical: 0, logical: 0, bug }
    });
    expected.assert_eq(&outcome.to_string());
}

#[test]
fn broken_times_are_caught_by_the_law_they_break() {
    check_timed(
        TimeBug::ObservesWithoutAStep,
        expect![[r#"
            broken law: message order: a send may be before its receipt
            expected BEFORE among the possible, found {EQUAL}
              node 0: send m0, stamped (1, 0) on 0
              node 0: receive m0, stamped (1, 0) on 0
            smallest schedule:
              0. node 0: send m0
              1. node 0: receive m0
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
              node 0: receive m0
            smallest schedule:
              0. node 0: send m0
              1. node 0: event
              2. node 0: event
              3. node 0: event
              4. node 0: receive m0
        "#]],
    );
}

#[test]
fn broken_orders_of_times_are_caught_by_the_law_they_break() {
    check_timed(
        TimeBug::SortsAlwaysLess,
        expect![[r#"
        broken law: linear extension: the total order extends happened-before without ties
        expected Greater the other way round, found Less
          node 0: event, stamped (1, 0) on 0
          node 0: event, stamped (1, 1) on 0
        smallest schedule:
          0. node 0: event
          1. node 0: event
    "#]],
    );
    check_timed(
        TimeBug::CallsEqualTimesEqual,
        expect![[r#"
        broken law: equality: == holds of one event and itself, and of no two
        expected not equal, found equal
          node 0: event, stamped (1, 0) on 0
          node 1: event, stamped (1, 0) on 1
        smallest schedule:
          0. node 0: event
          1. node 1: event
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
    WritesItsHistory,
}

#[derive(Clone, Copy, Debug)]
struct Counter<const BUG: usize>(u64);

const BUGS: [WireBug; 5] = [
    WireBug::None,
    WireBug::AcceptsLongVarints,
    WireBug::CutsTo32Bits,
    WireBug::IgnoresTheLastBit,
    WireBug::WritesItsHistory,
];

/// Equal up to the last digit, where the bug is that writing and hashing do not know of it.
impl<const BUG: usize> PartialEq for Counter<BUG> {
    fn eq(&self, other: &Counter<BUG>) -> bool {
        let digit = if BUGS[BUG] == WireBug::WritesItsHistory { 10 } else { 1 };
        self.0 / digit == other.0 / digit
    }
}

impl<const BUG: usize> Eq for Counter<BUG> {}

impl<const BUG: usize> Hash for Counter<BUG> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

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
            WireBug::None | WireBug::CutsTo32Bits | WireBug::WritesItsHistory => reader.varint()?,
        }))
    }
}

#[test]
fn broken_formats_are_caught_by_the_law_they_break() {
    let check = |outcome: Outcome, expected: Expect| expected.assert_eq(&outcome.to_string());
    check(
        laws::check_wire(&[Counter::<0>(300), Counter(1 << 40)], &Limits::STANDARD),
        expect!["holds in 2 schedules, 116 comparisons, 116 decided"],
    );
    check(
        laws::check_wire(&[Counter::<1>(300), Counter(1 << 40)], &Limits::STANDARD),
        expect![[r#"
        broken law: canonical bytes: what decodes is what encoding it again gives
        expected 01 ac 00, found 01 2c
    "#]],
    );
    check(
        laws::check_wire(&[Counter::<2>(300), Counter(1 << 40)], &Limits::STANDARD),
        expect![[r#"
        broken law: round trip: what is encoded decodes to the same
        expected Counter(1099511627776), found Counter(0)
    "#]],
    );
    check(
        laws::check_wire(&[Counter::<3>(300), Counter(1 << 40)], &Limits::STANDARD),
        expect![[r#"
        broken law: canonical bytes: what decodes is what encoding it again gives
        expected 01 ad 02, found 01 ac 02
    "#]],
    );
    check(
        laws::check_wire(&[Counter::<4>(300), Counter(301)], &Limits::STANDARD),
        expect![[r#"
        broken law: equal bytes: equal things have equal bytes
        expected 01 ac 02, found 01 ad 02
    "#]],
    );
    check(
        laws::check_hash(&[Counter::<4>(300), Counter(301)]),
        expect![[r#"
        broken law: equal hash: equal things hash alike
        expected Counter(300) and Counter(301) to hash alike, found two hashes
    "#]],
    );
    check(
        laws::check_hash(&[Counter::<0>(300), Counter(300)]),
        expect!["holds in 2 schedules, 1 comparisons, 1 decided"],
    );
}

#[test]
fn sample_beyond_the_limits_is_no_fault_of_the_format() {
    let long = [LamportStamp::new(1, "n".repeat(300).as_str()).expect("valid")];
    let outcome = laws::check_wire(&long, &Limits { name_bytes_max: 300, ..Limits::STANDARD });
    assert!(matches!(outcome, Outcome::Holds { .. }), "{outcome}");
}

/// A store that says yes to every write, and keeps what is written only up to the `kept_max`-th.
#[derive(Default)]
struct Regressing {
    record: Option<Vec<u8>>,
    writes: u32,
    kept_max: u32,
}

impl Store for Regressing {
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.record.clone())
    }

    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault> {
        self.writes += 1;
        if self.writes <= self.kept_max {
            self.record = Some(record.to_vec());
        }
        Ok(())
    }
}

#[test]
fn store_that_regresses_is_caught_as_a_repetition_after_the_restart() {
    let block = NonZeroU64::new(2).expect("not zero");
    let check = |kept_max, expected: Expect| {
        let effort = Effort { refusals: Refusals::Skip, ..Effort::STANDARD };
        let store = || Regressing { kept_max, ..Regressing::default() };
        let outcome = laws::check_restart(&effort, block, store, |node| {
            NamedLamport::new(["a", "b", "c", "d"][node as usize])
        });
        expected.assert_eq(&outcome.to_string());
    };
    check(u32::MAX, expect!["holds in 100 schedules, 3791 comparisons, 3791 decided"]);
    check(
        1,
        expect![[r#"
        broken law: restart: a later life repeats no stamp and goes back behind none
        expected BEFORE among the possible, found {EQUAL}
          issued LamportStamp { time: 3, node: "a" }
          and later LamportStamp { time: 3, node: "a" }
        smallest schedule:
          0. node 0: send m0
          1. node 0: event
          2. node 0: receive m0
          3. node 2: receive m0
          4. node 0: restart
          5. node 0: send m1
    "#]],
    );
}
