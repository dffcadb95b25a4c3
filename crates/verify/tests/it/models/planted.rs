//! Judges that forget something, each of which the suite catches by a history that has a name.
//!
//! A judge that forgets is one that is shown a history without it: so each is the judge itself, on what is left.

use constellation_trace::{Access, Act, Outcome, Sessions, Timing, Transaction, Value};

use super::{judge, sessions};

/// The same history, of which something is forgotten: what becomes of each transaction, and in which session.
fn forgetting(
    all: &Sessions,
    mut become_of: impl FnMut(Transaction, &[Access]) -> Option<(Transaction, Vec<Access>)>,
) -> Sessions {
    let mut left = Sessions::new(all.timing());
    for name in all.keys().iter() {
        left.key(name).expect("few");
    }
    for nth in 0..all.sessions().len().max(all.len()) {
        left.session(&nth.to_string()).expect("few");
    }
    for id in all.ids() {
        if let Some((transaction, accesses)) = become_of(all.transaction(id), all.accesses(id)) {
            left.push(transaction, &accesses).expect("all is held");
        }
    }
    left
}

fn forgets_session_order(all: &Sessions) -> Sessions {
    let mut next = 0..;
    forgetting(all, |transaction, accesses| {
        Some((Transaction { session: next.next()?, ..transaction }, accesses.to_vec()))
    })
}

fn takes_unknown_for_failed(all: &Sessions) -> Sessions {
    forgetting(all, |transaction, accesses| {
        (transaction.outcome != Outcome::Unknown).then(|| (transaction, accesses.to_vec()))
    })
}

fn ignores_initial_values(all: &Sessions) -> Sessions {
    forgetting(all, |transaction, accesses| {
        let seen = accesses.iter().filter(|access| access.value != Value::NOTHING);
        Some((transaction, seen.copied().collect()))
    })
}

fn splits_transactions(all: &Sessions) -> Sessions {
    // Accesses follow each other in the session, one by one.
    let mut left = forgetting(all, |_, _| None);
    for id in all.ids() {
        for access in all.accesses(id) {
            left.push(all.transaction(id), &[*access]).expect("all is held");
        }
    }
    left
}

fn takes_aborted_for_committed(all: &Sessions) -> Sessions {
    forgetting(all, |transaction, accesses| {
        Some((Transaction { outcome: Outcome::Committed, ..transaction }, accesses.to_vec()))
    })
}

fn drops_what_reads_tell_of_sources(all: &Sessions) -> Sessions {
    // Each read of a written value is gone, as if no edge led there; what is left are reads of the initial value.
    forgetting(all, |transaction, accesses| {
        let left =
            accesses.iter().filter(|access| access.act == Act::Write || access.value == Value::NOTHING);
        Some((transaction, left.copied().collect()))
    })
}

/// A judge that forgets something, by name, and a history that shows it: the model, and what the two judges say.
type Planted = (&'static str, fn(&Sessions) -> Sessions, &'static str, &'static str, [&'static str; 2]);

const PLANTED: [Planted; 12] = [
    ("forgets session order", forgets_session_order, "causal", "a w(x,1) r(x,nil)", ["violated", "holds"]),
    (
        "forgets session order",
        forgets_session_order,
        "pram",
        "a w(x,1) w(x,2)\nb r(x,2) r(x,1)",
        ["violated", "holds"],
    ),
    (
        "forgets session order",
        forgets_session_order,
        "causal-convergence",
        "a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2) r(x,1)",
        ["violated", "holds"],
    ),
    (
        "forgets session order",
        forgets_session_order,
        "monotonic-reads",
        "a w(x,1)\nb r(x,1) r(x,nil)",
        ["violated", "holds"],
    ),
    (
        "takes unknown for failed",
        takes_unknown_for_failed,
        "causal",
        "a w(x,1)?\nb r(x,1)",
        ["holds", "violated"],
    ),
    (
        "takes unknown for failed",
        takes_unknown_for_failed,
        "causal-memory",
        "a w(x,1)?\nb r(x,1)",
        ["holds", "violated"],
    ),
    (
        "ignores initial values",
        ignores_initial_values,
        "causal",
        "a w(x,1) w(y,1)\nb r(y,1) r(x,nil)",
        ["violated", "holds"],
    ),
    (
        "ignores initial values",
        ignores_initial_values,
        "read-your-writes",
        "a w(x,1) r(x,nil)",
        ["violated", "holds"],
    ),
    (
        "ignores initial values",
        ignores_initial_values,
        "strong-convergence",
        "a w(x,1) w(y,1)\nb r(y,1) r(x,nil)\nc r(y,1) r(x,1)",
        ["violated", "holds"],
    ),
    (
        "splits transactions",
        splits_transactions,
        "causal",
        "a {w(x,1) w(y,1)}\nb {r(y,nil) r(x,1)}",
        ["violated", "holds"],
    ),
    (
        "takes aborted for committed",
        takes_aborted_for_committed,
        "pram",
        "a w(x,1)!\nb r(x,1)",
        ["violated", "holds"],
    ),
    (
        "drops what reads tell of sources",
        drops_what_reads_tell_of_sources,
        "causal-memory",
        "a w(x,1)\nb r(x,1) w(y,1)\nc r(y,1) r(x,nil)",
        ["violated", "holds"],
    ),
];

#[test]
fn each_judge_that_forgets_something_is_caught() {
    for (name, forgets, model, sketch, expected) in PLANTED {
        let all = sessions(sketch);
        let words = [judge(model, &all).word(), judge(model, &forgets(&all)).word()];
        assert_eq!(words, expected, "{model} that {name}, of\n{sketch}");
        assert_eq!(all.timing(), Timing::None);
    }
}
