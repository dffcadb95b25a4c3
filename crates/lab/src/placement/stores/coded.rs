//! What sites of a store say to each other as bytes, for stores whose sites are processes.
//!
//! Both ends are the same program, so there are no versions; what cannot be read is dropped, as a message that was lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constellation_live::bytes::{Reader, Writer};
use constellation_trace::{Elapsed, NodeId, WallTime};

use super::multi_leader::{self, Register};
use super::{crdt, leader, quorum};
use crate::placement::client::{Answer, Ask, What};

/// A value that can be told in bytes.
pub(in crate::placement) trait Coded: Sized {
    /// Appends it.
    fn put(&self, to: &mut Writer);
    /// Takes it from the front; `None` where the bytes are of something else.
    fn take(from: &mut Reader<'_>) -> Option<Self>;
}

/// The bytes of a value.
pub(in crate::placement) fn bytes(value: &impl Coded) -> Vec<u8> {
    let mut writer = Writer::default();
    value.put(&mut writer);
    writer.into_bytes()
}

/// The value of these bytes, if nothing follows it.
pub(in crate::placement) fn value<T: Coded>(bytes: &[u8]) -> Option<T> {
    let mut reader = Reader::new(bytes);
    let value = T::take(&mut reader)?;
    reader.end(value)
}

/// Writes `Coded` of a struct, from its fields, and of an enum, from the number and the fields of each variant; those of a
/// tuple are its numbers. Both ways follow from the one list.
macro_rules! coded {
    (struct $name:ty { $($field:ident),* }) => {
        impl Coded for $name {
            fn put(&self, to: &mut Writer) {
                $(self.$field.put(to);)*
            }

            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Coded::take(from)?),* })
            }
        }
    };
    (enum $name:ty { $($tag:literal: $variant:ident { $($field:tt: $bound:ident),* })* }) => {
        impl Coded for $name {
            fn put(&self, to: &mut Writer) {
                match self {
                    $(Self::$variant { $($field: $bound),* } => {
                        to.byte($tag);
                        $($bound.put(to);)*
                    })*
                }
            }

            fn take(from: &mut Reader<'_>) -> Option<Self> {
                Some(match from.byte()? {
                    $($tag => {
                        $(let $bound = Coded::take(from)?;)*
                        Self::$variant { $($field: $bound),* }
                    })*
                    _ => return None,
                })
            }
        }
    };
}
pub(super) use coded;

coded!(enum quorum::Message {
    0: Hold { task: task, key: key, owner: owner, held: held }
    1: Hand { key: key, held: held }
    2: Handed { key: key, held: held }
    3: Store { task: task, key: key, held: held }
    4: Stored { task: task }
    5: Fetch { task: task, key: key }
    6: Fetched { task: task, held: held }
});

coded!(enum leader::Message {
    0: Forward { waiting: waiting, ask: ask }
    1: Answered { waiting: waiting, told: told }
    2: Append { at: at, key: key, value: value }
    3: Appended { at: at }
    4: Missing {}
    5: Beat { term: term, sent: sent }
    6: Heard { term: term, sent: sent }
    7: Stand { term: term, last: last, sent: sent }
    8: Vote { term: term, sent: sent }
    9: Outdated { term: term }
    10: Lead { at: at, holds: holds }
});

coded!(enum multi_leader::Message {
    0: Hold { number: number, key: key, register: register }
    1: Taken { number: number }
});

coded!(enum Register {
    0: Last { 0: at, 1: value }
    1: All { 0: versions }
});

coded!(enum crdt::Message {
    0: State { upto: upto, part: part }
    1: Known { upto: upto }
});

coded!(struct Ask { key, what, over });

coded!(enum What {
    0: Write { 0: value }
    1: Read {}
});

coded!(enum Answer {
    0: Ok { 0: values }
    1: Refused { 0: reason }
    2: Unknown { 0: reason }
});

impl Coded for u32 {
    fn put(&self, to: &mut Writer) {
        to.u32(*self);
    }

    fn take(from: &mut Reader<'_>) -> Option<u32> {
        from.u32()
    }
}

impl Coded for u64 {
    fn put(&self, to: &mut Writer) {
        to.u64(*self);
    }

    fn take(from: &mut Reader<'_>) -> Option<u64> {
        from.u64()
    }
}

impl Coded for usize {
    fn put(&self, to: &mut Writer) {
        // Places in logs, which are far shorter.
        to.u64(u64::try_from(*self).unwrap_or(u64::MAX));
    }

    fn take(from: &mut Reader<'_>) -> Option<usize> {
        from.u64().and_then(|number| usize::try_from(number).ok())
    }
}

impl<T: Coded> Coded for Arc<T> {
    fn put(&self, to: &mut Writer) {
        T::put(self, to);
    }

    fn take(from: &mut Reader<'_>) -> Option<Arc<T>> {
        T::take(from).map(Arc::new)
    }
}

impl Coded for String {
    fn put(&self, to: &mut Writer) {
        to.text(self);
    }

    fn take(from: &mut Reader<'_>) -> Option<String> {
        from.text()
    }
}

impl Coded for NodeId {
    fn put(&self, to: &mut Writer) {
        to.u32(self.number());
    }

    fn take(from: &mut Reader<'_>) -> Option<NodeId> {
        from.u32().map(NodeId::new)
    }
}

impl Coded for Elapsed {
    fn put(&self, to: &mut Writer) {
        to.u64(self.ns());
    }

    fn take(from: &mut Reader<'_>) -> Option<Elapsed> {
        from.u64().map(Elapsed::from_ns)
    }
}

impl Coded for WallTime {
    fn put(&self, to: &mut Writer) {
        to.u64(self.ns());
    }

    fn take(from: &mut Reader<'_>) -> Option<WallTime> {
        from.u64().map(WallTime::from_ns)
    }
}

impl Coded for Duration {
    fn put(&self, to: &mut Writer) {
        to.u64(self.as_secs());
        to.u32(self.subsec_nanos());
    }

    fn take(from: &mut Reader<'_>) -> Option<Duration> {
        let (secs, nanos) = (from.u64()?, from.u32()?);
        // More would be carried over into seconds, of which there may be no more.
        (nanos < 1_000_000_000).then(|| Duration::new(secs, nanos))
    }
}

impl<T: Coded> Coded for Option<T> {
    fn put(&self, to: &mut Writer) {
        to.maybe(self.as_ref(), |to, value| value.put(to));
    }

    fn take(from: &mut Reader<'_>) -> Option<Option<T>> {
        from.maybe(T::take)
    }
}

impl<T: Coded> Coded for Vec<T> {
    fn put(&self, to: &mut Writer) {
        to.count(self.len());
        self.iter().for_each(|value| value.put(to));
    }

    fn take(from: &mut Reader<'_>) -> Option<Vec<T>> {
        from.all(T::take)
    }
}

impl<K: Coded + Ord, V: Coded> Coded for BTreeMap<K, V> {
    fn put(&self, to: &mut Writer) {
        to.count(self.len());
        for (key, value) in self {
            key.put(to);
            value.put(to);
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<BTreeMap<K, V>> {
        let pairs = from.all(<(K, V)>::take)?;
        Some(pairs.into_iter().collect())
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    fn put(&self, to: &mut Writer) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut Reader<'_>) -> Option<(A, B)> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<A: Coded, B: Coded, C: Coded> Coded for (A, B, C) {
    fn put(&self, to: &mut Writer) {
        self.0.put(to);
        self.1.put(to);
        self.2.put(to);
    }

    fn take(from: &mut Reader<'_>) -> Option<(A, B, C)> {
        Some((A::take(from)?, B::take(from)?, C::take(from)?))
    }
}
