//! What a node sends for each event, typed between simulated nodes and as canonical bytes on a bus.

use alloc::vec::Vec;

use super::saved::{expect, read_message, rest_of, write_message};
use crate::bytes::{Kind, Limits, Reader, Wire, Writer};
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::VectorStamp;

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
    /// What the origin's injected clock sends along; `None` if that clock could not stamp the event.
    pub message: Option<M>,
    /// What was submitted.
    pub payload: Vec<u8>,
}

impl<M: Wire> Envelope<M> {
    /// The canonical bytes: kind, origin, Lamport time, vector, the clock's message behind its kind or 0, and the payload
    /// as the rest.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.varint(Kind::Envelope as u64);
        writer.text(self.origin.as_str());
        writer.varint(self.lamport);
        self.vector.write(&mut writer);
        write_message(self.message.as_ref(), &mut writer);
        let mut bytes = writer.into_bytes();
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Whether both carry the event of one name.
    pub(super) fn is_same_event(&self, other: &Envelope<M>) -> bool {
        self.origin == other.origin && self.vector == other.vector && self.lamport == other.lamport
    }

    /// The envelope that the bytes stand for. Memory is bounded by the input, whatever it promises.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything that [`encode`](Self::encode) would not have written, be it for another clock.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Envelope<M>, Error> {
        let mut reader = Reader::new(bytes);
        expect(&mut reader, Kind::Envelope)?;
        let origin = reader.identity(limits, None)?;
        let lamport = reader.varint()?;
        let vector = VectorStamp::read(&mut reader, limits, None)?;
        let message = read_message(&mut reader, limits)?;
        Ok(Envelope { origin, lamport, vector, message, payload: rest_of(bytes, &reader).to_vec() })
    }
}
