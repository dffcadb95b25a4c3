//! Logs of real processes: put together, judged and drawn, or refused with the line.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;

use expect_test::expect;

use crate::command::Bench;

const CLIENT: &str = r#"{"schema":"constellation/part/1","process":"client","began_ns":1000000000}
{"event":0,"at_ns":10,"do":"send","to":"server","label":"asks","claims":{"lamport":1,"vector":{"client":1}}}
{"event":1,"at_ns":4000000,"do":"receive","sender":"server","sent":1,"label":"is answered","claims":{"lamport":4,"vector":{"client":2,"server":2}}}
{"ended_ns":5000000,"dropped":0}
"#;

/// Its clock is a second behind, and it was killed.
const SERVER: &str = r#"{"schema":"constellation/part/1","process":"server","began_ns":"0"}
{"event":0,"at_ns":20,"do":"receive","sender":"client","sent":0,"label":"is asked","claims":{"lamport":2,"vector":{"client":1,"server":1}}}
{"event":1,"at_ns":2000020,"do":"send","to":"client","label":"answers","claims":{"lamport":3,"vector":{"client":1,"server":2}}}
"#;

#[test]
fn two_logs_are_joined_judged_and_drawn() {
    let bench = Bench::new(&[("client", CLIENT.as_bytes()), ("server", SERVER.as_bytes())]);
    bench.check(
        &["join", "server", "client", "-o", "run.jsonl", "--html", "run.html", "--svg", "run.svg"],
        expect![[r#"
            exit 0
            --- out
            client, server
            4 events, 2 nodes, 2 messages
            ✓ holds    vector stamps tell before, after and concurrent exactly  (6 pairs, 100.0 % decided)
            ✓ holds    each vector stamp is the join of its causes and one tick  (4 vectors)
            ✓ holds    lamport stamps never contradict happens-before  (6 pairs, 0.0 % decided)
            ✓ holds    every message arrives unless the world lost it  (2 messages)
            · the log of `server` was not closed: it was killed, or still runs
            · the times of `server` are moved forward by up to 999 ms, or a message would arrive before it was sent: wall clocks disagree by so much at least"#]],
    );
    bench.check(
        &["report", "run.jsonl", "-o", "again.html"],
        expect![[r#"
        exit 0
        --- out
        ✓ holds    vector stamps tell before, after and concurrent exactly
        All 4 promises hold.
        written: again.html"#]],
    );
    let page = fs::read_to_string(bench.path().join("run.html")).expect("it was written");
    assert!(
        page.contains("its times are") || page.contains("wall clocks disagree"),
        "the page says what to know"
    );
    assert!(page.contains("\"times\":\"estimated\""), "nobody knows the truth");
    let picture = fs::read_to_string(bench.path().join("run.svg")).expect("it was written");
    for drawn in [page, picture] {
        let said = "All 4 promises hold; but wall clocks disagree by 999 ms at least.";
        assert!(drawn.contains(said), "what holds by clocks that disagree is not said to hold without it");
    }
}

#[test]
fn a_server_that_learns_nothing_is_found() {
    let forgetful = SERVER.replace("\"client\":1,", "").replace("\"lamport\":2", "\"lamport\":1");
    let bench = Bench::new(&[("client", CLIENT.as_bytes()), ("server", forgetful.as_bytes())]);
    bench.check(&["join", "client", "server"], expect![[r#"
        exit 1
        --- out
        client, server
        4 events, 2 nodes, 2 messages
        ✗ violated vector stamps tell before, after and concurrent exactly  (6 pairs, 100.0 % decided)
            expected  e0 before e1
            found     e0 concurrent with e1: the vector clock does not see that one event caused the other; 1 more pair is wrong
            events    e0  client  +1.000000s  asks      lamport 1  vector {client:1}
                      e1  server  +1.000000s  is asked  lamport 1  vector {server:1}
            proof     e0  client  +1.000000s  asks      lamport 1  vector {client:1}
                      e1  server  +1.000000s  is asked  lamport 1  vector {server:1}
            drawn     client  ●e0!───────
                              ┗━m0━━▼
                      server  ──────○e1!─
                              ● sends  ○ delivers  ━ proves it  ! shows it  not to scale
                              e0 happened before e1
        ✗ violated each vector stamp is the join of its causes and one tick  (4 vectors)
            expected  vector {client:1 server:1} at e1
            found     vector {server:1}: client is 0, though news of 1 came; 1 more vector is wrong
            events    e0  client  +1.000000s  asks      lamport 1  vector {client:1}
                      e1  server  +1.000000s  is asked  lamport 1  vector {server:1}
            proof     e0  client  +1.000000s  asks      lamport 1  vector {client:1}
                      e1  server  +1.000000s  is asked  lamport 1  vector {server:1}
        ✗ violated lamport stamps never contradict happens-before  (6 pairs, 16.6 % decided)
            expected  e0 before e1
            found     e0 concurrent with e1: the lamport clock does not see that one event caused the other
            events    e0  client  +1.000000s  asks      lamport 1  vector {client:1}
                      e1  server  +1.000000s  is asked  lamport 1  vector {server:1}
            proof     e0  client  +1.000000s  asks      lamport 1  vector {client:1}
                      e1  server  +1.000000s  is asked  lamport 1  vector {server:1}
        ✓ holds    every message arrives unless the world lost it  (2 messages)
        · the log of `server` was not closed: it was killed, or still runs
        · the times of `server` are moved forward by up to 999 ms, or a message would arrive before it was sent: wall clocks disagree by so much at least"#]]);
}

#[test]
fn logs_that_make_no_trace_are_refused() {
    let other = CLIENT.replace("\"sent\":1", "\"sent\":7");
    let bench = Bench::new(&[
        ("client", CLIENT.as_bytes()),
        ("other", other.as_bytes()),
        ("server", SERVER.as_bytes()),
        ("trace", b"{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\"]}\n"),
    ]);
    bench.check(&["join", "client"], expect![[r#"
        exit 2
        --- talk
        error: this was never sent: there is no log of `server`
         --> client:3:43
          |
        3 | {"event":1,"at_ns":4000000,"do":"receive","sender":"server","sent":1,"label":"is answered","claims":{"lamport":4,"vector":{"client":2,"server":2}}}
          |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: name its log, too"#]]);
    bench.check(&["join", "other", "server"], expect![[r#"
        exit 2
        --- talk
        error: this was never sent: `server` has no event 7, its log holds 2
         --> other:3:43
          |
        3 | {"event":1,"at_ns":4000000,"do":"receive","sender":"server","sent":7,"label":"is answered","claims":{"lamport":4,"vector":{"client":2,"server":2}}}
          |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: is its log whole, and of the same run?"#]]);
    bench.check(
        &["join", "client", "client", "server"],
        expect![[r#"
        exit 2
        --- talk
        error: this cannot have happened: node `client` is named twice
         --> client:1:44
          |
        1 | {"schema":"constellation/part/1","process":"client","began_ns":1000000000}
          |                                            ^^^^^^^^
        help: each needs a name of its own"#]],
    );
    bench.check(
        &["join", "trace"],
        expect![[r#"
        exit 2
        --- talk
        error: unknown schema `constellation/trace/1`
         --> trace:1:35
          |
        1 | {"schema":"constellation/trace/1","nodes":["a"]}
          |                                   ^^^^^^^
        help: it is a whole trace, which needs no joining: `constellation report` draws it"#]],
    );
    bench.check(&["report", "client", "-o", "it.html"], expect![[r#"
        exit 2
        --- talk
        error: unknown schema `constellation/part/1`
         --> client:1:34
          |
        1 | {"schema":"constellation/part/1","process":"client","began_ns":1000000000}
          |                                  ^^^^^^^^^
        help: it is the log of one process: `constellation join` makes a trace of it and those of the others"#]]);
    bench.check(
        &["join", "client", "server", "-o", "no/folder"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot write `no/folder`: No such file or directory (os error 2)"#]],
    );
    assert_eq!(bench.names(), ["client", "other", "server", "trace"], "nothing is written");
}
