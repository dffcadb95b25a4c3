//! Nodes that are cut off from all others now and then: partitions by luck.

use std::time::Duration;

use constellation_trace::{NodeId, TrueTime};

use crate::choices::Odds;
use crate::contacts::ContactsError;
use crate::lane::ns;

/// A network in which now and then a node is cut off from all others, both ways, for a while: at the start of each
/// period, the first of which begins at time 0, each node is or is not.
///
/// What is sent meanwhile waits, as in a partition, and goes out when the while is over. So each node that is cut off is
/// an island of its own: two of them do not reach each other either. A message to oneself is never cut off.
///
/// Whether a node is cut off is a question ([`Topic::Isolate`](crate::Topic::Isolate)) that is asked only of periods in
/// which a message goes from or to it while it could be, and once of each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Isolation {
    /// From one start to the next.
    pub period: Duration,
    /// For how long a node is cut off, if it is; more than nothing and less than `period`.
    pub down: Duration,
    /// How likely it is cut off.
    pub odds: Odds,
}

/// Which nodes are cut off in the present period, as far as anybody asked.
#[derive(Debug, Default)]
pub(crate) struct Islands {
    rule: Option<Isolation>,
    /// In ascending order of the nodes, what was last answered of each.
    answers: Vec<Answer>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    node: NodeId,
    period: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Reached,
    CutOff,
}

impl Islands {
    /// # Errors
    /// [`ContactsError::Isolation`].
    pub(crate) fn set(&mut self, rule: Isolation) -> Result<(), ContactsError> {
        let Isolation { period, down, .. } = rule;
        if down.is_zero() || down >= period {
            return Err(ContactsError::Isolation { period, down });
        }
        *self = Islands { rule: Some(rule), answers: Vec::new() };
        Ok(())
    }

    /// The rule, if there is one that can strike.
    #[inline]
    pub(crate) fn rule(&self) -> Option<Isolation> {
        self.rule.filter(|rule| rule.odds != Odds::NEVER)
    }

    /// When a message between these two can go out that is sent `now`, if that is later; `is_cut_off` answers for a node
    /// and a period. Costs two binary searches.
    pub(crate) fn until(
        &mut self,
        (source, target): (NodeId, NodeId),
        now: TrueTime,
        mut is_cut_off: impl FnMut(NodeId, u64) -> bool,
    ) -> Option<TrueTime> {
        let rule = self.rule()?;
        // Not 0: longer than `down`, which is more than nothing.
        let (period_ns, down_ns) = (ns(rule.period), ns(rule.down));
        let period = now.ns() / period_ns;
        if source == target || now.ns() % period_ns >= down_ns {
            return None;
        }
        // All islands end at once, and the next begin later, so nobody waits twice.
        let waits = [source, target].into_iter().any(|node| {
            let state = self.state(node, period, &mut is_cut_off);
            state == State::CutOff
        });
        // Cannot wrap: it is the start of a period that has begun.
        waits.then(|| TrueTime::from_ns((period * period_ns).saturating_add(down_ns)))
    }

    fn state(
        &mut self,
        node: NodeId,
        period: u64,
        is_cut_off: &mut impl FnMut(NodeId, u64) -> bool,
    ) -> State {
        let place = self.answers.binary_search_by_key(&node, |answer| answer.node);
        if let Some(answer) = place.ok().map(|place| self.answers[place]).filter(|it| it.period == period) {
            return answer.state;
        }
        let state = if is_cut_off(node, period) { State::CutOff } else { State::Reached };
        let answer = Answer { node, period, state };
        match place {
            Ok(place) => self.answers[place] = answer,
            Err(place) => self.answers.insert(place, answer),
        }
        state
    }
}

impl Clone for Islands {
    fn clone(&self) -> Islands {
        Islands { rule: self.rule, answers: self.answers.clone() }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Islands) {
        self.rule = source.rule;
        self.answers.clone_from(&source.answers);
    }
}
