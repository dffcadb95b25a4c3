//! `constellation run`: every scenario under every resolver, and everything that can be wrong with what is typed.

use std::fs;

use constellation_lab::Resolver;
use constellation_lab::incidents::INCIDENTS;
use expect_test::expect;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::command::{Bench, check, text};
use crate::hunting::endless;

const SMALL: &str = "nodes = [\"here\", \"there\"]\nend = \"1s\"\nlink = { latency = \"20ms\" }\n\
                     steps = [{ at = \"0s\", do = \"submit\", node = \"here\", key = \"k\", value = \"v\" }]\n";

fn small() -> Bench {
    Bench::new(&[("small.toml", SMALL.as_bytes())])
}

#[test]
fn a_small_scenario_is_told_and_judged() {
    small().check(
        &["run", "small.toml"],
        expect![[r#"
            exit 0
            --- out
            small

                0.000s  e0  here   online
                0.000s  e1  here   submit k = "v" as here:1                  lamport 1  vector {here:1}
                0.000s  e2  here   tell the others of here:1
                0.000s  e3  there  online
                0.020s  e4  there  receive here:1 from here                  lamport 2  vector {here:1 there:1}
                0.020s  e5  there  reconcile(here:1) -> ADOPTED: here:1 "v"
                1.040s  e7  here   show k: here:1 "v"
                1.040s  e8  there  show k: here:1 "v"
            · 1 event is not shown, in which a node persists its state

            ✓ holds    vector stamps tell before, after and concurrent exactly  (1 pair, 100.0 % decided)
            ✓ holds    each vector stamp is the join of its causes and one tick  (2 vectors)
            ✓ holds    lamport stamps never contradict happens-before  (1 pair, 0.0 % decided)
            ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (3 reads)
            ✓ holds    every update survives or is superseded  (1 update of 1 key)
            ✓ holds    no stale sibling is shown  (3 reads)
            ✓ holds    nothing is shown out of thin air  (3 reads, 1 write)
            ✓ holds    replicas converge  (1 key at 2 nodes)
            ✓ holds    every message arrives unless the world lost it  (1 message)
            ✓ holds    each link delivers in the order of sending  (1 message)

            seed 1 · replay: constellation run small.toml --seed 1
            trace sha256 ff0dd37447331fc167857c677c06fe4222dda0d4e3f8ca7d1ed5a6b94e734b77"#]],
    );
}

/// The lines of a timeline that tell of messages and not of stations.
fn told_of_links(link: &str) -> String {
    let update = |at: &str, node: &str| {
        format!(
            "{{ at = \"{at}\", do = \"submit\", node = \"{node}\", key = \"k\", value = \"nadir, then 12 degrees of yaw\" }}"
        )
    };
    let steps = [update("1s", "here"), update("2s", "here"), update("3s", "here"), update("4s", "there")];
    let text = format!(
        "nodes = [\"here\", \"there\"]\nend = \"30s\"\nlink = {{ latency = \"20ms\", {link} }}\nsteps = [{}]\n",
        steps.join(", ")
    );
    let output =
        Bench::new(&[("links.toml", text.as_bytes())]).run(&["run", "links.toml", "--seed", "2"], b"");
    let timeline = text_of(&output);
    let lines = timeline.lines().filter(|line| line.contains("s              m"));
    lines.map(|line| line.trim().to_owned() + "\n").collect()
}

fn text_of(output: &std::process::Output) -> String {
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout).to_owned()
}

#[test]
fn what_links_do_to_messages_is_told_with_its_reason() {
    let check = |link: &str, expected: expect_test::Expect| expected.assert_eq(&told_of_links(link));
    check(
        "corrupt = \"60%\"",
        expect![[r#"
                1.000s              m0 from here to there (e3: tell the others of here:1) is lost: bits flipped, and its checksum is wrong
                2.000s              m1 from here to there (e5: tell the others of here:2) is lost: bits flipped, and its checksum is wrong
                4.000s              m3 from there to here (e12: tell the others of there:1) is lost: bits flipped, and its checksum is wrong
        "#]],
    );
    check(
        "corrupt_unseen = \"100%\"",
        expect![[r#"
                1.000s              m0 from here to there (e3: tell the others of here:1) will arrive as another: bits flipped, and nothing saw it
                2.000s              m1 from here to there (e8: tell the others of here:2) will arrive as another: bits flipped, and nothing saw it
                3.000s              m2 from here to there (e13: tell the others of here:3) will arrive as another: bits flipped, and nothing saw it
                4.000s              m3 from there to here (e18: tell the others of there:1) will arrive as another: bits flipped, and nothing saw it
        "#]],
    );
    check(
        "size_max = \"1B\"",
        expect![[r#"
                1.000s              m0 from here to there (e3: tell the others of here:1) is lost: it is longer than the link takes
                2.000s              m1 from here to there (e5: tell the others of here:2) is lost: it is longer than the link takes
                3.000s              m2 from here to there (e7: tell the others of here:3) is lost: it is longer than the link takes
                4.000s              m3 from there to here (e9: tell the others of there:1) is lost: it is longer than the link takes
        "#]],
    );
    check(
        "rate = \"20B/s\", queue = \"70B\"",
        expect![[r#"
                2.000s              m1 from here to there (e5: tell the others of here:2) waits behind others until 3.700s
                3.000s              m2 from here to there (e7: tell the others of here:3) is lost: the queue of the link is full
        "#]],
    );
    check(
        "windows = [{ from = \"2.5s\", to = \"3.5s\" }]",
        expect![[r#"
                1.000s              m0 from here to there (e3: tell the others of here:1) waits for the link until 2.500s
                2.000s              m1 from here to there (e5: tell the others of here:2) waits for the link until 2.500s
                4.000s              m3 from there to here (e18: tell the others of there:1) waits for the link until 30.000s
        "#]],
    );
    check(
        "windows = [{ from = \"2.5s\", to = \"3.5s\" }], outside = \"lose\"",
        expect![[r#"
                1.000s              m0 from here to there (e3: tell the others of here:1) is lost: the link is down
                2.000s              m1 from here to there (e5: tell the others of here:2) is lost: the link is down
                4.000s              m3 from there to here (e12: tell the others of there:1) is lost: the link is down
        "#]],
    );
}

#[test]
fn each_scenario_ends_with_each_resolver_as_its_promises_do() {
    let mut table = String::new();
    for incident in INCIDENTS {
        for resolver in Resolver::NAMES.map(|(name, _)| name).into_iter().chain(["all"]) {
            let output = Bench::new(&[]).run(&["run", incident.name, "--resolver", resolver], b"");
            assert_eq!(text(&output.stderr), "");
            table += &format!("{} {resolver}: {}\n", incident.name, output.status.code().expect("it ends"));
        }
    }
    expect![[r#"
        conjunction siblings: 0
        conjunction wall-lww: 1
        conjunction lamport-lww: 1
        conjunction all: 1
        mss-17 siblings: 0
        mss-17 wall-lww: 1
        mss-17 lamport-lww: 1
        mss-17 all: 1
        lossy-relay siblings: 0
        lossy-relay wall-lww: 0
        lossy-relay lamport-lww: 0
        lossy-relay all: 0
        narrow-pass siblings: 0
        narrow-pass wall-lww: 0
        narrow-pass lamport-lww: 0
        narrow-pass all: 0
        hasty-disk siblings: 0
        hasty-disk wall-lww: 0
        hasty-disk lamport-lww: 0
        hasty-disk all: 0
    "#]]
    .assert_eq(&table);
}

#[test]
fn json_says_what_the_text_says_under_a_schema() {
    let output = Bench::new(&[]).run(&["run", "mss-17", "--resolver", "wall-lww", "--json"], b"");
    assert_eq!(output.status.code(), Some(1));
    let run: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().expect("it is an object").keys().cloned().collect()
    };
    expect!["schema version scenario title seed resolver nodes events messages operations exit_code promises remarks replay trace_sha256 given"].assert_eq(&keys(&run).join(" "));
    let promises = run["promises"].as_array().expect("it is a list");
    let violated = promises.iter().find(|promise| promise["verdict"] == "violated").expect("one is broken");
    expect!["promise verdict scope expected found events proof steps notes text"]
        .assert_eq(&keys(violated).join(" "));
    expect!["event process at_ns what stamps"].assert_eq(&keys(&violated["events"][0]).join(" "));
    expect!["promise verdict scope"].assert_eq(&keys(&promises[0]).join(" "));
    assert_eq!((&run["schema"], &run["exit_code"]), (&"constellation/run/1".into(), &1.into()));
    assert_eq!(run["seed"], "1", "a seed may have more digits than a double");
}

#[test]
fn json_compares_resolvers_under_a_schema() {
    let output = Bench::new(&[]).run(&["run", "mss-17", "--resolver", "all", "--json"], b"");
    assert_eq!(output.status.code(), Some(1));
    let all: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(all["schema"], "constellation/comparison/1");
    let runs = all["runs"].as_array().expect("it is a list");
    let codes: Vec<_> = runs.iter().map(|run| format!("{} {}", run["resolver"], run["exit_code"])).collect();
    expect![[r#""siblings" 0, "wall-lww" 1, "lamport-lww" 1"#]].assert_eq(&codes.join(", "));
}

#[test]
fn the_trace_file_has_the_digest_that_is_printed() {
    for args in [&["conjunction"][..], &["mss-17", "--seed", "7", "--resolver", "lamport-lww"]] {
        let bench = Bench::new(&[("out.jsonl", b"an older one")]);
        let output = bench.run(&[&["run"], args, &["--trace", "out.jsonl"]].concat(), b"");
        let bytes = fs::read(bench.path().join("out.jsonl")).expect("it was written");
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let last = text(&output.stdout).lines().last().unwrap_or_default();
        assert_eq!(last, format!("trace sha256 {digest}"));
        assert_eq!(bench.names(), ["out.jsonl"], "nothing is left beside it");
    }
}

#[cfg(unix)]
#[test]
fn the_trace_file_can_be_read_by_whoever_reads_other_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new(&[("beside.txt", b"")]);
    bench.run(&["run", "conjunction", "--trace", "out.jsonl"], b"");
    let mode = |name| fs::metadata(bench.path().join(name)).expect("it is there").permissions().mode();
    assert_eq!(mode("out.jsonl"), mode("beside.txt"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_trace_into_a_device_leaves_the_device_in_its_place() {
    let output = Bench::new(&[]).run(&["run", "conjunction", "--trace", "/dev/stderr"], b"");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).starts_with("{\"schema\":\"constellation/trace/1\""));
}

#[test]
fn a_trace_that_cannot_be_written_leaves_nothing_behind() {
    let bench = Bench::new(&[("file", b"")]);
    fs::create_dir(bench.path().join("folder")).expect("the folder is ours");
    bench.check(
        &["run", "conjunction", "--trace", "missing/out.jsonl"],
        expect![[r#"
            exit 2
            --- talk
            error: cannot write `missing/out.jsonl`: No such file or directory (os error 2)"#]],
    );
    bench.check(
        &["run", "conjunction", "--trace", "file/out.jsonl"],
        expect![[r#"
            exit 2
            --- talk
            error: cannot write `file/out.jsonl`: Not a directory (os error 20)"#]],
    );
    let output = bench.run(&["run", "conjunction", "--trace", "folder"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot write `folder`: "), "{}", text(&output.stderr));
    bench.check(
        &["run", "conjunction", "--resolver", "all", "--trace", "out.jsonl"],
        expect![[r#"
        exit 2
        --- talk
        error: --trace wants one run, but --resolver all makes several
        help: choose one resolver"#]],
    );
    assert_eq!(bench.names(), ["file", "folder"]);
}

#[test]
fn a_seed_is_decimal_or_hexadecimal() {
    let digest = |seed: &[&str]| {
        let output = Bench::new(&[]).run(&[&["run", "conjunction"], seed].concat(), b"");
        text(&output.stdout).lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(digest(&["--seed", "255"]), digest(&["--seed", "0xff"]));
    assert_eq!(digest(&["--seed", "1"]), digest(&[]));
    assert_ne!(digest(&["--seed", "2"]), digest(&[]));
}

#[test]
fn the_replay_command_does_the_same_again() {
    let bench = Bench::new(&[("my own.toml", SMALL.as_bytes())]);
    let output = bench.run(&["run", "my own.toml", "--nodes", "here,there,nowhere", "--seed", "0x10"], b"");
    let told = text(&output.stdout);
    let replay = told.split("replay: constellation ").nth(1).and_then(|rest| rest.lines().next());
    expect!["run 'my own.toml' --seed 16 --nodes here,there,nowhere"].assert_eq(replay.expect("it is told"));
    let again = bench.run(&["run", "my own.toml", "--seed", "16", "--nodes", "here,there,nowhere"], b"");
    assert_eq!(text(&again.stdout), told);
}

#[test]
fn other_nodes_may_run_what_names_none_of_them() {
    let bench = small();
    assert_eq!(bench.run(&["run", "small.toml", "--nodes", "here,moon"], b"").status.code(), Some(0));
    bench.check(
        &["run", "small.toml", "--nodes", "hear,moon"],
        expect![[r#"
            exit 2
            --- talk
            error: `--nodes` leaves out `here`, which the scenario names at line 4
             --> --nodes:1:1
              |
            1 | hear,moon
              | ^^^^^^^^^"#]],
    );
    bench.check(
        &["run", "small.toml", "--nodes", "here,here"],
        expect![[r#"
            exit 2
            --- talk
            error: node `here` is named twice
             --> --nodes:1:6
              |
            1 | here,here
              |      ^^^^"#]],
    );
    bench.check(
        &["run", "small.toml", "--nodes", ""],
        expect![[r#"
            exit 2
            --- talk
            error: `` cannot name a node
             --> --nodes:1:1
              |
            1 |
              | ^
              |
            help: 1 to 64 letters, digits, `_`, `-` and `.`"#]],
    );
}

#[test]
fn names_that_are_typed_with_blanks_between_are_the_same() {
    let (spaced, plain) = (["--nodes", " here, there"], ["--nodes", "here,there"]);
    let output = |nodes: &[&str]| small().run(&[&["run", "small.toml"], nodes].concat(), b"").stdout;
    assert_eq!(text(&output(&spaced)), text(&output(&plain)));
    small().check(
        &["run", "small.toml", "--nodes", "her,there"],
        expect![[r#"
        exit 2
        --- talk
        error: `--nodes` leaves out `here`, which the scenario names at line 4
         --> --nodes:1:1
          |
        1 | her,there
          | ^^^^^^^^^
          |
        help: did you mean it by `her`?"#]],
    );
    let wrong = Bench::new(&[("wrong.toml", SMALL.replace("submit", "sumbit").as_bytes())]);
    wrong.check(
        &["run", "wrong.toml", "--nodes", "here"],
        expect![[r#"
        exit 2
        --- talk
        error: there is no step `sumbit`
         --> wrong.toml:4:28
          |
        4 | steps = [{ at = "0s", do = "sumbit", node = "here", key = "k", value = "v" }]
          |                            ^^^^^^^^
          |
        help: did you mean `submit`?"#]],
    );
}

/// A run in which everything happens that the world can do, told in one piece.
#[test]
fn what_the_world_does_is_told_by_what_it_does_it_to() {
    let world = "nodes = [\"here\", \"there\"]\nend = \"9s\"\nresolver = \"wall-lww\"\nanti_entropy = \"5s\"\n\
                 link = { latency = \"20ms\", duplicate = \"100%\" }\n\
                 [[links]]\nfrom = \"there\"\nto = \"here\"\nloss = \"100%\"\n\
                 [[walls]]\nnode = \"here\"\nahead = \"-2s\"\n";
    let steps = "steps = [\n\
                 { at = \"1s\", do = \"submit\", node = \"there\", key = \"k\", value = \"v\" },\n\
                 { at = \"2s\", do = \"partition\", between = [[\"here\"], [\"there\"]] },\n\
                 { at = \"2s\", do = \"submit\", node = \"here\", key = \"k\", value = \"w\" },\n\
                 { at = \"3s\", do = \"heal\" },\n\
                 { at = \"4s\", do = \"crash\", node = \"here\" },\n\
                 { at = \"5s\", do = \"restart\", node = \"here\" },\n\
                 { at = \"6s\", do = \"step-wall\", node = \"here\", by = \"2s\" },\n]\n";
    let (top, rest) = world.split_once("[[links]]").expect("it is there");
    let scenario = format!("{top}{steps}[[links]]{rest}");
    let output = Bench::new(&[("world.toml", scenario.as_bytes())]).run(&["run", "world.toml"], b"");
    let told = text(&output.stdout).split("\n\n").nth(1).unwrap_or(text(&output.stderr));
    expect![[r#"
            0.000s  e0   here    online
            0.000s  e1   there   online
            1.000s  e2   there   submit k = "v" as there:1                                         lamport 1  vector {there:1}  wall 00:00:01.000Z
            1.000s  e3   there   tell the others of there:1
            1.000s               m0 from there to here (e3: tell the others of there:1) is lost
            2.000s       ══════  partition: here | there
            2.000s  e4   here    submit k = "w" as here:1                                          lamport 1  vector {here:1}  wall 00:00:00.000Z (2000 ms behind the truth)
            2.000s  e5   here    tell the others of here:1
            2.000s               m1 from here to there (e5: tell the others of here:1) is held
            3.000s       ══════  heal: every link is whole
            3.000s               m1 from here to there (e5: tell the others of here:1) will arrive twice
            3.020s  e6   there   receive here:1 from here                                          lamport 2  vector {here:1 there:2}
            3.020s  e7   there   reconcile(here:1) -> DISCARDED: wall 00:00:01.000Z > 00:00:00.000Z: there:1 "v"  wall 00:00:03.020Z
            3.020s  e8   there   receive here:1 from here                                          lamport 3  vector {here:1 there:3}
            3.020s  e9   there   reconcile(here:1) -> DISCARDED: wall 00:00:01.000Z > 00:00:00.000Z: there:1 "v"  wall 00:00:03.020Z
            4.000s  e10  here    crashes
            5.000s  e11  here#1  restarts as here#1 from the state of e5
            5.000s  e12  there   offer all it holds to here                                        lamport 4  vector {here:1 there:4}
            5.000s               m2 from there to here (e12: offer all it holds to here) is lost
            6.000s       ══════  the wall clock of here jumps by 2000 ms
           10.000s  e13  here#1  offer all it holds to there                                       lamport 2  vector {here:1 here#1:1}
           10.000s  e14  there   offer all it holds to here                                        lamport 5  vector {here:1 there:5}
           10.020s  e15  here#1  receive there:1 from there                                        lamport 6  vector {here:1 here#1:2 there:5}
           10.020s  e16  here#1  reconcile(there:1) -> OVERWRITES: wall 00:00:01.000Z > 00:00:00.000Z: there:1 "v"  wall 00:00:10.020Z
           10.020s  e18  there   receive here:1 from here                                          lamport 6  vector {here:1 here#1:1 there:6}
           15.000s  e19  here#1  offer all it holds to there                                       lamport 7  vector {here:1 here#1:3 there:5}
           15.000s  e20  there   offer all it holds to here                                        lamport 7  vector {here:1 here#1:1 there:7}
           15.020s  e21  here#1  receive there:1 from there                                        lamport 8  vector {here:1 here#1:4 there:7}
           15.020s  e22  there   receive there:1 from here                                         lamport 8  vector {here:1 here#1:3 there:8}
           20.000s  e23  here#1  offer all it holds to there                                       lamport 9  vector {here:1 here#1:5 there:7}
           20.000s  e24  there   offer all it holds to here                                        lamport 9  vector {here:1 here#1:3 there:9}
           20.020s  e25  here#1  receive there:1 from there                                        lamport 10  vector {here:1 here#1:6 there:9}
           20.020s  e26  there   receive there:1 from here                                         lamport 10  vector {here:1 here#1:5 there:10}
           25.000s  e27  here#1  offer all it holds to there                                       lamport 11  vector {here:1 here#1:7 there:9}
           25.000s  e28  there   offer all it holds to here                                        lamport 11  vector {here:1 here#1:5 there:11}
           25.020s  e29  here#1  receive there:1 from there                                        lamport 12  vector {here:1 here#1:8 there:11}
           25.020s  e30  there   receive there:1 from here                                         lamport 12  vector {here:1 here#1:7 there:12}
           29.120s  e31  here#1  show k: there:1 "v"
           29.120s  e32  there   show k: there:1 "v"
        · 1 event is not shown, in which a node persists its state"#]].assert_eq(told);
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    check(
        &["run", "conjuction"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `conjuction`
        help: did you mean `conjunction`?"#]],
    );
    check(
        &["run", "moon"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `moon`
        help: `constellation scenarios` lists them; a file of your own ends in `.toml`"#]],
    );
    check(
        &["run", "conjunction", "--resolver", "sibling"],
        expect![[r#"
        exit 2
        --- talk
        error: no resolver is called `sibling`
        help: did you mean `siblings`?"#]],
    );
    check(
        &["run", "conjunction", "--resolver", "wall"],
        expect![[r#"
        exit 2
        --- talk
        error: no resolver is called `wall`
        help: did you mean `wall-lww`?"#]],
    );
    Bench::new(&[("mine.toml", SMALL.as_bytes())]).check(
        &["run", "mine"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `mine`
        help: did you mean the file `mine.toml`?"#]],
    );
    check(
        &["run", "conjunction", "--resolver", "dictator"],
        expect![[r#"
        exit 2
        --- talk
        error: no resolver is called `dictator`
        help: one of siblings, wall-lww, lamport-lww, all"#]],
    );
    check(
        &["run", "missing.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot read `missing.toml`: No such file or directory (os error 2)"#]],
    );
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let bench = Bench::new(&[("latin.toml", b"title = \"\xb0\""), ("empty.toml", b"")]);
    fs::create_dir(bench.path().join("folder.toml")).expect("the folder is ours");
    bench.check(
        &["run", "latin.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: `latin.toml` is not UTF-8 text: invalid utf-8 sequence of 1 bytes from index 9"#]],
    );
    bench.check(
        &["run", "empty.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: `nodes` is missing in the file
         --> empty.toml:1:1
          |
        1 |
          | ^"#]],
    );
    let output = bench.run(&["run", "folder.toml"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot read `folder.toml`: "));
}

#[test]
fn a_fault_of_a_file_is_underlined() {
    let bench = Bench::new(&[("typo.toml", SMALL.replace("node = \"here\"", "node = \"hera\"").as_bytes())]);
    bench.check(
        &["run", "typo.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: there is no node `hera`
         --> typo.toml:4:45
          |
        4 | steps = [{ at = "0s", do = "submit", node = "hera", key = "k", value = "v" }]
          |                                             ^^^^^^
          |
        help: did you mean `here`?"#]],
    );
}

#[test]
fn a_value_cannot_command_the_terminal() {
    let evil = SMALL.replace("value = \"v\"", "value = \"v\\u001b[31m\\nred\"");
    let bench = Bench::new(&[("evil.toml", evil.as_bytes())]);
    let output = bench.run(&["run", "evil.toml", "--color", "always"], b"");
    assert!(text(&output.stdout).contains("v\\u{1b}[31m\\nred"), "{}", text(&output.stdout));
}

#[test]
fn what_was_not_judged_to_the_end_is_unknown() {
    let long = format!("anti_entropy = \"1ms\"\n{SMALL}");
    let output = Bench::new(&[("long.toml", long.as_bytes())]).run(&["run", "long.toml"], b"");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("? unknown  lamport stamps never contradict happens-before"));
}

#[test]
fn a_run_that_cannot_be_finished_is_unknown() {
    let endless = endless();
    let bench = Bench::new(&[("endless.toml", endless.as_bytes())]);
    let output = bench.run(&["run", "endless.toml", "--json"], b"");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let run: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    expect![
        "what comes after 33554 events, the most allowed, at +0.033000s, lastly at n554, is not recorded"
    ]
    .assert_eq(run["promises"][1]["limit"].as_str().expect("it is a text"));
    assert_eq!(run["promises"][0]["verdict"], "holds", "safety is judged as far as the run goes");
}
