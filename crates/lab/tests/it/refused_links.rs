//! Every refusal of what a link cannot be: sizes, rates, queues, windows and flaps.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;

use crate::refusals::check_more;

#[test]
fn sizes_and_rates_have_units_and_bounds() {
    check_more(
        "[link]\nsize_max = \"0B\"",
        expect![[r#"
        4:12 `0B` is not a size such as "1KiB", from 1B to 2^32 - 1 bytes
        "0B""#]],
    );
    check_more(
        "[link]\nsize_max = \"4096MiB\"",
        expect![[r#"
        4:12 `4096MiB` is not a size such as "1KiB", from 1B to 2^32 - 1 bytes
        "4096MiB""#]],
    );
    check_more(
        "[link]\nsize_max = 1024",
        expect![[r#"
        4:12 `size_max` should be a size such as "1KiB", from 1B to 2^32 - 1 bytes, not an integer
        1024"#]],
    );
    check_more(
        "[link]\nsize_max = \"-1KiB\"",
        expect![[r#"
        4:12 `-1KiB` is not a size such as "1KiB", from 1B to 2^32 - 1 bytes
        "-1KiB""#]],
    );
    check_more(
        "[link]\nrate = \"0B/s\"",
        expect![[r#"
        4:8 `0B/s` is not a rate such as "64KiB/s" or "9600bit/s", in whole bytes a second and at least one
        "0B/s""#]],
    );
    check_more(
        "[link]\nrate = \"64KiB\"",
        expect![[r#"
        4:8 `64KiB` is not a rate such as "64KiB/s" or "9600bit/s", in whole bytes a second and at least one
        "64KiB""#]],
    );
    check_more(
        "[link]\nrate = \"9601bit/s\"",
        expect![[r#"
        4:8 `9601bit/s` is not a rate such as "64KiB/s" or "9600bit/s", in whole bytes a second and at least one
        "9601bit/s""#]],
    );
    check_more(
        "[link]\nrate = \"1B/s\"\nqueue = \"0.5B\"",
        expect![[r#"
        5:9 `0.5B` is not a size such as "16KiB"
        "0.5B""#]],
    );
    check_more("[link]\nrate = \"1B/s\"\nqueue = \"0B\"", expect!["accepted: 2 nodes, 0 steps"]);
    check_more(
        "[link]\ncorrupt = \"101%\"",
        expect![[r#"
        4:11 `101%` is not a chance such as "2.5%", at most 100%
        "101%""#]],
    );
    check_more(
        "[link]\ncorrupt_unseen = \"-1ppm\"",
        expect![[r#"
        4:18 `-1ppm` is not a chance such as "2.5%", at most 100%
        "-1ppm""#]],
    );
}

#[test]
fn a_queue_stands_in_front_of_a_rate() {
    check_more(
        "[link]\nqueue = \"16KiB\"",
        expect![[r#"
            4:9 nothing waits in a queue in front of a link that carries any amount at once (add `rate`, such as "64KiB/s", or `windows` or `flap`)
            "16KiB""#]],
    );
    check_more(
        "[link]\nrate = \"none\"\nqueue = \"16KiB\"",
        expect![[r#"
            5:9 nothing waits in a queue in front of a link that carries any amount at once (add `rate`, such as "64KiB/s", or `windows` or `flap`)
            "16KiB""#]],
    );
    let rule = "[link]\nrate = \"1MB/s\"\n[[links]]\nfrom = \"pacific\"\nto = \"atlantic\"\n";
    check_more(
        &format!("{rule}rate = \"none\"\nqueue = \"16KiB\""),
        expect![[r#"
            9:9 nothing waits in a queue in front of a link that carries any amount at once (add `rate`, such as "64KiB/s", or `windows` or `flap`)
            "16KiB""#]],
    );
    check_more(&format!("{rule}queue = \"16KiB\""), expect!["accepted: 2 nodes, 0 steps"]);
}

#[test]
fn windows_are_a_plan_within_the_run() {
    let windows = |windows: &str, expected| check_more(&format!("[link]\nwindows = {windows}"), expected);
    windows(
        "[{ from = \"5s\", to = \"2s\" }]",
        expect![[r#"
        4:32 this window ends at +2.000000s, and begins at +5.000000s (a window ends after it begins)
        "2s""#]],
    );
    windows(
        "[{ from = \"5s\", to = \"5s\" }]",
        expect![[r#"
        4:32 this window ends at +5.000000s, and begins at +5.000000s (a window ends after it begins)
        "5s""#]],
    );
    windows(
        "[{ from = \"1s\", to = \"3s\" }, { from = \"2s\", to = \"4s\" }]",
        expect![[r#"
        4:49 this window begins at +2.000000s, before the one in front of it ends at +3.000000s (windows stand in the order of time and do not overlap)
        "2s""#]],
    );
    windows(
        "[{ from = \"5s\", to = \"6s\" }, { from = \"1s\", to = \"2s\" }]",
        expect![[r#"
        4:49 this window begins at +1.000000s, before the one in front of it ends at +6.000000s (windows stand in the order of time and do not overlap)
        "1s""#]],
    );
    windows(
        "[{ from = \"5s\", to = \"10s\" }]",
        expect![[r#"
        4:32 this window ends at +10.000000s, after the end of the run at +9.000000s (make `end` later, or the window shorter)
        "10s""#]],
    );
    windows(
        "[{ from = \"-5s\", to = \"9s\" }]",
        expect![[r#"
        4:21 `-5s` is not a duration such as "1.5s"
        "-5s""#]],
    );
    windows(
        "[{ from = \"5s\" }]",
        expect![[r#"
        4:12 `to` is missing in a window
        { from = "5s" }"#]],
    );
    windows(
        "[{ to = \"5s\" }]",
        expect![[r#"
        4:12 `from` is missing in a window
        { to = "5s" }"#]],
    );
    windows(
        "[{ from = \"1s\", to = \"5s\", speed = \"1B/s\" }]",
        expect![[r#"
        4:38 unknown key `speed` in a window (one of `from`, `to`, `rate`)
        speed"#]],
    );
    windows(
        "[{ from = \"1s\", to = \"5s\", rate = \"fast\" }]",
        expect![[r#"
        4:45 `fast` is not a rate such as "64KiB/s" or "9600bit/s", in whole bytes a second and at least one
        "fast""#]],
    );
    windows(
        "[]",
        expect![[r#"
        4:11 a link without a window is never up (use a `cut` that nobody heals)
        []"#]],
    );
    windows(
        "\"always\"",
        expect![[r#"
        4:11 `windows` should be a list, not a string
        "always""#]],
    );
    windows(
        "{ from = \"1s\", to = \"5s\" }",
        expect![[r#"
        4:11 `windows` should be a list, not a table
        { from = "1s", to = "5s" }"#]],
    );
    windows(
        "[{ from = \"1s\", to = \"5s\" }, { from = \"5s\", to = \"9s\" }]",
        expect!["accepted: 2 nodes, 0 steps"],
    );
}

#[test]
fn a_flap_has_a_beginning_and_an_end() {
    let flap = |flap: &str, expected| check_more(&format!("[link]\nflap = {flap}"), expected);
    flap(
        "{ period = \"1s\", down = \"1s\", chance = \"1%\" }",
        expect![[r#"
        4:32 a link cannot be down for 1s in each 1s: more than nothing, less than all
        "1s""#]],
    );
    flap(
        "{ period = \"1s\", down = \"0s\", chance = \"1%\" }",
        expect![[r#"
        4:32 a link cannot be down for 0ns in each 1s: more than nothing, less than all
        "0s""#]],
    );
    flap(
        "{ period = \"1s\", down = \"2s\", chance = \"1%\" }",
        expect![[r#"
        4:32 a link cannot be down for 2s in each 1s: more than nothing, less than all
        "2s""#]],
    );
    flap(
        "{ period = \"0s\", down = \"0s\", chance = \"1%\" }",
        expect![[r#"
        4:32 a link cannot be down for 0ns in each 0ns: more than nothing, less than all
        "0s""#]],
    );
    flap(
        "{ period = \"1s\", down = \"1ms\" }",
        expect![[r#"
        4:8 `chance` is missing in a flap
        { period = "1s", down = "1ms" }"#]],
    );
    flap(
        "{ period = \"1s\", chance = \"1%\" }",
        expect![[r#"
        4:8 `down` is missing in a flap
        { period = "1s", chance = "1%" }"#]],
    );
    flap(
        "{ period = \"1s\", down = \"1ms\", chance = \"1\" }",
        expect![[r#"
        4:48 `1` is not a chance such as "2.5%", at most 100%
        "1""#]],
    );
    flap(
        "{ period = \"1s\", down = \"1ms\", odds = \"1%\" }",
        expect![[r#"
        4:39 unknown key `odds` in a flap (one of `period`, `down`, `chance`)
        odds"#]],
    );
    flap(
        "\"often\"",
        expect![[r#"
        4:8 `flap` should be a table, not a string
        "often""#]],
    );
    flap("{ period = \"1s\", down = \"999ms\", chance = \"100%\" }", expect!["accepted: 2 nodes, 0 steps"]);
}

#[test]
fn what_happens_outside_is_said_only_where_there_is_an_outside() {
    check_more(
        "[link]\noutside = \"lose\"",
        expect![[r#"
        4:11 this says what becomes of a message while the link is down, but it is up all the time (add `windows` or `flap`)
        "lose""#]],
    );
    let flap = "[link]\nflap = { period = \"1s\", down = \"1ms\", chance = \"1%\" }\n";
    check_more(
        &format!("{flap}outside = \"drop\""),
        expect![[r#"
        5:11 `drop` is no value of `outside` (one of `hold`, `lose`)
        "drop""#]],
    );
    check_more(&format!("{flap}outside = \"lose\""), expect!["accepted: 2 nodes, 0 steps"]);
    let rule = "[[links]]\nfrom = \"pacific\"\nto = \"atlantic\"\n";
    check_more(
        &format!("{flap}{rule}flap = \"none\"\noutside = \"lose\""),
        expect![[r#"
        9:11 this says what becomes of a message while the link is down, but it is up all the time (add `windows` or `flap`)
        "lose""#]],
    );
    check_more(&format!("{flap}{rule}outside = \"lose\""), expect!["accepted: 2 nodes, 0 steps"]);
}
