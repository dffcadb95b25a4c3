//! How much time a round takes itself: simulated time costs nothing, real time is dear, and a real network takes some to
//! carry again what was sent into a cut.

use std::time::Duration;

use super::{HEAL_AT, READ_BACK, TIMEOUT};

/// How often and how long is asked in a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// In a round without cuts, how often each site writes alone to a key that the others have written before, and how often
    /// all write at once.
    pub repeats: usize,
    /// Until when clients ask whatever became of what they asked before; a good while after the heal, where there is a cut.
    pub asked_until: Duration,
    /// Until when clients that take turns begin one, which is a read and a write; a little after the heal, where there is a
    /// cut.
    pub turns_until: Duration,
    /// How long after the heal a site may leave something without an answer.
    pub back: Duration,
    /// When what was acknowledged is looked for at every site: all that was asked is over then, and a store has had time to
    /// settle since the heal.
    pub read_back_at: Duration,
    /// How many clients of each site read it back, each its share of the keys.
    pub readers: u32,
}

impl Pace {
    /// That of simulated stores.
    pub const SIMULATED: Pace = Pace {
        repeats: 4,
        asked_until: Duration::from_millis(6_000),
        turns_until: Duration::from_millis(5_500),
        back: Duration::from_secs(1),
        read_back_at: HEAL_AT.saturating_add(READ_BACK),
        readers: 1,
    };

    /// How long after the heal what was acknowledged is looked for.
    pub const fn read_back(self) -> Duration {
        self.read_back_at.saturating_sub(HEAL_AT)
    }

    /// Whether all that is asked can be over when it is read back.
    pub fn is_sound(self) -> bool {
        let turns = self.turns_until + 2 * TIMEOUT;
        self.readers > 0 && self.asked_until + TIMEOUT < self.read_back_at && turns < self.read_back_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_back_is_over_before() {
        assert!(Pace::SIMULATED.is_sound());
        assert!(!Pace { read_back_at: Duration::from_secs(7), ..Pace::SIMULATED }.is_sound());
        assert_eq!(Pace::SIMULATED.read_back(), READ_BACK);
    }
}
