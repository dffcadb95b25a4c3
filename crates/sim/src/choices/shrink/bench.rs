//! Plays runs for the shrinker, remembers them and counts them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use constellation_fabric::{Choices, Options, Question};

use super::{Failure, Observed};
use crate::choices::answers::{Answer, Answers};

/// Plays runs, and no run twice.
pub(super) struct Bench<R> {
    run: R,
    /// What is known: by the answers that were offered, and by those of them that were asked for.
    seen: BTreeMap<Answers, Observed>,
    runs: u32,
    runs_max: u32,
    known: u32,
    is_spent: bool,
}

/// Answers from a set, and notes what was asked.
struct Listener<'a> {
    answers: &'a Answers,
    asked: BTreeMap<Question, NonZeroU32>,
    given: Vec<Answer>,
}

impl Choices for Listener<'_> {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let count = options.count();
        self.asked.insert(question, count);
        let Some(answer) = self.answers.get(question) else { return 0 };
        // Where there are fewer answers than there were, what is out of range is 0, as in a replay.
        let Some(answer) = Answer::new(question, answer.value(), count) else { return 0 };
        self.given.push(answer);
        answer.value()
    }
}

impl<R: FnMut(&mut dyn Choices) -> Observed> Bench<R> {
    pub(super) const fn new(run: R, runs_max: u32) -> Bench<R> {
        Bench { run, seen: BTreeMap::new(), runs: 0, runs_max, known: 0, is_spent: false }
    }

    /// The failure that `answers` lead to; `None` if they lead to none, if that is known already, or if no more
    /// runs are allowed. So a failure is returned once, when it is new.
    pub(super) fn play(&mut self, answers: &Answers) -> Option<Failure> {
        if self.seen.contains_key(answers) {
            self.known += 1;
            return None;
        }
        // One run is kept for the last replay.
        if self.runs + 1 >= self.runs_max.max(2) {
            self.is_spent = true;
            return None;
        }
        let (observed, failure) = self.listen(answers);
        self.seen.insert(answers.clone(), observed);
        if failure.answers != *answers {
            self.seen.insert(failure.answers.clone(), observed);
        }
        (observed != Observed::Holds).then_some(failure)
    }

    /// Whether `answers` are known to lead to a failure.
    pub(super) fn is_violated(&self, answers: &Answers) -> bool {
        self.seen.get(answers).is_some_and(|observed| *observed != Observed::Holds)
    }

    /// Plays `answers` whether or not they are known.
    pub(super) fn replay(&mut self, answers: &Answers) -> Observed {
        self.listen(answers).0
    }

    pub(super) const fn runs(&self) -> u32 {
        self.runs
    }

    pub(super) const fn known(&self) -> u32 {
        self.known
    }

    /// Whether a run was not played because no more were allowed.
    pub(super) const fn is_spent(&self) -> bool {
        self.is_spent
    }

    fn listen(&mut self, answers: &Answers) -> (Observed, Failure) {
        let mut listener = Listener { answers, asked: BTreeMap::new(), given: Vec::new() };
        let observed = (self.run)(&mut listener);
        self.runs += 1;
        let events = match observed {
            Observed::Holds => 0,
            Observed::Violated { events } => events,
        };
        let asked = listener.asked.into_iter().collect();
        (observed, Failure { answers: listener.given.into_iter().collect(), events, asked })
    }
}
