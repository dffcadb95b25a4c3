//! What a judge can be made to forget, so that a test can tell whether anybody would notice.

/// What a judge forgets; nothing, unless a test says otherwise.
///
/// Judges look at it where they take in what is recorded and where an edge comes to be, never in a loop of their own. It is
/// for tests of the suite that compares judges with their twins, and says nothing of any history.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Weakness {
    /// It is whole.
    #[default]
    Nothing,
    /// What was over before another began.
    RealTime,
    /// Which operations are of one session, and in which order.
    Sessions,
    /// That an operation whose outcome is unknown may have taken effect: it counts as failed.
    Unknown,
    /// That reads of the initial value say anything.
    InitialValues,
    /// The edges from a write to its readers.
    Reads,
    /// The edges from a write that a reader knows of to the one that it shows.
    Written,
    /// The edges from a reader to those who overwrite what it shows.
    ReadBefore,
    /// The edges between two who write one key, of whom the second has to see the first.
    Conflicts,
    /// The edges between those whose values a list shows in an order.
    Listed,
}

impl Weakness {
    /// All but [`Weakness::Nothing`].
    pub const ALL: [Weakness; 9] = [
        Weakness::RealTime,
        Weakness::Sessions,
        Weakness::Unknown,
        Weakness::InitialValues,
        Weakness::Reads,
        Weakness::Written,
        Weakness::ReadBefore,
        Weakness::Conflicts,
        Weakness::Listed,
    ];

    /// What it is called: `forgets real time`.
    pub const fn name(self) -> &'static str {
        match self {
            Weakness::Nothing => "forgets nothing",
            Weakness::RealTime => "forgets real time",
            Weakness::Sessions => "forgets session order",
            Weakness::Unknown => "takes unknown for failed",
            Weakness::InitialValues => "ignores initial values",
            Weakness::Reads => "drops edges from writes to reads",
            Weakness::Written => "drops edges from known writes to shown ones",
            Weakness::ReadBefore => "drops edges from reads to overwriting writes",
            Weakness::Conflicts => "drops edges between writers of one key",
            Weakness::Listed => "drops edges in the order of lists",
        }
    }
}
