//! How a vector stamp is written: the number of entries, then each name and counter, sorted by name, without zeros.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp;

use super::counters::Counters;
use super::stamp::VectorStamp;
use super::table::{Group, SharedTable};
use crate::bytes::{Fault, Kind, Limits, Reader, Wire, Writer};
use crate::error::Error;
use crate::identity::Identity;

/// The shortest entry: the length of an empty name, and a counter of one byte.
const ENTRY_BYTES_MIN: u64 = 2;

impl Wire for VectorStamp {
    const KIND: Kind = Kind::VectorStamp;

    fn write(&self, writer: &mut Writer) {
        // The counters' length is a guess: four bytes reach to 2^28 events.
        let (count, bytes) = self
            .entries()
            .fold((0, 0), |(count, bytes), (identity, _)| (count + 1, bytes + identity.as_str().len() + 5));
        writer.reserve(bytes);
        writer.varint(count);
        for (identity, counter) in self.entries() {
            writer.text(identity.as_str());
            writer.varint(counter);
        }
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<VectorStamp, Error> {
        let count = reader.count(limits, ENTRY_BYTES_MIN)?;
        match group {
            None => read_entries(reader, limits, count),
            Some(group) => read_members(reader, limits, count, group),
        }
    }
}

fn read_entries(reader: &mut Reader<'_>, limits: &Limits, count: u64) -> Result<VectorStamp, Error> {
    // `count` is at most half of the input's length: memory follows what arrived, not what was promised.
    let capacity = count as usize;
    let mut members: Vec<Identity> = Vec::with_capacity(capacity);
    let mut counters: Vec<u64> = Vec::with_capacity(capacity);
    for _ in 0..count {
        let identity = reader.identity(limits, None)?;
        match members.last().map(|last| last.cmp(&identity)) {
            Some(cmp::Ordering::Equal) => return Err(reader.fault(Fault::DuplicateName).into()),
            Some(cmp::Ordering::Greater) => return Err(reader.fault(Fault::UnsortedName).into()),
            Some(cmp::Ordering::Less) | None => members.push(identity),
        }
        counters.push(read_counter(reader)?);
    }
    Ok(VectorStamp::over(SharedTable::new(members), Counters::new(&counters)))
}

/// The same entries over the group's own table. Both are sorted, so the next name is nearly always the next member's, and no
/// name is searched for or copied.
fn read_members(
    reader: &mut Reader<'_>,
    limits: &Limits,
    count: u64,
    group: &Group,
) -> Result<VectorStamp, Error> {
    let members = group.members();
    let mut counters = Counters::zero(members.len());
    let cells = counters.as_mut();
    let mut next = 0;
    for _ in 0..count {
        let expected = members.get(next);
        let position = if expected.is_some_and(|member| reader.take_text(member.as_str(), limits)) {
            next
        } else {
            let name = reader.text(limits)?;
            let found = group.table().position(name);
            found.ok_or_else(|| Error::NotMember { name: String::from(name) })? as usize
        };
        match (position + 1).cmp(&next) {
            cmp::Ordering::Equal => return Err(reader.fault(Fault::DuplicateName).into()),
            cmp::Ordering::Less => return Err(reader.fault(Fault::UnsortedName).into()),
            cmp::Ordering::Greater => next = position + 1,
        }
        let counter = read_counter(reader)?;
        if let Some(cell) = cells.get_mut(position) {
            *cell = counter;
        }
    }
    Ok(VectorStamp::over(group.table().clone(), counters))
}

fn read_counter(reader: &mut Reader<'_>) -> Result<u64, Error> {
    match reader.counter()? {
        0 => Err(reader.fault(Fault::ZeroEntry).into()),
        counter => Ok(counter),
    }
}
