//! A hunt for a violation of a model: which specimens break which models, and what shows it.

use std::collections::{BTreeMap, BTreeSet};

use constellation_lab::hunt::{Go, Hunt, Hunted, Until, deviations, hunt_subject, provenance_of};
use constellation_lab::modelled::Remembered;
use constellation_lab::specimens::Soundness;
use constellation_lab::verify::models::{
    self, About, Border, Finding, Judged, Known, Model, conclude, strongest_first,
};
use constellation_lab::{Modelled, ModelledError, Specimen, Subject};
use constellation_sim::Seeded;
use constellation_sim::choices::Provenance;
use constellation_trace::Verdict;
use constellation_trace::format::jsonl;
use expect_test::{Expect, expect};

fn model(name: &str) -> &'static dyn Model {
    models::find(name).expect("it is in the table")
}

fn modelled(path: &str, names: &[&str]) -> Result<Modelled<'static>, ModelledError> {
    let models: Vec<_> = names.iter().map(|name| model(name)).collect();
    Modelled::new(Specimen::find(path).expect("it ships").subject(), &models)
}

fn hunted(modelled: &Modelled<'_>, seeds: u64, until: Until) -> Hunted {
    let provenance = provenance_of(modelled, "it", 1).expect("it runs");
    let mut hunt = Hunt::new(1, seeds);
    hunt.until = until;
    hunt_subject(modelled, &hunt, &provenance, &mut |_| Go::On).expect("it runs")
}

fn check(path: &str, name: &str, expected: Expect) {
    let modelled = modelled(path, &[name]).expect("it fits");
    let hunted = hunted(&modelled, 2_000, Until::FirstFinding);
    let finding = hunted.findings.first().expect("it is found");
    let Verdict::Violated(evidence) = &finding.judgement.verdict else { panic!("{path}") };
    let luck = deviations(&finding.tape).join("\n");
    expected.assert_eq(&format!("seed {}\n{luck}\n{evidence}", finding.seeds[0]));
}

#[test]
fn a_hunt_finds_what_violates_a_model_and_shows_the_smallest_part_of_it() {
    check(
        "quorum-register/read-one",
        "linearizable",
        expect![[r#"
        seed 17
        loss ground -> pacific #0 = 1 of 2
        expected  each operation takes effect at one moment between its beginning and its end
        found     antarctic r(orbit,nil) reads as orbit the initial value, which ground w(orbit,1) had overwritten before it began
        events    e0   ground     +0.010000s  w(orbit,1)
                  e20  antarctic  +0.200000s  r(orbit,nil)
        proof     e0 w(orbit,1) → e20 r(orbit,nil)   over before the other begins
                  e20 r(orbit,nil) → e0 w(orbit,1)   it reads an older orbit
        steps     1. loss ground -> pacific #0 = 1 of 2
                     m0 from ground to pacific, sent at +0.010000s (e0: invokes 0: write orbit = "1"), is lost
        notes     all else is as in the calm run: least latency, nothing lost, nothing twice"#]],
    );
    check(
        "session/stale-fail-over",
        "monotonic-reads",
        expect![[r#"
        seed 28
        loss pacific -> atlantic #0 = 1 of 2
        expected  a session's reads know of all that its earlier reads knew of
        found     arctic r(orbit,nil) reads as orbit the initial value, but must know of ground w(orbit,1)
        events    e0  ground  +0.010000s  w(orbit,1)
                  e2  arctic  +0.025000s  r(orbit,1)
                  e9  arctic  +0.105000s  r(orbit,nil)
        proof     e0 w(orbit,1) → e2 r(orbit,1)     its orbit is read
                  e2 r(orbit,1) → e9 r(orbit,nil)   the same session
                  e9 r(orbit,nil) → e0 w(orbit,1)   it reads an older orbit
        steps     1. loss pacific -> atlantic #0 = 1 of 2
                     m1 from pacific to atlantic, sent at +0.020000s (e1: holds orbit 1), is lost
        notes     all else is as in the calm run: least latency, nothing lost, nothing twice"#]],
    );
}

#[test]
fn each_wrong_specimen_violates_a_model_that_its_right_brother_satisfies() {
    expect![[r#"
        chain-replication/tail
            holds    strict-serializable, linearizable
            violates none
        chain-replication/acknowledged-at-head, wrong
            holds    session-serializable, sequential
            violates strong-snapshot-isolation, linearizable, eventual-convergence
        chain-replication/read-in-the-middle, wrong
            holds    session-serializable, sequential
            violates strong-snapshot-isolation, linearizable
        leader-read/asks-majority
            holds    strict-serializable, linearizable
            violates none
        leader-read/local, wrong
            holds    session-serializable, sequential
            violates strong-snapshot-isolation, linearizable
        leader-read/heard-lately, wrong
            holds    session-serializable, sequential
            violates strong-snapshot-isolation, linearizable
        lww-register/lamport
            holds    session-serializable, sequential, eventual-convergence
            violates strong-snapshot-isolation, linearizable
        lww-register/wall-clock, wrong
            holds    serializable, read-committed, read-your-writes, monotonic-reads, monotonic-writes, writes-follow-reads, strong-convergence, eventual-convergence
            violates read-atomic, causal, pram
        primary-backup/replicates-first
            holds    strict-serializable, linearizable
            violates none
        primary-backup/acknowledges-first, wrong
            holds    serializable
            violates read-committed, causal, pram, read-your-writes, monotonic-writes
        quorum-register/write-back
            holds    strict-serializable, linearizable
            violates none
        quorum-register/read-one, wrong
            holds    session-serializable, sequential
            violates strong-snapshot-isolation, linearizable
        quorum-register/no-write-back, wrong
            holds    serializable, read-atomic, read-your-writes, monotonic-writes, writes-follow-reads
            violates causal, pram, monotonic-reads, strong-convergence
        session/carries-version
            holds    session-serializable, sequential
            violates strong-snapshot-isolation, linearizable
        session/stale-fail-over, wrong
            holds    serializable, read-committed, monotonic-writes, writes-follow-reads
            violates read-atomic, causal, pram, read-your-writes, monotonic-reads, strong-convergence, eventual-convergence
        session/going-back, wrong
            holds    serializable, read-atomic, read-your-writes, monotonic-writes, writes-follow-reads
            violates causal, pram, monotonic-reads, strong-convergence, eventual-convergence
    "#]].assert_eq(&lines());
}

/// Of each specimen whose clients record operations, where the line runs between models that all of its runs satisfy and
/// those that some run violates.
fn lines() -> String {
    let (mut told, mut right) = (String::new(), BTreeMap::new());
    for specimen in Specimen::all() {
        let Some(rows) = rows(specimen, 200) else { continue };
        let known = |known| rows.iter().filter(move |row| row.known() == known).map(|row| row.about.name);
        let is_wrong = specimen.soundness != Soundness::Right;
        if is_wrong {
            let kept: &BTreeSet<_> = right.get(specimen.name).expect("the right variants come first");
            let is_caught = known(Known::Fails).any(|name| kept.contains(name));
            assert!(is_caught, "{specimen} is as its right brother");
        } else {
            right.insert(specimen.name, known(Known::Holds).collect());
        }
        told += &format!("{specimen}{}\n{}", if is_wrong { ", wrong" } else { "" }, shown(&rows));
    }
    told
}

/// The worst that is found of each model that fits, if any does.
fn rows(specimen: &Specimen, seeds: u64) -> Option<Vec<Judged>> {
    let fits = |model: &&&'static dyn Model| Modelled::new(specimen.subject(), &[**model]).is_ok();
    let fit: Vec<_> = models::all().iter().filter(fits).copied().collect();
    let modelled = Modelled::new(specimen.subject(), &strongest_first(&fit)).ok()?;
    Some(judged(&modelled, seeds))
}

fn shown(rows: &[Judged]) -> String {
    let border = Border::of(rows);
    let names = |abouts: &[&About]| match abouts {
        [] => "none".to_owned(),
        abouts => abouts.iter().map(|about| about.name).collect::<Vec<_>>().join(", "),
    };
    format!("    holds    {}\n    violates {}\n", names(&border.strongest), names(&border.weakest))
}

/// The worst that is found of each model.
fn judged(modelled: &Modelled<'_>, seeds: u64) -> Vec<Judged> {
    let mut worst: Vec<Finding> = modelled.models().iter().map(|_| Finding::Holds).collect();
    for seed in 1..=seeds {
        let trace = modelled.play(seed, &mut Seeded::new(seed)).expect("it is short");
        for (ruling, worst) in modelled.judge(&trace).into_iter().zip(&mut worst) {
            match ruling.judgement.verdict {
                Verdict::Violated(_) => *worst = Finding::Violated(models::Anomaly::default()),
                Verdict::Unknown(limit) if *worst == Finding::Holds => *worst = Finding::Unknown(limit),
                _ => {}
            }
        }
    }
    let rows = modelled.models().iter().zip(worst);
    let mut rows: Vec<_> = rows.map(|(model, finding)| Judged::new(model.about(), finding)).collect();
    conclude(&mut rows);
    rows
}

#[test]
fn what_cannot_be_judged_by_a_model_is_told_before_the_hunt() {
    let refused = |path: &str, names: &[&str]| modelled(path, names).expect_err("it is refused").to_string();
    assert_eq!(
        refused("gossip/persisted", &["causal"]),
        "no client records an operation, so no model can be judged"
    );
    expect![
        "causal does not fit what clients do: operation 0 (`read both budgets`) is neither a read nor a write"
    ]
    .assert_eq(&refused("sharded-read/one-snapshot", &["causal"]));
    assert_eq!(refused("quorum-register/read-one", &[]), "no model is named, so nothing can be violated");
}

#[test]
fn a_hunt_for_two_models_finds_each() {
    let modelled =
        modelled("session/stale-fail-over", &["read-your-writes", "monotonic-reads"]).expect("both fit");
    let hunted = hunted(&modelled, 300, Until::AllSeeds);
    let mut names: Vec<_> =
        hunted.findings.iter().map(|finding| finding.judgement.promise.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, ["monotonic-reads", "read-your-writes"]);
}

#[test]
fn what_clients_need_not_ask_is_left_out_and_the_tape_says_so() {
    let modelled = modelled("quorum-register/no-write-back", &["monotonic-reads"]).expect("it fits");
    let mut hunted = hunted(&modelled, 2_000, Until::FirstFinding);
    let finding = &mut hunted.findings[0];
    let before = finding.judgement.scope.clone();
    let unchanged = finding.tape.clone();
    modelled.shorten(finding, &|| true);
    assert_eq!(finding.tape, unchanged, "it was ended before it began");
    modelled.shorten(finding, &|| false);
    assert_eq!((before.as_str(), finding.judgement.scope.as_str()), ("5 operations", "3 operations"));
    let (own, remembered) = Remembered::of(finding.tape.provenance());
    assert_eq!(own.scenario, "it");
    assert_eq!(remembered.left_out.iter().copied().collect::<Vec<_>>(), [1, 3, 5]);
    // The tape says all that it takes.
    let again = modelled.without(remembered.left_out);
    let mut player = finding.tape.player();
    let trace = again.play(1, &mut player).expect("it runs");
    assert_eq!(player.leftovers(), []);
    assert_eq!((trace.events().len(), again.requests()), (finding.trace.events().len(), 6));
    let Verdict::Violated(evidence) = &again.judge(&trace)[0].judgement.verdict else {
        panic!("it is violated")
    };
    let Verdict::Violated(found) = &finding.judgement.verdict else { panic!("it was found") };
    assert_eq!((&evidence.events, &evidence.proof), (&found.events, &found.proof));
    assert_eq!(found.notes[1], "3 of 6 requests of clients are left out: they make no difference");
}

#[test]
fn a_name_that_says_nothing_of_models_is_the_name_of_a_scenario() {
    let names = [
        "mine",
        "mine/model/",
        "mine/model/causl",
        "mine/model/causal/without/",
        "mine/model/causal/without/5-1",
        "mine/model/causal/without/x",
        "mine/model/causal/without/0-4294967295",
        "mine/without/1",
    ];
    for name in names {
        let provenance = Provenance::new(name, "", 1);
        let (own, remembered) = Remembered::of(&provenance);
        assert_eq!((own, remembered.models.len()), (provenance, 0), "{name}");
    }
}

/// A glance at a run says the same of it, but does not look for the smallest part that shows a violation.
#[test]
fn a_glance_tells_as_much_as_a_close_look_but_what_shows_it() {
    let modelled = modelled("session/stale-fail-over", &["monotonic-reads", "sequential"]).expect("they fit");
    let (mut violated, mut whole, mut small) = (0, 0, 0);
    for seed in 0..100 {
        let trace = modelled.play(seed, &mut Seeded::new(seed)).expect("it ends");
        for (brief, close) in modelled.glance(&trace).iter().zip(modelled.judge(&trace)) {
            let [brief, close] = [&brief.judgement.verdict, &close.judgement.verdict];
            assert_eq!(brief.word(), close.word(), "seed {seed}");
            if let (Verdict::Violated(brief), Verdict::Violated(close)) = (brief, close) {
                violated += 1;
                whole += brief.events.len();
                small += close.events.len();
            }
        }
    }
    assert!(violated > 10 && whole > small, "{violated} violations, shown by {whole} and {small} operations");
}

#[test]
fn what_is_left_out_is_left_out_of_every_run_whatever_else_is() {
    let modelled = || modelled("quorum-register/read-one", &["linearizable"]).expect("it fits");
    let both = modelled().play_without(&BTreeSet::from([1, 4]), 7, &mut Seeded::new(7));
    let one = modelled().without(BTreeSet::from([4]));
    assert_eq!(one.requests(), 6);
    let other = one.play_without(&BTreeSet::from([1]), 7, &mut Seeded::new(7));
    let digest = |trace| jsonl::digest(&trace).to_string();
    let [both, other] = [both, other].map(|played| digest(played.expect("it ends")));
    assert_eq!(both, other);
    assert_ne!(both, digest(one.play(7, &mut Seeded::new(7)).expect("it ends")));
}
