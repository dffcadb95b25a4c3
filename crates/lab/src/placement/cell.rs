//! In which cell of the PACELC matrix a store lives (Abadi 2012): what it gives up in a partition, and what else.

use std::fmt;

use super::judged::{Baseline, Consistency};
use super::measure::{Answers, Served};
use super::protocol::Way;

/// A cell of the matrix, measured or declared.
///
/// ```
/// use constellation_lab::placement::cell::{Cell, InPartition, Otherwise};
///
/// let cell = Cell::parse("PA/EL").expect("it is one");
/// assert_eq!((cell.partition, cell.otherwise), (InPartition::Availability, Otherwise::Latency));
/// assert_eq!(Cell::parse("P-/EC").expect("it is one").to_string(), "P–/EC");
/// assert_eq!(Cell::parse("CA"), None);
/// ```
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
    /// Not everything is answered. The models of consistency that hold in normal operation hold here: where that is
    /// linearizable, so is this. Nothing that was acknowledged is lost.
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

/// What the letters mean, each with its sentence without a full stop; measured and declared cells mean the same.
pub const LEGEND: [(&str, &str); 6] = [
    ("PA", "whichever site is cut off, all is answered, once the time for a fail-over is over"),
    ("PC", "not all is; models that hold without a cut hold with one, and no acknowledged write is lost"),
    ("P–", "neither"),
    ("EL", "what is answered without a cut is not linearizable"),
    ("EC", "it is linearizable, with one slow site, too"),
    ("P?, E?", "what was measured does not tell"),
];

impl Cell {
    /// The six cells, with how they are written in a file.
    pub const NAMES: [(&str, Cell); 6] = [
        ("PA/EL", Cell { partition: InPartition::Availability, otherwise: Otherwise::Latency }),
        ("PA/EC", Cell { partition: InPartition::Availability, otherwise: Otherwise::Consistency }),
        ("PC/EL", Cell { partition: InPartition::Consistency, otherwise: Otherwise::Latency }),
        ("PC/EC", Cell { partition: InPartition::Consistency, otherwise: Otherwise::Consistency }),
        ("P-/EL", Cell { partition: InPartition::Neither, otherwise: Otherwise::Latency }),
        ("P-/EC", Cell { partition: InPartition::Neither, otherwise: Otherwise::Consistency }),
    ];

    /// The cell that is written so; `P-` may be written with a hyphen or a dash.
    pub fn parse(text: &str) -> Option<Cell> {
        let text = text.replace('–', "-");
        Cell::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, cell)| cell)
    }
}

impl InPartition {
    /// What is made of a store by these answers, of which those count that were given while a site was cut off both ways;
    /// by this verdict on what was answered, what it broke of the baseline, and by so many lost writes, those among them
    /// that some sites have.
    ///
    /// Consistency is what the store had before: a single leader of which all sites read a copy is not linearizable in normal
    /// operation, and keeps in a partition what it promises (as Abadi has it of PNUTS). One that is available and in which
    /// nothing was found wrong was not really cut (Gilbert and Lynch 2002), or the judge gave up: unknown. So is one that
    /// is not available and of which no judge can tell whether it keeps any of the baseline, where nothing else decides.
    pub fn of(
        answers: &[Answers],
        linearizable: &Consistency,
        baseline: &Baseline,
        lost: usize,
    ) -> InPartition {
        let mut apart = answers.iter().filter(|row| row.way == Way::Both).peekable();
        let is_available = apart.peek().is_some() && apart.all(Answers::is_available);
        let is_kept = lost == 0 && baseline.broken.is_empty();
        match (is_available, linearizable) {
            (true, Consistency::Violated(_)) => InPartition::Availability,
            (true, _) => InPartition::Unknown,
            (false, _) if !is_kept => InPartition::Neither,
            (false, Consistency::Unknown(_)) => InPartition::Unknown,
            (false, Consistency::Holds) => InPartition::Consistency,
            // Not even in normal operation anything holds that could be broken.
            (false, Consistency::Violated(_)) if baseline.models.is_empty() => InPartition::Neither,
            (false, Consistency::Violated(_)) if baseline.kept().is_empty() => InPartition::Unknown,
            (false, Consistency::Violated(_)) => InPartition::Consistency,
        }
    }
}

impl Otherwise {
    /// What this verdict on normal operation makes of a store. Of one that did not do what was asked of it nobody can tell:
    /// whoever answers nothing says nothing wrong.
    pub fn of(linearizable: &Consistency, served: &[Served]) -> Otherwise {
        match linearizable {
            Consistency::Violated(_) => Otherwise::Latency,
            Consistency::Holds if !served.is_empty() && served.iter().all(Served::is_enough) => {
                Otherwise::Consistency
            }
            Consistency::Holds | Consistency::Unknown(_) => Otherwise::Unknown,
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
