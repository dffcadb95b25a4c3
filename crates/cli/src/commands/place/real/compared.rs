//! What was measured beside what is declared: a promise is broken, kept as far as was seen, or none was made.

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::catalogue::{Catalogue, Declared, Place};
use constellation_lab::placement::cell::{Cell, InPartition, Otherwise};
use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::Answers;
use constellation_lab::placement::numbers::StaleRow;
use constellation_servers::place::RealPlacement;
use serde_json::{Value, json};

/// What is declared, and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Compared {
    /// The setting, as the catalogue has it; `None` where it has none.
    setting: Option<String>,
    /// What it declares: a cell, or `depends`.
    declared: Option<String>,
    verdict: Verdict,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Verdict {
    /// What is declared is what was measured.
    Same,
    /// More than is declared was seen, which contradicts nothing.
    More(String),
    /// What is declared is not so.
    Broken(Vec<String>),
    /// Nobody can tell.
    Unknown,
    /// Nothing is declared that could be broken.
    Nothing,
}

impl Compared {
    pub(super) const fn is_broken(&self) -> bool {
        matches!(self.verdict, Verdict::Broken(_))
    }

    /// What is said of it, without its title.
    pub(super) fn told(&self, measured: Cell) -> String {
        let (Some(setting), Some(declared)) = (&self.setting, &self.declared) else {
            return "the catalogue declares nothing of this mode".to_owned();
        };
        let what = match &self.verdict {
            Verdict::Same => "as it is".to_owned(),
            Verdict::More(why) => format!("measured {measured}: {why}"),
            Verdict::Broken(why) => format!("measured {measured}: {}", why.join("; ")),
            Verdict::Unknown => format!("measured {measured}, which does not tell"),
            Verdict::Nothing => format!("measured {measured}"),
        };
        format!("declared {declared}, {what} ({setting})")
    }

    /// The same in a few words: `PC/EC, as it is`.
    pub(super) fn brief(&self) -> String {
        let Some(declared) = &self.declared else { return "–".to_owned() };
        match &self.verdict {
            Verdict::Same => format!("{declared}, as it is"),
            Verdict::More(_) => format!("{declared}, which nothing contradicts"),
            Verdict::Broken(_) => format!("{declared}, **which it is not**"),
            Verdict::Unknown => format!("{declared}, of which nobody can tell"),
            Verdict::Nothing => declared.clone(),
        }
    }

    /// Why what is declared is not so; nothing where it may be.
    pub(super) fn broken(&self) -> &[String] {
        if let Verdict::Broken(why) = &self.verdict { why } else { &[] }
    }

    pub(super) fn json(&self) -> Value {
        let (verdict, because) = match &self.verdict {
            Verdict::Same => ("same", Vec::new()),
            Verdict::More(why) => ("more", vec![why.clone()]),
            Verdict::Broken(why) => ("broken", why.clone()),
            Verdict::Unknown => ("unknown", Vec::new()),
            Verdict::Nothing => ("nothing-declared", Vec::new()),
        };
        json!({
            "setting": self.setting,
            "declared": self.declared,
            "verdict": verdict,
            "because": because,
        })
    }
}

/// Sets a placement beside what is declared of its mode.
pub(super) fn compare(real: &RealPlacement, catalogue: &Catalogue) -> Compared {
    let nothing = || Compared { setting: None, declared: None, verdict: Verdict::Nothing };
    let Some((system, setting)) = &real.mode.declared else { return nothing() };
    let declared = catalogue.find(system);
    let declared = declared.and_then(|system| system.settings.iter().find(|one| one.setting == *setting));
    let Some(Declared { setting, place, .. }) = declared else { return nothing() };
    let verdict = match place {
        Place::Cell(declared) => verdict(real, *declared),
        _ => Verdict::Nothing,
    };
    Compared { setting: Some(setting.clone()), declared: Some(place.to_string()), verdict }
}

fn verdict(real: &RealPlacement, declared: Cell) -> Verdict {
    use InPartition::{Availability, Consistency, Neither};

    let measured = real.placement.cell;
    let mut broken = Vec::new();
    match (declared.partition, measured.partition) {
        (Availability, Consistency | Neither) => broken.push(silent(real)),
        (Consistency, Availability | Neither) => broken.push(inconsistent(real)),
        _ => {}
    }
    if (declared.otherwise, measured.otherwise) == (Otherwise::Consistency, Otherwise::Latency) {
        broken.push(stale(real));
    }
    if !broken.is_empty() {
        return Verdict::Broken(broken);
    }
    match (measured == declared, measured.is_known()) {
        (true, _) => Verdict::Same,
        (false, false) => Verdict::Unknown,
        (false, true) => Verdict::More("nothing that was seen contradicts what is declared".to_owned()),
    }
}

/// Who answered nothing, or not all.
fn silent(real: &RealPlacement) -> String {
    let rows = real.placement.answers.iter().filter(|row| row.condition.is_partition());
    let worst = rows.max_by_key(|row| row.asked - row.done);
    worst.map_or_else(
        || "not everything was answered".to_owned(),
        |row| format!("while {}, {} answered {}", row.condition, SITE_NAMES[row.site], share(row)),
    )
}

/// What was kept by whoever should have kept silent, or lost.
fn inconsistent(real: &RealPlacement) -> String {
    let placement = &real.placement;
    if placement.lost.missed() > 0 {
        let (missed, of) = (placement.lost.missed(), placement.lost.of);
        return format!("{missed} of {of} acknowledged writes were lost");
    }
    let broken = placement.baseline.broken.first().map(|model| format!(", and {model} is broken"));
    let isolated = placement.answers.iter().filter(|row| {
        row.condition.is_partition()
            && row.kind == Kind::Read
            && row.cut().is_some_and(|(site, ..)| site == row.site)
    });
    let most = isolated.filter(|row| row.done > 0).max_by_key(|row| row.done);
    let who = most.map(|row| format!("the isolated {} answered {}", SITE_NAMES[row.site], share(row)));
    let who = who.unwrap_or_else(|| "what was answered in a partition is not consistent".to_owned());
    who + &broken.unwrap_or_default()
}

fn stale(real: &RealPlacement) -> String {
    let rows = constellation_lab::placement::numbers::stale_rows(&real.placement.records);
    let is_normal = |row: &&StaleRow| !row.condition.is_some_and(|condition| condition.is_partition());
    let most = rows.iter().filter(is_normal).max_by_key(|row| row.reads.count);
    most.filter(|row| row.reads.count > 0).map_or_else(
        || "without a cut, what was read is not linearizable".to_owned(),
        |row| {
            let reads = row.reads;
            let network =
                row.condition.map_or_else(|| "all links are alike".to_owned(), |one| one.to_string());
            format!("while {network}, {} of {} reads showed what had been replaced", reads.count, reads.of)
        },
    )
}

fn share(row: &Answers) -> String {
    format!("{} of {} {}s", row.done, row.asked, row.kind)
}
