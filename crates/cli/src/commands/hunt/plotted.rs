//! How a hunt went on, plotted: with which seed each distinct finding came, and what shows each.

use std::path::Path;

use constellation_lab::hunt::{Finding, Hunted};
use constellation_lab::placement::told::capital;
use constellation_report::plot::{Axis, Line, Mark, Part, Plot, Series, Sheet, Table, Tone, Width};
use constellation_report::{Caption, Picture, svg};
use constellation_trace::Verdict;

use crate::pictures;
use crate::printer::{Printer, count};

/// Of more findings than that there is no picture on a page, which is said.
const PICTURES_MAX: usize = 20;

/// Where the axis of seeds begins, how the hunt is called, and how it is done again.
pub(super) struct Of<'h> {
    pub(super) hunted: &'h Hunted,
    pub(super) from: u64,
    pub(super) name: String,
    pub(super) again: &'h str,
}

/// Draws it as a page where the file ends in `.html`, else as a picture; of less than two findings a plot says no more than a
/// line, so there is none.
pub(super) fn draw(path: &Path, of: &Of<'_>, printer: &mut Printer) -> anyhow::Result<()> {
    let found = of.hunted.findings.len();
    if found < 2 {
        printer.tell(&format!(
            "{}: --plot has nothing to show that is not said already",
            count(found as u64, "finding")
        ));
        return Ok(());
    }
    let path = path.to_owned();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("html")) {
        return pictures::write_sheet(Some(&path), || of.sheet());
    }
    pictures::write_svg(Some(&path), || {
        let mut plot = of.plot();
        plot.notes.push(of.again.to_owned());
        plot.svg(Width::Wide)
    })
}

impl Of<'_> {
    fn sheet(&self) -> Sheet {
        let title = format!("{} · what a hunt found", self.name);
        let mut sheet = pictures::sheet(&title, self.again);
        sheet.verdict = Some(("✗", "violated"));
        let mut table =
            Table::new("Each finding", &["finding", "first seed", "seeds", "what is violated", "found"]);
        for (nth, finding) in (1..).zip(&self.hunted.findings) {
            let (found, _) = evidence(finding);
            let promise = finding.judgement.promise.clone();
            let seeds = finding.seeds_total.to_string();
            table.rows.push(vec![format!("{nth}"), first(finding).to_string(), seeds, promise, found]);
        }
        sheet.parts = vec![Part::Plot(self.plot()), Part::Table(table)];
        for (nth, finding) in (1..).zip(self.hunted.findings.iter().take(PICTURES_MAX)) {
            sheet.parts.push(Part::Picture(format!("Finding {nth}"), self.picture(finding)));
        }
        let left = self.hunted.findings.len().saturating_sub(PICTURES_MAX);
        if left > 0 {
            let line = format!("{left} more findings: each can be replayed, with --svg or --html.");
            sheet.parts.push(Part::Lines("What is not drawn".to_owned(), vec![line]));
        }
        sheet
    }

    fn picture(&self, finding: &Finding) -> String {
        let mut caption = Caption::default();
        caption.title = format!("{} · seed {}", self.name, first(finding));
        caption.replay = evidence(finding).1;
        svg::draw(&Picture::new(&finding.trace, std::slice::from_ref(&finding.judgement), caption))
    }

    fn plot(&self) -> Plot {
        let Hunted { findings, seeds, .. } = self.hunted;
        let last = self.from.saturating_add(seeds.saturating_sub(1));
        let x = Axis::new("seed", 0).with(whole(self.from), whole(last));
        let mut plot = Plot::new(
            "Distinct findings by the seeds tried",
            x,
            Axis::new("distinct findings", 0).with(0, 0),
        );
        let mut so_far = Series::new("distinct findings so far", Tone::Blue, Line::Step, None);
        let mut each = Series::new("the first seed of each", Tone::Blue, Line::None, Some(Mark::Disc));
        so_far.add(whole(self.from), 0, "");
        for (nth, finding) in (1..).zip(findings) {
            so_far.add(whole(first(finding)), nth, "");
            let told = format!("{} ({})", finding.judgement.promise, count(finding.seeds_total, "seed"));
            each.add(whole(first(finding)), nth, &told);
        }
        let most = so_far.points.last().map_or(0, |point| point.y);
        so_far.add(whole(last), most, "");
        plot.told = self.told(last);
        plot.series = vec![so_far, each];
        plot
    }

    /// How long ago the last new finding came, and how many findings one seed alone shows: whether there may be more.
    fn told(&self, last: u64) -> String {
        let findings = &self.hunted.findings;
        let newest = findings.last().map_or(last, first);
        let single = findings.iter().filter(|finding| finding.seeds_total == 1).count();
        let single = match single {
            0 => "each is shown by several seeds".to_owned(),
            single => format!("{single} of them by one seed alone, so more seeds may well find more"),
        };
        let told = format!(
            "{} in {}; the last new one came with seed {newest}, after which {} found none; {single}.",
            count(findings.len() as u64, "distinct finding"),
            count(self.hunted.seeds, "seed"),
            count(last.saturating_sub(newest), "more seed"),
        );
        capital(&told)
    }
}

fn first(finding: &Finding) -> u64 {
    finding.tape.provenance().seed
}

/// What was found, and the command that shows it again.
fn evidence(finding: &Finding) -> (String, String) {
    match &finding.judgement.verdict {
        Verdict::Violated(evidence) => (evidence.found.clone(), evidence.replay.clone()),
        _ => (String::new(), String::new()),
    }
}

/// Saturating: beyond that a plot could not tell seeds apart.
fn whole(seed: u64) -> i64 {
    i64::try_from(seed).unwrap_or(i64::MAX)
}
