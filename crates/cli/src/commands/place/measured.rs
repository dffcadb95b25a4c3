//! Stores are measured here, on all cores, in an order that does not depend on them.

use constellation_lab::placement::judged::Strongest;
use constellation_lab::placement::{Elsewhere, PlaceError, Placement, Store, elsewhere, place};
use rayon::prelude::*;

use crate::args::Place;
use crate::commands::judge::pool;
use crate::printer::{Printer, count};
use crate::progress::Progress;

/// A store that was measured.
pub(super) struct Measured {
    pub(super) store: Store,
    pub(super) placement: Placement,
    /// What was looked at besides; only of [`Depth::Whole`].
    pub(super) besides: Option<Besides>,
}

/// What takes longer than the placement itself.
pub(super) struct Besides {
    /// The strongest models that hold and those of which nobody can tell, in normal operation and with a cut.
    pub(super) strongest: (Strongest, Strongest),
    /// Each setting that leads to another cell, and what that gains and costs.
    pub(super) elsewhere: Vec<Elsewhere>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Depth {
    /// The placement.
    Cell,
    /// Also where else the store could be, and which models hold.
    Whole,
}

impl Measured {
    /// Whether both halves of its cell are known.
    pub(super) fn is_known(&self) -> bool {
        self.placement.cell.is_known()
    }
}

/// Measures all of them.
pub(super) fn measure(
    stores: &[Store],
    depth: Depth,
    arguments: &Place,
    printer: &mut Printer,
) -> anyhow::Result<Vec<Measured>> {
    if stores.is_empty() {
        return Ok(Vec::new());
    }
    let pool = pool(arguments.jobs)?;
    let total = stores.len();
    let aim = count(total as u64, "store");
    let mut progress = Progress::begin(arguments.progress, "measuring", &aim, printer);
    let mut all = Vec::with_capacity(total);
    // A few for each core at a time, so that how far it is can be told.
    for some in stores.chunks(pool.current_num_threads().saturating_mul(2).max(1)) {
        let measured: Result<Vec<_>, PlaceError> =
            pool.install(|| some.par_iter().map(|store| one(store, depth, arguments.seed)).collect());
        all.extend(measured?);
        progress.tell(|| format!("{} of {total} measured", all.len()), printer);
    }
    progress.end();
    Ok(all)
}

fn one(store: &Store, depth: Depth, seed: u64) -> Result<Measured, PlaceError> {
    let placement = place(store, seed)?;
    let besides = match depth {
        Depth::Cell => None,
        Depth::Whole => Some(besides(store, &placement)?),
    };
    Ok(Measured { store: store.clone(), placement, besides })
}

fn besides(store: &Store, placement: &Placement) -> Result<Besides, PlaceError> {
    let (strongest, elsewhere) = rayon::join(|| placement.strongest(), || elsewhere(placement, store));
    Ok(Besides { strongest, elsewhere: elsewhere? })
}
