//! Mistakes that one could make in the search, each found out by the counts.

use std::collections::BTreeSet;
use std::fmt::Write;

use expect_test::expect;

use self::models::Cast;
use super::{Reduction, Scope, Slip, Visit, explore, explore_all};

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../tests/it/models.rs"]
mod models;

/// Each line: what source sets with a slip miss and repeat, and in how many of the protocols that shows.
#[test]
fn every_slip_in_the_search_is_betrayed_by_the_counts() {
    let known = [models::broadcast(3, 1), models::read_then_write(3), models::two_phase(3)];
    let whims = (0..400).map(|seed| models::whim(seed, 3));
    let casts: Vec<Cast> = known.into_iter().chain(whims).filter(is_small).collect();
    let mut table = String::new();
    for slip in [
        Slip::None,
        Slip::ScansFinishedRunsOnly,
        Slip::NeverSleeps,
        Slip::WakesNobody,
        Slip::WakesBySender,
        Slip::ForgetsReplacedTimers,
        Slip::TriesTheLaterOnly,
    ] {
        let [mut missed, mut repeated, mut shows] = [0; 3];
        for cast in &casts {
            let [right, slipped] = [Slip::None, slip].map(|slip| found(cast, slip));
            let misses = right.0.difference(&slipped.0).count();
            let repeats = slipped.1 - slipped.0.len();
            missed += misses;
            repeated += repeats;
            shows += usize::from(misses + repeats > 0);
        }
        let slip = format!("{slip:?}");
        writeln!(table, "{slip:<22} missed {missed:>5} repeated {repeated:>5} shows in {shows:>3}")
            .expect("a string");
    }
    writeln!(table, "of {} protocols", casts.len()).expect("a string");
    expect![[r#"
        None                   missed     0 repeated     0 shows in   0
        ScansFinishedRunsOnly  missed    28 repeated     0 shows in   2
        NeverSleeps            missed     0 repeated 10545 shows in  24
        WakesNobody            missed  1671 repeated     0 shows in  35
        WakesBySender          missed   868 repeated  1370 shows in  29
        ForgetsReplacedTimers  missed    28 repeated     0 shows in   2
        TriesTheLaterOnly      missed  1240 repeated     0 shows in  17
        of 76 protocols
    "#]]
    .assert_eq(&table);
}

/// A timer runs out, so that one can be replaced.
fn scope(cast: &Cast) -> Scope<()> {
    Scope { timers_max: 1, ..cast.scope() }
}

fn is_small(cast: &Cast) -> bool {
    let scope = Scope { deliveries_max: 1_000, ..scope(cast) };
    let found = explore(&scope, |id| cast.node(id), |_| Visit::Fine);
    found.is_ok_and(|found| found.deliveries < scope.deliveries_max)
}

/// The traces found, and how often one was shown.
fn found(cast: &Cast, slip: Slip) -> (BTreeSet<super::Histories>, usize) {
    let (mut seen, mut shown) = (BTreeSet::new(), 0);
    let method = (Reduction::SourceSets, slip);
    let found = explore_all(
        &scope(cast),
        method,
        |id| cast.node(id),
        |run| {
            seen.insert(run.histories());
            shown += 1;
            Visit::Fine
        },
    );
    assert!(found.is_ok(), "{}: {found:?}", cast.name);
    (seen, shown)
}
