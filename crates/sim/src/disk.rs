//! What a machine's disk holds: what is safe, and what a crash may still harm.

use constellation_trace::EventId;
use constellation_trace::nemesis::Eighths;

/// The one file of a node: each write replaces it.
#[derive(Debug, Default)]
pub(crate) struct Medium {
    /// What a crash leaves in any case, and the event that wrote it.
    synced: Option<Written>,
    /// What was written later and not synced.
    unsynced: Option<Written>,
}

/// What was written, and the event that says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Written {
    pub(crate) event: EventId,
    pub(crate) bytes: Vec<u8>,
}

impl Medium {
    /// Writes and syncs.
    pub(crate) fn persist(&mut self, event: EventId, bytes: Vec<u8>) {
        self.synced = Some(Written { event, bytes });
        if self.unsynced.is_some() {
            self.unsynced = None;
        }
    }

    /// Writes what is not safe yet.
    pub(crate) fn store(&mut self, event: EventId, bytes: Vec<u8>) {
        self.unsynced = Some(Written { event, bytes });
    }

    /// What was written is safe.
    pub(crate) fn sync(&mut self) {
        if let Some(written) = self.unsynced.take() {
            self.synced = Some(written);
        }
    }

    /// Whether a crash may harm anything.
    pub(crate) const fn has_unsynced(&self) -> bool {
        self.unsynced.is_some()
    }

    /// Of what was not synced so much is left, over the bytes that were there before.
    pub(crate) fn tear(&mut self, left: Eighths) {
        let Some(Written { event, mut bytes }) = self.unsynced.take() else { return };
        bytes.truncate(left.of(bytes.len()));
        if bytes.is_empty() {
            return;
        }
        if let Some(before) = &self.synced {
            bytes.extend(before.bytes.iter().skip(bytes.len()));
        }
        self.synced = Some(Written { event, bytes });
    }

    /// How many bits it holds that are read.
    pub(crate) fn bits(&self) -> u64 {
        self.read().map_or(0, |written| (written.bytes.len() as u64).saturating_mul(8))
    }

    /// Flips a bit of what is read, if there is one; returns which.
    pub(crate) fn rot(&mut self, bit: u64) -> Option<u64> {
        let bit = bit.checked_rem(self.bits())?;
        let written = self.unsynced.as_mut().or(self.synced.as_mut())?;
        let byte = usize::try_from(bit / 8).ok().and_then(|place| written.bytes.get_mut(place))?;
        *byte ^= 1 << (bit % 8);
        Some(bit)
    }

    /// What a process reads: what was written last, safe or not.
    pub(crate) fn read(&self) -> Option<&Written> {
        self.unsynced.as_ref().or(self.synced.as_ref())
    }

    /// It holds nothing any more.
    pub(crate) fn wipe(&mut self) {
        *self = Medium::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torn(before: &str, after: &str, eighths: u8) -> String {
        let mut medium = Medium::default();
        if !before.is_empty() {
            medium.persist(EventId::new(1), before.into());
        }
        medium.store(EventId::new(2), after.into());
        medium.tear(Eighths::new(eighths).expect("a part"));
        assert!(!medium.has_unsynced());
        medium.read().map_or("nothing".to_owned(), |written| {
            format!("{} {}", written.event.number(), String::from_utf8_lossy(&written.bytes))
        })
    }

    #[test]
    fn a_torn_write_is_a_beginning_of_the_new_over_the_old() {
        assert_eq!(torn("aaaaaaaa", "bbbbbbbb", 0), "1 aaaaaaaa");
        assert_eq!(torn("aaaaaaaa", "bbbbbbbb", 1), "2 baaaaaaa");
        assert_eq!(torn("aaaaaaaa", "bbbbbbbb", 7), "2 bbbbbbba");
        assert_eq!(torn("aaaa", "bbbbbbbb", 7), "2 bbbbbbb");
        assert_eq!(torn("aaaaaaaa", "bb", 4), "2 baaaaaaa");
        assert_eq!(torn("aaaaaaaa", "b", 7), "1 aaaaaaaa", "seven eighths of one byte are none");
        assert_eq!(torn("", "bbbb", 4), "2 bb");
        assert_eq!(torn("", "bbbb", 0), "nothing");
    }

    #[test]
    fn what_is_synced_or_persisted_is_safe() {
        let mut medium = Medium::default();
        medium.store(EventId::new(1), vec![1]);
        medium.sync();
        medium.tear(Eighths::NONE);
        assert_eq!(medium.read().map(|written| &written.bytes[..]), Some(&[1][..]));
        medium.store(EventId::new(2), vec![2]);
        medium.persist(EventId::new(3), vec![3]);
        medium.tear(Eighths::NONE);
        assert_eq!(medium.read(), Some(&Written { event: EventId::new(3), bytes: vec![3] }));
        // Before a crash a process reads what it wrote, synced or not.
        medium.store(EventId::new(4), vec![4]);
        assert_eq!(medium.read().map(|written| written.event), Some(EventId::new(4)));
    }

    #[test]
    fn one_bit_rots_and_there_is_always_one_unless_the_disk_is_empty() {
        let mut medium = Medium::default();
        assert_eq!(medium.rot(5), None);
        medium.persist(EventId::new(1), Vec::new());
        assert_eq!(medium.rot(5), None);
        medium.persist(EventId::new(1), vec![0, 0]);
        assert_eq!((medium.rot(9), medium.rot(16), medium.rot(u64::MAX)), (Some(9), Some(0), Some(15)));
        assert_eq!(medium.read().map(|written| &written.bytes[..]), Some(&[1, 0b1000_0010][..]));
    }
}
