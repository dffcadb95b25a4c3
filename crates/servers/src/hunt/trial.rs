//! One round of a hunt, in real time: clients at each site write and read a few keys while a schedule is carried out; then all
//! is healed, and every key is read at every site until nothing is amiss any more, or the time is up.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_lab::placement::client::{Answer, Ask, What};
use constellation_lab::placement::own::SITES;
use constellation_lab::placement::protocol::{Condition, Round, TIMEOUT};
use constellation_lab::placement::record::{Asked, Phase, Record};

use super::luck::Luck;
use super::remains::{self, Remains};
use super::schedule::{Harm, Schedule};
use crate::drive::{Amiss, Ended, Happened, Lateness, Stand};

/// How many keys a round has: few, so that clients meet.
pub const KEYS: usize = 5;
/// How many clients a site has.
pub const CLIENTS: u32 = 3;
/// How long a packet takes, one way, where nothing is slow: replicas are to lag a little, as between real data centres.
pub const DELAY: Duration = Duration::from_millis(10);
/// How long a client waits after an answer before it asks again, in milliseconds, at least and at most.
const THINKS_MS: (u64, u64) = (20, 120);
/// How long clients go on after the heal.
const AFTER: Duration = Duration::from_secs(1);
/// How long after the heal what is left is first looked at: what a connection sends again should have arrived.
const SETTLES: Duration = Duration::from_millis(2_500);
/// Between two looks at what is left.
const BETWEEN: Duration = Duration::from_millis(300);

/// How much time a round takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// Until when there are faults.
    pub faults: Duration,
    /// How long after the heal an acknowledged write may still be missing at every site.
    pub heals: Duration,
    /// How long after the heal sites may still show different values, or nothing; no less than the other.
    pub converges: Duration,
}

impl Pace {
    /// As a hunt has it. A Redis that was deposed while it was away is told so ten seconds after it is back. But a replica
    /// that waits for a primary which is gone gives up after a minute only (`repl-timeout`), unless its next packet, twice
    /// as late with each that was lost, tells it so before; then it begins anew.
    pub const HUNT: Pace = Pace {
        faults: Duration::from_secs(10),
        heals: Duration::from_secs(15),
        converges: Duration::from_secs(75),
    };
}

/// A stand that can be done harm to.
pub trait Suffers: Stand {
    /// From now on exactly these are at work, and no more what was before.
    ///
    /// # Errors
    /// What cannot be done, in words; the rest of the round would tell nothing.
    fn suffer(&mut self, before: &[Harm], now: &[Harm]) -> Result<(), String>;
}

/// What came of a round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tried {
    /// What was asked and answered, the looks at what was left among it.
    pub record: Record,
    /// What of it is the last look, by site and then by key: its place in the record, if it was answered.
    pub last_look: Vec<[Option<usize>; KEYS]>,
    /// How late the machine was.
    pub lateness: Lateness,
    /// What an adapter did that none may do, or what could not be done to a server.
    pub amiss: Option<Amiss>,
    /// Whether it went to its end.
    pub ended: Ended,
}

/// Carries a schedule out. The keys begin with `prefix`, which may not have been used at this stand.
pub fn carry_out(
    schedule: &Schedule,
    pace: Pace,
    stand: &mut impl Suffers,
    (prefix, first_id): (&str, u64),
) -> Tried {
    stand.set_delays(&|_, _| DELAY);
    stand.lateness();
    let begun = stand.now();
    let mut trial = Trial {
        schedule,
        pace,
        stand,
        begun,
        prefix,
        first_id,
        luck: Luck::of(schedule.seed),
        at_work: Vec::new(),
        next_change: Some(Duration::ZERO),
        clients: clients(),
        asked: Vec::new(),
        open: BTreeMap::new(),
        values: 0,
        looks: Vec::new(),
        late: Duration::ZERO,
        amiss: None,
    };
    let ended = trial.run();
    let last_look = trial.last_look();
    // Whatever happened, the stand is whole afterwards, if it can be.
    let healed = trial.suffer(&[]);
    let Trial { stand, asked, late, amiss, .. } = trial;
    let amiss = amiss.or_else(|| healed.err().map(Amiss::Harm));
    let Lateness { typical, most } = stand.lateness();
    let lateness = Lateness { typical, most: most.max(late) };
    // To judges it is nothing but what was asked and answered: a round in which all sites are busy.
    let record = Record { round: Round::new(SITES, Condition::Busy), asked };
    Tried { record, last_look, lateness, amiss, ended }
}

struct Trial<'a, S> {
    schedule: &'a Schedule,
    pace: Pace,
    stand: &'a mut S,
    /// When the round began, since the stand did.
    begun: Duration,
    prefix: &'a str,
    first_id: u64,
    luck: Luck,
    at_work: Vec<Harm>,
    next_change: Option<Duration>,
    clients: Vec<Client>,
    asked: Vec<Asked>,
    /// What is open, by its place: whose it is.
    open: BTreeMap<usize, usize>,
    /// How many values were written.
    values: u64,
    /// The look that is under way, or was last: the place of each read, by site and key.
    looks: Vec<[Option<usize>; KEYS]>,
    /// By how much we were later than planned.
    late: Duration,
    amiss: Option<Amiss>,
}

/// Who asks one thing after the other.
struct Client {
    site: usize,
    number: u32,
    /// How much it has asked.
    nth: u64,
    /// When it asks again; of one that waits for its answer, never.
    next_at: Option<Duration>,
    /// What it was last shown under each key.
    shown: [Vec<u64>; KEYS],
}

fn clients() -> Vec<Client> {
    let all = (0..SITES).flat_map(|site| (0..CLIENTS).map(move |number| (site, number)));
    let client = |(site, number): (usize, u32)| {
        // Not all at once.
        let next_at = Duration::from_millis(u64::from(number) * 30 + site as u64 * 10);
        Client { site, number, nth: 0, next_at: Some(next_at), shown: Default::default() }
    };
    all.map(client).collect()
}

/// How one step of a round ended.
enum Step {
    Goes,
    Over(Ended),
}

impl<S: Suffers> Trial<'_, S> {
    fn run(&mut self) -> Ended {
        let (traffic_ends, first_look) = (self.schedule.until + AFTER, self.schedule.until + SETTLES);
        let mut look_at = first_look;
        loop {
            let now = self.elapsed();
            if let Some(ended) = self.change(now) {
                return ended;
            }
            self.give_up(now);
            if now < traffic_ends {
                self.traffic(now);
            }
            let is_look_over = now >= look_at && self.open.is_empty();
            if is_look_over && !self.looks.is_empty() && self.is_settled(now) {
                return Ended::Whole;
            }
            if is_look_over {
                self.look(now);
                look_at = now + BETWEEN;
            }
            match self.wait(now, traffic_ends, look_at) {
                Step::Goes => {}
                Step::Over(ended) => return ended,
            }
        }
    }

    /// Does what the schedule says is due.
    fn change(&mut self, now: Duration) -> Option<Ended> {
        let due = self.next_change.filter(|at| *at <= now)?;
        self.late = self.late.max(now - due);
        self.next_change = self.schedule.next_change(now);
        if let Err(what) = self.suffer(&self.schedule.at(now)) {
            self.amiss = Some(Amiss::Harm(what));
            return Some(Ended::Failed);
        }
        None
    }

    fn suffer(&mut self, now: &[Harm]) -> Result<(), String> {
        let before = std::mem::replace(&mut self.at_work, now.to_vec());
        self.stand.suffer(&before, now)
    }

    /// What was not answered in its time never is.
    fn give_up(&mut self, now: Duration) {
        let late = self.open.keys().copied().filter(|place| self.asked[*place].begun + TIMEOUT <= now);
        for place in late.collect::<Vec<_>>() {
            self.end(place, now, Answer::Unknown("no answer in time".to_owned()));
        }
    }

    fn traffic(&mut self, now: Duration) {
        for who in 0..self.clients.len() {
            let client = &mut self.clients[who];
            if client.next_at.is_none_or(|at| at > now) {
                continue;
            }
            let name = (client.site as u64) << 32 | u64::from(client.number);
            let mut luck = self.luck.named(name).named(client.nth);
            client.nth += 1;
            client.next_at = None;
            let key = usize::try_from(luck.below(KEYS as u64)).unwrap_or(0);
            let is_read = luck.below(2) == 0;
            let (site, number, over) = (client.site, client.number, client.shown[key].clone());
            let what = if is_read { Ask::read(self.key(key)) } else { self.write(key, over) };
            self.ask((site, number), what, Phase::Traffic, now);
            self.open.insert(self.asked.len() - 1, who);
        }
    }

    fn write(&mut self, key: usize, over: Vec<u64>) -> Ask {
        self.values += 1;
        Ask::write_over(self.key(key), self.values, over)
    }

    /// Reads every key at every site, all at once.
    fn look(&mut self, now: Duration) {
        self.looks = vec![[None; KEYS]; SITES];
        for site in 0..SITES {
            for key in 0..KEYS {
                let number = CLIENTS + u32::try_from(key).unwrap_or(0);
                self.ask((site, number), Ask::read(self.key(key)), Phase::ReadBack, now);
                let place = self.asked.len() - 1;
                self.looks[site][key] = Some(place);
                self.open.insert(place, NOBODY);
            }
        }
    }

    fn ask(&mut self, (site, client): (usize, u32), ask: Ask, phase: Phase, now: Duration) {
        let id = self.first_id + self.asked.len() as u64;
        self.stand.ask(site, client, id, &ask);
        // Keys are told without what only tells rounds apart.
        let key = ask.key.strip_prefix(self.prefix).unwrap_or(&ask.key).to_owned();
        self.asked.push(Asked { site, client, ask: Ask { key, ..ask }, begun: now, ended: None, phase });
    }

    fn key(&self, key: usize) -> String {
        format!("{}k{key}", self.prefix)
    }

    fn end(&mut self, place: usize, at: Duration, answer: Answer) {
        let Some(who) = self.open.remove(&place) else { return };
        let asked = &mut self.asked[place];
        if let (Some(client), What::Read, Answer::Ok(shown)) =
            (self.clients.get_mut(who), asked.ask.what, &answer)
            && let Some(key) = asked.ask.key.strip_prefix('k').and_then(|key| key.parse::<usize>().ok())
        {
            client.shown[key].clone_from(shown);
        }
        asked.ended = Some((at, answer));
        if let Some(client) = self.clients.get_mut(who) {
            let mut luck = self.luck.named(place as u64);
            client.next_at = Some(at + Duration::from_millis(luck.within(THINKS_MS.0, THINKS_MS.1)));
        }
    }

    /// Waits for what comes next, and takes it.
    fn wait(&mut self, now: Duration, traffic_ends: Duration, look_at: Duration) -> Step {
        let asks = self.clients.iter().filter_map(|client| client.next_at).filter(|_| now < traffic_ends);
        let gives_up = self.open.keys().next().map(|place| self.asked[*place].begun + TIMEOUT);
        let looks = Some(look_at).filter(|_| self.open.is_empty() || now < look_at);
        let until = asks.chain(gives_up).chain(looks).chain(self.next_change).min().unwrap_or(look_at);
        match self.stand.next(self.begun + until) {
            Happened::Nothing => self.late = self.late.max(self.elapsed().saturating_sub(until)),
            Happened::Answered { id, at, answer } => {
                let place = id.checked_sub(self.first_id).and_then(|place| usize::try_from(place).ok());
                let Some(place) = place.filter(|place| self.open.contains_key(place)) else {
                    // Given up, or of the round before.
                    return Step::Goes;
                };
                // Not before it was asked, nor before what was told already.
                let at = at.saturating_sub(self.begun).max(self.asked[place].begun);
                if at >= self.asked[place].begun + TIMEOUT {
                    self.end(place, at, Answer::Unknown("no answer in time".to_owned()));
                } else {
                    self.end(place, at, answer);
                }
            }
            Happened::Failed(fault) => {
                self.amiss = Some(Amiss::Adapter(fault));
                return Step::Over(Ended::Failed);
            }
            Happened::Interrupted => return Step::Over(Ended::Interrupted),
        }
        Step::Goes
    }

    /// Whether nothing is amiss by the last look, or nothing that is to change any more.
    fn is_settled(&self, now: Duration) -> bool {
        let since_heal = now.saturating_sub(self.schedule.until);
        let waits = |remains: &Remains| match remains {
            Remains::Lost { .. } => self.pace.heals,
            Remains::Apart { .. } | Remains::Silent { .. } => self.pace.converges,
        };
        let amiss = remains::amiss(&self.asked, &self.last_look());
        amiss.iter().all(|remains| since_heal >= waits(remains).max(SETTLES))
    }

    /// The last look, without what was not answered.
    fn last_look(&self) -> Vec<[Option<usize>; KEYS]> {
        let is_answered = |place: &usize| self.asked[*place].done().is_some();
        self.looks.iter().map(|of_site| of_site.map(|place| place.filter(is_answered))).collect()
    }

    fn elapsed(&self) -> Duration {
        self.stand.now().saturating_sub(self.begun)
    }
}

/// Who looks at what is left is none of the clients.
const NOBODY: usize = usize::MAX;
