//! One round of a placement in real time: the protocol is given what happens, and what it orders is done.
//!
//! An operation begins when it is ordered and ends when its answer was seen: both are outside what it really took, so that no
//! delay of ours makes a verdict wrong; it only hides something.

use std::time::Duration;

use constellation_lab::placement::client::{Answer, Ask};
use constellation_lab::placement::protocol::{CUT_AT, Cutting, Event, HEAL_AT, Orders, Round, Tester};
use constellation_lab::placement::record::Record;

use crate::clients::Fault;

/// Where a round takes place: sites with a server and its clients, and a network that does what it is told.
pub trait Stand {
    /// How long it has stood. Never goes back.
    fn now(&self) -> Duration;

    /// Sets how long a packet takes from each site to each other, and ends all cuts.
    fn set_delays(&mut self, delay: &dyn Fn(usize, usize) -> Duration);

    /// Cuts, or heals all cuts. Over a link that is cut each packet is lost.
    fn cut(&mut self, cutting: Cutting);

    /// Has a client of a site ask. Of an ask that cannot be put nothing is heard any more.
    fn ask(&mut self, site: usize, client: u32, id: u64, ask: &Ask);

    /// Kills what serves at a site; its clients go on.
    ///
    /// # Errors
    /// Why it cannot be killed, in words; the rest of the round would tell nothing.
    fn kill(&mut self, site: usize) -> Result<(), String>;

    /// Begins again what was killed at a site, with what is on its disk.
    ///
    /// # Errors
    /// As [`Stand::kill`].
    fn restart(&mut self, site: usize) -> Result<(), String>;

    /// Waits until something happens, or until that time.
    fn next(&mut self, until: Duration) -> Happened;

    /// How late packets were delivered since this was last asked.
    fn lateness(&mut self) -> Lateness;
}

/// What happens at a stand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Happened {
    /// The time has come.
    Nothing,
    /// A client was answered.
    Answered {
        /// Which ask.
        id: u64,
        /// When that was seen, since the stand began; not after now.
        at: Duration,
        /// What.
        answer: Answer,
    },
    /// An adapter did what no adapter may do.
    Failed(Fault),
    /// The user has had enough.
    Interrupted,
}

/// By how much the machine was later than it should have been.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lateness {
    /// Half of the packets were less late.
    pub typical: Duration,
    /// No packet was later, nor was who asks.
    pub most: Duration,
}

/// What came of a round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Driven {
    /// What was asked and answered.
    pub record: Record,
    /// How late the machine was.
    pub lateness: Lateness,
    /// Why it did not go to its end, where that is nobody's wish.
    pub amiss: Option<Amiss>,
    /// Whether it went to its end.
    pub ended: Ended,
}

/// Why a round did not go to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Amiss {
    /// An adapter did what none may do.
    Adapter(Fault),
    /// What was to be done to a server could not be done, for this reason.
    Harm(String),
}

/// Whether a round went to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// All was asked and answered.
    Whole,
    /// An adapter failed, or something could not be done to a server, so that the rest would have told nothing.
    Failed,
    /// The user has had enough.
    Interrupted,
    /// It was not over in its time.
    TooLong,
}

/// Drives a round. Its keys begin with `prefix`, and its asks are numbered from `first_id`: neither may have been used at this
/// stand.
pub fn drive(round: &Round, stand: &mut impl Stand, prefix: &str, first_id: u64) -> Driven {
    stand.set_delays(&|source, target| round.delay(source, target));
    stand.lateness();
    let mut driver = Driver {
        stand,
        begun: Duration::ZERO,
        now: Duration::ZERO,
        tester: Tester::new(round),
        prefix,
        first_id,
        late: Duration::ZERO,
        down: None,
        amiss: None,
    };
    let ended = driver.run(round);
    // Whatever happened, the stand is whole afterwards, if it can be.
    driver.begin_again();
    let Driver { stand, tester, late, amiss, .. } = driver;
    stand.cut(Cutting::Heal);
    let Lateness { typical, most } = stand.lateness();
    let lateness = Lateness { typical, most: most.max(late) };
    Driven { record: tester.into_record(), lateness, amiss, ended }
}

struct Driver<'a, S> {
    stand: &'a mut S,
    /// When the round began, since the stand did.
    begun: Duration,
    /// The time of the round that the protocol was told last.
    now: Duration,
    tester: Tester,
    prefix: &'a str,
    first_id: u64,
    /// By how much the protocol was woken too late, at most.
    late: Duration,
    /// The site whose server is down.
    down: Option<usize>,
    amiss: Option<Amiss>,
}

/// What is done at a stand while a round goes on.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Cut(Cutting),
    Kill(usize),
    Restart,
}

/// What is done in a round, and when, in order.
fn deeds(round: &Round) -> Vec<(Duration, Deed)> {
    let cuts = round.cuts.iter().map(|(at, cutting)| (*at, Deed::Cut(*cutting)));
    let down = round.down().map(|site| [(CUT_AT, Deed::Kill(site)), (HEAL_AT, Deed::Restart)]);
    cuts.chain(down.into_iter().flatten()).collect()
}

impl<S: Stand> Driver<'_, S> {
    fn run(&mut self, round: &Round) -> Ended {
        self.begun = self.stand.now();
        let mut deeds = deeds(round).into_iter().peekable();
        let mut orders = self.tester.on(Duration::ZERO, Event::Begin);
        loop {
            let Orders { asks, wake_at } = orders;
            for order in asks {
                let client = self.tester.asked(order.number).map_or(0, |asked| asked.client);
                let ask = Ask { key: format!("{}{}", self.prefix, order.ask.key), ..order.ask };
                self.stand.ask(order.site, client, self.first_id + u64::from(order.number), &ask);
            }
            if self.tester.is_over() {
                return Ended::Whole;
            }
            let now = self.elapsed();
            if now > round.longest() {
                return Ended::TooLong;
            }
            while let Some((at, deed)) = deeds.next_if(|(at, _)| *at <= now) {
                self.late = self.late.max(now - at);
                self.carry_out(deed);
            }
            if self.amiss.is_some() {
                return Ended::Failed;
            }
            let deed_at = deeds.peek().map(|(at, _)| *at);
            let until = wake_at.into_iter().chain(deed_at).min().unwrap_or(round.longest());
            orders = match self.next(until, wake_at) {
                Ok(Some(event)) => self.tester.on(self.now, event),
                Ok(None) => Orders { asks: Vec::new(), wake_at },
                Err(ended) => return ended,
            };
        }
    }

    fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Cut(cutting) => self.stand.cut(cutting),
            Deed::Kill(site) => {
                // One that was killed in part is begun again, too.
                self.down = Some(site);
                self.amiss = self.stand.kill(site).err().map(Amiss::Harm);
            }
            Deed::Restart => self.begin_again(),
        }
    }

    fn begin_again(&mut self) {
        if let Some(Err(why)) = self.down.take().map(|site| self.stand.restart(site)) {
            self.amiss.get_or_insert(Amiss::Harm(why));
        }
    }

    /// What the protocol is to be told next, if anything happened before that time that concerns it.
    fn next(&mut self, until: Duration, wake_at: Option<Duration>) -> Result<Option<Event>, Ended> {
        match self.stand.next(self.begun + until) {
            Happened::Answered { id, at, answer } => {
                let number = id.checked_sub(self.first_id).and_then(|number| u32::try_from(number).ok());
                let Some(number) = number.filter(|number| self.tester.asked(*number).is_some()) else {
                    // Of the round before.
                    return Ok(None);
                };
                self.now = self.now.max(at.saturating_sub(self.begun));
                Ok(Some(Event::Answered { number, answer }))
            }
            Happened::Nothing => {
                self.now = self.now.max(self.elapsed());
                let Some(due) = wake_at.filter(|at| *at <= self.now) else { return Ok(None) };
                self.late = self.late.max(self.now - due);
                Ok(Some(Event::Woken))
            }
            Happened::Failed(fault) => {
                self.amiss = Some(Amiss::Adapter(fault));
                Err(Ended::Failed)
            }
            Happened::Interrupted => Err(Ended::Interrupted),
        }
    }

    fn elapsed(&self) -> Duration {
        self.stand.now().saturating_sub(self.begun)
    }
}
