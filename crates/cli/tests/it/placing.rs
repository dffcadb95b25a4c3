//! `constellation place`: where well-known systems are declared to live on the PACELC matrix.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use constellation_lab::placement::catalogue::Catalogue;
use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn systems_are_listed_with_their_cells() {
    check(
        &["place"],
        expect![[r#"
            exit 0
            --- out
            stores, to be measured:
              leader: a single leader takes all writes and sends them to its followers in order
                sync     = none|one|all          for which followers the leader waits before it acknowledges
                reads    = leader|anywhere       who answers reads
                failover = off|majority          whether a follower takes over from a leader of which most sites do not hear
                sites    = 3|5                   at how many sites the store is
              quorum: a write waits for W of N replicas, a read for R; the newest by the wall clock of its writer wins
                n      = 3|1|2|4|5               how many replicas a key has
                r      = 2|1|3|4|5               how many replicas a read waits for
                w      = 2|1|3|4|5               how many replicas a write waits for
                repair = off|after|before        whether a read brings replicas up to date that are behind, and before or after it answers
                sloppy = off|on                  whether sites that are no replicas of a key stand in for those that do not answer
                skew   = 0ms|200ms               how far the wall clock of the second site is ahead of the others
                sites  = 3|5                     at how many sites the store is
              consensus: a majority agrees on a log, entry by entry, under a leader that it elects (Raft)
                reads = log|lease|anywhere       whether a read takes a place in the log, the word of a leader with a lease, or that of any site
                sites = 3|5                      at how many sites the store is
              multi-leader: every site takes writes and tells the others afterwards
                conflicts = lww|siblings         whether of concurrent writes the last by the wall clock wins, or all stay until a client that has seen them writes
                skew      = 0ms|200ms            how far the wall clock of the second site is ahead of the others
                sites     = 3|5                  at how many sites the store is
              chain: writes go from the head of a chain to its tail, and what has reached that is committed
                reads    = tail|any|craq         who answers reads: the tail, any site, or any site that asks the tail where it must
                failover = off|majority          whether most sites go on with a chain without a site that they do not hear of
                sites    = 3|5                   at how many sites the store is
              crdt: every site takes writes into multi-value registers, whose states are gossiped and merged without loss
                gossip = 20ms|200ms              how often a site tells the others what it knows and they may not
                sites  = 3|5                     at how many sites the store is
            `constellation place NAME:SETTING=VALUE,…` measures one, the first value where nothing is said; --all measures many

            systems:
            cassandra      PA/EL  depends  PC/EC
            cockroachdb    PC/EC  PC/EL
            consul         depends  PC/EC  PC/EL
            cosmosdb       PC/EC  PC/EL  depends
            couchbase      P–/EC  depends  P–/EL
            couchdb        PA/EL
            dynamo         PA/EL
            dynamodb       PC/EL  PC/EC  PA/EL
            elasticsearch  PC/EL  depends
            etcd           PC/EC  PC/EL
            foundationdb   PC/EC
            hazelcast      PA/EC  PC/EC
            hbase          PC/EC  PC/EL
            kafka          PC/EC  P–/EL  P–/EC  depends
            megastore      PC/EC
            mongodb        P–/EC  PC/EC  depends
            mysql          depends  PC/EL  PC/EC
            nats           PC/EC  PC/EL
            pnuts          PC/EL  PC/EC
            postgresql     depends  PC/EC  PC/EL
            rabbitmq       PC/EC
            redis          PC/EL  P–/EC
            riak           PA/EL  PC/EC
            scylladb       PA/EL  depends  PC/EC
            spanner        PC/EC  PC/EL
            tidb           PC/EC  PC/EL
            voldemort      PA/EL
            voltdb         PC/EC
            yugabytedb     PC/EC  PC/EL  PA/EL
            zookeeper      PC/EL  depends
            declared, not measured; `constellation place NAME` says for which settings, and who says so
            PA      whichever sites are cut off, all is answered, once the time for a fail-over is over
            PC      not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost
            P–      neither
            lost    what a site does not show 3 s after the heal, even when it is asked again
            EL      what is answered without a cut is not linearizable
            EC      it is linearizable, with one slow site, too
            P?, E?  what was measured does not tell
            models  linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees"#]],
    );
}

#[test]
fn a_system_is_shown_with_sentences_and_sources_as_declared() {
    check(
        &["place", "riak"],
        expect![[r#"
            exit 0
            --- out
            Riak KV: declared, not measured

            PA/EL    default buckets · all
              partition  each side answers requests, and conflicting values are kept or settled as the bucket
                         says
              normal     replicas converge later, so a read may be old or show several values
              placed by  Abadi 2012
              source     Abadi, Consistency Tradeoffs in Modern Distributed Database System Design, IEEE
                         Computer 45(2) (February 2012)
                         https://doi.org/10.1109/MC.2012.33
              source     Riak KV documentation: Eventual Consistency (2.2.3)
                         https://docs.riak.com/riak/kv/latest/learn/concepts/eventual-consistency/

            PC/EC    strongly consistent buckets · 2.0 and later
              partition  a request fails where no majority of the primary nodes of the key is in reach
              normal     operations on one key are linearizable
              caveat     experimental, and not meant for production
              placed by  this catalogue, from what the sources say
              source     Riak KV documentation: Strong Consistency (2.2.3)
                         https://docs.riak.com/riak/kv/latest/developing/app-guide/strong-consistency/index.html

            PA      whichever sites are cut off, all is answered, once the time for a fail-over is over
            PC      not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost
            P–      neither
            lost    what a site does not show 3 s after the heal, even when it is asked again
            EL      what is answered without a cut is not linearizable
            EC      it is linearizable, with one slow site, too
            P?, E?  what was measured does not tell
            models  linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees"#]],
    );
    check(
        &["place", "Consul"],
        expect![[r#"
            exit 0
            --- out
            HashiCorp Consul: declared, not measured

            depends  default reads · 1.x
              depends on whether a leader that is cut off steps down before the next is elected: nearly always
                         it does (PC/EC), else it answers reads from the past for a moment (P–/EC)
              partition  writes need a majority of the servers; a leader that was cut off may answer reads until
                         its lease ends
              normal     the leader answers a read alone, by its lease
              placed by  this catalogue, from what the sources say
              source     Consul documentation: Consistency Modes (1.9)
                         https://developer.hashicorp.com/consul/api-docs/v1.9.x/features/consistency

            PC/EC    consistent reads · 1.x
              partition  without a majority of the servers both reads and writes fail
              normal     the leader asks a majority whether it still leads before it answers a read, which is
                         one more round trip
              placed by  this catalogue, from what the sources say
              source     Consul documentation: Consistency Modes (1.9)
                         https://developer.hashicorp.com/consul/api-docs/v1.9.x/features/consistency

            PC/EL    stale reads · 1.x
              partition  every server answers reads, also without a leader and however old its state is; writes
                         need a majority
              normal     any server answers a read alone, mostly within 50 ms of the leader
              placed by  this catalogue, from what the sources say
              source     Consul documentation: Consistency Modes (1.9)
                         https://developer.hashicorp.com/consul/api-docs/v1.9.x/features/consistency

            PA      whichever sites are cut off, all is answered, once the time for a fail-over is over
            PC      not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost
            P–      neither
            lost    what a site does not show 3 s after the heal, even when it is asked again
            EL      what is answered without a cut is not linearizable
            EC      it is linearizable, with one slow site, too
            P?, E?  what was measured does not tell
            models  linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees"#]],
    );
}

#[test]
fn nothing_is_shown_without_saying_that_it_was_not_measured() {
    let bench = Bench::new(&[]);
    for system in Catalogue::shipped().systems {
        let output = bench.run(&["place", &system.name], b"");
        assert_eq!(output.status.code(), Some(0));
        let shown = text(&output.stdout);
        assert!(shown.starts_with(&format!("{}: declared, not measured\n", system.title)), "{shown}");
        for declared in &system.settings {
            let said = [&declared.setting, &declared.partition, &declared.normal];
            let sources = declared.sources.iter().flat_map(|source| [&source.title, &source.address]);
            // Long texts are folded.
            let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            for said in said.into_iter().chain(sources) {
                assert!(words.contains(&**said), "{}: `{said}` is not shown", system.name);
            }
            if let Some(cell) = declared.abadi {
                assert!(shown.contains(&format!("  Abadi 2012 {cell}\n")), "{}: {shown}", system.name);
            }
        }
    }
}

#[test]
fn a_script_is_told_the_same() {
    let output = Bench::new(&[]).run(&["place", "--json"], b"");
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(json["schema"], "constellation/place/1");
    assert_eq!(json["basis"], "declared");
    assert_eq!(
        json["systems"].as_array().map(Vec::len),
        Some(Catalogue::shipped().systems.len()),
        "all systems are there"
    );
    check(
        &["place", "voltdb", "--json"],
        expect![[r#"
            exit 0
            --- out
            {
              "schema": "constellation/place/1",
              "basis": "declared",
              "exit_code": 0,
              "systems": [
                {
                  "name": "voltdb",
                  "title": "VoltDB",
                  "settings": [
                    {
                      "setting": "default transactions",
                      "version": "all",
                      "cell": "PC/EC",
                      "depends": null,
                      "by": "Abadi 2012",
                      "abadi": null,
                      "partition": "nodes that are cut off from the greater part of the cluster stop, and it goes on without them",
                      "normal": "transactions are ordered by one initiator for each partition, and all its replicas run them before they are acknowledged",
                      "caveat": "Jepsen found stale and dirty reads and lost updates in 6.3, for which 6.4 has fixes",
                      "sources": [
                        {
                          "title": "Abadi, Consistency Tradeoffs in Modern Distributed Database System Design, IEEE Computer 45(2)",
                          "address": "https://doi.org/10.1109/MC.2012.33",
                          "date": "February 2012"
                        },
                        {
                          "title": "Kingsbury, Jepsen: VoltDB 6.3",
                          "address": "https://jepsen.io/analyses/voltdb-6-3",
                          "date": "12 July 2016"
                        }
                      ]
                    }
                  ]
                }
              ]
            }"#]],
    );
}

#[test]
fn an_unknown_system_is_refused_with_the_nearest() {
    check(
        &["place", "cassanda"],
        expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `cassanda`
            help: did you mean `cassandra`?"#]],
    );
    check(
        &["place", "oracle\n9"],
        expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `oracle\n9`
            help: `constellation place` lists both"#]],
    );
}

#[test]
fn a_catalogue_of_ones_own_is_read_or_refused_where_it_is_wrong() {
    let sound = "[sources.wiki]\ntitle = \"Our wiki\"\naddress = \"https://wiki.example/store\"\ndate = \"2026\"\n\n\
                 [[systems]]\nname = \"store\"\ntitle = \"Our store\"\n\n[[systems.settings]]\nsetting = \"default\"\n\
                 version = \"1\"\ncell = \"depends\"\ndepends = \"the weather\"\npartition = \"it waits\"\n\
                 normal = \"it answers\"\nsources = [\"wiki\"]\n";
    let wrong = sound.replace("normal", "nromal");
    let bench = Bench::new(&[("sound.toml", sound.as_bytes()), ("wrong.toml", wrong.as_bytes())]);
    bench.check(
        &["place", "store", "--catalogue", "sound.toml"],
        expect![[r#"
            exit 0
            --- out
            Our store: declared, not measured

            depends  default · 1
              depends on the weather
              partition  it waits
              normal     it answers
              placed by  this catalogue, from what the sources say
              source     Our wiki (2026)
                         https://wiki.example/store

            PA      whichever sites are cut off, all is answered, once the time for a fail-over is over
            PC      not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost
            P–      neither
            lost    what a site does not show 3 s after the heal, even when it is asked again
            EL      what is answered without a cut is not linearizable
            EC      it is linearizable, with one slow site, too
            P?, E?  what was measured does not tell
            models  linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees"#]],
    );
    bench.check(
        &["place", "--catalogue", "wrong.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: unknown key `nromal` in a setting
          --> wrong.toml:16:1
           |
        16 | nromal = "it answers"
           | ^^^^^^
           |
        help: did you mean `normal`?"#]],
    );
    bench.check(
        &["place", "--catalogue", "missing.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot read `missing.toml`: No such file or directory (os error 2)"#]],
    );
}

#[test]
fn declared_systems_are_drawn_hollow_each_with_its_sentences() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["place", "riak", "consul", "--svg", "it.svg", "--html", "it.html"], b"");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let read = |name: &str| fs::read_to_string(bench.path().join(name)).expect("it was written");
    let (svg, html) = (read("it.svg"), read("it.html"));
    let catalogue = Catalogue::shipped();
    let mut drawn = 0;
    for declared in
        ["riak", "consul"].iter().flat_map(|name| &catalogue.find(name).expect("it ships").settings)
    {
        let told = declared.partition.replace('\'', "&#39;");
        let is_drawn = svg.contains(&format!("in a partition: {told} else: "));
        assert_eq!(is_drawn, declared.place.to_string() != "depends", "{told}");
        let count = if is_drawn { 2 } else { 0 };
        assert_eq!(html.matches(&told).count(), count, "pointed at, and in the table: {told}");
        drawn += usize::from(is_drawn);
    }
    assert_eq!(svg.matches("p-hollow").count() - 1, drawn + 1, "in the style, each mark, and what it means");
    assert!(svg.contains("consul: default reads is in no cell: it depends on"), "{svg}");
    assert!(html.contains("declared, not measured") && !html.contains("<script"));
    // All of them, where none is named.
    bench.run(&["place", "--html", "all.html"], b"");
    let all = read("all.html");
    for system in &catalogue.systems {
        assert!(all.contains(&format!(">{}: ", system.name)), "{}", system.name);
    }
}

#[test]
fn what_is_not_a_place_is_not_drawn() {
    check(
        &["place", "quorum", "--cap", "--svg", "it.svg"],
        expect![[r#"
            exit 2
            --- talk
            error: --svg draws where stores live, and --cap asks for something else
            help: leave out --cap, or --svg"#]],
    );
    Bench::new(&[("there/it", b"")]).check(
        &["place", "quorum", "--html", "there"],
        expect![[r#"
            exit 2
            --- talk
            error: cannot write `there`: it is a folder"#]],
    );
}
