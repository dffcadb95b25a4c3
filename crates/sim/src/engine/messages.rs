//! What becomes of messages between nodes: sent, held, lost, doubled, arrived.

use std::num::NonZeroU32;

use constellation_fabric::{Calm, Choices, Delivery, Fate, Impaired, Input, Node, Parcel, Waits};
use constellation_trace::{Loss, MessageId, Nemesis, TrueTime};

use super::faulty::Incoming;
use super::{Engine, Occurrence, Outside};
use crate::agenda::Place;
use crate::error::WorldError;

/// What became of a message that reached its address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// The node let it in.
    In,
    /// The node refused it, or was down.
    Refused,
}

/// A place among the twins, counted from 1, which leaves room for none.
#[derive(Clone, Copy)]
pub(super) struct TwinsId(NonZeroU32);

/// The two copies of a duplicated message.
pub(super) struct Twins {
    pub(super) under_way: u8,
    pub(super) has_arrived: bool,
}

impl TwinsId {
    pub(super) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl<N: Node> Engine<N> {
    #[inline(always)]
    pub(super) fn arrive<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        parcel: Parcel,
        twins: Option<TwinsId>,
        message: N::Message,
    ) -> Result<(), WorldError> {
        let host = &self.hosts[parcel.target.index()];
        let input = Input::Message { from: parcel.source, message };
        if host.faulty.is_some() {
            return self.meet(outside, parcel.target, Incoming { input, letter: Some((parcel, twins)) });
        }
        let taken = if host.life.is_some() {
            self.give(outside, parcel.target, input, Some(parcel.message))?
        } else {
            Taken::Refused
        };
        self.settle(parcel, twins, taken)
    }

    /// Counts a message that reached its address, or a copy of one, and says so if it is gone for good.
    #[inline(always)]
    pub(super) fn settle(
        &mut self,
        parcel: Parcel,
        twins: Option<TwinsId>,
        taken: Taken,
    ) -> Result<(), WorldError> {
        let is_gone = match twins {
            Some(twins) => self.settle_copy(twins, taken),
            None => taken == Taken::Refused,
        };
        if taken == Taken::In {
            self.counts.delivered += 1;
            return Ok(());
        }
        self.counts.lost += 1;
        if is_gone { self.record_loss(parcel.message, Loss::Plain) } else { Ok(()) }
    }

    /// Notes that a copy of a message arrived or was lost; whether the message is now gone for good.
    pub(super) fn settle_copy(&mut self, id: TwinsId, taken: Taken) -> bool {
        let twins = &mut self.twins[id.index()];
        twins.under_way -= 1;
        twins.has_arrived |= taken == Taken::In;
        if twins.under_way == 0 {
            self.free_twins.push(id);
        }
        twins.under_way == 0 && !twins.has_arrived
    }

    #[inline(always)]
    pub(super) fn send<C: Choices>(
        &mut self,
        choices: &mut C,
        parcel: Parcel,
        message: N::Message,
    ) -> Result<(), WorldError> {
        let now = self.now;
        let fate = if self.is_over(now) {
            self.network.send(parcel, now, &mut Calm)
        } else {
            self.network.send(parcel, now, choices)
        };
        match fate {
            // By far the most common, so without a call.
            Ok(Fate::Deliver(Delivery { at, again_at: None })) => {
                self.counts.sent += 1;
                self.add_arrival(at, parcel, None, message);
                Ok(())
            }
            Ok(fate) => {
                self.counts.sent += 1;
                self.carry(parcel, message, fate)
            }
            Err(error) => Err(WorldError::Network { node: parcel.source, at: now, error }),
        }
    }

    pub(super) fn carry(
        &mut self,
        parcel: Parcel,
        message: N::Message,
        fate: Fate,
    ) -> Result<(), WorldError> {
        match fate {
            Fate::Hold => {
                self.counts.held += 1;
                self.counts.waiting += 1;
                self.held.push_back((parcel.message, message));
                self.record_message(parcel.message, Nemesis::Hold)
            }
            Fate::Lose(why) => {
                self.counts.lost += 1;
                self.record_loss(parcel.message, why)
            }
            Fate::Deliver(delivery) => self.deliver(parcel, message, delivery),
            Fate::Impair(impaired) => self.impair(parcel, message, impaired),
            fate => {
                unreachable!("this crate and the network change together, but {fate:?} is not known here")
            }
        }
    }

    fn deliver(&mut self, parcel: Parcel, message: N::Message, delivery: Delivery) -> Result<(), WorldError> {
        let mut twins = None;
        if let Some(again_at) = delivery.again_at {
            self.counts.duplicated += 1;
            twins = Some(self.new_twins());
            self.record_message(parcel.message, Nemesis::Duplicate)?;
            self.add_arrival(again_at, parcel, twins, message.clone());
        }
        self.add_arrival(delivery.at, parcel, twins, message);
        Ok(())
    }

    /// A message that nobody can read any more is lost on the way: its node never hears of it.
    fn impair(&mut self, parcel: Parcel, message: N::Message, impaired: Impaired) -> Result<(), WorldError> {
        let Impaired { delivery, waits, corrupted } = impaired;
        if let Some(Waits { until, why }) = waits {
            self.record_message(parcel.message, |message| Nemesis::Wait { message, until, why })?;
        }
        let Some(how) = corrupted else { return self.deliver(parcel, message, delivery) };
        let Some(message) = N::corrupted(&message, how) else {
            self.counts.lost += 1;
            return self.record_loss(parcel.message, Loss::Unreadable);
        };
        self.record_message(parcel.message, |message| Nemesis::Corrupt { message, how })?;
        self.deliver(parcel, message, delivery)
    }

    pub(super) fn new_twins(&mut self) -> TwinsId {
        let twins = Twins { under_way: 2, has_arrived: false };
        if let Some(free) = self.free_twins.pop() {
            self.twins[free.index()] = twins;
            return free;
        }
        self.twins.push(twins);
        let id = u32::try_from(self.twins.len()).ok().and_then(NonZeroU32::new);
        TwinsId(id.expect("there are fewer than messages, which 32 bits number"))
    }

    #[inline(always)]
    pub(super) fn add_arrival(
        &mut self,
        at: TrueTime,
        parcel: Parcel,
        twins: Option<TwinsId>,
        message: N::Message,
    ) {
        self.agenda.add(at, Place::node(parcel.target), Occurrence::Arrival { parcel, twins, message });
    }

    pub(super) fn record_message(
        &mut self,
        message: MessageId,
        nemesis: impl FnOnce(MessageId) -> Nemesis,
    ) -> Result<(), WorldError> {
        let at = self.now;
        self.record.message(at, message, nemesis).map_err(|error| WorldError::Trace { at, error })
    }

    fn record_loss(&mut self, message: MessageId, why: Loss) -> Result<(), WorldError> {
        self.record_message(message, |message| Nemesis::Lose(message, why))
    }
}
