//! A count for every node: the clock that tells concurrent events from ordered ones.

#[cfg(feature = "std")]
use alloc::string::String;
use core::cmp;

mod counters;
mod stamp;
mod table;
mod wire;

pub use stamp::VectorStamp;
pub use table::Group;

use crate::CEILING;
use crate::clock::{Clock, ExactStamp, Stamp};
use crate::error::Error;
use crate::identity::Identity;
use crate::lease::{self, Store};
use crate::ordering::{Ordering, Possible};

/// The vector clock of one node (Fidge 1988, Mattern 1989): exact, at the price of one counter for each node.
///
/// There are two ways to use it. By hand: [`tick`](Self::tick) for every event, [`merge`](Self::merge) on receipt, and
/// nothing reminds you of either. Or through [`Clock`], where a receive merges and ticks in one step and refuses what no
/// honest peer could have sent.
///
/// When to use this and when [`DottedClock`](crate::DottedClock): both are exact; this one compares any two states of
/// knowledge in one pass over the counters, the dotted one compares events in constant time.
///
/// ```
/// use constellation_clock::{Ordering, VectorClock};
///
/// let mut pacific = VectorClock::new("pacific");
/// let mut indian_ocean = VectorClock::new("indian_ocean");
/// pacific.tick();
/// indian_ocean.tick();
/// assert_eq!(pacific.compare(&indian_ocean), Ordering::Concurrent);
///
/// indian_ocean.merge(&pacific);
/// assert_eq!(pacific.compare(&indian_ocean), Ordering::Before);
/// ```
///
/// A clock that restarts without its whole state must come back as a new incarnation: it has lost what it knew of
/// others, so continuing its own count would claim less past than it had. [`VectorClock::next_life`] does that.
#[derive(Clone, Debug)]
pub struct VectorClock {
    stamp: VectorStamp,
    // Where our own counter stands in the stamp's table.
    me: u32,
    impersonation: Option<Impersonation>,
}

/// Evidence that an identity has two owners, or that its owner lost its memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Impersonation {
    /// How far we had counted when we first met a higher count under our own name.
    pub own: u64,
    /// How far the other had.
    pub seen: u64,
}

impl VectorClock {
    /// The clock of the node called `node_id`, any text, with nothing counted.
    #[must_use]
    pub fn new(node_id: &str) -> VectorClock {
        let group = Group::new([node_id]);
        VectorClock::at(group.origin(), 0) // The only member stands first.
    }

    /// The clock of the first life of the node called `name`, which is put on record in `store`.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it has lived before, [`Error::Store`] if that cannot be recorded.
    pub fn first_life(store: &mut impl Store, name: &str) -> Result<VectorClock, Error> {
        lease::first_life(store, name).map(|identity| VectorClock::new(identity.as_str()))
    }

    /// The clock of a node that restarts: the next incarnation of `name` after the one that `store` has on record. Costs
    /// one write a restart and none an event. It believes the record, also one restored from an old backup; see
    /// [`Self::next_life_after`].
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the record is missing, empty, torn or somebody else's; [`Error::Store`].
    ///
    /// ```
    /// use constellation_clock::{Clock, VectorClock, lease::MemoryStore};
    ///
    /// let mut store = MemoryStore::default();
    /// let mut pacific = VectorClock::first_life(&mut store, "pacific")?;
    /// pacific.event()?;
    /// let mut pacific = VectorClock::next_life(&mut store, "pacific")?;
    /// assert_eq!(pacific.event()?.to_string(), "{pacific#1:1}"); // not pacific:1 a second time
    /// # Ok::<(), constellation_clock::Error>(())
    /// ```
    pub fn next_life(store: &mut impl Store, name: &str) -> Result<VectorClock, Error> {
        lease::next_life(store, name).map(|identity| VectorClock::new(identity.as_str()))
    }

    /// As [`Self::next_life`], where others have seen the node live up to the incarnation `at_least`: this finds out that
    /// the record is older than the last life, which `next_life` alone cannot. See [`lease::next_life_after`].
    ///
    /// # Errors
    /// As for [`Self::next_life`].
    pub fn next_life_after(store: &mut impl Store, name: &str, at_least: u32) -> Result<VectorClock, Error> {
        lease::next_life_after(store, name, at_least).map(|identity| VectorClock::new(identity.as_str()))
    }

    /// Counts one event of our own. At [`CEILING`] it stays there, and [`Self::is_exhausted`] says so.
    pub fn tick(&mut self) {
        self.stamp.increment(self.me);
    }

    /// Counts one event of our own; fails instead of standing still.
    ///
    /// # Errors
    /// [`Error::Exhausted`] at [`CEILING`].
    pub fn try_tick(&mut self) -> Result<(), Error> {
        self.admit_event()?;
        self.tick();
        Ok(())
    }

    /// Learns everything that `other` knows. Counts no event: a receipt that shall be one needs a [`tick`](Self::tick)
    /// as well.
    ///
    /// If `other` has counted further under our own name than we have, that is absorbed too (a join is a join), and
    /// [`Self::impersonation`] reports it from then on.
    pub fn merge(&mut self, other: &VectorClock) {
        self.merge_stamp(&other.stamp);
    }

    /// As [`Self::merge`], with a stamp.
    pub fn merge_stamp(&mut self, other: &VectorStamp) {
        let (own, seen) = (self.own(), self.own_in(other));
        if seen > own {
            let first = self.impersonation.map_or(own, |impersonation| impersonation.own);
            self.impersonation = Some(Impersonation { own: first, seen });
        }
        self.join(other);
    }

    /// As [`Self::merge`], but refuses a clock that counted further under our own name than we did.
    ///
    /// # Errors
    /// [`Error::Impersonated`]. The clock is as before.
    pub fn try_merge(&mut self, other: &VectorClock) -> Result<(), Error> {
        self.admit(&other.stamp)?;
        self.join(&other.stamp);
        Ok(())
    }

    /// How what this clock has seen stands to what `other` has seen.
    ///
    /// Cost: one pass over the counters; constant where each has seen something of its own that the other has not.
    #[must_use]
    #[inline]
    pub fn compare(&self, other: &VectorClock) -> Ordering {
        if self.stamp.has_table_of(&other.stamp) {
            // The owners' entries first: in a partition they alone show the concurrency.
            let is_ahead = self.own() > other.stamp.at(self.me);
            let is_behind = self.stamp.at(other.me) < other.own();
            if is_ahead && is_behind {
                return Ordering::Concurrent;
            }
        }
        self.stamp.compare(&other.stamp)
    }

    /// The entries that are not zero, as the map that the course uses. See [`Self::entries`] for a sorted view.
    #[cfg(feature = "std")]
    #[must_use]
    #[allow(clippy::disallowed_types, reason = "the course fixes this type")]
    pub fn snapshot(&self) -> std::collections::HashMap<String, u64> {
        self.entries().map(|(identity, counter)| (String::from(identity.as_str()), counter)).collect()
    }

    /// The entries that are not zero, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = (&Identity, u64)> {
        self.stamp.entries()
    }

    /// What this clock has seen, without its owner.
    #[must_use]
    #[inline]
    pub fn stamp(&self) -> &VectorStamp {
        &self.stamp
    }

    /// Whose clock it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.stamp.table().members().get(self.me as usize).expect("a clock's owner is a member of its table")
    }

    /// How many events of our own have been counted.
    #[must_use]
    #[inline]
    pub fn own(&self) -> u64 {
        self.stamp.at(self.me)
    }

    /// Whether our own counter stands at [`CEILING`]: from here on `tick` no longer increases.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.own() >= CEILING
    }

    /// Whether a merge met a higher count under our own name than ours.
    #[must_use]
    pub fn is_impersonated(&self) -> bool {
        self.impersonation.is_some()
    }

    /// What that merge met.
    #[must_use]
    pub fn impersonation(&self) -> Option<Impersonation> {
        self.impersonation
    }

    pub(crate) fn at(stamp: VectorStamp, me: u32) -> VectorClock {
        VectorClock { stamp, me, impersonation: None }
    }

    /// The index of our own counter.
    #[inline]
    pub(crate) fn me(&self) -> u32 {
        self.me
    }

    #[inline]
    fn own_in(&self, other: &VectorStamp) -> u64 {
        if self.stamp.has_table_of(other) { other.at(self.me) } else { other.get(self.identity().as_str()) }
    }

    #[inline]
    fn join(&mut self, other: &VectorStamp) {
        if self.stamp.has_table_of(other) {
            return self.stamp.merge(other);
        }
        let node = self.identity().clone();
        self.stamp.merge(other);
        self.me = self.stamp.table().position(node.as_str()).expect("a merge keeps every member");
    }

    #[inline]
    fn admit(&self, message: &VectorStamp) -> Result<(), Error> {
        let (own, seen) = (self.own(), self.own_in(message));
        if seen > own {
            return Err(Error::Impersonated {
                identity: self.identity().clone(),
                own: own.into(),
                seen: seen.into(),
            });
        }
        Ok(())
    }

    #[inline]
    fn admit_event(&self) -> Result<(), Error> {
        if self.is_exhausted() {
            return Err(Error::Exhausted { node: Some(self.identity().clone()), ceiling: CEILING });
        }
        Ok(())
    }

    /// A local event, without copying out its stamp.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<(), Error> {
        self.admit_event()?;
        self.stamp.increment(self.me);
        Ok(())
    }

    /// A receive event, without copying out its stamp.
    #[inline]
    pub(crate) fn absorb(&mut self, message: &VectorStamp) -> Result<(), Error> {
        self.admit_event()?;
        self.admit(message)?;
        if self.stamp.has_table_of(message) {
            self.stamp.absorb(message, self.me);
            return Ok(());
        }
        self.join(message);
        self.stamp.increment(self.me);
        Ok(())
    }
}

impl Clock for VectorClock {
    type Stamp = VectorStamp;
    type Message = VectorStamp;
    type Error = Error;

    #[inline]
    fn event(&mut self) -> Result<VectorStamp, Error> {
        self.advance()?;
        Ok(self.stamp.clone())
    }

    #[inline]
    fn send(&mut self) -> Result<(VectorStamp, VectorStamp), Error> {
        self.advance()?;
        Ok((self.stamp.clone(), self.stamp.clone()))
    }

    /// Merges, and counts the receipt as an event of our own.
    #[inline]
    fn receive(&mut self, message: &VectorStamp) -> Result<VectorStamp, Error> {
        self.absorb(message)?;
        Ok(self.stamp.clone())
    }
}

/// A clock may serve as the stamp of its latest state. What counts is what it has seen, not whose it is.
impl ExactStamp for VectorClock {
    fn compare(&self, other: &VectorClock) -> Ordering {
        VectorClock::compare(self, other)
    }
}

impl Stamp for VectorClock {
    fn possible(&self, other: &VectorClock) -> Possible {
        Possible::from(VectorClock::compare(self, other))
    }
}

impl PartialEq for VectorClock {
    fn eq(&self, other: &VectorClock) -> bool {
        self.stamp == other.stamp
    }
}

impl Eq for VectorClock {}

impl PartialOrd for VectorClock {
    fn partial_cmp(&self, other: &VectorClock) -> Option<cmp::Ordering> {
        VectorClock::compare(self, other).to_partial()
    }
}
