//! Whether the wall clocks of services agree with what their spans say of cause and effect.
//!
//! A span that names a parent began after that one did, and one that links to another span *ended* after that one began,
//! since a link may be added until then; nothing else is said of ends. Two promises are judged: that no span is its own
//! ancestor, and that one offset for each service's clock explains every such order. A clock that is wrong by a constant is nothing that anybody promised against: it is told as a remark, with the least offset
//! that explains it. Where no offsets do, a clock went back or drifted, or two machines share a name.
//!
//! The offsets are those of a system of difference constraints (Bellman 1958; Cormen et al., *Introduction to Algorithms*):
//! `offset(later) − offset(earlier) ≥ start(earlier) − known(later)` for each order, where a span knows of its parent at its
//! start and of what it links to at its end; it has a solution unless some way round
//! adds up to more than nothing, and the longest ways from nowhere are the least one.

use std::collections::BTreeMap;

use constellation_trace::spans::{SpanOrder, SpanReason, Spans};
use constellation_trace::{Evidence, Judgement, Limit, Proof, Verdict, one_line};

use crate::evidence::counted;

/// What was found in the times and orders of spans.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Judged {
    /// The verdicts: no span is a cause of itself; one offset for each clock explains every order.
    pub judgements: Vec<Judgement>,
    /// For each of them the spans that show it, by their places.
    pub shown: Vec<Vec<u32>>,
    /// Where clocks disagree with cause and effect, a line for each two services; of more than twenty pairs the rest are counted.
    pub remarks: Vec<String>,
    /// Which span its clock puts furthest before what caused it, in a clause of names that are cut; `None` where no span is
    /// before its cause.
    pub warning: Option<String>,
    /// For each service by how many nanoseconds its clock is behind, at least; `None` where no offsets explain all orders, or
    /// nobody looked.
    pub offsets_ns: Option<Vec<u64>>,
}

/// More steps of a search for offsets are not taken.
const STEPS_MAX: u64 = 200_000_000;

/// Of so many pairs of services it is told how their clocks disagree; the rest are counted.
const REMARKS_MAX: usize = 20;

/// Judges spans. O(spans + orders) and, to find offsets, services · pairs of services that have an order, at most.
pub fn judge(spans: &Spans) -> Judged {
    let cycle = cycle(spans);
    let pairs = Pairs::of(spans);
    let offsets = pairs.offsets(spans.services.len());
    let (remarks, warning) = (pairs.remarks(spans), pairs.warning(spans));
    let round = Judgement {
        promise: "no span is a cause of itself".to_owned(),
        verdict: match &cycle {
            _ if spans.spans.is_empty() => Verdict::Unknown(Limit::NotRecorded("spans are".to_owned())),
            None => Verdict::Holds,
            Some(cycle) => circular(spans, cycle),
        },
        scope: format!(
            "{} at {}, {}",
            counted(spans.spans.len() as u64, "span"),
            counted(spans.services.len() as u64, "service"),
            counted(spans.orders.len() as u64, "order")
        ),
    };
    let (verdict, shown, offsets_ns) = match offsets {
        Offsets::Found(offsets) => (Verdict::Holds, Vec::new(), Some(offsets)),
        Offsets::None(way) => {
            let shown = way.iter().flat_map(|order| [order.earlier, order.later]).collect();
            (contradiction(spans, &way), shown, None)
        }
        Offsets::Ends(span) => (ends_early(spans, span), vec![span], None),
        Offsets::Unknown(why) => (Verdict::Unknown(Limit::Unfit(why)), Vec::new(), None),
    };
    let clocks = Judgement {
        promise: "one offset for each service's clock puts every cause before its effect".to_owned(),
        verdict,
        scope: format!("{} of services that order spans", counted(pairs.bounds.len() as u64, "pair")),
    };
    Judged {
        judgements: vec![round, clocks],
        shown: vec![cycle.unwrap_or_default(), shown],
        remarks,
        warning,
        offsets_ns,
    }
}

/// Spans of which each is the parent of the next, and the last of the first; `None` where there are none.
fn cycle(spans: &Spans) -> Option<Vec<u32>> {
    let count = spans.spans.len();
    let mut missing = vec![0_u32; count];
    let mut later = vec![Vec::new(); count];
    let parents = || spans.orders.iter().filter(|order| order.why == SpanReason::Parent);
    for order in parents() {
        missing[order.later as usize] += 1;
        later[order.earlier as usize].push(order.later);
    }
    let mut ready: Vec<u32> =
        (0..).zip(&missing).filter(|(_, missing)| **missing == 0).map(|(span, _)| span).collect();
    while let Some(span) = ready.pop() {
        for after in &later[span as usize] {
            missing[*after as usize] -= 1;
            if missing[*after as usize] == 0 {
                ready.push(*after);
            }
        }
    }
    let start = missing.iter().position(|missing| *missing > 0)?;
    // Whoever is left has a cause that is left: after as many steps back as there are spans the walk is in a circle.
    let mut before = vec![None; count];
    for order in parents().filter(|order| missing[order.earlier as usize] > 0) {
        before[order.later as usize].get_or_insert(order.earlier);
    }
    let back = |span: u32| before[span as usize].expect("it waits for one that waits");
    let mut span = u32::try_from(start).expect("spans are numbered with 32 bits");
    for _ in 0..count {
        span = back(span);
    }
    let mut cycle = vec![span];
    let mut other = back(span);
    while other != span {
        cycle.push(other);
        other = back(other);
    }
    cycle.reverse();
    let first = (0..cycle.len()).min_by_key(|place| cycle[*place])?;
    cycle.rotate_left(first);
    Some(cycle)
}

/// A span as it is told.
fn told(spans: &Spans, span: u32) -> String {
    let span = &spans.spans[span as usize];
    let name = spans.services.text(span.service).unwrap_or_default();
    format!("`{}` at `{}` (line {})", one_line(&span.name), one_line(name), span.place.line)
}

fn violated(expected: &str, found: String, rule: String) -> Verdict {
    Verdict::Violated(Box::new(Evidence {
        expected: expected.to_owned(),
        found,
        events: Vec::new(),
        proof: Proof::Rule(rule),
        steps: Vec::new(),
        meanings: Vec::new(),
        notes: Vec::new(),
        replay: String::new(),
    }))
}

fn circular(spans: &Spans, cycle: &[u32]) -> Verdict {
    const SHOWN: usize = 4;
    let mut way: Vec<String> = cycle.iter().take(SHOWN).map(|span| told(spans, *span)).collect();
    if cycle.len() > SHOWN {
        way.push(format!("{} more", cycle.len() - SHOWN));
    }
    let found = match way.len() {
        1 => format!("{} began itself", way[0]),
        _ => format!("{}, which began the first again", way.join(", which began ")),
    };
    let rule = "a parent begins before what names it: an id was changed, or given twice".to_owned();
    violated("causes before their effects", found, rule)
}

fn contradiction(spans: &Spans, way: &[SpanOrder]) -> Verdict {
    let rule = "an offset that is constant moves all times of a service alike: a clock was set or drifted, or several machines \
                share one name; give each instance its service.instance.id";
    let lead = |order: &SpanOrder| lead_ns(spans, order).unwrap_or(0);
    if let [only] = way {
        let [earlier, later] = [only.earlier, only.later].map(|span| told(spans, span));
        let lead = duration(lead(only));
        let found = match only.why {
            SpanReason::Link => {
                format!("{later} ended {lead} before its link {earlier} began, by the same clock")
            }
            _ => format!("{later} began {lead} before its parent {earlier}, by the same clock"),
        };
        return violated(
            "a cause to begin before its effect where one clock tells both",
            found,
            rule.to_owned(),
        );
    }
    const SHOWN: usize = 3;
    let mut bounds: Vec<String> = way
        .iter()
        .take(SHOWN)
        .map(|order| {
            let lead = lead(order);
            let least = if lead >= 0 { "at least" } else { "at most" };
            let [earlier, later] = [order.earlier, order.later].map(|span| told(spans, span));
            let [ahead, behind] =
                if lead >= 0 { [order.earlier, order.later] } else { [order.later, order.earlier] };
            let [ahead, behind] = [ahead, behind].map(|span| service(spans, span));
            format!(
                "by {earlier} before {later}, {behind} is {least} {} behind {ahead}",
                duration(lead.abs())
            )
        })
        .collect();
    if way.len() > SHOWN {
        bounds.push(format!("and {} more", counted((way.len() - SHOWN) as u64, "order")));
    }
    violated("offsets that put each cause before its effect", bounds.join("; "), rule.to_owned())
}

fn ends_early(spans: &Spans, span: u32) -> Verdict {
    let found = format!(
        "{} ended {} before it began, by the same clock",
        told(spans, span),
        duration(early_ns(spans, span).unwrap_or(0))
    );
    violated(
        "a span to begin before it ends",
        found,
        "the clock of the service was set back meanwhile".to_owned(),
    )
}

/// By how much a span ended before it began, if it did.
fn early_ns(spans: &Spans, span: u32) -> Option<i128> {
    let span = &spans.spans[span as usize];
    let early = i128::from(span.start_ns) - i128::from(span.end_ns?);
    Some(early).filter(|early| *early > 0)
}

fn service(spans: &Spans, span: u32) -> String {
    let name = spans.services.text(spans.spans[span as usize].service).unwrap_or_default();
    format!("the clock of `{}`", one_line(name))
}

/// By how much the later span of an order knows of the earlier one before that begins, by the clocks; negative if it does
/// not, `None` where the file does not say when it knew.
fn lead_ns(spans: &Spans, order: &SpanOrder) -> Option<i128> {
    let start = i128::from(spans.spans[order.earlier as usize].start_ns);
    Some(start - i128::from(spans.known_ns(order)?))
}

/// A time as one reads it: `12.5 ms`.
fn duration(ns: i128) -> String {
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000), ("ns", 1)];
    let (unit, size) = units.into_iter().find(|(_, size)| ns >= *size).unwrap_or(("ns", 1));
    let thousandths = ns % size * 1_000 / size;
    let digits = format!("{thousandths:03}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    format!("{}{point}{digits} {unit}", ns / size)
}

/// What the orders from spans of one service to those of another say together.
struct Bound {
    /// The order that says most.
    order: SpanOrder,
    /// By how much the other's clock is behind, at least; negative if it may be ahead.
    behind_ns: i128,
    /// How many spans begin before their cause.
    contradicted: u64,
    orders: u64,
}

struct Pairs {
    /// By the service of the earlier span and that of the later one.
    bounds: BTreeMap<(u32, u32), Bound>,
    /// The order within one service that its own clock contradicts most.
    own: Option<(i128, SpanOrder)>,
    /// The span that ended before it began by most.
    early: Option<(i128, u32)>,
}

enum Offsets {
    Found(Vec<u64>),
    /// Orders that lead round, each from the service that the one before leads to, and add up to more than nothing.
    None(Vec<SpanOrder>),
    /// This span ended before it began.
    Ends(u32),
    /// Why nobody knows.
    Unknown(String),
}

impl Pairs {
    fn of(spans: &Spans) -> Pairs {
        let mut pairs = Pairs { bounds: BTreeMap::new(), own: None, early: None };
        for span in (0..).take(spans.spans.len()) {
            if let Some(early) =
                early_ns(spans, span).filter(|early| *early > pairs.early.map_or(0, |(most, _)| most))
            {
                pairs.early = Some((early, span));
            }
        }
        for order in &spans.orders {
            let [one, other] = [order.earlier, order.later].map(|span| spans.spans[span as usize].service);
            let Some(lead) = lead_ns(spans, order) else { continue };
            if one == other {
                if lead > pairs.own.map_or(0, |(most, _)| most) {
                    pairs.own = Some((lead, *order));
                }
                continue;
            }
            let first = Bound { order: *order, behind_ns: lead, contradicted: 0, orders: 0 };
            let bound = pairs.bounds.entry((one, other)).or_insert(first);
            bound.orders += 1;
            bound.contradicted += u64::from(lead > 0);
            if lead > bound.behind_ns {
                (bound.behind_ns, bound.order) = (lead, *order);
            }
        }
        pairs
    }

    /// The least offset of each service, or a way round that has none.
    fn offsets(&self, services: usize) -> Offsets {
        if let Some((_, order)) = self.own {
            return Offsets::None(vec![order]);
        }
        if let Some((_, span)) = self.early {
            return Offsets::Ends(span);
        }
        let mut offsets = vec![0_i128; services];
        // By which pair each service was last moved.
        let mut moved: Vec<Option<(u32, u32)>> = vec![None; services];
        let mut steps = 0_u64;
        for _ in 0..=services {
            let mut last = None;
            for (&(one, other), bound) in &self.bounds {
                steps += 1;
                let least = offsets[one as usize] + bound.behind_ns;
                if least > offsets[other as usize] {
                    offsets[other as usize] = least;
                    moved[other as usize] = Some((one, other));
                    last = Some(other);
                }
            }
            let Some(last) = last else {
                let whole = offsets.iter().map(|ns| u64::try_from(*ns).ok()).collect::<Option<Vec<u64>>>();
                let beyond = || Offsets::Unknown("a clock would be behind by more than 584 years".to_owned());
                return whole.map_or_else(beyond, Offsets::Found);
            };
            if let Some(way) = self.round(&moved, last) {
                return Offsets::None(way);
            }
            if steps > STEPS_MAX {
                break;
            }
        }
        Offsets::Unknown(format!("more than {STEPS_MAX} steps would be needed"))
    }

    /// The orders of a way round in what last moved each service, seen from one of them: such a way adds up to more than nothing.
    fn round(&self, moved: &[Option<(u32, u32)>], from: u32) -> Option<Vec<SpanOrder>> {
        let mut seen = vec![false; moved.len()];
        let mut service = from;
        while !seen[service as usize] {
            seen[service as usize] = true;
            service = moved[service as usize]?.0;
        }
        let start = service;
        let mut way = Vec::new();
        loop {
            let pair = moved[service as usize]?;
            way.push(self.bounds[&pair].order);
            service = pair.0;
            if service == start {
                way.reverse();
                return Some(way);
            }
        }
    }

    /// The span that is furthest before its cause, among services; of equal ones the first by its services.
    fn warning(&self, spans: &Spans) -> Option<String> {
        const NAME_MAX: usize = 60;
        let named = |name: &str| {
            let mut letters: String = one_line(name).chars().take(NAME_MAX + 1).collect();
            if let Some((cut, _)) = letters.char_indices().nth(NAME_MAX) {
                letters.replace_range(cut.., "…");
            }
            letters
        };
        let worst = self.bounds.values().rev().max_by_key(|bound| bound.behind_ns)?;
        if worst.contradicted == 0 {
            return None;
        }
        let span = &spans.spans[worst.order.later as usize];
        let service = spans.services.text(span.service).unwrap_or_default();
        let (did, before) = match worst.order.why {
            SpanReason::Link => ("ended", "what it links to began"),
            _ => ("began", "its cause"),
        };
        Some(format!(
            "by the clocks `{}` of `{}` {did} {} before {before}",
            named(&span.name),
            named(service),
            duration(worst.behind_ns)
        ))
    }

    /// A line for each two services whose clocks disagree with cause and effect, and one for those beyond the bound.
    fn remarks(&self, spans: &Spans) -> Vec<String> {
        let disagreeing = self.bounds.values().filter(|bound| bound.contradicted > 0).count();
        let name = |service: u32| one_line(spans.services.text(service).unwrap_or_default()).into_owned();
        let mut remarks = Vec::new();
        let all = self.bounds.iter().filter(|(_, bound)| bound.contradicted > 0);
        for (&(one, other), bound) in all.take(REMARKS_MAX) {
            let back = self.bounds.get(&(other, one)).map(|back| -back.behind_ns);
            let (least, most) = (bound.behind_ns, back);
            let begins = if bound.contradicted == 1 { "begins" } else { "begin" };
            let what = format!(
                "clock skew: of {} of `{}` that `{}` caused, {} {begins} before its cause",
                counted(bound.orders, "span"),
                name(other),
                name(one),
                bound.contradicted,
            );
            remarks.push(match most {
                Some(most) if most < least => format!(
                    "{what}; no one offset explains all orders of these two: the clock of `{}` would be at least {} behind, and at \
                     most {}",
                    name(other),
                    duration(least),
                    if most >= 0 { duration(most) } else { format!("{} ahead", duration(-most)) }
                ),
                Some(most) => format!(
                    "{what}; explained if the clock of `{}` is between {} and {} behind",
                    name(other),
                    duration(least),
                    duration(most)
                ),
                None => format!("{what}; explained if the clock of `{}` is at least {} behind", name(other), duration(least)),
            });
        }
        if disagreeing > REMARKS_MAX {
            let more = counted((disagreeing - REMARKS_MAX) as u64, "more pair");
            remarks.push(format!("clock skew: the same of {more} of services"));
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_the_unit_that_fits() {
        let told = [0, 999, 1_000, 12_500_000, 61_000_000_001].map(duration);
        assert_eq!(told, ["0 ns", "999 ns", "1 µs", "12.5 ms", "61 s"]);
    }
}
