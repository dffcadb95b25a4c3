//! What was carried between sites, and how punctually.

use std::time::Duration;

/// What became of what one site sent to another: of packets; behind proxies, of pieces of a stream,
/// of which its end is one.
///
/// Of what is not lost, cut or without room, everything is carried, refused or still waiting:
/// `sent + duplicated = carried + refused + waiting + lost + corrupt_seen + limited + cut + no_room`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// How many were sent.
    pub sent: u64,
    /// How many arrived, second copies included.
    pub carried: u64,
    /// Of how many a second copy was made.
    pub duplicated: u64,
    /// How many were lost by [`Link::loss`](constellation_fabric::Link::loss).
    pub lost: u64,
    /// How many were lost since bits flipped and a checksum saw it.
    pub corrupt_seen: u64,
    /// How many arrive as something else, which no checksum sees.
    pub corrupted: u64,
    /// How many were lost to the size, the queue or the contacts of their link.
    pub limited: u64,
    /// How many met a cut.
    pub cut: u64,
    /// How many were lost since [`PACKETS_MAX`](crate::switch::PACKETS_MAX) were on their way.
    pub no_room: u64,
    /// How many are on their way, second copies included.
    pub waiting: u64,
    /// How many the site did not take, since it is gone.
    pub refused: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn plus(&self, other: &Counts) -> Counts {
        Counts {
            sent: self.sent + other.sent,
            carried: self.carried + other.carried,
            duplicated: self.duplicated + other.duplicated,
            lost: self.lost + other.lost,
            corrupt_seen: self.corrupt_seen + other.corrupt_seen,
            corrupted: self.corrupted + other.corrupted,
            limited: self.limited + other.limited,
            cut: self.cut + other.cut,
            no_room: self.no_room + other.no_room,
            waiting: self.waiting + other.waiting,
            refused: self.refused + other.refused,
        }
    }
}

/// How much later than decided something happened, and how often: so a measurement knows whether the machine was too busy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lateness {
    /// In each place how often it was less than this power of two of microseconds, and not less than the one before.
    often: [u64; Lateness::PLACES],
}

impl Lateness {
    /// The last place is for 2 s and more.
    const PLACES: usize = 22;

    pub(crate) fn note(&mut self, late_ns: u64) {
        let micros = late_ns / 1_000;
        let place = (u64::BITS - micros.leading_zeros()) as usize;
        self.often[place.min(Lateness::PLACES - 1)] += 1;
    }

    /// How many were noted.
    pub fn count(&self) -> u64 {
        self.often.iter().sum()
    }

    /// What was noted since an earlier time.
    #[must_use]
    pub fn since(&self, earlier: &Lateness) -> Lateness {
        let mut often = self.often;
        for (now, before) in often.iter_mut().zip(earlier.often) {
            *now = now.saturating_sub(before);
        }
        Lateness { often }
    }

    /// The least power of two of microseconds that all but so many in a million were below; [`Duration::ZERO`] if nothing
    /// was noted. 0 asks for the greatest, 500,000 for the median.
    pub fn all_but(&self, ppm: u32) -> Duration {
        let count = self.count();
        if count == 0 {
            return Duration::ZERO;
        }
        let above = u128::from(count) * u128::from(ppm.min(1_000_000)) / 1_000_000;
        let mut left = 0;
        for (place, often) in self.often.iter().enumerate().rev() {
            left += u128::from(*often);
            if left > above {
                return Duration::from_micros(1 << place);
            }
        }
        Duration::from_micros(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_told_by_powers_of_two() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.all_but(0), Duration::ZERO);
        for micros in [0, 0, 0, 0, 0, 0, 0, 0, 100, 5_000] {
            lateness.note(micros * 1_000);
        }
        assert_eq!(lateness.count(), 10);
        assert_eq!(lateness.all_but(500_000), Duration::from_micros(1));
        assert_eq!(lateness.all_but(100_000), Duration::from_micros(128));
        assert_eq!(lateness.all_but(0), Duration::from_micros(8_192));
        let earlier = lateness;
        lateness.note(3_000);
        assert_eq!(lateness.since(&earlier).all_but(0), Duration::from_micros(4));
        lateness.note(u64::MAX);
        assert_eq!(lateness.all_but(0), Duration::from_micros(1 << 21));
    }
}
