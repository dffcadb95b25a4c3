//! What a replica writes to disk for its next life.

use alloc::vec::Vec;

use super::behind::Behind;
use super::envelope::Sent;
use crate::bytes::{Fault, Kind, Limits, Malformed, Reader, Wire, Writer};
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::{Group, VectorStamp};

/// The state of one life, as bytes: kind, identity, Lamport and vector time, the injected clock's message as in an
/// envelope, the lengths of the envelopes, then the envelopes end to end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Saved<M> {
    pub(super) identity: Identity,
    pub(super) lamport: u64,
    pub(super) vector: VectorStamp,
    /// What the injected clock would have sent at that moment: whoever receives it knows what the clock knew.
    pub(super) message: Sent<M>,
    /// The log.
    pub(super) envelopes: Vec<Vec<u8>>,
}

/// A log is as long as it is; the state's own length bounds it.
const COUNT_LIMITS: Limits = Limits { entries_max: u32::MAX, name_bytes_max: 0 };

impl<M: Wire> Saved<M> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.varint(Kind::ReplicaState as u64);
        writer.text(self.identity.as_str());
        writer.varint(self.lamport);
        self.vector.write(&mut writer);
        write_message(&self.message, &mut writer);
        writer.varint(self.envelopes.len() as u64);
        self.envelopes.iter().for_each(|envelope| writer.varint(envelope.len() as u64));
        let mut bytes = writer.into_bytes();
        self.envelopes.iter().for_each(|envelope| bytes.extend_from_slice(envelope));
        bytes
    }

    pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Saved<M>, Error> {
        let mut reader = Reader::new(bytes);
        expect(&mut reader, Kind::ReplicaState)?;
        let identity = reader.identity(limits, None)?;
        let lamport = reader.counter()?;
        let vector = VectorStamp::read(&mut reader, limits, None)?;
        let message = read_message(&mut reader, limits, None, &vector)?;
        let count = reader.count(&COUNT_LIMITS, 1)?;
        let lengths = (0..count).map(|_| reader.varint()).collect::<Result<Vec<u64>, Malformed>>()?;

        let promised = lengths.iter().fold(0, |sum: u64, length| sum.saturating_add(*length));
        let remaining = reader.remaining();
        if promised > remaining {
            return Err(reader.fault(Fault::PromiseBeyondInput { promised, remaining }).into());
        }
        if promised < remaining {
            return Err(reader.fault(Fault::TrailingBytes { count: remaining - promised }).into());
        }
        let mut rest = rest_of(bytes, &reader);
        let mut envelopes = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (envelope, after) = rest.split_at_checked(length as usize).unwrap_or((rest, &[]));
            envelopes.push(envelope.to_vec());
            rest = after;
        }
        Ok(Saved { identity, lamport, vector, message, envelopes })
    }
}

/// The message behind its kind and with what its clock lacks, or 0 for none.
pub(super) fn write_message<M: Wire>(sent: &Sent<M>, writer: &mut Writer) {
    match sent {
        Sent::Nothing => writer.varint(0),
        Sent::Clock { message, behind } => {
            writer.varint(M::KIND as u64);
            message.write(writer);
            behind.write(writer);
        }
    }
}

/// What [`write_message`] wrote for a node that counts `vector`.
pub(super) fn read_message<M: Wire>(
    reader: &mut Reader<'_>,
    limits: &Limits,
    group: Option<&Group>,
    vector: &VectorStamp,
) -> Result<Sent<M>, Error> {
    if reader.clone().byte()? == 0 {
        reader.byte()?;
        return Ok(Sent::Nothing);
    }
    expect(reader, M::KIND)?;
    let message = M::read(reader, limits, group)?;
    Ok(Sent::Clock { message, behind: Behind::read(reader, limits, group, vector)? })
}

/// The first byte of something of this kind.
pub(super) fn expect(reader: &mut Reader<'_>, expected: Kind) -> Result<(), Malformed> {
    let fault = reader.clone();
    let found = reader.byte()?;
    if found == expected as u8 { Ok(()) } else { Err(fault.fault(Fault::WrongKind { expected, found })) }
}

/// What the reader of `bytes` has not read.
pub(super) fn rest_of<'a>(bytes: &'a [u8], reader: &Reader<'_>) -> &'a [u8] {
    let start = bytes.len().saturating_sub(reader.remaining() as usize); // What is left is no more than all.
    bytes.get(start..).unwrap_or_default()
}
