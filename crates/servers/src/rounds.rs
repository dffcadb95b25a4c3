//! Which rounds place a real server: those of the simulator that make sense where a cut loses packets.
//!
//! A real network holds nothing: over a link that is cut each packet is lost, and what a connection sends again arrives after
//! the heal. To whoever talks over connections that is [`Fate::Held`], and so the rounds are called; a server that talks in
//! single datagrams has to send again by itself. The rounds in which the simulator loses for good what is sent are not among
//! them, as no connection over a cut of four seconds would know the two apart.

use std::time::Duration;

use constellation_lab::placement::protocol::{Condition, Fate, Pace, Round, SWEEP_MS, Way};

/// How much time a placement takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effort {
    /// All rounds: less than three minutes.
    Whole,
    /// Two delays instead of four, each with half as much asked, and no cuts in one direction only: about one minute, with
    /// wider intervals.
    Quick,
}

/// The pace of rounds with a cut. What a connection sends into a cut of four seconds it sends again up to three seconds after
/// the heal, as it waits twice as long each time (RFC 6298); then those who heard nobody for so long have to settle, which may
/// take an election of a second or two.
const CUT: Pace = Pace {
    repeats: Pace::SIMULATED.repeats,
    asked_until: Duration::from_millis(10_400),
    // Whoever is asked to read and then to write waits twice as long as others, and nobody should wait for that alone.
    turns_until: Duration::from_millis(9_400),
    back: Duration::from_millis(5_200),
    read_back_at: Duration::from_millis(11_500),
    // With eight, a store of two round trips would read for five seconds.
    readers: 24,
};

/// The pace of a round in which a server is killed: that after a cut, so that both say of a write that is missing how long it
/// had to arrive. Connections to whoever is killed break at once, so that nothing waits as long to be sent again; but a server
/// that begins again reads its disk first, and then has to find the others.
pub const KILL: Pace = CUT;

/// How long after the heal of a cut what was acknowledged is looked for.
pub fn read_back(effort: Effort) -> Duration {
    let cut = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };
    pace(effort, &cut).read_back()
}

/// The pace of a round of such an effort.
fn pace(effort: Effort, condition: &Condition) -> Pace {
    match (condition, effort) {
        (Condition::Cut { .. } | Condition::Split { .. }, Effort::Whole) => CUT,
        // As long to come back, and less asked after that.
        (Condition::Cut { .. } | Condition::Split { .. }, Effort::Quick) => {
            let less = Duration::from_millis(400);
            Pace {
                asked_until: CUT.asked_until.saturating_sub(less),
                turns_until: CUT.turns_until.saturating_sub(less),
                read_back_at: CUT.read_back_at.saturating_sub(less),
                ..CUT
            }
        }
        // Without a cut there is nothing to come back from.
        (_, Effort::Whole) => Pace {
            asked_until: Duration::from_millis(4_500),
            turns_until: Duration::from_millis(3_500),
            read_back_at: Duration::from_millis(5_600),
            readers: CUT.readers,
            ..Pace::SIMULATED
        },
        (_, Effort::Quick) => Pace {
            repeats: 2,
            asked_until: Duration::from_millis(2_400),
            turns_until: Duration::from_millis(1_400),
            read_back_at: Duration::from_millis(3_500),
            readers: CUT.readers,
            ..Pace::SIMULATED
        },
    }
}

/// The rounds, in order: all links alike, each site slow, all busy, each cut off, and then one way only.
pub fn rounds(sites: usize, effort: Effort) -> Vec<Round> {
    let delays = match effort {
        Effort::Whole => &SWEEP_MS[..],
        // The longest of four takes as long as the other three.
        Effort::Quick => &[SWEEP_MS[0], SWEEP_MS[2]],
    };
    let ways = match effort {
        Effort::Whole => &[Way::Both, Way::From, Way::To][..],
        Effort::Quick => &[Way::Both],
    };
    let alike = delays.iter().map(|ms| Condition::Alike { delay: Duration::from_millis(*ms) });
    let slow = (0..sites).map(|site| Condition::Slow { site });
    let cut = ways
        .iter()
        .flat_map(|way| (0..sites).map(move |site| Condition::Cut { site, way: *way, fate: Fate::Held }));
    let all = alike.chain(slow).chain([Condition::Busy]).chain(cut);
    all.map(|condition| Round { pace: pace(effort, &condition), ..Round::new(sites, condition) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_every_round_all_that_is_asked_is_over_when_it_is_read_back() {
        for (effort, count, ends_ms) in [(Effort::Whole, 17, 11_500), (Effort::Quick, 9, 11_100)] {
            let all = rounds(3, effort);
            assert_eq!(all.len(), count);
            assert!(all.iter().all(|round| round.pace.is_sound()) && KILL.is_sound(), "{all:#?}");
            let last = all.iter().map(|round| round.pace.read_back_at).max();
            assert_eq!(last, Some(Duration::from_millis(ends_ms)));
        }
    }
}
