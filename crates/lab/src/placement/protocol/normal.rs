//! Normal operation: each site writes in turn while every site reads, and after the acknowledgement until it sees the value.

use std::time::Duration;

use super::{Condition, Desk, Pace, Round, SOON, TIMEOUT};
use crate::placement::client::Ask;
use crate::placement::record::Phase;

/// How long an acknowledged write may remain unseen before nobody looks for it any longer.
const GIVE_UP: Duration = Duration::from_millis(1_500);
/// Between one write and the next: also the time in which a store may do what it does at its start.
const REST: Duration = Duration::from_millis(500);

/// The client that writes, and after the acknowledgement reads.
const WRITER: u32 = 0;
/// The client that reads while the write is under way.
const READER: u32 = 1;

/// How long a round takes at most.
pub(super) fn longest(sites: usize, pace: Pace) -> Duration {
    // Each turn is a write, a look and one last read.
    let turn = TIMEOUT + GIVE_UP + TIMEOUT + REST;
    turn * u32::try_from(turns(sites, pace.repeats).len()).unwrap_or(u32::MAX)
}

/// Who writes at once, turn by turn.
fn turns(sites: usize, repeats: usize) -> Vec<Vec<usize>> {
    let alone = (0..repeats * sites).map(|turn| vec![turn % sites]);
    let together = (0..repeats).map(|_| (0..sites).collect());
    alone.chain(together).collect()
}

/// What is asked in normal operation.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    turns: Vec<Vec<usize>>,
    /// How many of them have begun.
    begun: usize,
    /// Between two reads of one client.
    pause: Duration,
    sites: usize,
    /// The number of the key in use.
    key: usize,
    /// The writes under way, and what was written in this turn.
    writes: Vec<u32>,
    values: Vec<u64>,
    stage: Stage,
    watchers: Vec<Watcher>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// The next turn begins then.
    Resting(Duration),
    Writing,
    /// All writes are over since then.
    Looking(Duration),
    Over,
}

/// A client that reads again and again.
#[derive(Clone, Copy, Debug)]
struct Watcher {
    site: usize,
    client: u32,
    doing: Doing,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Doing {
    Reading(u32),
    Pausing(Duration),
}

impl Normal {
    pub(super) fn new(round: &Round) -> Normal {
        let delay = match round.condition {
            Condition::Alike { delay } => delay,
            _ => round.delay(0, 1),
        };
        Normal {
            turns: turns(round.sites, round.pace.repeats),
            begun: 0,
            pause: delay / 10,
            sites: round.sites,
            key: 0,
            writes: Vec::new(),
            values: Vec::new(),
            stage: Stage::Resting(REST),
            watchers: Vec::new(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn on(&mut self, ended: Option<u32>, desk: &mut Desk) {
        if let Some(number) = ended {
            self.hear(number, desk);
        }
        match self.stage {
            Stage::Resting(until) if until <= desk.now => self.begin(desk),
            Stage::Writing if self.writes.is_empty() => self.look(desk),
            _ => {}
        }
        self.go_on(desk);
        if matches!(self.stage, Stage::Looking(_)) && self.watchers.is_empty() {
            self.stage = Stage::Resting(desk.now + self.pause);
            if self.begun == self.turns.len() {
                self.stage = Stage::Over;
            }
        }
        if let Stage::Resting(until) = self.stage {
            desk.wake(until);
        }
    }

    /// The next turn: its writers write, and at every site somebody reads.
    fn begin(&mut self, desk: &mut Desk) {
        let writers = self.turns[self.begun].clone();
        // A key is written by each site in turn, and by all at once only if it is fresh.
        let is_fresh = writers.len() > 1 || self.begun.is_multiple_of(self.sites);
        self.key += usize::from(is_fresh);
        self.begun += 1;
        (self.stage, self.values) = (Stage::Writing, Vec::new());
        for site in writers {
            let value = desk.value();
            self.values.push(value);
            self.writes.push(desk.ask(site, WRITER, Ask::write(self.key(), value), Phase::Traffic));
        }
        for site in 0..self.sites {
            self.watch(site, READER, desk.now, desk);
        }
    }

    /// All writes are over: at every site somebody looks whether they are to be seen.
    fn look(&mut self, desk: &mut Desk) {
        self.stage = Stage::Looking(desk.now);
        if self.values.is_empty() {
            // Nobody knows what became of it: the key is abandoned.
            self.key += 1;
            return;
        }
        for site in 0..self.sites {
            self.watch(site, WRITER, desk.now + SOON, desk);
        }
    }

    fn watch(&mut self, site: usize, client: u32, from: Duration, desk: &mut Desk) {
        self.watchers.push(Watcher { site, client, doing: Doing::Pausing(from) });
        desk.wake(from);
    }

    /// Reads of whoever has paused for long enough.
    fn go_on(&mut self, desk: &mut Desk) {
        let key = self.key();
        for watcher in &mut self.watchers {
            let Doing::Pausing(until) = watcher.doing else { continue };
            if until <= desk.now {
                let ask = Ask::read(key.clone());
                watcher.doing = Doing::Reading(desk.ask(watcher.site, watcher.client, ask, Phase::Traffic));
            } else {
                desk.wake(until);
            }
        }
    }

    fn hear(&mut self, number: u32, desk: &mut Desk) {
        if let Some(place) = self.writes.iter().position(|write| *write == number) {
            self.writes.swap_remove(place);
            if desk.asked(number).done().is_none() {
                let value = desk.asked(number).written();
                self.values.retain(|other| Some(*other) != value);
            }
            return;
        }
        let Some(place) = self.watchers.iter().position(|watcher| watcher.doing == Doing::Reading(number))
        else {
            return;
        };
        let next = desk.now + self.pause;
        let is_enough = match (self.stage, self.watchers[place].client) {
            (Stage::Looking(since), WRITER) => {
                let shown = desk.asked(number).done().and_then(|(_, shown)| shown);
                shown.is_some_and(|shown| self.values.contains(&shown)) || next > since + GIVE_UP
            }
            (stage, _) => stage != Stage::Writing || desk.asked(number).done().is_none(),
        };
        if is_enough {
            self.watchers.remove(place);
        } else {
            self.watchers[place].doing = Doing::Pausing(next);
        }
    }

    fn key(&self) -> String {
        format!("turn-{}", self.key)
    }
}
