//! Transactional causal consistency: causes come first, and transactions are seen whole.

use super::causal_convergence::converges;
use super::finding::{Finding, Stop};
use super::graph::Arrow;
use super::lists::{self, Registers};
use super::observed::{Again, INITIAL};
use super::past::Past;
use super::patience::Patience;
use super::read_atomic::{Fracture, acyclic, force};
use super::sources::{Kept, told_apart};
use super::versions::{read_arrows, session_arrows};
use super::writers::Writers;
use super::{About, Judges, Model, Recorded};

/// Transactional causal consistency (TCC): one order of all transactions, in which each read shows the last write of its
/// causal past, to which transactions belong as a whole.
///
/// It is [`CausalConvergence`](super::CausalConvergence) of transactions, and judged by the same algorithm; the name is that
/// of the transactional world. The order of sessions is part of it.
#[derive(Clone, Copy, Debug)]
pub struct TransactionalCausal;

static TRANSACTIONAL_CAUSAL: About = About {
    name: "transactional-causal",
    sentence: "each read shows the last write of its causal past, to which transactions belong as a whole",
    source: "Biswas and Enea, On the Complexity of Checking Transactional Consistency (OOPSLA 2019), CC",
    cost: "O((n + m) k)",
    judges: Judges::Transactions,
    implies: &["read-atomic", "causal-convergence"],
};

impl Model for TransactionalCausal {
    fn about(&self) -> &'static About {
        &TRANSACTIONAL_CAUSAL
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        lists::told(recorded, told_apart(recorded, Kept::Sessions, patience, causal)).into()
    }
}

fn causal(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let registers = Registers::of(recorded, patience)?;
    if let Registers::Recorded(..) = registers {
        return converges(recorded, patience);
    }
    // Lists know more of the order of writes, which that algorithm has no place for.
    let observed = registers.observed(Again::ShowsTheSame, patience)?;
    let past = Past::of(&observed, patience)?;
    let writers = Writers::of(&observed, patience)?;
    let mut arrows: Vec<Arrow> = session_arrows(&observed).chain(read_arrows(&observed)).collect();
    arrows.extend(registers.versions());
    let reach = |id, session| past.reach(&observed, id, session);
    writers.visit(&observed, patience, reach, |reader, seen, writer, _| {
        if seen.source != INITIAL && seen.source == writer.id {
            return Ok(());
        }
        force(&observed, &mut arrows, Fracture { reader, known: writer.id, seen, by: None })
    })?;
    acyclic(&observed, &arrows, patience)?;
    observed.holds()
}
