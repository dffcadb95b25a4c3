//! Clients that take turns at one key, as whoever builds on what it read: a client reads the key and writes a fresh value over
//! what it was shown, and only then a client of the next site does.
//!
//! Clients that write blindly cannot tell a store that drops a write from one that replaces it. Here every write but the first
//! means to keep what its client was shown (a cart, to which something is put; DeCandia and others 2007), and as each turn
//! begins after the last one has ended, a linearizable store shows each client the write of the one before it.

use std::time::Duration;

use super::{Desk, Round};
use crate::placement::client::{Answer, Ask, Kind};
use crate::placement::record::{Asked, Phase};

/// From the end of a turn to the beginning of the next: without a cut, everybody has heard of a write long before. As groups
/// are as many as sites, a store that answers at once has a turn at each site once in this time, and so in the time that a
/// fail-over takes.
const PAUSE: Duration = Duration::from_millis(150);
/// How often each site writes a key before a fresh one is taken.
const WRITES_OF_EACH: usize = 2;
/// The first of the clients of each site, one for each group; the others are never so many, as each waits for
/// [`TIMEOUT`](super::TIMEOUT) at most.
const CLIENT: u32 = 90;

/// The values of those who take turns are greater than all others, so that each is written once.
const VALUES: u64 = 10_000;

/// Where the turns stand: as many groups as sites, each with a key of its own, of which each begins at another site.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    groups: Vec<Group>,
    /// The last value that was written.
    value: u64,
    /// When the last turn begins: a little after the heal, so that some keys were written on both sides of a cut and are
    /// written on.
    until: Duration,
}

/// A client of each site, one of which has its turn.
#[derive(Clone, Debug)]
struct Group {
    number: usize,
    sites: usize,
    /// How many keys were taken before the one in use.
    key: usize,
    /// How often that was written.
    written: usize,
    /// Whose turn it is: each site in order, so that whichever is cut off, the turns pass over the cut and back.
    site: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The next turn begins then.
    Pausing(Duration),
    /// A client has asked this, and waits.
    Waiting(u32),
}

impl Turns {
    pub(super) fn new(round: &Round) -> Turns {
        let sites = round.sites;
        let group = |number| Group {
            number,
            sites,
            key: 0,
            // So that not all take a fresh key at once, and some are in the midst of one when it heals.
            written: number * WRITES_OF_EACH,
            site: number,
            stage: Stage::Pausing(PAUSE),
        };
        Turns { groups: (0..sites).map(group).collect(), value: VALUES, until: round.pace.turns_until }
    }

    /// Hears of an operation that ended, which need not be its own, and begins what is due.
    pub(super) fn on(&mut self, ended: Option<u32>, desk: &mut Desk) {
        let Turns { groups, value, until: last } = self;
        for group in groups {
            match (group.stage, ended) {
                (Stage::Waiting(waiting), Some(number)) if waiting == number => {
                    group.hear(number, value, desk)
                }
                _ => {}
            }
            match group.stage {
                Stage::Pausing(until) if until > *last => {}
                Stage::Pausing(until) if until <= desk.now => group.ask(Ask::read(group.key()), desk),
                Stage::Pausing(until) => desk.wake(until),
                Stage::Waiting(_) => {}
            }
        }
    }
}

impl Group {
    fn hear(&mut self, number: u32, value: &mut u64, desk: &mut Desk) {
        let Asked { ask, ended, .. } = desk.asked(number);
        match (ask.kind(), ended.as_ref().map(|(_, answer)| answer)) {
            (Kind::Read, Some(Answer::Ok(shown))) => {
                *value += 1;
                let ask = Ask::write_over(self.key(), *value, shown.clone());
                return self.ask(ask, desk);
            }
            (Kind::Write, Some(Answer::Ok(_))) => self.written += 1,
            // Nobody knows what became of it, so that the key is abandoned.
            (Kind::Write, Some(Answer::Unknown(_)) | None) => self.written = self.sites * WRITES_OF_EACH,
            // Whoever is refused or reads in vain has done nothing.
            (Kind::Write, Some(Answer::Refused(_))) | (Kind::Read, _) => {}
        }
        if self.written == self.sites * WRITES_OF_EACH {
            (self.key, self.written) = (self.key + 1, 0);
        }
        self.site = (self.site + 1) % self.sites;
        self.stage = Stage::Pausing(desk.now + PAUSE);
    }

    fn ask(&mut self, ask: Ask, desk: &mut Desk) {
        let client = CLIENT + u32::try_from(self.number).expect("groups are few");
        self.stage = Stage::Waiting(desk.ask(self.site, client, ask, Phase::Turns));
    }

    fn key(&self) -> String {
        format!("built-{}-{}", self.number, self.key)
    }
}
