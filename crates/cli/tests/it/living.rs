//! Scenarios with real processes. Nothing is asserted that depends on how busy the machine is.

use serde_json::Value;

use crate::command::{Bench, shown, text};

/// Four seconds in which Pacific and Atlantic update one key while no message passes between them, and Antarctic looks on.
const APART: &str = r#"
title = "two updates, neither of which knows of the other"
nodes = ["pacific", "atlantic", "antarctic"]
end = "4s"

[link]
latency = "1ms..5ms"

[[steps]]
at = "0s"
do = "partition"
between = [["pacific"], ["atlantic", "antarctic"]]

[[steps]]
at = "1s"
do = "submit"
node = "pacific"
key = "k"
value = "yaw"

[[steps]]
at = "1s"
do = "submit"
node = "atlantic"
key = "k"
value = "roll"

[[steps]]
at = "3s"
do = "heal"
"#;

/// As above, with an offer of all that a station holds twice a second.
fn repaired() -> String {
    format!("anti_entropy = \"500ms\"\n{APART}")
}

struct Lived {
    code: Option<i32>,
    told: Value,
    trace: String,
    talk: String,
}

impl Lived {
    /// What was judged otherwise than to hold.
    fn broken(&self) -> Vec<&str> {
        let promises = self.told["promises"].as_array().expect("a list").iter();
        let broken = promises.filter(|promise| promise["verdict"] != "holds");
        broken.map(|promise| promise["promise"].as_str().expect("a text")).collect()
    }

    /// What was judged to be violated.
    fn violated(&self) -> Vec<&str> {
        let promises = self.told["promises"].as_array().expect("a list").iter();
        let violated = promises.filter(|promise| promise["verdict"] == "violated");
        violated.map(|promise| promise["promise"].as_str().expect("a text")).collect()
    }

    /// How many lines of the trace have this in them.
    fn count(&self, word: &str) -> usize {
        self.trace.lines().filter(|line| line.contains(word)).count()
    }

    fn holds(&self) {
        assert_eq!(self.broken(), [] as [&str; 0], "{}\n{}", self.trace, self.talk);
        assert_eq!((self.code, &*self.talk), (Some(0), ""));
    }

    fn remarks(&self) -> Vec<&str> {
        self.told["remarks"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
    }
}

/// Runs this scenario ten times as fast as it says, and has its trace read again by whoever reads traces.
fn live(scenario: &str, args: &[&str]) -> Lived {
    let bench = Bench::new(&[("mine.toml", scenario.as_bytes())]);
    let args = [&["live", "mine.toml", "--speed", "10", "--json", "--trace", "out.jsonl"], args].concat();
    let output = bench.run(&args, b"");
    let talk = text(&output.stderr).to_owned();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {talk}"));
    let trace = std::fs::read_to_string(bench.path().join("out.jsonl")).expect("it was written");
    let checked = bench.run(&["check", "out.jsonl"], b"");
    assert_eq!(checked.status.code(), output.status.code(), "{}", shown(&checked));
    Lived { code: output.status.code(), told, trace, talk }
}

#[test]
fn a_live_run_is_told_and_judged_as_a_simulated_one() {
    let lived = live(APART, &["--seed", "7"]);
    lived.holds();
    assert_eq!(lived.told["schema"], "constellation/live/1");
    assert_eq!((&lived.told["seed"], &lived.told["speed"]), (&Value::from("7"), &Value::from(10)));
    assert_eq!(lived.told["again"], "constellation live mine.toml --seed 7 --speed 10");
    assert_eq!((lived.count("\"write\""), lived.count("online")), (2, 3));
    assert_eq!(lived.remarks(), [] as [&str; 0]);
}

#[test]
fn text_says_that_times_were_real() {
    let bench = Bench::new(&[("mine.toml", APART.as_bytes())]);
    let output = bench.run(&["live", "mine.toml", "--speed", "10"], b"");
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for line in [
        "mine · two updates, neither of which knows of the other",
        "✓ holds    replicas converge  (1 key at 3 nodes)",
        "· the processes and their times were real, so that no command gives this run again",
        "seed 1 · the same luck again: constellation live mine.toml --seed 1 --speed 10",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
    assert!(!told.contains("the truth"), "no wall clock was put wrong:\n{told}");
}

/// The planted bug: whoever lets the wall clock choose loses an update, in real processes too.
#[test]
fn the_last_write_by_the_wall_clock_loses_an_update() {
    let lived = live(APART, &["--resolver", "wall-lww"]);
    assert_eq!(lived.code, Some(1), "{}", lived.trace);
    let lost = "no update is lost: a read shows all it knows that nothing supersedes";
    assert_eq!(lived.violated(), [lost, "every update survives or is superseded"]);
    let promises = lived.told["promises"].as_array().expect("a list");
    let judged = promises.iter().find(|judged| judged["promise"] == lost).expect("it is promised");
    let found = judged["found"].as_str().expect("a text");
    assert!(found.contains("displaced it silently, though the two were written concurrently"), "{found}");
    assert_eq!(judged["notes"][0], "it happened in real processes, whose times no seed repeats");
}

#[test]
fn a_killed_process_is_a_crash_of_the_run_and_the_next_goes_on() {
    let crash = "at=1500ms,do=crash,node=antarctic";
    let lived = live(&repaired(), &["--step", crash, "--step", "at=2s,do=restart,node=antarctic"]);
    lived.holds();
    assert_eq!((lived.count("\"crash\""), lived.count("\"restart\"")), (1, 1));
    assert!(lived.trace.contains("show k"), "it shows what it holds in the end");
}

/// It wrote what it told, and the restart says from which write it goes on: else the others would know what it forgot.
#[test]
fn who_updates_and_is_killed_remembers_what_it_told() {
    let crash = "at=1500ms,do=crash,node=pacific";
    let lived = live(&repaired(), &["--step", crash]);
    lived.holds();
    let events: Vec<Value> = lived.trace.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let at_pacific = events.iter().filter(|event| event["node"] == "pacific");
    let did = |what: &'static str| at_pacific.clone().filter(move |event| event["do"] == what);
    let (crashes, restarts): (Vec<_>, Vec<_>) = (did("crash").collect(), did("restart").collect());
    let ([crash], [restart]) = (&crashes[..], &restarts[..]) else { panic!("{}", lived.trace) };
    // However busy the machine is, and however far it came.
    let mut before = did("persist").filter(|wrote| wrote["event"].as_u64() < crash["event"].as_u64());
    assert_eq!(before.next_back().map(|wrote| &wrote["event"]), restart.get("from"), "{}", lived.trace);
}

/// It worked on the update and wrote it down, and nobody was told: the next process tells them.
#[test]
fn who_crashes_after_its_work_tells_of_it_later() {
    let crash = "at=500ms,do=crash-after,node=pacific";
    // The first offer comes after the update.
    let scenario = format!("anti_entropy = \"2s\"\n{APART}");
    let lived = live(&scenario, &["--step", crash, "--step", "at=2s,do=restart,node=pacific"]);
    lived.holds();
    assert_eq!(lived.count("\"crash\""), lived.count("\"restart\""));
}

#[test]
fn who_crashes_before_its_work_was_never_asked() {
    let crash = "at=900ms,do=crash-before,node=antarctic";
    let lived = live(APART, &["--step", crash, "--step", "at=3900ms,do=restart,node=antarctic"]);
    assert_eq!(lived.count("\"crash\""), lived.count("\"restart\""), "{}", lived.trace);
    assert!(lived.remarks().is_empty(), "it was to crash: {:?}", lived.remarks());
}

/// The planted bug: without its disk it does not remember, and its update is known to nobody.
#[test]
fn who_is_killed_behind_a_cut_and_loses_its_disk_has_lost_the_update() {
    let only = "anti_entropy = \"500ms\"\nnodes = [\"pacific\", \"atlantic\"]\nend = \"4s\"\n\
                steps = [{ at = \"0s\", do = \"submit\", node = \"pacific\", key = \"k\", value = \"yaw\" }]\n\
                link = { loss = \"100%\" }\n";
    let crash = "at=3s,do=crash,node=pacific";
    let lived = live(only, &["--step", crash, "--step", "at=3500ms,do=restart,node=pacific,disk=lost"]);
    // On a busy machine it may be killed before it does what it was asked, or so late that luck is over and atlantic hears
    // of it; then there is no update that could be lost.
    let is_lost = lived.count("\"write\"") == 1 && lived.count("\"receive\"") == 0;
    assert_eq!(lived.code == Some(1), is_lost, "{}", lived.trace);
    assert_eq!(lived.violated(), if is_lost { &["every update survives or is superseded"][..] } else { &[] });
}

#[cfg(unix)]
#[test]
fn a_stopped_process_is_slow_and_nothing_else() {
    let lived = live(APART, &["--step", "at=500ms,do=pause,node=pacific,for=1s"]);
    lived.holds();
    assert_eq!((lived.count("\"pause\""), lived.count("\"crash\"")), (1, 0));
}

#[cfg(unix)]
#[test]
fn who_is_stopped_at_the_end_goes_on_then_and_who_is_stopped_can_be_killed() {
    let lived = live(APART, &["--step", "at=2s,do=pause,node=pacific,for=2s"]);
    lived.holds();
    let pause = "at=2s,do=pause,node=antarctic,for=2s";
    let lived = live(&repaired(), &["--step", pause, "--step", "at=2500ms,do=crash,node=antarctic"]);
    lived.holds();
    assert_eq!((lived.count("\"pause\""), lived.count("\"crash\"")), (1, 1));
}

#[test]
fn a_cut_in_one_direction_holds_until_the_end() {
    let cut = "at=0s,do=cut,from=atlantic,to=antarctic";
    let lived = live(APART, &["--step", cut]);
    lived.holds();
    assert_eq!((lived.count("\"cut\""), lived.count("\"heal\"")), (1, 1));
}

#[test]
fn lossy_links_are_made_good_by_offers() {
    let lived = live(&repaired(), &["--faults", "loss=30%,duplicate=30%"]);
    lived.holds();
}

/// A client of one station: one that asks another when it hears nothing carries news past the stations' clocks.
#[test]
fn clients_are_processes_too() {
    let client = r#"
[[clients]]
name = "ops"
stations = ["atlantic"]
loop = "closed"
operations = 6
keys = "k"
think = "100ms"
timeout = "1s"
retries = 2
"#;
    let lived = live(&format!("{APART}{client}"), &[]);
    lived.holds();
    let invoked = lived.count("\"invoke\"");
    assert_eq!(lived.told["operations"]["invoked"].as_u64(), Some(invoked as u64));
    assert!(invoked > 0, "it began at once");
}

#[test]
fn a_lying_wall_clock_lies_to_its_process() {
    let lived = live(APART, &["--wall", "node=pacific,ahead=1h"]);
    lived.holds();
    let remark =
        lived.remarks().into_iter().find(|remark| remark.contains("the wall clock of pacific is up to"));
    assert!(remark.is_some_and(|remark| remark.contains("ahead of the truth")), "{:?}", lived.remarks());
}

#[test]
fn what_a_live_run_cannot_do_is_left_out_and_told() {
    let rot = "at=1s,do=rot-disk,node=pacific";
    let lived = live(APART, &["--step", rot, "--faults", "crash=1%"]);
    lived.holds();
    assert_eq!(
        lived.remarks(),
        [
            "not done live: what luck does to the machines of pacific, atlantic, antarctic",
            "not done live: at +1.000000s a flipped bit on the disk at pacific",
        ]
    );
}

#[test]
fn what_cannot_be_run_is_refused() {
    let bench = Bench::new(&[("mine.toml", APART.as_bytes())]);
    let refused = |args: &[&str], stdin: &[u8]| {
        let output = bench.run(args, stdin);
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        text(&output.stderr).lines().take(2).collect::<Vec<_>>().join("\n")
    };
    let speed = "error: invalid value '0' for '--speed <X>': a whole number from 1 to 1000\n";
    assert_eq!(refused(&["live", "mine.toml", "--speed", "0"], b""), speed);
    let all = "error: `--resolver all` compares runs, which only `run` does\nhelp: choose one resolver";
    assert_eq!(refused(&["live", "mine.toml", "--resolver", "all"], b""), all);
    let names: Vec<String> = (0..65).map(|node| format!("\"n{node}\"")).collect();
    let many =
        Bench::new(&[("many.toml", format!("end = \"1s\"\nnodes = [{}]", names.join(",")).as_bytes())]);
    let output = many.run(&["live", "many.toml"], b"");
    let crowd = "error: a live run has at most 64 processes, and this scenario has 65 nodes\nhelp: choose some by --nodes\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), crowd));
    let by_hand = "error: what was read is not the line that the hub writes to a process: an address, a node, a life and a \
                   token\nhelp: `constellation live SCENARIO` begins such processes by itself";
    assert_eq!(refused(&["live-node"], b"hello\n"), by_hand);
}

/// The processes share the standard error of the program: it ends once none of them is left.
#[cfg(unix)]
#[test]
fn no_process_outlives_the_run_however_it_ends() {
    let bench = Bench::new(&[("mine.toml", APART.as_bytes())]);
    let begin = || {
        let mut living = crate::hunting::Hunting::command(
            &bench,
            &["live", "mine.toml", "--end", "1h", "--timeline", "none"],
        );
        assert_eq!(living.line(), "running, in real time: 3 nodes, a process each\n");
        living
    };
    let mut living = begin();
    living.interrupt();
    assert_eq!(
        living.line(),
        "Ctrl-C: the processes end, and what stands is judged; once more ends it at once\n"
    );
    let (code, found) = living.end();
    assert_eq!(code, Some(3), "{found}");
    assert!(found.contains("? unknown  the run comes to its end\n"), "{found}");

    let mut living = begin();
    living.kill();
    assert_eq!(living.end(), (None, String::new()));
}

/// The processes have their disks in a folder of a name that tells whose it is.
#[cfg(unix)]
#[test]
fn no_disk_outlives_the_run_unless_nobody_could_remove_it() {
    let bench = Bench::new(&[("mine.toml", APART.as_bytes())]);
    let disks = || bench.names().into_iter().filter(|name| name.starts_with("constellation-live-")).count();
    let begin = || {
        // One that is stopped does not end when it is told to, so that there is time for the second Ctrl-C.
        let pause = "at=0s,do=pause,node=pacific,for=1h";
        let mut living = crate::hunting::Hunting::command(
            &bench,
            &["live", "mine.toml", "--end", "1h", "--timeline", "none", "--step", pause],
        );
        living.line();
        living
    };
    let mut living = begin();
    assert_eq!(disks(), 1);
    living.interrupt();
    living.line();
    living.interrupt();
    // On a busy machine the run may be over before that.
    let (code, found) = living.end();
    assert!([Some(130), Some(3)].contains(&code), "{code:?} {found}");
    assert_eq!(disks(), 0);

    let mut living = begin();
    living.kill();
    living.end();
    assert_eq!(disks(), 1, "it was killed");
}

#[test]
fn a_trace_that_cannot_be_written_is_told_before_the_run() {
    let bench = Bench::new(&[("mine.toml", APART.as_bytes())]);
    for (place, why) in [("missing/out.jsonl", "cannot write `missing/out.jsonl`"), (".", "cannot write `.`")]
    {
        let output = bench.run(&["live", "mine.toml", "--end", "1h", "--trace", place], b"");
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        assert!(text(&output.stderr).starts_with(&format!("error: {why}: ")), "{}", shown(&output));
    }
}

/// No other run is like this one.
#[cfg(target_os = "linux")]
#[test]
fn what_was_found_is_told_even_if_it_cannot_be_kept() {
    let bench = Bench::new(&[("mine.toml", APART.as_bytes())]);
    let output = bench.run(&["live", "mine.toml", "--speed", "10", "--trace", "/dev/full"], b"");
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(text(&output.stdout).contains("\n✓ holds    replicas converge"), "{}", shown(&output));
    assert!(text(&output.stderr).starts_with("error: cannot write `/dev/full`: "), "{}", shown(&output));
}
