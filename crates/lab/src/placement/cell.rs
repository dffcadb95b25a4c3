//! In which cell of the PACELC matrix a store lives (Abadi 2012): what it gives up in a partition, and what else.

use std::fmt;

use super::judged::Consistency;
use super::measure::Answers;

/// A cell of the matrix.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Cell {
    /// In a partition.
    pub partition: InPartition,
    /// In normal operation.
    pub otherwise: Otherwise,
}

/// What a store keeps in a partition.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum InPartition {
    /// Whichever site is cut off, every site answers everything once the time for a fail-over is over.
    Availability,
    /// What is answered is linearizable, what was acknowledged included; not everything is answered.
    Consistency,
    /// Neither.
    Neither,
    /// The measurement does not tell.
    Unknown,
}

/// What a store prefers in normal operation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Otherwise {
    /// Latency: what it answers is not linearizable, as it waits for less than that takes.
    Latency,
    /// Consistency: all that it answers is linearizable, with one slow site, too.
    Consistency,
    /// The measurement does not tell.
    Unknown,
}

impl InPartition {
    /// What these answers and this verdict on what was answered make of a store. One that is available and in which nothing
    /// was found wrong was not really cut (Gilbert and Lynch 2002), or the judge gave up: unknown.
    pub fn of(answers: &[Answers], linearizable: &Consistency) -> InPartition {
        let is_available = !answers.is_empty() && answers.iter().all(Answers::is_available);
        match (is_available, linearizable) {
            (true, Consistency::Violated(_)) => InPartition::Availability,
            (true, _) => InPartition::Unknown,
            (false, Consistency::Holds) => InPartition::Consistency,
            (false, Consistency::Violated(_)) => InPartition::Neither,
            (false, Consistency::Unknown(_)) => InPartition::Unknown,
        }
    }
}

impl Otherwise {
    /// What this verdict on normal operation makes of a store.
    pub const fn of(linearizable: &Consistency) -> Otherwise {
        match linearizable {
            Consistency::Holds => Otherwise::Consistency,
            Consistency::Violated(_) => Otherwise::Latency,
            Consistency::Unknown(_) => Otherwise::Unknown,
        }
    }
}

impl fmt::Display for Cell {
    /// `PA/EL`, `P–/EC`, `P?/EC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.otherwise)
    }
}

impl fmt::Display for InPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InPartition::Availability => "PA",
            InPartition::Consistency => "PC",
            InPartition::Neither => "P–",
            InPartition::Unknown => "P?",
        })
    }
}

impl fmt::Display for Otherwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Otherwise::Latency => "EL",
            Otherwise::Consistency => "EC",
            Otherwise::Unknown => "E?",
        })
    }
}
