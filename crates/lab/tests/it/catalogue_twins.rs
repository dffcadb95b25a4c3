//! What is declared of a real system agrees with what was measured of the simulated store that does the same.

use constellation_lab::placement::catalogue::{Catalogue, Place};

/// The page of all measured placements; a test of the tool holds that it is what is measured.
const PAGE: &str = include_str!("../../../../docs/placement.md");

/// A declared system, the beginning of its setting, and the store that does the same, as the page names it.
type Twins = (&'static str, &'static str, &'static str);

const TWINS: [Twins; 32] = [
    ("cassandra", "reads and writes at ONE", "quorum:n=3,r=1,w=1,repair=after,sloppy=off"),
    ("cassandra", "reads and writes at QUORUM", "quorum:n=3,r=2,w=2,repair=before,sloppy=off"),
    ("cockroachdb", "default", "consensus:reads=lease"),
    ("cockroachdb", "stale follower reads", "consensus:reads=anywhere"),
    ("consul", "consistent reads", "consensus:reads=log"),
    ("consul", "stale reads", "consensus:reads=anywhere"),
    ("couchdb", "replication between servers", "multi-leader:conflicts=siblings,skew=200ms"),
    ("dynamodb", "eventually consistent reads", "consensus:reads=anywhere"),
    ("dynamodb", "strongly consistent reads", "consensus:reads=lease"),
    ("dynamodb", "global tables, multi-Region eventual", "multi-leader:conflicts=lww,skew=0ms"),
    ("etcd", "default reads", "consensus:reads=log"),
    ("etcd", "serializable reads", "consensus:reads=anywhere"),
    ("mysql", "asynchronous", "leader:sync=none,reads=anywhere,failover=off"),
    ("mysql", "semisynchronous", "leader:sync=one,reads=anywhere,failover=off"),
    ("mysql", "group replication, EVENTUAL", "consensus:reads=anywhere"),
    ("nats", "key/value bucket with direct gets", "consensus:reads=anywhere"),
    ("pnuts", "read-any", "leader:sync=none,reads=anywhere,failover=off"),
    ("pnuts", "read-latest", "leader:sync=none,reads=leader,failover=off"),
    (
        "postgresql",
        "asynchronous replication, reads at the primary",
        "leader:sync=none,reads=leader,failover=off",
    ),
    (
        "postgresql",
        "asynchronous replication, reads at the primary",
        "leader:sync=none,reads=leader,failover=majority",
    ),
    (
        "postgresql",
        "asynchronous replication, reads at standbys",
        "leader:sync=none,reads=anywhere,failover=off",
    ),
    ("postgresql", "ANY 1", "leader:sync=one,reads=leader,failover=off"),
    ("postgresql", "remote_apply", "leader:sync=all,reads=anywhere,failover=off"),
    ("redis", "replication without fail-over", "leader:sync=none,reads=anywhere,failover=off"),
    ("redis", "Sentinel", "leader:sync=none,reads=leader,failover=majority"),
    ("scylladb", "reads and writes at ONE", "quorum:n=3,r=1,w=1,repair=off,sloppy=off"),
    // Where replicas differ, a read at QUORUM brings those that it asked up to date before it answers, as Cassandra's does.
    ("scylladb", "reads and writes at QUORUM", "quorum:n=3,r=2,w=2,repair=before,sloppy=off"),
    ("spanner", "stale reads", "consensus:reads=anywhere"),
    ("tidb", "stale reads", "consensus:reads=anywhere"),
    ("voldemort", "required-reads=1", "quorum:n=3,r=1,w=1,repair=after,sloppy=off"),
    ("yugabytedb", "follower reads", "consensus:reads=anywhere"),
    ("zookeeper", "default reads", "consensus:reads=anywhere"),
];

/// The cell that a page says was measured of a store.
fn measured<'a>(page: &'a str, store: &str) -> Option<&'a str> {
    let (name, settings) = store.split_once(':')?;
    let (_, section) = page.split_once(&format!("\n## {name}\n"))?;
    let section = section.split("\n## ").next()?;
    let row = format!("| `{settings}` | ");
    let (cell, _) = section.lines().find_map(|line| line.strip_prefix(&row))?.split_once(" |")?;
    Some(cell)
}

/// Where the declared one and the measured one differ, if they do. What depends must name the measured cell.
fn differs(catalogue: &Catalogue, page: &str, (name, setting, store): Twins) -> Option<String> {
    let Some(cell) = measured(page, store) else {
        return Some(format!("{store} is not on the page"));
    };
    let declared = catalogue
        .find(name)
        .and_then(|system| system.settings.iter().find(|declared| declared.setting.starts_with(setting)));
    let place = match declared.map(|declared| &declared.place) {
        Some(Place::Cell(place)) => place.to_string(),
        Some(Place::Depends(on)) => on.clone(),
        _ => return Some(format!("{name}, {setting} is not declared")),
    };
    (!place.contains(cell)).then(|| format!("{name}, {setting}: {place}, but {store} is {cell}"))
}

fn differing(catalogue: &Catalogue, page: &str) -> Vec<String> {
    TWINS.into_iter().filter_map(|twins| differs(catalogue, page, twins)).collect()
}

#[test]
fn a_declared_system_lives_where_the_store_that_does_the_same_was_measured() {
    assert_eq!(differing(&Catalogue::shipped(), PAGE), Vec::<String>::new());
}

#[test]
fn a_stricter_word_for_one_side_than_for_the_other_is_found() {
    let row = "| `reads=log` | PC/EC |";
    let page = PAGE.replace(row, "| `reads=log` | PC/EL |");
    assert_eq!(
        differing(&Catalogue::shipped(), &page),
        [
            "consul, consistent reads: PC/EC, but consensus:reads=log is PC/EL",
            "etcd, default reads: PC/EC, but consensus:reads=log is PC/EL",
        ]
    );
    let page = PAGE.replace(row, "");
    let twins = ("etcd", "default reads", "consensus:reads=log");
    assert_eq!(
        differs(&Catalogue::shipped(), &page, twins).as_deref(),
        Some("consensus:reads=log is not on the page")
    );
    let twins = ("etcd", "dirty reads", "consensus:reads=log");
    assert_eq!(
        differs(&Catalogue::shipped(), PAGE, twins).as_deref(),
        Some("etcd, dirty reads is not declared")
    );
}
