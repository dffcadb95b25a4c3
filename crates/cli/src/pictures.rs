//! Where a run that was judged is drawn: as a page, as a picture.

use std::path::{Path, PathBuf};

use anyhow::bail;
use constellation_lab::incidents::antarctic::{Groups, STATIONS, STORM_BEGINS, STORM_ENDS};
use constellation_lab::{Scenario, incidents, simulate};
pub(crate) use constellation_report::Times;
use constellation_report::plot::Sheet;
use constellation_report::world::Doing;
use constellation_report::{Caption, Picture, page, svg};
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, NodeId, Trace, TrueTime, Verdict};

use crate::args::{Drawn, Plotted, Target};
use crate::file::{name_of, try_place, write_whole};
use crate::target;

/// A run, and what its reader is told beside.
pub(crate) struct Told<'t> {
    pub(crate) trace: &'t Trace,
    pub(crate) judgements: &'t [Judgement],
    pub(crate) title: String,
    pub(crate) replay: &'t str,
    pub(crate) remarks: &'t [String],
    pub(crate) times: Times,
    /// The text of the scenario, where it is known.
    pub(crate) source: String,
    /// What the world did of which the trace does not tell.
    pub(crate) doings: Vec<Doing>,
}

/// Finds out whether the files can be written, before much is done for what is to be written.
pub(crate) fn prepare(drawn: &Drawn) -> anyhow::Result<()> {
    if drawn.png.is_some() && !cfg!(feature = "png") {
        bail!(
            "this program was built without --png\nhelp: `cargo install --path crates/cli --features png` builds it with; \
             --svg draws the same"
        );
    }
    drawn.files().try_for_each(|path| try_place(path))
}

/// Draws the run as it was asked for; nothing was asked for more often than not.
pub(crate) fn draw(drawn: &Drawn, told: &Told<'_>) -> anyhow::Result<()> {
    draw_beside(drawn, told, None)
}

/// The same, with what a reader must hear even where all that was promised holds.
pub(crate) fn draw_warned(drawn: &Drawn, told: &Told<'_>, warning: &str) -> anyhow::Result<()> {
    if drawn.flag().is_none() {
        return Ok(());
    }
    let mut caption = captioned(told);
    caption.warning = warning.to_owned();
    draw_picture(drawn, &Picture::new(told.trace, told.judgements, caption), None)
}

/// As [`draw`], its page with another run beside it, if there is one.
pub(crate) fn draw_beside(drawn: &Drawn, told: &Told<'_>, other: Option<&Told<'_>>) -> anyhow::Result<()> {
    if drawn.flag().is_none() {
        return Ok(());
    }
    draw_picture(drawn, &pictured(told), other.map(pictured).as_ref())
}

/// Draws a picture as it was asked for, its page with another run beside it, if there is one.
pub(crate) fn draw_picture(
    drawn: &Drawn,
    picture: &Picture<'_>,
    other: Option<&Picture<'_>>,
) -> anyhow::Result<()> {
    if let Some(path) = &drawn.html {
        write_whole(path, |writer| match other {
            Some(other) => page::write_beside(picture, other, writer),
            None => page::write(picture, writer),
        })?;
    }
    if let Some(path) = &drawn.svg {
        write_whole(path, |writer| writer.write_all(svg::draw(picture).as_bytes()))?;
    }
    drawn.png.as_ref().map_or(Ok(()), |path| draw_png(path, picture))
}

/// What is drawn, with what its reader is told.
fn pictured<'t>(told: &Told<'t>) -> Picture<'t> {
    Picture::new(told.trace, told.judgements, captioned(told))
}

/// What stands beside the run wherever it is drawn.
pub(crate) fn captioned(told: &Told<'_>) -> Caption {
    let mut caption = Caption::default();
    caption.title.clone_from(&told.title);
    caption.digest = jsonl::digest(told.trace).to_string();
    caption.replay = told.replay.to_owned();
    caption.remarks = told.remarks.to_vec();
    caption.times = told.times;
    caption.source.clone_from(&told.source);
    caption.doings.clone_from(&told.doings);
    caption.environment = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    if !told.replay.is_empty() {
        caption.environment.insert(0, ("command".to_owned(), told.replay.to_owned()));
    }
    caption
}

/// As [`prepare`], for plots.
pub(crate) fn prepare_plots(plotted: &Plotted) -> anyhow::Result<()> {
    plotted.html.iter().chain(&plotted.svg).try_for_each(|path| try_place(path))
}

/// Writes a picture, where one was asked for.
pub(crate) fn write_svg(path: Option<&PathBuf>, draw: impl FnOnce() -> String) -> anyhow::Result<()> {
    path.map_or(Ok(()), |path| write_whole(path, |writer| writer.write_all(draw().as_bytes())))
}

/// Writes a page of plots, where one was asked for.
pub(crate) fn write_sheet(path: Option<&PathBuf>, sheet: impl FnOnce() -> Sheet) -> anyhow::Result<()> {
    path.map_or(Ok(()), |path| write_whole(path, |writer| sheet().write(writer)))
}

/// A page of plots with nothing on it yet.
pub(crate) fn sheet(title: &str, replay: &str) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.title = title.to_owned();
    sheet.replay = replay.to_owned();
    sheet.version = format!("constellation {}", env!("CARGO_PKG_VERSION"));
    sheet
}

/// The worst of what was judged, as a glyph and a word: violated before unknown before holds.
pub(crate) fn worst(judgements: &[Judgement]) -> Option<(&'static str, &'static str)> {
    let rank = |judgement: &&Judgement| match judgement.verdict {
        Verdict::Violated(_) => 0,
        Verdict::Unknown(_) => 1,
        Verdict::Holds => 2,
    };
    let worst = judgements.iter().min_by_key(rank)?;
    Some((worst.verdict.glyph(), worst.verdict.word()))
}

#[cfg(feature = "png")]
fn draw_png(path: &Path, picture: &Picture<'_>) -> anyhow::Result<()> {
    let png = constellation_report::png::draw(picture)
        .map_err(|error| anyhow::anyhow!("--png: {error}\nhelp: --svg draws the same"))?;
    write_whole(path, |writer| writer.write_all(&png))
}

#[cfg(not(feature = "png"))]
fn draw_png(_: &Path, _: &Picture<'_>) -> anyhow::Result<()> {
    // It was refused before anything was done.
    Ok(())
}

/// The storm of `antarctic`, of which a trace only shows what became of messages: it is written into the links. A crew is in
/// the group of its station.
pub(crate) fn storm(groups: &Groups, trace: &Trace) -> Doing {
    let mut stations = STATIONS.iter();
    let members = |size: &usize| {
        let names = stations
            .by_ref()
            .take(*size)
            .flat_map(|station| [(*station).to_owned(), format!("{station}-crew")]);
        names.filter_map(|name| trace.node(&name)).collect()
    };
    let members: Vec<Vec<NodeId>> = groups.sizes().iter().map(members).collect();
    let [begins, ends] = [STORM_BEGINS, STORM_ENDS].map(|time| TrueTime::from_ns(0).saturating_add(time));
    Doing::lasting("partition", begins, ends, members, format!("both relays are lost: {groups}"))
}

/// More passes are not drawn: they cannot be told apart.
const PASSES_MAX: usize = 200;

/// The passes of a scenario: which nodes hear each other, and when.
pub(crate) fn passes(scenario: &Scenario, trace: &Trace) -> Vec<Doing> {
    let named =
        |names: &[String]| -> Vec<NodeId> { names.iter().filter_map(|name| trace.node(name)).collect() };
    let all: Vec<String> = trace.nodes().iter().map(str::to_owned).collect();
    let every = scenario.contacts.as_ref().map(|contacts| (&all, &all, contacts));
    let rules = scenario
        .links
        .iter()
        .filter_map(|rule| Some((&rule.sources, &rule.targets, rule.contacts.as_ref()?)));
    let mut doings: Vec<Doing> = Vec::new();
    for (sources, targets, contacts) in every.into_iter().chain(rules) {
        let text = match sources == targets {
            true => "pass".to_owned(),
            false => format!("pass: {} – {}", sources.join(", "), targets.join(", ")),
        };
        for pass in contacts.passes().unwrap_or_default() {
            let groups = vec![named(sources), named(targets)];
            let doing = Doing::lasting("pass", pass.start, pass.end, groups, text.clone());
            // A link that is up both ways is one pass.
            let is_back = |other: &Doing| {
                other.at == doing.at && other.until == doing.until && other.nodes == doing.nodes
            };
            if !doings.iter().any(is_back) && doings.len() < PASSES_MAX {
                doings.push(doing);
            }
        }
    }
    doings
}

/// What the world did in a run of this target beside what its trace says.
pub(crate) fn doings(target: &Target, groups: Option<&str>, trace: &Trace) -> Vec<Doing> {
    let groups = (target.scenario == target::ANTARCTIC).then(|| target::groups(groups).ok()).flatten();
    groups.iter().map(|groups| storm(groups, trace)).collect()
}

/// Says where several runs were drawn, one line.
pub(crate) fn told_files<'d>(drawn: impl IntoIterator<Item = &'d Drawn>) -> Option<String> {
    let files: Vec<_> = drawn.into_iter().flat_map(Drawn::files).map(|path| name_of(path)).collect();
    (!files.is_empty()).then(|| format!("drawn: {}", files.join(", ")))
}

/// What a file is called in a picture: where it stands is nobody's business who is shown it.
pub(crate) fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or(path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A name with what it is called, for the head of a picture.
pub(crate) fn titled(name: &str, title: &str) -> String {
    if title.is_empty() { name.to_owned() } else { format!("{name} · {title}") }
}

/// What a trace that was read from a file says of its own origin.
#[derive(Default)]
pub(crate) struct Beginning {
    /// What to call it; empty when it does not say.
    pub(crate) title: String,
    /// The command that makes the same trace again; empty unless it does.
    pub(crate) replay: String,
    /// The scenario, where that command is known.
    pub(crate) source: String,
}

/// From where a trace comes: of a shipped scenario it is run again, and only what makes the very same trace is named.
pub(crate) fn beginning(trace: &Trace) -> Beginning {
    let Some(origin) = trace.origin() else { return Beginning::default() };
    let unknown = Beginning { title: origin.scenario.clone(), ..Beginning::default() };
    let Some(incident) = incidents::find(&origin.scenario) else { return unknown };
    let Ok(mut scenario) = Scenario::parse(incident.name, incident.text) else { return unknown };
    let own = scenario.resolver.name();
    let mut flag = String::new();
    if let Some(name) = origin.resolver.as_deref().filter(|name| *name != own) {
        let Ok(resolver) = target::resolver(name) else { return unknown };
        scenario.resolver = resolver;
        flag = format!(" --resolver {name}");
    }
    let title = titled(incident.name, &scenario.title);
    if simulate::simulate(&scenario, origin.seed).is_ok_and(|again| again == *trace) {
        let replay = format!("constellation run {} --seed {}{flag}", incident.name, origin.seed);
        return Beginning { title, replay, source: incident.text.to_owned() };
    }
    Beginning { title, ..unknown }
}
