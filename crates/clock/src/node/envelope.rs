//! What a node sends for each event, typed between simulated nodes and as canonical bytes on a bus.

use alloc::vec::Vec;

use super::behind::Behind;
use super::saved::{expect, read_message, rest_of, write_message};
use crate::bytes::{Kind, Limits, Reader, Wire, Writer};
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::{Group, VectorStamp};

/// An event on its way, with the message of the injected clock.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Envelope<M> {
    /// Who submitted the event.
    pub origin: Identity,
    /// Its Lamport time.
    pub lamport: u64,
    /// Its vector time.
    pub vector: VectorStamp,
    /// What the origin's injected clock sends along.
    pub message: Sent<M>,
    /// What was submitted.
    pub payload: Vec<u8>,
}

/// What an injected clock sends along with an event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sent<M> {
    /// Nothing: it could not stamp the event.
    Nothing,
    /// What it knows, and of whom it does not know all; the event is stamped if that is nobody.
    Clock {
        /// What it knows.
        message: M,
        /// Of whom it does not know all.
        behind: Behind,
    },
}

impl<M: Wire> Envelope<M> {
    /// The canonical bytes: kind, origin, Lamport time, vector, the clock's message behind its kind with what it lacks, or
    /// 0, and the payload as the rest.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Envelope { origin, lamport, vector, message, payload } = self;
        encode(origin, *lamport, vector, message, payload)
    }

    /// The envelope that the bytes stand for. Memory is bounded by the input, whatever it promises.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything that [`encode`](Self::encode) would not have written, be it for another clock.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Envelope<M>, Error> {
        decode(bytes, limits, None)
    }

    /// As [`decode`](Self::decode), among the members of `group`: its table of names serves all vectors, so that they merge
    /// at full speed and no name is copied.
    ///
    /// # Errors
    /// Also [`Error::NotMember`].
    pub fn decode_in(bytes: &[u8], limits: &Limits, group: &Group) -> Result<Envelope<M>, Error> {
        decode(bytes, limits, Some(group))
    }
}

/// The bytes of an envelope whose parts lie apart.
pub(super) fn encode<M: Wire>(
    origin: &Identity,
    lamport: u64,
    vector: &VectorStamp,
    message: &Sent<M>,
    payload: &[u8],
) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.varint(Kind::Envelope as u64);
    writer.text(origin.as_str());
    writer.varint(lamport);
    vector.write(&mut writer);
    write_message(message, &mut writer);
    let mut bytes = writer.into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn decode<M: Wire>(bytes: &[u8], limits: &Limits, group: Option<&Group>) -> Result<Envelope<M>, Error> {
    let mut reader = Reader::new(bytes);
    expect(&mut reader, Kind::Envelope)?;
    let origin = reader.identity(limits, group)?;
    let lamport = reader.varint()?;
    let vector = VectorStamp::read(&mut reader, limits, group)?;
    let message = read_message(&mut reader, limits, group, &vector)?;
    Ok(Envelope { origin, lamport, vector, message, payload: rest_of(bytes, &reader).to_vec() })
}
