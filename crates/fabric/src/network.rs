//! What each directed link does to a message, now: the one network model behind every driver.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use constellation_trace::{MessageId, NodeId, TrueTime};

use crate::choices::{Choices, Odds, Options, Question, Topic};

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
#[derive(Clone, Debug)]
pub struct Network {
    default_link: Link,
    links: BTreeMap<(NodeId, NodeId), Link>,
    traffic: BTreeMap<(NodeId, NodeId), Traffic>,
    /// Each different one once, so that repeating a partition costs nothing.
    cuts: BTreeSet<Cut>,
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

/// Groups sorted without repetition, so that equal cuts are equal and a node is found by halving.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Cut {
    sources: Vec<NodeId>,
    targets: Vec<NodeId>,
}

impl Cut {
    fn severs(&self, source: NodeId, target: NodeId) -> bool {
        self.sources.binary_search(&source).is_ok() && self.targets.binary_search(&target).is_ok()
    }
}

/// The group of these nodes, in order.
fn sorted(nodes: &[NodeId]) -> Vec<NodeId> {
    nodes.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// What has passed over one directed link.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    sent: u64,
    last_arrival: TrueTime,
}

/// Into how many steps a range of latencies is divided; a question with more answers would shrink no better.
const LATENCY_STEPS: u32 = 1_000;

impl Network {
    /// How many messages may wait for a heal unless [`Network::set_held_max`] says otherwise.
    pub const HELD_MAX: usize = 65_536;

    /// A network in which every link is like `default_link` and nothing is cut.
    pub const fn new(default_link: Link) -> Network {
        Network {
            default_link,
            links: BTreeMap::new(),
            traffic: BTreeMap::new(),
            cuts: BTreeSet::new(),
            held: VecDeque::new(),
            held_max: Network::HELD_MAX,
        }
    }

    /// Makes the link from `source` to `target` another than the default; the way back stays as it is.
    pub fn set_link(&mut self, source: NodeId, target: NodeId, link: Link) {
        self.links.insert((source, target), link);
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
        if !sources.is_empty() && !targets.is_empty() {
            self.cuts.insert(Cut { sources: sorted(sources), targets: sorted(targets) });
        }
    }

    /// Whether what `source` sends to `target` would be held. Costs two binary searches for each different cut in force.
    pub fn is_cut(&self, source: NodeId, target: NodeId) -> bool {
        source != target && self.cuts.iter().any(|cut| cut.severs(source, target))
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
    pub fn send(
        &mut self,
        parcel: Parcel,
        now: TrueTime,
        choices: &mut dyn Choices,
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
    pub fn heal(&mut self, now: TrueTime, choices: &mut dyn Choices) -> Vec<(Parcel, Fate)> {
        self.cuts.clear();
        let held = std::mem::take(&mut self.held);
        held.into_iter().map(|parcel| (parcel, self.carry(parcel, now, choices))).collect()
    }

    fn carry(&mut self, parcel: Parcel, now: TrueTime, choices: &mut dyn Choices) -> Fate {
        let key = (parcel.source, parcel.target);
        let link = *self.links.get(&key).unwrap_or(&self.default_link);
        let traffic = self.traffic.entry(key).or_default();
        let nth = traffic.sent;
        traffic.sent += 1;
        let question = |topic| Question { topic, source: parcel.source, target: parcel.target, nth };

        let mut happens =
            |topic, odds| odds != Odds::NEVER && choices.choose(question(topic), Options::Chance(odds)) != 0;
        if happens(Topic::Loss, link.loss) {
            return Fate::Lose;
        }
        let is_duplicated = happens(Topic::Duplicate, link.duplicate);
        let mut arrival = |topic| now.saturating_add(link.latency(question(topic), choices));
        let mut at = arrival(Topic::Latency);
        let mut again_at = is_duplicated.then(|| arrival(Topic::DuplicateLatency));
        if link.sequence == Sequence::Ordered {
            at = at.max(traffic.last_arrival);
            traffic.last_arrival = at;
            // A second copy may come late, even after younger messages: that is what a retransmission does.
            again_at = again_at.map(|again_at| again_at.max(at));
        }
        Fate::Deliver(Delivery { at, again_at })
    }
}

impl Link {
    fn latency(&self, question: Question, choices: &mut dyn Choices) -> Duration {
        let span = self.latency_max.saturating_sub(self.latency_min);
        if span.is_zero() {
            return self.latency_min;
        }
        let steps = NonZeroU32::new(LATENCY_STEPS).expect("the constant is not 0");
        let answer = choices.choose(question, Options::Uniform(steps)).min(LATENCY_STEPS - 1);
        // Multiply first: a span below a microsecond would otherwise be cut to nothing. u128 holds any product.
        let part = span.as_nanos() * u128::from(answer) / u128::from(LATENCY_STEPS - 1);
        let part = Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX));
        self.latency_min.saturating_add(part)
    }
}
