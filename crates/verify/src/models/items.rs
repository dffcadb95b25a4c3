//! What was recorded as a search takes it: each operation read once by the specification of its object.

use std::collections::BTreeMap;

use constellation_trace::{
    Act, Call, Completion, History, Key, Limit, Names, Operation, Outcome, Sessions, Transaction,
    TransactionId, one_line,
};

use super::finding::transaction_name;
use super::objects::{CellOperation, FailedSet, ListOperation, RegisterOperation};
use super::patience::Patience;
use super::search::{Fate, Item};
use super::specification::{Answer, Specification};
use super::weakness::Weakness;

/// What a search is about, and what its items are called.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Items are transactions of one access, or of a compare-and-set.
    Sessions(&'a Sessions),
    /// Items are operations, numbered by their places.
    History(&'a History),
}

impl Source<'_> {
    /// An item as it is called in a sentence.
    pub(super) fn name(self, id: TransactionId) -> String {
        match self {
            Source::Sessions(sessions) => transaction_name(sessions, id),
            Source::History(history) => {
                let operation = &history.operations()[id.index()];
                format!("s{} {}", operation.session, show(operation))
            }
        }
    }
}

/// An operation with its end, in one line: `read mode shows "safe"`.
pub(super) fn show(operation: &Operation) -> String {
    let call = operation.call.to_string();
    let call = one_line(call.trim_end()).into_owned();
    match &operation.completed {
        Some((_, Completion::Done)) => call,
        Some((_, shown @ Completion::Shows(_))) => format!("{call} {}", one_line(&shown.to_string())),
        Some((_, Completion::Failed { .. })) => format!("{call}, failed"),
        _ => format!("{call}, open"),
    }
}

/// What a judge that forgets something is left with, which is all if it forgets nothing.
pub(super) fn weakened<S: Specification>(
    specification: &S,
    mut items: Vec<Item<S::Operation>>,
    patience: &Patience<'_>,
) -> Vec<Item<S::Operation>> {
    let is_initial = |item: &Item<S::Operation>| {
        specification.is_pure(&item.operation)
            && specification.step(&specification.init(), &item.operation).is_some()
    };
    match patience.weakness() {
        Weakness::RealTime => {
            let whenever = |item: &mut Item<_>| (item.invoked, item.returned) = (0, Transaction::NEVER);
            items.iter_mut().for_each(whenever);
        }
        Weakness::Sessions => items.iter_mut().for_each(|item| item.session = item.id.number()),
        Weakness::Unknown => items.retain(|item| !item.is_open()),
        Weakness::InitialValues => items.retain(|item| !is_initial(item)),
        _ => {}
    }
    items
}

/// The operations of a history, in its order, as `specification` reads them; `part` names which of several objects each
/// is of, or `None` if it is not looked at.
///
/// # Errors
/// [`Limit::Unfit`] with the operation that is none of the object, or that ends before it begins.
pub(super) fn of_history<'h, S: Specification, P: Ord>(
    specification: &S,
    history: &'h History,
    mut part: impl FnMut(&'h Call) -> Option<P>,
) -> Result<Vec<Item<S::Operation>>, Limit> {
    let mut texts = Names::new();
    let mut parts: BTreeMap<P, u32> = BTreeMap::new();
    let mut items = Vec::new();
    for (place, operation) in history.operations().iter().enumerate() {
        let unfit = |why: String| Limit::Unfit(format!("operation {place}: {}", one_line(&why)));
        let Some(part) = part(&operation.call) else { continue };
        let answer = match &operation.completed {
            Some((_, Completion::Done)) => Answer::Done,
            Some((_, Completion::Shows(shown))) => Answer::Shows(shown),
            Some((_, Completion::Failed { .. })) => Answer::Failed,
            _ => Answer::Open,
        };
        let Some(read) = specification.operation(&operation.call, answer, &mut texts).map_err(unfit)? else {
            continue;
        };
        let fate = if answer == Answer::Open { Fate::Open } else { Fate::Certain };
        if fate == Fate::Open && specification.is_pure(&read) {
            continue;
        }
        let invoked = operation.invoked.at.ns();
        let returned = operation.returned_at().map_or(Transaction::NEVER, |at| at.ns());
        if returned < invoked {
            return Err(unfit(format!("`{}` ends at {returned} ns, before it begins", operation.call)));
        }
        let number =
            u32::try_from(place).map_err(|_| unfit("there are too many to be numbered".to_owned()))?;
        let count = u32::try_from(parts.len()).expect("as few as operations");
        items.push(Item {
            id: TransactionId::new(number),
            session: operation.session,
            invoked,
            returned,
            fate,
            part: *parts.entry(part).or_insert(count),
            operation: read,
        });
    }
    Ok(items)
}

/// What the only operation of a transaction is, and of which key; `None` if it says nothing.
///
/// # Errors
/// [`Limit::Unfit`] if it is a transaction of several.
pub(super) fn of_transaction(
    sessions: &Sessions,
    id: TransactionId,
    failed_set: FailedSet,
) -> Result<Option<(Key, CellOperation)>, Limit> {
    let accesses = sessions.accesses(id);
    let Some(first) = accesses.first() else { return Ok(None) };
    let outcome = sessions.transaction(id).outcome;
    let is_read = accesses.iter().all(|access| matches!(access.act, Act::Read | Act::ReadList));
    if outcome == Outcome::Unknown && is_read {
        return Ok(None);
    }
    let register = RegisterOperation::of(accesses);
    if outcome == Outcome::Aborted {
        let RegisterOperation::Set(expected, _) = (match register {
            Some(set) if failed_set == FailedSet::AssertsMismatch => set,
            _ => return Ok(None),
        }) else {
            return Ok(None);
        };
        return Ok(Some((first.key, CellOperation::Register(RegisterOperation::Mismatch(expected)))));
    }
    let operation = match (register, accesses) {
        (Some(operation), _) => CellOperation::Register(operation),
        (None, [one]) if one.act == Act::Append => {
            CellOperation::List(ListOperation::Append(one.value.bits()))
        }
        (None, [one]) if one.act == Act::ReadList => CellOperation::List(ListOperation::Read(
            sessions.list(one.value).iter().map(|value| value.bits()).collect(),
        )),
        _ => {
            let name = transaction_name(sessions, id);
            return Err(Limit::Unfit(format!("{name} is a transaction of several operations, not one")));
        }
    };
    Ok(Some((first.key, operation)))
}

/// Room for so many items is made at once.
const ITEMS_FEW: usize = 256;

/// The transactions on keys that are wanted, as items.
///
/// # Errors
/// [`Limit::Unfit`] for a transaction of several operations.
pub(super) fn of_sessions(
    sessions: &Sessions,
    failed_set: FailedSet,
    wanted: impl Fn(Key) -> bool,
) -> Result<Vec<Item<CellOperation>>, Limit> {
    // Of those that are not wanted there may be millions.
    let mut items = Vec::with_capacity(sessions.len().min(ITEMS_FEW));
    for id in sessions.ids() {
        let Some((key, operation)) = of_transaction(sessions, id, failed_set)? else { continue };
        if !wanted(key) {
            continue;
        }
        let transaction = sessions.transaction(id);
        let is_open = transaction.outcome == Outcome::Unknown;
        items.push(Item {
            id,
            session: transaction.session,
            invoked: transaction.invoked,
            returned: if is_open { Transaction::NEVER } else { transaction.returned },
            fate: if is_open { Fate::Open } else { Fate::Certain },
            part: key.number(),
            operation,
        });
    }
    Ok(items)
}
