//! In how many runs a mode lives where: several runs of a real system need not agree.

use constellation_lab::placement::cell::Cell;

/// In how many runs of how many it was found in which cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Agreed {
    /// That of most runs first, then that which was found first.
    cells: Vec<(Cell, u32)>,
    /// How many runs were wanted; of some nothing may be known.
    wanted: u32,
}

impl Agreed {
    pub(super) fn of(found: impl IntoIterator<Item = Cell>, wanted: u32) -> Agreed {
        Agreed { cells: counted(found), wanted }
    }

    pub(super) fn cells(&self) -> &[(Cell, u32)] {
        &self.cells
    }

    /// The cell of more than half of the runs that were wanted, if both of its halves are known.
    pub(super) fn known(&self) -> Option<Cell> {
        let (cell, count) = self.cells.first()?;
        (count * 2 > self.wanted && cell.is_known()).then_some(*cell)
    }

    /// `PC/EC in 2 of 3, P–/EC in 1`.
    pub(super) fn told(&self) -> String {
        let part = |(nth, (cell, count)): (usize, &(Cell, u32))| match nth {
            0 => format!("{cell} in {count} of {}", self.wanted),
            _ => format!("{cell} in {count}"),
        };
        match &self.cells[..] {
            [] => format!("none of {} was measured", self.wanted),
            cells => cells.iter().enumerate().map(part).collect::<Vec<_>>().join(", "),
        }
    }
}

/// How often each thing was found: what most is first, and what is found as often in the order of finding.
pub(super) fn counted<T: PartialEq>(found: impl IntoIterator<Item = T>) -> Vec<(T, u32)> {
    let mut all: Vec<(T, u32)> = Vec::new();
    for thing in found {
        match all.iter_mut().find(|(other, _)| *other == thing) {
            Some((_, count)) => *count += 1,
            None => all.push((thing, 1)),
        }
    }
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_known_where_more_than_half_of_all_runs_found_it() {
        let table: [(&[&str], u32, &str, Option<&str>); 8] = [
            (&["PC/EC"], 1, "PC/EC in 1 of 1", Some("PC/EC")),
            (&["PC/EC", "PC/EC", "PC/EC"], 3, "PC/EC in 3 of 3", Some("PC/EC")),
            (&["P-/EC", "PC/EC", "PC/EC"], 3, "PC/EC in 2 of 3, P–/EC in 1", Some("PC/EC")),
            (&["P-/EC", "PC/EC"], 2, "P–/EC in 1 of 2, PC/EC in 1", None),
            (&["PA/EL", "PC/EC", "P-/EL"], 3, "PA/EL in 1 of 3, PC/EC in 1, P–/EL in 1", None),
            // Two were interrupted, or could not be begun.
            (&["PC/EC"], 3, "PC/EC in 1 of 3", None),
            (&["PC/EC", "PC/EC"], 3, "PC/EC in 2 of 3", Some("PC/EC")),
            (&[], 3, "none of 3 was measured", None),
        ];
        for (found, wanted, told, known) in table {
            let cells = found.iter().map(|cell| Cell::parse(cell).expect("it is one"));
            let agreed = Agreed::of(cells, wanted);
            assert_eq!(agreed.told(), told);
            assert_eq!(agreed.known(), known.and_then(Cell::parse), "{told}");
        }
    }

    #[test]
    fn that_nobody_can_tell_is_nothing_to_agree_on() {
        use constellation_lab::placement::cell::{InPartition, Otherwise};

        let unknown = Cell { partition: InPartition::Unknown, otherwise: Otherwise::Consistency };
        let known = Cell { partition: InPartition::Consistency, ..unknown };
        assert_eq!(Agreed::of([unknown; 3], 3).known(), None);
        assert_eq!(Agreed::of([unknown, known, known], 3).known(), Some(known));
        assert_eq!(Agreed::of([unknown, known, unknown], 3).known(), None);
    }
}
