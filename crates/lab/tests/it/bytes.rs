//! Equal scenario, equal seed, equal bytes: here, in another process, and in a build with other optimisations.

use std::env;
use std::process::Command;

use constellation_lab::{Resolver, incidents, simulate};
use constellation_trace::format::jsonl;
use expect_test::expect;

const SEEDS: [u64; 4] = [0, 1, 7, u64::MAX];

/// A line for each shipped scenario and seed, with the digest of the trace's bytes.
fn digests() -> String {
    let mut lines = Vec::new();
    for incident in incidents::INCIDENTS {
        for seed in SEEDS {
            let trace = simulate(&incident.scenario(), seed).expect("what ships can be run");
            lines.push(format!("{} {seed} {}", incident.name, jsonl::digest(&trace)));
        }
    }
    lines.join("\n")
}

/// The constants stand for every build and machine: where they change, whoever replays an old seed must be told.
#[test]
fn same_seed_same_bytes_in_every_build() {
    expect![[r#"
        conjunction 0 84b29d73a54d94bbc7349db05699d881322585b8638055921d8c8cd4dbcf2a64
        conjunction 1 cbbbe234e1dfcdd2c645956de52c6b2c04c0a61acc89c3c70cd4ae1022df0423
        conjunction 7 6c3dc55bdba3ca0151040206df3b85f6d69ae77c6a26443549ad97f85b268490
        conjunction 18446744073709551615 e194e1777ebe560f6eb715818b08767dbe83d3ea979c156286b113813eacf180
        mss-17 0 7bc4c1ac764db68da93e91212919204918d541d97c982c6cb8e95254f8805444
        mss-17 1 05463d1b541f4fcfd7c330cbcdd6475abc8517ebd10042ee3012cd0f8f03d81a
        mss-17 7 d724605d15c5103fe5404b2dc573d98dc79694303b564038d2321b39639dcab7
        mss-17 18446744073709551615 3a4b585a6730d73b76779a315bfa2e7976df7be50956a664a87807503aa67d59"#]]
    .assert_eq(&digests());
}

#[test]
fn same_seed_same_bytes_twice() {
    for incident in incidents::INCIDENTS {
        for resolver in Resolver::NAMES.map(|(_, resolver)| resolver) {
            for seed in SEEDS {
                let mut scenario = incident.scenario();
                scenario.resolver = resolver;
                let bytes = || jsonl::to_string(&simulate(&scenario, seed).expect("what ships can be run"));
                assert!(bytes() == bytes(), "{} {} {seed}", incident.name, resolver.name());
            }
        }
    }
}

#[test]
fn same_seed_same_bytes_in_another_process() {
    let binary = env::current_exe().expect("this test runs from a file");
    let output = Command::new(binary)
        .args(["bytes::this_process_tells_its_digests", "--exact", "--nocapture"])
        .output()
        .expect("what runs can be run again");
    let told = String::from_utf8(output.stdout).expect("it prints digests");
    assert!(told.contains(&digests()), "another process says\n{told}");
}

#[test]
fn this_process_tells_its_digests() {
    println!("\n{}", digests());
}

#[test]
fn another_seed_is_another_run() {
    for incident in incidents::INCIDENTS {
        let digest = |seed| jsonl::digest(&simulate(&incident.scenario(), seed).expect("it can be run"));
        assert_ne!(digest(1), digest(2), "{}", incident.name);
    }
}
