//! Every family keeps every law, behind one trait, under one judge, on one generic node.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::rc::Rc;

use constellation_clock::laws::{self, Effort, Outcome, Refusals};
use constellation_clock::lease::{Leased, MemoryStore, Resumable};
use constellation_clock::{
    Ahead, CEILING, Clock, DottedClock, DriftPolicy, Group, HybridClock, HybridStamp, HybridTime,
    LamportStamp, NamedLamport, PhysicalTime, Stamp, VectorClock, VectorStamp, WallUnreadable,
};
use expect_test::expect;

const NAMES: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];

fn name(node: u32) -> &'static str {
    NAMES[node as usize]
}

fn assert_holds(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Holds { .. }), "{outcome}");
}

/// A wall of one's own that goes wherever a small generator says: forward, back, nowhere.
fn erratic_wall(node: u32) -> impl FnMut() -> Result<PhysicalTime, WallUnreadable> {
    let mut now = 1_000 * u64::from(node);
    move || {
        now = now.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Ok(PhysicalTime::from_ns((now >> 33) % 100))
    }
}

const TRUSTING: DriftPolicy = DriftPolicy { remote: Ahead::Unbounded, local: Ahead::Unbounded };

#[test]
fn lamport_clocks_keep_the_laws() {
    assert_holds(&laws::check_total(&Effort::STANDARD, |node| NamedLamport::new(name(node))));
}

#[test]
fn vector_clocks_keep_the_laws_in_a_group_and_alone() {
    let group = Group::new(NAMES);
    assert_holds(&laws::check_exact(&Effort::STANDARD, |node| group.clock(name(node)).expect("a member")));
    assert_holds(&laws::check_exact(&Effort::STANDARD, |node| VectorClock::new(name(node))));
    // Some in the group that is never freed, some in one that is, some alone.
    let forever = Group::forever(NAMES);
    assert_holds(&laws::check_exact(&Effort::STANDARD, |node| match node {
        0 => VectorClock::new(name(node)),
        1 => group.clock(name(node)).expect("a member"),
        _ => forever.clock(name(node)).expect("a member"),
    }));
}

#[test]
fn large_vector_clocks_keep_the_laws() {
    let names: Vec<String> = (0..70).map(|node| format!("node{node}")).collect();
    let group = Group::new(names.iter().map(String::as_str));
    let effort = Effort { nodes: 12, steps: 60, schedules: 20, ..Effort::STANDARD };
    assert_holds(&laws::check_exact(&effort, |node| group.clock(&names[node as usize]).expect("a member")));
}

#[test]
fn dotted_clocks_keep_the_laws_in_a_group_and_alone() {
    let group = Group::new(NAMES);
    assert_holds(&laws::check_exact(&Effort::STANDARD, |node| group.dotted(name(node)).expect("a member")));
    assert_holds(&laws::check_exact(&Effort::STANDARD, |node| DottedClock::new(name(node))));
}

#[test]
fn hybrid_clocks_keep_the_laws_whatever_their_walls_do() {
    let frozen = || Ok(PhysicalTime::from_ns(7));
    assert_holds(&laws::check_total(&Effort::STANDARD, |node| {
        HybridClock::new(name(node), TRUSTING, frozen)
    }));
    assert_holds(&laws::check_total(&Effort::STANDARD, |node| {
        HybridClock::new(name(node), TRUSTING, erratic_wall(node))
    }));
    // One true time for all, a second a reading, and the standard guard: late messages are not refused.
    let now = Rc::new(Cell::new(0_u64));
    assert_holds(&laws::check_total(&Effort::STANDARD, |node| {
        let now = Rc::clone(&now);
        HybridClock::new(name(node), DriftPolicy::STANDARD, move || {
            now.set(now.get() + 1_000_000_000);
            Ok(PhysicalTime::from_ns(now.get()))
        })
    }));
}

#[test]
fn clocks_that_run_out_refuse_and_never_lie() {
    let effort = Effort { refusals: Refusals::Skip, ..Effort::STANDARD };
    assert_holds(&laws::check_total(&effort, |node| {
        let mut clock = NamedLamport::new(name(node));
        clock.skip_to(CEILING - 3);
        clock
    }));
    assert_holds(&laws::check_exact(&effort, |node| {
        let mut clock = VectorClock::new(name(node));
        clock.merge_stamp(&VectorStamp::from_entries([(name(node), CEILING - 3)]).expect("valid"));
        clock
    }));
    assert_holds(&laws::check_total(&effort, |node| {
        let mut wall = erratic_wall(node);
        let unreliable = move || {
            wall().and_then(|time| if time.as_ns() % 3 == 0 { Err(WallUnreadable) } else { Ok(time) })
        };
        HybridClock::new(name(node), DriftPolicy { remote: Ahead::Within { ns: 20 }, ..TRUSTING }, unreliable)
    }));
}

/// Messages that no honest peer sends to `pacific` and the others.
fn forged_vectors() -> Vec<VectorStamp> {
    let forge = |entries: &[(&str, u64)]| VectorStamp::from_entries(entries.iter().copied()).expect("valid");
    NAMES.iter().map(|name| forge(&[(name, 1_000), ("forger", 7)])).collect()
}

#[test]
fn refused_messages_and_events_leave_every_clock_as_it_was() {
    let forged =
        [LamportStamp::new(CEILING, "forger"), LamportStamp::new(u64::from(u32::MAX) << 10, "forger")];
    let forged = forged.map(|stamp| stamp.expect("valid"));
    assert_holds(&laws::check_refusal(&Effort::STANDARD, &forged, |node| NamedLamport::new(name(node))));
    assert_holds(&laws::check_refusal(&Effort::STANDARD, &forged_vectors(), |node| {
        VectorClock::new(name(node))
    }));
    let group = Group::new(NAMES);
    assert_holds(&laws::check_refusal(&Effort::STANDARD, &forged_vectors(), |node| {
        group.dotted(name(node)).expect("a member")
    }));
    let far = HybridTime::new(PhysicalTime::from_ns(600_000_000), 0).expect("valid");
    assert_holds(&laws::check_refusal(&Effort::STANDARD, &[HybridStamp::new(far, "forger")], |node| {
        HybridClock::new(name(node), DriftPolicy::STANDARD, erratic_wall(node))
    }));
    let block = NonZeroU64::MIN;
    assert_holds(&laws::check_refusal(&Effort::STANDARD, &forged, |node| {
        Leased::start(NamedLamport::new(name(node)), MemoryStore::default(), block)
            .expect("nothing is on record")
    }));
}

#[test]
fn restarts_repeat_no_stamp_whatever_walls_do() {
    for size in [1, 2, 7, 1_000] {
        let block = NonZeroU64::new(size).expect("not zero");
        let lamport = |node| NamedLamport::new(name(node));
        assert_holds(&laws::check_restart(&Effort::STANDARD, block, MemoryStore::default, lamport));
        let hybrid = |node| HybridClock::new(name(node), TRUSTING, erratic_wall(node));
        assert_holds(&laws::check_restart(&Effort::STANDARD, block, MemoryStore::default, hybrid));
    }
}

#[test]
fn judge_without_a_budget_does_not_know() {
    let nothing = Effort { nodes: 0, steps: 0, schedules: 0, tiny_steps: 0, refusals: Refusals::Violate };
    let outcome = laws::check(&nothing, |node| NamedLamport::new(name(node)));
    expect!["unknown: there was nothing to judge"].assert_eq(&outcome.to_string());
}

/// One node, any clock: what `submit` and `run` need of it.
struct Node<C: Clock> {
    clock: C,
    log: Vec<C::Stamp>,
}

impl<C: Clock> Node<C> {
    fn submit(&mut self) -> C::Message {
        let (stamp, message) = self.clock.send().expect("an honest run");
        self.log.push(stamp);
        message
    }

    fn receive(&mut self, message: &C::Message) {
        self.log.push(self.clock.receive(message).expect("an honest run"));
    }
}

/// Pacific tells two others, one of them replies; how the reply stands to a fourth's own event.
fn story<C: Clock>(make: impl FnMut(u32) -> C) -> String {
    let clocks: Vec<C> = (0..4).map(make).collect();
    let mut nodes: Vec<Node<C>> = clocks.into_iter().map(|clock| Node { clock, log: Vec::new() }).collect();
    let news = nodes[0].submit();
    nodes[1].receive(&news);
    let reply = nodes[1].submit();
    nodes[0].receive(&reply);
    nodes[3].submit();
    let (told, heard, alone) = (&nodes[0].log[0], &nodes[0].log[1], &nodes[3].log[0]);
    format!("{} {}", told.possible(heard), heard.possible(alone))
}

#[test]
fn one_generic_node_runs_every_family_unchanged() {
    let lamport = story(|node| NamedLamport::new(name(node)));
    let vector = story(|node| VectorClock::new(name(node)));
    let dotted = story(|node| DottedClock::new(name(node)));
    let hybrid = story(|node| HybridClock::new(name(node), TRUSTING, || Ok(PhysicalTime::from_ns(1))));
    expect![[r#"
        lamport {BEFORE} {AFTER, CONCURRENT}
        vector  {BEFORE} {CONCURRENT}
        dotted  {BEFORE} {CONCURRENT}
        hybrid  {BEFORE} {AFTER, CONCURRENT}
    "#]]
    .assert_eq(&format!("lamport {lamport}\nvector  {vector}\ndotted  {dotted}\nhybrid  {hybrid}\n"));
}
