//! What clocks said, held against the order of events: which pair does a clock get wrong, and how often does it
//! know the answer.

use std::cmp;

use constellation_trace::{ClaimKind, ClaimRef, EventId, Judgement, Limit, Relation, Relations, Verdict};

use crate::breach::Breach;
use crate::budget::Budget;
use crate::evidence::{and_more, reached};
use crate::order::Order;
use crate::proof;

mod claimed;
mod structure;

use claimed::{Claimed, Sample, pairs_of};
pub use structure::structure;

/// Judges all claims of one kind: does the true relation of each pair of events stand in the set that `compare`
/// leaves possible for their claims?
///
/// `compare(one, other)` says which relations of `one` to `other` the two claims do not exclude; an exact clock
/// returns a single one. It is asked in both directions, and only about the claims of two different events: so two
/// equal Lamport times are certain concurrency. It must be a function of the two claims alone.
///
/// Up to `budget.pairs_max` pairs, all are compared. Beyond that, as many as allowed are, always the same ones: first
/// each pair of neighbours (in program order, or by a message or persisted state), then pairs spread evenly over all.
/// Where not even the neighbours fit, they are thinned evenly. If none is wrong the answer is [`Limit::Pairs`], but for
/// vectors that hold before [`structure()`]: each is exactly what the rules make it, so entry by entry they tell every
/// order rightly, and the answer is [`Verdict::Holds`]. (That `compare` compares entry by entry is all that is then
/// taken from the pairs compared, of which there must be one.) A clock that ticks by two may order rightly, too, but
/// who did not look at all pairs cannot say so.
///
/// Of several wrong pairs the one shown is that whose later event was recorded first; of those, the one whose
/// earlier event was recorded last. The scope says in how many of the pairs compared the claims leave just one relation.
///
/// O(pairs compared × cost of `compare`) in time, and O(claims × processes) for vectors beyond the budget; the claims'
/// references for all pairs, else 12 bytes an event.
pub fn judge(
    order: &Order<'_>,
    kind: ClaimKind,
    budget: &Budget,
    compare: impl Fn(ClaimRef<'_>, ClaimRef<'_>) -> Relations,
) -> Judgement {
    judge_by_event(order, kind, budget, |one, other| compare(one.1, other.1))
}

/// As [`judge`], for a `compare` that is also told which events the claims are of, so that it can keep beside each
/// what it would else make anew for every pair.
pub fn judge_by_event(
    order: &Order<'_>,
    kind: ClaimKind,
    budget: &Budget,
    compare: impl Fn(Said<'_>, Said<'_>) -> Relations,
) -> Judgement {
    let promise = format!("{kind} claims exclude no true order");
    let count = order.trace().claims(kind).count() as u64;
    if count == 0 {
        return nothing_claimed(order, kind, promise);
    }
    let total = pairs_of(count);
    let mut tally = Tally { order, compare, judged: 0, decided: 0, wrong: 0, shown: None };
    let mut limit = None;
    let mut scope = reached(total, "pair");
    if total <= budget.pairs_max {
        tally.every_pair(kind);
    } else {
        tally.sample(&Claimed::of(order, kind), budget.pairs_max);
        // Without any pair compared, nothing would be known of `compare`.
        let is_exact =
            kind == ClaimKind::Vector && tally.judged > 0 && structure(order).verdict == Verdict::Holds;
        if is_exact {
            scope.push_str(&format!(", exact by structure, {} compared", tally.judged));
        } else {
            scope.push_str(&format!(", {} compared", tally.judged));
            limit = Some(Limit::Pairs { judged: tally.judged, total });
        }
    }
    if tally.judged > 0 {
        scope.push_str(&format!(", {} decided", percentage(tally.decided, tally.judged)));
    }
    let verdict = match (tally.shown, limit) {
        (Some(wrong), _) => wrong.finding(order, kind, tally.wrong - 1).violated(order),
        (None, Some(limit)) => Verdict::Unknown(limit),
        (None, None) => Verdict::Holds,
    };
    Judgement { promise, verdict, scope }
}

/// The answer when no clock said anything: an empty run breaks no promise, a silent one was not looked at.
fn nothing_claimed(order: &Order<'_>, kind: ClaimKind, promise: String) -> Judgement {
    let verdict = if order.trace().events().is_empty() {
        Verdict::Holds
    } else {
        Verdict::Unknown(Limit::NotRecorded(format!("{kind} claims are")))
    };
    Judgement { promise, verdict, scope: String::new() }
}

/// What the comparison got right and wrong so far.
struct Tally<'o, 't, F> {
    order: &'o Order<'t>,
    compare: F,
    judged: u64,
    /// In how many pairs the claims left one relation possible.
    decided: u64,
    wrong: u64,
    shown: Option<Wrong>,
}

/// An event with what a clock said of it.
pub type Said<'t> = (EventId, ClaimRef<'t>);

impl<'t, F: Fn(Said<'_>, Said<'_>) -> Relations> Tally<'_, 't, F> {
    fn every_pair(&mut self, kind: ClaimKind) {
        let said: Vec<Said<'t>> = self.order.trace().claims(kind).collect();
        for (nth, later) in said.iter().enumerate() {
            for earlier in &said[..nth] {
                self.judge(*earlier, *later);
            }
        }
    }

    /// Compares as many pairs as allowed, which are fewer than there are.
    fn sample(&mut self, claimed: &Claimed<'_, 't>, pairs_max: u64) {
        let neighbours = |event: EventId| claimed.neighbours(event).into_iter().flatten();
        let count: u64 = claimed.events().iter().map(|event| neighbours(*event).count() as u64).sum();
        let mut due = 0_u64;
        for &event in claimed.events() {
            for neighbour in neighbours(event) {
                // Cannot wrap: it stays below twice the count, which is below 2^34.
                due += pairs_max.min(count);
                if due >= count {
                    due -= count;
                    self.judge_events(claimed, neighbour, event);
                }
            }
        }
        for (earlier, later) in Sample::of(claimed.events().len()) {
            if self.judged >= pairs_max {
                break;
            }
            let (earlier, later) = (claimed.events()[earlier], claimed.events()[later]);
            if !claimed.neighbours(later).contains(&Some(earlier)) {
                self.judge_events(claimed, earlier, later);
            }
        }
    }

    fn judge_events(&mut self, claimed: &Claimed<'_, 't>, one: EventId, other: EventId) {
        let (earlier, later) = (cmp::min(one, other), cmp::max(one, other));
        self.judge((earlier, claimed.claim(earlier)), (later, claimed.claim(later)));
    }

    /// Judges one pair in both directions; `earlier` was recorded first.
    fn judge(&mut self, earlier: Said<'_>, later: Said<'_>) {
        let truth = self.order.relation(earlier.0, later.0);
        let forth = (self.compare)(earlier, later);
        let back = (self.compare)(later, earlier);
        self.judged += 1;
        self.decided += u64::from(forth.single().is_some());
        let wrong = if !forth.contains(truth) {
            Wrong { one: earlier.0, other: later.0, truth, said: forth }
        } else if !back.contains(truth.reverse()) {
            Wrong { one: later.0, other: earlier.0, truth: truth.reverse(), said: back }
        } else {
            return;
        };
        self.wrong += 1;
        if self.shown.as_ref().is_none_or(|shown| wrong.rank() < shown.rank()) {
            self.shown = Some(wrong);
        }
    }
}

/// A pair that the claims get wrong: `one` stands to `other` as `truth` says, and the claims exclude that.
struct Wrong {
    one: EventId,
    other: EventId,
    truth: Relation,
    said: Relations,
}

impl Wrong {
    /// Which of several is shown: the least.
    fn rank(&self) -> (EventId, cmp::Reverse<EventId>) {
        (cmp::max(self.one, self.other), cmp::Reverse(cmp::min(self.one, self.other)))
    }

    fn finding(&self, order: &Order<'_>, kind: ClaimKind, others: u64) -> Breach {
        let Wrong { one, other, truth, said } = *self;
        let error = match (truth, said.single()) {
            _ if said == Relations::NONE => "contradicts itself",
            (Relation::Concurrent, Some(Relation::Equal)) => "takes two concurrent events for one",
            (Relation::Concurrent, _) => "orders two concurrent events",
            (_, Some(Relation::Concurrent)) => "does not see that one event caused the other",
            (_, Some(Relation::Equal)) => "takes cause and effect for one event",
            (_, Some(_)) => "takes the effect for the cause",
            (_, None) => "excludes that one event caused the other",
        };
        let says = relation_words(said, one, other);
        Breach {
            expected: relation_words(truth.into(), one, other),
            found: format!("{says}: the {kind} clock {error}{}", and_more(others, "pair")),
            events: vec![cmp::min(one, other), cmp::max(one, other)],
            proof: proof::prove(order, one, other),
        }
    }
}

/// `e3 before e5`, `e3 before or concurrent with e5`, …
fn relation_words(relations: Relations, one: EventId, other: EventId) -> String {
    let words: Vec<_> = relations
        .iter()
        .map(|relation| match relation {
            Relation::Before => "before",
            Relation::After => "after",
            Relation::Equal => "the same as",
            Relation::Concurrent => "concurrent with",
        })
        .collect();
    match words[..] {
        [] => format!("{one} in no relation to {other}"),
        _ => format!("{one} {} {other}", words.join(" or ")),
    }
}

/// `27.5 %`, rounded down, in whole numbers; `whole` is not zero.
fn percentage(part: u64, whole: u64) -> String {
    // 128 bits: a thousand times a count of pairs may exceed 64.
    let per_mille = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}
