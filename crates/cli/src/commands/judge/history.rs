//! One history: read, judged under each model, and the violations made small.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

use constellation_lab::modelled;
use constellation_trace::format::histories::{Content, FailedCas, HistoryFormat, Imported, Unclear};
use constellation_trace::sessions::Unfit;
use constellation_trace::{Call, Completion, Limit, Sessions};
use constellation_verify::Budget;
use constellation_verify::models::{
    About, Border, Finding, Judged, Known, Model, Object, Parts, Patience, Recorded, Separation,
    conclude_from,
};
use indicatif::ProgressBar;

use super::allowance::{Allowance, Kept};
use super::differences::differences;
use super::drawn::draw;
use super::evidence::Ways;
use super::judging::findings;
use super::reading::{Reading, reading, size_of_sessions};
use super::shown::{Shown, explain};
use crate::args::{Drawn, Explained};
use crate::file::name_of;
use crate::target::quoted;

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
    /// What registers hold at first, if it is not nothing.
    pub(super) initial: Option<String>,
    pub(super) budget: Budget,
    pub(super) time: Option<Duration>,
    pub(super) explained: Explained,
    pub(super) ways: Ways,
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
    /// What is famous of the difference between what holds and what fails.
    pub(super) separations: Vec<&'static Separation>,
}

/// What the file holds.
pub(super) struct Facts {
    pub(super) format: HistoryFormat,
    /// Operations or transactions, as `noun` says; `None` where it was not read to its end.
    pub(super) count: Option<usize>,
    /// How many bytes were read where that was not all.
    pub(super) bytes: Option<u64>,
    pub(super) noun: &'static str,
    pub(super) sessions: usize,
    /// How many may have taken effect or not.
    pub(super) open: u64,
    pub(super) failed: u64,
    /// Reads of which nobody knows what they showed.
    pub(super) unsaid: u64,
    /// Reads that have several meanings, of which none is taken for granted.
    pub(super) unclear: Option<Unclear>,
    pub(super) skipped: u64,
    pub(super) failed_cas: u64,
    /// What these say.
    pub(super) said: FailedCas,
}

/// Reads and judges a history, all within one budget.
pub(super) fn judge(path: &Path, asked: &Asked, bar: &ProgressBar) -> anyhow::Result<JudgedHistory> {
    judge_and(path, asked, bar, |_, _| Ok(())).map(|(judged, _)| judged)
}

/// The same, and draws it where that is asked for.
pub(super) fn judge_drawn(
    path: &Path,
    asked: &Asked,
    bar: &ProgressBar,
    drawn: &Drawn,
) -> anyhow::Result<JudgedHistory> {
    let (judged, was_drawn) = judge_and(path, asked, bar, |imported, judged| draw(drawn, imported, judged))?;
    if was_drawn.is_none() && drawn.flag().is_some() {
        anyhow::bail!(
            "`{}` was not read to its end, so it cannot be drawn\nhelp: a larger --budget",
            judged.name
        );
    }
    Ok(judged)
}

/// The same, and does something else with what was read; nothing if it was not read to its end.
pub(super) fn judge_and<T>(
    path: &Path,
    asked: &Asked,
    bar: &ProgressBar,
    and: impl FnOnce(&Imported, &JudgedHistory) -> anyhow::Result<T>,
) -> anyhow::Result<(JudgedHistory, Option<T>)> {
    let begun = Instant::now();
    let clock = || begun.elapsed();
    let mut allowance = Allowance::new(asked.budget, asked.time, &clock);
    let name = name_of(path).trim_matches('`').to_owned();
    Ok(match reading(path, asked, &mut allowance, bar)? {
        Reading::Done(imported) => {
            let judged = judge_imported(name, &imported, asked, &mut allowance);
            let made = and(&imported, &judged)?;
            (judged, Some(made))
        }
        Reading::Ended { format, limit, bytes } => {
            let said = asked.failed_cas.unwrap_or(format.failed_cas());
            let facts = Facts { said, bytes: Some(bytes), ..Facts::unread(format) };
            (not_judged(name, facts, &limit, asked), None)
        }
    })
}

/// A history of which no model was judged, since this ended it before.
fn not_judged(name: String, facts: Facts, limit: &Limit, asked: &Asked) -> JudgedHistory {
    let row = |model: &&'static dyn Model| Judged::new(model.about(), Finding::Unknown(limit.clone()));
    let rows = asked.models.iter().map(row).collect();
    let (unfit, border, shown) = (Vec::new(), Border::default(), Vec::new());
    let (flags, separations) = (asked.flags(), Vec::new());
    JudgedHistory { name, flags, facts, rows, unfit, border, shown, separations }
}

/// The reads and writes of a history, as far as the budget goes.
fn reads_and_writes<'i>(
    imported: &'i Imported,
    allowance: &mut Allowance<'_>,
) -> Result<Result<Cow<'i, Sessions>, Unfit>, Limit> {
    let share = allowance.share(1);
    let mut over = Ok(());
    let made = allowance.within(&share, |patience| {
        imported.reads_and_writes_until(&mut || {
            over = patience.step(1024);
            over.is_err()
        })
    });
    over.map(|()| made).map_err(|limit| allowance.told(limit, &share))
}

/// Judges a history that was read.
pub(super) fn judge_imported(
    name: String,
    imported: &Imported,
    asked: &Asked,
    allowance: &mut Allowance<'_>,
) -> JudgedHistory {
    let said = asked.failed_cas.unwrap_or(imported.format.failed_cas());
    let sessions = match reads_and_writes(imported, allowance) {
        Ok(sessions) => sessions,
        Err(limit) => {
            let facts = Facts { said, ..facts(imported, None) };
            return not_judged(name, facts, &limit, asked);
        }
    };
    // Where they were made from operations they are held besides; what does not fit is told by the judges.
    if let (Ok(sessions), Some(_)) = (&sessions, imported.history()) {
        let _ = allowance.hold(size_of_sessions(sessions) as u64);
    }
    let recorded = asked.recorded(imported, &sessions);
    let facts = Facts { said, ..facts(imported, sessions.as_deref().ok()) };
    let (mut rows, mut unfit) = (Vec::new(), Vec::new());
    allowance.keep(if asked.explained == Explained::None { Kept::Nothing } else { Kept::Quarter });
    for (model, finding) in findings(&asked.models, &recorded, allowance) {
        match asked.certain(model, finding, imported, allowance) {
            Finding::Unknown(Limit::Unfit(why)) => {
                let why = modelled::unfit(why, &recorded, sessions.as_ref().err());
                unfit.push((model.about(), by_line(&why, imported)));
            }
            finding => rows.push(Judged::new(model.about(), finding)),
        }
    }
    allowance.keep(Kept::Nothing);
    conclude_from(&mut rows, &recorded);
    if asked.are_named {
        let unknown = |(about, why): (&'static About, String)| {
            Judged::new(about, Finding::Unknown(Limit::Unfit(format!("does not fit: {why}"))))
        };
        rows.extend(unfit.drain(..).map(unknown));
    }
    let border = Border::of(&rows);
    let shown = asked.shown(&rows, &border, imported, &recorded, allowance);
    let smallest = |name: &str| {
        let (_, shown) = shown.iter().find(|(about, _)| about.name == name)?;
        shown.smallest.as_ref().map(|(sessions, anomaly)| (sessions, anomaly))
    };
    let share = allowance.share(1);
    let separations =
        allowance.within(&share, |patience| differences(&rows, &border, &recorded, smallest, patience));
    JudgedHistory { name, flags: asked.flags(), facts, rows, unfit, border, shown, separations }
}

/// What does not fit, with the line of an operation instead of its number.
fn by_line(why: &str, imported: &Imported) -> String {
    let named = why.strip_prefix("operation ").and_then(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let place: usize = rest[..end].parse().ok()?;
        // Of a trace there are no lines, but events.
        let event = || imported.history()?.operations().get(place).map(|operation| operation.invoked.event);
        let is_trace = imported.format == HistoryFormat::Trace;
        let place = match imported.line(place) {
            Some(line) => format!("line {line}"),
            None => event().filter(|_| is_trace)?.to_string(),
        };
        Some(format!("{place}{}", &rest[end..]))
    });
    named.unwrap_or_else(|| why.to_owned())
}

impl Asked {
    /// What is judged: reads and writes, the operations behind them, or both.
    fn recorded<'a>(
        &self,
        imported: &'a Imported,
        sessions: &'a Result<Cow<'_, Sessions>, Unfit>,
    ) -> Recorded<'a> {
        let recorded = modelled::recorded(imported, sessions.as_deref().ok());
        let recorded = self.object.map_or(recorded, |object| recorded.with_object(object));
        self.failed_cas.map_or(recorded, |said| recorded.with_failed_set(modelled::failed_set(said)))
    }

    /// What was found without those reads that have several meanings, as far as it does not depend on them: a violation
    /// of a model of which parts prove is one; anything holds that does with some meaning of each.
    fn certain(
        &self,
        model: &dyn Model,
        finding: Finding,
        imported: &Imported,
        allowance: &mut Allowance<'_>,
    ) -> Finding {
        let Some(unclear) = imported.unclear else { return finding };
        match finding {
            Finding::Unknown(_) => return finding,
            Finding::Violated(_) if model.parts() != Parts::ProveNothing => return finding,
            _ => {}
        }
        let holds = imported.readings.iter().any(|reading| {
            let Ok(sessions) = reads_and_writes(reading, allowance) else { return false };
            let recorded = self.recorded(reading, &sessions);
            let share = allowance.share(1);
            let judge = |patience: &mut Patience<'_>| model.judge(&recorded, patience);
            let found = allowance.within(&share, |patience| patience.briefly(judge));
            matches!(found, Finding::Holds)
        });
        if holds { Finding::Holds } else { Finding::Unknown(Limit::NotRecorded(format!("{unclear} is"))) }
    }

    /// Those flags that say how a history is to be read, as they were given.
    fn flags(&self) -> String {
        let flags = [
            ("format", self.format.map(HistoryFormat::name)),
            ("object", self.object.map(Object::name)),
            ("failed-cas", self.failed_cas.map(FailedCas::name)),
        ];
        let given = flags.iter().filter_map(|(flag, value)| value.map(|value| format!(" --{flag} {value}")));
        let initial = self.initial.iter().map(|value| format!(" --initial {}", quoted(value)));
        given.chain(initial).collect()
    }

    /// What shows those violations that are to be explained.
    fn shown(
        &self,
        rows: &[Judged],
        border: &Border,
        imported: &Imported,
        recorded: &Recorded<'_>,
        allowance: &mut Allowance<'_>,
    ) -> Vec<(&'static About, Shown)> {
        let is_explained = |about: &About| match self.explained {
            Explained::None => false,
            Explained::All => true,
            Explained::Weakest => border.weakest.iter().any(|weak| weak.name == about.name),
        };
        let explained = self.models.iter().filter_map(|model| {
            let found = rows.iter().find(|row| row.about.name == model.about().name)?;
            let Finding::Violated(anomaly) = &found.finding else { return None };
            is_explained(model.about()).then_some((*model, anomaly))
        });
        let explained: Vec<_> = explained.collect();
        let mut shown = Vec::new();
        for (nth, (model, anomaly)) in explained.iter().enumerate() {
            let share = allowance.share(explained.len() - nth);
            let mut one =
                allowance.within(&share, |patience| explain(*model, imported, recorded, anomaly, patience));
            one.limit = one.limit.map(|limit| allowance.told(limit, &share));
            shown.push((model.about(), one));
        }
        shown
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

impl Facts {
    /// What is known of what was not read.
    fn unread(format: HistoryFormat) -> Facts {
        Facts {
            format,
            count: None,
            bytes: None,
            noun: "transaction",
            sessions: 0,
            open: 0,
            failed: 0,
            unsaid: 0,
            unclear: None,
            skipped: 0,
            failed_cas: 0,
            said: FailedCas::Nothing,
        }
    }
}

fn facts(imported: &Imported, sessions: Option<&Sessions>) -> Facts {
    let mut facts = Facts {
        unsaid: imported.unsaid,
        unclear: imported.unclear,
        skipped: imported.skipped,
        ..Facts::unread(imported.format)
    };
    match &imported.content {
        Content::Operations(history) => {
            let counts = history.counts();
            facts.count = Some(history.operations().len());
            facts.noun = "operation";
            facts.sessions = imported.sessions.len();
            // Those that are unclear were left out as if they had no answer.
            let unclear = imported.unclear.map_or(0, |unclear| unclear.reads);
            facts.unsaid += sessions.map_or(0, |sessions| sessions.unsaid().saturating_sub(unclear));
            (facts.open, facts.failed) = (counts.open, counts.failed);
            let failed = history.operations().iter().filter(|operation| {
                let end = operation.completed.as_ref().map(|(_, completion)| completion);
                let call = &operation.call;
                let is_set = matches!(call, Call::CompareAndSet { .. }) || call.is_put_if_absent();
                is_set && matches!(end, Some(Completion::Failed { .. }))
            });
            facts.failed_cas = failed.count() as u64;
        }
        Content::Transactions(sessions) => {
            let count = |wanted| {
                let outcomes = sessions.ids().map(|id| sessions.transaction(id).outcome);
                outcomes.filter(|outcome| *outcome == wanted).count() as u64
            };
            facts.count = Some(sessions.len());
            facts.sessions = sessions.sessions().len();
            facts.open = count(constellation_trace::Outcome::Unknown);
            facts.failed = count(constellation_trace::Outcome::Aborted);
        }
        _ => {}
    }
    facts
}
