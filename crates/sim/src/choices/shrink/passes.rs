//! The passes of the shrinker, from the boldest to the finest.

use constellation_fabric::{Choices, Question};

use super::bench::Bench;
use super::{Found, Observed, top};
use crate::choices::answers::{Answer, Answers};

/// With more questions than these, to try each alone costs more than it saves.
const ALONE_MAX: usize = 64;

/// Every pass, until none helps.
pub(super) fn all<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    if found.best.answers.is_empty() || found.take(bench.play(&Answers::new())) {
        return;
    }
    alone(bench, found);
    leave_out(bench, found);
    while raise(bench, found) | trade(bench, found) {
        leave_out(bench, found);
    }
    lower(bench, found);
    while leave_out(bench, found) | shift(bench, found) {
        lower(bench, found);
    }
}

/// Each question of the run alone, at its most: where one deviation is enough, this finds the best of them.
fn alone<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    let asked = found.best.asked.clone();
    if asked.len() > ALONE_MAX {
        return;
    }
    for answer in asked.into_iter().filter_map(top) {
        found.take(bench.play(&[answer].into_iter().collect()));
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
            // The part alone is the bolder guess; it is small when the part is.
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
        let mut answers = found.best.answers.clone();
        answers.set(topped(answer));
        has_helped |= found.take(bench.play(&answers));
    }
    has_helped
}

/// Gives up one or two deviations for another.
fn trade<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    // What stays is best at its most; where that is too much, as it is.
    let all = raised(&found.best.answers);
    let all = if bench.is_violated(&all) { all } else { found.best.answers.clone() };
    let news: Vec<Answer> = found.best.asked.iter().copied().filter_map(top).collect();
    let news: Vec<Answer> = news.into_iter().filter(|answer| all.get(answer.question()).is_none()).collect();
    let with = |answers: &Answers, answer: &Answer| {
        let mut answers = answers.clone();
        answers.set(*answer);
        answers
    };
    let singles: Vec<Answers> = all.iter().map(|answer| without(&all, &[answer.question()])).collect();
    // One deviation less, since the others do more now.
    if singles.iter().any(|rest| found.take(bench.play(rest))) {
        return true;
    }
    // One less, since another does for two.
    for rest in pairs(&all) {
        if news.iter().any(|new| found.take(bench.play(&with(&rest, new)))) {
            return true;
        }
    }
    // As many, but fewer events: the best of all these.
    let mut has_helped = false;
    for rest in &singles {
        for new in &news {
            has_helped |= found.take(bench.play(&with(rest, new)));
        }
    }
    has_helped
}

/// Lowers each answer by bisection, as far as deviations and events stay as few.
fn lower<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) {
    for answer in found.best.answers.clone().iter() {
        let mut too_low = 0;
        // Halves each time, so at most 32 times; an answer that fell out on the way is done with.
        while let Some(best) = found.best.answers.get(answer.question())
            && best.value() - too_low > 1
        {
            let middle = too_low + (best.value() - too_low) / 2;
            let lower = Answer::new(best.question(), middle, best.count()).expect("it is above too_low");
            let mut answers = found.best.answers.clone();
            answers.set(lower);
            if !found.take(bench.play(&answers)) {
                too_low = middle;
            }
        }
    }
}

/// Moves an answer to another question: the delay that was just enough for one message may break the promise
/// sooner at another, where the most would come too late to be seen first.
fn shift<R: FnMut(&mut dyn Choices) -> Observed>(bench: &mut Bench<R>, found: &mut Found) -> bool {
    let (all, asked) = (found.best.answers.clone(), found.best.asked.clone());
    let mut has_helped = false;
    for old in all.iter() {
        let rest = without(&all, &[old.question()]);
        for &(question, count) in &asked {
            if count != old.count() || all.get(question).is_some() {
                continue;
            }
            let with = |value| {
                let mut answers = rest.clone();
                Answer::new(question, value, count).into_iter().for_each(|answer| answers.set(answer));
                answers
            };
            let failure = bench.play(&with(old.value()));
            let is_as_small = failure.as_ref().is_some_and(|failure| failure.size() == found.best.size());
            has_helped |= found.take(failure);
            // As good as the old one: if less does too, it is better, and will be lowered.
            if is_as_small && old.value() > 1 {
                has_helped |= found.take(bench.play(&with(old.value() - 1)));
            }
        }
    }
    has_helped
}

fn topped(answer: Answer) -> Answer {
    top((answer.question(), answer.count())).expect("a question with a deviation has a most")
}

fn raised(answers: &Answers) -> Answers {
    answers.iter().map(topped).collect()
}

fn without(answers: &Answers, questions: &[Question]) -> Answers {
    answers.iter().filter(|answer| !questions.contains(&answer.question())).collect()
}

/// `answers` without each two of them.
fn pairs(answers: &Answers) -> Vec<Answers> {
    let all = answers.as_slice();
    let ones = (0..all.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    ones.map(|(one, other)| without(answers, &[all[one].question(), all[other].question()])).collect()
}
