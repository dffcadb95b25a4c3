//! Many histories: judged in parallel, a line each in their order, and the worst exit code.

use std::path::Path;

use anyhow::Error;
use constellation_lab::words::one_line;
use constellation_verify::models::Known;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::files::Files;
use super::history::{Asked, JudgedHistory, judge, judge_and};
use super::several_drawn::{self, Several};
use super::told::{glyph, history_json, names};
use super::{SCHEMA, pool, worse};
use crate::args::{Explained, Judge};
use crate::file::name_of;
use crate::printer::{Printer, UNUSABLE, VIOLATED, count, faint, outcome};
use crate::progress::Progress;

/// Judges all of them.
pub(super) fn run(
    arguments: &Judge,
    asked: &Asked,
    files: &Files,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    // A line each has no room for evidence; JSON and a page have.
    let html = arguments.drawn.html.as_ref();
    let is_room = arguments.json || html.is_some();
    let explained = if is_room { asked.explained } else { Explained::None };
    let asked = Asked { explained, ..asked.clone() };
    let pool = pool(arguments.jobs)?;
    let total = files.paths.len();
    let mut progress = Progress::begin(arguments.progress, "judging", &histories(total as u64), printer);
    let width = files.paths.iter().map(|path| shown(path).chars().count()).max().unwrap_or(0);
    // Of each it says how far it is when it is judged.
    let silent = ProgressBar::hidden();
    let mut tally = Tally::default();
    let mut histories = Vec::new();
    let mut sheet = Several::new(arguments);
    // A few for each core at a time, so that what is known is told early.
    let (mut done, step) = (0, pool.current_num_threads().saturating_mul(4).max(1));
    for paths in files.paths.chunks(step) {
        let judged: Vec<_> = pool.install(|| {
            let one = |path| match html {
                Some(_) => judge_and(path, &asked, &silent, |imported, judged| {
                    Ok(several_drawn::of(imported, judged))
                }),
                None => judge(path, &asked, &silent).map(|judged| (judged, None)),
            };
            paths.par_iter().map(|path| one(path)).collect()
        });
        for (path, judged) in paths.iter().zip(judged) {
            let (judged, drawn) = match judged {
                Ok((judged, drawn)) => (Ok(judged), drawn),
                Err(error) => (Err(error), None),
            };
            tally.add(&judged);
            sheet.add(&shown(path), &judged, drawn);
            if arguments.json {
                histories.push(json_of(path, &judged));
            } else {
                printer.line(line(path, width, &judged))?;
            }
        }
        done += paths.len();
        progress.tell(|| format!("{done} of {total} judged"), printer);
    }
    progress.end();
    sheet.write(html, &tally.line(total), tally.code)?;
    let passed_over = files.passed_over;
    if arguments.json {
        printer.json(&json!({
            "schema": SCHEMA,
            "histories": histories,
            "passed_over": passed_over,
            "exit_code": tally.code,
        }))?;
        return Ok(tally.code);
    }
    printer.line(tally.line(total))?;
    if passed_over > 0 {
        let files = count(passed_over, "file");
        printer.line(faint(&format!("· passed over: {files} without a history")))?;
    }
    Ok(tally.code)
}

fn shown(path: &Path) -> String {
    name_of(path).trim_matches('`').to_owned()
}

fn line(path: &Path, width: usize, judged: &anyhow::Result<JudgedHistory>) -> String {
    let name = shown(path);
    match judged {
        Err(error) => format!("{} {name:<width$}  {}", outcome(VIOLATED, "!", "unusable"), first_line(error)),
        Ok(judged) => {
            let border = &judged.border;
            let known = match judged.exit_code() {
                0 => Known::Holds,
                1 => Known::Fails,
                _ => Known::Nothing,
            };
            let part = |what: &str, list: String| (!list.is_empty()).then(|| format!("{what} {list}"));
            let parts = [part("fails", names(&border.weakest)), part("holds", names(&border.strongest))];
            let told = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            format!("{} {name:<width$}  {told}", glyph(known)).trim_end().to_owned()
        }
    }
}

/// What is wrong, and where: without the excerpt.
pub(super) fn first_line(error: &Error) -> String {
    let text = format!("{error:#}");
    let mut lines = text.lines();
    let what = lines.next().unwrap_or_default();
    let place = lines.next().and_then(|line| line.trim().strip_prefix("--> "));
    let place = place.and_then(|place| place.rsplit(':').nth(1));
    let place = place.map_or(String::new(), |line| format!("line {line}: "));
    one_line(&format!("{place}{what}")).into_owned()
}

fn json_of(path: &Path, judged: &anyhow::Result<JudgedHistory>) -> Value {
    match judged {
        Ok(judged) => history_json(judged),
        Err(error) => {
            json!({"history": shown(path), "error": format!("{error:#}"), "exit_code": UNUSABLE})
        }
    }
}

/// How many ended in which way.
#[derive(Default)]
struct Tally {
    holds: u64,
    violated: u64,
    unknown: u64,
    unusable: u64,
    code: u8,
}

impl Tally {
    fn add(&mut self, judged: &anyhow::Result<JudgedHistory>) {
        let code = judged.as_ref().map_or(UNUSABLE, JudgedHistory::exit_code);
        let counted = match code {
            0 => &mut self.holds,
            1 => &mut self.violated,
            3 => &mut self.unknown,
            _ => &mut self.unusable,
        };
        *counted += 1;
        self.code = worse(self.code, code);
    }

    fn line(&self, total: usize) -> String {
        let all = [
            (self.holds, "hold"),
            (self.violated, "violated"),
            (self.unknown, "unknown"),
            (self.unusable, "unusable"),
        ];
        let parts = all.into_iter().filter(|(number, _)| *number > 0);
        let parts: Vec<_> = parts.map(|(number, what)| format!("{number} {what}")).collect();
        format!("{}: {}", histories(total as u64), parts.join(", "))
    }
}

fn histories(number: u64) -> String {
    format!("{number} {}", if number == 1 { "history" } else { "histories" })
}
