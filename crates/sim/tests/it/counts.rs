//! How many orders, traces, configurations and states there are, exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use constellation_sim::WorldError;
use constellation_sim::explore::{
    Exploration, Extent, Histories, Letter, Reduction, Renaming, Run, Scope, Visit, explore_by, survey,
};
use constellation_trace::NodeId;
use expect_test::{Expect, expect};

use crate::models::{
    Cast, Model, abd_read, abd_write, broadcast, chat, flood, read_then_write, ricart, ring, two_phase,
};

/// The counts are those that a program in another language found by plain enumeration, by histories and by sleep
/// sets, and its source-DPOR too.
#[test]
fn every_count_of_every_model_is_as_known_from_elsewhere() {
    let models = [
        broadcast(2, 1),
        broadcast(2, 3),
        broadcast(3, 1),
        broadcast(3, 2).ordered(),
        read_then_write(2),
        read_then_write(3),
        two_phase(2),
        two_phase(3),
        ring(&[1, 2, 3]),
        chat(4),
        flood(3),
        ricart(2),
        abd_write(),
    ];
    check(
        &models,
        expect![[r#"
                                            orders    traces   configs    states    finals   blocked   blocked  arrivals
            broadcast 2 x 1                      2         1         4         4         1         1         0         2
            broadcast 2 x 3                    720        36       256        64         1        60         0       105
            broadcast 3 x 1                    720         8       125        64         1        42         0        43
            broadcast 3 x 2, ordered       7484400       216      6859       729         1      2292         0      1205
            read then write, 2 clients          20         6        33        21         2         4         0        24
            read then write, 3 clients        1680        90       550       141         3        90         0       327
            two-phase, 2 voters                 36         4        28        17         1         6         0        18
            two-phase, 3 voters               8100        36       260        53         1        63         0       126
            ring [1, 2, 3]                      20         4        23        16         1         2         0        19
            chat, 4 nodes                      180         4        54        54         4        18         0        20
            flood, 3 nodes                       8         3        15        13         1         3         0        11
            ricart, 2 nodes                      3         2         9         7         1         1         0         7
            abd write                           90         6        38        27         1         5         0        23
        "#]],
    );
}

fn check(models: &[Cast], expected: Expect) {
    let mut table = String::new();
    let title = ["orders", "traces", "configs", "states", "finals", "blocked", "blocked", "arrivals"];
    writeln!(table, "{:<28}{}", "", title.map(|title| format!("{title:>10}")).concat()).expect("a string");
    for cast in models {
        let (configs, orders) = histories(cast);
        let (states, finals) = states(cast);
        let sleep = explored(cast, Reduction::SleepSets);
        let source = explored(cast, Reduction::SourceSets);
        assert_eq!(sleep.visited, source.visited, "{}: both find all traces", cast.name);
        assert_eq!(sleep.deliveries, configs - 1, "{}: sleep sets come to each once", cast.name);
        let numbers = [
            orders,
            source.visited,
            configs,
            states,
            finals,
            sleep.blocked,
            source.blocked,
            source.deliveries,
        ];
        let numbers = numbers.map(|number| format!("{number:>10}")).concat();
        writeln!(table, "{:<28}{numbers}", cast.name).expect("a string");
    }
    expected.assert_eq(&table);
}

#[test]
fn the_closed_forms_of_broadcast_are_met() {
    for (nodes, each) in [(1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (4, 1)] {
        let cast = broadcast(nodes, each);
        let (n, k) = (nodes as u64, u64::from(each));
        let traces = factorial(k * (n - 1)).pow(u32::try_from(n).expect("few"));
        if traces <= 1_000 {
            assert_eq!(explored(&cast, Reduction::SourceSets).visited, traces, "{}", cast.name);
        }
        assert_eq!(states(&cast).0, 1 << (n * k * (n - 1)), "{}", cast.name);
        if nodes < 4 {
            assert_eq!(histories(&cast).1, factorial(n * k * (n - 1)), "{}", cast.name);
        }
    }
    for (nodes, each) in [(2, 3), (2, 5), (3, 1), (3, 2), (4, 1)] {
        let cast = broadcast(nodes, each).ordered();
        let (n, k) = (nodes as u64, u64::from(each));
        let interleavings = factorial(k * (n - 1)) / factorial(k).pow(u32::try_from(n - 1).expect("few"));
        let traces = interleavings.pow(u32::try_from(n).expect("few"));
        assert_eq!(explored(&cast, Reduction::SourceSets).visited, traces, "{}", cast.name);
        assert_eq!(states(&cast).0, (k + 1).pow(u32::try_from(n * (n - 1)).expect("few")), "{}", cast.name);
    }
}

#[test]
fn the_closed_forms_of_read_then_write_are_met() {
    for clients in 1..=4 {
        let (cast, c) = (read_then_write(clients), clients as u64);
        let power = u32::try_from(clients).expect("few");
        assert_eq!(explored(&cast, Reduction::SourceSets).visited, factorial(2 * c) / 2_u64.pow(power));
        assert_eq!(histories(&cast).1, factorial(3 * c) / 6_u64.pow(power));
    }
}

#[test]
fn plain_enumeration_runs_every_order_and_source_sets_miss_no_trace_of_it() {
    for cast in [
        broadcast(2, 3),
        broadcast(2, 3).ordered(),
        broadcast(3, 1),
        read_then_write(2),
        read_then_write(3),
        two_phase(2),
        two_phase(2).ordered(),
        ring(&[1, 2, 3]),
        ring(&[3, 1, 2]),
        ring(&[3, 2, 1]),
        chat(4),
        flood(3),
        ricart(2),
        abd_write(),
        abd_read(),
    ] {
        let mut by_order = BTreeMap::new();
        let plain = explore_by(
            &cast.scope(),
            Reduction::None,
            |id| cast.node(id),
            |run| {
                *by_order.entry(run.histories()).or_insert(0_u64) += 1;
                Visit::Fine
            },
        );
        let plain = plain.expect("the models send to nodes that are there");
        assert_eq!(plain.visited, histories(&cast).1, "{}: orders", cast.name);
        for reduction in [Reduction::SleepSets, Reduction::SourceSets] {
            let seen = outcomes(&cast, &cast.scope(), reduction);
            assert!(seen.iter().eq(by_order.keys()), "{}: {reduction:?} missed or repeated", cast.name);
        }
    }
}

#[test]
fn outcomes_with_losses_and_with_second_copies_are_as_many_as_known() {
    let mut table = String::new();
    for cast in [broadcast(2, 1), broadcast(3, 1), read_then_write(2), two_phase(2), ring(&[1, 2, 3])] {
        let count = |losses_max, duplicates_max| {
            let scope = Scope { losses_max, duplicates_max, ..cast.scope() };
            let seen = outcomes(&cast, &scope, Reduction::SourceSets);
            assert_eq!(seen, outcomes(&cast, &scope, Reduction::SleepSets), "{}", cast.name);
            assert_eq!(seen, surveyed_outcomes(&cast, &scope), "{}", cast.name);
            seen.len()
        };
        let lost = [0, 1, 2].map(|losses_max| count(losses_max, 0));
        writeln!(table, "{:<28}lost {lost:?} doubled {} both {}", cast.name, count(0, 1), count(1, 1))
            .expect("a string");
    }
    expect![[r#"
        broadcast 2 x 1             lost [1, 3, 4] doubled 3 both 7
        broadcast 3 x 1             lost [8, 32, 68] doubled 80 both 272
        read then write, 2 clients  lost [6, 20, 33] doubled 216 both 578
        two-phase, 2 voters         lost [4, 16, 28] doubled 208 both 524
        ring [1, 2, 3]              lost [4, 12, 20] doubled 76 both 184
    "#]]
    .assert_eq(&table);
}

#[test]
fn alike_nodes_leave_as_many_orbits_as_known() {
    assert_eq!(orbits(&broadcast(3, 1), 0), 16);
    assert_eq!(orbits(&read_then_write(2), 1), 13);
    assert_eq!(orbits(&two_phase(3), 1), 19);
}

fn explored(cast: &Cast, reduction: Reduction) -> Exploration {
    let found = explore_by(&cast.scope(), reduction, |id| cast.node(id), |_| Visit::Fine);
    complete(found)
}

fn complete(found: Result<Exploration, WorldError>) -> Exploration {
    let found = found.expect("the models send to nodes that are there");
    assert_eq!(found.extent, Extent::Complete);
    found
}

/// The finished runs that an exploration shows; none twice.
fn outcomes(cast: &Cast, scope: &Scope<()>, reduction: Reduction) -> BTreeSet<Histories> {
    let mut seen = BTreeSet::new();
    let found = explore_by(
        scope,
        reduction,
        |id| cast.node(id),
        |run| {
            assert!(run.is_finished() && seen.insert(run.histories()), "{}: shown twice", cast.name);
            Visit::Fine
        },
    );
    assert_eq!(complete(found).visited, seen.len() as u64);
    seen
}

/// The same by another method.
fn surveyed_outcomes(cast: &Cast, scope: &Scope<()>) -> BTreeSet<Histories> {
    let mut seen = BTreeSet::new();
    let found = survey(
        scope,
        |id| cast.node(id),
        |run| run.histories(),
        |run| {
            if run.is_finished() {
                seen.insert(run.histories());
            }
            Visit::Fine
        },
    );
    assert!(complete(found).visited >= seen.len() as u64);
    seen
}

/// How many configurations there are, and how many orders lead through them.
fn histories(cast: &Cast) -> (u64, u64) {
    // A survey goes by length, so all ways to a configuration are counted before it is left; the key is asked for
    // each way.
    let mut ways = BTreeMap::new();
    let mut finished = BTreeSet::new();
    let key = |run: Run<'_, Model>| {
        let mut arrivals: Vec<Letter> = run.arrivals().collect();
        let here = run.histories();
        arrivals.pop();
        let to_before = ways.get(&by_node(&arrivals)).copied().unwrap_or(1_u64);
        let to_here = ways.entry(by_node(&run.arrivals().collect::<Vec<_>>())).or_insert(0);
        *to_here += to_before;
        if run.is_finished() {
            finished.insert(by_node(&run.arrivals().collect::<Vec<_>>()));
        }
        here
    };
    let found = survey(&cast.scope(), |id| cast.node(id), key, |_| Visit::Fine);
    (complete(found).visited, finished.iter().map(|end| ways[end]).sum())
}

fn by_node(arrivals: &[Letter]) -> BTreeMap<NodeId, Vec<Letter>> {
    let mut histories: BTreeMap<NodeId, Vec<Letter>> = BTreeMap::new();
    arrivals.iter().for_each(|letter| histories.entry(letter.target).or_default().push(*letter));
    histories
}

/// How many states there are up to renaming of the nodes from `first` on.
fn orbits(cast: &Cast, first: u32) -> u64 {
    let nodes = u32::try_from(cast.scope().names.len()).expect("few");
    let alike: Vec<NodeId> = (first..nodes).map(NodeId::new).collect();
    let renamings = Renaming::all(&alike).expect("few, each once");
    let key = |run: Run<'_, Model>| run.least_state(&renamings);
    complete(survey(&cast.scope(), |id| cast.node(id), key, |_| Visit::Fine)).visited
}

fn states(cast: &Cast) -> (u64, u64) {
    let mut finals = BTreeSet::new();
    let found = survey(
        &cast.scope(),
        |id| cast.node(id),
        |run| run.state(),
        |run| {
            if run.is_finished() {
                finals.insert(run.nodes().to_vec());
            }
            Visit::Fine
        },
    );
    (complete(found).visited, finals.len() as u64)
}

fn factorial(n: u64) -> u64 {
    (1..=n).product()
}
