//! When two findings are one: the same promise, broken by the same kinds of luck and shown by the same kinds of events.

use constellation_fabric::Topic;
use constellation_sim::Answers;
use constellation_trace::{Kind, NodeId, Trace, Verdict};

use crate::subject::PromiseId;

/// What two findings have in common that are taken for one.
///
/// The promise; of the evidence the kinds of events that show it, in their order; and of the small run the deviations, each
/// by its topic and by which of the others are at the same nodes. Which nodes these are, which of several messages is
/// meant, and how large an answer is make no difference: a message lost on the way to `pacific` and another lost on the way
/// to `atlantic` are one finding if each breaks the same promise alone. Two lost messages from one node to two others are
/// another finding than two lost between one pair.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Likeness {
    promise: PromiseId,
    shown_by: Vec<u8>,
    deviations: Vec<(Topic, u32, u32)>,
}

/// Beyond this many nodes names are not exchanged for each other: that would take longer than it helps.
const NODES_MAX: usize = 6;

impl Likeness {
    pub(super) fn of(promise: PromiseId, answers: &Answers, verdict: &Verdict, trace: &Trace) -> Likeness {
        let shown_by = match verdict {
            Verdict::Violated(evidence) => {
                evidence.events.iter().map(|witness| kind(trace.event(witness.event).kind)).collect()
            }
            _ => Vec::new(),
        };
        Likeness { promise, shown_by, deviations: deviations(answers) }
    }
}

/// The deviations with the nodes numbered so that the list comes first in order: the same list for all that differ in
/// the names of nodes alone.
fn deviations(answers: &Answers) -> Vec<(Topic, u32, u32)> {
    let questions: Vec<_> = answers.iter().map(|answer| answer.question()).collect();
    let mut nodes: Vec<NodeId> =
        questions.iter().flat_map(|question| [question.source, question.target]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let numbered = |order: &[NodeId]| {
        let number = |node: NodeId| {
            let place = order.iter().position(|other| *other == node).unwrap_or(order.len());
            u32::try_from(place).expect("an answer names two nodes, and there are at most 2^20 answers")
        };
        let mut list: Vec<_> = questions
            .iter()
            .map(|question| (question.topic, number(question.source), number(question.target)))
            .collect();
        list.sort_unstable();
        list
    };
    if nodes.len() > NODES_MAX {
        return questions
            .iter()
            .map(|question| (question.topic, question.source.number(), question.target.number()))
            .collect();
    }
    let mut least = numbered(&nodes);
    permute(&mut nodes, 0, &mut |order| {
        let list = numbered(order);
        if list < least {
            least = list;
        }
    });
    least
}

/// Shows every order of `nodes` from `from` on; it is as deep as there are nodes.
fn permute(nodes: &mut Vec<NodeId>, from: usize, show: &mut impl FnMut(&[NodeId])) {
    if from == nodes.len() {
        return show(nodes);
    }
    for place in from..nodes.len() {
        nodes.swap(from, place);
        permute(nodes, from + 1, show);
        nodes.swap(from, place);
    }
}

const fn kind(kind: Kind) -> u8 {
    match kind {
        Kind::Local => 1,
        Kind::Receive(_) => 2,
        Kind::Persist => 3,
        Kind::Crash => 4,
        Kind::Restart { .. } => 5,
        Kind::Write(_) => 6,
        Kind::Read(_) => 7,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use constellation_fabric::Question;
    use constellation_sim::choices::Answer;

    use super::*;

    fn luck(deviations: &[(Topic, u32, u32, u64)]) -> Vec<(Topic, u32, u32)> {
        let count = NonZeroU32::new(1_000).expect("1000 is not 0");
        let answers = deviations.iter().zip(1..).map(|(&(topic, source, target, nth), value)| {
            let question = Question { topic, source: NodeId::new(source), target: NodeId::new(target), nth };
            Answer::new(question, value, count).expect("it is no 0 and below a thousand")
        });
        super::deviations(&answers.collect())
    }

    #[test]
    fn which_of_two_alike_messages_is_lost_makes_no_other_finding() {
        let one = luck(&[(Topic::Loss, 0, 1, 0)]);
        assert_eq!(one, luck(&[(Topic::Loss, 0, 1, 7)]), "another message of one link");
        assert_eq!(one, luck(&[(Topic::Loss, 3, 2, 0)]), "a message of another link");
        assert_eq!(luck(&[]), []);
    }

    #[test]
    fn another_kind_of_luck_or_another_constellation_of_nodes_makes_another_finding() {
        let one = luck(&[(Topic::Loss, 0, 1, 0)]);
        assert_ne!(one, luck(&[(Topic::Duplicate, 0, 1, 0)]));
        assert_ne!(one, luck(&[(Topic::Loss, 0, 0, 0)]), "a node alone is no link");
        let from_one = luck(&[(Topic::Loss, 0, 1, 0), (Topic::Loss, 0, 2, 0)]);
        assert_eq!(from_one, luck(&[(Topic::Loss, 3, 0, 4), (Topic::Loss, 3, 1, 5)]));
        assert_ne!(from_one, luck(&[(Topic::Loss, 0, 1, 0), (Topic::Loss, 0, 1, 1)]), "one link twice");
        assert_ne!(from_one, luck(&[(Topic::Loss, 1, 0, 0), (Topic::Loss, 2, 0, 0)]), "to one node");
        assert_ne!(from_one, luck(&[(Topic::Loss, 0, 1, 0), (Topic::Loss, 1, 2, 0)]), "a chain");
    }
}
