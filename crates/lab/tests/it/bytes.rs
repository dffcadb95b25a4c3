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
        conjunction 0 8b0cc9d9924c01416b950b604c1aa393db545ea49ecb96b2c4997b2cad65189b
        conjunction 1 967ca0b44a070c22ff4e3971a2af1bc24d41f30be7aa73793bb3c08991a28629
        conjunction 7 341b2882a568144f6831147680cf37e764e6d92efd4605f540baba55b6e8fcba
        conjunction 18446744073709551615 2ffee9b367b408413f6bae07f72d12dd15af3daf5ea48e086615fb240564ebdd
        mss-17 0 6266e297d7ac7fef72da1cb5a1e3afbdb0975a587150902a79e432e78b947549
        mss-17 1 bbe8e44b3b0a40e49ab811e261110688db7e3f5af80af5481b45fbf37bdbdbac
        mss-17 7 b14302a96572f7bd89b46b043d7d917d3da9e7ecbfc16282a9214d98dea4588b
        mss-17 18446744073709551615 7fc3a053dd3544a20f360839aab98a3940132eb3acd1479f02fe38ad719a68c0
        lossy-relay 0 31838a912bac113a9b55152694a6e0979791a72c446dda471f18f1dfc2e61a9d
        lossy-relay 1 2adcb3dd52578a9a4c3048bcf9f76d7072f48f51251e395366e856692fb2a8b6
        lossy-relay 7 f9e8e91e525b9ba007aba3d8e750063a4ee8a4b0fe44af54cfa2ad10f6844ef7
        lossy-relay 18446744073709551615 08c1d4b1e95c5941182b2a684c20694b7fadf972c064bc5130ac74bce3fd3968
        narrow-pass 0 350c6cf9de5b29591647637164a6934781bfc89294dade87a01993b3985ff919
        narrow-pass 1 aa77056aabaaafa1fad6e506571a640c0cf916d85a5bf529ec9fc72a8d61071d
        narrow-pass 7 cb7cdf376ef111ccb283d5e6e387f506c001708e2e93d1945ee846e2be4ff5f2
        narrow-pass 18446744073709551615 f95110d7c36f7d01bb5dcd8837e2719190b9301cdf439db2bd2a289d5993cc50
        hasty-disk 0 e29bbd6ae385fb06296f03eb7181d389b3a68d30ab220a161cb57921bc37698e
        hasty-disk 1 b3821aa01a0163088153a753f12aa2f32392edbd25590fe2d46e27a401c3701b
        hasty-disk 7 7594cbad1c3bf3e9799fdfb8221b40efd7511a79b200d05f01b96485a373380a
        hasty-disk 18446744073709551615 bdf761d3bfb4cbe78ee9b93837f6e04c3745d3e56d66d8671ce1945d53af47bb"#]]
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
