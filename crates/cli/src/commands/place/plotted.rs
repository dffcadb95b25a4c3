//! Placements, drawn: the PACELC matrix with a mark for each store, and latency against round-trip time.

use std::time::Duration;

use anyhow::bail;
use constellation_lab::placement::catalogue::{Declared, Place as Declaration, System};
use constellation_lab::placement::cell::{Cell, InPartition, LEGEND, Otherwise};
use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure;
use constellation_lab::placement::protocol::Condition;
use constellation_lab::placement::{Placement, SITE_NAMES, STORES, Store, told};
use constellation_report::plot::{Axis, Entry, Heading, Line, Mark, Matrix, Part, Plot, Series, Tone, Width};
use constellation_servers::servers::SERVERS;

use super::alike::{Alike, alike};
use super::measured::Measured;
use crate::args::Place;
use crate::pictures;
use crate::target::quoted;

/// What is drawn.
pub(super) struct Of<'p> {
    /// The marks of the matrix that were measured.
    pub(super) marks: Vec<Alike<'p>>,
    /// Those of which latencies are drawn.
    pub(super) latencies: Vec<&'p Placement>,
    pub(super) systems: &'p [&'p System],
    /// What the marks that were measured are, as a sentence.
    pub(super) told: String,
    /// What else is to be read on the page: a title, and its lines.
    pub(super) besides: Vec<(String, Vec<String>)>,
    /// The command that draws the same again.
    pub(super) replay: String,
}

impl<'p> Of<'p> {
    /// Stores that were simulated, and systems that are declared.
    pub(super) fn simulated(
        arguments: &Place,
        measured: &'p [Measured],
        systems: &'p [&'p System],
    ) -> Of<'p> {
        let placements = || measured.iter().map(|measured| &measured.placement);
        let told = measured.first().map_or_else(String::new, |first| {
            format!(
                "Each mark is a store that was measured, named with those of its settings that are not its defaults; seed {}.",
                first.placement.seed
            )
        });
        // Of many stores only the matrix is looked at; one alone is named in the command that draws its latencies.
        let latencies = if arguments.all { Vec::new() } else { placements().collect() };
        let all = if arguments.all { " --all" } else { "" };
        let replay =
            format!("constellation place{}{all} --seed {}", named(&arguments.targets), arguments.seed);
        Of { marks: alike(placements()), latencies, systems, told, besides: Vec::new(), replay }
    }
}

/// What is named in a command.
pub(super) fn named(targets: &[String]) -> String {
    targets.iter().map(|target| format!(" {}", quoted(target))).collect()
}

/// Finds out before anything is measured whether it can be drawn.
pub(super) fn prepare(arguments: &Place) -> anyhow::Result<()> {
    let Place { plotted, cap, require, .. } = arguments;
    let drawn = [("--html", plotted.html.is_some()), ("--svg", plotted.svg.is_some())];
    let drawn = drawn.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag));
    let other = [("--cap", *cap), ("--require", require.is_some())];
    let other = other.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag));
    if let (Some(drawn), Some(other)) = (drawn, other) {
        bail!(
            "{drawn} draws where stores live, and {other} asks for something else\nhelp: leave out {other}, or {drawn}"
        );
    }
    pictures::prepare_plots(plotted)
}

/// Draws it as it was asked for: one store by its latencies, several by their places.
pub(super) fn draw(arguments: &Place, of: &Of<'_>) -> anyhow::Result<()> {
    pictures::write_svg(arguments.plotted.svg.as_ref(), || match of {
        Of { latencies, systems: [], .. } if latencies.len() == 1 => {
            let mut plot = latency(latencies[0]);
            plot.notes.push(of.replay.clone());
            plot.svg(Width::Wide)
        }
        _ => {
            let mut matrix = matrix(of);
            matrix.notes.push(of.replay.clone());
            matrix.svg(Width::Wide)
        }
    })?;
    pictures::write_sheet(arguments.plotted.html.as_ref(), || {
        let mut sheet = pictures::sheet("Where stores live on the PACELC matrix", &of.replay);
        sheet.sentence = "In a partition a store gives up availability or consistency, and else, in normal operation, latency \
                          or consistency (Abadi 2012)."
            .to_owned();
        sheet.parts.push(Part::Matrix(matrix(of)));
        sheet.parts.extend(of.latencies.iter().map(|placement| Part::Plot(latency(placement))));
        let besides = of.besides.iter().map(|(title, lines)| Part::Lines(title.clone(), lines.clone()));
        sheet.parts.extend(besides);
        let legend = LEGEND.map(|(letters, says)| format!("{letters}: {says}."));
        sheet.parts.push(Part::Lines("What the letters mean".to_owned(), legend.to_vec()));
        sheet
    })
}

/// What rows and columns say of whoever is in them.
const ROWS: [(InPartition, &str); 4] = [
    (InPartition::Availability, "available in a partition: all is answered"),
    (InPartition::Consistency, "consistent in a partition: not all is answered"),
    (InPartition::Neither, "neither available nor consistent"),
    (InPartition::Unknown, "in a partition nobody can tell"),
];
const COLUMNS: [(Otherwise, &str); 3] = [
    (Otherwise::Latency, "otherwise latency: what is answered is not linearizable"),
    (Otherwise::Consistency, "otherwise consistency: what is answered is linearizable"),
    (Otherwise::Unknown, "otherwise nobody can tell"),
];

/// All of them in one matrix; what nobody can tell has a row or column only where there is such a thing.
fn matrix(of: &Of<'_>) -> Matrix {
    let declared: Vec<(&System, &Declared, Cell)> = of
        .systems
        .iter()
        .flat_map(|system| system.settings.iter().map(move |declared| (*system, declared)))
        .filter_map(|(system, declared)| match declared.place {
            Declaration::Cell(cell) => Some((system, declared, cell)),
            _ => None,
        })
        .collect();
    let cells =
        || of.marks.iter().map(|alike| alike.placement.cell).chain(declared.iter().map(|(.., cell)| *cell));
    let rows: Vec<_> = ROWS
        .into_iter()
        .filter(|(row, _)| *row != InPartition::Unknown || cells().any(|cell| cell.partition == *row))
        .collect();
    let columns: Vec<_> = COLUMNS
        .into_iter()
        .filter(|(column, _)| *column != Otherwise::Unknown || cells().any(|cell| cell.otherwise == *column))
        .collect();
    let place = |cell: Cell| {
        let row = rows.iter().position(|(row, _)| *row == cell.partition);
        (row.unwrap_or(0), columns.iter().position(|(column, _)| *column == cell.otherwise).unwrap_or(0))
    };
    let mut matrix = Matrix::new(
        "Where stores live on the PACELC matrix",
        columns.iter().map(|(column, says)| Heading::new(&column.to_string(), says)).collect(),
        rows.iter().map(|(row, says)| Heading::new(&row.to_string(), says)).collect(),
    );
    for alike in &of.marks {
        matrix.entries.extend(entries(alike, place(alike.placement.cell)));
    }
    for (system, declared, cell) in &declared {
        matrix.entries.push(entry(system, declared, place(*cell)));
    }
    matrix.kinds = kinds(of);
    matrix.told.clone_from(&of.told);
    matrix.notes = depends(of);
    matrix
}

/// The mark of a store or server that is measured, by its name: a shape for each design.
fn mark(name: &str) -> Mark {
    let store = STORES.iter().position(|info| info.name == name);
    // One of the user's own comes after all.
    let server = || SERVERS.iter().position(|server| server.info().name == name).unwrap_or(SERVERS.len());
    Mark::FILLED[store.unwrap_or_else(server) % Mark::FILLED.len()]
}

/// Its name without settings or mode.
fn design(name: &str) -> &str {
    name.split([':', '/']).next().unwrap_or_default()
}

fn kinds(of: &Of<'_>) -> Vec<(Mark, String)> {
    let mut designs: Vec<&str> = of.marks.iter().map(|alike| design(&alike.placement.store)).collect();
    designs.dedup();
    // Simulated stores stand in their order, and servers in that of measuring.
    designs.sort_by_key(|name| STORES.iter().position(|info| info.name == *name));
    designs.dedup();
    let mut kinds: Vec<_> = designs.into_iter().map(|name| (mark(name), name.to_owned())).collect();
    if !of.systems.is_empty() {
        kinds.push((Mark::Ring, "declared, not measured".to_owned()));
    }
    kinds
}

fn entries(alike: &Alike<'_>, cell: (usize, usize)) -> Vec<Entry> {
    let sentences =
        [("in a partition", told::partition(alike.placement)), ("else", told::otherwise(alike.placement))];
    let sentences = sentences.map(|(about, sentence)| (about.to_owned(), sentence));
    let entry = |name: &String| {
        let mut entry = Entry::new(cell, mark(design(name)), &brief(name), name);
        entry.sentences = sentences.to_vec();
        entry
    };
    alike.names.iter().map(entry).collect()
}

fn entry(system: &System, declared: &Declared, cell: (usize, usize)) -> Entry {
    let name = format!("{}: {}", system.name, declared.setting);
    let title =
        format!("{}, {} · {}: declared, not measured", system.title, declared.setting, declared.version);
    let mut entry = Entry::new(cell, Mark::Ring, &name, &title);
    entry.sentences = vec![
        ("in a partition".to_owned(), declared.partition.clone()),
        ("else".to_owned(), declared.normal.clone()),
    ];
    entry
}

/// What has no cell, since that depends on something else.
fn depends(of: &Of<'_>) -> Vec<String> {
    let all =
        of.systems.iter().flat_map(|system| system.settings.iter().map(move |declared| (system, declared)));
    all.filter_map(|(system, declared)| match &declared.place {
        Declaration::Depends(on) => {
            Some(format!("{}: {} is in no cell: it depends on {on}", system.name, declared.setting))
        }
        _ => None,
    })
    .collect()
}

/// A store by what is not as it is by itself, which can be typed as well: `quorum r=1,w=1`.
fn brief(name: &str) -> String {
    // A server has modes, which are its name.
    let Some((design, settings)) = name.split_once(':') else { return name.to_owned() };
    let whole = |store: &str| store.parse::<Store>().ok().map(|store| store.to_string());
    let own = whole(design).unwrap_or_default();
    let own: Vec<&str> = own.split_once(':').map_or("", |(_, own)| own).split(',').collect();
    let kept: Vec<&str> = settings.split(',').filter(|setting| !own.contains(setting)).collect();
    // Some settings depend on others; of several values the first stands for all.
    let first = |text: &str| {
        let of = |setting: &str| setting.split('|').next().unwrap_or_default().to_owned();
        text.split(',').map(of).collect::<Vec<_>>().join(",")
    };
    let short = if kept.is_empty() { design.to_owned() } else { format!("{design}:{}", kept.join(",")) };
    if whole(&first(&short)).is_some_and(|found| Some(found) == whole(&first(name))) {
        if kept.is_empty() { design.to_owned() } else { format!("{design} {}", kept.join(",")) }
    } else {
        format!("{design} {settings}")
    }
}

/// Hundredths of a round trip by which two measurements of the same may differ.
const NOISE: u32 = 4;

/// How long operations take against the round-trip time, with the lines whose slope is the number of round trips.
fn latency(placement: &Placement) -> Plot {
    let (x, y) = (Axis::new("round-trip time of every link, ms", 3), Axis::new("latency, ms", 3));
    let mut plot = Plot::new(
        &format!("{}: latency against round-trip time", placement.store),
        x.with(0, 0),
        y.with(0, 0),
    );
    plot.told = told::otherwise(placement);
    let all = [
        (Kind::Read, Tone::Blue, Mark::Disc, Line::Straight),
        (Kind::Write, Tone::Orange, Mark::Frame, Line::Dashed),
    ];
    for (kind, tone, mark, line) in all {
        let mut measured = Series::new(&format!("{kind}s, each site"), tone, Line::None, Some(mark));
        for record in &placement.records {
            let Condition::Alike { delay } = record.round.condition else { continue };
            for (site, name) in SITE_NAMES.iter().enumerate().take(record.round.sites) {
                let Some(took) = measure::latency(record, site, kind) else { continue };
                let slowest = measure::slowest_key(record, site, kind)
                    .filter(|slowest| *slowest > took + delay * 2 * NOISE / 100);
                let span = (micros(took), micros(slowest.unwrap_or(took)));
                measured.add_span(micros(delay * 2), micros(took), span, name);
            }
        }
        measured.points.sort_by_key(|point| (point.x, point.y));
        let fits = fits(placement, kind, &measured, (tone, line));
        plot.series.extend(fits);
        plot.series.push(measured);
    }
    plot.notes.push(
        "Each mark is the second fastest operation at a site; a line up from it ends at the fastest with the key that takes \
         longest there. The slope of a line is how many round trips an operation takes, by least squares."
            .to_owned(),
    );
    plot
}

/// A line for each distinct slope, through the middle of what was measured at the sites that have it.
fn fits(placement: &Placement, kind: Kind, measured: &Series, (tone, line): (Tone, Line)) -> Vec<Series> {
    let most = measured.points.iter().map(|point| point.x).max().unwrap_or(0);
    let mut slopes: Vec<_> =
        placement.trips.iter().filter(|row| row.kind == kind).filter_map(|row| row.trips).collect();
    slopes.sort_unstable();
    slopes.dedup();
    let mut fits = Vec::new();
    for slope in slopes {
        let sites: Vec<&str> = placement
            .trips
            .iter()
            .filter(|row| (row.kind, row.trips) == (kind, Some(slope)))
            .map(|row| SITE_NAMES[row.site])
            .collect();
        let points = || measured.points.iter().filter(|point| sites.contains(&&*point.told));
        let count = i64::try_from(points().count()).unwrap_or(1).max(1);
        let (x, y) = (
            points().map(|point| point.x).sum::<i64>() / count,
            points().map(|point| point.y).sum::<i64>() / count,
        );
        let at = |place: i64| y + (place - x) * slope.0 / 100;
        let is_all = placement.trips.iter().filter(|row| row.kind == kind).count() == sites.len();
        let at_sites = if is_all { "every site".to_owned() } else { sites.join(", ") };
        let name = format!("{kind}: {slope} round trips at {at_sites}");
        let mut fit = Series::new(&name, tone, line, None);
        fit.add(0, at(0).max(0), "");
        fit.add(most, at(most), "");
        fits.push(fit);
    }
    fits
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_by_what_is_not_as_it_is_by_itself() {
        let table = [
            ("quorum:n=3,r=2,w=2,repair=off,sloppy=off", "quorum"),
            ("quorum:n=3,r=1,w=1,repair=off|after,sloppy=off", "quorum r=1,w=1,repair=off|after"),
            ("quorum:n=2,r=2,w=2,repair=off,sloppy=on,sites=5", "quorum n=2,sloppy=on,sites=5"),
            ("crdt:gossip=200ms", "crdt gossip=200ms"),
            ("etcd/serializable", "etcd/serializable"),
        ];
        for (name, expected) in table {
            assert_eq!(brief(name), expected);
        }
    }
}
