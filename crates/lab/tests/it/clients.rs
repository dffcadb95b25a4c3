//! Clients of a scenario: what they see of the stations, and what the stations make of it.

use constellation_lab::hunt::{Go, Hunt, deviations, hunt, provenance};
use constellation_lab::{Run, Scenario, Station, play, simulate, simulate_with};
use constellation_sim::{Recorder, Seeded, Tape};
use constellation_trace::format::jsonl;
use constellation_trace::{History, Names, TrueTime, Verdict};
use expect_test::{Expect, expect};

/// Two stations and a client that writes and reads, over links of 20 ms.
const BASE: &str = r#"
nodes = ["pacific", "atlantic"]
end = "10s"
link = { latency = "20ms" }

[[clients]]
name = "ground"
stations = ["pacific", "atlantic"]
loop = "closed"
think = "500ms"
begin = "1s"
operations = 4
keys = "mode"
timeout = "200ms"
MORE
"#;

fn scenario(client: &str, more: &str) -> Scenario {
    let text = BASE.replacen("MORE", client, 1) + more;
    Scenario::parse("clients", &text).expect("the file is documented")
}

/// What the clients saw, an operation a line, and which promises do not hold.
fn check(scenario: &Scenario, expected: Expect) {
    let run = Run::of(scenario, 1, "").expect("it is short");
    let mut told = tell(&History::of(&run.trace), &scenario.names().collect::<Vec<_>>());
    for judgement in &run.judgements {
        match &judgement.verdict {
            Verdict::Holds => {}
            Verdict::Violated(evidence) => told += &format!("{}: {}\n", judgement.promise, evidence.found),
            _ => told += &format!("{}: unknown\n", judgement.promise),
        }
    }
    told += &run.remarks.join("\n");
    expected.assert_eq(&told);
}

fn tell(history: &History, names: &[&str]) -> String {
    let ms = |at: TrueTime| at.ns() / 1_000_000;
    let mut told = String::new();
    for operation in history.operations() {
        let client = names[operation.client.index()];
        told += &format!("{} {client}: {}", ms(operation.invoked.at), operation.call);
        if let Some((moment, completion)) = &operation.completed {
            told += &format!(" -> {} {completion}", ms(moment.at));
        }
        told += "\n";
    }
    told
}

#[test]
fn with_nothing_amiss_a_client_reads_what_it_wrote() {
    check(
        &scenario("", ""),
        expect![[r#"
            1000 ground: write mode = "ground-1" -> 1040 done
            1540 ground: read mode -> 1580 shows "ground-1"
            2080 ground: write mode = "ground-2" -> 2120 done
            2620 ground: read mode -> 2660 shows "ground-2"
            clients began 4 operations: 4 done, 0 failed, 0 open"#]],
    );
}

#[test]
fn a_lost_reply_leaves_an_operation_open_that_took_effect() {
    // The first write is at Pacific, as the read at Atlantic shows.
    check(
        &scenario("", "[[links]]\nfrom = \"pacific\"\nto = \"ground\"\nloss = \"100%\""),
        expect![[r#"
            1000 ground: write mode = "ground-1" -> 1200 unknown: no reply in time
            1700 ground: read mode -> 1740 shows "ground-1"
            2240 ground: write mode = "ground-2" -> 2280 done
            2780 ground: read mode -> 2820 shows "ground-2"
            clients began 4 operations: 3 done, 0 failed, 1 open"#]],
    );
}

#[test]
fn a_lost_request_looks_the_same_to_the_client() {
    check(
        &scenario("", "[[links]]\nfrom = \"ground\"\nto = \"pacific\"\nloss = \"100%\""),
        expect![[r#"
            1000 ground: write mode = "ground-1" -> 1200 unknown: no reply in time
            1700 ground: read mode -> 1740 shows nothing
            2240 ground: write mode = "ground-2" -> 2280 done
            2780 ground: read mode -> 2820 shows "ground-2"
            clients began 4 operations: 3 done, 0 failed, 1 open"#]],
    );
}

#[test]
fn a_crashed_station_looks_the_same_to_the_client() {
    let crash = "[[steps]]\nat = \"500ms\"\ndo = \"crash\"\nnode = \"pacific\"";
    check(
        &scenario("", crash),
        expect![[r#"
            1000 ground: write mode = "ground-1" -> 1200 unknown: no reply in time
            1700 ground: read mode -> 1740 shows nothing
            2240 ground: write mode = "ground-2" -> 2280 done
            2780 ground: read mode -> 2820 shows "ground-2"
            replicas converge: pacific lacks atlantic:1: at pacific nothing is shown, at atlantic atlantic:1 is shown
            clients began 4 operations: 3 done, 0 failed, 1 open"#]],
    );
}

#[test]
fn a_retry_that_a_station_knows_writes_once_and_one_that_it_does_not_writes_twice() {
    // Replies take longer than the client waits, so that it asks twice.
    let slow = "[[links]]\nfrom = \"pacific\"\nto = \"ground\"\nlatency = \"250ms\"";
    let one = "stations = \"pacific\"\nretries = 2";
    let writes = |client: &str| {
        let text =
            BASE.replacen("stations = [\"pacific\", \"atlantic\"]\n", "", 1).replacen("MORE", client, 1);
        let scenario = Scenario::parse("clients", &(text + slow)).expect("the file is documented");
        simulate(&scenario, 1).expect("it is short").writes().len()
    };
    assert_eq!(writes(one), 2);
    assert_eq!(writes(&format!("{one}\nidentity = \"renewed\"")), 4);
}

#[test]
fn an_open_loop_goes_on_while_a_closed_one_waits() {
    let hold = "[[steps]]\nat = \"900ms\"\ndo = \"cut\"\nfrom = \"pacific\"\nto = \"ground\"\n\
                [[steps]]\nat = \"3s\"\ndo = \"heal\"";
    let patient = |text: &str| text.replace("timeout = \"200ms\"", "timeout = \"5s\"");
    let closed = Scenario::parse("clients", &patient(&(BASE.replacen("MORE", "", 1) + hold)));
    check(
        &closed.expect("documented"),
        expect![[r#"
            1000 ground: write mode = "ground-1" -> 3020 done
            3520 ground: read mode -> 3560 shows "ground-1"
            4060 ground: write mode = "ground-2" -> 4100 done
            4600 ground: read mode -> 4640 shows "ground-2"
            clients began 4 operations: 4 done, 0 failed, 0 open"#]],
    );
    let open =
        BASE.replacen("MORE", "", 1).replace("loop = \"closed\"\nthink", "loop = \"open\"\nevery") + hold;
    check(
        &Scenario::parse("clients", &patient(&open)).expect("documented"),
        expect![[r#"
            1000 ground: write mode = "ground-1" -> 3020 done
            1500 ground: read mode -> 3020 shows "ground-1"
            2000 ground: write mode = "ground-2" -> 3020 done
            2500 ground: read mode -> 3020 shows "ground-2"
            clients began 4 operations: 4 done, 0 failed, 0 open"#]],
    );
}

#[test]
fn what_a_client_began_at_the_end_is_settled_before_anybody_looks() {
    let late = "retries = 3\nbackoff = \"50ms\"";
    let text = BASE.replacen("MORE", late, 1).replace("begin = \"1s\"", "begin = \"9.99s\"");
    let cut = "[[steps]]\nat = \"9s\"\ndo = \"cut\"\nfrom = \"ground\"\nto = \"pacific\"";
    check(
        &Scenario::parse("clients", &(text + cut)).expect("documented"),
        expect![[r#"
            9990 ground: write mode = "ground-1" -> 10040 done
            clients began 1 operation: 1 done, 0 failed, 0 open"#]],
    );
}

#[test]
fn reads_and_writes_are_mixed_evenly_and_go_through_the_keys() {
    let scenario = scenario("reads = \"40%\"", "");
    let mut client = scenario.clients[0].clone();
    (client.operations, client.keys) = (10, vec!["a".to_owned(), "b".to_owned()]);
    let calls: Vec<_> = client.calls().iter().map(ToString::to_string).collect();
    expect![[r#"
        write a = "ground-1"
        write b = "ground-2"
        read a
        write a = "ground-3"
        read b
        write b = "ground-4"
        write a = "ground-5"
        read a
        write b = "ground-6"
        read b"#]]
    .assert_eq(&calls.join("\n"));
}

#[test]
fn nodes_of_any_protocol_answer_clients() {
    let scenario = scenario("", "");
    let station = |rules: &std::sync::Arc<_>, me| Station::new(std::sync::Arc::clone(rules), me);
    let trace = simulate_with(&scenario, 1, station).expect("it is short");
    // Nobody knows how to ask it for values, so the names of the updates stand for them.
    expect![[r#"
         1000 ground: write mode = "ground-1" -> 1040 done
         1540 ground: read mode -> 1580 shows "pacific:1"
         2080 ground: write mode = "ground-2" -> 2120 done
         2620 ground: read mode -> 2660 shows "pacific:2"
    "#]]
    .assert_eq(&tell(&History::of(&trace), &["pacific", "atlantic", "ground"]));
}

#[test]
fn the_same_seed_gives_the_same_history_and_without_clients_nothing_changes() {
    let lossy = "[[links]]\nfrom = [\"pacific\", \"ground\"]\nto = [\"ground\", \"pacific\"]\nloss = \"40%\"";
    let lossy = scenario("retries = 3", lossy);
    let text = |seed| jsonl::to_string(&simulate(&lossy, seed).expect("it is short"));
    for seed in 0..20 {
        assert_eq!(text(seed), text(seed), "seed {seed}");
    }
    let mut without = lossy.clone();
    without.clients.clear();
    without.links.clear();
    let mut silent = lossy;
    silent.clients[0].operations = 0;
    let events = |scenario: &Scenario| {
        let trace = simulate(scenario, 1).expect("it is short");
        trace.event_ids().map(|event| trace.describe(event)).collect::<Vec<_>>()
    };
    assert_eq!(events(&without), events(&silent), "a client that asks nothing is not there");
}

/// Two clients write at once, at two stations of which one has a slow clock.
const TWO_CLIENTS: &str = r#"
nodes = ["pacific", "atlantic"]
end = "5s"
epoch = 2026-03-14T04:11:50Z
resolver = "wall-lww"
link = { latency = "20ms" }
walls = [{ node = "atlantic", ahead = "-1min" }]
clients = [
    { name = "ground", stations = "pacific", loop = "closed", operations = 1, keys = "mode", reads = "0%" },
    { name = "sea", stations = "atlantic", loop = "closed", operations = 1, keys = "mode", reads = "0%" },
    { name = "idle", stations = "atlantic", loop = "open", every = "1s", operations = 3, keys = "other" },
]
"#;

#[test]
fn what_clients_wrote_is_judged_and_named_in_the_evidence() {
    let scenario = Scenario::parse("two-clients", TWO_CLIENTS).expect("the file is documented");
    let run = Run::of(&scenario, 1, "").expect("it is short");
    let broken = run.judgements.iter().find_map(|judgement| match &judgement.verdict {
        Verdict::Violated(evidence) => Some(format!("{}:\n{evidence}", judgement.promise)),
        _ => None,
    });
    expect![[r#"
        no update is lost: a read shows all it knows that nothing supersedes:
        expected  pacific shows atlantic:1 under mode: it is known there and not superseded
        found     atlantic:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 3 more reads are wrong
        events    e6   pacific   +0.020000s  submit mode = "ground-1" as pacific:1                                                         lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:50.020Z
                  e10  atlantic  +0.020000s  submit mode = "sea-1" as atlantic:1                                                           lamport 1  vector {atlantic:1}  wall 2026-03-14T04:10:50.020Z (60000 ms behind the truth)
                  e18  pacific   +0.040000s  reconcile(atlantic:1) -> DISCARDED: wall 04:11:50.020Z > 04:10:50.020Z: pacific:1 "ground-1"  wall 2026-03-14T04:11:50.040Z
        proof     no chain of messages leads from e10 to e6, nor back
        steps     1. every message takes 20ms
                  2. ground begins an operation at pacific at +0.000000s
                  3. sea begins an operation at atlantic at +0.000000s
        notes     not needed: any of the lie of atlantic's wall clock, what idle asks"#]].assert_eq(&broken.expect("a wall clock loses an update"));
}

#[test]
fn a_tape_of_a_run_with_clients_replays_to_the_same_bytes() {
    let lossy = "[[links]]\nfrom = \"pacific\"\nto = [\"ground\", \"atlantic\"]\nloss = \"40%\"";
    let scenario = scenario("", lossy);
    let provenance = provenance(&scenario, 0).expect("the calm run ends");
    let hunted = hunt(&scenario, &Hunt::new(1, 99), &provenance, &mut |_| Go::On).expect("it runs");
    let finding = &hunted.findings[0];
    let names = Names::from_iter(scenario.names());
    let tape = Tape::parse_line(&finding.tape.line(), &names).expect("a tape reads what it writes");
    let replayed = play(&scenario, tape.provenance().seed, tape.player()).expect("it ran before");
    assert_eq!(jsonl::digest(&replayed), jsonl::digest(&finding.trace));
    // A lost reply alone is a deviation like any other, and its link is named.
    expect![[r#"["loss pacific -> atlantic #0 = 1 of 2", "loss pacific -> ground #0 = 1 of 2"]"#]]
        .assert_eq(&format!("{:?}", deviations(&finding.tape)));
    let mut recorder = Recorder::new(Seeded::new(2));
    play(&scenario, 2, &mut recorder).expect("it is short");
    let names = Names::from_iter(scenario.names());
    let tape = Tape::new(provenance, names, recorder.into_answers()).expect("every node has a name");
    expect!["loss pacific -> ground #2 = 1 of 2"].assert_eq(&deviations(&tape).join("\n"));
}
