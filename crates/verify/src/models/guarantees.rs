//! The four session guarantees, and any set of them.

mod known;
mod names;
mod order;

use super::elements::{self, Level};
use super::finding::{Finding, Stop};
use super::observed::Observed;
use super::past::Past;
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::writers::Writers;
use super::{About, Model, Recorded};

use known::Knowing;
pub(super) use names::{SINGLE, named};

/// One of the four session guarantees of Terry et al. (1994).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guarantee {
    /// A session's reads know of its own earlier writes.
    ReadYourWrites,
    /// A session's reads know of all that its earlier reads knew of.
    MonotonicReads,
    /// Who knows of a write knows of the earlier ones of its session.
    MonotonicWrites,
    /// Who knows of a write knows of all that its session's earlier reads knew of.
    WritesFollowReads,
}

/// A set of session guarantees, which must hold together.
///
/// What a read knows of is the least relation that has the write that it shows and is closed under the guarantees. One
/// order of all writes, the same for everybody, must then have the write that is shown after all others of its key that
/// the read knows of (Viotti and Vukolić 2016, with the order as their arbitration). That order keeps the writes of each
/// session in its order whatever the set, else a session's going back could always be explained by turning the writes
/// around; with writes-follow-reads it has each write after those that its session read before.
///
/// All four together are exactly [`CausalConvergence`](super::CausalConvergence). Monotonic writes alone cannot be
/// seen to fail by single operations, and writes-follow-reads alone only by a circle of causes: what a read misses it must
/// first have to know of. Ask for them together with monotonic reads.
///
/// ```
/// use constellation_trace::Sessions;
/// use constellation_verify::Budget;
/// use constellation_verify::models::{self, Patience, Recorded};
///
/// let sessions = Sessions::sketch("pacific w(x,1) w(y,1)\nindian r(y,1) r(x,nil)")?;
/// let word = |name: &str| {
///     let model = models::find(name).expect("a set of guarantees");
///     model.judge(&Recorded::from(&sessions), &mut Patience::new(Budget::default())).word()
/// };
/// assert_eq!(word("monotonic-reads"), "holds");
/// assert_eq!(word("monotonic-writes"), "holds");
/// assert_eq!(word("monotonic-reads+monotonic-writes"), "violated");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Guarantees {
    bits: u8,
}

impl Guarantees {
    /// All four.
    pub const ALL: Guarantees = Guarantees { bits: 15 };

    /// The set of these.
    ///
    /// # Panics
    /// If there are none: nothing would be promised.
    pub const fn of(guarantees: &[Guarantee]) -> Guarantees {
        assert!(!guarantees.is_empty(), "a set of guarantees has at least one");
        let (mut bits, mut nth) = (0, 0);
        while nth < guarantees.len() {
            bits |= 1 << guarantees[nth] as u8;
            nth += 1;
        }
        Guarantees { bits }
    }

    /// Whether a guarantee is in the set.
    pub const fn has(self, guarantee: Guarantee) -> bool {
        self.bits >> guarantee as u8 & 1 == 1
    }
}

impl Model for Guarantees {
    fn about(&self) -> &'static About {
        names::about(self.bits)
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        let keeps = |recorded: &Recorded<'_>, patience: &mut Patience<'_>| keeps(*self, recorded, patience);
        let kept = if self.has(Guarantee::ReadYourWrites) { Kept::OwnWrites } else { Kept::Nothing };
        elements::judge(recorded, Level::Guarantees, patience, |recorded, patience| {
            told_apart(recorded, kept, patience, keeps)
        })
    }
}

fn keeps(set: Guarantees, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let observed = Observed::of(recorded, patience)?;
    if set.has(Guarantee::WritesFollowReads) {
        // A cycle of causes is one of writes: each session's part of it reads first and writes later.
        drop(Past::of(&observed, patience)?);
    }
    let writers = Writers::of(&observed, patience)?;
    let forced = Knowing::of(set, &observed, &writers, patience)?.forced(patience)?;
    order::check(set, &observed, &forced, patience)?;
    observed.holds()
}
