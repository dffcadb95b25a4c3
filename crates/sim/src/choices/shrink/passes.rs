//! The passes of the shrinker, from the boldest to the finest.

use constellation_fabric::{Choices, Question, Topic};

use super::bench::Bench;
use super::{Found, Observed, moves, top};
use crate::choices::answers::{Answer, Answers};

/// With more questions than these, to try each alone costs more than it saves.
const ALONE_MAX: usize = 40;

/// How many pairs of questions are tried to prove that two deviations are not enough.
const PAIRS_MAX: usize = 150;

/// How many candidates one pass of trades tries. Small runs need fewer; for large ones it is the nearest that help.
const TRADES_MAX: usize = 400;

/// Every pass, until none helps.
pub(super) fn all<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    if found.best.answers.is_empty() || found.take(bench.play(&Answers::new())) {
        return;
    }
    // To lower is cheap and always helps, so trades must leave some runs for it.
    bench.reserve_quarter();
    if found.best.asked.len() > ALONE_MAX {
        return wide(bench, found);
    }
    alone(bench, found);
    leave_out(bench, found);
    in_pairs(bench, found);
    transplant(bench, found);
    while raise(bench, found) | trade(bench, found) {
        leave_out(bench, found);
    }
    bench.reserve_last();
    lower(bench, found);
    while leave_out(bench, found) | shift(bench, found) | transplant(bench, found) {
        lower(bench, found);
    }
}

/// Where questions are many: only near the deviations at hand, and of their kinds.
fn wide<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    moves::narrow(bench, found);
    leave_out(bench, found);
    while raise(bench, found) | moves::all(bench, found) {
        leave_out(bench, found);
    }
    bench.reserve_last();
    lower(bench, found);
    while leave_out(bench, found) | moves::further(bench, found) {
        lower(bench, found);
    }
}

/// Each question of the run alone, at its most: where one deviation is enough, this finds the best of them.
fn alone<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    let tops: Vec<Answer> = found.best.asked.iter().copied().filter_map(top).collect();
    if tops.len() > ALONE_MAX {
        return;
    }
    for one in tops {
        found.take(bench.play(&[one].into_iter().collect()));
    }
}

/// Each two questions, at their most, where there are few and more than two deviations are left.
fn in_pairs<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    let tops: Vec<Answer> = found.best.asked.iter().copied().filter_map(top).collect();
    if found.best.answers.len() <= 2 || tops.len() * tops.len().saturating_sub(1) / 2 > PAIRS_MAX {
        return;
    }
    for (place, one) in tops.iter().enumerate() {
        for other in &tops[..place] {
            found.take(bench.play(&[*one, *other].into_iter().collect()));
        }
    }
}

/// Delta debugging: leaves out ever smaller parts of the deviations.
fn leave_out<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let before = found.steps;
    let mut size = found.best.answers.len().div_ceil(2);
    while size > 0 && found.best.answers.len() > 1 {
        let mut begin = 0;
        let mut has_helped = false;
        while begin < found.best.answers.len() {
            let all = found.best.answers.as_slice();
            let end = (begin + size).min(all.len());
            let part: Answers = all[begin..end].iter().copied().collect();
            let rest: Answers = all[..begin].iter().chain(&all[end..]).copied().collect();
            // The part alone is the bolder guess; later it is too small to be likely.
            if part.len() < all.len() && part.len() * 2 >= all.len() && found.take(bench.play(&part)) {
                has_helped = true;
                begin = 0;
            } else if found.take(bench.play(&rest)) {
                has_helped = true;
            } else {
                begin = end;
            }
        }
        let len = found.best.answers.len();
        size = if has_helped && size == 1 { 1 } else { (size / 2).min(len.div_ceil(2)) };
    }
    found.steps > before
}

/// Raises answers to their most, all together and one by one, so that what they delay falls out of the run.
fn raise<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let mut has_helped = found.take(bench.play(&raised(&found.best.answers)));
    for answer in found.best.answers.clone().iter() {
        has_helped |= found.take(bench.play(&with(&found.best.answers, topped(answer))));
    }
    has_helped
}

/// Gives up one or two deviations for another.
fn trade<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    // What stays is best at its most; where that is too much, as it is.
    let all = raised(&found.best.answers);
    let all = if bench.is_violated(&all) { all } else { found.best.answers.clone() };
    let news = news(found, &all);
    let singles: Vec<Answers> = all.iter().map(|answer| without(&all, &[answer.question()])).collect();
    // One deviation less, since the others do more now.
    if singles.iter().any(|rest| found.take(bench.play(rest))) {
        return true;
    }
    // One less, since another does for two.
    let fewer = pairs(&all).into_iter().flat_map(|rest| news.iter().map(move |new| with(&rest, *new)));
    if fewer.take(TRADES_MAX).any(|answers| found.take(bench.play(&answers))) {
        return true;
    }
    // As many, but fewer events: the best of all these.
    let before = found.steps;
    let others = news.iter().flat_map(|new| singles.iter().map(move |rest| with(rest, *new)));
    for answers in others.take(TRADES_MAX) {
        found.take(bench.play(&answers));
    }
    found.steps > before
}

/// Moves an answer to another question: the delay that was just enough for one message may break the promise
/// sooner at another, where the most would come too late to be seen first.
fn shift<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let before = found.steps;
    let all = found.best.answers.clone();
    let news = news(found, &all);
    let moves = news.iter().flat_map(|new| all.iter().map(move |old| (old, *new)));
    for (old, new) in moves.filter(|(old, new)| old.count() == new.count()).take(TRADES_MAX) {
        let rest = without(&all, &[old.question()]);
        let moved = |value| {
            let moved = Answer::new(new.question(), value, new.count());
            moved.map_or(rest.clone(), |moved| with(&rest, moved))
        };
        let failure = bench.play(&moved(old.value()));
        let is_as_small = failure.as_ref().is_some_and(|failure| failure.size() == found.best.size());
        found.take(failure);
        // As good as the old one: if less does too, it is better, and will be lowered.
        if is_as_small {
            found.take(bench.play(&moved(old.value() - 1)));
        }
    }
    found.steps > before
}

/// Moves what belongs to one input of one node, such as a crash and what comes of it, to another input of that node:
/// alone, or beside the rest. One of the answers alone could not be moved, since the others are asked only with it.
fn transplant<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let before = found.steps;
    let all = found.best.answers.clone();
    let place = |question: Question| (question.source, question.nth);
    let of_node = |question: Question| question.source == question.target;
    let mut moves = Vec::new();
    for first in all.iter().map(|answer| answer.question()).filter(|question| of_node(*question)) {
        let is_part =
            |answer: &Answer| of_node(answer.question()) && place(answer.question()) == place(first);
        let (group, rest): (Vec<Answer>, Vec<Answer>) = all.iter().partition(is_part);
        // The first names its group.
        if group.len() < 2 || group.first().is_none_or(|answer| answer.question() != first) {
            continue;
        }
        let asked = found.best.asked.iter().map(|(question, _)| *question);
        let others = asked.filter(|other| other.topic == first.topic && of_node(*other));
        for nth in others.filter(|other| other.source == first.source).map(|other| other.nth) {
            let moved = group.iter().filter_map(|answer| {
                let question = Question { nth, ..answer.question() };
                Answer::new(question, answer.value(), answer.count())
            });
            let moved: Answers = moved.collect();
            moves.push((moved.clone(), rest.iter().copied().chain(moved.iter()).collect::<Answers>()));
        }
    }
    for (alone, beside) in moves.into_iter().take(TRADES_MAX) {
        found.take(bench.play(&alone));
        found.take(bench.play(&beside));
    }
    found.steps > before
}

/// Lowers each answer by bisection, as far as deviations and events stay as few.
fn lower<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    for answer in found.best.answers.clone().iter() {
        let mut too_low = 0;
        // Halves each time, so at most 32 times; an answer that fell out on the way is done with.
        while let Some(best) = found.best.answers.get(answer.question())
            && best.value() - too_low > 1
        {
            // A jump of a clock has its direction in its last bit, which is kept on the way.
            let middle = too_low + (best.value() - too_low) / 2;
            let middle = match answer.question().topic {
                Topic::WallStepSize if best.value() - too_low > 2 => middle - (best.value() - middle) % 2,
                _ => middle,
            };
            let lower = Answer::new(best.question(), middle, best.count()).expect("it is above too_low");
            if !found.take(bench.play(&with(&found.best.answers, lower))) {
                too_low = middle;
            }
        }
    }
}

/// What could deviate as well, at its most: first what is between nodes between which something deviates.
fn news(found: &Found, all: &Answers) -> Vec<Answer> {
    let is_new = |new: &Answer| all.get(new.question()).is_none();
    let mut news: Vec<Answer> = found.best.asked.iter().copied().filter_map(top).filter(is_new).collect();
    let ends = |answer: &Answer| (answer.question().source, answer.question().target);
    news.sort_by_key(|new| !all.iter().any(|old| ends(&old) == ends(new)));
    news
}

fn topped(answer: Answer) -> Answer {
    top((answer.question(), answer.count())).expect("a question with a deviation has a most")
}

fn raised(answers: &Answers) -> Answers {
    answers.iter().map(topped).collect()
}

fn with(answers: &Answers, answer: Answer) -> Answers {
    let mut answers = answers.clone();
    answers.set(answer);
    answers
}

fn without(answers: &Answers, questions: &[Question]) -> Answers {
    answers.iter().filter(|answer| !questions.contains(&answer.question())).collect()
}

/// `answers` without each two of them.
fn pairs(answers: &Answers) -> Vec<Answers> {
    let all = answers.as_slice();
    let ones = (0..all.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    // More than these are never looked at.
    let ones = ones.take(TRADES_MAX);
    ones.map(|(one, other)| without(answers, &[all[one].question(), all[other].question()])).collect()
}
