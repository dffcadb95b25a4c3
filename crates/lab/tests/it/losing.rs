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
        no update is lost:
        expected  pacific shows pacific:1 under mss-17/attitude: it is known there and not superseded
        found     pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
        events    e11  pacific       +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                              lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:40:02.000Z
                  e14  indian_ocean  +2.400000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                         lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:40:02.400Z
                  e18  pacific       +6.023183s  reconcile(indian_ocean:1) -> OVERWRITES, as newer: indian_ocean:1 "yaw -1.5"  wall 2026-03-14T04:40:06.023Z
        proof     no chain of messages leads from e11 to e14, nor back
        steps     1. +1.000000s  partition: pacific, atlantic | indian_ocean, antarctic
                  2. +2.000000s  pacific accepts mss-17/attitude = "yaw +2.0"
                  3. +2.400000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
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
        no update is lost:
        expected  pacific shows indian_ocean:1 under mss-17/attitude: it is known there and not superseded
        found     indian_ocean:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
        events    e11  pacific       +2.000000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                        lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:40:02.000Z
                  e14  indian_ocean  +2.400000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                   lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:40:02.400Z
                  e18  pacific       +6.023183s  reconcile(indian_ocean:1) -> DISCARDED, as older: pacific:1 "yaw +2.0"  wall 2026-03-14T04:40:06.023Z
        proof     no chain of messages leads from e14 to e11, nor back
        steps     1. +1.000000s  partition: pacific, atlantic | indian_ocean, antarctic
                  2. +2.000000s  pacific accepts mss-17/attitude = "yaw +2.0"
                  3. +2.400000s  indian_ocean accepts mss-17/attitude = "yaw -1.5"
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
        no update is lost:
        expected  indian_ocean shows pacific:1 under mss-17/attitude: it is known there and not superseded
        found     pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
        events    e11  pacific       +3.828000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                        lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
                  e12  indian_ocean  +5.012000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1                   lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:12:00.012Z
                  e16  indian_ocean  +5.022884s  reconcile(pacific:1) -> DISCARDED, as older: indian_ocean:1 "yaw -1.5"  wall 2026-03-14T04:12:00.022Z
        proof     no chain of messages leads from e11 to e12, nor back
        steps     1. every message from pacific to indian_ocean, atlantic, antarctic takes 1.19s to 1.21s
                  2. +3.828000s  pacific accepts mss-17/attitude = "yaw +2.0"
                  3. +5.012000s  indian_ocean accepts mss-17/attitude = "yaw -1.5" (it fails as well without the lie of pacific's wall clock)
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
        no update is lost:
        expected  indian_ocean shows indian_ocean:1 under mss-17/attitude: it is known there and not superseded
        found     indian_ocean:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
        events    e11  pacific       +3.828000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                    lamport 3  vector {atlantic:1 pacific:2}  wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
                  e12  indian_ocean  +5.012000s  submit mss-17/attitude = "yaw -1.5" as indian_ocean:1               lamport 3  vector {atlantic:1 indian_ocean:2}  wall 2026-03-14T04:12:00.012Z
                  e16  indian_ocean  +5.022884s  reconcile(pacific:1) -> OVERWRITES, as newer: pacific:1 "yaw +2.0"  wall 2026-03-14T04:12:00.022Z
        proof     no chain of messages leads from e12 to e11, nor back
        steps     1. every message from pacific to indian_ocean, atlantic, antarctic takes 1.19s to 1.21s
                  2. +3.828000s  pacific accepts mss-17/attitude = "yaw +2.0"
                  3. +5.012000s  indian_ocean accepts mss-17/attitude = "yaw -1.5" (it fails as well without the lie of pacific's wall clock)
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
        no update is lost:
        expected  pacific shows indian_ocean:1 under attitude: it is known there and not superseded
        found     indian_ocean:1 is lost: the older pacific:1 is shown in its place; 2 more reads are wrong
        events    e2  pacific       +1.000000s  submit attitude = "nadir" as pacific:1                               lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:51.000Z
                  e5  indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1                       lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                  e7  pacific       +2.040000s  reconcile(indian_ocean:1) -> DISCARDED, as older: pacific:1 "nadir"  wall 2026-03-14T04:11:52.040Z
        proof     e2  pacific       +1.000000s  submit attitude = "nadir" as pacific:1          lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:51.000Z
                  e3  indian_ocean  +1.040000s  receive pacific:1 from pacific                  lamport 2  vector {indian_ocean:1 pacific:1}  wall 2026-03-14T04:10:51.040Z (60000 ms behind the truth)
                  e5  indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1  lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
        steps     1. indian_ocean's wall clock is 60s behind from the start
                  2. +1.000000s  pacific accepts attitude = "nadir"
                  3. +2.000000s  indian_ocean accepts attitude = "yaw -1.5"
        replay    constellation run slow-overwrite --seed 1 --resolver wall-lww
        no stale sibling is shown:
        expected  pacific does not show pacific:1 under attitude: indian_ocean:1 is known there and saw it
        found     it still shows pacific:1; 2 more reads are wrong
        events    e2  pacific       +1.000000s  submit attitude = "nadir" as pacific:1                               lamport 1  vector {pacific:1}  wall 2026-03-14T04:11:51.000Z
                  e5  indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1                       lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                  e7  pacific       +2.040000s  reconcile(indian_ocean:1) -> DISCARDED, as older: pacific:1 "nadir"  wall 2026-03-14T04:11:52.040Z
        proof     e5  indian_ocean  +2.000000s  submit attitude = "yaw -1.5" as indian_ocean:1                       lamport 3  vector {indian_ocean:2 pacific:1}  wall 2026-03-14T04:10:52.000Z (60000 ms behind the truth)
                  e6  pacific       +2.040000s  receive indian_ocean:1 from indian_ocean                             lamport 4  vector {indian_ocean:2 pacific:2}  wall 2026-03-14T04:11:52.040Z
                  e7  pacific       +2.040000s  reconcile(indian_ocean:1) -> DISCARDED, as older: pacific:1 "nadir"  wall 2026-03-14T04:11:52.040Z
        steps     1. indian_ocean's wall clock is 60s behind from the start
                  2. +1.000000s  pacific accepts attitude = "nadir"
                  3. +2.000000s  indian_ocean accepts attitude = "yaw -1.5"
        replay    constellation run slow-overwrite --seed 1 --resolver wall-lww"#]],
    );
}

#[test]
fn lamport_time_keeps_an_update_that_had_seen_what_it_replaced() {
    check(slow_overwrite(), Resolver::LamportLww, expect!["exit 0"]);
    check(slow_overwrite(), Resolver::Siblings, expect!["exit 0"]);
}
