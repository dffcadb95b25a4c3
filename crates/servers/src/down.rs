//! A round in which a server is killed: that of the site that leads, if one does.
//!
//! Nothing is known of the product. Whoever leads is near to itself: it spares what every other site pays to have its writes
//! ordered, so that its writes take at least half a round trip less than those of all others. Where no site leads, or every
//! write is forwarded to all alike, none is so.

use std::time::Duration;

use constellation_lab::placement::client::{Ask, Kind};
use constellation_lab::placement::measure;
use constellation_lab::placement::protocol::{Condition, Pace, Round, SWEEP_MS, TIMEOUT};
use constellation_lab::placement::record::{Asked, Phase, Record};

use crate::drive::{Amiss, Driven, Ended, Happened, Lateness, Stand, drive};

/// How often each site is asked to write before it is told who leads.
const WRITES: usize = 5;
/// After how many writes in a row that were not done a site is asked no more: whoever takes none leads nobody.
const SILENT_MAX: usize = 2;
/// How long a packet takes meanwhile, one way: so long that a busy machine is not taken for half a round trip.
const DELAY: Duration = Duration::from_millis(SWEEP_MS[3]);

/// What came of such a round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Downed {
    /// The site that leads, if one does; else the first was killed.
    pub leader: Option<usize>,
    /// What was asked and answered, and whether it went to its end.
    pub driven: Driven,
}

/// Finds out who leads, kills that server or else the first, begins it again, and looks for what was acknowledged. Keys begin
/// with `prefix`, and asks are numbered from `first_id`: neither may have been used at this stand.
pub fn kill_leader(
    stand: &mut impl Stand,
    (sites, pace): (usize, Pace),
    (prefix, first_id): (&str, u64),
) -> Downed {
    let looked = look(stand, sites, (&format!("{prefix}who-"), first_id));
    let leader = leader(&looked.record);
    let round = Round { pace, ..Round::new(sites, Condition::Down { site: leader.unwrap_or(0) }) };
    if looked.ended != Ended::Whole {
        let record = Record { round, asked: Vec::new() };
        return Downed { leader, driven: Driven { record, ..looked } };
    }
    let next_id = first_id + looked.record.asked.len() as u64;
    Downed { leader, driven: drive(&round, stand, prefix, next_id) }
}

/// The site that leads, by writes that were asked for with all links alike: its second fastest took at least half a round
/// trip less than that of each other site. A site at which fewer than two were done leads nobody.
pub fn leader(record: &Record) -> Option<usize> {
    let half = record.round.delay(0, 1);
    let took = |site| Some((measure::latency(record, site, Kind::Write)?, site));
    let mut took: Vec<(Duration, usize)> = (0..record.round.sites).filter_map(took).collect();
    took.sort_unstable();
    match took[..] {
        [(_, site)] => Some(site),
        [(first, site), (second, _), ..] if first + half <= second => Some(site),
        _ => None,
    }
}

/// Asks each site to write, one write after the other, so that none waits for another.
fn look(stand: &mut impl Stand, sites: usize, (prefix, first_id): (&str, u64)) -> Driven {
    let round = Round::new(sites, Condition::Alike { delay: DELAY });
    stand.set_delays(&|source, target| round.delay(source, target));
    let mut looked = Driven {
        record: Record { round, asked: Vec::new() },
        lateness: Lateness::default(),
        amiss: None,
        ended: Ended::Whole,
    };
    let begun = stand.now();
    for site in 0..sites {
        let mut silent = 0;
        for _ in 0..WRITES {
            let number = looked.record.asked.len() as u64;
            let ask = Ask::write(format!("{prefix}{number}"), number + 1);
            let at = stand.now();
            stand.ask(site, 0, first_id + number, &ask);
            let ended = match answer(stand, first_id + number, at + TIMEOUT) {
                Happened::Answered { at, answer, .. } => Some((at.saturating_sub(begun), answer)),
                Happened::Nothing => None,
                Happened::Failed(fault) => {
                    (looked.ended, looked.amiss) = (Ended::Failed, Some(Amiss::Adapter(fault)));
                    return looked;
                }
                Happened::Interrupted => {
                    looked.ended = Ended::Interrupted;
                    return looked;
                }
            };
            let begun = at.saturating_sub(begun);
            let asked = Asked { site, client: 0, ask, begun, ended, phase: Phase::Traffic };
            silent = if asked.done().is_some() { 0 } else { silent + 1 };
            looked.record.asked.push(asked);
            if silent == SILENT_MAX {
                break;
            }
        }
    }
    looked
}

/// What comes of an ask before that time; nothing is heard of any other.
fn answer(stand: &mut impl Stand, id: u64, until: Duration) -> Happened {
    loop {
        match stand.next(until) {
            // Of what was asked before.
            Happened::Answered { id: of, .. } if of != id => {}
            happened => return happened,
        }
    }
}

#[cfg(test)]
mod tests {
    use constellation_lab::placement::client::Answer;

    use super::*;

    /// Who leads, where writes at each site took so many milliseconds each.
    fn led(took_ms: &[&[u64]]) -> Option<usize> {
        let asked = took_ms.iter().enumerate().flat_map(|(site, took)| {
            took.iter().map(move |ms| Asked {
                site,
                client: 0,
                ask: Ask::write("k", 1),
                begun: Duration::ZERO,
                ended: Some((Duration::from_millis(*ms), Answer::DONE)),
                phase: Phase::Traffic,
            })
        });
        let round = Round::new(took_ms.len(), Condition::Alike { delay: DELAY });
        leader(&Record { round, asked: asked.collect() })
    }

    #[test]
    fn whoever_writes_half_a_round_trip_faster_than_all_others_leads() {
        assert_eq!(led(&[&[161, 162, 163], &[81, 82, 350], &[161, 162, 160]]), Some(1));
        // One that is fast once is so by luck.
        assert_eq!(led(&[&[161, 162, 163], &[81, 162, 163], &[161, 162, 163]]), None);
        // Without a leader all wait for as much, and two may be near to something.
        assert_eq!(led(&[&[81, 82], &[80, 81], &[82, 83]]), None);
        assert_eq!(led(&[&[1, 1], &[1, 1], &[81, 81]]), None);
        // Whoever alone takes writes leads; nobody who takes none does.
        assert_eq!(led(&[&[], &[7, 7], &[9]]), Some(1));
        assert_eq!(led(&[&[], &[], &[]]), None);
    }
}
