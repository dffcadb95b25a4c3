//! `constellation sweep`: one wall clock made wrong step by step, and what that costs, as a table or data for a plot.

mod plotted;

use std::cmp;
use std::io::Write;
use std::time::Duration;

use anyhow::bail;
use constellation_lab::sweep::{Point, Side, Swept, milliseconds};
use constellation_lab::words::one_line;
use constellation_lab::{Scenario, Sweep};
use constellation_trace::Verdict;
use serde_json::{Value, json};

use crate::args;
use crate::file::write_whole;
use crate::judgements::{judgement_json, print_judgements};
use crate::pictures;
use crate::printer::{Printer, faint, strong};
use crate::target::{self, quoted};

pub(crate) fn run(arguments: &args::Sweep, printer: &mut Printer) -> anyhow::Result<u8> {
    let scenario = target::load(&arguments.target())?;
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let sweep = plan(arguments, &scenario);
    let replay = replay(arguments, &sweep, seed);
    pictures::prepare_plots(&arguments.plotted)?;
    let progress = printer.progress("sweeping");
    let count = sweep.errors().len();
    let mut done = 0;
    let swept = sweep.run(&scenario, seed, &mut |point| {
        done += 1;
        let error = milliseconds(point.error_ns);
        progress.set_message(format!("sweeping: {done} of {count} errors, at {error}"));
    });
    progress.finish_and_clear();
    let mut swept = match swept {
        Ok(swept) => swept,
        Err(error) if error.help().is_empty() => bail!("{}", one_line(&error.to_string())),
        Err(error) => bail!("{}\nhelp: {}", one_line(&error.to_string()), one_line(&error.help())),
    };
    for judgement in &mut swept.judgements {
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.replay.clone_from(&replay);
        }
    }
    if let Some(path) = &arguments.csv {
        write_whole(path, |writer| write_csv(&swept, writer))?;
    }
    plotted::draw(
        &arguments.plotted,
        &plotted::Of { swept: &swept, scenario: &scenario, sweep: &sweep, seed, replay: &replay },
    )?;
    if arguments.json {
        printer.json(&as_json(&swept, &scenario, &sweep, seed, &replay))?;
    } else {
        print(&swept, &scenario, &sweep, printer)?;
        printer.line("")?;
        print_next(&swept, arguments, &sweep, printer)?;
        printer.line(format!("seed {seed} · replay: {replay}"))?;
    }
    Ok(swept.exit_code())
}

/// The sweep that is asked for.
fn plan(arguments: &args::Sweep, scenario: &Scenario) -> Sweep {
    let lying = scenario.walls.first().map(|rule| &rule.node);
    let node = arguments.node.as_ref().or(lying).or(scenario.nodes.first());
    let (from_ns, to_ns) = arguments.error.range_ns;
    let sweep = Sweep::of(node.map_or("", |node| node));
    Sweep { from_ns, to_ns, points: arguments.points, pairs: arguments.pairs, ..sweep }
}

/// The command that does the same again.
fn replay(arguments: &args::Sweep, sweep: &Sweep, seed: u64) -> String {
    format!(
        "constellation sweep {} --node {} --error={} --points {} --pairs {} --seed {seed}",
        quoted(&arguments.scenario),
        quoted(&sweep.node),
        quoted(&arguments.error.text),
        sweep.points,
        sweep.pairs
    )
}

/// A column of the table: what stands over it, and how wide it is.
const COLUMNS: [([&str; 3], usize); 7] = [
    (["clock", "ahead", "by"], 10),
    (["ordered pairs:", "the later update", "is lost"], 16),
    (["concurrent pairs:", "one of the two", "is dropped"], 17),
    (["and that is", "the later", "one in"], 11),
    (["pairs that", "vectors", "get wrong"], 10),
    (["hybrid time", "ahead of its", "wall clock by"], 13),
    (["messages that", "a guard of", "500 ms refuses"], 14),
];

/// How wide the longest bar is.
const BAR: u32 = 20;

fn print(swept: &Swept, scenario: &Scenario, sweep: &Sweep, printer: &mut Printer) -> anyhow::Result<()> {
    let (name, node) = (one_line(&scenario.name), one_line(&sweep.node));
    let pairs = sweep.pairs;
    printer.line(format!(
        "{} · the wall clock of {node} is wrong, all others are right; {pairs} pairs of updates",
        strong(&name)
    ))?;
    printer.line("")?;
    for line in [
        "ordered: the later update had seen the earlier one, and is meant to replace it",
        "concurrent: neither had seen the other; last write wins keeps one of them all the same",
    ] {
        printer.line(faint(line))?;
    }
    printer.line("")?;
    for line in 0..3 {
        let cells = COLUMNS.iter().map(|(title, width)| format!("{:>width$}", title[line]));
        printer.line(faint(&cells.collect::<Vec<_>>().join("  ")))?;
    }
    for point in &swept.points {
        let cells = cells(point).into_iter().zip(COLUMNS).map(|(cell, (_, width))| format!("{cell:>width$}"));
        let bar = bar(point.lost, point.ordered);
        printer.line(format!("{}  {bar}", cells.collect::<Vec<_>>().join("  ")).trim_end())?;
    }
    printer.line("")?;
    print_judgements(&swept.judgements, None, printer)?;
    printer.line("")?;
    for line in conclusion(swept, sweep) {
        printer.line(format!("· {line}"))?;
    }
    Ok(())
}

fn cells(point: &Point) -> [String; 7] {
    [
        milliseconds(point.error_ns),
        format!("{} of {}", point.lost, point.ordered),
        format!("{} of {}", point.dropped, point.concurrent),
        point.dropped_later.to_string(),
        point.vectors_wrong.to_string(),
        whole_milliseconds(point.hybrid_ahead_ns),
        format!("{} of {}", point.refused, point.messages),
    ]
}

/// How much of a whole, at a glance: any at all is one column at least.
fn bar(part: u32, whole: u32) -> String {
    let columns = (u64::from(part) * u64::from(BAR)).div_ceil(u64::from(whole.max(1)));
    "█".repeat(usize::try_from(columns).unwrap_or(0))
}

/// To the millisecond, the rest cut.
fn whole_milliseconds(ns: u64) -> String {
    format!("{} ms", ns / 1_000_000)
}

/// What the table says, in sentences; nothing of pairs of which there are none.
fn conclusion(swept: &Swept, sweep: &Sweep) -> Vec<String> {
    let mut told: Vec<String> =
        [Side::Ahead, Side::Behind].into_iter().filter_map(|side| wall(swept, sweep, side)).collect();
    let concurrent = swept.most(|point| point.dropped_later.into()).filter(|most| most.concurrent > 0);
    told.extend(concurrent.map(|most| {
        let dropped = swept.points.iter().map(|point| point.dropped).min().unwrap_or(0);
        let which = match most.dropped_later {
            0 => "the one that was written first".to_owned(),
            later => format!("at {} it is the later one in {later}", milliseconds(most.error_ns)),
        };
        format!(
            "of two concurrent updates last write wins drops one without a word, by any clock: in {dropped} of {} pairs; the \
             error decides only which: {which}",
            most.concurrent
        )
    }));
    // What a broken clock does is told by the verdicts.
    if swept.exit_code() == 0 {
        told.extend(hybrid(swept));
        told.extend(swept.most(|point| point.lamport_orders.into()).map(|most| {
            let pairs = most.ordered + most.concurrent;
            let lamport = match most.concurrent {
                0 => String::new(),
                concurrent => format!(
                    ", but they put {} of {concurrent} concurrent pairs in an order that there is not",
                    most.lamport_orders
                ),
            };
            format!(
                "vectors tell all {pairs} pairs rightly and are the same at every error; Lamport times are, too{lamport}"
            )
        }));
    }
    told
}

/// What it says of wall clocks that are wrong on this side, if any is and there are ordered pairs.
fn wall(swept: &Swept, sweep: &Sweep, side: Side) -> Option<String> {
    let furthest = swept.furthest(side).filter(|point| point.ordered > 0)?;
    let node = one_line(&sweep.node);
    let soonest = swept.soonest.of(side).map(rounded).map_or(String::new(), |soonest| match side {
        Side::Ahead => {
            format!("; another station replaces an update of {node} after {soonest} at the earliest")
        }
        Side::Behind => {
            format!("; {node} replaces an update of another station after {soonest} at the earliest")
        }
    });
    let Some((first, before)) = swept.begins(side) else {
        let (ordered, furthest) = (furthest.ordered, milliseconds(furthest.error_ns));
        return Some(format!(
            "wall clocks lose no update that had seen what it replaces, in {ordered} ordered pairs, at any error up to \
             {furthest}{soonest}"
        ));
    };
    let none = before.map(|before| format!("none at {}", milliseconds(before.error_ns)));
    let of_side = swept.points.iter().filter(|point| side.has(point.error_ns) && point.lost > first.lost);
    let most = of_side.max_by_key(|point| (point.lost, cmp::Reverse(point.error_ns.unsigned_abs())));
    let most = most.map(|most| format!("{} at {}", most.lost, milliseconds(most.error_ns)));
    let others: String = [none, most].into_iter().flatten().map(|other| format!(", {other}")).collect();
    Some(format!(
        "wall clocks begin to lose updates that had seen what they replace at an error of {}: the later one in {} of {} \
         ordered pairs{others}{soonest}",
        milliseconds(first.error_ns),
        first.lost,
        first.ordered,
    ))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn rounded(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// What it says of hybrid clocks.
fn hybrid(swept: &Swept) -> Vec<String> {
    let Some(furthest) = swept.most(|point| point.hybrid_ahead_ns) else { return Vec::new() };
    let guard = whole_milliseconds(Sweep::GUARD_NS);
    let refused = match (swept.refuses(), swept.most(|point| point.refused.into())) {
        (Some(first), Some(most)) => {
            let (from, refused, all) = (milliseconds(first.error_ns), first.refused, first.messages);
            let most = match most.refused {
                most if most > refused => format!(", {most} at most"),
                _ => String::new(),
            };
            format!("refuses messages from an error of {from} on: {refused} of {all}{most}")
        }
        _ => "refuses none at these errors".to_owned(),
    };
    let right = match furthest.ordered {
        0 => String::new(),
        ordered => format!("put all {ordered} ordered pairs right at every error; they "),
    };
    vec![
        format!(
            "hybrid clocks {right}get {} ahead of their own wall clock, never more than the error (Kulkarni et al. 2014)",
            whole_milliseconds(furthest.hybrid_ahead_ns)
        ),
        format!("a hybrid clock with a guard of {guard} {refused}"),
    ]
}

/// What to type next: one of these errors in the scenario itself, the other side, a plot.
fn print_next(
    swept: &Swept,
    arguments: &args::Sweep,
    sweep: &Sweep,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let name = quoted(&arguments.scenario);
    let begins = [Side::Ahead, Side::Behind].into_iter().find_map(|side| swept.begins(side));
    let error_ns = begins.map_or(sweep.to_ns, |(first, _)| first.error_ns);
    let wall = quoted(&format!("node={},ahead={}", sweep.node, milliseconds(error_ns).replace(' ', "")));
    printer.line(format!(
        "see what the scenario makes of it: constellation run {name} --resolver all --wall {wall}"
    ))?;
    if sweep.from_ns >= 0 {
        printer.line(format!(
            "a clock that is behind: constellation sweep {name} --node {} --error=-2s..0s",
            quoted(&sweep.node)
        ))?;
    }
    let plotted = &arguments.plotted;
    if arguments.csv.is_none() && plotted.svg.is_none() && plotted.html.is_none() {
        printer
            .line("a plot: the same with --svg FILE or --html FILE; data for one of your own: --csv FILE")?;
    }
    Ok(())
}

/// A line a point, all numbers whole.
fn write_csv(swept: &Swept, writer: &mut dyn Write) -> std::io::Result<()> {
    let names: Vec<_> = fields(&Point::default()).into_iter().map(|(name, _)| name).collect();
    writeln!(writer, "{}", names.join(","))?;
    for point in &swept.points {
        let numbers: Vec<_> = fields(point).into_iter().map(|(_, number)| number.to_string()).collect();
        writeln!(writer, "{}", numbers.join(","))?;
    }
    Ok(())
}

/// What is known of a point, by name.
fn fields(point: &Point) -> [(&'static str, i128); 14] {
    [
        ("error_ns", point.error_ns.into()),
        ("ordered", point.ordered.into()),
        ("wall_reversed", point.reversed.into()),
        ("later_lost", point.lost.into()),
        ("hybrid_reversed", point.hybrid_reversed.into()),
        ("vectors_wrong", point.vectors_wrong.into()),
        ("concurrent", point.concurrent.into()),
        ("dropped", point.dropped.into()),
        ("dropped_later", point.dropped_later.into()),
        ("lamport_orders", point.lamport_orders.into()),
        ("hybrid_ahead_ns", point.hybrid_ahead_ns.into()),
        ("messages", point.messages.into()),
        ("guard_refused", point.refused.into()),
        ("guarded_ahead_ns", point.guarded_ahead_ns.into()),
    ]
}

fn as_json(swept: &Swept, scenario: &Scenario, sweep: &Sweep, seed: u64, replay: &str) -> Value {
    let object = |point: &Point| {
        // An error is an hour at most, so that each number is exact for any reader of JSON.
        let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
        fields(point)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(number(value))))
            .collect::<Value>()
    };
    let begins = |side| {
        swept.begins(side).map(|(first, before)| {
            json!({"error_ns": first.error_ns, "none_at_ns": before.map(|before| before.error_ns)})
        })
    };
    json!({
        "schema": "constellation/sweep/1",
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": scenario.name,
        "seed": seed.to_string(),
        "node": sweep.node,
        "pairs": sweep.pairs,
        "guard_ns": Sweep::GUARD_NS,
        "points": swept.points.iter().map(object).collect::<Vec<_>>(),
        "ordered_loss_begins": {"ahead": begins(Side::Ahead), "behind": begins(Side::Behind)},
        "replaced_soonest_ns": {
            "after_the_node": swept.soonest.after.map(nanoseconds),
            "by_the_node": swept.soonest.before.map(nanoseconds),
        },
        "guard_refuses_from_ns": swept.refuses().map(|point| point.error_ns),
        "exit_code": swept.exit_code(),
        "promises": swept.judgements.iter().map(judgement_json).collect::<Vec<_>>(),
        "conclusion": conclusion(swept, sweep),
        "replay": replay,
    })
}
