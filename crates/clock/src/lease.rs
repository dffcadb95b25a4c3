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
}

/// A clock that never issues a stamp above what its store says may have been issued.
///
/// Stamps are leased by the block: one write covers the next `block` positions (events of a Lamport clock, nanoseconds
/// of a hybrid one), so local events cost at most one write a block. A message from beyond the lease costs one too. After
/// a restart the clock continues above the lease, leaving a gap instead of a repetition.
///
/// Before each write the record is read back: if it is not what this clock left there, that is an error, and no stamp is
/// issued.
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

/// Whether the record is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trust {
    /// It says what we wrote last.
    Known,
    /// Our last write failed: it may say that, or what it said before, or be torn.
    Unknown,
}

impl<C, S> Leased<C, S>
where
    C: Resumable<Error = Error>,
    S: Store,
{
    /// The clock of a node that never lived before. Writes the first lease.
    ///
    /// # Errors
    /// [`CheckpointFault::Exists`] and every other finding but an absent record; the store's own.
    pub fn start(clock: C, mut store: S, block: NonZeroU64) -> Result<Leased<C, S>, Error> {
        require_none(&mut store)?;
        let bound = clock.position();
        let mut leased = Leased { clock, store, block, bound, trust: Trust::Unknown };
        leased.renew()?;
        Ok(leased)
    }

    /// The clock of a node that lived before, skipped ahead of everything that it may have issued. Writes nothing yet.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the record is missing, empty, torn or another identity's; the store's own.
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

    /// Lets the operation that led here stand if its stamp is covered or can be; otherwise takes it back.
    #[inline]
    fn cover<T>(&mut self, saved: C::Saved, stamp: T) -> Result<T, Error> {
        if self.clock.position() > self.bound
            && let Err(fault) = self.renew()
        {
            self.clock.restore(saved);
            return Err(fault);
        }
        Ok(stamp)
    }

    #[cold]
    fn renew(&mut self) -> Result<(), Error> {
        if self.trust == Trust::Known {
            self.verify()?;
        }
        // Saturating at the ceiling, which no clock passes: the lease then covers all that is left.
        let bound = self.clock.position().saturating_add(self.block.get()).min(CEILING);
        self.trust = Trust::Unknown;
        self.store.store(&Checkpoint::new(self.clock.identity().clone(), bound).encode())?;
        self.trust = Trust::Known;
        self.bound = bound;
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Error> {
        let found = Checkpoint::load(&mut self.store)?.belonging_to(self.clock.identity())?.bound;
        let written = self.bound;
        if found < written {
            return Err(CheckpointFault::Older { found, expected_min: written }.into());
        }
        if found > written {
            return Err(CheckpointFault::Newer { found, written }.into());
        }
        Ok(())
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
        let saved = self.clock.save();
        let stamp = self.clock.event()?;
        self.cover(saved, stamp)
    }

    fn send(&mut self) -> Result<(C::Stamp, C::Message), Error> {
        let saved = self.clock.save();
        let sent = self.clock.send()?;
        self.cover(saved, sent)
    }

    fn receive(&mut self, message: &C::Message) -> Result<C::Stamp, Error> {
        let saved = self.clock.save();
        let stamp = self.clock.receive(message)?;
        self.cover(saved, stamp)
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
/// # Errors
/// [`Error::Checkpoint`] if the record is missing, empty, torn or another name's; [`Error::Exhausted`]; the store's own.
pub fn next_life(store: &mut impl Store, name: &str) -> Result<Identity, Error> {
    let last = Checkpoint::load(store)?.identity;
    if last.name() != name {
        return Err(CheckpointFault::Foreign { found: last, expected: Identity::from(name) }.into());
    }
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
