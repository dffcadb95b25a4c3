//! Read committed, in the two definitions that go by that name, which are not the same.

use super::finding::{Finding, Stop};
use super::graph::Arrow;
use super::lists::{self, Registers};
use super::observed::Again;
use super::patience::Patience;
use super::read_atomic::{Known, acyclic, each_known, force};
use super::sources::{Kept, told_apart_again};
use super::versions::{Wrote, read_arrows, session_arrows};
use super::{About, Judges, Model, Recorded};

/// Read committed as Adya defines it (PL-2): nothing aborted and nothing intermediate is read, and nobody reads in a circle.
///
/// Some order of each key's writes exists with which writes and reads form no cycle. Where that order is not recorded, it
/// may be any, so that only circles of reads are left. Sessions have no order here. Weaker than [`ReadCommitted`].
#[derive(Clone, Copy, Debug)]
pub struct AdyaPl2;

static ADYA_PL2: About = About {
    name: "adya-pl2",
    sentence: "only the last values of committed transactions are read, and never in a circle",
    source: "Adya, Weak Consistency: A Generalized Theory and Optimistic Implementations (MIT 1999), PL-2",
    cost: "O(n + m)",
    judges: Judges::Transactions,
    implies: &[],
};

impl Model for AdyaPl2 {
    fn about(&self) -> &'static About {
        &ADYA_PL2
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        let judged = told_apart_again(recorded, Kept::Nothing, Again::MayDiffer, patience, pl2);
        lists::told(recorded, judged).into()
    }
}

fn pl2(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let registers = Registers::of(recorded, patience)?;
    let observed = registers.observed(Again::MayDiffer, patience)?;
    let arrows: Vec<Arrow> = read_arrows(&observed).chain(registers.versions().iter().copied()).collect();
    acyclic(&observed, &arrows, patience)?;
    observed.holds()
}

/// Read committed as Biswas and Enea define it: what a transaction reads never goes back behind what it has read from.
///
/// One order of all transactions, keeping sessions and reads, in which a read shows nothing older than what a transaction
/// wrote that was read from before, within the same transaction. It may show something newer: a key that is read twice may
/// show two values. The order of sessions is part of it. Stronger than [`AdyaPl2`], which knows of no such order.
#[derive(Clone, Copy, Debug)]
pub struct ReadCommitted;

static READ_COMMITTED: About = About {
    name: "read-committed",
    sentence: "within a transaction no read goes back behind what was read from before",
    source: "Biswas and Enea, On the Complexity of Checking Transactional Consistency (OOPSLA 2019), RC",
    cost: "O(m^1.5)",
    judges: Judges::Transactions,
    implies: &["adya-pl2"],
};

impl Model for ReadCommitted {
    fn about(&self) -> &'static About {
        &READ_COMMITTED
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        let judged = told_apart_again(recorded, Kept::Causes, Again::MayDiffer, patience, committed);
        lists::told(recorded, judged).into()
    }
}

fn committed(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let registers = Registers::of(recorded, patience)?;
    let observed = registers.observed(Again::MayDiffer, patience)?;
    let wrote = Wrote::of(&observed);
    let mut arrows: Vec<Arrow> = session_arrows(&observed).chain(read_arrows(&observed)).collect();
    arrows.extend(registers.versions());
    let known = Known::ByReadingBefore;
    each_known(&observed, &wrote, known, patience, |known| force(&observed, &mut arrows, known))?;
    acyclic(&observed, &arrows, patience)?;
    observed.holds()
}
