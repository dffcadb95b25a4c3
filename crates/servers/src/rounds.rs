//! Which rounds place a real server: those of the simulator that make sense where a cut loses packets.
//!
//! A real network holds nothing: over a link that is cut each packet is lost, and what a connection sends again arrives after
//! the heal. To whoever talks over connections that is [`Fate::Held`], and so the rounds are called; a server that talks in
//! single datagrams has to send again by itself. The rounds in which the simulator loses for good what is sent are not among
//! them, as no connection over a cut of four seconds would know the two apart.

use std::time::Duration;

use constellation_lab::placement::protocol::{Condition, Fate, Round, SWEEP_MS, Way};

/// How much time a placement takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effort {
    /// All rounds: some two minutes.
    Whole,
    /// Two delays instead of four, and no cuts in one direction only: less than one minute, with wider intervals.
    Quick,
}

/// How many clients of a site read back at the end: with one, a store of three round trips would take a quarter of a minute.
const READERS: u32 = 8;

/// The rounds, in order: all links alike, each site slow, all busy, each cut off, and then one way only.
pub fn rounds(sites: usize, effort: Effort) -> Vec<Round> {
    let delays = match effort {
        Effort::Whole => &SWEEP_MS[..],
        Effort::Quick => &[SWEEP_MS[0], SWEEP_MS[3]],
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
    all.map(|condition| Round { readers: READERS, ..Round::new(sites, condition) }).collect()
}
