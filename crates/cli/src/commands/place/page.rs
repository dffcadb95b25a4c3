//! The page of all placements, in Markdown: `docs/placement.md` is what this prints, which a test holds.

use constellation_lab::placement::cell::{Cell, LEGEND};
use constellation_lab::placement::client::Kind;
use constellation_lab::placement::told;
use constellation_lab::placement::{Placement, STORES, SiteTrips};

use super::alike::{Alike, alike};
use super::all::{COLUMNS, ROWS, stores_in};
use super::measured::Measured;
use crate::printer::Printer;

/// What stands above the matrix.
const HEAD: &str = "\
# Placement: where stores live on the PACELC matrix, measured

In a partition a store gives up availability or consistency, and else, in normal operation, latency or consistency
(Abadi 2012). Each store below is a few hundred lines that run in the simulator. Clients at three sites (five where a row
says so) read and write while all links are alike, while one site is slow, and while one site is cut off: in both
directions, once so that what is sent meanwhile is held and once so that it is lost, and in each direction alone; of five
sites also while two are cut off together. Nothing is asked of the store but its answers. Whether it is PA is told by the
cuts in both directions; how many reads were stale and how many writes were lost, by all cuts.
";

/// What stands below what the letters mean.
const NOTES: &str = "
What is not linearizable without a cut need not be with one to be PC, as Abadi has it of PNUTS; how old a read may be is
another matter, and said with each. What was acknowledged must be at every site 3 s after the heal. Most clients write
whatever a key holds; some take turns, site after site, at a key: each reads it and writes over what it was shown, as
whoever puts something to a cart. One of these that is overwritten by a client that had not seen it is not lost to the
store, but to whoever wrote it; a linearizable store has none. Where siblings are kept, a write replaces those that its
client was shown, and each that nobody replaced must be there in the end; where it is judged whether reads are stale, and
which models hold, of siblings the last written counts, which no client could know. Without a cut, whoever is shown an old
value reads again until it is shown the new one: how old values were says more than how many reads showed one.

A partition here is one site against the rest, and of five sites also two against three. What is held arrives after the
heal; what is lost never does, as where connections break, and whoever does not send it again has to repair it. Right
after the heal keys are read, at one site after the other, of which nobody knows whether they were written: readers that
write nothing back let later ones see less (Attiya, Bar-Noy and Dolev 1995). Clocks are right unless a setting says
otherwise.

Measure one with `constellation place quorum:r=1,w=1`; it prints the numbers and the operations that show it. See the
argument that no store can have both with `constellation place --cap quorum`. Settings that nothing measured tells apart
share a row. This page is what `constellation place --all --table` prints, with the picture that `--svg` draws; `--html` makes
a page of it in which each mark tells its two sentences.";

pub(super) fn print(measured: &[Measured], printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(HEAD)?;
    LEGEND.into_iter().try_for_each(|(letters, says)| printer.line(format!("- **{letters}**: {says}.")))?;
    printer.line(NOTES)?;
    printer.line("")?;
    // The picture is of all stores, as the page is.
    printer.line("![Each store a mark in its cell, with the settings that are not its defaults](pictures/pacelc.svg)\n")?;
    let alike = alike(measured.iter().map(|measured| &measured.placement));
    matrix(&alike, printer)?;
    for info in STORES {
        let is_of = |alike: &&Alike<'_>| alike.names.iter().all(|store| settings(info.name, store).is_some());
        let of: Vec<&Alike<'_>> = alike.iter().filter(is_of).collect();
        if of.is_empty() {
            continue;
        }
        printer.line(format!("\n## {}\n\n{}.\n", info.name, told::capital(info.says)))?;
        printer
            .line("| settings | cell | read, round trips | write, round trips | in a partition | else |")?;
        printer.line("| --- | --- | --- | --- | --- | --- |")?;
        for alike in of {
            printer.line(row(info.name, alike))?;
        }
    }
    Ok(())
}

fn matrix(alike: &[Alike<'_>], printer: &mut Printer) -> anyhow::Result<()> {
    printer.line("| | EL: not linearizable | EC: linearizable |")?;
    printer.line("| --- | --- | --- |")?;
    for partition in ROWS {
        let cells = COLUMNS.map(|otherwise| {
            let stores = stores_in(Cell { partition, otherwise }, alike);
            let stores: Vec<_> = stores.into_iter().map(|store| format!("`{}`", escaped(&store))).collect();
            if stores.is_empty() { "–".to_owned() } else { stores.join("<br>") }
        });
        printer.line(format!("| **{partition}** | {} |", cells.join(" | ")))?;
    }
    Ok(())
}

/// A text in a cell of a table, which a bar would end.
pub(super) fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// How it is set, if it is of this name.
fn settings<'a>(name: &str, store: &'a str) -> Option<&'a str> {
    let (found, settings) = store.split_once(':')?;
    (found == name).then_some(settings)
}

fn row(name: &str, Alike { names, placement }: &Alike<'_>) -> String {
    let settings = names.iter().filter_map(|store| settings(name, store));
    let settings = settings.map(|settings| format!("`{settings}`")).collect::<Vec<_>>().join("<br>");
    let cell = placement.cell.to_string();
    let trips = |kind| range([*placement], kind);
    let sentences: Vec<String> =
        [told::partition(placement)].into_iter().chain(told::splits(placement)).collect();
    let (partition, otherwise) = (sentences.join(" "), told::otherwise(placement));
    let cells = [settings, cell, trips(Kind::Read), trips(Kind::Write), partition, otherwise];
    let cells = cells.map(|cell| escaped(&cell));
    format!("| {} |", cells.join(" | "))
}

/// From the site and key that need the fewest to those that need the most.
pub(super) fn range<'p>(placements: impl IntoIterator<Item = &'p Placement>, kind: Kind) -> String {
    let rows = placements.into_iter().flat_map(|placement| &placement.trips);
    let rows: Vec<&SiteTrips> = rows.filter(|row| row.kind == kind).collect();
    let (least, most) = (rows.iter().filter_map(|row| row.trips), rows.iter().filter_map(|row| row.most()));
    match (least.min(), most.max()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => "?".to_owned(),
    }
}
