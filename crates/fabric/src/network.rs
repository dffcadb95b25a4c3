//! What each directed link does to a message, now: the one network model behind every driver.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use constellation_trace::{MessageId, NodeId, TrueTime};

use crate::choices::{Choices, Odds, Options, Question, Topic};
use crate::cuts::Cuts;
use crate::traffic::Traffic;

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
/// let parcel = Parcel { message: MessageId::new(0), source: pacific, target: atlantic };
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
    traffic: Traffic,
    cuts: Cuts,
    held: VecDeque<Parcel>,
    held_max: usize,
}

/// What a directed link does to messages as long as nothing cuts it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// The least that a message takes.
    pub latency_min: Duration,
    /// The most that a message takes; at least `latency_min`.
    pub latency_max: Duration,
    /// How likely a message is lost.
    pub loss: Odds,
    /// How likely a message arrives twice.
    pub duplicate: Odds,
    /// Whether messages may overtake each other.
    pub sequence: Sequence,
}

impl Link {
    /// Takes no time, loses nothing, keeps the order.
    pub const INSTANT: Link = Link {
        latency_min: Duration::ZERO,
        latency_max: Duration::ZERO,
        loss: Odds::NEVER,
        duplicate: Odds::NEVER,
        sequence: Sequence::Ordered,
    };
}

/// Whether messages of one link may overtake each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sequence {
    /// They arrive in the order of sending, as over one TCP connection.
    Ordered,
    /// Each takes its own time, as over UDP; later ones may arrive earlier.
    Unordered,
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
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fate {
    /// It arrives.
    Deliver(Delivery),
    /// It waits, in order, for [`Network::heal`].
    Hold,
    /// It is gone for good.
    Lose,
}

/// When a message arrives, and when once more if it does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// When.
    pub at: TrueTime,
    /// When a second copy does, if the network duplicates it.
    pub again_at: Option<TrueTime>,
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
        }
    }
}

impl std::error::Error for NetworkError {}

/// A link, in the form in which each message asks for it.
#[derive(Clone, Copy, Debug)]
struct Kind {
    latency_min_ns: u64,
    latency_span_ns: u64,
    loss: Odds,
    duplicate: Odds,
    sequence: Sequence,
}

/// Into how many steps a range of latencies is divided; a question with more answers would shrink no better.
const LATENCY_STEPS: u32 = 1_000;

/// The default link, as a way of the traffic names it.
const DEFAULT_KIND: NonZeroU32 = NonZeroU32::MIN;

impl Network {
    /// How many messages may wait for a heal unless [`Network::set_held_max`] says otherwise.
    pub const HELD_MAX: usize = 65_536;

    /// A network in which every link is like `default_link` and nothing is cut.
    pub fn new(default_link: Link) -> Network {
        Network {
            kinds: vec![Kind::of(default_link)],
            links: Arc::default(),
            traffic: Traffic::new(),
            cuts: Cuts::new(),
            held: VecDeque::new(),
            held_max: Network::HELD_MAX,
        }
    }

    /// Makes the link from `source` to `target` another than the default; the way back stays as it is.
    pub fn set_link(&mut self, source: NodeId, target: NodeId, link: Link) {
        self.kinds.push(Kind::of(link));
        let kind = u32::try_from(self.kinds.len()).ok().and_then(NonZeroU32::new);
        let kind = kind.expect("memory ends before 2^32 links do");
        Arc::make_mut(&mut self.links).insert((source, target), kind);
        self.traffic.set_kind(source, target, kind);
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
        if !self.is_cut(parcel.source, parcel.target) {
            return Ok(self.carry(parcel, now, choices));
        }
        if self.held.len() >= self.held_max {
            return Err(NetworkError::HoldFull { held_max: self.held_max });
        }
        self.held.push_back(parcel);
        Ok(Fate::Hold)
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
        let ends = (parcel.source, parcel.target);
        let links = &self.links;
        let way =
            self.traffic.way(parcel.source, parcel.target, || *links.get(&ends).unwrap_or(&DEFAULT_KIND));
        let kind = &self.kinds[way.kind.get() as usize - 1];
        let nth = way.sent;
        way.sent += 1;
        let question = |topic| Question { topic, source: parcel.source, target: parcel.target, nth };

        let mut happens =
            |topic, odds| odds != Odds::NEVER && choices.choose(question(topic), Options::Chance(odds)) != 0;
        if happens(Topic::Loss, kind.loss) {
            return Fate::Lose;
        }
        let is_duplicated = happens(Topic::Duplicate, kind.duplicate);
        // Saturating: a wrapped time would be before its cause.
        let mut arrival =
            |topic| TrueTime::from_ns(now.ns().saturating_add(kind.latency_ns(question(topic), choices)));
        let mut at = arrival(Topic::Latency);
        let mut again_at = is_duplicated.then(|| arrival(Topic::DuplicateLatency));
        if kind.sequence == Sequence::Ordered {
            at = at.max(way.last_arrival);
            way.last_arrival = at;
            // A second copy may come late, even after younger messages: that is what a retransmission does.
            again_at = again_at.map(|again_at| again_at.max(at));
        }
        Fate::Deliver(Delivery { at, again_at })
    }
}

impl Clone for Network {
    fn clone(&self) -> Network {
        Network {
            kinds: self.kinds.clone(),
            links: self.links.clone(),
            traffic: self.traffic.clone(),
            cuts: self.cuts.clone(),
            held: self.held.clone(),
            held_max: self.held_max,
        }
    }

    /// Keeps what memory it has, so that a driver can begin many runs with one network.
    fn clone_from(&mut self, source: &Network) {
        self.kinds.clone_from(&source.kinds);
        self.links.clone_from(&source.links);
        self.traffic.clone_from(&source.traffic);
        self.cuts.clone_from(&source.cuts);
        self.held.clone_from(&source.held);
        self.held_max = source.held_max;
    }
}

impl Kind {
    fn of(link: Link) -> Kind {
        // Saturating: 584 years are the end of time for every clock here.
        let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Kind {
            latency_min_ns: ns(link.latency_min),
            latency_span_ns: ns(link.latency_max.saturating_sub(link.latency_min)),
            loss: link.loss,
            duplicate: link.duplicate,
            sequence: link.sequence,
        }
    }

    #[inline]
    fn latency_ns<C: Choices + ?Sized>(&self, question: Question, choices: &mut C) -> u64 {
        if self.latency_span_ns == 0 {
            return self.latency_min_ns;
        }
        let steps = NonZeroU32::new(LATENCY_STEPS).expect("the constant is not 0");
        let answer = choices.choose(question, Options::Uniform(steps)).min(LATENCY_STEPS - 1);
        // Multiply first: a span below a microsecond would otherwise be cut to nothing.
        let part = match self.latency_span_ns.checked_mul(u64::from(answer)) {
            Some(product) => product / u64::from(LATENCY_STEPS - 1),
            // Whole steps first, then what they leave: at most the span, so neither can be cut.
            None => {
                let (step, rest) = (
                    self.latency_span_ns / u64::from(LATENCY_STEPS - 1),
                    self.latency_span_ns % u64::from(LATENCY_STEPS - 1),
                );
                step * u64::from(answer) + rest * u64::from(answer) / u64::from(LATENCY_STEPS - 1)
            }
        };
        self.latency_min_ns.saturating_add(part)
    }
}
