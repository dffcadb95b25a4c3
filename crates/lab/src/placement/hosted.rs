//! A site of a store for a driver with real sockets and real time: what it is given, and what is then to be done.
//!
//! The same state machine as in the simulator; only what sites say to each other is bytes here. Nothing in here waits, and
//! nothing is sent.

use constellation_fabric::{Effects, Input, Node, Now, Timer, TimerSet};
use constellation_trace::NodeId;

use super::client::{Answer, Ask};
use super::simulated::{Sites, Wire};
use super::stores::coded::{self, Coded};

/// What a site is given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Given<'a> {
    /// It begins; the first that it is given.
    Start,
    /// A client of the site asks, with a number of its own.
    Ask {
        /// What to call it in the answer.
        number: u32,
        /// What is asked.
        ask: Ask,
    },
    /// Something arrived.
    Message {
        /// From which site.
        from: NodeId,
        /// What that site sent; if it is no message, it counts as lost.
        bytes: &'a [u8],
    },
    /// A timer has run out.
    Timer(Timer),
}

/// What is to be done.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Done {
    /// To which sites to send what, in order.
    pub sends: Vec<(NodeId, Vec<u8>)>,
    /// What to answer to which asks.
    pub answers: Vec<(u32, Answer)>,
    /// The timers to set; each replaces an earlier one of its name.
    pub timers: Vec<TimerSet>,
}

/// A site of a store.
pub trait Hosted: Send {
    /// Gives it something; `now` is what the clocks of the site show.
    fn on(&mut self, now: Now, given: Given<'_>) -> Done;
}

/// A site with what it wants done.
pub(super) struct Host<S, M> {
    site: S,
    clients: NodeId,
    effects: Effects<Wire<M>>,
}

impl<S, M: Clone> Host<S, M> {
    /// A site, where all clients are one node more.
    pub(super) fn new(sites: Sites, make: impl FnOnce(Sites) -> S) -> Host<S, M> {
        Host { site: make(sites), clients: NodeId::new(sites.count), effects: Effects::new() }
    }
}

impl<S, M> Hosted for Host<S, M>
where
    M: Clone + Coded + Send,
    S: Node<Message = Wire<M>, Request = ()> + Send,
{
    fn on(&mut self, now: Now, given: Given<'_>) -> Done {
        let clients = self.clients;
        let input = match given {
            Given::Start => Input::Start,
            Given::Ask { number, ask } => {
                Input::Message { from: clients, message: Wire::Ask { number, ask } }
            }
            Given::Message { from, bytes } => match coded::value(bytes) {
                Some(message) if from < clients => Input::Message { from, message: Wire::Peer(message) },
                _ => return Done::default(),
            },
            Given::Timer(timer) => Input::Timer(timer),
        };
        if matches!(input, Input::Message { .. }) {
            self.effects.renew_receiving();
        } else {
            self.effects.renew();
        }
        self.site.on(now, input, &mut self.effects);
        let (steps, timers) = std::mem::take(&mut self.effects).into_parts();
        let mut done = Done { timers, ..Done::default() };
        for (to, message) in steps.into_iter().flat_map(|step| step.sends) {
            match message {
                Wire::Answer { number, answer } if to == clients => done.answers.push((number, answer)),
                Wire::Peer(message) if to < clients => done.sends.push((to, coded::bytes(&message))),
                // Only clients ask and end, and they are outside.
                Wire::Answer { .. } | Wire::Peer(_) | Wire::Ask { .. } | Wire::Over => {}
            }
        }
        done
    }
}
