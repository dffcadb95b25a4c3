//! What logical clocks promise of a sweep, judged at each error of the wall clock, with the first violation kept.

use constellation_trace::{ClaimKind, ClaimRef, Event, EventId, Judgement, Trace, Verdict};
use constellation_verify::{Breach, Budget, Order};

use super::measure::furthest_ahead;
use super::{Sweep, milliseconds};
use crate::promises::Promise;

/// The verdicts so far.
pub(super) struct Ledger<'s> {
    /// Whose clock is wrong.
    node: &'s str,
    entries: Vec<Judgement>,
    first: Option<First>,
    errors: u32,
}

/// What the run at the first error was, to which the others are compared.
struct First {
    error_ns: i64,
    events: Vec<Event>,
    stamps: Vec<(EventId, String)>,
}

/// These read no wall clock: where the run and their stamps are the same, so is the verdict.
const UNTOUCHED: [Promise; 3] =
    [Promise::VectorsAreExact, Promise::VectorsAreJoins, Promise::LamportFollowsCauses];

impl<'s> Ledger<'s> {
    pub(super) fn new(node: &'s str) -> Ledger<'s> {
        Ledger { node, entries: Vec::new(), first: None, errors: 0 }
    }

    /// Judges the run at one error; `guarded` is the same run with guarded hybrid clocks.
    pub(super) fn enter(&mut self, error_ns: i64, order: &Order<'_>, guarded: &Order<'_>) {
        self.errors += 1;
        let (trace, budget) = (order.trace(), Budget::default());
        let stamps = stamps(trace);
        let otherwise = self.first.as_ref().and_then(|first| first.differs(error_ns, order, &stamps));
        let is_known = self.first.is_some() && otherwise.is_none();
        for promise in UNTOUCHED {
            if !is_known {
                self.keep(error_ns, promise.judge(order, &budget));
            }
        }
        self.keep(error_ns, Promise::HybridFollowsCauses.judge(order, &budget));
        // Where nothing is refused the two runs are one.
        if guarded.trace() != trace {
            self.keep(error_ns, Promise::HybridFollowsCauses.judge(guarded, &budget));
        }
        let untouched = "vector and lamport stamps are the same whatever the wall clock shows".to_owned();
        let verdict = otherwise.map_or(Verdict::Holds, |breach| breach.violated(order));
        self.keep(error_ns, Judgement { promise: untouched, verdict, scope: String::new() });
        self.keep(error_ns, follows_walls(error_ns, order));
        self.keep(error_ns, keeps_guard(guarded));
        if self.first.is_none() {
            self.first = Some(First { error_ns, events: trace.events().to_vec(), stamps });
        }
    }

    /// A verdict that is worse than the one known replaces it; of equally bad ones the first stays.
    fn keep(&mut self, error_ns: i64, mut judgement: Judgement) {
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            let side = if error_ns < 0 { "behind" } else { "ahead of" };
            let by = milliseconds(error_ns.saturating_abs());
            evidence.notes.push(match error_ns {
                0 => "in this run all wall clocks tell the truth".to_owned(),
                _ => format!("in this run the wall clock of {} is {by} {side} the truth", self.node),
            });
        }
        let known = self.entries.iter_mut().find(|entry| entry.promise == judgement.promise);
        match (known, &judgement.verdict) {
            (None, _) => self.entries.push(judgement),
            (Some(known), Verdict::Violated(_)) if !matches!(known.verdict, Verdict::Violated(_)) => {
                *known = judgement;
            }
            (Some(known), Verdict::Unknown(_)) if known.verdict == Verdict::Holds => *known = judgement,
            _ => {}
        }
    }

    /// The verdicts on all errors together.
    pub(super) fn close(mut self) -> Vec<Judgement> {
        let errors = match self.errors {
            1 => "1 error".to_owned(),
            errors => format!("each of {errors} errors"),
        };
        let stamps = self.first.map_or(0, |first| first.stamps.len());
        for entry in &mut self.entries {
            entry.scope = format!("{stamps} events at {errors}");
        }
        self.entries
    }
}

impl First {
    /// In what this run is otherwise, in which nothing but readings of wall clocks may be.
    fn differs(&self, error_ns: i64, order: &Order<'_>, stamps: &[(EventId, String)]) -> Option<Breach> {
        let [here, there] = [error_ns, self.error_ns].map(milliseconds);
        let rule = "a logical clock reads no wall clock; the two runs differ in nothing else";
        if self.events != order.trace().events() {
            let expected = format!("the same events at an error of {here} as at one of {there}");
            let found = "others: a node acts on what its wall clock shows";
            return Some(Breach::new(expected, found).by_rule(rule));
        }
        let (known, said) = self.stamps.iter().zip(stamps).find(|(known, said)| known != said)?;
        let expected = format!("{} is stamped {} at every error, as at one of {there}", known.0, known.1);
        let found = format!("{} is stamped {} at an error of {here}", said.0, said.1);
        Some(Breach::new(expected, found).shown_by([said.0]).by_rule(rule))
    }
}

/// What Lamport and vector clocks said of each event of which either said anything, in words.
fn stamps(trace: &Trace) -> Vec<(EventId, String)> {
    let stamp = |event| {
        let lamport = match trace.claim(event, ClaimKind::Lamport) {
            Some(ClaimRef::Lamport(time)) => format!("lamport {time}"),
            _ => String::new(),
        };
        let vector = match trace.claim(event, ClaimKind::Vector) {
            Some(ClaimRef::Vector(vector)) => {
                let mut entries: Vec<_> =
                    vector.iter().map(|(name, counter)| format!("{}:{counter}", trace.text(name))).collect();
                entries.sort_unstable();
                format!("vector {{{}}}", entries.join(" "))
            }
            _ => String::new(),
        };
        let words = [lamport, vector].map(|words| (!words.is_empty()).then_some(words));
        let words: Vec<_> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| (event, words.join(", ")))
    };
    trace.event_ids().filter_map(stamp).collect()
}

/// The bound of hybrid clocks: the highest wall-clock reading in the past of an event is all that its hybrid time can be
/// ahead by (Kulkarni et al. 2014).
fn follows_walls(error_ns: i64, order: &Order<'_>) -> Judgement {
    let promise = "no hybrid time is further ahead of its wall clock than wall clocks are apart".to_owned();
    let bound_ns = error_ns.unsigned_abs();
    let rule = "the physical part of a hybrid time is a reading of a wall clock in the past of the event";
    Judgement { promise, verdict: within(bound_ns, rule, order), scope: String::new() }
}

fn keeps_guard(order: &Order<'_>) -> Judgement {
    let promise = "no hybrid time is further ahead of its wall clock than its guard allows".to_owned();
    let rule = "a guarded hybrid clock refuses what is further ahead, and its wall clock goes on";
    Judgement { promise, verdict: within(Sweep::GUARD_NS, rule, order), scope: String::new() }
}

fn within(bound_ns: u64, rule: &str, order: &Order<'_>) -> Verdict {
    let shown = |ns: u64| milliseconds(i64::try_from(ns).unwrap_or(i64::MAX));
    match furthest_ahead(order.trace()) {
        Some((event, ahead_ns)) if ahead_ns > bound_ns => {
            let expected =
                format!("hybrid times at most {} ahead of the wall clock of their node", shown(bound_ns));
            let found = format!("that of {event} is {} ahead", shown(ahead_ns));
            Breach::new(expected, found).shown_by([event]).by_rule(rule).violated(order)
        }
        _ => Verdict::Holds,
    }
}
