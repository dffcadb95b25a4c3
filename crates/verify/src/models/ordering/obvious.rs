//! What follows from reads at once, without a table: enough to find most of what is wrong in histories too large for one.

use super::{Accessed, Problem, Sight};
use crate::models::finding::Stop;
use crate::models::graph::{Arrow, Because, sorted};
use crate::models::observed::INITIAL;
use crate::models::patience::Patience;

/// Of pairs of a reader of an initial value and a writer of the key so many are told.
const PAIRS_MAX: usize = 1 << 16;

impl Problem<'_> {
    /// Whoever reads what another transaction reads and overwrites begins before that commits; whoever reads the initial
    /// value begins before all writers commit; two do not overwrite one value where that is forbidden. O(accesses), nearly.
    ///
    /// # Errors
    /// A cycle, with its reasons; or patience.
    pub(super) fn obvious(&mut self, patience: &mut Patience<'_>) -> Result<(), Stop> {
        let mut found: Vec<(Arrow, u32)> = Vec::new();
        for accessed in &self.keys {
            patience.step((accessed.reads.len() + accessed.writers.len()) as u64)?;
            self.of_key(accessed, &mut found);
        }
        patience.afford(found.len(), 2 * size_of::<Arrow>())?;
        found.into_iter().for_each(|(arrow, round)| self.force(arrow, round));
        match sorted(self.owners.len(), &self.arrows, patience)? {
            Ok(_) => Ok(()),
            Err(cycle) => Err(self.told(&cycle, patience)?.into()),
        }
    }

    fn of_key(&self, accessed: &Accessed, found: &mut Vec<(Arrow, u32)>) {
        let key = accessed.key;
        let (begin, commit) = (|one: u32| self.begins[one as usize], |one: u32| self.commits[one as usize]);
        let mut reads = accessed.reads.clone();
        reads.sort_unstable_by_key(|read| (read.source, read.reader));
        for same in reads.chunk_by(|one, other| one.source == other.source) {
            let updates = |reader: &u32| accessed.writers.binary_search(reader).is_ok();
            let readers = || same.iter().map(|read| read.reader);
            let because = Because::ReadBefore(key);
            let first = readers().find(updates);
            if same[0].source == INITIAL && self.sight != Sight::Past {
                // Whom an update comes before the others do, too.
                let early = first.map_or(same, |_| &[]).iter().map(|read| read.reader).chain(first);
                let pairs = early.flat_map(|one| accessed.writers.iter().map(move |two| (one, *two)));
                let pairs = pairs.filter(|(one, two)| one != two).take(PAIRS_MAX);
                found.extend(
                    pairs.map(|(one, two)| (Arrow { from: begin(one), to: commit(two), because }, 1)),
                );
            }
            let Some(first) = first else { continue };
            for reader in readers().filter(|reader| *reader != first) {
                if self.sight != Sight::Past {
                    found.push((Arrow { from: begin(reader), to: commit(first), because }, 1));
                    if updates(&reader) {
                        found.push((Arrow { from: begin(first), to: commit(reader), because }, 1));
                    }
                }
                let is_forbidden = matches!(self.sight, Sight::Past | Sight::Snapshot);
                if is_forbidden && updates(&reader) {
                    let because = Because::Conflict(key);
                    found.push((Arrow { from: commit(reader), to: begin(first), because }, 2));
                    found.push((Arrow { from: commit(first), to: begin(reader), because }, 2));
                }
            }
        }
    }
}
