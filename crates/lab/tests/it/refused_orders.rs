//! What no order of arrivals shows is refused, or it is told that it plays no part.

use constellation_lab::explore::{Bounds, ExploreError, explore};
use constellation_lab::hunt::Go;
use constellation_lab::scenario::Chances;
use constellation_lab::{Resolver, Scenario};
use constellation_sim::explore::Extent;
use expect_test::expect;

use crate::exploring::{explored, parse};

#[test]
fn what_no_order_of_arrivals_says_is_refused_or_told() {
    let refused = |scenario: &Scenario| {
        let error =
            explore(scenario, Bounds::of(scenario), &mut |_| Go::On).expect_err("it cannot be explored");
        let ExploreError::Unfit(unfit) = &error else { panic!("{error}") };
        format!("{error}; {}", unfit.help())
    };
    let crash = parse("steps = [{ at = \"1s\", do = \"crash\", node = \"pacific\" }]");
    expect!["this step cannot be explored: only requests, and messages that are late or lost; leave it out, or let `hunt` try seeds"].assert_eq(&refused(&crash));
    let mut wall = parse("");
    wall.resolver = Resolver::WallLww;
    expect!["the resolver asks wall clocks, which stand still where only the order is explored; explore it with another resolver, or let `hunt` try seeds"].assert_eq(&refused(&wall));
    let asked = parse(
        "clients = [{ name = \"ground\", stations = \"pacific\", loop = \"closed\", operations = 1, keys = \"mode\" }]",
    );
    expect!["`[[clients]]` go by the clock, which stands still where only the order is explored; let steps ask instead, or let `hunt` try seeds"].assert_eq(&refused(&asked));
    let lying = parse(
        "link = { loss = \"1%\", duplicate = \"1%\" }\nwalls = [{ node = \"pacific\", ahead = \"2s\" }]\n\
         steps = [{ at = \"1s\", do = \"cut\", from = \"pacific\", to = \"atlantic\" }]",
    );
    assert_eq!((Bounds::of(&lying).losses_max, Bounds::of(&lying).duplicates_max), (1, 1));
    let found = explored(&lying, |bounds| (bounds.losses_max, bounds.duplicates_max) = (0, 0));
    expect![[r#"
        times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next
        partitions and cuts play no part: what they hold is late, and any message may be late anyhow
        the lies of wall clocks play no part: this resolver asks none
        links of the scenario lose messages, but here none may be lost
        links of the scenario double messages, but here none may"#]].assert_eq(&found.left_out.join("\n"));
    assert_eq!((found.extent, found.runs), (Extent::Complete, 1));
    let flapping = parse(
        "link = { corrupt = \"1%\", flap = { period = \"1s\", down = \"100ms\", chance = \"5%\" } }\n\
         machine = { wall_step = \"1%\" }",
    );
    let found = explored(&flapping, |bounds| bounds.losses_max = 0);
    expect![[r#"
        times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next
        windows and flaps of links play no part: what waits for them is late
        the lies of wall clocks play no part: this resolver asks none
        links of the scenario lose messages, but here none may be lost"#]].assert_eq(&found.left_out.join("\n"));
}

/// What is made of a scenario with these tables: the usual bound of losses, and how the exploration ends.
fn tell(tables: &str) -> String {
    let submit =
        "steps = [{ at = \"1s\", do = \"submit\", node = \"pacific\", key = \"mode\", value = \"safe\" }]";
    let scenario = parse(&format!("{tables}\n{submit}"));
    let bounds = Bounds::of(&scenario);
    let outcome = match explore(&scenario, bounds, &mut |_| Go::On) {
        Ok(found) => format!("exit {}", found.exit_code()),
        Err(ExploreError::Unfit(unfit)) => format!("{unfit}; {}", unfit.help()),
        Err(error) => panic!("{error}"),
    };
    format!("{tables}\n    losses {}, {outcome}\n", bounds.losses_max)
}

/// What breaks it needs no order at all, so that no order shows it: `holds` would be wrong.
#[test]
fn what_may_lose_loses_one_and_what_loses_more_without_luck_is_refused() {
    let rule = "from = \"pacific\", to = \"atlantic\"";
    let tables = [
        "link = { loss = \"1%\" }".to_owned(),
        "link = { corrupt = \"5%\" }".to_owned(),
        format!("links = [{{ {rule}, corrupt = \"5%\" }}]"),
        "link = { size_max = \"4KiB\" }".to_owned(),
        "link = { size_max = \"1B\" }".to_owned(),
        "anti_entropy = \"1s\"\nlink = { size_max = \"1B\" }".to_owned(),
        "link = { rate = \"1kB/s\", queue = \"64KiB\" }".to_owned(),
        "link = { rate = \"1kB/s\" }".to_owned(),
        "link = { windows = [{ from = \"0s\", to = \"5s\" }], outside = \"lose\" }".to_owned(),
        "link = { windows = [{ from = \"0s\", to = \"5s\" }] }".to_owned(),
    ];
    expect![[r#"
        link = { loss = "1%" }
            losses 1, exit 1
        link = { corrupt = "5%" }
            losses 1, exit 1
        links = [{ from = "pacific", to = "atlantic", corrupt = "5%" }]
            losses 1, exit 1
        link = { size_max = "4KiB" }
            losses 1, exit 1
        link = { size_max = "1B" }
            losses 1, exit 1
        anti_entropy = "1s"
        link = { size_max = "1B" }
            losses 1, without any luck this loses 9 messages, more than the 1 that may be lost here; explore with `--losses 9`, or let `hunt` try seeds
        link = { rate = "1kB/s", queue = "64KiB" }
            losses 1, exit 1
        link = { rate = "1kB/s" }
            losses 0, exit 0
        link = { windows = [{ from = "0s", to = "5s" }], outside = "lose" }
            losses 1, exit 1
        link = { windows = [{ from = "0s", to = "5s" }] }
            losses 0, exit 0
    "#]].assert_eq(&tables.iter().map(|tables| tell(tables)).collect::<String>());
}

#[test]
fn what_alters_messages_or_strikes_machines_is_refused() {
    let rule = "from = \"pacific\", to = \"atlantic\"";
    let tables = [
        "link = { corrupt_unseen = \"100%\" }".to_owned(),
        format!("links = [{{ {rule}, corrupt_unseen = \"1%\" }}]"),
        "machine = { crash = \"20%\" }".to_owned(),
        "machine = { wall_step = \"20%\" }".to_owned(),
        "machine = { disk_bytes = \"1B\" }".to_owned(),
        "machines = [{ node = \"atlantic\", slow = \"1ms\" }]".to_owned(),
    ];
    expect![[r#"
        link = { corrupt_unseen = "100%" }
            losses 0, `corrupt_unseen` alters messages, but here what arrives is what was sent: only the order is explored; leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds
        links = [{ from = "pacific", to = "atlantic", corrupt_unseen = "1%" }]
            losses 0, `corrupt_unseen` alters messages, but here what arrives is what was sent: only the order is explored; leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds
        machine = { crash = "20%" }
            losses 0, `crash` strikes machines, but here none is struck: only the order is explored; leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds
        machine = { wall_step = "20%" }
            losses 0, exit 0
        machine = { disk_bytes = "1B" }
            losses 0, `disk_bytes` strikes machines, but here none is struck: only the order is explored; leave it out, or let `hunt` try seeds
        machines = [{ node = "atlantic", slow = "1ms" }]
            losses 0, `slow` strikes machines, but here none is struck: only the order is explored; leave it out, or let `hunt` try seeds
    "#]].assert_eq(&tables.iter().map(|tables| tell(tables)).collect::<String>());
    let mut calm = parse("link = { loss = \"1%\", corrupt_unseen = \"1%\" }\nmachine = { crash = \"20%\" }");
    calm.chances = Chances::Never;
    assert_eq!((Bounds::of(&calm).losses_max, explored(&calm, |_| {}).exit_code()), (0, 0));
}
