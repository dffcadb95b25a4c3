//! What each directed link does to a message, now: the one network model behind every driver.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use constellation_trace::{Loss, MessageId, NodeId, TrueTime, Wait};

use crate::choices::{Choices, Odds, Options, Question, Topic};
use crate::contacts::{Contacts, ContactsError};
use crate::cuts::Cuts;
use crate::isolation::{Islands, Isolation};
use crate::lane::{Lanes, Limits, Slot, Span, ns};
use crate::link::{LATENCY_STEPS, Link, Sequence, Spread};
use crate::traffic::{Traffic, Way};

/// Decides what becomes of each message; it holds no payload, waits for nothing and moves nothing.
///
/// The fate of a message is decided when it is sent: a partition holds what is sent from then on, and what is
/// already on its way arrives. A message to oneself is never cut off.
///
/// ```
/// use constellation_fabric::{Calm, Fate, Link, Network, Parcel};
/// use constellation_trace::{MessageId, NodeId, TrueTime};
///
/// let [pacific, atlantic] = [NodeId::new(0), NodeId::new(1)];
/// let mut network = Network::new(Link::INSTANT);
/// network.partition(&[pacific], &[atlantic]);
/// let parcel = Parcel { message: MessageId::new(0), source: pacific, target: atlantic, bytes: 0 };
/// assert_eq!(network.send(parcel, TrueTime::from_ns(0), &mut Calm), Ok(Fate::Hold));
/// let released = network.heal(TrueTime::from_ns(5), &mut Calm);
/// assert_eq!(released[0].0, parcel);
/// ```
#[derive(Debug)]
pub struct Network {
    /// First the default; a way of the traffic names its kind by the number in this list, counted from 1.
    kinds: Vec<Kind>,
    /// The links that are other than the default; shared by the networks of many runs.
    links: Arc<BTreeMap<(NodeId, NodeId), NonZeroU32>>,
    /// A kind names its limits by the number in this list, counted from 1.
    limits: Arc<Vec<Limits>>,
    /// When all limits end; at the end of time if never.
    end: TrueTime,
    traffic: Traffic,
    lanes: Lanes,
    islands: Islands,
    cuts: Cuts,
    held: VecDeque<Parcel>,
    held_max: usize,
    /// The latencies of the first link that was ever given with the greater before the less.
    backwards: Option<(Duration, Duration)>,
}

/// A message as the network sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parcel {
    /// Which message.
    pub message: MessageId,
    /// Who sends it.
    pub source: NodeId,
    /// To whom.
    pub target: NodeId,
    /// How long it is, in bytes; 0 if no rate and no size concerns it.
    pub bytes: u32,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fate {
    /// It arrives.
    Deliver(Delivery),
    /// It arrives, but goes out late or is not what it was.
    Impair(Impaired),
    /// It waits, in order, for [`Network::heal`].
    Hold,
    /// It is gone for good.
    Lose(Loss),
}

/// When a message arrives, and when once more if it does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// When.
    pub at: TrueTime,
    /// When a second copy does, if the network duplicates it.
    pub again_at: Option<TrueTime>,
}

/// A message that arrives, to which something happens before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Impaired {
    /// When it arrives.
    pub delivery: Delivery,
    /// What it waits for before it goes out, if it does.
    pub waits: Option<Waits>,
    /// Which of [`Network::CORRUPTIONS`] it suffers without anybody seeing it, if it does:
    /// [`Node::corrupted`](crate::Node::corrupted) says what arrives.
    pub corrupted: Option<u32>,
}

/// That a message goes out later than it was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waits {
    /// When it begins to go out.
    pub until: TrueTime,
    /// For what it waits.
    pub why: Wait,
}

/// Why the network does not take a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NetworkError {
    /// As many messages wait for a heal as may; this one was not taken, and none was lost.
    HoldFull {
        /// How many may wait.
        held_max: usize,
    },
    /// The least that a message takes on a link is more than the most.
    Backwards {
        /// [`Link::latency_min`].
        latency_min: Duration,
        /// [`Link::latency_max`].
        latency_max: Duration,
    },
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetworkError::HoldFull { held_max } => {
                write!(
                    f,
                    "the link is cut and {held_max} messages already wait for the heal, the most allowed"
                )
            }
            NetworkError::Backwards { latency_min, latency_max } => write!(
                f,
                "a link has a `latency_min` of {latency_min:?}, which is more than its `latency_max` of {latency_max:?}"
            ),
        }
    }
}

impl std::error::Error for NetworkError {}

/// A link, in the form in which each message asks for it.
#[derive(Clone, Copy, Debug)]
struct Kind {
    latency_min_ns: u64,
    latency_span_ns: u64,
    spread: Spread,
    loss: Odds,
    duplicate: Odds,
    sequence: Sequence,
    limits: Option<NonZeroU32>,
}

/// The default link, as a way of the traffic names it.
const DEFAULT_KIND: NonZeroU32 = NonZeroU32::MIN;

impl Network {
    /// How many messages may wait for a heal unless [`Network::set_held_max`] says otherwise.
    pub const HELD_MAX: usize = 65_536;

    /// In how many ways a message can be corrupted.
    pub const CORRUPTIONS: NonZeroU32 = NonZeroU32::new(65_536).expect("the constant is not 0");

    /// A network in which every link is like `default_link` and nothing is cut.
    pub fn new(default_link: Link) -> Network {
        let mut network = Network {
            kinds: Vec::new(),
            links: Arc::default(),
            limits: Arc::default(),
            end: TrueTime::from_ns(u64::MAX),
            traffic: Traffic::new(),
            lanes: Lanes::default(),
            islands: Islands::default(),
            cuts: Cuts::new(),
            held: VecDeque::new(),
            held_max: Network::HELD_MAX,
            backwards: None,
        };
        network.set_default(default_link, None);
        network
    }

    /// Makes all links to which no call below gives a kind of their own like this one, in these contacts if there are any.
    pub fn set_default(&mut self, link: Link, contacts: Option<Contacts>) {
        let kind = self.kind(link, contacts);
        match self.kinds.first_mut() {
            Some(default) => *default = kind,
            None => self.kinds.push(kind),
        }
    }

    /// Makes the link from `source` to `target` another than the default, and up all the time; the way back stays as it
    /// is.
    pub fn set_link(&mut self, source: NodeId, target: NodeId, link: Link) {
        let kind = self.kind(link, None);
        self.set_kind(source, target, kind);
    }

    /// Says when the link from `source` to `target` is up, which without that is all the time; the way back stays as it
    /// is. For a link other than the default call [`Network::set_link`] first.
    pub fn set_contacts(&mut self, source: NodeId, target: NodeId, contacts: Contacts) {
        let number = *self.links.get(&(source, target)).unwrap_or(&DEFAULT_KIND);
        let kind = self.kinds[number.get() as usize - 1];
        let limits = kind.limits.map(|limits| &self.limits[limits.get() as usize - 1]);
        let limits = Limits::in_contacts(limits, contacts);
        let limits = Some(self.number_limits(limits));
        self.set_kind(source, target, Kind { limits, ..kind });
    }

    /// Has nodes cut off now and then, until all limits end; instead of what was said before. A message
    /// that waits for that comes to its link, and to what limits it, when it is over.
    ///
    /// # Errors
    /// [`ContactsError::Isolation`]; the network stays as it was.
    pub fn set_isolation(&mut self, isolation: Isolation) -> Result<(), ContactsError> {
        self.islands.set(isolation)
    }

    /// Says when all limits end: from then on no link has a size or a rate, corrupts anything or is down, no node is cut
    /// off by luck, and what waits goes out then at the latest. Unless it is said, limits never end. Cuts are not concerned.
    pub const fn set_end(&mut self, end: TrueTime) {
        self.end = end;
    }

    /// Whether any link asks how long a message is; if not, [`Parcel::bytes`] may be anything.
    pub fn depends_on_bytes(&self) -> bool {
        self.limits.iter().any(Limits::depend_on_bytes)
    }

    fn kind(&mut self, link: Link, contacts: Option<Contacts>) -> Kind {
        if link.latency_min > link.latency_max {
            self.backwards.get_or_insert((link.latency_min, link.latency_max));
        }
        let limits = Limits::of(link, contacts).map(|limits| self.number_limits(limits));
        Kind::of(link, limits)
    }

    /// The place of these limits in the list; that of the same ones, if they are among the last.
    fn number_limits(&mut self, limits: Limits) -> NonZeroU32 {
        // A link and then its contacts: so what many links share is there once.
        const LOOK_BACK: usize = 2;
        let count = self.limits.len();
        let last = count.saturating_sub(LOOK_BACK)..count;
        let place = last.rev().find(|place| self.limits[*place] == limits).unwrap_or(count);
        if place == count {
            Arc::make_mut(&mut self.limits).push(limits);
        }
        let number = u32::try_from(place + 1).ok().and_then(NonZeroU32::new);
        number.expect("memory ends before 2^32 links do")
    }

    fn set_kind(&mut self, source: NodeId, target: NodeId, kind: Kind) {
        self.kinds.push(kind);
        let kind = u32::try_from(self.kinds.len()).ok().and_then(NonZeroU32::new);
        let kind = kind.expect("memory ends before 2^32 links do");
        Arc::make_mut(&mut self.links).insert((source, target), kind);
        self.traffic.set_kind(source, target, kind);
    }

    /// Whether each link that it was ever given makes sense, which the maker of a run asks before it begins.
    ///
    /// # Errors
    /// [`NetworkError::Backwards`] for the first that has no time between its least latency and its greatest.
    pub fn check(&self) -> Result<(), NetworkError> {
        match self.backwards {
            Some((latency_min, latency_max)) => Err(NetworkError::Backwards { latency_min, latency_max }),
            None => Ok(()),
        }
    }

    /// Sets how many messages may wait for a heal, over all links.
    pub const fn set_held_max(&mut self, held_max: usize) {
        self.held_max = held_max;
    }

    /// Cuts every link between the two groups, in both directions, until [`Network::heal`].
    ///
    /// Partitions add up: a second call leaves the first in force. Groups may overlap.
    pub fn partition(&mut self, group_a: &[NodeId], group_b: &[NodeId]) {
        self.cut(group_a, group_b);
        self.cut(group_b, group_a);
    }

    /// Cuts every link from a source to a target, in that direction only, until [`Network::heal`].
    pub fn cut(&mut self, sources: &[NodeId], targets: &[NodeId]) {
        self.cuts.add(sources, targets);
    }

    /// Whether what `source` sends to `target` would be held. Costs two binary searches for each different cut in force.
    #[inline]
    pub fn is_cut(&self, source: NodeId, target: NodeId) -> bool {
        source != target && self.cuts.sever(source, target)
    }

    /// How many messages may wait for a heal, over all links.
    pub const fn held_max(&self) -> usize {
        self.held_max
    }

    /// How many more messages may be held than are.
    pub fn room(&self) -> usize {
        self.held_max.saturating_sub(self.held.len()) // The limit may have been lowered below what is held.
    }

    /// The messages that wait for a heal, in the order of sending.
    pub fn held(&self) -> impl ExactSizeIterator<Item = Parcel> {
        self.held.iter().copied()
    }

    /// Decides what becomes of a message that is sent `now`.
    ///
    /// # Errors
    /// [`NetworkError::HoldFull`]: nothing was decided, and the message is still the sender's.
    #[inline(always)]
    pub fn send<C: Choices + ?Sized>(
        &mut self,
        parcel: Parcel,
        now: TrueTime,
        choices: &mut C,
    ) -> Result<Fate, NetworkError> {
        if !(self.cuts.are_any() && self.meets_cut(parcel.source, parcel.target)) {
            return Ok(self.carry(parcel, now, choices));
        }
        if self.held.len() >= self.held_max {
            return Err(NetworkError::HoldFull { held_max: self.held_max });
        }
        self.held.push_back(parcel);
        Ok(Fate::Hold)
    }

    /// As [`Network::is_cut`], but looks only once for each link until the cuts change.
    #[inline(never)]
    fn meets_cut(&mut self, source: NodeId, target: NodeId) -> bool {
        if source == target {
            return false;
        }
        let links = &self.links;
        let kind = || *links.get(&(source, target)).unwrap_or(&DEFAULT_KIND);
        let way = self.traffic.way(source, target, kind);
        self.cuts.sever_again(source, target, &mut way.cut)
    }

    /// Ends all partitions and cuts; returns what was held, in the order of sending, with its fate from `now` on.
    pub fn heal<C: Choices + ?Sized>(&mut self, now: TrueTime, choices: &mut C) -> Vec<(Parcel, Fate)> {
        self.end_cuts();
        std::iter::from_fn(|| self.release(now, choices)).collect()
    }

    /// Ends all partitions and cuts; what is held stays so until it is released, and what is sent before that
    /// overtakes it.
    pub fn end_cuts(&mut self) {
        self.cuts.end();
    }

    /// The first of the messages held that no cut holds any longer, if the first of all is one; with its fate from
    /// `now` on. [`Network::heal`] in single steps.
    pub fn release<C: Choices + ?Sized>(&mut self, now: TrueTime, choices: &mut C) -> Option<(Parcel, Fate)> {
        let first = *self.held.front()?;
        if self.is_cut(first.source, first.target) {
            return None;
        }
        self.held.pop_front();
        Some((first, self.carry(first, now, choices)))
    }

    #[inline(always)]
    fn carry<C: Choices + ?Sized>(&mut self, parcel: Parcel, now: TrueTime, choices: &mut C) -> Fate {
        match self.islands.rule() {
            Some(isolation) if now < self.end => self.leave_island(isolation, parcel, now, choices),
            _ => self.pass(parcel, now, choices),
        }
    }

    /// The fate of a message whose nodes may be cut off.
    ///
    /// Not in line, so that networks without such nodes need not step around it.
    #[inline(never)]
    fn leave_island<C: Choices + ?Sized>(
        &mut self,
        isolation: Isolation,
        parcel: Parcel,
        now: TrueTime,
        choices: &mut C,
    ) -> Fate {
        let is_cut_off = |node, period| {
            Asked { source: node, target: node, nth: period }.happens(Topic::Isolate, isolation.odds, choices)
        };
        let Some(until) = self.islands.until((parcel.source, parcel.target), now, is_cut_off) else {
            return self.pass(parcel, now, choices);
        };
        let until = until.min(self.end);
        let waits = Some(Waits { until, why: Wait::Partition });
        match self.pass(parcel, until, choices) {
            Fate::Deliver(delivery) => Fate::Impair(Impaired { delivery, waits, corrupted: None }),
            // Where the link makes it wait for longer, that is told.
            Fate::Impair(impaired) => Fate::Impair(Impaired { waits: impaired.waits.or(waits), ..impaired }),
            fate => fate,
        }
    }

    /// The fate of a message that comes to its link `now`.
    #[inline(always)]
    fn pass<C: Choices + ?Sized>(&mut self, parcel: Parcel, now: TrueTime, choices: &mut C) -> Fate {
        let ends = (parcel.source, parcel.target);
        let links = &self.links;
        let way =
            self.traffic.way(parcel.source, parcel.target, || *links.get(&ends).unwrap_or(&DEFAULT_KIND));
        let kind = &self.kinds[way.kind.get() as usize - 1];
        let nth = way.sent;
        way.sent += 1;
        let asked = Asked { source: parcel.source, target: parcel.target, nth };
        if let Some(limits) = kind.limits
            && now < self.end
        {
            let limits = &self.limits[limits.get() as usize - 1];
            let span = Span { now, end: self.end };
            return limited(limits, &mut self.lanes, (kind, way), (asked, parcel.bytes), span, choices);
        }
        if asked.happens(Topic::Loss, kind.loss, choices) {
            return Fate::Lose(Loss::Plain);
        }
        Fate::Deliver(kind.deliver(way, asked, now, choices))
    }
}

/// The fate of a message on a link with limits.
///
/// Not in line, so that links without need not step around it.
#[inline(never)]
fn limited<C: Choices + ?Sized>(
    limits: &Limits,
    lanes: &mut Lanes,
    (kind, way): (&Kind, &mut Way),
    (asked, bytes): (Asked, u32),
    span: Span,
    choices: &mut C,
) -> Fate {
    let lane = *way.lane.get_or_insert_with(|| lanes.begin());
    let flap_odds = limits.flap_odds();
    let goes_down = |period| Asked { nth: period, ..asked }.happens(Topic::Flap, flap_odds, choices);
    let (Slot { begins, is_out }, why) = match lanes.lane(lane).admit(limits, bytes, span, goes_down) {
        Ok(admitted) => admitted,
        Err(loss) => return Fate::Lose(loss),
    };
    if asked.happens(Topic::Loss, kind.loss, choices) {
        return Fate::Lose(Loss::Plain);
    }
    if asked.happens(Topic::CorruptSeen, limits.corrupt_seen, choices) {
        return Fate::Lose(Loss::Checksum);
    }
    let is_corrupted = asked.happens(Topic::CorruptUnseen, limits.corrupt_unseen, choices);
    let corrupted = is_corrupted
        .then(|| choices.choose(asked.question(Topic::CorruptHow), Options::Uniform(Network::CORRUPTIONS)));
    let delivery = kind.deliver(way, asked, is_out, choices);
    match (why, corrupted) {
        (None, None) => Fate::Deliver(delivery),
        (why, corrupted) => {
            Fate::Impair(Impaired { delivery, waits: why.map(|why| Waits { until: begins, why }), corrupted })
        }
    }
}

/// A message as questions name it.
#[derive(Clone, Copy)]
struct Asked {
    source: NodeId,
    target: NodeId,
    /// The how-many-th of its link.
    nth: u64,
}

impl Asked {
    const fn question(self, topic: Topic) -> Question {
        let Asked { source, target, nth } = self;
        Question { topic, source, target, nth }
    }

    #[inline(always)]
    fn happens<C: Choices + ?Sized>(self, topic: Topic, odds: Odds, choices: &mut C) -> bool {
        odds != Odds::NEVER && choices.choose(self.question(topic), Options::Chance(odds)) != 0
    }
}

impl Clone for Network {
    fn clone(&self) -> Network {
        Network {
            kinds: self.kinds.clone(),
            links: self.links.clone(),
            limits: self.limits.clone(),
            end: self.end,
            traffic: self.traffic.clone(),
            lanes: self.lanes.clone(),
            islands: self.islands.clone(),
            cuts: self.cuts.clone(),
            held: self.held.clone(),
            held_max: self.held_max,
            backwards: self.backwards,
        }
    }

    /// Keeps what memory it has, so that a driver can begin many runs with one network.
    fn clone_from(&mut self, source: &Network) {
        self.kinds.clone_from(&source.kinds);
        self.links.clone_from(&source.links);
        self.limits.clone_from(&source.limits);
        self.end = source.end;
        self.lanes.clone_from(&source.lanes);
        self.islands.clone_from(&source.islands);
        self.traffic.clone_from(&source.traffic);
        self.cuts.clone_from(&source.cuts);
        self.held.clone_from(&source.held);
        self.held_max = source.held_max;
        self.backwards = source.backwards;
    }
}

impl Kind {
    fn of(link: Link, limits: Option<NonZeroU32>) -> Kind {
        Kind {
            latency_min_ns: ns(link.latency_min),
            spread: link.spread,
            latency_span_ns: ns(link.latency_max.saturating_sub(link.latency_min)),
            loss: link.loss,
            duplicate: link.duplicate,
            sequence: link.sequence,
            limits,
        }
    }

    /// When a message arrives that goes out `now` and is not lost.
    #[inline(always)]
    fn deliver<C: Choices + ?Sized>(
        &self,
        way: &mut Way,
        asked: Asked,
        now: TrueTime,
        choices: &mut C,
    ) -> Delivery {
        let is_duplicated = asked.happens(Topic::Duplicate, self.duplicate, choices);
        // Saturating: a wrapped time would be before its cause.
        let mut arrival = |topic| {
            TrueTime::from_ns(now.ns().saturating_add(self.latency_ns(asked.question(topic), choices)))
        };
        let mut at = arrival(Topic::Latency);
        let mut again_at = is_duplicated.then(|| arrival(Topic::DuplicateLatency));
        if self.sequence == Sequence::Ordered {
            at = at.max(way.last_arrival);
            way.last_arrival = at;
            // A second copy may come late, even after younger messages: that is what a retransmission does.
            again_at = again_at.map(|again_at| again_at.max(at));
        }
        Delivery { at, again_at }
    }

    #[inline]
    fn latency_ns<C: Choices + ?Sized>(&self, question: Question, choices: &mut C) -> u64 {
        if self.latency_span_ns == 0 {
            return self.latency_min_ns;
        }
        let steps = NonZeroU32::new(LATENCY_STEPS).expect("the constant is not 0");
        let answer = choices.choose(question, Options::Uniform(steps)).min(LATENCY_STEPS - 1);
        let part = match self.spread {
            // By far the most common, so without a long division.
            Spread::Even if self.latency_span_ns < u64::MAX / u64::from(LATENCY_STEPS) => {
                self.latency_span_ns * u64::from(answer) / u64::from(LATENCY_STEPS - 1)
            }
            spread => spread.part_ns(self.latency_span_ns, answer),
        };
        self.latency_min_ns.saturating_add(part)
    }
}
