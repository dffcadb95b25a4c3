//! What clocks said, held against the order of events: which pair does a clock get wrong, and how often does it
//! know the answer.

use std::cmp;

use constellation_trace::{ClaimKind, ClaimRef, EventId, Judgement, Limit, Relation, Relations, Verdict};

use crate::budget::Budget;
use crate::evidence::{Finding, and_more, counted};
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
/// returns a single one. It is asked in both directions. It must be a function of the two claims alone.
///
/// Up to `budget.pairs_max` pairs, all are compared. Beyond that:
/// - **Vectors** are still judged exactly, by the 2 × processes pairs at the edge of each event's past: the last
///   event of each process in it, and the first outside of it. If `compare` is a partial order (the entry by
///   entry comparison of vectors is one), every other pair follows: a chain that it gets right link by link it
///   gets right as a whole; and if it put some later event of a process before an event that does not know of
///   it, it would put the first such one there too. A `compare` that is not transitive is found out only where
///   it errs at an edge.
/// - **Other kinds** are sampled: first each pair of neighbours (in program order, or by a message or persisted
///   state), then pairs spread evenly over all, always the same ones. If none is wrong the answer is
///   [`Limit::Pairs`]. (Neighbours are compared even when they alone exceed the budget: at most 2 an event.)
///
/// Of several wrong pairs the one shown is that whose later event was recorded first; of those, the one whose
/// earlier event was recorded last. The scope says in how many pairs the claims leave just one relation.
///
/// O(pairs judged × cost of `compare`) in time; the claims' references for all pairs, else 12 bytes an event.
pub fn judge(
    order: &Order<'_>,
    kind: ClaimKind,
    budget: &Budget,
    compare: impl Fn(ClaimRef<'_>, ClaimRef<'_>) -> Relations,
) -> Judgement {
    let promise = format!("{kind} claims exclude no true order");
    let count = order.trace().claims(kind).count() as u64;
    if count == 0 {
        return nothing_claimed(order, kind, promise);
    }
    let total = pairs_of(count);
    let mut tally = Tally { order, compare, judged: 0, decided: 0, wrong: 0, shown: None };
    let mut limit = None;
    let how = if total <= budget.pairs_max {
        tally.every_pair(kind);
        String::new()
    } else if kind == ClaimKind::Vector {
        tally.edges_of_pasts(&Claimed::of(order, kind));
        format!(" follow from {} at the edges of pasts", tally.judged)
    } else {
        tally.sample(&Claimed::of(order, kind), budget.pairs_max);
        limit = Some(Limit::Pairs { judged: tally.judged, total });
        format!(", {} of them judged", tally.judged)
    };
    let scope =
        format!("{}{how}, {} decided", counted(total, "pair"), percentage(tally.decided, tally.judged));
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
type Said<'t> = (EventId, ClaimRef<'t>);

impl<'t, F: Fn(ClaimRef<'_>, ClaimRef<'_>) -> Relations> Tally<'_, 't, F> {
    fn every_pair(&mut self, kind: ClaimKind) {
        let said: Vec<Said<'t>> = self.order.trace().claims(kind).collect();
        for (nth, later) in said.iter().enumerate() {
            for earlier in &said[..nth] {
                self.judge(*earlier, *later);
            }
        }
    }

    fn edges_of_pasts(&mut self, claimed: &Claimed<'_, 't>) {
        for &event in claimed.events() {
            for process in self.order.processes() {
                if let Some(known) = claimed.last_before(event, process) {
                    self.judge_events(claimed, known, event);
                }
                if let Some(unknown) = claimed.first_unknown(event, process) {
                    let was_met = unknown < event
                        && claimed.first_unknown(unknown, self.order.trace().event(event).process)
                            == Some(event);
                    if !was_met {
                        self.judge_events(claimed, unknown, event);
                    }
                }
            }
        }
    }

    fn sample(&mut self, claimed: &Claimed<'_, 't>, pairs_max: u64) {
        for &event in claimed.events() {
            for neighbour in claimed.neighbours(event).into_iter().flatten() {
                self.judge_events(claimed, neighbour, event);
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
        let forth = (self.compare)(earlier.1, later.1);
        let back = (self.compare)(later.1, earlier.1);
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

    fn finding(&self, order: &Order<'_>, kind: ClaimKind, others: u64) -> Finding {
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
        Finding {
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

/// `27.5 %`, rounded down, in whole numbers; everything of nothing.
fn percentage(part: u64, whole: u64) -> String {
    // 128 bits: a thousand times a count of pairs may exceed 64.
    let per_mille = (u128::from(part) * 1000).checked_div(u128::from(whole)).unwrap_or(1000);
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}
