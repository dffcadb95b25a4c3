//! When a link is up: in which passes, and whether it flaps.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use constellation_trace::TrueTime;

use crate::choices::Odds;

/// When a link is up, and what becomes of a message that meets it down.
///
/// A message goes out while the link is up, from its first byte to its last: one that would not be out before the
/// link goes down waits, or is lost, as one does that finds it down. What is out arrives, whatever becomes of the link.
///
/// ```
/// use std::time::Duration;
/// use constellation_fabric::{Calm, Contacts, Delivery, Fate, Link, Network, Outside, Parcel, Pass};
/// use constellation_trace::{MessageId, NodeId, TrueTime};
///
/// let [ground, satellite] = [NodeId::new(0), NodeId::new(1)];
/// let second = |n: u64| TrueTime::from_ns(n * 1_000_000_000);
/// let passes = [Pass { start: second(10), end: second(20), rate: None }];
/// let mut network = Network::new(Link::INSTANT);
/// network.set_contacts(ground, satellite, Contacts::new(Outside::Lose).with_passes(passes)?);
///
/// let parcel = Parcel { message: MessageId::new(0), source: ground, target: satellite, bytes: 0 };
/// let overhead = Delivery { at: second(15), again_at: None };
/// assert_eq!(network.send(parcel, second(15), &mut Calm), Ok(Fate::Deliver(overhead)));
/// assert!(matches!(network.send(parcel, second(20), &mut Calm), Ok(Fate::Lose(_))));
/// # Ok::<(), constellation_fabric::ContactsError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contacts {
    /// Ascending and disjoint; `None` where it is up all the time but for flaps.
    passes: Option<Arc<[Pass]>>,
    flap: Option<Flap>,
    outside: Outside,
}

/// One time in which a link exists, as low orbit makes it: from `start` on, and no longer at `end`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pass {
    /// When it begins.
    pub start: TrueTime,
    /// When it ends; after `start`.
    pub end: TrueTime,
    /// How many bytes a second go out during it; `None`: as many as over the link at any time.
    pub rate: Option<NonZeroU64>,
}

/// A link that now and then goes down for a while: at the start of each period, the first of which begins at time 0.
///
/// Whether it does is a question ([`Topic::Flap`](crate::Topic::Flap)) that is asked only of periods in which a message
/// would go out, and once of each: of at most 100,000 for one message, after which the link stays up for it. A message that
/// has waited a thousand times for a flap to be over waits until all limits end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flap {
    /// From one start to the next.
    pub period: Duration,
    /// For how long it is down, if it goes down; more than nothing and less than `period`.
    pub down: Duration,
    /// How likely it goes down.
    pub odds: Odds,
}

/// What becomes of a message while a link is down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outside {
    /// It waits until the link is up, in order; when that never is, it is lost.
    Hold,
    /// It is lost.
    Lose,
}

impl Contacts {
    /// A link that is up all the time, until passes or a flap say otherwise.
    pub const fn new(outside: Outside) -> Contacts {
        Contacts { passes: None, flap: None, outside }
    }

    /// The same with these passes instead of all the time; one may begin where the one before ends.
    ///
    /// # Errors
    /// [`ContactsError::NoPass`], [`ContactsError::Backwards`] or [`ContactsError::Overlap`].
    pub fn with_passes(self, passes: impl IntoIterator<Item = Pass>) -> Result<Contacts, ContactsError> {
        let passes: Arc<[Pass]> = passes.into_iter().collect();
        if passes.is_empty() {
            return Err(ContactsError::NoPass);
        }
        for (pass, Pass { start, end, .. }) in passes.iter().copied().enumerate() {
            if end <= start {
                return Err(ContactsError::Backwards { pass, start, end });
            }
        }
        for (pass, pair) in passes.windows(2).enumerate() {
            if pair[1].start < pair[0].end {
                return Err(ContactsError::Overlap {
                    pass: pass + 1,
                    start: pair[1].start,
                    end: pair[0].end,
                });
            }
        }
        Ok(Contacts { passes: Some(passes), ..self })
    }

    /// The same with a flap, in its passes or all the time.
    ///
    /// # Errors
    /// [`ContactsError::Flap`].
    pub fn with_flap(self, flap: Flap) -> Result<Contacts, ContactsError> {
        if flap.down.is_zero() || flap.down >= flap.period {
            return Err(ContactsError::Flap { period: flap.period, down: flap.down });
        }
        Ok(Contacts { flap: Some(flap), ..self })
    }

    /// Its passes, ascending and disjoint; `None` where it is up all the time but for flaps.
    pub fn passes(&self) -> Option<&[Pass]> {
        self.passes.as_deref()
    }

    /// How it flaps, if it does.
    pub const fn flap(&self) -> Option<Flap> {
        self.flap
    }

    /// What becomes of a message while it is down.
    pub const fn outside(&self) -> Outside {
        self.outside
    }
}

/// Why something is no plan of contacts. Passes are counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ContactsError {
    /// A plan without a pass is a cut, and no plan.
    NoPass,
    /// A pass ends before it begins, or with its beginning.
    Backwards {
        /// Which pass.
        pass: usize,
        /// When it begins.
        start: TrueTime,
        /// When it ends.
        end: TrueTime,
    },
    /// A pass begins before the one in front of it ends.
    Overlap {
        /// Which pass.
        pass: usize,
        /// When it begins.
        start: TrueTime,
        /// When the one in front of it ends.
        end: TrueTime,
    },
    /// A flap without an end, or without a beginning.
    Flap {
        /// How long a period is.
        period: Duration,
        /// For how long the link would be down in it.
        down: Duration,
    },
    /// A node that is cut off without an end, or without a beginning.
    Isolation {
        /// How long a period is.
        period: Duration,
        /// For how long a node would be cut off in it.
        down: Duration,
    },
}

impl fmt::Display for ContactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContactsError::NoPass => f.write_str("a plan of contacts has at least one pass"),
            ContactsError::Backwards { pass, start, end } => {
                write!(f, "pass {pass} begins at {start} and ends at {end}, which is not later")
            }
            ContactsError::Overlap { pass, start, end } => {
                write!(f, "pass {pass} begins at {start}, before the one in front of it ends at {end}")
            }
            ContactsError::Flap { period, down } => {
                write!(
                    f,
                    "a link cannot be down for {down:?} in each {period:?}: more than nothing, less than all"
                )
            }
            ContactsError::Isolation { period, down } => {
                write!(
                    f,
                    "a node cannot be cut off for {down:?} in each {period:?}: more than nothing, less than all"
                )
            }
        }
    }
}

impl std::error::Error for ContactsError {}
