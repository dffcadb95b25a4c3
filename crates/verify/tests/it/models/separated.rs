//! What separates two models separates them indeed, and nothing smaller does.

use std::collections::BTreeSet;

use constellation_trace::Sessions;
use constellation_verify::models::{self, About, Among, Finding, SEPARATIONS, SMALLEST, Separation};

use super::all_twins::judged;
use super::enumerated::{Grain, every};
use super::separating::{Sought, is_among, separate, sought};
use super::sessions;

fn all() -> impl Iterator<Item = &'static Separation> {
    SEPARATIONS.iter().chain(&SMALLEST)
}

fn about(name: &str) -> &'static About {
    models::find(name).unwrap_or_else(|near| panic!("no model {name}; {near:?}")).about()
}

#[test]
fn each_is_allowed_and_forbidden_as_it_says() {
    for separation in all() {
        let Separation { name, allowed, forbidden, among, .. } = separation;
        for (model, expected) in [(allowed, "holds"), (forbidden, "violated")] {
            let found = separation.judge(models::find(model).expect("it is there")).expect("it is a sketch");
            assert_eq!(found.word(), expected, "{name} under {model}");
        }
        let sessions = sessions(separation.sketch);
        assert!(
            is_among((*allowed, *forbidden, *among), &sessions),
            "{name} ({allowed}, not {forbidden}) is none of {among:?}"
        );
        let sentence = separation.sentence;
        assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{name}: `{sentence}`");
    }
}

#[test]
fn of_two_neighbours_a_smallest_history_is_known() {
    let known: BTreeSet<Sought> = all().map(|one| (one.allowed, one.forbidden, one.among)).collect();
    let missing: Vec<Sought> = sought().difference(&known).copied().collect();
    // The same wherever keys are registers.
    assert_eq!(missing, [("causal-convergence", "transactional-causal", Among::All)]);
    let twice: Vec<_> = all().map(|one| (one.allowed, one.forbidden, one.among)).collect();
    assert_eq!(twice.len(), known.len(), "one for two models and some histories");
    // Whoever asks what separates two models gets what is famous, else the smallest.
    for smallest in &SMALLEST {
        let [allows, forbids] =
            [smallest.allowed, smallest.forbidden].map(|name| models::find(name).expect("it is there"));
        let between = Separation::between(allows, forbids).expect("this one");
        let pair = (smallest.allowed, smallest.forbidden);
        assert_eq!((between.allowed, between.forbidden), pair);
    }
}

#[test]
fn no_smaller_history_separates_two_models() {
    let size = |separation: &Separation| sessions(separation.sketch).accesses_total();
    let mut tried = 0;
    for accesses in 1..=6_u8 {
        let larger = all().filter(|one| one.apart.is_empty() && size(one) > usize::from(accesses));
        let mut open: BTreeSet<Sought> = larger.map(|one| (one.allowed, one.forbidden, one.among)).collect();
        if accesses <= 4 {
            open.insert(("causal-convergence", "transactional-causal", Among::All));
        }
        let found = separate(accesses, &mut open);
        tried += found.histories;
        if let Some(((allows, forbids, among), sessions)) = found.found.into_iter().next() {
            panic!("{allows} and not {forbids} is smaller among {among:?}:\n{sessions}");
        }
    }
    assert!(tried > 150_000, "only {tried} were tried");
}

#[test]
fn objects_do_not_compose_in_any_smaller_history_of_several() {
    let [famous] = all().filter(|one| !one.apart.is_empty()).collect::<Vec<_>>()[..] else {
        panic!("only one is asked of two histories")
    };
    assert_eq!((famous.allowed, famous.forbidden), ("linearizable", "serializable"));
    let separates = |whole: &Sessions, apart: &Sessions| {
        // Operations one after the other have times at which they are linearizable; then transactions last as long.
        is_among((famous.allowed, famous.forbidden, famous.among), whole)
            && judged("sequential", apart) == Finding::Holds
            && judged("serializable", whole) != Finding::Holds
    };
    let mut counts = [0_u32; 2];
    for accesses in 1..=4 {
        every(accesses, Grain::Transactions, &mut |plan| {
            let place = usize::from(accesses == 4);
            counts[place] += u32::from(separates(&plan.untimed(), &plan.apart()));
        });
    }
    assert_eq!(counts[0], 0, "three accesses are enough");
    assert!(counts[1] > 0, "four are not");
    assert_eq!(sessions(famous.sketch).accesses_total(), 4);
    assert_eq!(about(famous.allowed).judges, models::Judges::Operations);
}
