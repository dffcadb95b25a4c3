//! `constellation check`: a trace of our own, as it was written and altered.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::checking::SOUND;
use crate::command::Bench;

#[test]
fn a_trace_of_our_own_holds_until_a_stamp_is_altered() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "conjunction", "--trace", "out.jsonl"], b"");
    bench.check(
        &["check", "out.jsonl"],
        expect![[r#"
            exit 0
            --- out
            out.jsonl · a trace of this program
            scenario conjunction · seed 1 · resolver siblings
            41 events, 4 nodes, 9 messages
            ✓ holds    vector stamps tell before, after and concurrent exactly  (66 pairs, 100.0 % decided)
            ✓ holds    each vector stamp is the join of its causes and one tick  (12 vectors)
            ✓ holds    lamport stamps never contradict happens-before  (66 pairs, 16.6 % decided)
            ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (13 reads)
            ✓ holds    every update survives or is superseded  (3 updates of 1 key)
            ✓ holds    no stale sibling is shown  (13 reads)
            ✓ holds    nothing is shown out of thin air  (13 reads, 3 writes)
            ✓ holds    replicas converge  (1 key at 4 nodes)
            ✓ holds    every message arrives unless the world lost it  (9 messages)"#]],
    );
    let trace = fs::read_to_string(bench.path().join("out.jsonl")).expect("it was written");
    let altered = trace.replacen("\"pacific\":2", "\"pacific\":9", 1);
    assert_ne!(altered, trace);
    fs::write(bench.path().join("altered.jsonl"), altered).expect("the folder is ours");
    bench.check(&["check", "altered.jsonl"], expect![[r#"
        exit 1
        --- out
        altered.jsonl · a trace of this program
        scenario conjunction · seed 1 · resolver siblings
        41 events, 4 nodes, 9 messages
        ✗ violated vector stamps tell before, after and concurrent exactly  (66 pairs, 100.0 % decided)
            expected  e15 before e17
            found     e15 concurrent with e17: the vector clock does not see that one event caused the other; 4 more pairs are wrong
            events    e15  pacific   +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:9}  wall 2026-03-14T04:40:02.000Z
                      e17  atlantic  +2.024864s  receive pacific:1 from pacific                    lamport 4  vector {atlantic:2 pacific:2}  wall 2026-03-14T04:40:02.024Z
            proof     e15  pacific   +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:9}  wall 2026-03-14T04:40:02.000Z
                      e16  pacific   +2.000000s  tell the others of pacific:1                      wall 2026-03-14T04:40:02.000Z
                      e17  atlantic  +2.024864s  receive pacific:1 from pacific                    lamport 4  vector {atlantic:2 pacific:2}  wall 2026-03-14T04:40:02.024Z
            drawn               ├╌╌╌╌╌╌╌╌╌╌┤ partition: pacific, atlantic | indian_ocean, antarctic
                      pacific   ▏e15!─●e16────────
                                      ┗━m4━━▼
                      atlantic  ────────────○e17!─
                                ● sends  ○ delivers  ▏ local  ━ proves it  ! shows it  not to scale
                                e15 happened before e17
        ✗ violated each vector stamp is the join of its causes and one tick  (12 vectors)
            expected  vector {atlantic:1 pacific:2} at e15
            found     vector {atlantic:1 pacific:9}: its own entry is 9, not 2
            events    e15  pacific  +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:9}  wall 2026-03-14T04:40:02.000Z
            proof     each event ticks the entry of its own process once
        ✓ holds    lamport stamps never contradict happens-before  (66 pairs, 16.6 % decided)
        ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (13 reads)
        ✓ holds    every update survives or is superseded  (3 updates of 1 key)
        ✓ holds    no stale sibling is shown  (13 reads)
        ✓ holds    nothing is shown out of thin air  (13 reads, 3 writes)
        ✓ holds    replicas converge  (1 key at 4 nodes)
        ✓ holds    every message arrives unless the world lost it  (9 messages)"#]]);
    bench.check(
        &["check", "out.jsonl", "--delimiter", "x"],
        expect![[r#"
        exit 2
        --- talk
        error: `out.jsonl` is a trace of this program, which --delimiter cannot take apart
        help: leave it out"#]],
    );
}

#[test]
fn json_has_one_shape_whoever_wrote_the_log() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "conjunction", "--trace", "out.jsonl"], b"");
    let output = bench.run(&["check", "out.jsonl", "--json"], b"");
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let keys: Vec<_> = json.as_object().expect("it is an object").keys().cloned().collect();
    expect!["schema log format parser delimiter executions unmatched exit_code"].assert_eq(&keys.join(" "));
    assert_eq!(json["schema"], "constellation/check/1");
    // One shape, whoever wrote the log.
    let keys =
        |json: &Value| json.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    let foreign = bench.run(&["check", "-", "--json"], SOUND.as_bytes());
    let foreign: Value = serde_json::from_slice(&foreign.stdout).expect("it is JSON");
    assert_eq!(keys(&json), keys(&foreign));
    assert_eq!(keys(&json["executions"][0]), keys(&foreign["executions"][0]));
    assert_eq!(keys(&json["executions"][0]["promises"][0]), keys(&foreign["executions"][0]["promises"][0]));
    let origin = json["executions"][0]["origin"].to_string();
    expect![[r#"{"scenario":"conjunction","seed":"1","resolver":"siblings"}"#]].assert_eq(&origin);
}
