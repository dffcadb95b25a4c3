//! One history: read, judged under each model, and the violations made small.

use std::path::Path;
use std::time::{Duration, Instant};

use constellation_trace::format::histories::{Content, FailedCas, HistoryFormat, Imported, read, read_any};
use constellation_trace::{Call, Completion, History, Limit, Sessions};
use constellation_verify::Budget;
use constellation_verify::models::{
    About, Border, FailedSet, Finding, Judged, Known, Model, Object, Patience, Recorded, conclude,
};

use super::shown::{Shown, explain};
use crate::args::Explained;
use crate::commands::check::unreadable;
use crate::file::{Kind, name_of, read_whole};

/// What is asked of a history.
#[derive(Clone)]
pub(super) struct Asked {
    /// Stronger ones first.
    pub(super) models: Vec<&'static dyn Model>,
    /// Whether they were chosen by name, so that one that does not fit is an answer.
    pub(super) are_named: bool,
    pub(super) format: Option<HistoryFormat>,
    pub(super) object: Option<Object>,
    pub(super) failed_cas: Option<FailedCas>,
    pub(super) budget: Budget,
    pub(super) time: Option<Duration>,
    pub(super) explained: Explained,
}

/// A history, judged.
pub(super) struct JudgedHistory {
    pub(super) name: String,
    /// The flags that say how it was read, each with a space before it.
    pub(super) flags: String,
    pub(super) facts: Facts,
    pub(super) rows: Vec<Judged>,
    /// Models that speak of something else, and why.
    pub(super) unfit: Vec<(&'static About, String)>,
    pub(super) border: Border,
    /// What shows violations, by model.
    pub(super) shown: Vec<(&'static About, Shown)>,
}

/// What the file holds.
pub(super) struct Facts {
    pub(super) format: HistoryFormat,
    /// Operations or transactions, as `noun` says.
    pub(super) count: usize,
    pub(super) noun: &'static str,
    pub(super) sessions: usize,
    /// How many may have taken effect or not.
    pub(super) open: u64,
    pub(super) failed: u64,
    /// Reads of which nobody knows what they showed.
    pub(super) unsaid: u64,
    pub(super) skipped: u64,
    pub(super) failed_cas: u64,
    /// What these say.
    pub(super) said: FailedCas,
}

/// The longest history: the readers count its bytes in 32 bits.
const HISTORY: Kind = Kind { what: "a history", bytes_max: u32::MAX as u64 };

/// Reads and judges a history.
pub(super) fn judge(path: &Path, asked: &Asked) -> anyhow::Result<JudgedHistory> {
    let name = name_of(path).trim_matches('`').to_owned();
    let imported = {
        let bytes = read_whole(path, HISTORY)?;
        let imported = match asked.format {
            Some(format) => read(&bytes, format),
            None => read_any(&bytes),
        };
        imported.map_err(|error| unreadable(&name, &error, error.help()))?
    };
    let sessions = imported.reads_and_writes();
    let said = asked.failed_cas.unwrap_or(imported.format.failed_cas());
    let recorded = recorded(sessions.as_deref().ok(), imported.history(), said);
    let recorded = asked.object.map_or(recorded, |object| recorded.with_object(object));
    let facts = Facts { said, ..facts(&imported, sessions.as_deref().ok()) };
    let foreign = sessions.as_ref().err().map(ToString::to_string);
    let (mut rows, mut unfit) = (Vec::new(), Vec::new());
    for model in &asked.models {
        match asked.found(*model, &recorded) {
            Finding::Unknown(Limit::Unfit(why)) => {
                // That these are no reads and writes says less than which operation is none.
                let is_plain = recorded.registers().err() == Some(Limit::Unfit(why.clone()));
                let why = foreign.clone().filter(|_| is_plain).unwrap_or(why);
                unfit.push((model.about(), by_line(&why, &imported)));
            }
            finding => rows.push(Judged::new(model.about(), finding)),
        }
    }
    conclude(&mut rows);
    if asked.are_named {
        let unknown = |(about, why): (&'static About, String)| {
            Judged::new(about, Finding::Unknown(Limit::Unfit(format!("does not fit: {why}"))))
        };
        rows.extend(unfit.drain(..).map(unknown));
    }
    let border = Border::of(&rows);
    let shown = asked.shown(&rows, &border, &imported, &recorded);
    Ok(JudgedHistory { name, flags: asked.flags(), facts, rows, unfit, border, shown })
}

/// What is judged: reads and writes, the operations behind them, or both.
fn recorded<'a>(
    sessions: Option<&'a Sessions>,
    history: Option<&'a History>,
    said: FailedCas,
) -> Recorded<'a> {
    let recorded = sessions.map_or_else(Recorded::default, Recorded::from);
    let recorded = history.map_or(recorded, |history| recorded.with_history(history));
    recorded.with_failed_set(match said {
        FailedCas::Mismatch => FailedSet::AssertsMismatch,
        FailedCas::Nothing => FailedSet::DidNotHappen,
    })
}

/// What does not fit, with the line of an operation instead of its number.
fn by_line(why: &str, imported: &Imported) -> String {
    let named = why.strip_prefix("operation ").and_then(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let line = imported.line(rest[..end].parse().ok()?)?;
        Some(format!("line {line}{}", &rest[end..]))
    });
    named.unwrap_or_else(|| why.to_owned())
}

impl Asked {
    /// Those flags that say how a history is to be read, as they were given.
    fn flags(&self) -> String {
        let failed_cas = self.failed_cas.and_then(|said| FailedCas::NAMES.iter().find(|(_, is)| *is == said));
        let flags = [
            ("format", self.format.map(HistoryFormat::name)),
            ("object", self.object.map(Object::name)),
            ("failed-cas", failed_cas.map(|(name, _)| *name)),
        ];
        let given = flags.iter().filter_map(|(flag, value)| value.map(|value| format!(" --{flag} {value}")));
        given.collect()
    }

    /// What a model's judge finds within the budget.
    fn found(&self, model: &dyn Model, recorded: &Recorded<'_>) -> Finding {
        match self.patiently(|patience| model.judge(recorded, patience)) {
            Finding::Unknown(Limit::Explored { visited, bound }) if bound == "the caller's patience" => {
                let bound = format!("{} of time", self.time_text());
                Finding::Unknown(Limit::Explored { visited, bound })
            }
            finding => finding,
        }
    }

    /// What shows those violations that are to be explained.
    fn shown(
        &self,
        rows: &[Judged],
        border: &Border,
        imported: &Imported,
        recorded: &Recorded<'_>,
    ) -> Vec<(&'static About, Shown)> {
        let is_explained = |about: &About| match self.explained {
            Explained::None => false,
            Explained::All => true,
            Explained::Weakest => border.weakest.iter().any(|weak| weak.name == about.name),
        };
        let mut shown = Vec::new();
        for model in &self.models {
            let found = rows.iter().find(|row| row.about.name == model.about().name);
            if let Some(Finding::Violated(anomaly)) = found.map(|row| &row.finding)
                && is_explained(model.about())
            {
                let explained =
                    self.patiently(|patience| explain(*model, imported, recorded, anomaly, patience));
                shown.push((model.about(), explained));
            }
        }
        shown
    }

    fn time_text(&self) -> String {
        self.time.map_or_else(String::new, |time| format!("{time:?}"))
    }

    /// Lets something be done within the budget.
    fn patiently<T>(&self, work: impl FnOnce(&mut Patience<'_>) -> T) -> T {
        let Some(limit) = self.time else { return work(&mut Patience::new(self.budget)) };
        let begun = Instant::now();
        let mut is_over = || begun.elapsed() >= limit;
        work(&mut Patience::until(self.budget, &mut is_over))
    }
}

impl JudgedHistory {
    /// Violated before unknown before holds; where nothing was judged, unknown.
    pub(super) fn exit_code(&self) -> u8 {
        let has = |known| self.rows.iter().any(|row| row.known() == known);
        if has(Known::Fails) {
            1
        } else if has(Known::Nothing) || self.rows.is_empty() {
            3
        } else {
            0
        }
    }
}

fn facts(imported: &Imported, sessions: Option<&Sessions>) -> Facts {
    let mut facts = Facts {
        format: imported.format,
        count: 0,
        noun: "transaction",
        sessions: 0,
        open: 0,
        failed: 0,
        unsaid: imported.unsaid + sessions.map_or(0, Sessions::unsaid),
        skipped: imported.skipped,
        failed_cas: 0,
        said: FailedCas::Nothing,
    };
    match &imported.content {
        Content::Operations(history) => {
            let counts = history.counts();
            facts.count = history.operations().len();
            facts.noun = "operation";
            facts.sessions = imported.sessions.len();
            (facts.open, facts.failed) = (counts.open, counts.failed);
            let failed = history.operations().iter().filter(|operation| {
                let end = operation.completed.as_ref().map(|(_, completion)| completion);
                let is_set = match &operation.call {
                    Call::CompareAndSet { .. } => true,
                    Call::Other { name, .. } => name.starts_with("put-if-absent "),
                    _ => false,
                };
                is_set && matches!(end, Some(Completion::Failed { .. }))
            });
            facts.failed_cas = failed.count() as u64;
        }
        Content::Transactions(sessions) => {
            let count = |wanted| {
                let outcomes = sessions.ids().map(|id| sessions.transaction(id).outcome);
                outcomes.filter(|outcome| *outcome == wanted).count() as u64
            };
            facts.count = sessions.len();
            facts.sessions = sessions.sessions().len();
            facts.open = count(constellation_trace::Outcome::Unknown);
            facts.failed = count(constellation_trace::Outcome::Aborted);
        }
        _ => {}
    }
    facts
}
