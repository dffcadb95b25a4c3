//! What a clock that chooses loses, and the whole evidence for it.

use constellation_lab::{Resolver, Run, Scenario, incidents};
use constellation_trace::Verdict;
use expect_test::{Expect, expect};

/// Runs `scenario` under `resolver`: every promise that is broken, with its evidence.
fn check(mut scenario: Scenario, resolver: Resolver, expected: Expect) {
    scenario.resolver = resolver;
    let replay = format!("constellation run {} --seed 1 --resolver {}", scenario.name, resolver.name());
    let run = Run::of(&scenario, 1, &replay).expect("it can be run");
    let mut text = format!("exit {}", run.exit_code());
    for judgement in &run.judgements {
        if let Verdict::Violated(evidence) = &judgement.verdict {
            text.push_str(&format!("\n{}:\n{evidence}", judgement.promise));
        }
    }
    expected.assert_eq(&text);
}

fn shipped(name: &str) -> Scenario {
    incidents::find(name).expect("it ships").scenario()
}

/// Indian Ocean updates what it saw of Pacific, but its wall clock is a minute slow.
fn slow_overwrite() -> Scenario {
    let text = r#"
        nodes = ["pacific", "indian_ocean"]
        end = "9s"
        epoch = 2026-03-14T04:11:50Z
        link = { latency = "40ms" }
        walls = [{ node = "indian_ocean", ahead = "-1min" }]
        steps = [
            { at = "1s", do = "submit", node = "pacific", key = "attitude", value = "nadir" },
            { at = "2s", do = "submit", node = "indian_ocean", key = "attitude", value = "yaw -1.5" },
        ]
    "#;
    Scenario::parse("slow-overwrite", text).expect("a scenario")
}

#[test]
fn siblings_lose_nothing_in_the_conjunction() {
    check(shipped("conjunction"), Resolver::Siblings, expect!["exit 0"]);
}

#[test]
fn a_wall_clock_loses_an_update_of_the_conjunction() {
    check(
        shipped("conjunction"),
        Resolver::WallLww,
        expect![[r#"
            exit 1
            no update is lost: a read shows all it knows that nothing supersedes:
            expected  pacific shows pacific:1 under mss-17/attitude: it is known there and not superseded
            found     pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
            events    e15  pacific       +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                                                        lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:40:02.000Z
                      e20  indian_ocean  +2.400000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                                                   lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:40:02.400Z
                      e26  pacific       +6.023183s  reconcile(indian_ocean:1) -> OVERWRITES: wall 04:40:02.400Z > 04:40:02.000Z: indian_ocean:1 "yaw -1.5"  wall 2026-03-14T04:40:06.023Z
            proof     no chain of messages leads from e15 to e20, nor back
            steps     1. every message takes 20ms
                      2. +1.000000s  partition: pacific, atlantic | indian_ocean, antarctic
                      3. +2.000000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +2.400000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: the spread of latencies
            replay    constellation run conjunction --seed 1 --resolver wall-lww
            every update survives or is superseded:
            expected  pacific:1 is shown under mss-17/attitude in the end, or an update that saw it
            found     pacific:1 is gone: at pacific indian_ocean:1 is shown, at indian_ocean indian_ocean:1 is shown, at atlantic indian_ocean:1 is shown, nor is it shown at 1 node more
            events    e15  pacific        +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:40:02.000Z
                      e35  pacific       +10.160000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:40:10.160Z
                      e36  indian_ocean  +10.160000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:40:10.160Z
                      e37  atlantic      +10.160000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:40:10.160Z
            proof     e15  pacific   +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:40:02.000Z
                      e35  pacific  +10.160000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:40:10.160Z
            steps     1. every message takes 20ms
                      2. +1.000000s  partition: pacific, atlantic | indian_ocean, antarctic
                      3. +2.000000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +2.400000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: the spread of latencies
            replay    constellation run conjunction --seed 1 --resolver wall-lww"#]],
    );
}

#[test]
fn a_lamport_clock_loses_an_update_of_the_conjunction() {
    check(
        shipped("conjunction"),
        Resolver::LamportLww,
        expect![[r#"
            exit 1
            no update is lost: a read shows all it knows that nothing supersedes:
            expected  pacific shows indian_ocean:1 under mss-17/attitude: it is known there and not superseded
            found     indian_ocean:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
            events    e15  pacific       +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                                                             lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:40:02.000Z
                      e20  indian_ocean  +2.400000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                                                        lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:40:02.400Z
                      e26  pacific       +6.023183s  reconcile(indian_ocean:1) -> DISCARDED: lamport 3 = 3, pacific > indian_ocean by name: pacific:1 "yaw +2.0"  wall 2026-03-14T04:40:06.023Z
            proof     no chain of messages leads from e20 to e15, nor back
            steps     1. every message takes 20ms
                      2. +1.000000s  partition: pacific, atlantic | indian_ocean, antarctic
                      3. +2.000000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +2.400000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: the spread of latencies
            replay    constellation run conjunction --seed 1 --resolver lamport-lww
            every update survives or is superseded:
            expected  indian_ocean:1 is shown under mss-17/attitude in the end, or an update that saw it
            found     indian_ocean:1 is gone: at pacific pacific:1 is shown, at indian_ocean pacific:1 is shown, at atlantic pacific:1 is shown, nor is it shown at 1 node more
            events    e20  indian_ocean   +2.400000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:40:02.400Z
                      e35  pacific       +10.160000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:40:10.160Z
                      e36  indian_ocean  +10.160000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:40:10.160Z
                      e37  atlantic      +10.160000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:40:10.160Z
            proof     e20  indian_ocean   +2.400000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:40:02.400Z
                      e21  indian_ocean   +2.400000s  tell the others of indian_ocean:1                      wall 2026-03-14T04:40:02.400Z
                      e25  pacific        +6.023183s  receive indian_ocean:1 from indian_ocean               lamport 4  vector {atlantic:1 indian_ocean:2 pacific:3}  wall 2026-03-14T04:40:06.023Z
                      e35  pacific       +10.160000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:40:10.160Z
            steps     1. every message takes 20ms
                      2. +1.000000s  partition: pacific, atlantic | indian_ocean, antarctic
                      3. +2.000000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +2.400000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: the spread of latencies
            replay    constellation run conjunction --seed 1 --resolver lamport-lww"#]],
    );
}

#[test]
fn siblings_lose_nothing_of_the_attitude_overwrite() {
    check(shipped("mss-17"), Resolver::Siblings, expect!["exit 0"]);
}

#[test]
fn a_wall_clock_loses_an_update_of_the_attitude_overwrite() {
    check(
        shipped("mss-17"),
        Resolver::WallLww,
        expect![[r#"
            exit 1
            no update is lost: a read shows all it knows that nothing supersedes:
            expected  indian_ocean shows pacific:1 under mss-17/attitude: it is known there and not superseded
            found     pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
            events    e15  pacific       +3.828000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                                                  lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
                      e17  indian_ocean  +5.012000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                                             lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:12:00.012Z
                      e23  indian_ocean  +5.022884s  reconcile(pacific:1) -> DISCARDED: wall 04:12:00.012Z > 04:11:59.428Z: indian_ocean:1 "yaw -1.5"  wall 2026-03-14T04:12:00.022Z
            proof     no chain of messages leads from e15 to e17, nor back
            steps     1. every message from pacific to indian_ocean, atlantic, antarctic takes 1.19s to 1.21s
                      2. every other message takes 40ms
                      3. +3.828000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +5.012000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: any of the lie of pacific's wall clock, the spread of latencies
            replay    constellation run mss-17 --seed 1 --resolver wall-lww
            every update survives or is superseded:
            expected  pacific:1 is shown under mss-17/attitude in the end, or an update that saw it
            found     pacific:1 is gone: at pacific indian_ocean:1 is shown, at indian_ocean indian_ocean:1 is shown, at atlantic indian_ocean:1 is shown, nor is it shown at 1 node more
            events    e15  pacific        +3.828000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
                      e36  pacific       +12.420000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:12:08.020Z (600 ms ahead of the truth)
                      e37  indian_ocean  +12.420000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:12:07.420Z
                      e38  atlantic      +12.420000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:12:07.420Z
            proof     e15  pacific   +3.828000s  submit mss-17/attitude = "yaw +2.0" as pacific:1  lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
                      e36  pacific  +12.420000s  show mss-17/attitude: indian_ocean:1 "yaw -1.5"   wall 2026-03-14T04:12:08.020Z (600 ms ahead of the truth)
            steps     1. every message from pacific to indian_ocean, atlantic, antarctic takes 1.19s to 1.21s
                      2. every other message takes 40ms
                      3. +3.828000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +5.012000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: any of the lie of pacific's wall clock, the spread of latencies
            replay    constellation run mss-17 --seed 1 --resolver wall-lww"#]],
    );
}

#[test]
fn a_lamport_clock_loses_an_update_of_the_attitude_overwrite() {
    check(
        shipped("mss-17"),
        Resolver::LamportLww,
        expect![[r#"
            exit 1
            no update is lost: a read shows all it knows that nothing supersedes:
            expected  indian_ocean shows indian_ocean:1 under mss-17/attitude: it is known there and not superseded
            found     indian_ocean:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
            events    e15  pacific       +3.828000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                                                         lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
                      e17  indian_ocean  +5.012000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                                                    lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:12:00.012Z
                      e23  indian_ocean  +5.022884s  reconcile(pacific:1) -> OVERWRITES: lamport 3 = 3, pacific > indian_ocean by name: pacific:1 "yaw +2.0"  wall 2026-03-14T04:12:00.022Z
            proof     no chain of messages leads from e17 to e15, nor back
            steps     1. every message from pacific to indian_ocean, atlantic, antarctic takes 1.19s to 1.21s
                      2. every other message takes 40ms
                      3. +3.828000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +5.012000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: any of the lie of pacific's wall clock, the spread of latencies
            replay    constellation run mss-17 --seed 1 --resolver lamport-lww
            every update survives or is superseded:
            expected  indian_ocean:1 is shown under mss-17/attitude in the end, or an update that saw it
            found     indian_ocean:1 is gone: at pacific pacific:1 is shown, at indian_ocean pacific:1 is shown, at atlantic pacific:1 is shown, nor is it shown at 1 node more
            events    e17  indian_ocean   +5.012000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:12:00.012Z
                      e34  pacific       +12.420000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:12:08.020Z (600 ms ahead of the truth)
                      e35  indian_ocean  +12.420000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:12:07.420Z
                      e36  atlantic      +12.420000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:12:07.420Z
            proof     e17  indian_ocean   +5.012000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:12:00.012Z
                      e18  indian_ocean   +5.012000s  tell the others of indian_ocean:1                      wall 2026-03-14T04:12:00.012Z
                      e28  pacific        +5.053061s  receive indian_ocean:1 from indian_ocean               lamport 4  vector {atlantic:1 indian_ocean:2 pacific:3}  wall 2026-03-14T04:12:00.653Z (600 ms ahead of the truth)
                      e34  pacific       +12.420000s  show mss-17/attitude: pacific:1 "yaw +2.0"             wall 2026-03-14T04:12:08.020Z (600 ms ahead of the truth)
            steps     1. every message from pacific to indian_ocean, atlantic, antarctic takes 1.19s to 1.21s
                      2. every other message takes 40ms
                      3. +3.828000s  pacific accepts mss-17/attitude = "yaw +2.0"
                      4. +5.012000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
            notes     not needed: any of the lie of pacific's wall clock, the spread of latencies
            replay    constellation run mss-17 --seed 1 --resolver lamport-lww"#]],
    );
}

#[test]
fn a_slow_wall_clock_loses_an_update_that_had_seen_what_it_replaced() {
    check(
        slow_overwrite(),
        Resolver::WallLww,
        expect![[r#"
            exit 1
            no update is lost: a read shows all it knows that nothing supersedes:
            expected  pacific shows indian_ocean:1 under attitude: it is known there and not superseded
            found     indian_ocean:1 is lost: the older pacific:1 is shown in its place; 2 more reads are wrong
            events    e2   pacific       +1.000000s  submit attitude = "nadir" as pacific:1                                                         lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:51.000Z
                      e7   indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1                                                 lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e10  pacific       +2.040000s  reconcile(indian_ocean:1) -> DISCARDED: wall 04:11:51.000Z > 04:10:52.000Z: pacific:1 "nadir"  wall 2026-03-14T04:11:52.040Z
            proof     e2  pacific       +1.000000s  submit attitude = "nadir" as pacific:1          lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:51.000Z
                      e3  pacific       +1.000000s  tell the others of pacific:1                    wall 2026-03-14T04:11:51.000Z
                      e4  indian_ocean  +1.040000s  receive pacific:1 from pacific                  lamport 2  vector {indian_ocean:1 pacific:1}  wall 2026-03-14T04:10:51.040Z (60000 ms behind the truth)
                      e7  indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
            steps     1. every message takes 40ms
                      2. indian_ocean's wall clock is 60s behind from the start
                      3. +1.000000s  pacific accepts attitude = "nadir"
                      4. +2.000000s  indian_ocean accepts attitude = "yaw -1.5"
            replay    constellation run slow-overwrite --seed 1 --resolver wall-lww
            every update survives or is superseded:
            expected  indian_ocean:1 is shown under attitude in the end, or an update that saw it
            found     indian_ocean:1 is gone: at pacific pacific:1 is shown, at indian_ocean pacific:1 is shown
            events    e7   indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e11  pacific       +9.080000s  show attitude: pacific:1 "nadir"                wall 2026-03-14T04:11:59.080Z
                      e12  indian_ocean  +9.080000s  show attitude: pacific:1 "nadir"                wall 2026-03-14T04:10:59.080Z (60000 ms behind the truth)
            proof     e7   indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e8   indian_ocean  +2.000000s  tell the others of indian_ocean:1               wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e9   pacific       +2.040000s  receive indian_ocean:1 from indian_ocean        lamport 4  vector {indian_ocean:2 pacific:2}  wall 2026-03-14T04:11:52.040Z
                      e11  pacific       +9.080000s  show attitude: pacific:1 "nadir"                wall 2026-03-14T04:11:59.080Z
            steps     1. every message takes 40ms
                      2. indian_ocean's wall clock is 60s behind from the start
                      3. +1.000000s  pacific accepts attitude = "nadir"
                      4. +2.000000s  indian_ocean accepts attitude = "yaw -1.5"
            replay    constellation run slow-overwrite --seed 1 --resolver wall-lww
            no stale sibling is shown:
            expected  pacific does not show pacific:1 under attitude: indian_ocean:1 is known there and saw it
            found     it still shows pacific:1; 2 more reads are wrong
            events    e2   pacific       +1.000000s  submit attitude = "nadir" as pacific:1                                                         lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:51.000Z
                      e7   indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1                                                 lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e10  pacific       +2.040000s  reconcile(indian_ocean:1) -> DISCARDED: wall 04:11:51.000Z > 04:10:52.000Z: pacific:1 "nadir"  wall 2026-03-14T04:11:52.040Z
            proof     e7   indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1                                                 lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e8   indian_ocean  +2.000000s  tell the others of indian_ocean:1                                                              wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                      e9   pacific       +2.040000s  receive indian_ocean:1 from indian_ocean                                                       lamport 4  vector {indian_ocean:2 pacific:2}  wall 2026-03-14T04:11:52.040Z
                      e10  pacific       +2.040000s  reconcile(indian_ocean:1) -> DISCARDED: wall 04:11:51.000Z > 04:10:52.000Z: pacific:1 "nadir"  wall 2026-03-14T04:11:52.040Z
            steps     1. every message takes 40ms
                      2. indian_ocean's wall clock is 60s behind from the start
                      3. +1.000000s  pacific accepts attitude = "nadir"
                      4. +2.000000s  indian_ocean accepts attitude = "yaw -1.5"
            replay    constellation run slow-overwrite --seed 1 --resolver wall-lww"#]],
    );
}

#[test]
fn lamport_time_keeps_an_update_that_had_seen_what_it_replaced() {
    check(slow_overwrite(), Resolver::LamportLww, expect!["exit 0"]);
    check(slow_overwrite(), Resolver::Siblings, expect!["exit 0"]);
}
