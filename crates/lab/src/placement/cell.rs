//! In which cell of the PACELC matrix a store lives (Abadi 2012): what it gives up in a partition, and what else.

use std::fmt;

use super::Lost;
use super::judged::{Baseline, Consistency};
use super::measure::{Answers, Served};

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
    /// Whichever site is cut off, and of five whichever two, every site answers everything once the time for a fail-over is
    /// over.
    Availability,
    /// Not everything is answered. Linearizable holds if it holds in normal operation; else of the models of a
    /// [`Baseline`] each that holds there. Nothing that was acknowledged is lost.
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

/// What the letters mean, each with its sentence without a full stop, and which models are asked; measured and declared cells
/// mean the same.
pub const LEGEND: [(&str, &str); 8] = [
    ("PA", "whichever sites are cut off, all is answered, once the time for a fail-over is over"),
    (
        "PC",
        "not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost",
    ),
    ("P–", "neither"),
    ("lost", "what a site does not show 3 s after the heal, even when it is asked again"),
    ("EL", "what is answered without a cut is not linearizable"),
    ("EC", "it is linearizable, with one slow site, too"),
    ("P?, E?", "what was measured does not tell"),
    (
        "models",
        "linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees",
    ),
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

impl Cell {
    /// Whether both halves are known.
    pub fn is_known(self) -> bool {
        self.partition != InPartition::Unknown && self.otherwise != Otherwise::Unknown
    }
}

impl InPartition {
    /// What is made of a store by these answers, of which those count that were given while sites were cut off both ways;
    /// by this verdict on what was answered, what it broke of the baseline, and what became of acknowledged writes, where
    /// one that only some sites have is as bad as a lost one.
    ///
    /// Consistency is what the store had before: a single leader of which all sites read a copy is not linearizable in normal
    /// operation, and keeps in a partition what it promises (as Abadi has it of PNUTS). One that is available and in which
    /// nothing was found wrong was not really cut (Gilbert and Lynch 2002), or the judge gave up: unknown. So is one that
    /// is not available, of which nothing is known to be broken or lost, and of which nobody can tell whether it keeps all
    /// of the baseline, or whether it keeps what it acknowledges: whoever answers nothing loses nothing. And so is one that
    /// does not answer everything again after a cut: what it would show then nobody knows.
    ///
    /// A write that was overwritten by a client that had not seen it ([`Overwritten`](super::Overwritten)) is not lost here.
    /// A linearizable store has none, so that it makes no difference where that is what is kept. A store that is not so
    /// without a cut let that client read something old, and then put its write where it was told to: behind the other, which
    /// every site has seen. How old a read may be is not part of what is kept, and so what is made of it is not either; it
    /// is told, and whoever must not have it asks for it ([`Words::is_nothing_lost`](super::requirements::Words)).
    pub fn of(
        answers: &[Answers],
        linearizable: &Consistency,
        baseline: &Baseline,
        lost: &Lost,
    ) -> InPartition {
        let mut apart = answers.iter().filter(|row| row.condition.is_partition()).peekable();
        if apart.peek().is_none() {
            return InPartition::Unknown;
        }
        let is_available = apart.all(Answers::is_available);
        let is_back = answers.iter().all(Answers::is_back);
        match (is_available, linearizable) {
            (true, Consistency::Violated(_)) if is_back => InPartition::Availability,
            (true, _) => InPartition::Unknown,
            (false, _) if lost.missed() > 0 || !baseline.broken.is_empty() => InPartition::Neither,
            // Not even in normal operation anything holds that could be kept.
            (false, Consistency::Violated(_)) if baseline.is_empty() => InPartition::Neither,
            (false, _) if !is_back || !lost.is_known() => InPartition::Unknown,
            (false, Consistency::Holds) => InPartition::Consistency,
            (false, Consistency::Violated(_)) if baseline.unknown.is_empty() => InPartition::Consistency,
            (false, _) => InPartition::Unknown,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use constellation_trace::Limit;

    use super::*;
    use crate::placement::client::Kind;
    use crate::placement::judged::Violation;
    use crate::placement::measure::Back;
    use crate::placement::protocol::{Condition, Fate, Way};

    fn violated() -> Consistency {
        let violation =
            Violation { round: 0, condition: Condition::Busy, found: String::new(), operations: Vec::new() };
        Consistency::Violated(Box::new(violation))
    }

    fn baseline(models: &[&'static str], broken: &[&'static str], unknown: &[&'static str]) -> Baseline {
        Baseline { models: models.to_vec(), broken: broken.to_vec(), unknown: unknown.to_vec() }
    }

    /// What is made of a store that answered so many of three in a cut both ways.
    fn of(done: usize, linearizable: &Consistency, baseline: &Baseline, lost: &Lost) -> InPartition {
        let (kind, gap) = (Kind::Read, Duration::ZERO);
        let cut = |way| Condition::Cut { site: 0, way, fate: Fate::Held };
        let back = Back { asked: 2, done: 2 };
        let both = Answers { condition: cut(Way::Both), site: 0, kind, asked: 3, done, gap, back };
        // Who is silent in one direction alone makes no difference.
        let one_way = Answers { condition: cut(Way::From), done: 0, ..both };
        InPartition::of(&[both, one_way], linearizable, baseline, lost)
    }

    #[test]
    fn only_whoever_is_known_to_keep_all_models_and_all_writes_is_consistent() {
        let kept = Lost { of: 9, ..Lost::default() };
        let ordered = baseline(&["causal", "pram"], &[], &[]);
        let limit = Consistency::Unknown(Limit::NotRecorded("it".to_owned()));
        let (right, wrong) = (Consistency::Holds, violated());
        let partly = Lost { partly: 1, ..kept.clone() };
        let unread = Lost { unread: 1, ..kept.clone() };
        let unread_partly = Lost { unread_partly: 1, ..kept.clone() };
        let table = [
            (3, &wrong, &ordered, &kept, "PA"),
            (3, &right, &ordered, &kept, "P?"),
            (3, &limit, &ordered, &kept, "P?"),
            (2, &right, &ordered, &kept, "PC"),
            (2, &wrong, &ordered, &kept, "PC"),
            (2, &limit, &ordered, &kept, "P?"),
            (2, &wrong, &baseline(&["causal", "pram"], &["pram"], &[]), &kept, "P–"),
            (2, &wrong, &baseline(&["causal", "pram"], &[], &["pram"]), &kept, "P?"),
            // Nobody knows whether it held before.
            (2, &wrong, &baseline(&[], &[], &["pram"]), &kept, "P?"),
            (2, &wrong, &baseline(&[], &[], &[]), &kept, "P–"),
            (2, &right, &ordered, &partly, "P–"),
            (2, &right, &ordered, &unread, "P?"),
            (2, &wrong, &ordered, &unread, "P?"),
            (2, &wrong, &ordered, &unread_partly, "P?"),
            // Whoever answers nothing loses nothing.
            (0, &right, &ordered, &Lost::default(), "P?"),
        ];
        for (nth, (done, linearizable, baseline, lost, expected)) in table.into_iter().enumerate() {
            assert_eq!(of(done, linearizable, baseline, lost).to_string(), expected, "row {nth}");
        }
    }

    #[test]
    fn whoever_answers_with_one_site_cut_off_must_with_two() {
        let cut = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };
        let (kind, gap) = (Kind::Write, Duration::ZERO);
        let one = Answers { condition: cut, site: 0, kind, asked: 3, done: 3, gap, back: Back::default() };
        let two = Answers { condition: Condition::Split { sites: [0, 1] }, done: 0, ..one };
        let (lost, of) = (Lost { of: 9, ..Lost::default() }, baseline(&["pram"], &[], &[]));
        let told = |rows: &[Answers]| InPartition::of(rows, &violated(), &of, &lost);
        assert_eq!([told(&[one]), told(&[one, two])], [InPartition::Availability, InPartition::Consistency]);
    }

    #[test]
    fn whoever_does_not_come_back_after_a_cut_is_neither_available_nor_consistent() {
        let kept = Lost { of: 9, ..Lost::default() };
        let ordered = baseline(&["pram"], &[], &[]);
        let cut = |way| Condition::Cut { site: 0, way, fate: Fate::Held };
        let back = |done| Back { asked: 2, done };
        let both = Answers {
            condition: cut(Way::Both),
            site: 0,
            kind: Kind::Write,
            asked: 3,
            done: 3,
            gap: Duration::ZERO,
            back: back(2),
        };
        let of = |done, gone, consistency| {
            let one_way = Answers { condition: cut(Way::To), back: back(gone), ..both };
            InPartition::of(&[Answers { done, ..both }, one_way], consistency, &ordered, &kept).to_string()
        };
        let (right, wrong) = (Consistency::Holds, violated());
        assert_eq!([of(3, 2, &wrong), of(0, 2, &right), of(0, 2, &wrong)], ["PA", "PC", "PC"]);
        for gone in [0, 1] {
            let told = [of(3, gone, &wrong), of(0, gone, &right), of(0, gone, &wrong)];
            assert_eq!(told, ["P?", "P?", "P?"], "it did {gone} of 2");
        }
    }

    #[test]
    fn of_whoever_was_never_cut_off_nobody_can_tell() {
        let lost = Lost { of: 9, ..Lost::default() };
        for consistency in [Consistency::Holds, violated()] {
            let told = InPartition::of(&[], &consistency, &Baseline::default(), &lost);
            assert_eq!(told, InPartition::Unknown);
        }
    }
}
