//! What each side answers when two sites are cut off from the others.

use std::collections::BTreeSet;

use super::{Silence, listed, ms, sites_alike};
use crate::placement::measure::{Answers, Share};
use crate::placement::protocol::Condition;
use crate::placement::{Placement, SITE_NAMES};

/// What is to be said of cuts between two sites and the others, a sentence for each, or for several of which the same is to be
/// said; none where the sites are too few to be parted so. What is answered then is judged with the rest.
pub fn splits(placement: &Placement) -> Vec<String> {
    // In the order of the first that is told so.
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for record in &placement.records {
        let Condition::Split { sites: two } = record.round.condition else { continue };
        let of = |row: &&Answers| row.condition == record.round.condition;
        let rows: Vec<&Answers> = placement.answers.iter().filter(of).collect();
        let (who, what) = (names(&two), sides(&two, record.round.sites, &rows));
        let what = format!("{what}{}", not_back(&rows));
        match told.iter_mut().find(|(other, _)| *other == what) {
            Some((_, all)) => all.push(who),
            None => told.push((what, vec![who])),
        }
    }
    let sentence = |(what, who): (String, Vec<String>)| {
        let comma = if who.len() > 1 { "," } else { "" };
        format!("Where {}{comma} are cut off from the others, {what}.", who.join(", or "))
    };
    told.into_iter().map(sentence).collect()
}

/// Who does not answer all, and then who does.
fn sides(two: &[usize; 2], sites: usize, rows: &[&Answers]) -> String {
    let mut answering: Vec<usize> = (0..sites).collect();
    let mut parts = Vec::new();
    for (kinds, of) in sites_alike(rows.iter().copied().filter(|row| !row.is_available())) {
        answering.retain(|site| !of.contains(site));
        let is_some = kinds.iter().any(|(_, share)| *share == Share::Some);
        let (who, verb) = match of.len() {
            all if all == sites && is_some => ("every site".to_owned(), "answers"),
            all if all == sites => ("no site".to_owned(), "answers"),
            1 => (side(two, sites, &of), "answers"),
            _ => (side(two, sites, &of), "answer"),
        };
        let rows = rows.iter().filter(|row| of.contains(&row.site)).map(|row| **row).collect();
        parts.push(Silence { kinds, who, verb, is_every_site: of.len() == sites, rows }.told());
    }
    let (who, is_one) = match answering.len() {
        0 => return parts.join(", and "),
        all if all == sites => ("every site".to_owned(), true),
        count => (side(two, sites, &answering), count == 1),
    };
    let gaps = rows.iter().filter(|row| answering.contains(&row.site)).map(|row| row.gap);
    parts.push(match (gaps.max().filter(|gap| !gap.is_zero()), is_one) {
        (None, true) => format!("{who} goes on answering reads and writes"),
        (None, false) => format!("{who} go on answering reads and writes"),
        (Some(gap), true) => format!("{who} answers again {} after the cut at the latest", ms(gap)),
        (Some(gap), false) => format!("{who} answer again {} after the cut at the latest", ms(gap)),
    });
    parts.join(", and ")
}

/// Who does not answer all again after the heal, where there is one.
fn not_back(rows: &[&Answers]) -> String {
    let sites: BTreeSet<usize> = rows.iter().filter(|row| !row.is_back()).map(|row| row.site).collect();
    let sites: Vec<usize> = sites.into_iter().collect();
    match &sites[..] {
        [] => String::new(),
        [_] => format!("; even when the cut has healed, {} does not answer everything", names(&sites)),
        _ => format!("; even when the cut has healed, {} do not answer everything", names(&sites)),
    }
}

/// Sites, by name only where they are not one side of the cut.
fn side(two: &[usize; 2], sites: usize, of: &[usize]) -> String {
    let others: Vec<usize> = (0..sites).filter(|site| !two.contains(site)).collect();
    match of {
        of if of == two => "the two".to_owned(),
        of if of == others => "the others".to_owned(),
        of => names(of),
    }
}

fn names(sites: &[usize]) -> String {
    listed(&sites.iter().map(|site| SITE_NAMES[*site]).collect::<Vec<_>>(), "and")
}
