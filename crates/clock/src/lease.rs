//! How a node that restarts never gives one stamp to two events, at one write for many events.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU64;

use crate::CEILING;
use crate::bytes::{Limits, Reader, Writer};
use crate::clock::Clock;
use crate::error::Error;
use crate::identity::Identity;

/// One small durable record.
///
/// What `store` returned `Ok` for must be what `load` finds after any crash. A write that is torn all the same is noticed:
/// the record carries a checksum.
pub trait Store {
    /// The record, or `None` if there never was one.
    ///
    /// # Errors
    /// When that cannot be told.
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault>;

    /// Replaces the record and returns once it is durable.
    ///
    /// # Errors
    /// When it may not be.
    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault>;
}

impl<S: Store + ?Sized> Store for &mut S {
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        (**self).load()
    }

    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault> {
        (**self).store(record)
    }
}

/// Why a [`Store`] failed, in its own words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreFault {
    /// The reason: lower case, no full stop.
    pub reason: String,
}

impl fmt::Display for StoreFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the store failed: {}", self.reason)
    }
}

impl core::error::Error for StoreFault {}

/// A store in memory, for tests and simulations; public fields, so that a test can tear it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    /// What is on record.
    pub record: Option<Vec<u8>>,
    /// How often it was written.
    pub writes: u64,
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.record.clone())
    }

    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault> {
        self.record = Some(record.to_vec());
        self.writes = self.writes.saturating_add(1); // A statistic: standing still at the end is harmless.
        Ok(())
    }
}

/// What is on record: everything up to `bound` may have been issued under `identity`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Whose record it is.
    pub identity: Identity,
    /// The largest position that may have been issued.
    pub bound: u64,
}

/// Why a checkpoint must not be started from. None of these ever counts as "start from zero".
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// There is none, though the node has lived before: its memory is lost.
    Missing,
    /// There is one, though this was said to be the first life.
    Exists {
        /// What is there.
        identity: Identity,
    },
    /// The record is there and has no bytes.
    Empty,
    /// The record is cut off or garbled.
    Torn,
    /// The record is older than what is known to have been issued: a backup was restored, or a write was lost.
    Older {
        /// The bound on record.
        found: u64,
        /// The least that it must be.
        expected_min: u64,
    },
    /// The record is newer than we left it: somebody else leases under our identity.
    Newer {
        /// The bound on record.
        found: u64,
        /// The bound that we wrote.
        written: u64,
    },
    /// The record belongs to another identity.
    Foreign {
        /// Whose it is.
        found: Identity,
        /// Whose it should be.
        expected: Identity,
    },
}

impl fmt::Display for CheckpointFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointFault::Missing => write!(formatter, "there is no checkpoint to resume from"),
            CheckpointFault::Exists { identity } => {
                write!(formatter, "there is a checkpoint of {identity} already, so this is no first life")
            }
            CheckpointFault::Empty => write!(formatter, "the checkpoint is empty"),
            CheckpointFault::Torn => write!(formatter, "the checkpoint is torn"),
            CheckpointFault::Older { found, expected_min } => {
                write!(formatter, "the checkpoint says {found}, but {expected_min} was recorded before")
            }
            CheckpointFault::Newer { found, written } => {
                write!(
                    formatter,
                    "the checkpoint says {found}, but we wrote {written}: our identity is in use"
                )
            }
            CheckpointFault::Foreign { found, expected } => {
                write!(formatter, "the checkpoint belongs to {found}, not to {expected}")
            }
        }
    }
}

impl core::error::Error for CheckpointFault {}

/// The first bytes of a record: what it is, and the version of its form.
const MAGIC: &[u8; 4] = b"CCK1";

/// Names in our own records may be as long as they like: the record's length bounds them.
const RECORD_LIMITS: Limits = Limits { entries_max: 0, name_bytes_max: u32::MAX };

impl Checkpoint {
    /// The record of `identity` having leased everything up to `bound`.
    #[must_use]
    pub fn new(identity: Identity, bound: u64) -> Checkpoint {
        Checkpoint { identity, bound }
    }

    /// The record's bytes: what it is, whose, how far, and a CRC-32 of all that.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.text(self.identity.as_str());
        writer.varint(self.bound);
        let mut record = MAGIC.to_vec();
        record.extend_from_slice(&writer.into_bytes());
        let checksum = crc32(&record);
        record.extend_from_slice(&checksum.to_le_bytes());
        record
    }

    /// What a record says.
    ///
    /// # Errors
    /// [`CheckpointFault::Empty`] or [`CheckpointFault::Torn`].
    pub fn decode(record: &[u8]) -> Result<Checkpoint, CheckpointFault> {
        if record.is_empty() {
            return Err(CheckpointFault::Empty);
        }
        let (signed, checksum) = record.split_last_chunk::<4>().ok_or(CheckpointFault::Torn)?;
        if crc32(signed) != u32::from_le_bytes(*checksum) {
            return Err(CheckpointFault::Torn);
        }
        let mut reader = Reader::new(signed.strip_prefix(MAGIC).ok_or(CheckpointFault::Torn)?);
        let identity = Identity::from(reader.text(&RECORD_LIMITS).map_err(|_| CheckpointFault::Torn)?);
        let bound = reader.counter().map_err(|_| CheckpointFault::Torn)?;
        if reader.remaining() > 0 {
            return Err(CheckpointFault::Torn);
        }
        Ok(Checkpoint { identity, bound })
    }

    /// What `store` has on record.
    ///
    /// # Errors
    /// [`CheckpointFault::Missing`], [`CheckpointFault::Empty`], [`CheckpointFault::Torn`], or the store's own.
    pub fn load(store: &mut impl Store) -> Result<Checkpoint, Error> {
        let record = store.load()?.ok_or(CheckpointFault::Missing)?;
        Ok(Checkpoint::decode(&record)?)
    }

    fn belonging_to(self, expected: &Identity) -> Result<Checkpoint, CheckpointFault> {
        if self.identity != *expected {
            return Err(CheckpointFault::Foreign { found: self.identity, expected: expected.clone() });
        }
        Ok(self)
    }
}

/// A clock whose progress is one number, so that skipping ahead makes up for a lost memory.
///
/// Lamport and hybrid clocks are; a vector clock is not, for it forgets what it knew of others, and has incarnations
/// instead: [`VectorClock::next_life`](crate::VectorClock::next_life).
pub trait Resumable: Clock {
    /// What undoes an operation.
    type Saved;

    /// Whose clock it is.
    fn identity(&self) -> &Identity;

    /// The position of the last stamp; later stamps never have a smaller one.
    fn position(&self) -> u64;

    /// The state, to come back to.
    fn save(&self) -> Self::Saved;

    /// Back to `saved`, as if nothing had happened since.
    fn restore(&mut self, saved: Self::Saved);

    /// Ahead, so that every later stamp is above every stamp at a position of at most `bound`.
    fn skip_to(&mut self, bound: u64);

    /// The longest block to lease at once: from a longer one the clock would resume so far ahead that its peers, if they are
    /// as strict as itself, refuse it. No bound unless a clock knows one.
    fn block_max(&self) -> u64 {
        u64::MAX
    }
}

/// A clock that never issues a stamp above what its store says may have been issued.
///
/// Stamps are leased by the block: one write covers the next `block` positions (events of a Lamport clock, nanoseconds
/// of a hybrid one), so local events cost at most one write a block. A message from beyond the lease costs one too. After
/// a restart the clock continues above the lease, leaving a gap instead of a repetition.
///
/// Before each write the record is read back: if it is not what this clock left there, that is an error, and no stamp is
/// issued. After a write that failed the record may be the old one, the new one or torn, and nothing else; if it is the
/// new one, a second owner may have written the same, so the clock leaves that block unused and leases the next one.
///
/// A long block saves writes and puts the restarted clock further ahead. To a Lamport clock that is a gap in the numbers.
/// To a hybrid clock it is time: for up to a block after the restart its stamps are ahead of its wall clock, and count
/// against its peers' drift bound. Under [`DriftPolicy::STANDARD`](crate::DriftPolicy::STANDARD), 500 ms, a block of
/// 100 ms costs at most ten writes a second and leaves 400 ms for walls that disagree; a block of 60 s would cut the node
/// off for most of a minute, and is refused ([`Resumable::block_max`]).
///
/// ```
/// use core::num::NonZeroU64;
/// use constellation_clock::lease::{Leased, MemoryStore};
/// use constellation_clock::{Clock, NamedLamport};
///
/// let block = NonZeroU64::new(100).expect("not zero");
/// let mut store = MemoryStore::default();
/// let mut clock = Leased::start(NamedLamport::new("pacific"), &mut store, block)?;
/// for _ in 0..100 {
///     clock.event()?;
/// }
/// drop(clock); // a crash: nothing is said to the store
/// assert_eq!(store.writes, 1);
///
/// let mut clock = Leased::resume(NamedLamport::new("pacific"), &mut store, block)?;
/// assert_eq!(clock.event()?.time(), 101);
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Debug)]
pub struct Leased<C, S> {
    clock: C,
    store: S,
    block: NonZeroU64,
    bound: u64,
    trust: Trust,
}

/// What the record may say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trust {
    /// What we wrote last: our bound.
    Known,
    /// Our last write failed: it may say what stood there before, or what we tried, or be torn.
    Unknown {
        /// The bound that stood there before.
        recorded: u64,
        /// The bound that we tried to write.
        tried: u64,
    },
}

impl<C, S> Leased<C, S>
where
    C: Resumable<Error = Error>,
    S: Store,
{
    /// The clock of a node that never lived before. Writes the first lease.
    ///
    /// # Errors
    /// [`CheckpointFault::Exists`] and every other finding but an absent record; [`Error::BlockTooLong`]; the store's own.
    pub fn start(clock: C, mut store: S, block: NonZeroU64) -> Result<Leased<C, S>, Error> {
        admit_block(&clock, block)?;
        require_none(&mut store)?;
        let bound = clock.position();
        let mut leased = Leased { clock, store, block, bound, trust: Trust::Known };
        leased.renew(bound)?;
        Ok(leased)
    }

    /// The clock of a node that lived before, skipped ahead of everything that it may have issued. Writes nothing yet.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the record is missing, empty, torn or another identity's; [`Error::BlockTooLong`]; the store's
    /// own.
    pub fn resume(clock: C, store: S, block: NonZeroU64) -> Result<Leased<C, S>, Error> {
        Self::resume_from_at_least(clock, store, block, 0)
    }

    /// As [`Leased::resume`], where it is known from elsewhere (a peer, a log) that positions up to `issued` were issued.
    ///
    /// # Errors
    /// Also [`CheckpointFault::Older`] if the record does not cover them.
    pub fn resume_from_at_least(
        mut clock: C,
        mut store: S,
        block: NonZeroU64,
        issued: u64,
    ) -> Result<Leased<C, S>, Error> {
        admit_block(&clock, block)?;
        let bound = Checkpoint::load(&mut store)?.belonging_to(clock.identity())?.bound;
        if bound < issued {
            return Err(CheckpointFault::Older { found: bound, expected_min: issued }.into());
        }
        clock.skip_to(bound);
        Ok(Leased { clock, store, block, bound, trust: Trust::Known })
    }

    /// The clock inside.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// The position up to which stamps may be issued without another write.
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// Does `operation`, and lets it stand if its stamp is covered or can be; otherwise takes it back.
    #[inline]
    pub(crate) fn cover<T>(&mut self, operation: impl Fn(&mut C) -> Result<T, Error>) -> Result<T, Error> {
        let saved = self.clock.save();
        let stamp = operation(&mut self.clock)?;
        if self.clock.position() <= self.bound {
            return Ok(stamp);
        }
        self.extend(saved, stamp, operation)
    }

    #[cold]
    fn extend<T>(
        &mut self,
        mut saved: C::Saved,
        stamp: T,
        operation: impl Fn(&mut C) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let extended = match self.trust {
            Trust::Known => self.verify().and_then(|()| self.renew(self.bound)).map(|()| stamp),
            Trust::Unknown { recorded, tried } => {
                self.clock.restore(saved);
                saved = self.clock.save();
                self.recover(recorded, tried, operation)
            }
        };
        if extended.is_err() {
            self.clock.restore(saved);
        }
        extended
    }

    /// Does the operation anew, above every block that the record may have granted to somebody else.
    ///
    /// The counterexample to simply going on: our write fails before it reaches the record; a second owner resumes from
    /// the old record and leases the very block that we tried. What stands there then is what we tried, and is not ours.
    fn recover<T>(
        &mut self,
        recorded: u64,
        tried: u64,
        operation: impl Fn(&mut C) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = match Checkpoint::load(&mut self.store) {
            Ok(checkpoint) => checkpoint.belonging_to(self.clock.identity())?.bound,
            // Ours: from a torn record nobody else could have resumed.
            Err(Error::Checkpoint(CheckpointFault::Empty | CheckpointFault::Torn)) => recorded,
            Err(error) => return Err(error),
        };
        if found != recorded && found != tried {
            return Err(disagreement(found, recorded).into());
        }
        if found > self.bound {
            self.clock.skip_to(found);
        }
        let stamp = operation(&mut self.clock)?;
        self.renew(found)?;
        Ok(stamp)
    }

    /// Writes the next lease over the record that says `recorded`.
    fn renew(&mut self, recorded: u64) -> Result<(), Error> {
        // Saturating at the ceiling, which no clock passes: the lease then covers all that is left.
        let bound = self.clock.position().saturating_add(self.block.get()).min(CEILING);
        self.trust = Trust::Unknown { recorded, tried: bound };
        self.store.store(&Checkpoint::new(self.clock.identity().clone(), bound).encode())?;
        self.trust = Trust::Known;
        self.bound = bound;
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Error> {
        let found = Checkpoint::load(&mut self.store)?.belonging_to(self.clock.identity())?.bound;
        if found == self.bound { Ok(()) } else { Err(disagreement(found, self.bound).into()) }
    }
}

fn admit_block(clock: &impl Resumable, block: NonZeroU64) -> Result<(), Error> {
    let (block, block_max) = (block.get(), clock.block_max());
    if block > block_max { Err(Error::BlockTooLong { block, block_max }) } else { Ok(()) }
}

/// That the record says `found` and not `written`.
fn disagreement(found: u64, written: u64) -> CheckpointFault {
    if found < written {
        CheckpointFault::Older { found, expected_min: written }
    } else {
        CheckpointFault::Newer { found, written }
    }
}

impl<C, S> Clock for Leased<C, S>
where
    C: Resumable<Error = Error>,
    S: Store,
{
    type Stamp = C::Stamp;
    type Message = C::Message;
    type Error = Error;

    fn event(&mut self) -> Result<C::Stamp, Error> {
        self.cover(C::event)
    }

    fn send(&mut self) -> Result<(C::Stamp, C::Message), Error> {
        self.cover(C::send)
    }

    fn receive(&mut self, message: &C::Message) -> Result<C::Stamp, Error> {
        self.cover(|clock| clock.receive(message))
    }
}

/// The identity of a node that never lived before, put on record.
///
/// # Errors
/// [`CheckpointFault::Exists`] and every other finding but an absent record; [`Error::AmbiguousName`]; the store's own.
pub fn first_life(store: &mut impl Store, name: &str) -> Result<Identity, Error> {
    let identity = Identity::new(name, 0)?;
    require_none(store)?;
    store.store(&Checkpoint::new(identity.clone(), 0).encode())?;
    Ok(identity)
}

/// The identity of a node that lived before and lost its memory: the next incarnation after the one on record. It is
/// recorded before it is returned, so that not even a crash right after can use it twice.
///
/// It believes the record. One that is older than the last life (a restored backup, a cloned disk) looks like any other,
/// and the life that it forgot is then given out a second time. Where peers can be asked, use [`next_life_after`].
///
/// # Errors
/// [`Error::Checkpoint`] if the record is missing, empty, torn or another name's; [`Error::Exhausted`]; the store's own.
pub fn next_life(store: &mut impl Store, name: &str) -> Result<Identity, Error> {
    next_life_after(store, name, 0)
}

/// As [`next_life`], where it is known from elsewhere (peers, a log) that the node lived up to the incarnation `at_least`:
/// the next life comes after both that one and the one on record.
///
/// It is as good as what is asked: a life that neither the record nor anybody asked remembers can still be repeated.
///
/// ```
/// use constellation_clock::lease::{self, MemoryStore};
///
/// let mut store = MemoryStore::default();
/// lease::first_life(&mut store, "pacific")?;
/// let backup = store.record.clone();
/// assert_eq!(lease::next_life(&mut store, "pacific")?.as_str(), "pacific#1");
///
/// store.record = backup; // restored by somebody who meant well
/// let heard_of = 1; // what atlantic's vector says
/// assert_eq!(lease::next_life_after(&mut store, "pacific", heard_of)?.as_str(), "pacific#2");
/// # Ok::<(), constellation_clock::Error>(())
/// ```
///
/// # Errors
/// As for [`next_life`].
pub fn next_life_after(store: &mut impl Store, name: &str, at_least: u32) -> Result<Identity, Error> {
    let recorded = Checkpoint::load(store)?.identity;
    if recorded.name() != name {
        return Err(CheckpointFault::Foreign { found: recorded, expected: Identity::from(name) }.into());
    }
    let last = Identity::new(name, recorded.incarnation().max(at_least))?;
    let next = last.next_incarnation()?;
    store.store(&Checkpoint::new(next.clone(), 0).encode())?;
    Ok(next)
}

fn require_none(store: &mut impl Store) -> Result<(), Error> {
    match store.load()? {
        None => Ok(()),
        Some(record) => {
            let identity = Checkpoint::decode(&record)?.identity;
            Err(CheckpointFault::Exists { identity }.into())
        }
    }
}

/// CRC-32 as in IEEE 802.3, bit by bit: a record is a few dozen bytes, written once a block.
fn crc32(bytes: &[u8]) -> u32 {
    let register = bytes.iter().fold(u32::MAX, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte), |register, _| {
            let feedback = if register & 1 == 1 { 0xedb8_8320 } else { 0 };
            (register >> 1) ^ feedback
        })
    });
    !register
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn checksum_has_the_check_value_of_its_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
