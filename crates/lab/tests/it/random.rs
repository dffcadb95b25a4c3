//! Whatever happens to stations that keep siblings, no promise of safety breaks; and no text is too strange to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use constellation_lab::promises::judge_trace;
use constellation_lab::{Run, Scenario, incidents, simulate};
use constellation_trace::Verdict;
use proptest::prelude::*;
use proptest::test_runner::Config;

const NODES: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];

/// What a random step wants to be; what it may be depends on who is up.
#[derive(Clone, Debug)]
struct Wish {
    after_ms: u64,
    verb: u8,
    node: usize,
    other: usize,
    key: u8,
}

/// A random file, and what it lets one expect.
#[derive(Clone, Debug)]
struct Sketch {
    nodes: usize,
    seed: u64,
    loss_percent: u8,
    duplicate_percent: u8,
    is_free: bool,
    limits: (&'static str, Losing),
    interval_ms: Option<u64>,
    drift_ppm: i32,
    luck: Luck,
    wishes: Vec<Wish>,
}

/// Whether what a link does may lose a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Losing {
    Never,
    Perhaps,
}

/// What links do beside time and plain loss.
const LIMITS: [(&str, Losing); 10] = [
    ("", Losing::Never),
    ("rate = \"2kB/s\"", Losing::Never),
    ("rate = \"2kB/s\"\nqueue = \"300B\"", Losing::Perhaps),
    ("size_max = \"150B\"", Losing::Perhaps),
    ("corrupt = \"20%\"", Losing::Perhaps),
    (
        "windows = [{ from = \"1s\", to = \"2s\" }, { from = \"5s\", to = \"9s\", rate = \"900B/s\" }]",
        Losing::Never,
    ),
    (
        "windows = [{ from = \"1s\", to = \"2s\" }, { from = \"5s\", to = \"30s\" }]\noutside = \"lose\"",
        Losing::Perhaps,
    ),
    ("flap = { period = \"700ms\", down = \"300ms\", chance = \"40%\" }", Losing::Never),
    (
        "flap = { period = \"700ms\", down = \"300ms\", chance = \"40%\" }\noutside = \"lose\"",
        Losing::Perhaps,
    ),
    (
        "rate = \"1kB/s\"\nwindows = [{ from = \"1s\", to = \"9s\" }]\n\
         flap = { period = \"700ms\", down = \"300ms\", chance = \"40%\" }",
        Losing::Never,
    ),
];

/// What luck does to machines, each in percent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Luck {
    crash: u8,
    amnesia: u8,
    stop: u8,
    disk_full: u8,
    bit_rot: u8,
}

impl Sketch {
    fn toml(&self) -> String {
        let nodes = &NODES[..self.nodes];
        let mut text = format!("nodes = {nodes:?}\nend = \"30s\"\nseed = {}\n", self.seed);
        if let Some(interval_ms) = self.interval_ms {
            writeln!(text, "anti_entropy = \"{interval_ms}ms\"").expect("a String takes everything");
        }
        let order = if self.is_free { "free" } else { "kept" };
        write!(
            text,
            "[link]\nlatency = \"5ms..900ms\"\nloss = \"{}%\"\nduplicate = \"{}%\"\norder = \"{order}\"\n{}\n\
             [[walls]]\nnode = \"pacific\"\ndrift = \"{}ppm\"\n",
            self.loss_percent, self.duplicate_percent, self.limits.0, self.drift_ppm,
        )
        .expect("a String takes everything");
        let Luck { crash, amnesia, stop, disk_full, bit_rot } = self.luck;
        write!(
            text,
            "[machine]\ncrash = \"{crash}%\"\ncrash_after = \"{crash}%\"\ndown = \"10ms..4s\"\namnesia = \"{amnesia}%\"\n\
             pause = \"{stop}%\"\nsuspend = \"{stop}%\"\nslow = \"0ms..{stop}ms\"\nwall_step = \"{stop}%\"\n\
             disk_full = \"{disk_full}%\"\nbit_rot = \"{bit_rot}%\"\n",
        )
        .expect("a String takes everything");
        let (mut at_ms, mut down) = (0, BTreeSet::new());
        for wish in &self.wishes {
            at_ms += wish.after_ms;
            let (node, other) = (nodes[wish.node % nodes.len()], nodes[wish.other % nodes.len()]);
            let step = match wish.verb {
                0..=4 if !down.contains(node) => {
                    format!(
                        "do = \"submit\"\nnode = \"{node}\"\nkey = \"k{}\"\nvalue = \"at {at_ms}\"",
                        wish.key
                    )
                }
                5 if !down.contains(node) => {
                    format!("do = \"read\"\nnode = \"{node}\"\nkey = \"k{}\"", wish.key)
                }
                6 if node != other => format!("do = \"partition\"\nbetween = [\"{node}\", \"{other}\"]"),
                7 if node != other => format!("do = \"cut\"\nfrom = \"{node}\"\nto = \"{other}\""),
                8 => "do = \"heal\"".to_owned(),
                9 if down.insert(node) => format!("do = \"crash\"\nnode = \"{node}\""),
                10 | 11 if down.remove(node) => {
                    let disk = if wish.verb == 10 { "kept" } else { "lost" };
                    format!("do = \"restart\"\nnode = \"{node}\"\ndisk = \"{disk}\"")
                }
                12 => format!("do = \"step-wall\"\nnode = \"{node}\"\nby = \"-{at_ms}ms\""),
                13 if !down.contains(node) => format!("do = \"pause\"\nnode = \"{node}\"\nfor = \"1ms\""),
                14 if down.insert(node) => format!("do = \"crash-after\"\nnode = \"{node}\""),
                15 if down.insert(node) => format!("do = \"crash-before\"\nnode = \"{node}\""),
                _ => continue,
            };
            write!(text, "[[steps]]\nat = \"{at_ms}ms\"\n{step}\n").expect("a String takes everything");
        }
        text
    }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let wish = (2..900_u64, 0..16_u8, 0..4_usize, 0..4_usize, 0..2_u8)
        .prop_map(|(after_ms, verb, node, other, key)| Wish { after_ms, verb, node, other, key });
    let limits = prop::sample::select(LIMITS.to_vec());
    let link = (prop_oneof![Just(0_u8), 0..=60_u8], 0..=50_u8, any::<bool>(), limits);
    let interval = proptest::option::of(200..2_000_u64);
    let drift = prop_oneof![Just(0), -500_000..=500_000_i32];
    let often = |most: u8| prop_oneof![Just(0), 0..=most];
    let luck = (often(3), often(50), often(9), often(30), often(50)).prop_map(
        |(crash, amnesia, stop, disk_full, bit_rot)| Luck { crash, amnesia, stop, disk_full, bit_rot },
    );
    let luck = prop_oneof![Just(Luck { crash: 0, amnesia: 0, stop: 0, disk_full: 0, bit_rot: 0 }), luck];
    (1..=4_usize, any::<u32>(), link, (interval, luck), drift, proptest::collection::vec(wish, 0..16))
        .prop_map(
            |(
                nodes,
                seed,
                (loss_percent, duplicate_percent, is_free, limits),
                (interval_ms, luck),
                drift_ppm,
                wishes,
            )| Sketch {
                nodes,
                limits,
                seed: u64::from(seed),
                loss_percent,
                duplicate_percent,
                is_free,
                interval_ms,
                drift_ppm,
                luck,
                wishes,
            },
        )
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 100, ..Config::default() }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn siblings_keep_every_promise_of_safety_and_converge_where_news_can_arrive(sketch in sketch()) {
        let text = sketch.toml();
        let scenario = Scenario::parse("random", &text).expect("it is made of what is documented");
        let run = Run::of(&scenario, scenario.seed, "").expect("it is short");
        let Luck { crash, amnesia, disk_full, bit_rot, .. } = sketch.luck;
        let crashes = text.contains("\"crash") || crash > 0;
        let is_told = sketch.interval_ms.is_some()
            || (sketch.loss_percent == 0
                && sketch.limits.1 == Losing::Never
                && !crashes
                && disk_full == 0);
        let loses_disks = text.contains("\"lost\"") || amnesia > 0 || bit_rot > 0;
        for judgement in &run.judgements {
            if judgement.promise == "replicas converge" && !is_told {
                continue;
            }
            // What only a disk knew is lost with it.
            if judgement.promise == "every update survives or is superseded" && loses_disks {
                continue;
            }
            if let Verdict::Violated(evidence) = &judgement.verdict {
                panic!("{} is violated:\n{evidence}\n{text}", judgement.promise);
            }
            // An update that its station forgot in a crash may be known to nobody who reads.
            let is_open = matches!(judgement.verdict, Verdict::Unknown(_)) && crashes;
            prop_assert!(is_open || judgement.verdict == Verdict::Holds, "{}\n{}", &judgement.promise, &text);
        }
    }

    #[test]
    fn bits_that_flip_unseen_may_break_promises_and_nothing_else(sketch in sketch(), resolver in 0..3_usize) {
        let resolver = ["siblings", "wall-lww", "lamport-lww"][resolver];
        let text = format!("resolver = \"{resolver}\"\n{}", sketch.toml())
            .replacen("[link]\n", "[link]\ncorrupt_unseen = \"50%\"\n", 1);
        let scenario = Scenario::parse("random", &text).expect("it is made of what is documented");
        let trace = simulate(&scenario, scenario.seed);
        prop_assert!(trace.is_ok(), "{trace:?}\n{text}");
        // It can be judged; what becomes of the promises is the link's doing.
        let judgements = judge_trace(&trace.expect("just looked at"));
        prop_assert!(!judgements.is_empty());
    }

    #[test]
    fn bytes_that_are_no_scenario_are_refused_in_peace(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn texts_that_look_like_a_scenario_are_refused_in_peace(
        text in "(nodes|end|steps|[a-z\\[\\]{}\"'=,.0-9 °\u{1b}\u{feff}\n\\\\]){0,60}",
    ) {
        read(&text);
    }

    #[test]
    fn a_shipped_scenario_with_a_slip_of_the_pen_is_read_or_refused_in_peace(
        which in 0..incidents::INCIDENTS.len(),
        slips in proptest::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<char>()), 1..4),
    ) {
        let mut text: Vec<char> = incidents::INCIDENTS[which].text.chars().collect();
        for (place, slip, letter) in slips {
            let place = place.index(text.len());
            match slip {
                0 => { text.remove(place); }
                1 => text.insert(place, letter),
                _ => text[place] = letter,
            }
        }
        read(&text.into_iter().collect::<String>());
    }
}

/// Whatever it says: an error points into the text and is a single line.
fn read(text: &str) {
    if let Err(error) = Scenario::parse("strange", text) {
        assert!(text.get(error.span.clone()).is_some(), "{:?} is no part of the text", error.span);
        let (line, column) = error.line_and_column(text);
        assert!(line >= 1 && column >= 1, "{line}:{column}");
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
}
