//! `constellation hunt` and `constellation replay`: what is found can be pasted back, edited, and is never misread.

use std::fs;
#[cfg(unix)]
use std::io::{BufRead as _, BufReader, Read as _};
#[cfg(unix)]
use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn a_hunt_ends_at_the_first_seed_that_breaks_a_promise() {
    check(
        &["hunt", "lossy-relay"],
        expect![[r#"
            exit 1
            --- out
            lossy-relay · 4 seeds, 117 events

            ✗ violated replicas converge  (1 key at 4 nodes)
                expected  pacific and atlantic show the same under mss-23/mode in the end
                found     atlantic lacks pacific:1: at pacific atlantic:1 and pacific:1 are shown, at atlantic atlantic:1 is shown
                events    e4   pacific   +1.000000s  submit mss-23/mode = "safe" as pacific:1                   lamport 1  vector {pacific:1}  wall 2026-03-14T05:10:01.000Z
                          e23  pacific   +6.160000s  show mss-23/mode: atlantic:1 "nominal" | pacific:1 "safe"  wall 2026-03-14T05:10:06.160Z
                          e25  atlantic  +6.160000s  show mss-23/mode: atlantic:1 "nominal"                     wall 2026-03-14T05:10:06.160Z
                proof     no chain of messages leads from e4 to e25, nor back
                drawn     pacific   ▏e4!──●e5───▏e23!───────  ← e4 before e23
                                          └╌m1╌✗ lost
                          atlantic  ──────────────────▏e25!─
                                    ● sends  ▏ local  ! shows it  not to scale
                                    neither e4 nor e25 came first: they are concurrent
                steps     1. loss pacific -> atlantic #0 = 1 of 2
                             m1 from pacific to atlantic, sent at +1.000000s (e5: tell the others of pacific:1), is lost
                notes     all else is as in the calm run: least latency, nothing lost, nothing twice
                replay    constellation replay 'tape=1,version=0.1.0,scenario=lossy-relay,hash=9f174254f9ca016e,seed=4,loss:pacific:atlantic:0=1/2' lossy-relay
            · convergence, which must follow once faults end at +6.000000s
            · seed 4; made smaller in 15 runs, from 6 deviations to 1

            · luck: latency in 4, loss in 1 · 2 behaviours, 31 states of nodes"#]],
    );
}

#[test]
fn a_hunt_that_finds_nothing_says_so() {
    check(
        &["hunt", "conjunction", "--seeds", "20"],
        expect![[r#"
            exit 0
            --- out
            conjunction · 20 seeds, 820 events
            no promise was seen broken
            · luck: latency in 20 · 1 behaviour, 41 states of nodes"#]],
    );
}

#[test]
fn a_hunt_that_cannot_begin_is_refused() {
    check(
        &["hunt", "conjunction", "--seeds", "0"],
        expect![[r#"
            exit 2
            --- talk
            error: invalid value '0' for '--seeds <N>': a whole number from 1 to 2^64 - 1

            For more information, try '--help'."#]],
    );
    check(
        &["hunt", "conjunction", "--resolver", "all"],
        expect![[r#"
        exit 2
        --- talk
        error: `--resolver all` compares runs, which only `run` does
        help: choose one resolver"#]],
    );
}

#[test]
fn a_hunt_is_for_seeds_or_for_a_time() {
    check(
        &["hunt", "conjunction", "--seeds", "5", "--for", "1s"],
        expect![[r#"
        exit 2
        --- talk
        error: the argument '--seeds <N>' cannot be used with '--for <TIME>'

        Usage: constellation hunt --seeds <N> <SCENARIO>

        For more information, try '--help'."#]],
    );
    check(
        &["hunt", "conjunction", "--for", "soon"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'soon' for '--for <TIME>': a number and a unit, such as 90s, 10min or 1.5h

        For more information, try '--help'."#]],
    );
    check(
        &["hunt", "conjunction", "--from", "0xffffffffffffffff"],
        expect![[r#"
        exit 2
        --- talk
        error: seeds end at 2^64 - 1: there are not 10000 from 18446744073709551615"#]],
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_the_hunt() {
    let bench = Bench::new(&[("file", b"")]);
    let output = bench.run(&["hunt", "conjunction", "--seeds", "4000000000", "--keep", "file/kept"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).starts_with("error: cannot make the folder `file/kept`"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_hunt_for_a_time_tells_how_much_of_it_is_over() {
    let output = Bench::new(&[]).run(&["hunt", "conjunction", "--for", "0.5ms", "--progress", "always"], b"");
    let told = text(&output.stderr);
    assert!(told.starts_with("hunting: for 500µs\nhunting: "), "{told}");
}

#[test]
fn a_hunt_for_a_time_names_the_command_that_tries_the_same_seeds() {
    let bench = Bench::new(&[]);
    let timed = bench.run(&["hunt", "conjunction", "--for", "0s", "--json"], b"");
    assert_eq!(timed.status.code(), Some(0), "{}", text(&timed.stderr));
    let timed: Value = serde_json::from_slice(&timed.stdout).expect("it is JSON");
    assert_eq!(
        (&timed["ended"], &timed["seeds"]),
        (&"time-up".into(), &1.into()),
        "one seed is tried in any case"
    );
    let again = timed["again"].as_str().expect("it is a text");
    assert_eq!(again, "constellation hunt conjunction --from 1 --seeds 1");
    let words: Vec<_> = again.split(' ').skip(1).chain(["--json"]).collect();
    let again: Value = serde_json::from_slice(&bench.run(&words, b"").stdout).expect("it is JSON");
    for key in ["seeds", "events", "unknown", "coverage", "findings"] {
        assert_eq!(again[key], timed[key], "{key}");
    }
    let output = bench.run(&["hunt", "conjunction", "--for", "0s"], b"");
    expect![[r#"
        · luck: latency in 1 · 1 behaviour, 41 states of nodes
        the same seeds again: constellation hunt conjunction --from 1 --seeds 1"#]]
    .assert_eq(&last_lines(&output.stdout, 2));
}

#[test]
fn faults_that_are_given_stand_in_the_command_that_replays() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "conjunction", "--faults", "loss=5%", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(found["exit_code"], 1);
    let shown = found["findings"][0]["judgement"]["text"].as_str().expect("it is a text");
    assert!(shown.ends_with(" conjunction --faults 'loss=5%'"), "{shown}");
    let tape = found["findings"][0]["tape"].as_str().expect("it is a text");
    let replay = |flags: &[&str]| {
        let words = [&["replay", tape, "conjunction"], flags].concat();
        bench.run(&words, b"").status.code()
    };
    assert_eq!(replay(&["--faults", "loss=5%"]), Some(1));
    assert_eq!(replay(&["--faults", "loss=1%"]), Some(1), "how likely it was makes no difference");
    bench.check(&["replay", tape, "conjunction"], expect![[r#"
        exit 2
        --- talk
        error: the scenario has changed since: its digest was 4a5ee22b0fa7f5a8, now it is 4a5ee22b9a4a36db: the calm run is the same; what can go wrong, or how far, is not
        help: a tape means something only in the scenario, with the resolver, nodes and faults, that it is of; --anyway plays it all the same, and says what no longer fits"#]]);
    assert_eq!(replay(&["--anyway"]), Some(0), "what nobody asks for is not answered");
    let quiet = ["hunt", "lossy-relay", "--faults", "none", "--seeds", "300"];
    check(
        &quiet,
        expect![[r#"
        exit 0
        --- out
        lossy-relay · 300 seeds, 9000 events
        no promise was seen broken
        · luck: latency in 300 · 1 behaviour, 30 states of nodes"#]],
    );
    let run = bench.run(&["run", "lossy-relay", "--seed", "4", "--faults", "none"], b"");
    expect![[r#"
        seed 4 · replay: constellation run lossy-relay --seed 4 --faults none
        trace sha256 91443787ca3f03cdcd2d77ad8524171a1ed2444983e775a96d2545302c984fcc"#]]
    .assert_eq(&last_lines(&run.stdout, 2));
    bench.check(
        &["run", "conjunction", "--faults", "loss=5%,duplicat=1%"],
        expect![[r#"
        exit 2
        --- talk
        error: there is no fault `duplicat`
         --> --faults:1:9
          |
        1 | loss=5%,duplicat=1%
          |         ^^^^^^^^
          |
        help: did you mean `duplicate`?"#]],
    );
    bench.check(
        &["hunt", "conjunction", "--faults", "loss=200%"],
        expect![[r#"
        exit 2
        --- talk
        error: `200%` is not a chance such as "2.5%", at most 100%
         --> --faults:1:6
          |
        1 | loss=200%
          |      ^^^^"#]],
    );
}

#[test]
fn a_replay_ends_where_it_is_told_to() {
    let bench = Bench::new(&[]);
    let tape = tape(&bench);
    let until =
        |event| bench.run(&["replay", &tape, "lossy-relay", "--until", event, "--trace", "begun.jsonl"], b"");
    let output = until("e9");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stdout).contains("\n    what comes after e9 is not recorded\n"),
        "{}",
        text(&output.stdout)
    );
    let ids = text(&output.stdout).lines().filter_map(|line| line.trim_start().split("  ").nth(1));
    let ids: Vec<_> =
        ids.filter(|id| id.strip_prefix('e').is_some_and(|id| id.parse::<u32>().is_ok())).collect();
    assert_eq!(ids.join(" "), "e0 e1 e2 e3 e4 e5 e6 e7 e9", "e8 is not shown: it persists");
    assert_eq!(text(&until("9").stdout), text(&output.stdout));
    let begun = fs::read_to_string(bench.path().join("begun.jsonl")).expect("it was written");
    assert_eq!(begun.lines().filter(|line| line.starts_with("{\"event\"")).count(), 10);
    let json = bench.run(&["replay", &tape, "lossy-relay", "--until", "e9", "--json"], b"");
    let json: Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    assert_eq!((&json["until"], &json["events"], &json["exit_code"]), (&9.into(), &10.into(), &3.into()));
    assert!(json["replay"].as_str().is_some_and(|replay| replay.ends_with(" lossy-relay --until e9")));
    assert_eq!(until("e26").status.code(), Some(1), "its last event is that of the whole run");
    bench.check(
        &["replay", &tape, "lossy-relay", "--until", "e27"],
        expect![[r#"
        exit 2
        --- talk
        error: there is no e27: the last event of this run is e26"#]],
    );
    bench.check(
        &["replay", &tape, "lossy-relay", "--until", "m1"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'm1' for '--until <EVENT>': an event as the timeline names it, such as e17

        For more information, try '--help'."#]],
    );
}

#[test]
fn a_tape_of_another_run_is_played_if_asked_and_says_what_no_longer_fits() {
    let bench = Bench::new(&[]);
    let tape = tape(&bench);
    let older = tape
        .replace("version=0.1.0", "version=0.0.9")
        .replace("scenario=lossy-relay,hash=9", "scenario=old,hash=0");
    bench.check(&["replay", &older, "lossy-relay"], expect![[r#"
        exit 2
        --- talk
        error: the tape was written by version 0.0.9, this is version 0.1.0
               the tape was recorded in scenario old, this is scenario lossy-relay
               the scenario has changed since: its digest was 0f174254f9ca016e, now it is 9f174254f9ca016e: what happens without any bad luck is another run
        help: a tape means something only in the scenario, with the resolver, nodes and faults, that it is of; --anyway plays it all the same, and says what no longer fits"#]]);
    let output = bench.run(&["replay", &older, "lossy-relay", "--anyway"], b"");
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        · played anyway: the tape was written by version 0.0.9, this is version 0.1.0
        · played anyway: the tape was recorded in scenario old, this is scenario lossy-relay
        · played anyway: the scenario has changed since: its digest was 0f174254f9ca016e, now it is 9f174254f9ca016e: what happens without any bad luck is another run
        · of 1 answer, 1 as recorded; 1 promise broken"#]].assert_eq(&last_lines(&output.stdout, 4));
    let repaired =
        bench.run(&["replay", &tape, "lossy-relay", "--anyway", "--faults", "none", "--json"], b"");
    let repaired: Value = serde_json::from_slice(&repaired.stdout).expect("it is JSON");
    assert_eq!(repaired["exit_code"], 0);
    assert_eq!(repaired["mismatches"].as_array().map(Vec::len), Some(1));
    assert_eq!(repaired["leftovers"].as_array().map(Vec::len), Some(1));
}

#[test]
fn nothing_is_told_in_a_pipe_unless_asked() {
    let bench = Bench::new(&[]);
    let told = |when| {
        let output = bench.run(&["hunt", "conjunction", "--seeds", "20", "--progress", when], b"");
        text(&output.stderr).to_owned()
    };
    assert_eq!((told("auto"), told("never")), (String::new(), String::new()));
    let told = told("always");
    let [first, line] = told.lines().collect::<Vec<_>>()[..] else { panic!("two lines, not {told}") };
    assert_eq!(first, "hunting: 20 seeds");
    assert!(line.starts_with("hunting: 16 of 20 seeds, "), "{line}");
    assert!(line.contains(" · 656 events · 0 findings · latency in 16 · "), "{line}");
}

#[cfg(unix)]
#[test]
fn a_hunt_that_is_interrupted_leaves_what_it_has_found() {
    let bench = Bench::new(&[]);
    let mut hunting =
        Hunting::begin(&bench, &["lossy-relay", "--all", "--seeds", "4000000000", "--keep", "kept"]);
    assert_eq!(hunting.line(), "hunting: 4000000000 seeds\n");
    let line = hunting.line();
    assert!(line.starts_with("hunting: 16 of 4000000000 seeds, "), "{line}");
    hunting.interrupt();
    let (code, found) = hunting.end();
    assert_eq!(code, Some(1), "{found}");
    assert!(found.contains("violated replicas converge"), "{found}");
    assert!(found.contains("\n· ended by Ctrl-C, before all was tried\n"), "{found}");
    let again = "\nthe same seeds again: constellation hunt lossy-relay --from 1 --seeds ";
    assert!(found.contains(again), "{found}");
    let kept: Vec<_> = fs::read_dir(bench.path().join("kept")).expect("it was made").collect();
    assert_eq!(kept.len(), 3, "a tape, a trace, and what a reader wants of both");
}

#[cfg(unix)]
#[test]
fn a_hunt_that_is_interrupted_twice_ends_at_once() {
    let long = "nodes = [\"a\", \"b\"]\nend = \"60s\"\nanti_entropy = \"1ms\"\n\
                steps = [{ at = \"0s\", do = \"submit\", node = \"a\", key = \"k\", value = \"v\" }]\n";
    let bench = Bench::new(&[("long.toml", long.as_bytes())]);
    let mut hunting = Hunting::begin(&bench, &["long.toml"]);
    hunting.line();
    hunting.interrupt();
    assert_eq!(
        hunting.line(),
        "Ctrl-C: the hunt ends with the seeds that are under way; once more ends it at once\n"
    );
    hunting.interrupt();
    assert_eq!(hunting.end(), (Some(130), String::new()));
}

/// A hunt, or an exploration, that goes on meanwhile and tells how far it is.
#[cfg(unix)]
pub(crate) struct Hunting {
    child: std::process::Child,
    talk: std::io::BufReader<std::process::ChildStderr>,
}

#[cfg(unix)]
impl Hunting {
    /// A hunt on one core.
    fn begin(bench: &Bench, args: &[&str]) -> Hunting {
        Hunting::command(bench, &[&["hunt", "--jobs", "1"], args].concat())
    }

    pub(crate) fn command(bench: &Bench, args: &[&str]) -> Hunting {
        let mut child = Command::new(env!("CARGO_BIN_EXE_constellation"))
            .args(args)
            .args(["--progress", "always"])
            .current_dir(bench.path())
            .env("TERM", "dumb")
            .env("TMPDIR", bench.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it was built for this test");
        let talk = BufReader::new(child.stderr.take().expect("it is piped"));
        Hunting { child, talk }
    }

    /// What it says next.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.talk.read_line(&mut line).expect("it tells something");
        line
    }

    /// Ctrl-C, as a terminal sends it.
    pub(crate) fn interrupt(&self) {
        let killed = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(killed.expect("there is such a command").success());
    }

    /// Ends it without warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is ours");
    }

    /// How it ends, and what it found.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.talk.read_to_string(&mut rest).expect("it ends");
        let output = self.child.wait_with_output().expect("it ends");
        (output.status.code(), text(&output.stdout).to_owned())
    }
}

/// The tape that a hunt of the lossy relay finds.
fn tape(bench: &Bench) -> String {
    let output = bench.run(&["hunt", "lossy-relay", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    found["findings"][0]["tape"].as_str().expect("a tape is a text").to_owned()
}

fn last_lines(bytes: &[u8], count: usize) -> String {
    let lines: Vec<_> = text(bytes).lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// A thousand nodes, for which fewer events are allowed than for a few.
pub(crate) fn endless() -> String {
    let nodes: Vec<_> = (0..1_000).map(|node| format!("\"n{node}\"")).collect();
    format!("nodes = [{}]\nend = \"9h\"\nanti_entropy = \"1ms\"", nodes.join(", "))
}

#[test]
fn a_run_without_an_end_is_unknown_to_a_hunt_too() {
    // Nothing is said, but many nodes look a thousand times a second whether there is anything to say.
    let bench = Bench::new(&[("endless.toml", endless().as_bytes())]);
    bench.check(
        &["hunt", "endless.toml", "--seeds", "1"],
        expect![[r#"
            exit 3
            --- out
            endless · 1 seed, 1000 events
            no promise was seen broken
            · luck: no luck in any · 1 behaviour, 1000 states of nodes
            · 1 run could not be judged in full"#]],
    );
}

#[test]
fn what_is_found_does_not_depend_on_the_jobs() {
    let hunt = |jobs| {
        let output = Bench::new(&[])
            .run(&["hunt", "lossy-relay", "--seeds", "400", "--all", "--jobs", jobs, "--json"], b"");
        assert_eq!(output.status.code(), Some(1));
        text(&output.stdout).to_owned()
    };
    assert_eq!(hunt("1"), hunt("5"));
}

#[test]
fn a_kept_tape_and_its_line_replay_to_the_kept_trace() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "lossy-relay", "--keep", "kept", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(found["schema"], "constellation/hunt/1");
    let finding = &found["findings"][0];
    let line = finding["tape"].as_str().expect("a tape is a text");
    let kept = fs::read(bench.path().join("kept/seed-4-1.jsonl")).expect("the trace was kept");
    for tape in [line, "kept/seed-4-1.tape"] {
        let replayed = bench.run(&["replay", tape, "lossy-relay", "--trace", "again.jsonl", "--json"], b"");
        assert_eq!(replayed.status.code(), Some(1), "{}", text(&replayed.stderr));
        let replayed: Value = serde_json::from_slice(&replayed.stdout).expect("it is JSON");
        assert_eq!(replayed["trace_sha256"], finding["trace_sha256"]);
        assert_eq!(replayed["leftovers"], Value::Array(Vec::new()));
        assert_eq!(fs::read(bench.path().join("again.jsonl")).expect("it was written"), kept);
    }
}

#[test]
fn a_tape_that_does_not_fit_is_refused_and_says_why() {
    let bench = Bench::new(&[
        ("torn.tape", b"constellation tape 1\nversion 0.1.0\nscenario mss-17\n"),
        ("empty.tape", b""),
        ("bytes.tape", b"\xff\xfe"),
    ]);
    for tape in ["torn.tape", "empty.tape", "bytes.tape", ".", "nothing"] {
        let output = bench.run(&["replay", tape, "mss-17"], b"");
        assert_eq!(output.status.code(), Some(2), "{tape}");
    }
    bench.check(&["replay", "torn.tape", "mss-17"], expect![[r#"
        exit 2
        --- talk
        error: `torn.tape`: line 3, column 16: expected `hash`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`"#]]);
    bench.check(&["replay", "empty.tape", "mss-17"], expect![[r#"
        exit 2
        --- talk
        error: `empty.tape`: expected `constellation tape`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`"#]]);
    bench.check(
        &["replay", "bytes.tape", "mss-17"],
        expect![[r#"
        exit 2
        --- talk
        error: `bytes.tape` is not UTF-8 text: invalid utf-8 sequence of 1 bytes from index 0"#]],
    );
    bench.check(
        &["replay", "nothing", "mss-17"],
        expect![[r#"
        exit 2
        --- talk
        error: `nothing` is no tape: neither a file nor a line that begins with `tape=`"#]],
    );
    bench.check(
        &["replay", "mss-17", "tape=1,version=0.1.0"],
        expect![[r#"
        exit 2
        --- talk
        error: `tape=…` is a tape, no scenario
        help: first the tape, then the scenario"#]],
    );
    let elsewhere = "tape=1,version=0.1.0,scenario=conjunction,hash=00,seed=1";
    bench.check(&["replay", elsewhere, "mss-17"], expect![[r#"
        exit 2
        --- talk
        error: the tape was recorded in scenario conjunction, this is scenario mss-17
               the scenario has changed since: its digest was 00, now it is ceb8256e2a0ca8d7
        help: a tape means something only in the scenario, with the resolver, nodes and faults, that it is of; --anyway plays it all the same, and says what no longer fits"#]]);
    let unknown = "tape=1,version=0.1.0,scenario=mss-17,hash=00,seed=1,loss:pacifc:atlantic:0=1/2";
    bench.check(&["replay", unknown, "mss-17"], expect![[r#"
        exit 2
        --- talk
        error: the tape: line 1, column 58: unknown node `pacifc`, did you mean `pacific`?; the nodes are pacific, indian_ocean, atlantic, antarctic"#]]);
}

#[test]
fn an_answer_that_nothing_asks_for_is_reported() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "lossy-relay", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let line = found["findings"][0]["tape"].as_str().expect("a tape is a text");
    let edited = format!("{},loss:pacific:atlantic:900=1/2", line);
    let output = bench.run(&["replay", &edited, "lossy-relay"], b"");
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        · does not fit: loss pacific -> atlantic #900 = 1 of 2: this was not asked, so the answer was not used
        · of 2 answers, 1 as recorded; 1 promise broken"#]]
    .assert_eq(&last_lines(&output.stdout, 2));
}

#[test]
fn more_jobs_than_any_machine_has_cores_are_refused() {
    for jobs in ["0", "1025", "100000", "18446744073709551616", "two"] {
        let output = Bench::new(&[]).run(&["hunt", "conjunction", "--jobs", jobs], b"");
        assert_eq!(output.status.code(), Some(2), "{jobs}");
        let told = "a whole number from 1 to 1024; more than there are cores find nothing sooner";
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}

#[test]
fn a_tape_can_come_from_standard_input_and_in_any_order() {
    let bench = Bench::new(&[]);
    let line = tape(&bench);
    let replayed = bench.run(&["replay", &line, "lossy-relay"], b"");
    let piped = bench.run(&["replay", "-", "lossy-relay"], format!("{line}\n").as_bytes());
    assert_eq!((piped.status.code(), text(&piped.stdout)), (Some(1), text(&replayed.stdout)));
    let folder = bench.run(&["replay", ".", "lossy-relay"], b"");
    assert!(text(&folder.stderr).starts_with("error: cannot read `.`: "), "{}", text(&folder.stderr));
    bench.check(
        &["replay", "none.tape", "lossy-relay"],
        expect![[r#"
        exit 2
        --- talk
        error: `none.tape` is no tape: neither a file nor a line that begins with `tape=`"#]],
    );
    let text_of = |answers: &str| {
        let (_, hash) = line.split_once(",hash=").expect("a tape has a hash");
        let (hash, _) = hash.split_once(',').expect("a tape has a seed");
        format!(
            "constellation tape 1\nversion {}\nscenario lossy-relay\nhash {hash}\nseed 4\n{answers}",
            env!("CARGO_PKG_VERSION")
        )
    };
    let one = "loss pacific -> atlantic #0 = 1 of 2\n";
    let other = "loss atlantic -> pacific #0 = 1 of 2\n";
    let run = |answers: &str| bench.run(&["replay", "-", "lossy-relay"], text_of(answers).as_bytes());
    let (edited, sorted) = (run(&format!("{other}{one}")), run(&format!("{one}{other}")));
    assert_eq!((edited.status.code(), &edited.stdout), (Some(1), &sorted.stdout), "{}", text(&edited.stderr));
    let twice = run(&format!("{one}{other}{one}"));
    expect![[r#"
        error: standard input: line 8, column 1: this question is already answered, in line or item 6; keep one of the two
    "#]].assert_eq(text(&twice.stderr));
}
