//! How an update is written: key, writes heard of, then each sibling's dot and length, then the values end to end.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::record::Record;
use super::{Context, Update};
use crate::bytes::{Fault, Kind, Limits, Reader, Wire, Writer};
use crate::dotted::Dot;
use crate::error::Error;
use crate::identity::Identity;
use crate::vector::VectorStamp;

/// What the first byte says that it is.
const KIND: Kind = Kind::CatalogUpdate;

/// The shortest entry for a sibling: position, counter and length of a byte each.
const ENTRY_BYTES_MIN: u64 = 3;

/// An update has one canonical binary form, made like those of [stamps](crate::bytes::Wire).
impl Update<Vec<u8>> {
    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.varint(KIND as u64);
        writer.text(&self.key);
        self.record.seen.write(&mut writer);
        writer.varint(self.record.siblings.len() as u64);
        for (dot, value) in &self.record.siblings {
            let before = self.record.seen.entries().take_while(|(identity, _)| **identity < dot.node).count();
            writer.varint(before as u64);
            writer.varint(dot.counter);
            writer.varint(value.len() as u64);
        }
        let mut bytes = writer.into_bytes();
        self.record.siblings.values().for_each(|value| bytes.extend_from_slice(value));
        bytes
    }

    /// The update that the bytes stand for. The key may be as long as a name, and there may be as many siblings as entries.
    ///
    /// Cost: proportional to the input, whatever it promises.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything that [`encode`](Self::encode) would not have written.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Update<Vec<u8>>, Error> {
        let mut reader = Reader::new(bytes);
        let found = reader.byte()?;
        if found != KIND as u8 {
            return Err(Reader::new(bytes).fault(Fault::WrongKind { expected: KIND, found }).into());
        }
        let key = String::from(reader.text(limits)?);
        let seen = VectorStamp::read(&mut reader, limits, None)?;
        let dots = read_dots(&mut reader, limits, &seen)?;

        let promised = dots.iter().fold(0, |sum: u64, (_, length)| sum.saturating_add(*length));
        let remaining = reader.remaining();
        if promised > remaining {
            return Err(reader.fault(Fault::PromiseBeyondInput { promised, remaining }).into());
        }
        if promised < remaining {
            return Err(reader.fault(Fault::TrailingBytes { count: remaining - promised }).into());
        }
        let mut rest = bytes.get(bytes.len() - remaining as usize..).unwrap_or_default();
        let mut siblings = BTreeMap::new();
        for (dot, length) in dots {
            let (value, after) = rest.split_at_checked(length as usize).unwrap_or((rest, &[]));
            siblings.insert(dot, value.to_vec());
            rest = after;
        }
        Ok(Update { key, record: Record { siblings, seen } })
    }
}

/// The siblings' dots in ascending order, each covered by `seen`, with the lengths of their values.
fn read_dots(reader: &mut Reader<'_>, limits: &Limits, seen: &VectorStamp) -> Result<Vec<(Dot, u64)>, Error> {
    let nodes: Vec<(&Identity, u64)> = seen.entries().collect();
    let count = reader.count(limits, ENTRY_BYTES_MIN)?;
    if count == 0 {
        // Every write stays until another replaces it, so somebody's value is always there. An update without one would
        // erase a key on every replica.
        return Err(reader.fault(Fault::NoSiblings).into());
    }
    let mut dots: Vec<(Dot, u64)> = Vec::with_capacity(count as usize); // At most a third of the input's length.
    for _ in 0..count {
        let position = reader.varint()?;
        let entry = usize::try_from(position).ok().and_then(|position| nodes.get(position));
        let Some(&(node, covered)) = entry else {
            return Err(reader.fault(Fault::NoSuchEntry { position }).into());
        };
        let counter = reader.counter()?;
        if counter == 0 {
            return Err(reader.fault(Fault::ZeroEntry).into());
        }
        if counter > covered {
            return Err(reader.fault(Fault::DotNotCovered { counter, seen: covered }).into());
        }
        let dot = Dot { node: node.clone(), counter };
        match dots.last().map(|(last, _)| last.cmp(&dot)) {
            Some(core::cmp::Ordering::Equal) => return Err(reader.fault(Fault::DuplicateName).into()),
            Some(core::cmp::Ordering::Greater) => return Err(reader.fault(Fault::UnsortedName).into()),
            Some(core::cmp::Ordering::Less) | None => dots.push((dot, reader.varint()?)),
        }
    }
    Ok(dots)
}

/// A context travels to a client and back: kind, 0 for the default or 1, then the key and the writes seen.
impl Context {
    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.varint(Kind::CatalogContext as u64);
        writer.varint(u64::from(self.key.is_some()));
        if let Some(key) = &self.key {
            writer.text(key);
            self.seen.write(&mut writer);
        }
        writer.into_bytes()
    }

    /// The context that the bytes stand for. They prove nothing about who wrote them; see [`Context`].
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything that [`encode`](Self::encode) would not have written.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Context, Error> {
        let mut reader = Reader::new(bytes);
        let found = reader.byte()?;
        if found != Kind::CatalogContext as u8 {
            let fault = Fault::WrongKind { expected: Kind::CatalogContext, found };
            return Err(Reader::new(bytes).fault(fault).into());
        }
        let context = match reader.byte()? {
            0 => Context::default(),
            1 => {
                let key = Some(String::from(reader.text(limits)?));
                Context { key, seen: VectorStamp::read(&mut reader, limits, None)? }
            }
            position => return Err(reader.fault(Fault::NoSuchEntry { position: position.into() }).into()),
        };
        match reader.remaining() {
            0 => Ok(context),
            count => Err(reader.fault(Fault::TrailingBytes { count }).into()),
        }
    }
}
