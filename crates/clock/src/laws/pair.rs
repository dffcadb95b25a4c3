//! The laws of two stamps, given how their events truly stand.

use alloc::format;
use alloc::string::{String, ToString};

use super::Law;
use crate::clock::{ExactStamp, Stamp};
use crate::ordering::Ordering;

/// A law that two stamps break.
pub(super) struct Broken {
    pub(super) law: Law,
    pub(super) expected: String,
    pub(super) found: String,
}

/// How two events truly stand, and by what.
pub(super) struct Truth {
    pub(super) relation: Ordering,
    /// The law that says so.
    pub(super) law: Law,
}

/// Finds the law that two stamps break.
pub(super) type Judge<'a, S> = &'a dyn Fn(&S, &S, &Truth) -> Option<Broken>;

/// What every clock owes.
pub(super) fn possible_laws<S: Stamp>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let possible = left.possible(right);
    if !possible.contains(truth.relation) {
        let expected = format!("{} among the possible", truth.relation);
        return Some(Broken { law: truth.law, expected, found: possible.to_string() });
    }
    let mirrored = right.possible(left);
    if mirrored != possible.reversed() {
        let (expected, found) = (possible.reversed().to_string(), mirrored.to_string());
        return Some(Broken { law: Law::Mirror, expected, found });
    }
    None
}

/// What an exact clock owes beside.
pub(super) fn exact_laws<S: ExactStamp>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let compared = left.compare(right);
    if compared != truth.relation {
        let (expected, found) = (truth.relation.to_string(), compared.to_string());
        return Some(Broken { law: Law::Exactness, expected, found });
    }
    let partial = left.partial_cmp(right);
    if partial != compared.to_partial() {
        let (expected, found) = (format!("{:?}", compared.to_partial()), format!("{partial:?}"));
        return Some(Broken { law: Law::PartialOrder, expected, found });
    }
    equality_law(left, right, truth)
}

/// What a clock with a total order owes beside.
pub(super) fn total_laws<S: Ord>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let sorted = left.cmp(right);
    let is_lawful = match truth.relation {
        Ordering::Concurrent => sorted.is_ne(),
        ordered => ordered.to_partial() == Some(sorted),
    };
    if !is_lawful {
        let expected = format!("an order for {}", truth.relation);
        return Some(Broken { law: Law::LinearExtension, expected, found: format!("{sorted:?}") });
    }
    let turned = right.cmp(left);
    if turned != sorted.reverse() {
        let (expected, found) =
            (format!("{:?} the other way round", sorted.reverse()), format!("{turned:?}"));
        return Some(Broken { law: Law::LinearExtension, expected, found });
    }
    let partial = left.partial_cmp(right);
    if partial != Some(sorted) {
        let (expected, found) = (format!("{:?}", Some(sorted)), format!("{partial:?}"));
        return Some(Broken { law: Law::PartialOrder, expected, found });
    }
    equality_law(left, right, truth)
}

fn equality_law<S: PartialEq>(left: &S, right: &S, truth: &Truth) -> Option<Broken> {
    let is_same_event = truth.relation == Ordering::Equal;
    if (left == right) == is_same_event {
        return None;
    }
    let name = |is_equal: bool| String::from(if is_equal { "equal" } else { "not equal" });
    Some(Broken { law: Law::Equality, expected: name(is_same_event), found: name(!is_same_event) })
}
