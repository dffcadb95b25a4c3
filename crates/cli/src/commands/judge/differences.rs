//! What separates the models that hold from those that fail, where a violation is an example of something famous.

use constellation_trace::Sessions;
use constellation_verify::models::{
    Anomaly, Border, Finding, Judged, Known, Linearizable, Model, Patience, Recorded, SEPARATIONS,
    Separation, taken_apart,
};

/// The violation of a model, with the sessions that it is of: the smallest part where it was made small.
pub(super) type Shape<'a> = (&'a Sessions, &'a Anomaly);

/// What is famous of the violations of the weakest models that fail, and of the best known ones whatever else fails. Between
/// two models what comes first in the table counts, and of each violation every sentence is told once.
pub(super) fn differences<'a>(
    rows: &'a [Judged],
    border: &Border,
    recorded: &Recorded<'a>,
    smallest: impl Fn(&str) -> Option<Shape<'a>>,
    patience: &mut Patience<'_>,
) -> Vec<&'static Separation> {
    let row = |name: &str| rows.iter().find(|row| row.about.name == name);
    let is_weakest = |name: &str| border.weakest.iter().any(|about| about.name == name);
    let mut told: Vec<&'static Separation> = Vec::new();
    for separation in &SEPARATIONS {
        let Separation { allowed, forbidden, sentence, .. } = *separation;
        let Some(failed) = row(forbidden).filter(|row| row.known() == Known::Fails) else { continue };
        let is_known = |other: &&Separation| {
            (other.forbidden, other.allowed) == (forbidden, allowed)
                || (other.forbidden, other.sentence) == (forbidden, sentence)
        };
        if !is_weakest(forbidden) && !separation.is_famous() || told.iter().any(is_known) {
            continue;
        }
        let whole = || match (&failed.finding, recorded.sessions) {
            (Finding::Violated(anomaly), Some(sessions)) => Some((sessions, anomaly)),
            _ => None,
        };
        let Some((sessions, anomaly)) = smallest(forbidden).or_else(whole) else { continue };
        if !separation.is_of(sessions, anomaly) {
            continue;
        }
        let is_allowed = match row(allowed) {
            Some(row) => row.known() == Known::Holds,
            // Of transactions of several nobody says so, but of their reads and writes by themselves.
            None => allowed == Linearizable.about().name && holds_apart(recorded, patience),
        };
        if is_allowed {
            told.push(separation);
        }
    }
    told
}

fn holds_apart(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> bool {
    let apart = recorded.sessions.and_then(taken_apart);
    apart.is_some_and(|apart| {
        let recorded = Recorded::from(&apart);
        patience.briefly(|patience| Linearizable.judge(&recorded, patience)) == Finding::Holds
    })
}
