//! How a judged history is told: what the file holds, a row a model, where the line runs, and what shows the violations.

use constellation_trace::Limit;
use constellation_trace::format::histories::{FailedCas, HistoryFormat};
use constellation_verify::models::{About, Finding, Judged, Known, Separation};
use serde_json::{Value, json};

use super::evidence::{self, Ways};
use super::history::{Facts, JudgedHistory};
use crate::commands::modelled::SIBLINGS;
use crate::printer::{HOLDS, Printer, UNKNOWN, VIOLATED, count, faint, outcome, strong};
use crate::target::quoted;

/// Prints it.
pub(super) fn print(judged: &JudgedHistory, ways: Ways, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("{} · {}", strong(&judged.name), faint(&judged.facts.format.to_string())))?;
    for line in fact_lines(&judged.facts) {
        printer.line(line)?;
    }
    let width = judged.rows.iter().map(|row| row.about.name.len()).max().unwrap_or(0);
    for row in &judged.rows {
        let name = row.about.name;
        let note = note(row);
        let line = format!("{} {name:<width$}  {}{}", glyph(row.known()), faint(row.about.sentence), note);
        printer.line(line)?;
    }
    for (why, names) in reasons(&judged.unfit) {
        printer.line(faint(&format!("· does not fit {names}: {why}")))?;
    }
    if is_hindered_by_siblings(judged) {
        printer.line(faint(
            "  what to do: `run` with `--resolver lamport-lww` or `wall-lww` has stations keep one value",
        ))?;
    }
    border(judged, printer)?;
    for (nth, (about, shown)) in judged.shown.iter().enumerate() {
        let before = &judged.shown[..nth];
        if let Some((other, _)) = before.iter().find(|(_, before)| evidence::is_same(before, shown)) {
            printer.line(format!("{} {}", glyph(Known::Fails), strong(about.name)))?;
            printer.line(format!("    found     {}", shown.found))?;
            printer.line(format!("    events    those of {}", other.name))?;
            continue;
        }
        // A single model stands right above.
        if judged.rows.len() > 1 {
            printer.line(format!("{} {}", glyph(Known::Fails), strong(about.name)))?;
        }
        let flags = &judged.flags;
        let replay = format!("constellation judge {} --model {}{flags}", quoted(&judged.name), about.name);
        let is_file = judged.name != "standard input";
        evidence::print(shown, ways, if is_file { &replay } else { "" }, printer)?;
    }
    Ok(())
}

/// Whether a trace of ours was not judged since a read shows siblings.
fn is_hindered_by_siblings(judged: &JudgedHistory) -> bool {
    let is_it = |why: &str| why.ends_with(SIBLINGS);
    let is_unfit = judged.unfit.iter().any(|(_, why)| is_it(why));
    let is_row = judged.rows.iter().any(|row| match &row.finding {
        Finding::Unknown(Limit::Unfit(why)) => is_it(why),
        _ => false,
    });
    judged.facts.format == HistoryFormat::Trace && (is_unfit || is_row)
}

/// The glyph and word of what is known.
pub(super) fn glyph(known: Known) -> String {
    let (style, glyph) = match known {
        Known::Holds => (HOLDS, "✓"),
        Known::Fails => (VIOLATED, "✗"),
        Known::Nothing => (UNKNOWN, "?"),
    };
    outcome(style, glyph, word(known))
}

/// The word of what is known.
pub(super) fn word(known: Known) -> &'static str {
    match known {
        Known::Holds => "holds",
        Known::Fails => "violated",
        Known::Nothing => "unknown",
    }
}

fn note(row: &Judged) -> String {
    match (&row.finding, row.decided_by, row.known()) {
        (Finding::Unknown(limit), None, _) => format!("\n    {limit}"),
        (Finding::Unknown(_), Some(by), Known::Holds) => format!("  (since {} holds)", by.name),
        (Finding::Unknown(_), Some(by), _) => format!("  (since {} does not hold)", by.name),
        _ => String::new(),
    }
}

fn fact_lines(facts: &Facts) -> Vec<String> {
    let counted = |number: u64, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let Some(number) = facts.count else {
        let bytes = facts.bytes.unwrap_or_default();
        return vec![format!("read no further than byte {bytes}")];
    };
    let parts = [
        Some(format!("{} in {}", count(number as u64, facts.noun), count(facts.sessions as u64, "session"))),
        counted(facts.failed, "failed"),
        counted(facts.open, "of which nobody knows whether they took effect"),
    ];
    let mut lines = vec![parts.into_iter().flatten().collect::<Vec<_>>().join(", ")];
    if facts.unsaid > 0 {
        lines.push(faint(&format!("· {} without an answer, which say nothing", count(facts.unsaid, "read"))));
    }
    if let Some(unclear) = facts.unclear {
        let reads = count(unclear.reads, "read");
        lines.push(faint(&format!("· {reads} with several meanings: {unclear} is not recorded")));
    }
    if facts.skipped > 0 {
        lines.push(faint(&format!("· {} of a nemesis or others, passed over", count(facts.skipped, "line"))));
    }
    if facts.failed_cas > 0 {
        let number = count(facts.failed_cas, "compare-and-set");
        let said = match facts.said {
            FailedCas::Mismatch => {
                "failed since it found another value (--failed-cas nothing: it merely did not happen)"
            }
            FailedCas::Nothing => "failed and did not happen (--failed-cas mismatch: it found another value)",
        };
        lines.push(faint(&format!("· {number} {said}")));
    }
    lines
}

/// Models that do not fit for one reason, together.
fn reasons(unfit: &[(&'static About, String)]) -> Vec<(String, String)> {
    let mut reasons: Vec<(String, String)> = Vec::new();
    for (about, why) in unfit {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => {
                names.push_str(", ");
                names.push_str(about.name);
            }
            None => reasons.push((why.clone(), about.name.to_owned())),
        }
    }
    reasons
}

/// The names of models, with commas.
pub(super) fn names(abouts: &[&About]) -> String {
    abouts.iter().map(|about| about.name).collect::<Vec<_>>().join(", ")
}

/// What the strongest that hold and the weakest that fail are, and what separates them.
fn border(judged: &JudgedHistory, printer: &mut Printer) -> anyhow::Result<()> {
    let border = &judged.border;
    if judged.rows.len() < 2 {
        return Ok(());
    }
    if !border.strongest.is_empty() {
        printer.line(format!("strongest that hold  {}", names(&border.strongest)))?;
    }
    if !border.weakest.is_empty() {
        printer.line(format!("weakest that fail    {}", names(&border.weakest)))?;
    }
    for separation in &judged.separations {
        let Separation { name, allowed, forbidden, sentence, .. } = separation;
        printer
            .line(format!("  a famous difference between {allowed} and {forbidden} ({name}): {sentence}"))?;
    }
    Ok(())
}

/// A judged history, for a script.
pub(super) fn history_json(judged: &JudgedHistory) -> Value {
    let facts = &judged.facts;
    let named = |abouts: &[&About]| abouts.iter().map(|about| about.name).collect::<Vec<_>>();
    let rows = judged.rows.iter().map(|row| {
        let shown = judged.shown.iter().find(|(about, _)| about.name == row.about.name);
        json!({
            "model": row.about.name,
            "verdict": word(row.known()),
            "decided_by": row.decided_by.map(|about| about.name),
            "limit": match &row.finding {
                Finding::Unknown(limit) => Some(limit.to_string()),
                _ => None,
            },
            "found": match &row.finding {
                Finding::Violated(anomaly) => Some(anomaly.found.clone()),
                _ => None,
            },
            "evidence": shown.map(|(_, shown)| evidence::json(shown)),
        })
    });
    json!({
        "history": judged.name,
        "format": facts.format.name(),
        "noun": facts.noun,
        "count": facts.count,
        "bytes_read": facts.bytes,
        "sessions": facts.sessions,
        "failed": facts.failed,
        "open": facts.open,
        "unsaid": facts.unsaid,
        "unclear": facts.unclear.map_or(0, |unclear| unclear.reads),
        "skipped": facts.skipped,
        "failed_cas": facts.said.name(),
        "models": rows.collect::<Vec<_>>(),
        "unfit": judged.unfit.iter().map(|(about, why)| json!({"model": about.name, "why": why})).collect::<Vec<_>>(),
        "strongest": named(&judged.border.strongest),
        "weakest": named(&judged.border.weakest),
        "separations": judged.separations.iter().map(|separation| json!({
            "name": separation.name,
            "allowed": separation.allowed,
            "forbidden": separation.forbidden,
            "sentence": separation.sentence,
        })).collect::<Vec<_>>(),
        "error": null,
        "exit_code": judged.exit_code(),
    })
}
