//! Plays runs for the shrinker, remembers them and counts them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use constellation_fabric::{Choices, Options, Question, Topic};

use super::bundles::is_cause;
use super::{Failure, Observed};
use crate::choices::answers::{Answer, Answers};

/// How many answers are remembered, in all that was played: about 50 MB.
const ROOM: usize = 1 << 20;

/// Plays runs, and none twice that is remembered.
pub(super) struct Bench<R> {
    run: R,
    /// What is known: by the answers that were offered, and by those of them that were asked for.
    seen: BTreeMap<Answers, Observed>,
    /// How many more answers may be remembered. What is not remembered may be played twice, no more.
    room: usize,
    runs: u32,
    runs_max: u32,
    /// How many runs are kept for later passes; always one for the last replay.
    reserve: u32,
    known: u32,
    is_spent: bool,
    /// How many answers questions of a topic had at last, as far as they were asked.
    counts: BTreeMap<Topic, NonZeroU32>,
}

/// Answers from a set, and notes what was asked.
struct Listener<'a> {
    answers: &'a Answers,
    asked: Vec<(Question, NonZeroU32)>,
    given: Vec<Answer>,
}

impl Choices for Listener<'_> {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let count = options.count();
        self.asked.push((question, count));
        let Some(answer) = self.answers.get(question) else { return 0 };
        // Where there are fewer answers than there were, what is out of range is 0, as in a replay.
        let Some(answer) = Answer::new(question, answer.value(), count) else { return 0 };
        self.given.push(answer);
        answer.value()
    }
}

impl<R: FnMut(&mut dyn Choices) -> Observed> Bench<R> {
    pub(super) const fn new(run: R, runs_max: u32) -> Bench<R> {
        Bench {
            run,
            seen: BTreeMap::new(),
            room: ROOM,
            runs: 0,
            runs_max,
            reserve: 1,
            known: 0,
            is_spent: false,
            counts: BTreeMap::new(),
        }
    }

    /// The failure that `answers` lead to; `None` if they lead to none, if that is known already, or if no more
    /// runs are allowed. So a failure is returned once, when it is new.
    pub(super) fn play(&mut self, answers: &Answers) -> Option<Failure> {
        if self.seen.contains_key(answers) {
            self.known += 1;
            return None;
        }
        // The first run is always played. Saturating: no less than no runs are left.
        if self.runs > 0 && self.runs_max.saturating_sub(self.runs) <= self.reserve {
            self.is_spent = true;
            return None;
        }
        let (observed, failure) = self.listen(answers);
        self.remember(answers, observed);
        if failure.answers != *answers {
            self.remember(&failure.answers, observed);
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

    /// Keeps a quarter of all runs for later passes.
    pub(super) fn reserve_quarter(&mut self) {
        self.reserve = (self.runs_max / 4).max(1);
    }

    /// Keeps but one run, for the last replay.
    pub(super) const fn reserve_last(&mut self) {
        self.reserve = 1;
    }

    /// How many answers questions of this topic had at last; `None` if none was asked in any run.
    pub(super) fn count(&self, topic: Topic) -> Option<NonZeroU32> {
        self.counts.get(&topic).copied()
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

    fn remember(&mut self, answers: &Answers, observed: Observed) {
        // The calm run takes room too, so that the number of sets is bounded as well.
        if let Some(room) = self.room.checked_sub(answers.len() + 1) {
            self.room = room;
            self.seen.insert(answers.clone(), observed);
        }
    }

    fn listen(&mut self, answers: &Answers) -> (Observed, Failure) {
        let mut listener = Listener { answers, asked: Vec::new(), given: Vec::new() };
        let observed = (self.run)(&mut listener);
        self.runs += 1;
        let events = match observed {
            Observed::Holds => 0,
            Observed::Violated { events } => events,
        };
        let mut asked = listener.asked;
        for (question, count) in &asked {
            if !is_cause(question.topic) {
                self.counts.insert(question.topic, *count);
            }
        }
        let order = asked.iter().map(|(question, _)| *question).collect();
        asked.sort_unstable_by_key(|(question, _)| *question);
        asked.dedup_by_key(|(question, _)| *question);
        (observed, Failure { answers: listener.given.into_iter().collect(), events, asked, order })
    }
}
