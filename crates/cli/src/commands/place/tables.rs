//! The numbers under the two sentences, in small tables.

use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::Answers;
use constellation_lab::placement::numbers::{CutRow, cut_rows, stale_rows};
use constellation_lab::placement::protocol::{CUT_AT, HEAL_AT};
use constellation_lab::placement::told::ms;
use constellation_lab::placement::{Placement, SITE_NAMES, StaleReads};

/// How many round trips each operation takes at each site.
pub(super) fn trips(placement: &Placement) -> Vec<String> {
    let mut lines = vec![format!("{:<18}{:>11}{:>11}", "round trips", "read", "write")];
    let sites = placement.trips.iter().map(|row| row.site + 1).max().unwrap_or(0);
    for (site, name) in SITE_NAMES.into_iter().enumerate().take(sites) {
        let trips = |kind| {
            let of = placement.trips.iter().find(|row| (row.site, row.kind) == (site, kind));
            let range = of.and_then(|row| row.trips.zip(row.most()));
            range.map_or_else(
                || "?".to_owned(),
                |(least, most)| match least == most {
                    true => least.to_string(),
                    false => format!("{least}–{most}"),
                },
            )
        };
        lines.push(format!("  {name:<16}{:>11}{:>11}", trips(Kind::Read), trips(Kind::Write)));
    }
    lines
}

/// How many reads showed what had been replaced, under each condition.
pub(super) fn stale(placement: &Placement) -> Vec<String> {
    let rows: Vec<_> = stale_rows(&placement.records).iter().map(|row| (row.network(), row.reads)).collect();
    let width = width(24, rows.iter().map(|(network, _)| network.as_str()));
    let head =
        format!("{:<wide$}{:>8}{:>8}{:>14}", "stale reads", "count", "of", "greatest age", wide = width + 2);
    let line = |(network, reads): &(String, StaleReads)| {
        let age = if reads.count == 0 { "–".to_owned() } else { ms(reads.age_max) };
        format!("  {network:<width$}{:>8}{:>8}{age:>14}", reads.count, reads.of)
    };
    std::iter::once(head).chain(rows.iter().map(line)).collect()
}

/// Who did not answer what during which cut.
pub(super) fn cuts(placement: &Placement) -> Vec<String> {
    let seconds = |time: Duration| format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100);
    let title = format!("during cuts, each from {} to {}", seconds(CUT_AT), seconds(HEAL_AT));
    let of = |kind: &str| format!(" {kind:>6}{:>8}{:>7}{:>10}", "refused", "silent", "gap");
    let rows = cut_rows(&placement.records);
    let find = |row: &CutRow, kind| {
        rows.iter().find(|one| (one.condition, one.site, one.kind) == (row.condition, row.site, kind))
    };
    let is_plain = |row: &CutRow| {
        row.refused + row.unanswered == 0 && row.answers(&placement.answers).is_none_or(Answers::is_back)
    };
    let reads = || rows.iter().filter(|row| row.kind == Kind::Read);
    let told =
        reads().filter(|row| !is_plain(row) || find(row, Kind::Write).is_some_and(|row| !is_plain(row)));
    let told: Vec<(String, &CutRow)> = told.map(|row| (row.condition.to_string(), row)).collect();
    let width = width(22, told.iter().map(|(condition, _)| condition.as_str()));
    let head = format!("  {:<width$}{:<10}{} {}", "while", "asked at", of("reads"), of("writes"));
    let line = |(condition, row): &(String, &CutRow)| {
        let of = |kind| find(row, kind).map_or_else(String::new, |row| numbers(row, placement));
        format!("  {condition:<width$}{:<10}{} {}", SITE_NAMES[row.site], of(Kind::Read), of(Kind::Write))
    };
    let told: Vec<String> = told.iter().map(line).collect();
    let rest = match told.len() {
        _ if rows.is_empty() => Some("  no site was cut off".to_owned()),
        0 => Some("  every site answered everything during every cut".to_owned()),
        some if some < reads().count() => Some("  whoever is not named answered everything".to_owned()),
        _ => None,
    };
    let head = if told.is_empty() { None } else { Some(head) };
    std::iter::once(title).chain(head).chain(told).chain(rest).collect()
}

/// As wide as the longest of these with a gap, and no less than this.
fn width<'a>(least: usize, texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count() + 2).max().unwrap_or(0).max(least)
}

fn numbers(row: &CutRow, placement: &Placement) -> String {
    let gap = gap(row.answers(&placement.answers));
    format!(" {:>6}{:>8}{:>7}{gap:>10}", row.done, row.refused, row.unanswered)
}

/// How long something was not answered, from the cut on; for ever, if not after the heal either.
fn gap(answers: Option<&Answers>) -> String {
    match answers {
        None => "?".to_owned(),
        Some(answers) if !answers.is_back() => "for ever".to_owned(),
        Some(answers) if answers.gap.is_zero() => "–".to_owned(),
        Some(answers) if answers.is_available() => ms(answers.gap),
        Some(_) => "to heal".to_owned(),
    }
}

/// What became of acknowledged writes.
pub(super) fn lost(placement: &Placement) -> Vec<String> {
    let Placement { lost, overwritten, .. } = placement;
    let gone = format!(
        "lost after healing: {} of {} acknowledged writes, and {} that a site does not show",
        lost.count, lost.of, lost.partly
    );
    let late = format!("not lost, but shown at some site only when it was asked again: {}", lost.late);
    let unread = format!(
        "not known: {} that could not be read at every site, and {} at none",
        lost.unread_partly, lost.unread
    );
    let unseen = format!(
        "overwritten unseen: {} of {} that a client had built on what it read",
        overwritten.count, overwritten.of
    );
    vec![gone, late, unread, unseen]
}

#[cfg(test)]
mod tests {
    use constellation_lab::placement::client::Ask;
    use constellation_lab::placement::measure::Back;
    use constellation_lab::placement::protocol::{Condition, Fate, Round, Way};
    use constellation_lab::placement::record::{Asked, Phase, Record};
    use constellation_lab::placement::{Lost, placed};

    use super::*;

    #[test]
    fn what_is_neither_lost_nor_known_to_be_kept_has_its_line() {
        let mut placement = placed("a store".to_owned(), 7, Vec::new());
        placement.lost = Lost { count: 1, partly: 2, late: 3, of: 9, unread: 4, unread_partly: 5 };
        assert_eq!(
            lost(&placement)[..3],
            [
                "lost after healing: 1 of 9 acknowledged writes, and 2 that a site does not show",
                "not lost, but shown at some site only when it was asked again: 3",
                "not known: 5 that could not be read at every site, and 4 at none",
            ]
        );
    }

    #[test]
    fn whoever_does_not_come_back_has_a_gap_for_ever() {
        let told = |done| {
            let condition = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };
            let back = Back { asked: 2, done };
            let (site, kind, gap_long) = (0, Kind::Read, Duration::ZERO);
            gap(Some(&Answers { condition, site, kind, asked: 3, done: 3, gap: gap_long, back }))
        };
        assert_eq!([2, 1, 0].map(told), ["–", "for ever", "for ever"]);
    }

    #[test]
    fn a_long_name_of_a_cut_leaves_the_columns_apart() {
        let condition = |site, fate| Condition::Cut { site, way: Way::Both, fate };
        // A read that nobody answers.
        let asked = Asked {
            site: 0,
            client: 0,
            ask: Ask::read("k"),
            begun: CUT_AT,
            ended: None,
            phase: Phase::Traffic,
        };
        let records = [condition(0, Fate::Held), condition(1, Fate::Lost)]
            .map(|condition| Record { round: Round::new(3, condition), asked: vec![asked.clone()] });
        let placement = placed("planted".to_owned(), 1, records.to_vec());
        let begins = |lines: &[String], what: &str| -> Vec<usize> {
            lines.iter().filter_map(|line| line.rfind(what)).collect()
        };
        let cuts = cuts(&placement);
        assert_eq!(begins(&cuts, " pacific  "), [begins(&cuts, "asked at")[0] - 1; 2], "{cuts:#?}");
        let stale = stale(&placement);
        let widths: Vec<usize> = stale.iter().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [widths[0]; 3], "{stale:#?}");
        assert!(stale[2].contains("atlantic is cut off with losses  "), "{stale:#?}");
    }
}
