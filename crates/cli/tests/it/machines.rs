//! How the timeline tells what happens to machines, and that a file of it is read again.

use expect_test::expect;

use crate::command::{Bench, text};

const SCENARIO: &str = r#"
nodes = ["here", "there"]
end = "30s"
link = { latency = "20ms" }
sync = "never"
steps = [
    { at = "1s", do = "join", node = "there" },
    { at = "2s", do = "submit", node = "here", key = "k", value = "v" },
    { at = "3s", do = "pause", node = "there", for = "1500ms" },
    { at = "5s", do = "suspend", node = "there", for = "2s" },
    { at = "8s", do = "slow", node = "there", each = "40ms", for = "1s" },
    { at = "8.5s", do = "submit", node = "here", key = "k", value = "w" },
    { at = "10s", do = "slew-wall", node = "here", by = "-20ms", for = "1s" },
    { at = "11s", do = "slew-wall", node = "here", by = "20ms", for = "1s" },
    { at = "12s", do = "leap-second", node = "here" },
    { at = "13s", do = "leap-second", node = "here", smear = "5s" },
    { at = "14s", do = "freeze-wall", node = "here", for = "1s" },
    { at = "15s", do = "set-wall", node = "here", to = 1980-01-06T00:00:00Z },
    { at = "16s", do = "crash", node = "there" },
    { at = "16.5s", do = "rot-disk", node = "there", bit = 70 },
    { at = "17s", do = "restart", node = "there" },
    { at = "18s", do = "crash-after", node = "there" },
    { at = "19s", do = "submit", node = "here", key = "k", value = "x" },
    { at = "20s", do = "restart", node = "there" },
    { at = "21s", do = "leave", node = "there" },
    { at = "22s", do = "submit", node = "here", key = "k", value = "a value that takes more room than there is" },
]
[[machines]]
node = "there"
unsynced = "100%"
[[machines]]
node = "here"
disk_bytes = "70B"
"#;

#[test]
fn each_fault_of_a_machine_has_its_line() {
    let bench = Bench::new(&[("m.toml", SCENARIO.as_bytes())]);
    let output = bench.run(&["run", "m.toml", "--trace", "m.jsonl"], b"");
    let timeline: Vec<&str> =
        text(&output.stdout).lines().take_while(|line| !line.starts_with("·")).collect();
    expect![[r#"
        m

            0.000s  e0   here     online
            1.000s       ═══════  there joins
            1.000s  e1   there    online
            2.000s  e2   here     submit k = "v" as here:1                                lamport 1  vector {here:1}
            2.000s  e3   here     tell the others of here:1
            2.020s  e4   there    receive here:1 from here                                lamport 2  vector {here:1 there:1}
            2.020s  e5   there    reconcile(here:1) -> ADOPTED: here:1 "v"
            3.000s       ═══════  there stops for 1.5s
            5.000s       ═══════  the machine of there sleeps for 2s
            8.500s  e7   here     submit k = "w" as here:2                                lamport 2  vector {here:2}
            8.500s  e8   here     tell the others of here:2
            8.520s       ═══════  there works for 40ms on its next input
            8.560s  e9   there    receive here:2 from here                                lamport 3  vector {here:2 there:2}
            8.560s  e10  there    reconcile(here:2) -> ADOPTED: here:2 "w"
           10.000s       ═══════  the wall clock of here loses 20ms in 1s
           11.000s       ═══════  the wall clock of here gains 20ms in 1s
           12.000s       ═══════  the wall clock of here shows a second twice
           13.000s       ═══════  the wall clock of here smears a leap second over 5s
           14.000s       ═══════  the wall clock of here stands still for 1s
           15.000s       ═══════  the wall clock of here is set to 1980-01-06T00:00:00.000Z
           16.000s  e12  there    crashes
           16.000s       ═══════  the disk of there keeps 2 eighths of what was not synced
           16.500s       ═══════  bit 70 on the disk of there flips
           17.000s  e13  there#1  restarts as there#1 and remembers nothing
           17.000s  e14  there#1  finds its disk torn or rotten, and starts with nothing
           19.000s  e15  here     submit k = "x" as here:3                                lamport 3  vector {here:3}  wall 1980-01-06T00:00:03.400Z (315964784400 ms ahead of the truth)
           19.000s  e16  here     tell the others of here:3
           19.020s  e17  there#1  receive here:3 from here                                lamport 4  vector {here:3 there#1:1}
           19.020s  e18  there#1  reconcile(here:3) -> ADOPTED: here:3 "x"
           19.020s  e20  there#1  crashes
           19.020s       ═══════  the disk of there keeps 4 eighths of what was not synced
           20.000s  e21  there#2  restarts as there#2 and remembers nothing
           20.000s  e22  there#2  finds its disk torn or rotten, and starts with nothing
           21.000s  e23  there#2  leaves
           21.000s       ═══════  there is gone for good
           22.000s       ═══════  the disk of here is full: nothing of its input happens
           22.000s  e24  here     refuses to write k: its disk is full
           30.040s  e25  here     show k: here:3 "x""#]].assert_eq(&timeline.join("\n"));
    let checked = bench.run(&["check", "m.jsonl"], b"");
    assert_eq!(checked.status.code(), output.status.code(), "{}", text(&checked.stderr));
}

#[test]
fn a_torn_disk_is_told_by_what_is_left() {
    let scenario = "nodes = [\"a\"]\nend = \"9s\"\nsync = \"never\"\nmachine = { unsynced = \"100%\" }\nsteps = [\
        { at = \"1s\", do = \"submit\", node = \"a\", key = \"k\", value = \"v\" },\
        { at = \"2s\", do = \"crash\", node = \"a\" }]";
    let bench = Bench::new(&[("m.toml", scenario.as_bytes())]);
    let told = |seed: &str| {
        let output = bench.run(&["run", "m.toml", "--seed", seed], b"");
        let lines = text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>();
        lines.into_iter().find(|line| line.contains("synced")).expect("the crash harms the disk")
    };
    let seeds: Vec<String> = (0..40).map(|seed| told(&seed.to_string())).collect();
    assert!(seeds.iter().any(|line| line.ends_with("the disk of a loses what was not synced")), "{seeds:?}");
    assert!(seeds.iter().any(|line| line.ends_with("keeps 4 eighths of what was not synced")), "{seeds:?}");
}
