//! The one network model of a testbed, its luck and its counters, as whoever carries something asks them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use constellation_fabric::{Choices, Fate, Network, Parcel};
use constellation_trace::{Loss, MessageId, NodeId, TrueTime};

use crate::switch::{Counts, Lateness};

/// The model, shared by all that carry.
#[derive(Clone, Debug)]
pub(crate) struct Model(Arc<Mutex<State>>);

/// The model, while one has it.
pub(crate) struct State {
    pub(crate) network: Network,
    choices: Box<dyn Choices + Send>,
    sites: usize,
    counts: Vec<Counts>,
    pub(crate) lateness: Lateness,
    pub(crate) wakes: Lateness,
    /// How many packets were not between two sites.
    pub(crate) foreign: u64,
    messages: u32,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("network", &self.network).finish_non_exhaustive()
    }
}

/// From one site to another.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Pair {
    pub(crate) source: usize,
    pub(crate) target: usize,
}

/// The node that a site is for the network model.
pub(crate) fn node(site: usize) -> NodeId {
    NodeId::new(u32::try_from(site).unwrap_or(u32::MAX))
}

impl Pair {
    pub(crate) fn back(self) -> Pair {
        Pair { source: self.target, target: self.source }
    }
}

/// What is to be done with what was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Decided {
    pub(crate) at: TrueTime,
    pub(crate) again_at: Option<TrueTime>,
    /// In which way it is to be corrupted, so that no checksum sees it.
    pub(crate) corrupted: Option<u32>,
}

impl Model {
    pub(crate) fn new(network: Network, choices: Box<dyn Choices + Send>, sites: usize) -> Model {
        Model(Arc::new(Mutex::new(State {
            network,
            choices,
            sites,
            counts: vec![Counts::default(); sites * sites],
            lateness: Lateness::default(),
            wakes: Lateness::default(),
            foreign: 0,
            messages: 0,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What becomes of so many bytes that are sent `now`; `None` if they do not arrive.
    ///
    /// A real network holds nothing: what meets a cut is lost, and whoever wants it to arrive sends it again.
    pub(crate) fn decide(&mut self, pair: Pair, bytes: usize, now: TrueTime) -> Option<Decided> {
        let (source, target) = (node(pair.source), node(pair.target));
        self.counts(pair).sent += 1;
        if self.network.is_cut(source, target) {
            self.counts(pair).cut += 1;
            return None;
        }
        let message = MessageId::new(self.messages);
        self.messages = self.messages.wrapping_add(1);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let parcel = Parcel { message, source, target, bytes };
        match self.network.send(parcel, now, &mut *self.choices) {
            Ok(Fate::Deliver(delivery)) => {
                Some(Decided { at: delivery.at, again_at: delivery.again_at, corrupted: None })
            }
            Ok(Fate::Impair(impaired)) => Some(Decided {
                at: impaired.delivery.at,
                again_at: impaired.delivery.again_at,
                corrupted: impaired.corrupted,
            }),
            Ok(Fate::Lose(loss)) => {
                let counts = self.counts(pair);
                match loss {
                    Loss::Plain => counts.lost += 1,
                    Loss::Checksum | Loss::Unreadable => counts.corrupt_seen += 1,
                    // Too long, no room in the queue, no contact, and what else a link may not take.
                    _ => counts.limited += 1,
                }
                None
            }
            // Cuts were looked for above, so that nothing is held; and a fate that we do not know carries nothing.
            Ok(_) | Err(_) => {
                self.counts(pair).cut += 1;
                None
            }
        }
    }

    pub(crate) fn counts(&mut self, pair: Pair) -> &mut Counts {
        &mut self.counts[pair.source * self.sites + pair.target]
    }

    pub(crate) fn counted(&self, pair: Pair) -> Counts {
        self.counts.get(pair.source * self.sites + pair.target).copied().unwrap_or_default()
    }

    pub(crate) fn total(&self) -> Counts {
        self.counts.iter().fold(Counts::default(), |total, counts| total.plus(counts))
    }
}
