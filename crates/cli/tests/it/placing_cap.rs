//! `constellation place --cap`: the run in which a store breaks one of two promises, as a timeline.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn the_lost_messages_and_the_promise_are_told_with_the_timeline() {
    check(
        &["place", "--cap", "quorum"],
        expect![[r#"
            exit 0
            --- out
            quorum:n=3,r=2,w=2,repair=off,sloppy=off  921 runs made, nothing assumed
              partition  If 1 message from pacific to each of atlantic and indian is lost, the write at pacific
                         is not answered, though pacific runs.
              fewest     With fewer messages lost no run breaks a promise: all were made.
              resending  If no message from pacific or indian arrives at atlantic, the read at atlantic is not
                         answered, though atlantic runs. It does not help to send it again.
              wrong      If 1 message from atlantic to each of pacific and indian is lost, a read at pacific
                         shows the write at atlantic, and a later read at indian does not. Whether a write is
                         done that has no answer nobody knows; but once a reader was shown it, it is, and
                         whoever reads later must be shown it, too.

              ✗ broken   every request to a running site is answered, within 1 s
              ✓ kept     what is answered is linearizable

                1.000s  e0  tester   a client of pacific: write x = 1
                1.000s  e1  pacific  write x = 1
                1.000s               m1 from pacific to atlantic (e1: write x = 1) is lost
                1.000s               m2 from pacific to indian (e1: write x = 1) is lost
                2.000s  e2  tester   the client of pacific gives up: no answer within 1 s

              the wrong answer:

              ✗ broken   every request to a running site is answered, within 1 s
              ✗ broken   what is answered is linearizable
                expected  each operation takes effect at one moment between its beginning and its end
                found     indian-2 r(x,nil) reads as x the initial value, which atlantic-0 w(x,1)? had overwritten before it began
                events                              atlantic-0  pacific-1  indian-2
                          e0  1s..                  w(x,1)?
                          e2  2.300001s..2.320101s              r(x,1)
                          e4  2.320102s..2.340202s                         r(x,nil)
                sketch    atlantic-0  ├─w(x,1)?╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷
                          pacific-1     ├─r(x,1)─┤
                          indian-2                 ├─r(x,nil)─┤
                proof     e0 w(x,1)? → e2 r(x,1)     its x is read
                          e2 r(x,1) → e4 r(x,nil)    over before the other begins
                          e4 r(x,nil) → e0 w(x,1)?   it reads an older x

                1.000s  e0   tester    a client of atlantic: write x = 1
                1.000s  e1   atlantic  write x = 1
                1.000s                 m1 from atlantic to pacific (e1: write x = 1) is lost
                1.000s                 m2 from atlantic to indian (e1: write x = 1) is lost
                2.000s  e2   tester    the client of atlantic gives up: no answer within 1 s
                2.300s  e3   tester    a client of pacific: read x
                2.300s  e4   pacific   read x
                2.310s  e5   atlantic  fetch
                2.310s  e6   indian    fetch
                2.320s  e7   pacific   fetched
                2.320s  e8   pacific   fetched
                2.320s  e9   tester    pacific answers the read: x = 1
                2.320s  e10  tester    a client of indian: read x
                2.320s  e11  indian    read x
                2.330s  e12  pacific   fetch
                2.330s  e13  atlantic  fetch
                2.340s  e14  indian    fetched
                2.340s  e15  indian    fetched
                2.340s  e16  tester    indian answers the read: x holds nothing"#]],
    );
    check(
        &["place", "--cap", "quorum:r=1,w=1"],
        expect![[r#"
            exit 0
            --- out
            quorum:n=3,r=1,w=1,repair=off,sloppy=off  15 runs made, nothing assumed
              without    No partition is needed: with no message lost, a read at atlantic does not show, right
                         after its acknowledgement, the write at pacific.
              partition  If 1 message from pacific to atlantic is lost, a read at atlantic does not show, 300.0
                         ms after its acknowledgement, the write at pacific.
              fewest     With fewer messages lost no run breaks a promise: all were made.
              resending  If no message from pacific or indian arrives at atlantic, a read at atlantic does not
                         show, 300.0 ms after its acknowledgement, the write at pacific. It does not help to
                         send it again.

              ✓ kept     every request to a running site is answered, within 1 s
              ✗ broken   what is answered is linearizable
                expected  each operation takes effect at one moment between its beginning and its end
                found     atlantic-1 r(x,nil) reads as x the initial value, which pacific-0 w(x,1) had overwritten before it began
                events                              pacific-0  atlantic-1
                          e0  1s..1.0001s           w(x,1)
                          e2  1.300101s..1.300201s             r(x,nil)
                sketch    pacific-0   ├─w(x,1)─┤
                          atlantic-1             ├─r(x,nil)─┤
                proof     e0 w(x,1) → e2 r(x,nil)   over before the other begins
                          e2 r(x,nil) → e0 w(x,1)   it reads an older x

                1.000s  e0  tester    a client of pacific: write x = 1
                1.000s  e1  pacific   write x = 1
                1.000s                m2 from pacific to atlantic (e1: write x = 1) is lost
                1.000s  e2  tester    pacific answers the write: done
                1.010s  e3  indian    store
                1.020s  e4  pacific   stored
                1.300s  e5  tester    a client of atlantic: read x
                1.300s  e6  atlantic  read x
                1.300s  e7  tester    atlantic answers the read: x holds nothing"#]],
    );
    check(
        &["place", "--cap", "leader:sync=one,failover=majority"],
        expect![[r#"
            exit 0
            --- out
            leader:sync=one,reads=leader,failover=majority  2052 runs made, nothing assumed
              partition  If 1 message from atlantic to pacific is lost, the read at atlantic is not answered,
                         though atlantic runs.
              fewest     With fewer messages lost no run breaks a promise: all were made.
              resending  If no message from pacific or indian arrives at atlantic, the read at atlantic is not
                         answered, though atlantic runs. It does not help to send it again.
              wrong      No wrong answer was found, with one write and one reader or two, whichever 3 messages
                         or fewer that have to do with them are lost.

              ✗ broken   every request to a running site is answered, within 1 s
              ✓ kept     what is answered is linearizable

                1.000s  e101  tester    a client of pacific: write x = 1
                1.000s  e102  pacific   write x = 1
                1.010s  e105  atlantic  append
                1.010s  e106  indian    append
                1.020s  e109  pacific   appended
                1.020s  e110  pacific   appended
                1.020s  e111  tester    pacific answers the write: done
                1.320s  e142  tester    a client of atlantic: read x
                1.320s  e143  atlantic  read x
                1.320s                  m115 from atlantic to pacific (e143: read x) is lost
                2.320s  e244  tester    the client of atlantic gives up: no answer within 1 s
            · 135 events between sites that no chain of messages joins to the two operations"#]],
    );
}

#[test]
fn a_script_is_told_which_messages_are_lost() {
    let output = Bench::new(&[]).run(&["place", "--cap", "quorum", "leader:sync=all", "--json"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(found["schema"], "constellation/place/1");
    expect![[r#"
        {
          "store": "quorum:n=3,r=2,w=2,repair=off,sloppy=off",
          "told": "if 1 message from pacific to each of atlantic and indian is lost, the write at pacific is not answered, though pacific runs",
          "runs": 921,
          "without_loss": null,
          "with_losses": {
            "told": "if 1 message from pacific to each of atlantic and indian is lost, the write at pacific is not answered, though pacific runs",
            "broken": "answered",
            "is_smallest": true,
            "lost": [
              {
                "from": "pacific",
                "to": "atlantic",
                "nth": 0
              },
              {
                "from": "pacific",
                "to": "indian",
                "nth": 0
              }
            ],
            "links": [],
            "operations": [
              {
                "site": "pacific",
                "client": 0,
                "call": "write x = \"1\"",
                "begun_us": 1000000,
                "ended_us": 2000000,
                "completion": "unknown: no answer within 1 s"
              }
            ]
          },
          "with_a_cut": {
            "told": "if no message from pacific or indian arrives at atlantic, the read at atlantic is not answered, though atlantic runs",
            "broken": "answered",
            "is_smallest": true,
            "lost": [
              {
                "from": "pacific",
                "to": "atlantic",
                "nth": 0
              },
              {
                "from": "pacific",
                "to": "atlantic",
                "nth": 1
              },
              {
                "from": "indian",
                "to": "atlantic",
                "nth": 0
              }
            ],
            "links": [
              {
                "from": "pacific",
                "to": "atlantic"
              },
              {
                "from": "indian",
                "to": "atlantic"
              }
            ],
            "operations": [
              {
                "site": "pacific",
                "client": 0,
                "call": "write x = \"1\"",
                "begun_us": 1000000,
                "ended_us": 1020100,
                "completion": "done"
              },
              {
                "site": "atlantic",
                "client": 1,
                "call": "read x",
                "begun_us": 1320101,
                "ended_us": 2320101,
                "completion": "unknown: no answer within 1 s"
              }
            ]
          },
          "wrong": {
            "found": "here",
            "run": {
              "told": "if 1 message from atlantic to each of pacific and indian is lost, a read at pacific shows the write at atlantic, and a later read at indian does not",
              "broken": "linearizable",
              "is_smallest": true,
              "lost": [
                {
                  "from": "atlantic",
                  "to": "pacific",
                  "nth": 0
                },
                {
                  "from": "atlantic",
                  "to": "indian",
                  "nth": 0
                }
              ],
              "links": [],
              "operations": [
                {
                  "site": "atlantic",
                  "client": 0,
                  "call": "write x = \"1\"",
                  "begun_us": 1000000,
                  "ended_us": 2000000,
                  "completion": "unknown: no answer within 1 s"
                },
                {
                  "site": "pacific",
                  "client": 1,
                  "call": "read x",
                  "begun_us": 2300001,
                  "ended_us": 2320101,
                  "completion": "shows \"1\""
                },
                {
                  "site": "indian",
                  "client": 2,
                  "call": "read x",
                  "begun_us": 2320102,
                  "ended_us": 2340202,
                  "completion": "shows nothing"
                }
              ]
            },
            "told": "If 1 message from atlantic to each of pacific and indian is lost, a read at pacific shows the write at atlantic, and a later read at indian does not. Whether a write is done that has no answer nobody knows; but once a reader was shown it, it is, and whoever reads later must be shown it, too."
          }
        }"#]].assert_eq(&serde_json::to_string_pretty(&found["stores"][0]).expect("it is JSON"));
    assert_eq!(found["stores"][1]["store"], "leader:sync=all,reads=leader,failover=off");
}

#[test]
fn what_cannot_be_run_is_refused() {
    let refused = [
        (
            &["place", "--cap"][..],
            expect![[r#"
            exit 2
            --- talk
            error: the following required arguments were not provided:
              <STORE|SYSTEM>...

            Usage: constellation place --cap <STORE|SYSTEM>...

            For more information, try '--help'."#]],
        ),
        (
            &["place", "--cap", "cassandra"],
            expect![[r#"
                exit 2
                --- talk
                error: --cap runs a store, and cassandra is declared, not measured
                help: the stores are leader, quorum, consensus, multi-leader, chain, crdt"#]],
        ),
        (
            &["place", "--cap", "qorum"],
            expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `qorum`
            help: did you mean `quorum`?"#]],
        ),
        (
            &["place", "--cap", "quorum", "--require", "PA"],
            expect![[r#"
            exit 2
            --- talk
            error: the argument '--cap' cannot be used with '--require <CELL|FILE>'

            Usage: constellation place --cap <STORE|SYSTEM>...

            For more information, try '--help'."#]],
        ),
    ];
    for (args, expected) in refused {
        check(args, expected);
    }
}
