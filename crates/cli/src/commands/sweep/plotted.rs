//! A sweep, plotted: what ordering by wall clocks loses at each error, and what logical clocks do not.

use constellation_lab::placement::told::capital;
use constellation_lab::sweep::{Point, Side, Swept, milliseconds};
use constellation_lab::words::one_line;
use constellation_lab::{Scenario, Sweep};
use constellation_report::plot::{Axis, Line, Mark, Part, Plot, Rule, Series, Sheet, Table, Tone, Width};

use super::conclusion;
use crate::args::Plotted;
use crate::pictures::{self, worst};

/// What is plotted.
pub(super) struct Of<'s> {
    pub(super) swept: &'s Swept,
    pub(super) scenario: &'s Scenario,
    pub(super) sweep: &'s Sweep,
    pub(super) seed: u64,
    pub(super) replay: &'s str,
}

/// Draws it as it was asked for.
pub(super) fn draw(plotted: &Plotted, of: &Of<'_>) -> anyhow::Result<()> {
    pictures::write_svg(plotted.svg.as_ref(), || {
        let mut plot = of.plot();
        plot.notes.push(of.replay.to_owned());
        plot.svg(Width::Wide)
    })?;
    pictures::write_sheet(plotted.html.as_ref(), || of.sheet())
}

impl Of<'_> {
    fn sheet(&self) -> Sheet {
        let Of { swept, scenario, sweep, .. } = self;
        let title =
            format!("{} · the wall clock of {} is wrong", one_line(&scenario.name), one_line(&sweep.node));
        let mut sheet = pictures::sheet(&title, self.replay);
        sheet.verdict = worst(&swept.judgements);
        sheet.sentence =
            "The verdict is that of logical clocks; what ordering by wall clocks loses is measured."
                .to_owned();
        sheet.parts.push(Part::Plot(self.plot()));
        let said = conclusion(swept, sweep).iter().map(|told| format!("{}.", capital(told))).collect();
        sheet.parts.push(Part::Lines("What it says".to_owned(), said));
        let mut promises =
            Table::new("What logical clocks promise, at each error", &["promise", "verdict", "judged"]);
        promises.rows = swept
            .judgements
            .iter()
            .map(|judgement| {
                let verdict = format!("{} {}", judgement.verdict.glyph(), judgement.verdict.word());
                vec![judgement.promise.clone(), verdict, judgement.scope.clone()]
            })
            .collect();
        sheet.parts.push(Part::Table(promises));
        sheet
    }

    fn plot(&self) -> Plot {
        let Of { swept, scenario, sweep, seed, .. } = self;
        let node = one_line(&sweep.node);
        let behind = if sweep.from_ns < 0 { " (below 0: behind)" } else { "" };
        let x = Axis::new(&format!("the wall clock of {node} is ahead by, ms{behind}"), 6);
        let y = Axis::new("% of the pairs", 1).with(0, 1_000);
        let mut plot =
            Plot::new(&format!("{}: what a wrong wall clock loses", one_line(&scenario.name)), x, y);
        plot.told = conclusion(swept, sweep)
            .into_iter()
            .next()
            .map_or(String::new(), |told| format!("{}.", capital(&told)));
        plot.series = self.series();
        plot.rules.extend(self.own());
        plot.rules.extend([Side::Behind, Side::Ahead].into_iter().filter_map(|side| self.threshold(side)));
        let first = swept.points.first().copied().unwrap_or_default();
        plot.notes = vec![format!(
            "{} pairs of updates at each error, {} ordered and {} concurrent, of seed {seed}. Ordered: the later update had \
                 seen the earlier one, and is meant to replace it. Concurrent: neither had seen the other.",
            sweep.pairs, first.ordered, first.concurrent
        )];
        plot
    }

    /// What is lost by logical clocks, dropped and lost by wall clocks; the last is what is looked for.
    fn series(&self) -> Vec<Series> {
        type Counted = fn(&Point) -> (u32, u32, &'static str);
        let all: [(&str, Tone, Line, Mark, Counted); 3] = [
            ("vector clocks: pairs that they tell wrong", Tone::Blue, Line::Straight, Mark::Ring, |point| {
                (point.vectors_wrong, point.ordered + point.concurrent, "pairs")
            }),
            (
                "wall clocks: one of two concurrent updates dropped",
                Tone::Grey,
                Line::Dashed,
                Mark::Square,
                |point| (point.dropped, point.concurrent, "concurrent pairs"),
            ),
            (
                "wall clocks: updates lost that had seen what they replace",
                Tone::Red,
                Line::Straight,
                Mark::Disc,
                |point| (point.lost, point.ordered, "ordered pairs"),
            ),
        ];
        let series = all.into_iter().map(|(name, tone, line, mark, counted)| {
            let mut series = Series::new(name, tone, line, Some(mark));
            for point in &self.swept.points {
                let (part, whole, noun) = counted(point);
                // Of no pairs at all none is lost.
                let thousandths = u64::from(part) * 1_000 / u64::from(whole.max(1));
                series.add(
                    point.error_ns,
                    i64::try_from(thousandths).unwrap_or(0),
                    &format!("{part} of {whole} {noun}"),
                );
            }
            series
        });
        series.collect()
    }

    /// How wrong the clock is in the scenario itself.
    fn own(&self) -> Option<Rule> {
        let Of { scenario, sweep, .. } = self;
        let wall = scenario.walls.iter().find(|wall| wall.node == sweep.node)?;
        let text = format!("in {} it is {} ahead", one_line(&scenario.name), milliseconds(wall.ahead_ns));
        (sweep.from_ns..=sweep.to_ns)
            .contains(&wall.ahead_ns)
            .then(|| Rule::new(wall.ahead_ns, wall.ahead_ns, &text))
    }

    /// Between which errors it begins to lose what had been seen.
    fn threshold(&self, side: Side) -> Option<Rule> {
        let (first, before) = self.swept.begins(side)?;
        let before = before.map_or(first.error_ns, |before| before.error_ns);
        let text =
            format!("losses begin between {} and {}", milliseconds(before), milliseconds(first.error_ns));
        Some(Rule::new(before.min(first.error_ns), before.max(first.error_ns), &text))
    }
}
