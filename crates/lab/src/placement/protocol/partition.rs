//! A partition: one site is cut off and comes back, while clients at every site go on asking, whatever became of what they
//! asked before; at the end every acknowledged key is read at every site.
//!
//! Right after the heal some keys of which nobody knows whether they were written are read, at one site after the other: what
//! one reader was shown a later one must be shown, too (Attiya, Bar-Noy and Dolev 1995, on why readers write).

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::turns::Turns;
use super::{CUT_AT, Desk, HEAL_AT, Pace, Round, SOON};
use crate::placement::client::{Answer, Ask, Kind};
use crate::placement::record::Phase;

/// How often each site is asked to read, and as often to write: open loop, so that a store that is slow or silent is not
/// asked less.
const EVERY: Duration = Duration::from_millis(40);
/// After how many asks the sites go on with another shared key: sooner than a client gives up, so that no key is written
/// by whoever does not know what became of its last write to it.
const SHARED_FOR: usize = 20;
/// From one of the acknowledged keys to the next that is read: any number that leaves none out for long.
const STRIDE: usize = 7;
/// How long after all was read back a site is asked again where something may be missing: a store that repairs what it reads has had time to.
const AGAIN: Duration = Duration::from_millis(200);
/// How often it is asked again: where a read asks only some of the replicas, it is luck what one of them shows.
const AGAIN_TIMES: usize = 3;
/// How many operations in a row may fail at a site before no more is read back there.
const SILENT_MAX: usize = 3;
/// Of how many keys of each site that may have been written during the cut, and may not, it is asked right after the heal.
const IN_DOUBT: usize = 6;
/// How long a round takes at most.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// What is asked around a cut.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    sites: usize,
    /// How many operations were asked for: a read at each site, one after the other, then a write at each, and so on.
    ticks: u64,
    /// At each site, the clients that wait for no answer, and how many there are.
    idle: Vec<BTreeSet<u32>>,
    clients: Vec<u32>,
    /// The acknowledged keys of each site's own.
    own: Vec<Vec<String>>,
    /// Of each site the first that was acknowledged after the cut: how long others do not show it, they are asked again and
    /// again.
    first: Vec<Option<String>>,
    in_doubt: InDoubt,
    turns: Turns,
    pace: Pace,
    reading: Vec<ReadBack>,
}

/// Where the reading of keys stands of which nobody knows whether they were written.
#[derive(Clone, Debug)]
enum InDoubt {
    /// There is no heal yet.
    Ahead,
    /// What is still to be read, at which site; the next begins then.
    Reading { ahead: VecDeque<(usize, String)>, at: Duration, asked: Option<u32> },
}

/// Where the reading back of one client stands.
#[derive(Clone, Debug)]
struct ReadBack {
    site: usize,
    client: u32,
    keys: Vec<String>,
    /// How many of them are read for the first time; the others are those of them, once for each time that they are read
    /// again, where something may be missing.
    first: usize,
    /// When to begin to read them again, or once more.
    again_at: Duration,
    read: usize,
    asked: Option<u32>,
    silent: usize,
}

impl Partition {
    pub(super) fn new(round: &Round) -> Partition {
        Partition {
            sites: round.sites,
            ticks: 0,
            idle: vec![BTreeSet::new(); round.sites],
            clients: vec![0; round.sites],
            own: vec![Vec::new(); round.sites],
            first: vec![None; round.sites],
            in_doubt: InDoubt::Ahead,
            turns: Turns::new(round),
            pace: round.pace,
            reading: Vec::new(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        !self.reading.is_empty() && self.reading.iter().all(ReadBack::is_over)
    }

    pub(super) fn on(&mut self, ended: Option<u32>, desk: &mut Desk) {
        if let Some(number) = ended {
            self.hear(number, desk);
        }
        self.turns.on(ended, desk);
        while self.due() <= desk.now.min(self.pace.asked_until) {
            self.tick(desk);
        }
        self.read_in_doubt(desk);
        if self.due() <= self.pace.asked_until {
            desk.wake(self.due());
        } else if desk.now < self.pace.read_back_at {
            desk.wake(self.pace.read_back_at);
        } else {
            self.read_back(desk);
        }
    }

    fn due(&self) -> Duration {
        let in_each = u32::try_from(2 * self.sites).expect("sites are few");
        // Cannot wrap: a round is short.
        EVERY / in_each * u32::try_from(self.ticks).unwrap_or(u32::MAX)
    }

    /// Asks something at one site.
    fn tick(&mut self, desk: &mut Desk) {
        let place = usize::try_from(self.ticks).expect("a round is short");
        self.ticks += 1;
        let (cycle, place) = (place / (2 * self.sites), place % (2 * self.sites));
        let (kind, site) =
            if place < self.sites { (Kind::Read, place) } else { (Kind::Write, place - self.sites) };
        let shared = || format!("shared-{}", cycle / SHARED_FOR);
        let ask = match kind {
            // One after the other, so that each means to replace what was written before.
            Kind::Write if cycle % self.sites == site => Ask::write(shared(), desk.value()),
            Kind::Write => Ask::write(format!("own-{site}-{cycle}"), desk.value()),
            Kind::Read if cycle % 2 == 0 => Ask::read(shared()),
            Kind::Read => Ask::read(self.of_another(site, cycle).unwrap_or_else(shared)),
        };
        self.ask(site, ask, desk);
    }

    /// A client that waits for nothing asks.
    fn ask(&mut self, site: usize, ask: Ask, desk: &mut Desk) -> u32 {
        let client = self.idle[site].pop_first().unwrap_or_else(|| {
            self.clients[site] += 1;
            self.clients[site] - 1
        });
        desk.ask(site, client, ask, Phase::Traffic)
    }

    /// From the heal on, one key after the other, each first where it was to be written and then at the other sites; each
    /// read begins after the one before has ended.
    fn read_in_doubt(&mut self, desk: &mut Desk) {
        if matches!(self.in_doubt, InDoubt::Ahead) && desk.now >= HEAL_AT {
            let ahead = in_doubt(self.sites, desk);
            self.in_doubt = InDoubt::Reading { ahead, at: desk.now, asked: None };
        }
        let InDoubt::Reading { ahead, at, asked: None } = &mut self.in_doubt else { return };
        if desk.now < *at {
            return desk.wake(*at);
        }
        let next = if desk.now <= self.pace.asked_until { ahead.pop_front() } else { None };
        let Some((site, key)) = next else { return };
        let number = self.ask(site, Ask::read(key), desk);
        if let InDoubt::Reading { asked, .. } = &mut self.in_doubt {
            *asked = Some(number);
        }
    }

    /// A key that another site has written, old or new, or the first of it.
    fn of_another(&self, site: usize, cycle: usize) -> Option<String> {
        let other = (site + 1 + cycle / 4 % (self.sites - 1)) % self.sites;
        let own = &self.own[other];
        let any = || own.get(cycle * STRIDE % own.len().max(1)).cloned();
        if cycle % 4 == 1 { any() } else { self.first[other].clone().or_else(any) }
    }

    fn hear(&mut self, number: u32, desk: &Desk) {
        let asked = desk.asked(number);
        if asked.phase == Phase::ReadBack {
            let of = |reading: &&mut ReadBack| (reading.site, reading.client) == (asked.site, asked.client);
            let Some(reading) = self.reading.iter_mut().find(of) else { return };
            reading.silent = if asked.done().is_some() { 0 } else { reading.silent + 1 };
            // Of a key that was written once and is shown, there is nothing more to see.
            let may_lack =
                asked.done().is_some_and(|(_, shown)| shown.is_none()) || !asked.ask.key.starts_with("own");
            if reading.read < reading.first && may_lack {
                reading.keys.push(asked.ask.key.clone());
            }
            (reading.asked, reading.read) = (None, reading.read + 1);
            if reading.read == reading.first {
                reading.keys = again(std::mem::take(&mut reading.keys), reading.first);
            }
            reading.again_at = desk.now + AGAIN;
            return;
        }
        if asked.phase == Phase::Turns {
            return;
        }
        self.idle[asked.site].insert(asked.client);
        if let InDoubt::Reading { at, asked: reading, .. } = &mut self.in_doubt
            && *reading == Some(number)
        {
            (*at, *reading) = (desk.now + SOON, None);
        }
        if asked.ask.kind() == Kind::Write && asked.done().is_some() && asked.ask.key.starts_with("own") {
            self.own[asked.site].push(asked.ask.key.clone());
            if desk.now >= CUT_AT {
                self.first[asked.site].get_or_insert_with(|| asked.ask.key.clone());
            }
        }
    }

    /// Reads the next key of each client that has none under way.
    fn read_back(&mut self, desk: &mut Desk) {
        if self.reading.is_empty() {
            let written = desk.record.asked.iter().filter(|asked| asked.ask.kind() == Kind::Write);
            let keys = written.filter(|asked| asked.done().is_some()).map(|asked| asked.ask.key.clone());
            let keys: Vec<String> = keys.collect::<BTreeSet<_>>().into_iter().collect();
            let (sites, readers) = (self.sites, self.pace.readers.max(1));
            let all = (0..sites).flat_map(|site| (0..readers).map(move |client| (site, client)));
            self.reading = all.map(|(site, client)| ReadBack::new(site, client, readers, &keys)).collect();
            if desk.record.round.down().is_some() {
                self.reading.iter_mut().for_each(ReadBack::begin_twice);
            }
        }
        for reading in &mut self.reading {
            if reading.asked.is_some() || reading.is_over() {
                continue;
            }
            if reading.is_before_again() && desk.now < reading.again_at {
                desk.wake(reading.again_at);
            } else {
                // Clients have been idle for long: all were answered or given up.
                let ask = Ask::read(reading.keys[reading.read].clone());
                reading.asked = Some(desk.ask(reading.site, reading.client, ask, Phase::ReadBack));
            }
        }
    }
}

/// What is read at which site of writes since the cut that are not known to be done: the last ones of each site.
fn in_doubt(sites: usize, desk: &Desk) -> VecDeque<(usize, String)> {
    let mut ahead = VecDeque::new();
    for writer in 0..sites {
        let own = desk.record.asked.iter().rev().filter(|asked| {
            let is_write = asked.ask.kind() == Kind::Write && asked.ask.key.starts_with("own");
            let is_open = matches!(asked.ended, None | Some((_, Answer::Unknown(_))));
            asked.site == writer && is_write && is_open && asked.begun >= CUT_AT
        });
        for asked in own.take(IN_DOUBT) {
            let order = (0..sites).map(|nth| (writer + nth) % sites);
            ahead.extend(order.map(|site| (site, asked.ask.key.clone())));
        }
    }
    ahead
}

/// These keys, and those that follow the first ones as often as they are to be read again.
fn again(mut keys: Vec<String>, first: usize) -> Vec<String> {
    let again = keys.split_off(first);
    keys.extend((0..AGAIN_TIMES).flat_map(|_| again.iter().cloned()));
    keys
}

impl ReadBack {
    /// One of so many clients of a site, which has its share of these keys.
    fn new(site: usize, client: u32, readers: u32, keys: &[String]) -> ReadBack {
        let keys: Vec<String> =
            keys.iter().skip(client as usize).step_by(readers as usize).cloned().collect();
        let (first, again_at) = (keys.len(), Duration::ZERO);
        ReadBack { site, client, keys, first, again_at, read: 0, asked: None, silent: 0 }
    }

    /// Has the first key read twice: of a client that asked nothing since a server was killed the connection broke then, and
    /// the first that it asks may do nothing but find that out.
    fn begin_twice(&mut self) {
        if let Some(first) = self.keys.first().cloned() {
            self.keys.insert(0, first);
            self.first = self.keys.len();
        }
    }

    /// Whether all were read once, or once more, and the next begins.
    fn is_before_again(&self) -> bool {
        let again = (self.keys.len() - self.first) / AGAIN_TIMES;
        self.read.checked_sub(self.first).is_some_and(|read| again > 0 && read % again == 0)
    }

    fn is_over(&self) -> bool {
        self.read >= self.keys.len() || self.silent >= SILENT_MAX
    }
}
