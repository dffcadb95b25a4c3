//! Faults that are given beside the file: read as the file is, and refused with their place.

use std::time::Duration;

use constellation_lab::hunt::{Go, Hunt, Until, hunt, provenance};
use constellation_lab::scenario::Chances;
use constellation_lab::{Scenario, incidents, simulate};
use constellation_trace::Nemesis;
use expect_test::expect;

fn lossy() -> Scenario {
    incidents::find("lossy-relay").expect("it ships").scenario()
}

/// What is refused, with the place underlined.
fn refused(faults: &str) -> String {
    let error = lossy().with_faults(faults).expect_err("it is refused");
    let before = faults[..error.span.start].chars().count();
    let width = faults[error.span.clone()].chars().count().max(1);
    format!("|{faults}\n|{}{}\n{error}\n", " ".repeat(before), "^".repeat(width))
}

#[test]
fn what_is_given_counts_for_the_default_and_for_every_rule() {
    let text = "nodes = [\"a\", \"b\"]\nend = \"1s\"\nlink = { loss = \"1%\", latency = \"5ms\" }\n\
                links = [{ from = \"a\", to = \"b\", latency = \"1s\" }]\n";
    let scenario = Scenario::parse("two", text).expect("it is documented");
    let given = scenario.with_faults(" loss = 7% , order=free").expect("both keys are documented");
    assert_eq!(given.link.loss.per_million(), 70_000);
    assert_eq!(given.links[0].link.loss.per_million(), 70_000);
    assert_eq!(given.link.latency_max, Duration::from_millis(5));
    assert_eq!(given.links[0].link.latency_max, Duration::from_secs(1), "what is not given stays");
    assert!(!given.keeps_order());
    assert_eq!(scenario.with_faults("loss=1%").expect("it is documented").link, scenario.link);
}

#[test]
fn a_link_that_has_no_queue_can_be_told_to_have_none() {
    let text = "nodes = [\"a\", \"b\"]\nend = \"1s\"\n\
                links = [{ from = \"a\", to = \"b\", rate = \"1KiB/s\", queue = \"1KiB\" }]\n";
    let given = Scenario::parse("two", text).and_then(|scenario| scenario.with_faults("queue=none"));
    let given = given.expect("the default link carries any amount, so nothing waits there anyway");
    assert_eq!(given.links[0].link.queue_bytes_max, u64::MAX);
    assert_eq!(given.link.rate, None);
}

#[test]
fn none_switches_off_what_has_odds_and_leaves_latencies() {
    let scenario = lossy().with_faults("loss=100%").expect("it is documented");
    let is_lost = |scenario: &Scenario| {
        let trace = simulate(scenario, 1).expect("it is short");
        trace.nemesis().iter().any(|entry| matches!(entry.nemesis, Nemesis::Lose(..)))
    };
    assert!(is_lost(&scenario));
    let quiet = scenario.with_faults("none").expect("it is a word of ours");
    assert_eq!(quiet.chances, Chances::Never);
    assert!(!is_lost(&quiet));
    let calm = provenance(&quiet, 0).expect("it is short");
    let mut plan = Hunt::new(1, 49);
    plan.until = Until::AllSeeds;
    let hunted = hunt(&quiet, &plan, &calm, &mut |_| Go::On).expect("it is short");
    let kinds: Vec<_> = hunted.coverage.kinds().map(|(topic, _)| topic.name()).collect();
    assert_eq!(kinds, ["latency"]);
    assert!(hunted.findings.is_empty());
}

#[test]
fn what_is_no_setting_is_refused_with_its_place() {
    let faults = [
        "loss",
        "",
        "loss=5%,",
        "loss=5%,duplicat=1%",
        "loss=5%,loss=1%",
        "none,loss=5%",
        "none=1",
        "loss=5%,dupplicäte=1",
    ];
    expect![[r#"
        |loss
        |^^^^
        `loss` is no KEY=VALUE (such as `loss=5%,duplicate=1%`; `none` switches all chances off)
        |
        |^
        a KEY=VALUE is missing (such as `loss=5%,duplicate=1%`; `none` switches all chances off)
        |loss=5%,
        |        ^
        a KEY=VALUE is missing (such as `loss=5%,duplicate=1%`; `none` switches all chances off)
        |loss=5%,duplicat=1%
        |        ^^^^^^^^
        there is no fault `duplicat` (did you mean `duplicate`?)
        |loss=5%,loss=1%
        |        ^^^^
        `loss` is given twice
        |none,loss=5%
        |^^^^
        `none` stands alone (leave it out, or all else)
        |none=1
        |^^^^
        `none` takes no value
        |loss=5%,dupplicäte=1
        |        ^^^^^^^^^^
        there is no fault `dupplicäte` (did you mean `duplicate`?)
    "#]]
    .assert_eq(&faults.map(refused).concat());
}

#[test]
fn a_value_that_its_table_refuses_is_refused_with_its_place() {
    let faults = [
        "duplicate=1%, loss=5",
        "loss=101%",
        "latency=80ms..20ms",
        "order=any",
        "loss=[1,2],order=free",
        "loss=[1",
        "loss=",
        "loss='5%",
    ];
    expect![[r#"
        |duplicate=1%, loss=5
        |                   ^
        `loss` should be a chance such as "2.5%", at most 100%, not an integer
        |loss=101%
        |     ^^^^
        `101%` is not a chance such as "2.5%", at most 100%
        |latency=80ms..20ms
        |        ^^^^^^^^^^
        the least latency is above the most
        |order=any
        |      ^^^
        `any` is no value of `order` (one of `kept`, `free`)
        |loss=[1,2],order=free
        |     ^^^^^
        `loss` should be a chance such as "2.5%", at most 100%, not an array
        |loss=[1
        |       ^
        unclosed array, expected `]`
        |loss=
        |     ^
        `` is not a chance such as "2.5%", at most 100%
        |loss='5%
        |        ^
        invalid literal string, expected `'`
    "#]]
    .assert_eq(&faults.map(refused).concat());
}
