//! Each step of a scenario file that is about a machine: what it does to stations, and which promises it breaks.

use expect_test::expect;

use crate::machines::check;

pub(crate) fn step(at: &str, verb: &str, more: &str) -> String {
    format!("[[steps]]\nat = \"{at}\"\ndo = \"{verb}\"\nnode = \"atlantic\"\n{more}\n")
}

#[test]
fn steps_stop_a_process() {
    check(
        "",
        &step("3.5s", "pause", "for = \"2s\""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +3.500000s Pause { node: atlantic, for_ns: 2000000000 }
        +5.500000s atlantic: submit attitude = "yaw" as atlantic:1
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
    check(
        "",
        &step("3.5s", "suspend", "for = \"2s\""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +3.500000s Suspend { node: atlantic, for_ns: 2000000000 }
        +5.500000s atlantic: submit attitude = "yaw" as atlantic:1
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
    check(
        "",
        &step("3.5s", "slow", "each = \"300ms\"\nfor = \"2s\""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +4.000000s Slow { node: atlantic, for_ns: 300000000 }
        +4.300000s atlantic: submit attitude = "yaw" as atlantic:1
        +4.300000s Slow { node: atlantic, for_ns: 300000000 }
        +4.600000s Slow { node: atlantic, for_ns: 300000000 }
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
}

#[test]
fn steps_crash_a_process_at_its_next_input() {
    let restart = step("6s", "restart", "");
    check(
        "",
        &(step("3.99s", "crash-before", "") + &restart),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +4.000000s atlantic: crashes
        +6.000000s atlantic#1: restarts as atlantic#1 from the state of e6
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
    check(
        "",
        &(step("3.99s", "crash-after", "") + &restart),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
        +4.000000s atlantic: crashes
        +6.000000s atlantic#1: restarts as atlantic#1 from the state of e13
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
    // Nobody restarts it, so the end does.
    check(
        "",
        &step("18s", "crash-after", ""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        +18.000000s atlantic: crashes
        +20.000000s atlantic#1: restarts as atlantic#1 from the state of e32
        exit 0"#]],
    );
}

#[test]
fn a_station_that_joins_late_is_told_what_it_missed() {
    check(
        "",
        &step("2s", "join", ""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +2.000000s Join { node: atlantic }
        +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
}

#[test]
fn a_station_that_leaves_hands_over_what_it_holds() {
    check(
        "",
        &step("5s", "leave", ""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
        +5.000000s atlantic: leaves, and offers all it holds to the others
        +5.000000s Leave { node: atlantic }
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 0"#]],
    );
    // Without a word it would take with it what nobody else knows: all that it sent was lost.
    let deaf = "[[links]]\nfrom = \"atlantic\"\nto = \"pacific\"\nloss = \"100%\"\n";
    check(
        deaf,
        &step("5s", "leave", ""),
        1,
        expect![[r#"
        +1.000000s pacific: submit attitude = "nadir" as pacific:1
        +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
        +5.000000s atlantic: leaves, and offers all it holds to the others
        +5.000000s Leave { node: atlantic }
        +9.000000s pacific: submit attitude = "roll" as pacific:2
        exit 1
        ✗ every update survives or is superseded: atlantic:1 is gone: at pacific pacific:2 is shown
            every message from atlantic to pacific takes 20ms, is lost in 100 % of cases
            every other message takes 20ms
            +4.000000s  atlantic accepts attitude = "yaw"
            +5.000000s  atlantic leaves for good
            · not needed: the offers of everything"#]],
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]
fn steps_put_a_wall_clock_wrong() {
    check(
        "",
        &step("3s", "slew-wall", "by = \"1s\"\nfor = \"5s\""),
        1,
        expect![[r#"
            +1.000000s pacific: submit attitude = "nadir" as pacific:1
            +3.000000s Slew { node: atlantic, by_ns: 1000000000, for_ns: 5000000000 }
            +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
            +9.000000s pacific: submit attitude = "roll" as pacific:2
            exit 0
            · the wall clock of atlantic is up to 1000 ms ahead of the truth"#]],
    );
    check(
        "",
        &step("3s", "leap-second", ""),
        1,
        expect![[r#"
            +1.000000s pacific: submit attitude = "nadir" as pacific:1
            +3.000000s Leap { node: atlantic, for_ns: 0 }
            +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
            +9.000000s pacific: submit attitude = "roll" as pacific:2
            exit 0
            · the wall clock of atlantic is up to 1000 ms behind the truth"#]],
    );
    check(
        "",
        &step("3s", "leap-second", "smear = \"10s\""),
        1,
        expect![[r#"
            +1.000000s pacific: submit attitude = "nadir" as pacific:1
            +3.000000s Leap { node: atlantic, for_ns: 10000000000 }
            +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
            +9.000000s pacific: submit attitude = "roll" as pacific:2
            exit 0
            · the wall clock of atlantic is up to 1000 ms behind the truth"#]],
    );
    check(
        "",
        &step("3s", "freeze-wall", "for = \"5s\""),
        1,
        expect![[r#"
            +1.000000s pacific: submit attitude = "nadir" as pacific:1
            +3.000000s Freeze { node: atlantic, for_ns: 5000000000 }
            +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
            +9.000000s pacific: submit attitude = "roll" as pacific:2
            exit 0
            · the wall clock of atlantic is up to 5000 ms behind the truth"#]],
    );
    check(
        "",
        &step("3s", "set-wall", "to = 1980-01-06T00:00:00Z"),
        1,
        expect![[r#"
            +1.000000s pacific: submit attitude = "nadir" as pacific:1
            +3.000000s Set { node: atlantic, wall: WallTime(315964800000000000) }
            +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
            +9.000000s pacific: submit attitude = "roll" as pacific:2
            exit 0
            · the wall clock of atlantic is up to 1457496713000 ms behind the truth"#]],
    );
    check(
        "resolver = \"wall-lww\"",
        &step("3s", "set-wall", "to = 1980-01-06T00:00:00Z"),
        1,
        expect![[r#"
            +1.000000s pacific: submit attitude = "nadir" as pacific:1
            +3.000000s Set { node: atlantic, wall: WallTime(315964800000000000) }
            +4.000000s atlantic: submit attitude = "yaw" as atlantic:1
            +9.000000s pacific: submit attitude = "roll" as pacific:2
            exit 1
            ✗ no update is lost: a read shows all it knows that nothing supersedes: atlantic:1 is lost: the older pacific:1 is shown in its place; 3 more reads are wrong
                every message takes 20ms
                +1.000000s  pacific accepts attitude = "nadir"
                +3.000000s  atlantic's wall clock is set to 1980-01-06T00:00:00.000Z
                +4.000000s  atlantic accepts attitude = "yaw"
                · not needed: the offers of everything
            ✗ every update survives or is superseded: atlantic:1 is gone: at pacific pacific:2 is shown, at atlantic pacific:2 is shown
                every message takes 20ms
                +1.000000s  pacific accepts attitude = "nadir"
                +3.000000s  atlantic's wall clock is set to 1980-01-06T00:00:00.000Z
                +4.000000s  atlantic accepts attitude = "yaw"
                · not needed: the offers of everything
            ✗ no stale sibling is shown: it still shows pacific:1
                every message takes 20ms
                +1.000000s  pacific accepts attitude = "nadir"
                +3.000000s  atlantic's wall clock is set to 1980-01-06T00:00:00.000Z
                +4.000000s  atlantic accepts attitude = "yaw"
                · not needed: the offers of everything
            · the wall clock of atlantic is up to 1457496713000 ms behind the truth"#]],
    );
}
