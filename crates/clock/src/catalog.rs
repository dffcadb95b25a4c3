//! A replicated catalog that never picks a winner: what was written concurrently is shown side by side.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

mod record;
mod wire;

use record::Record;

use crate::CEILING;
use crate::bytes::Limits;
use crate::dotted::Dot;
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::VectorStamp;

/// One replica of a catalog: values by key, each key with as many siblings as were really written concurrently.
///
/// A write says by its [`Context`] what its writer had seen, and replaces exactly that. Two writes of which neither
/// writer had seen the other's are concurrent: both stay, on every replica, until somebody who has seen both writes
/// again. Siblings are told apart by dotted version vectors (Preguiça, Baquero, Almeida, Fonte, Gonçalves 2010, 2012):
/// each value bears the [`Dot`] of its write, each key one vector of all writes heard of, so that siblings never
/// multiply by being written at one replica in turn.
///
/// An [`Update`] carries everything its sender knows of one key. So it may be lost, duplicated and overtaken: a
/// later one makes up for it, and one [`sync`](Catalog::sync) for all of them.
///
/// A catalog never comes to hold what a decoder with its [`Limits`] would refuse: [`with_limits`](Self::with_limits).
///
/// Cost: a put or a reconcile clones the siblings of one key; a key's vector has an entry for each replica that ever wrote
/// it.
///
/// ```
/// use constellation_clock::{Catalog, Context, Reconciled};
///
/// let (mut pacific, mut indian_ocean) = (Catalog::new("pacific"), Catalog::new("indian_ocean"));
/// let seen = Context::default(); // both stations saw nothing of the other
/// let ours = pacific.put("MSS-17", "roll 2", &seen)?;
/// let theirs = indian_ocean.put("MSS-17", "roll 5", &seen)?;
///
/// let reconciled = pacific.reconcile(&theirs)?;
/// assert_eq!(reconciled.to_string(), "CONCURRENT");
/// assert_eq!(reconciled, Reconciled::Concurrent { held: vec!["roll 2"], arrived: vec!["roll 5"] });
/// assert_eq!(indian_ocean.reconcile(&ours)?.to_string(), "CONCURRENT");
///
/// // The application decides, with everything in view, and the decision replaces both.
/// let reading = pacific.get("MSS-17");
/// let decision = pacific.resolve("MSS-17", "roll 3", &reading.context)?;
/// assert_eq!(indian_ocean.reconcile(&decision)?.to_string(), "ADOPTED");
/// assert_eq!(indian_ocean.get("MSS-17").values, ["roll 3"]);
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Catalog<V> {
    node: Identity,
    /// How many writes this replica has accepted, over all keys, so that a dot names one write of the whole catalog.
    written: u64,
    records: BTreeMap<String, Record<V>>,
    limits: Limits,
}

/// Which writes of one key somebody has seen, and therefore means to replace. The default has seen nothing, of any key.
///
/// Take it from a [`Reading`], hand it back with the write. It belongs to the key that was read: writes are numbered
/// across the whole catalog, so with another key it would replace what nobody has read, and is refused.
///
/// Its bytes may travel to a client and back. Whoever can make up a context can make a write replace what nobody has
/// seen, even writes that are yet to come: where clients may be hostile, send it under a signature or a key of your own.
///
/// ```
/// use constellation_clock::{Catalog, Context, Error};
///
/// let mut pacific = Catalog::new("pacific");
/// pacific.put("MSS-17", "roll 2", &Context::default())?;
/// pacific.put("MSS-23", "thrust", &Context::default())?;
/// let other = pacific.get("MSS-23").context;
/// let refused = pacific.put("MSS-17", "roll 9", &other).unwrap_err();
/// assert_eq!(refused.to_string(), r#"the context was read under "MSS-23", not under "MSS-17""#);
/// assert_eq!(pacific.get("MSS-17").values, ["roll 2"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Context {
    /// Under which key it was read. Invariant: without a key nothing was seen.
    key: Option<String>,
    seen: VectorStamp,
}

impl Context {
    /// Whether the write named `dot` has been seen.
    #[must_use]
    pub fn has_seen(&self, dot: &Dot) -> bool {
        record::covers(&self.seen, dot)
    }

    /// Under which key it was read; `None` for the default.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The vector of the writes seen.
    #[must_use]
    pub fn stamp(&self) -> &VectorStamp {
        &self.seen
    }
}

/// What a replica shows under one key.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reading<V> {
    /// The values: none, one, or the siblings of a conflict, in the order of their dots, which means nothing.
    pub values: Vec<V>,
    /// The names of the writes that made them, in the same order.
    pub dots: Vec<Dot>,
    /// To be handed back with a write that shall replace them.
    pub context: Context,
}

/// Everything that one replica knows of one key, to be carried to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Update<V> {
    key: String,
    record: Record<V>,
}

impl<V> Update<V> {
    /// Under which key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values, in the order of their dots.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.record.siblings.values()
    }

    /// The names of the writes that made them.
    pub fn dots(&self) -> impl ExactSizeIterator<Item = &Dot> {
        self.record.siblings.keys()
    }

    /// All writes of the key that the sender had heard of.
    #[must_use]
    pub fn seen(&self) -> &VectorStamp {
        &self.record.seen
    }
}

/// What an update did to a key. `Display` prints the word in capitals: `CONCURRENT`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a conflict that nobody looks at is a silent one"]
#[non_exhaustive]
pub enum Reconciled<V> {
    /// Its writer had seen everything held here: its one value is now held, in the place of these.
    Adopted {
        /// What was held and is superseded; empty when the key was new.
        superseded: Vec<V>,
    },
    /// What is held here was written by somebody who had seen all of it: nothing changed.
    Stale,
    /// It says what was known: nothing changed.
    Duplicate,
    /// Neither side had seen the other: all of these are held now, and the application must decide.
    Concurrent {
        /// What was held before, and still is.
        held: Vec<V>,
        /// What has come beside it.
        arrived: Vec<V>,
    },
}

impl<V> fmt::Display for Reconciled<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Reconciled::Adopted { .. } => "ADOPTED",
            Reconciled::Stale => "STALE",
            Reconciled::Duplicate => "DUPLICATE",
            Reconciled::Concurrent { .. } => "CONCURRENT",
        })
    }
}

/// What an anti-entropy pass changed, key by key, in the order of keys; what was known already is not listed.
pub type Changes<V> = Vec<(String, Reconciled<V>)>;

/// What [`Catalog::sync`] changed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Synced<V> {
    /// At the replica that was called.
    pub here: Changes<V>,
    /// At the other one.
    pub there: Changes<V>,
}

impl<V> Catalog<V> {
    /// The empty replica of `node`. One that lost what it held must come back under its
    /// [next incarnation](Identity::next_incarnation): its old dots are taken.
    #[must_use]
    pub fn new(node: impl Into<Identity>) -> Catalog<V> {
        Catalog { node: node.into(), written: 0, records: BTreeMap::new(), limits: Limits::STANDARD }
    }

    /// The same replica under other limits ([`Limits::STANDARD`] otherwise); all replicas should have the same. The siblings of a
    /// key and the replicas that wrote it are entries, and a key is a name.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Catalog<V> {
        Catalog { limits, ..self }
    }

    /// Whose replica it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.node
    }

    /// The name of the latest write that this replica accepted.
    #[must_use]
    pub fn latest_write(&self) -> Option<Dot> {
        (self.written > 0).then(|| Dot { node: self.node.clone(), counter: self.written })
    }

    /// The keys of which anything is known, sorted.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }
}

impl<V: Clone + Eq> Catalog<V> {
    /// What is held under `key`, and the context to replace it with. A key never written has no values.
    #[must_use]
    pub fn get(&self, key: &str) -> Reading<V> {
        let key_read = Some(String::from(key));
        let Some(record) = self.records.get(key) else {
            let context = Context { key: key_read, seen: VectorStamp::default() };
            return Reading { values: Vec::new(), dots: Vec::new(), context };
        };
        Reading {
            values: record.siblings.values().cloned().collect(),
            dots: record.siblings.keys().cloned().collect(),
            context: Context { key: key_read, seen: record.seen.clone() },
        }
    }

    /// Writes `value`, replacing exactly what `context` has seen; returns what other replicas must be told.
    ///
    /// What the writer has not seen stays beside it. So a write with the default context replaces nothing.
    ///
    /// # Errors
    /// [`Error::ForeignContext`] if the context was read under another key; [`Error::Impersonated`] if it has seen a later
    /// write of ours than we made; [`Error::BeyondLimits`] if no decoder would take the outcome; [`Error::Exhausted`] after
    /// [`CEILING`] writes. The catalog is as before.
    pub fn put(&mut self, key: &str, value: V, context: &Context) -> Result<Update<V>, Error> {
        self.admit_context(key, context)?;
        if self.written >= CEILING {
            return Err(Error::Exhausted { node: Some(self.node.clone()), ceiling: CEILING });
        }
        let dot = Dot { node: self.node.clone(), counter: self.written + 1 }; // Below the ceiling: cannot wrap.
        let own = VectorStamp::from_entries([(dot.node.clone(), dot.counter)])?;
        let held = self.records.get(key);
        let mut seen = held.map(|record| record.seen.clone()).unwrap_or_default();
        seen.merge(&context.seen);
        seen.merge(&own);
        let siblings = held.map_or(0, |record| record.unseen_by(&context.seen).count()) + 1;
        if let Some(fault) = record::fault(key, &seen, siblings, &self.limits) {
            return Err(Error::BeyondLimits { key: String::from(key), fault });
        }

        self.written = dot.counter;
        let record = self.records.entry(String::from(key)).or_default();
        record.siblings.retain(|sibling, _| !context.has_seen(sibling));
        record.siblings.insert(dot, value);
        record.seen = seen;
        Ok(Update { key: String::from(key), record: record.clone() })
    }

    /// Ends a conflict: writes `value`, and refuses unless `context` has seen everything that is held.
    ///
    /// When to use this and when [`put`](Self::put): this one leaves one value or does nothing; a put with an old context
    /// adds a sibling.
    ///
    /// # Errors
    /// [`Error::Unresolved`], naming the writes not seen; else as [`put`](Self::put). The catalog is as before.
    pub fn resolve(&mut self, key: &str, value: V, context: &Context) -> Result<Update<V>, Error> {
        self.admit_context(key, context)?;
        let held = self.records.get(key).into_iter();
        let unseen: Vec<Dot> = held.flat_map(|record| record.unseen_by(&context.seen)).cloned().collect();
        if !unseen.is_empty() {
            return Err(Error::Unresolved { key: String::from(key), unseen });
        }
        self.put(key, value, context)
    }

    /// Learns what another replica knows of one key; says how it stands to what is held here.
    ///
    /// Updates may come late, out of order, more than once, or not at all: the outcome depends only on which writes have
    /// been heard of.
    ///
    /// # Errors
    /// [`Error::Impersonated`] if it has a write of ours that we did not make, [`Error::DotReused`] if it has another value
    /// for a write that is held here: either way an identity has two owners. [`Error::BeyondLimits`] if both together are
    /// more than a decoder would take; a [`resolve`](Self::resolve) on either side makes room. The catalog is as before.
    pub fn reconcile(&mut self, update: &Update<V>) -> Result<Reconciled<V>, Error> {
        self.admit(&update.key, &update.record)?;
        Ok(self.absorb(&update.key, &update.record))
    }

    /// Everything known, one update a key, for anti-entropy by messages.
    pub fn updates(&self) -> impl ExactSizeIterator<Item = Update<V>> {
        self.records.iter().map(|(key, record)| Update { key: key.clone(), record: record.clone() })
    }

    /// Learns everything that `other` knows: one round of anti-entropy in one direction. Idempotent.
    ///
    /// # Errors
    /// As [`reconcile`](Self::reconcile), and then nothing of any key was learnt.
    pub fn merge_from(&mut self, other: &Catalog<V>) -> Result<Changes<V>, Error> {
        self.admit_all(other)?;
        Ok(self.absorb_all(other))
    }

    /// Makes both replicas know what either does: one round of anti-entropy in both directions. Idempotent.
    ///
    /// # Errors
    /// As [`reconcile`](Self::reconcile), and then both are as before.
    pub fn sync(&mut self, other: &mut Catalog<V>) -> Result<Synced<V>, Error> {
        self.admit_all(other)?;
        other.admit_all(self)?;
        let here = self.absorb_all(other);
        Ok(Synced { here, there: other.absorb_all(self) })
    }

    fn admit_seen(&self, seen: &VectorStamp) -> Result<(), Error> {
        let seen = seen.get(self.node.as_str());
        if seen > self.written {
            return Err(Error::Impersonated {
                identity: self.node.clone(),
                own: self.written.into(),
                seen: seen.into(),
            });
        }
        Ok(())
    }

    fn admit_context(&self, key: &str, context: &Context) -> Result<(), Error> {
        match context.key() {
            Some(read) if read != key => {
                Err(Error::ForeignContext { key: String::from(key), context_of: String::from(read) })
            }
            _ => self.admit_seen(&context.seen),
        }
    }

    fn admit(&self, key: &str, theirs: &Record<V>) -> Result<(), Error> {
        self.admit_seen(&theirs.seen)?;
        let ours = self.records.get(key);
        if let Some(dot) = ours.and_then(|ours| ours.contradiction(theirs)) {
            return Err(Error::DotReused { dot: dot.clone() });
        }
        let fault = match ours {
            None => record::fault(key, &theirs.seen, theirs.siblings.len(), &self.limits),
            Some(ours) => ours.fault_with(theirs, key, &self.limits),
        };
        fault.map_or(Ok(()), |fault| Err(Error::BeyondLimits { key: String::from(key), fault }))
    }

    fn admit_all(&self, other: &Catalog<V>) -> Result<(), Error> {
        other.records.iter().try_for_each(|(key, record)| self.admit(key, record))
    }

    fn absorb(&mut self, key: &str, theirs: &Record<V>) -> Reconciled<V> {
        if let Some(ours) = self.records.get_mut(key) {
            return ours.absorb(theirs);
        }
        self.records.entry(String::from(key)).or_default().absorb(theirs)
    }

    fn absorb_all(&mut self, other: &Catalog<V>) -> Changes<V> {
        let changes = other.records.iter().map(|(key, record)| (key.clone(), self.absorb(key, record)));
        changes.filter(|(_, what)| !matches!(what, Reconciled::Duplicate | Reconciled::Stale)).collect()
    }
}
