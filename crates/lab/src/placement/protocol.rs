//! What is asked of a store to place it, where and when, and how the network is meanwhile: a state machine, so that the same
//! protocol runs in the simulator and with real servers.
//!
//! A driver begins the store anew, or takes keys that were never used, sets the delays of the [`Round`], gives the [`Tester`]
//! each event with the time since the beginning, and does what the [`Orders`] say, cuts included.
//!
//! Links that are slow in one direction only are not among the conditions: with each of the named settings they were tried,
//! from the slow site and to it, and leave every store where [`Condition::Slow`] does.

mod normal;
mod pace;
mod pair;
mod partition;
mod turns;

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::{Answer, Ask};
use super::record::{Asked, Phase, Record};
use normal::Normal;
pub use pace::Pace;
pub use pair::PAIR_AT;
use pair::Pair;
use partition::Partition;

/// How long a client waits for an answer; then the outcome is unknown.
pub const TIMEOUT: Duration = Duration::from_secs(1);
/// How long after a cut a store may take to fail over before it counts as unavailable.
pub const FAIL_OVER: Duration = Duration::from_millis(1_500);
/// When a site is cut off.
pub const CUT_AT: Duration = Duration::from_millis(600);
/// When the cut heals.
pub const HEAL_AT: Duration = Duration::from_millis(4_600);
/// How long after the heal what was acknowledged is looked for at every site.
pub const READ_BACK: Duration = Duration::from_secs(3);
/// The one-way delays of the sweep in milliseconds.
pub const SWEEP_MS: [u64; 4] = [5, 10, 20, 40];
/// The one-way delay in milliseconds of links that are neither swept nor slow.
pub const PLAIN_MS: u64 = 10;
/// The one-way delay in milliseconds of all links of a slow site.
pub const SLOW_MS: u64 = 60;
/// From an acknowledgement to the read right after it: touching operations would count as concurrent.
const SOON: Duration = Duration::from_micros(1);

/// One run of the store under one network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Round {
    /// How many sites there are.
    pub sites: usize,
    /// How the network is.
    pub condition: Condition,
    /// When which links are cut, and heal, in order; between [`CUT_AT`] and [`HEAL_AT`].
    pub cuts: Vec<(Duration, Cutting)>,
    /// What becomes of what is sent over a link that is cut.
    pub fate: Fate,
    /// How much time it takes itself.
    pub pace: Pace,
}

/// How the network is during a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// Every link takes this long, one way.
    Alike {
        /// How long.
        delay: Duration,
    },
    /// The links from and to this site take [`SLOW_MS`], the others [`PLAIN_MS`].
    Slow {
        /// Which site.
        site: usize,
    },
    /// Every link takes [`PLAIN_MS`], and clients ask as in a partition: what a cut changes is told from this.
    Busy,
    /// Every link takes [`PLAIN_MS`]; from [`CUT_AT`] to [`HEAL_AT`] links of this site are cut.
    Cut {
        /// Which site.
        site: usize,
        /// Which links.
        way: Way,
        /// What becomes of what is sent over them.
        fate: Fate,
    },
    /// Every link takes [`PLAIN_MS`]; from [`CUT_AT`] to [`HEAL_AT`] all links between these two sites and the others are cut,
    /// in both directions, and those among the two and among the others are not. What is sent over the former is
    /// [`Fate::Held`].
    Split {
        /// Which two sites.
        sites: [usize; 2],
    },
    /// Every link takes [`PLAIN_MS`]; from [`CUT_AT`] to [`HEAL_AT`] the server of this site is down: it is killed, and begun
    /// again with what is on its disk. Clients go on asking as in a partition. None of the rounds of [`Round::all`] is so, and
    /// no cell follows from it: it is judged apart ([`downtime`](super::downtime)).
    Down {
        /// Which site.
        site: usize,
    },
    /// Every link takes [`PLAIN_MS`]; there is one write, and after its acknowledgement one read. None of the rounds of
    /// [`Round::all`] is so.
    Pair {
        /// At which site something is written.
        writer: usize,
        /// At which site it is read.
        reader: usize,
        /// How long after the acknowledgement.
        rest: Duration,
    },
    /// As [`Condition::Pair`], with one more read, at another site, as soon as the first has ended. They are asked for also
    /// where nobody knows what became of the write.
    Readers {
        /// At which site something is written.
        writer: usize,
        /// At which sites it is read, one after the other.
        readers: [usize; 2],
        /// How long after the end of the write.
        rest: Duration,
    },
}

/// Which links of a site are cut.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// Those from and to it.
    Both,
    /// Those from it: nobody hears it.
    From,
    /// Those to it: it hears nobody.
    To,
}

/// What becomes of what is sent over a link that is cut.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fate {
    /// It arrives after the heal, as where one connection lasts through a short cut.
    Held,
    /// It never arrives, nor does what was on its way when the cut came: connections break, and whoever wants to have
    /// something arrive has to send it again.
    Lost,
}

/// Whom to cut off, besides those that are, or that no cut is left; what is sent meanwhile has the [`Fate`] of the round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cutting {
    /// Links between this site and all others are cut.
    Cut {
        /// Which site.
        site: usize,
        /// Which links.
        way: Way,
    },
    /// Links between these two sites and all others are cut, in both directions.
    Split {
        /// Which two sites.
        sites: [usize; 2],
    },
    /// One directed link is cut, as in a partial partition.
    Link {
        /// From which site.
        source: usize,
        /// To which.
        target: usize,
    },
    /// All cuts end.
    Heal,
}

impl Round {
    /// The round under such a network, and with the cuts that this means.
    pub fn new(sites: usize, condition: Condition) -> Round {
        let (cuts, fate) = match condition {
            Condition::Cut { site, way, fate } => {
                (vec![(CUT_AT, Cutting::Cut { site, way }), (HEAL_AT, Cutting::Heal)], fate)
            }
            Condition::Split { sites } => {
                (vec![(CUT_AT, Cutting::Split { sites }), (HEAL_AT, Cutting::Heal)], Fate::Held)
            }
            Condition::Alike { .. }
            | Condition::Slow { .. }
            | Condition::Busy
            | Condition::Down { .. }
            | Condition::Pair { .. }
            | Condition::Readers { .. } => (Vec::new(), Fate::Held),
        };
        Round { sites, condition, cuts, fate, pace: Pace::SIMULATED }
    }

    /// The rounds by which a store at so many sites is placed: normal operation, then each site cut off, then one way only,
    /// then each once more with all lost that is sent meanwhile; last, where there are five or more, the first two parted from
    /// the others and the last two: a majority goes on without whoever leads it at first, and without two others.
    pub fn all(sites: usize) -> Vec<Round> {
        let alike = SWEEP_MS.map(|ms| Condition::Alike { delay: Duration::from_millis(ms) });
        let slow = (0..sites).map(|site| Condition::Slow { site });
        let ways = [Way::Both, Way::From, Way::To].map(|way| (way, Fate::Held));
        let ways = ways.into_iter().chain([(Way::Both, Fate::Lost)]);
        let cut = ways.flat_map(|(way, fate)| (0..sites).map(move |site| Condition::Cut { site, way, fate }));
        let splits = if sites < 5 { Vec::new() } else { vec![[0, 1], [sites - 2, sites - 1]] };
        let splits = splits.into_iter().map(|sites| Condition::Split { sites });
        let all = alike.into_iter().chain(slow).chain([Condition::Busy]).chain(cut).chain(splits);
        all.map(|condition| Round::new(sites, condition)).collect()
    }

    /// Whether nothing is cut in it, and no server is down.
    pub const fn is_normal(&self) -> bool {
        !matches!(self.condition, Condition::Cut { .. } | Condition::Split { .. } | Condition::Down { .. })
    }

    /// The site whose server is down from [`CUT_AT`] to [`HEAL_AT`].
    pub const fn down(&self) -> Option<usize> {
        match self.condition {
            Condition::Down { site } => Some(site),
            _ => None,
        }
    }

    /// How long a message takes from one site to another.
    pub fn delay(&self, source: usize, target: usize) -> Duration {
        match self.condition {
            Condition::Alike { delay } => delay,
            Condition::Slow { site } if site == source || site == target => Duration::from_millis(SLOW_MS),
            Condition::Slow { .. }
            | Condition::Busy
            | Condition::Cut { .. }
            | Condition::Split { .. }
            | Condition::Down { .. }
            | Condition::Pair { .. }
            | Condition::Readers { .. } => Duration::from_millis(PLAIN_MS),
        }
    }

    /// How long it takes at most; most are over sooner.
    pub fn longest(&self) -> Duration {
        match self.condition {
            Condition::Busy | Condition::Cut { .. } | Condition::Split { .. } | Condition::Down { .. } => {
                partition::LONGEST
            }
            Condition::Alike { .. } | Condition::Slow { .. } => normal::longest(self.sites, self.pace),
            Condition::Pair { rest, .. } => pair::longest(rest, 1),
            Condition::Readers { rest, .. } => pair::longest(rest, 2),
        }
    }
}

impl Condition {
    /// Whether sites are cut off from others in both directions.
    pub const fn is_partition(self) -> bool {
        matches!(self, Condition::Cut { way: Way::Both, .. } | Condition::Split { .. })
    }
}

impl Cutting {
    /// Whether it cuts what one site sends to another.
    pub const fn parts(self, source: usize, target: usize) -> bool {
        match self {
            Cutting::Cut { site, way } => {
                let is_from = site == source && !matches!(way, Way::To);
                let is_to = site == target && !matches!(way, Way::From);
                source != target && (is_from || is_to)
            }
            Cutting::Split { sites: [one, other] } => {
                (source == one || source == other) != (target == one || target == other)
            }
            Cutting::Link { source: from, target: to } => from == source && to == target,
            Cutting::Heal => false,
        }
    }
}

/// What a driver tells the protocol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The round begins, at time 0.
    Begin,
    /// An operation was answered.
    Answered {
        /// Which, by the number with which it was ordered.
        number: u32,
        /// What was answered.
        answer: Answer,
    },
    /// The time has come at which it wanted to be woken.
    Woken,
}

/// What the protocol wants of its driver.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Orders {
    /// What to ask now.
    pub asks: Vec<Order>,
    /// When to wake it, since the beginning of the round, instead of what it said before; `None`: not at all.
    pub wake_at: Option<Duration>,
}

/// One operation to ask for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// What to call it in the answer.
    pub number: u32,
    /// At which site.
    pub site: usize,
    /// What.
    pub ask: Ask,
}

/// The protocol of one round.
#[derive(Clone, Debug)]
pub struct Tester {
    script: Script,
    desk: Desk,
}

#[derive(Clone, Debug)]
enum Script {
    Normal(Normal),
    Partition(Partition),
    Pair(Pair),
}

impl Tester {
    /// At the beginning of a round.
    pub fn new(round: &Round) -> Tester {
        let script = match round.condition {
            Condition::Alike { .. } | Condition::Slow { .. } => Script::Normal(Normal::new(round)),
            Condition::Busy | Condition::Cut { .. } | Condition::Split { .. } | Condition::Down { .. } => {
                Script::Partition(Partition::new(round))
            }
            Condition::Pair { writer, reader, rest } => Script::Pair(Pair::new(writer, &[reader], rest)),
            Condition::Readers { writer, readers, rest } => Script::Pair(Pair::new(writer, &readers, rest)),
        };
        Tester { script, desk: Desk::new(round) }
    }

    /// Takes an event and says what to do now. Answers that come after [`TIMEOUT`] change nothing.
    pub fn on(&mut self, now: Duration, event: Event) -> Orders {
        self.desk.now = now;
        match event {
            Event::Begin => self.tell(None),
            Event::Answered { number, answer } => self.end(number, answer),
            Event::Woken => {}
        }
        while let Some(number) = self.desk.overdue() {
            self.end(number, Answer::Unknown("no answer within 1 s".to_owned()));
        }
        if self.desk.wake_at.is_some_and(|at| at <= now) {
            self.desk.wake_at = None;
            self.tell(None);
        }
        self.desk.orders()
    }

    /// Whether all is asked and answered.
    pub fn is_over(&self) -> bool {
        let is_over = match &self.script {
            Script::Normal(normal) => normal.is_over(),
            Script::Partition(partition) => partition.is_over(),
            Script::Pair(pair) => pair.is_over(),
        };
        is_over && self.desk.open.is_empty()
    }

    /// How many sites there are.
    pub fn sites(&self) -> u32 {
        u32::try_from(self.desk.record.round.sites).expect("sites are few")
    }

    /// The operation of this number.
    pub fn asked(&self, number: u32) -> Option<&Asked> {
        self.desk.record.asked.get(number as usize)
    }

    /// The operations that were given up at the last event.
    pub fn given_up(&self) -> impl Iterator<Item = &Asked> {
        let now = self.desk.now;
        let is_it = move |asked: &&Asked| matches!(asked.ended, Some((at, Answer::Unknown(_))) if at == now);
        self.desk.record.asked.iter().filter(is_it)
    }

    /// What was asked and answered.
    pub fn into_record(self) -> Record {
        self.desk.record
    }

    fn end(&mut self, number: u32, answer: Answer) {
        if self.desk.end(number, answer) {
            self.tell(Some(number));
        }
    }

    fn tell(&mut self, ended: Option<u32>) {
        match &mut self.script {
            Script::Normal(normal) => normal.on(ended, &mut self.desk),
            Script::Partition(partition) => partition.on(ended, &mut self.desk),
            Script::Pair(pair) => pair.on(ended, &mut self.desk),
        }
    }
}

/// What all scripts have in common: who is waiting for what, and when to give up.
#[derive(Clone, Debug)]
struct Desk {
    now: Duration,
    record: Record,
    /// When each open operation is given up: the first of them first, as all wait as long.
    open: BTreeMap<u32, Duration>,
    asks: Vec<Order>,
    wake_at: Option<Duration>,
    values: u64,
}

impl Desk {
    fn new(round: &Round) -> Desk {
        let record = Record { round: round.clone(), asked: Vec::new() };
        let (open, asks) = (BTreeMap::new(), Vec::new());
        Desk { now: Duration::ZERO, record, open, asks, wake_at: None, values: 0 }
    }

    /// Asks, now; gives the number of the operation.
    fn ask(&mut self, site: usize, client: u32, ask: Ask, phase: Phase) -> u32 {
        let number = u32::try_from(self.record.asked.len()).expect("a round is far shorter");
        self.open.insert(number, self.now + TIMEOUT);
        self.asks.push(Order { number, site, ask: ask.clone() });
        self.record.asked.push(Asked { site, client, ask, begun: self.now, ended: None, phase });
        number
    }

    /// A value that was never written in this round.
    fn value(&mut self) -> u64 {
        self.values += 1;
        self.values
    }

    fn asked(&self, number: u32) -> &Asked {
        &self.record.asked[number as usize]
    }

    fn wake(&mut self, at: Duration) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn overdue(&self) -> Option<u32> {
        self.open.first_key_value().filter(|(_, due)| **due <= self.now).map(|(number, _)| *number)
    }

    /// Whether this is news.
    fn end(&mut self, number: u32, answer: Answer) -> bool {
        let is_open = self.open.remove(&number).is_some();
        if is_open {
            self.record.asked[number as usize].ended = Some((self.now, answer));
        }
        is_open
    }

    fn orders(&mut self) -> Orders {
        let asks = std::mem::take(&mut self.asks);
        let due = self.open.first_key_value().map(|(_, due)| *due);
        Orders { asks, wake_at: due.into_iter().chain(self.wake_at).min() }
    }
}
