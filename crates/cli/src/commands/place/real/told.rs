//! How a real server that was measured is told.

use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::{Answers, Share, Trips};
use constellation_lab::placement::{Placement, SITE_NAMES};
use constellation_servers::interval;
use constellation_servers::place::RealPlacement;
use constellation_servers::rounds::Effort;

use super::super::told::{details, head, holds, sentences, titled};
use super::down;
use super::measured::Run;
use crate::printer::Printer;

pub(super) fn print(run: &Run, printer: &mut Printer) -> anyhow::Result<()> {
    let Run { real, strongest, compared, .. } = run;
    head(&real.placement, &how(real), printer)?;
    sentences(&real.placement, printer)?;
    for (nth, sentence) in down::sentences(real).iter().enumerate() {
        titled(if nth == 0 { "killed" } else { "" }, sentence, printer)?;
    }
    holds(strongest, printer)?;
    if let Some(compared) = compared {
        titled("declared", &compared.told(real.placement.cell), printer)?;
    }
    for (nth, doubt) in real.doubts.iter().enumerate() {
        titled(if nth == 0 { "in doubt" } else { "" }, &format!("{doubt}."), printer)?;
    }
    for (nth, limit) in real.limits.iter().enumerate() {
        titled(if nth == 0 { "limits" } else { "" }, &format!("{limit}."), printer)?;
    }
    printer.line("")?;
    intervals(&real.placement).iter().try_for_each(|line| printer.line(format!("  {line}")))?;
    details(&real.placement, printer)?;
    down::details(real, printer)
}

/// `etcd Version: 3.4.23, three processes on this machine, in 118 s`.
fn how(real: &RealPlacement) -> String {
    let version = real.version.clone().unwrap_or_else(|| "as three processes".to_owned());
    let quick = if real.effort == Effort::Quick { ", quickly, with wide intervals" } else { "" };
    format!("{version}, measured for real in {} s{quick}", seconds(real.took))
}

/// To the nearest.
pub(super) fn seconds(took: Duration) -> u64 {
    took.as_secs() + u64::from(took.subsec_millis() >= 500)
}

/// How sure the numbers are.
fn intervals(placement: &Placement) -> Vec<String> {
    let mut lines = vec!["how sure that is".to_owned()];
    for kind in Kind::ALL {
        let of_site = |site: usize| {
            let range = interval::trips(&placement.records, site, kind);
            range.map_or_else(|| "?".to_owned(), |(least, most)| told_range(least, most))
        };
        let sites: Vec<String> = (0..constellation_servers::place::SITES)
            .map(|site| format!("{} {}", SITE_NAMES[site], of_site(site)))
            .collect();
        lines.push(format!("  round trips of a {kind}: {}", sites.join(", ")));
    }
    let apart = || placement.answers.iter().filter(|row| row.condition.is_partition());
    let is_there = |wanted: Share| apart().any(|row| row.share() == wanted && row.asked > 0);
    for (share, says) in [(Share::All, "answers all"), (Share::None, "answers nothing")] {
        if is_there(share) {
            lines.push(format!("  whoever {says} in a cut answers {}", worst(apart(), share)));
        }
    }
    lines
}

fn told_range(least: Trips, most: Trips) -> String {
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

/// The interval of the row of which fewest were asked: `91 to 100 % of what it is asked (95 %, from 38)`.
fn worst<'a>(rows: impl Iterator<Item = &'a Answers>, share: Share) -> String {
    let fewest = rows.filter(|row| row.share() == share && row.asked > 0).min_by_key(|row| row.asked);
    fewest.map_or_else(String::new, |row| {
        let interval = interval::share(row.done, row.asked);
        format!("{} to {} % of what it is asked (95 %, from {})", interval.from, interval.to, row.asked)
    })
}
