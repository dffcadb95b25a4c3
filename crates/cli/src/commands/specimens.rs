//! `constellation specimens`: small protocols, right and wrong; and what a hunt makes of each.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use anyhow::bail;
use constellation_lab::hunt::{Finding, Go, Hunt, Hunted, Until, hunt_subject, luck_of, provenance_of};
use constellation_lab::specimens::{Soundness, Specimen};
use constellation_lab::words::one_line;
use constellation_trace::Verdict;
use constellation_trace::ids::nearest;
use serde_json::{Value, json};

use crate::args::{Drawn, Specimens};
use crate::pictures;
use crate::printer::{Printer, count, faint, strong};
use crate::target::quoted;

mod page;

pub(crate) fn run(arguments: &Specimens, printer: &mut Printer) -> anyhow::Result<u8> {
    pictures::prepare(&arguments.drawn)?;
    if let (Some(flag), None) = (arguments.drawn.flag(), arguments.hunt) {
        bail!(
            "{flag} draws what a hunt finds\nhelp: add --hunt SEEDS; of one run: \
             `constellation run specimen:NAME/VARIANT {flag} FILE`"
        );
    }
    let chosen = chosen(arguments)?;
    if arguments.source {
        printer.bytes(chosen.first().map_or("", |specimen| specimen.text()).as_bytes())?;
        return Ok(0);
    }
    let rows = rows(&chosen, arguments, printer)?;
    let is_as_said = rows.iter().all(Row::is_as_said);
    draw(&arguments.drawn, &rows, printer)?;
    if arguments.table {
        page::print(&rows, printer)?;
    } else if arguments.json {
        let specimens: Vec<_> = rows.iter().map(Row::as_json).collect();
        printer.json(&json!({"schema": "constellation/specimens/1", "specimens": specimens}))?;
    } else {
        print(&rows, arguments.name.is_some(), printer)?;
    }
    Ok(if is_as_said { 0 } else { 1 })
}

/// Draws what was found of each, in a file of its own: `it.html` becomes `it-cache-stale-fill.html`.
fn draw(drawn: &Drawn, rows: &[Row], printer: &mut Printer) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for (row, finding) in rows.iter().filter_map(|row| Some((row, row.finding()?))) {
        let name = row.specimen.to_string();
        let drawn = drawn.of_one(&name.replace('/', "-"));
        let (trace, judgements) = (&finding.trace, std::slice::from_ref(&finding.judgement));
        let title = pictures::titled(&name, row.specimen.does);
        let replay = &format!("constellation replay {} specimen:{name}", quoted(&finding.tape.line()));
        let (remarks, source) = (&[][..], String::new());
        let doings = Vec::new();
        let told = pictures::Told {
            trace,
            judgements,
            title,
            replay,
            remarks,
            source,
            doings,
            times: pictures::Times::Simulated,
        };
        pictures::draw(&drawn, &told)?;
        files.push(drawn);
    }
    match (pictures::told_files(&files), drawn.flag()) {
        (Some(told), _) => printer.tell(&told),
        (None, Some(flag)) => printer.tell(&format!("nothing was found, so {flag} has nothing to draw")),
        _ => {}
    }
    Ok(())
}

/// Those that are meant: all, those of one protocol, or one.
fn chosen(arguments: &Specimens) -> anyhow::Result<Vec<&'static Specimen>> {
    let Some(name) = &arguments.name else { return Ok(Specimen::all().collect()) };
    // As `hunt` and `replay` write it, too.
    let name = name.strip_prefix("specimen:").unwrap_or(name);
    let is_it = |specimen: &&Specimen| specimen.name == name || specimen.to_string() == name;
    let chosen: Vec<_> = Specimen::all().filter(is_it).collect();
    if chosen.is_empty() {
        let names = Specimen::all().flat_map(|specimen| [specimen.name.to_owned(), specimen.to_string()]);
        let names: Vec<_> = names.collect();
        let advice = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`constellation specimens` lists them".to_owned(),
        };
        bail!("no specimen is called `{}`\nhelp: {advice}", one_line(name));
    }
    Ok(chosen)
}

/// How many seeds a page gives a wrong variant to break, and a right one not to.
const TABLE_SEEDS: (u64, u64) = (20_000, 300);

/// A specimen, and what came of its hunt, if there was one.
struct Row {
    specimen: &'static Specimen,
    hunted: Option<Hunted>,
}

fn rows(chosen: &[&'static Specimen], arguments: &Specimens, printer: &Printer) -> anyhow::Result<Vec<Row>> {
    let progress = printer.progress("hunting specimens");
    let mut rows = Vec::new();
    for &specimen in chosen {
        let is_right = specimen.soundness == Soundness::Right;
        let (wrong_seeds, right_seeds) = TABLE_SEEDS;
        let for_table = arguments.table.then_some(if is_right { right_seeds } else { wrong_seeds });
        let hunted = match arguments.hunt.map(NonZeroU64::get).or(for_table) {
            None => None,
            Some(seeds) => {
                progress.set_message(format!("hunting {specimen}"));
                let subject = specimen.subject();
                let provenance = provenance_of(&*subject, &specimen.to_string(), 1)?;
                let mut plan = Hunt::new(1, seeds);
                if is_right {
                    plan.until = Until::AllSeeds;
                }
                Some(hunt_subject(&*subject, &plan, &provenance, &mut |_| Go::On)?)
            }
        };
        rows.push(Row { specimen, hunted });
    }
    progress.finish_and_clear();
    Ok(rows)
}

impl Row {
    /// Whether a hunt found what the specimen is said to be.
    fn is_as_said(&self) -> bool {
        let Some(hunted) = &self.hunted else { return true };
        match self.specimen.soundness {
            Soundness::Right => hunted.findings.is_empty(),
            Soundness::Wrong { .. } => !hunted.findings.is_empty(),
        }
    }

    fn finding(&self) -> Option<&Finding> {
        self.hunted.as_ref()?.findings.first()
    }

    fn came(&self) -> String {
        let Some(hunted) = &self.hunted else { return String::new() };
        let Some(finding) = hunted.findings.first() else {
            return format!("not broken in {}, of this plan and this luck", count(hunted.seeds, "seed"));
        };
        let steps = finding.tape.answers().len();
        format!(
            "found by {}, {} left of {}, {} to shrink",
            count(hunted.seeds, "seed"),
            count(steps as u64, "deviation"),
            finding.effort.deviations_before,
            count(finding.effort.runs, "run")
        )
    }

    fn as_json(&self) -> Value {
        let specimen = self.specimen;
        let shortest = match specimen.soundness {
            Soundness::Right => None,
            Soundness::Wrong { shortest } => Some(shortest),
        };
        let mut object = json!({
            "path": specimen.to_string(),
            "name": specimen.name,
            "variant": specimen.variant,
            "does": specimen.does,
            "promise": specimen.promise,
            "is_right": shortest.is_none(),
            "shortest": shortest,
        });
        if let Some(hunted) = &self.hunted {
            let finding = hunted.findings.first();
            object["seeds"] = json!(hunted.seeds);
            object["deviations"] = json!(finding.map(|finding| finding.tape.answers().len()));
            object["runs"] = json!(finding.map(|finding| finding.effort.runs));
            object["tape"] = json!(finding.map(|finding| finding.tape.line()));
            object["evidence"] = json!(finding.and_then(|finding| match &finding.judgement.verdict {
                Verdict::Violated(evidence) => Some(evidence.to_string()),
                _ => None,
            }));
        }
        object
    }
}

fn print(rows: &[Row], is_chosen: bool, printer: &mut Printer) -> anyhow::Result<()> {
    let width = rows.iter().map(|row| row.specimen.variant.len()).max().unwrap_or(0);
    let mut name = "";
    for row in rows {
        let specimen = row.specimen;
        if specimen.name != name {
            printer.line(format!("{}: {}", strong(specimen.name), specimen.promise))?;
            name = specimen.name;
            if is_chosen {
                print_lesson(specimen, printer)?;
                printer.line(faint(&format!("  in its world: {}", luck(rows))))?;
            }
        }
        let soundness = match specimen.soundness {
            Soundness::Right => "✓ right".to_owned(),
            Soundness::Wrong { shortest } => format!("✗ wrong in {shortest}"),
        };
        let came = row.came();
        let came = if came.is_empty() { came } else { faint(&format!(" · {came}")) };
        printer.line(format!("  {:<width$}  {soundness:<12}  {}{came}", specimen.variant, specimen.does))?;
    }
    printer.line("")?;
    if let Some(row) = rows.first().filter(|_| is_chosen) {
        for row in rows.iter().filter(|row| row.specimen.soundness != Soundness::Right) {
            printer.line(format!("break it: constellation hunt specimen:{}", row.specimen))?;
        }
        return printer.line(format!("read it: constellation specimens {} --source", row.specimen.name));
    }
    printer.line(faint(
        "`right`: no run is known to break it, of its plan and the luck of its world. `wrong in 2`: two deviations from the \
         calm run do.",
    ))?;
    printer.line(faint(
        "Of one more: constellation specimens NAME. See one break: constellation hunt specimen:NAME/VARIANT",
    ))
}

/// The kinds of luck in the worlds of these, as tapes call them.
fn luck(rows: &[Row]) -> String {
    let luck = rows.iter().flat_map(|row| luck_of(&*row.specimen.subject()));
    let luck: Vec<_> = luck.collect::<BTreeSet<_>>().into_iter().map(|topic| topic.name()).collect();
    luck.join(", ")
}

/// What is to be learnt from a protocol, and whose it is.
fn print_lesson(specimen: &Specimen, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("  {}", specimen.lesson()))?;
    match specimen.works() {
        [] => Ok(()),
        works => printer.line(faint(&format!("  after {}", works.join("; ")))),
    }
}
