//! The slow obvious twin of the searches for an order: it tries all of them, one operation after the other.

use constellation_trace::{Act, Completion, History, Names, Outcome, Sessions, Transaction};
use constellation_verify::models::{Answer, FailedSet, Register, RegisterOperation, Specification};

/// What is asked of an order, and how a judge could get it wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rule {
    /// As linearizability is defined.
    Linearizable,
    /// As sequential consistency is defined.
    Sequential,
    /// Wrong: what is open has been done.
    OpenIsDone,
    /// Wrong: what is open has failed.
    OpenHasFailed,
    /// Wrong: what ends at the time at which another begins is before it.
    TouchingIsBefore,
    /// Wrong: what is open was over when its client went on.
    OpenEnds,
    /// Wrong: anything goes before the first write.
    NoInitialValue,
    /// Wrong: sessions have no order.
    NoSessions,
    /// Wrong: each object has an order of its own.
    EachAlone,
}

/// An operation of the twin.
#[derive(Clone, Debug)]
pub(crate) struct Op<O> {
    session: u32,
    invoked: u64,
    /// `None` if it is open.
    returned: Option<u64>,
    part: String,
    what: O,
}

/// Whether there is an order of all that is certain, and of any of what is open.
pub(crate) fn is_explained<S: Specification>(spec: &S, ops: &[Op<S::Operation>], rule: Rule) -> bool {
    if rule == Rule::EachAlone {
        let mut parts: Vec<&String> = ops.iter().map(|op| &op.part).collect();
        parts.sort_unstable();
        parts.dedup();
        return parts.into_iter().all(|part| {
            let own: Vec<_> = ops.iter().filter(|op| op.part == *part).cloned().collect();
            is_explained(spec, &own, Rule::Sequential)
        });
    }
    let mut order = Vec::new();
    extend(spec, ops, rule, &mut order)
}

fn extend<S: Specification>(spec: &S, ops: &[Op<S::Operation>], rule: Rule, order: &mut Vec<usize>) -> bool {
    let must = |op: &Op<S::Operation>| op.returned.is_some() || rule == Rule::OpenIsDone;
    if ops.iter().enumerate().all(|(nth, op)| order.contains(&nth) || !must(op)) {
        return true;
    }
    for next in 0..ops.len() {
        if order.contains(&next) || (rule == Rule::OpenHasFailed && ops[next].returned.is_none()) {
            continue;
        }
        let after_this = order.iter().any(|earlier| is_before(ops, rule, next, *earlier));
        let too_early = (0..ops.len()).any(|other| {
            other != next && !order.contains(&other) && must(&ops[other]) && is_before(ops, rule, other, next)
        });
        if after_this || too_early {
            continue;
        }
        order.push(next);
        if is_legal(spec, ops, rule, order) && extend(spec, ops, rule, order) {
            return true;
        }
        order.pop();
    }
    false
}

/// Whether the first must be before the second, if both are.
fn is_before<O>(ops: &[Op<O>], rule: Rule, one: usize, other: usize) -> bool {
    let next_begins = || {
        let later = ops.iter().skip(one + 1).find(|op| op.session == ops[one].session);
        later.map(|op| op.invoked).filter(|_| rule == Rule::OpenEnds)
    };
    let in_session = ops[one].session == ops[other].session && one < other && rule != Rule::NoSessions;
    let in_time = ops[one].returned.or_else(next_begins).is_some_and(|returned| match rule {
        Rule::Sequential | Rule::NoSessions => false,
        Rule::TouchingIsBefore | Rule::OpenEnds => returned <= ops[other].invoked,
        _ => returned < ops[other].invoked,
    });
    in_session || in_time
}

/// Whether each object explains the order so far.
fn is_legal<S: Specification>(spec: &S, ops: &[Op<S::Operation>], rule: Rule, order: &[usize]) -> bool {
    let last = &ops[*order.last().expect("not empty")];
    let mut state = spec.init();
    let mut is_first = true;
    for op in order.iter().map(|nth| &ops[*nth]).filter(|op| op.part == last.part) {
        match spec.step(&state, &op.what) {
            Some(next) => {
                is_first = is_first && next == state;
                state = next;
            }
            None if rule == Rule::NoInitialValue && is_first => {}
            None => return false,
        }
    }
    true
}

/// The operations of a history, as a specification reads them.
pub(crate) fn of_history<S: Specification>(
    spec: &S,
    history: &History,
) -> Result<Vec<Op<S::Operation>>, String> {
    let mut texts = Names::new();
    let mut ops = Vec::new();
    for operation in history.operations() {
        let answer = match &operation.completed {
            Some((_, Completion::Done)) => Answer::Done,
            Some((_, Completion::Shows(shown))) => Answer::Shows(shown),
            Some((_, Completion::Failed { .. })) => Answer::Failed,
            _ => Answer::Open,
        };
        if let Some(what) = spec.operation(&operation.call, answer, &mut texts)? {
            ops.push(Op {
                session: operation.session,
                invoked: operation.invoked.at.ns(),
                returned: operation.returned_at().map(|at| at.ns()),
                part: spec.partition(&operation.call).to_owned(),
                what,
            });
        }
    }
    Ok(ops)
}

/// Whether sessions of registers are explained; each transaction is a read, a write or both of one key.
pub(crate) fn registers(sessions: &Sessions, failed_set: FailedSet, rule: Rule) -> bool {
    let mut ops = Vec::new();
    for id in sessions.ids() {
        let Transaction { session, outcome, invoked, returned } = sessions.transaction(id);
        let is_asserted = failed_set == FailedSet::AssertsMismatch;
        let what = match (sessions.accesses(id), outcome) {
            ([one], Outcome::Committed) if one.act == Act::Read => RegisterOperation::Read(one.value.bits()),
            ([one], Outcome::Committed | Outcome::Unknown) if one.act == Act::Write => {
                RegisterOperation::Write(one.value.bits())
            }
            ([one, other], Outcome::Committed | Outcome::Unknown) => {
                RegisterOperation::Set(one.value.bits(), other.value.bits())
            }
            ([one, _], Outcome::Aborted) if is_asserted => RegisterOperation::Mismatch(one.value.bits()),
            _ => continue,
        };
        let returned = Some(returned).filter(|_| outcome != Outcome::Unknown);
        let part = sessions.accesses(id)[0].key.number().to_string();
        ops.push(Op { session, invoked, returned, part, what });
    }
    is_explained(&Register { failed_set }, &ops, rule)
}
