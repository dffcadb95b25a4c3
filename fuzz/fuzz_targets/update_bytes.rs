//! A catalog's updates in bytes: canonical, and harmless to a catalog that takes them in twice.
#![no_main]

use constellation_clock::bytes::Limits;
use constellation_clock::{Catalog, Reconciled, Update};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(update) = Update::decode(bytes, &Limits::STANDARD) else { return };
    assert_eq!(update.encode(), bytes, "not canonical: {update:?}");
    let values: usize = update.values().map(|value| value.len()).sum();
    assert!(values <= bytes.len(), "values out of nowhere");

    let mut catalog = Catalog::new("here");
    let before = catalog.clone();
    if catalog.reconcile(&update).is_err() {
        assert_eq!(catalog, before, "a refused update leaves the catalog as it was");
        return;
    }
    let once = catalog.clone();
    let again = catalog.reconcile(&update).expect("what was taken in once is taken in twice");
    assert!(!matches!(again, Reconciled::Adopted { .. }), "adopted twice: {again:?}");
    assert_eq!(catalog, once, "a duplicate changes something");
    for told in catalog.updates() {
        assert_eq!(Update::decode(&told.encode(), &Limits::STANDARD), Ok(told));
    }
});
