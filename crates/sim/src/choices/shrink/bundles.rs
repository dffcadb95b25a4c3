//! Deviations that belong together: a crash and what comes of it, a pause and how long it takes.

use constellation_fabric::{Question, Topic};

use crate::choices::answers::{Answer, Answers};

/// A deviation, and those that are asked only because of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Bundle {
    /// The first is the cause; none is missing.
    answers: Vec<Answer>,
}

impl Bundle {
    pub(super) fn cause(&self) -> Answer {
        *self.answers.first().expect("a bundle has a cause")
    }

    pub(super) fn answers(&self) -> &[Answer] {
        &self.answers
    }
}

/// The bundles of `answers`, in the order of their causes. Each answer is in one of them.
pub(super) fn bundles(answers: &Answers) -> Vec<Bundle> {
    let mut bundles: Vec<Bundle> = Vec::new();
    // Causes have lower topics than what follows from them, so each comes before its effects.
    for answer in answers.iter() {
        let holds = |bundle: &Bundle, cause| bundle.answers.iter().any(|one| one.question() == cause);
        let home = causes(answer.question())
            .find_map(|cause| bundles.iter().position(|bundle| holds(bundle, cause)));
        match home {
            Some(home) => bundles[home].answers.push(answer),
            None => bundles.push(Bundle { answers: vec![answer] }),
        }
    }
    bundles
}

/// What `question` may be asked because of.
fn causes(question: Question) -> impl Iterator<Item = Question> {
    let (topics, back) = causes_of(question.topic);
    let nth = question.nth.checked_sub(back);
    topics.iter().filter_map(move |topic| Some(Question { topic: *topic, nth: nth?, ..question }))
}

/// Because of which topics this one is asked, and how many numbers before. What a restart finds on its disk is asked by
/// the number of the input after the one at which its node crashed.
const fn causes_of(topic: Topic) -> (&'static [Topic], u64) {
    use Topic::*;
    match topic {
        DuplicateLatency => (&[Duplicate], 0),
        CorruptHow => (&[CorruptUnseen], 0),
        Down | Amnesia => (&[CrashBefore, CrashAfter], 0),
        PauseTime => (&[Pause], 0),
        SuspendTime => (&[Suspend], 0),
        WallStepSize => (&[WallStep], 0),
        Unsynced | BitRot => (&[CrashBefore, CrashAfter], 1),
        Torn | UnsyncedWrites => (&[Unsynced], 0),
        WallFreezeTime => (&[WallFreeze], 0),
        WallYearBack => (&[WallYear], 0),
        BitRotPlace => (&[BitRot], 0),
        _ => (&[], 0),
    }
}

/// What says for how long a node stops, or how far its clock jumps, that is asked about under `topic`.
pub(super) const fn extent(topic: Topic) -> Option<Topic> {
    match topic {
        Topic::CrashBefore => Some(Topic::Down),
        Topic::Pause => Some(Topic::PauseTime),
        Topic::Suspend => Some(Topic::SuspendTime),
        Topic::WallStep => Some(Topic::WallStepSize),
        Topic::WallFreeze => Some(Topic::WallFreezeTime),
        _ => None,
    }
}

/// Whether it harms what a disk holds, which nothing does that only stops, delays or loses something.
pub(super) const fn is_harm(topic: Topic) -> bool {
    use Topic::*;
    matches!(topic, Amnesia | Unsynced | UnsyncedWrites | Torn | BitRot | BitRotPlace | DiskFull)
}

/// Whether questions of this topic are asked of their own accord.
pub(super) const fn is_cause(topic: Topic) -> bool {
    causes_of(topic).0.is_empty()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use constellation_trace::NodeId;

    use super::*;

    fn check(answers: &[(Topic, u32, u64)], expected: &[&[(Topic, u64)]]) {
        let two = NonZeroU32::new(2).expect("2 is not 0");
        let answers = answers.iter().map(|&(topic, node, nth)| {
            let node = NodeId::new(node);
            Answer::new(Question { topic, source: node, target: node, nth }, 1, two).expect("1 of 2")
        });
        let told = |bundle: &Bundle| {
            let question = |answer: &Answer| (answer.question().topic, answer.question().nth);
            bundle.answers().iter().map(question).collect::<Vec<_>>()
        };
        assert_eq!(bundles(&answers.collect()).iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_comes_of_a_crash_belongs_to_it() {
        use Topic::*;
        check(
            &[
                (CrashAfter, 0, 3),
                (Down, 0, 3),
                (Amnesia, 0, 3),
                (Unsynced, 0, 4),
                (Torn, 0, 4),
                (BitRot, 0, 4),
            ],
            &[&[(CrashAfter, 3), (Down, 3), (Amnesia, 3), (Unsynced, 4), (Torn, 4), (BitRot, 4)]],
        );
        check(
            &[(Pause, 0, 2), (PauseTime, 0, 2), (Loss, 0, 2)],
            &[&[(Loss, 2)], &[(Pause, 2), (PauseTime, 2)]],
        );
        check(&[], &[]);
    }

    #[test]
    fn what_comes_of_another_crash_does_not() {
        use Topic::*;
        check(&[(CrashBefore, 0, 3), (Amnesia, 0, 4)], &[&[(CrashBefore, 3)], &[(Amnesia, 4)]]);
        check(&[(CrashBefore, 0, 3), (Amnesia, 1, 3)], &[&[(CrashBefore, 3)], &[(Amnesia, 3)]]);
        // Of a crash that was planned, nothing is asked but what it leaves on the disk.
        check(&[(Unsynced, 0, 0), (Torn, 0, 0)], &[&[(Unsynced, 0), (Torn, 0)]]);
    }
}
