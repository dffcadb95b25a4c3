//! One round of a placement in real time: the protocol is given what happens, and what it orders is done.
//!
//! An operation begins when it is ordered and ends when its answer was seen: both are outside what it really took, so that no
//! delay of ours makes a verdict wrong; it only hides something.

use std::time::Duration;

use constellation_lab::placement::client::{Answer, Ask};
use constellation_lab::placement::protocol::{Cutting, Event, Orders, Round, Tester};
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
    /// What the adapters did that none may do.
    pub faults: Vec<Fault>,
    /// Whether it went to its end.
    pub ended: Ended,
}

/// Whether a round went to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// All was asked and answered.
    Whole,
    /// An adapter failed, so that the rest would have told nothing.
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
        faults: Vec::new(),
    };
    let ended = driver.run(round);
    let Driver { stand, tester, late, faults, .. } = driver;
    stand.cut(Cutting::Heal);
    let Lateness { typical, most } = stand.lateness();
    let lateness = Lateness { typical, most: most.max(late) };
    Driven { record: tester.into_record(), lateness, faults, ended }
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
    faults: Vec<Fault>,
}

impl<S: Stand> Driver<'_, S> {
    fn run(&mut self, round: &Round) -> Ended {
        self.begun = self.stand.now();
        let mut cuts = round.cuts.iter().copied().peekable();
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
            while let Some((at, cutting)) = cuts.next_if(|(at, _)| *at <= now) {
                self.late = self.late.max(now - at);
                self.stand.cut(cutting);
            }
            let cut_at = cuts.peek().map(|(at, _)| *at);
            let until = wake_at.into_iter().chain(cut_at).min().unwrap_or(round.longest());
            orders = match self.next(until, wake_at) {
                Ok(Some(event)) => self.tester.on(self.now, event),
                Ok(None) => Orders { asks: Vec::new(), wake_at },
                Err(ended) => return ended,
            };
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
                self.faults.push(fault);
                Err(Ended::Failed)
            }
            Happened::Interrupted => Err(Ended::Interrupted),
        }
    }

    fn elapsed(&self) -> Duration {
        self.stand.now().saturating_sub(self.begun)
    }
}
