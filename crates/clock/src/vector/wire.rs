//! How a vector stamp is written: the number of entries, then each name and counter, sorted by name, without zeros.

use alloc::vec::Vec;

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
        writer.varint(self.entries().count() as u64);
        for (identity, counter) in self.entries() {
            writer.text(identity.as_str());
            writer.varint(counter);
        }
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<VectorStamp, Error> {
        let count = reader.count(limits, ENTRY_BYTES_MIN)?;
        // `count` is at most half of the input's length: memory follows what arrived, not what was promised.
        let capacity = count as usize;
        let mut members: Vec<Identity> = Vec::with_capacity(capacity);
        let mut counters: Vec<u64> = Vec::with_capacity(capacity);
        for _ in 0..count {
            let identity = reader.identity(limits, group)?;
            match members.last().map(|last| last.cmp(&identity)) {
                Some(core::cmp::Ordering::Equal) => return Err(reader.fault(Fault::DuplicateName).into()),
                Some(core::cmp::Ordering::Greater) => return Err(reader.fault(Fault::UnsortedName).into()),
                Some(core::cmp::Ordering::Less) | None => members.push(identity),
            }
            match reader.counter()? {
                0 => return Err(reader.fault(Fault::ZeroEntry).into()),
                counter => counters.push(counter),
            }
        }
        Ok(match group {
            None => VectorStamp::over(SharedTable::new(members), Counters::new(&counters)),
            Some(group) => in_group(group, &members, &counters),
        })
    }
}

/// The same entries over the group's own table, which holds all of these members.
fn in_group(group: &Group, members: &[Identity], counters: &[u64]) -> VectorStamp {
    let mut entries = members.iter().zip(counters).peekable();
    let values: Vec<u64> = group
        .members()
        .iter()
        .map(|member| entries.next_if(|entry| entry.0 == member).map_or(0, |entry| *entry.1))
        .collect();
    VectorStamp::over(group.table().clone(), Counters::new(&values))
}
