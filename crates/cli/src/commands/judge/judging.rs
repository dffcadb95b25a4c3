//! How several models are judged within one budget: each has a share, and what some leave is for those that need more.

use constellation_verify::models::{Finding, Judged, Known, Model, Recorded, conclude_from};

use super::allowance::{Allowance, Share};

/// What each model's judge finds, in their order.
///
/// At first each has an equal share of what those before it left. Whoever could not tell with that, and is not decided by what
/// was found of others, begins anew with a share of what all have left, as long as that is twice of what it had.
pub(super) fn findings(
    models: &[&'static dyn Model],
    recorded: &Recorded<'_>,
    allowance: &mut Allowance<'_>,
) -> Vec<(&'static dyn Model, Finding)> {
    let mut tries: Vec<Try> = Vec::new();
    for (nth, model) in models.iter().enumerate() {
        let share = allowance.share(models.len() - nth);
        tries.push(Try::of(*model, recorded, share, allowance));
    }
    loop {
        let open = still_open(&tries, recorded, allowance);
        let mut has_tried = false;
        for (nth, place) in open.iter().enumerate() {
            let share = allowance.share(open.len() - nth);
            let before = &tries[*place];
            if share.is_twice(&before.share) {
                tries[*place] = Try::of(before.model, recorded, share, allowance);
                has_tried = true;
            }
        }
        if !has_tried {
            break;
        }
    }
    let told = |one: Try| match one.finding {
        Finding::Unknown(limit) => (one.model, Finding::Unknown(allowance.told(limit, &one.share))),
        finding => (one.model, finding),
    };
    tries.into_iter().map(told).collect()
}

/// What came of judging a model within a share.
struct Try {
    model: &'static dyn Model,
    finding: Finding,
    share: Share,
}

impl Try {
    fn of(
        model: &'static dyn Model,
        recorded: &Recorded<'_>,
        share: Share,
        allowance: &mut Allowance<'_>,
    ) -> Try {
        let finding = allowance.within(&share, |patience| model.judge(recorded, patience));
        Try { model, finding, share }
    }
}

/// The places of those that more of the budget may decide, and nothing else has.
fn still_open(tries: &[Try], recorded: &Recorded<'_>, allowance: &Allowance<'_>) -> Vec<usize> {
    let mut judged: Vec<Judged> =
        tries.iter().map(|one| Judged::new(one.model.about(), one.finding.clone())).collect();
    conclude_from(&mut judged, recorded);
    let is_open = |place: &usize| {
        let one = &tries[*place];
        let may_lift = match &one.finding {
            Finding::Unknown(limit) => allowance.may_lift(limit, &one.share),
            _ => false,
        };
        may_lift && judged[*place].known() == Known::Nothing
    };
    (0..tries.len()).filter(is_open).collect()
}

#[cfg(test)]
mod tests;
