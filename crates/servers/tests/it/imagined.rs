//! A stand without processes, on which time passes at once: the sites of a simulated store, and a network that loses what is
//! sent over a cut.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Now, Timer};
use constellation_lab::placement::Store;
use constellation_lab::placement::client::{Answer, Ask};
use constellation_lab::placement::hosted::{Done, Given, Hosted};
use constellation_lab::placement::protocol::Cutting;
use constellation_servers::drive::{Happened, Lateness, Stand};
use constellation_servers::hunt::luck::Luck;
use constellation_servers::hunt::schedule::Harm;
use constellation_servers::hunt::trial::Suffers;
use constellation_trace::{Elapsed, NodeId, WallTime};

/// Between a client and its site.
const NEAR: Duration = Duration::from_micros(50);

/// What is left of a site that is begun again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Left {
    /// All that it held.
    All,
    /// Nothing: what it acknowledged was in its memory alone.
    Nothing,
}

/// The stand.
pub(crate) struct Imagined {
    store: Store,
    sites: Vec<Box<dyn Hosted>>,
    now: Duration,
    /// What happens when; of one time, in the order in which it was caused.
    agenda: BTreeMap<(Duration, u64), Due>,
    caused: u64,
    delays: Vec<Vec<Duration>>,
    cuts: Vec<Cutting>,
    /// What is done to links, and the luck of what is lost.
    harms: Vec<Harm>,
    luck: Luck,
    /// The site that is down.
    down: Option<usize>,
    /// What a site that was killed has when it is begun again.
    pub(crate) left: Left,
    /// The keys that were asked for.
    pub(crate) keys: Vec<String>,
    /// What the adapters do instead of anything else, at some time.
    pub(crate) instead: Option<(Duration, Happened)>,
    /// How late packets are said to be.
    pub(crate) late: Lateness,
}

enum Due {
    Ask { site: usize, id: u64, ask: Ask },
    Message { source: usize, target: usize, bytes: Vec<u8> },
    Timer { site: usize, timer: Timer },
    Answer { id: u64, answer: Answer },
}

impl Imagined {
    pub(crate) fn of(store: &Store) -> Imagined {
        let sites: Vec<_> = (0_u32..).take(store.sites).map(|site| store.hosted(site)).collect();
        let count = sites.len();
        let mut stand = Imagined {
            store: store.clone(),
            sites,
            now: Duration::ZERO,
            agenda: BTreeMap::new(),
            caused: 0,
            delays: vec![vec![Duration::ZERO; count]; count],
            cuts: Vec::new(),
            harms: Vec::new(),
            luck: Luck::of(0),
            down: None,
            left: Left::All,
            keys: Vec::new(),
            instead: None,
            late: Lateness::default(),
        };
        (0..count).for_each(|site| stand.give(site, Given::Start));
        stand
    }

    fn due(&mut self, after: Duration, due: Due) {
        self.caused += 1;
        self.agenda.insert((self.now + after, self.caused), due);
    }

    fn give(&mut self, site: usize, given: Given<'_>) {
        let ns = u64::try_from(self.now.as_nanos()).expect("a short time");
        let now = Now { wall: WallTime::from_ns(ns), elapsed: Elapsed::from_ns(ns) };
        let Done { sends, answers, timers } = self.sites[site].on(now, given);
        for (to, bytes) in sends {
            let target = to.index();
            if !self.cuts.iter().any(|cutting| cutting.parts(site, target)) && !self.loses(site, target) {
                let takes = self.delays[site][target] + self.slower(site, target);
                self.due(takes, Due::Message { source: site, target, bytes });
            }
        }
        for (number, answer) in answers {
            self.due(NEAR, Due::Answer { id: u64::from(number), answer });
        }
        for set in timers {
            let is_it = |due: &Due| matches!(due, Due::Timer { site: of, timer } if (*of, *timer) == (site, set.timer));
            self.agenda.retain(|_, due| !is_it(due));
            self.due(set.after, Due::Timer { site, timer: set.timer });
        }
    }
}

impl Imagined {
    fn loses(&mut self, from: usize, to: usize) -> bool {
        let luck = &mut self.luck;
        self.harms.iter().any(|harm| match *harm {
            Harm::Cut { source, target } => (source, target) == (from, to),
            Harm::Isolate { site } => site == from || site == to,
            Harm::Lose { source, target, percent } => {
                (source, target) == (from, to) && luck.below(100) < percent.into()
            }
            _ => false,
        })
    }

    fn slower(&self, from: usize, to: usize) -> Duration {
        let slower = self.harms.iter().map(|harm| match *harm {
            Harm::Slow { source, target, by } if (source, target) == (from, to) => by,
            _ => Duration::ZERO,
        });
        slower.sum()
    }
}

impl Suffers for Imagined {
    fn suffer(&mut self, _before: &[Harm], now: &[Harm]) -> Result<(), String> {
        if let Some(harm) = now.iter().find(|harm| harm.of_processes().is_some()) {
            return Err(format!("there are no processes here: {harm}"));
        }
        self.harms = now.to_vec();
        Ok(())
    }
}

impl Stand for Imagined {
    fn now(&self) -> Duration {
        self.now
    }

    fn set_delays(&mut self, delay: &dyn Fn(usize, usize) -> Duration) {
        self.cuts.clear();
        let count = self.sites.len();
        self.delays =
            (0..count).map(|source| (0..count).map(|target| delay(source, target)).collect()).collect();
    }

    fn cut(&mut self, cutting: Cutting) {
        match cutting {
            Cutting::Heal => self.cuts.clear(),
            cutting => self.cuts.push(cutting),
        }
    }

    fn ask(&mut self, site: usize, _client: u32, id: u64, ask: &Ask) {
        self.keys.push(ask.key.clone());
        self.due(NEAR, Due::Ask { site, id, ask: ask.clone() });
    }

    fn kill(&mut self, site: usize) -> Result<(), String> {
        self.down = Some(site);
        Ok(())
    }

    fn restart(&mut self, site: usize) -> Result<(), String> {
        self.down = None;
        if self.left == Left::Nothing {
            self.agenda.retain(|_, due| !matches!(due, Due::Timer { site: of, .. } if *of == site));
            self.sites[site] = self.store.hosted(u32::try_from(site).expect("sites are few"));
        }
        self.give(site, Given::Start);
        Ok(())
    }

    fn next(&mut self, until: Duration) -> Happened {
        loop {
            if let Some((_, happened)) = self.instead.take_if(|(at, _)| *at <= self.now) {
                return happened;
            }
            let next = self.agenda.first_entry().filter(|next| next.key().0 <= until);
            let Some(next) = next else {
                self.now = self.now.max(until);
                return Happened::Nothing;
            };
            let ((at, _), due) = next.remove_entry();
            self.now = at;
            match due {
                Due::Ask { site, id, .. } if self.down == Some(site) => {
                    self.due(NEAR, Due::Answer { id, answer: Answer::Refused("nobody listens".to_owned()) });
                }
                Due::Message { target: site, .. } | Due::Timer { site, .. } if self.down == Some(site) => {}
                Due::Ask { site, id, ask } => {
                    let number = u32::try_from(id).expect("few are asked");
                    self.give(site, Given::Ask { number, ask });
                }
                Due::Message { source, target, bytes } => {
                    let from = NodeId::new(u32::try_from(source).expect("sites are few"));
                    self.give(target, Given::Message { from, bytes: &bytes });
                }
                Due::Timer { site, timer } => self.give(site, Given::Timer(timer)),
                Due::Answer { id, answer } => return Happened::Answered { id, at, answer },
            }
        }
    }

    fn lateness(&mut self) -> Lateness {
        self.late
    }
}
