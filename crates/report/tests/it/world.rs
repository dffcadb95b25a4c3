//! What the world did is told with its end, and what is one thing is told once.

use constellation_report::world::doings;
use constellation_trace::{Nemesis, NodeId, Trace, TrueTime};
use expect_test::{Expect, expect};

fn check(done: &[(u64, Nemesis)], expected: Expect) {
    let mut trace = Trace::new(["pacific", "atlantic", "antarctic", "drake"]).expect("four names");
    for (ms, nemesis) in done {
        trace.record_nemesis(TrueTime::from_ms(*ms), nemesis.clone()).expect("four nodes");
    }
    let line = |doing: &constellation_report::world::Doing| {
        let until = doing.until.map_or("no end".to_owned(), |until| until.to_string());
        let groups: Vec<Vec<u32>> =
            doing.groups.iter().map(|group| group.iter().map(|node| node.number()).collect()).collect();
        format!("{} to {until} {} {groups:?}: {}\n", doing.at, doing.kind, doing.text)
    };
    expected.assert_eq(&doings(&trace).iter().map(line).collect::<String>());
}

fn nodes<const N: usize>(numbers: [u32; N]) -> Vec<NodeId> {
    numbers.map(NodeId::new).to_vec()
}

#[test]
fn a_partition_lasts_until_the_heal() {
    let partition = Nemesis::Partition { group_a: nodes([0]), group_b: nodes([1, 2]) };
    let cut = Nemesis::Cut { sources: nodes([2]), targets: nodes([0]) };
    check(
        &[(1, partition.clone()), (2, cut), (5, Nemesis::Heal), (9, partition)],
        expect![[r#"
            +0.001000s to +0.005000s partition [[0], [1, 2]]: partition: pacific | atlantic, antarctic
            +0.002000s to +0.005000s cut [[2], [0]]: cut: nothing from antarctic reaches pacific
            +0.009000s to no end partition [[0], [1, 2]]: partition: pacific | atlantic, antarctic
        "#]],
    );
}

#[test]
fn a_storm_that_parts_three_groups_is_one_partition() {
    let part = |a: [u32; 1], b: [u32; 1]| Nemesis::Partition { group_a: nodes(a), group_b: nodes(b) };
    check(
        &[(1, part([0], [1])), (1, part([0], [2])), (1, part([1], [2])), (7, Nemesis::Heal)],
        expect![[r#"
        +0.001000s to +0.007000s partition [[0], [1], [2]]: partition: pacific | atlantic | antarctic
    "#]],
    );
}

#[test]
fn partitions_of_other_links_are_others() {
    let part = |a: [u32; 1], b: [u32; 1]| Nemesis::Partition { group_a: nodes(a), group_b: nodes(b) };
    check(
        &[(1, part([0], [1])), (1, part([0], [2]))],
        expect![[r#"
        +0.001000s to no end partition [[0], [1, 2]]: partition: pacific | atlantic, antarctic
    "#]],
    );
    check(
        &[(1, part([0], [1])), (1, part([1], [2])), (2, part([0], [2]))],
        expect![[r#"
        +0.001000s to no end partition [[0, 2], [1]]: partition: pacific, antarctic | atlantic
        +0.002000s to no end partition [[0], [2]]: partition: pacific | antarctic
    "#]],
    );
    check(
        &[(1, part([0], [1])), (1, part([2], [3]))],
        expect![[r#"
        +0.001000s to no end partition [[0], [1]]: partition: pacific | atlantic
        +0.001000s to no end partition [[2], [3]]: partition: antarctic | drake
    "#]],
    );
}

#[test]
fn what_lasts_says_how_long() {
    let node = NodeId::new(1);
    check(
        &[
            (1, Nemesis::Pause { node, for_ns: 2_000_000 }),
            (2, Nemesis::Step { node, by_ns: 600_000_000 }),
            (3, Nemesis::Tear { node, lost: u32::MAX, left: constellation_trace::Eighths::NONE }),
            (4, Nemesis::Freeze { node, for_ns: u64::MAX }),
        ],
        expect![[r#"
            +0.001000s to +0.003000s pause []: atlantic stops for 2ms
            +0.002000s to no end step []: the wall clock of atlantic jumps by 600 ms
            +0.003000s to no end other []: the disk of atlantic loses the last 4294967296 writes, which were not synced
            +0.004000s to +18446744073.709551s freeze []: the wall clock of atlantic stands still for 18446744073.710s
        "#]],
    );
}
