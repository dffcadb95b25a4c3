//! Stores that several tests look at are measured once: the same store and seed give the same placement.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use constellation_lab::placement::record::Record;
use constellation_lab::placement::{Placement, STORES, Store, place};

/// The seed of the goldens, and of whatever any seed would do for.
pub(crate) const SEED: u64 = 7;

/// A place for each store, so that one is waited for by those alone who need it.
type Measured = BTreeMap<String, Arc<OnceLock<Arc<Placement>>>>;

/// The placement of a store with the seed of the goldens.
pub(crate) fn measured(store: &str) -> Arc<Placement> {
    static MEASURED: Mutex<Measured> = Mutex::new(BTreeMap::new());
    let store: Store = store.parse().expect("it is in the table");
    let cell =
        Arc::clone(MEASURED.lock().expect("nobody panics with it").entry(store.to_string()).or_default());
    Arc::clone(cell.get_or_init(|| Arc::new(place(&store, SEED).expect("it runs"))))
}

/// Those of its rounds that are asked for.
pub(crate) fn records(store: &str, is_asked_for: impl Fn(&Record) -> bool) -> Vec<Record> {
    measured(store).records.iter().filter(|record| is_asked_for(record)).cloned().collect()
}

/// Every store with every setting that has a name.
pub(crate) fn named() -> impl Iterator<Item = Store> {
    STORES.iter().flat_map(|info| info.stores())
}
