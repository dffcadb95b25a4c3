//! The passes for runs of many questions, where only what is near the deviations at hand, or like them, is tried.

use std::cmp;
use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Choices, Question, Topic};
use constellation_trace::NodeId;

use super::bench::Bench;
use super::bundles::{Bundle, bundles, extent, is_cause, is_harm};
use super::{Found, Observed, top};
use crate::choices::answers::{Answer, Answers};

/// How many questions further all deviations, or those of a bundle, are moved at most.
const FAR: u64 = 12;

/// How many, when one deviation is left out.
const NEAR: u64 = 3;

/// How many questions of each kind before a place, and after it, are near it.
const AROUND: usize = 2;

/// How many times an answer is raised halfway.
const BISECTIONS: u32 = 6;

/// With more bundles than these no subsets of them are replaced.
const BUNDLES_MAX: usize = 4;

/// With more deviations than these nothing is moved: each is to be left out, or the run is hopeless.
const DEVIATIONS_MAX: usize = 64;

/// How many candidates of one kind are tried in one pass; runs of a few nodes and deviations have fewer.
const TRIES_MAX: usize = 60;

/// The shortest beginning of the run whose deviations are enough, and of that the shortest end, by bisection.
pub(super) fn narrow<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    for side in [Side::Begin, Side::End] {
        let mut too_few = 0;
        loop {
            let all = found.best.in_order();
            if all.len() - too_few.min(all.len()) <= 1 {
                break;
            }
            let middle = too_few + (all.len() - too_few) / 2;
            let part = match side {
                Side::Begin => &all[..middle],
                Side::End => &all[all.len() - middle..],
            };
            if !found.take(bench.play(&part.iter().copied().collect())) {
                too_few = middle;
            }
        }
    }
}

/// Which part of a run is kept.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Side {
    Begin,
    End,
}

/// Fewer deviations, or an earlier end of as many; whether either was found.
pub(super) fn all<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    found.best.answers.len() <= DEVIATIONS_MAX && (fewer(bench, found) | sooner(bench, found))
}

/// Fewer deviations: one left out and the others moved a little, or some replaced by another.
fn fewer<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let parts = bundles(&found.best.answers);
    any(bench, found, without_one(&parts)) || replace(bench, found, &parts)
}

/// All but one deviation, and what follows from it, the others moved a little: together, or one bundle alone.
fn without_one(parts: &[Bundle]) -> Vec<Answers> {
    let all: Vec<Answer> = parts.iter().flat_map(|part| part.answers().iter().copied()).collect();
    let mut rests: Vec<Vec<Answer>> = Vec::new();
    for part in parts {
        let others = all.iter().filter(|answer| !part.answers().contains(answer)).copied();
        rests.push(others.collect());
        for effect in &part.answers()[1..] {
            rests.push(all.iter().filter(|answer| *answer != effect).copied().collect());
        }
    }
    rests.retain(|rest| !rest.is_empty());
    let distances = (1..=NEAR).flat_map(|far| [Move::Earlier(far), Move::Later(far)]);
    let mut candidates: Vec<Answers> =
        distances.flat_map(|by| rests.iter().filter_map(move |rest| moved(rest, by))).collect();
    for rest in &rests {
        let parts = bundles(&rest.iter().copied().collect());
        for part in parts.iter().filter(|_| parts.len() > 1) {
            let others = || rest.iter().filter(|answer| !part.answers().contains(answer)).copied();
            for by in [Move::Earlier(1), Move::Later(1)] {
                candidates
                    .extend(moved(part.answers(), by).map(|moved| moved.iter().chain(others()).collect()));
            }
        }
    }
    candidates
}

/// Some bundles replaced by one cause, at a node that they concern, about where the first of them is.
fn replace<R: FnMut(&mut dyn Choices) -> Observed>(
    bench: &mut Bench<R>,
    found: &mut Found,
    parts: &[Bundle],
) -> bool {
    for set in sets(parts.len()) {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for (place, part) in parts.iter().enumerate() {
            let side = if set.contains(&place) { &mut gone } else { &mut kept };
            side.extend_from_slice(part.answers());
        }
        // One for one is no gain.
        if gone.len() < 2 {
            continue;
        }
        // A stop, however long, does no harm to a disk.
        let allowed = if is_harmless(&gone) { gone.len() - 1 } else { 1 };
        if instead(found, &gone).into_iter().any(|cause| put(bench, found, &kept, cause, allowed)) {
            return true;
        }
    }
    false
}

/// Plays a cause beside what is kept, alone, and where two are allowed as far as it goes, or half as far.
fn put<R: FnMut(&mut dyn Choices) -> Observed>(
    bench: &mut Bench<R>,
    found: &mut Found,
    kept: &[Answer],
    cause: Answer,
    allowed: usize,
) -> bool {
    let beside = |new: &[Answer]| kept.iter().chain(new).copied().collect::<Answers>();
    if found.take(bench.play(&beside(&[cause]))) {
        return true;
    }
    // How far it may go is known at the latest now.
    match far(bench, cause).filter(|_| allowed > 1) {
        None => false,
        Some(far) => {
            let half = renamed_to(far, far.value() / 2);
            [Some(far), half].into_iter().flatten().any(|far| found.take(bench.play(&beside(&[cause, far]))))
        }
    }
}

/// Which of so many are replaced together: all; and where there are few, each number of them, the larger first.
fn sets(count: usize) -> Vec<BTreeSet<usize>> {
    if count > BUNDLES_MAX {
        return vec![(0..count).collect()];
    }
    let members = |set: u32| (0..count).filter(|place| set >> place & 1 == 1).collect::<BTreeSet<usize>>();
    let mut sets: Vec<BTreeSet<usize>> = (1..1 << count).map(members).collect();
    sets.sort_by_key(|set| cmp::Reverse(set.len()));
    sets
}

/// What could be tried instead of these: for each kind and each node or link that they concern, the last questions
/// before the first of them and the first ones after it.
fn instead(found: &Found, gone: &[Answer]) -> Vec<Answer> {
    let nodes: BTreeSet<NodeId> =
        gone.iter().flat_map(|answer| [answer.question().source, answer.question().target]).collect();
    let concerns = |question: Question| nodes.contains(&question.source) && nodes.contains(&question.target);
    let first =
        found.best.order.iter().find(|question| gone.iter().any(|answer| answer.question() == **question));
    let around = if is_harmless(gone) { AROUND } else { 1 };
    let near = first.map_or(Vec::new(), |first| near(found, *first, around));
    let causes = near.into_iter().filter(|question| is_cause(question.topic) && concerns(*question));
    let tops = causes.filter_map(|question| top((question, found.best.count(question)?)));
    tops.filter(|new| !gone.contains(new)).collect()
}

fn is_harmless(answers: &[Answer]) -> bool {
    !answers.iter().any(|answer| is_harm(answer.question().topic))
}

/// So many questions of each kind on each link and at each node, after a place in the run, and before it.
fn near(found: &Found, place: Question, around: usize) -> Vec<Question> {
    let order = &found.best.order;
    let place = order.iter().position(|question| *question == place).unwrap_or(0);
    let (before, after) = order.split_at(place);
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    let mut is_near = |question: &Question, side: Side| {
        let count = counts.entry((question.topic, question.source, question.target, side)).or_default();
        *count += 1;
        *count <= around
    };
    let mut near: Vec<Question> =
        after.iter().filter(|question| is_near(question, Side::End)).copied().collect();
    near.extend(before.iter().rev().filter(|question| is_near(question, Side::Begin)));
    near
}

/// How far a cause goes, at its most.
fn far<R: FnMut(&mut dyn Choices) -> Observed>(bench: &Bench<R>, cause: Answer) -> Option<Answer> {
    let topic = extent(cause.question().topic)?;
    top((Question { topic, ..cause.question() }, bench.count(topic)?))
}

/// As many deviations, but an earlier end: all or some of them moved, to earlier questions or other nodes.
fn sooner<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let before = found.steps;
    let mut is_moving = true;
    while is_moving {
        is_moving = false;
        is_moving |= any(bench, found, likes(found));
        let all: Vec<Answer> = found.best.answers.iter().collect();
        is_moving |= any(bench, found, (1..=FAR).rev().filter_map(|far| moved(&all, Move::Earlier(far))));
        let parts = bundles(&found.best.answers);
        if parts.len() > 1 {
            is_moving |= any(bench, found, one_moved(&parts));
        }
        is_moving |= any(bench, found, one_lost(found));
        is_moving |= any(bench, found, elsewhere(found));
        is_moving |= any(bench, found, other_lines(found));
        is_moving |= stop(bench, found);
        is_moving |= any(bench, found, firsts(found));
        is_moving |= further(bench, found);
    }
    found.steps > before
}

/// One stop of a node instead of two deviations: a loss of one message and a delay of another may be one pause.
fn stop<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    if found.best.answers.len() != 2 || !is_harmless(found.best.answers.as_slice()) {
        return false;
    }
    let stops = |topic| !matches!(topic, Topic::WallStep | Topic::WallFreeze) && extent(topic).is_some();
    let mut causes = instead(found, found.best.answers.as_slice());
    causes.retain(|cause| stops(cause.question().topic));
    causes.into_iter().any(|cause| put(bench, found, &[], cause, 2))
}

/// One deviation instead of one: the first of each kind and each node or link, as far as it is before that.
fn firsts(found: &Found) -> Vec<Answers> {
    let [only] = found.best.answers.as_slice() else { return Vec::new() };
    let mut lines = BTreeSet::new();
    let before = found.best.order.iter().take_while(|question| **question != only.question());
    let firsts = before.filter(|question| lines.insert((question.topic, question.source, question.target)));
    let tops = firsts.filter_map(|question| top((*question, found.best.count(*question)?)));
    tops.map(|new| [new].into_iter().collect()).collect()
}

/// Each bundle replaced by the loss of a message to or from its node, or on its link, near its place; where it is the
/// only one, by a crash there as well.
fn one_lost(found: &Found) -> Vec<Answers> {
    let all: Vec<Answer> = found.best.answers.iter().collect();
    let parts = bundles(&found.best.answers);
    let topics: &[Topic] = match parts.len() {
        1 => &[Topic::Loss, Topic::CrashBefore, Topic::CrashAfter],
        _ => &[Topic::Loss],
    };
    let mut candidates = Vec::new();
    for part in &parts {
        let cause = part.cause().question();
        let rest = || all.iter().filter(|answer| !part.answers().contains(answer)).copied();
        let near = near(found, cause, 1).into_iter().filter(|question| {
            let ends = [question.source, question.target];
            topics.contains(&question.topic) && (ends.contains(&cause.source) || ends.contains(&cause.target))
        });
        let lost = near.filter_map(|question| top((question, found.best.count(question)?)));
        candidates.extend(lost.map(|lost| rest().chain([lost]).collect::<Answers>()));
    }
    candidates
}

/// Raises each answer, by bisection, as long as the end comes sooner: where the most is too much, less may do.
pub(super) fn further<R: FnMut(&mut dyn Choices) -> Observed>(
    bench: &mut Bench<R>,
    found: &mut Found,
) -> bool {
    let before = found.steps;
    for answer in found.best.answers.clone().iter() {
        let mut too_high = answer.count().get();
        for _ in 0..BISECTIONS {
            let Some(best) = found.best.answers.get(answer.question()) else { break };
            let middle = best.value() + (too_high - best.value()) / 2;
            let Some(higher) =
                Answer::new(best.question(), middle, best.count()).filter(|_| middle > best.value())
            else {
                break;
            };
            let mut answers = found.best.answers.clone();
            answers.set(higher);
            if !found.take(bench.play(&answers)) {
                too_high = middle;
            }
        }
    }
    found.steps > before
}

/// Each bundle on another link or at another node, as near to its place as there is one.
fn other_lines(found: &Found) -> Vec<Answers> {
    let all: Vec<Answer> = found.best.answers.iter().collect();
    let mut candidates = Vec::new();
    for part in bundles(&found.best.answers) {
        let cause = part.cause().question();
        let rest = || all.iter().filter(|answer| !part.answers().contains(answer)).copied();
        let others = near(found, cause, 1).into_iter().filter(|other| {
            other.topic == cause.topic && (other.source, other.target) != (cause.source, cause.target)
        });
        for other in others {
            let moved = part.answers().iter().filter_map(|answer| {
                let Question { topic, nth, .. } = answer.question();
                let nth = nth.checked_add(other.nth)?.checked_sub(cause.nth)?;
                renamed(*answer, Question { topic, nth, ..other })
            });
            candidates.push(moved.chain(rest()).collect());
        }
    }
    candidates
}

/// Each bundle at earlier questions, the others where they are.
fn one_moved(parts: &[Bundle]) -> Vec<Answers> {
    let mut candidates = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let others = parts.iter().enumerate().filter(|(other, _)| *other != place);
        let others: Vec<Answer> = others.flat_map(|(_, other)| other.answers().iter().copied()).collect();
        let earlier = (1..=FAR).rev().filter_map(|far| moved(part.answers(), Move::Earlier(far)));
        candidates.extend(earlier.map(|moved| moved.iter().chain(others.iter().copied()).collect()));
    }
    candidates
}

/// All deviations with two nodes exchanged, one of which they concern; where they are one bundle, what is like it as
/// well.
fn elsewhere(found: &Found) -> Vec<Answers> {
    let ends = |question: Question| [question.source, question.target];
    let concerned: BTreeSet<NodeId> =
        found.best.answers.iter().flat_map(|answer| ends(answer.question())).collect();
    let nodes: BTreeSet<NodeId> = found.best.order.iter().flat_map(|question| ends(*question)).collect();
    let mut candidates = Vec::new();
    for one in &concerned {
        for other in nodes.iter().filter(|other| *other != one) {
            let swap = |node: NodeId| match node {
                node if node == *one => *other,
                node if node == *other => *one,
                node => node,
            };
            let swapped = found.best.answers.iter().filter_map(|answer| {
                let Question { source, target, .. } = answer.question();
                renamed(answer, Question { source: swap(source), target: swap(target), ..answer.question() })
            });
            let swapped: Answers = swapped.collect();
            if let [only] = &bundles(&swapped)[..] {
                candidates.extend(like(found, only).into_iter().map(Answers::from_iter));
            }
            candidates.push(swapped);
        }
    }
    candidates
}

/// Each bundle replaced by one of another kind that does much the same, at the same place: of two kinds that do the same
/// always the same one is found.
fn likes(found: &Found) -> Vec<Answers> {
    let all: Vec<Answer> = found.best.answers.iter().collect();
    let mut candidates = Vec::new();
    for part in bundles(&found.best.answers) {
        let rest = || all.iter().filter(|answer| !part.answers().contains(answer)).copied();
        for like in like(found, &part) {
            candidates.push(like.into_iter().chain(rest()).collect());
        }
    }
    candidates
}

/// What does much the same as this.
fn like(found: &Found, part: &Bundle) -> Vec<Vec<Answer>> {
    let cause = part.cause();
    match cause.question().topic {
        Topic::CrashBefore => like_crash(part, Topic::CrashAfter),
        Topic::CrashAfter => like_crash(part, Topic::CrashBefore),
        Topic::Suspend => {
            let pause = [(Topic::Suspend, Topic::Pause), (Topic::SuspendTime, Topic::PauseTime)];
            vec![of_topics(part, &pause)]
        }
        Topic::Latency | Topic::CorruptSeen | Topic::CorruptUnseen => {
            let lost = Question { topic: Topic::Loss, ..cause.question() };
            let lost = found.best.count(lost).and_then(|count| top((lost, count)));
            lost.map(|lost| vec![lost]).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A crash on the other side of the work on its input, there or one input earlier; and with its disk lost, not rotten.
fn like_crash(part: &Bundle, other: Topic) -> Vec<Vec<Answer>> {
    let swapped = of_topics(part, &[(part.cause().question().topic, other)]);
    let earlier = moved(&swapped, Move::Earlier(1)).map(|earlier| earlier.iter().collect());
    let lost = part.answers().iter().filter_map(|answer| match answer.question() {
        Question { topic: Topic::BitRot, nth, .. } => {
            // A restart is asked about by the number of the input that follows the crash.
            let nth = nth.checked_sub(1)?;
            renamed(*answer, Question { topic: Topic::Amnesia, nth, ..answer.question() })
        }
        _ => Some(*answer),
    });
    let lost = lost.collect();
    earlier.into_iter().chain([swapped, lost]).collect()
}

/// The bundle with other topics instead of some.
fn of_topics(part: &Bundle, others: &[(Topic, Topic)]) -> Vec<Answer> {
    let other = |topic| others.iter().find(|(old, _)| *old == topic).map_or(topic, |(_, new)| *new);
    let renamed = part.answers().iter().filter_map(|answer| {
        let topic = other(answer.question().topic);
        renamed(*answer, Question { topic, ..answer.question() })
    });
    renamed.collect()
}

/// Takes the first of these that is smaller than what was found; whether there is one.
fn any<R: FnMut(&mut dyn Choices) -> Observed>(
    bench: &mut Bench<R>,
    found: &mut Found,
    candidates: impl IntoIterator<Item = Answers>,
) -> bool {
    candidates.into_iter().take(TRIES_MAX).any(|candidate| found.take(bench.play(&candidate)))
}

/// Where deviations go: how many questions of their kind further.
#[derive(Clone, Copy)]
enum Move {
    Earlier(u64),
    Later(u64),
}

/// All of these so many questions further; `None` where one of them would come before the first.
fn moved(answers: &[Answer], by: Move) -> Option<Answers> {
    let moved = answers.iter().map(|answer| {
        let question = answer.question();
        let nth = match by {
            Move::Earlier(far) => question.nth.checked_sub(far),
            Move::Later(far) => question.nth.checked_add(far),
        };
        nth.and_then(|nth| renamed(*answer, Question { nth, ..question }))
    });
    moved.collect()
}

fn renamed_to(answer: Answer, value: u32) -> Option<Answer> {
    Answer::new(answer.question(), value, answer.count())
}

fn renamed(answer: Answer, question: Question) -> Option<Answer> {
    Answer::new(question, answer.value(), answer.count())
}
