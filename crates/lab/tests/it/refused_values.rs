//! Every refusal of a duration, a chance, a drift and an epoch.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;

use crate::refusals::{check, check_more};

#[test]
fn durations_and_chances_have_units_and_bounds() {
    check(
        "nodes = \"pacific\"\nend = \"-1s\"",
        expect![[r#"
        2:7 `-1s` is not a duration such as "30s"
        "-1s""#]],
    );
    check(
        "nodes = \"pacific\"\nend = \"10\"",
        expect![[r#"
        2:7 `10` is not a duration such as "30s"
        "10""#]],
    );
    check(
        "nodes = \"pacific\"\nend = 10",
        expect![[r#"
        2:7 `end` should be a duration such as "30s", not an integer
        10"#]],
    );
    check(
        "nodes = \"pacific\"\nend = \"300000000h\"",
        expect![[r#"
        2:7 `300000000h` is not a duration such as "30s"
        "300000000h""#]],
    );
    check_more(
        "anti_entropy = \"0s\"",
        expect![[r#"
        3:16 stations cannot offer what they hold more often than once a millisecond
        "0s""#]],
    );
    check_more(
        "anti_entropy = \"999us\"",
        expect![[r#"
        3:16 stations cannot offer what they hold more often than once a millisecond
        "999us""#]],
    );
    check_more(
        "[link]\nlatency = \"80ms..20ms\"",
        expect![[r#"
        4:11 the least latency is above the most
        "80ms..20ms""#]],
    );
    check_more(
        "[link]\nlatency = \"..\"",
        expect![[r#"
        4:11 `..` is not a latency such as "80ms" or "20ms..80ms"
        "..""#]],
    );
    check_more(
        "[link]\nlatency = \"-5ms\"",
        expect![[r#"
        4:11 `-5ms` is not a latency such as "80ms" or "20ms..80ms"
        "-5ms""#]],
    );
    check_more(
        "[link]\nloss = \"100.1%\"",
        expect![[r#"
        4:8 `100.1%` is not a chance such as "2.5%", at most 100%
        "100.1%""#]],
    );
    check_more(
        "[link]\nloss = \"-1%\"",
        expect![[r#"
        4:8 `-1%` is not a chance such as "2.5%", at most 100%
        "-1%""#]],
    );
    check_more(
        "[link]\nloss = 0.5",
        expect![[r#"
        4:8 `loss` should be a chance such as "2.5%", at most 100%, not a float
        0.5"#]],
    );
    check_more(
        "[link]\nduplicate = \"1000001ppm\"",
        expect![[r#"
        4:13 `1000001ppm` is not a chance such as "2.5%", at most 100%
        "1000001ppm""#]],
    );
    check_more(
        "[[walls]]\nnode = \"pacific\"\nahead = \"soon\"",
        expect![[r#"
        5:9 `soon` is not a duration such as "600ms", or "-2s" for behind
        "soon""#]],
    );
    check_more(
        "[[walls]]\nnode = \"pacific\"\ndrift = \"5%\"",
        expect![[r#"
        5:9 `5%` is not a drift such as "20ppm", between -500000ppm and 500000ppm
        "5%""#]],
    );
    check_more(
        "[[walls]]\nnode = \"pacific\"\ndrift = \"-600000ppm\"",
        expect![[r#"
        5:9 `-600000ppm` is not a drift such as "20ppm", between -500000ppm and 500000ppm
        "-600000ppm""#]],
    );
    check_more(
        "[[walls]]\nnode = \"pacific\"\ndrift = \"99999999999ppm\"",
        expect![[r#"
        5:9 `99999999999ppm` is not a drift such as "20ppm", between -500000ppm and 500000ppm
        "99999999999ppm""#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"step-wall\"\nnode = \"pacific\"\nby = \"\"",
        expect![[r#"
        7:6 `` is not a duration such as "600ms", or "-2s" for back
        """#]],
    );
}

#[test]
fn an_epoch_is_a_moment_in_utc() {
    check_more(
        "epoch = \"2026-03-14T04:11:50Z\"",
        expect![[r#"
        3:9 `epoch` should be a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z, without quotes
        "2026-03-14T04:11:50Z""#]],
    );
    check_more(
        "epoch = 2026-03-14",
        expect![[r#"
        3:9 `2026-03-14` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        2026-03-14"#]],
    );
    check_more(
        "epoch = 04:11:50",
        expect![[r#"
        3:9 `04:11:50` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        04:11:50"#]],
    );
    check_more(
        "epoch = 2026-03-14T04:11:50",
        expect![[r#"
        3:9 `2026-03-14T04:11:50` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        2026-03-14T04:11:50"#]],
    );
    check_more(
        "epoch = 2026-03-14T04:11:50+02:00",
        expect![[r#"
        3:9 `2026-03-14T04:11:50+02:00` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        2026-03-14T04:11:50+02:00"#]],
    );
    check_more("epoch = 2026-03-14T04:11:50-00:00", expect!["accepted: 2 nodes, 0 steps"]);
    check_more(
        "epoch = 1969-12-31T23:59:59Z",
        expect![[r#"
        3:9 `1969-12-31T23:59:59Z` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        1969-12-31T23:59:59Z"#]],
    );
    check_more(
        "epoch = 2500-01-01T00:00:00Z",
        expect![[r#"
        3:9 `2500-01-01T00:00:00Z` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        2500-01-01T00:00:00Z"#]],
    );
    check_more(
        "epoch = 2026-02-29T00:00:00Z",
        expect![[r#"
        3:9 invalid date, expected day between 01 and 28
        2026-02-29T00:00:00Z"#]],
    );
    check_more("epoch = 2026-03-14T04:11:50+00:00", expect!["accepted: 2 nodes, 0 steps"]);
    check_more("epoch = 2026-03-14T04:11:50.123456789Z", expect!["accepted: 2 nodes, 0 steps"]);
}

#[test]
fn what_luck_does_to_machines_has_chances_times_and_sizes() {
    check_more(
        "sync = \"sometimes\"",
        expect![[r#"
        3:8 `sometimes` is no value of `sync` (one of `always`, `never`)
        "sometimes""#]],
    );
    check_more(
        "[machine]\ncrsh = \"1%\"",
        expect![[r#"
        4:1 unknown key `crsh` in [machine] (did you mean `crash`?)
        crsh"#]],
    );
    check_more(
        "[machine]\nnode = \"pacific\"",
        expect![[r#"
            4:1 unknown key `node` in [machine] (one of `crash`, `crash_after`, `down`, `amnesia`, `pause`, `pause_for`, `suspend`, `suspend_for`, `slow`, `wall_step`, `wall_step_by`, `wall_freeze`, `wall_freeze_for`, `wall_year`, `disk_bytes`, `disk_full`, `unsynced`, `bit_rot`)
            node"#]],
    );
    check_more(
        "machine = 1",
        expect![[r#"
        3:11 `machine` should be a table, not an integer
        1"#]],
    );
    check_more(
        "[machine]\ncrash = \"101%\"",
        expect![[r#"
        4:9 `101%` is not a chance such as "2.5%", at most 100%
        "101%""#]],
    );
    check_more(
        "[machine]\namnesia = 0.5",
        expect![[r#"
        4:11 `amnesia` should be a chance such as "2.5%", at most 100%, not a float
        0.5"#]],
    );
    check_more(
        "[machine]\ndown = \"5s..1s\"",
        expect![[r#"
        4:8 the least time is above the most
        "5s..1s""#]],
    );
    check_more(
        "[machine]\ndown = \"-5s\"",
        expect![[r#"
        4:8 `-5s` is not a time such as "1s" or "1s..5s"
        "-5s""#]],
    );
    check_more(
        "[machine]\nslow = \"quite\"",
        expect![[r#"
        4:8 `quite` is not a time such as "1s" or "1s..5s"
        "quite""#]],
    );
    check_more(
        "[machine]\npause = \"1%\"\npause_for = \"0s\"",
        expect![[r#"
            5:13 what may pause a machine does so for some time
            "0s""#]],
    );
    check_more("[machine]\npause_for = \"0s\"", expect!["accepted: 2 nodes, 0 steps"]);
    check_more(
        "[machine]\nwall_step_by = \"0s\"",
        expect![[r#"
        4:16 a wall clock that jumps does so by some time
        "0s""#]],
    );
    check_more(
        "[machine]\nwall_step_by = \"2s..1s\"",
        expect![[r#"
        4:16 the least jump is above the most
        "2s..1s""#]],
    );
    check_more(
        "[machine]\nwall_step_by = \"-2s\"",
        expect![[r#"
        4:16 `-2s` is not a size such as "2s", or from one to the other, such as "-2s..500ms"
        "-2s""#]],
    );
    check_more(
        "[machine]\ndisk_bytes = \"0B\"",
        expect![[r#"
        4:14 `0B` is not a size such as "64KiB", at least 1B
        "0B""#]],
    );
    check_more(
        "[machine]\ndisk_bytes = 64",
        expect![[r#"
        4:14 `disk_bytes` should be a size such as "64KiB", at least 1B, not an integer
        64"#]],
    );
    check_more(
        "[[machines]]\ncrash = \"1%\"",
        expect![[r#"
        3:1 `node` is missing in [[machines]]
        [[machines]]"#]],
    );
    check_more(
        "[[machines]]\nnode = \"moon\"",
        expect![[r#"
        4:8 there is no node `moon` (one of `pacific`, `atlantic`)
        "moon""#]],
    );
    check_more(
        "[[machines]]\nnode = []",
        expect![[r#"
        4:8 a group names at least one node
        []"#]],
    );
    // A rule may turn on what all others may only do without: then its time must be one.
    check_more(
        "[machine]\nsuspend_for = \"0s\"\n[[machines]]\nnode = \"pacific\"\nsuspend = \"1%\"",
        expect![[r#"
            7:11 what may suspend a machine does so for some time
            "1%""#]],
    );
}
