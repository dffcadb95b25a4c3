//! The numbers under the two sentences, in small tables.

use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::Answers;
use constellation_lab::placement::numbers::{CutRow, StaleRow, cut_rows, stale_rows};
use constellation_lab::placement::protocol::{CUT_AT, Condition, HEAL_AT};
use constellation_lab::placement::told::ms;
use constellation_lab::placement::{Placement, SITE_NAMES};

/// How many round trips each operation takes at each site.
pub(super) fn trips(placement: &Placement) -> Vec<String> {
    let mut lines = vec![format!("{:<18}{:>8}{:>8}", "round trips", "read", "write")];
    let sites = placement.trips.iter().map(|row| row.site + 1).max().unwrap_or(0);
    for (site, name) in SITE_NAMES.into_iter().enumerate().take(sites) {
        let trips = |kind| {
            let of = placement.trips.iter().find(|row| (row.site, row.kind) == (site, kind));
            of.and_then(|row| row.trips).map_or_else(|| "?".to_owned(), |trips| trips.to_string())
        };
        lines.push(format!("  {name:<16}{:>8}{:>8}", trips(Kind::Read), trips(Kind::Write)));
    }
    lines
}

/// How many reads showed what had been replaced, under each condition.
pub(super) fn stale(placement: &Placement) -> Vec<String> {
    let mut lines = vec![format!("{:<26}{:>8}{:>8}{:>14}", "stale reads", "count", "of", "greatest age")];
    for StaleRow { condition, reads } in stale_rows(&placement.records) {
        let condition = condition.map_or_else(|| "all links alike".to_owned(), |found| found.to_string());
        let age = if reads.count == 0 { "–".to_owned() } else { ms(reads.age_max) };
        lines.push(format!("  {condition:<24}{:>8}{:>8}{age:>14}", reads.count, reads.of));
    }
    lines
}

/// Who answered what with which site cut off.
pub(super) fn cuts(placement: &Placement) -> Vec<String> {
    let seconds = |time: Duration| format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100);
    let title = format!("during cuts, each from {} to {}", seconds(CUT_AT), seconds(HEAL_AT));
    let head = format!("  {:<10} {:<10}", "cut off", "asked at");
    let of = |kind: &str| format!(" {kind:>6}{:>8}{:>8}{:>10}", "refused", "silent", "gap");
    let mut lines = vec![title, format!("{head}{} {}", of("reads"), of("writes"))];
    let rows = cut_rows(&placement.records);
    for row in rows.iter().filter(|row| row.kind == Kind::Read) {
        let Condition::Cut { site: cut } = row.condition else { continue };
        let of = |kind| {
            let found = rows
                .iter()
                .find(|other| (other.condition, other.site, other.kind) == (row.condition, row.site, kind));
            let gap =
                placement.answers.iter().find(|one| (one.cut, one.site, one.kind) == (cut, row.site, kind));
            found.map_or_else(String::new, |found| numbers(found, gap))
        };
        let (cut, site) = (SITE_NAMES[cut], SITE_NAMES[row.site]);
        lines.push(format!("  {cut:<10} {site:<10}{} {}", of(Kind::Read), of(Kind::Write)));
    }
    lines
}

fn numbers(row: &CutRow, answers: Option<&Answers>) -> String {
    format!(" {:>6}{:>8}{:>8}{:>10}", row.done, row.refused, row.unanswered, gap(answers))
}

/// How long something was not answered, from the cut on.
fn gap(answers: Option<&Answers>) -> String {
    match answers {
        None => "?".to_owned(),
        Some(answers) if answers.gap.is_zero() => "–".to_owned(),
        Some(answers) if answers.is_available() => ms(answers.gap),
        Some(_) => "to heal".to_owned(),
    }
}

/// What became of acknowledged writes.
pub(super) fn lost(placement: &Placement) -> String {
    let lost = &placement.lost;
    format!(
        "lost after healing: {} of {} acknowledged writes, and {} that only some sites have",
        lost.count, lost.of, lost.partly
    )
}
