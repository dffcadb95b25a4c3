//! What a machine's disk holds: what is safe, and what a crash may still harm.

use constellation_trace::EventId;
use constellation_trace::nemesis::Eighths;

/// The one file of a node: each write replaces it.
#[derive(Debug)]
pub(crate) struct Medium {
    /// What a crash leaves in any case, and the event that wrote it.
    synced: Option<Written>,
    /// Which event wrote what was there before that.
    before_synced: Option<EventId>,
    /// What was written later and not synced, in order: all of it where a crash may choose among it, which takes the
    /// memory of everything that the node writes between two syncs; else the last two.
    unsynced: Vec<Written>,
    risk: Risk,
}

/// What was written, and the event that says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Written {
    pub(crate) event: EventId,
    pub(crate) bytes: Vec<u8>,
}

/// Whether a crash may harm what is not synced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Risk {
    Some,
    None,
}

impl Medium {
    pub(crate) const fn new(risk: Risk) -> Medium {
        Medium { synced: None, before_synced: None, unsynced: Vec::new(), risk }
    }

    /// Writes and syncs.
    pub(crate) fn persist(&mut self, event: EventId, bytes: Vec<u8>) {
        self.before_synced = self.read().map(|written| written.event);
        self.synced = Some(Written { event, bytes });
        if !self.unsynced.is_empty() {
            self.unsynced.clear();
        }
    }

    /// Writes what is not safe yet.
    pub(crate) fn store(&mut self, event: EventId, bytes: Vec<u8>) {
        if self.risk == Risk::None && self.unsynced.len() == 2 {
            self.unsynced.remove(0);
        }
        self.unsynced.push(Written { event, bytes });
    }

    /// What was written is safe.
    pub(crate) fn sync(&mut self) {
        for written in self.unsynced.drain(..) {
            self.before_synced = self.synced.replace(written).map(|before| before.event);
        }
    }

    /// How many writes a crash may harm.
    pub(crate) const fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Of what was not synced the last `lost` writes are gone, and of the one before them so much is left, over the
    /// bytes that were there before. What then holds the same bytes as before it is what was there before.
    pub(crate) fn tear(&mut self, lost: usize, left: Eighths) {
        self.unsynced.truncate(self.unsynced.len().saturating_sub(lost));
        let torn = self.unsynced.pop();
        self.sync();
        let Some(Written { event, mut bytes }) = torn else { return };
        bytes.truncate(left.of(bytes.len()));
        let before = self.synced.as_ref().map_or(&[][..], |before| &before.bytes);
        bytes.extend(before.iter().skip(bytes.len()));
        if bytes != before {
            self.before_synced = self.synced.replace(Written { event, bytes }).map(|before| before.event);
        }
    }

    /// How many bits it holds that are read.
    pub(crate) fn bits(&self) -> u64 {
        self.read().map_or(0, |written| (written.bytes.len() as u64).saturating_mul(8))
    }

    /// Flips a bit of what is read, if there is one; returns which.
    pub(crate) fn rot(&mut self, bit: u64) -> Option<u64> {
        let bit = bit.checked_rem(self.bits())?;
        let written = self.unsynced.last_mut().or(self.synced.as_mut())?;
        let byte = usize::try_from(bit / 8).ok().and_then(|place| written.bytes.get_mut(place))?;
        *byte ^= 1 << (bit % 8);
        Some(bit)
    }

    /// What a process reads: what was written last, safe or not.
    pub(crate) fn read(&self) -> Option<&Written> {
        self.unsynced.last().or(self.synced.as_ref())
    }

    /// Which event wrote what was there before what is read now.
    pub(crate) fn before(&self) -> Option<EventId> {
        match &self.unsynced[..] {
            [.., before, _] => Some(before.event),
            [_] => self.synced.as_ref().map(|written| written.event),
            [] => self.before_synced,
        }
    }

    /// It holds nothing any more; the memory is kept.
    pub(crate) fn wipe(&mut self) {
        (self.synced, self.before_synced) = (None, None);
        self.unsynced.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torn(before: &str, after: &str, eighths: u8) -> String {
        let mut medium = Medium::new(Risk::Some);
        if !before.is_empty() {
            medium.persist(EventId::new(1), before.into());
        }
        medium.store(EventId::new(2), after.into());
        medium.tear(0, Eighths::new(eighths).expect("a part"));
        assert_eq!(medium.unsynced(), 0);
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
    fn of_several_unsynced_writes_any_number_survives_and_the_last_of_them_may_be_torn() {
        let check = |lost, eighths, expected: &str| {
            let mut medium = Medium::new(Risk::Some);
            medium.persist(EventId::new(1), "a".into());
            for (event, bytes) in [(2, "ab"), (3, "abcdefgh"), (4, "xxxxxxxxxxxxxxxx")] {
                medium.store(EventId::new(event), bytes.into());
            }
            assert_eq!((medium.before(), medium.unsynced()), (Some(EventId::new(3)), 3));
            medium.tear(lost, Eighths::new(eighths).expect("a part"));
            let Written { event, bytes } = medium.read().expect("the first was safe");
            let before = medium.before().map_or("nothing".to_owned(), |event| event.number().to_string());
            let bytes = String::from_utf8_lossy(bytes);
            assert_eq!(format!("{} {bytes} after {before}", event.number()), expected, "{lost} {eighths}");
        };
        check(0, 7, "4 xxxxxxxxxxxxxx after 3");
        check(0, 2, "4 xxxxefgh after 3");
        check(0, 0, "3 abcdefgh after 2");
        check(1, 4, "3 abcd after 2");
        check(1, 2, "2 ab after 1");
        check(1, 0, "2 ab after 1");
        check(2, 7, "1 a after nothing");
        check(2, 0, "1 a after nothing");
        check(9, 7, "1 a after nothing");
    }

    #[test]
    fn where_no_crash_harms_them_two_writes_are_kept_and_no_more() {
        let mut medium = Medium::new(Risk::None);
        medium.persist(EventId::new(0), vec![0]);
        (1..100).for_each(|event| medium.store(EventId::new(event), vec![1]));
        assert_eq!((medium.unsynced(), medium.before()), (2, Some(EventId::new(98))));
        medium.sync();
        assert_eq!(medium.read().map(|written| written.event), Some(EventId::new(99)));
        assert_eq!(medium.before(), Some(EventId::new(98)));
        medium.persist(EventId::new(100), vec![2]);
        assert_eq!(medium.before(), Some(EventId::new(99)));
        medium.wipe();
        assert_eq!((medium.read(), medium.before()), (None, None));
    }

    #[test]
    fn what_is_synced_or_persisted_is_safe() {
        let mut medium = Medium::new(Risk::Some);
        medium.store(EventId::new(1), vec![1]);
        medium.sync();
        medium.tear(0, Eighths::NONE);
        assert_eq!(medium.read().map(|written| &written.bytes[..]), Some(&[1][..]));
        medium.store(EventId::new(2), vec![2]);
        medium.persist(EventId::new(3), vec![3]);
        medium.tear(0, Eighths::NONE);
        assert_eq!(medium.read(), Some(&Written { event: EventId::new(3), bytes: vec![3] }));
        // Before a crash a process reads what it wrote, synced or not.
        medium.store(EventId::new(4), vec![4]);
        assert_eq!(medium.read().map(|written| written.event), Some(EventId::new(4)));
    }

    #[test]
    fn one_bit_rots_and_there_is_always_one_unless_the_disk_is_empty() {
        let mut medium = Medium::new(Risk::Some);
        assert_eq!(medium.rot(5), None);
        medium.persist(EventId::new(1), Vec::new());
        assert_eq!(medium.rot(5), None);
        medium.persist(EventId::new(1), vec![0, 0]);
        assert_eq!((medium.rot(9), medium.rot(16), medium.rot(u64::MAX)), (Some(9), Some(0), Some(15)));
        assert_eq!(medium.read().map(|written| &written.bytes[..]), Some(&[1, 0b1000_0010][..]));
    }
}
