//! A place on the bus for a protocol of one's own: its steps go in whole, and are recorded as they are.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use constellation_fabric::Step;
use constellation_trace::{MessageId, NodeId};

use super::{MessageBus, Posted, Seat, Taken};
use crate::error::Error;

/// A node's place on a [`MessageBus`], for whoever runs a [`constellation_fabric::Node`] there; free again once this is
/// dropped. A [`ClusterNode`](crate::ClusterNode) has one inside.
///
/// Other than [`MessageBus::send`] and [`MessageBus::recv`], which record bare events, it takes steps as a node says them:
/// what a step sends, what its clocks claim of it, what it is called. A message that was handed out counts as received
/// only once a step receives it.
///
/// ```
/// use std::sync::Arc;
/// use constellation_clock::MessageBus;
/// use constellation_fabric::Effects;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), constellation_clock::Error> {
/// let bus = Arc::new(MessageBus::recording(vec!["pacific".into(), "atlantic".into()]));
/// let (pacific, mut atlantic) = (bus.port("pacific")?, bus.port("atlantic")?);
///
/// let mut effects = Effects::new();
/// effects.event("asks for telemetry");
/// effects.send(atlantic.node(), b"telemetry?".to_vec());
/// pacific.carry_out(&effects.steps()[0], None)?;
///
/// let letter = atlantic.recv().await.expect("the bus is open");
/// let received = Effects::receiving();
/// atlantic.carry_out(&received.steps()[0], Some(letter.id))?;
/// assert_eq!(bus.trace()?.events().len(), 2);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Port {
    bus: Arc<MessageBus>,
    seat: Seat,
    incarnation: u32,
    heals_seen: u64,
}

/// A message as it is handed to a [`Port`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Letter {
    /// Which message; the one of the trace, if the bus records.
    pub id: MessageId,
    /// Who sent it.
    pub from: NodeId,
    /// What it says; the bus does not look.
    pub payload: Vec<u8>,
}

impl MessageBus {
    /// Takes the place of the node called `name`. Whoever takes it after another has left is its next life: the trace
    /// then has a crash, and a restart that remembers nothing.
    ///
    /// # Errors
    /// [`Error::UnknownNode`], [`Error::AmbiguousName`], [`Error::NameInUse`].
    pub fn port(self: &Arc<MessageBus>, name: &str) -> Result<Port, Error> {
        let (seat, identity) = self.attach(name)?;
        let incarnation = identity.incarnation();
        Ok(Port { bus: Arc::clone(self), seat, incarnation, heals_seen: 0 })
    }
}

impl Port {
    /// Which node of the bus it is, in the order of [`MessageBus::nodes`].
    pub fn node(&self) -> NodeId {
        self.seat.node()
    }

    /// How many lives this node had before on the bus.
    pub const fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// The next message; waits for one. `None` when the bus is [closed](MessageBus::close) and nothing is left.
    ///
    /// Safe to cancel: a message is either returned or still there. It is in the hands of this node from then on, and lost
    /// if the port is dropped before a step [receives](Port::carry_out) it.
    pub async fn recv(&mut self) -> Option<Letter> {
        loop {
            match self.bus.next(self.seat.node(), &mut self.heals_seen).await {
                Taken::Message(Posted { id, source, payload, .. }) => {
                    return Some(Letter { id, from: source, payload });
                }
                Taken::Closed => return None,
                Taken::Healed | Taken::Nothing => {}
            }
        }
    }

    /// Carries a step of the node out: records it as one event, with its claims, and sends what it sends, with nothing
    /// of the bus in between. `received` is the message that it takes in, for a
    /// [`StepAct::Receive`](constellation_fabric::StepAct::Receive); with any other step it says nothing.
    ///
    /// # Errors
    /// As [`MessageBus::send`], if it sends. [`Error::ImpossibleStep`] of one that receives without a message; and, if the
    /// bus records, of one that receives what is not in the hands of this node, never or not any more, and of one that
    /// no trace would take, such as the end of an operation that never began. Nothing was recorded or sent.
    pub fn carry_out(&self, step: &Step<Vec<u8>>, received: Option<MessageId>) -> Result<(), Error> {
        let (node, mut targets) = (self.node(), Vec::with_capacity(step.sends.len()));
        targets.extend(step.sends.iter().map(|(target, _)| *target));
        if let Some(stranger) = targets.iter().find(|target| target.index() >= self.bus.nodes().len()) {
            return Err(Error::UnknownNode {
                name: alloc::format!("number {}", stranger.number()),
                nearest: None,
            });
        }
        self.bus.transact(|desk| {
            if !targets.is_empty() {
                desk.admit(node, &targets)?;
            }
            let first = desk.state.carry_out(node, step, &targets, received)?;
            for ((target, payload), number) in step.sends.iter().zip(0..) {
                // Wraps as the ids of the bus do.
                let id = MessageId::new(first.number().wrapping_add(number));
                desk.post(Posted { id, source: node, target: *target, payload: payload.clone() })?;
            }
            Ok(())
        })
    }

    /// Records that the node refused a message, and why: nothing of it got in, so for every judge it is lost.
    pub fn refuse(&self, message: MessageId, why: &impl fmt::Display) {
        self.bus.refuse_message(self.node(), message, why);
    }

    /// Records that a message never got in, of which the node has its own event to tell.
    pub fn lose(&self, message: MessageId) {
        self.bus.lock().lose(message);
    }
}
