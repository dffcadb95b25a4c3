//! The catalog shows as many siblings as were really written concurrently, and never more.

use std::collections::{BTreeMap, BTreeSet};

use constellation_clock::bytes::Limits;
use constellation_clock::{Catalog, Context, Dot, Error, Identity, Reconciled, Update};
use expect_test::{Expect, expect};
use proptest::prelude::*;

const NODES: [&str; 3] = ["pacific", "indian_ocean", "atlantic"];
const KEY: &str = "MSS-17";

/// One replica of one key, by whatever means; values are the numbers of writes.
trait Replicated {
    type Update: Clone;
    type Context: Clone + Default;

    fn new(name: &str) -> Self;
    fn read(&self) -> (BTreeSet<usize>, Self::Context);
    fn put(&mut self, write: usize, context: &Self::Context) -> Self::Update;
    /// `None` where it refuses, because something held was not seen.
    fn resolve(&mut self, write: usize, context: &Self::Context) -> Option<Self::Update>;
    fn receive(&mut self, update: &Self::Update);
    fn sync(&mut self, other: &mut Self);
}

impl Replicated for Catalog<usize> {
    type Update = Update<usize>;
    type Context = Context;

    fn new(name: &str) -> Self {
        Catalog::new(name)
    }

    fn read(&self) -> (BTreeSet<usize>, Context) {
        let reading = self.get(KEY);
        (reading.values.into_iter().collect(), reading.context)
    }

    fn put(&mut self, write: usize, context: &Context) -> Update<usize> {
        self.put(KEY, write, context).expect("nobody impersonates anybody here")
    }

    fn resolve(&mut self, write: usize, context: &Context) -> Option<Update<usize>> {
        self.resolve(KEY, write, context).ok()
    }

    fn receive(&mut self, update: &Update<usize>) {
        let _ = self.reconcile(update).expect("nobody impersonates anybody here");
    }

    fn sync(&mut self, other: &mut Self) {
        self.sync(other).expect("nobody impersonates anybody here");
    }
}

/// What can be done; numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// A client remembers what the replica shows.
    Read { at: usize },
    /// Somebody writes with what a client remembers from its `reading`-th reading; 0 is having seen nothing.
    Write { at: usize, reading: usize },
    /// The same, as a decision.
    Resolve { at: usize, reading: usize },
    /// An update arrives: any one sent so far, so it may be late, or once more, or never.
    Deliver { update: usize, at: usize },
    /// Two replicas compare notes.
    Sync { one: usize, other: usize },
}

/// The truth: which writes each replica has heard of, and which each write was made knowing. It has no clock.
#[derive(Default)]
struct Model {
    heard: [BTreeSet<usize>; 3],
    pasts: Vec<BTreeSet<usize>>,
}

impl Model {
    fn write(&mut self, at: usize, seen: &BTreeSet<usize>) -> usize {
        let write = self.pasts.len();
        self.pasts.push(seen.clone());
        self.heard[at].extend(seen);
        self.heard[at].insert(write);
        write
    }

    fn shown(&self, at: usize) -> BTreeSet<usize> {
        let superseded: BTreeSet<_> = self.heard[at].iter().flat_map(|write| &self.pasts[*write]).collect();
        self.heard[at].iter().filter(|write| !superseded.contains(write)).copied().collect()
    }
}

/// Runs `ops` on three replicas and on the model; says where they part first.
fn check<R: Replicated>(ops: &[Op]) -> Result<(), String> {
    let mut replicas = NODES.map(R::new);
    let mut model = Model::default();
    let mut readings = vec![(R::Context::default(), BTreeSet::new())];
    let mut updates: Vec<(R::Update, BTreeSet<usize>)> = Vec::new();
    for (step, op) in ops.iter().enumerate() {
        match *op {
            Op::Read { at } => readings.push((replicas[at % 3].read().1, model.heard[at % 3].clone())),
            Op::Write { at, reading } => {
                let (at, (context, seen)) = (at % 3, readings[reading % readings.len()].clone());
                let write = model.write(at, &seen);
                updates.push((replicas[at].put(write, &context), model.heard[at].clone()));
            }
            Op::Resolve { at, reading } => {
                let (at, (context, seen)) = (at % 3, readings[reading % readings.len()].clone());
                let is_due = model.shown(at).is_subset(&seen);
                let update = replicas[at].resolve(model.pasts.len(), &context);
                if update.is_some() != is_due {
                    let what = if is_due { "refused" } else { "took" };
                    return Err(format!(
                        "step {step}: {} {what} the decision {}",
                        NODES[at],
                        model.pasts.len()
                    ));
                }
                if let Some(update) = update {
                    model.write(at, &seen);
                    updates.push((update, model.heard[at].clone()));
                }
            }
            Op::Deliver { update, at } if !updates.is_empty() => {
                let (update, heard) = &updates[update % updates.len()];
                replicas[at % 3].receive(update);
                model.heard[at % 3].extend(heard);
            }
            Op::Sync { one, other } if one % 3 != other % 3 => {
                let (low, high) = ((one % 3).min(other % 3), (one % 3).max(other % 3));
                let (left, right) = replicas.split_at_mut(high);
                left[low].sync(&mut right[0]);
                let both: BTreeSet<_> = model.heard[low].union(&model.heard[high]).copied().collect();
                model.heard[low].clone_from(&both);
                model.heard[high] = both;
            }
            Op::Deliver { .. } | Op::Sync { .. } => {}
        }
        for (at, replica) in replicas.iter().enumerate() {
            let (expected, shown) = (model.shown(at), replica.read().0);
            if shown != expected {
                let name = NODES[at];
                return Err(format!("step {step}: {name} shows {shown:?}, expected {expected:?}"));
            }
        }
    }
    Ok(())
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0..3_usize).prop_map(|at| Op::Read { at }),
        3 => (0..3_usize, 0..8_usize).prop_map(|(at, reading)| Op::Write { at, reading }),
        1 => (0..3_usize, 0..8_usize).prop_map(|(at, reading)| Op::Resolve { at, reading }),
        4 => (0..16_usize, 0..3_usize).prop_map(|(update, at)| Op::Deliver { update, at }),
        1 => (0..3_usize, 0..3_usize).prop_map(|(one, other)| Op::Sync { one, other }),
    ];
    proptest::collection::vec(op, 0..40)
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn siblings_are_exactly_the_concurrent_writes_whatever_is_lost_doubled_or_overtaken(ops in ops()) {
        prop_assert_eq!(check::<Catalog<usize>>(&ops), Ok(()));
    }

    #[test]
    fn an_update_is_exactly_its_bytes(ops in ops(), values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 40)) {
        let mut catalogs = NODES.map(Catalog::<Vec<u8>>::new);
        let mut contexts = vec![Context::default()];
        for (op, value) in ops.iter().zip(values) {
            if let Op::Write { at, reading } = *op {
                let update = catalogs[at % 3].put(KEY, value, &contexts[reading % contexts.len()]).expect("honest");
                let bytes = update.encode();
                prop_assert_eq!(Update::decode(&bytes, &Limits::STANDARD), Ok(update.clone()));
                for end in 0..bytes.len() {
                    prop_assert!(Update::decode(&bytes[..end], &Limits::STANDARD).is_err());
                }
                let other = (at + 1) % 3;
                let _ = catalogs[other].reconcile(&update).expect("honest");
                contexts.push(catalogs[other].get(KEY).context);
            }
        }
    }

    #[test]
    fn a_catalog_refuses_exactly_what_its_decoder_would_refuse(ops in ops(), entries_max in 1..4_u32) {
        let limits = Limits { entries_max, ..Limits::STANDARD };
        let mut catalogs = NODES.map(Catalog::<Vec<u8>>::new);
        let mut contexts = vec![Context::default()];
        let mut updates: Vec<Update<Vec<u8>>> = Vec::new();
        for op in ops {
            let (at, is_taken) = match op {
                Op::Write { at, reading } | Op::Resolve { at, reading } => {
                    let (at, context) = (at % 3, &contexts[reading % contexts.len()]);
                    let mut limited = catalogs[at].clone().with_limits(limits);
                    updates.push(catalogs[at].put(KEY, vec![7], context).expect("there is room"));
                    (at, limited.put(KEY, vec![7], context).is_ok())
                }
                Op::Deliver { update, at } if !updates.is_empty() => {
                    let (at, update) = (at % 3, &updates[update % updates.len()]);
                    let mut limited = catalogs[at].clone().with_limits(limits);
                    let _ = catalogs[at].reconcile(update).expect("there is room");
                    (at, limited.reconcile(update).is_ok())
                }
                Op::Read { at } | Op::Sync { one: at, .. } | Op::Deliver { at, .. } => {
                    contexts.push(catalogs[at % 3].get(KEY).context);
                    continue;
                }
            };
            let told = catalogs[at].updates().next().expect("something is held");
            prop_assert_eq!(Update::decode(&told.encode(), &limits).is_ok(), is_taken);
        }
    }

    #[test]
    fn what_decodes_is_canonical(prefix in 0..3_usize, mut bytes in proptest::collection::vec(0..6_u8, 0..40)) {
        // Bytes near valid ones: the right first byte, an empty key, small numbers.
        if prefix > 0 {
            bytes.splice(0..0, [0x21, 0, 1, 1, b'a']);
        }
        if let Ok(update) = Update::decode(&bytes, &Limits::STANDARD) {
            prop_assert_eq!(update.encode(), bytes);
            prop_assert!(update.dots().all(|dot| dot.counter <= update.seen().get(dot.node.as_str())));
        }
    }
}

#[test]
fn one_round_of_anti_entropy_converges_and_a_second_changes_nothing() {
    let (mut pacific, mut atlantic) = (Catalog::new("pacific"), Catalog::new("atlantic"));
    let blind = Context::default();
    for key in ["MSS-17", "MSS-23"] {
        pacific.put(key, format!("{key} by pacific"), &blind).expect("honest");
    }
    atlantic.put("MSS-23", "by atlantic".to_owned(), &blind).expect("honest");
    let synced = pacific.sync(&mut atlantic).expect("honest");
    let words = |changes: &[(String, Reconciled<String>)]| -> Vec<String> {
        changes.iter().map(|(key, what)| format!("{key} {what}")).collect()
    };
    assert_eq!(words(&synced.here), ["MSS-23 CONCURRENT"]);
    assert_eq!(words(&synced.there), ["MSS-17 ADOPTED", "MSS-23 CONCURRENT"]);
    let before = (pacific.clone(), atlantic.clone());
    let again = pacific.sync(&mut atlantic).expect("honest");
    assert!(again.here.is_empty() && again.there.is_empty());
    assert_eq!((pacific, atlantic), before);
}

#[test]
fn what_an_update_did_is_said_in_one_word() {
    type Texts = Catalog<&'static str>;
    let check = |with: &dyn Fn(&mut Texts, &mut Texts) -> Update<&'static str>, expected: Expect| {
        let (mut here, mut there) = (Catalog::new("here"), Catalog::new("there"));
        let update = with(&mut here, &mut there);
        let word = here.reconcile(&update).expect("honest");
        expected.assert_eq(&format!("{word}: {word:?}"));
    };
    let blind = Context::default();
    check(
        &|_, there| there.put(KEY, "new", &Context::default()).expect("honest"),
        expect![[r#"ADOPTED: Adopted { superseded: [] }"#]],
    );
    check(
        &|here, there| {
            here.put(KEY, "ours", &blind).expect("honest");
            there.put(KEY, "theirs", &blind).expect("honest")
        },
        expect![[r#"CONCURRENT: Concurrent { held: ["ours"], arrived: ["theirs"] }"#]],
    );
    check(
        &|here, there| {
            let ours = here.put(KEY, "ours", &blind).expect("honest");
            let _ = there.reconcile(&ours).expect("honest");
            let context = there.get(KEY).context;
            there.put(KEY, "theirs", &context).expect("honest")
        },
        expect![[r#"ADOPTED: Adopted { superseded: ["ours"] }"#]],
    );
    check(
        &|here, there| {
            let theirs = there.put(KEY, "theirs", &blind).expect("honest");
            let _ = here.reconcile(&theirs).expect("honest");
            let context = here.get(KEY).context;
            here.put(KEY, "ours", &context).expect("honest");
            theirs
        },
        expect![[r#"STALE: Stale"#]],
    );
    check(
        &|here, there| {
            let theirs = there.put(KEY, "theirs", &blind).expect("honest");
            let _ = here.reconcile(&theirs).expect("honest");
            theirs
        },
        expect![[r#"DUPLICATE: Duplicate"#]],
    );
}

#[test]
fn two_owners_of_one_identity_are_found_out_and_nothing_is_learnt_from_them() {
    let blind = Context::default();
    let mut pacific = Catalog::new("pacific");
    let update = pacific.put(KEY, "ours", &blind).expect("honest");
    let mut amnesiac = Catalog::new("pacific");
    let before = amnesiac.clone();
    let refused = amnesiac.reconcile(&update).expect_err("it has not made that write");
    expect!["somebody counted to 1 as pacific, which is us, at 0"].assert_eq(&refused.to_string());
    assert_eq!(amnesiac, before);

    // Both go on writing, and meet at a third.
    let theirs = amnesiac.put(KEY, "theirs", &blind).expect("it does not know better");
    let mut atlantic = Catalog::new("atlantic");
    let _ = atlantic.reconcile(&update).expect("the first is believed");
    let before = atlantic.clone();
    let refused = atlantic.reconcile(&theirs).expect_err("one dot, two values");
    expect!["two values for the write (pacific, 1): the identity pacific has two owners"]
        .assert_eq(&refused.to_string());
    assert!(atlantic.sync(&mut amnesiac).is_err());
    assert_eq!(atlantic, before);

    // The remedy: a new incarnation is somebody else, to whom the old writes are news.
    let next = Identity::from("pacific").next_incarnation().expect("there are lives left");
    let mut reborn = Catalog::new(next);
    assert_eq!(reborn.reconcile(&update).expect("honest").to_string(), "ADOPTED");
}

#[test]
fn a_decision_that_has_not_seen_everything_is_refused_and_names_what() {
    let (mut pacific, mut atlantic) = (Catalog::new("pacific"), Catalog::new("atlantic"));
    pacific.put(KEY, 1, &Context::default()).expect("honest");
    let reading = pacific.get(KEY);
    let update = atlantic.put(KEY, 2, &Context::default()).expect("honest");
    let _ = pacific.reconcile(&update).expect("honest");
    let refused = pacific.resolve(KEY, 3, &reading.context).expect_err("atlantic's was not seen");
    expect![[r#"the decision on "MSS-17" has not seen (atlantic, 1)"#]].assert_eq(&refused.to_string());
    assert_eq!(pacific.get(KEY).values, [2, 1]);
}

#[test]
fn a_catalog_never_holds_what_its_decoder_refuses() {
    let limits = Limits { entries_max: 3, name_bytes_max: 8 };
    let mut pacific = Catalog::new("pacific").with_limits(limits);
    let blind = Context::default();
    for write in 0..3_u8 {
        let update = pacific.put(KEY, vec![write], &blind).expect("there is room");
        assert_eq!(Update::decode(&update.encode(), &limits), Ok(update));
    }
    let before = pacific.clone();
    let check = |refused: Result<Update<Vec<u8>>, Error>, expected: Expect| {
        expected.assert_eq(&refused.expect_err("no decoder would take it").to_string());
    };
    check(
        pacific.put(KEY, vec![3], &blind),
        expect![[r#"no replica could be told of "MSS-17": 4 entries, at most 3 are allowed"#]],
    );
    check(
        pacific.put("attitudes", vec![3], &blind),
        expect![[r#"no replica could be told of "attitudes": a name of 9 bytes, at most 8 are allowed"#]],
    );
    check(
        Catalog::new("indian_ocean").with_limits(limits).put(KEY, vec![3], &blind),
        expect![[r#"no replica could be told of "MSS-17": a name of 12 bytes, at most 8 are allowed"#]],
    );
    let mut atlantic = Catalog::new("atlantic").with_limits(limits);
    let theirs = atlantic.put(KEY, vec![9], &blind).expect("there is room");
    let refused = pacific.reconcile(&theirs).expect_err("four siblings");
    expect![[r#"no replica could be told of "MSS-17": 4 entries, at most 3 are allowed"#]]
        .assert_eq(&refused.to_string());
    assert!(pacific.sync(&mut atlantic).is_err());
    assert_eq!(pacific, before);
    // A decision makes room, and then both replicas agree.
    let context = pacific.get(KEY).context;
    pacific.resolve(KEY, vec![7], &context).expect("everything was seen");
    pacific.sync(&mut atlantic).expect("two siblings");
    assert_eq!(pacific.get(KEY).values, atlantic.get(KEY).values);
}

#[test]
fn bytes_that_would_erase_a_key_are_refused() {
    // Kind, empty key, one entry a:5, no siblings.
    let refused = Update::<Vec<u8>>::decode(&[0x21, 0, 1, 1, b'a', 5, 0], &Limits::STANDARD);
    expect!["malformed input at byte 7: a key has no value"]
        .assert_eq(&refused.expect_err("refused").to_string());
}

/// The bug of the attitude overwrite: the later time wins.
struct LastWriteWins {
    name: String,
    time: u64,
    held: Option<(u64, String, usize)>,
}

impl Replicated for LastWriteWins {
    type Update = (u64, String, usize);
    type Context = ();

    fn new(name: &str) -> Self {
        LastWriteWins { name: name.to_owned(), time: 0, held: None }
    }

    fn read(&self) -> (BTreeSet<usize>, ()) {
        (self.held.iter().map(|held| held.2).collect(), ())
    }

    fn put(&mut self, write: usize, (): &()) -> Self::Update {
        self.time += 1;
        let update = (self.time, self.name.clone(), write);
        self.receive(&update);
        update
    }

    fn resolve(&mut self, write: usize, context: &()) -> Option<Self::Update> {
        Some(self.put(write, context))
    }

    fn receive(&mut self, update: &Self::Update) {
        self.time = self.time.max(update.0);
        self.held = self.held.take().max(Some(update.clone()));
    }

    fn sync(&mut self, other: &mut Self) {
        let (ours, theirs) = (self.held.clone(), other.held.clone());
        theirs.iter().for_each(|theirs| self.receive(theirs));
        ours.iter().for_each(|ours| other.receive(ours));
    }
}

/// What goes wrong with an honest catalog inside.
trait Bug {
    const BUG: BugKind;
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum BugKind {
    IgnoresContext,
    DecidesUnseen,
    Resurrects,
}

struct Buggy<B> {
    catalog: Catalog<usize>,
    /// Values that came by anti-entropy, kept whatever supersedes them.
    copied: BTreeSet<usize>,
    bug: std::marker::PhantomData<B>,
}

impl<B: Bug> Replicated for Buggy<B> {
    type Update = Update<usize>;
    type Context = Context;

    fn new(name: &str) -> Self {
        Buggy { catalog: Catalog::new(name), copied: BTreeSet::new(), bug: std::marker::PhantomData }
    }

    fn read(&self) -> (BTreeSet<usize>, Context) {
        let (shown, context) = self.catalog.read();
        (shown.union(&self.copied).copied().collect(), context)
    }

    fn put(&mut self, write: usize, context: &Context) -> Update<usize> {
        let blind = Context::default();
        let context = if B::BUG == BugKind::IgnoresContext { &blind } else { context };
        Replicated::put(&mut self.catalog, write, context)
    }

    fn resolve(&mut self, write: usize, context: &Context) -> Option<Update<usize>> {
        if B::BUG == BugKind::DecidesUnseen {
            let all = self.catalog.get(KEY).context;
            return Some(self.put(write, &all));
        }
        Replicated::resolve(&mut self.catalog, write, context)
    }

    fn receive(&mut self, update: &Update<usize>) {
        self.catalog.receive(update);
    }

    fn sync(&mut self, other: &mut Self) {
        if B::BUG == BugKind::Resurrects {
            // Copies values, and not what superseded them.
            self.copied.extend(other.read().0);
            other.copied.extend(self.read().0);
        }
        Replicated::sync(&mut self.catalog, &mut other.catalog);
    }
}

struct IgnoresContext;
struct DecidesUnseen;
struct Resurrects;

impl Bug for IgnoresContext {
    const BUG: BugKind = BugKind::IgnoresContext;
}

impl Bug for DecidesUnseen {
    const BUG: BugKind = BugKind::DecidesUnseen;
}

impl Bug for Resurrects {
    const BUG: BugKind = BugKind::Resurrects;
}

fn planted<R: Replicated>(ops: &[Op], expected: Expect) {
    assert_eq!(check::<Catalog<usize>>(ops), Ok(()), "without the bug all is well");
    expected.assert_eq(&check::<R>(ops).expect_err("the bug is found"));
}

#[test]
fn last_write_wins_is_caught_losing_an_update() {
    planted::<LastWriteWins>(
        &[Op::Write { at: 0, reading: 0 }, Op::Write { at: 1, reading: 0 }, Op::Deliver { update: 1, at: 0 }],
        expect!["step 2: pacific shows {0}, expected {0, 1}"],
    );
}

#[test]
fn ignoring_the_context_is_caught_multiplying_siblings() {
    planted::<Buggy<IgnoresContext>>(
        &[Op::Write { at: 0, reading: 0 }, Op::Read { at: 0 }, Op::Write { at: 0, reading: 1 }],
        expect!["step 2: pacific shows {0, 1}, expected {1}"],
    );
}

#[test]
fn a_decision_that_drops_what_it_has_not_seen_is_caught() {
    planted::<Buggy<DecidesUnseen>>(
        &[
            Op::Write { at: 0, reading: 0 },
            Op::Read { at: 0 },
            Op::Write { at: 1, reading: 0 },
            Op::Deliver { update: 1, at: 0 },
            Op::Resolve { at: 0, reading: 1 },
        ],
        expect!["step 4: pacific took the decision 2"],
    );
}

#[test]
fn anti_entropy_that_brings_back_the_superseded_is_caught() {
    planted::<Buggy<Resurrects>>(
        &[
            Op::Write { at: 0, reading: 0 },
            Op::Deliver { update: 0, at: 1 },
            Op::Read { at: 1 },
            Op::Write { at: 1, reading: 1 },
            Op::Sync { one: 0, other: 1 },
        ],
        expect!["step 4: indian_ocean shows {0, 1}, expected {1}"],
    );
}

#[test]
fn a_dot_names_one_write_of_the_whole_catalog() {
    let mut pacific = Catalog::new("pacific");
    let mut names: BTreeMap<Dot, &str> = BTreeMap::new();
    for (key, value) in [("MSS-17", "a"), ("MSS-23", "b"), ("MSS-17", "c")] {
        pacific.put(key, value, &Context::default()).expect("honest");
        assert_eq!(names.insert(pacific.latest_write().expect("just made"), value), None);
    }
    assert_eq!(pacific.keys().collect::<Vec<_>>(), ["MSS-17", "MSS-23"]);
}
