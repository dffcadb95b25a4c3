//! Causal memory and PRAM: each session has one order of all writes that explains everything it read.

mod saturation;

use super::elements::{self, Level};
use super::finding::{Anomaly, Finding, Stop};
use super::front;
use super::observed::Observed;
use super::past::Past;
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::writers::Writers;
use super::{About, Judges, Model, Recorded};

use saturation::{Kind, Saturation};

/// Causal memory (CM): causal, and each session has one order of its past that explains all that it read.
///
/// Unlike with [`Causal`](super::Causal) a session never changes its mind about which of two writes is newer; two sessions
/// may differ for ever (Ahamad et al. 1995, Bouajjani et al. 2017: bad patterns WriteHBInitRead, CyclicHB).
#[derive(Clone, Copy, Debug)]
pub struct CausalMemory;

/// Pipelined random access memory (PRAM): each session has an order of all writes that explains all that it read, and in
/// which the writes of each session are in its order.
///
/// Causes are kept within a session only: what a session read before it wrote is nobody else's business (Lipton and
/// Sandberg 1988). What a transaction of another session read is not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Pram;

static CAUSAL_MEMORY: About = About {
    name: "causal-memory",
    sentence: "each session sees one order of all writes in its past, which keeps causes",
    source: "Bouajjani, Enea, Guerraoui and Hamza, On Verifying Causal Consistency (POPL 2017), CM",
    cost: "O((n + m) k²) a pass, of which there are few",
    judges: Judges::Transactions,
    implies: &["causal", "pram"],
};

static PRAM: About = About {
    name: "pram",
    sentence: "each session sees one order of all writes, which keeps that of each session",
    source: "Lipton and Sandberg, PRAM: A Scalable Shared Memory (Princeton, 1988)",
    cost: "O((n + m) k²) a pass, of which there are few",
    judges: Judges::Transactions,
    implies: &[],
};

impl Model for CausalMemory {
    fn about(&self) -> &'static About {
        &CAUSAL_MEMORY
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        elements::judge(recorded, Level::Memory, patience, |recorded, patience| {
            told_apart(recorded, Kept::Sessions, patience, causal_memory)
        })
    }
}

impl Model for Pram {
    fn about(&self) -> &'static About {
        &PRAM
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        elements::judge(recorded, Level::Sessions, patience, |recorded, patience| {
            told_apart(recorded, Kept::Sessions, patience, pram)
        })
    }
}

fn causal_memory(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let observed = Observed::of(recorded, patience)?;
    // Without a cycle the past is the whole of what each session must keep.
    drop(Past::of(&observed, patience)?);
    each_session(&observed, Kind::Causal, patience)?;
    observed.holds()
}

fn pram(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let observed = Observed::of(recorded, patience)?;
    each_session(&observed, Kind::Sessions, patience)?;
    observed.holds()
}

fn each_session(observed: &Observed<'_>, kind: Kind, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let writers = Writers::of(observed, patience)?;
    let mut saturation = Saturation::new(observed, &writers, kind, patience)?;
    (0..observed.lines.len()).try_for_each(|session| saturation.explain(session, patience))
}
