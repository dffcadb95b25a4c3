//! Clients of a scenario as a user meets them: in the timeline, in the counts, and in the trace.

use expect_test::expect;
use serde_json::Value;

use crate::command::Bench;

/// One write whose first reply is late, and one read that nobody answers.
const LATE: &str = r#"
nodes = ["here", "there"]
end = "4s"
link = { latency = "20ms" }
clients = [{ name = "ground", stations = ["here", "there"], loop = "closed", think = "500ms", begin = "1s",
             operations = 2, keys = "k", timeout = "100ms", retries = 1, backoff = "50ms" }]
steps = [
    { at = "900ms", do = "cut", from = "here", to = "ground" },
    { at = "1.2s", do = "cut", from = "ground", to = ["here", "there"] },
    { at = "3s", do = "heal" },
]
"#;

fn late() -> Bench {
    Bench::new(&[("late.toml", LATE.as_bytes())])
}

#[test]
fn a_timeline_tells_what_a_client_asked_and_what_it_learnt() {
    late().check(&["run", "late.toml"], expect![[r#"
        exit 0
        --- out
        late

            0.000s  e0   here    online
            0.000s  e1   there   online
            0.900s       ══════  cut: nothing from here reaches ground
            1.000s  e2   ground  invokes 0: write k = "ground-1", sends m0 to here
            1.020s  e3   here    is asked 0: write k = "ground-1"
            1.020s  e4   here    submit k = "ground-1" as here:1                         lamport 1  vector {here:1}
            1.020s  e5   here    tell the others of here:1
            1.020s  e6   here    answers 0: done
            1.020s               m2 from here to ground (e6: answers 0: done) is held
            1.040s  e7   there   receive here:1 from here                                lamport 2  vector {here:1 there:1}
            1.040s  e8   there   reconcile(here:1) -> ADOPTED: here:1 "ground-1"
            1.150s  e10  ground  asks again for 0, retry 1 of 1
            1.170s  e11  there   is asked 0: write k = "ground-1"
            1.170s  e12  there   submit k = "ground-1" as there:1                        lamport 3  vector {here:1 there:2}
            1.170s  e13  there   tell the others of there:1
            1.170s  e14  there   answers 0: done
            1.190s  e15  here    receive there:1 from there                              lamport 4  vector {here:2 there:2}
            1.190s  e16  here    reconcile(there:1) -> ADOPTED: there:1 "ground-1"
            1.190s  e18  ground  hears of 0: done
            1.190s  e19  ground  completes 0: done
            1.200s       ══════  cut: nothing from ground reaches here, there
            1.690s  e20  ground  invokes 1: read k, sends m6 to there
            1.690s               m6 from ground to there (e20: operation 1) is held
            1.840s  e21  ground  asks again for 1, retry 1 of 1
            1.840s               m7 from ground to here (e21: asks again for 1, retry 1 of 1) is held
            1.940s  e22  ground  completes 1: unknown: no reply in time, nor to 1 retry
            3.000s       ══════  heal: every link is whole
            3.020s  e23  here    is asked 1: read k
            3.020s  e24  here    show k: there:1 "ground-1"
            3.020s  e25  here    answers 1: shows "ground-1"
            3.020s  e26  there   is asked 1: read k
            3.020s  e27  there   show k: there:1 "ground-1"
            3.020s  e28  there   answers 1: shows "ground-1"
            3.020s  e29  ground  hears of 0, which has ended: done
            3.040s  e30  ground  hears of 1, which has ended: shows "ground-1"
            3.040s  e31  ground  hears of 1, which has ended: shows "ground-1"
            4.290s  e32  here    show k: there:1 "ground-1"
            4.290s  e33  there   show k: there:1 "ground-1"
        · 2 events are not shown, in which nodes persist their state

        ✓ holds    vector stamps tell before, after and concurrent exactly  (6 pairs, 100.0 % decided)
        ✓ holds    each vector stamp is the join of its causes and one tick  (4 vectors)
        ✓ holds    lamport stamps never contradict happens-before  (6 pairs, 0.0 % decided)
        ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (6 reads)
        ✓ holds    every update survives or is superseded  (2 updates of 1 key)
        ✓ holds    no stale sibling is shown  (6 reads)
        ✓ holds    nothing is shown out of thin air  (6 reads, 2 writes)
        ✓ holds    replicas converge  (1 key at 2 nodes)
        ✓ holds    every message arrives unless the world lost it  (10 messages)
        ✓ holds    each link delivers in the order of sending  (10 messages)
        · clients began 2 operations: 1 done, 0 failed, 1 open

        seed 1 · replay: constellation run late.toml --seed 1
        trace sha256 dea81011a2ac47f17fdc973098a2c449b0b1741063e01e8c22a9862f067cc337"#]]);
}

#[test]
fn json_counts_what_became_of_the_operations() {
    let output = late().run(&["run", "late.toml", "--json"], b"");
    let run: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    expect![[r#"{"invoked":2,"done":1,"failed":0,"open":1}"#]].assert_eq(&run["operations"].to_string());
    expect![[r#"["here","there"]"#]].assert_eq(&run["nodes"].to_string());
    let output = Bench::new(&[]).run(&["run", "mss-17", "--json"], b"");
    let run: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    expect![[r#"{"invoked":0,"done":0,"failed":0,"open":0}"#]].assert_eq(&run["operations"].to_string());
}

#[test]
fn a_trace_with_clients_is_judged_as_the_run_was() {
    let bench = late();
    bench.run(&["run", "late.toml", "--trace", "late.jsonl"], b"");
    bench.check(
        &["check", "late.jsonl"],
        expect![[r#"
        exit 0
        --- out
        late.jsonl · a trace of this program
        scenario late · seed 1 · resolver siblings
        34 events, 3 nodes, 10 messages
        ✓ holds    vector stamps tell before, after and concurrent exactly  (6 pairs, 100.0 % decided)
        ✓ holds    each vector stamp is the join of its causes and one tick  (4 vectors)
        ✓ holds    lamport stamps never contradict happens-before  (6 pairs, 0.0 % decided)
        ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (6 reads)
        ✓ holds    every update survives or is superseded  (2 updates of 1 key)
        ✓ holds    no stale sibling is shown  (6 reads)
        ✓ holds    nothing is shown out of thin air  (6 reads, 2 writes)
        ✓ holds    replicas converge  (1 key at 2 nodes)
        ✓ holds    every message arrives unless the world lost it  (10 messages)"#]],
    );
}
