//! `constellation place --require`: a store that is not as it must be is exit code 1, with the schedule that shows it.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn a_store_in_another_cell_than_wanted_is_told_with_the_schedule() {
    check(
        &["place", "quorum:r=1,w=1", "--require", "PC/EC"],
        expect![[r#"
            exit 1
            --- out
            ✗ not met  PC/EC: quorum:n=3,r=1,w=1,repair=off,sloppy=off is PA/EL

              wanted    PC in a partition
              found     acknowledged writes: 0 of 6696 are gone, and 675 a site does not show
              schedule  pacific is cut off with losses from 600.0 ms to 4600.0 ms
                600.7 ms  atlantic's client 91 writes built-1-0 = 10011 over 10007, done at 600.8 ms
                7600.6 ms  pacific's client 0 reads built-1-0, shown 10007 at 7600.7 ms
                7600.6 ms  atlantic's client 0 reads built-1-0, shown 10011 at 7600.7 ms
                7600.6 ms  indian's client 0 reads built-1-0, shown 10011 at 7600.7 ms
                8252.2 ms  atlantic's client 0 reads built-1-0, shown 10011 at 8252.3 ms
                8252.2 ms  indian's client 0 reads built-1-0, shown 10011 at 8252.3 ms
                8265.8 ms  pacific's client 0 reads built-1-0, shown 10007 at 8265.9 ms

              wanted    EC without a partition
              found     what it answers is not linearizable
              schedule  every link takes 5 ms, from the beginning to the end
                expected  each operation takes effect at one moment between its beginning and its end
                found     indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
                events                              pacific-0    indian-0
                          e0  0.5s..0.5001s         w(turn-1,1)
                          e2  0.504901s..0.505001s               r(turn-1,nil)
                sketch    pacific-0  ├─w(turn-1,1)─┤
                          indian-0                   ├─r(turn-1,nil)─┤
                proof     e0 w(turn-1,1) → e2 r(turn-1,nil)   over before the other begins
                          e2 r(turn-1,nil) → e0 w(turn-1,1)   it reads an older turn-1
                500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
                504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms"#]],
    );
    check(
        &["place", "quorum", "leader", "--require", "PC"],
        expect![[r#"
            exit 1
            --- out
            ✗ not met  PC: quorum:n=3,r=2,w=2,repair=off,sloppy=off is P–/EC

              wanted    PC in a partition
              found     linearizable holds without a cut, and no longer with one
              schedule  pacific is cut off with losses from 600.0 ms to 4600.0 ms
                expected  each operation takes effect at one moment between its beginning and its end
                found     indian-0 r(shared-1,117) reads as shared-1 that of indian-1 w(shared-1,117), which pacific-50 w(shared-1,118)? had overwritten before it began
                events                                      indian-1         pacific-50        pacific-0.5      indian-0
                          e0  1.553333178s..1.573661605s    w(shared-1,117)
                          e2  1.579999842s..                                 w(shared-1,118)?
                          e4  12.480954434s..12.501104283s                                     r(shared-1,118)
                          e6  13.992552269s..14.012858474s                                                      r(shared-1,117)
                sketch    indian-1     ├─w(shared-1,117)─┤
                          pacific-50                       ├─w(shared-1,118)?╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷
                          pacific-0.5                        ├─r(shared-1,118)─┤
                          indian-0                                               ├─r(shared-1,117)─┤
                proof     e2 w(shared-1,118)? → e4 r(shared-1,118)   its shared-1 is read
                          e4 r(shared-1,118) → e6 r(shared-1,117)    over before the other begins
                          e6 r(shared-1,117) → e2 w(shared-1,118)?   it reads an older shared-1
                notes     indian-1 w(shared-1,117) before pacific-0.5 r(shared-1,118): over before the other begins
                          indian-1 w(shared-1,117) before pacific-50 w(shared-1,118)?: pacific-0.5 r(shared-1,118) knows its shared-1, yet reads the other's
                1553.3 ms  indian's client 1 writes shared-1 = 117, done at 1573.6 ms
                1579.9 ms  pacific's client 50 writes shared-1 = 118, silent until 2579.9 ms: no answer within 1 s
                12480.9 ms  pacific's client 0 reads shared-1, shown 118 at 12501.1 ms
                13992.5 ms  indian's client 0 reads shared-1, shown 117 at 14012.8 ms
            ✓ met      PC: leader:sync=none,reads=leader,failover=off is PC/EC"#]],
    );
    check(
        &["place", "quorum", "--require", "PA"],
        expect![[r#"
            exit 1
            --- out
            ✗ not met  PA: quorum:n=3,r=2,w=2,repair=off,sloppy=off is P–/EC

              wanted    PA in a partition
              found     pacific answers 0 of 38 reads that begin 1500.0 ms after the cut, while pacific is cut off
              schedule  pacific is cut off from 600.0 ms to 4600.0 ms
                2119.9 ms  pacific's client 25 reads own-2-31, silent until 3119.9 ms: no answer within 1 s"#]],
    );
    check(
        &["place", "quorum", "--require", "EL"],
        expect![[r#"
            exit 1
            --- out
            ✗ not met  EL: quorum:n=3,r=2,w=2,repair=off,sloppy=off is P–/EC

              wanted    EL without a partition
              found     what it answers is linearizable, and a write at indian takes 1.00 round trips
              schedule  indian is slow, from the beginning to the end
                3080.3 ms  indian's client 0 writes turn-7 = 21, done at 3200.7 ms"#]],
    );
}

#[test]
fn ones_own_words_are_held_against_the_store() {
    let wants = b"[read]\npartition = \"refuse\"\n\n[write]\nlatency_max = \"0.5rt\"\nlost = \"never\"\n";
    let bench = Bench::new(&[("ledger.toml", wants)]);
    bench.check(&["place", "leader:failover=majority", "--require", "ledger.toml"], expect![[r#"
        exit 1
        --- out
        ✗ not met  ledger.toml: leader:sync=none,reads=leader,failover=majority is P–/EC

          wanted    reads show nothing stale in a partition
          found     a read shows what had been replaced 5233.2 ms before
          schedule  pacific is cut off from 600.0 ms to 4600.0 ms
            expected  each operation takes effect at one moment between its beginning and its end
            found     indian-1.2 r(own-0-16,nil) reads as own-0-16 the initial value, which pacific-0 w(own-0-16,49) had overwritten before it began
            events                                    pacific-0       indian-1.2
                      e0  0.659999934s..0.660099934s  w(own-0-16,49)
                      e2  5.893332744s..5.913617327s                  r(own-0-16,nil)
            sketch    pacific-0   ├─w(own-0-16,49)─┤
                      indian-1.2                     ├─r(own-0-16,nil)─┤
            proof     e0 w(own-0-16,49) → e2 r(own-0-16,nil)   over before the other begins
                      e2 r(own-0-16,nil) → e0 w(own-0-16,49)   it reads an older own-0-16
            659.9 ms  pacific's client 0 writes own-0-16 = 49, done at 660.0 ms
            5893.3 ms  indian's client 1 reads own-0-16, shown nothing at 5913.6 ms

          wanted    a write takes at most 0.50 round trips
          found     at indian it takes 1.00 round trips
          schedule  indian is slow, from the beginning to the end
            2277.1 ms  indian's client 0 writes turn-4 = 12, done at 2397.5 ms

          wanted    no acknowledged write is lost
          found     18 of 4839 are gone, and 3 of 671 that a client had built on what it read were overwritten by one that had not seen them
          schedule  pacific is cut off from 600.0 ms to 4600.0 ms
            619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
            7623.2 ms  atlantic's client 0 reads shared-0, shown 41 at 7623.3 ms
            8230.4 ms  atlantic's client 0 reads shared-0, shown 41 at 8230.5 ms
            12311.5 ms  indian's client 0 reads shared-0, shown 41 at 12331.8 ms
            12312.0 ms  pacific's client 0 reads shared-0, shown 41 at 12332.4 ms
            14372.9 ms  pacific's client 0 reads shared-0, shown 41 at 14393.2 ms
            14373.6 ms  indian's client 0 reads shared-0, shown 41 at 14394.0 ms"#]]);
    let output = bench.run(&["place", "quorum", "--require", "ledger.toml", "--json"], b"");
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&found["exit_code"], &found["requires"]), (&1.into(), &"ledger.toml".into()));
    let requirement = &found["stores"][0]["requirement"];
    expect![[r#"
        {
          "verdict": "not met",
          "breaches": [
            {
              "wanted": "reads show nothing old after new in a partition",
              "found": "indian-0 r(shared-1,117) reads as shared-1 that of indian-1 w(shared-1,117), which pacific-50 w(shared-1,118)? had overwritten before it began",
              "schedule": {
                "network": "pacific is cut off with losses from 600.0 ms to 4600.0 ms",
                "operations": [
                  {
                    "site": "indian",
                    "client": 1,
                    "call": "write shared-1 = \"117\"",
                    "begun_us": 1553333,
                    "ended_us": 1573661,
                    "completion": "done"
                  },
                  {
                    "site": "pacific",
                    "client": 50,
                    "call": "write shared-1 = \"118\"",
                    "begun_us": 1579999,
                    "ended_us": 2579999,
                    "completion": "unknown: no answer within 1 s"
                  },
                  {
                    "site": "pacific",
                    "client": 0,
                    "call": "read shared-1",
                    "begun_us": 12480954,
                    "ended_us": 12501104,
                    "completion": "shows \"118\""
                  },
                  {
                    "site": "indian",
                    "client": 0,
                    "call": "read shared-1",
                    "begun_us": 13992552,
                    "ended_us": 14012858,
                    "completion": "shows \"117\""
                  }
                ]
              }
            },
            {
              "wanted": "a write takes at most 0.50 round trips",
              "found": "at indian it takes 1.00 round trips",
              "schedule": {
                "network": "indian is slow, from the beginning to the end",
                "operations": [
                  {
                    "site": "indian",
                    "client": 0,
                    "call": "write turn-7 = \"21\"",
                    "begun_us": 3080347,
                    "ended_us": 3200710,
                    "completion": "done"
                  }
                ]
              }
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(requirement).expect("it is JSON"));
}

#[test]
fn what_is_no_requirement_is_refused_at_its_place() {
    let bench = Bench::new(&[("wrong.toml", b"[read]\npartition = \"stale\"\n[write]\nlosst = \"never\"\n")]);
    let refused = [
        (
            &["place", "quorum", "--require", "wrong.toml"][..],
            expect![[r#"
            exit 2
            --- talk
            error: unknown key `losst` in [write]
             --> wrong.toml:4:1
              |
            4 | losst = "never"
              | ^^^^^
              |
            help: did you mean `lost`?"#]],
        ),
        (
            &["place", "quorum", "--require", "missing.toml"],
            expect![[r#"
            exit 2
            --- talk
            error: cannot read `missing.toml`: No such file or directory (os error 2)"#]],
        ),
        (
            &["place", "quorum", "--require", "CA"],
            expect![[r#"
            exit 2
            --- talk
            error: `CA` is neither a cell nor a file ending in `.toml`
            help: a cell such as PC/EC, half of one (PA, PC, P-, EL, EC), or a file as placement/requirements.toml"#]],
        ),
        (
            &["place", "cassandra", "--require", "PA"],
            expect![[r#"
                exit 2
                --- talk
                error: --require measures a store, and cassandra is declared, not measured
                help: the stores are leader, quorum, consensus, multi-leader, chain, crdt"#]],
        ),
        (
            &["place", "--require", "PA"],
            expect![[r#"
            exit 2
            --- talk
            error: --require needs a store
            help: `constellation place` lists them"#]],
        ),
        (
            &["place", "quorum", "--require", "PA", "--all"],
            expect![[r#"
            exit 2
            --- talk
            error: the argument '--require <CELL|FILE>' cannot be used with '--all'

            Usage: constellation place --require <CELL|FILE> <STORE|SYSTEM>...

            For more information, try '--help'."#]],
        ),
    ];
    for (args, expected) in refused {
        bench.check(args, expected);
    }
}

#[test]
fn the_histories_of_a_requirement_can_be_kept() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["place", "quorum:repair=before", "--require", "PC", "--history", "seen"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("constellation judge seen"), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("stood there before"), "{}", text(&output.stdout));
    // Whoever judges the folder judges what others wrote, too.
    let output = bench.run(&["place", "quorum:r=1,w=1", "--require", "PA", "--history", "seen"], b"");
    let told = "20 other files of histories stood there before, judged with them";
    assert!(text(&output.stdout).contains(told), "{}", text(&output.stdout));
}
